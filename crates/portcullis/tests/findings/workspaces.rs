//! Findings about roles, groups and members of a workspace.

use portcullis::diagnostic::Code;
use portcullis::{FetchedFile, Files, Limits, Schema, Severity, Source};
use serde_json::{Value, json};

use crate::{document, lint};

fn roles(roles: &[(&str, &[&str])]) -> Value {
    let read = |statements: &[&str]| serde_json::from_str::<Value>(&document(statements)).unwrap();
    roles.iter().map(|(name, statements)| ((*name).to_owned(), read(statements))).collect()
}

/// Code and message of what is found.
fn found(roles: Value, groups: Value, members: Value) -> Vec<(Code, String)> {
    let workspace = json!({"workspace": "w", "schema": "hightouch", "roles": roles, "groups": groups, "members": members});
    let report = lint(&workspace.to_string());
    for fault in &report {
        let label = fault.primary.as_ref().unwrap();
        assert!(fault.help.is_some() && !label.source.slice(label.span).is_empty(), "{fault}");
        let note = matches!(fault.code, Code::ContainedRole | Code::ListOfAll | Code::ReservedType);
        assert_eq!(fault.severity, if note { Severity::Note } else { Severity::Warning });
    }
    report.iter().map(|fault| (fault.code, fault.message.clone())).collect()
}

/// A member for each role, so that none is unused.
fn held(documents: &[(&str, &[&str])]) -> Vec<(Code, String)> {
    let members: Value =
        documents.iter().map(|(name, _)| (format!("m {name}"), json!({"role": name}))).collect();
    let mut found = found(roles(documents), json!({}), members);
    // The order of places is that of the JSON's keys, which serde_json keeps or sorts as it was built.
    found.sort_unstable();
    found
}

fn one(code: Code, message: &str) -> Vec<(Code, String)> {
    vec![(code, message.to_owned())]
}

const TEAM: &str = r#"{"labels.team": {"exists": true, "equals": "marketing"}}"#;

#[test]
fn roles_that_come_to_the_same_are_equal() {
    let equal = |one: &[&str], other: &[&str]| {
        let found = held(&[("one", one), ("two", other)]);
        found.iter().any(|(code, message)| {
            *code == Code::EqualRole && message == "the role `two` is equal to the role `one`"
        })
    };
    assert!(equal(&["allow read sync,model"], &["allow read model", "allow read sync"]));
    assert!(equal(&["allow read sync", "deny read sync"], &["deny read sync"]));
    assert!(!equal(&["allow read sync"], &["allow read sync", "deny read model"]));
    assert!(!equal(&["allow read sync"], &["deny read sync"]));
    assert!(!equal(&["allow read sync"], &["allow update sync"]));
    let with = |short: &str| format!("{short} {TEAM}");
    assert!(equal(&[&with("allow read sync,model")], &[&with("allow read model"), &with("allow read sync")]));
    assert!(equal(&[&with("allow read sync"), "allow read sync"], &["allow read sync"]));
    assert!(equal(&[&with("deny read sync"), "deny * sync"], &["deny * sync"]));
    assert!(!equal(&[&with("allow read sync")], &["allow read sync"]));
    assert!(!equal(&[&with("allow read sync")], &[&with("deny read sync")]));
    let eu = r#"allow read sync {"region": {"equals": "eu"}}"#;
    assert!(!equal(&[&with("allow read sync")], &[eu]));
}

#[test]
fn roles_are_set_against_each_other_by_what_their_conditions_come_to() {
    let team = |effect: &str, tests: &str| format!(r#"{effect} read sync {{"team": {tests}}}"#);
    let [a, b, both] = [r#"{"equals": "a"}"#, r#"{"equals": "b"}"#, r#"{"in": ["a", "b"]}"#]
        .map(|tests| team("allow", tests));
    let message = |one: &[&str], other: &[&str]| -> Vec<String> {
        let found = held(&[("one", one), ("two", other)]);
        found.into_iter().map(|(_, message)| message).collect()
    };
    let equal = ["the role `two` is equal to the role `one`"];
    let within = ["the role `one` is contained in the role `two`"];
    assert_eq!(message(&[&a, &b], &[&both]), equal);
    assert_eq!(message(&[&both], &[&b, &a]), equal);
    assert_eq!(message(&[&a], &[&both]), within);
    assert_eq!(message(&[&both], &[&a]), ["the role `two` is contained in the role `one`"]);
    assert_eq!(message(&[&a], &[&b]), [""; 0]);
    let level = |bound: u8| format!(r#"allow read sync {{"level": {{"lessthan": {bound}}}}}"#);
    assert_eq!(message(&[&level(3)], &[&level(5)]), within);
    // A deny of everything else leaves of the other allow what the list says.
    let not_b = team("deny", r#"{"exists": true, "notin": ["b"]}"#);
    assert_eq!(message(&[&both, &not_b], &[&b, &not_b]), equal);
    // Denies count for whoever holds the role beside others, not only for what it allows itself.
    assert_eq!(message(&[&both, &not_b], &[&b]), ["the role `two` is contained in the role `one`"]);
    let [deny_a, deny_both] = [r#"{"exists": true, "equals": "a"}"#, r#"{"exists": true, "in": ["a", "b"]}"#]
        .map(|tests| team("deny", tests));
    assert_eq!(message(&[&deny_a], &[&deny_both]), within);
    assert_eq!(message(&[&deny_a], &[&both]), [""; 0]);
    // A condition on the action is looked at for each permission.
    let read =
        r#"allow read,update sync {"action.name": {"in": ["read", "start"]}, "team": {"equals": "a"}}"#;
    let found = held(&[("one", &[read]), ("two", &[&both])]);
    let contained: Vec<&str> = found
        .iter()
        .filter(|(code, _)| *code == Code::ContainedRole)
        .map(|(_, message)| &**message)
        .collect();
    assert_eq!(contained, [""; 0], "it speaks of updating, if only to say nothing");
    let one = r#"allow read sync {"action.name": {"in": ["read", "start"]}, "team": {"equals": "a"}}"#;
    assert_eq!(message(&[one], &[&both]), within);
}

#[test]
fn a_role_equal_to_a_built_in_one_is_told_and_the_built_in_one_is_not() {
    let viewer = "allow read destination,source,model,sync,audience,audience_schema,sync_template,workspace_membership,alert";
    let report = held(&[("looker", &[viewer])]);
    let told: Vec<&str> =
        report.iter().filter(|(code, _)| *code == Code::EqualRole).map(|(_, message)| &**message).collect();
    assert_eq!(told, ["the role `looker` is equal to the built-in role `viewer`"]);
    // Everything is contained in the administrator's role, and nobody needs to hear it.
    assert_eq!(held(&[("starter", &["allow start sync"])]), []);
}

#[test]
fn of_roles_that_contain_another_the_smallest_is_named() {
    use Code::ContainedRole;
    let small = "allow read sync";
    assert_eq!(
        held(&[
            ("big", &["allow * sync,model"]),
            ("small", &[small]),
            ("middle", &["allow read,update sync"])
        ]),
        [
            (ContainedRole, "the role `middle` is contained in the role `big`".to_owned()),
            (ContainedRole, "the role `small` is contained in the role `middle`".to_owned()),
        ]
    );
    let none = |other: &[&str]| {
        let found = held(&[("small", &[small]), ("other", other)]);
        !found.iter().any(|(code, _)| *code == ContainedRole)
    };
    assert!(none(&["allow * model"]));
    assert!(none(&["allow * *"]), "a role that grants everything tells nothing");
    assert!(none(&["allow * sync", "deny read sync"]), "it does not grant what the small one grants");
    assert!(none(&["deny * sync"]));
    let within = one(ContainedRole, "the role `small` is contained in the role `other`");
    assert_eq!(held(&[("small", &[small]), ("other", &["allow * sync", "deny read model"])]), within);
    assert_eq!(held(&[("small", &["deny read sync"]), ("other", &["deny * sync"])]), within);
    let with = |short: &str| format!("{short} {TEAM}");
    let team = with(small);
    assert_eq!(held(&[("small", &[&team]), ("other", &["allow * sync"])]), within);
    assert_eq!(held(&[("small", &[&team]), ("other", &[&with("allow * sync")])]), within);
    assert_eq!(held(&[("small", &[small]), ("other", &[&with("allow * sync")])]), []);
    assert_eq!(held(&[("small", &[small]), ("other", &["allow * sync", &with("deny read sync")])]), []);
    assert_eq!(
        held(&[
            ("small", &[small, &with("deny read sync")]),
            ("other", &["allow * sync", &with("deny read sync")])
        ]),
        within
    );
    // A role that says nothing is contained in every one.
    assert_eq!(held(&[("small", &[]), ("other", &["allow * sync"])]), []);
}

#[test]
fn roles_that_nobody_has_and_groups_that_nobody_is_in() {
    let starter = || roles(&[("starter", &["allow start sync"])]);
    let ann = || json!({"ann": {}});
    let unused = one(Code::UnusedRole, "nobody has the role `starter`");
    assert_eq!(found(starter(), json!({}), ann()), unused);
    assert_eq!(found(starter(), json!({}), json!({"ann": {"role": "starter"}})), []);
    assert_eq!(found(starter(), json!({}), json!({"ann": {"role": "starter", "suspended": true}})), []);
    let team = json!({"team": {"roles": ["starter"], "members": ["ann"]}});
    assert_eq!(found(starter(), team, ann()), []);
    let empty = json!({"team": {"roles": ["starter"], "members": []}});
    assert_eq!(found(starter(), empty, ann()), one(Code::UnusedGroup, "nobody is in the group `team`"));
    // The default role counts as used; without members nothing is unused.
    let default = json!({"workspace": "w", "schema": "hightouch", "default_role": "starter",
        "roles": starter(), "members": {"ann": {"role": "viewer"}}});
    assert!(lint(&default.to_string()).is_empty());
    assert_eq!(found(starter(), json!({"team": {"roles": [], "members": []}}), json!({})), []);
}

#[test]
fn a_group_that_changes_nothing_for_anybody() {
    let all = |roles: Value, group: &[&str], members: Value| {
        let names: Vec<&String> = members.as_object().unwrap().keys().collect();
        let groups = json!({"team": {"roles": group, "members": names}});
        let found = found(roles, groups, members);
        found.iter().any(|(code, _)| *code == Code::IdleGroup)
    };
    let none = || json!({});
    assert!(all(none(), &["viewer"], json!({"ann": {"role": "editor"}})));
    assert!(all(none(), &["editor"], json!({"ann": {"role": "editor"}, "bob": {"role": "admin"}})));
    assert!(all(none(), &[], json!({"ann": {}})));
    assert!(!all(none(), &["editor"], json!({"ann": {"role": "editor"}, "bob": {}})));
    assert!(!all(none(), &["editor"], json!({"ann": {"role": "viewer", "suspended": true}})));
    let locked = || roles(&[("locked", &["deny delete source"])]);
    assert!(!all(locked(), &["locked"], json!({"ann": {"role": "editor"}})));
    assert!(all(locked(), &["locked"], json!({"ann": {"role": "viewer"}})), "it takes what nobody there has");
    let with = |short: &str| format!("{short} {TEAM}");
    let (may, may_not) = (with("allow delete sync"), with("deny delete sync"));
    let labelled = || roles(&[("labelled", &[&may, "allow read sync"])]);
    assert!(!all(labelled(), &["labelled"], json!({"ann": {"role": "viewer"}})));
    assert!(all(labelled(), &["labelled"], json!({"ann": {"role": "editor"}})));
    let [narrow, wide] = [r#"{"equals": "a"}"#, r#"{"in": ["a", "b"]}"#]
        .map(|tests| format!(r#"allow delete sync {{"team": {tests}}}"#));
    let teams = || roles(&[("narrow", &[&narrow]), ("wide", &[&wide])]);
    assert!(all(teams(), &["narrow"], json!({"ann": {"role": "wide"}})), "what conditions come to counts");
    assert!(!all(teams(), &["wide"], json!({"ann": {"role": "narrow"}})));
    let labelled = || roles(&[("labelled", &[&may_not])]);
    assert!(!all(labelled(), &["labelled"], json!({"ann": {"role": "editor"}})));
    assert!(all(labelled(), &["labelled"], json!({"ann": {"role": "viewer"}})));
}

#[test]
fn a_group_is_idle_beside_the_other_groups_of_its_members() {
    let groups = json!({"one": {"roles": ["editor"], "members": ["ann"]},
        "two": {"roles": ["editor"], "members": ["ann", "bob"]}});
    let told = found(json!({}), groups, json!({"ann": {}, "bob": {}}));
    assert_eq!(told, one(Code::IdleGroup, "the group `one` adds nothing to any of its members"));
    // Of two that give the same to the same, one stays.
    let group = json!({"roles": ["editor"], "members": ["ann"]});
    let told = found(json!({}), json!({"one": group, "two": group}), json!({"ann": {}}));
    assert_eq!(told, one(Code::IdleGroup, "the group `two` adds nothing to any of its members"));
}

/// A folder with one role, which two roles name.
struct Shared;

impl Files for Shared {
    fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        Ok(FetchedFile {
            name: path.to_owned(),
            bytes: document(&["allow read sync", "allow * sync"]).into_bytes(),
        })
    }
}

#[test]
fn what_is_found_in_a_file_has_the_place_in_that_file_and_is_said_once() {
    let workspace = json!({"workspace": "w", "schema": "hightouch", "roles": {"a": "roles/a.json", "b": "roles/a.json"},
        "members": {"ann": {"role": "a"}, "bob": {"role": "b"}}});
    let source = Source::new("workspace.json", workspace.to_string());
    let schema = Schema::hightouch().unwrap();
    let (_, report) = portcullis::lint(&source, &schema, &Shared, &Limits::default()).unwrap();
    let places: Vec<(Code, &str)> =
        report.iter().map(|fault| (fault.code, fault.primary.as_ref().unwrap().source.name())).collect();
    assert_eq!(places, [(Code::IdleStatement, "roles/a.json"), (Code::EqualRole, "workspace.json")]);
    // Only lint looks for it.
    let (_, report) = portcullis::read_any(&source, &schema, &Shared, &Limits::default()).unwrap();
    assert!(report.is_empty(), "{report}");
}
