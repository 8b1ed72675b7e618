//! What was acknowledged is there, and nothing is there by halves, whatever happens to the process ([`killed`]) or to the disk ([`disk`]).
//!
//! Where a process of its own is needed, it is this test program once more. Each change adds a member, puts it into a group and stores an
//! object, so that what must be there follows from the revision alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads the clock and its own environment"
)]

#[cfg(unix)]
mod disk;
mod killed;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use portcullis_store::{
    Edit, Entry, Group, Id, Member, Object, Outcome, Result, Role, Row, SqliteStore, Store, Workspace,
};

/// The folder in which a process of its own is to work; without it, the tests that are such a process do nothing.
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

/// Adds what the next change adds; its revision.
fn write(store: &dyn Store) -> Result<u64> {
    let change = store.change(ACME)?;
    let number = change.workspace().revision + 1;
    let made = change.commit(&rows(number).map(Edit::Put), &entry(number))?;
    Ok(made.revision)
}

/// Opens the store and looks at everything; its revision.
fn whole(folder: &Path) -> u64 {
    seen(&SqliteStore::open(folder).unwrap())
}

/// Looks at everything in a store; its revision.
fn seen(store: &SqliteStore) -> u64 {
    let mut all = Vec::new();
    let workspace = store.load(ACME, &mut |row| all.push(row)).unwrap();
    let mut expected: Vec<Row> = (2..=workspace.revision).flat_map(rows).collect();
    all.retain(|row| !matches!(row, Row::Role(_) | Row::Group(_)));
    for rows in [&mut all, &mut expected] {
        rows.sort_by_key(Row::key);
    }
    assert!(all == expected, "{} rows, {} expected", all.len(), expected.len());
    let heads = store.verify().unwrap();
    assert_eq!((heads.len(), heads[0].1.number), (1, workspace.revision));
    workspace.revision
}

/// This program, to be run as one of its tests.
fn as_test(program: &mut Command, name: &str, folder: &Path) -> std::io::Result<Child> {
    let program = program.args([name, "--exact", "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
}

/// What a process says, line by line.
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap()).lines().map_while(std::io::Result::ok)
}

/// Says something to whoever started this process.
fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}").unwrap();
    out.flush().unwrap();
}
