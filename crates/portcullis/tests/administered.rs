//! The reserved types that administer where a schema names none: known in every workspace that speaks of them, and reached by no wildcard.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use portcullis::{NoFiles, RESERVED_ADMINISTRATION, Reason, Snapshot, Source, Workspace, lint};
use portcullis_testkit::agreement::Pair;
use portcullis_testkit::reference::Reference;

fn file(statements: &[&str], administration: &str) -> String {
    let policies: Vec<String> = statements
        .iter()
        .map(|text| {
            let words: Vec<&str> = text.split(' ').collect();
            let list = |names: &str| names.replace(',', "\", \"");
            let (effect, actions, resource) = (words[0], list(words[1]), list(words[2]));
            format!(r#"{{ "effect": "{effect}", "actions": ["{actions}"], "resource": ["{resource}"] }}"#)
        })
        .collect();
    format!(
        r#"{{ "workspace": "w", "schema": {{ "schema": "s", "resources": {{ "doc": {{ "actions": ["read", "sign"] }} }}{administration} }},
            "roles": {{ "r": {{ "version": "2022-04-26", "policies": [{}] }} }}, "members": {{ "ann": {{ "role": "r" }} }} }}"#,
        policies.join(", ")
    )
}

fn compiled(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("w", text), &NoFiles).unwrap();
    workspace.compile().unwrap_or_else(|report| panic!("{report}")).0
}

fn may(snapshot: &Snapshot, action: &str, kind: &str) -> bool {
    snapshot.check("ann", action, kind).is_allowed()
}

#[test]
fn a_workspace_knows_them_when_a_role_names_one() {
    let [workspace, membership] = RESERVED_ADMINISTRATION;
    let snapshot = compiled(&file(&["allow * *", "allow read,update portcullis.workspace"], ""));
    assert!(
        may(&snapshot, "read", workspace)
            && may(&snapshot, "sign", "doc")
            && !may(&snapshot, "delete", workspace)
    );
    assert!(!may(&snapshot, "read", membership));
    // Escaped letters are letters.
    let escaped = file(&["allow read portcullis.workspace"], "").replace("portcullis.", "\\u0070ortcullis.");
    assert!(may(&compiled(&escaped), "read", workspace));
    // Named beside a wildcard, and denied by name.
    let snapshot =
        compiled(&file(&["allow * *,portcullis.membership", "deny delete portcullis.membership"], ""));
    assert!(
        may(&snapshot, "create", membership)
            && !may(&snapshot, "delete", membership)
            && !may(&snapshot, "read", workspace)
    );
    // No role names one: nothing else is there than before.
    let snapshot = compiled(&file(&["allow * *", "allow * port*"], ""));
    assert_eq!(snapshot.schema().permission_count(), 2);
    assert_eq!(snapshot.check("ann", "read", workspace).reason(), Reason::UnknownResource);
}

#[test]
fn the_reference_says_the_same() {
    for statements in [
        &["allow * *", "allow read portcullis.workspace"][..],
        &["allow * *,portcullis.membership", "deny delete portcullis.membership"],
        &["allow * portcullis.workspace,portcullis.membership", "deny * *"],
        &["allow read *", "deny read doc", "allow update portcullis.workspace"],
    ] {
        let text = file(statements, "");
        let (snapshot, reference) = (compiled(&text), Reference::read(&text).unwrap());
        Pair { snapshot, reference }.agree_on_every_cell();
    }
    // What protects nothing is refused by both: no wildcard of a deny reaches them.
    let idle = file(&["allow read portcullis.workspace", "deny delete *"], "");
    let (workspace, _) = Workspace::read(&Source::new("w", idle.as_str()), &NoFiles).unwrap();
    assert!(workspace.compile().is_err() && Reference::read(&idle).is_err());
}

#[test]
fn a_schema_that_says_what_administers_has_no_others() {
    let own = r#", "administration": { "workspace": "doc", "membership": "doc" }"#;
    let text = file(&["allow read portcullis.workspace"], own);
    let (workspace, _) = Workspace::read(&Source::new("w", text.as_str()), &NoFiles).unwrap();
    assert!(workspace.compile().is_err() && Reference::read(&text).is_err());
}

#[test]
fn lint_knows_them_in_a_document_alone() {
    let schema = r#"{ "schema": "s", "resources": { "doc": { "actions": ["read"] } } }"#;
    let (schema, _) = portcullis::Schema::read(&Source::new("schema.json", schema)).unwrap();
    let role = r#"{ "version": "2022-04-26", "policies": [ { "effect": "allow", "actions": "read", "resource": "portcullis.membership" } ] }"#;
    let (_, report) =
        lint(&Source::new("role.json", role), &schema, &NoFiles, &portcullis::Limits::default()).unwrap();
    assert_eq!(report.iter().len(), 0, "{report}");
}
