//! A policy document as written, with the place of everything.
//!
//! Names are spans into the source; nothing is copied, so that a workspace of a million names costs
//! twelve bytes a name beside its text. A document says what an author wrote, not what it means.

use std::borrow::Cow;
use std::sync::Arc;

use super::conditions::{Conditions, WrittenOperand, WrittenTest};
use crate::json;
use crate::source::{Source, Span};

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Grants what no statement denies.
    Allow,
    /// Takes away whatever any statement grants.
    Deny,
}

impl Effect {
    /// The word of the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        }
    }
}

/// The version of the language whose meaning never changes.
pub(crate) const VERSION: &str = "2022-04-26";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) span: Span,
    /// Whether the text holds escapes and must be decoded.
    pub(crate) escaped: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    pub(crate) span: Span,
    /// Which of the document's names.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// Whether these are all that were written: a name with a fault is left out, and the document with it.
    pub(crate) whole: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) span: Span,
    pub(crate) effect: Effect,
    pub(crate) actions: Names,
    pub(crate) resource: Names,
    /// Its conditions, when there are any; `"*"` is none.
    pub(crate) conditions: Option<Conditions>,
}

/// What one role says: a list of statements, as written.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) source: Arc<Source>,
    pub(crate) span: Span,
    pub(crate) statements: Vec<Written>,
    pub(crate) names: Vec<Name>,
    /// The tests of all conditions.
    pub(crate) tests: Vec<WrittenTest>,
    /// The elements of all lists that those compare with.
    pub(crate) elements: Vec<WrittenOperand>,
    /// Whether its wildcards reach the types that no other's do.
    pub(crate) reaches_all: bool,
}

impl Document {
    /// The document with wildcards that reach even the administration types which [`Schema::administered`](crate::Schema::administered) adds:
    /// for the one role that administers.
    #[must_use]
    pub fn reaching_administration(self) -> Self {
        Document { reaches_all: true, ..self }
    }

    /// A document without statements, at the start of a source.
    pub(crate) fn empty(source: &Arc<Source>) -> Self {
        let source = Arc::clone(source);
        let (statements, names, tests, elements) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Document { source, span: Span::default(), statements, names, tests, elements, reaches_all: false }
    }

    /// The text that the document stands in: a file of its own, or a workspace.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The place of the document in its source.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Its statements, in the order written.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = Statement<'_>> {
        let written = self.statements.iter().enumerate();
        written.map(|(index, written)| Statement { document: self, written, index })
    }

    /// One statement, counted from zero.
    #[must_use]
    pub fn statement(&self, index: usize) -> Option<Statement<'_>> {
        self.statements.get(index).map(|written| Statement { document: self, written, index })
    }

    /// Whether somewhere an action stands alone where a list could, and whether a resource does.
    pub(crate) fn writes_bare_names(&self) -> [bool; 2] {
        let bare = |names: Names| !self.source.slice(names.span).starts_with('[');
        let any = |list: fn(&Written) -> Names| self.statements.iter().any(|written| bare(list(written)));
        [any(|written| written.actions), any(|written| written.resource)]
    }

    pub(crate) fn names(&self, names: Names) -> NameList<'_> {
        let range = names.first as usize..(names.first + names.count) as usize;
        NameList { source: &self.source, names: self.names.get(range).unwrap_or(&[]) }
    }
}

/// One statement of a document.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'d> {
    document: &'d Document,
    written: &'d Written,
    index: usize,
}

impl<'d> Statement<'d> {
    /// Its number in the document, from zero.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether it allows or denies.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.written.effect
    }

    /// The names of its actions as written: names, patterns, `*`.
    #[must_use]
    pub fn actions(&self) -> NameList<'d> {
        self.document.names(self.written.actions)
    }

    /// The names of its resources as written: names, patterns, `*`.
    #[must_use]
    pub fn resource(&self) -> NameList<'d> {
        self.document.names(self.written.resource)
    }

    /// The text of its conditions, when it has any.
    #[must_use]
    pub fn conditions(&self) -> Option<&'d str> {
        self.written.conditions.map(|conditions| self.document.source.slice(conditions.span))
    }

    /// Its place in the document's source.
    #[must_use]
    pub fn span(&self) -> Span {
        self.written.span
    }

    /// Its text as written.
    #[must_use]
    pub fn text(&self) -> &'d str {
        self.document.source.slice(self.written.span)
    }
}

/// The names of one list, or the one name that stands for a list.
#[derive(Clone, Copy, Debug)]
pub struct NameList<'d> {
    source: &'d Source,
    names: &'d [Name],
}

impl<'d> NameList<'d> {
    /// The names, decoded.
    pub fn iter(self) -> impl Iterator<Item = Cow<'d, str>> {
        self.spans().map(|(name, _)| name)
    }

    /// How many names there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.names.len()
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.names.is_empty()
    }

    /// The names with their places.
    pub(crate) fn spans(self) -> impl Iterator<Item = (Cow<'d, str>, Span)> {
        let NameList { source, names } = self;
        names.iter().map(|name| (json::decode(source.slice(name.span), name.escaped), name.span))
    }
}
