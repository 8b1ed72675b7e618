//! `portcullis minimize`: the shortest document that means the same.
//!
//! The document goes to standard output, or to a file that is named, and what came of it to standard error; so the
//! command is a filter. The library compares what it found with what it was given before it hands it out.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis::text::{counted, grouped, quoted};
use portcullis::{MinimizeError, Minimized, Minimizing, Read, minimize};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::{FormatArgs, LimitArgs, SchemaArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::{files, load};

/// Print the shortest document that means the same
///
/// Fewest statements, then as few names as can be found. Standard error says how many statements
/// there were and are, and whether it is proven that fewer would not do. What means the same means
/// the same to everybody, whatever other roles they hold: denies stay what they are. It is read
/// again and compared before it is printed.
///
/// Of a document that is as short as any, the canonical form is printed and nothing else changes.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  portcullis minimize examples/acme/roles/editor.json
  portcullis minimize --wildcards --out role.json role.json"
)]
pub(crate) struct Minimize {
    /// The policy document; `-` is standard input
    #[arg(value_name = "ROLE.json")]
    file: PathBuf,
    /// Write "*" wherever it says nothing else today; else it only stays on what it was on
    #[arg(long)]
    wildcards: bool,
    /// How long to search, in steps, which are counted and not timed
    #[arg(long, value_name = "N", default_value_t = Minimizing::default().steps)]
    steps: u64,
    /// Where the document goes, the file itself if that is meant; `-` is standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Minimize {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let limits = self.limits.limits();
        let target = self.out.as_deref().filter(|path| path.as_os_str() != files::STANDARD);
        if let (Some(target), Some(schema)) = (target, load::schema_file(&self.schema))
            && files::is_same(target, schema)
        {
            return Err(Failure::with_help(
                format!("{} is the schema", quoted(&files::shown(target))),
                "name another file with `--out`",
            ));
        }
        let schema = load::schema(&self.schema, &limits, out)?;
        let read = load::any(&self.file, &schema, Some(&self.schema), &limits, out)?;
        let Read::Policy(document, _) = read else {
            let message = format!("{} is {}", quoted(&files::shown(&self.file)), load::kind_name(&read));
            return Err(Failure::with_help(message, "give a policy document; it has `policies`"));
        };
        let mut how = Minimizing::default();
        (how.wildcards, how.steps) = (self.wildcards, self.steps);
        let found = minimize(&document, &schema, &how).map_err(|error| match error {
            MinimizeError::Faulty(report) => load::reported(&self.file, report),
            MinimizeError::Unequal => Failure::said(error.to_string()),
        })?;
        if let Some(target) = target {
            files::replace(target, found.text()).map_err(|error| unwritten(target, &error))?;
        }
        if self.format.is_json() {
            out.json(&Answer::of(&found)?)?;
        } else if target.is_none() {
            out.write_all(found.text().as_bytes())?;
        }
        out.tell(&summary(&found, self.steps));
        Ok(Exit::Clear)
    }
}

fn unwritten(target: &Path, error: &std::io::Error) -> Failure {
    let why = files::in_words_of_writing(error);
    Failure::said(format!("cannot write {}: {why}", quoted(&files::shown(target))))
}

/// What came of it, in a line.
fn summary(found: &Minimized, steps: u64) -> String {
    let (before, after) = (found.before(), found.after());
    let statements = counted(after.statements, "statement");
    let became = if after.statements < before.statements {
        format!("{statements} instead of {}", grouped(before.statements))
    } else if found.is_shorter() {
        format!(
            "{statements} as before, {} instead of {}",
            counted(after.names, "name"),
            grouped(before.names)
        )
    } else {
        format!("{statements} as before")
    };
    if found.is_proven() {
        return format!("{became}: proven the fewest");
    }
    let least = grouped(found.at_least());
    let searched = grouped(usize::try_from(steps).unwrap_or(usize::MAX));
    format!("{became}: the fewest that were found in {searched} steps; at least {least} are needed")
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Answer {
    /// Digit for digit: numbers in conditions may have more than a double holds.
    document: Box<RawValue>,
    statements: Counts,
    names: Counts,
    at_least: usize,
    proven: bool,
}

#[derive(Serialize)]
struct Counts {
    before: usize,
    after: usize,
}

impl Answer {
    fn of(found: &Minimized) -> Result<Answer, Failure> {
        // No line ends inside of a string of JSON, so every line may be moved.
        let moved = found.text().trim_end().replace('\n', "\n  ");
        let document = RawValue::from_string(moved)
            .map_err(|error| Failure::said(format!("the document cannot be put into JSON: {error}")))?;
        let (before, after) = (found.before(), found.after());
        Ok(Answer {
            document,
            statements: Counts { before: before.statements, after: after.statements },
            names: Counts { before: before.names, after: after.names },
            at_least: found.at_least(),
            proven: found.is_proven(),
        })
    }
}
