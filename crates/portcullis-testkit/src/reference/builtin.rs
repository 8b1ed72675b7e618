//! The built-in schema and roles of Hightouch, written out a second time and by hand.
//!
//! The engine has its own copy; that the two agree is what a test shows, so neither may be made from the other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The schema that a workspace means by `"schema": "hightouch"`: ten types, nine actions, 47 permissions.
#[must_use]
pub fn hightouch_schema() -> Value {
    json!({
        "schema": "hightouch",
        "resources": {
            "workspace": {
                "actions": ["read", "update", "create", "delete"],
                "covers": ["api_key", "role", "group", "general_settings", "external_storage", "integration"]
            },
            "destination": { "actions": ["read", "update", "create", "delete"] },
            "source": { "actions": ["read", "update", "create", "delete", "preview"] },
            "model": { "actions": ["read", "update", "create", "delete", "preview"] },
            "sync": { "actions": ["read", "update", "create", "delete", "start", "enable", "debugger", "testrow"] },
            "audience": { "actions": ["read", "update", "create", "delete", "preview"] },
            "audience_schema": { "actions": ["read", "update", "create", "delete"] },
            "sync_template": { "actions": ["read", "update", "create", "delete"], "aliases": ["sync_templates"] },
            "workspace_membership": { "actions": ["read", "update", "create", "delete"] },
            "alert": { "actions": ["read", "update", "create", "delete"], "status": "reserved" }
        },
        "administration": { "workspace": "workspace", "membership": "workspace_membership" }
    })
}

/// The built-in roles `admin`, `editor` and `viewer`, and `reader`, which is another name of `viewer`.
#[must_use]
pub fn hightouch_roles() -> BTreeMap<String, Value> {
    let all_but_workspace = json!([
        "destination",
        "source",
        "model",
        "sync",
        "audience",
        "audience_schema",
        "sync_template",
        "workspace_membership",
        "alert"
    ]);
    let allow = |actions: Value, resource: Value| {
        json!({ "version": "2022-04-26",
                "policies": [{ "effect": "allow", "actions": actions, "resource": resource }] })
    };
    let viewer = allow(json!(["read"]), all_but_workspace.clone());
    BTreeMap::from([
        ("admin".to_owned(), allow(json!("*"), json!("*"))),
        ("editor".to_owned(), allow(json!("*"), all_but_workspace)),
        ("viewer".to_owned(), viewer.clone()),
        ("reader".to_owned(), viewer),
    ])
}
