//! Handles that are no longer, or never were, this snapshot's: denied, and said to be stale.
//!
//! A handle is eight bytes that a caller keeps. When it is of another workspace, of a snapshot that was compiled before, of
//! another schema, or a number beyond the last, a table that was addressed with it would answer for somebody else. These
//! tests hand in each kind, one at a time and in a batch, in both row layouts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis::matrix::{Layout, Permission, PermissionId, Subject, SubjectId};
use portcullis::{Decision, Document, Member, Reason, Revision, Schema, Snapshot, Source, Workspace};

const LAYOUTS: [Layout; 2] = [Layout::Flat, Layout::Paged];

fn schema() -> Schema {
    let types: Vec<String> =
        (0..40).map(|number| format!(r#""t{number}": {{"actions": ["read", "write", "share"]}}"#)).collect();
    let text = format!(r#"{{"schema": "wide", "resources": {{{}}}}}"#, types.join(", "));
    Schema::read(&Source::new("schema.json", text)).unwrap().0
}

/// A workspace in which everybody may everything, so that whatever is read by mistake is a grant.
fn open_house(schema: &Schema, members: &[&str], layout: Layout) -> Snapshot {
    let text =
        r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "*"}]}"#;
    let (document, _) = Document::read(&Source::new("all.json", text)).unwrap();
    let mut workspace = Workspace::new("acme", schema.clone());
    workspace.add_role("all", document).set_default_role("all");
    for member in members {
        workspace.add_member(*member, Member::new());
    }
    workspace.compile_with(layout, Revision::new(7)).unwrap().0
}

/// Denied one by one and in batch, with the reason.
fn denied(snapshot: &Snapshot, subject: Subject, permission: Permission, reason: Reason) {
    let decision = snapshot.check_handles(subject, permission);
    assert_eq!(decision, Decision::Deny { reason, revision: Revision::new(7) });
    let own = (snapshot.subject("ann").unwrap(), snapshot.permission("read", "t0").unwrap());
    // Between two questions that are granted, at the end of a word and behind it.
    for at in [0, 63, 64, 99] {
        let mut subjects = vec![own.0; 100];
        let mut permissions = vec![own.1; 100];
        (subjects[at], permissions[at]) = (subject, permission);
        let (mut granted, mut open) = ([0; 2], [u64::MAX; 2]);
        snapshot.check_batch(&subjects, &permissions, &mut granted, &mut open);
        let mut expected = [u64::MAX, (1 << 36) - 1];
        expected[at / 64] &= !(1 << (at % 64));
        assert_eq!((granted, open), (expected, [0; 2]), "at {at}");
    }
}

fn granted(snapshot: &Snapshot, subject: Subject, permission: Permission) {
    assert!(snapshot.check_handles(subject, permission).is_allowed());
}

#[test]
fn the_handle_of_a_removed_member() {
    let schema = schema();
    for layout in LAYOUTS {
        let before = open_house(&schema, &["ann", "bob", "cy"], layout);
        let after = open_house(&schema, &["ann", "cy"], layout);
        let (bob, cy) = (before.subject("bob").unwrap(), before.subject("cy").unwrap());
        let read = after.permission("read", "t0").unwrap();
        // Bob's number is Cy's now, and Cy's old one is nobody's.
        assert_eq!(bob.id(), after.subject("cy").unwrap().id());
        granted(&before, bob, read);
        denied(&after, bob, read, Reason::Stale);
        denied(&after, cy, read, Reason::Stale);
        assert!(after.subject("bob").is_none());
        granted(&after, after.subject("cy").unwrap(), read);
    }
}

#[test]
fn the_handle_of_another_workspace() {
    let schema = schema();
    for layout in LAYOUTS {
        let ours = open_house(&schema, &["ann", "bob"], layout);
        let theirs = open_house(&schema, &["ann", "bob"], layout);
        let read = ours.permission("read", "t0").unwrap();
        denied(&ours, theirs.subject("ann").unwrap(), read, Reason::Stale);
        // The schema is the same one, so its permissions are good in both.
        granted(&ours, ours.subject("ann").unwrap(), theirs.permission("read", "t0").unwrap());
    }
}

#[test]
fn the_permission_of_another_schema() {
    for layout in LAYOUTS {
        let ours = open_house(&schema(), &["ann"], layout);
        let ann = ours.subject("ann").unwrap();
        // The same text read twice makes two schemas: nothing says that they will stay alike.
        for other in [schema(), Schema::hightouch().unwrap()] {
            let theirs = other.permission("read", if other.is_hightouch() { "sync" } else { "t0" }).unwrap();
            denied(&ours, ann, theirs, Reason::Stale);
        }
    }
}

#[test]
fn a_permission_beyond_the_last() {
    for layout in LAYOUTS {
        let snapshot = open_house(&schema(), &["ann", "bob"], layout);
        let count = snapshot.schema().permission_count();
        assert_eq!(count, 120);
        let stamp = snapshot.schema().stamp();
        let ann = snapshot.subject("ann").unwrap();
        granted(&snapshot, ann, Permission::new(stamp, PermissionId::from_u32(count - 1)));
        for number in [count, count + 1, 127, 128, count + 64, 511, 512, count + 512, u32::MAX - 1, u32::MAX]
        {
            denied(&snapshot, ann, Permission::new(stamp, PermissionId::from_u32(number)), Reason::Stale);
        }
    }
}

#[test]
fn a_subject_beyond_the_last_and_the_unknown_one() {
    for layout in LAYOUTS {
        let snapshot = open_house(&schema(), &["ann", "bob"], layout);
        let read = snapshot.permission("read", "t0").unwrap();
        let lineage = snapshot.matrix().lineage();
        let of = |number| Subject::new(lineage, SubjectId::from_u32(number));
        granted(&snapshot, of(2), read);
        // The right stamp with a number that is nobody's: no handle that we made. The reason is not promised.
        for number in [0, 3, 4, 64, 66, 256, 65_536, u32::MAX] {
            let decision = snapshot.check_handles(of(number), read);
            assert!(!decision.is_allowed(), "{number}: {decision:?}");
            denied(&snapshot, of(number), read, decision.reason());
        }
    }
}

#[test]
fn a_suspended_member_has_a_handle_that_is_denied() {
    let schema = Schema::hightouch().unwrap();
    let mut workspace = Workspace::new("acme", schema);
    workspace
        .add_member("ann", Member::with_role("admin"))
        .add_member("bob", Member::with_role("admin").suspended());
    for layout in LAYOUTS {
        let (snapshot, _) = workspace.compile_with(layout, Revision::FIRST).unwrap();
        let read = snapshot.permission("read", "sync").unwrap();
        granted(&snapshot, snapshot.subject("ann").unwrap(), read);
        let decision = snapshot.check_handles(snapshot.subject("bob").unwrap(), read);
        assert_eq!(decision.reason(), Reason::Suspended);
    }
}

#[test]
fn a_bitmap_that_is_too_short_loses_answers_and_never_shifts_them() {
    let snapshot = open_house(&schema(), &["ann"], Layout::Auto);
    let (ann, read) = (snapshot.subject("ann").unwrap(), snapshot.permission("read", "t0").unwrap());
    let mut granted = [0; 1];
    snapshot.check_batch(&[ann; 100], &[read; 100], &mut granted, &mut []);
    assert_eq!(granted, [u64::MAX]);
    let mut long = [u64::MAX; 3];
    snapshot.check_batch(&[ann; 65], &[read; 200], &mut long, &mut []);
    assert_eq!(long, [u64::MAX, 1, 0]);
}
