//! A check allocates nothing and frees nothing, whoever asks what, by whichever entry.
//!
//! An allocator that counts what one thread does stands under this test alone. Every entry is asked every question of a list that has all
//! kinds of names (known and unknown, of no byte, short, long, very long), members who are suspended, pairs under other names
//! and pairs that are not admitted, on a small workspace, on one whose table of names is looked up in stages, and under a wide schema; conditions of every kind are evaluated too. That the counter
//! counts is tested too: a check that cannot fail proves nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::hint::black_box;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use portcullis::condition::Attribute;
use portcullis::matrix::{Layout, Permission, Subject, SubjectId};
use portcullis::{Decision, Group, Member, Question, Schema, Snapshot, Source, Workspace, Writer};

/// A member, or whoever would be, with an id of more than the 32 bytes that a slot holds.
const LONG: &str = "service-account-for-nightly-loads@warehouse.internal.acme.example";

fn document() -> portcullis::Document {
    let text = r#"{ "version": "2022-04-26", "policies": [
        { "effect": "allow", "actions": ["read", "write"], "resource": "*" },
        { "effect": "deny", "actions": ["write"], "resource": ["type 1"] } ] }"#;
    portcullis::Document::read(&Source::new("role.json", text)).unwrap().0
}

/// So many types of three actions each, the last of which admits one only, with aliases and covered names.
fn schema(types: usize) -> Schema {
    let entries: Vec<String> = (0..types)
        .map(|number| {
            let actions =
                if number + 1 == types { r#"["read"]"# } else { r#"["read", "write", "settings_of_everything"]"# };
            format!(
                r#""type {number}": {{ "actions": {actions}, "aliases": ["alias {number}"], "covers": ["covered by the type of number {number}"] }}"#
            )
        })
        .collect();
    let text = format!(r#"{{ "schema": "test", "resources": {{ {} }} }}"#, entries.join(", "));
    Schema::read(&Source::new("schema.json", text)).unwrap().0
}

fn workspace(members: usize, types: usize) -> Workspace {
    let mut workspace = Workspace::new("test", schema(types));
    workspace.add_role("worker", document());
    for number in 0..members {
        workspace.add_member(format!("member {number}"), Member::with_role("worker"));
    }
    workspace
        .add_member("al", Member::with_role("worker"))
        .add_member(LONG, Member::with_role("worker").of_type("service"))
        .add_member("suspended", Member::with_role("worker").suspended())
        .add_group("team", Group::new().role("worker").member("al"));
    workspace
}

/// The workspaces: what they are, and compiled.
fn snapshots() -> Vec<(&'static str, Snapshot)> {
    let compiled = |members, types| workspace(members, types).compile().unwrap().0;
    let all = vec![
        ("small", compiled(10, 4)),
        ("of many members", compiled(40_000, 4)),
        ("under a wide schema", compiled(1_000, 2_000)),
        ("without members", Workspace::new("empty", schema(4)).compile().unwrap().0),
    ];
    let [(_, small), .., (_, wide), _] = &all[..] else { panic!("there are four") };
    assert_eq!((small.matrix().layout(), wide.matrix().layout()), (Layout::Flat, Layout::Paged));
    all
}

/// Every subject with every pair.
fn questions(schema: &Schema) -> Vec<(String, String, String)> {
    let last = schema.types().len() - 1;
    let subjects = [
        "al",
        "member 7",
        LONG,
        "suspended",
        "",
        "xy",
        "nobody@acme.example",
        &LONG.replace("nightly", "n"),
        "member 39999",
    ]
    .map(str::to_owned);
    let very_long = "x".repeat(5_000);
    let pairs = [
        ("read", "type 0"),
        ("write", "type 1"),
        ("settings_of_everything", "type 0"),
        ("write", &format!("type {last}")),
        ("read", "alias 2"),
        ("write", "covered by the type of number 1"),
        ("settings_of_everything", &format!("covered by the type of number {last}")),
        ("reads", "type 0"),
        ("read", "type"),
        ("", ""),
        (&very_long, "type 0"),
        ("read", &very_long),
    ]
    .map(|(action, resource)| (action.to_owned(), resource.to_owned()));
    let with_pairs =
        |subject: String| pairs.clone().map(|(action, resource)| (subject.clone(), action, resource));
    subjects.into_iter().chain([very_long.clone()]).flat_map(with_pairs).collect()
}

fn nothing(what: &str, which: &str, work: impl FnOnce()) {
    assert_eq!(measure(work), AllocationInfo::default(), "{what} allocated, in the workspace {which}");
}

#[test]
fn the_counter_counts() {
    let seen = measure(|| drop(black_box(vec![0_u8; 100])));
    assert_eq!((seen.count_total, seen.bytes_total, seen.count_current), (1, 100, 0));
    let kept = black_box(vec![0_u8; 100]);
    assert_eq!(measure(|| drop(kept)).count_current, -1, "what is freed is seen too");
    // What makes a text of its answer is seen through the library's own calls.
    let (_, small) = snapshots().swap_remove(0);
    let seen = measure(|| drop(black_box(small.explain(&Question::new("al", "read", "type 0")))));
    assert!(seen.count_total > 0);
}

#[test]
fn checks_by_names_allocate_nothing() {
    for (which, snapshot) in snapshots() {
        let asked = questions(snapshot.schema());
        for (subject, action, resource) in &asked {
            let what = format!("a check of {subject:.60} {action:.60} {resource:.60}");
            nothing(&what, which, || {
                let _ = black_box(snapshot.check(subject, action, resource));
            });
            for kind in [None, Some("user"), Some("service"), Some("robot")] {
                let question = Question { subject_type: kind, ..Question::new(subject, action, resource) };
                nothing(&what, which, || {
                    let _ = black_box(snapshot.decide(&question));
                });
            }
        }
    }
}

/// One statement an action, each with another kind of condition.
const CONDITIONS: [&str; 10] = [
    r#"{"labels.team": {"equals": "marketing"}}"#,
    r#"{"labels.team": {"equals": {"ref": "subject.team"}}, "subject.team": {"exists": true}}"#,
    r#"{"labels.team": {"in": ["finance", "mark*", {"ref": "subject.team"}]}}"#,
    r#"{"labels.team": {"notin": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"]}}"#,
    r#"{"labels.team": {"equals": "*ark*ing*"}, "resource.id": {"equals": "*4*"}}"#,
    r#"{"destination.labels.team": {"equals": "marketing"}, "destination.id": {"in": {"ref": "subject.allowed"}}}"#,
    r#"{"size": {"greaterthan": 9007199254740992, "lessthan": 1e400}}"#,
    r#"{"context.now": {"lessthan": "2026-12-31T23:59:60.000000000001+01:30", "greaterthan": {"ref": "since"}}}"#,
    r#"{"loop.loop.loop.team": {"exists": false}, "lost.team": {"exists": true}}"#,
    r#"{"context.ip": {"equals": "10.*"}, "action.level": {"greaterthan": 0.1}}"#,
];

#[test]
fn conditions_allocate_nothing() {
    let actions: Vec<String> = (0..CONDITIONS.len()).map(|number| format!("\"do {number}\"")).collect();
    let schema = format!(
        r#"{{"schema": "test", "resources": {{"sync": {{"actions": [{0}]}}, "destination": {{"actions": [{0}]}}}}}}"#,
        actions.join(", ")
    );
    let statements: Vec<String> = ["allow", "deny"]
        .into_iter()
        .flat_map(|effect| {
            actions.iter().zip(CONDITIONS).map(move |(action, condition)| {
                // What denies does so on the other type only, so that both effects are evaluated to their end.
                let kind = if effect == "allow" { "*" } else { "destination" };
                format!(
                    r#"{{"effect": "{effect}", "actions": {action}, "resource": "{kind}", "conditions": {condition}}}"#
                )
            })
        })
        .collect();
    let text = format!(
        r#"{{"workspace": "w", "schema": {schema}, "roles": {{"r": {{"version": "2022-04-26", "policies": [{}]}}}},
            "members": {{ "ann": {{"role": "r", "properties": {{"team": "marketing", "allowed": ["1", 2, "{LONG}"]}}}},
                          "bob": {{"role": "r"}} }},
            "objects": [
                {{"type": "sync", "id": "42", "properties": {{"labels": {{"team": "marketing"}}, "size": 9007199254740993,
                    "since": "2020-01-01T00:00:00Z", "destination": {{"ref": {{"type": "destination", "id": "{LONG}"}}}},
                    "loop": {{"ref": {{"type": "sync", "id": "42"}}}}, "lost": {{"ref": {{"type": "sync", "id": "nowhere"}}}}}}}},
                {{"type": "destination", "id": "{LONG}", "properties": {{"labels": {{"team": "marketing"}}}}}}]}}"#,
        statements.join(", ")
    );
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &portcullis::NoFiles).unwrap();
    let snapshot = workspace.compile().unwrap().0;
    let sent = |text: &str| Attribute::read(&Source::new("sent", text)).unwrap();
    let brought = [
        sent("{}"),
        sent(
            r#"{"labels": {"team": "marketing"}, "size": 9007199254740993.0, "level": 11e-2, "ip": "10.0.0.1"}"#,
        ),
        sent(r#"{"labels": {"team": "finance"}, "size": "big", "level": 0.2, "ip": 10, "team": "finance"}"#),
    ];
    let mut questions = Vec::new();
    for (subject, kind) in [("ann", "sync"), ("bob", "sync"), ("ann", "destination"), ("nobody", "sync")] {
        for number in 0..CONDITIONS.len() {
            for object in [None, Some("42"), Some(LONG), Some("not stored 4")] {
                for brought in std::iter::once(None).chain(brought.iter().map(Some)) {
                    for now in [None, Some("2026-11-22T16:30:00.5+01:00"), Some("no time")] {
                        let value = brought.map(Attribute::value);
                        questions.push((subject, number, kind, object, value, now));
                    }
                }
            }
        }
    }
    let actions: Vec<String> = (0..CONDITIONS.len()).map(|number| format!("do {number}")).collect();
    let questions: Vec<Question<'_>> = questions
        .into_iter()
        .map(|(subject, number, kind, object, value, now)| Question {
            object,
            now,
            action_properties: value,
            object_properties: value,
            context: value,
            ..Question::new(subject, &actions[number], kind)
        })
        .collect();
    let mut allowed = vec![0; CONDITIONS.len()];
    for question in &questions {
        let mut decision = Decision::default();
        nothing(&format!("{question:?}"), "with conditions", || decision = snapshot.decide(question));
        let number = actions.iter().position(|action| action == question.action).unwrap();
        allowed[number] += usize::from(decision.is_allowed());
        nothing("a bare question", "with conditions", || {
            let _ = black_box(snapshot.check(question.subject, question.action, question.resource));
        });
        if let (Some(subject), Ok(permission)) =
            (snapshot.subject(question.subject), snapshot.permission(question.action, question.resource))
        {
            assert!(snapshot.matrix().check(subject, permission).is_open());
            nothing("handles", "with conditions", || {
                let _ = black_box(snapshot.check_handles(subject, permission));
            });
        }
    }
    // All but the cyclic and the broken reference, which allow nobody, are true for somebody.
    for (number, allowed) in allowed.iter().enumerate() {
        assert_eq!(*allowed > 0, number != 8, "{}", CONDITIONS[number]);
    }
    let mut answers = Vec::new();
    let seen = measure(|| answers = snapshot.decide_all(&questions));
    assert_eq!(seen.count_total, 1, "decide_all allocates the list of its answers");
    let triples: Vec<_> = questions.iter().map(|one| (one.subject, one.action, one.resource)).collect();
    let mut decisions = vec![Decision::default(); triples.len()];
    nothing("check_many", "with conditions", || snapshot.check_many(&triples, &mut decisions));
}

#[test]
fn many_checks_by_names_allocate_nothing_but_the_list_that_is_asked_for() {
    for (which, snapshot) in snapshots() {
        let asked = questions(snapshot.schema());
        let borrowed: Vec<(&str, &str, &str)> = asked.iter().map(|(s, a, r)| (&**s, &**a, &**r)).collect();
        let mut decisions = vec![Decision::default(); borrowed.len()];
        // Blocks that are full, nearly empty, empty.
        for count in [borrowed.len(), 33, 32, 31, 9, 8, 7, 1, 0] {
            nothing("check_many", which, || snapshot.check_many(&borrowed[..count], &mut decisions));
        }
        let whole: Vec<Question<'_>> = borrowed
            .iter()
            .map(|(s, a, r)| Question { subject_type: Some("user"), ..Question::new(s, a, r) })
            .collect();
        let mut answers = Vec::new();
        let seen = measure(|| answers = snapshot.decide_all(&whole));
        assert_eq!(seen.count_total, 1, "decide_all allocates the list of its answers, {which}");
        assert_eq!(seen.bytes_total as usize, answers.len() * size_of::<Decision>(), "{which}");
    }
}

#[test]
fn checks_by_handles_allocate_nothing() {
    let elsewhere = workspace(10, 4).compile().unwrap().0;
    for (which, snapshot) in snapshots() {
        let matrix = snapshot.matrix();
        let own = questions(snapshot.schema());
        let handles: Vec<(Subject, Permission)> = [&elsewhere, &snapshot]
            .into_iter()
            .flat_map(|known| {
                own.iter().filter_map(|(s, a, r)| Some((known.subject(s)?, known.permission(a, r).ok()?)))
            })
            .collect();
        assert!(handles.len() > 10);
        for &(subject, permission) in &handles {
            nothing("a check of handles", which, || {
                let _ = black_box(snapshot.check_handles(subject, permission));
                let _ = black_box(matrix.check(subject, permission));
                let _ = black_box(matrix.verdict(subject.id(), permission.id()));
                let _ = black_box(matrix.verdict(SubjectId::UNKNOWN, permission.id()));
                black_box(matrix.set_of(subject.id()));
            });
        }
        for (subject, action, resource) in &own {
            nothing("to make handles", which, || {
                black_box(snapshot.subject(subject));
                let _ = black_box(snapshot.permission(action, resource));
            });
        }
        let (subjects, permissions): (Vec<Subject>, Vec<Permission>) = handles.into_iter().unzip();
        let (ids, numbers): (Vec<_>, Vec<_>) =
            subjects.iter().zip(&permissions).map(|(s, p)| (s.id(), p.id())).unzip();
        let mut granted = vec![0; subjects.len().div_ceil(64)];
        let mut open = granted.clone();
        for count in [subjects.len(), 5, 0] {
            nothing("check_batch", which, || {
                snapshot.check_batch(&subjects[..count], &permissions[..count], &mut granted, &mut open);
                matrix.check_batch(&ids[..count], &numbers[..count], &mut granted, &mut open);
            });
        }
    }
}

#[test]
fn readers_allocate_nothing_and_free_nothing() {
    for (which, members, types) in [("small", 10, 4), ("of many members", 40_000, 4)] {
        let mut writer = Writer::new(workspace(members, types).compile().unwrap().0);
        let mut reader = writer.reader();
        let handles = (
            writer.snapshot().subject("al").unwrap(),
            writer.snapshot().permission("read", "type 0").unwrap(),
        );
        let mut ask = |what: &str| {
            nothing(what, which, || {
                black_box(reader.snapshot().revision());
                let _ = black_box(reader.check("al", "read", "type 0"));
                let _ = black_box(reader.check(LONG, "read", "alias 1"));
                let _ = black_box(reader.check_handles(handles.0, handles.1));
                let _ = black_box(reader.decide(&Question::new("nobody", "read", "type 0")));
            });
            Arc::clone(reader.pinned())
        };
        let first = ask("a reader of what it saw before").revision();
        for edit in 0..40 {
            writer.add_member(&format!("newcomer {edit}"), Member::with_role("worker")).unwrap();
            writer.publish();
            // The look for a newer snapshot finds one, and lets go of the one before: the writer frees it later.
            let seen = ask("a reader of a new snapshot").revision();
            assert!(seen > first);
            ask("a reader of the same again");
        }
    }
}
