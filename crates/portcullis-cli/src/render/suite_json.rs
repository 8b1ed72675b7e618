//! What tests came to, for programs: everything, with its reasons.
//!
//! Each test is made when it is written and forgotten afterwards, so that what is held does not grow with the tests. What is
//! explained is bounded, of one test and of a run, and so is each list of an explanation; how much is left out is said beside
//! it.

use std::cell::Cell;
use std::io;

use portcullis::Explanation;
use portcullis::suite::{Asker, Coverage, Failure, TestOutcome, Uncovered};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::conditional;
use portcullis_server::why::json_grounds;

use super::explanation::{Asked, json_explanation};
use super::json::{Each, diagnostic};
use super::suite::{DECIDING, EXPLAINED};
use crate::command::test::{Ran, Results};
use crate::output::Output;

/// So many questions of one test are told with their explanations.
const EXPLAINED_OF_TEST: usize = 100;

/// Writes everything, test by test.
pub(crate) fn write(results: &Results<'_>, out: &mut Output) -> io::Result<()> {
    out.json(&Document { results, left: Cell::new(EXPLAINED) })
}

/// All of it.
struct Document<'r, 's> {
    results: &'r Results<'s>,
    /// How many questions may still be explained.
    left: Cell<usize>,
}

impl Serialize for Document<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let results = self.results;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("passed", &(results.tests() - results.failed()))?;
        map.serialize_entry("failed", &results.failed())?;
        map.serialize_entry("asked", &results.asked())?;
        let suites = || results.ran.iter().map(|ran| Suite { ran, left: &self.left });
        map.serialize_entry("suites", &Each(suites))?;
        let unrun = results.unrun.iter();
        let unrun = unrun.map(|unrun| json!({ "file": unrun.file, "message": unrun.why })).collect::<Value>();
        map.serialize_entry("unrun", &unrun)?;
        let warnings = || results.warnings().flatten().map(diagnostic);
        map.serialize_entry("warnings", &Each(warnings))?;
        let dropped: usize = results.warnings().map(|report| report.dropped()).sum();
        map.serialize_entry("dropped", &dropped)?;
        let coverage = || results.coverage.iter().map(|(name, coverage)| Covered { results, name, coverage });
        map.serialize_entry("coverage", &Each(coverage))?;
        map.end()
    }
}

struct Suite<'r, 's> {
    ran: &'r Ran<'s>,
    left: &'r Cell<usize>,
}

impl Serialize for Suite<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("file", self.ran.file)?;
        map.serialize_entry("workspace", self.ran.workspace)?;
        let tests = || self.ran.outcome.tests().iter().map(|test| Test { suite: self, test });
        map.serialize_entry("tests", &Each(tests))?;
        map.end()
    }
}

struct Test<'t, 'r, 's> {
    suite: &'t Suite<'r, 's>,
    test: &'t TestOutcome<'s>,
}

impl Serialize for Test<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (test, left) = (self.test, self.suite.left);
        let at = self.suite.ran.suite.position(test.span);
        let told = test.failures.len().min(EXPLAINED_OF_TEST).min(left.get());
        left.set(left.get() - told);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", test.name)?;
        map.serialize_entry("line", &at.line)?;
        map.serialize_entry("column", &at.column)?;
        map.serialize_entry("passed", &test.passed())?;
        map.serialize_entry("asked", &test.asked)?;
        map.serialize_entry("failed", &test.failed)?;
        let failures = || test.failures.iter().take(told).map(|failed| failure(self.suite.ran, failed));
        map.serialize_entry("failures", &Each(failures))?;
        map.serialize_entry("unlisted", &(test.failed - told))?;
        map.end()
    }
}

fn failure<'s>(ran: &Ran<'s>, failure: &Failure<'s>) -> Value {
    let at = ran.suite.position(failure.span);
    let question = failure.question();
    let asked = Asked { snapshot: ran.snapshot, question, explanation: failure.explain(ran.snapshot) };
    let mut explanation = json_explanation(&asked, DECIDING);
    let (subject, role) = match failure.asker {
        Asker::Subject(id) => (Some(id), None),
        Asker::Role(role) => (None, Some(role.name())),
    };
    if let Some(object) = explanation.as_object_mut() {
        object.insert("subject".to_owned(), json!(subject));
    }
    let denies = failure.nearest_denies(ran.snapshot);
    let mut value = json!({
        "line": at.line,
        "column": at.column,
        "subject": subject,
        "role": role,
        "action": failure.action,
        "resource": failure.resource,
        "expected": failure.expected,
        "explanation": explanation,
        "nearest_denies": denies.iter().take(DECIDING).map(json_grounds).collect::<Value>(),
        "omitted": omitted(&asked.explanation, denies.len()),
    });
    if let (Some(id), Some(object)) = (question.object, value.as_object_mut()) {
        object.insert("object".to_owned(), json!(id));
    }
    // Only where conditions leave it open.
    let conditions = failure.conditions(ran.snapshot);
    if let (false, Some(object)) = (conditions.is_empty(), value.as_object_mut()) {
        object.insert("conditional".to_owned(), conditional::as_json(&conditions));
    }
    value
}

/// How much of each list is not told.
fn omitted(explanation: &Explanation<'_>, denies: usize) -> Value {
    let Explanation { determining, overridden, not_applying, nearest, .. } = explanation;
    let beyond = |count: usize| count.saturating_sub(DECIDING);
    json!({
        "determining": beyond(determining.len()),
        "overridden": beyond(overridden.len()),
        "not_applying": beyond(not_applying.len()),
        "same_action": beyond(nearest.same_action.len()),
        "same_resource": beyond(nearest.same_resource.len()),
        "granting_roles": beyond(nearest.granting_roles.len()),
        "nearest_denies": beyond(denies),
    })
}

struct Covered<'r, 's> {
    results: &'r Results<'s>,
    name: &'s str,
    coverage: &'r Coverage<'s>,
}

impl Serialize for Covered<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (written, built_in) = (self.coverage.written(), self.coverage.built_in());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("workspace", self.name)?;
        map.serialize_entry("statements", &written.statements)?;
        map.serialize_entry("covered", &written.covered)?;
        map.serialize_entry("percent", &written.percent())?;
        map.serialize_entry("enough", &!self.results.is_short(self.coverage))?;
        map.serialize_entry("uncovered", &Each(|| self.coverage.uncovered().map(|one| uncovered(&one))))?;
        let built_in = json!({ "statements": built_in.statements, "covered": built_in.covered });
        map.serialize_entry("built_in", &built_in)?;
        map.end()
    }
}

fn uncovered(one: &Uncovered<'_>) -> Value {
    let (file, at) = one.place();
    json!({
        "effect": one.statement.effect().as_str(),
        "role": one.role.name(),
        "file": file,
        "line": at.line,
        "column": at.column,
        "statement": one.statement.index(),
        "text": one.statement.text(),
    })
}
