//! The one writer of the bytes that [`Value`](super::Value) reads.
//!
//! It goes through a value once, in the order in which it is written, and settles each object when it
//! is closed: members in order of their keys, those that are null left out, since null counts as
//! missing wherever it stands. Numbers come as text, because a float on the way would have changed
//! them already. Whoever holds JSON in another form tells the builder what it is made of; a fault of
//! the telling is kept and comes out at the end, so that the calls can be chained.

use super::attribute::{Attribute, AttributeError};
use super::number::{Form, Number};
use super::value::tag;
use crate::json::{self, Kind};
use crate::limits::DEEPEST;

/// Builds an [`Attribute`] piece by piece, for whoever holds JSON in another form. A fault of the pieces is told at the end.
///
/// ```
/// use portcullis::condition::AttributeBuilder;
/// let mut builder = AttributeBuilder::new();
/// builder.object().key("labels").object().key("team").text("marketing").end().key("size").number("1e3").end();
/// assert_eq!(builder.finish()?.to_string(), r#"{"labels": {"team": "marketing"}, "size": 1000}"#);
/// # Ok::<(), portcullis::condition::AttributeError>(())
/// ```
#[derive(Debug, Default)]
pub struct AttributeBuilder {
    bytes: Vec<u8>,
    open: Vec<Open>,
    /// Where the members of the open objects start, the innermost last.
    starts: Vec<usize>,
    /// Whether a value may stand here.
    wants: Wants,
    fault: Option<AttributeError>,
}

#[derive(Debug, Default, PartialEq)]
enum Wants {
    #[default]
    Value,
    Key,
    Nothing,
}

#[derive(Debug)]
struct Open {
    /// Where the length stands, before the count and what is inside.
    head: usize,
    is_object: bool,
    /// Elements of a list so far.
    count: u32,
    /// How many members of objects around it were there before.
    starts: usize,
}

/// Length and count.
const HEAD: usize = 8;

/// The key of the member that starts at some place.
fn key_at(bytes: &[u8], start: usize) -> &[u8] {
    let head = bytes.get(start..).and_then(|member| member.split_first_chunk());
    head.and_then(|(length, rest)| rest.get(..u32::from_le_bytes(*length) as usize)).unwrap_or(&[])
}

impl AttributeBuilder {
    /// A builder that wants a value.
    #[must_use]
    pub fn new() -> Self {
        AttributeBuilder::default()
    }

    fn refuse(&mut self, fault: AttributeError) {
        self.fault.get_or_insert(fault);
    }

    /// A value begins here. Says whether it may.
    fn begin(&mut self, tag: u8) -> bool {
        if self.wants != Wants::Value {
            self.refuse(AttributeError::Unfinished);
        } else if self.fault.is_none() {
            self.bytes.push(tag);
        }
        self.fault.is_none()
    }

    /// A value ended here.
    fn ended(&mut self) -> &mut Self {
        self.wants = match self.open.last_mut() {
            None => Wants::Nothing,
            Some(open) if open.is_object => Wants::Key,
            Some(open) => {
                open.count += 1;
                Wants::Value
            }
        };
        self
    }

    fn measured(&mut self, bytes: &[u8]) {
        match u32::try_from(bytes.len()) {
            Ok(length) => {
                self.bytes.extend_from_slice(&length.to_le_bytes());
                self.bytes.extend_from_slice(bytes);
            }
            Err(_) => self.refuse(AttributeError::TooLarge),
        }
    }

    /// Null: as the member of an object it is left out.
    pub fn null(&mut self) -> &mut Self {
        if self.begin(tag::NULL) && self.open.last().is_some_and(|open| open.is_object) {
            let start = self.starts.pop();
            self.bytes.truncate(start.unwrap_or(0));
        }
        self.ended()
    }

    /// True or false.
    pub fn boolean(&mut self, holds: bool) -> &mut Self {
        self.begin(if holds { tag::TRUE } else { tag::FALSE });
        self.ended()
    }

    /// A number as JSON writes it. One whose exponent does not fit 64 bits, and what is no number at all, is kept as it is and
    /// compares with nothing.
    pub fn number(&mut self, text: &str) -> &mut Self {
        match Number::parse(text) {
            Some(number) => return self.exact(&number),
            None if self.begin(tag::BEYOND) => self.measured(text.as_bytes()),
            None => {}
        }
        self.ended()
    }

    /// A number that was read already.
    pub fn exact(&mut self, number: &Number) -> &mut Self {
        match number.as_decimal().0 {
            Form::Whole(whole) if self.begin(tag::WHOLE) => {
                self.bytes.extend_from_slice(&whole.to_le_bytes())
            }
            Form::Digits(digits) if self.begin(tag::DIGITS) => self.measured(digits),
            _ => {}
        }
        self.ended()
    }

    /// A string.
    pub fn text(&mut self, text: &str) -> &mut Self {
        if self.begin(tag::TEXT) {
            self.measured(text.as_bytes());
        }
        self.ended()
    }

    /// The beginning of a list.
    pub fn list(&mut self) -> &mut Self {
        self.enter(tag::LIST)
    }

    /// The beginning of an object.
    pub fn object(&mut self) -> &mut Self {
        self.enter(tag::OBJECT)
    }

    fn enter(&mut self, tag: u8) -> &mut Self {
        if self.open.len() >= DEEPEST {
            self.refuse(AttributeError::TooDeep);
        }
        if self.begin(tag) {
            let is_object = tag == tag::OBJECT;
            self.open.push(Open { head: self.bytes.len(), is_object, count: 0, starts: self.starts.len() });
            self.bytes.extend_from_slice(&[0; HEAD]);
            self.wants = if is_object { Wants::Key } else { Wants::Value };
        }
        self
    }

    /// The key of an object's next member.
    pub fn key(&mut self, key: &str) -> &mut Self {
        if self.wants != Wants::Key {
            self.refuse(AttributeError::Unfinished);
        } else if self.fault.is_none() {
            self.starts.push(self.bytes.len());
            self.measured(key.as_bytes());
            self.wants = Wants::Value;
        }
        self
    }

    /// The end of the innermost list or object.
    pub fn end(&mut self) -> &mut Self {
        if self.fault.is_some() {
            return self;
        }
        let wanted = |open: &Open| if open.is_object { Wants::Key } else { Wants::Value };
        let Some(open) = self.open.pop().filter(|open| self.wants == wanted(open)) else {
            self.refuse(AttributeError::Unfinished);
            return self;
        };
        let inside = open.head + HEAD;
        let mut count = open.count;
        if open.is_object {
            count = (self.starts.len() - open.starts) as u32;
            self.settle(inside, open.starts);
        }
        let Ok(length) = u32::try_from(self.bytes.len() - inside + size_of::<u32>()) else {
            self.refuse(AttributeError::TooLarge);
            return self;
        };
        let head = length.to_le_bytes().into_iter().chain(count.to_le_bytes());
        self.bytes.iter_mut().skip(open.head).zip(head).for_each(|(slot, byte)| *slot = byte);
        self.ended()
    }

    /// Puts the members from `inside` on in order of their keys, and their offsets behind them.
    fn settle(&mut self, inside: usize, first: usize) {
        let AttributeBuilder { bytes, starts, .. } = self;
        let members = starts.get(first..).unwrap_or(&[]);
        if !members.is_sorted_by(|&one, &next| key_at(bytes, one) < key_at(bytes, next)) {
            let ends = members.iter().skip(1).copied().chain([bytes.len()]);
            let mut places: Vec<_> = members.iter().zip(ends).map(|(&start, end)| start..end).collect();
            places.sort_by_key(|place| key_at(bytes, place.start));
            let mut pairs = places.iter().zip(places.iter().skip(1));
            let twice = pairs.any(|(one, next)| key_at(bytes, one.start) == key_at(bytes, next.start));
            let mut sorted = Vec::with_capacity(bytes.len() - inside);
            starts.truncate(first);
            for place in places {
                starts.push(inside + sorted.len());
                sorted.extend_from_slice(bytes.get(place).unwrap_or(&[]));
            }
            bytes.truncate(inside);
            bytes.append(&mut sorted);
            if twice {
                self.refuse(AttributeError::DuplicateKey);
            }
        }
        for start in self.starts.drain(first..) {
            self.bytes.extend_from_slice(&((start - inside) as u32).to_le_bytes());
        }
    }

    /// A value that was read from a text. The tape bounds how deep it nests.
    pub(crate) fn value(&mut self, value: json::Value<'_>) -> &mut Self {
        match value.kind() {
            Kind::Null | Kind::Fault => self.null(),
            Kind::True => self.boolean(true),
            Kind::False => self.boolean(false),
            Kind::Number => self.number(value.raw()),
            Kind::Text | Kind::EscapedText => self.text(&value.text()),
            Kind::Array => {
                self.list();
                for element in value.elements() {
                    self.value(element);
                }
                self.end()
            }
            Kind::Object => {
                self.object();
                for (key, value) in value.members() {
                    self.key(&key.text()).value(value);
                }
                self.end()
            }
        }
    }

    /// The value, when it is whole.
    ///
    /// # Errors
    /// The first fault of what the builder was told.
    pub fn finish(self) -> Result<Attribute, AttributeError> {
        match self.fault {
            Some(fault) => Err(fault),
            None if self.wants != Wants::Nothing => Err(AttributeError::Unfinished),
            None => Ok(Attribute::from_bytes(self.bytes)),
        }
    }
}
