//! `(action, resource) → permission`: one probe of a table of pairs of names.
//!
//! The same code for 47 permissions and for 25,000. The table holds the admitted pairs under the types' own
//! names and, while that stays small, every other pair of known names too (aliases, covered names, pairs
//! that are not admitted), so that such questions cost no more. What is not in it is looked up name by name.
//!
//! Names are compared without a branch on their lengths, since a mispredicted one costs as much as the whole
//! probe: four pieces of four bytes, which overlap in short names, cover all of a name of up to 16 bytes, so that the
//! pieces and the length are the name. Of longer names the rest is compared too.
//!
//! A schema is built once and asked for ever, so the hash is chosen to suit its names: if pieces and lengths tell
//! the pairs apart well enough, they are hashed: a few instructions. Otherwise both names are hashed in full.

use std::hash::{BuildHasher, Hasher};

use super::pair_table::Table;
use crate::names::{Seed, fold};

/// Four pieces of a name.
type Pieces = [u64; 2];

/// The longest name that its pieces cover.
const COVERED: u32 = 16;

/// A name with its pieces beside it.
#[derive(Clone, Copy, Debug)]
struct Key {
    pieces: Pieces,
    start: u32,
    length: u32,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    action: Key,
    resource: Key,
    /// The permission, or [`NOT_ADMITTED`].
    permission: u32,
}

const NOT_ADMITTED: u32 = u32::MAX;

/// What the table knows of a pair of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The schema admits it.
    Admitted(u32),
    /// Both names are known, but the type does not admit the action.
    NotAdmitted,
}

#[derive(Debug)]
pub(super) struct Pairs {
    table: Table,
    sampled: bool,
    pairs: Box<[Pair]>,
    text: Box<[u8]>,
}

/// A sampled table in which some look-up would read more buckets than this is not worth having.
const FEW_PROBES: usize = 2;

/// Collects the pairs of a table.
#[derive(Default)]
pub(super) struct PairsBuilder {
    pairs: Vec<Pair>,
    text: Vec<u8>,
    actions: Vec<Key>,
}

impl PairsBuilder {
    fn write(&mut self, name: &str) -> Key {
        let key =
            Key { pieces: pieces(name.as_bytes()), start: self.text.len() as u32, length: name.len() as u32 };
        self.text.extend_from_slice(name.as_bytes());
        key
    }

    /// Takes the names of all actions, in the order of their numbers.
    pub(super) fn new<'a>(actions: impl Iterator<Item = &'a str>) -> Self {
        let mut builder = PairsBuilder::default();
        builder.actions = actions.map(|name| builder.write(name)).collect();
        builder
    }

    /// Adds pairs of one name of a type: actions by number, each with its permission when it is admitted.
    pub(super) fn add(&mut self, resource: &str, actions: impl Iterator<Item = (u32, Option<u32>)>) {
        let resource = self.write(resource);
        for (number, permission) in actions {
            if let Some(&action) = self.actions.get(number as usize) {
                self.pairs.push(Pair { action, resource, permission: permission.unwrap_or(NOT_ADMITTED) });
            }
        }
    }

    /// Chooses the hash and builds the table.
    pub(super) fn build(self) -> Pairs {
        let PairsBuilder { pairs, text, .. } = self;
        let count = pairs.len() as u32;
        let most = (count as usize * 2).next_power_of_two().max(16);
        let names = |number: u32| {
            let key = |key: Option<Key>| key.map_or(&[][..], |key| key.name(&text));
            let pair = pairs.get(number as usize);
            (key(pair.map(|pair| pair.action)), key(pair.map(|pair| pair.resource)))
        };
        let sampled = Table::of(count, FEW_PROBES, most, |seed, number| {
            let (action, resource) = names(number);
            sampled_hash(seed, Asked::new(action), Asked::new(resource))
        });
        let is_sampled = sampled.is_some();
        let table = sampled.unwrap_or_else(|| {
            Table::at_any_cost(count, |seed, number| {
                let (action, resource) = names(number);
                full_hash(seed, action, resource)
            })
        });
        Pairs { table, sampled: is_sampled, pairs: pairs.into(), text: text.into() }
    }
}

impl Pairs {
    /// What is known of a pair of names; `None` when the table does not hold it.
    #[inline]
    pub(super) fn find(&self, action: &str, resource: &str) -> Option<Known> {
        let (action, resource) = (Asked::new(action.as_bytes()), Asked::new(resource.as_bytes()));
        let seed = self.table.seed();
        let hash = if self.sampled {
            sampled_hash(seed, action, resource)
        } else {
            full_hash(seed, action.name, resource.name)
        };
        let found = self.table.find(hash, |number| {
            let pair = self.pairs.get(number as usize);
            pair.is_some_and(|pair| {
                pair.action.is(action, &self.text) && pair.resource.is(resource, &self.text)
            })
        })?;
        let permission = self.pairs.get(found as usize)?.permission;
        Some(if permission == NOT_ADMITTED { Known::NotAdmitted } else { Known::Admitted(permission) })
    }
}

/// A name that is asked for, its pieces read once.
#[derive(Clone, Copy)]
struct Asked<'n> {
    name: &'n [u8],
    pieces: Pieces,
}

impl<'n> Asked<'n> {
    #[inline]
    fn new(name: &'n [u8]) -> Self {
        Asked { name, pieces: pieces(name) }
    }
}

impl Key {
    #[inline]
    fn name(self, text: &[u8]) -> &[u8] {
        let start = self.start as usize;
        text.get(start..start + self.length as usize).unwrap_or(&[])
    }

    /// Whether the key is the name asked for, byte by byte.
    #[inline]
    fn is(self, asked: Asked<'_>, text: &[u8]) -> bool {
        let ([a, b], [c, d]) = (self.pieces, asked.pieces);
        let differs = (a ^ c) | (b ^ d) | (u64::from(self.length) ^ asked.name.len() as u64);
        differs == 0 && (self.length <= COVERED || self.name(text) == asked.name)
    }
}

/// The first eight bytes and the last eight, as pieces of four that overlap where there are not so many; of a
/// name of less than four, its bytes.
#[inline]
fn pieces(name: &[u8]) -> Pieces {
    let Some(late) = name.len().checked_sub(4) else {
        return [name.iter().fold(0, |bytes, &byte| bytes << 8 | u64::from(byte)), 0];
    };
    let piece = |at: usize| {
        let bytes = name.get(at..).and_then(|rest| rest.first_chunk::<4>());
        u64::from(bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    };
    [piece(0) | piece(late.min(4)) << 32, piece(late.saturating_sub(4)) | piece(late) << 32]
}

#[inline]
fn sampled_hash(seed: &Seed, action: Asked<'_>, resource: Asked<'_>) -> u64 {
    let ([a, b], [c, d], [i, j, k, l]) = (action.pieces, resource.pieces, seed.salts);
    let lengths = (resource.name.len() as u64) << 32 | action.name.len() as u64;
    fold(a ^ i, c ^ j ^ lengths) ^ fold(b ^ k, d ^ l).rotate_left(17)
}

/// Both names in full; the length keeps (`ab`, `c`) apart from (`a`, `bc`).
#[inline]
fn full_hash(seed: &Seed, action: &[u8], resource: &[u8]) -> u64 {
    let mut hasher = seed.state.build_hasher();
    hasher.write(action);
    hasher.write(resource);
    hasher.write_usize(action.len());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds the table of one action on many resources, every third of them not admitted, and asks for all.
    fn all_found(action: &str, resources: &[String]) -> Pairs {
        let mut builder = PairsBuilder::new(["other", action].into_iter());
        let permission = |number: usize| (!number.is_multiple_of(3)).then_some(number as u32);
        for (number, resource) in resources.iter().enumerate() {
            builder.add(resource, std::iter::once((1, permission(number))));
        }
        let pairs = builder.build();
        for (number, resource) in resources.iter().enumerate() {
            let expected = permission(number).map_or(Known::NotAdmitted, Known::Admitted);
            assert_eq!(pairs.find(action, resource), Some(expected), "{resource}");
            assert_eq!(pairs.find("other", resource), None);
            assert_eq!(pairs.find(action, &format!("{resource}x")), None);
        }
        pairs
    }

    #[test]
    fn names_with_the_same_ends_are_told_apart() {
        let alike = [
            "abcdwxyz",
            "abcd-wxyz",
            "abcd+wxyz",
            "abcd--wxyz",
            "abc",
            "abcd",
            "bc",
            "c",
            "\0c",
            "abcwxyz",
            "abcdefgh-stuvwxyz",
            "abcdefgh+stuvwxyz",
            "abcdefgh--stuvwxyz",
            "abcdefghstuvwxyz",
            "bcdefghstuvwxyz",
        ];
        all_found("read", &alike.map(str::to_owned));
        for name in alike {
            for other in alike {
                let key = Key { pieces: pieces(name.as_bytes()), start: 0, length: name.len() as u32 };
                assert_eq!(key.is(Asked::new(other.as_bytes()), name.as_bytes()), name == other);
            }
        }
    }

    #[test]
    fn every_byte_of_a_name_counts_at_every_length() {
        for length in 1..=40_usize {
            let name = "a".repeat(length);
            let key = Key { pieces: pieces(name.as_bytes()), start: 0, length: length as u32 };
            for at in 0..length {
                let mut other = name.clone();
                other.replace_range(at..=at, "b");
                assert!(!key.is(Asked::new(other.as_bytes()), name.as_bytes()), "{other}");
                assert!(length > COVERED as usize || pieces(other.as_bytes()) != key.pieces, "{other}");
            }
            assert!(key.is(Asked::new(name.as_bytes()), name.as_bytes()));
        }
    }

    #[test]
    fn names_that_differ_where_sampled_are_sampled() {
        let resources = ["sync", "model", "source", "audience", "ab", "a", ""];
        assert!(all_found("read", &resources.map(str::to_owned)).sampled);
    }

    #[test]
    fn names_alike_where_sampled_are_hashed_in_full() {
        let alike = |number: u32| format!("service:{number:05}:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert!(!all_found("read", &(0..2_000).map(alike).collect::<Vec<_>>()).sampled);
    }

    #[test]
    fn the_border_between_two_names_is_part_of_the_question() {
        let mut builder = PairsBuilder::new(["ab", "a"].into_iter());
        builder.add("c", std::iter::once((0, Some(0))));
        builder.add("bc", std::iter::once((1, Some(1))));
        let pairs = builder.build();
        assert_eq!(pairs.find("ab", "c"), Some(Known::Admitted(0)));
        assert_eq!(pairs.find("a", "bc"), Some(Known::Admitted(1)));
        assert_eq!(pairs.find("abc", ""), None);
    }
}
