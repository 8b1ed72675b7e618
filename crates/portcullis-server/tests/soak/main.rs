//! A server at half of what this machine can do, while roles are edited: no error, every decision is that of the revision which it
//! names, and memory is flat.
//!
//! It lasts some seconds; with `PORTCULLIS_SOAK_SECONDS` that many, with `PORTCULLIS_LONG` a quarter of an hour.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

#[path = "../wire/mod.rs"]
mod wire;
#[path = "../world/mod.rs"]
mod world;

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use portcullis_server::{Operation, Which};
use serde_json::json;

use crate::wire::client::{Answer, Asked, Client};
use crate::wire::*;
use crate::world::*;

/// Connections that ask, each from a thread of its own.
const CLIENTS: usize = 4;
/// How often a role is edited.
const EDITS: Duration = Duration::from_millis(100);
/// What memory may have grown by, beside what edits leave in it: versions of roles are kept.
const SLACK: u64 = 8 << 20;
const OF_AN_EDIT: u64 = 2 << 10;

fn lasts() -> Duration {
    let set = std::env::var("PORTCULLIS_SOAK_SECONDS").ok().map(|text| text.parse().unwrap());
    let long = std::env::var_os("PORTCULLIS_LONG").map(|_| 15 * 60);
    Duration::from_secs(set.or(long).unwrap_or(4))
}

/// What this process has in memory, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// Each edit adds or takes `start`, so the number of a revision says whether it is allowed: it is allowed by odd edits.
struct Edits {
    first: u64,
}

impl Edits {
    fn allowed(&self, answer: &Answer) -> bool {
        let revision = answer.header("portcullis-revision").unwrap();
        let number: u64 = revision.split_once('.').unwrap().1.parse().unwrap();
        !(number - self.first).is_multiple_of(2)
    }
}

fn edit(at: u64) -> Operation {
    let statements: &[&str] =
        if at.is_multiple_of(2) { &["allow read sync"] } else { &["allow read,start sync"] };
    save_role("shifting", statements)
}

/// One after the other, at most so many a second; how many.
fn ask(client: &mut Client, key: &str, edits: &Edits, pause: Duration, ends: &dyn Fn() -> bool) -> u64 {
    let start = Asked::post(EVALUATION, question(BOB, "start", "sync")).key(key);
    let mut batch = question(BOB, "start", "sync");
    batch["evaluations"] = json!([{}, { "action": { "name": "read" } }, { "action": { "name": "delete" } }]);
    let batch = Asked::post(EVALUATIONS, batch).key(key);
    let actions = Asked::post(ACTIONS, question(BOB, "x", "sync")).key(key);
    let mut asked = 0;
    let mut next = Instant::now();
    while !ends() {
        match asked % 10 {
            8 => {
                let told = client.ask(&batch);
                assert_eq!(told.decisions(), [edits.allowed(&told), true, false]);
            }
            9 => {
                let told = client.ask(&actions);
                let expected: &[&str] = if edits.allowed(&told) { &["read", "start"] } else { &["read"] };
                assert_eq!(told.found(), expected);
            }
            _ => {
                let told = client.ask(&start);
                assert_eq!(told.decision(), edits.allowed(&told));
            }
        }
        asked += 1;
        next += pause;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    asked
}

const BOB: &str = "bob@acme.example";

#[test]
fn half_of_what_it_can_do_while_roles_are_edited() {
    let folder = tempfile::tempdir().unwrap();
    // On a disk: a store in memory keeps every audit entry there.
    let world = World::in_folder(folder.path(), "hightouch");
    world.act(&world.ann, add_role("shifting", &["allow read sync"]));
    let bob = world.joins_with_key(BOB, "shifting");
    let edits = Edits { first: world.number() };
    let served = Served::of(&world);
    let all = |pause: Duration, time: Duration, while_asked: &(dyn Fn(&dyn Fn() -> bool) + Sync)| {
        let over = AtomicBool::new(false);
        let asked = AtomicU64::new(0);
        let begun = Instant::now();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let ends = || over.load(Ordering::Relaxed);
                    let count = ask(&mut served.client(), &bob, &edits, pause, &ends);
                    asked.fetch_add(count, Ordering::Relaxed);
                });
            }
            while_asked(&|| begun.elapsed() >= time);
            over.store(true, Ordering::Relaxed);
        });
        asked.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
    };
    let wait = |ends: &dyn Fn() -> bool| {
        while !ends() {
            thread::sleep(Duration::from_millis(10));
        }
    };
    let most = all(Duration::ZERO, Duration::from_secs(1), &wait);
    let pause = Duration::from_secs_f64(2.0 * CLIENTS as f64 / most);
    let done = AtomicU64::new(0);
    let editing = |ends: &dyn Fn() -> bool| {
        while !ends() {
            let at = done.fetch_add(1, Ordering::Relaxed) + 1;
            world.act(&world.ann, edit(at));
            thread::sleep(EDITS);
        }
    };
    // What it takes when it is warm.
    all(pause, lasts() / 4, &editing);
    let (warm, before) = (resident(), done.load(Ordering::Relaxed));
    let rate = all(pause, lasts(), &editing);
    let (after, edited) = (resident(), done.load(Ordering::Relaxed) - before);
    println!(
        "{most:.0} a second at most, {rate:.0} asked for {:?} with {edited} edits: {} kB when warm, {} kB at the end",
        lasts(),
        warm >> 10,
        after >> 10
    );
    assert!(rate > most / 5.0, "it did not keep up: {rate:.0} of {most:.0}");
    assert!(edited >= lasts().as_secs() * 2);
    assert!(after < warm + SLACK + edited * OF_AN_EDIT, "{} kB more", (after - warm) >> 10);
    // The role is there with every version of it.
    let versions = world.service.versions(&world.ann, world.acme, &Which::from("shifting")).unwrap().len();
    assert_eq!(versions as u64, done.load(Ordering::Relaxed) + 1);
}
