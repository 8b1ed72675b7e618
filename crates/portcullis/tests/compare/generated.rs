//! Roles of generated workspaces: attributes of all kinds and origins, nested, by reference, declared or not.

use std::collections::BTreeMap;

use portcullis::Relation;
use portcullis_testkit::generate::{Size, conditional_case};
use portcullis_testkit::sent::Sent;
use serde_json::value::RawValue;

use super::{Seen, compare, compiled, confirm, quoted};

type Parts = BTreeMap<String, Box<RawValue>>;

fn parts(text: &RawValue) -> Parts {
    serde_json::from_str(text.get()).unwrap()
}

fn object(parts: &Parts) -> String {
    let members: Vec<String> =
        parts.iter().map(|(key, value)| format!("{}: {}", quoted(key), value.get())).collect();
    format!("{{{}}}", members.join(", "))
}

/// The workspace in which every member holds one role and nothing else.
fn all_holding(workspace: &Parts, role: &str) -> String {
    let raw = |text: String| RawValue::from_string(text).unwrap();
    let members = parts(&workspace["members"]).into_iter().map(|(id, member)| {
        let mut member = parts(&member);
        member.insert("role".to_owned(), raw(quoted(role)));
        member.remove("suspended");
        (id, raw(object(&member)))
    });
    let mut workspace: Parts = workspace.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    workspace.insert("members".to_owned(), raw(object(&members.collect())));
    workspace.remove("groups");
    object(&workspace)
}

#[test]
fn no_request_contradicts_a_comparison_and_checks_confirm_it() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 5_000 } else { 60 };
    let (mut pairs, mut undecided, mut confirmed) = (0, 0, 0);
    let mut relations: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..cases {
        let case = conditional_case(seed, Size::default()).unwrap();
        let workspace: Parts = serde_json::from_str(&case.workspace).unwrap();
        let schema = workspace["schema"].get();
        let roles = parts(&workspace["roles"]);
        let snapshot = compiled(&case.workspace);
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        let held: Vec<_> = roles.keys().map(|role| compiled(&all_holding(&workspace, role))).collect();
        let names: Vec<&String> = roles.keys().collect();
        for at in 0..names.len() {
            let next = (at + 1) % names.len();
            let (one, other) = (names[at], names[next]);
            let comparison = compare(&snapshot, one, other);
            let mut seen = Seen::default();
            for (sent, asked) in sent.iter().zip(&case.requests) {
                let question = sent.question(asked.now.as_deref());
                let decide = |at: usize| held[at].decide(&question).is_allowed();
                seen.see(decide(at), decide(next));
            }
            let told = || {
                format!(
                    "seed {seed}, {one} and {other}: {seen:?} {:?}\n{}\n{}",
                    comparison.shares(),
                    roles[one],
                    roles[other]
                )
            };
            assert!(seen.agrees(&comparison), "{}", told());
            confirmed += confirm(&comparison, schema, roles[one].get(), roles[other].get());
            *relations.entry(comparison.relation().as_str()).or_default() += 1;
            pairs += 1;
            undecided += usize::from(comparison.relation() == Relation::Undecided);
            assert_eq!(compare(&snapshot, one, one).relation(), Relation::Equal, "{one}");
        }
    }
    assert!(pairs > 200 && confirmed > 500 && undecided * 10 < pairs, "{pairs} {confirmed} {relations:?}");
    println!("{pairs} pairs, {confirmed} counterexamples, {relations:?}");
}
