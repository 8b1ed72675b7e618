//! The generators and the enumeration keep their promises: they repeat, they are read, and they reach every form.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use portcullis_testkit::exhaustive::{Exhaustive, Grid, pairs};
use portcullis_testkit::generate::{self, Prng, Size};
use portcullis_testkit::reference::{Document, Reason, Reference, Vocabulary};
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
