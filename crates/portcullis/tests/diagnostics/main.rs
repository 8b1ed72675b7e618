//! Diagnostics: every code is earned by something, points at the exact place, and has a page.
//!
//! The table of codes carries a text that earns each code and the same text mended; both are read here. What needs a text
//! too large to print, or a machine that fails, is made here. The pages in docs/diagnostics/ are written from the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and this one reads the pages that it compares"
)]

mod hostile;
mod limits;
mod pages;
mod places;

use std::collections::BTreeSet;

use portcullis::diagnostic::{Code, Diagnostic};
use portcullis::{Limits, NoFiles, Report, Schema, Severity, Source};
use portcullis_testkit::fuzz::sound;

/// All that is said of a text of any kind, whether or not it was read.
fn lint(text: &str) -> Report {
    lint_within(text, &Limits::default())
}

fn lint_within(text: &str, limits: &Limits) -> Report {
    let schema = Schema::hightouch().unwrap();
    let report = match portcullis::lint(&Source::new("file.json", text), &schema, &NoFiles, limits) {
        Ok((_, report)) => report,
        Err(report) => {
            assert!(report.has_errors());
            report
        }
    };
    sound(&report);
    report
}

fn codes(report: &Report) -> Vec<Code> {
    report.iter().map(|fault| fault.code).collect()
}

/// A policy document of these statements, on one line each.
fn policy(statements: &str) -> String {
    format!("{{\"version\": \"2022-04-26\", \"policies\": [\n{statements}\n]}}")
}

#[test]
fn each_bad_example_earns_its_code_and_each_good_one_does_not() {
    let mut tried = 0;
    for code in Code::ALL {
        let Some(example) = code.example() else { continue };
        let (bad, good) = (lint(example.bad), lint(example.good));
        assert!(codes(&bad).contains(code), "{code}: {bad}");
        let errors = good.count(Severity::Error);
        assert!(!codes(&good).contains(code) && errors == 0, "{code}, mended: {good}");
        let worst = bad.iter().filter(|fault| fault.code == *code).map(|fault| fault.severity).max();
        assert!(worst >= Some(code.severity()), "{code}");
        tried += 1;
    }
    println!("{tried} of {} codes have an example", Code::ALL.len());
    // The rest is in `limits`: each has a text that is too large, or no text at all.
    let without: Vec<&str> =
        Code::ALL.iter().filter(|code| code.example().is_none()).map(|code| code.as_str()).collect();
    assert_eq!(
        without,
        ["P0001", "P0014", "P0016", "P0406", "P0601", "P0602", "P0701", "P0702", "P0703", "P0704", "P0705"]
    );
}

#[test]
fn each_example_has_one_fault_and_says_what_to_do() {
    for code in Code::ALL {
        let Some(example) = code.example() else { continue };
        let report = lint(example.bad);
        let others: Vec<&Diagnostic> = report.iter().filter(|fault| fault.code != *code).collect();
        assert!(others.len() <= 1, "{code}: an example shows one thing: {report}");
        for fault in report.iter().filter(|fault| fault.code == *code) {
            assert!(fault.primary.is_some(), "{code} has no place");
            let first = fault.message.chars().next().unwrap();
            assert!(!first.is_uppercase() || fault.message.starts_with("JSON"), "{}", fault.message);
            assert!(!fault.message.ends_with('.'), "{}", fault.message);
            if fault.severity > Severity::Note && fault.code != Code::WrongShape {
                assert!(fault.help.is_some() || fault.replacement.is_some(), "{code} helps nobody: {fault}");
            }
        }
    }
}

/// The text with a mend put in.
fn mended(fault: &Diagnostic) -> Option<String> {
    let mend = fault.replacement.as_ref()?;
    let mut text = mend.source.text().to_owned();
    text.replace_range(mend.span.range(), &mend.text);
    Some(text)
}

#[test]
fn a_mend_mends() {
    let mut tried = 0;
    for code in Code::ALL {
        let Some(example) = code.example() else { continue };
        let before = lint(example.bad);
        for fault in &before {
            if let Some(text) = mended(fault) {
                let after = lint(&text);
                let left = |report: &Report| report.iter().filter(|other| other.code == fault.code).count();
                assert!(left(&after) < left(&before), "{code}: {text}\n{after}");
                tried += 1;
            }
        }
    }
    println!("{tried} mends tried");
    assert!(tried >= 12, "{tried}");
}

#[test]
fn codes_are_stable_words() {
    let ids: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(ids.len(), Code::ALL.len());
    assert!(Code::ALL.iter().map(|code| code.as_str()).is_sorted());
    for code in Code::ALL {
        let id = code.as_str();
        assert!(
            id.len() == 5 && id.starts_with('P') && id[1..].bytes().all(|byte| byte.is_ascii_digit()),
            "{id}"
        );
        assert_eq!(Code::parse(id), Some(*code));
        assert_eq!(Code::parse(&id.to_lowercase()), Some(*code));
        assert!(!code.title().ends_with('.') && code.why().ends_with('.'), "{id}");
    }
    assert_eq!(Code::parse("P9999"), None);
}
