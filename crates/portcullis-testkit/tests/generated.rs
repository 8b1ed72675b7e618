//! The generators and the enumeration keep their promises: they repeat, they are read, and they reach every form.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use portcullis_testkit::corpus;
use portcullis_testkit::exhaustive::{Exhaustive, Grid, pairs};
use portcullis_testkit::generate::{self, Prng, Size};
use portcullis_testkit::reference::{
    Document, Effect, Operand, Reason, Reference, Request, Statement, Truth, Vocabulary,
};
use serde::Deserialize;

#[test]
fn the_stream_is_that_of_the_paper() {
    // The first numbers for seed 1234567, as other implementations of SplitMix64 publish them.
    let mut prng = Prng::new(1_234_567);
    assert_eq!(prng.bits(), 6_457_827_717_110_365_317);
    assert_eq!(prng.bits(), 3_203_168_211_198_807_973);
}

#[test]
fn a_seed_is_a_case() {
    let again = |seed| generate::case(seed, Size::default()).unwrap().workspace;
    assert_eq!(again(7), again(7));
    assert_ne!(again(7), again(8));
}

#[test]
fn generated_cases_reach_every_reason() {
    let mut seen = BTreeSet::new();
    for seed in 0..300 {
        let case = generate::case(seed, Size::default()).unwrap();
        let reference = Reference::from_json(&case.workspace).unwrap();
        for asked in &case.questions {
            let reason = reference.reason(&asked.subject, &asked.action, &asked.resource);
            assert_eq!(reason.is_allowed(), asked.expected);
            seen.insert(reason);
        }
    }
    let all = [
        Reason::Allow,
        Reason::ExplicitDeny,
        Reason::DefaultDeny,
        Reason::UnknownSubject,
        Reason::UnknownAction,
        Reason::UnknownResource,
        Reason::NotAdmitted,
        Reason::Suspended,
    ];
    assert_eq!(seen, BTreeSet::from(all));
}

#[test]
fn a_seed_is_a_case_with_conditions() {
    let again = |seed| {
        let case = generate::conditional_case(seed, Size::default()).unwrap();
        (case.workspace, case.requests.into_iter().map(|asked| asked.request).collect::<Vec<_>>())
    };
    assert_eq!(again(7), again(7));
    assert_ne!(again(7), again(8));
}

/// Every operator, by literal, list and reference, comes out true, false and unknown; and conditions matter.
#[test]
fn generated_conditions_reach_every_truth() {
    let mut seen: BTreeMap<(String, &str, Truth), usize> = BTreeMap::new();
    let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
    let (mut statements, mut conditional, mut turned) = ([0; 2], [0; 2], 0);
    for seed in 0..300 {
        let case = generate::conditional_case(seed, Size::default()).unwrap();
        let reference = Reference::read(&case.workspace).unwrap();
        let all: Vec<&Statement> = reference.roles().flat_map(|(_, document)| &document.policies).collect();
        for statement in &all {
            statements[usize::from(statement.effect == Effect::Deny)] += 1;
            conditional[usize::from(statement.effect == Effect::Deny)] +=
                usize::from(statement.condition.is_some());
        }
        for asked in &case.requests {
            let mut request = Request::read(&asked.request).unwrap();
            request.now = asked.now.clone();
            let reason = reference.answer(&request);
            assert_eq!(reason, asked.expected);
            *reasons.entry(reason).or_default() += 1;
            let held = reference.roles_of(&request.subject.id);
            let documents =
                reference.roles().filter(|(name, _)| held.contains(name)).map(|(_, document)| document);
            let by_names =
                reference.vocabulary().decide(documents, &request.action.name, &request.resource.kind);
            turned += usize::from(reason.is_allowed() && !by_names.is_allowed());
            for test in
                all.iter().filter_map(|statement| statement.condition.as_ref()).flat_map(|one| &one.tests)
            {
                let operand = match test.operand {
                    Operand::Literal(_) => "literal",
                    Operand::List(_) => "list",
                    Operand::Ref(_) => "ref",
                };
                let truth = reference.truth_of(test, &request);
                *seen.entry((format!("{:?}", test.operator), operand, truth)).or_default() += 1;
            }
        }
    }
    println!(
        "statements {statements:?}, of which with conditions {conditional:?}; {turned} allowed by their conditions alone"
    );
    println!("{reasons:#?}\n{seen:#?}");
    assert_eq!(reasons.len(), 8);
    assert!(conditional[0] * 2 > statements[0] && conditional[1] * 2 > statements[1]);
    assert!(turned > 500);
    for (operator, operands) in [
        ("Equals", &["literal", "ref"][..]),
        ("In", &["list", "ref"]),
        ("NotIn", &["list", "ref"]),
        ("GreaterThan", &["literal", "ref"]),
        ("LessThan", &["literal", "ref"]),
        ("Exists", &["literal"]),
    ] {
        for operand in operands {
            for truth in [Truth::False, Truth::Unknown, Truth::True] {
                let count = seen.get(&(operator.to_owned(), operand, truth)).copied().unwrap_or_default();
                assert!(count >= 30, "{operator} by {operand} was {truth:?} {count} times");
            }
        }
    }
}

/// Requests aimed at conditions that others wrote, with names of their own, make them true, false and unknown.
#[test]
fn aimed_requests_hit() {
    let mut prng = Prng::new(3);
    let mut seen: BTreeMap<Truth, usize> = BTreeMap::new();
    let (mut allowed, mut denied) = (0, 0);
    for case in corpus::all_by_request().unwrap() {
        let reference = Reference::from_json(&case.workspace).unwrap();
        for asked in generate::aimed_requests(&mut prng, &reference, 200).unwrap() {
            let mut request = Request::read(&asked.request).unwrap();
            request.now.clone_from(&asked.now);
            let statements = reference.roles().flat_map(|(_, document)| &document.policies);
            for condition in statements.filter_map(|statement| statement.condition.as_ref()) {
                *seen.entry(reference.truth(condition, &request)).or_default() += 1;
            }
            *(if asked.expected.is_allowed() { &mut allowed } else { &mut denied }) += 1;
        }
    }
    println!("{seen:?}; {allowed} allowed, {denied} denied");
    assert!(seen.len() == 3 && seen.values().all(|count| *count > 80), "{seen:?}");
    assert!(allowed > 20 && denied > 20);
}

#[test]
fn the_enumeration_is_complete_and_small_enough() {
    for grid in [Grid::Full, Grid::Gap] {
        let exhaustive = Exhaustive::new(grid).unwrap();
        let statements = exhaustive.statements().len();
        let policies = exhaustive.policies().count();
        let roles = exhaustive.roles().len();
        println!(
            "{grid:?}: {statements} statements, {} refused, {policies} policies, {roles} roles, {} pairs",
            exhaustive.refused().len(),
            pairs(roles).count()
        );
        assert_eq!(statements + exhaustive.refused().len(), 2 * 15 * 15);
        assert_eq!(policies, 1 + statements + statements * statements);
        assert!(pairs(roles).count() < 10_000_000);
    }
}

/// What a role says of each of the four questions: the set of all such meanings that some policy has.
fn meanings(
    vocabulary: &Vocabulary,
    grid: Grid,
    policies: impl Iterator<Item = serde_json::Value>,
) -> BTreeSet<Vec<Reason>> {
    let meaning = |policy: serde_json::Value| {
        let document = Document::deserialize(policy).unwrap();
        let reason = |(action, resource)| vocabulary.decide([&document], action, resource);
        grid.questions().into_iter().map(reason).collect()
    };
    policies.map(meaning).collect()
}

#[test]
fn the_roles_of_pairs_lose_no_meaning() {
    for grid in [Grid::Full, Grid::Gap] {
        let vocabulary = Vocabulary::deserialize(grid.schema()).unwrap();
        let exhaustive = Exhaustive::new(grid).unwrap();
        let kept = meanings(&vocabulary, grid, exhaustive.roles().into_iter());
        assert_eq!(kept, meanings(&vocabulary, grid, exhaustive.policies()));
    }
}
