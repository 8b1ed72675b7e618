//! What the readers of documents, schemas, workspaces, test suites and rules share: shapes, keys and names.
//!
//! A reader asks for what it expects and goes on whatever it gets; each disappointment is one
//! diagnostic in the report, at the place, saying what was expected and what was found. Nodes under
//! which the JSON layer has already reported a fault are passed over in silence.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::{Kind, Value};
use crate::limits::{Limits, NAME_BYTES};
use crate::source::{Source, Span};
use crate::suggest::Suggester;
use crate::text::{counted, grouped, quoted};

/// One reading of one text.
pub(crate) struct Reader<'r> {
    pub(crate) source: Arc<Source>,
    pub(crate) limits: &'r Limits,
    pub(crate) report: &'r mut Report,
    pub(crate) suggester: Suggester,
}

/// A key that authors write by habit, and what the language calls it.
pub(crate) struct Habit {
    pub(crate) written: &'static str,
    pub(crate) known: &'static str,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(source: &Arc<Source>, limits: &'r Limits, report: &'r mut Report) -> Self {
        Reader { source: Arc::clone(source), limits, report, suggester: Suggester::default() }
    }

    /// A fault at a place, to be completed and pushed.
    pub(crate) fn fault(
        &self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        label: &str,
    ) -> Diagnostic {
        Diagnostic::new(code, message).at(&self.source, span, label)
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.report.push(diagnostic);
    }

    /// Says that `value` is not what was wanted. Silent where the text itself was at fault.
    pub(crate) fn wrong_shape(&mut self, value: Value<'_>, what: &str, wanted: &str) {
        if value.kind() != Kind::Fault {
            let message = format!("{what} must be {wanted}, found {}", value.kind_name());
            let span = first_line(&self.source, value.span());
            self.push(self.fault(Code::WrongShape, span, message, &format!("expected {wanted}")));
        }
    }

    /// Whether a value is an object; says so when not.
    pub(crate) fn object(&mut self, value: Value<'_>, what: &str) -> bool {
        let right = value.kind() == Kind::Object;
        if !right {
            self.wrong_shape(value, what, "an object");
        }
        right
    }

    /// Reports every key of an object that is not known.
    pub(crate) fn known_keys(&mut self, object: Value<'_>, what: &str, known: &[&str], habits: &[Habit]) {
        for (key, _) in object.members() {
            let name = key.text();
            if !known.contains(&&*name) {
                self.unknown_key(key, &name, what, known, habits);
            }
        }
    }

    /// The values of an object's keys, in the order of the keys that are known; reports every key that is not. Of a key that
    /// stands twice (which is reported elsewhere) the last one counts.
    pub(crate) fn fields<'t, const N: usize>(
        &mut self,
        object: Value<'t>,
        what: &str,
        known: [&str; N],
        habits: &[Habit],
    ) -> [Option<Value<'t>>; N] {
        let mut fields = [None; N];
        for (key, value) in object.members() {
            let name = key.text();
            let field = known.iter().zip(&mut fields).find(|(known, _)| **known == name);
            match field {
                Some((_, field)) => *field = Some(value),
                None => self.unknown_key(key, &name, what, &known, habits),
            }
        }
        fields
    }

    fn unknown_key(&mut self, key: Value<'_>, name: &str, what: &str, known: &[&str], habits: &[Habit]) {
        let lower = name.to_ascii_lowercase();
        let habit = habits.iter().find(|habit| habit.written == lower).map(|habit| habit.known);
        let near = habit.or_else(|| self.suggester.nearest(name, known.iter().copied()));
        let message = format!("{what} has no key {}", quoted(name));
        let mut fault = self.fault(Code::UnknownKey, key.span(), message, "unknown key");
        fault = match near {
            Some(near) => fault.meant(near),
            None => fault.help(format!("the keys are {}", crate::text::listed(known.iter().copied(), 12))),
        };
        self.push(fault);
    }

    /// Says that a required key is absent, at the opening brace of its object.
    pub(crate) fn missing_key(&mut self, object: Value<'_>, what: &str, key: &str, help: &str) {
        // Where the text was cut off, whatever is missing may have been behind the cut.
        let reaches_end = object.span().end as usize == self.source.text().len();
        if reaches_end && self.report.iter().any(|fault| fault.code == Code::Unclosed) {
            return;
        }
        let span = Span::new(object.span().start, object.span().start + 1);
        let message = format!("{what} has no {}", quoted(key));
        self.push(self.fault(Code::MissingKey, span, message, "in this object").help(help));
    }

    /// The text of a string value that is a legal name.
    pub(crate) fn name<'t>(&mut self, value: Value<'t>, what: &str) -> Option<Cow<'t, str>> {
        if !value.is_text() {
            self.wrong_shape(value, what, "a string");
            return None;
        }
        let name = value.text();
        if let Some(trouble) = name_trouble(&name) {
            let message = format!("{what} {trouble}");
            let help = format!("names have 1 to {NAME_BYTES} bytes");
            self.push(self.fault(Code::IllegalName, value.span(), message, "").help(help));
            return None;
        }
        Some(name)
    }

    /// The strings of a list, or of one string standing for a list of one.
    pub(crate) fn names<'t>(&mut self, value: Value<'t>, what: &str) -> Vec<(Value<'t>, Cow<'t, str>)> {
        if value.kind() != Kind::Array {
            self.wrong_shape(value, what, "a list of names");
            return Vec::new();
        }
        let item = format!("a name in {what}");
        value.elements().filter_map(|element| Some((element, self.name(element, &item)?))).collect()
    }

    /// Whether a count is within its limit; says so when not, naming the flag that raises it.
    pub(crate) fn within(&mut self, count: usize, limit: usize, noun: &str, flag: &str, at: Span) -> bool {
        if count > limit {
            let fault = over_limit(count, limit, noun, flag);
            let span = first_line(&self.source, at);
            self.push(fault.at(&self.source, span, "here"));
        }
        count <= limit
    }
}

/// The fault of passing a limit, without a place.
pub(crate) fn over_limit(count: usize, limit: usize, noun: &str, flag: &str) -> Diagnostic {
    let message = format!("{} where the limit is {}", counted(count, noun), grouped(limit));
    Diagnostic::new(Code::OverLimit, message).help(format!("raise the limit with `--{flag} {count}`"))
}

/// Whether a text is within its limit in bytes; says so when not.
pub(crate) fn fits(source: &Arc<Source>, most: usize, flag: &str, report: &mut Report) -> bool {
    // Places are 32 bits wide.
    let most = most.min(u32::MAX as usize);
    let bytes = source.text().len();
    if bytes > most {
        report.push(over_limit(bytes, most, "byte", flag).at(source, Span::default(), "this file"));
    }
    bytes <= most
}

/// Why a name is not legal, if it is not.
pub(crate) fn name_trouble(name: &str) -> Option<String> {
    if name.is_empty() {
        Some("is empty".to_owned())
    } else if name.len() > NAME_BYTES {
        Some(format!("has {} bytes, more than {NAME_BYTES}", grouped(name.len())))
    } else {
        None
    }
}

/// The part of a span that lies on its first line: a message about an object need not underline all of it.
pub(crate) fn first_line(source: &Source, span: Span) -> Span {
    let length = source.slice(span).find('\n').unwrap_or(span.range().len());
    Span::new(span.start, span.start + length as u32)
}

/// What a file is, told by the keys of its outermost object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Has `policies` (or looks like one statement without its wrapper).
    Policy,
    /// Has `resources`.
    Schema,
    /// Has `members`.
    Workspace,
    /// Has `tests`.
    Tests,
    /// Has `rules`.
    Rules,
}

impl FileKind {
    /// What such a file is called, with its article.
    pub(crate) fn called(self) -> &'static str {
        match self {
            FileKind::Policy => "a policy document",
            FileKind::Schema => "a schema",
            FileKind::Workspace => "a workspace",
            FileKind::Tests => "a test suite",
            FileKind::Rules => "a file of rules",
        }
    }

    /// Tells the kind of a root value by its keys.
    pub(crate) fn of(root: Value<'_>) -> Option<FileKind> {
        let has = |key: &str| root.get(key).is_some();
        if has("policies") {
            Some(FileKind::Policy)
        } else if has("members") {
            Some(FileKind::Workspace)
        } else if has("resources") && !has("effect") {
            Some(FileKind::Schema)
        } else if has("tests") {
            Some(FileKind::Tests)
        } else if has("rules") {
            Some(FileKind::Rules)
        } else if has("effect") || has("actions") || has("version") || root.kind() == Kind::Array {
            Some(FileKind::Policy)
        } else {
            None
        }
    }
}

/// The fault of a text that is none of the product's files.
pub(crate) fn unknown_kind(source: &Arc<Source>, root: Value<'_>) -> Diagnostic {
    let fault = Diagnostic::new(
        Code::UnknownKind,
        "this is no policy document, schema, workspace, test suite or file of rules",
    );
    let help = "a policy document has `policies`, a schema `resources`, a workspace `members`, a test suite `tests`, a file of rules `rules`";
    fault.at(source, first_line(source, root.span()), "").help(help)
}
