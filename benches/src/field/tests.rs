//! That the workload is what it says, and that its shortcut to the reference is the reference.
//!
//! [`Field::stream`] hands the vocabulary the documents of one member's roles. Here the same questions go to a whole [`Reference`], which
//! finds the member and their groups by itself.

use portcullis_testkit::generate;
use serde_json::json;

use super::*;

/// The workspace file of a field, for the reference.
fn file(field: &Field) -> Value {
    let documents = field.roles.iter().skip(BUILT_IN).map(|role| (role.name.clone(), role.document.clone()));
    let documents: serde_json::Map<String, Value> = documents.collect();
    let mut members = serde_json::Map::new();
    let mut groups = serde_json::Map::new();
    for (id, held) in field.members() {
        let names: Vec<&str> = field.named(held).map(|role| &*role.name).collect();
        members.insert(id.to_owned(), json!({ "role": names[0] }));
        groups.insert(format!("of {id}"), json!({ "roles": names[1..], "members": [id] }));
    }
    json!({ "workspace": "field", "schema": "hightouch", "roles": documents, "groups": groups, "members": members })
}

#[test]
fn what_is_expected_is_what_a_whole_reference_and_the_engine_say() {
    for (members, roles) in [(5, 5), (60, 5), (60, 80)] {
        let field = Field::new(members, roles).unwrap();
        let reference = Reference::from_json(&file(&field)).unwrap();
        let (snapshot, _) = field.workspace().unwrap().compile().unwrap();
        assert_eq!((field.count(), snapshot.member_count()), (members, members));
        let stream = field.stream(6_000);
        let mut allowed = 0;
        for ((subject, action, resource), &expected) in stream.questions().into_iter().zip(stream.expected())
        {
            assert_eq!(
                reference.decide(subject, action, resource),
                expected,
                "{subject} {action} {resource}"
            );
            assert_eq!(snapshot.check(subject, action, resource).is_allowed(), expected);
            allowed += usize::from(expected);
        }
        assert!((600..5_400).contains(&allowed), "{allowed} of 6000 allow");
    }
}

#[test]
fn rules_expand_to_what_their_documents_say() {
    let field = Field::new(5, 200).unwrap();
    let all: Vec<(String, String)> =
        field.vocabulary.permissions().map(|(action, kind)| (action.to_owned(), kind.to_owned())).collect();
    assert_eq!(all.len(), 47);
    let mut denies = 0;
    for role in &field.roles {
        for (action, kind) in &all {
            let says = |deny: bool| {
                let rules = role.rules.iter().filter(|rule| rule.deny == deny);
                rules.flat_map(Rule::pairs).any(|pair| pair == (action.as_str(), kind.as_str()))
            };
            let expected = field.vocabulary.decide([&role.read], action, kind).is_allowed();
            assert_eq!(says(false) && !says(true), expected, "{}: {action} {kind}", role.name);
        }
        denies += role.rules.iter().filter(|rule| rule.deny).count();
    }
    let rules: usize = field.roles.iter().skip(5).map(|role| role.rules.len()).sum();
    assert!((rules / 7..rules / 3).contains(&denies), "{denies} of {rules} statements are denies");
}

#[test]
fn the_same_seed_gives_the_same_field_with_ids_of_23_bytes_and_strangers() {
    let (one, other) = (Field::new(500, 5).unwrap(), Field::new(500, 5).unwrap());
    assert_eq!(one.stream(2_000).questions(), other.stream(2_000).questions());
    assert!(one.members().eq(other.members()));
    assert!(one.members().all(|(id, held)| id.len() == 23 && (1..=3).contains(&held.len())));
    let stream = one.stream(16_000);
    let known: std::collections::BTreeSet<&str> = one.members().map(|(id, _)| id).collect();
    let strangers = stream.questions().iter().filter(|(subject, _, _)| !known.contains(subject)).count();
    let unknown = stream
        .questions()
        .into_iter()
        .filter(|(_, action, kind)| *action == "archive" || *kind == "dashboard");
    assert!((700..1_400).contains(&strangers), "{strangers}");
    assert!((300..800).contains(&unknown.count()));
}

#[test]
fn a_workspace_file_becomes_a_field_with_the_same_answers() {
    for seed in 0..200 {
        let case = generate::case(seed, generate::Size::default()).unwrap();
        let (field, stream) = Field::from_workspace(&case.workspace, &case.questions).unwrap();
        let held: BTreeMap<&str, &[u32]> = field.members().collect();
        for ((subject, action, kind), &expected) in stream.questions().into_iter().zip(stream.expected()) {
            let roles = held.get(subject).copied().unwrap_or(&[]);
            let says = |deny: bool| {
                let rules = field.named(roles).flat_map(|role| &role.rules).filter(|rule| rule.deny == deny);
                rules.flat_map(Rule::pairs).any(|pair| pair == (action, kind))
            };
            assert_eq!(says(false) && !says(true), expected, "seed {seed}: {subject} {action} {kind}");
        }
    }
}
