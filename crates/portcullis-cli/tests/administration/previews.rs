//! Dry runs: what they show, that they change nothing, and that a digest holds a change to what was shown.

use serde_json::json;

use crate::desk::{Desk, document};

/// The last line of a dry run.
fn digest(shown: &str) -> String {
    shown.lines().last().unwrap().strip_prefix("digest ").unwrap().to_owned()
}

#[test]
fn what_was_approved_is_what_is_saved() {
    let desk = Desk::new();
    desk.role("drafts", r#""read""#, r#""model""#);
    desk.run(&["group", "add", "writers"]).done();
    for subject in ["bob", "carol"] {
        desk.run(&["member", "add", subject, "--role", "drafts"]).done();
    }
    desk.save("new.json", &document(r#"["read", "update"]"#, r#""model""#));
    let before = desk.json(&["workspace", "show"])["revision"].clone();
    let shown = desk.run(&["role", "save", "drafts", "new.json", "--dry-run"]).done().out;
    assert!(
        shown.contains("2 members: 1 permission gained, 0 lost: `bob` and `carol`\n  + model: update\n"),
        "{shown}"
    );
    assert_eq!(desk.json(&["workspace", "show"])["revision"], before, "a dry run changes nothing");

    let digest = digest(&shown);
    // Another document under the approved digest.
    desk.save("other.json", &document(r#"["read", "update", "delete"]"#, r#""model""#));
    let refused = desk.run(&["role", "save", "drafts", "other.json", "--digest", &digest]);
    assert!(refused.status == 1 && refused.err.contains("not what was previewed"), "{refused:?}");
    let shown = desk.run(&["role", "save", "drafts", "other.json", "--digest", &digest, "--dry-run"]);
    assert!(shown.status == 1 && shown.out.contains("refused: this is not what was previewed"), "{shown:?}");
    // The same document, and it would do something else now.
    desk.run(&["member", "add", "dave", "--role", "drafts"]).done();
    assert_eq!(desk.run(&["role", "save", "drafts", "new.json", "--digest", &digest]).status, 1);
    desk.run(&["member", "remove", "dave"]).done();
    desk.run(&["role", "save", "drafts", "new.json", "--digest", &digest]).done();
    assert_eq!(desk.json(&["role", "show", "drafts"])["number"], json!(2));
}

#[test]
fn what_stands_against_a_change_is_shown_before_it_is_made() {
    let desk = Desk::new();
    desk.role("people", r#"["read", "create", "update", "delete"]"#, r#""workspace_membership""#);
    let key = desk.member("manager", "people");
    desk.run(&["member", "add", "bob"]).done();

    let shown = desk.with(&key, &["member", "set", "bob", "--role", "editor", "--dry-run"]);
    assert_eq!(shown.status, 1);
    assert!(shown.out.contains("refused: nobody gives what they do not hold\n  bob: "), "{}", shown.out);
    let reaching =
        desk.with(&key, &["member", "suspend", "ann@acme.example", "--dry-run", "--format", "json"]);
    let value = reaching.json();
    assert_eq!((reaching.status, &value["would_be_refused"]), (1, &json!(true)));
    assert_eq!(
        (value["reaching_up"].as_array().unwrap().len(), &value["no_administrator"]),
        (1, &json!(true))
    );

    desk.save("rule.json", r#"{"only": ["bob", "manager"], "role": "people"}"#);
    let broken = desk.run(&["rule", "add", "two manage", "rule.json", "--dry-run"]);
    assert!(
        broken.status == 1 && broken.out.contains("refused: standing rules would be broken\n"),
        "{broken:?}"
    );
    desk.save("rule.json", r#"{"only": ["manager"], "role": "people"}"#);
    desk.run(&["rule", "add", "one manages", "rule.json"]).done();
    // A revocation is never held up, and what it breaks is told.
    desk.run(&["member", "suspend", "manager", "--dry-run"]).done();
}

#[test]
fn a_dry_run_of_a_key_shows_no_secret_and_makes_none() {
    let desk = Desk::new();
    let shown = desk.run(&["key", "add", "--name", "ci", "--expires", "90", "--dry-run"]).done().out;
    assert!(!shown.contains("portcullis_key_"), "{shown}");
    assert_eq!(desk.json(&["key", "list"]).as_array().unwrap().len(), 1);
    // Days end with a day, so that what was shown is the same a moment later.
    desk.run(&["key", "add", "--name", "ci", "--expires", "90", "--digest", &digest(&shown)]).done();
    let keys = desk.json(&["key", "list"]);
    let ci = keys.as_array().unwrap().iter().find(|key| key["name"] == "ci").unwrap();
    assert!(ci["expires"].as_str().unwrap().ends_with("T00:00:00.000Z"), "{ci}");
    assert_eq!(ci["scopes"], json!(["decide"]));
}
