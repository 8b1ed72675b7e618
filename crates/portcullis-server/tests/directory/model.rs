//! The service beside a model that is too simple to be wrong: sets of words, no bits, no store. Random operations by several people, under a clock that is
//! set by hand; after each, both say the same of whether it was done, or why not, and of what everybody may.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use portcullis_server::{Call, Operation};
use proptest::prelude::*;

use crate::world::*;

const SCHEMA: &str = r#"{ "schema": "small", "resources": {
    "doc": { "actions": ["read", "update"] },
    "ws": { "actions": ["read", "update", "create", "delete"] },
    "people": { "actions": ["read", "update", "create", "delete"] } },
    "administration": { "workspace": "ws", "membership": "people" } }"#;

type Permissions = BTreeSet<String>;

fn everything() -> Permissions {
    let on = |actions: &[&str], kind: &str| {
        actions.iter().map(|action| format!("{action} {kind}")).collect::<Vec<_>>()
    };
    let all = ["read", "update", "create", "delete"];
    [on(&["read", "update"], "doc"), on(&all, "ws"), on(&all, "people")].concat().into_iter().collect()
}

/// What documents say, as (allowed, denied).
const DOCUMENTS: [&[&str]; 7] = [
    &["allow * *"],
    &["allow read doc"],
    &["allow * people", "allow read doc"],
    &["allow * ws,people"],
    &["deny update doc", "allow read ws"],
    &["deny update people"],
    &["allow update doc", "allow create,update people"],
];

fn said(document: usize) -> (Permissions, Permissions) {
    let mut said = (Permissions::new(), Permissions::new());
    for statement in DOCUMENTS[document] {
        let words: Vec<&str> = statement.split(' ').collect();
        for permission in everything() {
            let (action, kind) = permission.split_once(' ').unwrap();
            let has = |list: &str, one: &str| list == "*" || list.split(',').any(|name| name == one);
            if has(words[1], action) && has(words[2], kind) {
                if words[0] == "allow" {
                    said.0.insert(permission)
                } else {
                    said.1.insert(permission)
                };
            }
        }
    }
    said
}

#[derive(Clone, Debug)]
struct Person {
    role: String,
    suspended: bool,
    /// Whoever came by invitation can act.
    keyed: bool,
}

#[derive(Clone, Debug)]
struct Invited {
    role: Option<String>,
    inviter: String,
    expires: i64,
}

#[derive(Clone, Debug, Default)]
struct Model {
    roles: BTreeMap<String, (Permissions, Permissions)>,
    people: BTreeMap<String, Person>,
    groups: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    default: String,
    invited: BTreeMap<String, Invited>,
}

/// Somebody who holds something, or could.
type Holder = (u8, String);

impl Model {
    fn of(&self, roles: &BTreeSet<String>) -> Permissions {
        let said = |one: fn(&(Permissions, Permissions)) -> &Permissions| -> Permissions {
            roles.iter().filter_map(|role| self.roles.get(role)).flat_map(|role| one(role).clone()).collect()
        };
        said(|role| &role.0).difference(&said(|role| &role.1)).cloned().collect()
    }

    fn of_person(&self, name: &str) -> Permissions {
        let Some(person) = self.people.get(name) else { return Permissions::new() };
        let mut roles = BTreeSet::from([person.role.clone()]);
        for (members, given) in self.groups.values() {
            if members.contains(name) {
                roles.extend(given.iter().cloned());
            }
        }
        self.of(&roles)
    }

    /// What everybody holds, those included who are suspended or may yet come.
    fn holders(&self) -> BTreeMap<Holder, Permissions> {
        let mut all = BTreeMap::new();
        for name in self.people.keys() {
            all.insert((0, name.clone()), self.of_person(name));
        }
        for name in self.roles.keys() {
            all.insert((1, name.clone()), self.of(&BTreeSet::from([name.clone()])));
        }
        for (name, (_, roles)) in &self.groups {
            all.insert((2, name.clone()), self.of(roles));
        }
        for (name, invited) in &self.invited {
            let role = invited.role.clone().unwrap_or_else(|| self.default.clone());
            all.insert((3, name.clone()), self.of(&BTreeSet::from([role])));
        }
        all.insert((4, String::new()), self.of(&BTreeSet::from([self.default.clone()])));
        all
    }

    fn has_administrator(&self) -> bool {
        self.people.iter().any(|(name, person)| {
            let held = self.of_person(name);
            person.keyed && !person.suspended && held.contains("update ws") && held.contains("update people")
        })
    }
}

/// One thing that somebody does: which of a few people, roles, groups and documents is told by small numbers.
#[derive(Clone, Debug)]
enum Step {
    Join { who: usize, role: Option<usize> },
    Role { who: usize, role: usize },
    Suspend { who: usize },
    Reactivate { who: usize },
    Remove { who: usize },
    NewGroup { group: usize },
    Enter { group: usize, who: usize },
    Leave { group: usize, who: usize },
    Give { group: usize, role: usize },
    Take { group: usize, role: usize },
    Dissolve { group: usize },
    NewRole { role: usize, document: usize },
    Save { role: usize, document: usize },
    RemoveRole { role: usize, other: Option<usize> },
    Default { role: usize },
    Invite { who: usize, role: Option<usize> },
    Cancel { who: usize },
    Accept { who: usize },
    Pass { days: i64 },
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let (who, role, group, document) = (0..5_usize, 0..5_usize, 0..2_usize, 0..DOCUMENTS.len());
    let some = prop::option::of(0..5_usize);
    let step = prop_oneof![
        3 => (who.clone(), some.clone()).prop_map(|(who, role)| Step::Join { who, role }),
        4 => (who.clone(), role.clone()).prop_map(|(who, role)| Step::Role { who, role }),
        2 => who.clone().prop_map(|who| Step::Suspend { who }),
        2 => who.clone().prop_map(|who| Step::Reactivate { who }),
        1 => who.clone().prop_map(|who| Step::Remove { who }),
        2 => group.clone().prop_map(|group| Step::NewGroup { group }),
        4 => (group.clone(), who.clone()).prop_map(|(group, who)| Step::Enter { group, who }),
        2 => (group.clone(), who.clone()).prop_map(|(group, who)| Step::Leave { group, who }),
        4 => (group.clone(), role.clone()).prop_map(|(group, role)| Step::Give { group, role }),
        2 => (group.clone(), role.clone()).prop_map(|(group, role)| Step::Take { group, role }),
        1 => group.prop_map(|group| Step::Dissolve { group }),
        4 => (role.clone(), document.clone()).prop_map(|(role, document)| Step::NewRole { role, document }),
        4 => (role.clone(), document).prop_map(|(role, document)| Step::Save { role, document }),
        1 => (role.clone(), some.clone()).prop_map(|(role, other)| Step::RemoveRole { role, other }),
        1 => role.prop_map(|role| Step::Default { role }),
        4 => (who.clone(), some).prop_map(|(who, role)| Step::Invite { who, role }),
        1 => who.clone().prop_map(|who| Step::Cancel { who }),
        5 => who.prop_map(|who| Step::Accept { who }),
        1 => (1..20_i64).prop_map(|days| Step::Pass { days }),
    ];
    prop::collection::vec((0..5_usize, step), 1..40)
}

const PEOPLE: [&str; 5] = [ANN, "bob@x.example", "cid@x.example", "dee@x.example", "eve@x.example"];
const ROLES: [&str; 5] = ["admin", "viewer", "one", "two", "three"];
const GROUPS: [&str; 2] = ["g", "h"];

/// What the model says of a step: done, done without any change, or why not.
fn expected(model: &mut Model, actor: &str, step: &Step, now: i64) -> Result<(), &'static str> {
    let before = model.clone();
    let held = before.of_person(actor);
    let needs = |permission: &str| if held.contains(permission) { Ok(()) } else { Err("forbidden") };
    let own = |who: usize| PEOPLE[who] == actor;
    let mut directly = BTreeSet::new();
    let mut let_in = None;
    let mut changed = true;
    match step {
        Step::Join { who, role } => {
            needs("create people")?;
            let role = role.map_or(model.default.clone(), |role| ROLES[role].to_owned());
            if !model.roles.contains_key(&role) {
                return Err("not-found");
            }
            if model.people.contains_key(PEOPLE[*who]) {
                return Err("conflict");
            }
            model.people.insert(PEOPLE[*who].to_owned(), Person { role, suspended: false, keyed: false });
            directly.insert(PEOPLE[*who]);
        }
        Step::Role { who, role } => {
            needs("update people")?;
            let known = model.roles.contains_key(ROLES[*role]);
            let person = model.people.get_mut(PEOPLE[*who]).ok_or("not-found")?;
            if !known {
                return Err("not-found");
            }
            changed = person.role != ROLES[*role];
            ROLES[*role].clone_into(&mut person.role);
            directly.insert(PEOPLE[*who]);
        }
        Step::Suspend { who } | Step::Reactivate { who } => {
            let suspended = matches!(step, Step::Suspend { .. });
            if !(suspended && own(*who)) {
                needs("update people")?;
            }
            let person = model.people.get_mut(PEOPLE[*who]).ok_or("not-found")?;
            changed = person.suspended != suspended;
            person.suspended = suspended;
            if changed && !suspended {
                let_in = Some((0, PEOPLE[*who].to_owned()));
            }
            directly.insert(PEOPLE[*who]);
        }
        Step::Remove { who } => {
            if !own(*who) {
                needs("delete people")?;
            }
            model.people.remove(PEOPLE[*who]).ok_or("not-found")?;
            for (members, _) in model.groups.values_mut() {
                members.remove(PEOPLE[*who]);
            }
            model.invited.retain(|_, invited| invited.inviter != PEOPLE[*who]);
            directly.insert(PEOPLE[*who]);
        }
        Step::NewGroup { group } => {
            needs("create ws")?;
            if model.groups.contains_key(GROUPS[*group]) {
                return Err("conflict");
            }
            model.groups.insert(GROUPS[*group].to_owned(), Default::default());
        }
        Step::Enter { group, who } | Step::Leave { group, who } => {
            let enters = matches!(step, Step::Enter { .. });
            if enters || !own(*who) || !model.people.contains_key(PEOPLE[*who]) {
                needs("update people")?;
            }
            let known = model.people.contains_key(PEOPLE[*who]);
            let (members, _) = model.groups.get_mut(GROUPS[*group]).ok_or("not-found")?;
            if !known {
                return Err("not-found");
            }
            let who = PEOPLE[*who];
            changed = if enters { members.insert(who.to_owned()) } else { members.remove(who) };
            directly.insert(who);
        }
        Step::Give { group, role } | Step::Take { group, role } => {
            needs("update ws")?;
            let known = model.roles.contains_key(ROLES[*role]);
            let (_, roles) = model.groups.get_mut(GROUPS[*group]).ok_or("not-found")?;
            if !known {
                return Err("not-found");
            }
            let gives = matches!(step, Step::Give { .. });
            changed = if gives { roles.insert(ROLES[*role].to_owned()) } else { roles.remove(ROLES[*role]) };
        }
        Step::Dissolve { group } => {
            needs("delete ws")?;
            let (members, _) = model.groups.remove(GROUPS[*group]).ok_or("not-found")?;
            directly.extend(PEOPLE.into_iter().filter(|who| members.contains(*who)));
        }
        Step::NewRole { role, document } => {
            needs("create ws")?;
            if model.roles.contains_key(ROLES[*role]) {
                return Err("conflict");
            }
            model.roles.insert(ROLES[*role].to_owned(), said(*document));
        }
        Step::Save { role, document } => {
            needs("update ws")?;
            let said = said(*document);
            let role = model
                .roles
                .get_mut(ROLES[*role])
                .ok_or("not-found")
                .and_then(|known| if ROLES[*role] == "admin" { Err("not-allowed") } else { Ok(known) })?;
            *role = said;
        }
        Step::RemoveRole { role, other } => {
            needs("delete ws")?;
            let name = ROLES[*role];
            if !model.roles.contains_key(name) {
                return Err("not-found");
            }
            if *role < 2 {
                return Err("not-allowed");
            }
            let other = match other {
                Some(other) if !model.roles.contains_key(ROLES[*other]) => return Err("not-found"),
                Some(other) if other == role => return Err("invalid"),
                other => other.map(|other| ROLES[other].to_owned()),
            };
            let owners: Vec<&'static str> = PEOPLE
                .into_iter()
                .filter(|who| model.people.get(*who).is_some_and(|one| one.role == name))
                .collect();
            let used = !owners.is_empty()
                || model.default == name
                || model.groups.values().any(|(_, roles)| roles.contains(name))
                || model.invited.values().any(|one| one.role.as_deref() == Some(name));
            if used && other.is_none() {
                return Err("in-use");
            }
            model.roles.remove(name);
            if let Some(other) = other {
                for who in &owners {
                    if let Some(person) = model.people.get_mut(*who) {
                        person.role.clone_from(&other);
                    }
                }
                directly.extend(owners);
                for (_, roles) in model.groups.values_mut() {
                    if roles.remove(name) {
                        roles.insert(other.clone());
                    }
                }
                for one in model.invited.values_mut().filter(|one| one.role.as_deref() == Some(name)) {
                    one.role = Some(other.clone());
                }
                if model.default == name {
                    model.default = other;
                }
            }
        }
        Step::Default { role } => {
            needs("update ws")?;
            if !model.roles.contains_key(ROLES[*role]) {
                return Err("not-found");
            }
            ROLES[*role].clone_into(&mut model.default);
        }
        Step::Invite { who, role } => {
            needs("create people")?;
            if model.people.contains_key(PEOPLE[*who]) {
                return Err("conflict");
            }
            let role = role.map(|role| ROLES[role].to_owned());
            if role.as_ref().is_some_and(|role| !model.roles.contains_key(role)) {
                return Err("not-found");
            }
            match model.invited.get(PEOPLE[*who]) {
                Some(known) if known.expires > now => changed = false,
                _ => {
                    let invited = Invited { role, inviter: actor.to_owned(), expires: now + 30 * DAY };
                    model.invited.insert(PEOPLE[*who].to_owned(), invited);
                    let_in = Some((3, PEOPLE[*who].to_owned()));
                }
            }
        }
        Step::Cancel { who } => {
            needs("create people")?;
            model.invited.remove(PEOPLE[*who]).ok_or("not-found")?;
        }
        Step::Accept { .. } | Step::Pass { .. } => return Ok(()),
    }
    if !changed {
        return Ok(());
    }
    let (old, new) = (before.holders(), model.holders());
    let nothing = Permissions::new();
    let mut refusal = None;
    for (holder, now_held) in &new {
        // Members of invitations that are over count for nobody.
        if holder.0 == 3 && model.invited.get(&holder.1).is_some_and(|one| one.expires <= now) {
            continue;
        }
        let had = old.get(holder).filter(|_| let_in.as_ref() != Some(holder)).unwrap_or(&nothing);
        if now_held.difference(had).any(|permission| !held.contains(permission)) {
            refusal = refusal.or(Some("excess"));
        }
    }
    for (holder, had) in old.iter().filter(|(holder, _)| holder.0 == 0 && holder.1 != actor) {
        let now_held = new.get(holder).unwrap_or(&nothing);
        let lost = had.difference(now_held).next().is_some();
        // Of those who are let in again, what they held counts as given, not as theirs.
        let again = let_in.as_ref() == Some(holder);
        if (lost || directly.contains(&*holder.1)) && !again && !had.is_subset(&held) {
            refusal = refusal.or(Some("reaching-up"));
        }
    }
    if refusal.is_none() && !model.has_administrator() {
        refusal = Some("last-administrator");
    }
    match refusal {
        Some(refusal) => {
            *model = before;
            Err(refusal)
        }
        None => Ok(()),
    }
}

fn operation(step: &Step) -> Option<Operation> {
    let role = |role: usize| ROLES[role];
    Some(match step {
        Step::Join { who, role: wanted } => Operation::AddMember {
            subject: PEOPLE[*who].to_owned(),
            role: wanted.map(|one| role(one).into()),
            kind: None,
            properties: None,
        },
        Step::Role { who, role: wanted } => set_role(PEOPLE[*who], role(*wanted)),
        Step::Suspend { who } => suspend(PEOPLE[*who]),
        Step::Reactivate { who } => reactivate(PEOPLE[*who]),
        Step::Remove { who } => remove_member(PEOPLE[*who]),
        Step::NewGroup { group } => add_group(GROUPS[*group]),
        Step::Enter { group, who } => join_group(GROUPS[*group], PEOPLE[*who]),
        Step::Leave { group, who } => {
            Operation::RemoveFromGroup { group: GROUPS[*group].into(), member: PEOPLE[*who].into() }
        }
        Step::Give { group, role: wanted } => give(GROUPS[*group], role(*wanted)),
        Step::Take { group, role: wanted } => take(GROUPS[*group], role(*wanted)),
        Step::Dissolve { group } => Operation::RemoveGroup { group: GROUPS[*group].into(), version: None },
        Step::NewRole { role: wanted, document } => add_role(role(*wanted), DOCUMENTS[*document]),
        Step::Save { role: wanted, document } => save_role(role(*wanted), DOCUMENTS[*document]),
        Step::RemoveRole { role: wanted, other } => remove_role(role(*wanted), other.map(role)),
        Step::Default { role: wanted } => default_role(role(*wanted)),
        Step::Invite { who, role: wanted } => invite(PEOPLE[*who], wanted.map(role)),
        Step::Cancel { who } => Operation::CancelInvitation { invitation: PEOPLE[*who].into() },
        Step::Accept { .. } | Step::Pass { .. } => return None,
    })
}

/// How often each came out.
type Seen = BTreeMap<&'static str, usize>;

fn play(steps: &[(usize, Step)], seen: &RefCell<Seen>) -> Result<(), TestCaseError> {
    let world = World::of_schema(SCHEMA);
    let mut model = Model { default: "viewer".to_owned(), ..Model::default() };
    model.roles.insert("admin".to_owned(), (everything(), Permissions::new()));
    let readable = everything().into_iter().filter(|one| one.starts_with("read ")).collect();
    model.roles.insert("viewer".to_owned(), (readable, Permissions::new()));
    model.people.insert(ANN.to_owned(), Person { role: "admin".to_owned(), suspended: false, keyed: true });
    let mut calls: BTreeMap<&str, Call> = BTreeMap::from([(ANN, world.ann.clone())]);
    // Two who hold less, and act.
    for (who, role, document) in [(PEOPLE[1], "one", 3), (PEOPLE[2], "two", 2)] {
        world.act(&world.ann, add_role(role, DOCUMENTS[document]));
        model.roles.insert(role.to_owned(), said(document));
        calls.insert(who, world.joins(who, role));
        model.people.insert(who.to_owned(), Person { role: role.to_owned(), suspended: false, keyed: true });
    }
    let mut tokens: BTreeMap<usize, String> = BTreeMap::new();
    for (number, (actor, step)) in steps.iter().enumerate() {
        // Who cannot act, lets the administrator do it.
        let able = |who: &&str| model.people.get(*who).is_some_and(|one| one.keyed && !one.suspended);
        let actor = Some(PEOPLE[*actor]).filter(able).filter(|who| calls.contains_key(who));
        let actor = actor.or(Some(PEOPLE[1]).filter(able)).unwrap_or(ANN);
        let now = world.hand_now();
        match step {
            Step::Pass { days } => world.hand.pass(days * DAY),
            Step::Accept { who } => {
                let accepted = tokens.get(who).map(|token| world.service.accept(token, None));
                let invited = model.invited.get(PEOPLE[*who]).cloned();
                let good = invited.filter(|one| {
                    let role = one.role.clone().unwrap_or_else(|| model.default.clone());
                    let inviter = model.people.get(&one.inviter).is_some_and(|inviter| !inviter.suspended);
                    let given = model.of(&BTreeSet::from([role]));
                    one.expires > now
                        && inviter
                        && given.is_subset(&model.of_person(&one.inviter))
                        && !model.people.contains_key(PEOPLE[*who])
                });
                match (accepted, good) {
                    (Some(Ok(accepted)), Some(invited)) => {
                        let role = invited.role.unwrap_or_else(|| model.default.clone());
                        model.invited.remove(PEOPLE[*who]);
                        model
                            .people
                            .insert(PEOPLE[*who].to_owned(), Person { role, suspended: false, keyed: true });
                        let caller = world.service.authenticate(&accepted.key.reveal()).unwrap();
                        calls.insert(PEOPLE[*who], Call::of_key(caller));
                    }
                    (Some(Err(_)) | None, None) => {}
                    (accepted, good) => {
                        return Err(TestCaseError::fail(format!(
                            "step {number}: {accepted:?}, and the model {good:?}"
                        )));
                    }
                }
            }
            _ => {
                let Some(operation) = operation(step) else { continue };
                let done = world.try_to(calls.get(actor).unwrap_or(&world.ann), operation);
                let told = done.as_ref().map(|_| ()).map_err(|refused| refused.refusal.code());
                let good = model.people.get(actor).is_some_and(|one| one.keyed && !one.suspended);
                let known =
                    if good { expected(&mut model, actor, step, now) } else { Err("unauthenticated") };
                *seen.borrow_mut().entry(told.err().unwrap_or("done")).or_default() += 1;
                prop_assert_eq!(told, known, "step {}: {} does {:?}: {:?}", number, actor, step, done);
                if let (Step::Invite { who, .. }, Ok(done)) = (step, &done)
                    && let Some(secret) = &done.made[0].secret
                {
                    tokens.insert(*who, secret.reveal());
                }
                if let (Step::Remove { who }, Ok(_)) = (step, &done) {
                    calls.remove(PEOPLE[*who]);
                }
            }
        }
        same(&world, &model, number)?;
    }
    // What another process reads out of the store is what is in force here.
    let snapshot = world.service.snapshot(&Call::local("test"), world.acme).unwrap();
    let elsewhere = world.another_node().snapshot(&Call::local("test"), world.acme).unwrap();
    prop_assert!(portcullis::diff_snapshots(&snapshot, &elsewhere).is_empty());
    prop_assert_eq!(snapshot.revision(), elsewhere.revision());
    Ok(())
}

fn same(world: &World, model: &Model, number: usize) -> Result<(), TestCaseError> {
    let snapshot = world.service.snapshot(&Call::local("test"), world.acme).unwrap();
    for who in PEOPLE {
        let expected = match model.people.get(who) {
            Some(person) if !person.suspended => model.of_person(who),
            _ => Permissions::new(),
        };
        let found: Permissions = snapshot
            .what(who)
            .into_iter()
            .flatten()
            .map(|(action, kind)| format!("{action} {kind}"))
            .collect();
        prop_assert_eq!(&found, &expected, "step {}: what {} may", number, who);
    }
    Ok(())
}

#[test]
fn the_service_does_what_the_model_does() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 20_000 } else { 400 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let seen = RefCell::new(Seen::new());
    runner.run(&steps(), |steps| play(&steps, &seen)).unwrap_or_else(|failure| panic!("{failure}"));
    let seen = seen.into_inner();
    println!("{seen:?}");
    // Each came out often enough to mean something.
    for code in [
        "done",
        "excess",
        "reaching-up",
        "forbidden",
        "conflict",
        "in-use",
        "not-allowed",
        "last-administrator",
    ] {
        assert!(seen.get(code).is_some_and(|times| *times >= 8), "{code}: {seen:?}");
    }
}
