//! Where results and messages go: results to standard output, everything else to standard error.
//!
//! Standard output is buffered and may break: a pipe whose reader has gone ends the command silently, with
//! the exit status that the command had already announced, so that a deny whose output nobody read is still a
//! deny. Standard error is never allowed to fail a command. Colour is for terminals only, and never under
//! `NO_COLOR`.

use std::cell::{Cell, RefCell};
use std::io::{self, BufWriter, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use portcullis::Report;
use serde::{Deserialize, Serialize};

use crate::command::admin::around::Around;
use crate::exit::{Exit, Failure, Outcome};
use crate::render;

/// How wide text is when nobody says.
const DEFAULT_WIDTH: usize = 100;

/// What an allow, and whatever is gained, is painted with.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What a deny, and whatever is lost, is painted with.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What matters little.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Headings.
pub(crate) const STRONG: Style = Style::new().bold();

/// How text for people looks: coloured or not, and how wide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    styled: bool,
    width: usize,
}

impl Look {
    /// For text that goes into a file.
    pub(crate) const PLAIN: Look = Look { styled: false, width: DEFAULT_WIDTH };

    /// Text in a colour, where colours are wanted.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        paint(self.styled, style, text)
    }

    /// How many columns a line may take.
    pub(crate) fn width(self) -> usize {
        self.width
    }

    /// The same with a margin on the left, which whoever writes the lines puts there.
    pub(crate) fn indented(self, margin: usize) -> Look {
        Look { width: self.width.saturating_sub(margin).max(20), ..self }
    }
}

/// What whoever reads has to read with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terminal {
    styled: bool,
    messages_styled: bool,
    width: usize,
}

/// The two streams of the process, or of one that this one works for; and what is around the command that writes to them.
pub(crate) struct Output {
    results: BufWriter<Box<dyn Write>>,
    messages: RefCell<Box<dyn Write>>,
    /// How many bytes of messages were written.
    told: Cell<usize>,
    terminal: Terminal,
    around: Around,
    announced: Exit,
}

impl Output {
    /// The streams of this process.
    pub(crate) fn of_process() -> Self {
        let allowed = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let columns = || std::env::var("COLUMNS").ok()?.parse::<usize>().ok();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let terminal = Terminal {
            styled: allowed && io::stdout().is_terminal(),
            messages_styled: allowed && io::stderr().is_terminal(),
            width: width.or_else(columns).unwrap_or(DEFAULT_WIDTH),
        };
        Output::through(Box::new(io::stdout()), Box::new(io::stderr()), terminal, Around::here())
    }

    /// Other streams than those of this process, and what is around the command that writes to them.
    pub(crate) fn through(
        results: Box<dyn Write>,
        messages: Box<dyn Write>,
        terminal: Terminal,
        around: Around,
    ) -> Self {
        Output {
            results: BufWriter::with_capacity(1 << 16, results),
            messages: RefCell::new(messages),
            told: Cell::new(0),
            terminal: Terminal { width: terminal.width.clamp(40, 1_000), ..terminal },
            around,
            announced: Exit::Clear,
        }
    }

    /// What the command finds around it: files, the environment, who acts.
    pub(crate) fn around(&self) -> &Around {
        &self.around
    }

    /// What whoever reads has to read with.
    #[cfg(unix)]
    pub(crate) fn terminal(&self) -> Terminal {
        self.terminal
    }

    /// How many columns a line of text may take.
    pub(crate) fn width(&self) -> usize {
        self.terminal.width
    }

    /// How results look.
    pub(crate) fn look(&self) -> Look {
        Look { styled: self.terminal.styled, width: self.terminal.width }
    }

    /// Whether results may be coloured.
    pub(crate) fn is_styled(&self) -> bool {
        self.terminal.styled
    }

    /// Says how the command ends if its reader goes away before it has written everything.
    pub(crate) fn announce(&mut self, exit: Exit) -> Exit {
        self.announced = exit;
        exit
    }

    /// Text of a result in a colour, where colours are wanted.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        paint(self.terminal.styled, style, text)
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json_line(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self, value)?;
        self.write_all(b"\n")
    }

    /// Writes a value as JSON for programs and patient people.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self, value)?;
        self.write_all(b"\n")
    }

    /// `warning: …` on standard error.
    pub(crate) fn warn(&self, text: &str) {
        self.message("warning", AnsiColor::Yellow.on_default().bold(), text);
    }

    /// `note: …` on standard error.
    pub(crate) fn note(&self, text: &str) {
        self.message("note", AnsiColor::Cyan.on_default().bold(), text);
    }

    /// `help: …` on standard error.
    pub(crate) fn help(&self, text: &str) {
        self.message("help", AnsiColor::Cyan.on_default().bold(), text);
    }

    /// A line on standard error about what was done.
    pub(crate) fn tell(&self, text: &str) {
        self.relay(format!("{text}\n").as_bytes());
    }

    /// Bytes for standard error, as they are. When it is gone there is nobody left to tell.
    pub(crate) fn relay(&self, bytes: &[u8]) {
        self.told.set(self.told.get() + bytes.len());
        let mut messages = self.messages.borrow_mut();
        let _ = messages.write_all(bytes).and_then(|()| messages.flush());
    }

    /// How many bytes went to standard error.
    #[cfg(unix)]
    pub(crate) fn told(&self) -> usize {
        self.told.get()
    }

    /// `error: …` on standard error.
    pub(crate) fn error(&self, text: &str) {
        self.message("error", BAD, text);
    }

    fn message(&self, word: &str, style: Style, text: &str) {
        let word = paint(self.terminal.messages_styled, style, word);
        self.tell(&format!("{word}: {text}"));
    }

    /// Lists diagnostics on standard error.
    pub(crate) fn report(&self, report: &Report) {
        let text = render::human::report(report, self.terminal.messages_styled, self.terminal.width);
        self.relay(text.as_bytes());
    }

    /// Says on standard error why a question could not be answered.
    pub(crate) fn failure(&self, failure: &Failure) {
        if let Failure::Reported { report, .. } = failure {
            self.report(report);
        }
        self.error(&failure.message());
        if let Failure::Said { help: Some(help), .. } = failure {
            self.help(help);
        }
    }

    /// Ends the command: flushes what was written, tells a failure, and picks the exit status.
    pub(crate) fn finish(mut self, outcome: Outcome) -> Exit {
        let outcome = outcome.and_then(|exit| Ok(self.results.flush().map(|()| exit)?));
        match outcome {
            Ok(exit) => exit,
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => self.announced,
            Err(failure) => {
                // What was found before the failure is still worth reading.
                let _ = self.results.flush();
                self.failure(&failure);
                Exit::Unanswered
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.results.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.results.flush()
    }
}

fn paint(styled: bool, style: Style, text: &str) -> String {
    if styled { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
