//! Identities, secrets, names and the audit trail: rules 15, 20, 23, 24.

use portcullis_server::{Call, Operation, Scope, Whence, Which};
use portcullis_store::Outcome;
use portcullis_store::audit::Verifier;
use serde_json::json;

use crate::world::*;

#[test]
fn rule_15_an_id_is_never_used_again() {
    let world = World::new();
    world.act(&world.ann, add_member("bob@acme.example", "viewer"));
    let first = world.member_id("bob@acme.example");
    world.act(&world.ann, remove_member("bob@acme.example"));
    world.act(&world.ann, add_member("bob@acme.example", "viewer"));
    assert_ne!(world.member_id("bob@acme.example"), first);
    assert_eq!(world.refused(&world.ann, suspend(&first.to_string())), "not-found");
    // A name may change, the id stays.
    world.act(&world.ann, add_group("old"));
    let group = world.service.group(&world.ann, world.acme, &"old".into()).unwrap();
    world.act(
        &world.ann,
        Operation::RenameGroup { group: "old".into(), name: "new".to_owned(), version: Some(group.version) },
    );
    assert_eq!(world.service.group(&world.ann, world.acme, &Which::id(group.id)).unwrap().name, "new");
}

#[test]
fn rule_15_removal_takes_keys_and_invitations_along() {
    let world = World::new();
    let shown = world.joins_with_key("bob@acme.example", "admin");
    let bob = Call::of_key(world.service.authenticate(&shown).unwrap());
    let token = world.invited(&bob, "guest@acme.example", None);
    world.act(&world.ann, add_group("g"));
    world.act(&world.ann, join_group("g", "bob@acme.example"));
    // Suspension stops them.
    world.act(&world.ann, suspend("bob@acme.example"));
    assert!(world.service.authenticate(&shown).is_err());
    world.act(&world.ann, reactivate("bob@acme.example"));
    assert!(world.service.authenticate(&shown).is_ok());
    // Removal ends them for good.
    world.act(&world.ann, remove_member("bob@acme.example"));
    world.act(&world.ann, add_member("bob@acme.example", "admin"));
    assert!(
        world.service.authenticate(&shown).is_err()
            && world.service.accept(&token, &Whence::default()).is_err()
    );
    assert_eq!(world.service.invitations(&world.ann, world.acme).unwrap()[0].state, "cancelled");
    assert!(world.service.group(&world.ann, world.acme, &"g".into()).unwrap().members.is_empty());
}

#[test]
fn rule_15_what_is_referred_to_goes_only_with_a_replacement() {
    let world = World::new();
    world.act(&world.ann, add_role("r", &["allow start sync"]));
    world.act(&world.ann, add_role("s", &["allow read sync"]));
    for (refer, word) in [
        (add_member("bob@acme.example", "r"), "the role of 1 member"),
        (default_role("r"), "default role"),
        (invite("guest@acme.example", Some("r")), "pending invitation"),
    ] {
        world.act(&world.ann, refer);
        let refused = world.try_to(&world.ann, remove_role("r", None)).unwrap_err();
        assert_eq!(refused.refusal.code(), "in-use");
        assert!(refused.to_string().contains(word), "{refused}");
    }
    world.act(&world.ann, add_group("g"));
    world.act(&world.ann, give("g", "r"));
    world.act(&world.ann, remove_role("r", Some("s")));
    assert!(world.may("bob@acme.example", "read", "sync") && !world.may("bob@acme.example", "start", "sync"));
    assert_eq!(world.service.group(&world.ann, world.acme, &"g".into()).unwrap().roles, ["s"]);
    assert_eq!(
        world.service.show_workspace(&world.ann, world.acme).unwrap().default_role.as_deref(),
        Some("s")
    );
    assert_eq!(world.service.invitations(&world.ann, world.acme).unwrap()[0].role.as_deref(), Some("s"));
    // The built-in roles stay, and the administrator's says what it says.
    for role in ["admin", "editor", "viewer"] {
        assert_eq!(world.refused(&world.ann, remove_role(role, Some("s"))), "not-allowed");
    }
    assert_eq!(world.refused(&world.ann, save_role("admin", &["allow read sync"])), "not-allowed");
    world.act(&world.ann, save_role("viewer", &["allow read sync"]));
}

#[test]
fn rule_20_secrets_are_in_no_row_and_no_entry() {
    let world = World::new();
    let (_, key) = world.key(&world.ann, &Scope::ALL, None, None);
    let token = world.invited(&world.ann, "guest@acme.example", None);
    let accepted = world.service.accept(&token, &Whence::default()).unwrap().key.reveal();
    let mut all = format!("{:?}", world.service);
    world.store.load(world.acme, &mut |row| all.push_str(&format!("{row:?}"))).unwrap();
    for trail in [world.acme, portcullis_server::Id::NIL] {
        all.push_str(&format!("{:?}", world.store.audit(trail, 0, 1_000).unwrap()));
    }
    all.push_str(&format!("{:?}", world.service.keys(&world.ann, world.acme, None).unwrap()));
    all.push_str(&format!("{:?}", world.service.invitations(&world.ann, world.acme).unwrap()));
    for secret in [&key, &token, &accepted, &world.ann_key, &world.operator] {
        let bits = secret.rsplit('_').next().unwrap();
        assert!(bits.len() == 58 && !all.contains(bits) && !all.contains(&bits.to_uppercase()));
    }
}

#[test]
fn rule_20_a_secret_in_the_wrong_place_goes_no_further() {
    let world = World::new();
    let bits = world.ann_key.rsplit('_').next().unwrap();
    for operation in
        [revoke(world.ann_key.as_str()), add_group(&world.ann_key), suspend(&format!("x {}", world.ann_key))]
    {
        let refused = world.try_to(&world.ann, operation).unwrap_err();
        assert!(
            refused.refusal.code() == "invalid" && !refused.to_string().contains(&bits[..12]),
            "{refused}"
        );
    }
    let asked = world.service.member(&world.ann, world.acme, &world.ann_key.as_str().into()).unwrap_err();
    assert!(!asked.to_string().contains(&bits[..12]), "{asked}");
    assert!(!format!("{:?}", world.store.audit(world.acme, 0, 100).unwrap()).contains(&bits[..12]));
}

#[test]
fn rule_23_names_that_look_alike_are_refused() {
    let world = World::new();
    world.act(&world.ann, add_role("Ops", &["allow read sync"]));
    world.act(&world.ann, add_group("Ops"));
    world.act(&world.ann, add_member("Straße", "viewer"));
    for (operation, known) in [
        (add_role("ops", &["allow read sync"]), "`Ops`"),
        (add_role(" OPS", &["allow read sync"]), "`Ops`"),
        (add_role("ADMIN", &["allow read sync"]), "`admin`"),
        (add_role("Reader", &["allow read sync"]), "`reader`"),
        (add_group("ｏｐｓ"), "`Ops`"),
        (add_member("STRASSE", "viewer"), "`Straße`"),
        (add_member("ANN@acme.example", "viewer"), "`ann@acme.example`"),
    ] {
        let refused = world.try_to(&world.ann, operation).unwrap_err();
        assert_eq!(refused.refusal.code(), "conflict", "{refused}");
        assert!(refused.to_string().contains(known), "{refused}");
    }
    for hidden in ["a\u{202e}b", "a\u{200b}b", "a\u{7}b", "\u{feff}", " "] {
        for operation in [add_role(hidden, &[]), add_group(hidden), add_member(hidden, "viewer")] {
            let refused = world.try_to(&world.ann, operation).unwrap_err();
            assert_eq!(refused.refusal.code(), "invalid");
            assert!(!refused.to_string().contains(hidden) || hidden == " ", "{refused}");
        }
    }
    // Decisions compare bytes.
    assert!(world.may("Straße", "read", "sync") && !world.may("STRASSE", "read", "sync"));
    assert_eq!(world.refused(&world.ann, suspend("STRASSE")), "not-found");
}

#[test]
fn rule_24_everything_leaves_an_entry() {
    let world = World::new();
    let whence = Whence { address: Some("192.0.2.1".to_owned()), request: Some("r-7".to_owned()) };
    let call = Call { whence, ..world.ann.clone() };
    world.act(&call, add_group("g"));
    world.refused(&call, add_group("g"));
    let batch = vec![add_member("a@acme.example", "viewer"), add_member("b@acme.example", "viewer")];
    world.service.change(&call, world.acme, &batch.into()).unwrap();
    let (_, _) = world.key(&call, &[Scope::Decide], None, None);
    let trail = world.service.audit(&world.ann, world.acme, 0).unwrap();
    let told: Vec<(&str, Outcome)> =
        trail.iter().map(|entry| (entry.entry.operation.as_str(), entry.entry.outcome)).collect();
    assert_eq!(
        told,
        [
            ("workspace.create", Outcome::Done),
            ("group.add", Outcome::Done),
            ("group.add", Outcome::Refused),
            ("batch of 2", Outcome::Done),
            ("key.add", Outcome::Done),
        ]
    );
    for entry in &trail[1..] {
        let entry = &entry.entry;
        assert_eq!(entry.actor, world.member_id(ANN).to_string());
        assert!(entry.credential.is_some() && entry.address.as_deref() == Some("192.0.2.1"));
        assert_eq!(entry.request.as_deref(), Some("r-7"));
    }
    let payload = |at: usize| -> serde_json::Value {
        serde_json::from_str(trail[at].entry.payload.as_ref().unwrap()).unwrap()
    };
    assert_eq!(payload(1)["operations"][0]["add-group"]["name"], "g");
    assert_eq!(payload(2)["refused"], "conflict");
    assert_eq!(payload(4)["secrets_shown"], json!([0]));
}

#[test]
fn rule_24_a_changed_trail_shows() {
    let world = World::new();
    for number in 0..5 {
        world.act(&world.ann, add_group(&format!("g{number}")));
    }
    let trail = world.service.audit(&world.ann, world.acme, 0).unwrap();
    let verify = |trail: &[portcullis_store::AuditEntry], kept| {
        let mut verifier = Verifier::new(world.acme, kept);
        trail.iter().try_for_each(|entry| verifier.next(entry)).and_then(|()| verifier.finish().map(drop))
    };
    let head = trail.last().unwrap().head();
    assert_eq!(verify(&trail, Some(head)), Ok(()));
    assert!(verify(&trail[..5], Some(head)).is_err(), "cut off");
    assert!(verify(&trail[..5], None).is_ok());
    let mut other = trail.clone();
    other[2].entry.actor = "somebody else".to_owned();
    assert!(verify(&other, None).is_err());
    other = trail.clone();
    other.remove(2);
    assert!(verify(&other, None).is_err());
    // A payload can be erased, and the chain holds.
    assert!(world.store.erase_payload(world.acme, 3).unwrap());
    let erased = world.service.audit(&world.ann, world.acme, 0).unwrap();
    assert!(erased[2].entry.payload.is_none() && verify(&erased, Some(head)).is_ok());
}

#[test]
fn rule_24_a_workspace_that_was_refused_is_in_the_operators_trail() {
    let world = World::new();
    let operator = world.service.authenticate_operator(&world.operator).unwrap();
    let create =
        |name: &str| world.service.create_workspace(&operator, name, "hightouch", "ann@acme.example");
    let nil = portcullis_server::Id::NIL;
    let before = world.store.audit(nil, 0, 100).unwrap().len();
    assert_eq!(create("acme").unwrap_err().code(), "conflict");
    let source = portcullis::Source::new("w.json", "{}");
    assert!(world.service.import("ann", &source, &portcullis::NoFiles, "ann@acme.example").is_err());
    create("beta").unwrap();
    let trail = world.store.audit(nil, 0, 100).unwrap();
    let told: Vec<(&str, Outcome, Option<&str>)> = trail[before..]
        .iter()
        .map(|entry| (entry.entry.operation.as_str(), entry.entry.outcome, entry.entry.payload.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("workspace.create", Outcome::Refused, Some(r#"{"refused":"conflict"}"#)),
            ("workspace.import", Outcome::Refused, Some(r#"{"refused":"faults"}"#)),
        ]
    );
}

#[test]
fn rule_24_failed_authentication_is_counted() {
    let world = World::new();
    let nil = portcullis_server::Id::NIL;
    let before = world.store.audit(nil, 0, 100).unwrap().len();
    let (_, revoked) = world.key(&world.ann, &[], None, None);
    world.act(&world.ann, revoke("k"));
    for shown in ["", "portcullis_key_", &revoked, &world.operator] {
        assert!(world.service.authenticate(shown).is_err());
    }
    assert!(world.service.accept("no token", &Whence::default()).is_err());
    assert_eq!(world.store.audit(nil, 0, 100).unwrap().len(), before, "not one by one");
    world.service.note_used().unwrap();
    world.service.note_used().unwrap();
    let trail = world.store.audit(nil, 0, 100).unwrap();
    assert_eq!(trail.len(), before + 1);
    let entry = &trail[before].entry;
    assert_eq!(
        (entry.operation.as_str(), entry.payload.as_deref()),
        ("authentication.failed", Some(r#"{"count":5}"#))
    );
}
