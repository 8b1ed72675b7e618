//! Two threads check while a third edits roles: `cargo run --release --example hot_reload -- [SECONDS]`.
//!
//! Each thread has a reader of its own, which sees an edit as soon as it is published and never waits for it. What is
//! printed: checks a second of both threads together, and how long an edit takes from its document to the moment when
//! everybody who looks sees it.
#![allow(clippy::disallowed_methods, reason = "it reads its argument, and looks at the clock")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::{Document, Member, Reader, Schema, Source, Workspace, Writer};

const MEMBERS: usize = 100_000;

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// A role that may do these actions on syncs and models.
fn document(actions: &str) -> Result<Arc<Document>, Trouble> {
    let text = format!(
        r#"{{ "version": "2022-04-26",
             "policies": [ {{ "effect": "allow", "actions": {actions}, "resource": ["sync", "model"] }} ] }}"#
    );
    Ok(Arc::new(Document::read(&Source::new("operator.json", text))?.0))
}

/// Checks until it is told to stop; how many checks, and how many of them were granted.
fn check(mut reader: Reader, ids: &[String], stop: &AtomicBool) -> (usize, usize) {
    let (mut checks, mut granted) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        for id in ids.iter().skip(checks % ids.len()).step_by(97).take(1_000) {
            // All that a service needs: one line, and the newest roles.
            granted += usize::from(reader.check(id, "update", "sync").is_allowed());
            checks += 1;
        }
    }
    (checks, granted)
}

/// Edits until the time is over; how long each edit took.
fn edit(writer: &mut Writer, seconds: f64) -> Result<Vec<Duration>, Trouble> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    let [strict, lax] = [document(r#"["read"]"#)?, document(r#"["read", "update"]"#)?];
    while begun.elapsed().as_secs_f64() < seconds {
        let next = if times.len() % 2 == 0 { &strict } else { &lax };
        let started = Instant::now();
        writer.replace_role("operator", Arc::clone(next))?;
        // Any number of edits may come before this; readers see all of them or none.
        writer.publish();
        times.push(started.elapsed());
        thread::sleep(Duration::from_millis(1));
    }
    Ok(times)
}

fn main() -> Result<(), Trouble> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(2.0), |seconds| seconds.parse())?;
    let ids: Vec<String> = (0..MEMBERS).map(|number| format!("user{number}@acme.example")).collect();
    let mut workspace = Workspace::new("acme", Schema::hightouch()?);
    workspace.add_role("operator", document(r#"["read", "update"]"#)?);
    for (number, id) in ids.iter().enumerate() {
        workspace.add_member(id, Member::with_role(if number % 2 == 0 { "operator" } else { "viewer" }));
    }
    let mut writer = Writer::new(workspace.compile()?.0);

    let (begun, stop) = (Instant::now(), AtomicBool::new(false));
    let (counts, times) = thread::scope(|scope| {
        let threads = [(); 2].map(|()| {
            let (reader, ids, stop) = (writer.reader(), &ids, &stop);
            scope.spawn(move || check(reader, ids, stop))
        });
        let times = edit(&mut writer, seconds);
        stop.store(true, Ordering::Relaxed);
        (threads.map(|thread| thread.join().unwrap_or_default()), times)
    });
    let (took, mut times) = (begun.elapsed().as_secs_f64(), times?);

    times.sort_unstable();
    let micros = |share: f64| {
        let at = (times.len() as f64 * share) as usize;
        times.get(at).or(times.last()).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    let (checks, granted) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!("{MEMBERS} members, 2 threads that check, 1 that edits, {took:.1} s");
    println!(
        "checks: {:.1} million a second, {} % granted",
        checks as f64 / took / 1e6,
        granted * 100 / checks.max(1)
    );
    println!(
        "edits:  {}, each {:.1} µs (median), {:.1} µs (99 %), {:.1} µs (longest)",
        times.len(),
        micros(0.5),
        micros(0.99),
        micros(1.0)
    );
    Ok(())
}
