//! Changes of many operations, previews, digests, versions.

use portcullis_server::{Change, Operation, Refusal};
use serde_json::json;

use crate::world::*;

#[test]
fn a_batch_is_whole_or_not_at_all() {
    let world = World::new();
    let before = world.number();
    let operations = vec![
        add_role("r", &["allow read sync"]),
        add_member("bob@acme.example", "r"),
        add_group("g"),
        join_group("g", "bob@acme.example"),
        put_object("sync", "1", json!({ "labels": { "team": "a" } })),
        set_role(ANN, "editor"),
        set_role("nobody@acme.example", "viewer"),
    ];
    let refused = world.service.change(&world.ann, world.acme, &operations.clone().into()).unwrap_err();
    assert_eq!((refused.at, refused.refusal.code()), (Some(6), "not-found"));
    assert_eq!((world.number(), world.may("bob@acme.example", "read", "sync")), (before, false));
    let groups = world.service.groups(&world.ann, world.acme).unwrap();
    assert!(groups.is_empty() && world.may(ANN, "update", "workspace"));
    // Without the slip, each operation sees what those before it did.
    let good: Change = operations[..5].to_vec().into();
    let done = world.service.change(&world.ann, world.acme, &good).unwrap();
    assert_eq!(done.made.len(), 5);
    assert!(world.may("bob@acme.example", "read", "sync"));
    let many: Change = vec![add_group("x"); 10_001].into();
    let refused = world.service.change(&world.ann, world.acme, &many).unwrap_err();
    assert!(matches!(refused.refusal, Refusal::TooMany { what: "operations", .. }));
}

#[test]
fn a_preview_says_what_saving_would_do_and_does_nothing() {
    let world = World::new();
    world.act(&world.ann, add_role("r", &["allow read sync"]));
    world.act(&world.ann, add_member("bob@acme.example", "r"));
    world.act(&world.ann, add_member("cid@acme.example", "r"));
    let before = (world.number(), world.service.audit(&world.ann, world.acme, 0).unwrap().len());
    let preview = world.look(&world.ann, save_role("r", &["allow start sync", "allow read model"]));
    assert_eq!(preview.members.len(), 1);
    let change = &preview.members[0];
    assert_eq!(change.members, ["bob@acme.example", "cid@acme.example"]);
    assert_eq!(
        (change.gained.join(", "), change.lost.join(", ")),
        ("read model, start sync".into(), "read sync".into())
    );
    assert!(preview.excess.is_empty() && !preview.no_administrator && preview.rules_broken.is_empty());
    assert_eq!(before, (world.number(), world.service.audit(&world.ann, world.acme, 0).unwrap().len()));
    assert!(world.may("bob@acme.example", "read", "sync"));
    // What stands against a change is told all at once.
    assert!(world.look(&world.ann, set_role(ANN, "viewer")).no_administrator);
    world.act(&world.ann, add_rule("nobody starts", json!({ "never": { "actions": "start", "resource": "sync" }, "except": { "roles": ["admin", "editor"] } })));
    world.act(&world.ann, add_role("clerk", &["allow * workspace,workspace_membership"]));
    let clerk = world.joins("clerk@acme.example", "clerk");
    let preview = world.look(&clerk, save_role("r", &["allow start sync"]));
    assert!(!preview.excess.is_empty() && !preview.reaching_up.is_empty() && preview.rules_broken.len() == 1);
    let warned = world.look(&world.ann, add_role("w", &["allow read sync", "allow read sync"]));
    assert_eq!(warned.warnings.len(), 1, "{:?}", warned.warnings);
}

#[test]
fn what_was_approved_is_what_is_saved() {
    let world = World::new();
    world.act(&world.ann, add_role("r", &["allow read sync"]));
    world.act(&world.ann, add_member("bob@acme.example", "r"));
    let save = save_role("r", &["allow read,start sync"]);
    let digest = world.look(&world.ann, save.clone()).digest;
    let with =
        |operation: &Operation| Change { operations: vec![operation.clone()], digest: Some(digest.clone()) };
    // Another document, or the same one with another effect, is something else.
    let other = save_role("r", &["allow read,start,enable sync"]);
    let refused = world.service.change(&world.ann, world.acme, &with(&other)).unwrap_err();
    assert_eq!(refused.refusal.code(), "other-digest");
    world.act(&world.ann, add_member("cid@acme.example", "r"));
    let refused = world.service.change(&world.ann, world.acme, &with(&save)).unwrap_err();
    assert_eq!(refused.refusal.code(), "other-digest");
    world.act(&world.ann, remove_member("cid@acme.example"));
    // What does not touch it does not matter.
    world.act(&world.ann, add_group("g"));
    world.service.change(&world.ann, world.acme, &with(&save)).unwrap();
    assert!(world.may("bob@acme.example", "start", "sync"));
}

#[test]
fn every_version_of_a_role_is_kept() {
    let world = World::new();
    let noted = |text: &str, note: &str| Operation::SaveRole {
        role: "r".into(),
        document: document(&[text]),
        note: note.to_owned(),
        version: None,
    };
    world.act(&world.ann, add_role("r", &["allow read sync"]));
    world.act(&world.ann, noted("allow read model", "models now"));
    world.act(
        &world.ann,
        Operation::RollBackRole { role: "r".into(), number: 1, note: String::new(), version: None },
    );
    let versions = world.service.versions(&world.ann, world.acme, &"r".into()).unwrap();
    let told: Vec<(u64, &str, &str)> =
        versions.iter().map(|one| (one.number, one.author.as_str(), one.note.as_str())).collect();
    assert_eq!(told, [(1, ANN, ""), (2, ANN, "models now"), (3, ANN, "back to version 1")]);
    assert_eq!(versions[0].document, versions[2].document);
    let missing = Operation::RollBackRole { role: "r".into(), number: 9, note: String::new(), version: None };
    assert_eq!(world.refused(&world.ann, missing), "not-found");
    assert_eq!(world.refused(&world.ann, noted("allow raed sync", "")), "faults");
}

#[test]
fn an_edit_of_another_version_is_refused() {
    let world = World::new();
    world.act(&world.ann, add_role("r", &["allow read sync"]));
    let version = world.service.role(&world.ann, world.acme, &"r".into()).unwrap().version;
    let save = |statement: &str| Operation::SaveRole {
        role: "r".into(),
        document: document(&[statement]),
        note: String::new(),
        version: Some(version),
    };
    world.act(&world.ann, save("allow read model"));
    let refused = world.try_to(&world.ann, save("allow read source")).unwrap_err();
    assert!(
        matches!(refused.refusal, Refusal::Stale { expected, found, .. } if expected == version && found > version)
    );
    world.act(&world.ann, add_member("bob@acme.example", "r"));
    let bob = world.service.member(&world.ann, world.acme, &"bob@acme.example".into()).unwrap();
    world.act(&world.ann, set_role("bob@acme.example", "viewer"));
    let late = Operation::SetMemberRole {
        member: "bob@acme.example".into(),
        role: "editor".into(),
        version: Some(bob.version),
    };
    assert_eq!(world.refused(&world.ann, late), "stale");
}

#[test]
fn the_default_role_is_for_those_who_join_later() {
    let world = World::new();
    let joins = |subject: &str| Operation::AddMember {
        subject: subject.to_owned(),
        role: None,
        kind: None,
        properties: None,
    };
    world.act(&world.ann, joins("before"));
    world.act(&world.ann, default_role("editor"));
    world.act(&world.ann, joins("after"));
    assert!(!world.may("before", "update", "sync") && world.may("after", "update", "sync"));
}

#[test]
fn when_a_key_was_used_is_written_apart_from_changes() {
    let world = World::new();
    let (_, shown) = world.key(&world.ann, &[], None, None);
    let revision = world.number();
    world.service.authenticate(&shown).unwrap();
    world.hand.pass(90_000);
    world.service.authenticate(&shown).unwrap();
    world.service.note_used().unwrap();
    let used = |service: &portcullis_server::Service| {
        let keys = service.keys(&world.ann, world.acme, None).unwrap();
        keys.iter().find(|key| key.name == "k").unwrap().used.unwrap()
    };
    assert_eq!(used(&world.service) % 60_000, 0);
    assert!(world.hand_now() - used(&world.service) < 60_000);
    assert_eq!((used(&world.another_node()), world.number()), (used(&world.service), revision));
}
