//! The JSON Schemas for editors: they are schemas, they accept what the reader accepts, and refuse what it refuses.
//!
//! A JSON Schema sees shapes and no meaning, so the refused texts here are those whose fault is in their shape.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn validator(kind: &str) -> Validator {
    let schema = read(&here(&format!("schemas/{kind}.schema.json")));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&schema), "{kind}");
    jsonschema::validator_for(&schema).unwrap()
}

fn accepts(validator: &Validator, value: &Value, what: &str) {
    let faults: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{what}: {faults:?}");
}

#[test]
fn examples_and_built_in_texts_are_valid() {
    let (policy, workspace, schema) = (validator("policy"), validator("workspace"), validator("schema"));
    for directory in ["../../examples/acme/roles", "sample/roles"] {
        for entry in fs::read_dir(here(directory)).unwrap() {
            let path = entry.unwrap().path();
            accepts(&policy, &read(&path), &path.display().to_string());
        }
    }
    for path in ["../../examples/acme/workspace.json", "sample/workspace.json"] {
        accepts(&workspace, &read(&here(path)), path);
    }
    let text = portcullis::Schema::built_in_text("hightouch").unwrap();
    accepts(&schema, &serde_json::from_str(text).unwrap(), "hightouch");
    let tests = validator("tests");
    for path in [
        "../../examples/acme/tests.json",
        "../../examples/acme/tests_that_fail.json",
        "../../examples/authzen-todo/tests.json",
        "sample/tests.json",
    ] {
        accepts(&tests, &read(&here(path)), path);
    }
    let rules = validator("rules");
    for path in ["../../examples/acme/rules.json", "../../examples/acme/rules_that_break.json"] {
        accepts(&rules, &read(&here(path)), path);
    }
}

#[test]
fn what_every_diagnostic_shows_as_mended_is_valid() {
    use portcullis::diagnostic::{Code, ExampleKind};
    let (policy, workspace, schema) = (validator("policy"), validator("workspace"), validator("schema"));
    let (tests, rules) = (validator("tests"), validator("rules"));
    let mut shown = 0;
    for code in Code::ALL {
        let Some(example) = code.example() else { continue };
        let validator = match example.kind {
            ExampleKind::Policy => &policy,
            ExampleKind::Schema => &schema,
            ExampleKind::Workspace => &workspace,
            ExampleKind::Tests => &tests,
            ExampleKind::Rules => &rules,
        };
        accepts(validator, &serde_json::from_str(example.good).unwrap(), &format!("{code} mended"));
        shown += 1;
    }
    assert!(shown > 20, "{shown}");
}

#[test]
fn faults_of_shape_are_refused() {
    let statement = |inside: &str| format!(r#"{{"version": "2022-04-26", "policies": [{{{inside}}}]}}"#);
    let good = r#""effect": "allow", "actions": "read", "resource": ["sync", "*"]"#;
    let policy = validator("policy");
    assert!(policy.is_valid(&serde_json::from_str(&statement(good)).unwrap()));
    for bad in [
        statement(r#""effect": "Allow", "actions": "read", "resource": "sync""#),
        statement(r#""effect": "allow", "actions": "read", "resources": "sync""#),
        statement(r#""effect": "allow", "resource": "sync""#),
        statement(r#""effect": "allow", "actions": [1], "resource": "sync""#),
        statement(r#""effect": "allow", "actions": "", "resource": "sync""#),
        statement(&format!(r#"{good}, "conditions": {{}}"#)),
        statement(&format!(r#"{good}, "conditions": {{"labels.team": {{}}}}"#)),
        statement(&format!(r#"{good}, "conditions": {{"labels.team": {{"like": "x"}}}}"#)),
        format!("{{{good}}}"),
        r#"{"version": "2024-01-01", "policies": []}"#.to_owned(),
        r#"{"version": "2022-04-26"}"#.to_owned(),
        "[]".to_owned(),
    ] {
        assert!(!policy.is_valid(&serde_json::from_str(&bad).unwrap()), "{bad}");
    }
    let workspace = validator("workspace");
    let with = |more: &str, members: &str| {
        format!(r#"{{"workspace": "w", "schema": "hightouch", "roles": {{}}, "members": {members}{more}}}"#)
    };
    assert!(workspace.is_valid(&serde_json::from_str(&with("", r#"{"a": {"suspended": true}}"#)).unwrap()));
    for bad in [
        with("", r#"{"a": {"suspended": "yes"}}"#),
        with("", r#"{"a": {"roles": ["editor"]}}"#),
        with("", r#"["a"]"#),
        with("", r#"{"": {}}"#),
        with(r#", "users": {}"#, "{}"),
        with(r#", "groups": {"g": {"role": "editor"}}"#, "{}"),
        with(r#", "objects": [{"type": "sync"}]"#, "{}"),
        with("", "{}").replace(r#""hightouch""#, r#""hightuoch""#),
        with("", "{}").replace(r#""roles": {}"#, r#""roles": {"r": {"policies": []}}"#),
    ] {
        assert!(!workspace.is_valid(&serde_json::from_str(&bad).unwrap()), "{bad}");
    }
    let schema = validator("schema");
    for bad in [
        r#"{"schema": "s"}"#,
        r#"{"schema": "s", "resources": {"a*": {"actions": ["read"]}}}"#,
        r#"{"schema": "s", "resources": {"a": {"actions": []}}}"#,
        r#"{"schema": "s", "resources": {"a": {"actions": ["read"], "status": "old"}}}"#,
        r#"{"schema": "s", "resources": {"a": {"actions": ["read"], "attributes": {"x": {"from": "stored"}}}}}"#,
        r#"{"schema": "s", "resources": {}, "administration": {"workspace": "a"}}"#,
    ] {
        assert!(!schema.is_valid(&serde_json::from_str(bad).unwrap()), "{bad}");
    }
}

#[test]
fn a_condition_is_refused_for_its_shape_exactly_where_the_reader_refuses_it() {
    let (policy, workspace) = (validator("policy"), validator("workspace"));
    let scalars = ["\"a\"", "7", "-0.5e3", "true", "{\"ref\": \"subject.team\"}"];
    let times = ["\"2026-03-01T12:00:00Z\"", "\"2026-03-01t12:00:00.25-01:30\""];
    let others = [
        "null",
        "{}",
        "{\"ref\": 7}",
        "{\"ref\": \"a\", \"x\": 1}",
        "[]",
        "[[1]]",
        "[null]",
        "\"2026-03-01\"",
    ];
    let list = |element: &str| format!("[{element}, \"b\"]");
    let operands = scalars.iter().chain(&times).chain(&others).map(|&operand| operand.to_owned());
    let operands: Vec<String> = operands.chain(scalars.iter().map(|element| list(element))).collect();
    let mut good = 0;
    for operator in ["equals", "in", "notin", "greaterthan", "lessthan", "exists", "like"] {
        for operand in &operands {
            let text = format!(
                r#"{{"version": "2022-04-26", "policies": [{{"effect": "deny", "actions": "read", "resource": "sync",
                    "conditions": {{"labels.team": {{"{operator}": {operand}}}}}}}]}}"#
            );
            let read = portcullis::Document::read(&portcullis::Source::new("policy.json", &*text)).is_ok();
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(policy.is_valid(&value), read, "{text}");
            let inline = serde_json::json!({ "workspace": "w", "schema": "hightouch", "roles": { "r": value }, "members": {} });
            assert_eq!(workspace.is_valid(&inline), read, "{text}");
            good += usize::from(read);
        }
    }
    assert_eq!(good, 8 + 2 * 6 + 2 * 5 + 1, "as many as the language takes");
}

#[test]
fn a_suite_is_refused_for_its_shape_exactly_where_the_reader_refuses_it() {
    use portcullis::suite::Suite;
    let tests = validator("tests");
    let suite = |test: &str| format!(r#"{{"workspace": "workspace.json", "tests": [{test}]}}"#);
    let named = |inside: &str| suite(&format!(r#"{{"name": "n", {inside}}}"#));
    let ann = |inside: &str| named(&format!(r#""subject": "ann", {inside}"#));
    let agree = |text: &str, good: bool| {
        let value: Value = serde_json::from_str(text).unwrap();
        let read = Suite::read(&portcullis::Source::new("tests.json", text), &portcullis::NoFiles);
        assert_eq!(read.is_ok(), good, "{text}");
        assert_eq!(tests.is_valid(&value), good, "{text}");
    };
    for good in [
        ann(r#""may": {"sync": "read"}"#),
        ann(r#""may_not": {"*": "*"}"#),
        ann(r#""may": {"s*": ["read"]}, "may_not": {"model": ["re*", "update"]}"#),
        ann(r#""grid": {}"#),
        ann(r#""grid": {"sync": []}"#),
        named(r#""subject": ["ann", "bob"], "grid": {"sync": "*"}"#),
        named(r#""role": "editor", "may": {"sync": "read"}"#),
        named(r#""action": "read", "resource": "sync", "who": []"#),
        named(r#""action": ["read"], "resource": ["sync", "m*"], "who": "ann""#),
        ann(r#""may": {"sync": "read"}"#).replace(r#""workspace": "workspace.json", "#, ""),
        ann(r#""grid": {}, "request": {}"#),
        ann(r#""grid": {}, "request": {"resource": {"id": "1"}, "now": "2026-03-01t12:00:00.5+01:00"}"#),
        named(
            r#""action": "read", "resource": "sync", "who": [], "request": {"resource": {"id": "a/b", "properties": {"a": null}},
                "subject": {"properties": {}}, "action": {"properties": {"b": [1]}}, "context": {"now": 1}}"#,
        ),
    ] {
        agree(&good, true);
    }
    for bad in [
        r#"{"tests": []}"#.to_owned(),
        r#"{"workspace": "workspace.json"}"#.to_owned(),
        suite(r#"{"subject": "ann", "may": {"sync": "read"}}"#),
        suite(r#""ann""#),
        suite("").replace("workspace.json", ""),
        named(r#""may": {"sync": "read"}"#),
        named(r#""subject": "ann""#),
        named(r#""subject": "ann", "role": "editor", "grid": {}"#),
        named(r#""subject": [], "grid": {}"#),
        named(r#""subject": {"id": "ann"}, "grid": {}"#),
        ann(r#""may": {}"#),
        ann(r#""may": {"sync": []}"#),
        ann(r#""may": {"sync": "read"}, "may_not": {}"#),
        ann(r#""may": "*""#),
        ann(r#""may": {"sync": 1}"#),
        ann(r#""may": {"": "read"}"#),
        ann(r#""can": {"sync": "read"}"#),
        ann(r#""grid": {}, "may": {"sync": "read"}"#),
        ann(r#""action": "read", "resource": "sync", "who": []"#),
        named(r#""action": "read", "resource": "sync""#),
        named(r#""action": [], "resource": "sync", "who": []"#),
        named(r#""action": "read", "resource": "sync", "who": [], "grid": {}"#),
        ann(r#""grid": {}, "request": null"#),
        ann(r#""grid": {}, "request": {"resource": "sync"}"#),
        ann(r#""grid": {}, "request": {"resource": {"properties": {}}}"#),
        ann(r#""grid": {}, "request": {"resource": {"type": "sync", "id": "1"}}"#),
        ann(r#""grid": {}, "request": {"resource": {"id": ""}}"#),
        ann(r#""grid": {}, "request": {"subject": {}}"#),
        ann(r#""grid": {}, "request": {"subject": {"id": "ann", "properties": {}}}"#),
        ann(r#""grid": {}, "request": {"action": {"properties": null}}"#),
        ann(r#""grid": {}, "request": {"context": []}"#),
        ann(r#""grid": {}, "request": {"now": "2026-03-01"}"#),
        ann(r#""grid": {}, "request": {"now": 1}"#),
        ann(r#""grid": {}, "request": {"labels": {}}"#),
    ] {
        agree(&bad, false);
    }
}

#[test]
fn a_file_of_rules_is_refused_for_its_shape_exactly_where_the_reader_refuses_it() {
    use portcullis::rules::Rules;
    let validator = validator("rules");
    let agree = |text: &str, good: bool| {
        let value: Value = serde_json::from_str(text).unwrap();
        let read = Rules::read(&portcullis::Source::new("rules.json", text), &portcullis::NoFiles);
        assert_eq!(read.is_ok(), good, "{text}");
        assert_eq!(validator.is_valid(&value), good, "{text}");
    };
    let rule = |rule: &str| format!(r#"{{"workspace": "workspace.json", "rules": [{{{rule}}}]}}"#);
    for good in [
        r#""never": {"actions": "*", "resource": ["sync", "m*"]}"#,
        r#""name": "n", "never": {"role": "admin"}, "except": {"roles": "a", "groups": [], "members": ["b"]}"#,
        r#""never": {"actions": ["read"], "resource": "sync", "object": "42"}"#,
        r#""separate": [{"role": "a"}, {"role": "b"}, {"actions": "read", "resource": "sync"}], "except": {}"#,
        r#""only": [], "actions": "read", "resource": "sync""#,
        r#""only": "ann", "role": "admin""#,
        r#""at-most": 0, "role": "admin", "except": {"members": "ann"}"#,
        r#""at-most": 4294967295, "actions": "read", "resource": "sync", "object": "42""#,
    ] {
        agree(&rule(good), true);
    }
    agree(&rule(r#""never": {"role": "admin"}"#).replace(r#""workspace": "workspace.json", "#, ""), true);
    for bad in [
        "",
        r#""name": "n""#,
        r#""name": "", "never": {"role": "admin"}"#,
        r#""never": "admin""#,
        r#""never": {}"#,
        r#""never": {"role": ["admin"]}"#,
        r#""never": {"actions": "read"}"#,
        r#""never": {"actions": [], "resource": "sync"}"#,
        r#""never": {"actions": "read", "resource": "sync", "role": "admin"}"#,
        r#""never": {"actions": "read", "resource": "sync", "object": 42}"#,
        r#""never": {"role": "admin"}, "role": "admin""#,
        r#""never": {"role": "admin"}, "at-most": 1"#,
        r#""never": {"role": "admin"}, "except": ["admin"]"#,
        r#""never": {"role": "admin"}, "except": {"roles": ["a", "a"]}"#,
        r#""never": {"role": "admin"}, "except": {"who": "a"}"#,
        r#""separate": [{"role": "a"}]"#,
        r#""separate": {"role": "a"}"#,
        r#""separate": [{"role": "a"}, "b"]"#,
        r#""separate": [{"role": "a"}, {"role": "b"}], "actions": "read""#,
        r#""only": ["ann"]"#,
        r#""only": ["ann", "ann"], "role": "admin""#,
        r#""only": ["ann"], "role": "admin", "except": {}"#,
        r#""only": ["ann"], "role": "admin", "at-most": 1"#,
        r#""at-most": -1, "role": "admin""#,
        r#""at-most": 1.5, "role": "admin""#,
        r#""at-most": "1", "role": "admin""#,
        r#""at-most": 4294967296, "role": "admin""#,
        r#""at-most": 1, "object": "42", "role": "admin""#,
    ] {
        agree(&rule(bad), false);
    }
    let sides = |count: usize| {
        let sides: Vec<String> = (0..count).map(|number| format!(r#"{{"role": "{number}"}}"#)).collect();
        rule(&format!(r#""separate": [{}]"#, sides.join(",")))
    };
    agree(&sides(64), true);
    agree(&sides(65), false);
    agree(r#"{"rules": []}"#, false);
    agree(r#"{"workspace": "workspace.json"}"#, false);
    agree(r#"{"rules": [7]}"#, false);
}
