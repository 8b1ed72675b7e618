//! Converting to Cedar, without Cedar: which tests are said exactly and which are not, and what entities tell. That Cedar decides what is
//! written as Portcullis decides it is tested in `benches/peers`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis::condition::Attribute;
use portcullis::{Document, NoFiles, Schema, Snapshot, Source, Workspace, cedar};
use serde_json::{Value, json};

/// A condition of an allow and of a deny, as policies; and how many of its tests are not said.
fn converted(effect: &str, conditions: &Value) -> (String, usize) {
    let text = json!({ "version": "2022-04-26", "policies": [
        { "effect": effect, "actions": ["read", "update"], "resource": "sync", "conditions": conditions } ] });
    let (document, _) = Document::read(&Source::new("role.json", text.to_string())).unwrap();
    let (grants, _) = document.resolve(&Schema::hightouch().unwrap()).unwrap();
    let statements = cedar::document("a \"role\"", &document, &grants).unwrap();
    assert_eq!(statements.len(), 1);
    (statements[0].text().to_owned(), statements[0].unsaid().len())
}

/// What stands between the braces, on one line.
fn clause(effect: &str, conditions: &Value) -> String {
    let (text, unsaid) = converted(effect, conditions);
    assert_eq!(unsaid, 0, "{text}");
    let inside = text.split_once('{').map_or("", |(_, rest)| rest.rsplit_once('}').unwrap().0);
    inside.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn allows_ask_what_is_surely_true_and_denies_what_is_surely_false() {
    let kind = |path: &str, kind: &str| {
        format!("resource.hasTag(\"kind:{path}\") && resource.getTag(\"kind:{path}\") == \"{kind}\"")
    };
    for (conditions, allow, deny) in [
        (
            json!({"team": {"equals": "a\"b"}}),
            "resource has team && resource.team == \"a\\\"b\"".to_owned(),
            format!("{} && resource.team != \"a\\\"b\"", kind("team", "string")),
        ),
        (
            json!({"a.b": {"equals": "x*"}}),
            "resource has a.b && resource.a.b like \"x*\"".to_owned(),
            format!("{} && !(resource.a.b like \"x*\")", kind("a.b", "string")),
        ),
        (
            json!({"subject.open": {"equals": true}}),
            "principal has open && principal.open == true".to_owned(),
            "principal has open && principal.open == false".to_owned(),
        ),
        (
            json!({"rows": {"lessthan": 7.5}}),
            format!("{} && resource.rows <= 7", kind("rows", "number")),
            format!("{} && !(resource.rows <= 7)", kind("rows", "number")),
        ),
        (
            json!({"team": {"exists": false}}),
            "resource.hasTag(\"stored\") && !(resource has team)".to_owned(),
            "resource has team".to_owned(),
        ),
        // No value is comparable with both, so that nothing is surely in neither.
        (
            json!({"team": {"notin": ["a", 1]}}),
            String::new(),
            "(resource has team && resource.team == 1) || (resource has team && resource.team == \"a\")"
                .to_owned(),
        ),
        (
            json!({"resource.id": {"in": ["1", "2"]}}),
            "resource has id && [\"1\", \"2\"].contains(resource.id)".to_owned(),
            "resource has id && ![\"1\", \"2\"].contains(resource.id)".to_owned(),
        ),
    ] {
        assert_eq!(clause("allow", &conditions), allow, "{conditions}");
        assert_eq!(clause("deny", &conditions), deny, "{conditions}");
    }
}

#[test]
fn policies_on_the_action_s_name_are_apart() {
    let (text, unsaid) = converted("deny", &json!({"action.name": {"equals": "up*"}}));
    assert_eq!((text.matches("forbid").count(), unsaid), (1, 0), "{text}");
    assert!(text.contains("@id(\"a \\\"role\\\"/0/sync/update\")") && !text.contains("unless"), "{text}");
}

#[test]
fn what_cedar_cannot_say_is_told_and_denies() {
    let late = json!({"greaterthan": "2026-01-01T00:00:00Z"});
    for conditions in
        [json!({"context.now": late}), json!({"since": late}), json!({"action.by": {"exists": true}})]
    {
        let (allow, unsaid) = converted("allow", &conditions);
        assert!(!allow.contains("permit") && allow.contains("// role.json:1:"), "{allow}");
        assert_eq!(unsaid, 1);
        let (deny, unsaid) = converted("deny", &conditions);
        assert!(deny.contains("forbid") && !deny.contains("unless"), "{deny}");
        assert_eq!(unsaid, 1);
    }
    // Two numbers are compared, two times are not.
    for effect in ["allow", "deny"] {
        let (text, unsaid) = converted(effect, &json!({"since": {"lessthan": {"ref": "subject.until"}}}));
        assert!(text.contains("== \"number\"") && text.contains("resource.since") && unsaid == 1, "{text}");
    }
    // What can be said of a deny is.
    let (deny, unsaid) = converted("deny", &json!({"context.now": late, "frozen": {"equals": true}}));
    assert!(deny.contains("resource.frozen == false") && unsaid == 1, "{deny}");
    // A permit without one of its tests would permit too much.
    let (allow, _) = converted("allow", &json!({"context.now": late, "frozen": {"equals": true}}));
    assert!(!allow.contains("permit"), "{allow}");
}

fn snapshot() -> Snapshot {
    let ways = |to: &str| json!({ "ref": { "type": "sync", "id": to } });
    let text = json!({
        "workspace": "w", "schema": "hightouch",
        "roles": { "r": { "version": "2022-04-26", "policies": [
            { "effect": "deny", "actions": "read", "resource": "sync",
              "conditions": { "next.team": { "equals": "red" }, "rows": { "greaterthan": 1 }, "context.ip.v4": { "equals": "x" } } } ] } },
        "members": { "ann": { "role": "r" }, "bob": { "role": "r", "suspended": true } },
        "objects": [
            { "type": "sync", "id": "1", "properties": { "next": ways("2"), "rows": 1.5, "id": "no" } },
            { "type": "sync", "id": "2", "properties": { "next": ways("3"), "rows": 2, "team": "red", "none": null } },
            { "type": "sync", "id": "3", "properties": { "next": ways("2"), "rows": "2", "team": "red" } },
            { "type": "sync", "id": "4", "properties": { "next": ways("gone"), "__entity": 1, "box": { "__extn": 1 } } } ],
    });
    let (workspace, _) = Workspace::read(&Source::new("w.json", text.to_string()), &NoFiles).unwrap();
    workspace.compile().unwrap().0
}

#[test]
fn entities_tell_what_is_there_and_what_is_lost() {
    let snapshot = snapshot();
    let converted = cedar::workspace(&snapshot).unwrap();
    let mut written = String::new();
    let lost = converted.write_entities(&mut written).unwrap();
    let entities: Vec<Value> = serde_json::from_str(&written).unwrap();
    let of = |kind: &str, id: &str| {
        let uid = json!({ "type": kind, "id": id });
        entities.iter().find(|entity| entity["uid"] == uid).unwrap_or_else(|| panic!("{uid}"))
    };
    assert_eq!(of("Type", "api_key")["parents"], json!([{ "type": "Type", "id": "workspace" }]));
    assert_eq!(of("User", "ann")["parents"], json!([{ "type": "Role", "id": "r" }]));
    assert_eq!(of("User", "bob")["parents"], json!([]));
    let sync = |id: &str| of("Resource", &cedar::resource_id("sync", id));
    let way = |id: &str| json!({ "__entity": { "type": "Resource", "id": format!("sync/{id}") } });
    assert_eq!(sync("1")["attrs"], json!({ "id": "1", "type": "sync", "next": way("2"), "rows": {} }));
    assert_eq!(
        sync("1")["tags"],
        json!({ "stored": "yes", "kind:next.team": "string", "kind:rows": "other" })
    );
    // 2 and 3 lead to each other.
    assert_eq!(sync("2")["attrs"]["next"], json!({}));
    assert_eq!(
        sync("2")["tags"],
        json!({ "stored": "yes", "kind:next.team": "other", "kind:rows": "number" })
    );
    assert_eq!(sync("3")["tags"]["kind:rows"], "string");
    assert_eq!(sync("4")["attrs"]["box"], json!({}));
    assert_eq!(sync("4")["tags"], json!({ "stored": "yes", "kind:next.team": "unknown" }));
    let mut told: Vec<(&str, &str)> = lost.iter().collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [("sync/1", "resource.rows"), ("sync/2", "resource.next.team"), ("sync/3", "resource.next.team")]
    );
    assert_eq!(lost.count(), 3);
}

#[test]
fn a_context_says_its_kinds() {
    let snapshot = snapshot();
    let converted = cedar::workspace(&snapshot).unwrap();
    for (sent, said) in [
        ("null", json!({})),
        ("{}", json!({ "kind:": "yes" })),
        (r#"{"ip": {"v4": "x"}}"#, json!({ "kind:": "yes", "ip": { "v4": "x" }, "kind:ip.v4": "string" })),
        (r#"{"ip": {"v4": 1.5}}"#, json!({ "kind:": "yes", "ip": { "v4": {} }, "kind:ip.v4": "other" })),
        (r#"{"ip": 1, "__expr": 1, "kind:ip.v4": "string"}"#, json!({ "ip": 1 })),
    ] {
        let sent = Attribute::read(&Source::new("context", sent)).unwrap();
        let context: Value = serde_json::from_str(&converted.context(sent.value())).unwrap();
        assert_eq!(context, said);
    }
}
