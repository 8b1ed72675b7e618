//! Bytes as every kind of file: read, compiled, run, formatted, and held against serde_json and the reference.
//!
//! The fuzzer's build checks overflow and debug assertions, so what is asserted here is what those cannot see: that a reader
//! gives a result or an error and never both or neither, that it calls JSON what serde_json does, that places lie in the
//! text, that a document means what the reference says, and that formatting changes nothing but the look.

use std::sync::{Arc, OnceLock};

use portcullis::condition::Attribute;
use portcullis::diagnostic::Code;
use portcullis::matrix::{Cell, PermissionId};
use portcullis::suite::{Coverage, Suite};
use portcullis::{
    Document, Grants, Limits, Member, NoFiles, Report, Schema, Snapshot, Source, Statement, Workspace,
    format, lint, read_any, source_from_bytes,
};
use serde::Deserialize;
use serde_json::Value;

use super::exact::same_when_shorter;
use super::{draws, is_json, judged, sound, text_of, whole};
use crate::agreement::Pair;
use crate::generate;
use crate::reference::{self, Reference, Root, Vocabulary, hightouch_schema};

/// Bytes as every kind of file.
///
/// # Panics
/// When a reader accepts what is no JSON or refuses what is, gives neither result nor error, points outside the text, or
/// reads formatted text as something else.
pub fn document(data: &[u8]) {
    let source = match source_from_bytes("fuzzed.json", data.to_vec()) {
        Ok(source) => source,
        Err(report) => {
            assert!(std::str::from_utf8(data).is_err() && report.has_errors());
            return sound(&report);
        }
    };
    let is_json = is_json(&source);
    same_grammar(&source, is_json);
    let json: Option<Value> = serde_json::from_str(text_of(&source)).ok();
    let Built { schema, vocabulary } = built_in();
    let limits = Limits::default();

    let document = Document::read(&source);
    judged(document.as_ref().map(|(_, report)| report), is_json);
    match &document {
        Ok((document, _)) => meaning(document, schema, vocabulary, text_of(&source)),
        Err(report) => refused(report, vocabulary, text_of(&source)),
    }
    let read = Schema::read(&source);
    judged(read.as_ref().map(|(_, report)| report), is_json);
    let workspace = Workspace::read(&source, &NoFiles);
    judged(workspace.as_ref().map(|(_, report)| report), is_json);
    if let Ok((workspace, _)) = &workspace {
        let compiled = workspace.compile();
        judged(compiled.as_ref().map(|(_, report)| report), true);
        if let Ok((snapshot, _)) = compiled {
            whole(snapshot, text_of(&source));
        }
    }
    let suite = Suite::read(&source, &NoFiles);
    judged(suite.as_ref().map(|(_, report)| report), is_json);
    if let Ok((suite, _)) = &suite
        && let Some(Ok((snapshot, _))) = suite.own_workspace().map(Workspace::compile)
    {
        tested(suite, &snapshot);
    }
    for limits in [limits, narrow()] {
        let any = read_any(&source, schema, &NoFiles, &limits);
        judged(any.as_ref().map(|(_, report)| report), is_json);
        let linted = lint(&source, schema, &NoFiles, &limits);
        judged(linted.as_ref().map(|(_, report)| report), is_json);
        assert_eq!(linted.is_ok(), any.is_ok(), "linting refuses nothing that can be read");
    }
    formatted(&source, &limits, is_json, json.as_ref());
}

/// The built-in schema as the engine and as the reference see it, read once.
pub(super) struct Built {
    pub(super) schema: Schema,
    vocabulary: Vocabulary,
}

pub(super) fn built_in() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| Built {
        schema: Schema::hightouch().unwrap(),
        vocabulary: Vocabulary::deserialize(hightouch_schema()).unwrap(),
    })
}

/// Bounds that short texts pass.
fn narrow() -> Limits {
    let mut limits = Limits::default();
    (limits.document_bytes, limits.workspace_bytes, limits.nesting) = (700, 900, 5);
    (limits.statements, limits.list_names, limits.permissions) = (2, 3, 5);
    (limits.roles, limits.roles_per_subject, limits.members, limits.tests) = (2, 1, 2, 1);
    limits
}

/// What serde_json takes for JSON we take for JSON, and nothing else: whatever else may be wrong with it as a file of ours.
fn same_grammar(source: &Arc<Source>, is_json: bool) {
    let Err(report) = format(source, &Limits::default()) else {
        return assert!(is_json, "formatted, though it is no JSON");
    };
    let found = |wanted| report.iter().any(|fault| fault.code == wanted);
    if found(Code::TooDeep) {
        // Beyond that nobody looks, so the rest may be anything.
        let opened = source.text().bytes().filter(|byte| b"[{".contains(byte)).count();
        return assert!(opened > Limits::default().nesting, "too deep with {opened} levels");
    }
    let beyond = |code| matches!(code, Code::DuplicateKey | Code::UnknownKind | Code::OverLimit);
    let is_read = report.iter().all(|fault| beyond(fault.code));
    assert_eq!(is_read, is_json, "we and serde_json disagree on whether this is JSON: {report}");
}

/// A suite is refused, or run to its end.
pub(super) fn tested(suite: &Suite, snapshot: &Snapshot) {
    let mut coverage = Coverage::of(snapshot);
    let outcome = suite.run(snapshot, &mut coverage);
    judged(outcome.as_ref().map(|(_, report)| report), true);
    let Ok((outcome, _)) = outcome else { return };
    assert_eq!(outcome.tests().len(), suite.tests().len());
    assert!(outcome.asked() > 0 || snapshot.schema().permission_count() == 0, "nothing was asked");
    for failure in outcome.tests().iter().flat_map(|test| test.failures.iter().take(9)) {
        let explanation = failure.explain(snapshot);
        assert_ne!(explanation.decision.is_allowed(), failure.expected, "explained as it was asked");
    }
    let (written, left) = (coverage.written(), coverage.uncovered().count());
    assert_eq!(written.statements - written.covered, left);
}

/// What a document means under the built-in schema, cell by cell and request by request, against the reference.
fn meaning(document: &Document, schema: &Schema, vocabulary: &Vocabulary, text: &str) {
    let outcome = document.resolve(schema);
    judged(outcome.as_ref().map(|(_, report)| report), true);
    let reference: reference::Document = match serde_json::from_str(text) {
        Ok(reference) => reference,
        // What is wrong with a condition keeps the reference from reading the document.
        Err(error) => {
            return assert!(outcome.is_err(), "read by us and not by the reference: {error}: {text}");
        }
    };
    let refusal = vocabulary.refusal(&reference);
    assert_eq!(refusal.is_some(), outcome.is_err(), "{refusal:?} {text}");
    let written = document.statements().map(|statement| statement.conditions().is_some());
    let seen = reference.policies.iter().map(|statement| statement.condition.is_some());
    assert!(written.eq(seen), "conditions that only one of us sees: {text}");
    if let Ok((grants, _)) = outcome {
        same_meaning(&grants, vocabulary, &reference);
        if reference.policies.len() <= MOST {
            requested(document, schema, text);
            same_when_shorter(document, &grants, schema);
        }
    }
}

/// Statements of a document that is asked about.
const MOST: usize = 40;
/// Requests that it is asked.
const REQUESTS: usize = 16;

/// A document that cannot be read has a fault for the reference, too, unless a limit stands in the way.
fn refused(report: &Report, vocabulary: &Vocabulary, text: &str) {
    let limit = |code| matches!(code, Code::TooDeep | Code::OverLimit | Code::DuplicateKey);
    let read: Result<reference::Document, _> = serde_json::from_str(text);
    if let Ok(document) = read
        && !report.iter().any(|fault| limit(fault.code))
    {
        assert!(vocabulary.refusal(&document).is_some(), "refused by us alone: {report}");
    }
}

/// The document as the role of two members, in requests that are drawn from its own bytes and aimed at its conditions.
fn requested(document: &Document, schema: &Schema, text: &str) {
    let file = |ann: &str, sync: &str, model: &str| {
        format!(
            r#"{{"workspace":"w","schema":"hightouch","roles":{{"held":{text}}},"members":{{"ann":{{"role":"held","properties":{ann}}},"bob":{{"role":"held","type":"service"}}}},"objects":[{{"type":"sync","id":"1","properties":{sync}}},{{"type":"model","id":"2","properties":{model}}},{{"type":"source","id":"1"}}]}}"#
        )
    };
    let mut prng = draws(text.as_bytes());
    let bare = Reference::read(&file("{}", "{}", "{}")).unwrap();
    let [ann, sync, model] = [Root::Subject, Root::Resource, Root::Resource]
        .map(|root| generate::aimed_properties(&mut prng, &bare, root));
    let reference = Reference::read(&file(&ann, &sync, &model)).unwrap();
    let kept = |text: &str| Attribute::read(&Source::new("properties", text)).unwrap();
    let mut workspace = Workspace::new("w", schema.clone());
    workspace
        .add_role("held", document.clone())
        .add_member("ann", Member::with_role("held").with_properties(kept(&ann)))
        .add_member("bob", Member::with_role("held").of_type("service"))
        .add_object("sync", "1", kept(&sync))
        .add_object("model", "2", kept(&model))
        .add_object("source", "1", None);
    let (snapshot, _) = workspace.compile().unwrap();
    let requests = generate::aimed_requests(&mut prng, &reference, REQUESTS).unwrap();
    Pair { snapshot, reference }.agree_on_requests(&requests);
}

/// Without conditions and under some, allowed and denied.
pub(super) fn same_meaning(grants: &Grants, vocabulary: &Vocabulary, reference: &reference::Document) {
    let planes = grants.planes();
    let mut count = 0;
    for id in (0..grants.schema().permission_count()).map(PermissionId::from_u32) {
        let (action, resource) = grants.schema().names_of(id).unwrap();
        let mut expected = Cell::empty();
        let speaks =
            |statement: &&reference::Statement| vocabulary.statement_matches(statement, action, resource);
        for statement in reference.policies.iter().filter(speaks) {
            expected |= match (statement.effect, statement.condition.is_some()) {
                (reference::Effect::Allow, false) => Cell::ALLOW,
                (reference::Effect::Deny, false) => Cell::DENY,
                (reference::Effect::Allow, true) => Cell::ALLOW_IF,
                (reference::Effect::Deny, true) => Cell::DENY_IF,
            };
        }
        assert_eq!(planes.cell(id), expected, "{action} {resource}");
        let allowed = planes.grants().contains(id);
        if !expected.intersects(Cell::ALLOW_IF | Cell::DENY_IF) {
            let decided = vocabulary.decide([reference], action, resource).is_allowed();
            assert_eq!(allowed, decided, "{action} {resource}");
        }
        count += 1;
    }
    assert_eq!(count, vocabulary.permissions().count());
}

/// Formatting keeps the value, all readers say of it what they said before, and formatting what was formatted changes
/// nothing.
fn formatted(source: &Arc<Source>, limits: &Limits, is_json: bool, json: Option<&Value>) {
    let once = match format(source, limits) {
        Ok(once) => once,
        Err(report) => return judged(Err(&report), is_json),
    };
    if let Some(json) = json {
        let again: Value = serde_json::from_str(&once).unwrap_or_else(|error| panic!("{error}:\n{once}"));
        assert_eq!(&again, json, "formatting changed the value");
    }
    let neat = Source::new("formatted.json", &*once);
    assert_eq!(once, format(&neat, limits).unwrap(), "formatting twice is not formatting once");
    if once.len() <= limits.document_bytes {
        read_alike(source, &neat);
    }
}

/// Two texts of one value: every reader finds the same faults, and a document the same statements.
fn read_alike(one: &Arc<Source>, other: &Arc<Source>) {
    let of = |source| {
        let document = Document::read(source).map(|(document, report)| (Some(document), report));
        let (document, report) = document.unwrap_or_else(|report| (None, report));
        let schema = Schema::read(source).map_or_else(|report| report, |(_, report)| report);
        let workspace = Workspace::read(source, &NoFiles).map_or_else(
            |report| report,
            |(workspace, _)| workspace.compile().map_or_else(|report| report, |(_, report)| report),
        );
        let suite = Suite::read(source, &NoFiles).map_or_else(|report| report, |(_, report)| report);
        (document, [report, schema, workspace, suite])
    };
    let ((document, reports), (neat, neat_reports)) = (of(one), of(other));
    for (report, neat) in reports.iter().zip(&neat_reports) {
        assert_eq!(codes(report), codes(neat), "{report}\nand formatted:\n{neat}");
    }
    assert_eq!(document.is_some(), neat.is_some());
    if let (Some(document), Some(neat)) = (document, neat) {
        assert_eq!(document.statements().len(), neat.statements().len());
        for (statement, neat) in document.statements().zip(neat.statements()) {
            assert_eq!(said(&statement), said(&neat));
        }
    }
}

/// The codes of a report in their order; the places of two texts differ, so that the order of the faults may.
fn codes(report: &Report) -> Option<Vec<&'static str>> {
    let mut codes: Vec<_> = report.iter().map(|fault| fault.code.as_str()).collect();
    codes.sort_unstable();
    // Which faults a full report leaves out depends on their order.
    (report.dropped() == 0).then_some(codes)
}

type Said = (portcullis::Effect, Vec<String>, Vec<String>, Option<Value>);

/// What a statement says, wherever it stands.
fn said(statement: &Statement<'_>) -> Said {
    let names = |list: portcullis::NameList<'_>| list.iter().map(String::from).collect();
    // A number that serde_json does not hold is compared by formatting twice.
    let conditions = statement.conditions().and_then(|text| serde_json::from_str(text).ok());
    (statement.effect(), names(statement.actions()), names(statement.resource()), conditions)
}
