//! What tests came to, for people and in JSON.
//!
//! Of a failing test people first see all that was not as expected, sorted so that a grid that fails everywhere is
//! still a few lines, and then why: one explanation for each reason, three at most. What passes is counted.
//! Programs get every question that the library kept, each with its explanation.

use portcullis::suite::{Asker, Coverage, Failure, TestOutcome, Uncovered};
use portcullis::text::{counted, grouped, printable, shown};
use portcullis::{Position, Question, Reason};
use serde_json::{Value, json};

use super::explanation::{Asked, json_explanation, json_grounds, section, why};
use super::statement;
use crate::command::test::{Ran, Results};
use crate::output::{BAD, FAINT, GOOD, Look, STRONG};

/// So many lines of what was not as expected are shown of one test.
const LINES: usize = 12;
/// So many names stand on one of these lines.
const NAMES: usize = 12;
/// So many explanations are shown of one test.
const REASONS: usize = 3;
/// So many questions of one test are looked at to find them.
const LOOKED_AT: usize = 50;
/// So many statements that decided nothing are shown of one workspace.
const UNCOVERED: usize = 10;
/// Of a list of statements that came near, this many are shown.
const NEAREST: usize = 3;

/// Everything, for people.
pub(crate) fn human(results: &Results<'_>, look: Look) -> String {
    let mut text = String::new();
    for ran in &results.ran {
        for test in ran.outcome.tests().iter().filter(|test| !test.passed()) {
            text.push_str(&failed(ran, test, look));
            text.push('\n');
        }
    }
    if results.ran.is_empty() {
        return text;
    }
    for (workspace, coverage) in &results.coverage {
        text.push_str(&uncovered(workspace, coverage, look));
    }
    let (tests, failed) = (results.tests(), results.failed());
    let passed = counted(tests - failed, "test") + " passed";
    let told = if failed == 0 {
        look.paint(GOOD, &passed)
    } else {
        format!("{passed}, {}", look.paint(BAD, &format!("{} failed", grouped(failed))))
    };
    text.push_str(&format!("{told}; {}\n", counted(results.asked(), "question")));
    for (workspace, coverage) in &results.coverage {
        text.push_str(&covered(results, workspace, coverage, look));
    }
    text
}

/// How much of a workspace decided something, in a line.
pub(crate) fn covered(results: &Results<'_>, workspace: &str, coverage: &Coverage<'_>, look: Look) -> String {
    let sum = coverage.written();
    let (covered, all) = (grouped(sum.covered), grouped(sum.statements));
    let share = format!("{covered} of {all} ({}%)", sum.percent());
    let mut told = format!("statements covered: {share} in {}", printable(workspace));
    if let Some(percent) = results.min_coverage.filter(|_| results.is_short(coverage)) {
        told = look.paint(BAD, &format!("{told}, fewer than {percent}%"));
    }
    format!("{told}\n")
}

/// A test that failed.
pub(crate) fn failed(ran: &Ran<'_>, test: &TestOutcome<'_>, look: Look) -> String {
    let at = place(ran, ran.suite.position(test.span));
    let mut text = format!("{} {}\n", look.paint(BAD, "FAILED"), look.paint(STRONG, &printable(test.name)));
    let told = format!("{at}: {}", unexpected(test));
    text.push_str(&format!("  {}\n", look.paint(FAINT, &told)));
    text.push_str(&differences(test, look));
    text.push_str(&reasons(ran, test, look));
    text
}

/// `3 of 12 questions were not answered as expected`.
pub(crate) fn unexpected(test: &TestOutcome<'_>) -> String {
    let verb = if test.failed == 1 { "was" } else { "were" };
    let asked = counted(test.asked, "question");
    format!("{} of {asked} {verb} not answered as expected", grouped(test.failed))
}

/// `FILE:LINE:COLUMN` in a suite.
fn place(ran: &Ran<'_>, at: Position) -> String {
    format!("{}:{}:{}", printable(ran.file), at.line, at.column)
}

/// Who is asked about, in words.
fn asker(asker: Asker<'_>) -> String {
    match asker {
        Asker::Subject(id) => shown(id),
        Asker::Role(role) => format!("role {}", shown(role.name())),
    }
}

/// A heading, what was expected, and on which line: of the failures that agree in all three, one line is made.
struct Line {
    heading: String,
    expected: bool,
    /// The resource type, where the heading is not about one.
    on: Option<String>,
    names: Vec<String>,
}

/// All that was not as expected.
fn differences(test: &TestOutcome<'_>, look: Look) -> String {
    let mut lines: Vec<Line> = Vec::new();
    for failure in &test.failures {
        let (action, resource) = (shown(failure.action), shown(failure.resource));
        let (heading, on, name) = if test.lists_who {
            (format!("{action} on {resource}"), None, asker(failure.asker))
        } else {
            (asker(failure.asker), Some(resource), action)
        };
        let expected = failure.expected;
        let alike = |line: &&mut Line| line.heading == heading && line.expected == expected && line.on == on;
        // Failures come in order, so what is alike is near the end.
        match lines.iter_mut().rev().take(2).find(alike) {
            Some(line) => line.names.push(name),
            None => lines.push(Line { heading, expected, on, names: vec![name] }),
        }
    }
    let (mut text, mut heading, mut told) = (String::new(), "", 0);
    for line in lines.iter().take(LINES) {
        if line.heading != heading {
            heading = &line.heading;
            text.push_str(&format!("\n  {}\n", look.paint(STRONG, heading)));
        }
        let verb = if line.expected { "should be allowed: " } else { "should be denied:  " };
        let mut names = line.names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
        if let Some(more) = line.names.len().checked_sub(NAMES).filter(|more| *more > 0) {
            names.push_str(&format!(" and {} more", grouped(more)));
        }
        let on = line.on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
        text.push_str(&format!("    {verb}{names}{on}\n"));
        told += line.names.len();
    }
    if let Some(more) = test.failed.checked_sub(told).filter(|more| *more > 0) {
        text.push_str(&format!("  … and {}\n", counted(more, "more question")));
    }
    text
}

/// Why, for the first few reasons that differ.
fn reasons(ran: &Ran<'_>, test: &TestOutcome<'_>, look: Look) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut text = String::new();
    for failure in test.failures.iter().take(LOOKED_AT) {
        let explanation = failure.explain(ran.snapshot);
        let places = explanation.determining.iter().map(|ground| ground.place());
        let places: Vec<_> = places.map(|(file, at)| format!("{file}:{}:{}", at.line, at.column)).collect();
        let why_not = explanation.reason;
        let on = if why_not == Reason::DefaultDeny { failure.resource } else { "" };
        let reason = format!("{}\n{}\n{on}\n{}", asker(failure.asker), why_not.as_str(), places.join("\n"));
        if seen.contains(&reason) {
            continue;
        }
        seen.push(reason);
        if seen.len() > REASONS {
            break;
        }
        let verdict = if failure.expected { look.paint(BAD, "denied") } else { look.paint(GOOD, "allowed") };
        let (action, resource) = (shown(failure.action), shown(failure.resource));
        let who = asker(failure.asker);
        text.push_str(&format!("\n  {who} is {verdict} {action} on {resource}: {why_not}\n"));
        let at = place(ran, ran.suite.position(failure.span));
        let at = look.paint(FAINT, &format!("expected otherwise at {at}"));
        text.push_str(&format!("  {at}\n"));
        let look = look.indented(4);
        let mut sections = why(&explanation, failure.action, look);
        let denies = failure.nearest_denies(ran.snapshot);
        sections.push_str(&section("Denies that came near", &denies, NEAREST, look));
        for line in sections.trim_start_matches('\n').lines() {
            text.push_str(&if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") });
        }
    }
    text
}

/// The statements of a workspace that decided nothing.
fn uncovered(workspace: &str, coverage: &Coverage<'_>, look: Look) -> String {
    let left: Vec<Uncovered<'_>> = coverage.uncovered().take(UNCOVERED).collect();
    if left.is_empty() {
        return String::new();
    }
    let title = format!("Statements of {} that decided nothing in any test", printable(workspace));
    let mut text = format!("{}\n", look.paint(STRONG, &title));
    for one in &left {
        let (file, at) = one.place();
        let role = look.paint(STRONG, &shown(one.role.name()));
        let place = look.paint(FAINT, &format!("{}:{}:{}", printable(file), at.line, at.column));
        text.push_str(&format!("  role {role}\n    {place}\n"));
        for line in statement::lines(one.statement.text(), look.width().saturating_sub(8)) {
            text.push_str(&format!("      {line}\n"));
        }
    }
    let sum = coverage.written();
    if let Some(more) = (sum.statements - sum.covered).checked_sub(left.len()).filter(|more| *more > 0) {
        text.push_str(&format!("  and {}\n", counted(more, "more statement")));
    }
    text.push('\n');
    text
}

/// Everything, for programs.
pub(crate) fn json(results: &Results<'_>) -> Value {
    let suites: Value = results.ran.iter().map(suite).collect();
    let unrun: Value =
        results.unrun.iter().map(|unrun| json!({ "file": unrun.file, "message": unrun.why })).collect();
    let coverage: Value = results.coverage.iter().map(|one| json_coverage(results, one)).collect();
    json!({
        "passed": results.tests() - results.failed(),
        "failed": results.failed(),
        "asked": results.asked(),
        "suites": suites,
        "unrun": unrun,
        "coverage": coverage,
    })
}

fn suite(ran: &Ran<'_>) -> Value {
    let tests: Value = ran.outcome.tests().iter().map(|test| json_test(ran, test)).collect();
    json!({ "file": ran.file, "workspace": ran.workspace, "tests": tests })
}

fn json_test(ran: &Ran<'_>, test: &TestOutcome<'_>) -> Value {
    let at = ran.suite.position(test.span);
    json!({
        "name": test.name,
        "line": at.line,
        "column": at.column,
        "passed": test.passed(),
        "asked": test.asked,
        "failed": test.failed,
        "failures": test.failures.iter().map(|failure| json_failure(ran, failure)).collect::<Value>(),
    })
}

fn json_failure<'s>(ran: &Ran<'s>, failure: &Failure<'s>) -> Value {
    let at = ran.suite.position(failure.span);
    let question = Question::new(failure.asker.name(), failure.action, failure.resource);
    let asked = Asked { snapshot: ran.snapshot, question, explanation: failure.explain(ran.snapshot) };
    let mut explanation = json_explanation(&asked);
    let (subject, role) = match failure.asker {
        Asker::Subject(id) => (Some(id), None),
        Asker::Role(role) => (None, Some(role.name())),
    };
    if let Some(object) = explanation.as_object_mut() {
        object.insert("subject".to_owned(), json!(subject));
    }
    let denies = failure.nearest_denies(ran.snapshot);
    json!({
        "line": at.line,
        "column": at.column,
        "subject": subject,
        "role": role,
        "action": failure.action,
        "resource": failure.resource,
        "expected": failure.expected,
        "explanation": explanation,
        "nearest_denies": denies.iter().map(json_grounds).collect::<Value>(),
    })
}

fn json_coverage(results: &Results<'_>, (workspace, coverage): &(&str, Coverage<'_>)) -> Value {
    let (written, built_in) = (coverage.written(), coverage.built_in());
    let uncovered: Value = coverage.uncovered().map(|one| json_uncovered(&one)).collect();
    json!({
        "workspace": workspace,
        "statements": written.statements,
        "covered": written.covered,
        "percent": written.percent(),
        "enough": !results.is_short(coverage),
        "uncovered": uncovered,
        "built_in": { "statements": built_in.statements, "covered": built_in.covered },
    })
}

fn json_uncovered(one: &Uncovered<'_>) -> Value {
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
