//! Requests and their bodies: what is taken, what is refused, and what every answer has.

use serde_json::{Value, json};

use crate::House;
use crate::wire::client::Asked;
use crate::wire::*;
use crate::world::ANN;

/// Asks with a body under a content type.
fn typed(house: &House, kind: Option<&str>) -> u16 {
    let asked = Asked::bytes(EVALUATION, question(ANN, "read", "sync").to_string()).key(&house.ann);
    let asked = match kind {
        Some(kind) => asked.header("content-type", kind),
        None => asked,
    };
    house.ask(&asked).status
}

#[test]
fn a_wrong_content_type_is_400() {
    let house = House::new();
    for good in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""]
    {
        assert_eq!(typed(&house, Some(good)), 200, "{good}");
    }
    for bad in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "", "json"]
    {
        assert_eq!(typed(&house, Some(bad)), 400, "{bad}");
    }
    assert_eq!(typed(&house, None), 400);
    for path in [EVALUATIONS, SUBJECTS, RESOURCES, ACTIONS] {
        let asked = Asked::bytes(path, "{}").header("content-type", "text/plain").key(&house.ann);
        let told = house.ask(&asked);
        assert_eq!((told.status, told.message().contains("content-type")), (400, true), "{path}");
    }
}

#[test]
fn an_empty_or_malformed_body_is_400() {
    let house = House::new();
    for path in [EVALUATION, EVALUATIONS, SUBJECTS, RESOURCES, ACTIONS] {
        for body in [
            "",
            " ",
            "{",
            "}",
            "[]",
            "null",
            "5",
            "\"x\"",
            "{}",
            "{}{}",
            "{\"subject\":",
            "{'subject':1}",
            "\u{feff}{}",
            "{\"subject\":{\"type\":\"user\",\"id\":\"a\"},}",
            "not JSON",
        ] {
            let told = house.post(path, body);
            assert_eq!(told.status, 400, "{path} {body}");
            let message = told.message();
            assert!(!message.is_empty() && message.len() < 400, "{message}");
        }
        let told =
            house.ask(&Asked::by("POST", path).header("content-type", "application/json").key(&house.ann));
        assert_eq!((told.status, told.message().contains("empty")), (400, true));
    }
}

#[test]
fn duplicate_keys_are_400() {
    let house = House::new();
    let good = question(ANN, "read", "sync").to_string();
    for (once, twice) in [
        ("\"id\":\"1\"", "\"id\":\"1\",\"id\":\"1\""),
        ("\"action\":", "\"action\":{\"name\":\"read\"},\"action\":"),
        ("\"action\":", "\"more\":1,\"more\":2,\"action\":"),
        ("\"action\":", "\"context\":{\"a\":1,\"\\u0061\":1},\"action\":"),
        ("\"id\":\"1\"", "\"id\":\"1\",\"properties\":{\"deep\":{\"x\":1,\"x\":2}}"),
    ] {
        assert!(good.contains(once));
        let told = house.post(EVALUATION, good.replacen(once, twice, 1));
        assert_eq!((told.status, told.message().contains("twice")), (400, true), "{twice}: {}", told.text());
    }
}

#[test]
fn a_missing_or_ill_typed_required_field_is_400() {
    let house = House::new();
    let good = question(ANN, "read", "sync");
    let required = [
        "subject",
        "subject.type",
        "subject.id",
        "action",
        "action.name",
        "resource",
        "resource.type",
        "resource.id",
    ];
    for path in required {
        let told = house.post(EVALUATION, without(&good, path));
        assert_eq!(told.status, 400, "without {path}");
        assert!(told.message().contains(path.rsplit('.').next().unwrap()), "{path}: {}", told.text());
        for wrong in [json!(5), json!(true), json!([]), json!([{}]), Value::Null] {
            assert_eq!(
                house.post(EVALUATION, with(&good, path, wrong.clone())).status,
                400,
                "{path}: {wrong}"
            );
        }
    }
    for path in ["subject.properties", "action.properties", "resource.properties", "context"] {
        for wrong in [json!(5), json!("x"), json!([])] {
            assert_eq!(
                house.post(EVALUATION, with(&good, path, wrong.clone())).status,
                400,
                "{path}: {wrong}"
            );
        }
        assert_eq!(house.post(EVALUATION, with(&good, path, json!({}))).status, 200, "{path}");
    }
}

#[test]
fn a_bare_string_is_400() {
    let house = House::new();
    let good = question(ANN, "read", "sync");
    for part in ["subject", "action", "resource"] {
        for path in [EVALUATION, EVALUATIONS] {
            assert_eq!(house.post(path, with(&good, part, json!("x"))).status, 400, "{path} {part}");
        }
    }
    assert_eq!(house.post(ACTIONS, with(&good, "subject", json!(ANN))).status, 400);
    assert_eq!(house.post(RESOURCES, with(&good, "action", json!("read"))).status, 400);
    assert_eq!(house.post(SUBJECTS, with(&good, "subject", json!("user"))).status, 400);
}

#[test]
fn unknown_fields_are_ignored_and_order_means_nothing() {
    let house = House::new();
    let text = format!(
        r#"{{"zeta":[{{"a":[1,null]}}],"resource":{{"id":"1","more":{{}},"type":"sync"}},"subject":{{"id":"{ANN}","type":"user","name":"x"}},
            "action":{{"id":7,"name":"read"}},"evaluations":5,"options":7,"page":[]}}"#
    );
    assert_eq!(house.post(EVALUATION, text).text(), r#"{"decision":true}"#);
}

#[test]
fn a_deny_is_200_and_nothing_is_added() {
    let house = House::new();
    for (subject, action, kind, text) in [
        (ANN, "read", "sync", r#"{"decision":true}"#),
        ("bob@acme.example", "delete", "sync", r#"{"decision":false}"#),
        ("nobody", "read", "sync", r#"{"decision":false}"#),
        (ANN, "no action", "sync", r#"{"decision":false}"#),
        (ANN, "read", "no type", r#"{"decision":false}"#),
        (ANN, "start", "model", r#"{"decision":false}"#),
    ] {
        let told = house.post(EVALUATION, question(subject, action, kind));
        assert_eq!((told.status, told.text()), (200, text), "{subject} {action} {kind}");
        assert_eq!(told.header("content-type"), Some("application/json"));
        let mut names: Vec<&str> = told.headers.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "content-type", "date", "portcullis-revision"]);
    }
    // A subject of another type is another subject.
    let other = with(&question(ANN, "read", "sync"), "subject.type", json!("service"));
    assert_eq!(house.post(EVALUATION, other).text(), r#"{"decision":false}"#);
}

#[test]
fn x_request_id_comes_back_on_errors_too() {
    let house = House::new();
    let good = question(ANN, "read", "sync");
    let asked = |path: &str, body: &str| {
        Asked::post(path, body).header("X-Request-ID", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")
    };
    let large = format!("{{\"more\":\"{}\"}}", "x".repeat(3 << 20));
    for (status, asked) in [
        (200, asked(EVALUATION, &good.to_string()).key(&house.ann)),
        (200, Asked::get("/livez").header("x-request-id", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")),
        (400, asked(EVALUATION, "{").key(&house.ann)),
        (401, asked(EVALUATION, &good.to_string())),
        (403, asked(EVALUATION, &good.to_string()).key(&house.bob)),
        (404, asked("/access/v1/nothing", &good.to_string()).key(&house.ann)),
        (404, asked("/workspaces/none/access/v1/evaluation", &good.to_string()).key(&house.ann)),
        (405, Asked::get(EVALUATION).header("x-request-id", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")),
        (
            409,
            asked(EVALUATION, &good.to_string())
                .key(&house.ann)
                .header("portcullis-at-least", "0000000000000000.1"),
        ),
        (413, asked(EVALUATION, &large).key(&house.ann)),
    ] {
        let told = house.ask(&asked);
        assert_eq!(told.status, status);
        assert_eq!(told.header("x-request-id"), Some("bfe9eb29-ab87-4ca3-be83-a1d5d8305716"), "{status}");
    }
    // Who sends none is given none.
    assert_eq!(house.post(EVALUATION, good).header("x-request-id"), None);
}

#[test]
fn who_is_not_let_in_is_told_how_to_be() {
    let house = House::new();
    let told = house.ask(&Asked::post(EVALUATION, question(ANN, "read", "sync")));
    assert_eq!((told.status, told.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(told.text(), r#""the credential is not valid""#);
    // A key may come bare, as peers of AuthZEN send it.
    let bare = Asked::post(EVALUATION, question(ANN, "read", "sync")).header("Authorization", &house.ann);
    assert!(house.ask(&bare).decision());
    let twice = Asked::post(EVALUATION, question(ANN, "read", "sync")).key(&house.ann).key(&house.ann);
    assert_eq!(house.ask(&twice).status, 400);
}

#[test]
fn a_method_that_is_not_its_own_is_405() {
    let house = House::new();
    for path in [EVALUATION, EVALUATIONS, SUBJECTS, RESOURCES, ACTIONS, "/setup"] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let told = house.ask(&Asked::by(method, path).key(&house.ann));
            assert_eq!((told.status, told.header("allow")), (405, Some("POST")), "{method} {path}");
        }
    }
    for path in ["/.well-known/authzen-configuration", "/livez", "/readyz", "/metrics"] {
        let told = house.ask(&Asked::bytes(path, "{}"));
        assert_eq!((told.status, told.header("allow")), (405, Some("GET")), "{path}");
    }
}

#[test]
fn sizes_and_nesting_are_limited() {
    let house = House::new();
    let good = question(ANN, "read", "sync");
    let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let with_context = |text: &str| good.to_string().replacen('{', &format!("{{\"context\":{text},"), 1);
    assert!(house.post(EVALUATION, with_context(&deep(20))).decision());
    for levels in [200, 100_000] {
        assert_eq!(house.post(EVALUATION, with_context(&deep(levels))).status, 400, "{levels}");
        assert_eq!(house.post(EVALUATIONS, with_context(&deep(levels))).status, 400, "{levels}");
        assert_eq!(house.post(ACTIONS, with_context(&deep(levels))).status, 400, "{levels}");
    }
    let padded = |bytes: usize| {
        let text = good.to_string();
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    assert!(house.post(EVALUATION, padded(2 << 20)).decision());
    let told = house.post(EVALUATION, padded((2 << 20) + 1));
    assert_eq!((told.status, told.header("connection")), (413, Some("close")));
}
