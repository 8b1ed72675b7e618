//! A value where it lies: a cursor into the bytes of an [`Attribute`](super::Attribute).
//!
//! An attribute is one run of bytes, whatever its shape, because a million objects of three boxes
//! each would be three million allocations and as many waits for memory. The bytes are canonical
//! (keys in order, numbers in one form, no member that is null), so that two values are equal when
//! their bytes are, however deep they nest, and nothing here recurses but writing a value out.
//!
//! ```text
//! null, false, true    tag
//! whole number         tag, 8 bytes
//! other number         tag, length (4), sign, exponent (16), digits
//! text, number beyond  tag, length (4), bytes
//! list                 tag, length (4), count (4), elements
//! object               tag, length (4), count (4), members in order of keys, the offset of each (4)
//! member               length of the key (4), key, value
//! ```
//!
//! All numbers are little-endian. What is not of this form reads as null; the one writer is in
//! `attribute.rs`.

use std::fmt;

use super::number::{Decimal, Form};
use crate::json::quoted_string;

pub(super) mod tag {
    pub(in crate::condition) const NULL: u8 = 0;
    pub(in crate::condition) const FALSE: u8 = 1;
    pub(in crate::condition) const TRUE: u8 = 2;
    pub(in crate::condition) const WHOLE: u8 = 3;
    pub(in crate::condition) const DIGITS: u8 = 4;
    pub(in crate::condition) const BEYOND: u8 = 5;
    pub(in crate::condition) const TEXT: u8 = 6;
    pub(in crate::condition) const LIST: u8 = 7;
    pub(in crate::condition) const OBJECT: u8 = 8;
}

/// A JSON value of some attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Counts as missing wherever it stands.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number, exact.
    Number(Decimal<'a>),
    /// A number as it was written whose exponent does not fit 64 bits: there, but not to be compared with anything.
    Beyond(Text<'a>),
    /// A string.
    Text(Text<'a>),
    /// A list.
    List(List<'a>),
    /// An object.
    Object(Object<'a>),
}

/// A text that lies in an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

/// A list that lies in an attribute. Two are equal when all of their elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List<'a> {
    count: u32,
    bytes: &'a [u8],
}

/// An object that lies in an attribute. Two are equal when they have the same members, in whatever order they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    count: u32,
    /// Members, then offsets.
    bytes: &'a [u8],
}

/// A number of 32 bits, and the bytes after it.
#[inline]
fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word), rest))
}

/// As many bytes as the length before them says, and what follows.
#[inline]
fn measured(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = word(bytes)?;
    rest.split_at_checked(length as usize)
}

/// Where a value starts: what a walk goes from and to, two words that stay in registers. Values themselves are made where it ends.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a>(&'a [u8]);

impl<'a> Spot<'a> {
    #[inline]
    pub(super) fn value(self) -> Value<'a> {
        Value::at(self.0)
    }

    /// The object that is there, if one is.
    #[inline]
    fn object(self) -> Option<Object<'a>> {
        let (&tag::OBJECT, rest) = self.0.split_first()? else { return None };
        let (inside, _) = measured(rest)?;
        word(inside).map(|(count, bytes)| Object { count, bytes })
    }

    /// The member of the object that is there.
    #[inline]
    pub(super) fn step(self, key: &str) -> Option<Spot<'a>> {
        self.object()?.place(key)
    }

    /// The inside of an object that is `{"ref": …}` and nothing else.
    #[inline]
    pub(super) fn reference(self) -> Option<Spot<'a>> {
        let object = self.object()?;
        if object.count != 1 {
            return None;
        }
        let (name, inside) = measured(object.bytes)?;
        if name == b"ref" { Some(Spot(inside)) } else { None }
    }
}

impl<'a> Value<'a> {
    /// Where the members of an object are looked for; nowhere in anything else.
    #[inline]
    pub(super) fn step(self, key: &str) -> Option<Spot<'a>> {
        if let Value::Object(object) = self { object.place(key) } else { None }
    }

    /// The value at the start of some bytes.
    #[inline]
    pub(super) fn at(bytes: &'a [u8]) -> Value<'a> {
        Value::first(bytes).map_or(Value::Null, |(value, _)| value)
    }

    /// The value at the start, and the bytes after it.
    #[inline]
    fn first(bytes: &'a [u8]) -> Option<(Value<'a>, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        match tag {
            tag::FALSE | tag::TRUE => return Some((Value::Boolean(tag == tag::TRUE), rest)),
            tag::WHOLE => {
                let (whole, rest) = rest.split_first_chunk()?;
                return Some((Value::Number(Decimal(Form::Whole(i64::from_le_bytes(*whole)))), rest));
            }
            tag::DIGITS..=tag::OBJECT => {}
            _ => return Some((Value::Null, rest)),
        }
        let (inside, rest) = measured(rest)?;
        let value = match tag {
            tag::TEXT => Value::Text(Text(inside)),
            tag::OBJECT => word(inside).map(|(count, bytes)| Value::Object(Object { count, bytes }))?,
            tag::LIST => word(inside).map(|(count, bytes)| Value::List(List { count, bytes }))?,
            tag::DIGITS => Value::Number(Decimal(Form::Digits(inside))),
            _ => Value::Beyond(Text(inside)),
        };
        Some((value, rest))
    }

    /// Whether the value counts as missing.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        if let Value::Text(text) = self { Some(text.as_str()) } else { None }
    }

    /// The members of an object.
    #[must_use]
    pub fn as_object(self) -> Option<Object<'a>> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// What the value is, for a message: `a string`, `an object`.
    #[must_use]
    pub fn kind_name(self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Beyond(_) => "a number too far out to compare",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

impl<'a> Text<'a> {
    /// The text.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        // INVARIANT: whatever is a text was one when it was written; the tests of `attribute.rs` read it back.
        std::str::from_utf8(self.0).unwrap_or("")
    }

    /// Its bytes, which need no looking at.
    #[inline]
    pub(super) fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text(text.as_bytes())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<'a> List<'a> {
    /// How many elements it has.
    #[must_use]
    pub fn len(self) -> usize {
        self.count as usize
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// Its elements, in the order written.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (value, after) = Value::first(rest)?;
            rest = after;
            Some(value)
        })
    }
}

impl<'a> Object<'a> {
    /// How many members it has; those that are null are none.
    #[must_use]
    pub fn len(self) -> usize {
        self.count as usize
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// The value under a key, never null.
    #[inline]
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.place(key).map(Spot::value)
    }

    #[inline]
    fn place(self, key: &str) -> Option<Spot<'a>> {
        let (name, value) = measured(self.bytes)?;
        if name == key.as_bytes() {
            return Some(Spot(value));
        }
        if self.count > 1 { self.search(key.as_bytes()) } else { None }
    }

    fn search(self, key: &[u8]) -> Option<Spot<'a>> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let (name, value) = self.member(middle)?;
            match name.cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(Spot(value)),
            }
        }
        None
    }

    /// Its members, in byte order of keys.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let members = (0..self.count).map_while(move |at| self.member(at));
        members.map(|(key, value)| (Text(key).as_str(), Value::at(value)))
    }

    /// The bytes of a key, and those from its value on.
    #[inline]
    fn member(self, at: u32) -> Option<(&'a [u8], &'a [u8])> {
        let offsets = self.bytes.len().checked_sub(4 * self.count as usize)?;
        let (offset, _) = word(self.bytes.get(offsets + 4 * at as usize..)?)?;
        measured(self.bytes.get(offset as usize..)?)
    }
}

impl fmt::Display for Value<'_> {
    /// As JSON, on one line, keys in byte order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::Null => f.write_str("null"),
            Value::Boolean(holds) => write!(f, "{holds}"),
            Value::Number(number) => number.fmt(f),
            Value::Beyond(text) => f.write_str(text.as_str()),
            Value::Text(text) => f.write_str(&quoted_string(text.as_str())),
            Value::List(list) => {
                f.write_str("[")?;
                for (at, value) in list.iter().enumerate() {
                    write!(f, "{}{value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Value::Object(object) => {
                f.write_str("{")?;
                for (at, (key, value)) in object.iter().enumerate() {
                    write!(f, "{}{}: {value}", if at == 0 { "" } else { ", " }, quoted_string(key))?;
                }
                f.write_str("}")
            }
        }
    }
}
