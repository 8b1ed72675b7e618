//! Whose word counts: what is stored, what the request says, and what is declared of both; and who may claim to be whom.

use super::conditions::truth;
use super::*;

/// Attributes of every type and origin, on an object that has some of them, and one that has none.
fn workspace(stored: &str) -> String {
    let attributes = r#""stored": {"type": "string", "from": "stored"}, "sent": {"type": "string", "from": "request"},
        "either": {"type": "string", "from": "either"}, "plain": {"type": "string"}, "far": {"type": "object", "from": "stored"},
        "a.b": {"type": "string", "from": "stored"}, "number": {"type": "number"}, "flag": {"type": "boolean"},
        "time": {"type": "time"}, "list": {"type": "list"}, "object": {"type": "object"}"#;
    format!(
        r#"{{"schema": {{"schema": "test", "resources": {{"item": {{"actions": ["read"], "attributes": {{{attributes}}}}},
                "loose": {{"actions": ["read"]}} }},
            "subjects": {{"attributes": {{"stored": {{"type": "string", "from": "stored"}}, "sent": {{"type": "string", "from": "request"}},
                "plain": {{"type": "string"}} }} }} }},
            "roles": {{"none": {{"version": "2022-04-26", "policies": []}}}}, "default_role": "none",
            "members": {{"ann": {{"properties": {stored}}}, "bot": {{"type": "service"}}}},
            "objects": [{{"type": "item", "id": "1", "properties": {stored}}}, {{"type": "loose", "id": "1", "properties": {stored}}}]}}"#
    )
}

/// What `equals "x"` and `exists true` come to for a path, with these properties stored and sent.
fn found(kind: &str, path: &str, stored: &str, sent: &str) -> (Truth, Truth) {
    let request = format!(
        r#"{{"subject": {{"type": "user", "id": "ann", "properties": {sent}}}, "action": "read",
            "resource": {{"type": "{kind}", "id": "1", "properties": {sent}}}}}"#
    );
    let ask = |test: &str| truth(&workspace(stored), &request, &format!(r#"{{"{path}": {{{test}}}}}"#));
    (ask(r#""equals": "x""#), ask(r#""exists": true"#))
}

const YES: (Truth, Truth) = (Truth::True, Truth::True);
const OTHER: (Truth, Truth) = (Truth::False, Truth::True);
const WRONG: (Truth, Truth) = (Truth::Unknown, Truth::True);
const MISSING: (Truth, Truth) = (Truth::Unknown, Truth::False);
const NOBODY_KNOWS: (Truth, Truth) = (Truth::Unknown, Truth::Unknown);

#[test]
fn stored_and_request_meet_as_declared() {
    // Stored, sent; then what comes of it from `stored`, from `request`, from `either`.
    let rows = [
        (r#""x""#, r#""x""#, YES, YES, YES),
        (r#""x""#, r#""y""#, YES, OTHER, NOBODY_KNOWS),
        (r#""y""#, r#""x""#, OTHER, YES, NOBODY_KNOWS),
        (r#""x""#, "null", YES, YES, YES),
        ("null", r#""x""#, MISSING, YES, YES),
        ("null", "null", MISSING, MISSING, MISSING),
        ("5", r#""x""#, WRONG, YES, NOBODY_KNOWS),
        (r#""x""#, "5", YES, WRONG, NOBODY_KNOWS),
        ("5", "5.0", WRONG, WRONG, WRONG),
        ("null", "5", MISSING, WRONG, WRONG),
    ];
    for (stored, sent, from_stored, from_request, from_either) in rows {
        let of = |kind: &str, name: &str| {
            let path = name.rsplit('.').next().unwrap();
            let object = |value| format!(r#"{{"{path}": {value}}}"#);
            found(kind, name, &object(stored), &object(sent))
        };
        for entity in ["resource", "subject"] {
            let said = format!("{entity}: stored {stored}, sent {sent}");
            assert_eq!(of("item", &format!("{entity}.stored")), from_stored, "{said}");
            assert_eq!(of("item", &format!("{entity}.sent")), from_request, "{said}");
            assert_eq!(of("item", &format!("{entity}.plain")), from_either, "{said}");
        }
        assert_eq!(of("item", "either"), from_either);
        // A type that declares nothing, and its object of that id.
        assert_eq!(of("loose", "stored"), from_either);
        assert_eq!(of("loose", "sent"), from_either);
    }
}

#[test]
fn the_comparison_is_by_the_path_that_is_read() {
    let stored = r#"{"a": {"b": "x", "c": 1}, "far": {"ref": {"type": "item", "id": "1"}}, "gone": {"ref": {"type": "item", "id": "2"}}}"#;
    // What is sent differs beside the path, and does not matter there.
    assert_eq!(found("loose", "a.b", stored, r#"{"a": {"b": "x", "c": 2}}"#), YES);
    assert_eq!(found("loose", "a", stored, r#"{"a": {"b": "x", "c": 2}}"#), NOBODY_KNOWS);
    assert_eq!(found("loose", "a", stored, r#"{"a": {"c": 1e0, "b": "x"}}"#), WRONG);
    assert_eq!(found("item", "a.b", stored, r#"{"a": {"b": "y"}}"#), YES);
    // A name with a point in it is not a path.
    assert_eq!(found("loose", "a.b", "{}", r#"{"a.b": "x"}"#), MISSING);
    // Nothing leads on from what is sent; what is stored and broken stays so, except where the request's word counts.
    assert_eq!(found("loose", "far.a.b", stored, r#"{"far": {"a": {"b": "x"}}}"#), YES);
    assert_eq!(found("loose", "far.a.b", "{}", r#"{"far": {"ref": {"type": "item", "id": "1"}}}"#), MISSING);
    assert_eq!(found("loose", "far.ref.id", "{}", r#"{"far": {"ref": {"type": "item", "id": "x"}}}"#), YES);
    assert_eq!(found("loose", "gone.a.b", stored, r#"{"gone": {"a": {"b": "x"}}}"#), NOBODY_KNOWS);
    let broken = r#"{"sent": {"ref": {"type": "item", "id": "2"}}, "stored": {"ref": 1}}"#;
    assert_eq!(found("item", "sent.a", broken, r#"{"sent": {"a": "x"}}"#), NOBODY_KNOWS);
    assert_eq!(found("item", "far.a.b", stored, r#"{"far": {"a": {"b": "y"}}}"#), NOBODY_KNOWS);
}

#[test]
fn an_object_that_is_not_stored_is_what_the_request_says_of_it() {
    let ask = |path: &str, resource: &str| {
        let request = format!(r#"{{"subject": "ann", "action": "read", "resource": {resource}}}"#);
        truth(&workspace("{}"), &request, &format!(r#"{{"{path}": {{"exists": true}}}}"#))
    };
    let described = r#"{"type": "item", "id": "9", "properties": {"plain": "x"}}"#;
    assert_eq!(ask("plain", described), Truth::True);
    assert_eq!(ask("either", described), Truth::False);
    assert_eq!(ask("sent", described), Truth::False);
    assert_eq!(ask("stored", described), Truth::Unknown);
    assert_eq!(ask("stored", r#"{"type": "item", "id": "1"}"#), Truth::False);
    assert_eq!(ask("plain", r#"{"type": "item", "id": "9"}"#), Truth::Unknown);
}

#[test]
fn values_are_of_the_declared_type_or_wrong() {
    // Each attribute has the value of its name and no other.
    let values = [
        ("plain", r#""x""#),
        ("number", "5"),
        ("flag", "true"),
        ("time", r#""2024-01-01T00:00:00Z""#),
        ("list", r#"["x"]"#),
        ("object", r#"{"x": 1}"#),
    ];
    for (name, _) in values {
        for (other, value) in values {
            let stored = format!(r#"{{"{name}": {value}, "value": {value}}}"#);
            let ask = |condition: String| {
                let request =
                    r#"{"subject": "ann", "action": "read", "resource": {"type": "item", "id": "1"}}"#;
                truth(&workspace(&stored), request, &condition)
            };
            assert_eq!(ask(format!(r#"{{"{name}": {{"exists": true}}}}"#)), Truth::True);
            let scalar = !["list", "object"].contains(&other);
            // A time is a string too.
            let fits = name == other || (name, other) == ("plain", "time");
            let same = ask(format!(r#"{{"{name}": {{"equals": {{"ref": "value"}}}}}}"#));
            assert_eq!(same == Truth::True, fits && scalar, "{name}: {value}");
            let by_ref = ask(format!(r#"{{"value": {{"equals": {{"ref": "{name}"}}}}}}"#));
            assert_eq!(by_ref, same, "{name}: {value}");
        }
    }
}

#[test]
fn numbers_of_every_origin_are_exact() {
    let ask = |stored: &str, sent: &str, test: &str| {
        let request = format!(
            r#"{{"subject": "ann", "action": "read", "resource": {{"type": "loose", "id": "1", "properties": {{"n": {sent}}}}}}}"#
        );
        truth(&workspace(&format!(r#"{{"n": {stored}}}"#)), &request, &format!(r#"{{"n": {{{test}}}}}"#))
    };
    assert_eq!(ask("9007199254740993", "null", r#""equals": 9007199254740992"#), Truth::False);
    assert_eq!(ask("null", "9007199254740993", r#""equals": 9007199254740992"#), Truth::False);
    assert_eq!(ask("9007199254740993", "9007199254740992", r#""greaterthan": 1"#), Truth::Unknown);
    assert_eq!(ask("1e400", "10e399", r#""greaterthan": 1e308"#), Truth::True);
    assert_eq!(ask("0.1", "1e-1", r#""equals": 0.10"#), Truth::True);
    assert_eq!(ask("-0", "null", r#""in": [1, 0]"#), Truth::True);
}

#[test]
fn an_entitys_own_is_never_shadowed() {
    let properties = r#"{"id": "x", "type": "x", "name": "x", "now": "x"}"#;
    let request = format!(
        r#"{{"subject": {{"type": "user", "id": "ann", "properties": {properties}}},
            "action": {{"name": "read", "properties": {properties}}},
            "resource": {{"type": "loose", "id": "1", "properties": {properties}}}, "context": {properties}}}"#
    );
    let ask = |path: &str, value: &str| {
        truth(&workspace(properties), &request, &format!(r#"{{"{path}": {{"equals": "{value}"}}}}"#))
    };
    for (path, own) in [
        ("subject.id", "ann"),
        ("subject.type", "user"),
        ("resource.id", "1"),
        ("id", "1"),
        ("resource.type", "loose"),
        ("type", "loose"),
        ("action.name", "read"),
    ] {
        assert_eq!((ask(path, own), ask(path, "x")), (Truth::True, Truth::False), "{path}");
    }
    assert_eq!(ask("context.now", "x"), Truth::Unknown);
    // What is an entity's own in one place is a property in another.
    for path in ["name", "resource.now", "action.id", "context.name", "subject.name"] {
        assert_eq!(ask(path, "x"), Truth::True, "{path}");
    }
}

#[test]
fn a_subject_that_says_its_type_must_be_of_it() {
    let mut file: Value = serde_json::from_str(&workspace("{}")).unwrap();
    file["roles"]["none"]["policies"] = json!([allow(json!("read"), json!("loose"))]);
    file["members"]["gone"] = json!({ "suspended": true });
    let reference = Reference::from_json(&file).unwrap();
    let ask = |subject: Value| {
        let request =
            json!({ "subject": subject, "action": { "name": "read" }, "resource": { "type": "loose" } });
        reference.answer(&Request::from_json(&request).unwrap())
    };
    let (user, service) =
        (|id: &str| json!({ "type": "user", "id": id }), |id: &str| json!({ "type": "service", "id": id }));
    assert_eq!(ask(json!("ann")), Reason::Allow);
    assert_eq!(ask(user("ann")), Reason::Allow);
    assert_eq!(ask(service("ann")), Reason::UnknownSubject);
    assert_eq!(ask(json!("bot")), Reason::Allow);
    assert_eq!(ask(service("bot")), Reason::Allow);
    assert_eq!(ask(user("bot")), Reason::UnknownSubject);
    assert_eq!(ask(user("gone")), Reason::Suspended);
    assert_eq!(ask(service("gone")), Reason::UnknownSubject);
    assert_eq!(ask(user("nobody")), Reason::UnknownSubject);
}

#[test]
fn what_is_no_request() {
    let whole = json!({ "subject": "ann", "action": "read", "resource": "item" });
    let with = |key: &str, value: Value| {
        let mut request = whole.clone();
        request[key] = value;
        Request::from_json(&request).is_ok()
    };
    assert!(with("more", json!(1)));
    assert!(with("context", json!({ "a": 1 })));
    assert!(with("subject", json!({ "type": "user", "id": "ann", "properties": {}, "more": 1 })));
    assert!(with("resource", json!({ "type": "item", "id": "1" })));
    for (key, value) in [
        ("subject", json!({ "id": "ann" })),
        ("subject", json!(5)),
        ("subject", json!({ "type": "user", "id": "ann", "properties": [] })),
        ("action", json!({})),
        ("resource", json!({ "id": "1" })),
        ("resource", json!({ "type": "item", "id": 1 })),
        ("context", json!("now")),
    ] {
        assert!(!with(key, value.clone()), "{key}: {value}");
    }
    assert!(Request::read(r#"{"subject": "a", "subject": "b", "action": "c", "resource": "d"}"#).is_err());
}
