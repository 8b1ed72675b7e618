//! Operands that stand in the document: sorted out when it is compiled, so that a check compares and decides nothing.
//!
//! A literal knows whether it is a pattern. A list keeps its elements apart by kind and in order, once
//! each: which of them match is a binary search, and whether some are of another kind than the value,
//! which makes *in* unknown where nothing matches, is a look at what else there is.

use std::fmt;

use super::number::Number;
use super::reference::Reference;
use super::time::Instant;
use super::value::{Text, Value};
use crate::json::quoted_string;
use crate::pattern::Pattern;

/// One value that stands in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Literal {
    Boolean(bool),
    Number(Number),
    Text(Box<str>),
    /// A string with a `*` in it; stars that touch are one.
    Pattern(Box<str>),
}

impl Literal {
    /// What a string in a document is.
    pub(crate) fn text(text: &str) -> Literal {
        if !text.contains('*') {
            return Literal::Text(text.into());
        }
        let mut pattern = String::with_capacity(text.len());
        for c in text.chars() {
            if c != '*' || !pattern.ends_with('*') {
                pattern.push(c);
            }
        }
        Literal::Pattern(pattern.into())
    }

    /// Whether a value equals it. `None` where the two are not of one kind.
    #[inline]
    pub(crate) fn equals(&self, value: Value<'_>) -> Option<bool> {
        match (self, value) {
            (Literal::Text(text), Value::Text(found)) => Some(text.as_bytes() == found.as_bytes()),
            (Literal::Pattern(pattern), Value::Text(found)) => Some(matches(pattern, found)),
            (Literal::Number(number), Value::Number(found)) => Some(number.as_decimal() == found),
            (Literal::Boolean(holds), Value::Boolean(found)) => Some(*holds == found),
            _ => None,
        }
    }
}

fn matches(pattern: &str, text: Text<'_>) -> bool {
    Pattern::in_literal(pattern).matches(text.as_str())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Boolean(holds) => write!(f, "{holds}"),
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Text(text) | Literal::Pattern(text) => f.write_str(&quoted_string(text)),
        }
    }
}

/// The list of an `in` or `notin`: of each kind in order, each element once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Set {
    booleans: Box<[bool]>,
    numbers: Box<[Number]>,
    texts: Box<[Box<str>]>,
    patterns: Box<[Box<str>]>,
    references: Box<[Reference]>,
}

fn in_order<T: Ord>(mut elements: Vec<T>) -> Box<[T]> {
    elements.sort_unstable();
    elements.dedup();
    elements.into()
}

impl Set {
    pub(crate) fn new(literals: impl IntoIterator<Item = Literal>, references: Vec<Reference>) -> Set {
        let (mut booleans, mut numbers, mut texts, mut patterns) = (vec![], vec![], vec![], vec![]);
        for literal in literals {
            match literal {
                Literal::Boolean(holds) => booleans.push(holds),
                Literal::Number(number) => numbers.push(number),
                Literal::Text(text) => texts.push(text),
                Literal::Pattern(pattern) => patterns.push(pattern),
            }
        }
        Set {
            booleans: in_order(booleans),
            numbers: in_order(numbers),
            texts: in_order(texts),
            patterns: in_order(patterns),
            references: in_order(references),
        }
    }

    /// The same list, with its references as they are elsewhere.
    pub(super) fn with_references(&self, each: impl Fn(&Reference) -> Reference) -> Set {
        Set { references: in_order(self.references.iter().map(each).collect()), ..self.clone() }
    }

    pub(crate) fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Its strings that are no patterns.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// How many elements it has.
    pub(crate) fn len(&self) -> usize {
        let plain = self.booleans.len() + self.numbers.len() + self.texts.len();
        plain + self.patterns.len() + self.references.len()
    }

    /// Its literals: of each kind in order, plain strings before patterns.
    pub(crate) fn literals(&self) -> impl Iterator<Item = Literal> + '_ {
        let booleans = self.booleans.iter().map(|holds| Literal::Boolean(*holds));
        let numbers = self.numbers.iter().cloned().map(Literal::Number);
        let texts = self.texts.iter().cloned().map(Literal::Text);
        booleans.chain(numbers).chain(texts).chain(self.patterns.iter().cloned().map(Literal::Pattern))
    }

    /// Whether a value equals one of the literals. `None` where it equals none and some are of another kind.
    #[inline]
    pub(super) fn contains(&self, value: Value<'_>) -> Option<bool> {
        let [booleans, numbers] = [!self.booleans.is_empty(), !self.numbers.is_empty()];
        let strings = !(self.texts.is_empty() && self.patterns.is_empty());
        let (found, others) = match value {
            Value::Text(text) => {
                let plain =
                    self.texts.binary_search_by(|known| known.as_bytes().cmp(text.as_bytes())).is_ok();
                let found = plain || self.patterns.iter().any(|pattern| matches(pattern, text));
                (found, booleans || numbers)
            }
            Value::Number(number) => {
                let found = self.numbers.binary_search_by(|known| known.as_decimal().cmp(&number)).is_ok();
                (found, booleans || strings)
            }
            Value::Boolean(holds) => (self.booleans.contains(&holds), numbers || strings),
            _ => (false, booleans || numbers || strings),
        };
        if found || !others { Some(found) } else { None }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strings = self.texts.iter().chain(&self.patterns).map(|text| quoted_string(text));
        let references = self.references.iter().map(written);
        let plain =
            self.booleans.iter().map(bool::to_string).chain(self.numbers.iter().map(Number::to_string));
        let all: Vec<String> = plain.chain(strings).chain(references).collect();
        write!(f, "[{}]", all.join(", "))
    }
}

/// A reference as an operand is written.
pub(crate) fn written(reference: &Reference) -> String {
    format!("{{\"ref\": {}}}", quoted_string(&reference.to_string()))
}

/// What `greaterthan` and `lessthan` compare with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bound {
    Number(Number),
    Instant(Instant<'static>),
    Reference(Reference),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Number(number) => write!(f, "{number}"),
            Bound::Instant(instant) => write!(f, "\"{instant}\""),
            Bound::Reference(reference) => f.write_str(&written(reference)),
        }
    }
}
