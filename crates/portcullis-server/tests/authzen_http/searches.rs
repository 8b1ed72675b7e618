//! The three searches: what they take, what they find, and page by page.

use serde_json::{Value, json};

use crate::wire::client::Asked;
use crate::wire::*;
use crate::world::*;
use crate::{BOB, House};

/// A house with objects, of which Tim may read those of his team.
fn with_objects() -> (House, String) {
    let house = House::new();
    for (id, team) in [("1", "a"), ("2", "b"), ("3", "a"), ("10", "a")] {
        house.world.act(&house.world.ann, put_object("sync", id, json!({ "team": team })));
    }
    let role = [r#"allow read sync {"team": {"equals": "a"}}"#, "allow read workspace_membership"];
    house.world.act(&house.world.ann, add_role("team a", &role));
    let tim = house.world.joins_with_key("tim@acme.example", "team a");
    (house, tim)
}

fn who(action: &str, resource: &str) -> Value {
    without(&question("x", action, resource), "subject.id")
}

fn which(subject: &str, action: &str) -> Value {
    without(&question(subject, action, "sync"), "resource.id")
}

#[test]
fn subjects_are_found_with_their_type_before_their_id() {
    let house = House::new();
    let told = house.post(SUBJECTS, who("start", "sync"));
    let expected =
        format!(r#"{{"results":[{{"type":"user","id":"{ANN}"}},{{"type":"user","id":"{BOB}"}}]}}"#);
    assert_eq!(told.text(), expected);
    let told = house.post(SUBJECTS, who("delete", "sync"));
    assert_eq!(told.text(), format!(r#"{{"results":[{{"type":"user","id":"{ANN}"}}]}}"#));
}

#[test]
fn resources_and_actions_are_found() {
    let (house, tim) = with_objects();
    let told = house.post(RESOURCES, which("tim@acme.example", "read"));
    let each = ["1", "10", "3"].map(|id| format!(r#"{{"type":"sync","id":"{id}"}}"#));
    assert_eq!(told.text(), format!(r#"{{"results":[{}]}}"#, each.join(",")));
    let own = house.ask(&Asked::post(RESOURCES, which("tim@acme.example", "read")).key(&tim));
    assert_eq!(own.text(), told.text());
    let told = house.post(ACTIONS, without(&question(BOB, "x", "sync"), "action"));
    assert_eq!(told.text(), r#"{"results":[{"name":"read"},{"name":"start"}]}"#);
}

#[test]
fn an_id_on_what_is_searched_for_is_ignored() {
    let (house, _) = with_objects();
    let body = which("tim@acme.example", "read");
    let plain = house.post(RESOURCES, &body);
    for id in [json!("2"), json!("none"), json!(5), json!({})] {
        assert_eq!(house.post(RESOURCES, with(&body, "resource.id", id)).text(), plain.text());
    }
    let plain = house.post(SUBJECTS, who("start", "sync"));
    assert_eq!(
        house.post(SUBJECTS, with(&who("start", "sync"), "subject.id", json!(BOB))).text(),
        plain.text()
    );
    // So is an action, where actions are searched for.
    let plain = house.post(ACTIONS, without(&question(BOB, "x", "sync"), "action"));
    for action in [json!({ "name": "read" }), json!(5), json!("read")] {
        let told = house.post(ACTIONS, with(&question(BOB, "x", "sync"), "action", action));
        assert_eq!(told.text(), plain.text());
    }
}

#[test]
fn what_is_unknown_finds_nothing() {
    let (house, _) = with_objects();
    for (path, body) in [
        (SUBJECTS, who("no action", "sync")),
        (SUBJECTS, who("read", "no type")),
        (SUBJECTS, with(&who("read", "sync"), "subject.type", json!("robot"))),
        (RESOURCES, which("nobody", "read")),
        (RESOURCES, which(ANN, "no action")),
        (RESOURCES, with(&which(ANN, "read"), "resource.type", json!("no type"))),
        (RESOURCES, with(&which(ANN, "read"), "subject.type", json!("robot"))),
        (ACTIONS, question("nobody", "x", "sync")),
        (ACTIONS, question(ANN, "x", "no type")),
        (ACTIONS, with(&question(ANN, "x", "sync"), "subject.type", json!("robot"))),
    ] {
        let told = house.post(path, &body);
        assert_eq!((told.status, told.text()), (200, r#"{"results":[]}"#), "{path} {body}");
    }
    // A resource that is not stored may be asked about all the same.
    assert_eq!(house.post(SUBJECTS, who("start", "sync")).found().len(), 2);
}

#[test]
fn a_missing_id_on_an_input_entity_is_400() {
    let house = House::new();
    let full = question(BOB, "read", "sync");
    for (path, missing) in [
        (SUBJECTS, "resource.id"),
        (SUBJECTS, "resource.type"),
        (SUBJECTS, "resource"),
        (SUBJECTS, "subject"),
        (SUBJECTS, "subject.type"),
        (SUBJECTS, "action"),
        (SUBJECTS, "action.name"),
        (RESOURCES, "subject.id"),
        (RESOURCES, "subject.type"),
        (RESOURCES, "action"),
        (RESOURCES, "resource"),
        (RESOURCES, "resource.type"),
        (ACTIONS, "subject.id"),
        (ACTIONS, "resource.id"),
        (ACTIONS, "resource"),
    ] {
        assert_eq!(house.post(path, without(&full, missing)).status, 400, "{path} without {missing}");
    }
}

/// Follows the pages of a search from its first to its last, and gives what is on each.
fn pages(house: &House, path: &str, body: &Value, page: Value) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut body = with(body, "page", page);
    loop {
        let told = house.post(path, &body);
        let found = told.found();
        let page = told.json()["page"].clone();
        assert_eq!(page["count"], found.len());
        all.push(found);
        match page["next_token"].as_str().unwrap() {
            "" => return all,
            // The token alone: it carries the limit.
            token => body["page"] = json!({ "token": token }),
        }
    }
}

#[test]
fn pages_follow_each_other_and_the_token_carries_the_limit() {
    let (house, _) = with_objects();
    let body = which(ANN, "read");
    let whole = house.post(RESOURCES, &body).found();
    assert_eq!(whole, ["1", "10", "2", "3"]);
    for limit in 1..6_usize {
        let pages = pages(&house, RESOURCES, &body, json!({ "limit": limit }));
        assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit), "{pages:?}");
        assert_eq!((pages.concat(), pages.len()), (whole.clone(), whole.len().div_ceil(limit)));
    }
    let subjects = pages(&house, SUBJECTS, &who("read", "sync"), json!({ "limit": 1 }));
    assert_eq!(subjects.concat(), house.post(SUBJECTS, who("read", "sync")).found());
    assert_eq!(subjects.len(), 4);
    let actions =
        pages(&house, ACTIONS, &without(&question(BOB, "x", "sync"), "action"), json!({ "limit": 1 }));
    assert_eq!(actions, [["read"], ["start"]]);
    // A limit that is said again counts.
    let first = house.post(RESOURCES, with(&body, "page", json!({ "limit": 1 }))).json();
    let again = json!({ "token": first["page"]["next_token"], "limit": 2 });
    assert_eq!(house.post(RESOURCES, with(&body, "page", again)).found(), ["10", "2"]);
}

#[test]
fn a_page_is_said_only_when_one_was_asked_for_or_there_is_more() {
    let (house, _) = with_objects();
    let body = which(ANN, "read");
    assert!(house.post(RESOURCES, &body).json().get("page").is_none());
    for page in [json!({}), json!({ "limit": 100 }), json!({ "token": "" })] {
        let told = house.post(RESOURCES, with(&body, "page", page)).json();
        assert_eq!(told["page"], json!({ "next_token": "", "count": 4, "total": 4 }));
    }
    // More than a page holds at all is partial, whoever asked for what.
    let bounds = portcullis_server::DoorBounds { page: 3, ..Default::default() };
    let small = Served::within(&house.world, bounds);
    let told = small.ask(&Asked::post(RESOURCES, &body).key(&house.ann)).json();
    assert_eq!((&told["page"]["count"], &told["page"]["total"]), (&json!(3), &json!(4)));
    let next = with(&body, "page", json!({ "token": told["page"]["next_token"] }));
    let last = small.ask(&Asked::post(RESOURCES, next).key(&house.ann));
    assert_eq!((last.found(), &last.json()["page"]["next_token"]), (vec!["3".to_owned()], &json!("")));
}

#[test]
fn a_limit_of_0_is_a_page_of_nothing() {
    let (house, _) = with_objects();
    let body = with(&which(ANN, "read"), "page", json!({ "limit": 0 }));
    let told = house.post(RESOURCES, &body).json();
    assert_eq!((&told["results"], &told["page"]["total"]), (&json!([]), &json!(4)));
    let token = told["page"]["next_token"].as_str().unwrap();
    assert!(!token.is_empty());
    let next = with(&body, "page", json!({ "token": token, "limit": 10 }));
    assert_eq!(house.post(RESOURCES, next).found().len(), 4);
    let none = with(&with(&body, "subject.id", json!("nobody")), "page", json!({ "limit": 0 }));
    assert_eq!(house.post(RESOURCES, none).json()["page"]["next_token"], "");
}

#[test]
fn a_token_that_does_not_fit_its_request_is_400() {
    let (house, _) = with_objects();
    let body = which(ANN, "read");
    let first = house.post(RESOURCES, with(&body, "page", json!({ "limit": 1 }))).json();
    let token = first["page"]["next_token"].as_str().unwrap();
    let paged = |body: &Value, token: &str| with(body, "page", json!({ "token": token }));
    for (path, other) in [
        (RESOURCES, which(BOB, "read")),
        (RESOURCES, which(ANN, "delete")),
        (RESOURCES, with(&body, "resource.type", json!("model"))),
        (RESOURCES, with(&body, "context", json!({ "a": 1 }))),
        (RESOURCES, with(&body, "subject.properties", json!({ "a": 1 }))),
        (SUBJECTS, question(ANN, "read", "sync")),
        (ACTIONS, question(ANN, "read", "sync")),
    ] {
        assert_eq!(house.post(path, paged(&other, token)).status, 400, "{path} {other}");
    }
    for bad in ["x", "AAAA", &token[1..], &token[..token.len() - 1], &format!("{token}A"), &"A".repeat(5_000)]
    {
        assert_eq!(house.post(RESOURCES, paged(&body, bad)).status, 400, "{bad}");
    }
    for page in [
        json!(5),
        json!({ "limit": -1 }),
        json!({ "limit": "1" }),
        json!({ "limit": 1.5 }),
        json!({ "token": 5 }),
    ] {
        assert_eq!(house.post(RESOURCES, with(&body, "page", page.clone())).status, 400, "{page}");
    }
    // It is good as long as its request is the same, also after a change.
    house.world.act(&house.world.ann, put_object("sync", "11", json!({})));
    assert_eq!(house.post(RESOURCES, paged(&body, token)).found(), ["10"]);
}
