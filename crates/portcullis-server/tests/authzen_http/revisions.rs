//! `Portcullis-Revision`: on every answer to whoever belongs to the workspace, also where it is a failure, and on no other.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use portcullis::{Schema, Workspace};
use portcullis_server::{Admission, DoorBounds, Scope, ServedFile, Source, System};
use serde_json::json;

use crate::wire::client::{Answer, Asked};
use crate::wire::*;
use crate::world::*;
use crate::{BOB, House, VERA};

const REVISION: &str = "portcullis-revision";
const BODIES: [&str; 5] = [EVALUATION, EVALUATIONS, SUBJECTS, RESOURCES, ACTIONS];
const CAPABILITIES: &str = "/access/v1/capabilities";
const NUMBERING: &str = "/access/v1/capabilities/numbering";
const WATCH: &str = "/access/v1/watch";

/// The token of what is in force.
fn token(house: &House) -> String {
    house.world.service.revision(&house.world.ann, house.world.acme).unwrap()
}

/// Asks; of a watch, only its beginning is looked at.
fn ask(served: &Served, asked: &Asked) -> Answer {
    let mut client = served.client();
    client.send(&asked.written());
    client.next_or_stream().unwrap()
}

/// Says that a body is too long, and sends nothing of it.
fn too_long(served: &Served, path: &str, key: &str) -> Answer {
    let mut head = Asked::post(path, " ".repeat(3 << 20)).key(key).written();
    head.truncate(head.len() - (3 << 20));
    let mut client = served.client();
    client.send(&head);
    client.next().unwrap()
}

/// Asserts a status, and under which revision it is told, if under one.
#[track_caller]
fn told(answer: &Answer, status: u16, revision: Option<&str>) {
    assert_eq!((answer.status, answer.header(REVISION)), (status, revision), "{}", answer.text());
}

#[test]
fn every_answer_names_its_revision() {
    let house = House::new();
    let body = question(BOB, "read", "sync");
    for _ in 0..2 {
        for path in BODIES {
            told(&house.post(path, &body), 200, Some(&token(&house)));
        }
        for path in [CAPABILITIES, NUMBERING, WATCH] {
            told(&ask(&house.served, &Asked::get(path).key(&house.ann)), 200, Some(&token(&house)));
        }
        let asked = Asked::get(CAPABILITIES).key(&house.ann).header("if-none-match", "*");
        told(&house.ask(&asked), 304, Some(&token(&house)));
        house.world.act(&house.world.ann, save_role("few", &["allow read,update sync"]));
    }
}

#[test]
fn a_failure_names_the_revision_once_its_reader_is_known_to_belong_to_the_workspace() {
    let house = House::new();
    let (_, elsewhere) = house.world.key(&house.world.ann, &[Scope::Directory], None, None);
    let now = token(&house);
    let named = |answer: &Answer, status: u16| told(answer, status, Some(&now));
    let told = |asked: &Asked, status: u16| named(&house.ask(asked), status);
    let (own, others) = (question(BOB, "read", "sync"), question(VERA, "read", "sync"));
    for path in BODIES {
        for path in [path.to_owned(), format!("/workspaces/acme{path}")] {
            // A body that is none, of another type, empty, too long.
            told(&Asked::post(&path, "{").key(&house.bob), 400);
            told(&Asked::bytes(&path, "{}").key(&house.bob), 400);
            told(&Asked::post(&path, "").key(&house.bob), 400);
            named(&too_long(&house.served, &path, &house.bob), 413);
            // A key without the scope.
            told(&Asked::post(&path, &own).key(&elsewhere), 403);
        }
        let asked = |name: &str, value: &str| Asked::post(path, &own).key(&house.bob).header(name, value);
        told(&asked("portcullis-at-least", "1"), 400);
        told(&asked("portcullis-at-least", &now).header("portcullis-at-least", &now), 400);
        told(&asked("portcullis-at-least", &now).header("portcullis-wait", "x"), 400);
        told(&asked("portcullis-at-least", "0123456789abcdef.1"), 409);
        told(&asked("portcullis-at-least", &format!("{now}0")).header("portcullis-wait", "0"), 409);
    }
    told(&Asked::post(EVALUATION, &own).key(&house.bob).header("portcullis-explain", "x"), 400);
    // About others, and as somebody who may look for nobody.
    for path in [EVALUATION, EVALUATIONS, RESOURCES, ACTIONS] {
        told(&Asked::post(path, &others).key(&house.bob), 403);
    }
    told(&Asked::post(SUBJECTS, &own).key(&house.bob), 403);
    told(&Asked::get(&format!("{CAPABILITIES}?subject={VERA}")).key(&house.bob), 403);
    told(&Asked::get(&format!("{CAPABILITIES}?form=x")).key(&house.bob), 400);
    for path in [CAPABILITIES, NUMBERING, WATCH] {
        told(&Asked::get(path).key(&elsewhere), 403);
    }
}

#[test]
fn what_is_full_or_takes_too_long_names_the_revision_too() {
    let house = House::new();
    let (soon, body) = (Duration::from_millis(100), question(BOB, "read", "sync"));
    let bounds =
        DoorBounds { watches: 0, searches: 0, search_time: soon, body_time: soon, ..DoorBounds::default() };
    let served = Served::within(&house.world, bounds);
    let now = token(&house);
    told(&served.ask(&Asked::get(WATCH).key(&house.bob)), 503, Some(&now));
    told(&served.ask(&Asked::post(ACTIONS, &body).key(&house.bob)), 503, Some(&now));
    let slow = Asked::post(EVALUATION, &body).key(&house.bob).written();
    let mut client = served.client();
    client.send(&slow[..slow.len() - 1]);
    told(&client.next().unwrap(), 408, Some(&now));
}

/// What came while it waited is in force, though it is not what was waited for.
#[test]
fn a_revision_that_does_not_come_is_told_beside_the_one_that_is_in_force() {
    let house = House::new();
    let (epoch, number) = token(&house).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let far = format!("{epoch}.{}", number.parse::<u64>().unwrap() + 5);
    let waiting = |key: &str| {
        let asked = Asked::post(EVALUATION, question(BOB, "read", "sync")).key(key);
        let mut client = house.served.client();
        client.send(&asked.header("portcullis-at-least", &far).header("portcullis-wait", "500").written());
        thread::sleep(Duration::from_millis(100));
        client
    };
    let mut client = waiting(&house.bob);
    house.world.act(&house.world.ann, add_group("g"));
    told(&client.next().unwrap(), 409, Some(&token(&house)));
    // Nor is anything told to whoever was shut out meanwhile.
    let mut client = waiting(&house.bob);
    house.world.act(&house.world.ann, suspend(BOB));
    told(&client.next().unwrap(), 401, None);
}

#[test]
fn nobody_else_is_told_a_revision() {
    let house = House::new();
    let operator = house.world.service.authenticate_operator(&house.world.operator).unwrap();
    let other = house.world.service.create_workspace(&operator, "other", "hightouch", ANN).unwrap();
    let theirs = other.key.reveal();
    let body = question(BOB, "read", "sync");
    for path in BODIES {
        told(&house.ask(&Asked::post(path, &body)), 401, None);
        told(&house.ask(&Asked::post(path, "{").key("x")), 401, None);
        told(&too_long(&house.served, path, "x"), 401, None);
        told(&house.ask(&Asked::post(path, &body).header("portcullis-at-least", "1")), 401, None);
        told(&house.ask(&Asked::get(path).key(&house.ann)), 405, None);
        for name in ["acme", "none", &house.world.acme.to_string()] {
            let path = format!("/workspaces/{name}{path}");
            told(&house.ask(&Asked::post(&path, &body).key(&theirs)), 404, None);
            told(&house.ask(&Asked::post(&path, "{").key(&theirs)), 404, None);
        }
    }
    for path in [CAPABILITIES, NUMBERING, WATCH] {
        told(&house.ask(&Asked::get(path)), 401, None);
        told(&house.ask(&Asked::get(&format!("/workspaces/acme{path}")).key(&theirs)), 404, None);
        told(&house.ask(&Asked::post(path, "{}").key(&house.ann)), 405, None);
    }
    told(&house.ask(&Asked::get("/access/v1/nothing").key(&house.ann)), 404, None);
    // What is of no workspace is of no revision.
    for (path, key) in [
        ("/livez", &house.ann),
        ("/readyz", &house.ann),
        ("/metrics", &house.world.operator),
        ("/.well-known/authzen-configuration", &house.ann),
        ("/.well-known/authzen-configuration/workspaces/acme", &house.ann),
    ] {
        told(&house.ask(&Asked::get(path).key(key)), 200, None);
    }
    told(&house.ask(&Asked::get("/metrics").key(&house.ann)), 401, None);
    let claim = json!({ "code": "x", "workspace": "mine", "admin": "eve" });
    told(&house.ask(&Asked::post("/setup", &claim).key(&house.ann)), 401, None);
    let served = Served::within(&house.world, DoorBounds { failures: 0, ..DoorBounds::default() });
    told(&served.ask(&Asked::post(EVALUATION, &body)), 429, None);
}

#[test]
fn failures_before_a_served_file_name_its_revision_too() {
    let workspace = Workspace::new("acme", Schema::hightouch().unwrap());
    let snapshot = workspace.compile().unwrap().0;
    let file = ServedFile::new(snapshot, Admission::Anybody, Arc::new(System)).unwrap();
    let served = Served::from(Source::File(Arc::new(file)), DoorBounds::default());
    let good = served.ask(&Asked::post(EVALUATION, question(BOB, "read", "sync")));
    let now = good.header(REVISION).unwrap();
    told(&good, 200, Some(now));
    told(&served.ask(&Asked::post(EVALUATION, "{")), 400, Some(now));
    let waiting = Asked::post(EVALUATION, question(BOB, "read", "sync")).header("portcullis-at-least", now);
    told(&served.ask(&waiting), 400, Some(now));
    told(&served.ask(&Asked::get(CAPABILITIES)), 400, Some(now));
    told(&served.ask(&Asked::post("/workspaces/none/access/v1/evaluation", "{")), 404, None);
    told(&served.ask(&Asked::post(EVALUATION, "{").header("host", "rebound.example")), 403, None);
}
