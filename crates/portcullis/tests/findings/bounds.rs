//! Documents and workspaces that are made to be expensive: findings stay bounded, in number and in time.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use portcullis::{Limits, NoFiles, Report, Schema, Source};
use serde_json::json;

/// What one may take, in a build that is not optimised on a machine that does other things besides.
const MOST: Duration = Duration::from_secs(60);

fn timed(what: &str, text: String) -> Report {
    let mut limits = Limits::default();
    limits.document_bytes = 1 << 26;
    let (source, schema) = (Source::new("large.json", text), Schema::hightouch().unwrap());
    let begun = Instant::now();
    portcullis::read_any(&source, &schema, &NoFiles, &limits).unwrap();
    let read = begun.elapsed();
    let begun = Instant::now();
    let (_, report) = portcullis::lint(&source, &schema, &NoFiles, &limits).unwrap();
    let linted = begun.elapsed();
    println!("{what}: read in {read:.1?}, linted in {linted:.1?}");
    assert!(linted < MOST, "{what}: {linted:?}");
    assert!(report.iter().len() <= 1_000);
    report
}

/// How many statements: as many as a document may have where there is time.
fn count() -> usize {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 65_536 } else { 16_384 }
}

/// A document of so many statements.
fn many(statement: impl Fn(usize) -> String) -> String {
    let mut text = String::from("{\"version\": \"2022-04-26\", \"policies\": [");
    for number in 0..count() {
        write!(text, "{}{}", if number == 0 { "" } else { "," }, statement(number)).unwrap();
    }
    text + "]}"
}

fn allow(condition: &str) -> String {
    format!(r#"{{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {condition}}}"#)
}

#[test]
fn tens_of_thousands_of_statements_are_weighed_against_each_other() {
    let report = timed("all alike", many(|_| allow("\"*\"")));
    assert_eq!(report.iter().len() + report.dropped(), count() - 1);
    let report = timed("all under one condition", many(|_| allow(r#"{"a": {"equals": 1}}"#)));
    assert_eq!(report.iter().len() + report.dropped(), count() - 1);
    let report =
        timed("each under its own", many(|number| allow(&format!(r#"{{"a": {{"equals": {number}}}}}"#))));
    assert!(report.is_empty(), "{report}");
    let report = timed(
        "each under two tests of one attribute",
        many(|number| allow(&format!(r#"{{"a": {{"exists": true, "equals": {number}}}}}"#))),
    );
    assert!(report.is_empty(), "{report}");
    let report = timed(
        "each under one of all and its own",
        many(|number| allow(&format!(r#"{{"a": {{"equals": 1}}, "b": {{"equals": {number}}}}}"#))),
    );
    assert!(report.is_empty(), "{report}");
    let report = timed(
        "pairs of few tests",
        many(|number| {
            let (one, other) = (number % 128, number / 128);
            allow(&format!(r#"{{"a{one}": {{"equals": 1}}, "b{other}": {{"equals": 1}}}}"#))
        }),
    );
    assert!(report.is_empty(), "{report}");
    let report = timed(
        "denies that read what may be missing",
        many(|number| allow(&format!(r#"{{"a": {{"equals": {number}}}}}"#)).replace("allow", "deny")),
    );
    assert_eq!(report.iter().len() + report.dropped(), count());
}

#[test]
fn thousands_of_roles_are_compared() {
    let actions = ["read", "update", "create", "delete"];
    let kinds = ["workspace", "source", "destination", "model", "sync", "audience", "sync_template", "alert"];
    // Every set of twelve pairs, and each twice: everything is contained in something.
    let role = |bits: usize| {
        let policies: Vec<_> = (0..12)
            .filter(|bit| bits >> bit & 1 == 1)
            .map(|bit| json!({"effect": "allow", "actions": actions[bit % 4], "resource": kinds[bit / 4]}))
            .collect();
        json!({"version": "2022-04-26", "policies": policies})
    };
    let roles: serde_json::Map<String, serde_json::Value> =
        (0..8_192).map(|number| (format!("role {number:04}"), role(number % 4_096))).collect();
    let members: serde_json::Map<String, serde_json::Value> =
        roles.keys().map(|role| (format!("m {role}"), json!({"role": role}))).collect();
    let workspace = json!({"workspace": "w", "schema": "hightouch", "roles": roles, "members": members});
    let report = timed("8,192 roles", workspace.to_string());
    // The empty role says nothing, and the one of all twelve is contained in none.
    assert_eq!(report.iter().len() + report.dropped(), 4_095 + 4_094);
}
