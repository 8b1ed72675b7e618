//! Standing rules: what holds, who breaks what and by which statement, what is refused and where, and that the page is true.
//!
//! Random rules over random workspaces are in `generated`, where the reference decider says who may, and `conditional`, where every
//! member is asked about by the search. The page docs/rules.md is run in `page`.
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
mod conditional;
mod faults;
mod generated;
#[path = "../markdown/mod.rs"]
mod markdown;
mod naive;
mod page;
mod results;

use std::sync::Arc;

use portcullis::rules::{Finding, Outcome, RuleOutcome, Rules};
use portcullis::{NoFiles, Report, Snapshot, Source, Workspace};

const ACME: &str = r#"{"workspace": "acme", "schema": "hightouch",
  "roles": {
    "runner": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": ["read", "start", "enable"], "resource": "sync"},
      {"effect": "deny", "actions": "delete", "resource": "*"}]},
    "marketing": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": ["update", "delete"], "resource": "sync",
       "conditions": {"labels.team": {"equals": "marketing"}}}]},
    "own": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "preview", "resource": "model",
       "conditions": {"subject.team": {"equals": "data"}}}]},
    "keys": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "create", "resource": "workspace",
       "conditions": {"resource.type": {"equals": "api_key"}}}]},
    "late": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "testrow", "resource": "sync",
       "conditions": {"labels.team": {"equals": "nobody's"}}}]}},
  "groups": {"runners": {"roles": ["runner"], "members": ["bob", "dan"]},
             "platform": {"roles": ["keys"], "members": ["flo"]}},
  "members": {"ann": {"role": "admin"}, "bob": {"role": "viewer"}, "cat": {"role": "marketing"},
              "dan": {"role": "admin", "suspended": true}, "eve": {"role": "own", "properties": {"team": "data"}},
              "fay": {"role": "own", "properties": {"team": "ops"}}, "flo": {"role": "viewer"},
              "gus": {"role": "late"}},
  "objects": [{"type": "sync", "id": "41", "properties": {"labels": {"team": "data"}}},
              {"type": "sync", "id": "42", "properties": {"labels": {"team": "marketing"}}}]}"#;

fn acme() -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", ACME), &NoFiles).unwrap();
    workspace.compile().unwrap().0
}

fn source(rules: &str) -> Arc<Source> {
    Source::new("rules.json", format!("{{\"rules\": [\n{rules}\n]}}"))
}

fn read(rules: &str) -> Rules {
    let (rules, report) = Rules::read(&source(rules), &NoFiles).unwrap_or_else(|report| panic!("{report}"));
    assert!(report.is_empty(), "{report}");
    rules
}

fn asserted<'s>(rules: &'s Rules, snapshot: &'s Snapshot, keep: usize) -> Outcome<'s> {
    rules.assert(snapshot, keep).unwrap_or_else(|report| panic!("{report}")).0
}

/// Everything that is said of these rules, read and checked.
fn said(rules: &str) -> Vec<String> {
    let lines = |report: &Report| report.iter().map(ToString::to_string).collect();
    match Rules::read(&source(rules), &NoFiles) {
        Ok((rules, _)) => {
            let report = rules.check(&acme());
            portcullis_testkit::fuzz::sound(&report);
            lines(&report)
        }
        Err(report) => {
            portcullis_testkit::fuzz::sound(&report);
            lines(&report)
        }
    }
}

/// What a rule came to, in a few words: the verdict, how many, and who by what.
fn told(rule: &RuleOutcome<'_>) -> String {
    let findings: Vec<String> = rule.findings.iter().map(one).collect();
    let counts = format!("{} {}+{}", rule.verdict.as_str(), rule.broken_by, rule.undecided_by);
    if findings.is_empty() { counts } else { format!("{counts}: {}", findings.join("; ")) }
}

fn one(finding: &Finding<'_>) -> String {
    let evidence = finding.evidence.iter().map(|one| {
        let permissions = one.permissions.iter().map(|permitted| {
            let object = permitted.object.map(|id| format!("/{id}")).unwrap_or_default();
            format!(" {} {}{object}", permitted.action, permitted.resource)
        });
        let role = one.role.map(|role| format!(" role {}", role.name())).unwrap_or_default();
        let sign = match (one.undecided, one.missing) {
            (true, true) => "?-",
            (true, false) => "?",
            (false, true) => "-",
            (false, false) => "+",
        };
        let more = if one.more > 0 { format!(" +{}", one.more) } else { String::new() };
        format!("{sign}{role}{}{more}", permissions.collect::<String>())
    });
    format!("{} {}", finding.subject, evidence.collect::<Vec<_>>().join(" and "))
}
