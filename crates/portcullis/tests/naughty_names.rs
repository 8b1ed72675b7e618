//! Naughty strings as the kinds of name that the corpus has no place for: aliases, covered names, object ids, types of
//! members, names of workspaces and schemas. (As roles, groups, members, actions and types: `corpora.rs`.)
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use portcullis::{NoFiles, Question, Reason, Schema, Source, Workspace};
use portcullis_testkit::corpus;
use serde_json::{Map, Value, json};

/// A schema with every string as an alias of one type and, turned around, as a name that another covers.
fn schema(names: &[String]) -> Value {
    let covered: Vec<String> = names.iter().map(|name| turned(name)).collect();
    json!({ "schema": names[0], "resources": {
        "aliased type": { "actions": ["read"], "aliases": names },
        "covering type": { "actions": ["read"], "covers": covered },
    } })
}

/// Another legal name, which none of the strings is.
fn turned(name: &str) -> String {
    format!("<{}>", name.chars().rev().collect::<String>())
}

fn vocabulary_names() -> Vec<String> {
    let legal = corpus::legal_names().unwrap();
    legal.into_iter().filter(|name| !name.contains('*') && name.len() < 500).collect()
}

#[test]
fn as_aliases_and_covered_names() {
    let names = vocabulary_names();
    assert!(names.len() > 490, "{}", names.len());
    let schema = Schema::read(&Source::new("s.json", schema(&names).to_string())).unwrap().0;
    assert_eq!(schema.name(), names[0]);
    for name in &names {
        assert_eq!(schema.permission("read", name), schema.permission("read", "aliased type"), "{name:?}");
        assert_eq!(
            schema.permission("read", &turned(name)),
            schema.permission("read", "covering type"),
            "{name:?}"
        );
        assert_eq!(
            schema.permission("read", &format!("{name}\u{0}")),
            Err(Reason::UnknownResource),
            "{name:?}"
        );
    }
}

#[test]
fn as_object_ids_member_types_and_names_of_workspaces() {
    for names in vocabulary_names().chunks(100) {
        let objects: Vec<Value> = names.iter().map(|name| json!({ "type": "sync", "id": name })).collect();
        let member = |(number, name): (usize, &String)| {
            (number.to_string(), json!({ "role": "editor", "type": name }))
        };
        let members: Map<String, Value> = names.iter().enumerate().map(member).collect();
        let text = json!({ "workspace": names[0], "schema": "hightouch", "roles": {}, "members": members,
            "objects": objects });
        let source = Source::new("w.json", text.to_string());
        let snapshot = Workspace::read(&source, &NoFiles).unwrap().0.compile().unwrap().0;
        assert_eq!(snapshot.workspace(), names[0]);
        for (number, name) in names.iter().enumerate() {
            let id = number.to_string();
            assert_eq!(snapshot.member_type(&id), Some(name.as_str()));
            let question = Question { object: Some(name), ..Question::new(&id, "update", "sync") };
            assert!(
                snapshot.decide(&Question { subject_type: Some(name), ..question }).is_allowed(),
                "{name:?}"
            );
            let other = turned(name);
            let decision = snapshot.decide(&Question { subject_type: Some(&other), ..question });
            assert_eq!(decision.reason(), Reason::UnknownSubject, "{name:?}");
            let typed = format!("sync/{name}");
            assert_eq!(Question::typed(snapshot.schema(), &id, "update", &typed).object, Some(name.as_str()));
        }
    }
}
