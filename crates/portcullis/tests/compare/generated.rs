//! Roles of generated workspaces: attributes of all kinds and origins, nested, by reference, declared or not.

use std::collections::BTreeMap;

use portcullis::condition::Value;
use portcullis::{COMPARE_STEPS, Example, Question, Relation, Snapshot, Stored, compare_subjects};
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
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 5_000 } else { 40 };
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
    assert!(pairs > 100 && confirmed > 300 && undecided * 20 < pairs, "{pairs} {confirmed} {relations:?}");
    println!("{pairs} pairs, {confirmed} counterexamples, {relations:?}");
}

/// Whether what was sent may contradict what is stored, on some path.
fn contradicts(stored: Option<Value<'_>>, sent: Option<Value<'_>>) -> bool {
    let (Some(Value::Object(stored)), Some(Value::Object(sent))) = (stored, sent) else { return false };
    sent.iter().any(|(key, value)| stored.get(key).is_some_and(|stored| stored != value))
}

/// The workspace in which what an example needs is stored too; nothing where its object is stored already.
fn storing(workspace: &Parts, snapshot: &Snapshot, example: &Example) -> Option<String> {
    let mut objects: Vec<Box<RawValue>> = serde_json::from_str(workspace["objects"].get()).unwrap();
    if let Some(id) = &example.object
        && snapshot.object_properties(&example.resource, id).is_some()
    {
        return None;
    }
    for stored in &example.stored {
        let Stored::Object { kind, id, properties } = stored else { panic!("{example:?}") };
        let text =
            format!(r#"{{"type": {}, "id": {}, "properties": {properties}}}"#, quoted(kind), quoted(id));
        objects.push(RawValue::from_string(text).unwrap());
    }
    let mut workspace: Parts = workspace.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    workspace.insert("objects".to_owned(), serde_json::value::to_raw_value(&objects).unwrap());
    Some(object(&workspace))
}

#[test]
fn no_request_contradicts_a_comparison_of_subjects_and_checks_confirm_it() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 5_000 } else { 40 };
    let (mut pairs, mut undecided, mut confirmed) = (0, 0, 0);
    for seed in 10_000..10_000 + cases {
        let case = conditional_case(seed, Size::default()).unwrap();
        let workspace: Parts = serde_json::from_str(&case.workspace).unwrap();
        let snapshot = compiled(&case.workspace);
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        let members: Vec<&str> = snapshot.members().collect();
        for (one, other) in members.iter().zip(members.iter().skip(1)) {
            let comparison = compare_subjects(&snapshot, one, other, COMPARE_STEPS).unwrap();
            let told = || format!("seed {seed}, {one} and {other}: {comparison:?}\n{}", case.workspace);
            let mut seen = Seen::default();
            for (sent, asked) in sent.iter().zip(&case.requests) {
                let question = sent.question(asked.now.as_deref());
                let stored = [one, other].map(|member| snapshot.member_properties(member));
                if stored.iter().any(|stored| contradicts(*stored, question.subject_properties)) {
                    continue;
                }
                let decide = |subject| {
                    snapshot.decide(&Question { subject, subject_type: None, ..question }).is_allowed()
                };
                seen.see(decide(one), decide(other));
            }
            assert!(seen.agrees(&comparison), "{seen:?} {}", told());
            let examples = [
                (comparison.example_of_only_a(), (true, false)),
                (comparison.example_of_only_b(), (false, true)),
            ];
            let groups = comparison.conditional().iter();
            let groups = groups.flat_map(|cells| {
                [(cells.only_a.clone(), (true, false)), (cells.only_b.clone(), (false, true))]
            });
            for (found, expected) in examples.into_iter().chain(groups) {
                let Some(found) = found else { continue };
                let Some(text) = storing(&workspace, &snapshot, &found.a) else { continue };
                let with = compiled(&text);
                let decided = (
                    with.decide(&found.a.question(one)).is_allowed(),
                    with.decide(&found.b.question(other)).is_allowed(),
                );
                assert_eq!(decided, expected, "{found:?}\n{}", told());
                confirmed += 1;
            }
            pairs += 1;
            undecided += usize::from(comparison.relation() == Relation::Undecided);
            assert_eq!(
                compare_subjects(&snapshot, one, one, COMPARE_STEPS).unwrap().relation(),
                Relation::Equal
            );
        }
        assert!(compare_subjects(&snapshot, "nobody at all", "nobody", COMPARE_STEPS).is_none());
    }
    println!("{pairs} pairs, {confirmed} counterexamples, {undecided} undecided");
    assert!(pairs > 100 && confirmed > 200 && undecided * 10 < pairs, "{pairs} {confirmed} {undecided}");
}
