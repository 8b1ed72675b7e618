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

use portcullis_testkit::corpus::{self, Case, Expectation};
use portcullis_testkit::reference::Reference;

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
