//! Decisions that depend on what a request brings: the levels of certification that are called *properties*.

use serde_json::{Value, json};

use crate::House;
use crate::wire::client::Asked;
use crate::wire::*;
use crate::world::*;

/// A house in which Tim's role asks for what requests bring.
fn with_conditions() -> (House, String) {
    let house = House::new();
    let role = [
        r#"allow read sync {"status": {"equals": "open"}}"#,
        r#"allow update sync {"subject.role": {"equals": "owner"}}"#,
        r#"allow delete sync {"action.soft": {"equals": true}}"#,
        r#"allow start sync {"context.hour": {"lessthan": 18}}"#,
        "allow read workspace_membership",
    ];
    house.world.act(&house.world.ann, add_role("conditional", &role));
    let tim = house.world.joins_with_key(TIM, "conditional");
    (house, tim)
}

const TIM: &str = "tim@acme.example";

/// Each action with what allows it.
fn allowing() -> [(&'static str, &'static str, Value); 4] {
    [
        ("read", "resource.properties", json!({ "status": "open" })),
        ("update", "subject.properties", json!({ "role": "owner" })),
        ("delete", "action.properties", json!({ "soft": true })),
        ("start", "context", json!({ "hour": 17.5 })),
    ]
}

#[test]
fn an_evaluation_heeds_properties_of_every_part() {
    let (house, tim) = with_conditions();
    for (action, path, value) in allowing() {
        let plain = question(TIM, action, "sync");
        assert!(!house.post(EVALUATION, &plain).decision(), "{action}");
        let brings = with(&plain, path, value.clone());
        for key in [&house.ann, &tim] {
            assert!(house.ask(&Asked::post(EVALUATION, &brings).key(key)).decision(), "{action}");
        }
        let other = with(&plain, path, json!({ "status": "shut", "role": "x", "soft": false, "hour": 19 }));
        assert!(!house.post(EVALUATION, &other).decision(), "{action}");
        assert!(!house.post(EVALUATION, with(&plain, path, json!({}))).decision(), "{action}");
    }
}

#[test]
fn evaluations_heed_properties_in_defaults_and_items() {
    let (house, _) = with_conditions();
    for (action, path, value) in allowing() {
        let brings = with(&question(TIM, action, "sync"), path, value.clone());
        let part = path.split('.').next().unwrap();
        let mut whole = brings.clone();
        let mut plain = question(TIM, action, "sync")[part].clone();
        if part == "context" {
            plain = json!({});
        }
        // The defaults; an item with the part in its place; and one that brings it again.
        whole["evaluations"] = json!([{}, { part: plain }, { part: brings[part] }]);
        assert_eq!(house.post(EVALUATIONS, whole).decisions(), [true, false, true], "{action}");
    }
}

#[test]
fn searches_heed_properties() {
    let (house, _) = with_conditions();
    house.world.act(&house.world.ann, put_object("sync", "1", json!({})));
    for (action, path, value) in allowing() {
        let brings = with(&question(TIM, action, "sync"), path, value.clone());
        let found = |path: &str, body: &Value| house.post(path, body).found();
        let plain = question(TIM, action, "sync");
        assert!(found(SUBJECTS, &brings).contains(&TIM.to_owned()), "{action}");
        assert!(!found(SUBJECTS, &plain).contains(&TIM.to_owned()), "{action}");
        assert_eq!(found(RESOURCES, &brings), ["1"], "{action}");
        assert!(found(RESOURCES, &plain).is_empty(), "{action}");
        if action != "delete" {
            assert_eq!(found(ACTIONS, &brings), [action]);
        }
        assert!(found(ACTIONS, &plain).is_empty());
    }
}

#[test]
fn what_is_stored_is_not_contradicted() {
    let (house, _) = with_conditions();
    house.world.act(&house.world.ann, put_object("sync", "1", json!({ "status": "shut" })));
    let brings = with(&question(TIM, "read", "sync"), "resource.properties", json!({ "status": "open" }));
    assert!(!house.post(EVALUATION, &brings).decision());
    assert!(house.post(RESOURCES, &brings).found().is_empty());
}

#[test]
fn the_clock_is_the_servers() {
    let house = House::new();
    let before = r#"allow read sync {"context.now": {"lessthan": "2027-01-16T00:00:00Z"}}"#;
    house.world.act(&house.world.ann, add_role("until", &[before]));
    let tim = house.world.joins_with_key(TIM, "until");
    let claims = with(&question(TIM, "read", "sync"), "context", json!({ "now": "1999-01-01T00:00:00Z" }));
    for body in [question(TIM, "read", "sync"), claims.clone()] {
        assert!(house.ask(&Asked::post(EVALUATION, body).key(&tim)).decision());
    }
    house.world.hand.pass(2 * DAY);
    for body in [question(TIM, "read", "sync"), claims] {
        assert!(!house.ask(&Asked::post(EVALUATION, body).key(&tim)).decision());
    }
}
