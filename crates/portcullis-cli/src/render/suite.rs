//! What tests came to, for people.
//!
//! Of a failing test people first see all that was not as expected, sorted so that a grid that fails everywhere is
//! still a few lines, and then why: one explanation for each reason, three at most. What passes is counted.
//!
//! A test is written before the next one is looked at, and everything has a bound: what is said of a test, of a statement, and how
//! many explanations there are in a run. What is left out is counted.

use std::io::{self, Write};

use portcullis::suite::{Asker, Coverage, Failure, TestOutcome, Uncovered};
use portcullis::text::{counted, grouped, printable, shown};
use portcullis::{Position, Reason, Severity};

use super::conditional;
use super::explanation::{section, why};
use super::statement;
use crate::command::test::{Ran, Results};
use crate::output::{BAD, FAINT, GOOD, Look, Output, STRONG};

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
/// Of the statements that decided a question, and of those that they overrode, this many are shown.
pub(crate) const DECIDING: usize = 20;
/// So many explanations are shown of all tests together.
pub(crate) const EXPLAINED: usize = 1_000;

/// Writes everything, test by test.
pub(crate) fn write(results: &Results<'_>, out: &mut Output) -> io::Result<()> {
    let look = out.look();
    let mut left = EXPLAINED;
    for ran in &results.ran {
        for test in ran.outcome.tests().iter().filter(|test| !test.passed()) {
            writeln!(out, "{}", failed(ran, test, look, &mut left))?;
        }
    }
    if results.ran.is_empty() {
        return Ok(());
    }
    for (workspace, coverage) in &results.coverage {
        out.write_all(uncovered(workspace, coverage, look).as_bytes())?;
    }
    out.write_all(summary(results, look).as_bytes())
}

/// The last lines: how many tests, and how much they cover.
fn summary(results: &Results<'_>, look: Look) -> String {
    let (tests, failed) = (results.tests(), results.failed());
    let passed = counted(tests - failed, "test") + " passed";
    let told = if failed == 0 {
        look.paint(GOOD, &passed)
    } else {
        format!("{passed}, {}", look.paint(BAD, &format!("{} failed", grouped(failed))))
    };
    let mut text = format!("{told}; {}", counted(results.asked(), "question"));
    let warnings: usize = results.warnings().map(|report| report.count(Severity::Warning)).sum();
    if warnings > 0 {
        let warned = counted(warnings, "warning");
        text.push_str("; ");
        text.push_str(&if results.is_warned() { look.paint(BAD, &warned) } else { warned });
    }
    text.push('\n');
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

/// A test that failed. `left` is how many more explanations there may be.
pub(crate) fn failed(ran: &Ran<'_>, test: &TestOutcome<'_>, look: Look, left: &mut usize) -> String {
    let at = place(ran, ran.suite.position(test.span));
    let mut text = format!("{} {}\n", look.paint(BAD, "FAILED"), look.paint(STRONG, &printable(test.name)));
    let told = format!("{at}: {}", unexpected(test));
    text.push_str(&format!("  {}\n", look.paint(FAINT, &told)));
    text.push_str(&differences(test, look));
    if *left > 0 {
        text.push_str(&reasons(ran, test, look, left));
    } else {
        let told =
            format!("not explained: {} explanations are shown of all tests together", grouped(EXPLAINED));
        text.push_str(&format!("\n  {}\n", look.paint(FAINT, &told)));
    }
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

/// What is asked about, in words: a type, or one object of it.
fn resource(failure: &Failure<'_>) -> String {
    match failure.question().object {
        Some(object) => format!("{}/{}", shown(failure.resource), shown(object)),
        None => shown(failure.resource),
    }
}

/// A heading, what was expected, and on which line: of the failures that agree in all three, one line is made.
struct Line {
    heading: String,
    expected: bool,
    /// The resource, where the heading is not about one.
    on: Option<String>,
    names: Vec<String>,
}

/// All that was not as expected.
fn differences(test: &TestOutcome<'_>, look: Look) -> String {
    let mut lines: Vec<Line> = Vec::new();
    for failure in &test.failures {
        let (action, resource) = (shown(failure.action), resource(failure));
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
fn reasons(ran: &Ran<'_>, test: &TestOutcome<'_>, look: Look, left: &mut usize) -> String {
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
        if seen.len() > REASONS || *left == 0 {
            break;
        }
        *left -= 1;
        let verdict = if failure.expected { look.paint(BAD, "denied") } else { look.paint(GOOD, "allowed") };
        let (action, resource) = (shown(failure.action), resource(failure));
        let who = asker(failure.asker);
        text.push_str(&format!("\n  {who} is {verdict} {action} on {resource}: {why_not}\n"));
        let at = place(ran, ran.suite.position(failure.span));
        let at = look.paint(FAINT, &format!("expected otherwise at {at}"));
        text.push_str(&format!("  {at}\n"));
        let conditions = failure.conditions(ran.snapshot);
        if !conditions.is_empty() {
            let words = conditional::in_words(&conditions);
            let sends = if failure.sends_nothing() { ", and the test sends nothing" } else { "" };
            text.push_str(&format!("  it is conditional{sends}: allowed {words}\n"));
        }
        let look = look.indented(4);
        let mut sections = why(&explanation, failure.action, DECIDING, look);
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
