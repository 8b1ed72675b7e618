//! The audit trail: listed, verified, and found out where somebody changed it.

use std::fs;

use serde_json::json;

use crate::desk::{ADMIN, Desk, holds};

#[test]
fn the_trail_says_who_did_what_and_what_was_refused() {
    let desk = Desk::new();
    desk.run(&["group", "add", "ops"]).done();
    assert_eq!(desk.run(&["member", "set", ADMIN, "--role", "viewer"]).status, 1);
    let trail = desk.json(&["audit", "list", "--after", "1"]);
    let trail = trail.as_array().unwrap();
    assert_eq!((&trail[0]["operation"], &trail[0]["outcome"]), (&json!("group.add"), &json!("done")));
    assert_eq!((&trail[0]["number"], &trail[0]["actor_name"]), (&json!(2), &json!(ADMIN)));
    assert_eq!(trail[0]["payload"]["operations"], json!([{ "add-group": { "name": "ops" } }]));
    assert_eq!((&trail[1]["operation"], &trail[1]["outcome"]), (&json!("member.role"), &json!("refused")));
    assert_eq!(trail[1]["payload"]["refused"], "last-administrator");
    let people = desk.run(&["audit", "list", "--most", "2"]).done().out;
    let lines: Vec<&str> = people.lines().collect();
    assert_eq!(lines.len(), 3, "{people}");
    assert!(lines[1].contains("local:operating") && lines[2].contains(ADMIN), "{people}");
}

#[test]
fn a_head_that_was_kept_shows_what_was_cut_off() {
    let desk = Desk::new();
    desk.run(&["group", "add", "one"]).done();
    desk.without_key(&["backup", "early.backup"]).done();
    desk.run(&["group", "add", "two"]).done();
    let head = desk.run(&["audit", "head"]).done().out;
    desk.save("acme.head", &head);
    let verified = desk.run(&["audit", "verify", "--head", "acme.head"]).done();
    assert_eq!((verified.out, verified.err), (head.clone(), "whole: 3 entries\n".to_owned()));
    // The trail goes on, and still holds what was kept.
    desk.run(&["group", "add", "three"]).done();
    desk.run(&["audit", "verify", "--head", "acme.head"]).done();

    desk.without_key(&["restore", "early.backup", "--data", "early"]).done();
    let verify = ["audit", "verify", "--data", "early", "--head", "acme.head"];
    let rewritten = desk.run(&verify);
    assert_eq!(rewritten.status, 1, "{rewritten:?}");
    assert_eq!(rewritten.out, "broken: entry 3 is not the one that was kept: the trail was written anew\n");
    desk.save("acme.head", &head.replacen('3', "9", 1));
    let cut = desk.run(&[&verify[..], &["--format", "json"]].concat());
    assert_eq!((cut.status, &cut.json()["whole"]), (1, &json!(false)), "{cut:?}");
    assert!(cut.out.contains("its end was cut off"), "{cut:?}");
    desk.run(&["audit", "verify", "--data", "early"]).done();
    desk.save("acme.head", "3:zz");
    assert_eq!(desk.run(&verify).status, 2);
}

#[test]
fn a_changed_entry_is_found() {
    let mut desk = Desk::new();
    desk.run(&["group", "add", "innocent"]).done();
    desk.run(&["group", "add", "another"]).done();
    desk.stop();
    let file = desk.data().join("portcullis.db");
    let bytes = fs::read(&file).unwrap();
    // In a payload, of which the trail keeps the hash.
    let (old, new) = (br#""name":"innocent""#, br#""name":"nobodies""#);
    assert!(holds(&bytes, old), "the payload is in the file as it is");
    let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
    let mut changed = bytes.clone();
    changed[at..at + new.len()].copy_from_slice(new);
    fs::write(&file, changed).unwrap();
    let found = desk.run(&["audit", "verify"]);
    assert_eq!((found.status, &*found.out), (1, "broken: the payload of entry 2 was changed\n"), "{found:?}");

    // At the end of the trail the folder does not even open; for this command that is an answer.
    let mut changed = bytes.clone();
    for (at, _) in bytes.windows(9).enumerate().filter(|(_, window)| *window == b"group.add") {
        changed[at..at + 9].copy_from_slice(b"group.bad");
    }
    fs::write(&file, changed).unwrap();
    let found = desk.run(&["audit", "verify", "--format", "json"]);
    assert_eq!((found.status, &found.json()["whole"]), (1, &json!(false)), "{found:?}");
    assert_eq!(desk.run(&["group", "list"]).status, 2, "nothing else works with it");
    fs::write(&file, bytes).unwrap();
    desk.run(&["audit", "verify"]).done();
}

#[test]
fn keys_that_open_nothing_are_counted() {
    let desk = Desk::new();
    let elsewhere = Desk::new();
    assert_eq!(desk.with(&elsewhere.key, &["group", "list"]).status, 2);
    let trail = desk.without_key(&["audit", "list", "--operator", "--format", "json"]).done().json();
    assert_eq!(
        (&trail[0]["operation"], &trail[0]["outcome"]),
        (&json!("authentication.failed"), &json!("refused"))
    );
    assert_eq!(trail[0]["payload"], json!({ "count": 1 }));
}

#[test]
fn the_operator_has_a_trail_too() {
    let desk = Desk::new();
    desk.without_key(&["workspace", "list"]).done();
    let trail = desk.without_key(&["audit", "list", "--operator", "--format", "json"]).done().json();
    assert_eq!(trail[0]["operation"], "local.workspace.list");
    desk.without_key(&["audit", "verify", "--operator"]).done();
    let with_key = desk.run(&["audit", "list", "--operator"]);
    assert!(with_key.status == 2 && with_key.err.contains("leave out the key"), "{with_key:?}");
}
