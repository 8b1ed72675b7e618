//! What classes know is what evaluation says, after any edits; and most of it is known.

use std::collections::BTreeSet;

use portcullis_testkit::generate::{Prng, Size, conditional_case};

use super::*;
use crate::condition::Attribute;
use crate::names::UNNOTED;
use crate::{Document, NoFiles, Snapshot, Source, Workspace, Writer};

/// Compares every outcome that is known with what evaluation says; counts those that are, and those that are not.
pub(super) fn compared(snapshot: &Snapshot) -> (usize, usize) {
    let (mut known, mut unknown) = (0, 0);
    noted(snapshot);
    for role in snapshot.roles() {
        for (range, number, condition) in role.conditional().ranges() {
            for kind in snapshot.schema.types_of(range) {
                for object in snapshot.objects.of_kind(kind) {
                    let seen = snapshot.objects.seen(&snapshot.schema, object).unwrap();
                    let facts = Facts {
                        subject: Subject { kind: "", id: "", stored: Value::Null, sent: None },
                        resource: Resource {
                            kind: seen.kind,
                            id: Some(seen.id),
                            stored: Some(seen),
                            sent: None,
                        },
                        action: "",
                        action_sent: None,
                        context: None,
                        now: None,
                        objects: Shelf { schema: &snapshot.schema, stored: &snapshot.objects },
                    };
                    let noted = snapshot.objects.known(kind, object).and_then(|known| known.outcome(number));
                    match noted {
                        Some(outcome) => {
                            assert!(condition.reads_object_alone());
                            assert_eq!(outcome, condition.outcome(&facts), "{condition} of {}", seen.id);
                            known += 1;
                        }
                        None => unknown += usize::from(condition.reads_object_alone()),
                    }
                }
            }
        }
    }
    (known, unknown)
}

/// How many objects have their class beside their id; the others have nothing there, and none has another.
fn noted(snapshot: &Snapshot) -> usize {
    let stored = &snapshot.objects;
    let objects = (0..stored.next()).filter_map(|object| Some((object, stored.kind(object)?)));
    let notes = objects.map(|(object, kind)| {
        let found = stored.find(kind, stored.id(object).unwrap());
        assert_eq!(found.number, object);
        let note = stored.note_of(kind, found);
        assert!(note == UNNOTED || note == stored.classes.of_objects.get(object), "object {object}: {note}");
        note
    });
    notes.filter(|note| *note != UNNOTED).count()
}

pub(in crate::snapshot) fn opened(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("w", text), &NoFiles).unwrap();
    workspace.compile().unwrap().0
}

#[test]
fn what_is_known_is_what_evaluation_says_after_any_edits() {
    let (mut known, mut unknown, mut edits) = (0, 0, 0);
    let mut documents: Vec<String> = Vec::new();
    for seed in 0..120 {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = opened(&case.workspace);
        let (some, others) = compared(&snapshot);
        (known, unknown) = (known + some, unknown + others);

        let mut prng = Prng::new(seed);
        let roles: Vec<String> =
            snapshot.roles().filter(|role| !role.is_built_in()).map(|role| role.name().to_owned()).collect();
        let kinds: Vec<String> =
            snapshot.schema().types().iter().map(|kind| kind.name().to_owned()).collect();
        let texts = snapshot.roles().map(|role| {
            let document = role.document();
            document.source().slice(document.span()).to_owned()
        });
        documents = texts.collect();
        let mut writer = Writer::new(snapshot);
        for step in 0..30 {
            let kind = prng.pick(&kinds).unwrap().clone();
            let id = format!("o{}", prng.below(6));
            let edit = match prng.below(6) {
                0 => writer.remove_object(&kind, &id),
                1 => {
                    let text = prng.pick(&documents).unwrap();
                    let (document, _) = Document::read(&Source::new("d", text.as_str())).unwrap();
                    writer.replace_role(prng.pick(&roles).unwrap(), document).map(drop)
                }
                2 if step % 7 == 0 => {
                    writer = Writer::new(std::sync::Arc::clone(writer.publish()));
                    Ok(())
                }
                _ => {
                    let team = ["red", "blue", "1"][prng.below(3)];
                    let text = format!(
                        r#"{{"team": "{team}", "labels": {{"team": "{team}"}}, "level": {}, "open": {}, "link": {{"ref": {{"type": "{kind}", "id": "o1"}}}}}}"#,
                        prng.below(4),
                        prng.percent(50)
                    );
                    writer.put_object(&kind, &id, Attribute::read(&Source::new("p", text)).unwrap())
                }
            };
            edits += usize::from(edit.is_ok());
            compared(&writer.candidate());
            if prng.below(5) == 0 {
                writer.discard();
            }
            let snapshot = writer.publish();
            let (some, others) = compared(snapshot);
            (known, unknown) = (known + some, unknown + others);
        }
    }
    assert!(!documents.is_empty());
    // What is not known leads through other objects.
    assert!(edits > 1_000 && known > 20_000 && unknown * 2 < known, "{edits} {known} {unknown}");
}

#[test]
fn objects_of_which_the_same_holds_share_a_class_and_numbers_come_back() {
    let text = |team: usize| {
        format!(
            r#"{{"version": "2022-04-26", "policies": [{{"effect": "allow", "actions": "read", "resource": "sync",
                "conditions": {{"labels.team": {{"equals": "t{team}"}}}}}}]}}"#
        )
    };
    let document = |team| Document::read(&Source::new("d", text(team))).unwrap().0;
    let labels = |team: usize| {
        Attribute::read(&Source::new("p", format!(r#"{{"labels": {{"team": "t{team}"}}}}"#))).unwrap()
    };
    let mut workspace = Workspace::new("w", Schema::hightouch().unwrap());
    workspace.add_role("one", document(1)).add_role("two", document(2));
    for number in 0..3_000 {
        workspace.add_object("sync", format!("s{number}"), labels(number % 50));
    }
    let snapshot = workspace.compile().unwrap().0;
    let classes = |snapshot: &Snapshot| -> BTreeSet<u32> {
        (0..snapshot.objects.next()).map(|object| snapshot.objects.classes.of_objects.get(object)).collect()
    };
    assert_eq!(classes(&snapshot).len(), 3, "of team 1, of team 2, of neither");
    let mut writer = Writer::new(snapshot);
    for round in 0..200 {
        writer.replace_role("one", document(round % 60)).unwrap();
        writer.put_object("sync", "s7", labels(round % 60)).unwrap();
        let snapshot = writer.publish();
        assert!(classes(snapshot).len() <= 3);
    }
    // Two conditions at a time: their numbers, and those of classes, were given out again.
    assert!(writer.classifier().conditions.len() <= 4, "{}", writer.classifier().conditions.len());
    let snapshot = writer.publish();
    assert!(snapshot.objects.classes.kinds.iter().all(|kind| kind.outcomes.len() <= 6));
    assert_eq!(compared(snapshot).1, 0);
    assert_eq!(noted(snapshot), 3_000);
}

#[test]
fn classes_come_to_lie_beside_ids_again_as_snapshots_are_published() {
    let text = r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync",
        "conditions": {"labels.team": {"equals": "t1"}}}]}"#;
    let document = || Document::read(&Source::new("d", text)).unwrap().0;
    let labels = |team: usize| {
        Attribute::read(&Source::new("p", format!(r#"{{"labels": {{"team": "t{team}"}}}}"#))).unwrap()
    };
    let mut workspace = Workspace::new("w", Schema::hightouch().unwrap());
    workspace.add_role("one", document());
    for number in 0..30_000 {
        workspace.add_object("sync", format!("s{number}"), labels(number % 3));
    }
    let snapshot = workspace.compile().unwrap().0;
    assert_eq!(noted(&snapshot), 30_000);
    let mut writer = Writer::new(snapshot);
    let first = Arc::clone(writer.snapshot());
    // In tests nothing that others share is copied for the sake of notes.
    writer.put_object("sync", "s7", labels(2)).unwrap();
    assert_eq!(noted(&writer.candidate()), 0);
    assert_eq!(noted(writer.publish()), 30_000, "one shard is written again at once");
    // A condition that begins to govern the type gives all of them other classes.
    let other = text.replace("t1", "t2");
    writer.add_role("two", Document::read(&Source::new("d", other)).unwrap().0).unwrap();
    let mut publications = 0;
    while noted(writer.publish()) < 30_000 {
        publications += 1;
        assert!(publications < 40);
        writer.put_object("sync", "new", labels(publications % 3)).unwrap();
        compared(&writer.candidate());
    }
    assert!(publications > 2, "{publications}");
    assert_eq!(compared(writer.snapshot()).1, 0);
    assert_eq!(noted(&first), 30_000);
}
