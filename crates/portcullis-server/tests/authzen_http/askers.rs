//! What an asker may ask, and is told: rules 1, 20 and 22 of the gate, over HTTP.

use portcullis_server::Scope;
use serde_json::{Value, json};

use crate::wire::client::{Answer, Asked};
use crate::wire::*;
use crate::world::*;
use crate::{BOB, House, VERA};

fn explained(house: &House, key: &str, body: &Value) -> Value {
    let told = house.ask(&Asked::post(EVALUATION, body).key(key).header("Portcullis-Explain", "true"));
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()["context"]["reason_admin"].clone()
}

#[test]
fn who_may_not_read_the_membership_asks_about_nobody_else() {
    let house = House::new();
    for body in [
        question(VERA, "read", "sync"),
        question("nobody", "read", "sync"),
        question("BOB@acme.example", "read", "sync"),
    ] {
        let told = house.ask(&Asked::post(EVALUATION, &body).key(&house.bob));
        assert_eq!(told.status, 403);
        assert!(
            told.message().contains("`read` on the administration type of membership"),
            "{}",
            told.text()
        );
        assert!(house.ask(&Asked::post(EVALUATION, &body).key(&house.vera)).status == 200);
    }
    let told = house.ask(&Asked::post(SUBJECTS, question(BOB, "read", "sync")).key(&house.bob));
    assert_eq!(told.status, 403);
    for path in [RESOURCES, ACTIONS] {
        let ask = |subject: &str, key: &str| {
            house.ask(&Asked::post(path, question(subject, "read", "sync")).key(key)).status
        };
        assert_eq!(ask(BOB, &house.bob), 200);
        assert_eq!(ask(VERA, &house.bob), 403, "{path}");
        assert_eq!(ask(BOB, &house.vera), 200);
    }
}

#[test]
fn properties_of_a_subject_are_heeded_only_from_who_may_ask_about_others() {
    let house = House::new();
    let owner = r#"allow update sync {"subject.role": {"equals": "owner"}}"#;
    let denied = r#"deny read sync {"subject.role": {"equals": "owner"}}"#;
    house.world.act(&house.world.ann, save_role("few", &["allow read sync", owner, denied]));
    house.world.act(&house.world.ann, put_object("sync", "1", json!({})));
    let brings =
        |action: &str| with(&question(BOB, action, "sync"), "subject.properties", json!({ "role": "owner" }));
    let ask = |path: &str, key: &str, body: &Value| house.ask(&Asked::post(path, body).key(key));
    for key in [&house.ann, &house.vera] {
        assert!(ask(EVALUATION, key, &brings("update")).decision());
        assert!(!ask(EVALUATION, key, &brings("read")).decision());
    }
    // What one says of oneself opens nothing.
    assert!(!ask(EVALUATION, &house.bob, &brings("update")).decision());
    assert_eq!(
        ask(EVALUATIONS, &house.bob, &with(&brings("update"), "evaluations", json!([{}]))).decisions(),
        [false]
    );
    assert!(ask(RESOURCES, &house.bob, &brings("update")).found().is_empty());
    assert!(!ask(ACTIONS, &house.bob, &brings("x")).found().contains(&"update".to_owned()));
    let why = explained(&house, &house.bob, &brings("update"));
    assert_ne!(why["code"], "allow");
}

#[test]
fn a_narrowed_key_answers_by_the_weaker_verdict() {
    let house = House::new();
    house.world.act(&house.world.ann, put_object("sync", "1", json!({})));
    let policy = document(&["allow read sync", "allow read workspace_membership"]);
    let (_, narrow) = house.world.key(&house.world.ann, &[Scope::Decide], Some(&policy), None);
    let ask = |path: &str, body: &Value| house.ask(&Asked::post(path, body).key(&narrow));
    assert!(ask(EVALUATION, &question(ANN, "read", "sync")).decision());
    assert!(!ask(EVALUATION, &question(ANN, "delete", "sync")).decision());
    let items =
        json!([{}, { "action": { "name": "delete" } }, { "resource": { "type": "model", "id": "1" } }]);
    assert_eq!(
        ask(EVALUATIONS, &with(&question(ANN, "read", "sync"), "evaluations", items)).decisions(),
        [true, false, false]
    );
    assert_eq!(ask(ACTIONS, &question(ANN, "x", "sync")).found(), ["read"]);
    assert_eq!(ask(RESOURCES, &question(ANN, "read", "sync")).found(), ["1"]);
    assert!(ask(RESOURCES, &question(ANN, "delete", "sync")).found().is_empty());
    // What it finds among subjects is what it would be told of each: its own member counts as the key does.
    assert_eq!(ask(SUBJECTS, &question("x", "read", "sync")).found(), [ANN, BOB, VERA]);
    assert_eq!(ask(SUBJECTS, &question("x", "start", "sync")).found(), [BOB]);
    assert!(ask(SUBJECTS, &question("x", "delete", "sync")).found().is_empty());
    let why = explained(&house, &narrow, &question(ANN, "delete", "sync"));
    assert_eq!(why["code"], "narrowed_by_key");
    // A key whose policy does not leave reading the membership asks about nobody else.
    let (_, blind) =
        house.world.key(&house.world.ann, &[Scope::Decide], Some(&document(&["allow read sync"])), None);
    let told = house.ask(&Asked::post(EVALUATION, question(BOB, "read", "sync")).key(&blind));
    assert_eq!(told.status, 403);
}

#[test]
fn explaining_oneself_without_reading_the_workspace_shows_no_statements() {
    let house = House::new();
    let own = explained(&house, &house.bob, &question(BOB, "read", "sync"));
    assert_eq!((&own["code"], &own["roles"]), (&json!("allow"), &json!(["few"])));
    assert!(own.get("statements").is_none(), "{own}");
    let denied = explained(&house, &house.bob, &question(BOB, "delete", "sync"));
    assert!(denied["code"] != "allow" && denied.get("statements").is_none(), "{denied}");
    // About others, who may not read the workspace is told a code alone.
    let other = explained(&house, &house.vera, &question(BOB, "read", "sync"));
    assert!(
        other["code"] == "allow" && other.get("roles").is_none() && other.get("statements").is_none(),
        "{other}"
    );
    let all = explained(&house, &house.ann, &question(BOB, "read", "sync"));
    assert_eq!(all["roles"], json!(["few"]));
    assert!(!all["statements"].as_array().unwrap().is_empty(), "{all}");
    // In a batch too, item by item; and an answer that explains is the one that does not.
    let mut body = question(BOB, "read", "sync");
    body["evaluations"] = json!([{}, { "action": { "name": "delete" } }]);
    let told =
        house.ask(&Asked::post(EVALUATIONS, &body).key(&house.bob).header("portcullis-explain", "TRUE"));
    assert_eq!(told.decisions(), [true, false]);
    for item in told.json()["evaluations"].as_array().unwrap() {
        assert!(
            item["context"]["reason_admin"]["code"].is_string() && !item.to_string().contains("statements")
        );
    }
    for bad in ["yes", "1", ""] {
        let asked = Asked::post(EVALUATION, question(BOB, "read", "sync")).key(&house.bob);
        assert_eq!(house.ask(&asked.header("portcullis-explain", bad)).status, 400, "{bad}");
    }
}

#[test]
fn no_answer_suggests_a_name() {
    let house = House::new();
    for body in [
        question("bob@acme.exampl", "read", "sync"),
        question(BOB, "reed", "sync"),
        question(BOB, "read", "sink"),
    ] {
        for key in [&house.ann, &house.vera] {
            let why = explained(&house, key, &body).to_string();
            assert!(
                !why.contains("bob@acme.example") && !why.to_lowercase().contains("did you mean"),
                "{why}"
            );
        }
    }
    let told = house.ask(
        &Asked::post("/workspaces/acne/access/v1/evaluation", question(BOB, "read", "sync")).key(&house.ann),
    );
    assert!(told.status == 404 && !told.text().contains("acme"), "{}", told.text());
}

#[test]
fn no_answer_holds_a_secret_that_was_sent() {
    let house = House::new();
    let secret = house.ann.clone();
    let holds = |told: &Answer| {
        told.text().contains(&secret[20..])
            || told.headers.iter().any(|(_, value)| value.contains(&secret[20..]))
    };
    for asked in [
        Asked::post(EVALUATION, with(&question(BOB, "read", "sync"), "subject.type", json!({ "x": secret }))),
        Asked::post(EVALUATION, question(BOB, "read", "sync")).header("portcullis-explain", &secret),
        Asked::post(EVALUATION, question(BOB, "read", "sync")).header("portcullis-wait", &secret),
        Asked::post(EVALUATION, format!("{{\"{secret}\":1,\"{secret}\":1}}")),
        Asked::post(EVALUATION, format!("{{\"evaluations\":{secret}}}")),
        Asked::post(
            EVALUATIONS,
            with(&question(BOB, "read", "sync"), "options", json!({ "evaluations_semantic": secret })),
        ),
    ] {
        let told = house.ask(&asked.key(&secret));
        assert!(!holds(&told), "{}", told.text());
    }
}
