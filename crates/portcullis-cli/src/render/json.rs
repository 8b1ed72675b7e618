//! Diagnostics for programs: one object each, its places in lines and columns counted from 1; and lists too long to hold.
//!
//! `line` and `column` are where the fault begins and `end` is just after it; columns count characters. Every key is always
//! there, `null` where there is nothing to say.

use portcullis::diagnostic::{Label, Replacement};
use portcullis::{Diagnostic, Source, Span};
use serde::ser::{Serialize, Serializer};
use serde_json::{Value, json};

/// A list whose items are made one by one, each when it is written.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// One diagnostic.
pub(crate) fn diagnostic(found: &Diagnostic) -> Value {
    let place = found.primary.as_ref().map_or_else(nowhere, label);
    json!({
        "code": found.code.as_str(),
        "severity": found.severity.as_str(),
        "title": found.code.title(),
        "message": found.message,
        "file": place.get("file"),
        "line": place.get("line"),
        "column": place.get("column"),
        "end": place.get("end"),
        "label": place.get("text"),
        "labels": found.secondary.iter().map(label).collect::<Value>(),
        "help": found.help,
        "replacement": found.replacement.as_ref().map(replacement),
    })
}

fn nowhere() -> Value {
    json!({ "file": null, "line": null, "column": null, "end": null, "text": null })
}

fn label(label: &Label) -> Value {
    place(&label.source, label.span, &label.text)
}

fn replacement(replacement: &Replacement) -> Value {
    place(&replacement.source, replacement.span, &replacement.text)
}

fn place(source: &Source, span: Span, text: &str) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "file": source.name(),
        "line": start.line,
        "column": start.column,
        "end": { "line": end.line, "column": end.column },
        "text": text,
    })
}
