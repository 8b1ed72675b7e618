//! The table of docs/directory.md against the operations themselves: what each needs.

use std::fs;
use std::path::Path;

use portcullis::text::grouped;
use portcullis_server::{Administered, Bounds, Operation};
use serde_json::{Value, json};

/// One of each, as a batch has them.
fn operations() -> Value {
    let (member, group, role, key, rule) = ("m", "g", "r", "k", "u");
    json!([
        { "add-member": { "subject": "s" } },
        { "set-member-role": { "member": member, "role": role } },
        { "set-member-properties": { "member": member, "properties": {} } },
        { "suspend-member": { "member": member } },
        { "reactivate-member": { "member": member } },
        { "remove-member": { "member": member } },
        { "add-group": { "name": "n" } },
        { "rename-group": { "group": group, "name": "n" } },
        { "remove-group": { "group": group } },
        { "add-to-group": { "group": group, "member": member } },
        { "remove-from-group": { "group": group, "member": member } },
        { "give-group-role": { "group": group, "role": role } },
        { "take-group-role": { "group": group, "role": role } },
        { "add-role": { "name": "n", "document": "{}" } },
        { "save-role": { "role": role, "document": "{}" } },
        { "roll-back-role": { "role": role, "number": 1 } },
        { "remove-role": { "role": role } },
        { "set-default-role": { "role": role } },
        { "rename-workspace": { "name": "n" } },
        { "set-schema": { "schema": "hightouch" } },
        { "set-invitation-days": { "days": 1 } },
        { "invite": { "email": "a@b" } },
        { "cancel-invitation": { "invitation": "a@b" } },
        { "resend-invitation": { "invitation": "a@b" } },
        { "add-key": { "name": "n" } },
        { "revoke-key": { "key": key } },
        { "put-object": { "type": "t", "id": "i" } },
        { "remove-object": { "type": "t", "id": "i" } },
        { "add-rule": { "name": "n", "rule": "{}" } },
        { "set-rule": { "rule": rule, "text": "{}" } },
        { "remove-rule": { "rule": rule } },
    ])
}

#[test]
fn the_page_says_what_every_operation_needs() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/directory.md");
    let page = fs::read_to_string(page).unwrap();
    let all = operations();
    let mut rows = 0;
    for value in all.as_array().unwrap() {
        let tag = value.as_object().unwrap().keys().next().unwrap();
        let operation: Operation =
            serde_json::from_str(&value.to_string()).unwrap_or_else(|error| panic!("{tag}: {error}"));
        let needs = operation.needs();
        let on = match needs.on {
            Administered::Workspace => "workspace",
            Administered::Membership => "membership",
        };
        let (name, action, scope) = (operation.name(), needs.action, operation.scope());
        let row = format!("| `{tag}` | `{name}` | `{action}` on {on} | `{scope}` |");
        assert!(page.lines().any(|line| line == row), "docs/directory.md lacks\n{row}");
        rows += 1;
    }
    let table = page.lines().skip_while(|line| !line.starts_with("| operation in a batch |")).skip(2);
    assert_eq!(table.take_while(|line| line.starts_with("| ")).count(), rows, "a row of no operation");
}

#[test]
fn the_page_says_every_limit() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/directory.md");
    let page = fs::read_to_string(page).unwrap();
    // All of them, so that a new one is missed here.
    let Bounds {
        operations,
        change_bytes,
        document_bytes,
        properties_bytes,
        rule_bytes,
        note_bytes,
        keys_per_member,
        pending_invitations,
        rules,
        groups,
        versions,
        page: rows,
    } = Bounds::default();
    for (what, limit) in [
        ("operations of one change", operations),
        ("bytes of one change, as JSON", change_bytes),
        ("bytes of a policy document", document_bytes),
        ("bytes of the properties of a member or an object", properties_bytes),
        ("bytes of a standing rule", rule_bytes),
        ("bytes of a note", note_bytes),
        ("keys of a member", keys_per_member),
        ("invitations that are pending", pending_invitations),
        ("standing rules", rules),
        ("groups", groups),
        ("versions of a role", usize::try_from(versions).unwrap()),
        ("rows of one page of a list", rows),
    ] {
        let row = format!("| {what} | {} |", grouped(limit));
        assert!(page.lines().any(|line| line == row), "docs/directory.md lacks\n{row}");
    }
}
