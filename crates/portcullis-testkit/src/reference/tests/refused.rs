//! The conditions that the language refuses: for how they are written, and for what a schema declares.

use super::*;

fn written(reference: &str, operator: &str, operand: &str) -> bool {
    let text = format!(r#"{{"{reference}": {{"{operator}": {operand}}}}}"#);
    serde_json::from_str::<Condition>(&text).is_ok()
}

#[test]
fn how_conditions_are_written() {
    let conditions = |text: &str| {
        let statement = r#"{"effect": "allow", "actions": "read", "resource": "sync", "conditions": "#;
        serde_json::from_str::<Statement>(&format!("{statement}{text}}}"))
            .map(|read| read.condition.is_some())
            .ok()
    };
    assert_eq!(conditions("\"*\""), Some(false));
    assert_eq!(conditions(r#"{"labels.team": {"equals": "a"}}"#), Some(true));
    for wrong in [
        "null",
        "{}",
        "[]",
        "\"**\"",
        "true",
        r#"{"a": {}}"#,
        r#"{"a": "b"}"#,
        r#"{"a": {"equals": 1, "equals": 1}}"#,
        r#"{"a": {"equals": 1}, "a": {"equals": 1}}"#,
    ] {
        assert_eq!(conditions(wrong), None, "{wrong}");
    }
}

#[test]
fn references() {
    let longest = vec!["a"; 32].join(".");
    let longer = vec!["a"; 33].join(".");
    for path in [
        "a",
        "a.b",
        "resource.a",
        "subject.a.b",
        "action.a",
        "context.a",
        "subject.id",
        "id",
        "type",
        "name.x",
        "action.name",
        "action.id.x",
        "context.now",
        "context.id.x",
        "destination.id.x",
        "resources.id",
        "a b",
        "*",
        &longest,
    ] {
        assert!(written(path, "equals", "1"), "{path}");
        assert!(written("a", "equals", &format!(r#"{{"ref": "{path}"}}"#)), "{path}");
    }
    for path in [
        "",
        ".",
        ".a",
        "a.",
        "a..b",
        "subject",
        "resource",
        "action",
        "context",
        "subject.",
        "subject.id.x",
        "subject.type.x",
        "resource.id.x",
        "id.x",
        "type.x",
        "action.name.x",
        "context.now.x",
        &longer,
    ] {
        assert!(!written(path, "equals", "1"), "{path}");
        assert!(!written("a", "equals", &format!(r#"{{"ref": "{path}"}}"#)), "{path}");
        assert!(!written("a", "in", &format!(r#"[{{"ref": "{path}"}}]"#)), "{path}");
    }
}

#[test]
fn operands() {
    let scalars = ["\"x\"", "\"x*\"", "1", "-1.5e300", "1e400", r#"{"ref": "b"}"#];
    let times = ["\"2024-01-01T00:00:00Z\"", "\"2024-01-01t00:00:60.5+23:59\""];
    let never =
        ["null", "{}", r#"{"a": 1}"#, r#"{"ref": 1}"#, r#"{"ref": "a", "b": 1}"#, "1e9223372036854775808"];
    for good in scalars.iter().chain(&times).chain(&["true"]) {
        assert!(written("a", "equals", good), "{good}");
        for list in ["in", "notin"] {
            assert!(
                written("a", list, &format!("[{good}]")) && written("a", list, &format!("[1, {good}]")),
                "{good}"
            );
            assert_eq!(written("a", list, good), good.starts_with('{'), "{good}");
        }
        let ordered = !["\"x\"", "\"x*\"", "true"].contains(good);
        assert_eq!(written("a", "greaterthan", good), ordered, "{good}");
        assert_eq!(written("a", "lessthan", good), ordered, "{good}");
        assert_eq!(written("a", "exists", good), *good == "true", "{good}");
    }
    for bad in never.iter().chain(&["[]", "[1]"]) {
        for operator in ["equals", "greaterthan", "lessthan", "exists"] {
            assert!(!written("a", operator, bad), "{operator} {bad}");
        }
    }
    for bad in never.iter().chain(&["[]", "[1]"]) {
        assert!(
            !written("a", "in", &format!("[{bad}]")) && !written("a", "notin", &format!("[1, {bad}]")),
            "{bad}"
        );
    }
    assert!(!written("a", "in", "[]") && !written("a", "notin", "[]"));
    assert!(written("a", "exists", "false"));
    let long = |count: usize| format!("[1{}]", ",1".repeat(count - 1));
    assert!(written("a", "in", &long(65_536)));
    assert!(!written("a", "in", &long(65_537)));
    for operator in ["eq", "Equals", "==", "not", "contains", ""] {
        assert!(!written("a", operator, "1"), "{operator}");
    }
}

fn vocabulary() -> Vocabulary {
    let of = |kind: &str| json!({ "type": kind });
    Vocabulary::deserialize(json!({ "schema": "test",
        "resources": {
            "item": { "actions": ["read"], "attributes": {
                "text": of("string"), "label": of("string"), "count": of("number"), "flag": of("boolean"), "time": of("time"),
                "tags": of("list"), "link": of("object"), "a.b": of("string") } },
            "other": { "actions": ["read"], "attributes": { "text": of("number") } },
            "loose": { "actions": ["read"] } },
        "subjects": { "attributes": { "team": of("string"), "teams": of("list") } } }))
    .unwrap()
}

fn refused(resource: &str, condition: &str) -> Option<Refusal> {
    let condition = serde_json::from_str::<Value>(condition).unwrap();
    let statement =
        json!({ "effect": "allow", "actions": "read", "resource": resource, "conditions": condition });
    let document =
        Document::deserialize(json!({ "version": "2022-04-26", "policies": [statement] })).unwrap();
    vocabulary().refusal(&document)
}

#[test]
fn attributes_that_nobody_declared() {
    let undeclared = |path: &str| Some(Refusal::UndeclaredAttribute(path.to_owned()));
    let exists = |resource, path: &str| refused(resource, &format!(r#"{{"{path}": {{"exists": true}}}}"#));
    let equals = |path: &str| refused("item", &format!(r#"{{"text": {{"equals": {{"ref": "{path}"}}}}}}"#));
    for path in
        ["text", "a.b", "link", "link.x", "link.x.y", "id", "type", "action.x", "context.x", "context.now"]
    {
        assert_eq!(exists("item", path), None, "{path}");
    }
    for path in ["txt", "a", "a.b.c", "a.c", "text.x", "tags.x"] {
        assert_eq!(exists("item", path), undeclared(path));
        assert_eq!(equals(path), undeclared(path));
        assert_eq!(exists("loose", path), None, "{path}");
    }
    // Every type of the statement that declares anything has its say, by whatever name the statement has it.
    assert_eq!(exists("*", "label"), undeclared("label"));
    assert_eq!(exists("o*", "label"), undeclared("label"));
    assert_eq!(exists("i*", "label"), None);
    assert_eq!(exists("loose", "subject.x"), undeclared("x"));
    assert_eq!(exists("none such*", "subject.x"), undeclared("x"));
    assert_eq!(exists("loose", "subject.team"), None);
    assert_eq!(exists("loose", "subject.id"), None);
}

#[test]
fn operands_that_do_not_suit_what_is_declared() {
    let fits = |path: &str, operator: &str, operand: &str| match refused(
        "item",
        &format!(r#"{{"{path}": {{"{operator}": {operand}}}}}"#),
    ) {
        None => true,
        Some(Refusal::WrongOperand(_)) => false,
        Some(other) => panic!("{other}"),
    };
    for (path, operand, right) in [
        ("text", "\"x*\"", true),
        ("text", "1", false),
        ("text", "true", false),
        ("count", "1", true),
        ("count", "\"1\"", false),
        ("flag", "true", true),
        ("flag", "\"true\"", false),
        ("time", "\"2024-*\"", true),
        ("time", "1", false),
        ("tags", "\"x\"", false),
        ("link", "\"x\"", false),
        ("text", r#"{"ref": "label"}"#, true),
        ("text", r#"{"ref": "subject.team"}"#, true),
        ("text", r#"{"ref": "subject.id"}"#, true),
        ("text", r#"{"ref": "link.x"}"#, true),
        ("link.x", "1", true),
        ("text", r#"{"ref": "time"}"#, false),
        ("text", r#"{"ref": "count"}"#, false),
        ("tags", r#"{"ref": "tags"}"#, false),
    ] {
        assert_eq!(fits(path, "equals", operand), right, "{path} {operand}");
        for operator in ["in", "notin"] {
            let known = if operand.contains("link.x") { "{\"ref\": \"link.y\"}" } else { operand };
            assert_eq!(fits(path, operator, &format!("[{known}, {operand}]")), right, "{path} {operand}");
        }
    }
    for (path, list, right) in [
        ("text", "tags", true),
        ("text", "subject.teams", true),
        ("text", "link.x", true),
        ("text", "label", false),
        ("tags", "tags", false),
        ("link", "tags", false),
    ] {
        assert_eq!(fits(path, "in", &format!(r#"{{"ref": "{list}"}}"#)), right, "{path} in {list}");
    }
    let (number, time) = ("1", "\"2024-01-01T00:00:00Z\"");
    for (path, operand, right) in [
        ("count", number, true),
        ("count", time, false),
        ("time", time, true),
        ("time", number, false),
        ("text", time, false),
        ("flag", number, false),
        ("tags", number, false),
        ("link", time, false),
        ("time", r#"{"ref": "context.now"}"#, true),
        ("time", r#"{"ref": "count"}"#, false),
        ("count", r#"{"ref": "count"}"#, true),
    ] {
        assert_eq!(fits(path, "greaterthan", operand), right, "{path} {operand}");
        assert_eq!(fits(path, "lessthan", operand), right, "{path} {operand}");
    }
    for path in ["text", "count", "flag", "time", "tags", "link"] {
        assert!(fits(path, "exists", "true"));
    }
    // One type says a number, another a string.
    let both = |operand: &str| refused("*", &format!(r#"{{"text": {{"equals": {operand}}}}}"#));
    assert!(both("1").is_some() && both("\"x\"").is_some());
}

#[test]
fn a_role_with_a_refused_condition_is_refused() {
    let read = |policy: Value, objects: Value| {
        let schema = json!({ "schema": "t", "resources": { "item": { "actions": ["read"], "aliases": ["items"],
                             "attributes": { "text": { "type": "string" } } } } });
        Reference::from_json(
            &json!({ "schema": schema, "default_role": "r", "members": { "ann": {} }, "objects": objects,
            "roles": { "r": { "version": "2022-04-26", "policies": [
                { "effect": "allow", "actions": "read", "resource": "*", "conditions": policy }] } } }),
        )
        .is_ok()
    };
    assert!(read(json!({ "text": { "equals": "x" } }), json!([])));
    assert!(!read(json!({ "txt": { "equals": "x" } }), json!([])));
    assert!(!read(json!({ "text": { "equals": 1 } }), json!([])));
    let one = json!({ "type": "item", "id": "1" });
    assert!(read(json!("*"), json!([one])));
    assert!(!read(json!("*"), json!([one, one])));
    assert!(!read(json!("*"), json!([{ "type": "items", "id": "1" }])));
}
