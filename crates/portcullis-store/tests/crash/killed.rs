//! A process that writes is killed, at any moment, again and again. `PORTCULLIS_LONG=1` kills 200 times.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use portcullis_store::{Result, SqliteStore, StoreError, Workspace};

use crate::{FOLDER, as_test, entry, lines, make, say, whole, write};

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

/// A process that makes backups and restores them, one after the other.
#[test]
fn copier() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let store = SqliteStore::open(folder.join("data")).unwrap();
    for number in std::fs::read_dir(folder).unwrap().count().. {
        let backup = folder.join(format!("{number}.backup"));
        store.backup(&backup).unwrap();
        restored(&backup, &folder.join(format!("{number}.data"))).unwrap();
    }
}

fn restored(backup: &Path, folder: &Path) -> Result<Vec<Workspace>> {
    SqliteStore::restore(backup, folder, &mut || 7, &|_| entry(0))
}

#[test]
#[cfg(unix)]
fn half_a_backup_is_none_and_half_restored_is_no_data() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data);
    let store = SqliteStore::open(&data).unwrap();
    while write(&store).unwrap() < 300 {}
    drop(store);
    let program = std::env::current_exe().unwrap();
    for number in 0..12 {
        let mut child = as_test(&mut Command::new(&program), "killed::copier", folder.path()).unwrap();
        std::thread::sleep(Duration::from_millis(25 + 9 * number));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let named = |path: &Path, end: &str| path.extension().is_some_and(|found| found == end);
    let (mut whole, mut halves) = (0, 0);
    for path in std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()) {
        if named(&path, "part") {
            halves += 1;
        } else if named(&path, "backup") {
            restored(&path, &path.with_extension("checked")).unwrap();
            whole += 1;
        } else if named(&path, "data") {
            match SqliteStore::open(&path) {
                Ok(store) => assert_eq!(store.verify().unwrap()[0].1.number, 301),
                // What is left of the first try is no obstacle to the second.
                Err(StoreError::Missing(_)) => {
                    halves += 1;
                    restored(&path.with_extension("backup"), &path).unwrap();
                }
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }
    println!("{whole} backups; {halves} times half of one, or half restored");
    assert!(whole > 12);
}
