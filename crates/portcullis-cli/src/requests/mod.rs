//! Files of questions: JSON Lines in, JSON Lines out, in order, in constant memory, on all cores.
//!
//! This file knows files, progress and what the command says; `blocks` cuts an input into lines, which the server's `authzen` reads,
//! `answers` answers those of a block, and `pipeline` keeps the cores busy and the answers in order.

mod answers;
mod blocks;
mod pipeline;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use portcullis::Snapshot;
use portcullis::text::{counted, grouped, printable, quoted};

use self::answers::{Decider, Tally};
use self::pipeline::Trouble;
use crate::clock::{Clock, OfSystem};
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Replacing, STANDARD};
use crate::output::Output;

/// Answers may not go where the questions come from, nor where the workspace does.
pub(crate) fn refuse_same_file(workspace: &Path, requests: &Path, out: &Path) -> Result<(), Failure> {
    for (input, what) in [(requests, "holds the requests"), (workspace, "is the workspace")] {
        let is_input = input.as_os_str() == STANDARD && out.as_os_str() != STANDARD;
        if files::is_same(input, out) || (is_input && files::is_standard_input(out)) {
            return Err(taken(out, what));
        }
    }
    Ok(())
}

/// Nor in the place of a role or a schema that the workspace names.
pub(crate) fn refuse_named_file(named: &[PathBuf], out: &Path) -> Result<(), Failure> {
    let is_named = out.as_os_str() != STANDARD && files::is_among(named, out);
    if is_named { Err(taken(out, "is a file that the workspace names")) } else { Ok(()) }
}

fn taken(out: &Path, what: &str) -> Failure {
    Failure::with_help(
        format!("{} {what}, so the answers cannot go there", quoted(&files::shown(out))),
        "name another file with `--out`",
    )
}

/// Answers every line of a file.
pub(crate) fn answer_file(
    snapshot: Snapshot,
    clock: Arc<dyn Clock>,
    requests: &Path,
    to: &Path,
    out: &mut Output,
) -> Outcome {
    let unread = |error: &io::Error| {
        let name = quoted(&files::shown(requests));
        Failure::said(format!("cannot read {name}: {}", files::in_words(error)))
    };
    let (input, size): (Box<dyn Read + Send>, u64) = if requests.as_os_str() == STANDARD {
        (Box::new(io::stdin()), 0)
    } else {
        let file = File::open(requests).map_err(|error| unread(&error))?;
        let size = file.metadata().map_or(0, |about| about.len());
        (Box::new(file), size)
    };
    let decider = Arc::new(Decider::new(Arc::new(snapshot), clock));
    let to_standard = to.as_os_str() == STANDARD;
    let bar = progress(size, to_standard);
    let told = |read| bar.set_position(read);
    // Until every line is answered, nothing is: also when the reader of the answers goes away.
    out.announce(Exit::Unanswered);
    let tally = if to_standard {
        pipeline::answer(decider, input, out, told).map_err(|trouble| match trouble {
            Trouble::Reading(error) => unread(&error),
            Trouble::Writing(error) => Failure::Output(error),
        })?
    } else {
        let unwritten = |error: &io::Error| {
            let name = quoted(&files::shown(to));
            Failure::said(format!("cannot write {name}: {}", files::in_words_of_writing(error)))
        };
        let mut sink = BufWriter::new(Replacing::begin(to).map_err(|error| unwritten(&error))?);
        let tally = pipeline::answer(decider, input, &mut sink, told).map_err(|trouble| match trouble {
            Trouble::Reading(error) => unread(&error),
            Trouble::Writing(error) => unwritten(&error),
        })?;
        let written = sink.into_inner().map_err(io::IntoInnerError::into_error).and_then(Replacing::commit);
        written.map_err(|error| unwritten(&error))?;
        tally
    };
    bar.finish_and_clear();
    summary(&tally)
}

/// Answers every line of an input into a sink, as `portcullis check --requests` does, in order and by the clock of the system. Says how
/// many lines there were, and how many of them could not be read.
///
/// # Errors
/// When the input cannot be read to its end, or the sink not be written to.
pub fn answer_requests(
    snapshot: Arc<Snapshot>,
    input: impl Read + Send + 'static,
    sink: &mut dyn Write,
) -> io::Result<(usize, usize)> {
    answer_requests_by(Arc::new(OfSystem), snapshot, input, sink)
}

/// The same by another clock.
///
/// # Errors
/// When the input cannot be read to its end, or the sink not be written to.
pub fn answer_requests_by(
    clock: Arc<dyn Clock>,
    snapshot: Arc<Snapshot>,
    input: impl Read + Send + 'static,
    sink: &mut dyn Write,
) -> io::Result<(usize, usize)> {
    let decider = Arc::new(Decider::new(snapshot, clock));
    let tally = pipeline::answer(decider, input, sink, |_| ()).map_err(|trouble| match trouble {
        Trouble::Reading(error) | Trouble::Writing(error) => error,
    })?;
    Ok((tally.lines, tally.unread))
}

/// How the command ends: one line for all that could not be read.
fn summary(tally: &Tally) -> Outcome {
    let Some((line, why)) = &tally.first_unread else { return Ok(Exit::Clear) };
    let (unread, lines) = (grouped(tally.unread), counted(tally.lines, "line"));
    Err(Failure::said(format!(
        "{unread} of {lines} could not be read; the first is line {}: {}",
        grouped(*line),
        printable(why)
    )))
}

/// A bar on standard error when that is a terminal and the answers do not go there too.
fn progress(size: u64, to_standard: bool) -> ProgressBar {
    if !io::stderr().is_terminal() || (to_standard && io::stdout().is_terminal()) {
        return ProgressBar::hidden();
    }
    let bar = if size > 0 { ProgressBar::new(size) } else { ProgressBar::new_spinner() };
    let template = if size > 0 {
        "{bar:40} {percent}% of {total_bytes}, {eta} left"
    } else {
        "{spinner} {bytes} read, {elapsed}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
