//! Exact answers about whatever a fuzzer wrote: shortest documents, comparisons and plans, held against each other and against checks.
//!
//! None of these may fail on what compiles, and they are made in different ways: a document and its shortest form must compare as equal and
//! differ in nothing, and a plan that says *always* or *never* must be what every object of the type is told. What each
//! says in detail is held against oracles by the library's own tests.

use portcullis::plan::{Plan, PlanError};
use portcullis::{
    Document, Grants, Minimizing, Question, Relation, Schema, Snapshot, Source, compare_documents,
    diff_documents, minimize,
};

/// Steps that a search may take: most documents of a fuzzer need fewer.
const STEPS: u64 = 4_096;
/// Members and objects of a type that are asked about.
const ASKED: usize = 3;

/// A document's shortest form means the same, whoever looks.
pub(super) fn same_when_shorter(document: &Document, grants: &Grants, schema: &Schema) {
    for wildcards in [false, true] {
        let mut how = Minimizing::default();
        (how.wildcards, how.steps) = (wildcards, STEPS);
        let shorter = minimize(document, schema, &how).unwrap();
        let source = Source::new("shorter.json", shorter.text());
        let (again, _) = Document::read(&source).unwrap().0.resolve(schema).unwrap();
        let change = diff_documents(grants, &again);
        assert!(change.is_empty(), "{change:?}\n{}", shorter.text());
        let relation = compare_documents(grants, &again, STEPS as usize).unwrap().relation();
        assert!(
            matches!(relation, Relation::Equal | Relation::Undecided),
            "{relation:?}\n{}",
            shorter.text()
        );
        assert!(shorter.at_least() <= shorter.after().statements && shorter.after() <= shorter.before());
    }
}

/// What a plan says of all objects of a type, a check says of each that is stored.
pub(super) fn planned(snapshot: &Snapshot) {
    for member in snapshot.members().take(ASKED) {
        for kind in snapshot.schema().types() {
            for action in snapshot.schema().actions() {
                let question = Question::new(member, action, kind.name());
                let plan = match snapshot.plan(&question) {
                    Ok(plan) => plan,
                    Err(PlanError::TooLarge | PlanError::NoPermission(_)) => continue,
                };
                let objects = snapshot.objects_of(kind.name()).take(ASKED);
                for object in objects {
                    let allowed =
                        snapshot.decide(&Question { object: Some(object), ..question }).is_allowed();
                    match plan {
                        Plan::Always => assert!(allowed, "{question:?} {object}"),
                        Plan::Never => assert!(!allowed, "{question:?} {object}"),
                        Plan::Conditional(_) => {}
                    }
                }
            }
        }
    }
}
