//! What is possible, against what trying a rich set of requests shows.

use super::*;
use crate::condition::Outcome::{False, True, Unknown};
use crate::policy::Document;
use crate::schema::Schema;
use crate::source::Source;
use crate::workspace::{Member, Workspace};

const SCHEMA: &str = r#"{"schema": "own", "resources": {
    "sync": {"actions": ["read"], "aliases": ["job"], "attributes": {
        "s": {"type": "string"}, "n": {"type": "number"}, "b": {"type": "boolean"}, "t": {"type": "time"},
        "l": {"type": "list"}, "o": {"type": "object"}, "kept": {"type": "string", "from": "stored"}, "k.ref": {"type": "string", "from": "stored"},
        "told": {"type": "string", "from": "request"}}},
    "other": {"actions": ["read"]}}}"#;

fn document(conditions: &str, kind: &str) -> Document {
    let text = format!(
        r#"{{"version": "2022-04-26", "policies": [
            {{"effect": "allow", "actions": "read", "resource": "{kind}", "conditions": {conditions}}}]}}"#
    );
    Document::read(&Source::new("role", text)).unwrap_or_else(|report| panic!("{conditions}: {report}")).0
}

fn schema() -> Schema {
    Schema::read(&Source::new("schema", SCHEMA)).unwrap().0
}

/// What a condition can come to; every case is put before a check, for what it says of true and of not false.
fn possible(conditions: &str, kind: &str) -> Vec<Outcome> {
    let schema = schema();
    let document = document(conditions, kind);
    let (grants, _) = document.resolve(&schema).unwrap_or_else(|report| panic!("{conditions}: {report}"));
    let condition = &grants.conditions()[0];
    let names = if kind == "sync" { vec!["sync", "job"] } else { vec![kind] };
    let outcomes = outcomes(condition, &Setting::open(Some("read"), names));
    let mut all = Vec::new();
    for outcome in [False, Unknown, True] {
        match outcomes.can_be(outcome) {
            Answer::Yes(case) => {
                all.push(outcome);
                let example = case.example_of(0, "read", kind);
                assert_eq!(decided(&schema, &document, &example), outcome, "{conditions}: {example:?}");
            }
            Answer::No => {}
            Answer::Perhaps => panic!("{conditions}: perhaps {outcome}"),
        }
    }
    all
}

/// The outcome that decisions show: of the allow, and of a deny under the same condition.
fn decided(schema: &Schema, allow: &Document, example: &Example) -> Outcome {
    let deny = allow.source().text().replace("\"allow\"", "\"deny\"");
    let deny = Document::read(&Source::new("deny", deny)).unwrap().0;
    let plain =
        r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "*"}]}"#;
    let plain = Document::read(&Source::new("plain", plain)).unwrap().0;
    let subject = example.subject.as_deref().unwrap_or("somebody");
    let decide = |roles: &[(&str, &Document)]| {
        let mut workspace = Workspace::new("w", schema.clone());
        let mut member = Member::with_role("first");
        for stored in &example.stored {
            match stored {
                Stored::Member(properties) => member = member.with_properties(properties.clone()),
                Stored::Object { kind, id, properties } => {
                    workspace.add_object(kind, id, Some(properties.clone()));
                }
            }
        }
        for (name, document) in roles {
            workspace.add_role(*name, (*document).clone());
        }
        if roles.len() > 1 {
            workspace.add_group("g", crate::workspace::Group::new().role("second").member(subject));
        }
        workspace.add_member(subject, member);
        let (snapshot, _) = workspace.compile().unwrap_or_else(|report| panic!("{report}"));
        snapshot.decide(&example.question(subject)).is_allowed()
    };
    match (decide(&[("first", allow)]), decide(&[("first", &plain), ("second", &deny)])) {
        (true, false) => True,
        (false, false) => Unknown,
        (false, true) => False,
        (true, true) => panic!("a condition that is true and false: {example:?}"),
    }
}

#[test]
fn every_outcome_that_is_possible_is_shown_and_no_other() {
    let all = [False, Unknown, True];
    for (conditions, kind, expected) in [
        (r#"{"s": {"equals": "a"}}"#, "sync", &all[..]),
        (r#"{"s": {"equals": "*"}}"#, "sync", &[Unknown, True]),
        (r#"{"s": {"equals": "a*", "notin": ["a*"]}}"#, "sync", &[False, Unknown]),
        (r#"{"s": {"equals": "a*", "notin": ["*b"]}}"#, "sync", &all),
        (r#"{"s": {"in": ["a", "b"], "notin": ["*"]}}"#, "sync", &[False, Unknown]),
        (r#"{"n": {"greaterthan": 3, "lessthan": 4}}"#, "sync", &all),
        (r#"{"n": {"greaterthan": 4, "lessthan": 4}}"#, "sync", &[False, Unknown]),
        (r#"{"n": {"greaterthan": 5, "lessthan": 4}}"#, "sync", &[False, Unknown]),
        (r#"{"n": {"notin": [4], "greaterthan": 3}}"#, "sync", &all),
        (r#"{"x": {"exists": true}}"#, "other", &all),
        (r#"{"x": {"exists": true, "equals": "a"}}"#, "other", &all),
        (r#"{"x": {"exists": false, "equals": "a"}}"#, "other", &[False, Unknown]),
        (r#"{"x": {"equals": "a", "greaterthan": 3}}"#, "other", &[False, Unknown]),
        (r#"{"x": {"in": ["a", 3], "greaterthan": 3}}"#, "other", &[False, Unknown]),
        (r#"{"x": {"in": ["a", 3], "greaterthan": 2}}"#, "other", &all),
        (
            r#"{"t": {"greaterthan": "2026-01-01T00:00:00Z", "lessthan": "2026-01-01T00:00:00.1Z"}}"#,
            "sync",
            &all,
        ),
        (
            r#"{"x": {"equals": "2026-01-01T01:00:00+01:00", "greaterthan": "2026-01-01T00:00:00Z"}}"#,
            "other",
            &[False, Unknown],
        ),
        (r#"{"context.now": {"greaterthan": "2026-01-01T00:00:00Z"}}"#, "sync", &all),
        (r#"{"context.x": {"exists": false}, "context.y": {"exists": true}}"#, "sync", &all),
        (r#"{"action.name": {"equals": "read"}}"#, "sync", &[True]),
        (r#"{"action.name": {"equals": "write"}}"#, "sync", &[False]),
        (r#"{"resource.type": {"equals": "job"}}"#, "sync", &[False, True]),
        (r#"{"resource.type": {"in": ["job", "sync"]}}"#, "sync", &[True]),
        (r#"{"id": {"equals": "7"}}"#, "sync", &all),
        (r#"{"subject.id": {"equals": ""}}"#, "sync", &[False]),
        (r#"{"subject.id": {"equals": "*"}}"#, "sync", &[True]),
        (r#"{"kept": {"equals": "a"}, "told": {"equals": "b"}}"#, "sync", &all),
        (r#"{"k.ref": {"equals": "a"}}"#, "sync", &all),
        (r#"{"kept": {"exists": false}, "told": {"exists": true}}"#, "sync", &all),
        (r#"{"s": {"equals": {"ref": "subject.id"}}}"#, "sync", &all),
        (r#"{"s": {"equals": {"ref": "told"}, "notin": [{"ref": "told"}]}}"#, "sync", &[False, Unknown]),
        (
            r#"{"n": {"greaterthan": {"ref": "context.n"}, "equals": 3}, "context.n": {"greaterthan": 2}}"#,
            "sync",
            &all,
        ),
        (
            r#"{"n": {"greaterthan": {"ref": "context.n"}, "lessthan": 3}, "context.n": {"greaterthan": 3}}"#,
            "sync",
            &[False, Unknown],
        ),
        (
            r#"{"x": {"greaterthan": {"ref": "y"}}, "y": {"greaterthan": {"ref": "z"}}, "z": {"greaterthan": {"ref": "x"}}}"#,
            "other",
            &[False, Unknown],
        ),
        (r#"{"s": {"in": {"ref": "l"}, "notin": {"ref": "l"}}}"#, "sync", &[False, Unknown]),
        (r#"{"s": {"in": {"ref": "l"}, "equals": "a"}}"#, "sync", &all),
        (r#"{"labels": {"exists": false}, "labels.team": {"exists": true}}"#, "other", &[False, Unknown]),
        (r#"{"labels": {"exists": true}, "labels.team": {"exists": false}}"#, "other", &all),
        (r#"{"labels": {"equals": "x"}, "labels.team": {"equals": "y"}}"#, "other", &[Unknown, False]),
        (r#"{"labels": {"exists": true}, "labels.team": {"equals": "y"}}"#, "other", &all),
        (r#"{"subject.team": {"equals": "a"}, "subject.age": {"lessthan": 3}}"#, "other", &all),
        (r#"{"subject.team": {"exists": true}}"#, "other", &all),
    ] {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(possible(conditions, kind), expected, "{conditions}");
    }
}

#[test]
fn independent_attributes_cost_a_sum() {
    let tests: Vec<String> = (0..200).map(|n| format!(r#""a{n}": {{"in": ["x*", "{n}"]}}"#)).collect();
    assert_eq!(possible(&format!("{{{}}}", tests.join(",")), "other"), [False, Unknown, True]);
}

#[test]
fn past_the_bound_nothing_is_denied() {
    let schema = schema();
    let tests: Vec<String> =
        (0..9).map(|n| format!(r#""a{n}": {{"equals": {{"ref": "a{}"}}}}"#, n + 1)).collect();
    let (grants, _) = document(&format!("{{{}}}", tests.join(",")), "other").resolve(&schema).unwrap();
    let setting = Setting { steps: 2_000, ..Setting::open(Some("read"), vec!["other"]) };
    let outcomes = outcomes(&grants.conditions()[0], &setting);
    assert!([False, Unknown, True].iter().all(|&outcome| !outcomes.can_be(outcome).is_no()));
    assert!(
        [False, Unknown, True].iter().any(|&outcome| matches!(outcomes.can_be(outcome), Answer::Perhaps))
    );
}
