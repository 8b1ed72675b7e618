//! Findings of `lint`: what compiles and was surely, or perhaps, not meant. Each is earned by something and spared by
//! something like it; and what is said to change nothing changes nothing, as the naive reference decides.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take and tells the time that it took"
)]

mod bounds;
mod converse;
mod published;
mod removal;
mod statements;
mod workspaces;

use portcullis::diagnostic::Code;
use portcullis::{Limits, NoFiles, Report, Schema, Source};

/// What is said of a text that can be read.
fn lint(text: &str) -> Report {
    let schema = Schema::hightouch().unwrap();
    let read = portcullis::lint(&Source::new("file.json", text), &schema, &NoFiles, &Limits::default());
    read.unwrap_or_else(|report| panic!("{report}\n{text}")).1
}

/// The codes of a text, in the order of the text.
fn codes(text: &str) -> Vec<Code> {
    lint(text).iter().map(|fault| fault.code).collect()
}

/// A document of statements in short: `allow read,update sync`, perhaps with a condition behind them.
fn document(statements: &[&str]) -> String {
    let statements: Vec<String> = statements.iter().map(|short| statement(short)).collect();
    format!("{{\"version\": \"2022-04-26\", \"policies\": [\n{}\n]}}", statements.join(",\n"))
}

fn statement(short: &str) -> String {
    let mut words = short.splitn(4, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (effect, actions, resource, conditions) = (next(), next(), next(), next());
    let list = |names: &str| match names {
        "*" => "\"*\"".to_owned(),
        names => serde_json::to_string(&names.split(',').collect::<Vec<_>>()).unwrap(),
    };
    let conditions =
        if conditions.is_empty() { String::new() } else { format!(", \"conditions\": {conditions}") };
    format!(
        "{{\"effect\": \"{effect}\", \"actions\": {}, \"resource\": {}{conditions}}}",
        list(actions),
        list(resource)
    )
}

/// The text after the mend of a finding.
fn mended(report: &Report, code: Code) -> String {
    let fault = report.iter().find(|fault| fault.code == code).unwrap();
    let mend = fault.replacement.as_ref().unwrap();
    let mut text = mend.source.text().to_owned();
    text.replace_range(mend.span.range(), &mend.text);
    text
}
