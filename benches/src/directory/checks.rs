//! Whether checks wait for writes.
//!
//! One thread asks without a pause. Beside it another makes 200 changes a second through the service, or, as the control, only burns the CPU time that
//! such a change was seen to take on its thread, as often. Pairs of both in turn; what is compared is the mean of all checks of a turn,
//! in which every wait is, and how long most batches took.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portcullis::Question;
use portcullis_server::{Actor, Caller, Change, Operation, Service};

use super::{Imported, data, file, fresh, import, middle, serve};
use crate::Trouble;
use crate::crowd::address;

const MEMBERS: usize = 100_000;
/// Changes a second.
const WRITES: u32 = 200;
const PAIRS: usize = 5;
const TURN: Duration = Duration::from_secs(3);
/// Checks of one batch.
const BATCH: usize = 64;
/// Questions go round so many members.
const ASKED: usize = 4_096;

/// What a turn of asking came to, in nanoseconds a check.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    mean: f64,
    median: f64,
    most: f64,
    longest: f64,
}

/// What a thread beside it did.
#[derive(Clone, Copy, Debug, Default)]
struct Beside {
    times: u32,
    /// CPU time of the thread.
    burnt: Duration,
}

/// Checks beside changes, and beside a dummy.
///
/// # Errors
/// When something is refused or the disk fails.
pub fn checks(within: &Path) -> Result<(), Trouble> {
    println!(
        "checks beside {WRITES} changes a second, {MEMBERS} members: {PAIRS} pairs of turns of {TURN:?}; nanoseconds a check; wanted within 15 %"
    );
    let folder = fresh(within)?;
    let service = serve(&data(folder.path()))?;
    let imported = import(&service, file("acme", MEMBERS, true)?)?;
    let mut written = 0;
    let names: Vec<String> = (0..ASKED).map(|number| address(number * (MEMBERS / ASKED))).collect();
    let by_snapshot = |at: usize| {
        let name = names.get(at % ASKED).map_or("", |name| name);
        let snapshot = service.snapshot(&imported.admin, imported.workspace);
        snapshot.is_ok_and(|snapshot| snapshot.check(name, "read", "model").is_allowed())
    };
    pairs("the snapshot taken and asked", &service, &imported, &mut written, &by_snapshot)?;
    let Actor::Key(caller) = &imported.admin.actor else { return Err("the administrator has a key".into()) };
    let caller: &Caller = caller;
    let as_oneself = |_| {
        let question = Question::new("", "delete", "source");
        service.decide_as(caller, &question).is_ok_and(|answered| answered.is_allowed())
    };
    pairs("decide_as", &service, &imported, &mut written, &as_oneself)
}

fn pairs(
    what: &str,
    service: &Service,
    imported: &Imported,
    written: &mut usize,
    ask: &(dyn Fn(usize) -> bool + Sync),
) -> Result<(), Trouble> {
    let alone = turn(ask);
    let (mut means, mut medians, mut mosts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut beside, mut control) = (Vec::new(), Vec::new());
    let mut made = Beside::default();
    let (mut longest, mut longest_control) = (0.0_f64, 0.0_f64);
    for pair in 0..PAIRS {
        let mut turns = [Turn::default(); 2];
        // The first turn must be of changes: the dummy burns what they did.
        for is_control in if pair % 2 == 0 { [false, true] } else { [true, false] } {
            let each = made.burnt / made.times.max(1);
            let (asked, did) = together(ask, &mut || {
                if is_control {
                    burn(each);
                    Ok(())
                } else {
                    {
                        *written += 1;
                        write(service, imported, *written)
                    }
                }
            })?;
            if is_control {
                longest_control = longest_control.max(asked.longest);
                control.push(asked.mean);
                turns[1] = asked;
            } else {
                made = did;
                longest = longest.max(asked.longest);
                beside.push(asked.mean);
                turns[0] = asked;
            }
        }
        let [busy, idle] = turns;
        means.push(100.0 * (busy.mean / idle.mean - 1.0));
        medians.push(100.0 * (busy.median / idle.median - 1.0));
        mosts.push(100.0 * (busy.most / idle.most - 1.0));
    }
    println!(
        "  {what}: alone {:.0}; beside changes {:.0}, beside the dummy {:.0}",
        alone.mean,
        middle(&beside),
        middle(&control)
    );
    println!(
        "    the last turn: {} changes, {:.2?} of CPU each; mean {:+.1} %, median batch {:+.1} %, 99 of 100 batches {:+.1} %; longest batch of {BATCH} {:.2} ms (dummy {:.2} ms)",
        made.times,
        made.burnt / made.times.max(1),
        middle(&means),
        middle(&medians),
        middle(&mosts),
        longest * BATCH as f64 / 1e6,
        longest_control * BATCH as f64 / 1e6,
    );
    Ok(())
}

/// One change: a member's role, to and fro, so that each number is another role than the one before for the same member.
fn write(service: &Service, imported: &Imported, number: usize) -> Result<(), Trouble> {
    let role = if (number / 1_000).is_multiple_of(2) { "analyst" } else { "viewer" };
    let member = address(number % 1_000 * 4).into();
    let set = Operation::SetMemberRole { member, role: role.into(), version: None };
    let done = service.change(&imported.admin, imported.workspace, &Change::from(set))?;
    if done.made.iter().any(|made| made.unchanged) {
        return Err("a change changed nothing".into());
    }
    Ok(())
}

fn burn(time: Duration) {
    let begun = Instant::now();
    let mut number = 1_u64;
    while begun.elapsed() < time {
        for _ in 0..64 {
            number = black_box(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number >> 29));
        }
    }
}

/// Asks for one turn, while another thread does something so many times a second.
fn together(
    ask: &(dyn Fn(usize) -> bool + Sync),
    work: &mut (dyn FnMut() -> Result<(), Trouble> + Send),
) -> Result<(Turn, Beside), Trouble> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let over = &over;
        let worker = scope.spawn(move || {
            let (begun, before, mut times) = (Instant::now(), on_cpu(), 0);
            while !over.load(Ordering::Relaxed) {
                work().map_err(|trouble| trouble.to_string())?;
                times += 1;
                let next = Duration::from_secs(1) / WRITES * times;
                std::thread::sleep(next.saturating_sub(begun.elapsed()));
            }
            Ok::<Beside, String>(Beside { times, burnt: on_cpu().saturating_sub(before) })
        });
        let asked = turn(ask);
        over.store(true, Ordering::Relaxed);
        let did = worker.join().map_err(|_| "the thread beside ended in a panic")??;
        Ok((asked, did))
    })
}

/// How long this thread has been on a CPU, by the system's own count.
fn on_cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fn turn(ask: &(dyn Fn(usize) -> bool + Sync)) -> Turn {
    let mut batches: Vec<f64> = Vec::with_capacity(1 << 20);
    let (begun, mut at, mut allowed) = (Instant::now(), 0, 0);
    while begun.elapsed() < TURN {
        let begun = Instant::now();
        for _ in 0..BATCH {
            at += 1;
            allowed += usize::from(black_box(ask(at)));
        }
        batches.push(begun.elapsed().as_secs_f64() * 1e9 / BATCH as f64);
    }
    black_box(allowed);
    let mean = batches.iter().sum::<f64>() / batches.len() as f64;
    batches.sort_unstable_by(f64::total_cmp);
    let of = |part: usize| {
        batches.get((batches.len() * part / 1_000).min(batches.len() - 1)).copied().unwrap_or(f64::NAN)
    };
    Turn { mean, median: of(500), most: of(990), longest: of(1_000) }
}
