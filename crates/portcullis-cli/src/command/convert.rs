//! `portcullis convert`: a policy document or a workspace in another engine's language.
//!
//! Cedar is the one there is. What it cannot say is told on standard error and in comments, and makes the command exit 1:
//! the policies never allow more than the document, but then they may allow less. Files are written whole or not at
//! all, beside each other in one directory, and never over what was read.

use std::fmt;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use portcullis::cedar::{self, Lost, Statement};
use portcullis::text::{counted, printable, quoted};
use portcullis::{Read, Snapshot};
use serde_json::{Value, json};

use crate::args::{FormatArgs, SchemaArgs, WorkspaceArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Replacing, STANDARD};
use crate::load;
use crate::output::Output;

/// How many shortcomings of each sort are told to people one by one.
const TOLD: usize = 100;
const POLICIES: &str = "policies.cedar";
const ENTITIES: &str = "entities.json";

/// Write a policy document or a workspace in the language of another engine.
///
/// With a file and without -w: the policies that the document in it comes to, read under --schema, for whoever is in `Role::"NAME"`. Else the
/// policies of all roles of the workspace; with --out also its members, groups and stored objects as entities.
///
/// What the other language cannot say is told on standard error and in comments among the policies, which then allow less than the
/// document, and never more; the exit status is then 1.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis convert --to cedar examples/acme/roles/editor.json
  portcullis convert --to cedar -w examples/acme/workspace.json --out cedar")]
pub(crate) struct Convert {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// A policy document; a workspace is named with -w
    #[arg(value_name = "ROLE.json")]
    document: Option<PathBuf>,
    /// The other language
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    to: Language,
    /// The role that the document is [default: the name of its file]
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// The directory to write policies.cedar into, and of a workspace entities.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Cedar's policies and entities.
    Cedar,
}

/// What a conversion came to.
struct Made<'s> {
    statements: &'s [Statement],
    entities: Option<&'s cedar::Converted<'s>>,
}

impl Convert {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let Language::Cedar = self.to;
        match &self.document {
            Some(_) if self.workspace.workspace.is_some() => {
                let message = "a policy document and a workspace are named at once";
                Err(Failure::with_help(
                    message,
                    "leave out -w for the document, or the document for the workspace",
                ))
            }
            Some(path) => self.document(path, out),
            None if self.role.is_some() => {
                let help = "name the policy document that the role is";
                Err(Failure::with_help("--role is for a policy document, and none is named", help))
            }
            None => self.whole(out),
        }
    }

    fn document(&self, path: &Path, out: &mut Output) -> Outcome {
        let limits = self.workspace.limits.limits();
        let schema = load::schema(&self.schema, &limits, out)?;
        let read = load::any(path, &schema, Some(&self.schema), &limits, out)?;
        let Read::Policy(document, grants) = &read else {
            let message = format!("{} is {}", quoted(&files::shown(path)), load::kind_name(&read));
            return Err(Failure::with_help(message, "name a policy document, or a workspace with -w"));
        };
        let stem = path.file_stem().filter(|_| path.as_os_str() != STANDARD);
        let stem = stem.map_or_else(|| "role".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let statements = cedar::document(self.role.as_ref().unwrap_or(&stem), document, grants)
            .map_err(|error| Failure::said(error.to_string()))?;
        let schemas = load::schema_file(&self.schema).map(Path::to_owned);
        let inputs: Vec<PathBuf> = std::iter::once(path.to_owned()).chain(schemas).collect();
        self.give(&Made { statements: &statements, entities: None }, &inputs, out)
    }

    fn whole(&self, out: &mut Output) -> Outcome {
        let (snapshot, mut inputs): (Snapshot, _) = load::workspace_and_files(&self.workspace, out)?;
        inputs.push(load::workspace_file(self.workspace.workspace.as_deref()));
        let converted = cedar::workspace(&snapshot).map_err(|error| Failure::said(error.to_string()))?;
        let made = Made { statements: converted.statements(), entities: Some(&converted) };
        self.give(&made, &inputs, out)
    }

    fn give(&self, made: &Made<'_>, inputs: &[PathBuf], out: &mut Output) -> Outcome {
        let is_json = self.format.is_json();
        let mut entities = String::new();
        let mut lost = Lost::default();
        if let Some(directory) = &self.out {
            self.write(directory, made, inputs, &mut lost, out)?;
        } else if let Some(converted) = made.entities {
            // Without a file only programs read entities, but what is lost of them is told to everybody.
            let written = if is_json {
                converted.write_entities(&mut entities)
            } else {
                converted.write_entities(Nowhere)
            };
            lost = written.map_err(|_| Failure::said("the entities could not be written"))?;
        }
        let unsaid = made.statements.iter().any(|statement| !statement.unsaid().is_empty());
        let exit = out.announce(Exit::findings(unsaid || lost.count() > 0));
        if is_json {
            let told = self.as_json(made, &entities, &lost)?;
            out.json(&told)?;
        } else {
            if self.out.is_none() {
                made.statements
                    .iter()
                    .try_for_each(|statement| out.write_all(statement.text().as_bytes()))?;
            }
            tell(made.statements, &lost, out);
        }
        Ok(exit)
    }

    fn write(
        &self,
        directory: &Path,
        made: &Made<'_>,
        inputs: &[PathBuf],
        lost: &mut Lost,
        out: &Output,
    ) -> Result<(), Failure> {
        let failed = |path: &Path, error: &io::Error| {
            let why = match error.kind() {
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                    "it is no directory".to_owned()
                }
                _ => files::in_words_of_writing(error),
            };
            Failure::said(format!("cannot write {}: {why}", quoted(&files::shown(path))))
        };
        let policies = directory.join(POLICIES);
        let entities = directory.join(ENTITIES);
        for path in [&policies, &entities] {
            if files::is_among(inputs, path) {
                let message = format!("{} was read and would be written over", quoted(&files::shown(path)));
                return Err(Failure::with_help(message, "name another directory with --out"));
            }
        }
        fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
        put(&policies, |sink| {
            made.statements.iter().try_for_each(|statement| sink.write_all(statement.text().as_bytes()))
        })
        .map_err(|error| failed(&policies, &error))?;
        let count: usize = made.statements.iter().map(Statement::policies).sum();
        if !self.format.is_json() {
            out.tell(&format!("{}: {}", printable(&files::shown(&policies)), counted_policies(count)));
        }
        let Some(converted) = made.entities else { return Ok(()) };
        put(&entities, |sink| {
            let mut through = Through { sink, error: None };
            let written = converted.write_entities(&mut through);
            *lost = written.map_err(|_| through.error.take().unwrap_or(io::ErrorKind::Other.into()))?;
            Ok(())
        })
        .map_err(|error| failed(&entities, &error))?;
        if !self.format.is_json() {
            out.tell(&format!(
                "{}: members, groups, roles, types and objects",
                printable(&files::shown(&entities))
            ));
        }
        Ok(())
    }

    /// Policies and entities are there unless they went into files.
    fn as_json(&self, made: &Made<'_>, entities: &str, lost: &Lost) -> Result<Value, Failure> {
        let statement = |statement: &Statement| {
            let unsaid = statement.unsaid().iter();
            let unsaid: Value = unsaid.map(|one| json!({ "test": one.test, "why": one.why })).collect();
            json!({
                "role": statement.role(), "statement": statement.index(), "effect": statement.effect().as_str(),
                "place": statement.place(), "policies": statement.policies(), "unsaid": unsaid,
            })
        };
        let told = lost.iter().map(|(entity, path)| json!({ "entity": entity, "attribute": path }));
        let mut object = json!({
            "statements": made.statements.iter().map(statement).collect::<Value>(),
            "lost": { "count": lost.count(), "attributes": told.collect::<Value>() },
        });
        if self.out.is_none() {
            let text: String = made.statements.iter().map(Statement::text).collect();
            if let Value::Object(object) = &mut object {
                object.insert("policies".to_owned(), json!(text));
                if made.entities.is_some() {
                    let entities = serde_json::from_str(entities);
                    let entities: Value = entities.map_err(|error| Failure::said(error.to_string()))?;
                    object.insert("entities".to_owned(), entities);
                }
            }
        }
        Ok(object)
    }
}

fn counted_policies(count: usize) -> String {
    if count == 1 { "1 policy".to_owned() } else { format!("{count} policies") }
}

/// Says what the policies do not.
fn tell(statements: &[Statement], lost: &Lost, out: &Output) {
    let each = statements.iter().flat_map(|statement| {
        statement.unsaid().iter().map(move |unsaid| {
            let (place, test) = (printable(statement.place()), printable(&unsaid.test));
            format!("{place}: {}: `{test}`: {}", statement.shortfall(), unsaid.why)
        })
    });
    let count = each.clone().count();
    each.take(TOLD).for_each(|line| out.warn(&line));
    if count > TOLD {
        out.warn(&format!("{} more tests are not said", count - TOLD));
    }
    for (entity, path) in lost.iter().take(TOLD) {
        out.warn(&format!("{}: Cedar has no form for its {}", quoted(entity), quoted(path)));
    }
    if lost.count() > TOLD {
        out.warn(&format!("{} have no form", counted(lost.count() - TOLD, "more attribute")));
    }
    let left: usize = statements.iter().filter(|statement| !statement.unsaid().is_empty()).count();
    if left > 0 || lost.count() > 0 {
        out.help("the policies never allow more than was read; docs/convert.md says what Cedar cannot say");
    }
}

/// Writes a file in one step.
fn put(path: &Path, write: impl FnOnce(&mut BufWriter<Replacing>) -> io::Result<()>) -> io::Result<()> {
    let mut sink = BufWriter::new(Replacing::begin(path)?);
    write(&mut sink)?;
    sink.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
}

/// Text into a file; what went wrong is kept.
struct Through<'s> {
    sink: &'s mut BufWriter<Replacing>,
    error: Option<io::Error>,
}

impl fmt::Write for Through<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.sink.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// Text that nobody reads.
struct Nowhere;

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _text: &str) -> fmt::Result {
        Ok(())
    }
}
