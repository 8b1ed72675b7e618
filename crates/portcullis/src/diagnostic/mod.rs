//! Faults as values: what is wrong, where, how bad, and what to type instead.
//!
//! A [`Diagnostic`] is plain data. Rendering for people, JSON or an editor happens elsewhere (the
//! command line has two renderers), so that a server can return the same faults and a test can
//! compare them. Readers and compilers collect every fault they can see into a [`Report`] instead of
//! stopping at the first: an author mends five typos in one round.

mod code;
mod codes;
mod examples;
mod share;

use std::sync::Arc;

pub use code::{Code, Example, ExampleKind};

use crate::source::{Source, Span};

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing need change.
    Note,
    /// It compiles, but probably does not say what was meant.
    Warning,
    /// It does not compile.
    Error,
}

impl Severity {
    /// The word as people and JSON see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place in a text with a few words about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text that the span is of.
    pub source: Arc<Source>,
    /// The place.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// Text to put in place of what stands at a span.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The text that the span is of.
    pub source: Arc<Source>,
    /// What to replace; an empty span inserts.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// One fault.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one lower-case line.
    pub message: String,
    /// Where; absent when the fault is in something built by a program.
    pub primary: Option<Label>,
    /// Other places that explain the first.
    pub secondary: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// The mend, when there is exactly one.
    pub replacement: Option<Replacement>,
}

impl Diagnostic {
    /// A fault with the code's own severity.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            help: None,
            replacement: None,
        }
    }

    /// Makes the fault an error whatever its code says: a deny turns some warnings into errors.
    #[must_use]
    pub fn as_error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Gives the mend.
    #[must_use]
    pub fn replace(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        self.replacement = Some(Replacement { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Asks whether a known name was meant, and gives it as the mend where the fault has a place.
    #[must_use]
    pub(crate) fn meant(self, known: &str) -> Self {
        let place = self.primary.as_ref().map(|label| (Arc::clone(&label.source), label.span));
        let fault = self.help(format!("did you mean {}?", crate::text::quoted(known)));
        match place {
            Some((source, span)) => fault.replace(&source, span, crate::json::quoted_string(known)),
            None => fault,
        }
    }

    /// The text under the primary label, for tests and short messages.
    #[must_use]
    pub fn snippet(&self) -> &str {
        self.primary.as_ref().map_or("", |label| label.source.slice(label.span))
    }
}

impl std::fmt::Display for Diagnostic {
    /// One line: `file:line:column: error[P0103]: message`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(label) = &self.primary {
            let at = label.source.position(label.span.start);
            write!(f, "{}:{}:{}: ", label.source.name(), at.line, at.column)?;
        }
        write!(f, "{}[{}]: {}", self.severity.as_str(), self.code, self.message)
    }
}

/// How many faults one report keeps. Beyond that a file is not a policy with faults but something else.
const KEPT: usize = 1_000;

/// All the faults of one reading or compilation, in the order in which they were found.
///
/// A report with an error means that nothing was produced; a report of warnings and notes accompanies a
/// result.
#[derive(Clone, Debug, Default, thiserror::Error)]
pub struct Report {
    found: Vec<Diagnostic>,
    /// Notes, warnings and errors found, kept or not.
    counts: [usize; 3],
    /// Whether a lesser fault may still make room for an error.
    yields: bool,
}

impl Report {
    /// An empty report.
    #[must_use]
    pub fn new() -> Self {
        Report::default()
    }

    /// Adds a fault. After a thousand, further ones are only counted, but an error takes the place of a lesser
    /// fault.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let [notes, warnings, errors] = &mut self.counts;
        match diagnostic.severity {
            Severity::Note => *notes += 1,
            Severity::Warning => *warnings += 1,
            Severity::Error => *errors += 1,
        }
        self.keep(diagnostic);
    }

    fn keep(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        if self.found.len() < KEPT {
            self.yields |= !is_error;
            self.found.push(diagnostic);
        } else if is_error && self.yields {
            match self.found.iter().rposition(|kept| kept.severity < Severity::Error) {
                Some(lesser) => {
                    self.found.remove(lesser);
                    self.found.push(diagnostic);
                }
                None => self.yields = false,
            }
        }
    }

    /// Adds all the faults of another report.
    pub fn append(&mut self, other: Report) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        for diagnostic in other.found {
            self.keep(diagnostic);
        }
    }

    /// Whether any fault is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many faults of a severity there are, those beyond the kept ones included.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let [notes, warnings, errors] = self.counts;
        match severity {
            Severity::Note => notes,
            Severity::Warning => warnings,
            Severity::Error => errors,
        }
    }

    /// How many faults were counted but not kept.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.counts.iter().sum::<usize>() - self.found.len()
    }

    /// The errors alone, for whoever leaves warnings to `lint`.
    #[must_use]
    pub fn into_errors(mut self) -> Self {
        self.found.retain(|kept| kept.severity == Severity::Error);
        let [notes, warnings, _] = &mut self.counts;
        (*notes, *warnings) = (0, 0);
        self
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The faults, in the order found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.found.iter()
    }

    /// The faults in the order of the text: by source name, then by place. Faults without a place come first.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.found.sort_by(|a, b| {
            let key =
                |d: &Diagnostic| d.primary.as_ref().map(|label| (label.source.name().to_owned(), label.span));
            key(a).cmp(&key(b))
        });
        self
    }

    /// The same where a text has another name: that of the file, which whoever read the text out of it knows.
    #[must_use]
    pub fn naming(mut self, source: &Arc<Source>) -> Self {
        let name = |known: &mut Arc<Source>| {
            if known.text() == source.text() {
                *known = Arc::clone(source);
            }
        };
        for fault in &mut self.found {
            fault.primary.iter_mut().chain(&mut fault.secondary).for_each(|label| name(&mut label.source));
            fault.replacement.iter_mut().for_each(|replacement| name(&mut replacement.source));
        }
        self
    }

    /// `Ok` with `value` when no fault is an error, else the report.
    pub(crate) fn finish<T>(self, value: T) -> Result<(T, Report), Report> {
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

impl<'a> IntoIterator for &'a Report {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Display for Report {
    /// One fault a line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, diagnostic) in self.found.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{diagnostic}")?;
        }
        if self.dropped() > 0 {
            write!(f, "\n… and {} more", self.dropped())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_takes_the_place_of_a_lesser_fault() {
        let mut report = Report::new();
        for _ in 0..KEPT {
            report.push(Diagnostic::new(Code::Alias, "an alias"));
        }
        let mut more = Report::new();
        more.push(Diagnostic::new(Code::ReservedType, "a note"));
        more.push(Diagnostic::new(Code::UnknownAction, "an error"));
        report.append(more);
        let count = |severity| report.count(severity);
        assert_eq!((count(Severity::Note), count(Severity::Warning), count(Severity::Error)), (1, KEPT, 1));
        assert_eq!((report.iter().len(), report.dropped()), (KEPT, 2));
        assert!(report.has_errors());
        assert_eq!(report.iter().filter(|found| found.severity == Severity::Error).count(), 1);
    }
}
