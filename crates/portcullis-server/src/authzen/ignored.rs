//! What is passed over in a request, though not unseen.
//!
//! A body may carry keys that nobody here knows, with any values. They are held to the one rule that readers disagree on: a key
//! stands once in its object, at every level. Nothing is kept of them but the keys of the objects that are open. Properties and
//! context are held to the same, and to being objects; `sent` reads them once more where conditions ask for them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// How many keys are looked through one by one before they are worth hashing.
const FEW: usize = 8;

/// Keys of one object that were seen and mean nothing. The first few take no memory of their own.
#[derive(Default)]
pub(super) struct Ignored<'l> {
    few: [&'l str; FEW],
    count: usize,
    /// Those that are written with escapes, and all after the first few.
    more: Option<HashSet<Cow<'l, str>>>,
}

impl<'l> Ignored<'l> {
    /// Passes over the value of a key, which may nest so many levels.
    pub(super) fn pass<M: MapAccess<'l>>(
        &mut self,
        key: Cow<'l, str>,
        map: &mut M,
        left: u8,
    ) -> Result<(), M::Error> {
        self.keep(key)?;
        map.next_value_seed(Anything { left }).map(drop)
    }

    fn keep<E: de::Error>(&mut self, key: Cow<'l, str>) -> Result<(), E> {
        let seen = self.few.iter().take(self.count).any(|seen| **seen == *key);
        if seen || self.more.as_ref().is_some_and(|more| more.contains(&key)) {
            return Err(twice(&key));
        }
        match (key, self.few.get_mut(self.count)) {
            (Cow::Borrowed(key), Some(place)) => {
                *place = key;
                self.count += 1;
            }
            (key, _) => {
                self.more.get_or_insert_default().insert(key);
            }
        }
        Ok(())
    }
}

/// The error for a key that stands twice.
pub(super) fn twice<E: de::Error>(key: &str) -> E {
    E::custom(format!("the key {} stands twice", portcullis::text::quoted(key)))
}

/// The levels that are left inside a list or an object.
fn inside<E: de::Error>(left: u8) -> Result<u8, E> {
    left.checked_sub(1).ok_or_else(|| {
        E::custom(format!("lists and objects nest deeper than {} levels", super::request::LEVELS))
    })
}

/// A string, borrowed from the text where it holds no escapes.
pub(super) struct Text<'l>(pub(super) Cow<'l, str>);

impl<'l> Deserialize<'l> for Text<'l> {
    fn deserialize<D: Deserializer<'l>>(reader: D) -> Result<Self, D::Error> {
        TextOf { field: None }.deserialize(reader).map(Text)
    }
}

/// The string of a field, which is told when it is none.
#[derive(Clone, Copy)]
pub(super) struct TextOf<'w> {
    /// The part and the key; nothing where words do not name them.
    pub(super) field: Option<(&'w str, &'w str)>,
}

impl<'l> DeserializeSeed<'l> for TextOf<'_> {
    type Value = Cow<'l, str>;

    fn deserialize<D: Deserializer<'l>>(self, reader: D) -> Result<Cow<'l, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'l> Visitor<'l> for TextOf<'_> {
    type Value = Cow<'l, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some((part, key)) => write!(f, "a string for `{part}.{key}`"),
            None => f.write_str("a string"),
        }
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'l str) -> Result<Cow<'l, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cow<'l, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Properties or a context: an object, dropped, but with its duplicate keys refused. The value says whether there is one: null is none.
pub(super) struct Brought<'w> {
    /// Whose properties they are; nobody's for the context.
    pub(super) part: Option<&'w str>,
    /// How many levels they may nest.
    pub(super) left: u8,
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
        Anything { left: self.left }.visit_map(map).map(|_| true)
    }
}

/// Any value, dropped, but with its duplicate keys refused.
pub(super) struct Anything {
    /// How many levels it may nest.
    pub(super) left: u8,
}

impl<'l> DeserializeSeed<'l> for Anything {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for Anything {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'l>>(self, mut list: S) -> Result<(), S::Error> {
        let left = inside(self.left)?;
        while list.next_element_seed(Anything { left })?.is_some() {}
        Ok(())
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<(), M::Error> {
        let left = inside(self.left)?;
        let mut keys = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            keys.pass(key, &mut map, left)?;
        }
        Ok(())
    }
}
