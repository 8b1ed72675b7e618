//! A cursor on the tape: what readers of documents, schemas and workspaces walk.
//!
//! It borrows, copies freely and never fails: asking a number for its elements gives none. Whether a
//! shape is the right one is the business of whoever reads.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::{Kind, Tape, string};
use crate::source::{Source, Span};

/// One value of a tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'t> {
    tape: &'t Tape,
    index: u32,
}

/// Objects with more keys than this are searched for duplicates through a map instead of each with each.
const FEW_KEYS: usize = 12;

impl<'t> Value<'t> {
    pub(super) fn new(tape: &'t Tape, index: u32) -> Self {
        Value { tape, index }
    }

    pub(crate) fn kind(self) -> Kind {
        self.tape.node(self.index).kind
    }

    pub(crate) fn span(self) -> Span {
        self.tape.node(self.index).span
    }

    /// The text that the value stands in.
    pub(crate) fn source(self) -> &'t Arc<Source> {
        self.tape.source()
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self.kind(), Kind::Text | Kind::EscapedText)
    }

    /// The raw text of the value as it stands in the source, quotes included.
    pub(crate) fn raw(self) -> &'t str {
        self.tape.source().slice(self.span())
    }

    /// The decoded text of a string; the raw text of anything else.
    pub(crate) fn text(self) -> Cow<'t, str> {
        match self.kind() {
            Kind::Text => Cow::Borrowed(string::inside(self.raw())),
            Kind::EscapedText => string::decode(string::inside(self.raw())),
            _ => Cow::Borrowed(self.raw()),
        }
    }

    /// What the value is, for a message: `a string`, `an object`.
    pub(crate) fn kind_name(self) -> &'static str {
        match self.kind() {
            Kind::Null => "null",
            Kind::True => "true",
            Kind::False => "false",
            Kind::Number => "a number",
            Kind::Text | Kind::EscapedText => "a string",
            Kind::Array => "a list",
            Kind::Object => "an object",
            Kind::Fault => "something unreadable",
        }
    }

    /// The elements of an array; none of anything else.
    pub(crate) fn elements(self) -> Elements<'t> {
        let node = self.tape.node(self.index);
        let end = if node.kind == Kind::Array { node.next } else { self.index + 1 };
        Elements { tape: self.tape, at: self.index + 1, end }
    }

    /// Keys and values of an object; none of anything else.
    pub(crate) fn members(self) -> Members<'t> {
        let node = self.tape.node(self.index);
        let end = if node.kind == Kind::Object { node.next } else { self.index + 1 };
        Members(Elements { tape: self.tape, at: self.index + 1, end })
    }

    /// The value under a key; the last one where a key stands twice (which is reported elsewhere).
    pub(crate) fn get(self, key: &str) -> Option<Value<'t>> {
        self.members().filter(|(name, _)| name.text() == key).last().map(|(_, value)| value)
    }

    /// Calls `found(first, again)` for every key that repeats an earlier one.
    pub(super) fn each_duplicate(self, mut found: impl FnMut(Value<'t>, Value<'t>)) {
        let keys = || self.members().map(|(key, _)| key);
        if keys().nth(FEW_KEYS).is_none() {
            for (count, key) in keys().enumerate() {
                if let Some(first) = keys().take(count).find(|earlier| earlier.same_text(key)) {
                    found(first, key);
                }
            }
            return;
        }
        let mut by_name: HashMap<Cow<'t, str>, Value<'t>, RandomState> = HashMap::default();
        for key in keys() {
            match by_name.entry(key.text()) {
                Entry::Vacant(slot) => drop(slot.insert(key)),
                Entry::Occupied(slot) => found(*slot.get(), key),
            }
        }
    }

    fn same_text(self, other: Value<'t>) -> bool {
        if self.kind() == Kind::Text && other.kind() == Kind::Text {
            self.raw() == other.raw()
        } else {
            self.text() == other.text()
        }
    }
}

/// The elements of an array.
pub(crate) struct Elements<'t> {
    tape: &'t Tape,
    at: u32,
    end: u32,
}

impl<'t> Iterator for Elements<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Value<'t>> {
        if self.at >= self.end {
            return None;
        }
        let value = Value::new(self.tape, self.at);
        self.at = self.tape.node(self.at).next.max(self.at + 1);
        Some(value)
    }
}

/// Keys and values of an object, in the order of the text.
pub(crate) struct Members<'t>(Elements<'t>);

impl<'t> Iterator for Members<'t> {
    type Item = (Value<'t>, Value<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}
