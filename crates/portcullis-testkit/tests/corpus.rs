//! The reference against every published case: this proves the corpus and the reference before any engine is asked.
//!
//! The counts are asserted, so that a file that got lost, or a filter that grew, cannot pass as success.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use portcullis_testkit::corpus::{self, Case, Expectation, RequestCase};
use portcullis_testkit::reference::{Reference, Request};
use serde_json::{Value, json};

/// Asks every question and returns (cases, questions, allowed).
fn run(cases: &[Case]) -> (usize, usize, usize) {
    let (mut questions, mut allowed) = (0, 0);
    for case in cases {
        let reference =
            Reference::from_json(&case.workspace).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        for asked in &case.questions {
            let reason = reference.reason(&asked.subject, &asked.action, &asked.resource);
            assert_eq!(reason.is_allowed(), asked.expected, "{}: {asked:?}: {reason}", case.id);
            questions += 1;
            allowed += usize::from(asked.expected);
        }
    }
    (cases.len(), questions, allowed)
}

/// Asks every request and returns (requests, allowed).
fn ask(case: &RequestCase) -> (usize, usize) {
    let reference =
        Reference::from_json(&case.workspace).unwrap_or_else(|error| panic!("{}: {error}", case.id));
    for asked in &case.vectors {
        let reason = reference.answer(&Request::from_json(&asked.request).unwrap());
        assert_eq!(reason.is_allowed(), asked.expected, "{}: {}: {reason}", case.id, asked.request);
    }
    (case.vectors.len(), case.vectors.iter().filter(|asked| asked.expected).count())
}

#[test]
fn authzen() {
    let found: Vec<_> = corpus::authzen().unwrap().iter().map(|case| (case.id.clone(), ask(case))).collect();
    let expected = [
        ("authzen/todo-1_0-00", (40, 26)),
        ("authzen/todo-1_0-01", (40, 26)),
        // Three batches of two beside them, with two allowed, one and none.
        ("authzen/todo-1_0-02", (40 + 6, 26 + 3)),
        // Six users and twenty records, each of which has one owner.
        ("authzen/idp", (6 * 20, 20)),
    ];
    assert_eq!(found, expected.map(|(id, counts)| (id.to_owned(), counts)));
}

#[test]
fn authzen_searches() {
    let (workspace, searches) = corpus::authzen_searches().unwrap();
    let reference = Reference::from_json(&workspace).unwrap();
    assert_eq!(searches.len(), 6);
    for search in searches {
        let mut request = Request::from_json(&search.request).unwrap();
        assert_eq!(request.resource.id, None);
        // On the type alone nobody can say whose it is.
        assert!(!reference.answer(&request).is_allowed());
        let mut found = BTreeSet::new();
        for (kind, id) in reference.objects() {
            assert_eq!(kind, request.resource.kind);
            request.resource.id = Some(id.to_owned());
            if reference.answer(&request).is_allowed() {
                found.insert(id.to_owned());
            }
        }
        assert_eq!(found, search.expected, "{}", search.request);
    }
}

fn published(name: &str) -> Value {
    serde_json::from_slice(&corpus::bytes(name).unwrap()).unwrap()
}

#[test]
fn the_workspaces_of_authzen_are_its_fixtures() {
    let cases = corpus::authzen().unwrap();
    let users = published("authzen/todo_fixture.json")["users"].as_object().unwrap().clone();
    assert_eq!(users.len(), 5);
    for (case, by_address) in [(&cases[0], true), (&cases[1], false)] {
        let members = case.workspace["members"].as_object().unwrap();
        assert_eq!(members.len(), users.len());
        let reference = Reference::from_json(&case.workspace).unwrap();
        for (id, user) in &users {
            let member = if by_address { user["email"].as_str().unwrap() } else { id };
            assert_eq!(members[member]["properties"], json!({ "email": user["email"] }));
            let mut held = reference.roles_of(member);
            let roles: BTreeSet<&str> =
                user["roles"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            // An admin and an evil genius are editors and more; here they are editors who hold the more besides.
            if !roles.contains("editor") && !roles.contains("viewer") {
                assert!(held.remove("editor"), "{member}");
            }
            assert_eq!(held, roles, "{member}");
        }
    }
    let idp = &cases[3].workspace;
    let ids = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let members: BTreeSet<String> = idp["members"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ids(&published("authzen/idp-users.json")));
    let records = published("authzen/idp-records.json");
    let owners = |of: &dyn Fn(&Value) -> Value, list: &Value| -> Vec<(Value, Value)> {
        list.as_array().unwrap().iter().map(|one| (one["id"].clone(), of(one))).collect()
    };
    let stored = owners(&|object| object["properties"]["owner"].clone(), &idp["objects"]);
    assert_eq!(stored, owners(&|record| record["owner"].clone(), &records));
}

#[test]
fn hightouch_labels() {
    let case = corpus::hightouch_labels().unwrap();
    // Every document that has conditions, and nothing else.
    let documents = corpus::documents().unwrap();
    let conditional: BTreeSet<&String> = documents
        .iter()
        .filter(|(_, text)| text.to_string().contains("conditions"))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(case.workspace["roles"].as_object().unwrap().keys().collect::<BTreeSet<_>>(), conditional);
    assert_eq!(conditional.len(), 3);
    assert_eq!(ask(&case), (28, 10));
}

#[test]
fn hightouch() {
    let cases = corpus::hightouch().unwrap();
    assert_eq!(cases[0].questions.len(), 495);
    assert_eq!(cases[1].questions.len(), 765);
    assert_eq!(run(&cases), (3, 2025, 525));
    assert_eq!(corpus::documents().unwrap().len(), 8);
}

#[test]
fn casbin() {
    assert_eq!(run(&corpus::casbin().unwrap()), (9, 64, 25));
}

#[test]
fn cedar() {
    assert_eq!(run(&corpus::cedar().unwrap()), (9, 31, 16));
}

#[test]
fn xacml() {
    // 59 policies, of which 32 permit; 11 sets, of which 3 permit.
    assert_eq!(run(&corpus::xacml().unwrap()), (70, 70, 35));
}

#[test]
fn kubernetes_default_roles() {
    let case = corpus::kubernetes_roles().unwrap();
    assert_eq!(case.workspace["members"].as_object().unwrap().len(), 67);
    // 13 verbs on 120 resources.
    assert_eq!(run(&[case]), (1, 67 * 13 * 120, 4464));
}

#[test]
fn kubernetes_authorizer() {
    assert_eq!(run(&corpus::kubernetes_authorizer().unwrap()), (4, 11, 6));
}

#[test]
fn naughty_strings() {
    assert_eq!(corpus::legal_names().unwrap().len(), 508);
    // Each name asks four questions, of which two are its own permission and its group's.
    assert_eq!(run(&corpus::naughty_strings().unwrap()), (1, 4 * 508, 2 * 508));
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let cases = corpus::all().unwrap();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
    assert!(cases.iter().all(|case| !case.questions.is_empty()));
    let by_request = corpus::all_by_request().unwrap();
    let more: BTreeSet<&str> = by_request.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(more.len(), 5);
    assert!(more.is_disjoint(&ids));
}

#[test]
fn json_torture() {
    let files = corpus::json_torture().unwrap();
    let count = |expectation| files.iter().filter(|file| file.expectation == expectation).count();
    assert_eq!(count(Expectation::Accept), 95);
    assert_eq!(count(Expectation::Reject), 188);
    assert_eq!(count(Expectation::Either), 35 + 22);
    // The expectations hold of the parser that the reference uses.
    for file in &files {
        let read = serde_json::from_slice::<serde_json::Value>(&file.bytes);
        match file.expectation {
            Expectation::Accept => assert!(read.is_ok(), "{}", file.name),
            Expectation::Reject => assert!(read.is_err(), "{}", file.name),
            Expectation::Either => {}
        }
    }
}
