//! What workspaces weigh: after many edits little more than compiled afresh, and next to nothing when they are empty.
//!
//! Bytes are those that the library counts; `weigh` among the benches holds them against what the system says, with a
//! million edits. `PORTCULLIS_LONG=1` makes a million here too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

use portcullis::{Document, Group, Member, Schema, Source, Workspace, Writer, diff_snapshots};
use portcullis_testkit::churn::Churn;

/// Leads a life of so many edits; what a writer weighs after it, and one that begins where it ended.
fn lived(members: usize, roles: usize, groups: usize, edits: usize, batch: usize) -> (usize, usize) {
    let mut churn = Churn::new(5, roles, groups, members).unwrap();
    let mut writer = Writer::new(churn.workspace().compile().unwrap().0);
    for edit in 1..=edits {
        churn.edit(Some(&mut writer)).unwrap();
        if edit % batch == 0 {
            writer.publish();
        }
    }
    writer.publish();
    let fresh = Writer::new(churn.workspace().compile().unwrap().0);
    assert_eq!(writer.snapshot().matrix().validate(), Ok(()));
    assert_eq!(writer.snapshot().matrix().sets(), fresh.snapshot().matrix().sets());
    assert_eq!(diff_snapshots(writer.snapshot(), fresh.snapshot()), []);
    (writer.bytes(), fresh.bytes())
}

#[test]
fn after_many_edits_a_workspace_weighs_what_it_would_when_compiled_afresh() {
    let long = std::env::var_os("PORTCULLIS_LONG").is_some();
    let (members, edits) = if long { (1_000_000, 1_000_000) } else { (20_000, 20_000) };
    for (roles, batch) in [(5, 1_000), (300, 7)] {
        let (edited, fresh) = lived(members, roles, 50, edits, batch);
        println!("{roles} roles: {edited} bytes after {edits} edits, {fresh} bytes afresh");
        // Of so few a table more or less that has doubled is a tenth of all; a million are within a quarter.
        let most = if long { fresh * 5 / 4 } else { fresh * 7 / 5 };
        assert!(edited <= most, "{edited} bytes after {edits} edits, {fresh} bytes afresh");
    }
}

fn role() -> Document {
    let text = r#"{ "version": "2022-04-26", "policies": [
        { "effect": "allow", "actions": ["read"], "resource": ["sync", "model"] } ] }"#;
    Document::read(&Source::new("auditor.json", text)).unwrap().0
}

#[test]
fn an_empty_workspace_weighs_at_most_4_kib_beside_its_schema() {
    let text = r#"{ "schema": "small", "resources": { "note": { "actions": ["read", "write"] } } }"#;
    let small = Schema::read(&Source::new("small.json", text)).unwrap().0;
    for schema in [Schema::hightouch().unwrap(), small] {
        let (snapshot, _) = Workspace::new("empty", schema).compile().unwrap();
        let (alone, with_writer) = (snapshot.bytes(), Writer::new(snapshot).bytes());
        println!("{alone} bytes, {with_writer} with a writer");
        assert!(alone <= 4_096, "{alone} bytes");
    }
}

#[test]
fn ten_thousand_small_workspaces_weigh_at_most_100_mb() {
    let mut workspace = Workspace::new("small", Schema::hightouch().unwrap());
    workspace.add_role("auditor", role());
    for number in 0..5 {
        workspace.add_member(format!("user{number:07}@acme.example"), Member::with_role("auditor"));
    }
    workspace.add_group("auditors", Group::new().role("auditor").member("user0000000@acme.example"));
    let (snapshot, _) = workspace.compile().unwrap();
    let (alone, with_writer) = (snapshot.bytes(), Writer::new(snapshot).bytes());
    println!("{alone} bytes, {with_writer} with a writer");
    assert!(alone * 10_000 <= 100_000_000, "{alone} bytes a workspace");
}
