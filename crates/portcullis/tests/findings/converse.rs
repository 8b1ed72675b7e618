//! What is not found does change something: without conditions the findings are all that there are.

use std::collections::BTreeSet;

use portcullis::diagnostic::Code;
use portcullis::{Diagnostic, Limits, NoFiles, Read, Schema, Source};
use portcullis_testkit::generate::{self, Prng, Size};
use portcullis_testkit::reference::{Document, Vocabulary};
use serde_json::{Value, json};

const SIZE: Size =
    Size { types: 2, actions: 3, roles: 4, statements: 6, groups: 3, members: 4, questions: 0 };

fn read(document: &Value) -> Document {
    serde_json::from_value(document.clone()).unwrap()
}

/// Whether two lists of documents decide some question differently.
fn differ(vocabulary: &Vocabulary, one: &[&Document], other: &[&Document]) -> bool {
    vocabulary.permissions().any(|(action, kind)| {
        let decide =
            |documents: &[&Document]| vocabulary.decide(documents.iter().copied(), action, kind).is_allowed();
        decide(one) != decide(other)
    })
}

fn everything() -> Document {
    read(
        &json!({"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "*"}]}),
    )
}

fn linted(workspace: &Value) -> (Read, Vec<Diagnostic>) {
    let (source, schema) = (Source::new("w.json", workspace.to_string()), Schema::hightouch().unwrap());
    let (read, report) = portcullis::lint(&source, &schema, &NoFiles, &Limits::default()).unwrap();
    (read, report.iter().cloned().collect())
}

fn snippet(label: &portcullis::diagnostic::Label) -> String {
    serde_json::from_str(label.source.slice(label.span)).unwrap()
}

#[test]
fn every_statement_that_is_left_changes_something() {
    let all = everything();
    let (mut tried, mut removed) = (0, 0);
    for seed in 0..400 {
        let mut prng = Prng::new(seed);
        let schema = generate::schema(&mut prng, SIZE);
        let vocabulary = serde_json::from_value::<Vocabulary>(schema.clone()).unwrap();
        let mut document = generate::policy(&mut prng, &vocabulary, 8).unwrap();
        let workspace = |document: &Value| json!({"workspace": "w", "schema": schema, "default_role": "r", "roles": {"r": document}, "members": {}});
        let (snapshot, found) = linted(&workspace(&document));
        let Read::Workspace(snapshot) = snapshot else { panic!() };
        let role = snapshot.roles().next().unwrap();
        let idle = |index: usize| {
            let span = role.document().statement(index).unwrap().span();
            found.iter().any(|fault| {
                let at = fault.primary.as_ref().unwrap().span.start as usize;
                let code =
                    matches!(fault.code, Code::RepeatedStatement | Code::IdleStatement | Code::GrantsNothing);
                code && span.range().contains(&at)
            })
        };
        let mut index = 0;
        document["policies"].as_array_mut().unwrap().retain(|_| {
            index += 1;
            removed += usize::from(idle(index - 1));
            !idle(index - 1)
        });
        let whole = read(&document);
        for index in 0..whole.policies.len() {
            let mut less = document.clone();
            let gone = less["policies"].as_array_mut().unwrap().remove(index);
            let less = read(&less);
            let change = match gone["effect"].as_str().unwrap() {
                "allow" => differ(&vocabulary, &[&whole], &[&less]),
                _ => differ(&vocabulary, &[&whole, &all], &[&less, &all]),
            };
            assert!(change, "{seed}: {gone}\n{document}\n{schema}");
            tried += 1;
        }
    }
    assert!(tried > 300 && removed > 100, "{tried} {removed}");
}

#[test]
fn roles_and_groups_of_which_nothing_is_found_make_a_difference() {
    let all = everything();
    let (mut equal, mut idle, mut tried) = (0, 0, 0);
    for seed in 0..300 {
        let mut prng = Prng::new(seed);
        let schema = generate::schema(&mut prng, SIZE);
        let vocabulary = serde_json::from_value::<Vocabulary>(schema.clone()).unwrap();
        let workspace = generate::workspace(&mut prng, &schema, SIZE).unwrap();
        let (_, found) = linted(&workspace);
        let places = |code: Code| -> BTreeSet<String> {
            let found = found.iter().filter(|fault| fault.code == code);
            found.map(|fault| snippet(fault.primary.as_ref().unwrap())).collect()
        };
        let (alike, unchanging) = (places(Code::EqualRole), places(Code::IdleGroup));
        (equal, idle) = (equal + alike.len(), idle + unchanging.len());
        let roles: Vec<(&String, Document)> =
            workspace["roles"].as_object().unwrap().iter().map(|(name, role)| (name, read(role))).collect();
        let none = read(&json!({"version": "2022-04-26", "policies": []}));
        let says = |role: &Document, other: &Document| {
            differ(&vocabulary, &[role], &[other]) || differ(&vocabulary, &[role, &all], &[other, &all])
        };
        for (at, (name, role)) in roles.iter().enumerate() {
            for (other, same) in roles.iter().skip(at + 1) {
                if !alike.contains(*name) && !alike.contains(*other) && says(role, &none) {
                    assert!(says(role, same), "{seed}: {name} and {other}\n{workspace}");
                    tried += 1;
                }
            }
        }
        // What each member holds through these groups.
        let held = |member: &str, groups: &[&String]| -> Vec<&Document> {
            let own = &workspace["members"][member]["role"];
            let own = if own.is_null() { &workspace["default_role"] } else { own };
            let joined = groups.iter().map(|name| &workspace["groups"][name.as_str()]);
            let joined = joined.filter(|group| group["members"].as_array().unwrap().contains(&json!(member)));
            let through = joined.flat_map(|group| group["roles"].as_array().unwrap());
            let names: Vec<&Value> = std::iter::once(own).chain(through).collect();
            names
                .iter()
                .map(|name| &roles.iter().find(|(known, _)| *known == name.as_str().unwrap()).unwrap().1)
                .collect()
        };
        let members: Vec<&String> = workspace["members"].as_object().unwrap().keys().collect();
        let groups: Vec<&String> = workspace["groups"].as_object().unwrap().keys().collect();
        let left: Vec<&String> = groups.iter().copied().filter(|name| !unchanging.contains(*name)).collect();
        let changed = |one: &[&String], other: &[&String]| {
            members.iter().any(|member| differ(&vocabulary, &held(member, one), &held(member, other)))
        };
        assert!(!changed(&groups, &left), "{seed}: {unchanging:?} together\n{workspace}");
        for (at, name) in groups.iter().enumerate().filter(|(_, name)| left.contains(name)) {
            if workspace["groups"][name.as_str()]["members"].as_array().unwrap().is_empty() {
                continue;
            }
            // It made a difference beside all others, or beside those that were left when its turn came.
            let later = |other: &&String| groups[at..].contains(other) && unchanging.contains(*other);
            let there: Vec<&String> = groups.iter().copied().filter(|other| !later(other)).collect();
            let matters = [&groups, &there].into_iter().any(|all| {
                let without: Vec<&String> = all.iter().copied().filter(|other| other != name).collect();
                changed(all, &without)
            });
            assert!(matters, "{seed}: {name}\n{workspace}");
            tried += 1;
        }
    }
    assert!(equal > 5 && idle > 50 && tried > 500, "{equal} {idle} {tried}");
}
