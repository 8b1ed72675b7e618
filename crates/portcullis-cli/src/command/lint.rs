//! `portcullis lint`: what is wrong in files of any kind, and what may not be meant.
//!
//! The only command that lists warnings, but for those about suites that `test` runs. A file that cannot be read does not
//! keep the others from being looked at, but it does make the exit status 2: nobody knows what is in it. With `--watch`
//! the same is done again whenever a file changes, those included that a workspace names.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use portcullis::diagnostic::Code;
use portcullis::text::{counted, listed, quoted};
use portcullis::{Files, Report, Schema, Severity};
use serde_json::{Value, json};

use crate::args::{LimitArgs, SchemaArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Beside};
use crate::load;
use crate::output::{BAD, GOOD, Output, STRONG};
use crate::render::sarif::{Linted, Unread};
use crate::render::{human, json, sarif};
use crate::watch::{End, Noting, Watched};

/// Report what is wrong in policy documents, schemas, workspaces and test suites.
///
/// A file's kind is told by its keys. Linting a workspace lints the documents and the schema that it names, linting a
/// test suite the workspace that it names; its tests are not run. Exits 1
/// when there are errors (with --deny-warnings, when there are warnings), and 2 when a file could not be read.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis lint examples/acme/workspace.json
  portcullis lint --deny-warnings examples/acme/roles/editor.json examples/acme/roles/reader.json
  portcullis lint --format sarif examples/acme/workspace.json
  portcullis lint --watch examples/acme/workspace.json
  portcullis lint --explain P0103")]
pub(crate) struct Lint {
    /// Files to look at; `-` is standard input
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Exit 1 on warnings too
    #[arg(long)]
    deny_warnings: bool,
    /// Lint again whenever one of the files changes, or one that a workspace names
    #[arg(long, conflicts_with = "explain")]
    watch: bool,
    /// Say what a code means, with an example and its mend where there is one
    #[arg(long, value_name = "CODE", conflicts_with = "files")]
    explain: Option<String>,
    #[command(flatten)]
    schema: SchemaArgs,
    /// For whom the output is
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: LintFormat,
    #[command(flatten)]
    limits: LimitArgs,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// For people: the lines at fault, and mends.
    #[default]
    Human,
    /// For programs: one object.
    Json,
    /// For code scanning services and editors: SARIF 2.1.0.
    Sarif,
}

/// What one look at all the files came to.
#[derive(Default)]
struct Round {
    linted: Vec<Linted>,
    unread: Vec<Unread>,
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
        if self.watch {
            return self.watch(out);
        }
        let schema = load::schema(&self.schema, &self.limits.limits(), out)?;
        let round = self.look(&schema, None, out);
        self.tell(round, out)
    }

    /// Looks at every file. What cannot be read is said at once.
    fn look(&self, schema: &Schema, watched: Option<&Watched>, out: &Output) -> Round {
        let limits = self.limits.limits();
        let mut round = Round::default();
        for path in &self.files {
            let beside = Beside::file(path);
            let noting = watched.map(|watched| Noting { beside: Beside::file(path), watched });
            let files: &dyn Files = noting.as_ref().map_or(&beside, |noting| noting);
            if let Some(watched) = watched {
                watched.note(path);
            }
            let name = files::shown(path);
            let found = match load::source(path, &limits) {
                Ok(source) => match portcullis::lint(&source, schema, files, &limits) {
                    Ok((_, report)) | Err(report) => report,
                },
                Err(Failure::Reported { report, .. }) => report,
                Err(failure) => {
                    out.failure(&failure);
                    round.unread.push(Unread { name, why: failure.message() });
                    continue;
                }
            };
            round.linted.push(Linted { name, report: found.sorted() });
        }
        round
    }

    /// Writes what was found, and says how that ends the command.
    fn tell(&self, round: Round, out: &mut Output) -> Outcome {
        let count = |severity| round.linted.iter().map(|file| file.report.count(severity)).sum();
        let counts = Counts {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        };
        let (read, unread) = (round.linted.len(), round.unread.len());
        let found = counts.errors > 0 || (self.deny_warnings && counts.warnings > 0);
        let exit = out.announce(if unread > 0 { Exit::Unanswered } else { Exit::findings(found) });
        if self.format == LintFormat::Sarif {
            out.json(&sarif::log(&round.linted, &round.unread))?;
            return Ok(exit);
        }
        // No more than a reader takes in, however many files there are.
        let mut all = Report::new();
        round.linted.into_iter().for_each(|file| all.append(file.report));
        if self.format == LintFormat::Json {
            let diagnostics: Value = all.iter().map(json::diagnostic).collect();
            out.json(&json!({
                "diagnostics": diagnostics,
                "dropped": all.dropped(),
                "errors": counts.errors,
                "warnings": counts.warnings,
                "notes": counts.notes,
                "files": read,
                "unread": unread,
            }))?;
        } else {
            let text = human::report(&all, out.is_styled(), out.width());
            out.write_all(text.as_bytes())?;
            if read > 0 {
                summary(counts, read, out)?;
            }
        }
        Ok(exit)
    }

    /// Lints in rounds, one at first and one after every change, until somebody ends it.
    fn watch(&self, out: &mut Output) -> Outcome {
        if self.format != LintFormat::Human {
            let help = "leave `--format` out, or lint once";
            return Err(Failure::with_help("`--watch` writes for people only", help));
        }
        if self.files.iter().any(|path| path.as_os_str() == files::STANDARD) {
            return Err(Failure::with_help("standard input cannot be watched", "name a file"));
        }
        let end = End::listen();
        let mut first = true;
        loop {
            let watched = Watched::default();
            load::schema_file(&self.schema).into_iter().for_each(|path| watched.note(path));
            let exit = match load::schema(&self.schema, &self.limits.limits(), out) {
                Ok(schema) => {
                    let round = self.look(&schema, Some(&watched), out);
                    self.tell(round, out)?
                }
                Err(failure) if first => return Err(failure),
                Err(failure) => {
                    self.files.iter().for_each(|path| watched.note(path));
                    out.failure(&failure);
                    out.announce(Exit::Unanswered)
                }
            };
            out.flush()?;
            if first {
                out.note(&format!("watching {}; Ctrl-C ends it", counted(watched.len(), "file")));
            }
            let Some(changed) = watched.wait(&end) else { return Ok(exit) };
            let changed: Vec<String> = changed.iter().map(|path| files::shown(path)).collect();
            let names = listed(changed.iter().map(String::as_str), 3);
            let heading = out.paint(STRONG, &format!("Changed: {names}"));
            writeln!(out, "\n{heading}\n")?;
            first = false;
        }
    }

    /// The page about a code.
    fn page(&self, text: &str, out: &mut Output) -> Outcome {
        let Some(code) = Code::parse(text) else { return Err(unknown_code(text)) };
        if self.format == LintFormat::Sarif {
            let help = "SARIF is for what is found in files; take `--format json`";
            return Err(Failure::with_help("a page about a code has no SARIF form", help));
        }
        if self.format == LintFormat::Json {
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

/// The last line: how much there is of each.
fn summary(counts: Counts, files: usize, out: &mut Output) -> Result<(), Failure> {
    let Counts { errors, warnings, notes } = counts;
    let parts = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let told: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|&(count, noun)| counted(count, noun)).collect();
    let (style, told) = match (errors, told.is_empty()) {
        (_, true) => (GOOD, "nothing found".to_owned()),
        (0, _) => (STRONG, told.join(", ")),
        _ => (BAD, told.join(", ")),
    };
    let told = out.paint(style, &told);
    writeln!(out, "{told} in {}", counted(files, "file"))?;
    Ok(())
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
