//! Files of questions: JSON Lines in, JSON Lines out, in order, in constant memory.
//!
//! One answer a line whatever the line holds, so that answers and questions can be laid side by side. A line that
//! cannot be read is a deny with an error in its place and never stops the others. Lines are bounded; what is longer
//! is skipped without being held.

mod line;
mod numbers;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use portcullis::Snapshot;
use portcullis::text::{counted, grouped, printable, quoted};

use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Replacing, STANDARD};
use crate::output::Output;

/// The longest line that is read, in bytes.
const LINE_BYTES: usize = 1 << 20;
/// How often progress is told, in lines.
const TOLD: u64 = 4_096;

/// Answers may not go where the questions come from, nor where the workspace does.
pub(crate) fn refuse_same_file(workspace: &Path, requests: &Path, out: &Path) -> Result<(), Failure> {
    for (input, what) in [(requests, "holds the requests"), (workspace, "is the workspace")] {
        if files::is_same(input, out) {
            return Err(Failure::with_help(
                format!("{} {what}, so the answers cannot go there", quoted(&files::shown(out))),
                "name another file with `--out`",
            ));
        }
    }
    Ok(())
}

/// Answers every line of a file.
pub(crate) fn answer_file(snapshot: &Snapshot, requests: &Path, to: &Path, out: &mut Output) -> Outcome {
    let name = files::shown(requests);
    let unread = |error: &io::Error| {
        Failure::said(format!("cannot read {}: {}", quoted(&name), files::in_words(error)))
    };
    let (mut reader, size): (Box<dyn BufRead>, u64) = if requests.as_os_str() == STANDARD {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(requests).map_err(|error| unread(&error))?;
        let size = file.metadata().map_or(0, |about| about.len());
        (Box::new(BufReader::with_capacity(1 << 16, file)), size)
    };
    let to_standard = to.as_os_str() == STANDARD;
    let bar = progress(size, to_standard);
    // Until every line is answered, nothing is: also when the reader of the answers goes away.
    out.announce(Exit::Unanswered);
    let tally = if to_standard {
        answer_lines(snapshot, &mut *reader, out, &bar).map_err(|trouble| match trouble {
            Trouble::Reading(error) => unread(&error),
            Trouble::Writing(error) => Failure::Output(error),
        })?
    } else {
        let unwritten = |error: &io::Error| {
            Failure::said(format!(
                "cannot write {}: {}",
                quoted(&files::shown(to)),
                files::in_words_of_writing(error)
            ))
        };
        let mut sink = BufWriter::new(Replacing::begin(to).map_err(|error| unwritten(&error))?);
        let tally =
            answer_lines(snapshot, &mut *reader, &mut sink, &bar).map_err(|trouble| match trouble {
                Trouble::Reading(error) => unread(&error),
                Trouble::Writing(error) => unwritten(&error),
            })?;
        let written = sink.into_inner().map_err(io::IntoInnerError::into_error).and_then(Replacing::commit);
        written.map_err(|error| unwritten(&error))?;
        tally
    };
    bar.finish_and_clear();
    match tally.first_unread {
        None => Ok(Exit::Clear),
        Some((line, why)) => {
            let (unread, lines) = (grouped(tally.unread), counted(tally.lines, "line"));
            Err(Failure::said(format!(
                "{unread} of {lines} could not be read; the first is line {}: {}",
                grouped(line),
                printable(&why)
            )))
        }
    }
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

/// How many lines there were, and what was the matter with some.
#[derive(Debug, Default)]
struct Tally {
    lines: usize,
    unread: usize,
    first_unread: Option<(usize, String)>,
}

enum Trouble {
    Reading(io::Error),
    Writing(io::Error),
}

fn answer_lines(
    snapshot: &Snapshot,
    reader: &mut dyn BufRead,
    sink: &mut dyn Write,
    bar: &ProgressBar,
) -> Result<Tally, Trouble> {
    let mut tally = Tally::default();
    let mut bytes = Vec::new();
    let mut read = 0u64;
    let mut waiting = Input { reader, buffered: 0 };
    loop {
        // Whoever asks line by line through a pipe waits for the answer before asking on.
        if waiting.would_wait() {
            sink.flush().map_err(Trouble::Writing)?;
        }
        let Some(length) = waiting.next_line(&mut bytes).map_err(Trouble::Reading)? else { break };
        tally.lines += 1;
        read += length as u64;
        if (tally.lines as u64).is_multiple_of(TOLD) {
            bar.set_position(read);
        }
        let first = tally.lines == 1;
        let line = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| first).unwrap_or(&bytes);
        let answer = if length > LINE_BYTES {
            Err(format!("the line is longer than {} bytes", grouped(LINE_BYTES)))
        } else {
            line::Request::read(line)
        };
        let written = match answer {
            Ok(request) => {
                let decision = snapshot.decide(&request.question());
                sink.write_all(if decision.is_allowed() {
                    b"{\"decision\":true}\n"
                } else {
                    b"{\"decision\":false}\n"
                })
            }
            Err(why) => {
                tally.unread += 1;
                let written = write!(sink, "{{\"decision\":false,\"error\":")
                    .and_then(|()| serde_json::to_writer(&mut *sink, &why).map_err(io::Error::from))
                    .and_then(|()| sink.write_all(b"}\n"));
                tally.first_unread.get_or_insert((tally.lines, why));
                written
            }
        };
        written.map_err(Trouble::Writing)?;
    }
    sink.flush().map_err(Trouble::Writing)?;
    Ok(tally)
}

/// Lines of an input, each held at most up to the bound.
struct Input<'r> {
    reader: &'r mut dyn BufRead,
    /// How many bytes the reader still has without asking the system.
    buffered: usize,
}

impl Input<'_> {
    /// Whether reading on would ask the system, and so perhaps wait.
    fn would_wait(&self) -> bool {
        self.buffered == 0
    }

    /// Reads one line without its end, and says how many bytes it took; nothing at the end of the input. A
    /// line over the bound is cut and the rest of it skipped.
    fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<Option<usize>> {
        line.clear();
        let mut length = 0;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let newline = available.iter().position(|&byte| byte == b'\n');
            let taken = newline.unwrap_or(available.len());
            let room = (LINE_BYTES + 1).saturating_sub(line.len());
            line.extend_from_slice(available.get(..taken.min(room)).unwrap_or(available));
            let used = taken + usize::from(newline.is_some());
            let ended = newline.is_some() || available.is_empty();
            length += used;
            self.buffered = available.len() - used;
            self.reader.consume(used);
            if ended {
                // The newline itself does not count against the bound.
                let over = length.saturating_sub(usize::from(newline.is_some()));
                return Ok((length > 0).then_some(if over > LINE_BYTES {
                    length
                } else {
                    length.min(LINE_BYTES)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], capacity: usize) -> Vec<(usize, usize)> {
        let mut reader = BufReader::with_capacity(capacity, text);
        let mut input = Input { reader: &mut reader, buffered: 0 };
        let (mut line, mut found) = (Vec::new(), Vec::new());
        while let Some(length) = input.next_line(&mut line).unwrap() {
            found.push((length, line.len()));
        }
        found
    }

    #[test]
    fn lines_are_told_apart_whatever_the_buffer() {
        for capacity in [1, 2, 3, 64] {
            assert_eq!(lines(b"ab\n\nc", capacity), [(3, 2), (1, 0), (1, 1)], "{capacity}");
            assert_eq!(lines(b"", capacity), []);
            assert_eq!(lines(b"\n", capacity), [(1, 0)]);
        }
    }

    #[test]
    fn a_long_line_is_skipped_and_never_held() {
        let mut text = vec![b'x'; 3 * LINE_BYTES];
        text.extend_from_slice(b"\nab\n");
        text.extend(vec![b'y'; LINE_BYTES]);
        text.push(b'\n');
        let found = lines(&text, 1 << 16);
        assert_eq!(found, [(3 * LINE_BYTES + 1, LINE_BYTES + 1), (3, 2), (LINE_BYTES, LINE_BYTES)]);
    }
}
