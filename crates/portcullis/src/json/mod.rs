//! JSON with places: text in, a flat tape of nodes out, and every fault of the text at once.
//!
//! A [`Tape`] is one `Vec` of sixteen-byte nodes in the order of the text; an array or object is
//! followed by its children and knows where they end. Names are not copied: a node is a span. That
//! keeps a 20 MB workspace small, and a real document of 300 bytes under a microsecond. The scanner
//! is a loop over bytes with the open containers linked through the tape itself, so no nesting can
//! overflow a stack. It recovers from what people paste every day (comments, trailing commas, smart
//! quotes, a missing comma), because a reader that stops at the first fault makes an author run it
//! five times.
//!
//! The obvious other ways: serde_json has no places and stops at the first fault; jsonc-parser has
//! places but stops at the first fault too and recurses.

mod fault;
mod scalar;
mod scan;
mod string;
mod value;

pub(crate) use value::Value;

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::limits::Limits;
use crate::source::{Source, Span};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Number,
    /// A string without escapes: its text is its span without the quotes.
    Text,
    /// A string that holds a backslash and must be decoded.
    EscapedText,
    Array,
    Object,
    /// Stands where a fault was reported, so that a reader does not report a second one there.
    Fault,
}

/// One value: its place, and the index of the node after its last descendant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) next: u32,
}

/// A read text: nodes in the order of the text, the root first.
#[derive(Debug)]
pub(crate) struct Tape {
    source: Arc<Source>,
    nodes: Vec<Node>,
}

impl Tape {
    /// Reads a text. Faults go to the report; the tape holds what could be made out all the same.
    /// `None` when there is nothing to read at all, or nesting passed the limit.
    pub(crate) fn read(source: &Arc<Source>, limits: &Limits, report: &mut Report) -> Option<Tape> {
        let nodes = scan::Scanner::new(source, limits, report).run()?;
        let tape = Tape { source: Arc::clone(source), nodes };
        tape.refuse_duplicates(report);
        Some(tape)
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The value of the whole text.
    pub(crate) fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }

    pub(crate) fn node(&self, index: u32) -> Node {
        let absent = Node { kind: Kind::Fault, span: Span::default(), next: index.saturating_add(1) };
        self.nodes.get(index as usize).copied().unwrap_or(absent)
    }

    /// Two equal keys in one object: readers of JSON disagree on which one counts, so neither does.
    fn refuse_duplicates(&self, report: &mut Report) {
        for (index, node) in self.nodes.iter().enumerate() {
            // What holds one key has no second one: most objects of a long list of members.
            if node.kind != Kind::Object || node.next <= index as u32 + 3 {
                continue;
            }
            Value::new(self, index as u32).each_duplicate(|first, again| {
                let name = crate::text::quoted(&again.text());
                report.push(
                    Diagnostic::new(Code::DuplicateKey, format!("the key {name} stands twice in one object"))
                        .at(&self.source, again.span(), "again here")
                        .also(&self.source, first.span(), "first here")
                        .help("remove one of the two, or merge their values"),
                );
            });
        }
    }
}

/// The text of a string node that was kept as its span, quotes included.
pub(crate) fn decode(raw: &str, escaped: bool) -> Cow<'_, str> {
    if escaped { string::decode(string::inside(raw)) } else { Cow::Borrowed(string::between(raw)) }
}

pub(crate) use scalar::is_number;
pub(crate) use string::{between as between_quotes, quoted as quoted_string, write as write_string};

/// Decodes the bytes of a file, or says where they stop being UTF-8.
///
/// # Errors
/// A report with one [`Code::InvalidUtf8`].
pub fn source_from_bytes(name: &str, bytes: Vec<u8>) -> Result<Arc<Source>, Report> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let valid = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or(&[])).into_owned();
            let utf16 =
                error.as_bytes().starts_with(&[0xff, 0xfe]) || error.as_bytes().starts_with(&[0xfe, 0xff]);
            let help =
                if utf16 { "the file looks like UTF-16: save it as UTF-8" } else { "save the file as UTF-8" };
            let source = Source::new(name, valid);
            let mut report = Report::new();
            report.push(
                Diagnostic::new(Code::InvalidUtf8, format!("byte {at} does not belong to UTF-8 text"))
                    .at(&source, Span::new(at as u32, at as u32), "the last readable character ends here")
                    .help(help),
            );
            Err(report)
        }
    }
}
