//! The reference against the text of the language, one rule at a time, and its matcher against a slower one.

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

fn workspace(statements: Value) -> Reference {
    Reference::from_json(&json!({
        "workspace": "test", "schema": "hightouch", "default_role": "tested",
        "roles": { "tested": { "version": "2022-04-26", "policies": statements } },
        "groups": { "editors": { "roles": ["editor"], "members": ["grouped"] } },
        "members": { "plain": {}, "grouped": {}, "gone": { "suspended": true }, "boss": { "role": "admin" } }
    }))
    .unwrap()
}

fn allow(actions: Value, resource: Value) -> Value {
    json!({ "effect": "allow", "actions": actions, "resource": resource })
}

fn deny(actions: Value, resource: Value) -> Value {
    json!({ "effect": "deny", "actions": actions, "resource": resource })
}

fn refusal(statement: Value) -> Option<Refusal> {
    let document =
        Document::deserialize(json!({ "version": "2022-04-26", "policies": [statement] })).unwrap();
    Vocabulary::deserialize(hightouch_schema()).unwrap().refusal(&document)
}

#[test]
fn an_empty_array_denies_everything() {
    assert!(workspace(json!([])).what("plain").is_empty());
}

#[test]
fn a_deny_overrides_in_either_order_and_across_roles() {
    let (give, take) = (allow(json!("*"), json!("sync")), deny(json!("delete"), json!("sync")));
    for statements in [json!([give, take]), json!([take, give])] {
        let reference = workspace(statements);
        assert_eq!(reference.reason("plain", "delete", "sync"), Reason::ExplicitDeny);
        assert_eq!(reference.reason("grouped", "delete", "sync"), Reason::ExplicitDeny);
        assert_eq!(reference.reason("plain", "read", "sync"), Reason::Allow);
        assert_eq!(reference.reason("plain", "read", "model"), Reason::DefaultDeny);
        assert_eq!(reference.reason("grouped", "read", "model"), Reason::Allow);
        assert_eq!(reference.reason("boss", "delete", "sync"), Reason::Allow);
    }
}

#[test]
fn names_are_told_apart() {
    let reference = workspace(json!([allow(json!("*"), json!(["workspace", "sync_templates"]))]));
    let reason = |action, resource| reference.reason("plain", action, resource);
    assert_eq!(reason("read", "sync_template"), Reason::Allow);
    assert_eq!(reason("read", "sync_templates"), Reason::Allow);
    assert_eq!(reason("create", "api_key"), Reason::Allow);
    assert_eq!(reason("start", "api_key"), Reason::NotAdmitted);
    assert_eq!(reason("start", "model"), Reason::NotAdmitted);
    assert_eq!(reason("Read", "model"), Reason::UnknownAction);
    assert_eq!(reason("read", "models"), Reason::UnknownResource);
    assert_eq!(reference.reason("stranger", "none", "none"), Reason::UnknownSubject);
    assert_eq!(reference.reason("gone", "read", "workspace"), Reason::Suspended);
    assert!(reference.what("gone").is_empty());
    assert_eq!(
        reference.who("read", "api_key").into_iter().collect::<Vec<_>>(),
        ["boss", "grouped", "plain"]
    );
}

#[test]
fn patterns_see_own_names_only() {
    let reference =
        workspace(json!([allow(json!("re*"), json!("*_templates")), allow(json!("*ate"), json!("sync*"))]));
    assert!(!reference.decide("plain", "read", "sync_template"));
    assert!(reference.decide("plain", "update", "sync_templates"));
    assert!(reference.decide("plain", "create", "sync"));
}

#[test]
fn what_the_language_refuses() {
    assert_eq!(refusal(allow(json!("reed"), json!("sync"))), Some(Refusal::UnknownAction("reed".into())));
    assert_eq!(
        refusal(allow(json!("read"), json!(["*", "syncs"]))),
        Some(Refusal::UnknownResource("syncs".into()))
    );
    assert_eq!(refusal(allow(json!("read"), json!("api_key"))), Some(Refusal::CoveredName("api_key".into())));
    assert_eq!(refusal(deny(json!([]), json!("*"))), Some(Refusal::EmptyDeny));
    assert_eq!(refusal(deny(json!("*"), json!(["sync", "zz*"]))), Some(Refusal::IdlePattern("zz*".into())));
    assert_eq!(refusal(deny(json!("start"), json!("model"))), Some(Refusal::DenyOfNothing));
    for accepted in [
        allow(json!([]), json!("*")),
        allow(json!("zz*"), json!("*")),
        allow(json!("start"), json!("model")),
        deny(json!("start"), json!(["model", "sync"])),
    ] {
        assert_eq!(refusal(accepted), None);
    }
}

#[test]
fn what_it_does_not_read_it_does_not_guess() {
    let read = |statement: Value| {
        Document::deserialize(json!({ "version": "2022-04-26", "policies": [statement] })).is_ok()
    };
    let with = |key: &str, value: Value| {
        let mut statement = allow(json!("read"), json!("sync"));
        statement[key] = value;
        statement
    };
    assert!(read(with("conditions", json!("*"))));
    assert!(read(with("conditions", json!({ "labels.team": { "equals": "a" } }))));
    assert!(!read(with("efect", json!("deny"))));
    assert!(!read(with("effect", json!("Allow"))));
    assert!(Document::deserialize(json!({ "version": "2022-04-27", "policies": [] })).is_err());
}

#[test]
fn workspaces_that_do_not_hang_together() {
    let reads = |roles: Value, groups: Value, members: Value| {
        let file = json!({ "schema": "hightouch", "roles": roles, "groups": groups, "members": members });
        Reference::from_json(&file).is_ok()
    };
    assert!(reads(json!({}), json!({}), json!({ "ann": {} })));
    assert!(!reads(json!({}), json!({}), json!({ "ann": { "role": "owner" } })));
    assert!(!reads(
        json!({}),
        json!({ "g": { "roles": ["admin"], "members": ["bob"] } }),
        json!({ "ann": {} })
    ));
    let empty = json!({ "version": "2022-04-26", "policies": [] });
    assert!(!reads(json!({ "reader": empty }), json!({}), json!({})));
}

/// The definition itself: a star is nothing, or one more character.
fn by_definition(pattern: &str, name: &str) -> bool {
    let tail = |text: &str| text.chars().next().map(|first| text[first.len_utf8()..].to_owned());
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            by_definition(&pattern[1..], name) || tail(name).is_some_and(|rest| by_definition(pattern, &rest))
        }
        (Some(wanted), Some(found)) if wanted == found => {
            by_definition(&tail(pattern).unwrap(), &tail(name).unwrap())
        }
        _ => false,
    }
}

/// Every text of at most `longest` characters out of these.
fn texts(letters: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last
            .iter()
            .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
            .collect();
        all.extend(last.clone());
    }
    all
}

#[test]
fn the_matcher_is_its_definition() {
    let names = texts(&['a', 'é'], 5);
    for pattern in texts(&['a', 'é', '*'], 5) {
        for name in &names {
            assert_eq!(
                pattern_matches(&pattern, name),
                by_definition(&pattern, name),
                "{pattern:?} on {name:?}"
            );
        }
    }
}

mod conditions;
mod origins;
mod refused;
mod scalars;
