//! JSON whose numbers are the digits that were written.
//!
//! Conditions compare numbers exactly, and serde_json's own value keeps a float of most of them. Its switch for keeping
//! digits would hold for every crate of a build, the command line too, so a text is taken apart here level by level with
//! `RawValue`, which only marks where a value begins and ends. That is quadratic in the depth, which is bounded.
//!
//! What the reference does not read it does not guess: a key that stands twice in one object is an error, anywhere.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::decimal::Decimal;

/// Levels of nesting that are read.
const DEEPEST: usize = 128;

/// The keys and values of an object.
pub type Object = BTreeMap<String, Json>;

/// A JSON value.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`, which every condition takes for a value that is missing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// When it is no JSON, nests more than 128 levels deep, or has a key twice in one object.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        Self::within(serde_json::from_str::<&RawValue>(text)?.get(), DEEPEST)
    }

    fn within(text: &str, deepest: usize) -> Result<Self, serde_json::Error> {
        let Some(deeper) = deepest.checked_sub(1) else {
            return Err(Error::custom("nested too deep"));
        };
        Ok(match text.bytes().next() {
            Some(b'n') => Json::Null,
            Some(b't' | b'f') => Json::Bool(serde_json::from_str(text)?),
            Some(b'"') => Json::Text(serde_json::from_str(text)?),
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                let read = |element: &RawValue| Self::within(element.get(), deeper);
                Json::List(elements.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Entries(entries) = serde_json::from_str(text)?;
                let read = |(key, value): (String, Box<RawValue>)| {
                    Self::within(value.get(), deeper).map(|value| (key, value))
                };
                Json::Object(entries.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            _ => Json::Number(text.to_owned()),
        })
    }

    /// Whether two values are the same: numbers by what they come to, objects in any order of their keys.
    ///
    /// A number that is beyond comparing is the same as none.
    #[must_use]
    pub fn same(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(one), Json::Bool(other)) => one == other,
            (Json::Text(one), Json::Text(other)) => one == other,
            (Json::Number(one), Json::Number(other)) => match (Decimal::read(one), Decimal::read(other)) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            },
            (Json::List(one), Json::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.same(other))
            }
            (Json::Object(one), Json::Object(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|((key, one), (name, other))| key == name && one.same(other))
            }
            _ => false,
        }
    }
}

impl From<&Value> for Json {
    /// The same value, with whatever digits serde_json kept.
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(number.to_string()),
            Value::String(text) => Json::Text(text.clone()),
            Value::Array(list) => Json::List(list.iter().map(Json::from).collect()),
            Value::Object(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.clone(), Json::from(value))).collect())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Json::read(Box::<RawValue>::deserialize(reader)?.get()).map_err(D::Error::custom)
    }
}

/// The entries of one object, each key once.
struct Entries(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Entries;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if entries.iter().any(|(known, _)| *known == key) {
                        return Err(M::Error::custom(format!("the key {key:?} stands twice in one object")));
                    }
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }
        reader.deserialize_map(Each)
    }
}
