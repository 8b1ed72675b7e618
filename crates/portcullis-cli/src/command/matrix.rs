//! `portcullis matrix`: the action × resource grid of a subject, of a document, or of every role.
//!
//! Five states, each told by its text and only then by its colour. The cells come from the bits that decide, so the
//! grid cannot say anything that a check would not.

use std::io::Write;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::{Args, ValueEnum};
use portcullis::matrix::{PermissionId, Verdict};
use portcullis::text::{quoted, shown};
use portcullis::{Answer, Question, Read, Schema, Snapshot};
use serde_json::{Map, Value, json};

use crate::args::{SchemaArgs, WorkspaceArgs};
use crate::command::what;
use crate::exit::{Exit, Failure, Outcome};
use crate::load;
use crate::output::{BAD, FAINT, GOOD, Output, STRONG};
use crate::render::table::{self, Mark};

/// Show the action × resource grid of a subject or a role.
///
/// With a subject: what that member may do. With a file whose name ends in `.json`, and without -w: what the policy
/// document in it comes to when held alone, under --schema. With neither: every role of the workspace, one
/// after the other, built-in ones first.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis matrix -w examples/acme/workspace.json svc-atlan@acme.example
  portcullis matrix examples/acme/roles/audience_collaborator.json
  portcullis matrix -w examples/acme/workspace.json --format csv")]
pub(crate) struct Matrix {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// The id of a member, or without -w a policy document ROLE.json
    subject: Option<String>,
    #[command(flatten)]
    schema: SchemaArgs,
    /// For whom the output is
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: MatrixFormat,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum MatrixFormat {
    /// For people: grids.
    #[default]
    Human,
    /// For programs: one object.
    Json,
    /// For spreadsheets: resource, action and state a line.
    Csv,
}

/// What a cell of the grid says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Allow,
    /// A statement denies it.
    Deny,
    /// No statement allows it.
    NotGranted,
    /// Conditions decide.
    Conditional,
    /// The schema has no such pair.
    NotAdmitted,
}

impl State {
    fn mark(self) -> Mark {
        let (text, style) = match self {
            State::Allow => ("allow", GOOD),
            State::Deny => ("DENY", BAD),
            State::NotGranted => ("-", Style::new()),
            State::Conditional => ("if", STRONG),
            State::NotAdmitted => ("·", FAINT),
        };
        Mark { text, style }
    }

    fn word(self) -> &'static str {
        match self {
            State::Allow => "allow",
            State::Deny => "deny",
            State::NotGranted => "not_granted",
            State::Conditional => "conditional",
            State::NotAdmitted => "not_admitted",
        }
    }

    fn legend(self) -> &'static str {
        match self {
            State::Allow => "granted",
            State::Deny => "denied by a statement",
            State::NotGranted => "not granted",
            State::Conditional => "depends on conditions",
            State::NotAdmitted => "not applicable",
        }
    }
}

/// One grid: whose it is, and what decides a cell.
struct Grid<'a> {
    /// `subject`, `role` or `document`.
    of: &'static str,
    name: String,
    suspended: bool,
    cell: Box<dyn Fn(PermissionId) -> State + 'a>,
}

impl Matrix {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        if let Some(document) = self.document() {
            let limits = self.workspace.limits.limits();
            let schema = load::schema(&self.schema, &limits, out)?;
            let read = load::any(document, &schema, Some(&self.schema), &limits, out)?;
            let Read::Policy(_, grants) = read else {
                let message =
                    format!("{} is {}", quoted(&document.to_string_lossy()), load::kind_name(&read));
                return Err(Failure::with_help(
                    message,
                    "for a workspace, name it with -w; a grid is of a policy document, a subject or a role",
                ));
            };
            let planes = grants.planes();
            let cell = Box::new(move |id| state(planes.cell(id)));
            let name = document.to_string_lossy().into_owned();
            let grid = Grid { of: "document", name, suspended: false, cell };
            return self.print(grants.schema(), &[grid], out);
        }
        let snapshot = load::workspace(&self.workspace, out)?;
        let grids = match &self.subject {
            Some(subject) => vec![of_subject(&snapshot, subject)?],
            None => of_roles(&snapshot),
        };
        self.print(snapshot.schema(), &grids, out)
    }

    /// The document meant, if one is: only without -w, since a member's id may look like anything.
    fn document(&self) -> Option<&Path> {
        let name = self.subject.as_deref().filter(|_| self.workspace.workspace.is_none())?;
        name.ends_with(".json").then_some(Path::new(name))
    }

    fn print(&self, schema: &Schema, grids: &[Grid<'_>], out: &mut Output) -> Outcome {
        match self.format {
            MatrixFormat::Human => human(schema, grids, out)?,
            MatrixFormat::Json => {
                let grids: Vec<Value> = grids.iter().map(|grid| as_json(schema, grid)).collect();
                out.json(&json!({ "schema": schema.name(), "grids": grids }))?;
            }
            MatrixFormat::Csv => csv(schema, grids, out)?,
        }
        Ok(Exit::Clear)
    }
}

fn state(cell: portcullis::matrix::Cell) -> State {
    match cell.verdict() {
        Verdict::Allow => State::Allow,
        Verdict::Open => State::Conditional,
        Verdict::Deny if cell.contains(portcullis::matrix::Cell::DENY) => State::Deny,
        Verdict::Deny => State::NotGranted,
    }
}

fn of_subject<'a>(snapshot: &'a Snapshot, subject: &str) -> Result<Grid<'a>, Failure> {
    let Some(handle) = snapshot.subject(subject) else {
        let failure = what::unknown(snapshot, subject);
        let looks_like_file = subject.ends_with(".json") && PathBuf::from(subject).is_file();
        return Err(match failure {
            Failure::Said { message, help: None } if looks_like_file => {
                Failure::with_help(message, "for the grid of a document, leave out -w")
            }
            failure => failure,
        });
    };
    let (suspended, name) = (snapshot.is_suspended(subject), subject.to_owned());
    let cell = Box::new(move |id| {
        let plain = state(snapshot.matrix().cell(handle.id(), id));
        let names = snapshot.schema().names_of(id).filter(|_| plain == State::Conditional);
        let answer = names.map(|(action, kind)| snapshot.answer(&Question::new(&name, action, kind)));
        match answer {
            Some(Ok(Answer::Allowed)) => State::Allow,
            Some(Ok(Answer::Denied { by_statement: true })) => State::Deny,
            Some(Ok(Answer::Denied { .. })) => State::NotGranted,
            _ => plain,
        }
    });
    Ok(Grid { of: "subject", name: subject.to_owned(), suspended, cell })
}

fn of_roles(snapshot: &Snapshot) -> Vec<Grid<'_>> {
    let roles = snapshot.roles().map(|role| {
        let planes = role.grants().planes();
        let cell: Box<dyn Fn(PermissionId) -> State> = Box::new(move |id| state(planes.cell(id)));
        Grid { of: "role", name: role.name().to_owned(), suspended: false, cell }
    });
    roles.collect()
}

/// The permission of each cell, by row and column; nothing where the schema has no such pair.
fn cells(schema: &Schema, columns: &[&str]) -> Vec<Vec<Option<PermissionId>>> {
    let number = |name: &str| columns.iter().position(|column| *column == name);
    let row = |kind: &portcullis::ResourceType| {
        let mut row = vec![None; columns.len()];
        for (id, action) in kind.permissions().zip(schema.actions_of(kind)) {
            if let Some(cell) = number(action).and_then(|column| row.get_mut(column)) {
                *cell = Some(PermissionId::from_u32(id));
            }
        }
        row
    };
    schema.types().iter().map(row).collect()
}

fn human(schema: &Schema, grids: &[Grid<'_>], out: &mut Output) -> Result<(), Failure> {
    let columns: Vec<&str> = schema.actions().collect();
    let rows: Vec<&str> = schema.types().iter().map(|kind| kind.name()).collect();
    let cells = cells(schema, &columns);
    let mut seen = Vec::new();
    for (index, grid) in grids.iter().enumerate() {
        let suspended = if grid.suspended { " (suspended: everything is denied)" } else { "" };
        let title = out.paint(STRONG, &format!("{} {}", grid.of, shown(&grid.name)));
        writeln!(out, "{}{title}{suspended}\n", if index == 0 { "" } else { "\n" })?;
        let state = |row: usize, column: usize| {
            let permission = cells.get(row).and_then(|row| *row.get(column)?);
            permission.map_or(State::NotAdmitted, &grid.cell)
        };
        for (row, _) in rows.iter().enumerate() {
            seen.extend((0..columns.len()).map(|column| state(row, column)));
            seen.sort_unstable_by_key(|state| *state as u8);
            seen.dedup();
        }
        table::grid(out, &rows, &columns, |row, column| state(row, column).mark())?;
    }
    let legend: Vec<String> = seen
        .into_iter()
        .map(|state| format!("{} {}", out.paint(state.mark().style, state.mark().text), state.legend()))
        .collect();
    writeln!(out, "\n{}", legend.join(", "))?;
    Ok(())
}

fn as_json(schema: &Schema, grid: &Grid<'_>) -> Value {
    let mut resources = Map::new();
    for kind in schema.types() {
        let states = kind.permissions().map(|id| (grid.cell)(PermissionId::from_u32(id)).word());
        let row: Map<String, Value> = schema
            .actions_of(kind)
            .zip(states)
            .map(|(action, state)| (action.to_owned(), json!(state)))
            .collect();
        resources.insert(kind.name().to_owned(), Value::Object(row));
    }
    let mut value = json!({ grid.of: grid.name, "resources": resources });
    if let (Some(object), "subject") = (value.as_object_mut(), grid.of) {
        object.insert("suspended".to_owned(), json!(grid.suspended));
    }
    value
}

/// Rows of resource, action and state; with a first column for the role where there are several grids.
fn csv(schema: &Schema, grids: &[Grid<'_>], out: &mut Output) -> Result<(), Failure> {
    let roles = grids.iter().any(|grid| grid.of == "role");
    writeln!(out, "{}resource,action,state", if roles { "role," } else { "" })?;
    let columns: Vec<&str> = schema.actions().collect();
    let cells = cells(schema, &columns);
    for grid in grids {
        let first = if roles { format!("{},", csv_field(&grid.name)) } else { String::new() };
        for (kind, row) in schema.types().iter().zip(&cells) {
            for (action, permission) in columns.iter().zip(row) {
                let state = permission.map_or(State::NotAdmitted, &grid.cell);
                let (resource, action) = (csv_field(kind.name()), csv_field(action));
                writeln!(out, "{first}{resource},{action},{}", state.word())?;
            }
        }
    }
    Ok(())
}

/// A field as RFC 4180 has it: quoted when it holds a comma, a quote or the end of a line.
fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(char::is_whitespace) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_fields_are_quoted_where_they_must_be() {
        assert_eq!(csv_field("sync"), "sync");
        assert_eq!(csv_field("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
    }
}
