//! `portcullis lint`: what is wrong in files of any kind, and what may not be meant.
//!
//! The only command that lists warnings. A file that cannot be read does not keep the others from being
//! looked at, but it does make the exit status 2: nobody knows what is in it.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use portcullis::diagnostic::Code;
use portcullis::text::{counted, listed, quoted};
use portcullis::{Report, Severity, read_any};
use serde_json::{Value, json};

use crate::args::{FormatArgs, LimitArgs, SchemaArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::files::Beside;
use crate::load;
use crate::output::{BAD, GOOD, Output};
use crate::render::{human, json};

/// Report what is wrong in policy documents, schemas and workspaces.
///
/// A file's kind is told by its keys. Linting a workspace lints the documents and the schema that it names. Exits 1
/// when there are errors (with --deny-warnings, when there are warnings), and 2 when a file could not be read.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis lint examples/acme/workspace.json
  portcullis lint --deny-warnings examples/acme/roles/editor.json examples/acme/roles/reader.json
  portcullis lint --explain P0103")]
pub(crate) struct Lint {
    /// Files to look at; `-` is standard input
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Exit 1 on warnings too
    #[arg(long)]
    deny_warnings: bool,
    /// Say what a code means, with an example and its mend where there is one
    #[arg(long, value_name = "CODE", conflicts_with = "files")]
    explain: Option<String>,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Lint {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        if let Some(code) = &self.explain {
            return self.page(code, out);
        }
        let limits = self.limits.limits();
        let schema = load::schema(&self.schema, &limits, out)?;
        let (mut all, mut unread) = (Report::new(), 0);
        for path in &self.files {
            let found = match load::source(path, &limits) {
                Ok(source) => match read_any(&source, &schema, &Beside::file(path), &limits) {
                    Ok((_, report)) | Err(report) => report,
                },
                Err(Failure::Reported { report, .. }) => report,
                Err(failure) => {
                    out.failure(&failure);
                    unread += 1;
                    continue;
                }
            };
            all.append(found.sorted());
        }
        let counts = Counts::of(&all);
        let found = counts.errors > 0 || (self.deny_warnings && counts.warnings > 0);
        let exit = out.announce(if unread > 0 { Exit::Unanswered } else { Exit::findings(found) });
        if self.format.is_json() {
            let diagnostics: Value = all.iter().map(json::diagnostic).collect();
            out.json(&json!({
                "diagnostics": diagnostics,
                "dropped": all.dropped(),
                "errors": counts.errors,
                "warnings": counts.warnings,
                "notes": counts.notes,
                "files": self.files.len() - unread,
                "unread": unread,
            }))?;
        } else {
            let text = human::report(&all, out.is_styled(), out.width());
            out.write_all(text.as_bytes())?;
            self.summary(counts, unread, out)?;
        }
        Ok(exit)
    }

    fn summary(&self, counts: Counts, unread: usize, out: &mut Output) -> Result<(), Failure> {
        let Counts { errors, warnings, notes } = counts;
        let parts = [(errors, "error"), (warnings, "warning"), (notes, "note")];
        let told: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|&(count, noun)| counted(count, noun)).collect();
        let (style, told) = match (errors, told.is_empty()) {
            (_, true) => (GOOD, "nothing found".to_owned()),
            (0, _) => (anstyle::Style::new().bold(), told.join(", ")),
            _ => (BAD, told.join(", ")),
        };
        let told = out.paint(style, &told);
        let read = self.files.len() - unread;
        if read > 0 {
            writeln!(out, "{told} in {}", counted(read, "file"))?;
        }
        Ok(())
    }

    /// The page about a code.
    fn page(&self, text: &str, out: &mut Output) -> Outcome {
        let Some(code) = Code::parse(text) else { return Err(unknown_code(text)) };
        if self.format.is_json() {
            let example = code.example().map(|example| json!({ "bad": example.bad, "good": example.good }));
            out.json(&json!({
                "code": code.as_str(),
                "severity": code.severity().as_str(),
                "title": code.title(),
                "why": code.why(),
                "example": example,
            }))?;
        } else {
            out.write_all(code.page().as_bytes())?;
        }
        Ok(Exit::Clear)
    }
}

impl Counts {
    fn of(report: &Report) -> Counts {
        Counts {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
        }
    }
}

/// The codes nearest to a text that is none: those that differ in one character, else those of its hundred.
fn unknown_code(text: &str) -> Failure {
    let message = format!("there is no code {}", quoted(text));
    let upper = text.to_ascii_uppercase();
    let digits = upper.trim_start_matches(['P', '0']);
    let known = || Code::ALL.iter().map(|code| code.as_str());
    if let Some(same) =
        known().find(|code| !digits.is_empty() && code.trim_start_matches(['P', '0']) == digits)
    {
        return Failure::with_help(message, format!("did you mean {}?", quoted(same)));
    }
    let slips = |code: &str| {
        code.len() != upper.len() || code.chars().zip(upper.chars()).filter(|(a, b)| a != b).count() > 1
    };
    let near: Vec<&str> = known().filter(|code| !slips(code)).collect();
    let help = if near.is_empty() {
        let ends = (Code::ALL.first(), Code::ALL.last());
        match ends {
            (Some(first), Some(last)) => {
                format!("codes go from {} to {}", quoted(first.as_str()), quoted(last.as_str()))
            }
            _ => String::new(),
        }
    } else {
        format!("did you mean {}?", listed(near, 6).replace(" and ", " or "))
    };
    Failure::with_help(message, help)
}
