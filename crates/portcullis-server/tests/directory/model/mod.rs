//! The service beside a model that is too simple to be wrong: sets of words, no bits, no store. Random operations by several people, under a clock that is
//! set by hand; after each, both say the same of whether it was done, or why not, and of what everybody may.

mod expected;
mod steps;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use expected::expected;
use portcullis_server::{Call, Whence};
use proptest::prelude::*;
use steps::{PEOPLE, Step, operation, steps};

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

/// How often each came out.
type Seen = BTreeMap<&'static str, usize>;

fn play(world: &World, steps: &[(usize, Step)], seen: &RefCell<Seen>) -> Result<(), TestCaseError> {
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
                let accepted = tokens.get(who).map(|token| world.service.accept(token, &Whence::default()));
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
        same(world, &model, number)?;
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
    runner
        .run(&steps(), |steps| play(&World::of_schema(SCHEMA), &steps, &seen))
        .unwrap_or_else(|failure| panic!("{failure}"));
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

#[test]
fn on_a_disk_it_does_the_same() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 500 } else { 10 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let played = |steps: Vec<(usize, Step)>| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let world = World::in_folder(&data, SCHEMA);
        play(&world, &steps, &RefCell::default())?;
        // What is in force is in force after a restart.
        let snapshot = world.service.snapshot(&Call::local("test"), world.acme).unwrap();
        let acme = world.acme;
        drop(world);
        let store = std::sync::Arc::new(portcullis_store::SqliteStore::open(&data).unwrap());
        let again = portcullis_server::Service::open(store, Hand::new()).unwrap();
        let after = again.snapshot(&Call::local("test"), acme).unwrap();
        prop_assert!(portcullis::diff_snapshots(&snapshot, &after).is_empty());
        Ok(())
    };
    let played = proptest::test_runner::TestRunner::new(config).run(&steps(), played);
    played.unwrap_or_else(|failure| panic!("{failure}"));
}
