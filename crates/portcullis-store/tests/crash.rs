//! A process that writes is killed, at any moment, again and again: what it acknowledged is there, and nothing is there by halves.
//!
//! The process is this test program once more. Each of its changes adds a member, puts it into a group and stores an object, and it
//! says so when the store has said so. `PORTCULLIS_LONG=1` kills 200 times.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads the clock and its own environment"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use portcullis_store::audit::Verifier;
use portcullis_store::{
    Edit, Entry, Group, Id, Key, Member, Object, Outcome, Role, Row, SqliteStore, Store, Workspace,
};

const FOLDER: &str = "PORTCULLIS_CRASH_FOLDER";
const ACME: Id = Id::from_bytes([1; 16]);
const ROLE: Id = Id::from_bytes([2; 16]);
const GROUP: Id = Id::from_bytes([3; 16]);

fn numbered(number: u64) -> Id {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

fn entry(number: u64) -> Entry {
    Entry {
        time: i64::try_from(number).unwrap(),
        actor: "child".to_owned(),
        credential: None,
        address: None,
        request: None,
        operation: "member.add".to_owned(),
        outcome: Outcome::Done,
        payload: Some(number.to_string()),
        salt: [5; 16],
    }
}

/// What one change writes.
fn rows(number: u64) -> [Row; 3] {
    let subject = format!("member {number}");
    [
        Row::Member(Member {
            id: numbered(number),
            version: number,
            folded: subject.clone(),
            subject,
            kind: "user".to_owned(),
            role: ROLE,
            properties: Some("x".repeat(number as usize % 5_000)),
            suspended: false,
            created: 0,
        }),
        Row::GroupMember { group: GROUP, member: numbered(number) },
        Row::Object(Object {
            kind: "sync".to_owned(),
            id: number.to_string(),
            version: number,
            properties: None,
        }),
    ]
}

fn make(folder: &Path) {
    let store = SqliteStore::create(folder).unwrap();
    let workspace = Workspace {
        id: ACME,
        name: "acme".to_owned(),
        epoch: 1,
        revision: 1,
        schema: "hightouch".to_owned(),
        default_role: Some(ROLE),
        settings: "{}".to_owned(),
        created: 0,
    };
    let (name, folded) = ("viewer".to_owned(), "viewer".to_owned());
    let role = Role { id: ROLE, version: 1, name, folded, built_in: true, current: 0 };
    let group = Group { id: GROUP, version: 1, name: "all".to_owned(), folded: "all".to_owned() };
    store.create(&workspace, &[Row::Role(role), Row::Group(group)], &entry(1), &[]).unwrap();
}

/// The process that is killed; nothing when tests are run.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = SqliteStore::open(Path::new(&folder)).unwrap();
    loop {
        let change = store.change(ACME).unwrap();
        let number = change.workspace().revision + 1;
        let edits = rows(number).map(Edit::Put);
        let made = change.commit(&edits, &entry(number)).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {}", made.revision).unwrap();
        out.flush().unwrap();
    }
}

/// Lets the process write for a while and kills it; the last change that it said was done.
fn killed_after(folder: &Path, time: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        let numbers = lines.map_while(Result::ok);
        numbers.filter_map(|line| line.split_once("acknowledged ")?.1.parse().ok()).last()
    });
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Opens the store and looks at everything; its revision.
fn whole(folder: &Path) -> u64 {
    let store = SqliteStore::open(folder).unwrap();
    let mut all = Vec::new();
    let workspace = store.load(ACME, &mut |row| all.push(row)).unwrap();
    let mut expected: Vec<Row> = (2..=workspace.revision).flat_map(rows).collect();
    all.retain(|row| !matches!(row, Row::Role(_) | Row::Group(_)));
    for rows in [&mut all, &mut expected] {
        rows.sort_by_key(Row::key);
    }
    assert!(all == expected, "{} rows, {} expected", all.len(), expected.len());
    assert_eq!(store.row(ACME, &Key::Member(numbered(workspace.revision + 1))).unwrap(), None);
    let mut verifier = Verifier::new(ACME, None);
    for entry in store.audit(ACME, 0, usize::MAX).unwrap() {
        verifier.next(&entry).unwrap();
    }
    assert_eq!(verifier.finish().unwrap().number, workspace.revision);
    workspace.revision
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
