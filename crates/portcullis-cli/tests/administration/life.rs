//! A workspace from its first day: made, filled, asked, written out.

use serde_json::json;

use crate::desk::{ADMIN, Desk, example};

/// The guide of Hightouch for its Atlan integration, step by step: a role from JSON, a group, the service account, the role to the group, a key.
#[test]
fn a_workspace_comes_to_grant_exactly_what_was_meant() {
    let desk = Desk::new();
    desk.save("atlan_role.json", &example("roles/atlan_role.json"));
    let added =
        desk.run(&["role", "add", "atlan_role", "atlan_role.json", "--note", "as in the guide"]).done();
    assert!(added.out.starts_with("added the role `atlan_role` ("), "{}", added.out);
    assert!(added.err.contains("P0204"), "warnings are told: {}", added.err);
    desk.run(&["group", "add", "atlan_group"]).done();

    // The built-in roles read everything: with one of them nobody would see what the group gives.
    desk.role("basic", r#""read""#, r#""audience""#);
    let invite = ["invite", "send", "svc-atlan@acme.example", "--role", "basic", "--format", "json"];
    let sent = desk.run(&invite).done();
    let token = sent.secret();
    let invitations = desk.json(&["invite", "list"]);
    assert_eq!((&invitations[0]["state"], &invitations[0]["role"]), (&json!("pending"), &json!("basic")));
    let accepted =
        desk.command(None, &["invite", "accept", "--format", "json"], &format!("{token}\n")).done();
    assert_eq!(accepted.json()["subject"], "svc-atlan@acme.example");
    assert_eq!(desk.json(&["invite", "list"])[0]["state"], "accepted");
    let again = desk.command(None, &["invite", "accept"], &token);
    assert!(again.status == 2 && again.err.contains("the credential is not valid"), "{again:?}");

    desk.run(&["group", "join", "atlan_group", "svc-atlan@acme.example"]).done();
    desk.run(&["group", "give", "atlan_group", "atlan_role"]).done();
    let group = desk.json(&["group", "show", "atlan_group"]);
    assert_eq!(group["members"], json!(["svc-atlan@acme.example"]));
    assert_eq!(group["roles"], json!(["atlan_role"]));
    let member = desk.json(&["member", "show", "svc-atlan@acme.example"]);
    assert_eq!((&member["role"], &member["groups"]), (&json!("basic"), &json!(["atlan_group"])));

    // The key that accepting gave opens the workspace as that member, who may read it since the role says so.
    let key = accepted.secret();
    let seen = desk.with(&key, &["role", "list", "--format", "json"]).done().json();
    assert_eq!(seen.as_array().unwrap().len(), 5);
    let refused = desk.with(&key, &["group", "remove", "atlan_group"]);
    assert_eq!(refused.status, 1, "{refused:?}");

    desk.run(&["workspace", "export", "--out", "acme.json"]).done();
    let check = |action: &str, resource: &str| {
        let ask = ["check", "-w", "acme.json", "svc-atlan@acme.example", action, resource];
        desk.without_key(&ask).out.trim().to_owned()
    };
    for resource in ["workspace", "source", "destination", "model", "sync", "sync_template", "audience"] {
        assert_eq!(check("read", resource), "allow", "{resource}");
        assert_eq!(check("update", resource), "deny", "{resource}");
    }
    for resource in ["workspace_membership", "alert", "audience_schema"] {
        assert_eq!(check("read", resource), "deny", "{resource}");
    }
}

#[test]
fn a_role_has_versions_that_are_compared_and_rolled_back() {
    let desk = Desk::new();
    desk.role("drafts", r#""read""#, r#""model""#);
    desk.save("drafts.json", &crate::desk::document(r#"["read", "update"]"#, r#"["model", "sync"]"#));
    desk.run(&["role", "save", "drafts", "drafts.json", "--note", "syncs too"]).done();
    let versions = desk.json(&["role", "versions", "drafts"]);
    let told = |at: usize| {
        (versions[at]["number"].clone(), versions[at]["author"].clone(), versions[at]["note"].clone())
    };
    assert_eq!(told(1), (json!(2), json!(ADMIN), json!("syncs too")));
    let shown = desk.run(&["role", "show", "drafts", "--number", "1", "--document"]).done().out;
    assert_eq!(shown, crate::desk::document(r#""read""#, r#""model""#));

    let differs = desk.run(&["role", "diff", "drafts", "1", "2"]);
    assert_eq!((differs.status, differs.out.lines().count()), (1, 3), "{differs:?}");
    assert!(differs.out.contains("+ model: update") && differs.out.contains("+ sync: read, update"));
    assert_eq!(desk.run(&["role", "diff", "drafts", "1", "1"]).done().out, "no difference\n");
    assert_eq!(desk.run(&["role", "diff", "drafts", "1", "9"]).status, 2);

    desk.run(&["role", "roll-back", "drafts", "1"]).done();
    let now = desk.json(&["role", "show", "drafts"]);
    assert_eq!((&now["number"], &now["document"]), (&json!(3), &json!(shown)));
    assert_eq!(desk.json(&["role", "versions", "drafts"])[2]["note"], "back to version 1");
    desk.run(&["role", "remove", "drafts"]).done();
    assert_eq!(desk.run(&["role", "show", "drafts"]).status, 2);
}

#[test]
fn members_and_groups_are_changed_and_removed() {
    let desk = Desk::new();
    desk.save("properties.json", r#"{"team": "data"}"#);
    desk.run(&["member", "add", "bob", "--role", "editor", "--properties", "@properties.json"]).done();
    desk.run(&[
        "member",
        "set",
        "bob",
        "--role",
        "viewer",
        "--properties",
        r#"{"team": "ops"}"#,
        "--version",
        "2",
    ])
    .done();
    let bob = desk.json(&["member", "show", "bob"]);
    assert_eq!((&bob["role"], &bob["properties"]), (&json!("viewer"), &json!({ "team": "ops" })));
    desk.run(&["member", "suspend", "bob"]).done();
    assert!(desk.run(&["member", "list"]).done().out.contains("suspended"));
    assert_eq!(
        desk.run(&["member", "suspend", "bob"]).done().out.lines().next(),
        Some("suspended `bob`: it was so already")
    );
    desk.run(&["member", "reactivate", "bob"]).done();
    desk.run(&["group", "add", "ops"]).done();
    desk.run(&["group", "join", "ops", "bob"]).done();
    desk.run(&["group", "rename", "ops", "operations"]).done();
    desk.run(&["group", "give", "operations", "editor"]).done();
    desk.run(&["group", "take", "operations", "editor"]).done();
    desk.run(&["group", "leave", "operations", "bob"]).done();
    let groups = desk.json(&["group", "list"]);
    assert_eq!(
        (&groups[0]["name"], &groups[0]["members"], &groups[0]["roles"]),
        (&json!("operations"), &json!([]), &json!([]))
    );
    desk.run(&["group", "remove", "operations"]).done();
    desk.run(&["member", "remove", "bob"]).done();
    assert_eq!(desk.json(&["member", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn what_is_set_of_a_workspace_is_shown() {
    let desk = Desk::new();
    desk.run(&["workspace", "set", "--name", "apex", "--default-role", "editor", "--invitation-days", "7"])
        .done();
    let shown = desk.json(&["workspace", "show"]);
    assert_eq!(
        (&shown["name"], &shown["default_role"], &shown["invitation_days"]),
        (&json!("apex"), &json!("editor"), &json!(7))
    );
    desk.run(&["invite", "send", "carol@acme.example"]).done();
    let invitation = desk.json(&["invite", "show", "carol@acme.example"]);
    let day = |key: &str| invitation[key].as_str().unwrap()[..10].to_owned();
    assert!(day("created") < day("expires"), "{invitation}");
    let people = desk.run(&["invite", "list"]).done().out;
    assert!(people.contains("carol@acme.example  the default  pending  ann@acme.example  2"), "{people}");
    desk.run(&["invite", "cancel", "carol@acme.example"]).done();
    assert_eq!(desk.json(&["invite", "list"])[0]["state"], "cancelled");
}

#[test]
fn rules_and_objects_are_put_changed_and_removed() {
    let desk = Desk::new();
    desk.save(
        "rule.json",
        r#"{"never": {"actions": "delete", "resource": "sync"}, "except": {"roles": ["admin"]}}"#,
    );
    desk.run(&["rule", "add", "nobody deletes", "rule.json"]).done();
    desk.run(&["member", "add", "bob"]).done();
    let refused = desk.run(&["member", "set", "bob", "--role", "editor"]);
    assert!(refused.status == 1 && refused.err.contains("nobody deletes"), "{refused:?}");
    desk.save("rule.json", r#"{"at-most": 5, "actions": "delete", "resource": "sync"}"#);
    desk.run(&["rule", "set", "nobody deletes", "rule.json"]).done();
    desk.run(&["member", "set", "bob", "--role", "editor"]).done();
    assert_eq!(desk.json(&["rule", "list"])[0]["name"], "nobody deletes");
    assert!(desk.run(&["rule", "show", "nobody deletes"]).done().out.contains(r#"rule     {"at-most": 5"#));
    desk.run(&["rule", "remove", "nobody deletes"]).done();
    assert_eq!(desk.json(&["rule", "list"]), json!([]));

    desk.run(&["object", "put", "sync", "42", "--properties", r#"{"labels": {"team": "ops"}}"#]).done();
    let object = desk.json(&["object", "show", "sync", "42"]);
    assert_eq!(object["properties"], json!({ "labels": { "team": "ops" } }));
    let version = object["version"].to_string();
    desk.run(&["object", "put", "sync", "42", "--version", &version]).done();
    assert_eq!(
        desk.run(&["object", "put", "sync", "42", "--version", &version]).status,
        1,
        "it is stale now"
    );
    desk.run(&["object", "remove", "sync", "42"]).done();
    assert_eq!(desk.run(&["object", "show", "sync", "42"]).status, 2);
}
