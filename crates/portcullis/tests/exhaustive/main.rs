//! Every policy of up to two statements over two actions and two types, and every pair of such roles: the engine and the
//! reference say the same of all four cells. Of three actions and two types `triples` tries every set of three roles, and `conditions` has
//! statements with conditions.
//!
//! A policy goes in as text and becomes a role of its own in a workspace of some thousands, held by a member of its own.
//! A pair is a member whose own role is one of the two and who has the other through a group. What the reference says of
//! a pair is put together from what it says of each role by rule 2, in one line; every so often the reference is asked
//! about the pair itself, which shows that line to be right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod conditions;
mod triples;

use std::sync::Arc;

use portcullis::matrix::Permission;
use portcullis::{Document, Group, Member, Schema, Snapshot, Source, Workspace};
use portcullis_testkit::agreement::plain;
use portcullis_testkit::exhaustive::{Exhaustive, Grid, pairs};
use portcullis_testkit::reference::{self, Reason, Vocabulary};
use serde_json::Value;

/// Policies a workspace. Fewer than 65,536 roles, and enough for rows to be shared.
const BATCH: usize = 8_000;

/// Members a workspace of pairs, about.
const CROWD: usize = 150_000;

/// One grid, as both see it.
struct Bench {
    grid: Grid,
    schema: Schema,
    vocabulary: Vocabulary,
    exhaustive: Exhaustive,
}

/// What is said of the four questions.
type Answers = [Reason; 4];

impl Bench {
    fn new(grid: Grid) -> Self {
        let value = grid.schema();
        let (schema, report) = Schema::read(&Source::new("schema.json", value.to_string())).unwrap();
        assert!(report.is_empty());
        let vocabulary = serde_json::from_value(value).unwrap();
        Bench { grid, schema, vocabulary, exhaustive: Exhaustive::new(grid).unwrap() }
    }

    fn by_reference(&self, documents: &[&reference::Document]) -> Answers {
        let decide = |(action, resource)| self.vocabulary.decide(documents.iter().copied(), action, resource);
        self.grid.questions().map(decide)
    }

    /// What the engine has for the four questions; nothing where the schema does not admit a pair.
    fn permissions(&self, snapshot: &Snapshot) -> [Option<Permission>; 4] {
        self.grid.questions().map(|(action, resource)| snapshot.permission(action, resource).ok())
    }

    fn compile(&self, fill: impl FnOnce(&mut Workspace)) -> Snapshot {
        let mut workspace = Workspace::new("exhaustive", self.schema.clone());
        fill(&mut workspace);
        match workspace.compile() {
            Ok((snapshot, _)) => snapshot,
            Err(report) => panic!("{report}"),
        }
    }

    /// Each policy is the role of a member. Returns how many there were.
    fn each_policy(&self) -> usize {
        let policies: Vec<Value> = self.exhaustive.policies().collect();
        for batch in policies.chunks(BATCH) {
            let snapshot = self.compile(|workspace| {
                for (number, policy) in batch.iter().enumerate() {
                    let name = number.to_string();
                    workspace.add_member(&*name, Member::with_role(&*name)).add_role(name, read(policy));
                }
            });
            for (number, policy) in batch.iter().enumerate() {
                let document: reference::Document = serde_json::from_value(policy.clone()).unwrap();
                let name = number.to_string();
                let expected = self.by_reference(&[&document]);
                for ((action, resource), expected) in self.grid.questions().into_iter().zip(expected) {
                    let decision = snapshot.check(&name, action, resource);
                    assert_eq!(decision.reason(), plain(expected), "{action} {resource}: {policy}");
                }
            }
        }
        policies.len()
    }

    /// A policy with a statement that protects nothing does not compile, whatever stands beside it.
    fn each_refused(&self) -> usize {
        let refused = self.exhaustive.refused();
        let beside = self.exhaustive.statements();
        for (statement, other) in refused.iter().zip(beside.iter().cycle()) {
            for policies in [vec![statement], vec![other, statement], vec![statement, other]] {
                let policy = serde_json::json!({ "version": "2022-04-26", "policies": policies });
                let report = read(&policy).resolve(&self.schema).unwrap_err();
                assert!(report.has_errors(), "{policy}");
            }
        }
        refused.len()
    }

    /// Each pair of roles is held by one member. Returns how many there were.
    fn each_pair(&self) -> usize {
        let roles = self.exhaustive.roles();
        let documents: Vec<Arc<Document>> = roles.iter().map(|role| Arc::new(read(role))).collect();
        let judged: Vec<reference::Document> =
            roles.iter().map(|role| serde_json::from_value(role.clone()).unwrap()).collect();
        let alone: Vec<Answers> = judged.iter().map(|document| self.by_reference(&[document])).collect();
        let all: Vec<(usize, usize)> = pairs(roles.len()).collect();
        for crowd in all.chunks(CROWD) {
            let snapshot = self.crowd(&documents, crowd);
            let permissions = self.permissions(&snapshot);
            for &(one, other) in crowd {
                let subject = snapshot.subject(&member(one, other)).unwrap();
                let expected = [0, 1, 2, 3].map(|cell| together(alone[one][cell], alone[other][cell]));
                for (permission, expected) in permissions.into_iter().zip(expected) {
                    let Some(permission) = permission else {
                        assert_eq!(expected, Reason::NotAdmitted);
                        continue;
                    };
                    let decision = snapshot.check_handles(subject, permission);
                    assert_eq!(decision.reason(), plain(expected), "{} and {}", roles[one], roles[other]);
                }
                if (one * 31 + other) % 101 == 0 {
                    assert_eq!(self.by_reference(&[&judged[one], &judged[other]]), expected);
                }
            }
            self.batch(&snapshot, crowd, &alone);
        }
        all.len()
    }

    fn crowd(&self, documents: &[Arc<Document>], crowd: &[(usize, usize)]) -> Snapshot {
        self.compile(|workspace| {
            for (number, document) in documents.iter().enumerate() {
                workspace.add_role(number.to_string(), Arc::clone(document));
            }
            let mut groups = vec![Group::new(); documents.len()];
            for &(one, other) in crowd {
                let id = member(one, other);
                groups[other] = std::mem::take(&mut groups[other]).member(&*id);
                workspace.add_member(id, Member::with_role(one.to_string()));
            }
            for (number, group) in groups.into_iter().enumerate() {
                workspace.add_group(number.to_string(), group.role(number.to_string()));
            }
        })
    }

    /// The same members once more, all in one call.
    fn batch(&self, snapshot: &Snapshot, crowd: &[(usize, usize)], alone: &[Answers]) {
        let subjects: Vec<_> =
            crowd.iter().map(|&(one, other)| snapshot.subject(&member(one, other)).unwrap()).collect();
        let words = crowd.len().div_ceil(64);
        for (cell, permission) in self.permissions(snapshot).into_iter().enumerate() {
            let Some(permission) = permission else { continue };
            let (mut granted, mut open) = (vec![0; words], vec![0; words]);
            snapshot.check_batch(&subjects, &vec![permission; subjects.len()], &mut granted, &mut open);
            for (index, &(one, other)) in crowd.iter().enumerate() {
                let expected = together(alone[one][cell], alone[other][cell]).is_allowed();
                assert_eq!(granted[index / 64] >> (index % 64) & 1 == 1, expected, "{one} {other} {cell}");
            }
            assert!(open.iter().all(|word| *word == 0));
        }
    }
}

fn read(policy: &Value) -> Document {
    Document::read(&Source::new("policy.json", policy.to_string())).unwrap().0
}

fn member(one: usize, other: usize) -> String {
    format!("{one}+{other}")
}

/// Rule 2 for two roles: a deny of either, else an allow of either.
fn together(one: Reason, other: Reason) -> Reason {
    let either = |reason| one == reason || other == reason;
    let order = [Reason::NotAdmitted, Reason::ExplicitDeny, Reason::Allow];
    order.into_iter().find(|reason| either(*reason)).unwrap_or(Reason::DefaultDeny)
}

fn run(grid: Grid) -> (usize, usize, usize) {
    let bench = Bench::new(grid);
    let counts = (bench.each_policy(), bench.each_refused(), bench.each_pair());
    let (policies, refused, pairs) = counts;
    println!("{grid:?}: {policies} policies, {pairs} pairs of roles, {refused} statements refused");
    counts
}

#[test]
fn where_everything_is_admitted() {
    assert_eq!(run(Grid::Full), (155_631, 56, 1_908_081));
}

#[test]
fn where_a_pair_is_not_admitted() {
    assert_eq!(run(Grid::Gap), (148_611, 65, 1_464_616));
}
