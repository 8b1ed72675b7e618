//! Three roles at once: every set of three roles of one statement each, over three actions and two types.
//!
//! Each set is held by one member, one of the roles as their own and the others through two groups; which is which goes
//! round. What the reference says of a set is put together from what it says of each role by rule 2; every so often it is
//! asked about the set itself, and the engine to explain.

use std::sync::Arc;

use portcullis::{Document, Group, Member, Question, Schema, Snapshot, Source, Workspace};
use portcullis_testkit::agreement::{exact, plain};
use portcullis_testkit::exhaustive::Grid;
use portcullis_testkit::exhaustive::triples::{QUESTIONS, roles, schema, sets};
use portcullis_testkit::reference::{self, Reason, Vocabulary};
use serde_json::Value;

use super::{CROWD, read, together};

type Answers = [Reason; 6];
type Set = [usize; 3];

struct Bench {
    schema: Schema,
    vocabulary: Vocabulary,
    roles: Vec<Value>,
    documents: Vec<Arc<Document>>,
    judged: Vec<reference::Document>,
    /// What the reference says of each role.
    alone: Vec<Answers>,
}

/// The name of a set's member.
fn member([one, two, three]: Set) -> String {
    format!("{one}+{two}+{three}")
}

impl Bench {
    fn new(grid: Grid) -> Self {
        let value = schema(grid);
        let (schema, report) = Schema::read(&Source::new("schema.json", value.to_string())).unwrap();
        assert!(report.is_empty());
        let vocabulary: Vocabulary = serde_json::from_value(value).unwrap();
        let roles = roles(grid).unwrap();
        let documents = roles.iter().map(|role| Arc::new(read(role))).collect();
        let judged: Vec<reference::Document> =
            roles.iter().map(|role| serde_json::from_value(role.clone()).unwrap()).collect();
        let says = |document| QUESTIONS.map(|(action, own)| vocabulary.decide([document], action, own));
        let alone = judged.iter().map(says).collect();
        Bench { schema, vocabulary, roles, documents, judged, alone }
    }

    fn expected(&self, set: Set) -> Answers {
        let [one, two, three] = set.map(|role| self.alone[role]);
        [0, 1, 2, 3, 4, 5].map(|cell| together(together(one[cell], two[cell]), three[cell]))
    }

    fn compile(&self, crowd: &[Set]) -> Snapshot {
        let mut workspace = Workspace::new("exhaustive", self.schema.clone());
        for (number, document) in self.documents.iter().enumerate() {
            workspace.add_role(number.to_string(), Arc::clone(document));
        }
        let mut groups = [(); 2].map(|()| vec![Group::new(); self.documents.len()]);
        for set in crowd {
            let mut held = *set;
            held.rotate_left(set.iter().sum::<usize>() % 3);
            let [own, second, third] = held;
            let id = member(*set);
            for (groups, role) in groups.iter_mut().zip([second, third]) {
                groups[role] = std::mem::take(&mut groups[role]).member(&*id);
            }
            workspace.add_member(id, Member::with_role(own.to_string()));
        }
        for (kind, groups) in ["second", "third"].into_iter().zip(groups) {
            for (number, group) in groups.into_iter().enumerate() {
                workspace.add_group(format!("{kind} {number}"), group.role(number.to_string()));
            }
        }
        match workspace.compile() {
            Ok((snapshot, _)) => snapshot,
            Err(report) => panic!("{report}"),
        }
    }

    fn each(&self, snapshot: &Snapshot, crowd: &[Set]) {
        let permissions = QUESTIONS.map(|(action, own)| snapshot.permission(action, own).ok());
        for (number, set) in crowd.iter().enumerate() {
            let (id, expected) = (member(*set), self.expected(*set));
            let subject = snapshot.subject(&id).unwrap();
            let held = || set.map(|role| self.roles[role].to_string());
            for (permission, expected) in permissions.into_iter().zip(expected) {
                let Some(permission) = permission else {
                    assert_eq!(expected, Reason::NotAdmitted);
                    continue;
                };
                let decision = snapshot.check_handles(subject, permission);
                assert_eq!(decision.reason(), plain(expected), "{:?}", held());
            }
            if number % 101 != 0 {
                continue;
            }
            let judged = set.map(|role| &self.judged[role]);
            for ((action, own), expected) in QUESTIONS.into_iter().zip(expected) {
                assert_eq!(self.vocabulary.decide(judged, action, own), expected, "{:?}", held());
                let explanation = snapshot.explain(&Question::new(&id, action, own));
                assert_eq!(explanation.reason, exact(expected), "{:?}", held());
            }
        }
        for ((action, own), cell) in QUESTIONS.into_iter().zip(0..) {
            let may = crowd.iter().filter(|set| self.expected(**set)[cell].is_allowed());
            let may: std::collections::BTreeSet<String> = may.map(|set| member(*set)).collect();
            let found = snapshot.who(action, own).unwrap_or_default();
            assert!(found.iter().eq(may.iter()), "who may {action} {own}");
        }
    }
}

/// How many roles, and how many sets of three.
fn run(grid: Grid) -> (usize, usize) {
    let bench = Bench::new(grid);
    let all: Vec<Set> = sets(bench.roles.len()).collect();
    for crowd in all.chunks(CROWD) {
        bench.each(&bench.compile(crowd), crowd);
    }
    let (roles, count) = (bench.roles.len(), all.len());
    println!("{grid:?}: {roles} roles of one statement, {count} sets of three, {} cells", count * 6);
    assert_eq!(count, roles * (roles + 1) * (roles + 2) / 6);
    (roles, count)
}

#[test]
fn where_everything_is_admitted() {
    assert_eq!(run(Grid::Full), (116, 266_916));
}

#[test]
fn where_a_pair_is_not_admitted() {
    assert_eq!(run(Grid::Gap), (114, 253_460));
}
