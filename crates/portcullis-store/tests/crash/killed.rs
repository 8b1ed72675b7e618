//! A process that writes is killed, at any moment, again and again. `PORTCULLIS_LONG=1` kills 200 times.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use portcullis_store::SqliteStore;

use crate::{FOLDER, as_test, lines, make, say, whole, write};

/// The process that is killed; nothing when tests are run.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = SqliteStore::open(Path::new(&folder)).unwrap();
    loop {
        let revision = write(&store).unwrap();
        say(&format!("acknowledged {revision}"));
    }
}

/// Lets the process write for a while and kills it; the last change that it said was done.
fn killed_after(folder: &Path, time: Duration) -> Option<u64> {
    let mut program = Command::new(std::env::current_exe().unwrap());
    let mut child = as_test(&mut program, "killed::child", folder).unwrap();
    let lines = lines(&mut child);
    let reader = std::thread::spawn(move || {
        lines.filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok()).last()
    });
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
#[cfg(unix)]
fn what_was_acknowledged_survives_being_killed() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let kills = if std::env::var_os("PORTCULLIS_LONG").is_some() { 200 } else { 8 };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data);
    let (mut before, mut unseen, mut wrote) = (1, 0, 0);
    for _ in 0..kills {
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let acknowledged =
            killed_after(&data, Duration::from_millis(30 + u64::from(clock.subsec_nanos()) / 1_000 % 150));
        let after = whole(&data);
        // One change at most was done and not yet told.
        let told = acknowledged.unwrap_or(before);
        assert!((told..=told + 1).contains(&after), "told {told}, found {after}");
        unseen += after - told;
        wrote += u64::from(after > before);
        before = after;
    }
    println!(
        "killed {kills} times, {wrote} times while it wrote: {before} changes, {unseen} of them done and not told"
    );
    assert!(wrote * 2 > kills, "{wrote} of {kills}");
}
