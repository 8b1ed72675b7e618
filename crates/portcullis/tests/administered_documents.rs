//! The reserved types that administer, in documents on their own: resolved, compared, told apart, converted and linted as in a workspace.
//!
//! A schema that names no administration knows them once a document does; a document that names none comes to what it came to before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis::diagnostic::Code;
use portcullis::{
    COMPARE_STEPS, Document, Grants, Limits, NoFiles, Read, Relation, Report, Schema, Source, Workspace,
    cedar, compare_documents, diff_documents, diff_snapshots, lint, read_any,
};

const PLAIN: &str = r#"{ "schema": "s", "resources": { "doc": { "actions": ["read", "sign"] }, "task": { "actions": ["read"] } } }"#;
const WORKSPACE: &str = "portcullis.workspace";

fn schema(text: &str) -> Schema {
    Schema::read(&Source::new("schema.json", text)).unwrap().0
}

/// A document of statements such as `allow read,sign doc,*`.
fn text(statements: &[&str]) -> String {
    let policies = statements.iter().map(|text| {
        let words: Vec<&str> = text.split(' ').collect();
        let list = |names: &str| names.replace(',', "\", \"");
        let (effect, actions, resource) = (words[0], list(words[1]), list(words[2]));
        format!(r#"{{ "effect": "{effect}", "actions": ["{actions}"], "resource": ["{resource}"] }}"#)
    });
    let policies: Vec<String> = policies.collect();
    format!(r#"{{ "version": "2022-04-26", "policies": [{}] }}"#, policies.join(", "))
}

fn document(statements: &[&str]) -> Document {
    Document::read(&Source::new("role.json", text(statements))).unwrap().0
}

fn grants(schema: &Schema, statements: &[&str]) -> Grants {
    document(statements).resolve(schema).unwrap_or_else(|report| panic!("{report}")).0
}

/// What it grants, as `action type`.
fn granted(grants: &Grants) -> Vec<String> {
    let plane = grants.planes().grants();
    let named = plane.iter().map(|id| {
        let (action, kind) = grants.schema().names_of(id).unwrap();
        format!("{action} {kind}")
    });
    named.collect()
}

#[test]
fn a_document_is_resolved_as_in_a_workspace() {
    let schema = schema(PLAIN);
    let named = grants(&schema, &["allow * *", "allow read,update portcullis.workspace"]);
    assert_eq!(
        granted(&named),
        ["read doc", "sign doc", "read task", "read portcullis.workspace", "update portcullis.workspace"]
    );
    assert!(named.schema().administration().is_some() && schema.administration().is_none());
    // One administered form of a schema, whoever asks.
    assert_eq!(named.schema().stamp(), schema.administered().unwrap().stamp());
    let plain = grants(&schema, &["allow * *,port*"]);
    assert_eq!((granted(&plain).len(), plain.schema().stamp()), (3, schema.stamp()));
    // Read as any kind of file is.
    let source = Source::new("role.json", text(&["allow delete portcullis.workspace"]));
    match read_any(&source, &schema, &NoFiles, &Limits::default()).unwrap().0 {
        Read::Policy(_, grants) => assert_eq!(granted(&grants), ["delete portcullis.workspace"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_schema_that_says_what_administers_or_has_the_name_itself_gets_no_others() {
    let own =
        PLAIN.replace("} } }", r#"} }, "administration": { "workspace": "doc", "membership": "task" } }"#);
    let faulty = |schema: &str| {
        let report =
            document(&["allow read portcullis.workspace"]).resolve(&self::schema(schema)).unwrap_err();
        report.iter().any(|fault| fault.code == Code::UnknownResource)
    };
    assert!(faulty(&own));
    let taken = r#"{ "schema": "s", "resources": { "portcullis.membership": { "actions": ["read"] } } }"#;
    assert!(faulty(taken));
    assert_eq!(
        granted(&grants(&schema(taken), &["allow * *"])),
        ["read portcullis.membership"],
        "a type of its own is a type like others"
    );
}

/// Every document of two statements over short lists: what names no reserved type comes to the same ranges beside them.
#[test]
fn what_names_no_reserved_type_is_untouched_by_them() {
    let schema = schema(PLAIN);
    let administered = schema.administered().unwrap();
    let lists = |names: &[&str]| -> Vec<String> {
        let pairs = names.iter().flat_map(|one| names.iter().map(move |other| format!("{one},{other}")));
        names.iter().map(|name| (*name).to_owned()).chain(pairs).collect()
    };
    let (actions, types) =
        (lists(&["read", "sign", "*", "r*", "*e*"]), lists(&["doc", "task", "*", "*o*", "p*"]));
    let mut compared = 0;
    for effect in ["allow", "deny"] {
        for (actions, types) in
            actions.iter().flat_map(|actions| types.iter().map(move |types| (actions, types)))
        {
            let one = document(&["allow * doc", &format!("{effect} {actions} {types}")]);
            let (Ok((plain, _)), wide) = (one.resolve(&schema), one.resolve(&administered)) else { continue };
            let wide = wide.unwrap_or_else(|report| panic!("{report}")).0;
            for statement in 0..2 {
                assert_eq!(
                    plain.of_statement(statement),
                    wide.of_statement(statement),
                    "{effect} {actions} {types}"
                );
            }
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn two_documents_are_told_apart_when_one_of_them_names_one() {
    let schema = schema(PLAIN);
    let (plain, named) = (["allow * *"], ["allow * *", "allow read,delete portcullis.workspace"]);
    let [plain, named] = [&plain[..], &named[..]].map(|statements| grants(&schema, statements));
    let gained = diff_documents(&plain, &named);
    let names: Vec<String> =
        gained.gained.iter().map(|one| format!("{} {}", one.action, one.resource)).collect();
    assert_eq!(names, [format!("delete {WORKSPACE}"), format!("read {WORKSPACE}")]);
    assert!(gained.lost.is_empty() && gained.conditional.is_empty());
    assert_eq!(diff_documents(&named, &plain).lost, gained.gained);

    let relation = |a: &Grants, b: &Grants| compare_documents(a, b, COMPARE_STEPS).unwrap().relation();
    assert_eq!(relation(&plain, &named), Relation::Within);
    assert_eq!(relation(&named, &plain), Relation::Contains);
    assert_eq!(relation(&named, &named), Relation::Equal);
    let only = compare_documents(&plain, &named, COMPARE_STEPS).unwrap().only_b();
    assert_eq!(only, gained.gained);
    // Read in different runs of a reader, the schema is another and numbers alike.
    let again = grants(&self::schema(PLAIN), &["allow read task"]);
    assert_eq!(relation(&again, &named), Relation::Within);
    // What is under another schema altogether is still not compared.
    let other = grants(
        &self::schema(r#"{ "schema": "t", "resources": { "sheet": { "actions": ["read"] } } }"#),
        &["allow * *"],
    );
    assert!(compare_documents(&other, &named, COMPARE_STEPS).is_none());
    assert!(compare_documents(&named, &other, COMPARE_STEPS).is_none());
}

#[test]
fn conditions_are_compared_across_them_too() {
    let schema = schema(PLAIN);
    let conditional = |resource: &str, team: &str| {
        let text = format!(
            r#"{{ "version": "2022-04-26", "policies": [ {{ "effect": "allow", "actions": "read", "resource": [{resource}], "conditions": {{ "team": {{ "equals": "{team}" }} }} }} ] }}"#
        );
        Document::read(&Source::new("role.json", text)).unwrap().0.resolve(&schema).unwrap().0
    };
    let (narrow, wide) = (conditional("\"doc\"", "a"), conditional("\"*\", \"portcullis.workspace\"", "a*"));
    assert_eq!(compare_documents(&narrow, &wide, COMPARE_STEPS).unwrap().relation(), Relation::Within);
    let change = diff_documents(&narrow, &wide);
    let types: Vec<&str> = change.conditional.iter().map(|one| &*one.permission.resource).collect();
    assert_eq!(types, ["doc", WORKSPACE, "task"]);
}

#[test]
fn workspaces_are_told_apart_when_one_of_them_names_one() {
    let compiled = |statements: &[&str]| {
        let text = format!(
            r#"{{ "workspace": "w", "schema": {PLAIN}, "roles": {{ "r": {} }}, "members": {{ "ann": {{ "role": "r" }} }} }}"#,
            text(statements)
        );
        Workspace::read(&Source::new("w.json", text), &NoFiles).unwrap().0.compile().unwrap().0
    };
    let (plain, named) =
        (compiled(&["allow * *"]), compiled(&["allow * *", "allow read portcullis.workspace"]));
    let changes = diff_snapshots(&plain, &named);
    assert_eq!((changes.len(), &*changes[0].change.gained[0].resource), (1, WORKSPACE));
    assert_eq!(diff_snapshots(&named, &plain)[0].change.lost, changes[0].change.gained);
}

#[test]
fn no_wildcard_reaches_them_in_cedar() {
    let schema = schema(PLAIN);
    let converted = |statements: &[&str]| {
        let document = document(statements);
        let grants = document.resolve(&schema).unwrap().0;
        cedar::document("r", &document, &grants).unwrap()
    };
    let statements =
        converted(&["allow * *", "deny * portcullis.workspace", "allow * *,portcullis.membership"]);
    let about = |kind: &str| -> Vec<usize> {
        let entity = format!("Type::\"{kind}\"");
        statements
            .iter()
            .filter(|one| one.text().contains(&entity))
            .map(portcullis::cedar::Statement::index)
            .collect()
    };
    assert_eq!((about("doc"), about("task")), (vec![0, 2], vec![0, 2]));
    assert_eq!((about(WORKSPACE), about("portcullis.membership")), (vec![1], vec![2]));
    let update = "Action::\"update\"";
    assert!(!statements[0].text().contains(update) && statements[1].text().contains(update));
}

fn found(file: &str, schema: &Schema) -> Report {
    lint(&Source::new("role.json", file), schema, &NoFiles, &Limits::default()).unwrap().1
}

#[test]
fn lint_finds_beside_them_what_it_finds_without() {
    let schema = schema(PLAIN);
    // A list of all actions on all types is what `"*"` is, whether or not a reserved type is named elsewhere.
    let listed = |statements: &[&str]| {
        let report = found(&text(statements), &schema);
        let all = report.iter().filter(|fault| fault.code == Code::ListOfAll);
        all.map(|fault| fault.message.clone()).collect::<Vec<_>>()
    };
    let alone = listed(&["allow read,sign *"]);
    assert_eq!(alone, ["these are all the actions that the schema admits, as \"*\" would be"]);
    assert_eq!(listed(&["allow read,sign *", "deny read portcullis.workspace"]), alone);
    assert_eq!(listed(&["allow read,sign *,portcullis.workspace"]).len(), 0);
    let four = listed(&["allow read,update,create,delete portcullis.workspace"]);
    assert_eq!(four, ["these are all the actions that `portcullis.workspace` admits, as \"*\" would be"]);

    // That a role is contained in one that grants all that wildcards reach is no news.
    let workspace = |more: &str| {
        let (all, one) = (text(&["allow * *"]), text(&["allow read doc"]));
        format!(
            r#"{{ "workspace": "w", "schema": {PLAIN}, "roles": {{ "all": {all}, "one": {one}{more} }},
                "members": {{ "a": {{ "role": "all" }}, "b": {{ "role": "one" }}{} }} }}"#,
            if more.is_empty() { "" } else { r#", "c": { "role": "keeper" }"# }
        )
    };
    let keeper = format!(r#", "keeper": {}"#, text(&["allow update portcullis.workspace"]));
    for more in ["", &keeper] {
        let report = found(&workspace(more), &schema);
        let contained = report.iter().filter(|fault| fault.code == Code::ContainedRole).count();
        assert_eq!(contained, 0, "{report}");
    }
}
