//! Files that break JSON readers, through ours: refused, read, or either, and never a panic.
//!
//! None of them is a policy. So a file that must be refused is refused, and one that is JSON gets past the JSON layer
//! and fails as what it is not: with diagnostics of shape (`P01..`), and of text (`P00..`) only where a standard reader
//! is laxer than we are (a key that stands twice). The JSON layer is also held against serde_json, on these files and on
//! documents with slips in them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use portcullis::diagnostic::Code;
use portcullis::{
    Document, Limits, NoFiles, Report, Schema, Severity, Source, Workspace, format, read_any,
    source_from_bytes,
};
use portcullis_testkit::corpus::{self, Expectation, TortureFile};
use portcullis_testkit::fuzz::{is_json, sound};
use portcullis_testkit::generate::Prng;

/// What every reader says of these bytes: all refuse them, with sound reports.
fn refusals(file: &TortureFile) -> Vec<Report> {
    let source = match source_from_bytes(&file.name, file.bytes.clone()) {
        Ok(source) => source,
        Err(report) => return vec![report],
    };
    let schema = Schema::hightouch().unwrap();
    vec![
        Document::read(&source).map(drop).unwrap_err(),
        Schema::read(&source).map(drop).unwrap_err(),
        Workspace::read(&source, &NoFiles).map(drop).unwrap_err(),
        read_any(&source, &schema, &NoFiles, &Limits::default()).map(drop).unwrap_err(),
    ]
}

fn errors(report: &Report) -> Vec<Code> {
    let errors = report.iter().filter(|fault| fault.severity == Severity::Error);
    errors.map(|fault| fault.code).collect()
}

/// Faults of the text as JSON: what a reader of JSON itself would stop at.
fn is_textual(code: Code) -> bool {
    code.as_str().starts_with("P00") && !matches!(code, Code::DuplicateKey | Code::UnknownKind)
}

fn of(expectation: Expectation) -> Vec<TortureFile> {
    let files = corpus::json_torture().unwrap().into_iter();
    files.filter(|file| file.expectation == expectation).collect()
}

#[test]
fn what_is_no_json_is_refused() {
    let files = of(Expectation::Reject);
    for file in &files {
        for report in refusals(file) {
            sound(&report);
            assert!(errors(&report).into_iter().any(is_textual), "{}: {report}", file.name);
        }
    }
    println!("{} files refused by four readers", files.len());
    assert_eq!(files.len(), 188);
}

#[test]
fn what_is_json_passes_the_json_layer_and_fails_as_a_policy() {
    let files = of(Expectation::Accept);
    for file in &files {
        for report in refusals(file) {
            sound(&report);
            let errors = errors(&report);
            assert!(!errors.is_empty(), "{}", file.name);
            assert!(!errors.into_iter().any(is_textual), "{}: {report}", file.name);
        }
    }
    println!("{} files are JSON and no policy", files.len());
    assert_eq!(files.len(), 95);
}

#[test]
fn what_may_go_either_way_goes_one_way_without_a_panic() {
    let files = of(Expectation::Either);
    for file in &files {
        refusals(file).iter().for_each(sound);
    }
    assert_eq!(files.len(), 35 + 22);
}

/// Nobody has to accept what the standard leaves open, but a user may want to know what we do.
#[test]
fn what_the_standard_leaves_open_is_decided() {
    let (mut text, mut other) = (Vec::new(), Vec::new());
    for file in of(Expectation::Either).iter().filter(|file| file.name.contains("test_parsing")) {
        let textual = errors(&refusals(file)[0]).into_iter().any(is_textual);
        let name = file.name.trim_start_matches("test_parsing/i_").trim_end_matches(".json").to_owned();
        if textual { text.push(name) } else { other.push(name) }
    }
    // Numbers of any size are read as they are written; a byte order mark at the start is passed over.
    assert!(other.iter().all(|name| name.starts_with("number_") || name.contains("BOM_empty")), "{other:?}");
    // Lone surrogates, bytes that are not UTF-8, and 500 levels of nesting are refused.
    assert_eq!((text.len(), other.len()), (24, 11), "{text:?}");
}

/// Does our JSON layer? Formatting reads the text as JSON and looks only at what kind of file it is.
fn is_read(source: &Arc<Source>) -> bool {
    let mut limits = Limits::default();
    limits.nesting = 128;
    match format(source, &limits) {
        Ok(_) => true,
        Err(report) => {
            sound(&report);
            // Stricter than JSON on purpose, or JSON that is no file of ours.
            let beyond = |code| matches!(code, Code::DuplicateKey | Code::TooDeep | Code::UnknownKind);
            report.iter().all(|fault| beyond(fault.code))
        }
    }
}

#[test]
fn the_json_layer_agrees_with_serde_json_on_the_files() {
    let mut compared = 0;
    for file in corpus::json_torture().unwrap() {
        let Ok(text) = String::from_utf8(file.bytes) else { continue };
        if text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() < 100 {
            let source = Source::new(&*file.name, text);
            assert_eq!(is_read(&source), is_json(&source), "{}", file.name);
            compared += 1;
        }
    }
    println!("{compared} files compared");
    assert!(compared > 290, "{compared}");
}

#[test]
fn the_json_layer_agrees_with_serde_json_on_documents_with_slips() {
    const SLIPS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "*",
        "\\",
        "\\u",
        "\\n",
        "\\u00e9",
        "\\ud834\\udd1e",
        "\\ud834",
        "0",
        "-",
        "1.5e3",
        "01",
        ".",
        "true",
        "nul",
        "null",
        " ",
        "\n",
        "\t",
        "\u{0}",
        "\u{b}",
        "//",
        "/*",
        "#",
        "'",
        "“",
        "é",
    ];
    let texts: Vec<String> = corpus::documents().unwrap().values().map(ToString::to_string).collect();
    let mut prng = Prng::new(95);
    let (mut good, rounds) = (0, 8_000);
    for _ in 0..rounds {
        let mut text: Vec<char> = prng.pick(&texts).unwrap().chars().take(400).collect();
        if prng.percent(60) {
            text = prng.pick(&texts).unwrap().chars().collect();
        }
        for _ in 0..=prng.below(2) {
            let at = prng.below(text.len());
            match prng.below(3) {
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, prng.pick(SLIPS).unwrap().chars())),
                _ => drop(text.splice(at..=at, prng.pick(SLIPS).unwrap().chars())),
            }
        }
        let text: String = text.into_iter().collect();
        let source = Source::new("slips.json", text);
        assert_eq!(is_read(&source), is_json(&source), "{}", source.text());
        good += usize::from(is_json(&source));
    }
    println!("{rounds} documents with slips, {good} of them still JSON");
    assert!(good > rounds / 50 && good < rounds / 2, "{good}");
}
