//! Comparisons against brute force: no request that is tried contradicts what was found, and every counterexample is confirmed by a
//! check, of the engine and of the naive reference.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and how long it runs is said by the environment"
)]

mod enumerated;
mod generated;

use portcullis::{
    COMPARE_STEPS, Comparison, Counterexample, Example, NoFiles, Relation, Snapshot, Source, Stored,
    Workspace, compare_roles,
};
use portcullis_testkit::reference::{Reference, Request};

fn compiled(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
        .unwrap_or_else(|report| panic!("{report}\n{text}"));
    workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A workspace of one member, who holds one role, and of what an example needs stored.
fn holding(schema: &str, role: &str, example: &Example) -> (String, String) {
    let subject = example.subject.clone().unwrap_or_else(|| "somebody".to_owned());
    let kind = example.subject_type.as_deref().unwrap_or("user");
    let mut member = format!(r#""role": "held", "type": {}"#, quoted(kind));
    let mut objects = Vec::new();
    for stored in &example.stored {
        match stored {
            Stored::Member(properties) => member += &format!(r#", "properties": {properties}"#),
            Stored::Object { kind, id, properties } => objects.push(format!(
                r#"{{"type": {}, "id": {}, "properties": {properties}}}"#,
                quoted(kind),
                quoted(id)
            )),
        }
    }
    let workspace = format!(
        r#"{{"workspace": "w", "schema": {schema}, "roles": {{"held": {role}}}, "members": {{{}: {{{member}}}}},
            "objects": [{}]}}"#,
        quoted(&subject),
        objects.join(", ")
    );
    (workspace, subject)
}

/// What the engine and the reference say about an example, which is the same.
fn allowed(schema: &str, role: &str, example: &Example) -> bool {
    let (workspace, subject) = holding(schema, role, example);
    let snapshot = compiled(&workspace);
    let decided = snapshot.decide(&example.question(&subject)).is_allowed();
    let mut request = Request::read(&example.request(&subject)).unwrap();
    request.now = example.now.clone();
    let expected = Reference::read(&workspace).unwrap().answer(&request).is_allowed();
    assert_eq!(decided, expected, "{workspace}\n{}", example.request(&subject));
    decided
}

/// Puts every counterexample of a comparison before a check, and says how many there were.
fn confirm(comparison: &Comparison, schema: &str, one: &str, other: &str) -> usize {
    let check = |counterexample: &Counterexample, expected: (bool, bool)| {
        let found = (allowed(schema, one, &counterexample.a), allowed(schema, other, &counterexample.b));
        assert_eq!(found, expected, "{schema}\n{one}\n{other}\n{counterexample:?}");
    };
    let mut count = 0;
    let all = comparison.conditional().iter();
    let only_a = all.clone().filter_map(|cells| cells.only_a.clone()).chain(comparison.example_of_only_a());
    for counterexample in only_a {
        check(&counterexample, (true, false));
        count += 1;
    }
    let only_b = all.filter_map(|cells| cells.only_b.clone()).chain(comparison.example_of_only_b());
    for counterexample in only_b {
        check(&counterexample, (false, true));
        count += 1;
    }
    let shares = comparison.shares();
    assert_eq!(comparison.example_of_only_a().is_some(), shares.only_a == Some(true));
    assert_eq!(comparison.example_of_only_b().is_some(), shares.only_b == Some(true));
    count
}

/// What was tried: whether some request was allowed by the first alone, the second alone, both.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    only_a: bool,
    only_b: bool,
    both: bool,
}

impl Seen {
    fn see(&mut self, one: bool, other: bool) {
        self.only_a |= one && !other;
        self.only_b |= other && !one;
        self.both |= one && other;
    }

    /// Nothing was seen that the comparison rules out.
    fn agrees(self, comparison: &Comparison) -> bool {
        let shares = comparison.shares();
        let agrees = |seen: bool, said: Option<bool>| !(seen && said == Some(false));
        // Equal ones are not looked into for what both allow.
        let both = shares.relation() == Relation::Equal || agrees(self.both, shares.both);
        agrees(self.only_a, shares.only_a) && agrees(self.only_b, shares.only_b) && both
    }
}

fn compare(snapshot: &Snapshot, one: &str, other: &str) -> Comparison {
    let [one, other] = [one, other].map(|name| snapshot.role(name).unwrap());
    compare_roles(one, other, COMPARE_STEPS).unwrap()
}
