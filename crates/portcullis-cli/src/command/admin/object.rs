//! `portcullis object`: the objects that a workspace knows, and their properties.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use portcullis::text::{counted, grouped, quoted};
use portcullis_server::{Bounds, ObjectView, Operation, Properties};
use serde::Deserialize;
use serde_json::json;

use super::around::Around;
use super::change::ChangeArgs;
use super::folder::{ActingArgs, Session};
use super::given::properties;
use super::refused::{Trouble, settle};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::Output;
use crate::render::list;

/// Objects of one import.
const MOST: usize = 4_000_000;
/// What a line holds besides the properties.
const AROUND: u64 = 4096;

/// List, put and remove the objects of a workspace, with their properties.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis object put sync 42 --properties '{\"labels\": {\"team\": \"marketing\"}}'
  portcullis object import objects.jsonl")]
pub(crate) struct Object {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the objects, by type and id
    #[command(after_help = "Example:\n  portcullis object list --most 100")]
    List {
        /// Begin after this one
        #[arg(long, value_names = ["TYPE", "ID"], num_args = 2)]
        after: Option<Vec<String>>,
        /// At most so many
        #[arg(long, value_name = "N")]
        most: Option<usize>,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show an object
    #[command(after_help = "Example:\n  portcullis object show sync 42")]
    Show {
        /// Its type
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Its id
        id: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Put an object: a new one, or other properties of one that is there
    #[command(after_help = "Example:\n  portcullis object put sync 42 --properties @42.json")]
    Put {
        /// Its type
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Its id
        id: String,
        /// Properties in the place of all that were, as a JSON object or @FILE
        #[arg(long, value_name = "JSON|@FILE")]
        properties: Option<String>,
        /// Refuse if the object has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Remove an object
    #[command(after_help = "Example:\n  portcullis object remove sync 42")]
    Remove {
        /// Its type
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Its id
        id: String,
        /// Refuse if the object has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Put many objects, 10,000 in one change
    ///
    /// FILE has an object a line: {"type":"sync","id":"42","properties":{…}}. All lines are read before the first is put. When a change
    /// is refused, those before it stay, and which lines they are is told: the same file can be imported again.
    #[command(after_help = "Example:\n  portcullis object import objects.jsonl")]
    Import {
        /// The file, JSON Lines; - is standard input
        file: PathBuf,
        /// Only show what would be gained and lost, change by change
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        acting: ActingArgs,
    },
}

impl Object {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        match &self.what {
            What::List { after, most, acting } => {
                settle(list_all(acting, after.as_deref(), *most, out), acting.format, out)
            }
            What::Show { kind, id, acting } => settle(show(acting, kind, id, out), acting.format, out),
            What::Put { kind, id, properties: typed, version, change, acting } => {
                let put = |out: &mut Output| {
                    let properties =
                        typed.as_deref().map(|typed| properties(out.around(), typed)).transpose()?.flatten();
                    let (kind, id) = (kind.clone(), id.clone());
                    let put = Operation::PutObject { kind, id, properties, version: *version };
                    acting.change(vec![put], change, out)
                };
                settle(put(out), acting.format, out)
            }
            What::Remove { kind, id, version, change, acting } => {
                let (kind, id) = (kind.clone(), id.clone());
                let remove = Operation::RemoveObject { kind, id, version: *version };
                settle(acting.change(vec![remove], change, out), acting.format, out)
            }
            What::Import { file, dry_run, acting } => {
                settle(import(acting, file, *dry_run, out), acting.format, out)
            }
        }
    }
}

fn list_all(
    acting: &ActingArgs,
    after: Option<&[String]>,
    most: Option<usize>,
    out: &mut Output,
) -> Result<Exit, Trouble> {
    let session = acting.reading("object.list", out)?;
    let (mut objects, most) = (Vec::<ObjectView>::new(), most.unwrap_or(usize::MAX));
    let mut after = match after {
        Some([kind, id]) => Some((kind.clone(), id.clone())),
        _ => None,
    };
    while objects.len() < most {
        let from = after.as_ref().map(|(kind, id)| (kind.as_str(), id.as_str()));
        let page = session.service().objects(&session.call, session.workspace, from)?;
        let Some(last) = page.last() else { break };
        after = Some((last.kind.clone(), last.id.clone()));
        objects.extend(page);
    }
    objects.truncate(most);
    if acting.format.is_json() {
        out.json(&list::values(&objects)?)?;
        return Ok(Exit::Clear);
    }
    let text =
        |properties: Option<Properties>| properties.map(|one| one.text().to_owned()).unwrap_or_default();
    let rows: Vec<Vec<String>> =
        objects.into_iter().map(|one| vec![one.kind, one.id, text(one.properties)]).collect();
    list::table(out, &["type", "id", "properties"], &rows)?;
    Ok(Exit::Clear)
}

fn show(acting: &ActingArgs, kind: &str, id: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("object.show", out)?;
    let object = session.service().object(&session.call, session.workspace, kind, id)?;
    if acting.format.is_json() {
        out.json(&list::value(&object)?)?;
        return Ok(Exit::Clear);
    }
    let properties = object.properties.as_ref().map(|one| one.text().to_owned()).unwrap_or_default();
    list::pairs(
        out,
        &[
            ("type", object.kind),
            ("id", object.id),
            ("properties", properties),
            ("version", object.version.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}

/// A line of an import.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default)]
    properties: Option<Properties>,
}

/// The objects of a file, each with its line.
fn read(around: &Around, file: &Path) -> Result<Vec<(usize, Operation)>, Failure> {
    let name = quoted(&files::shown(file));
    let failed = |error: io::Error| Failure::said(format!("cannot read {name}: {}", files::in_words(&error)));
    let mut from = BufReader::new(around.open(file).map_err(failed)?);
    let longest = Bounds::default().properties_bytes as u64 + AROUND;
    let (mut objects, mut line) = (Vec::new(), 0);
    loop {
        let mut bytes = Vec::new();
        let count = Read::take(&mut from, longest + 1).read_until(b'\n', &mut bytes).map_err(failed)?;
        if count == 0 {
            return Ok(objects);
        }
        line += 1;
        let fault = |what: String| {
            let help = "a line is {\"type\": \"TYPE\", \"id\": \"ID\", \"properties\": {…}}; nothing was put";
            Failure::with_help(format!("{name}, line {line}: {what}"), help)
        };
        if count as u64 > longest {
            return Err(fault(format!("it has more than {} bytes", grouped(count - 1))));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        if objects.len() == MOST {
            return Err(fault(format!("more than {} objects in one file", grouped(MOST))));
        }
        let Line { kind, id, properties } =
            serde_json::from_slice(&bytes).map_err(|error| fault(error.to_string()))?;
        objects.push((line, Operation::PutObject { kind, id, properties, version: None }));
    }
}

fn import(acting: &ActingArgs, file: &Path, dry_run: bool, out: &mut Output) -> Result<Exit, Trouble> {
    let objects = read(out.around(), file)?;
    let session = acting.changing(out)?;
    if dry_run {
        let mut exit = Exit::Clear;
        let how = ChangeArgs { dry_run, digest: None };
        for batch in objects.chunks(Bounds::default().operations) {
            let operations = batch.iter().map(|(_, put)| put.clone()).collect();
            if session.change(operations, &how, acting.format, out)? == Exit::Findings {
                exit = Exit::Findings;
            }
        }
        return Ok(exit);
    }
    let (mut put, mut through) = (0, 0);
    for batch in objects.chunks(Bounds::default().operations) {
        put_all(&session, batch).map_err(|trouble| {
            if through > 0 {
                out.note(&format!(
                    "lines 1 to {} are in: {} were put",
                    grouped(through),
                    counted(put, "object")
                ));
            }
            of_line(trouble, batch)
        })?;
        put += batch.len();
        through = batch.last().map_or(through, |(line, _)| *line);
    }
    let revision = session.service().revision(&session.call, session.workspace)?;
    if acting.format.is_json() {
        out.json(&json!({ "objects": put, "revision": revision }))?;
    } else {
        io::Write::write_all(
            out,
            format!("put {}\nrevision {revision}\n", counted(put, "object")).as_bytes(),
        )?;
    }
    Ok(Exit::Clear)
}

fn put_all(session: &Session, batch: &[(usize, Operation)]) -> Result<(), Trouble> {
    let operations: Vec<Operation> = batch.iter().map(|(_, put)| put.clone()).collect();
    session.service().change(&session.call, session.workspace, &operations.into())?;
    Ok(())
}

/// People count lines, not operations.
fn of_line(trouble: Trouble, batch: &[(usize, Operation)]) -> Trouble {
    match trouble {
        Trouble::Refused(mut refused) => {
            let line = refused.at.and_then(|at| batch.get(at)).map(|(line, _)| *line);
            refused.at = None;
            match line {
                Some(line) => Trouble::InLine(line, refused),
                None => Trouble::Refused(refused),
            }
        }
        failed => failed,
    }
}
