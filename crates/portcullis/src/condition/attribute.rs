//! What an entity's properties, an action's or a request's context are: a JSON value that is kept.
//!
//! One run of bytes and nothing else, so that a clone is a copy and equality a comparison of bytes.
//! `value.rs` says what the bytes are and reads them, `builder.rs` writes them.

use std::fmt;
use std::sync::Arc;

use super::builder::AttributeBuilder;
use super::value::Value;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::json::Tape;
use crate::limits::{DEEPEST, Limits};
use crate::source::Source;

/// A JSON value that conditions ask about. Two are equal when they mean the same: numbers exactly, objects whatever the order of
/// their keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    bytes: Arc<[u8]>,
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

    /// What a builder wrote.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Attribute {
        Attribute { bytes: bytes.into() }
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
