//! A cursor on the tape: what readers of documents, schemas and workspaces walk.
//!
//! It borrows, copies freely and never fails: asking a number for its elements gives none. Whether a
//! shape is the right one is the business of whoever reads.

use std::borrow::Cow;
use std::hash::BuildHasher;
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

/// Objects with more keys than this are searched for duplicates through a table instead of each with each.
const FEW_KEYS: usize = 12;

/// No key lies at the root.
const NO_KEY: u32 = 0;

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
            Kind::Text => Cow::Borrowed(string::between(self.raw())),
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
        // A million keys are searched here: the table holds eight bytes a key, and half of it stays empty.
        let seed = RandomState::default();
        let mut slots = vec![(0_u32, NO_KEY); (2 * keys().count()).next_power_of_two()];
        let last = slots.len() - 1;
        for key in keys() {
            let hash = seed.hash_one(&*key.text());
            let (tag, mut at) = ((hash >> 32) as u32, hash as usize & last);
            while let Some(slot) = slots.get_mut(at) {
                if slot.1 == NO_KEY {
                    *slot = (tag, key.index);
                    break;
                }
                let first = Value::new(self.tape, slot.1);
                if slot.0 == tag && first.same_text(key) {
                    found(first, key);
                    break;
                }
                at = (at + 1) & last;
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::diagnostic::Report;
    use crate::limits::Limits;

    #[test]
    fn duplicates_of_many_keys_are_those_that_comparing_each_with_each_gives() {
        for (count, distinct) in [(13, 13), (14, 13), (300, 299), (2_000, 700), (500, 1)] {
            let mut text = String::from("{");
            for number in 0..count {
                // Every third key begins with an escape that means what the others write plainly.
                let k = if number % 3 == 0 { "\\u006b" } else { "k" };
                write!(text, "\"{k}{}\":{number},", number * 11 % distinct).unwrap();
            }
            text.replace_range(text.len() - 1.., "}");
            let tape =
                Tape::read(&Source::new("keys", text), &Limits::default(), &mut Report::new()).unwrap();
            let keys: Vec<Value<'_>> = tape.root().members().map(|(key, _)| key).collect();
            let names: Vec<_> = keys.iter().map(|key| key.text()).collect();
            let firsts = names.iter().map(|name| names.iter().position(|other| other == name).unwrap());
            let expected: Vec<_> = firsts.enumerate().filter(|(at, first)| at != first).collect();
            let mut found = Vec::new();
            let place = |value: Value<'_>| keys.iter().position(|key| key.index == value.index).unwrap();
            tape.root().each_duplicate(|first, again| found.push((place(again), place(first))));
            assert_eq!(found, expected);
            assert_eq!(found.len(), count - distinct);
        }
    }
}
