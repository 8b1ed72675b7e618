//! Workspace files into a store and out of it.

use portcullis::{NoFiles, Source, Workspace};
use portcullis_server::{Call, Refusal, Service};

use crate::world::*;

fn import(service: &Service, text: &str) -> Result<portcullis_server::Setup, Refusal> {
    service.import("root", &Source::new("workspace.json", text), &NoFiles, "boss@acme.example")
}

const FILE: &str = r#"{ "workspace": "beta", "schema": "hightouch", "default_role": "starter",
  "roles": { "starter": { "version": "2022-04-26", "policies": [ { "effect": "allow", "actions": "start", "resource": "sync" } ] } },
  "groups": { "g": { "roles": ["starter", "viewer"], "members": ["svc", "ann@beta.example"] }, "empty": {} },
  "members": { "ann@beta.example": { "role": "editor", "properties": { "level": 12345678901234567890123.5, "s": "\u00e9" } },
               "svc": { "type": "service" }, "gone": { "role": "reader", "suspended": true }, "boss@acme.example": { "role": "admin" } },
  "objects": [ { "type": "sync", "id": "1", "properties": { "labels": { "team": "a" }, "n": 1e400 } }, { "type": "model", "id": "x" } ] }"#;

#[test]
fn a_workspace_goes_to_a_file_and_back() {
    let world = World::new();
    let setup = import(&world.service, FILE).unwrap();
    let boss = Call::of_key(world.service.authenticate(&setup.key.reveal()).unwrap());
    let exported = world.service.export(&boss, setup.workspace).unwrap();
    assert!(exported.contains("12345678901234567890123.5") && exported.contains("1e400"), "{exported}");
    let compiled =
        |text: &str| Workspace::read(&Source::new("w", text), &NoFiles).unwrap().0.compile().unwrap().0;
    let (from, to) = (compiled(FILE), compiled(&exported));
    assert!(portcullis::diff_snapshots(&from, &to).is_empty());
    let live = world.service.snapshot(&boss, setup.workspace).unwrap();
    assert!(portcullis::diff_snapshots(&from, &live).is_empty());
    // And again into another store: the same file comes out.
    let other = World::new();
    let again = import(&other.service, &exported).unwrap();
    let boss = Call::of_key(other.service.authenticate(&again.key.reveal()).unwrap());
    assert_eq!(other.service.export(&boss, again.workspace).unwrap(), exported);
    // It is noted, and only for who may read all of it.
    let last = other.service.audit(&boss, again.workspace, 0).unwrap().pop().unwrap();
    assert_eq!(last.entry.operation, "workspace.export");
    let world = World::new();
    world.act(&world.ann, add_role("r", &["allow read workspace"]));
    let reader = world.joins("r@acme.example", "r");
    assert_eq!(world.service.export(&reader, world.acme).unwrap_err().code(), "forbidden");
}

#[test]
fn a_schema_of_ones_own_goes_along_with_its_built_in_roles() {
    let schema = r#"{ "schema": "docs", "resources": { "doc": { "actions": ["read", "update"] }, "ws": { "actions": ["read", "update"] },
        "people": { "actions": ["read", "update"] } }, "administration": { "workspace": "ws", "membership": "people" } }"#;
    let world = World::of_schema(schema);
    world.act(&world.ann, save_role("viewer", &["allow read doc"]));
    let exported = world.service.export(&world.ann, world.acme).unwrap();
    let other = World::new();
    let renamed = exported.replace("\"acme\"", "\"copy\"");
    let setup = import(&other.service, &renamed).unwrap();
    let boss = Call::of_key(other.service.authenticate(&setup.key.reveal()).unwrap());
    let roles = other.service.roles(&boss, setup.workspace).unwrap();
    let told: Vec<(&str, bool, u64)> =
        roles.iter().map(|role| (&*role.name, role.built_in, role.number)).collect();
    assert_eq!(told, [("admin", true, 1), ("editor", true, 1), ("viewer", true, 2)]);
    let weak =
        renamed.replace(r#""actions": "*", "resource": "*""#, r#""actions": "read", "resource": "doc""#);
    if weak != renamed {
        assert_eq!(import(&World::new().service, &weak).unwrap_err().code(), "conflict");
    }
}

#[test]
fn what_a_file_cannot_say_is_not_left_out() {
    let world = World::new();
    world.act(&world.ann, save_role("editor", &["allow read sync"]));
    let refused = world.service.export(&world.ann, world.acme).unwrap_err();
    assert!(refused.to_string().contains("roll it back to version 1"), "{refused}");
}

#[test]
fn a_file_with_faults_makes_nothing() {
    let world = World::new();
    let named = |roles: &str, members: &str| {
        format!(
            r#"{{ "workspace": "beta", "schema": "hightouch", "roles": {{{roles}}}, "members": {{{members}}} }}"#
        )
    };
    for (text, code) in [
        (named("", r#""a": { "role": "nobody" }"#), "faults"),
        (named("", r#""Ann": {}, "ann": {}"#), "conflict"),
        (named("", "\"a\\u202eb\": {}"), "invalid"),
        (named("", r#""Boss@acme.example": {}"#), "conflict"),
        ("{".to_owned(), "faults"),
        (FILE.replace("\"beta\"", "\"acme\""), "conflict"),
    ] {
        assert_eq!(import(&world.service, &text).unwrap_err().code(), code, "{text}");
    }
    assert_eq!(world.service.workspace_names().len(), 1);
}
