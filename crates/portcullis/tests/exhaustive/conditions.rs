//! Every policy of up to two statements over two actions and one type, each statement with each of a handful of conditions;
//! and every pair of roles of one statement. All are asked every request of a handful.
//!
//! The conditions are about the subject, about the object, about both, and about what only a request brings; some cannot be
//! known. Each policy is a role that three members have, who differ in what is stored of them; of a pair of roles they have
//! one through a group. The reference gets the very text that the engine gets.

use std::fmt::Write;

use portcullis::matrix::Layout;
use portcullis::{NoFiles, Question, Revision, Snapshot, Source, Workspace};
use portcullis_testkit::agreement::plain;
use portcullis_testkit::exhaustive::pairs;
use portcullis_testkit::reference::{Reference, Request};
use portcullis_testkit::sent::Sent;

const CONDITIONS: [&str; 9] = [
    r#""*""#,
    r#"{"subject.team":{"equals":"red"}}"#,
    r#"{"labels.team":{"equals":"red"}}"#,
    r#"{"labels.team":{"equals":{"ref":"subject.team"}}}"#,
    r#"{"labels.team":{"notin":["r*","green"]},"subject.team":{"exists":true}}"#,
    r#"{"owner.team":{"in":[{"ref":"subject.team"},"green"]}}"#,
    r#"{"action.level":{"greaterthan":1}}"#,
    r#"{"context.now":{"lessthan":"2024-01-01T00:00:00Z"}}"#,
    r#"{"labels.team":{"exists":false}}"#,
];

const ACTIONS: [&str; 3] = [r#""*""#, r#""a""#, r#""b""#];

/// What is stored of the members.
const MEMBERS: [&str; 3] = [r#"{"team":"red"}"#, r#"{"team":"blue"}"#, "{}"];

/// The labels and the owner's team are stored, stored otherwise, sent, in conflict, or not there.
const REQUESTS: [(&str, Option<&str>); 9] = [
    (r#""resource":"x""#, None),
    (r#""resource":{"type":"x","id":"red"}"#, Some("2023-12-31T23:59:59.9Z")),
    (r#""resource":{"type":"x","id":"blue"}"#, Some("2024-01-01T00:00:00Z")),
    (r#""resource":{"type":"x","id":"bare"}"#, None),
    (r#""resource":{"type":"x","id":"elsewhere"}"#, None),
    (r#""resource":{"type":"x","id":"elsewhere","properties":{"labels":{"team":"red"}}}"#, None),
    (r#""resource":{"type":"x","id":"elsewhere","properties":{}}"#, Some("no time")),
    (r#""resource":{"type":"x","id":"red","properties":{"labels":{"team":"blue"}}}"#, None),
    (r#""resource":{"type":"x","id":"lost","properties":{"owner":{"team":"green"}}}"#, None),
];

/// What an action brings, beside its name.
const SENT: [&str; 2] = ["", r#","properties":{"level":2}"#];

const OBJECTS: &str = r#"[
    {"type":"x","id":"red","properties":{"labels":{"team":"red"},"owner":{"ref":{"type":"x","id":"owner"}}}},
    {"type":"x","id":"blue","properties":{"labels":{"team":"blue"},"owner":{"team":"blue"}}},
    {"type":"x","id":"bare"},
    {"type":"x","id":"lost","properties":{"labels":{"team":7},"owner":{"ref":{"type":"x","id":"nowhere"}}}},
    {"type":"x","id":"owner","properties":{"team":"blue"}}]"#;

fn statements() -> Vec<String> {
    let mut all = Vec::new();
    for effect in ["allow", "deny"] {
        for actions in ACTIONS {
            for condition in CONDITIONS {
                all.push(format!(
                    r#"{{"effect":"{effect}","actions":{actions},"resource":"x","conditions":{condition}}}"#
                ));
            }
        }
    }
    all
}

/// A workspace in which each of these roles, or sets of two roles, is held by three members, who are called after it.
fn workspace(roles: &[Vec<&str>], held: &[(usize, Option<usize>)]) -> String {
    let mut text =
        r#"{"workspace":"w","schema":{"schema":"s","resources":{"x":{"actions":["a","b"]}}},"roles":{"#
            .to_owned();
    for (number, statements) in roles.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let statements = statements.join(",");
        write!(text, r#"{comma}"{number}":{{"version":"2022-04-26","policies":[{statements}]}}"#).unwrap();
    }
    text.push_str(r#"},"members":{"#);
    let mut groups = String::new();
    for (number, (own, other)) in held.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let ids = [0, 1, 2].map(|member| format!("\"{number}/{member}\""));
        let members: Vec<String> = ids
            .iter()
            .zip(MEMBERS)
            .map(|(id, properties)| format!(r#"{id}:{{"role":"{own}","properties":{properties}}}"#))
            .collect();
        write!(text, "{comma}{}", members.join(",")).unwrap();
        if let Some(other) = other {
            write!(groups, r#"{comma}"{number}":{{"roles":["{other}"],"members":[{}]}}"#, ids.join(","))
                .unwrap();
        }
    }
    write!(text, r#"}},"groups":{{{groups}}},"objects":{OBJECTS}}}"#).unwrap();
    text
}

/// Asks each member every request for both actions. How many were asked, allowed, and left open by the matrix.
fn ask(text: &str, holders: usize, layout: Layout) -> [usize; 3] {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap();
    let snapshot: Snapshot = workspace.compile_with(layout, Revision::FIRST).unwrap().0;
    let reference = Reference::read(text).unwrap();
    let permissions = ["a", "b"].map(|action| snapshot.permission(action, "x").unwrap());
    let mut counts = [0; 3];
    for (action, permission) in ["a", "b"].into_iter().zip(permissions) {
        for ((resource, now), sent) in REQUESTS.iter().flat_map(|one| SENT.map(|sent| (one, sent))) {
            let request = format!(
                r#"{{"subject":"s","action":{{"name":"{action}"{sent}}},{resource},"context":{{}}}}"#
            );
            let asked = Sent::read(&request).unwrap();
            let mut judged = Request::read(&request).unwrap();
            judged.now = now.map(str::to_owned);
            for number in 0..holders {
                for member in 0..MEMBERS.len() {
                    let id = format!("{number}/{member}");
                    let question = Question { subject: &id, ..asked.question(*now) };
                    judged.subject.id.clone_from(&id);
                    let decision = snapshot.decide(&question);
                    let expected = reference.answer(&judged);
                    assert_eq!(decision.reason(), plain(expected), "{id}: {request} at {now:?}");
                    let verdict = snapshot.matrix().check(snapshot.subject(&id).unwrap(), permission);
                    assert!(
                        verdict.is_open() || verdict.is_allow() == decision.is_allowed(),
                        "{id}: {request}"
                    );
                    counts[0] += 1;
                    counts[1] += usize::from(decision.is_allowed());
                    counts[2] += usize::from(verdict.is_open());
                }
            }
        }
    }
    counts
}

#[test]
fn every_policy_of_two_statements_with_conditions() {
    let statements = statements();
    let mut policies: Vec<Vec<&str>> = vec![Vec::new()];
    policies.extend(statements.iter().map(|only| vec![&**only]));
    for first in &statements {
        policies.extend(statements.iter().map(|second| vec![&**first, &**second]));
    }
    let mut counts = [0; 3];
    // The engine's rows of a workspace are few, and texts stay short.
    for some in policies.chunks(1_000) {
        let held: Vec<_> = (0..some.len()).map(|number| (number, None)).collect();
        let layout = if counts[0] == 0 { Layout::Paged } else { Layout::Flat };
        let asked = ask(&workspace(some, &held), held.len(), layout);
        counts = [0, 1, 2].map(|at| counts[at] + asked[at]);
    }
    println!("{} policies; {counts:?} requests, of them allowed, of them open", policies.len());
    assert_eq!(policies.len(), 1 + 54 + 54 * 54);
    assert_eq!(counts[0], policies.len() * MEMBERS.len() * 2 * REQUESTS.len() * SENT.len());
    assert_eq!(counts, [320_868, 43_020, 153_792]);
}

#[test]
fn every_pair_of_roles_with_conditions() {
    let statements = statements();
    let roles: Vec<Vec<&str>> = statements.iter().map(|only| vec![&**only]).collect();
    let held: Vec<_> = pairs(roles.len()).map(|(own, other)| (own, Some(other))).collect();
    let mut counts = [0; 3];
    for some in held.chunks(300) {
        let asked = ask(&workspace(&roles, some), some.len(), Layout::Auto);
        counts = [0, 1, 2].map(|at| counts[at] + asked[at]);
    }
    println!("{} pairs of roles; {counts:?} requests, of them allowed, of them open", held.len());
    assert_eq!(held.len(), 54 * 55 / 2);
    assert_eq!(counts, [160_380, 21_510, 76_896]);
}
