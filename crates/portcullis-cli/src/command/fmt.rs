//! `portcullis fmt`: the canonical form, in place, as a filter, or as a check.
//!
//! Formatting never changes what a file means, and a file that is in form already is not touched. A file of an
//! unknown kind is refused: rewriting somebody's other JSON would be no service.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis::text::{printable, quoted};
use portcullis::{Limits, format};
use serde_json::json;

use crate::args::{FormatArgs, LimitArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::{files, load};

/// Bring files into their canonical form.
///
/// Rewrites files in place; `-` reads standard input and writes standard output. With --check nothing is
/// written: files that would change are listed, and then the exit status is 1. A file that is not JSON is left
/// alone and reported, exit status 2.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  portcullis fmt --check examples/acme/workspace.json examples/acme/roles/editor.json")]
pub(crate) struct Fmt {
    /// Files to format; `-` is a filter
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; list the files that would change and exit 1
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Fmt {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let limits = self.limits.limits();
        let (mut changed, mut broken) = (Vec::new(), false);
        for path in &self.files {
            match self.one(path, &limits, out) {
                Ok(true) => changed.push(files::shown(path)),
                Ok(false) => {}
                Err(Failure::Output(error)) => return Err(Failure::Output(error)),
                Err(failure) => {
                    out.failure(&failure);
                    broken = true;
                }
            }
        }
        let found = self.check && !changed.is_empty();
        let exit = out.announce(if broken { Exit::Unanswered } else { Exit::findings(found) });
        let filtered = !self.check && self.files.iter().any(|path| path.as_os_str() == files::STANDARD);
        if self.format.is_json() && !filtered {
            out.json(&json!({ "files": self.files.len(), "changed": changed, "written": !self.check }))?;
        } else if self.check {
            changed.iter().try_for_each(|file| writeln!(out, "{}", printable(file)))?;
        }
        Ok(exit)
    }

    /// Formats one file and says whether that changes it.
    fn one(&self, path: &Path, limits: &Limits, out: &mut Output) -> Result<bool, Failure> {
        let source = load::source(path, limits)?;
        let formatted = format(&source, limits).map_err(|report| load::reported(path, report))?;
        let changes = formatted != source.text();
        if self.check {
            return Ok(changes);
        }
        if path.as_os_str() == files::STANDARD {
            out.write_all(formatted.as_bytes())?;
        } else if changes {
            files::replace(path, &formatted).map_err(|error| {
                Failure::said(format!(
                    "cannot write {}: {}",
                    quoted(&files::shown(path)),
                    files::in_words_of_writing(&error)
                ))
            })?;
        }
        Ok(changes)
    }
}
