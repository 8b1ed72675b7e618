//! The bodies of the fuzz targets, so that a find of the fuzzer and its replay in an ordinary test run the same lines.
//!
//! [`document`] gives arbitrary bytes to every reader and to the formatter; [`decide`] makes workspaces out of them and
//! holds the engine against the reference. Neither says what is wrong by returning: both panic, which is what a fuzzer
//! sees.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fault is reported by panicking"
)]

use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use portcullis::matrix::{Blueprint, Layout, PermissionId};
use portcullis::suite::{Coverage, Suite};
use portcullis::{
    Document, Grants, Limits, NoFiles, Report, Schema, Snapshot, Source, Span, Workspace, format, read_any,
    source_from_bytes,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::agreement::{Pair, same_answers};
use crate::generate::{self, Prng, Size};
use crate::reference::{self, Reference, Vocabulary, hightouch_schema};

/// Bytes as every kind of file.
///
/// # Panics
/// When a reader accepts what is no JSON, points outside the text, or reads formatted text as something else.
pub fn document(data: &[u8]) {
    let source = match source_from_bytes("fuzzed.json", data.to_vec()) {
        Ok(source) => source,
        Err(report) => {
            assert!(std::str::from_utf8(data).is_err() && report.has_errors());
            return sound(&report);
        }
    };
    let is_json = is_json(&source);
    let json: Option<Value> = serde_json::from_str(text_of(&source)).ok();
    let schema = Schema::hightouch().unwrap();
    let limits = Limits::default();

    let document = Document::read(&source);
    judged(document.as_ref().map(|(_, report)| report), is_json);
    if let (Ok((document, _)), Some(json)) = (&document, &json) {
        meaning(document, &schema, json);
    }
    let read = Schema::read(&source);
    judged(read.as_ref().map(|(_, report)| report), is_json);
    let workspace = Workspace::read(&source, &NoFiles);
    judged(workspace.as_ref().map(|(_, report)| report), is_json);
    if let Ok((workspace, _)) = &workspace {
        let compiled = workspace.compile();
        judged(compiled.as_ref().map(|(_, report)| report), true);
        if let (Ok((snapshot, _)), Some(json)) = (compiled, &json) {
            whole(snapshot, json);
        }
    }
    let suite = Suite::read(&source, &NoFiles);
    judged(suite.as_ref().map(|(_, report)| report), is_json);
    if let Ok((suite, _)) = &suite {
        tested(suite);
    }
    let any = read_any(&source, &schema, &NoFiles, &limits);
    judged(any.as_ref().map(|(_, report)| report), is_json);
    formatted(&source, &limits, is_json, json.as_ref());
}

/// A suite that brings its workspace along: it is refused, or run to its end.
fn tested(suite: &Suite) {
    let compiled = suite.own_workspace().and_then(|workspace| workspace.compile().ok());
    let Some((snapshot, _)) = compiled else { return };
    let mut coverage = Coverage::of(&snapshot);
    let outcome = suite.run(&snapshot, &mut coverage);
    judged(outcome.as_ref().map(|(_, report)| report), true);
    let Ok((outcome, _)) = outcome else { return };
    assert_eq!(outcome.tests().len(), suite.tests().len());
    assert!(outcome.asked() > 0 || snapshot.schema().permission_count() == 0, "nothing was asked");
    for failure in outcome.tests().iter().flat_map(|test| test.failures.iter().take(9)) {
        let explanation = failure.explain(&snapshot);
        assert_ne!(explanation.decision.is_allowed(), failure.expected, "explained as it was asked");
    }
    let (written, left) = (coverage.written(), coverage.uncovered().count());
    assert_eq!(written.statements - written.covered, left);
}

/// The text as serde_json takes it: it knows no byte order mark, which editors put there and we read over.
fn text_of(source: &Source) -> &str {
    source.text().strip_prefix('\u{feff}').unwrap_or(source.text())
}

/// Whether a text is JSON by serde_json's reading of the grammar, which stops at the first fault and knows no places.
///
/// The grammar alone: a number may be too large for serde_json's types, and is JSON all the same.
#[must_use]
pub fn is_json(source: &Source) -> bool {
    let text = text_of(source);
    let value = serde_json::from_str::<Value>(text);
    // A lone surrogate is seen only where strings are kept.
    let surrogate = value.is_err_and(|error| error.to_string().contains("hex escape"));
    serde_json::from_str::<IgnoredAny>(text).is_ok() && !surrogate
}

/// A reader's verdict: no result for what is no JSON, no error beside a result, and a sound report either way.
fn judged(outcome: Result<&Report, &Report>, is_json: bool) {
    match outcome {
        Ok(report) => {
            assert!(is_json, "accepted, though it is no JSON");
            assert!(!report.has_errors(), "a result beside an error");
            sound(report);
        }
        Err(report) => {
            assert!(report.has_errors(), "refused without an error");
            sound(report);
        }
    }
}

/// Every place that a report points to is in its text, between characters, and every line of it can be shown.
pub fn sound(report: &Report) {
    for diagnostic in report {
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
        let places = labels.map(|label| (&label.source, label.span));
        let mends = diagnostic.replacement.iter().map(|mend| (&mend.source, mend.span));
        for (source, span) in places.chain(mends) {
            inside(source, span);
        }
        assert!(!diagnostic.to_string().contains('\n'), "one line a diagnostic: {diagnostic}");
    }
    assert!(report.iter().len() <= 1_000, "a report keeps at most a thousand faults");
    let _ = report.to_string();
}

fn inside(source: &Source, span: Span) {
    assert!(span.start <= span.end, "{span:?} ends before it starts");
    assert!(source.text().get(span.range()).is_some(), "{span:?} is not in the text");
}

/// What a document means under the built-in schema, cell by cell, against the reference.
fn meaning(document: &Document, schema: &Schema, json: &Value) {
    let conditions = document.statements().any(|statement| statement.conditions().is_some());
    let vocabulary = Vocabulary::deserialize(&hightouch_schema()).unwrap();
    let outcome = document.resolve(schema);
    judged(outcome.as_ref().map(|(_, report)| report), true);
    let Ok(reference) = reference::Document::deserialize(json) else {
        assert!(conditions, "read by us and not by the reference: {json}");
        return assert!(outcome.is_err(), "conditions are not compiled yet");
    };
    assert!(!conditions, "conditions that the reference does not see: {json}");
    let refusal = vocabulary.refusal(&reference);
    assert_eq!(refusal.is_some(), outcome.is_err(), "{refusal:?} {json}");
    if let Ok((grants, _)) = outcome {
        same_meaning(&grants, &vocabulary, &reference);
    }
}

fn same_meaning(grants: &Grants, vocabulary: &Vocabulary, reference: &reference::Document) {
    let planes = grants.planes();
    let mut count = 0;
    for id in (0..grants.schema().permission_count()).map(PermissionId::from_u32) {
        let (action, resource) = grants.schema().names_of(id).unwrap();
        let allowed = planes.grants().contains(id);
        let expected = vocabulary.decide([reference], action, resource).is_allowed();
        assert_eq!(allowed, expected, "{action} {resource}");
        count += 1;
    }
    assert_eq!(count, vocabulary.permissions().count());
}

/// A workspace that compiled, if the reference can judge it and it is small enough to be asked everything.
fn whole(snapshot: Snapshot, json: &Value) {
    let Ok(reference) = Reference::from_json(json) else { return };
    let small = snapshot.roles().count() <= 12
        && snapshot.member_count() <= 12
        && snapshot.schema().permission_count() <= 60;
    if small {
        Pair::of(json, snapshot, reference).agree_on_every_cell();
    }
}

/// Formatting keeps the value, and formatting what was formatted changes nothing.
fn formatted(source: &Arc<Source>, limits: &Limits, is_json: bool, json: Option<&Value>) {
    let once = match format(source, limits) {
        Ok(once) => once,
        Err(report) => return judged(Err(&report), is_json),
    };
    assert!(is_json, "formatted, though it is no JSON");
    if let Some(json) = json {
        let again: Value = serde_json::from_str(&once).unwrap_or_else(|error| panic!("{error}:\n{once}"));
        assert_eq!(&again, json, "formatting changed the value");
    }
    let twice = format(&Source::new("formatted.json", &*once), limits).unwrap();
    assert_eq!(once, twice, "formatting twice is not formatting once");
}

/// Bytes as a workspace: a kilobyte decides how large everything is, the rest which numbers the generators draw.
///
/// # Panics
/// When the engine and the reference disagree on anything, or a matrix is not sound.
pub fn decide(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    if bytes.arbitrary().unwrap_or(false) {
        return blueprint(&mut bytes);
    }
    let mut below = |bound: usize| bytes.int_in_range(0..=bound).unwrap_or(0);
    let size = Size {
        types: 1 + below(11),
        actions: 1 + below(11),
        roles: 1 + below(7),
        statements: below(6),
        groups: below(5),
        members: below(7),
        questions: 20,
    };
    let seed = bytes.arbitrary().unwrap_or(0);
    let case = generate::case(seed, size).unwrap();
    let flat = Pair::new(&case.workspace, Layout::Flat);
    flat.agree_on_every_cell();
    let asked: Vec<_> =
        case.questions.iter().map(|asked| (&*asked.subject, &*asked.action, &*asked.resource)).collect();
    flat.agree_on(&asked);
    let paged = Pair::new(&case.workspace, Layout::Paged);
    assert_eq!(paged.snapshot.matrix().validate(), Ok(()));
    same_answers(&flat.snapshot, &paged.snapshot);

    // A document as the fuzzer would have it: the names of the schema with the statements of the bytes.
    let mut prng = Prng::new(seed ^ bytes.arbitrary::<u64>().unwrap_or(0));
    let vocabulary = flat.reference.vocabulary();
    let policy = generate::policy(&mut prng, vocabulary, size.statements).unwrap();
    let source = Source::new("generated.json", policy.to_string());
    let (read, _) = Document::read(&source).unwrap();
    let (grants, _) = read.resolve(flat.snapshot.schema()).unwrap();
    same_meaning(&grants, vocabulary, &reference::Document::deserialize(&policy).unwrap());
}

fn blueprint(bytes: &mut Unstructured<'_>) {
    if let Ok(blueprint) = Blueprint::arbitrary(bytes) {
        let matrix = blueprint.build().unwrap();
        assert_eq!(matrix.validate(), Ok(()), "{blueprint:?}");
    }
}
