//! Classes where there are too many of them, where edits are not published one by one, and where two writers go on from one snapshot.
//!
//! `classify_tests` holds what classes know against evaluation after each edit; here the same is held at the limits,
//! and a check on a stored object against a check that evaluates every condition.

use std::sync::Arc;

use portcullis_testkit::generate::{Prng, Size, conditional_case};

use super::tests::{compared, opened};
use super::*;
use crate::condition::Attribute;
use crate::{Document, Question, Snapshot, Source, Writer};

fn attribute(text: &str) -> Attribute {
    Attribute::read(&Source::new("p", text)).unwrap()
}

fn document(statements: impl Iterator<Item = String>) -> Document {
    let statements: Vec<String> = statements.collect();
    let text = format!(r#"{{"version": "2022-04-26", "policies": [{}]}}"#, statements.join(","));
    Document::read(&Source::new("d", text)).unwrap().0
}

fn statement(effect: &str, conditions: &str) -> String {
    format!(
        r#"{{"effect": "{effect}", "actions": "update", "resource": "sync", "conditions": {conditions}}}"#
    )
}

/// Asks about every stored object, with nothing sent and with a property that may matter, and by evaluation alone.
fn decided(snapshot: &Snapshot, members: &[&str]) -> usize {
    let (mut open, team) = (0, attribute(r#"{"team": "red", "else": 1}"#));
    for member in members {
        let subject = snapshot.subject_id(member).unwrap();
        let set = snapshot.matrix().set_of(subject);
        for (action, kind) in (0..snapshot.schema().permission_count())
            .filter_map(|id| snapshot.schema().names_of(portcullis_matrix::PermissionId::from_u32(id)))
        {
            let permission = snapshot.schema().permission(action, kind).unwrap().id();
            if !snapshot.matrix().verdict_of(set, permission).is_open() {
                continue;
            }
            for id in snapshot.objects_of(kind) {
                for sent in [None, Some(team.value())] {
                    let asked = Question {
                        object: Some(id),
                        object_properties: sent,
                        ..Question::new(member, action, kind)
                    };
                    let evaluated = snapshot.allows_under(set, permission, &snapshot.facts(subject, &asked));
                    let decision = snapshot.decide(&asked);
                    assert_eq!(decision.is_allowed(), evaluated, "{member} {action} {kind}/{id} {sent:?}");
                    assert_eq!(snapshot.explain(&asked).decision, decision);
                    open += 1;
                }
            }
        }
    }
    open
}

/// How many conditions are needed for more answers than there are classes: each is false, true or unknown.
const DIGITS: u32 = 11;

/// An object of which each of the conditions comes to what a digit of its number says, in base 3.
fn digits(number: u32) -> Attribute {
    let digit = |at: u32| number / 3_u32.pow(at) % 3;
    let known = (0..DIGITS).filter(|&at| digit(at) < 2);
    let each: Vec<String> = known.map(|at| format!("\"d{at}\": {}", digit(at))).collect();
    attribute(&format!("{{{}}}", each.join(",")))
}

fn digit_document(count: u32) -> Document {
    document((0..count).map(|at| statement("allow", &format!(r#"{{"d{at}": {{"equals": 1}}}}"#))))
}

#[test]
fn objects_beyond_the_last_class_are_evaluated_until_there_is_room() {
    const MANY: u32 = 66_500;
    let all = digit_document(DIGITS);
    let mut workspace = crate::Workspace::new("w", Schema::hightouch().unwrap());
    workspace.add_role("one", all).add_member("ann", crate::Member::with_role("one"));
    for number in 0..MANY {
        workspace.add_object("sync", number.to_string(), digits(number));
    }
    let snapshot = workspace.compile().unwrap().0;
    let classless = |snapshot: &Snapshot| {
        let objects = snapshot.objects.of_kind(snapshot.schema().named("sync").unwrap().kind);
        objects.filter(|object| snapshot.objects.classes.of_objects.get(*object) == 0).count()
    };
    assert_eq!(classless(&snapshot), (MANY - MOST_CLASSES) as usize);

    // Classes that come free are given to objects that change, and to no other.
    let mut writer = Writer::new(snapshot);
    for number in 0..500 {
        writer.remove_object("sync", &number.to_string()).unwrap();
    }
    for number in MANY - 300..MANY {
        writer.put_object("sync", &number.to_string(), digits(number)).unwrap();
    }
    // The same of a writer that takes the snapshot up again: 200 classes are left, for 250 that ask.
    let mut writer = Writer::new(Arc::clone(writer.publish()));
    for number in 0..250 {
        writer.put_object("sync", &number.to_string(), digits(number)).unwrap();
    }
    let (known, unknown) = compared(writer.publish());
    assert_eq!(known, MOST_CLASSES as usize * DIGITS as usize);
    assert_eq!(unknown, (MANY - 250 - MOST_CLASSES) as usize * DIGITS as usize);

    let few = digit_document(3);
    writer.replace_role("one", few).unwrap();
    let snapshot = writer.publish();
    assert_eq!(compared(snapshot).1, 0);
    assert_eq!(snapshot.objects.classes.kinds.iter().map(|kind| kind.outcomes.len()).max(), Some(28));
}

#[test]
fn conditions_beyond_the_last_that_is_kept_are_evaluated() {
    let many = MOST_CONDITIONS + 300;
    let named = |team: usize| format!(r#"{{"team": {{"equals": "t{team}"}}}}"#);
    let text = (0..many).map(|team| statement(if team % 2 == 0 { "allow" } else { "deny" }, &named(team)));
    let mut workspace = crate::Workspace::new("w", Schema::hightouch().unwrap());
    workspace.add_role("one", document(text)).add_member("ann", crate::Member::with_role("one"));
    for number in (0..many).step_by(97).chain([many - 2, many - 1, many]) {
        let team = attribute(&format!(r#"{{"team": "t{number}"}}"#));
        workspace.add_object("sync", number.to_string(), team);
    }
    let snapshot = workspace.compile().unwrap().0;
    let asked = |snapshot: &Snapshot, id: &str| {
        let asked = Question { object: Some(id), ..Question::new("ann", "update", "sync") };
        snapshot.decide(&asked).is_allowed()
    };
    let mut writer = Writer::new(snapshot);
    for id in writer.snapshot().objects_of("sync").map(str::to_owned).collect::<Vec<_>>() {
        let even = id.parse::<usize>().unwrap() % 2 == 0 && id != many.to_string();
        assert_eq!(asked(writer.snapshot(), &id), even, "{id}");
        writer.put_object("sync", &id, attribute(r#"{"team": "t0"}"#)).unwrap();
        assert!(asked(writer.publish(), &id));
    }
    assert!(decided(writer.publish(), &["ann"]) > 80);
    writer.replace_role("one", document((0..40).map(|team| statement("deny", &named(team))))).unwrap();
    assert_eq!(compared(writer.publish()).1, 0);
}

#[test]
fn edits_in_batches_by_two_writers_leave_every_snapshot_as_it_was() {
    let (mut open, mut edits) = (0, 0);
    for seed in 0..60 {
        let case = conditional_case(seed, Size::default()).unwrap();
        let first = Arc::new(opened(&case.workspace));
        let members: Vec<String> = first.members().map(str::to_owned).collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let active: Vec<&str> =
            members.iter().copied().filter(|member| !first.is_suspended(member)).take(3).collect();
        let kinds: Vec<String> = first.schema().types().iter().map(|kind| kind.name().to_owned()).collect();
        let texts =
            first.roles().map(|role| role.document().source().slice(role.document().span()).to_owned());
        let texts: Vec<String> = texts.collect();
        let mut prng = Prng::new(seed + 1_000);
        let mut writers = [Writer::new(Arc::clone(&first)), Writer::new(Arc::clone(&first))];
        let before = (compared(&first), decided(&first, &active));
        for _ in 0..60 {
            let writer = &mut writers[prng.below(2)];
            let (kind, id) = (prng.pick(&kinds).unwrap().clone(), format!("o{}", prng.below(5)));
            let role = format!("more{}", prng.below(3));
            let read = |prng: &mut Prng| {
                Document::read(&Source::new("d", prng.pick(&texts).unwrap().as_str())).unwrap().0
            };
            let edit = match prng.below(12) {
                0 | 1 => writer.remove_object(&kind, &id),
                2 => writer.add_role(&role, read(&mut prng)).map(drop),
                3 => writer.remove_role(&role),
                4 => writer.replace_role(&role, read(&mut prng)).map(drop),
                5 => writer.set_member_role(members[0], &role).map(drop),
                6 if prng.percent(30) => {
                    writer.discard();
                    Ok(())
                }
                7 => {
                    let snapshot = writer.publish();
                    compared(snapshot);
                    open += decided(snapshot, &active);
                    Ok(())
                }
                _ => {
                    let team = ["red", "blue", "1"][prng.below(3)];
                    let text = format!(
                        r#"{{"team": "{team}", "labels": {{"team": "{team}"}}, "level": {}, "link": {{"ref": {{"type": "{kind}", "id": "o{}"}}}}}}"#,
                        prng.below(4),
                        prng.below(5),
                    );
                    writer.put_object(&kind, &id, Some(attribute(&text)).filter(|_| prng.percent(90)))
                }
            };
            edits += usize::from(edit.is_ok());
        }
        for writer in &mut writers {
            let snapshot = writer.publish();
            compared(snapshot);
            open += decided(snapshot, &active);
        }
        assert_eq!((compared(&first), decided(&first, &active)), before);
    }
    assert!(edits > 1_500 && open > 10_000, "{edits} {open}");
}

#[test]
fn of_types_without_objects_nothing_is_kept() {
    let everywhere =
        r#"{"effect": "allow", "actions": "*", "resource": "*", "conditions": {"team": {"equals": "red"}}}"#;
    let mut workspace = crate::Workspace::new("w", Schema::hightouch().unwrap());
    workspace.add_role("one", document(std::iter::once(everywhere.to_owned())));
    workspace.add_member("ann", crate::Member::with_role("one"));
    let mut writer = Writer::new(workspace.compile().unwrap().0);
    let governed =
        |writer: &Writer| writer.classifier().kinds.iter().filter(|kind| !kind.uses.is_empty()).count();
    assert_eq!(governed(&writer), 0);
    for (kind, types) in [("model", 1), ("sync", 2), ("sync", 2)] {
        writer.put_object(kind, "1", attribute(r#"{"team": "red"}"#)).unwrap();
        assert_eq!(governed(&writer), types);
        assert_eq!(compared(writer.publish()), (types, 0));
        let mut again = Writer::new(Arc::clone(writer.publish()));
        assert_eq!(governed(&again), types);
        again.remove_role("one").unwrap_err();
        again.replace_role("one", document(std::iter::empty())).unwrap();
        assert_eq!(governed(&again), 0);
    }
    assert!(decided(writer.publish(), &["ann"]) > 0);
}
