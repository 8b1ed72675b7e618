//! Test suites: what passes, what fails and why, what is refused and where, and that the page about them is true.
//!
//! Suites over generated workspaces are in `generated`, where everything that a snapshot says of itself must pass, and one
//! changed cell must fail and nothing else. The page docs/tests.md is run in `page`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads the page that it tests"
)]

#[path = "../acme/mod.rs"]
mod acme;
mod faults;
mod generated;
#[path = "../markdown/mod.rs"]
mod markdown;
mod page;
mod requests;
mod results;

use std::sync::Arc;

use portcullis::suite::{Coverage, Outcome, Suite};
use portcullis::{NoFiles, Report, Snapshot, Source, Workspace};

const ACME: &str = r#"{"workspace": "acme", "schema": "hightouch",
  "roles": {
    "runner": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": ["read", "start"], "resource": "sync"},
      {"effect": "allow", "actions": "*", "resource": "audience"},
      {"effect": "deny", "actions": "delete", "resource": "*"}]},
    "unheld": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "read", "resource": "workspace"}]}},
  "groups": {"runners": {"roles": ["runner"], "members": ["bob", "dan"]}},
  "members": {"ann": {"role": "admin"}, "bob": {"role": "editor"}, "cat": {}, "dan": {"suspended": true}}}"#;

fn acme() -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", ACME), &NoFiles).unwrap();
    workspace.compile().unwrap().0
}

fn source(tests: &str) -> Arc<Source> {
    Source::new("tests.json", format!("{{\"tests\": [\n{tests}\n]}}"))
}

/// A suite of these tests, which must be readable.
fn suite(tests: &str) -> Suite {
    let (suite, report) = Suite::read(&source(tests), &NoFiles).unwrap_or_else(|report| panic!("{report}"));
    assert!(report.is_empty(), "{report}");
    suite
}

/// Runs a suite, which must be sound.
fn run<'s>(suite: &'s Suite, snapshot: &'s Snapshot) -> (Outcome<'s>, Coverage<'s>, Report) {
    let mut coverage = Coverage::of(snapshot);
    let (outcome, report) = suite.run(snapshot, &mut coverage).unwrap_or_else(|report| panic!("{report}"));
    (outcome, coverage, report)
}

/// Everything that is said of a suite of these tests, read and checked.
fn said(tests: &str) -> Vec<String> {
    let lines = |report: &Report| report.iter().map(ToString::to_string).collect();
    match Suite::read(&source(tests), &NoFiles) {
        Ok((suite, _)) => lines(&suite.check(&acme())),
        Err(report) => {
            portcullis_testkit::fuzz::sound(&report);
            lines(&report)
        }
    }
}
