//! Relations of small documents, and each counterexample put before a check.

use super::*;
use crate::policy::Document;
use crate::source::Source;

const SCHEMA: &str = r#"{"schema": "own", "resources": {
    "sync": {"actions": ["read", "update"], "aliases": ["job"]},
    "source": {"actions": ["read", "update"]}}}"#;

fn grants(schema: &Schema, statements: &str) -> Grants {
    let text = format!(r#"{{"version": "2022-04-26", "policies": [{statements}]}}"#);
    let document = Document::read(&Source::new("role", text))
        .unwrap_or_else(|report| panic!("{statements}: {report}"))
        .0;
    document.resolve(schema).unwrap_or_else(|report| panic!("{statements}: {report}")).0
}

/// `allow read sync if TEST`, the test left out where it is `*`.
fn statement(words: &str) -> String {
    let mut words = words.splitn(4, ' ');
    let [effect, action, kind, condition] = [(); 4].map(|()| words.next().unwrap_or("\"*\""));
    format!(
        r#"{{"effect": "{effect}", "actions": "{action}", "resource": "{kind}", "conditions": {condition}}}"#
    )
}

fn compared(one: &[&str], other: &[&str]) -> Comparison {
    let schema = Schema::read(&Source::new("schema", SCHEMA)).unwrap().0;
    let [one, other] = [one, other].map(|all| {
        let statements: Vec<String> = all.iter().map(|words| statement(words)).collect();
        grants(&schema, &statements.join(","))
    });
    let comparison = compare_documents(&one, &other, COMPARE_STEPS).unwrap();
    let back = compare_documents(&other, &one, COMPARE_STEPS).unwrap().relation();
    let expected = match comparison.relation() {
        Relation::Within => Relation::Contains,
        Relation::Contains => Relation::Within,
        same => same,
    };
    assert_eq!(back, expected);
    comparison
}

#[test]
fn documents_relate_as_what_they_allow() {
    use Relation::{Contains, Disjoint, Equal, Overlapping, Within};
    let a = r#"{"team": {"equals": "a"}}"#;
    let b = r#"{"team": {"equals": "b"}}"#;
    let either = r#"{"team": {"in": ["b", "a"]}}"#;
    let s = |effect: &str, what: &str, condition: &str| format!("{effect} {what} {condition}");
    let allow = |condition: &str| s("allow", "read sync", condition);
    let deny = |condition: &str| s("deny", "read sync", condition);
    for (one, other, relation) in [
        (vec![], vec![], Equal),
        (vec!["allow read sync".into()], vec![], Contains),
        (vec!["allow read sync".into()], vec!["allow read source".into()], Disjoint),
        (vec!["allow * sync".into()], vec!["allow read *".into()], Overlapping),
        (vec!["allow * sync".into()], vec!["allow update sync".into(), "allow read sync".into()], Equal),
        (vec![allow(a)], vec![allow(b)], Disjoint),
        (vec![allow(a), allow(b)], vec![allow(either)], Equal),
        (vec![allow(a)], vec![allow(either)], Within),
        (vec![allow(a)], vec!["allow read sync".into()], Within),
        (vec!["allow read sync".into(), deny(a)], vec!["allow read sync".into(), deny(either)], Contains),
        // A deny denies where the attribute is missing; an allow unless … needs it.
        (vec!["allow read sync".into(), deny(a)], vec![allow(r#"{"team": {"notin": ["a"]}}"#)], Equal),
        (
            vec![allow(r#"{"size": {"greaterthan": 3}}"#)],
            vec![allow(r#"{"size": {"greaterthan": 4}}"#)],
            Contains,
        ),
        (
            vec![allow(r#"{"size": {"greaterthan": 3}}"#)],
            vec![allow(r#"{"size": {"lessthan": 4}}"#)],
            Overlapping,
        ),
        (
            vec![allow(r#"{"size": {"greaterthan": 3}}"#)],
            vec![allow(r#"{"size": {"lessthan": 3}}"#)],
            Disjoint,
        ),
        (
            vec![
                allow(r#"{"size": {"greaterthan": 3}}"#),
                allow(r#"{"size": {"lessthan": 3}}"#),
                allow(r#"{"size": {"equals": 3}}"#),
            ],
            vec![allow(r#"{"size": {"greaterthan": 2}}"#), allow(r#"{"size": {"lessthan": 3}}"#)],
            Equal,
        ),
        (vec![allow(a), "allow read source".into()], vec![allow(b), "allow read source".into()], Overlapping),
        (
            vec![allow(a), s("allow", "read source", a)],
            vec![allow(b), s("allow", "read source", a)],
            Overlapping,
        ),
        (vec![s("allow", "read *", a)], vec![allow(a), s("allow", "read source", a)], Equal),
        (
            vec![allow(r#"{"owner": {"equals": {"ref": "subject.id"}}}"#)],
            vec![allow(r#"{"owner": {"exists": true}}"#)],
            Within,
        ),
        (
            vec![allow(r#"{"type": {"equals": "sync"}}"#)],
            vec![allow(r#"{"type": {"equals": "job"}}"#)],
            Disjoint,
        ),
        (vec![allow(r#"{"type": {"equals": "s*"}, "team": {"equals": "a"}}"#)], vec![allow(a)], Within),
        (vec![allow(r#"{"action.name": {"equals": "read"}}"#)], vec!["allow read sync".into()], Equal),
        (vec![allow(r#"{"team": {"equals": "a", "notin": ["a"]}}"#)], vec![], Equal),
        (vec![allow(r#"{"team": {"equals": "a", "notin": ["a"]}}"#)], vec![allow(a)], Within),
    ] {
        let [one, other]: [Vec<&str>; 2] =
            [&one, &other].map(|all: &Vec<String>| all.iter().map(String::as_str).collect());
        assert_eq!(compared(&one, &other).relation(), relation, "{one:?} {other:?}");
    }
}

#[test]
fn cells_are_told_by_what_they_have_in_common() {
    let team = r#"{"team": {"equals": "a"}}"#;
    let one = [&*format!("allow * * {team}"), "allow read source"];
    let comparison = compared(&one, &[&format!("allow update * {team}"), "allow read source"]);
    assert_eq!(comparison.relation(), Relation::Contains);
    assert!(comparison.only_a().is_empty() && comparison.only_b().is_empty());
    let [update, read] = comparison.conditional() else { panic!("{comparison:?}") };
    assert_eq!(read.permissions.len(), 1);
    assert_eq!((update.permissions.len(), update.shares.relation()), (2, Relation::Equal));
    assert_eq!((&read.b, read.shares.only_a), (&Standing::Denied, Some(true)));
    let example = comparison.example_of_only_a().unwrap().a;
    assert_eq!(
        example.request("ann"),
        r#"{"subject": "ann", "action": "read", "resource": {"type": "sync", "id": "example", "properties": {"team": "a"}}}"#
    );
    assert_eq!(comparison.example_of_only_b(), None);
}

#[test]
fn past_the_bound_what_is_known_is_said() {
    let schema = Schema::read(&Source::new("schema", SCHEMA)).unwrap().0;
    let refs: Vec<String> =
        (0..9).map(|n| format!(r#""a{n}": {{"equals": {{"ref": "a{}"}}}}"#, n + 1)).collect();
    let hard = statement(&format!("allow read sync {{{}}}", refs.join(",")));
    let plain = statement("allow update sync");
    let (one, other) = (grants(&schema, &hard), grants(&schema, &plain));
    let comparison = compare_documents(&one, &other, 500).unwrap();
    assert_eq!(comparison.relation(), Relation::Undecided);
    assert_eq!(comparison.shares(), Shares { only_a: None, only_b: Some(true), both: None });
    // One request that each alone allows and one that both do settle it in spite of the bound.
    let one = grants(&schema, &[&*hard, &statement("allow * source")].join(","));
    let other = grants(&schema, &[&*plain, &statement("allow read source")].join(","));
    assert_eq!(compare_documents(&one, &other, 500).unwrap().relation(), Relation::Overlapping);
}
