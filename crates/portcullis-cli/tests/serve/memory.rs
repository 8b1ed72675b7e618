//! What a server that nobody asks anything keeps in memory: what it serves, and not what it needed to load that.
//!
//! The system's own count is read, so that what the allocator holds on to is in it. `PORTCULLIS_LONG=1` serves a million members, of whom the
//! issue wants that they take 250 MB at most; what a row takes is held by unit tests of the server's `state::members`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::server::{Served, edit, eventually, run};

/// A workspace file of so many members, and the half of them in groups.
fn workspace(members: usize) -> String {
    let id = |number: usize| format!("usr{number:07}@acme.corp.io");
    let mut text = String::from(r#"{"workspace":"crowd","schema":"hightouch","roles":{},"members":{"#);
    for number in 0..members {
        let comma = if number == 0 { "" } else { "," };
        let role = ["admin", "editor", "viewer"][number % 3];
        write!(text, "{comma}\n\"{}\":{{\"role\":\"{role}\"}}", id(number)).unwrap();
    }
    text.push_str("},\n\"groups\":{");
    for (team, first) in (0..members).step_by(100_000).enumerate() {
        let inside = (first..members.min(first + 50_000)).map(|number| format!("{:?}", id(number)));
        let (comma, inside) = (if team == 0 { "" } else { "," }, inside.collect::<Vec<_>>().join(","));
        write!(text, "{comma}\n\"team {team}\":{{\"roles\":[\"editor\"],\"members\":[{inside}]}}").unwrap();
    }
    text.push_str("}}\n");
    text
}

fn is_long() -> bool {
    std::env::var_os("PORTCULLIS_LONG").is_some()
}

/// The keys that two commands show.
fn shown(folder: &Path, arguments: &[&str], key: &str) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    told[key].as_str().unwrap().to_owned()
}

#[test]
fn a_folder_of_many_members_takes_little_more_than_their_names() {
    let members = if is_long() { 1_000_000 } else { 50_000 };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("crowd.json"), workspace(members)).unwrap();
    let made = ["init", "first", "--admin", "ops@acme.example", "--data", "data", "--format", "json"];
    let operator = shown(folder.path(), &made, "operator_key");
    fs::write(folder.path().join("operator.key"), operator).unwrap();
    let imported = "workspace import --admin ann@acme.example --data data --key-file operator.key --format json crowd.json";
    shown(folder.path(), &imported.split(' ').collect::<Vec<_>>(), "key");

    let served = Served::start(folder.path(), &["--data", "data"]);
    if is_long() {
        eventually("250 MB", || served.resident("VmRSS") <= 250_000_000);
    } else {
        // A server without members takes 14 MB. A member took 620 bytes: 400 of rows, and 140 that were free and held on to.
        let most = (22 << 20) + 300 * members;
        eventually("300 bytes a member", || served.resident("RssAnon") < most);
    }
}

#[test]
fn what_loading_needed_is_given_back_while_nobody_asks_anything() {
    let members = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crowd.json");
    fs::write(&file, workspace(members)).unwrap();
    let mut served = Served::start(folder.path(), &["-w", "crowd.json", "--insecure-no-auth"]);
    // The text of the file stays, since explanations point into it: 60 bytes a member, and about as much is compiled.
    let most = (16 << 20) + 120 * members;
    eventually("what is served", || served.resident("RssAnon") < most);
    for (from, to) in [("admin", "editor"), ("editor", "viewer"), ("viewer", "admin")] {
        edit(&file, &format!("io\":{{\"role\":\"{from}\"}}"), &format!("io\":{{\"role\":\"{to}\"}}"));
        served.until("a new version is in force");
        eventually("what is served", || served.resident("RssAnon") < most);
    }
}
