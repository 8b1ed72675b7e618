//! What tests came to as JUnit XML, which pipelines know how to show.
//!
//! There is no one standard; these are the elements and attributes that all readers share. A test is a test case, a
//! suite that could not be run is a case with an error, and what a suite is warned of is its output. Coverage is a case of
//! its own where a minimum was asked for, and so are warnings where they are findings, so that a pipeline shows why it
//! went red. No times: they would say nothing about a policy.
//!
//! A few lines in place of a dependency. XML has no way to write most control characters, so they are written as
//! people are shown them everywhere else, and a test reads the result with a parser of somebody else's.

use std::io::{self, Write};

use portcullis::text::{counted, grouped, printable};
use portcullis::{Report, Severity};

use super::suite;
use crate::command::test::{Ran, Results};
use crate::output::{Look, Output};

/// Writes the whole document, suite by suite.
pub(crate) fn write(results: &Results<'_>, out: &mut Output) -> io::Result<()> {
    let checked = if results.min_coverage.is_some() { results.coverage.len() } else { 0 };
    let looked_at = if results.deny_warnings { results.ran.len() } else { 0 };
    let warned_of = results.ran.iter().take(looked_at).filter(|ran| !ran.warnings.is_empty()).count();
    let short = results.coverage.iter().filter(|(_, coverage)| results.is_short(coverage)).count();
    let tests = results.tests() + results.unrun.len() + checked + looked_at;
    let counts = counts(tests, results.failed() + short + warned_of, results.unrun.len());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites{counts}>")?;
    let mut left = suite::EXPLAINED;
    results.ran.iter().try_for_each(|ran| suite_of(ran, &mut left, out))?;
    let mut text = String::new();
    for unrun in &results.unrun {
        let file = attribute(&unrun.file);
        let message = attribute(unrun.why.lines().next().unwrap_or_default());
        let counts = self::counts(1, 0, 1);
        text.push_str(&format!("  <testsuite name=\"{file}\"{counts}>\n"));
        text.push_str(&format!("    <testcase classname=\"{file}\" name=\"the suite can be run\">\n"));
        let why = content(&unrun.why);
        text.push_str(&format!("      <error message=\"{message}\">{why}</error>\n"));
        text.push_str("    </testcase>\n");
        text.push_str(&warned(&unrun.warnings));
        text.push_str("  </testsuite>\n");
    }
    if looked_at > 0 {
        denied(results, warned_of, &mut text);
    }
    if checked > 0 {
        coverage(results, short, &mut text);
    }
    text.push_str("</testsuites>\n");
    out.write_all(text.as_bytes())
}

fn counts(tests: usize, failures: usize, errors: usize) -> String {
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"")
}

/// What a suite is warned of, as its output.
fn warned(warnings: &Report) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    for warning in warnings {
        lines.push(content(&warning.to_string()));
        lines.extend(warning.help.as_ref().map(|help| content(&format!("  help: {help}"))));
    }
    if warnings.dropped() > 0 {
        lines.push(format!("… and {} more", grouped(warnings.dropped())));
    }
    format!("    <system-out>{}</system-out>\n", lines.join("\n"))
}

fn suite_of(ran: &Ran<'_>, left: &mut usize, out: &mut Output) -> io::Result<()> {
    let file = attribute(ran.file);
    let counts = counts(ran.outcome.tests().len(), ran.outcome.failed(), 0);
    writeln!(out, "  <testsuite name=\"{file}\"{counts}>")?;
    for test in ran.outcome.tests() {
        let (name, line) = (attribute(test.name), ran.suite.position(test.span).line);
        let about = format!(
            "classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" assertions=\"{}\"",
            test.asked
        );
        if test.passed() {
            writeln!(out, "    <testcase {about}/>")?;
        } else {
            let message = attribute(&suite::unexpected(test));
            let why = content(&suite::failed(ran, test, Look::PLAIN, left));
            writeln!(out, "    <testcase {about}>")?;
            writeln!(out, "      <failure message=\"{message}\">{why}</failure>\n    </testcase>")?;
        }
    }
    writeln!(out, "{}  </testsuite>", warned(&ran.warnings))
}

/// Where warnings are findings, a case for each suite.
fn denied(results: &Results<'_>, warned_of: usize, text: &mut String) {
    let counts = counts(results.ran.len(), warned_of, 0);
    text.push_str(&format!("  <testsuite name=\"warnings\"{counts}>\n"));
    for ran in &results.ran {
        let name = attribute(ran.file);
        text.push_str(&format!("    <testcase classname=\"warnings\" name=\"{name}\""));
        if ran.warnings.is_empty() {
            text.push_str("/>\n");
        } else {
            let told = attribute(&counted(ran.warnings.count(Severity::Warning), "warning"));
            text.push_str(&format!(">\n      <failure message=\"{told}\"/>\n    </testcase>\n"));
        }
    }
    text.push_str("  </testsuite>\n");
}

fn coverage(results: &Results<'_>, short: usize, text: &mut String) {
    let counts = counts(results.coverage.len(), short, 0);
    text.push_str(&format!("  <testsuite name=\"statement coverage\"{counts}>\n"));
    for (workspace, coverage) in &results.coverage {
        let name = attribute(workspace);
        let told = suite::covered(results, workspace, coverage, Look::PLAIN);
        let told = attribute(told.trim_end());
        text.push_str(&format!("    <testcase classname=\"statement coverage\" name=\"{name}\""));
        if results.is_short(coverage) {
            text.push_str(&format!(">\n      <failure message=\"{told}\"/>\n    </testcase>\n"));
        } else {
            text.push_str("/>\n");
        }
    }
    text.push_str("  </testsuite>\n");
}

/// The text of an element. Its lines stay lines.
fn content(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}

/// The value of an attribute in double quotes.
fn attribute(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

/// Printable characters, those that mean something in XML as entities, and none that XML refuses.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(attribute("a\" b=\"<&>'\n\t\0"), "a&quot; b=&quot;&lt;&amp;&gt;'\\u{a}\\u{9}\\u{0}");
        assert_eq!(content("]]>\r\n\u{1b}[2J\u{fffe}"), "]]&gt;\n\\u{1b}[2J\\u{fffe}");
    }

    #[test]
    fn every_character_that_is_left_is_one_of_xml() {
        let all: String = (0..=0x11_ffff_u32).filter_map(char::from_u32).collect();
        let allowed = |c: char| matches!(c, '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
        assert!(attribute(&all).chars().all(allowed));
    }
}
