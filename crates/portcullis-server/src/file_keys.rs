//! The keys file of a workspace file that is served: who is let in, by the hashes of their keys.
//!
//! One JSON object, `{"keys": [{"id", "name", "hash"}]}`. It is read strictly, since what is misspelt there would keep somebody in or out
//! unseen: an unknown key, one that stands twice, two entries of one id and a hash that is none are refused with their place. A file that
//! holds a secret itself is refused too, and no message repeats one. Keys have no expiry and no scopes here: a file has no clock of its own, and
//! whoever is let in may ask about everyone. An entry that is taken out opens nothing any more.

use std::collections::BTreeMap;
use std::fmt;

use data_encoding::HEXLOWER;
use portcullis::text::grouped;
use portcullis_store::Id;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::naming::fit;
use crate::outside::{Outside, new_id};
use crate::secret::{Hash, Secret, SecretKind, holds_secret};

/// What a hash begins with.
const ALGORITHM: &str = "sha256:";

/// An entry of a keys file. `Debug` does not show the hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileKey {
    #[serde(serialize_with = "write_id", deserialize_with = "read_id")]
    id: Id,
    #[serde(deserialize_with = "read_name")]
    name: String,
    #[serde(serialize_with = "write_hash", deserialize_with = "read_hash")]
    hash: Hash,
}

/// Somebody who showed a key of the file: which, and that it was this secret of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileCaller {
    id: Id,
    hash: Hash,
}

/// What a keys file says.
#[derive(Clone, Debug, Default)]
pub struct FileKeys {
    /// In the order of the file.
    keys: Vec<FileKey>,
    places: BTreeMap<Id, usize>,
}

impl FileKey {
    /// Draws a key: its secret, to be shown this once, and the entry by which a server knows it.
    ///
    /// # Errors
    /// For a name that is not fit, and when the system gives no randomness.
    pub fn draw(name: &str, outside: &dyn Outside) -> Result<(Secret, FileKey), Refusal> {
        fit("key", name)?;
        let secret = Secret::draw(outside, SecretKind::Key, new_id(outside)?)?;
        let key = FileKey { id: secret.id(), name: name.to_owned(), hash: secret.hash() };
        Ok((secret, key))
    }

    /// The id by which it is found.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FileKeys {
    /// Bytes of a keys file, at most.
    pub const BYTES: usize = 2 << 20;
    /// Keys in it, at most.
    pub const KEYS: usize = 10_000;

    /// Reads a keys file.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], with the place of what is wrong.
    pub fn read(text: &str) -> Result<FileKeys, Refusal> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Form {
            #[serde(deserialize_with = "read_keys")]
            keys: FileKeys,
        }
        if text.len() > FileKeys::BYTES {
            return Err(Refusal::Invalid(format!(
                "it has {} bytes where the limit is {}",
                grouped(text.len()),
                grouped(FileKeys::BYTES)
            )));
        }
        if holds_secret(text) {
            return Err(Refusal::Invalid(
                "it holds a secret: replace that key, and put only what `portcullis key new --offline` calls its entry here"
                    .to_owned(),
            ));
        }
        let form: Form = serde_json::from_str(text).map_err(|error| Refusal::Invalid(error.to_string()))?;
        Ok(form.keys)
    }

    /// Adds a key behind those that are there.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when there is one of its id, or are too many.
    pub fn add(&mut self, key: FileKey) -> Result<(), Refusal> {
        if self.keys.len() >= FileKeys::KEYS {
            let most = grouped(FileKeys::KEYS);
            return Err(Refusal::Invalid(format!("there are more than the {most} keys allowed")));
        }
        if self.places.insert(key.id, self.keys.len()).is_some() {
            return Err(Refusal::Invalid(format!("two keys have the id `{}`", key.id)));
        }
        self.keys.push(key);
        Ok(())
    }

    /// The file that says this, an entry a line.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] when it would be longer than one may be.
    pub fn text(&self) -> Result<String, Refusal> {
        let entries: Result<Vec<String>, _> = self.keys.iter().map(serde_json::to_string).collect();
        let entries = entries.map_err(|error| Refusal::Invalid(error.to_string()))?;
        let text = match entries.as_slice() {
            [] => "{\n  \"keys\": []\n}\n".to_owned(),
            entries => format!("{{\n  \"keys\": [\n    {}\n  ]\n}}\n", entries.join(",\n    ")),
        };
        if text.len() > FileKeys::BYTES {
            let most = grouped(FileKeys::BYTES);
            return Err(Refusal::Invalid(format!("the file would have more than the {most} bytes allowed")));
        }
        Ok(text)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nobody has a key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn get(&self, id: Id) -> Option<&FileKey> {
        self.places.get(&id).and_then(|at| self.keys.get(*at))
    }

    /// Whoever shows a secret that opens one of these keys.
    pub(crate) fn open(&self, shown: &str) -> Option<FileCaller> {
        let secret = Secret::parse(shown).filter(|secret| secret.kind() == SecretKind::Key)?;
        let known = self.get(secret.id());
        // Of an unknown id the same is computed as of a known one.
        let opens = secret.opens(known.map_or(&[0; 32], |known| &known.hash));
        known.filter(|_| opens).map(|known| FileCaller { id: known.id, hash: known.hash })
    }

    /// Whether a caller's key is still here, with the secret that it was let in with.
    pub(crate) fn still_opens(&self, caller: &FileCaller) -> bool {
        self.get(caller.id).is_some_and(|known| known.hash == caller.hash)
    }
}

impl FileCaller {
    /// The id of the key.
    #[must_use]
    pub const fn key(&self) -> Id {
        self.id
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileKey({})", self.id)
    }
}

impl fmt::Debug for FileCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileCaller({})", self.id)
    }
}

fn write_id<S: serde::Serializer>(id: &Id, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn write_hash<S: serde::Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{ALGORITHM}{}", HEXLOWER.encode(hash)))
}

fn read_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
    let text = String::deserialize(deserializer)?;
    let id = Id::parse(&text).filter(|id| *id != Id::NIL);
    id.ok_or_else(|| D::Error::custom("`id` is none: expected its 26 letters and digits"))
}

fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    fit("key", &name).map_err(D::Error::custom)?;
    Ok(name)
}

fn read_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = text.strip_prefix(ALGORITHM).and_then(|digits| HEXLOWER.decode(digits.as_bytes()).ok());
    let hash = digits.and_then(|bytes| Hash::try_from(bytes).ok());
    hash.ok_or_else(|| D::Error::custom("`hash` is none: expected `sha256:` and 64 digits, in small letters"))
}

/// Reads the entries one after the other, so that a fault is told where it stands.
fn read_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileKeys, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = FileKeys;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of keys")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<FileKeys, A::Error> {
            let mut keys = FileKeys::default();
            while let Some(key) = entries.next_element()? {
                keys.add(key).map_err(A::Error::custom)?;
            }
            Ok(keys)
        }
    }
    deserializer.deserialize_seq(Entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::System;

    fn two() -> (Secret, FileKeys) {
        let ((secret, one), (_, other)) =
            (FileKey::draw("one", &System).unwrap(), FileKey::draw("two", &System).unwrap());
        let mut keys = FileKeys::default();
        keys.add(one).unwrap();
        keys.add(other).unwrap();
        (secret, keys)
    }

    #[test]
    fn a_file_is_read_as_it_is_written_and_opened_by_its_secrets_alone() {
        let (secret, keys) = two();
        let text = keys.text().unwrap();
        let read = FileKeys::read(&text).unwrap();
        assert_eq!((read.len(), read.text().unwrap()), (2, text.clone()));
        let caller = read.open(&secret.reveal()).unwrap();
        assert!(caller.key() == secret.id() && read.still_opens(&caller));
        let (stranger, _) = FileKey::draw("stranger", &System).unwrap();
        assert!(read.open(&stranger.reveal()).is_none() && read.open("").is_none());
        assert!(!text.contains(&secret.reveal()) && !format!("{read:?}{caller:?}").contains("sha256"));
        assert_eq!(FileKeys::read(&FileKeys::default().text().unwrap()).unwrap().len(), 0);
    }

    #[test]
    fn another_secret_under_the_same_id_is_another_key() {
        let (secret, mut keys) = two();
        let caller = keys.open(&secret.reveal()).unwrap();
        keys.keys[0].hash = [7; 32];
        assert!(!keys.still_opens(&caller) && keys.open(&secret.reveal()).is_none());
    }

    #[test]
    fn what_is_amiss_is_told_with_its_place() {
        let (secret, keys) = two();
        let text = keys.text().unwrap();
        let (id, other) = (keys.keys[0].id.to_string(), keys.keys[1].id.to_string());
        for (from, to, wanted) in [
            ("\"keys\"", "\"kees\"", "unknown field `kees`, expected `keys` at line 2"),
            (
                "\"name\":\"one\"",
                "\"nome\":\"one\"",
                "unknown field `nome`, expected one of `id`, `name`, `hash` at line 3",
            ),
            ("\"name\":\"two\"", "\"name\":\"two\",\"name\":\"2\"", "duplicate field `name` at line 4"),
            ("\"name\":\"two\",", "", "missing field `name` at line 4"),
            ("\"one\"", "\"\"", "the name of a key is empty"),
            (
                "sha256:",
                "sha512:",
                "`hash` is none: expected `sha256:` and 64 digits, in small letters at line 3",
            ),
            (&*other, &*id, "two keys have the id"),
            (&*other, "x", "`id` is none: expected its 26 letters and digits at line 4"),
            ("  ]\n}", "  ]\n}}", "trailing characters at line 6"),
            ("  ]\n}", "  ],\n  \"keys\": []\n}", "duplicate field `keys` at line 6"),
        ] {
            let broken = text.replacen(from, to, 1);
            assert_ne!(broken, text, "{from}");
            let said = FileKeys::read(&broken).unwrap_err().to_string();
            assert!(said.contains(wanted) && said.contains(" at line "), "{wanted}\n{said}");
        }
        for text in ["", "[]", "{}", "{\"keys\":{}}", "null"] {
            assert!(FileKeys::read(text).is_err(), "{text}");
        }
        let told = FileKeys::read(&text.replace("\"one\"", &format!("\"{}\"", secret.reveal()))).unwrap_err();
        assert!(told.to_string().contains("it holds a secret") && !holds_secret(&told.to_string()));
    }

    #[test]
    fn a_file_is_bounded() {
        let long = format!("{{\"keys\":[]{}}}", " ".repeat(FileKeys::BYTES));
        assert!(FileKeys::read(&long).unwrap_err().to_string().contains("where the limit is 2,097,152"));
        let mut keys = FileKeys::default();
        for number in 0..FileKeys::KEYS {
            let mut bytes = [1; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            let key = FileKey { id: Id::from_bytes(bytes), name: format!("n{number}"), hash: [0; 32] };
            keys.add(key).unwrap();
        }
        let (_, more) = FileKey::draw("more", &System).unwrap();
        assert!(keys.add(more).unwrap_err().to_string().contains("more than the 10,000 keys"));
        // As many as there may be fit into as many bytes as there may be.
        assert_eq!(FileKeys::read(&keys.text().unwrap()).unwrap().len(), FileKeys::KEYS);
    }
}
