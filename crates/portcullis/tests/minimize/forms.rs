//! What is written, what is kept word for word, what is beyond the bound.

use portcullis::{Document, MinimizeError, Schema, Source, minimize};

use super::{document, how, minimized, schema};

/// The statements that are left, each on a line.
fn statements(policies: &str, schema: &Schema, wildcards: bool) -> Vec<String> {
    let found = minimized(&document(policies), schema, wildcards);
    assert!(found.is_proven());
    let read = Document::read(&Source::new("minimized.json", found.text())).unwrap().0;
    read.statements().map(|one| one.text().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn small() -> Schema {
    schema(
        r#"{"schema": "s", "resources": {
            "a": {"actions": ["get", "put", "get all"], "aliases": ["as"]},
            "b": {"actions": ["get", "put"], "attributes": {"team": {"type": "string"}}},
            "c": {"actions": ["get", "run"], "attributes": {"owner": {"type": "string"}}}}}"#,
    )
}

#[test]
fn statements_of_one_condition_are_joined_and_others_are_not() {
    let joined = statements(
        r#"{"effect": "allow", "actions": "get", "resource": "a", "conditions": {"team": {"equals": "x"}}},
           {"effect": "allow", "actions": "get", "resource": "b", "conditions": {"resource.team": {"equals": "x"}}},
           {"effect": "deny", "actions": "get", "resource": "b", "conditions": {"team": {"equals": "x"}}}"#,
        &small(),
        false,
    );
    assert_eq!(
        joined,
        [
            r#"{ "effect": "allow", "actions": "get", "resource": ["a", "b"], "conditions": { "team": { "equals": "x" } } }"#,
            r#"{ "effect": "deny", "actions": "get", "resource": "b", "conditions": { "team": { "equals": "x" } } }"#,
        ]
    );
}

#[test]
fn what_is_settled_without_conditions_needs_none() {
    let left = statements(
        r#"{"effect": "allow", "actions": "put", "resource": ["a", "b"], "conditions": {"subject.team": {"equals": "x"}}},
           {"effect": "allow", "actions": "put", "resource": "a"},
           {"effect": "deny", "actions": "put", "resource": "b"},
           {"effect": "deny", "actions": "put", "resource": "b", "conditions": {"subject.team": {"equals": "x"}}},
           {"effect": "allow", "actions": "put", "resource": "b"}"#,
        &small(),
        false,
    );
    assert_eq!(
        left,
        [
            r#"{ "effect": "allow", "actions": "put", "resource": "a" }"#,
            r#"{ "effect": "deny", "actions": "put", "resource": "b" }"#
        ]
    );
}

/// The type `c` declares no `team`: a statement may not come to speak of it, though it would not matter there.
#[test]
fn a_condition_stays_where_its_attributes_are_declared() {
    let team = r#""conditions": {"team": {"equals": "x"}}"#;
    let policies = format!(
        r#"{{"effect": "allow", "actions": "get", "resource": "a", {team}}},
           {{"effect": "allow", "actions": "put", "resource": "b", {team}}},
           {{"effect": "allow", "actions": "get", "resource": ["b", "c"]}},
           {{"effect": "allow", "actions": "put", "resource": "a"}}"#
    );
    let found = statements(&policies, &small(), true);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found.iter().any(|line| line.contains(r#""actions": ["get", "put"], "resource": ["a", "b"], "cond"#))
    );
}

#[test]
fn a_wildcard_stays_on_what_it_was_on_and_comes_only_when_asked_for() {
    let policies = r#"{"effect": "allow", "actions": "*", "resource": "a"},
        {"effect": "allow", "actions": ["*"], "resource": "c"},
        {"effect": "allow", "actions": "get*", "resource": ["a", "b"]}"#;
    let kept = [
        r#"{ "effect": "allow", "actions": "*", "resource": ["a", "c"] }"#,
        r#"{ "effect": "allow", "actions": "get*", "resource": "b" }"#,
    ];
    assert_eq!(statements(policies, &small(), false), kept);
    assert_eq!(statements(policies, &small(), true).len(), 2);
    let plain = r#"{"effect": "deny", "actions": ["get", "put"], "resource": ["a", "b"]},
        {"effect": "deny", "actions": "get all", "resource": "a"},
        {"effect": "deny", "actions": ["get", "run"], "resource": "c"}"#;
    assert_eq!(statements(plain, &small(), false).len(), 3);
    assert_eq!(
        statements(plain, &small(), true),
        [r#"{ "effect": "deny", "actions": "*", "resource": "*" }"#]
    );
}

/// A statement that is not needed goes, and the others stay as they are where others would be as many.
#[test]
fn what_the_author_wrote_comes_before_what_nobody_did() {
    let crown = schema(
        r#"{"schema": "s", "resources": {"a": {"actions": ["p", "q", "r", "s"]}, "b": {"actions": ["p", "q", "r", "s"]},
            "c": {"actions": ["p", "q", "r", "s"]}, "d": {"actions": ["p", "q", "r", "s"]}}}"#,
    );
    let four = [
        r#"{ "effect": "allow", "actions": ["s", "q", "r"], "resource": ["a"] }"#,
        r#"{ "effect": "allow", "actions": ["p", "r", "s"], "resource": ["b"] }"#,
        r#"{ "effect": "allow", "actions": ["q", "p", "s"], "resource": ["c"] }"#,
        r#"{ "effect": "allow", "actions": ["p", "q", "r"], "resource": ["d"] }"#,
    ];
    let more =
        format!(r#"{}, {{"effect": "allow", "actions": ["r"], "resource": ["b", "d"]}}"#, four.join(","));
    assert_eq!(statements(&more, &crown, false), four);
}

/// A document as short as any stays word for word, but for its form: order, aliases, lists of one, pairs that are not admitted.
#[test]
fn what_is_short_stays_as_it_is() {
    for policies in [
        "",
        r#"{"effect": "deny", "actions": ["put", "get"], "resource": ["b", "as"]}"#,
        r#"{"effect": "allow", "actions": ["run", "put"], "resource": ["c", "b"]}"#,
        r#"{"effect": "allow", "actions": ["*"], "resource": "*"}, {"effect": "deny", "actions": ["p*"], "resource": ["*"]}"#,
    ] {
        let written = document(policies);
        let found = minimized(&written, &small(), false);
        let formed = portcullis::format(written.source(), &portcullis::Limits::default()).unwrap();
        assert_eq!(found.text(), formed);
        assert!(found.is_proven() && !found.is_shorter(), "{policies}");
    }
}

/// What a deny would take in under a schema that admits more stays denied; what an allow would need not stay allowed.
#[test]
fn a_deny_is_not_lost_on_a_schema_that_grows() {
    let policies = |effect: &str| {
        let lists = [("get*", "b"), ("run", "[\"a\", \"c\"]"), ("put", "b"), ("get", "b"), ("*", "c")];
        let one = |(actions, types): (&str, &str)| {
            let types = if types.starts_with('[') { types.to_owned() } else { format!("\"{types}\"") };
            format!(r#"{{"effect": "{effect}", "actions": "{actions}", "resource": {types}}}"#)
        };
        lists.map(one).join(",")
    };
    assert_eq!(
        statements(&policies("deny"), &small(), false),
        [
            r#"{ "effect": "deny", "actions": ["get*", "put"], "resource": "b" }"#,
            r#"{ "effect": "deny", "actions": "run", "resource": ["a", "c"] }"#,
            r#"{ "effect": "deny", "actions": "*", "resource": "c" }"#
        ]
    );
    assert_eq!(statements(&policies("allow"), &small(), false).len(), 2);
    let settled = r#"{"effect": "deny", "actions": "*", "resource": "a", "conditions": {"subject.x": {"exists": true}}},
        {"effect": "deny", "actions": ["*"], "resource": ["a", "b"]}"#;
    assert_eq!(statements(settled, &small(), false).len(), 1);
}

#[test]
fn what_grants_nothing_and_what_is_said_twice_goes() {
    let left = statements(
        r#"{"effect": "allow", "actions": "run", "resource": ["a", "b"]},
           {"effect": "allow", "actions": [], "resource": "a"},
           {"effect": "allow", "actions": ["get", "get"], "resource": ["a", "as"]},
           {"effect": "allow", "actions": ["run", "get"], "resource": ["c", "a"]},
           {"effect": "allow", "actions": "run", "resource": "*"}"#,
        &small(),
        false,
    );
    assert_eq!(left, [r#"{ "effect": "allow", "actions": ["run", "get"], "resource": ["c", "a"] }"#]);
}

#[test]
fn a_document_with_errors_is_refused() {
    let faulty = document(r#"{"effect": "allow", "actions": "gt", "resource": "a"}"#);
    let error = minimize(&faulty, &small(), &how(false)).unwrap_err();
    assert!(matches!(error, MinimizeError::Faulty(report) if report.has_errors()));
}

/// A random grid of 24 × 24 is out of reach of an exact search: what is found is a document that means the same, and no proof.
#[test]
fn beyond_the_bound_the_best_that_was_found_is_told_from_a_proof() {
    let size = 24_usize;
    let actions: Vec<String> = (0..size).map(|action| format!("\"a{action}\"")).collect();
    let types: Vec<String> =
        (0..size).map(|kind| format!(r#""t{kind}": {{"actions": [{}]}}"#, actions.join(","))).collect();
    let schema = schema(&format!(r#"{{"schema": "s", "resources": {{{}}}}}"#, types.join(",")));
    let mut seed = 7_u64;
    let mut cells = Vec::new();
    for at in 0..size * size {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if seed >> 62 != 0 {
            let (kind, action) = (at / size, at % size);
            cells.push(format!(r#"{{"effect": "allow", "actions": "a{action}", "resource": "t{kind}"}}"#));
        }
    }
    let written = document(&cells.join(","));
    for steps in [0, 2_000, 60_000] {
        let mut how = how(false);
        how.steps = steps;
        let found = minimize(&written, &schema, &how).unwrap();
        assert!(found.after().statements <= size, "{:?}", found.after());
        assert!(!found.is_proven() && found.at_least() > 3, "{} of {:?}", found.at_least(), found.after());
        let read = Document::read(&Source::new("found.json", found.text())).unwrap().0;
        let planes = |document: &Document| document.resolve(&schema).unwrap().0.planes();
        assert_eq!(planes(&read), planes(&written));
    }
}
