//! What tests came to as JUnit XML, which pipelines know how to show.
//!
//! There is no one standard; these are the elements and attributes that all readers share. A test is a test case, a
//! suite that could not be run is a case with an error, and coverage is a case of its own where a minimum was asked
//! for, so that a pipeline shows why it went red. No times: they would say nothing about a policy.
//!
//! Fifty lines in place of a dependency. XML has no way to write most control characters, so they are written as
//! people are shown them everywhere else, and a test reads the result with a parser of somebody else's.

use portcullis::text::printable;

use super::suite;
use crate::command::test::{Ran, Results};
use crate::output::Look;

/// The whole document.
pub(crate) fn document(results: &Results<'_>) -> String {
    let checked = if results.min_coverage.is_some() { results.coverage.len() } else { 0 };
    let short = results.coverage.iter().filter(|(_, coverage)| results.is_short(coverage)).count();
    let tests = results.tests() + results.unrun.len() + checked;
    let counts = counts(tests, results.failed() + short, results.unrun.len());
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites{counts}>\n");
    results.ran.iter().for_each(|ran| suite_of(ran, &mut text));
    for unrun in &results.unrun {
        let file = attribute(&unrun.file);
        let message = attribute(unrun.why.lines().next().unwrap_or_default());
        let counts = self::counts(1, 0, 1);
        text.push_str(&format!("  <testsuite name=\"{file}\"{counts}>\n"));
        text.push_str(&format!("    <testcase classname=\"{file}\" name=\"the suite can be run\">\n"));
        let why = content(&unrun.why);
        text.push_str(&format!("      <error message=\"{message}\">{why}</error>\n"));
        text.push_str("    </testcase>\n  </testsuite>\n");
    }
    if checked > 0 {
        coverage(results, short, &mut text);
    }
    text.push_str("</testsuites>\n");
    text
}

fn counts(tests: usize, failures: usize, errors: usize) -> String {
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"")
}

fn suite_of(ran: &Ran<'_>, text: &mut String) {
    let file = attribute(ran.file);
    let counts = counts(ran.outcome.tests().len(), ran.outcome.failed(), 0);
    text.push_str(&format!("  <testsuite name=\"{file}\"{counts}>\n"));
    for test in ran.outcome.tests() {
        let (name, line) = (attribute(test.name), ran.suite.position(test.span).line);
        let about = format!(
            "classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" assertions=\"{}\"",
            test.asked
        );
        if test.passed() {
            text.push_str(&format!("    <testcase {about}/>\n"));
        } else {
            let message = attribute(&suite::unexpected(test));
            let why = content(&suite::failed(ran, test, Look::PLAIN));
            text.push_str(&format!("    <testcase {about}>\n"));
            text.push_str(&format!("      <failure message=\"{message}\">{why}</failure>\n"));
            text.push_str("    </testcase>\n");
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
