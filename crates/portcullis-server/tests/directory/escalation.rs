//! Nobody comes to hold more than they held, whatever two things they do: every pair of roles, every pair of operations, on a small schema.

use std::collections::BTreeSet;

use portcullis_server::{Call, Id, Operation, Scope, Service, Whence, Which};

use crate::world::*;

const SCHEMA: &str = r#"{ "schema": "small", "resources": {
    "doc": { "actions": ["read", "update"] },
    "ws": { "actions": ["read", "update", "create", "delete"] },
    "people": { "actions": ["read", "update", "create", "delete"] } },
    "administration": { "workspace": "ws", "membership": "people" } }"#;

/// Roles that somebody who acts has, and that are to be had.
const ROLES: [(&str, &[&str]); 6] = [
    ("hr", &["allow * people"]),
    ("settings", &["allow * ws"]),
    ("clerk", &["allow * ws,people", "allow read doc"]),
    ("under", &["allow * ws,people", r#"allow update doc {"labels.team": {"equals": "a"}}"#]),
    ("gag", &["deny update doc", "allow read doc"]),
    ("writer", &["allow update doc"]),
];

/// Everything that the actor, or somebody whose secret it is shown, is allowed: permissions and single objects.
fn reached(service: &Service, workspace: Id, subjects: &BTreeSet<String>) -> BTreeSet<String> {
    let snapshot = service.snapshot(&Call::local("test"), workspace).unwrap();
    let mut reached = BTreeSet::new();
    for subject in subjects {
        reached.extend(
            snapshot.what(subject).into_iter().flatten().map(|(action, kind)| format!("{action} {kind}")),
        );
        for object in ["a", "b", "new"] {
            for action in ["read", "update"] {
                let question = portcullis::Question {
                    object: Some(object),
                    ..portcullis::Question::new(subject, action, "doc")
                };
                if snapshot.decide(&question).is_allowed() {
                    reached.insert(format!("{action} doc/{object}"));
                }
            }
        }
    }
    // Who may do it to all may do it to each.
    let each: Vec<String> = reached
        .iter()
        .filter_map(|one| one.strip_suffix(" doc").map(|action| action.to_owned()))
        .flat_map(|action| ["a", "b", "new"].map(|object| format!("{action} doc/{object}")))
        .collect();
    reached.extend(each);
    reached
}

/// Every operation that could matter, on whom and what there is.
fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for (role, _) in ROLES {
        all.extend([
            set_role("me", role),
            set_role("pal", role),
            default_role(role),
            give("mine", role),
            give("held", role),
        ]);
        all.extend([
            take("held", role),
            add_member("made", role),
            add_service("robot", role),
            invite("guest@x.example", Some(role)),
        ]);
        all.push(remove_role(role, Some("writer")));
        all.push(save_role(role, &["allow * *"]));
        all.push(save_role(role, &["allow read doc"]));
        all.push(Operation::RollBackRole {
            role: role.into(),
            number: 1,
            note: String::new(),
            version: None,
        });
    }
    for role in ["admin", "editor", "viewer"] {
        all.extend([set_role("me", role), give("mine", role), invite("guest@x.example", Some(role))]);
    }
    for group in ["mine", "held", "strong"] {
        all.push(join_group(group, "me"));
        all.push(join_group(group, "pal"));
        all.push(Operation::RemoveFromGroup { group: group.into(), member: "me".into() });
        all.push(Operation::RemoveGroup { group: group.into(), version: None });
    }
    all.push(invite("guest@x.example", None));
    all.push(Operation::ResendInvitation { invitation: "open@x.example".into() });
    all.push(add_role("own", &["allow update doc"]));
    all.push(add_role("own", &[r#"allow update doc {"labels.team": {"in": ["a", "b"]}}"#]));
    all.push(give("mine", "own"));
    all.push(set_role("me", "own"));
    all.push(add_key(None, "k", &Scope::ALL, None, None));
    all.push(add_key(Some("svc"), "k", &Scope::ALL, None, None));
    all.push(add_key(Some("robot"), "k", &Scope::ALL, None, None));
    all.push(reactivate("asleep"));
    all.push(set_properties("me", serde_json::json!({ "team": "b" })));
    for (id, team) in [("a", "b"), ("b", "a"), ("new", "a")] {
        all.push(put_object("doc", id, serde_json::json!({ "labels": { "team": team } })));
    }
    all.push(Operation::RemoveObject { kind: "doc".into(), id: "a".into(), version: None });
    all.push(Operation::SetSchema {
        schema: SCHEMA.replace(
            "\"read\", \"update\"] },\n    \"ws\"",
            "\"read\", \"update\", \"sign\"] },\n    \"ws\"",
        ),
    });
    all
}

fn prepared(role: &str, groups: &[&str]) -> (World, Call) {
    let world = World::of_schema(SCHEMA);
    let mut first = Vec::new();
    for (name, statements) in ROLES {
        first.push(add_role(name, statements));
        // Each has a former version that says more.
        first.push(save_role(name, &["allow * *"]));
        first.push(save_role(name, statements));
    }
    first.extend(["mine", "held", "strong"].map(add_group));
    first.extend([give("held", "gag"), give("strong", "writer"), default_role("writer")]);
    first.extend([
        add_member("pal", "gag"),
        add_service("svc", "writer"),
        add_member("asleep", "writer"),
        suspend("asleep"),
    ]);
    first.push(put_object("doc", "a", serde_json::json!({ "labels": { "team": "a" } })));
    first.push(put_object("doc", "b", serde_json::json!({ "labels": { "team": "b" } })));
    first.push(add_service("me", role));
    first.extend(groups.iter().map(|group| join_group(group, "me")));
    first.push(invite("open@x.example", Some("writer")));
    world.service.change(&world.ann, world.acme, &first.into()).unwrap();
    let done = world.act(&world.ann, add_key(Some("me"), "mine", &Scope::ALL, None, None));
    let me = world.service.authenticate(&done.made[0].secret.as_ref().unwrap().reveal()).unwrap();
    (world, Call::of_key(me))
}

/// Does one thing, and gives whoever's secret was shown by it.
fn act(world: &World, call: &Call, operation: &Operation) -> Option<Vec<String>> {
    act_at_once(world, call, &[operation])
}

/// Does several things as one change.
fn act_at_once(world: &World, call: &Call, operations: &[&Operation]) -> Option<Vec<String>> {
    let change: Vec<Operation> = operations.iter().map(|one| (*one).clone()).collect();
    let done = world.service.change(call, world.acme, &change.into()).ok()?;
    let mut shown = Vec::new();
    for (made, operation) in done.made.iter().zip(operations) {
        let Some(secret) = &made.secret else { continue };
        match operation {
            Operation::AddKey { member, .. } => shown.extend(member.as_ref().map(|Which(name)| name.clone())),
            // A token is accepted at once.
            _ => shown.extend(
                world
                    .service
                    .accept(&secret.reveal(), &Whence::default())
                    .ok()
                    .map(|accepted| accepted.subject),
            ),
        }
    }
    Some(shown)
}

#[test]
fn two_operations_give_nobody_what_they_did_not_hold() {
    let long = std::env::var_os("PORTCULLIS_LONG").is_some();
    let all = operations();
    let (mut done, mut pairs, mut batches) = (0, 0, 0);
    for (at, (role, _)) in ROLES.iter().enumerate() {
        for groups in [&[][..], &["held"]] {
            for (number, first) in all.iter().enumerate() {
                let (world, me) = prepared(role, groups);
                let mut mine = BTreeSet::from(["me".to_owned()]);
                let held = reached(&world.service, world.acme, &mine);
                let check = |world: &World, mine: &BTreeSet<String>, what: &str| {
                    let now = reached(&world.service, world.acme, mine);
                    let more: Vec<&String> = now.difference(&held).collect();
                    assert!(more.is_empty(), "{role} in {groups:?}: {what} gives {more:?}");
                };
                let Some(shown) = act(&world, &me, first) else { continue };
                mine.extend(shown);
                check(&world, &mine, &format!("{first:?}"));
                done += 1;
                // In short, every thirty-first of the second operations, others each time.
                for (place, second) in all.iter().enumerate() {
                    if !long && (place + number + at) % 31 != 0 {
                        continue;
                    }
                    let (world, me) = prepared(role, groups);
                    if let Some(shown) = act_at_once(&world, &me, &[first, second]) {
                        let mine = shown.into_iter().chain(["me".to_owned()]).collect();
                        batches += 1;
                        check(&world, &mine, &format!("{first:?} and {second:?} at once"));
                    }
                    let (world, me) = prepared(role, groups);
                    let mut mine = mine.clone();
                    let Some(_) = act(&world, &me, first) else { continue };
                    if let Some(shown) = act(&world, &me, second) {
                        mine.extend(shown);
                        pairs += 1;
                        check(&world, &mine, &format!("{first:?} and {second:?}"));
                    }
                }
            }
        }
    }
    assert!(done > 100 && pairs > 200 && batches > 200, "{done}, {pairs} and {batches} were done at all");
    println!(
        "{done} operations, {pairs} pairs and {batches} pairs at once were done, and gave nothing that was not held"
    );
}
