//! Nobody gives what they do not hold: rules 5 and 6.

use portcullis_server::{Call, Operation, Refusal, Scope};
use serde_json::json;

use crate::world::*;

/// Somebody who administers members and the workspace, and holds nothing else than reading.
fn clerk(world: &World) -> Call {
    world.act(&world.ann, add_role("clerk", &["allow * workspace,workspace_membership", "allow read *"]));
    world.joins("clerk@acme.example", "clerk")
}

#[test]
fn rule_05_nobody_gives_what_they_do_not_hold() {
    let world = World::new();
    let clerk = clerk(&world);
    world.act(&world.ann, add_role("starter", &["allow start sync"]));
    world.act(&world.ann, add_role("reader2", &["allow read sync"]));
    world.act(&world.ann, add_group("starters"));
    world.act(&world.ann, give("starters", "starter"));
    world.act(&world.ann, add_group("empty"));
    world.act(&world.ann, add_member("vi@acme.example", "viewer"));
    for operation in [
        // By every road: a role, a group, the default role, an invitation, a new role that nobody holds, what a role says.
        set_role("vi@acme.example", "editor"),
        set_role("clerk@acme.example", "admin"),
        add_member("new@acme.example", "starter"),
        join_group("starters", "vi@acme.example"),
        join_group("starters", "clerk@acme.example"),
        give("empty", "starter"),
        default_role("editor"),
        default_role("starter"),
        invite("guest@acme.example", Some("starter")),
        add_role("mine", &["allow start sync"]),
        save_role("reader2", &["allow read,update sync"]),
        save_role("clerk", &["allow * workspace,workspace_membership", "allow read,start *"]),
        save_role("viewer", &["allow * *"]),
    ] {
        let name = operation.name();
        let refused = world.try_to(&clerk, operation).unwrap_err();
        assert_eq!(refused.refusal.code(), "excess", "{name}: {refused}");
    }
    // What it holds, it gives.
    for operation in [
        set_role("vi@acme.example", "reader2"),
        join_group("empty", "vi@acme.example"),
        give("empty", "viewer"),
        default_role("reader2"),
        invite("guest@acme.example", None),
        add_role("mine", &["allow read sync,model"]),
        save_role("reader2", &["allow read sync,model,source"]),
    ] {
        world.act(&clerk, operation);
    }
}

#[test]
fn rule_05_the_refusal_lists_the_excess() {
    let world = World::new();
    let clerk = clerk(&world);
    world.act(&world.ann, add_role("starter", &["allow start,enable sync", "allow read sync"]));
    let refused = world.try_to(&clerk, add_member("new@acme.example", "starter")).unwrap_err();
    let Refusal::Excess(excess) = &refused.refusal else { panic!("{refused}") };
    assert_eq!(excess.len(), 1);
    assert_eq!((excess[0].holder.as_str(), excess[0].count), ("new@acme.example", 2));
    assert_eq!(excess[0].permissions, ["start sync", "enable sync"]);
    assert!(refused.to_string().contains("new@acme.example: start sync, enable sync"), "{refused}");
}

#[test]
fn rule_05_taking_a_deny_away_is_giving() {
    let world = World::new();
    let clerk = clerk(&world);
    world.act(&world.ann, add_role("no syncs", &["deny start sync", "allow read model"]));
    world.act(&world.ann, add_group("held back"));
    world.act(&world.ann, give("held back", "no syncs"));
    world.act(&world.ann, add_member("ed@acme.example", "editor"));
    world.act(&world.ann, join_group("held back", "ed@acme.example"));
    assert!(!world.may("ed@acme.example", "start", "sync"));
    for operation in [
        save_role("no syncs", &["allow read model"]),
        take("held back", "no syncs"),
        Operation::RemoveGroup { group: "held back".into(), version: None },
        Operation::RemoveFromGroup { group: "held back".into(), member: "ed@acme.example".into() },
    ] {
        let refused = world.try_to(&clerk, operation).unwrap_err();
        assert_eq!(refused.refusal.code(), "excess", "{refused}");
    }
    // Whoever holds the permission may.
    world.act(&world.ann, take("held back", "no syncs"));
    assert!(world.may("ed@acme.example", "start", "sync"));
}

#[test]
fn rule_05_rolling_back_and_letting_in_again_are_giving() {
    let world = World::new();
    let clerk = clerk(&world);
    world.act(&world.ann, add_role("r", &["allow start sync"]));
    world.act(&world.ann, save_role("r", &["allow read sync"]));
    let back = Operation::RollBackRole { role: "r".into(), number: 1, note: String::new(), version: None };
    assert_eq!(world.refused(&clerk, back.clone()), "excess");
    world.act(&world.ann, back);
    world.act(&world.ann, add_member("s@acme.example", "r"));
    world.act(&world.ann, suspend("s@acme.example"));
    // Suspended, but whoever lets them in again gives them what they hold.
    assert_eq!(world.refused(&clerk, reactivate("s@acme.example")), "excess");
    // And what a suspended member's role says is given to them, too.
    world.act(&world.ann, save_role("r", &["allow read sync"]));
    assert_eq!(world.refused(&clerk, save_role("r", &["allow read,start sync"])), "excess");
    world.act(&clerk, reactivate("s@acme.example"));
}

#[test]
fn rule_05_those_who_may_yet_come_count() {
    let world = World::new();
    let clerk = clerk(&world);
    // A role that only a pending invitation promises, that only an empty group has, that nobody has.
    world.act(&world.ann, add_role("r", &["allow read sync"]));
    let widened = save_role("r", &["allow read,start sync"]);
    assert_eq!(world.refused(&clerk, widened.clone()), "excess");
    world.act(&world.ann, add_group("empty"));
    world.act(&world.ann, give("empty", "r"));
    world.invited(&world.ann, "guest@acme.example", Some("r"));
    let refused = world.try_to(&clerk, widened).unwrap_err();
    let Refusal::Excess(excess) = &refused.refusal else { panic!("{refused}") };
    let holders: Vec<&str> = excess.iter().map(|one| one.holder.as_str()).collect();
    assert_eq!(holders, ["the invitation of guest@acme.example", "the group empty", "the role r"]);
}

const TEAM_A: &str = r#"{"labels.team": {"equals": "a"}}"#;
const TEAM_A_TOO: &str = r#"{"labels.team": {"in": ["a"]}}"#;
const TEAM_AB: &str = r#"{"labels.team": {"in": ["a", "b"]}}"#;
const OWN_TEAM: &str = r#"{"labels.team": {"equals": {"ref": "subject.team"}}}"#;

#[test]
fn rule_05_conditions_are_given_only_where_they_are_provably_held() {
    let world = World::new();
    let administers = "allow * workspace,workspace_membership";
    let under = |condition: &str| format!("allow update sync {condition}");
    world.act(&world.ann, add_role("clerk", &[administers, &under(TEAM_AB)]));
    let clerk = world.joins("clerk@acme.example", "clerk");
    world.act(&clerk, add_role("within", &[&under(TEAM_A)]));
    world.act(&clerk, add_role("the same", &[&under(TEAM_AB)]));
    for (name, statement) in [
        ("more", "allow update sync".to_owned()),
        ("other", under(r#"{"labels.team": {"equals": "c"}}"#)),
        ("a pattern", under(r#"{"labels.team": {"equals": "*"}}"#)),
        ("by who asks", under(OWN_TEAM)),
        ("another permission", format!("allow delete sync {TEAM_A}")),
    ] {
        assert_eq!(world.refused(&clerk, add_role(name, &[&statement])), "excess", "{name}");
    }
    // The same in other words is no gain; a deny under a condition that goes is one.
    world.act(&clerk, save_role("within", &[&under(TEAM_A_TOO)]));
    world.act(&world.ann, add_role("but", &["allow delete sync", &format!("deny delete sync {TEAM_A}")]));
    assert_eq!(world.refused(&clerk, save_role("but", &["allow delete sync"])), "excess");
    world.act(&world.ann, save_role("but", &["allow delete sync"]));
}

#[test]
fn rule_05_what_reads_who_asks_is_not_what_another_holds() {
    let world = World::new();
    let own = format!("allow update sync {OWN_TEAM}");
    world.act(&world.ann, add_role("clerk", &["allow * workspace,workspace_membership", &own]));
    let clerk = world.joins("clerk@acme.example", "clerk");
    // The same condition, held by another person, lets them do other things.
    assert_eq!(world.refused(&clerk, add_role("copy", &[&own])), "excess");
    world.act(&world.ann, add_role("copy", &[&own]));
    world.act(&world.ann, add_member("m@acme.example", "copy"));
    // Who changes the properties that it reads, changes what is held.
    assert_eq!(world.refused(&clerk, set_properties("m@acme.example", json!({ "team": "b" }))), "excess");
    world.act(&world.ann, set_properties("m@acme.example", json!({ "team": "b" })));
    world.act(&world.ann, add_member("plain@acme.example", "viewer"));
    let reads = save_role("clerk", &["allow * workspace,workspace_membership", "allow read *", &own]);
    world.act(&world.ann, reads);
    world.act(&clerk, set_properties("plain@acme.example", json!({ "team": "b" })));
}

#[test]
fn rule_05_labels_that_flip_a_condition_are_giving() {
    let world = World::new();
    world.act(&world.ann, add_role("team a", &[&format!("allow update sync {TEAM_A}")]));
    world.act(&world.ann, add_role("labeller", &["allow update,delete workspace", "allow read *"]));
    world.act(
        &world.ann,
        add_role("labels a", &["allow update workspace", &format!("allow update sync {TEAM_A}")]),
    );
    let labeller = world.joins("l@acme.example", "labeller");
    let of_a = world.joins("a@acme.example", "labels a");
    let label = |id: &str, team: &str| put_object("sync", id, json!({ "labels": { "team": team } }));
    world.act(&world.ann, label("1", "a"));
    world.act(&world.ann, label("2", "b"));
    assert_eq!(world.refused(&labeller, label("2", "a")), "excess");
    assert_eq!(world.refused(&labeller, label("9", "a")), "excess");
    // Even to take a label away, where a deny may rest on it.
    assert_eq!(
        world.refused(
            &labeller,
            Operation::RemoveObject { kind: "sync".into(), id: "1".into(), version: None }
        ),
        "excess"
    );
    // Whoever may update the sync as it is may label it; not one that they would come to hold by it.
    world.act(&of_a, label("1", "b"));
    assert_eq!(world.refused(&of_a, label("1", "a")), "excess");
    // What no condition governs is free, unless something refers to it.
    world.act(&labeller, put_object("model", "1", json!({ "labels": { "team": "x" } })));
    world.act(
        &world.ann,
        put_object("sync", "3", json!({ "model": { "ref": { "type": "model", "id": "1" } } })),
    );
    assert_eq!(world.refused(&labeller, put_object("model", "1", json!({}))), "excess");
}

#[test]
fn rule_05_a_schema_is_changed_by_who_holds_everything() {
    let schema = |more: &str| {
        format!(
            r#"{{ "schema": "s", "resources": {{ "doc": {{ "actions": ["read", "update"{more}] }},
            "ws": {{ "actions": ["read", "update", "create", "delete"] }}, "people": {{ "actions": ["read", "update", "create", "delete"] }} }},
            "administration": {{ "workspace": "ws", "membership": "people" }} }}"#
        )
    };
    let world = World::of_schema(&schema(""));
    world.act(&world.ann, add_role("clerk", &["allow * ws,people", "allow read doc"]));
    let clerk = world.joins("clerk@acme.example", "clerk");
    let wider = Operation::SetSchema { schema: schema(r#", "sign""#) };
    assert_eq!(world.refused(&clerk, wider.clone()), "excess");
    assert!(!world.may(ANN, "sign", "doc"));
    world.act(&world.ann, wider);
    assert!(world.may(ANN, "sign", "doc") && !world.may("clerk@acme.example", "sign", "doc"));
    // One under which a role does not compile is refused, and nothing is changed.
    world.act(&world.ann, add_role("signer", &["allow sign doc"]));
    assert_eq!(world.refused(&world.ann, Operation::SetSchema { schema: schema("") }), "faults");
    assert!(world.may(ANN, "sign", "doc"));
    world.act(&world.ann, add_group("still working"));
}

#[test]
fn rule_06_who_is_shown_a_secret_gains_all_that_it_opens() {
    let world = World::new();
    let clerk = clerk(&world);
    let keys = |member: &str| add_key(Some(member), "k", &[Scope::Decide], None, None);
    world.act(&world.ann, add_service("svc-big", "editor"));
    world.act(&world.ann, add_service("svc-small", "viewer"));
    world.act(&world.ann, add_member("person@acme.example", "viewer"));
    let refused = world.try_to(&clerk, keys("svc-big")).unwrap_err();
    assert_eq!(refused.refusal.code(), "excess", "{refused}");
    world.act(&world.ann, keys("svc-big"));
    // Keys of persons are theirs to make, whoever asks.
    for call in [&clerk, &world.ann] {
        assert_eq!(world.refused(call, keys("person@acme.example")), "not-allowed");
    }
    // They can be listed and revoked.
    let theirs = world.joins_with_key("other@acme.example", "viewer");
    let other = world.service.keys(&world.ann, world.acme, Some(&"other@acme.example".into())).unwrap();
    world.act(&world.ann, revoke(other[0].id.to_string()));
    assert!(world.service.authenticate(&theirs).is_err());
    // A token that is sent again is shown again.
    world.invited(&world.ann, "guest@acme.example", Some("editor"));
    let resend = Operation::ResendInvitation { invitation: "guest@acme.example".into() };
    assert_eq!(world.refused(&clerk, resend.clone()), "excess");
    world.act(&world.ann, resend);
    // A suspended service account is no way round.
    world.act(&world.ann, suspend("svc-big"));
    assert_eq!(world.refused(&clerk, keys("svc-big")), "excess");
}
