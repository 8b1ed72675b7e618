//! Reading a file of whatever kind: what a linter, a formatter and a diff begin with.
//!
//! A file's kind is told by its keys. Reading any of them goes as far as it can, the meaning of a policy
//! document included, and brings everything that is wrong or odd about it as such. Of a test suite or of rules nothing is run.
//!
//! Linting reads and then looks for what compiles and was perhaps not meant ([`findings`]), which only `lint` asks for.

use std::sync::Arc;

use crate::diagnostic::Report;
use crate::findings;
use crate::json::Tape;
use crate::limits::Limits;
use crate::policy::{Document, Grants, read_document};
use crate::read::{FileKind, Reader, fits, unknown_kind};
use crate::rules::{Rules, read_rules};
use crate::schema::{Schema, read_schema};
use crate::snapshot::Snapshot;
use crate::source::Source;
use crate::suite::{Suite, read_suite};
use crate::workspace::{Files, read_workspace};

/// What a file turned out to be.
#[derive(Debug)]
pub enum Read {
    /// A policy document, resolved under the schema given.
    Policy(Box<Document>, Box<Grants>),
    /// A schema.
    Schema(Schema),
    /// A workspace, compiled.
    Workspace(Box<Snapshot>),
    /// A test suite, checked against the workspace that it names.
    Tests(Box<Suite>),
    /// A file of rules, checked against the workspace that it names.
    Rules(Box<Rules>),
}

/// Reads a text of any kind as [`read_any`] does, and looks for what its author surely or perhaps did not mean: statements that
/// change nothing, roles that are equal to others, groups that add nothing, and more. The report beside the result holds
/// that too.
///
/// # Errors
/// Every fault that can be seen at once. Of what has faults nothing further is found.
pub fn lint(
    source: &Arc<Source>,
    schema: &Schema,
    files: &dyn Files,
    limits: &Limits,
) -> Result<(Read, Report), Report> {
    read_whole(source, schema, files, limits, true)
}

/// Reads a text of any kind as far as it goes. The report beside the result holds warnings and notes.
///
/// # Errors
/// Every fault that can be seen at once.
pub fn read_any(
    source: &Arc<Source>,
    schema: &Schema,
    files: &dyn Files,
    limits: &Limits,
) -> Result<(Read, Report), Report> {
    read_whole(source, schema, files, limits, false)
}

/// Reads a text, with findings or without.
fn read_whole(
    source: &Arc<Source>,
    schema: &Schema,
    files: &dyn Files,
    limits: &Limits,
    with_findings: bool,
) -> Result<(Read, Report), Report> {
    let mut report = Report::new();
    let (document_bytes, workspace_bytes) = (limits.document_bytes, limits.workspace_bytes);
    if !fits(source, workspace_bytes.max(document_bytes), "max-workspace-bytes", &mut report) {
        return Err(report);
    }
    let Some(tape) = Tape::read(source, limits, &mut report) else { return Err(report) };
    let root = tape.root();
    let kind = FileKind::of(root);
    let fits = match kind {
        Some(FileKind::Workspace) => fits(source, workspace_bytes, "max-workspace-bytes", &mut report),
        _ => fits(source, document_bytes, "max-document-bytes", &mut report),
    };
    match kind {
        _ if !fits => Err(report),
        Some(FileKind::Policy) => {
            let document = read_document(root, &mut Reader::new(source, limits, &mut report));
            let grants = keep(document.resolve(schema), &mut report);
            if let Some(grants) = grants.as_ref().filter(|_| with_findings && !report.has_errors()) {
                report = Report::shared([report, findings::of_document(&document, grants)]);
            }
            finish(grants.map(|grants| Read::Policy(Box::new(document), Box::new(grants))), report)
        }
        Some(FileKind::Schema) => {
            let schema = read_schema(root, &mut Reader::new(source, limits, &mut report));
            finish(schema.map(Read::Schema), report)
        }
        Some(FileKind::Workspace) => {
            let workspace = read_workspace(root, files, limits, &mut report);
            // Compiling needs the text, and its shape no longer: of a million members that is a good part of the memory.
            drop(tape);
            let snapshot = workspace.and_then(|workspace| {
                let snapshot = keep(workspace.compile(), &mut report)?;
                if with_findings && !report.has_errors() {
                    let found = findings::of_workspace(&workspace, &snapshot);
                    report = Report::shared([std::mem::take(&mut report), found]);
                }
                Some(snapshot)
            });
            finish(snapshot.map(|snapshot| Read::Workspace(Box::new(snapshot))), report)
        }
        Some(FileKind::Tests) => {
            let suite = read_suite(root, files, limits, &mut report);
            if let Some(snapshot) = suite.tied.compile(files, limits, &mut report) {
                report.append(suite.check(&snapshot));
            }
            finish(Some(Read::Tests(Box::new(suite))), report)
        }
        Some(FileKind::Rules) => {
            let rules = read_rules(root, files, limits, &mut report);
            if let Some(snapshot) = rules.tied.compile(files, limits, &mut report) {
                report.append(rules.check(&snapshot));
            }
            finish(Some(Read::Rules(Box::new(rules))), report)
        }
        None => {
            report.push(unknown_kind(source, root));
            Err(report)
        }
    }
}

/// The result of a further step, its report added to what earlier steps found.
fn keep<T>(step: Result<(T, Report), Report>, report: &mut Report) -> Option<T> {
    let (result, more) = match step {
        Ok((result, more)) => (Some(result), more),
        Err(more) => (None, more),
    };
    report.append(more);
    result
}

fn finish(read: Option<Read>, report: Report) -> Result<(Read, Report), Report> {
    match read {
        Some(read) => report.sorted().finish(read),
        None => Err(report.sorted()),
    }
}
