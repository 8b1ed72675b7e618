//! Every endpoint and every kind of credential: the status that rule 21 of the gate says.

use portcullis_server::{DoorBounds, Scope};
use serde_json::json;

use crate::wire::client::{Answer, Asked};
use crate::wire::*;
use crate::world::*;
use crate::{BOB, House, VERA};

/// Below `/access/v1` and below a workspace.
const ENDPOINTS: [(&str, &str); 8] = [
    ("POST", "evaluation"),
    ("POST", "evaluations"),
    ("POST", "search/subject"),
    ("POST", "search/resource"),
    ("POST", "search/action"),
    ("GET", "capabilities"),
    ("GET", "capabilities/numbering"),
    ("GET", "watch"),
];

/// Asks an endpoint below a path. Of a watch, only its beginning is looked at.
fn ask(house: &House, below: &str, endpoint: (&str, &str), key: Option<&str>, about: &str) -> Answer {
    let (method, name) = endpoint;
    let path = format!("{below}/access/v1/{name}");
    let asked = match method {
        "POST" => Asked::post(&path, question(about, "read", "sync")),
        _ if name == "capabilities" => Asked::get(&format!("{path}?subject={about}")),
        _ => Asked::get(&path),
    };
    let asked = match key {
        Some(key) => asked.key(key),
        None => asked,
    };
    let mut client = house.served.client();
    client.send(&asked.written());
    client.next_or_stream().unwrap()
}

/// All of an answer but when it was given.
fn timeless(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    answer.headers.retain(|(name, _)| name != "date");
    answer
}

/// Credentials that open nothing, each with what it is.
fn bad(house: &House) -> Vec<(&'static str, Option<String>)> {
    let world = &house.world;
    let (_, revoked) = world.key(&world.ann, &Scope::ALL, None, None);
    world.act(&world.ann, revoke(revoked.split('_').nth(2).unwrap().to_owned()));
    let (_, expired) = world.key(&world.ann, &Scope::ALL, None, Some(world.hand_now() + DAY));
    world.hand.pass(DAY);
    let suspended = world.joins_with_key("sus@acme.example", "viewer");
    world.act(&world.ann, suspend("sus@acme.example"));
    let removed = world.joins_with_key("gone@acme.example", "viewer");
    world.act(&world.ann, remove_member("gone@acme.example"));
    let invitation = world.invited(&world.ann, "guest@acme.example", Some("viewer"));
    let (begin, end) = house.ann.split_at(house.ann.len() - 20);
    let slip = format!("{begin}{}{}", if end.starts_with('a') { 'b' } else { 'a' }, &end[1..]);
    // A key that is sound and of another store, whose ids are others.
    let elsewhere = World::new();
    elsewhere.act(&elsewhere.ann, add_group("g"));
    let (_, foreign) = elsewhere.key(&elsewhere.ann, &Scope::ALL, None, None);
    let mixed: String = {
        let (head, _) = house.ann.rsplit_once('_').unwrap();
        format!("{head}_{}", house.bob.rsplit_once('_').unwrap().1)
    };
    vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("garbage", Some("x".repeat(3_000))),
        ("slip", Some(slip)),
        ("unknown", Some(foreign)),
        ("mixed", Some(mixed)),
        ("revoked", Some(revoked)),
        ("expired", Some(expired)),
        ("suspended", Some(suspended)),
        ("removed", Some(removed)),
        ("operator", Some(world.operator.clone())),
        ("invitation", Some(invitation)),
    ]
}

#[test]
fn no_or_a_bad_credential_is_401_with_one_body() {
    let house = House::new();
    let mut bodies = Vec::new();
    for (what, key) in bad(&house) {
        for below in ["", "/workspaces/acme", "/workspaces/none"] {
            for endpoint in ENDPOINTS {
                let told = ask(&house, below, endpoint, key.as_deref(), ANN);
                // So many of them are too many, which comes later.
                if told.status == 429 {
                    house.world.hand.pass(60_000);
                    continue;
                }
                assert_eq!(told.status, 401, "{what} {below} {endpoint:?}: {}", told.text());
                bodies.push(timeless(&told));
            }
        }
    }
    assert!(bodies.len() > 250, "{}", bodies.len());
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(bodies[0].header("www-authenticate"), Some("Bearer"));
}

#[test]
fn another_tenants_workspace_is_404_as_one_that_does_not_exist() {
    let house = House::new();
    let operator = house.world.service.authenticate_operator(&house.world.operator).unwrap();
    let other = house.world.service.create_workspace(&operator, "other", "hightouch", ANN).unwrap();
    let theirs = other.key.reveal();
    let nowhere = "0".repeat(other.workspace.to_string().len());
    for endpoint in ENDPOINTS {
        let of = |key: &str, name: &str| {
            let mut told = timeless(&ask(&house, &format!("/workspaces/{name}"), endpoint, Some(key), ANN));
            // Names of several lengths are said back.
            told.headers.retain(|(header, _)| header != "content-length");
            (told.status, told.headers.clone(), told.text().replace(name, "NAME"))
        };
        for (key, foreign) in [(&theirs, "acme"), (&house.ann, "other")] {
            let none = of(key, "none");
            assert_eq!(none.0, 404, "{endpoint:?}");
            assert_eq!(of(key, foreign), none, "{endpoint:?}");
        }
        assert_eq!(of(&theirs, &house.world.acme.to_string()), of(&theirs, &nowhere), "{endpoint:?}");
        // Their own, by name and by id, is there.
        assert_eq!(of(&theirs, "other").0, 200, "{endpoint:?}");
        assert_eq!(of(&theirs, &other.workspace.to_string()).0, 200, "{endpoint:?}");
    }
    // Whoever has no good credential is told nothing of either.
    assert_eq!(ask(&house, "/workspaces/none", ENDPOINTS[0], None, ANN).status, 401);
}

#[test]
fn a_member_without_the_permission_is_403_which_names_it() {
    let house = House::new();
    for below in ["", "/workspaces/acme"] {
        for endpoint in ENDPOINTS {
            let (_, name) = endpoint;
            let about_others = !matches!(name, "evaluations" | "capabilities/numbering" | "watch");
            let told = ask(&house, below, endpoint, Some(&house.bob), VERA);
            if about_others || name == "evaluations" {
                assert_eq!(told.status, 403, "{endpoint:?}: {}", told.text());
                assert!(told.message().contains("`read` on the administration type of membership"));
            } else {
                assert_eq!(told.status, 200, "{endpoint:?}");
            }
            // About oneself it needs nothing more, but to look for subjects is to ask about others.
            let own = ask(&house, below, endpoint, Some(&house.bob), BOB);
            assert_eq!(
                own.status,
                if name == "search/subject" { 403 } else { 200 },
                "{endpoint:?}: {}",
                own.text()
            );
        }
    }
}

#[test]
fn a_member_with_the_permission_is_answered() {
    let house = House::new();
    for below in ["", "/workspaces/acme", &format!("/workspaces/{}", house.world.acme)] {
        for endpoint in ENDPOINTS {
            for key in [&house.ann, &house.vera] {
                let told = ask(&house, below, endpoint, Some(key), BOB);
                assert_eq!(told.status, 200, "{below} {endpoint:?}: {}", told.text());
            }
        }
    }
}

#[test]
fn a_key_without_the_scope_is_403_which_names_it() {
    let house = House::new();
    let others: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| *scope != Scope::Decide).collect();
    let (_, key) = house.world.key(&house.world.ann, &others, None, None);
    for below in ["", "/workspaces/acme"] {
        for endpoint in ENDPOINTS {
            let told = ask(&house, below, endpoint, Some(&key), ANN);
            assert_eq!((told.status, told.message().contains("`decide`")), (403, true), "{endpoint:?}");
        }
    }
}

#[test]
fn what_needs_no_member_asks_for_none() {
    let house = House::new();
    for (what, key) in bad(&house).into_iter().chain([("a member", Some(house.ann.clone()))]) {
        for path in ["/livez", "/readyz", "/.well-known/authzen-configuration"] {
            let asked = Asked::get(path);
            let asked = if let Some(key) = &key { asked.key(key) } else { asked };
            assert_eq!(house.ask(&asked).status, 200, "{what} {path}");
        }
    }
    // Counts are the operator's, who has no rights inside a workspace.
    let counts = |key: Option<&str>| {
        let asked = Asked::get("/metrics");
        house.ask(&if let Some(key) = key { asked.key(key) } else { asked })
    };
    for key in [None, Some("x"), Some(&*house.ann), Some(&*house.bob)] {
        assert_eq!(counts(key).status, 401);
    }
    let told = counts(Some(&house.world.operator));
    assert_eq!((told.status, told.text().contains("portcullis_requests_total")), (200, true));
    assert!(!told.text().contains("acme"), "counts name no workspace");
    // A store that is set up is not set up again, whoever asks.
    let claim = json!({ "code": "portcullis_setup_x", "workspace": "mine", "admin": "eve" });
    for key in [None, Some(&*house.ann), Some(&*house.world.operator)] {
        let asked = Asked::post("/setup", &claim);
        let told = house.ask(&if let Some(key) = key { asked.key(key) } else { asked });
        assert!(matches!(told.status, 401 | 403), "{told:?}");
    }
}

#[test]
fn failures_are_throttled_and_a_good_credential_is_not() {
    let house = House::new();
    let served = Served::within(&house.world, DoorBounds { failures: 5, ..DoorBounds::default() });
    let ask = |key: Option<&str>| {
        let asked = Asked::post(EVALUATION, question(BOB, "read", "sync"));
        served.ask(&if let Some(key) = key { asked.key(key) } else { asked })
    };
    let mut statuses = Vec::new();
    for at in 0..8 {
        statuses.push(ask(if at % 2 == 0 { None } else { Some("x") }).status);
        assert!(ask(Some(&house.bob)).decision());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert_eq!(ask(None).header("retry-after"), Some("60"));
    // On one connection too, between good ones.
    let mut client = served.client();
    for _ in 0..3 {
        assert_eq!(client.ask(&Asked::post(EVALUATION, "{}").key("x")).status, 429);
        assert!(
            client.ask(&Asked::post(EVALUATION, question(BOB, "read", "sync")).key(&house.bob)).decision()
        );
    }
    house.world.hand.pass(60_000);
    assert_eq!(ask(None).status, 401);
}

/// Every answer to a bad credential counts, by whichever way in.
#[test]
fn every_failed_authentication_is_counted() {
    let house = House::new();
    let served = Served::within(&house.world, DoorBounds { failures: 0, ..DoorBounds::default() });
    for endpoint in ENDPOINTS {
        let asked = Asked::by(endpoint.0, &format!("/access/v1/{}", endpoint.1));
        assert_eq!(served.ask(&asked.key("x")).status, 429, "{endpoint:?}");
    }
    assert_eq!(served.ask(&Asked::get("/metrics").key("x")).status, 429);
}
