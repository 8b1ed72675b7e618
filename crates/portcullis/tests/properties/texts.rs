//! Arbitrary text, shrunk by proptest when something goes wrong: as a file of any kind, and as a name in every place.

use std::collections::BTreeMap;

use portcullis::{Document, Limits, NoFiles, Schema, Source, Workspace, format, read_any};
use portcullis_testkit::fuzz::sound;
use proptest::prelude::*;
use serde_json::json;

/// Pieces of documents, so that texts get further than their first character.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{\"version\": \"2022-04-26\", \"policies\": [".to_owned()),
        Just("{\"effect\": \"allow\", \"actions\": ".to_owned()),
        Just("\"resource\": ".to_owned()),
        Just("{\"workspace\": \"w\", \"schema\": \"hightouch\", \"roles\": {".to_owned()),
        Just("\"members\": {".to_owned()),
        Just("\"conditions\": {\"a\": {\"equals\": 1}}".to_owned()),
        "[\\[\\]{}\",:*'“”/#\\\\ \n]{1,4}",
        "\"[a-z*é]{0,6}\"",
        "-?[0-9.eE+]{1,5}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A name that the language allows: any text of 1 to 512 bytes.
fn name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("1 to 512 bytes", |name| (1..=512).contains(&name.len()))
}

/// A name of an action or a type.
fn word() -> impl Strategy<Value = String> {
    name().prop_map(|name| name.replace('*', "+"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_soundly(text in pieces()) {
        let source = Source::new("any.json", text);
        let schema = Schema::hightouch().unwrap();
        let limits = Limits::default();
        let reports = [
            Document::read(&source).map(|(_, report)| report),
            Schema::read(&source).map(|(_, report)| report),
            Workspace::read(&source, &NoFiles).map(|(_, report)| report),
            read_any(&source, &schema, &NoFiles, &limits).map(|(_, report)| report),
            format(&source, &limits).map(|_| portcullis::Report::new()),
        ];
        for report in reports {
            prop_assert_eq!(report.is_err(), report.as_ref().unwrap_or_else(|report| report).has_errors());
            sound(&report.unwrap_or_else(|report| report));
        }
    }

    #[test]
    fn any_name_names_what_it_names(
        role in name(), member in name(), group in name(), action in word(), kind in word(), other in name(),
    ) {
        let allow = json!({ "version": "2022-04-26", "policies": [
            { "effect": "allow", "actions": [action], "resource": kind } ] });
        let nothing = json!({ "version": "2022-04-26", "policies": [] });
        let mut roles = BTreeMap::from([(format!("{role}!"), nothing)]);
        roles.insert(role.clone(), allow);
        let workspace = json!({
            "workspace": group, "schema": { "schema": kind, "resources": { &kind: { "actions": [action] } } },
            "default_role": format!("{role}!"), "roles": roles,
            "groups": { &group: { "roles": [role], "members": [member] } }, "members": { &member: {} },
        });
        prop_assume!(role.len() < 512);
        let text = format(&Source::new("w.json", workspace.to_string()), &Limits::default()).unwrap();
        let (workspace, _) = Workspace::read(&Source::new("w.json", text), &NoFiles).unwrap();
        let (snapshot, _) = workspace.compile().unwrap();
        prop_assert!(snapshot.check(&member, &action, &kind).is_allowed());
        prop_assert_eq!(snapshot.who(&action, &kind), Ok(vec![&*member]));
        prop_assert_eq!(snapshot.held_roles(&member).len(), 2);
        if other != member {
            prop_assert!(!snapshot.check(&other, &action, &kind).is_allowed());
        }
    }
}
