//! From what was typed to something that can be asked: workspaces, documents, schemas.
//!
//! Every command but `lint` loads through here, and so they all speak alike: errors in full, and of warnings one
//! line that names the command that lists them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis::text::{counted, printable, quoted};
use portcullis::{
    BUILT_IN_SCHEMAS, Files, Limits, Read, Report, Schema, Severity, Snapshot, Source, read_any,
    source_from_bytes,
};

use crate::args::{SchemaArgs, WorkspaceArgs};
use crate::exit::Failure;
use crate::files::{self, Beside, Noted, STANDARD};
use crate::output::Output;

/// The environment variable that names a workspace file.
const VARIABLE: &str = "PORTCULLIS_WORKSPACE";
/// The workspace file when nobody names one.
const DEFAULT_FILE: &str = "workspace.json";

/// The workspace file that is meant: as typed, by the environment, or the default.
pub(crate) fn workspace_file(typed: Option<&Path>) -> PathBuf {
    let typed = typed.map(Path::to_owned);
    typed.or_else(workspace_of_environment).unwrap_or_else(|| PathBuf::from(DEFAULT_FILE))
}

/// The workspace file that is meant for a suite or a file of rules: as typed, as `named` in the file, by the environment, or
/// the default beside the file.
pub(crate) fn workspace_tied_to(file: &Path, named: Option<&str>, typed: Option<&Path>) -> PathBuf {
    let beside = |name: &str| Beside::file(file).place(name);
    let typed = typed.map(Path::to_owned);
    typed
        .or_else(|| named.map(beside))
        .or_else(workspace_of_environment)
        .unwrap_or_else(|| beside(DEFAULT_FILE))
}

/// Of a workspace that nobody typed and that could not be had, says where its name is from.
pub(crate) fn mention_tie(file: &Path, named: Option<&str>, out: &Output) {
    let file = quoted(&files::shown(file));
    if named.is_some() {
        out.note(&format!("{file} names it, relative to its own place"));
    } else {
        let mend = "add `\"workspace\": \"PATH\"` to it, or use `-w FILE`";
        out.help(&format!("{file} names no workspace: {mend}"));
    }
}

/// The workspace file that the environment names.
fn workspace_of_environment() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Compiles the workspace that is meant.
pub(crate) fn workspace(args: &WorkspaceArgs, out: &Output) -> Result<Snapshot, Failure> {
    let path = workspace_file(args.workspace.as_deref());
    workspace_with(args, &path, &Beside::file(&path), out)
}

/// The same with the places of the files that the workspace names.
pub(crate) fn workspace_and_files(
    args: &WorkspaceArgs,
    out: &Output,
) -> Result<(Snapshot, Vec<PathBuf>), Failure> {
    let path = workspace_file(args.workspace.as_deref());
    let files = Noted::file(&path);
    Ok((workspace_with(args, &path, &files, out)?, files.places()))
}

fn workspace_with(
    args: &WorkspaceArgs,
    path: &Path,
    files: &dyn Files,
    out: &Output,
) -> Result<Snapshot, Failure> {
    if args.workspace.is_none() && path == Path::new(DEFAULT_FILE) && !path.exists() {
        return Err(Failure::with_help(
            format!("cannot read {}: there is no such file", quoted(DEFAULT_FILE)),
            format!(
                "name a workspace with `-w FILE` or ${VARIABLE}; `portcullis new DIR` makes one to start from"
            ),
        ));
    }
    workspace_at(path, files, &args.limits.limits(), out)
}

/// Compiles the workspace of a file; `files` brings what it names.
pub(crate) fn workspace_at(
    path: &Path,
    files: &dyn Files,
    limits: &Limits,
    out: &Output,
) -> Result<Snapshot, Failure> {
    let (snapshot, report) = compiled(path, files, limits)?;
    mention_warnings(path, None, &report, out);
    Ok(snapshot)
}

/// The same for whoever tells of the warnings in another way.
pub(crate) fn compiled(
    path: &Path,
    files: &dyn Files,
    limits: &Limits,
) -> Result<(Snapshot, Report), Failure> {
    let schema = Schema::hightouch().map_err(|report| reported(path, report))?;
    match read_any(&source(path, limits)?, &schema, files, limits) {
        Ok((Read::Workspace(snapshot), report)) => Ok((*snapshot, report)),
        Ok((other, _)) => Err(Failure::with_help(
            format!("{} is {}, not a workspace", quoted(&files::shown(path)), kind_name(&other)),
            "a workspace has `members`",
        )),
        Err(report) => Err(reported(path, report)),
    }
}

/// Reads a file of any kind, and says in one line that it has warnings. `typed` is how the schema was asked for.
pub(crate) fn any(
    path: &Path,
    schema: &Schema,
    typed: Option<&SchemaArgs>,
    limits: &Limits,
    out: &Output,
) -> Result<Read, Failure> {
    let source = source(path, limits)?;
    match read_any(&source, schema, &Beside::file(path), limits) {
        Ok((read, report)) => {
            // Only documents are read under the schema that was typed.
            let typed = typed.filter(|_| matches!(read, Read::Policy(..)));
            mention_warnings(path, typed.and_then(SchemaArgs::other_than_default), &report, out);
            Ok(read)
        }
        Err(report) => Err(reported(path, report)),
    }
}

/// The text of a file. Nobody knows yet of which kind it is, so it may be as long as any: the library tells the kind,
/// and names the limit that counts.
pub(crate) fn source(path: &Path, limits: &Limits) -> Result<Arc<Source>, Failure> {
    let bytes = files::read(path, limits.workspace_bytes.max(limits.document_bytes), "max-workspace-bytes")?;
    source_of(path, bytes)
}

/// The text that a file of this name held.
pub(crate) fn source_of(path: &Path, bytes: Vec<u8>) -> Result<Arc<Source>, Failure> {
    source_from_bytes(&files::shown(path), bytes).map_err(|report| reported(path, report))
}

/// The schema that documents alone are read under: a built-in name (no `/`, no `.json`) or a file.
pub(crate) fn schema(args: &SchemaArgs, limits: &Limits, out: &Output) -> Result<Schema, Failure> {
    let name = &*args.schema;
    let Some(path) = schema_file(args) else {
        let built_in = Schema::built_in(name).map_err(|report| reported(Path::new(name), report))?;
        return built_in.ok_or_else(|| unknown_schema(name));
    };
    let bytes = files::read(path, limits.document_bytes, "max-document-bytes")?;
    let source = source_from_bytes(&files::shown(path), bytes).map_err(|report| reported(path, report))?;
    let (schema, report) = Schema::read_within(&source, limits).map_err(|report| reported(path, report))?;
    mention_warnings(path, None, &report, out);
    Ok(schema)
}

/// The file that the schema is read from, unless it is a built-in one.
pub(crate) fn schema_file(args: &SchemaArgs) -> Option<&Path> {
    let name = &*args.schema;
    let is_path = name.contains('/') || name.contains(std::path::MAIN_SEPARATOR) || name.ends_with(".json");
    is_path.then(|| Path::new(name))
}

/// There is no built-in schema of this name.
pub(crate) fn unknown_schema(name: &str) -> Failure {
    let known = portcullis::text::listed(BUILT_IN_SCHEMAS.iter().copied(), 9);
    Failure::with_help(
        format!("there is no built-in schema {}", quoted(name)),
        format!("the built-in schemas are {known}; a file's name ends in `.json` or holds a `/`"),
    )
}

/// What a file turned out to be, with its article.
pub(crate) fn kind_name(read: &Read) -> &'static str {
    match read {
        Read::Policy(..) => "a policy document",
        Read::Schema(_) => "a schema",
        Read::Workspace(_) => "a workspace",
        Read::Tests(_) => "a test suite",
        Read::Rules(_) => "a file of rules",
    }
}

/// A failure with the errors of a report; its warnings are for `lint`.
pub(crate) fn reported(path: &Path, report: Report) -> Failure {
    Failure::Reported { file: files::shown(path), report: report.into_errors().sorted() }
}

/// Names the command that lists the warnings, so that it can be typed as it stands. What came from standard input
/// is no longer there.
pub(crate) fn mention_warnings(path: &Path, schema: Option<&str>, report: &Report, out: &Output) {
    let warnings = report.count(Severity::Warning);
    if warnings > 0 && path.as_os_str() == STANDARD {
        out.warn(&format!("{} in {}", counted(warnings, "warning"), files::shown(path)));
    } else if warnings > 0 {
        let schema =
            schema.map(|schema| format!("--schema {} ", files::typed(Path::new(schema)))).unwrap_or_default();
        let command = printable(&format!("portcullis lint {schema}{}", files::typed(path)));
        let them = if warnings == 1 { "it" } else { "them" };
        out.warn(&format!("{}; `{command}` lists {them}", counted(warnings, "warning")));
    }
}
