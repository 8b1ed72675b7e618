//! What an entity's properties, an action's or a request's context are: a JSON value that is kept.
//!
//! The one writer of the bytes that [`Value`] reads. It goes through a value once, in the order in
//! which it is written, and settles each object when it is closed: members in order of their keys,
//! those that are null left out, since null counts as missing wherever it stands. Numbers come as
//! text, because a float on the way would have changed them already.

use std::fmt;
use std::sync::Arc;

use super::number::{Form, Number};
use super::value::{Value, tag};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::{self, Kind, Tape};
use crate::limits::{DEEPEST, Limits};
use crate::source::Source;

/// A JSON value that conditions ask about. Two are equal when they mean the same: numbers exactly, objects whatever the order of
/// their keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    bytes: Box<[u8]>,
}

impl Attribute {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// Every fault of the text.
    ///
    /// ```
    /// use portcullis::condition::Attribute;
    /// use portcullis::Source;
    /// let one = Attribute::read(&Source::new("one", r#"{"a": 1.0, "b": null}"#))?;
    /// assert_eq!(one, Attribute::read(&Source::new("other", r#"{"a": 1}"#))?);
    /// assert_eq!(one.to_string(), r#"{"a": 1}"#);
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn read(source: &Arc<Source>) -> Result<Attribute, Report> {
        let mut report = Report::new();
        let tape = Tape::read(source, &Limits::default(), &mut report);
        let value = tape.map(|tape| {
            let mut builder = AttributeBuilder::new();
            builder.value(tape.root());
            builder.finish()
        });
        match value {
            Some(Ok(attribute)) if !report.has_errors() => Ok(attribute),
            Some(Err(error)) if !report.has_errors() => {
                report.push(Diagnostic::new(Code::OverLimit, error.to_string()));
                Err(report)
            }
            _ => Err(report),
        }
    }

    /// The value, to be looked into.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        Value::at(&self.bytes)
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl fmt::Display for Attribute {
    /// As JSON, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

/// Why a value cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// Lists and objects nest too deep.
    #[error("the value nests deeper than {DEEPEST} levels")]
    TooDeep,
    /// An object has a key twice.
    #[error("a key stands twice in one object of the value")]
    DuplicateKey,
    /// The value takes more bytes than are numbered.
    #[error("the value takes more than four gigabytes")]
    TooLarge,
    /// The builder was told too little or too much: a key without a value, a value without a key, an end without a beginning.
    #[error("the value was not built from one beginning to its end")]
    Unfinished,
}

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
    /// Where the count stands, before the length and what is inside.
    head: usize,
    is_object: bool,
    /// Elements of a list so far.
    count: u32,
    /// How many members of objects around it were there before.
    starts: usize,
}

/// Count and length.
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
            Form::Digits { negative, exponent, digits } if self.begin(tag::DIGITS) => {
                self.bytes.push(u8::from(negative));
                self.bytes.extend_from_slice(&exponent.to_le_bytes());
                self.measured(digits);
            }
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
        let between = self.wants
            == self
                .open
                .last()
                .map_or(Wants::Nothing, |open| if open.is_object { Wants::Key } else { Wants::Value });
        if self.fault.is_some() {
            return self;
        }
        let Some(open) = self.open.pop().filter(|_| between) else {
            self.refuse(AttributeError::Unfinished);
            return self;
        };
        let inside = open.head + HEAD;
        let length = self.bytes.len() - inside;
        let mut count = open.count;
        if open.is_object {
            count = (self.starts.len() - open.starts) as u32;
            self.settle(inside, open.starts);
        }
        let Ok(length) = u32::try_from(length) else {
            self.refuse(AttributeError::TooLarge);
            return self;
        };
        let head = count.to_le_bytes().into_iter().chain(length.to_le_bytes());
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
            None => Ok(Attribute { bytes: self.bytes.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Attribute {
        Attribute::read(&Source::new("attribute", text)).unwrap_or_else(|report| panic!("{text}: {report}"))
    }

    #[test]
    fn values_that_mean_the_same_are_equal() {
        for (one, other) in [
            (
                r#"{"b": [1, {"y": 2, "x": true}], "a": "é"}"#,
                r#"{"a": "\u00e9", "b": [1.0, {"x": true, "y": 2e0}]}"#,
            ),
            (r#"{"a": null, "b": {"c": null}}"#, r#"{"b": {}}"#),
            (r#"{"": 0, "a": -0.0}"#, r#"{"a": 0, "": 0e7}"#),
            ("1e400", "10e399"),
        ] {
            assert_eq!(read(one), read(other));
            assert_eq!(read(one).value(), read(other).value());
        }
        for (one, other) in [
            ("[1, 2]", "[2, 1]"),
            ("[null]", "[]"),
            ("1", "\"1\""),
            ("{}", "[]"),
            (r#"{"a": {}}"#, "{}"),
            ("true", "false"),
            ("9007199254740993", "9007199254740992"),
            (r#"{"a": 1, "b": 2}"#, r#"{"a": 2, "b": 1}"#),
        ] {
            assert_ne!(read(one), read(other));
            assert_ne!(read(one).value(), read(other).value());
        }
    }

    #[test]
    fn members_are_found_by_key_whatever_their_number_and_order() {
        for count in [0, 1, 2, 3, 8, 100] {
            let keys: Vec<usize> = (0..count).map(|number| number * 37 % 101).collect();
            let text: Vec<String> = keys.iter().map(|key| format!("\"k{key}\": {key}")).collect();
            let attribute = read(&format!("{{{}}}", text.join(",")));
            let Value::Object(object) = attribute.value() else { panic!() };
            assert_eq!(object.len(), count);
            for key in keys {
                assert_eq!(object.get(&format!("k{key}")).unwrap().to_string(), key.to_string());
            }
            assert_eq!(object.get("k"), None);
            assert!(object.iter().map(|(key, _)| key).is_sorted());
        }
    }

    #[test]
    fn a_number_beyond_is_kept_as_it_is_written() {
        let attribute = read("[1e99999999999999999999, 7]");
        assert_eq!(attribute.to_string(), "[1e99999999999999999999, 7]");
        let Value::List(list) = attribute.value() else { panic!() };
        assert_eq!(
            list.iter().map(Value::kind_name).collect::<Vec<_>>(),
            ["a number too far out to compare", "a number"]
        );
    }

    #[test]
    fn what_is_not_one_whole_value_is_refused() {
        type Told = fn(&mut AttributeBuilder) -> &mut AttributeBuilder;
        let told: [(Told, AttributeError); 12] = [
            (|b| b, AttributeError::Unfinished),
            (|b| b.object(), AttributeError::Unfinished),
            (|b| b.object().key("a"), AttributeError::Unfinished),
            (|b| b.object().key("a").end(), AttributeError::Unfinished),
            (|b| b.object().text("a").end(), AttributeError::Unfinished),
            (|b| b.object().key("a").key("b").null().end(), AttributeError::Unfinished),
            (|b| b.list().key("a").null().end(), AttributeError::Unfinished),
            (|b| b.null().null(), AttributeError::Unfinished),
            (|b| b.list().end().end(), AttributeError::Unfinished),
            (|b| b.end(), AttributeError::Unfinished),
            (
                |b| b.object().key("a").text("x").key("b").null().key("a").text("y").end(),
                AttributeError::DuplicateKey,
            ),
            (|b| (0..=DEEPEST).fold(b, |b, _| b.list()), AttributeError::TooDeep),
        ];
        for (at, (tell, error)) in told.into_iter().enumerate() {
            let mut builder = AttributeBuilder::new();
            tell(&mut builder);
            assert_eq!(builder.finish(), Err(error), "{at}");
        }
        assert!(Attribute::read(&Source::new("a", "{\"a\": 1, \"a\": 1}")).is_err());
        assert!(Attribute::read(&Source::new("a", "[1,]")).is_err());
    }

    #[test]
    fn bytes_that_nobody_wrote_are_null_and_no_panic() {
        for length in 0..40 {
            for seed in 0..2_000_u32 {
                let word = |at: u32| (seed.wrapping_mul(2_654_435_761).wrapping_add(at * 40_503) >> 13) as u8;
                let bytes: Vec<u8> =
                    (0..length).map(|at| if at % 3 == 0 { word(at) % 10 } else { word(at) % 4 }).collect();
                let attribute = Attribute { bytes: bytes.into() };
                let shown = attribute.to_string();
                assert_eq!(
                    (attribute.value(), shown),
                    (attribute.clone().value(), attribute.clone().to_string())
                );
            }
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let text = "[a-cé\"\\\\]{0,4}";
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            text.prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec((text, inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn without_nulls(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Array(list) => list.iter().map(without_nulls).collect(),
            serde_json::Value::Object(object) => {
                let kept = object.iter().filter(|(_, value)| !value.is_null());
                kept.map(|(key, value)| (key.clone(), without_nulls(value)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_written_but_for_nulls(json in any_json()) {
            let attribute = read(&json.to_string());
            let shown: serde_json::Value = serde_json::from_str(&attribute.to_string()).unwrap();
            prop_assert_eq!(&shown, &without_nulls(&json));
            prop_assert_eq!(read(&attribute.to_string()), attribute);
        }

        #[test]
        fn two_are_equal_when_serde_json_says_so(one in any_json(), other in any_json()) {
            let same = without_nulls(&one) == without_nulls(&other);
            prop_assert_eq!(read(&one.to_string()) == read(&other.to_string()), same);
            prop_assert_eq!(read(&one.to_string()).value() == read(&other.to_string()).value(), same);
        }
    }
}
