//! Ten thousand connections and everything that is too large or never ends, at once: others are answered meanwhile, and the process then
//! takes as much memory as before.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;

use crate::client::{Asked, Client};
use crate::gate::{BOSS, Gate};

/// What is left for other files of this process.
const OTHERS: u64 = 300;

fn good(gate: &Gate) -> Asked {
    let question = json!({
        "subject": { "type": "user", "id": BOSS },
        "action": { "name": "read" },
        "resource": { "type": "sync", "id": "1" },
    });
    Asked::post("/access/v1/evaluation", question).key(&gate.key)
}

/// How many connections this process may have, of ten thousand.
fn connections() -> usize {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let may = if raised { hard } else { soft };
    usize::try_from(may.saturating_sub(OTHERS).min(10_000)).unwrap()
}

/// Waits until the process takes no more than so many bytes; what it takes in the end.
fn settled(gate: &Gate, most: u64) -> u64 {
    let until = Instant::now() + Duration::from_secs(30);
    while gate.resident() > most && Instant::now() < until {
        // What a request frees is given back by whoever answers the next ones.
        let mut client = gate.client();
        for _ in 0..100 {
            assert!(client.ask(&good(gate)).decision());
        }
        thread::sleep(Duration::from_millis(200));
    }
    gate.resident()
}

#[test]
fn a_flood_holds_nobody_up_and_leaves_nothing_behind() {
    let gate = Gate::opened(&[]);
    let mut other = gate.client();
    for _ in 0..3_000 {
        assert!(other.ask(&good(&gate)).decision());
    }
    let idle = gate.resident();
    let floods = AtomicBool::new(true);
    let (open, peak, slowest) = thread::scope(|scope| {
        let meanwhile = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while floods.load(Ordering::Relaxed) {
                let begun = Instant::now();
                assert!(other.ask(&good(&gate)).decision());
                slowest = slowest.max(begun.elapsed());
                thread::sleep(Duration::from_millis(2));
            }
            slowest
        });
        let whole = good(&gate).written();
        let mut clients: Vec<Client> = Vec::new();
        for at in 0..connections() {
            let mut client = Client::of(TcpStream::connect(gate.address).unwrap());
            match at % 4 {
                // Answered, and idle then; half a body; half a head; silent.
                0 => client.send(&whole),
                1 => client.send(&whole[..whole.len() - 7]),
                2 => client.send(&whole[..20]),
                _ => {}
            }
            clients.push(client);
        }
        for client in clients.iter_mut().step_by(4) {
            assert!(client.next().unwrap().decision());
        }
        let (open, peak) = (clients.len(), gate.resident());
        for (at, client) in clients.iter_mut().enumerate().filter(|(at, _)| at % 4 == 1) {
            // Of those whose body did not come in time some are told so already.
            let sent = client.try_send(&whole[whole.len() - 7..]);
            let told = client.next();
            let status = told.as_ref().map(|told| told.status);
            assert!(sent.is_err() || matches!(status, Some(200 | 408) | None), "{at}: {told:?}");
        }
        drop(clients);
        for _ in 0..20 {
            let mut client = gate.client();
            let large = Asked::post("/access/v1/evaluation", "x".repeat(10 << 20)).key(&gate.key);
            let _ = client.try_send(&large.written());
            assert!(client.next().is_none_or(|told| told.status == 413));
        }
        floods.store(false, Ordering::Relaxed);
        (open, peak, meanwhile.join().unwrap())
    });
    let after = settled(&gate, idle + (8 << 20));
    let mega = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "{open} connections: {:.1} MB idle, {:.1} with them, {:.1} after; others waited {slowest:?} at most",
        mega(idle),
        mega(peak),
        mega(after)
    );
    assert!(open >= 1_000, "too few files for this test: {open}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert!(peak < idle + (400 << 20), "{:.1} MB", mega(peak));
    assert!(after <= idle + (8 << 20), "{:.1} MB of {:.1} stay", mega(after), mega(idle));
}
