//! Metadata: where the endpoints are.

use serde_json::json;

use crate::House;
use crate::wire::BASE;
use crate::wire::client::Asked;

#[test]
fn metadata_name_every_endpoint_under_the_base() {
    let house = House::new();
    let told = house.ask(&Asked::get("/.well-known/authzen-configuration"));
    assert_eq!((told.status, told.header("content-type")), (200, Some("application/json")));
    let expected = json!({
        "policy_decision_point": BASE,
        "access_evaluation_endpoint": format!("{BASE}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{BASE}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{BASE}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{BASE}/access/v1/search/resource"),
        "search_action_endpoint": format!("{BASE}/access/v1/search/action"),
    });
    assert_eq!(told.json(), expected);
}

#[test]
fn each_workspace_has_metadata_of_its_own() {
    let house = House::new();
    for (name, written) in [("acme", "acme"), ("caf%C3%A9%2Fa", "caf%C3%A9%2Fa"), ("a%20b%22", "a%20b%22")] {
        let told =
            house.ask(&Asked::get(&format!("/.well-known/authzen-configuration/workspaces/{name}"))).json();
        let base = format!("{BASE}/workspaces/{written}");
        assert_eq!(told["policy_decision_point"], base);
        assert_eq!(told["access_evaluation_endpoint"], format!("{base}/access/v1/evaluation"));
        assert_eq!(told["search_action_endpoint"], format!("{base}/access/v1/search/action"));
    }
}

#[test]
fn metadata_tell_nobody_whether_there_is_such_a_workspace() {
    let house = House::new();
    let of = |name: &str| {
        let told = house.ask(&Asked::get(&format!("/.well-known/authzen-configuration/workspaces/{name}")));
        (told.status, told.text().replace(&format!("/{name}"), "/NAME"))
    };
    assert_eq!(of("acme"), of("none"));
}

#[test]
fn the_endpoints_that_metadata_name_answer() {
    let house = House::new();
    let told = house.ask(&Asked::get("/.well-known/authzen-configuration/workspaces/acme")).json();
    let body = json!({
        "subject": { "type": "user", "id": crate::world::ANN },
        "action": { "name": "read" },
        "resource": { "type": "sync", "id": "1" },
    });
    let endpoints = told.as_object().unwrap().iter().filter(|(key, _)| key.ends_with("_endpoint"));
    let mut count = 0;
    for (_, url) in endpoints {
        let path = url.as_str().unwrap().strip_prefix(BASE).unwrap();
        assert_eq!(house.post(path, &body).status, 200, "{path}");
        count += 1;
    }
    assert_eq!(count, 5);
}
