//! Backups in the audit trail: who took everything along is noted before it is taken, so that the copy says so too; and where no note can be made,
//! the backup is made all the same and says it.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::desk::{Desk, holds};

/// The operator's trail of a folder, or of a restored copy, as (actor, operation, outcome).
fn realm(desk: &Desk, data: &str) -> Vec<(String, String, String)> {
    let trail =
        desk.without_key(&["audit", "list", "--operator", "--data", data, "--format", "json"]).done().json();
    let word = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let all = trail.as_array().unwrap().iter();
    all.map(|one| (word(one, "actor"), word(one, "operation"), word(one, "outcome"))).collect()
}

#[test]
fn a_backup_is_noted_in_the_operators_trail_and_in_its_copy() {
    let desk = Desk::new();
    let user = format!("local:{}", desk.user());
    let noted = |outcome: &str| (user.clone(), "local.backup".to_owned(), outcome.to_owned());
    let made = desk.without_key(&["backup", "one.backup"]).done();
    assert_eq!(made.err, "wrote one.backup\n");
    let count =
        |data: &str, outcome: &str| realm(&desk, data).iter().filter(|one| **one == noted(outcome)).count();
    assert_eq!(count("data", "done"), 1);
    desk.without_key(&["restore", "one.backup", "--data", "restored"]).done();
    assert_eq!(count("restored", "done"), 1, "the copy says that it was made");
    let made = desk.without_key(&["backup", "two.backup", "--format", "json"]).done();
    assert_eq!((made.json(), &*made.err), (json!({ "written": "two.backup", "noted": true }), ""));
    assert_eq!(count("data", "done"), 2);
    // Where there is such a file already nothing happens, and nothing is noted.
    assert_eq!(desk.without_key(&["backup", "two.backup"]).status, 2);
    assert_eq!((count("data", "done"), count("data", "refused")), (2, 0));
    // One that was noted and did not come about is noted as that.
    assert_eq!(desk.without_key(&["backup", "no/such/folder/three.backup"]).status, 2);
    assert_eq!((count("data", "done"), count("data", "refused")), (3, 1));
    desk.without_key(&["audit", "verify", "--operator"]).done();
}

#[test]
fn a_backup_beside_another_process_or_of_an_earlier_format_is_made_without_a_note() {
    let mut desk = Desk::new();
    desk.stop();
    let open = portcullis_store::SqliteStore::open(desk.data()).unwrap();
    let made = desk.without_key(&["backup", "one.backup"]).done();
    let says = format!(
        "warning: the audit trail has no note of this backup: another process (number {}) has the folder",
        std::process::id()
    );
    assert!(made.err.starts_with("wrote one.backup\n") && made.err.contains(&says), "{made:?}");
    drop(open);
    assert!(realm(&desk, "data").iter().all(|one| one.1 != "local.backup"));

    let formats = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../portcullis-store/tests/formats/001");
    let old = desk.path("old");
    fs::create_dir(&old).unwrap();
    fs::copy(formats.join("portcullis.db"), old.join("portcullis.db")).unwrap();
    let before = fs::read(old.join("portcullis.db")).unwrap();
    let made = desk.without_key(&["backup", "old.backup", "--data", "old"]).done();
    assert!(made.err.contains("the folder has an earlier format, and is left as it is"), "{made:?}");
    assert!(fs::read(old.join("portcullis.db")).unwrap() == before && holds(&before, b"SQLite format 3"));
}
