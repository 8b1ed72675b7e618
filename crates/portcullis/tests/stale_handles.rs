//! Handles that are no longer, or never were, this snapshot's: denied, and said to be stale.
//!
//! A handle is eight bytes that a caller keeps. When it is of another workspace, of a snapshot that was compiled before, of
//! another schema, or a number beyond the last, a table that was addressed with it would answer for somebody else. These
//! tests hand in each kind, one at a time and in a batch, in both row layouts. A writer's snapshots are of one lineage: there
//! a handle stays good for as long as its member does, and is never another's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis::matrix::{Layout, Permission, PermissionId, Subject, SubjectId};
use portcullis::{
    Decision, Document, Group, Member, Reason, Revision, Schema, Snapshot, Source, Workspace, Writer,
};

const LAYOUTS: [Layout; 2] = [Layout::Flat, Layout::Paged];

fn schema() -> Schema {
    let types: Vec<String> =
        (0..40).map(|number| format!(r#""t{number}": {{"actions": ["read", "write", "share"]}}"#)).collect();
    let text = format!(r#"{{"schema": "wide", "resources": {{{}}}}}"#, types.join(", "));
    Schema::read(&Source::new("schema.json", text)).unwrap().0
}

fn allowing(actions: &str) -> Document {
    let text = format!(
        r#"{{"version": "2022-04-26", "policies": [{{"effect": "allow", "actions": "{actions}", "resource": "*"}}]}}"#
    );
    Document::read(&Source::new("role.json", text)).unwrap().0
}

/// A workspace in which everybody may everything, so that whatever is read by mistake is a grant.
fn open_house(schema: &Schema, members: &[&str], layout: Layout) -> Snapshot {
    let mut workspace = Workspace::new("acme", schema.clone());
    workspace.add_role("all", allowing("*")).set_default_role("all");
    for member in members {
        workspace.add_member(*member, Member::new());
    }
    workspace.compile_with(layout, Revision::new(7)).unwrap().0
}

/// Denied one by one and in batch, with the reason.
fn denied(snapshot: &Snapshot, subject: Subject, permission: Permission, reason: Reason) {
    let decision = snapshot.check_handles(subject, permission);
    assert_eq!(decision, Decision::Deny { reason, revision: snapshot.revision() });
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

/// A writer of an open house.
fn writer(schema: &Schema, members: &[&str], layout: Layout) -> Writer {
    Writer::new(open_house(schema, members, layout))
}

#[test]
fn the_handle_of_a_member_removed_by_an_edit_is_never_somebody_elses() {
    let schema = schema();
    for layout in LAYOUTS {
        let mut writer = writer(&schema, &["ann", "bob", "cy"], layout);
        let read = schema.permission("read", "t0").unwrap();
        let before = writer.snapshot().clone();
        let [bob, cy] = ["bob", "cy"].map(|id| before.subject(id).unwrap());
        writer.add_group("some", Group::new().role("all").member("bob")).unwrap();
        writer.remove_member("bob").unwrap();
        denied(writer.publish(), bob, read, Reason::UnknownSubject);
        assert!(writer.snapshot().subject("bob").is_none());
        // Others come, also one of the same name, and take no number that was somebody's.
        let mut handles = vec![bob];
        for id in ["dan", "bob", "eve"] {
            writer.add_member(id, Member::new()).unwrap();
            let after = writer.publish();
            let handle = after.subject(id).unwrap();
            assert!(!handles.contains(&handle), "{id} got the handle of somebody who left");
            handles.push(handle);
            denied(after, bob, read, Reason::UnknownSubject);
            granted(after, handle, read);
            granted(after, cy, read);
        }
        // Nor does the last number come back, when there was nobody behind it.
        let eve = *handles.last().unwrap();
        writer.remove_member("eve").unwrap();
        writer.publish();
        writer.add_member("fay", Member::new()).unwrap();
        denied(writer.publish(), eve, read, Reason::UnknownSubject);
        // Nor for a writer that goes on from here.
        let mut other = Writer::new(writer.snapshot().clone());
        other.add_member("gil", Member::new()).unwrap();
        let after = other.publish();
        denied(after, eve, read, Reason::UnknownSubject);
        denied(after, bob, read, Reason::UnknownSubject);
        granted(after, after.subject("gil").unwrap(), read);
        assert_ne!(after.subject("gil"), Some(eve));
        // What was true before is still true there.
        granted(&before, bob, read);
        denied(&before, eve, read, Reason::UnknownSubject);
    }
}

#[test]
fn the_handle_of_a_suspended_member_is_good_again_with_them() {
    let schema = schema();
    for layout in LAYOUTS {
        let mut writer = writer(&schema, &["ann", "bob"], layout);
        let read = schema.permission("read", "t0").unwrap();
        let bob = writer.snapshot().subject("bob").unwrap();
        for _ in 0..3 {
            writer.suspend_member("bob").unwrap();
            denied(writer.publish(), bob, read, Reason::Suspended);
            assert_eq!(writer.snapshot().subject("bob"), Some(bob));
            writer.reactivate_member("bob").unwrap();
            granted(writer.publish(), bob, read);
        }
        writer.suspend_member("bob").unwrap();
        writer.remove_member("bob").unwrap();
        denied(writer.publish(), bob, read, Reason::UnknownSubject);
    }
}

#[test]
fn a_handle_is_kept_across_edits() {
    let schema = schema();
    for layout in LAYOUTS {
        let mut writer = writer(&schema, &["ann", "bob"], layout);
        let mut reader = writer.reader();
        let bob = reader.snapshot().subject("bob").unwrap();
        let [read, write] = ["read", "write"].map(|action| schema.permission(action, "t39").unwrap());
        for round in 0..40 {
            let (allowed, other) = if round % 2 == 0 { (read, write) } else { (write, read) };
            let actions = if round % 2 == 0 { "read" } else { "write" };
            match round % 5 {
                0 => drop(writer.replace_role("all", allowing(actions)).unwrap()),
                _ => {
                    writer.add_role(&format!("role {round}"), allowing(actions)).unwrap();
                    writer.set_member_role("bob", &format!("role {round}")).unwrap();
                    writer.replace_role("all", allowing("*")).unwrap();
                }
            }
            if round % 5 == 0 {
                writer.set_member_role("bob", "all").unwrap();
            }
            let after = writer.publish();
            assert_eq!(after.subject("bob"), Some(bob));
            granted(after, bob, allowed);
            assert_eq!(after.check_handles(bob, other).reason(), Reason::NotGranted);
            assert!(reader.check_handles(bob, allowed).is_allowed());
        }
    }
}

#[test]
fn a_handle_is_of_the_lineage_that_made_it() {
    let schema = schema();
    for layout in LAYOUTS {
        let mut ours = writer(&schema, &["ann", "bob"], layout);
        let mut theirs = writer(&schema, &["ann", "bob"], layout);
        let read = schema.permission("read", "t0").unwrap();
        for writer in [&mut ours, &mut theirs] {
            writer.add_member("cy", Member::new()).unwrap();
            writer.publish();
        }
        // The same workspace compiled afresh is another lineage too, and so is an edited one beside it.
        let fresh = open_house(&schema, &["ann", "bob", "cy"], layout);
        for id in ["ann", "bob", "cy"] {
            let handles =
                [ours.snapshot(), theirs.snapshot(), &fresh].map(|snapshot| snapshot.subject(id).unwrap());
            for (own, snapshot) in [&**ours.snapshot(), &**theirs.snapshot(), &fresh].into_iter().enumerate()
            {
                for (made, handle) in handles.into_iter().enumerate() {
                    match made == own {
                        true => granted(snapshot, handle, read),
                        false => denied(snapshot, handle, read, Reason::Stale),
                    }
                }
            }
        }
        // A schema read again is another schema, whatever was edited.
        let other = self::schema().permission("read", "t0").unwrap();
        denied(ours.snapshot(), ours.snapshot().subject("ann").unwrap(), other, Reason::Stale);
    }
}

#[test]
fn a_permission_beyond_the_last_after_edits() {
    let schema = schema();
    for layout in LAYOUTS {
        let mut writer = writer(&schema, &["ann"], layout);
        // Rows behind hers that grant everything, so that whatever is read beyond hers is a grant.
        for number in 0..10 {
            writer.add_role(&format!("role {number}"), allowing("*")).unwrap();
            writer
                .add_member(&format!("member {number}"), Member::with_role(format!("role {number}")))
                .unwrap();
        }
        let snapshot = writer.publish();
        let (count, stamp) = (schema.permission_count(), schema.stamp());
        for id in ["ann", "member 0", "member 9"] {
            let subject = snapshot.subject(id).unwrap();
            granted(snapshot, subject, Permission::new(stamp, PermissionId::from_u32(count - 1)));
            for number in [count, count + 64, 512, u32::MAX] {
                let beyond = Permission::new(stamp, PermissionId::from_u32(number));
                denied(snapshot, subject, beyond, Reason::Stale);
            }
        }
    }
}

#[test]
fn two_writers_that_go_on_from_one_snapshot_give_no_number_twice() {
    let schema = schema();
    for layout in LAYOUTS {
        let mut one = writer(&schema, &["ann"], layout);
        let mut other = Writer::new(one.snapshot().clone());
        let read = schema.permission("read", "t0").unwrap();
        let join = |writer: &mut Writer, id: &str| {
            writer.add_member(id, Member::new()).unwrap();
            writer.publish().subject(id).unwrap()
        };
        let (bob, cy) = (join(&mut one, "bob"), join(&mut other, "cy"));
        let dan = join(&mut one, "dan");
        granted(other.snapshot(), cy, read);
        for handle in [bob, dan] {
            granted(one.snapshot(), handle, read);
            denied(other.snapshot(), handle, read, Reason::UnknownSubject);
        }
        denied(one.snapshot(), cy, read, Reason::UnknownSubject);
        for writer in [&one, &other] {
            assert_eq!(writer.snapshot().matrix().validate(), Ok(()));
        }
        assert_eq!(one.snapshot().members().collect::<Vec<_>>(), ["ann", "bob", "dan"]);
        assert_eq!(other.snapshot().members().collect::<Vec<_>>(), ["ann", "cy"]);
        // Nor after joins that were discarded, between those of the other.
        one.add_member("eve", Member::new()).unwrap();
        let fay = join(&mut other, "fay");
        one.add_member("gil", Member::new()).unwrap();
        one.discard();
        let eve = join(&mut one, "eve");
        denied(one.snapshot(), fay, read, Reason::UnknownSubject);
        denied(other.snapshot(), eve, read, Reason::UnknownSubject);
        granted(other.snapshot(), fay, read);
        granted(one.snapshot(), eve, read);
        assert_eq!(one.snapshot().matrix().validate(), Ok(()));
    }
}
