//! Evaluations: defaults and items, the three semantics, faults in their places.

use serde_json::{Value, json};

use crate::wire::client::{Answer, Asked};
use crate::wire::*;
use crate::world::ANN;
use crate::{BOB, House, VERA};

/// A batch about Bob: `+` is allowed, `-` denied, `!` an item that cannot be read.
fn batch(letters: &str, semantic: Option<&str>) -> Value {
    let item = |letter| match letter {
        '+' => json!({ "action": { "name": "read" } }),
        '-' => json!({ "action": { "name": "delete" } }),
        _ => json!({ "action": { "names": "read" } }),
    };
    let mut whole = question(BOB, "update", "sync");
    whole["evaluations"] = letters.chars().map(item).collect();
    if let Some(semantic) = semantic {
        whole["options"] = json!({ "evaluations_semantic": semantic, "more": 1 });
    }
    whole
}

/// The answer in the same letters.
fn letters(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let value = answer.json();
    let items = value["evaluations"].as_array().unwrap();
    let letter = |item: &Value| match (&item["decision"], item.get("context")) {
        (Value::Bool(true), None) => '+',
        (Value::Bool(false), None) => '-',
        (Value::Bool(false), Some(context)) => {
            assert_eq!(context["error"]["status"], 400, "{item}");
            assert!(!context["error"]["message"].as_str().unwrap().is_empty());
            '!'
        }
        _ => panic!("{item}"),
    };
    items.iter().map(letter).collect()
}

#[test]
fn every_item_is_answered_in_its_place() {
    let house = House::new();
    for semantic in [None, Some("execute_all")] {
        for sent in ["+", "-", "!", "+-+", "-!+", "!!", "++-!-+!+"] {
            assert_eq!(letters(&house.post(EVALUATIONS, batch(sent, semantic))), sent);
        }
    }
    let told = house.post(EVALUATIONS, batch("+-", None));
    assert_eq!(told.text(), r#"{"evaluations":[{"decision":true},{"decision":false}]}"#);
}

#[test]
fn deny_on_first_deny_ends_with_the_first_deny_or_error() {
    let house = House::new();
    for (sent, expected) in [("+++", "+++"), ("-++", "-"), ("++-+-", "++-"), ("+!+", "+!"), ("!", "!")] {
        let told = house.post(EVALUATIONS, batch(sent, Some("deny_on_first_deny")));
        assert_eq!(letters(&told), expected, "{sent}");
    }
}

#[test]
fn permit_on_first_permit_ends_with_the_first_permit() {
    let house = House::new();
    for (sent, expected) in [("---", "---"), ("+--", "+"), ("-!-+-+", "-!-+"), ("!!", "!!")] {
        let told = house.post(EVALUATIONS, batch(sent, Some("permit_on_first_permit")));
        assert_eq!(letters(&told), expected, "{sent}");
    }
}

#[test]
fn an_unknown_semantic_is_400() {
    let house = House::new();
    for semantic in ["", "Execute_all", "first", "deny_on_first_deny "] {
        assert_eq!(house.post(EVALUATIONS, batch("+", Some(semantic))).status, 400, "{semantic}");
        assert_eq!(house.post(EVALUATIONS, batch("", Some(semantic))).status, 400, "{semantic}");
    }
    for options in [json!(5), json!("x"), json!([]), json!({ "evaluations_semantic": 5 })] {
        let told = house.post(EVALUATIONS, with(&batch("+", None), "options", options.clone()));
        assert_eq!(told.status, 400, "{options}");
    }
    assert_eq!(letters(&house.post(EVALUATIONS, with(&batch("+", None), "options", json!({ "x": 1 })))), "+");
}

#[test]
fn an_empty_item_is_the_defaults() {
    let house = House::new();
    let mut whole = question(BOB, "read", "sync");
    whole["evaluations"] = json!([{}, { "action": { "name": "delete" } }, {}]);
    assert_eq!(letters(&house.post(EVALUATIONS, &whole)), "+-+");
    // Where the defaults do not complete it, it is faulty in its place.
    assert_eq!(letters(&house.post(EVALUATIONS, without(&whole, "action"))), "!-!");
}

#[test]
fn an_items_entity_replaces_the_default_whole() {
    let house = House::new();
    let mut whole = question(BOB, "read", "sync");
    whole["evaluations"] = json!([
        { "subject": { "type": "user", "id": ANN }, "action": { "name": "delete" } },
        { "subject": { "id": ANN } },
        { "resource": { "type": "model" } },
        { "resource": { "type": "model", "id": "7" } },
        { "subject": "bob@acme.example" },
    ]);
    assert_eq!(letters(&house.post(EVALUATIONS, whole)), "+!!+!");
}

#[test]
fn without_items_it_is_a_single_evaluation() {
    let house = House::new();
    let single = question(BOB, "read", "sync");
    for body in [single.clone(), with(&single, "evaluations", json!([]))] {
        assert_eq!(house.post(EVALUATIONS, body).text(), r#"{"decision":true}"#);
    }
    let told = house.post(EVALUATIONS, with(&question(BOB, "delete", "sync"), "evaluations", json!([])));
    assert_eq!(told.text(), r#"{"decision":false}"#);
    assert_eq!(house.post(EVALUATIONS, without(&single, "action")).status, 400);
    assert_eq!(house.post(EVALUATIONS, with(&single, "evaluations", json!({}))).status, 400);
}

#[test]
fn only_a_payload_faulty_as_a_whole_is_an_error() {
    let house = House::new();
    let whole = batch("+", None);
    for item in [json!(5), json!("x"), json!(null), json!([])] {
        let mut changed = whole.clone();
        changed["evaluations"] = json!([{ "action": { "name": "read" } }, item]);
        assert_eq!(letters(&house.post(EVALUATIONS, changed)), "+!", "{item}");
    }
    let twice = whole.to_string().replacen("\"evaluations\":", "\"evaluations\":[],\"evaluations\":", 1);
    assert_eq!(house.post(EVALUATIONS, twice).status, 400);
    // What stands twice in one item is the matter with that item.
    let text = r#"{"subject":{"type":"user","id":"bob@acme.example"},"resource":{"type":"sync","id":"1"},
        "evaluations":[{"action":{"name":"read","name":"read"}},{"action":{"name":"read"}}]}"#;
    assert_eq!(letters(&house.post(EVALUATIONS, text)), "!+");
}

#[test]
fn who_may_not_ask_about_an_item_is_told_so_in_its_place() {
    let house = House::new();
    let mut whole = question(BOB, "read", "sync");
    whole["evaluations"] =
        json!([{}, { "subject": { "type": "user", "id": VERA } }, { "action": { "name": "start" } }]);
    let told = house.ask(&Asked::post(EVALUATIONS, &whole).key(&house.bob)).json();
    let items = told["evaluations"].as_array().unwrap();
    assert_eq!((&items[0], &items[2]), (&json!({ "decision": true }), &json!({ "decision": true })));
    assert_eq!(
        (&items[1]["decision"], &items[1]["context"]["error"]["status"]),
        (&json!(false), &json!(403))
    );
    // Whoever it is about: nothing is told of whether there is such a member.
    whole["evaluations"][1]["subject"]["id"] = json!("nobody at all");
    let again = house.ask(&Asked::post(EVALUATIONS, &whole).key(&house.bob)).json();
    assert_eq!(again, told);
}

#[test]
fn no_more_items_than_the_bound() {
    let house = House::new();
    let many = |count: usize| {
        let mut whole = question(BOB, "read", "sync");
        whole["evaluations"] = vec![json!({}); count].into();
        whole
    };
    assert_eq!(house.post(EVALUATIONS, many(10_000)).decisions(), vec![true; 10_000]);
    let told = house.post(EVALUATIONS, many(10_001));
    assert_eq!((told.status, told.message().contains("10,000")), (400, true), "{}", told.text());
}
