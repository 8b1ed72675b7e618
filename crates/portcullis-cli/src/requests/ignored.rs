//! What is passed over in a request, though not unseen.
//!
//! A line may carry keys that nobody here knows, with any values. They are held to the one rule that readers disagree on: a key
//! stands once in its object, at every level. Nothing is kept of them but the keys of the objects that are open. Properties and
//! context are held to the same, and to being objects; `sent` reads them once more where conditions ask for them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// How many keys are looked through one by one before they are worth hashing.
const FEW: usize = 8;

/// Keys of one object that were seen and mean nothing.
#[derive(Default)]
pub(super) struct Ignored<'l> {
    few: Vec<Cow<'l, str>>,
    more: HashSet<Cow<'l, str>>,
}

impl<'l> Ignored<'l> {
    /// Passes over the value of a key.
    pub(super) fn pass<M: MapAccess<'l>>(&mut self, key: Cow<'l, str>, map: &mut M) -> Result<(), M::Error> {
        if self.few.contains(&key) || self.more.contains(&key) {
            return Err(twice(&key));
        }
        if self.few.len() < FEW {
            self.few.push(key);
        } else {
            self.more.insert(key);
        }
        map.next_value::<Anything>().map(drop)
    }
}

/// The error for a key that stands twice.
pub(super) fn twice<E: de::Error>(key: &str) -> E {
    E::custom(format!("the key {} stands twice", portcullis::text::quoted(key)))
}

/// A string, borrowed from the line where it holds no escapes.
pub(super) struct Text<'l>(pub(super) Cow<'l, str>);

impl<'l> Deserialize<'l> for Text<'l> {
    fn deserialize<D: Deserializer<'l>>(reader: D) -> Result<Self, D::Error> {
        struct OnlyText;
        impl<'l> Visitor<'l> for OnlyText {
            type Value = Text<'l>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'l str) -> Result<Text<'l>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'l>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        reader.deserialize_str(OnlyText)
    }
}

/// Properties or a context: an object, dropped, but with its duplicate keys refused. The value says whether there is one: null is none.
pub(super) struct Brought<'w> {
    /// Whose properties they are; nobody's for the context.
    pub(super) part: Option<&'w str>,
}

impl Brought<'_> {
    fn refuse<E: de::Error>(&self, found: &str) -> Result<bool, E> {
        Err(E::custom(match self.part {
            Some(part) => format!("`{part}.properties` must be an object, not {found}"),
            None => format!("`context` must be an object, not {found}"),
        }))
    }
}

impl<'l> DeserializeSeed<'l> for Brought<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'l>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for Brought<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<bool, E> {
        self.refuse("a boolean")
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<bool, E> {
        self.refuse("a number")
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<bool, E> {
        self.refuse("a number")
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<bool, E> {
        self.refuse("a number")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<bool, E> {
        self.refuse("a string")
    }

    fn visit_seq<S: SeqAccess<'l>>(self, _: S) -> Result<bool, S::Error> {
        self.refuse("a list")
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<M: MapAccess<'l>>(self, map: M) -> Result<bool, M::Error> {
        Anything.visit_map(map).map(|_| true)
    }
}

/// Any value, dropped, but with its duplicate keys refused.
struct Anything;

impl<'l> Deserialize<'l> for Anything {
    fn deserialize<D: Deserializer<'l>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Anything)
    }
}

impl<'l> Visitor<'l> for Anything {
    type Value = Anything;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_seq<S: SeqAccess<'l>>(self, mut list: S) -> Result<Anything, S::Error> {
        while list.next_element::<Anything>()?.is_some() {}
        Ok(Anything)
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<Anything, M::Error> {
        let mut keys = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            keys.pass(key, &mut map)?;
        }
        Ok(Anything)
    }
}
