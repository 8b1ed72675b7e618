//! Random worlds with conditions: evaluation is what the reference says, and what a search finds is what evaluation allows, no more and
//! no less; over a served file, and over a store for askers of every kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis::matrix::Layout;
use portcullis::{NoFiles, Source as Text};
use portcullis_server::{
    Admission, Call, DoorBounds, Operation, Outside, Scope, ServedFile, Source, rfc3339,
};
use portcullis_testkit::agreement::read;
use portcullis_testkit::generate::{Prng, Size, conditional_case};
use portcullis_testkit::reference::{Reference, Request};
use serde_json::json;
use serde_json::value::RawValue;

use crate::wire::client::{Asked, Client};
use crate::wire::*;
use crate::world::*;

type Parts = BTreeMap<String, Box<RawValue>>;

fn parts(text: &str) -> Parts {
    serde_json::from_str(text).unwrap()
}

fn text(parts: &Parts) -> String {
    serde_json::to_string(parts).unwrap()
}

/// A request with a string in the place of a member of one of its parts.
fn put(request: &str, part: &str, key: &str, value: &str) -> String {
    let mut whole = parts(request);
    let mut inner = parts(whole[part].get());
    inner.insert(key.to_owned(), RawValue::from_string(json!(value).to_string()).unwrap());
    whole.insert(part.to_owned(), RawValue::from_string(text(&inner)).unwrap());
    text(&whole)
}

/// The same with an action that brings nothing.
fn with_action(request: &str, name: &str) -> String {
    let mut whole = parts(request);
    whole.insert("action".to_owned(), RawValue::from_string(json!({ "name": name }).to_string()).unwrap());
    text(&whole)
}

/// Whether a request is an AuthZEN one: the generator writes bare strings too, and resources without ids.
fn is_whole(request: &str) -> bool {
    let whole = parts(request);
    ["subject", "action", "resource"].iter().all(|part| whole[*part].get().starts_with('{'))
        && parts(whole["resource"].get()).contains_key("id")
}

/// The number of seeds: a second or two, or minutes.
fn seeds() -> u64 {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 2_000 } else { 60 }
}

fn size(seed: u64) -> Size {
    Size { questions: 30, ..Size::drawn(&mut Prng::new(seed ^ 0x5eed)) }
}

/// What an asker is told of each of these requests, in one batch: a denial where it may not ask.
fn decided(client: &mut Client, key: Option<&str>, requests: &[String]) -> Vec<bool> {
    if requests.is_empty() {
        return Vec::new();
    }
    let body = format!("{{\"evaluations\":[{}]}}", requests.join(","));
    client.ask(&keyed(Asked::post(EVALUATIONS, body), key)).decisions()
}

fn keyed(asked: Asked, key: Option<&str>) -> Asked {
    if let Some(key) = key { asked.key(key) } else { asked }
}

/// Holds a search against the evaluations of all that it could find; how many it found.
fn agrees(
    client: &mut Client,
    key: Option<&str>,
    path: &str,
    body: &str,
    candidates: &BTreeMap<String, String>,
) -> usize {
    let told = client.ask(&keyed(Asked::post(path, body), key));
    if told.status == 403 {
        return 0;
    }
    let found = told.found();
    let requests: Vec<String> = candidates.values().cloned().collect();
    let allowed = candidates.keys().zip(decided(client, key, &requests)).filter(|(_, allowed)| *allowed);
    let expected: Vec<&str> = allowed.map(|(id, _)| &**id).collect();
    assert_eq!(found, expected, "{path} {body}");
    found.len()
}

/// What each search of a request could find, with the evaluation of each.
struct Candidates {
    subjects: BTreeMap<String, String>,
    resources: BTreeMap<String, String>,
    actions: BTreeMap<String, String>,
}

impl Candidates {
    fn of(request: &str, reference: &Reference, more: &[&str]) -> Candidates {
        let kind: String =
            serde_json::from_str(parts(parts(request)["resource"].get())["type"].get()).unwrap();
        let own = reference.vocabulary().type_asked(&kind);
        let ids: BTreeSet<&str> =
            reference.objects().filter(|(kind, _)| Some(*kind) == own).map(|(_, id)| id).collect();
        let members = reference.members().chain(more.iter().copied());
        Candidates {
            subjects: members.map(|id| (id.to_owned(), put(request, "subject", "id", id))).collect(),
            resources: ids.iter().map(|id| ((*id).to_owned(), put(request, "resource", "id", id))).collect(),
            actions: reference
                .vocabulary()
                .actions()
                .into_iter()
                .map(|name| (name.to_owned(), with_action(request, name)))
                .collect(),
        }
    }

    fn agree(&self, client: &mut Client, key: Option<&str>, request: &str) -> usize {
        agrees(client, key, SUBJECTS, request, &self.subjects)
            + agrees(client, key, RESOURCES, request, &self.resources)
            + agrees(client, key, ACTIONS, request, &self.actions)
    }
}

#[test]
fn a_served_file_decides_as_the_reference_and_finds_what_it_allows() {
    let hand = Hand::new();
    let first = read(&conditional_case(0, size(0)).unwrap().workspace, Layout::Auto).unwrap();
    let outside = Arc::clone(&hand) as Arc<dyn Outside>;
    let file = Arc::new(ServedFile::new(first, Admission::Anybody, outside).unwrap());
    let served = Served::from(Source::File(Arc::clone(&file)), DoorBounds::default());
    let mut client = served.client();
    let (mut asked, mut allowed, mut found) = (0, 0, 0);
    for seed in 0..seeds() {
        let case = conditional_case(seed, size(seed)).unwrap();
        file.replace(read(&case.workspace, Layout::Auto).unwrap());
        let reference = Reference::read(&case.workspace).unwrap();
        let now = rfc3339(hand.now());
        for request in case.requests.iter().map(|one| &*one.request).filter(|request| is_whole(request)) {
            let expected = |text: &str| {
                let mut request = Request::read(text).unwrap();
                request.now.clone_from(&now);
                reference.answer(&request).is_allowed()
            };
            let decision = client.ask(&Asked::post(EVALUATION, request)).decision();
            assert_eq!(decision, expected(request), "seed {seed}: {request}");
            let candidates = Candidates::of(request, &reference, &[]);
            for (id, one) in &candidates.subjects {
                let told = decided(&mut client, None, std::slice::from_ref(one));
                assert_eq!(told, [expected(one)], "seed {seed}: {id} {request}");
            }
            asked += 1;
            allowed += usize::from(decision);
            found += candidates.agree(&mut client, None, request);
        }
    }
    println!("{asked} requests, {allowed} allowed, {found} found");
    assert!(asked > 200 && allowed > 30 && found > 200);
}

#[test]
fn in_a_store_whoever_searches_finds_what_its_own_evaluations_allow() {
    let world = World::new();
    let served = Served::of(&world);
    let mut client = served.client();
    let (mut asked, mut found) = (0, [0; 4]);
    for seed in 0..seeds() / 2 {
        let case = conditional_case(seed, size(seed)).unwrap();
        let reference = Reference::read(&case.workspace).unwrap();
        let Some(member) = reference.members().next().map(str::to_owned) else { continue };
        let mut whole = parts(&case.workspace);
        whole.insert("workspace".to_owned(), RawValue::from_string(format!("\"generated {seed}\"")).unwrap());
        let setup = world.service.import("root", &Text::new("w", text(&whole)), &NoFiles, "root").unwrap();
        let root = setup.key.reveal();
        let call = Call::of_key(world.service.authenticate(&root).unwrap());
        let key = |call: &Call, member: Option<&str>, policy: Option<String>| {
            let operation = Operation::AddKey {
                member: member.map(Into::into),
                name: "k".to_owned(),
                scopes: vec![Scope::Decide],
                policy,
                expires: None,
            };
            let done = world.service.change(call, setup.workspace, &operation.into()).unwrap();
            done.made[0].secret.as_ref().unwrap().reveal()
        };
        // Half of what there is to do, on anything, and on all that the administrator reads.
        let half: Vec<&str> = reference.vocabulary().actions().into_iter().step_by(2).collect();
        let policy = json!({ "version": "2022-04-26", "policies": [
            { "effect": "allow", "actions": half, "resource": "*" },
            { "effect": "allow", "actions": "read", "resource": ["portcullis.workspace", "portcullis.membership"] },
        ] });
        let narrow = key(&call, None, Some(policy.to_string()));
        let plain = key(&Call::local("root"), Some(&member), None);
        let suspended = world.service.authenticate(&plain).is_err();
        for request in case.requests.iter().map(|one| &*one.request).filter(|request| is_whole(request)) {
            let own = put(request, "subject", "id", "root");
            for (at, key, request) in [(0, &root, request), (1, &narrow, request), (2, &narrow, &own)] {
                let candidates = Candidates::of(request, &reference, &["root"]);
                found[at] += candidates.agree(&mut client, Some(key), request);
            }
            if !suspended {
                let own = put(request, "subject", "id", &member);
                let candidates = Candidates::of(&own, &reference, &["root"]);
                found[3] += candidates.agree(&mut client, Some(&plain), &own);
            }
            asked += 1;
        }
    }
    println!("{asked} requests, found {found:?}");
    assert!(asked > 100 && found.iter().all(|found| *found > 20), "{asked} {found:?}");
}
