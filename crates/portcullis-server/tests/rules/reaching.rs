//! No reaching up, the last administrator, and revocation: rules 7 to 9.

use portcullis_server::{Call, Operation, Refusal, Scope, Which};
use serde_json::json;

use crate::world::*;

fn clerk(world: &World) -> Call {
    world.act(&world.ann, add_role("clerk", &["allow * workspace,workspace_membership", "allow read *"]));
    world.joins("clerk@acme.example", "clerk")
}

#[test]
fn rule_07_nobody_changes_who_holds_more() {
    let world = World::new();
    let clerk = clerk(&world);
    world.joins("boss@acme.example", "admin");
    world.act(&world.ann, add_member("ed@acme.example", "editor"));
    world.act(&world.ann, add_member("vi@acme.example", "viewer"));
    world.act(&world.ann, add_group("g"));
    world.act(&world.ann, add_role("gag", &["deny * sync", "allow read model"]));
    world.act(&world.ann, add_group("all"));
    for member in ["ed@acme.example", ANN] {
        world.act(&world.ann, join_group("all", member));
    }
    world.act(&world.ann, add_role("maker", &["allow create sync", "allow read sync"]));
    world.act(&world.ann, add_member("mia@acme.example", "maker"));
    let bosses = world.service.keys(&world.ann, world.acme, Some(&"boss@acme.example".into())).unwrap();
    for operation in [
        set_role("ed@acme.example", "viewer"),
        suspend(ANN),
        remove_member("boss@acme.example"),
        set_properties("ed@acme.example", json!({ "a": 1 })),
        join_group("g", "ed@acme.example"),
        Operation::RemoveFromGroup { group: "all".into(), member: ANN.into() },
        revoke(bosses[0].id.to_string()),
        // From afar: a role that denies, given to a group that they are in; less in a role that they have.
        give("all", "gag"),
        save_role("maker", &["allow read sync"]),
        save_role("editor", &["allow read sync"]),
    ] {
        let name = operation.name();
        let refused = world.try_to(&clerk, operation).unwrap_err();
        assert_eq!(refused.refusal.code(), "reaching-up", "{name}: {refused}");
        assert!(matches!(&refused.refusal, Refusal::ReachingUp(above) if !above.is_empty()));
    }
    for operation in
        [set_role("vi@acme.example", "clerk"), suspend("vi@acme.example"), remove_member("vi@acme.example")]
    {
        world.act(&clerk, operation);
    }
}

/// What is let in, or whose key is made, in the same change, is reached up to all the same.
#[test]
fn rule_07_no_batch_goes_round_it() {
    let world = World::new();
    let clerk = clerk(&world);
    world.act(&world.ann, add_member("ed@acme.example", "editor"));
    world.act(&world.ann, suspend("ed@acme.example"));
    world.act(&world.ann, add_service("svc", "editor"));
    let key = |whom: &str| add_key(Some(whom), "k", &[Scope::Decide], None, None);
    for batch in [
        vec![reactivate("ed@acme.example"), remove_member("ed@acme.example")],
        vec![reactivate("ed@acme.example"), set_role("ed@acme.example", "viewer")],
        vec![set_role("ed@acme.example", "viewer"), reactivate("ed@acme.example")],
        vec![key("svc"), remove_member("svc")],
        vec![key("svc"), set_role("svc", "viewer")],
        vec![set_role("svc", "viewer"), key("svc")],
    ] {
        let told = format!("{batch:?}");
        let refused = world.service.change(&clerk, world.acme, &batch.into()).unwrap_err();
        assert_eq!(refused.refusal.code(), "reaching-up", "{told}: {refused}");
    }
}

#[test]
fn rule_07_ones_own_membership_may_be_reduced() {
    let world = World::new();
    let viewer = world.joins("vi@acme.example", "viewer");
    world.act(&world.ann, add_group("g"));
    world.act(&world.ann, join_group("g", "vi@acme.example"));
    // Without any permission on membership, and with a narrowed key.
    let (narrow, _) = world.key(&viewer, &Scope::ALL, Some(&document(&["allow read sync"])), None);
    world.act(&narrow, Operation::RemoveFromGroup { group: "g".into(), member: "vi@acme.example".into() });
    world.act(&narrow, remove_member("vi@acme.example"));
    assert!(!world.may("vi@acme.example", "read", "sync"));
    assert_eq!(world.refused(&viewer, add_group("x")), "unauthenticated");
}

#[test]
fn rule_07_nobody_edits_their_own_properties_as_a_member() {
    let world = World::new();
    world.act(&world.ann, add_role("hr", &["allow * workspace_membership", "allow read *"]));
    let hr = world.joins("hr@acme.example", "hr");
    assert_eq!(world.refused(&hr, set_properties("hr@acme.example", json!({ "team": "a" }))), "forbidden");
    world.act(&world.ann, add_member("vi@acme.example", "viewer"));
    world.act(
        &world.ann,
        save_role("hr", &["allow read,update,create,delete workspace_membership", "allow read *"]),
    );
    world.act(&hr, set_properties("vi@acme.example", json!({ "team": "a" })));
    world.act(&world.ann, set_properties(ANN, json!({ "team": "a" })));
}

#[test]
fn rule_08_the_last_administrator_stays() {
    let world = World::new();
    let anns = world.service.keys(&world.ann, world.acme, None).unwrap()[0].id.to_string();
    for operation in [set_role(ANN, "viewer"), suspend(ANN), remove_member(ANN), revoke(anns.as_str())] {
        assert_eq!(world.refused(&world.ann, operation), "last-administrator");
    }
    // By a group that denies, too.
    world.act(&world.ann, add_role("gag", &["deny update workspace_membership", "allow read sync"]));
    world.act(&world.ann, add_group("g"));
    world.act(&world.ann, give("g", "gag"));
    assert_eq!(world.refused(&world.ann, join_group("g", ANN)), "last-administrator");
    // A second one without a key, with a narrowed key, with one that expires or lacks a scope, does not do.
    world.act(&world.ann, add_member("keyless@acme.example", "admin"));
    world.act(&world.ann, add_service("svc", "admin"));
    let (day, reads) = (world.hand_now() + DAY, document(&["allow read *"]));
    world.act(&world.ann, add_key(Some("svc"), "expires", &Scope::ALL, None, Some(day)));
    world.act(&world.ann, add_key(Some("svc"), "narrow", &Scope::ALL, Some(&reads), None));
    world.act(&world.ann, add_key(Some("svc"), "decides", &[Scope::Decide], None, None));
    assert_eq!(world.refused(&world.ann, remove_member(ANN)), "last-administrator");
    let whole = world.act(&world.ann, add_key(Some("svc"), "whole", &Scope::ALL, None, None));
    world.act(&world.ann, remove_member(ANN));
    // Now the other is the last, whatever its roles are called.
    let secret = whole.made[0].secret.as_ref().unwrap().reveal();
    let svc = Call::of_key(world.service.authenticate(&secret).unwrap());
    assert_eq!(world.refused(&svc, suspend("svc")), "last-administrator");
    world.hand.pass(2 * DAY);
    world.act(&svc, add_group("still here"));
}

#[test]
fn rule_08_recovery_is_local_and_audited() {
    let world = World::new();
    let root = Call::local("root");
    world.act(&root, add_service("rescue", "admin"));
    let done = world.act(&root, add_key(Some("rescue"), "rescue", &Scope::ALL, None, None));
    let secret = done.made[0].secret.as_ref().unwrap().reveal();
    world.act(&Call::of_key(world.service.authenticate(&secret).unwrap()), add_group("g"));
    let trail = world.service.audit(&world.ann, world.acme, 0).unwrap();
    let actors: Vec<&str> = trail.iter().map(|entry| entry.entry.actor.as_str()).collect();
    assert_eq!(actors.iter().filter(|actor| **actor == "local:root").count(), 3, "{actors:?}");
}

#[test]
fn rule_08_administrators_can_be_swapped_in_one_change() {
    let world = World::new();
    let new = world.joins("new@acme.example", "viewer");
    let swap = vec![set_role("new@acme.example", "admin"), set_role(ANN, "viewer")];
    world.service.change(&world.ann, world.acme, &swap.into()).unwrap();
    assert_eq!(world.refused(&world.ann, add_group("g")), "forbidden");
    world.act(&new, add_group("g"));
}

#[test]
fn rule_09_safety_rules_never_stop_a_revocation() {
    let world = World::new();
    let (two, shown) =
        (world.joins("two@acme.example", "admin"), world.joins_with_key("three@acme.example", "admin"));
    // Exactly these three administer: taking one away breaks it.
    let only = json!({ "only": [ANN, "two@acme.example", "three@acme.example"], "role": "admin" });
    world.act(&world.ann, add_rule("three administer", only));
    assert_eq!(world.refused(&world.ann, set_role("two@acme.example", "viewer")), "rules-broken");
    assert_eq!(world.refused(&world.ann, add_member("four@acme.example", "admin")), "rules-broken");
    let done = world.act(&world.ann, suspend("two@acme.example"));
    assert_eq!(done.broken.len(), 1, "{:?}", done.broken);
    assert!(done.broken[0].contains("three administer") && !world.may("two@acme.example", "read", "sync"));
    assert_eq!(world.refused(&two, add_group("g")), "unauthenticated");
    let theirs = world.service.keys(&world.ann, world.acme, Some(&"three@acme.example".into())).unwrap();
    world.act(&world.ann, revoke(theirs[0].id.to_string()));
    assert!(world.service.authenticate(&shown).is_err());
    // What is broken already stands in nobody's way who makes it no worse.
    world.act(&world.ann, add_group("g"));
}

#[test]
fn rule_09_rules_are_loosened_by_administrators_alone() {
    let world = World::new();
    let clerk = clerk(&world);
    let rule = |most: usize| json!({ "at-most": most, "role": "admin" });
    world.act(&clerk, add_rule("few", rule(2)));
    let set =
        |most: usize| Operation::SetRule { rule: "few".into(), text: rule(most).to_string(), version: None };
    let remove = Operation::RemoveRule { rule: "few".into(), version: None };
    for operation in [set(3), remove.clone()] {
        assert_eq!(world.refused(&clerk, operation), "not-allowed");
    }
    let (narrow, _) = world.key(&world.ann, &Scope::ALL, Some(&document(&["allow * *"])), None);
    assert_eq!(world.refused(&narrow, remove.clone()), "not-allowed");
    world.act(&world.ann, set(3));
    world.act(&world.ann, remove);
    // A rule that does not hold is not made, nor one that names what is not there.
    let broken = add_rule("nobody reads", json!({ "never": { "actions": "read", "resource": "sync" } }));
    assert_eq!(world.refused(&clerk, broken), "rules-broken");
    let unknown = add_rule("typo", json!({ "never": { "actions": "raed", "resource": "sync" } }));
    assert_eq!(world.refused(&clerk, unknown), "faults");
    // And what a rule speaks of is not taken from under it.
    world.act(&world.ann, add_role("auditor", &["allow read sync"]));
    world.act(&world.ann, add_rule("one auditor", json!({ "at-most": 1, "role": "auditor" })));
    assert_eq!(
        world.refused(
            &world.ann,
            Operation::RemoveRole {
                role: Which::from("auditor"),
                replacement: Some("viewer".into()),
                version: None
            }
        ),
        "in-use"
    );
}
