//! `(action, resource) → permission`: one look at a table of pairs of names.
//!
//! The same code for 47 permissions and for 25,000. The table holds the admitted pairs under the types' own
//! names and, while that stays small, every other pair of known names too (aliases, covered names, pairs
//! that are not admitted), so that such questions cost no more. What is not in it is looked up name by name.
//!
//! A schema is built once and asked for ever, so its pairs are placed (`placement`) such that each pair of names has one
//! place where it can lie: a look-up reads that and compares. Names are read and compared without a branch on their lengths,
//! since a mispredicted one costs as much as the whole look-up: the first eight bytes and the last eight, which overlap in
//! short names, cover all of a name of up to 16 bytes, so that they and the length are the name. Of longer names the rest is
//! compared too. Where the ends of the names do not tell the pairs apart, names are hashed in full.

use std::hash::{BuildHasher, Hasher};
use std::hint::select_unpredictable;

use super::placement::Placement;
use crate::names::{Seed, fold};

/// The first eight bytes and the last eight of a name.
type Ends = [u64; 2];

/// The longest name that its ends cover.
const COVERED: usize = 16;

/// A name with its ends beside it.
#[derive(Clone, Copy, Debug)]
struct Key {
    ends: Ends,
    start: u32,
    length: u32,
}

/// One place of the table: on a cache line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Pair {
    action: Key,
    resource: Key,
    /// The permission, or [`NOT_ADMITTED`].
    permission: u32,
    /// Whether a name is longer than its ends cover.
    long: bool,
}

/// What stands for the permission where both names are known, but the type does not admit the action.
pub(super) const NOT_ADMITTED: u32 = u32::MAX;

/// What lies where no pair does: no name has no bytes and ends.
const NOWHERE: Key = Key { ends: [u64::MAX; 2], start: 0, length: 0 };
const VACANT: Pair = Pair { action: NOWHERE, resource: NOWHERE, permission: NOT_ADMITTED, long: true };

#[derive(Debug)]
pub(super) struct Pairs {
    placement: Placement,
    seed: Seed,
    by_ends: bool,
    pairs: Box<[Pair]>,
    text: Box<[u8]>,
}

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
            Key { ends: ends(name.as_bytes()), start: self.text.len() as u32, length: name.len() as u32 };
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
                let long = action.length.max(resource.length) as usize > COVERED;
                let permission = permission.unwrap_or(NOT_ADMITTED);
                self.pairs.push(Pair { action, resource, permission, long });
            }
        }
    }

    /// Chooses the hash and places the pairs. Should they find no places, which would take names that are the same under
    /// every hash, the table stays empty, and all pairs are looked up name by name.
    pub(super) fn build(self) -> Pairs {
        let PairsBuilder { pairs, text, .. } = self;
        let placed = [true, true, false, false].iter().find_map(|&by_ends| {
            let seed = Seed::fresh();
            let hash = |pair: &Pair| {
                let (action, resource) = (pair.action.name(&text), pair.resource.name(&text));
                if by_ends {
                    hash_of_ends(&seed, Asked::new(action), Asked::new(resource))
                } else {
                    full_hash(&seed, action, resource)
                }
            };
            let hashes: Vec<u64> = pairs.iter().map(hash).collect();
            let (placement, places) = Placement::of(&hashes)?;
            let mut table = vec![VACANT; placement.len()].into_boxed_slice();
            for (pair, place) in pairs.iter().zip(places) {
                *table.get_mut(place as usize)? = *pair;
            }
            Some((placement, seed, by_ends, table))
        });
        let (placement, seed, by_ends, pairs) =
            placed.unwrap_or_else(|| (Placement::default(), Seed::fresh(), true, Box::default()));
        Pairs { placement, seed, by_ends, pairs, text: text.into() }
    }
}

impl Pairs {
    /// The permission of a pair of names, or [`NOT_ADMITTED`]; `None` when the table does not hold the pair.
    #[inline]
    pub(super) fn find(&self, action: &str, resource: &str) -> Option<u32> {
        let (asked_action, asked_resource) = (Asked::new(action.as_bytes()), Asked::new(resource.as_bytes()));
        let pair =
            self.pairs.get(self.placement.of_hash(hash_of_ends(&self.seed, asked_action, asked_resource)))?;
        if pair.action.differs(asked_action) | pair.resource.differs(asked_resource) != 0 {
            return None;
        }
        if pair.long {
            return self.compare_whole(pair, action.as_bytes(), resource.as_bytes());
        }
        Some(pair.permission)
    }

    /// The same where the ends of the names do not tell the pairs apart, after [`find`](Self::find) found nothing.
    pub(super) fn find_whole(&self, action: &str, resource: &str) -> Option<u32> {
        if self.by_ends {
            return None;
        }
        let (action, resource) = (action.as_bytes(), resource.as_bytes());
        let place = self.placement.of_hash(full_hash(&self.seed, action, resource));
        self.compare_whole(self.pairs.get(place)?, action, resource)
    }

    /// What a pair says if its names are those asked for, byte by byte.
    #[inline(never)]
    fn compare_whole(&self, pair: &Pair, action: &[u8], resource: &[u8]) -> Option<u32> {
        let same = pair.action.name(&self.text) == action && pair.resource.name(&self.text) == resource;
        same.then_some(pair.permission)
    }
}

/// A name that is asked for, its ends read once.
#[derive(Clone, Copy)]
struct Asked {
    length: u64,
    ends: Ends,
}

impl Asked {
    #[inline]
    fn new(name: &[u8]) -> Self {
        Asked { length: name.len() as u64, ends: ends(name) }
    }
}

impl Key {
    fn name(self, text: &[u8]) -> &[u8] {
        let start = self.start as usize;
        text.get(start..start + self.length as usize).unwrap_or(&[])
    }

    /// Bits in which the key's length or ends are not those of the name asked for.
    #[inline]
    fn differs(&self, asked: Asked) -> u64 {
        let ([a, b], [c, d]) = (self.ends, asked.ends);
        (a ^ c) | (b ^ d) | (u64::from(self.length) ^ asked.length)
    }
}

/// Stands in for a name that has not so many bytes.
static NO_BYTES: [u8; 8] = [0; 8];

/// The first eight bytes and the last eight. Of a name of less, the first four and the last four in one word; of less than
/// four, its bytes.
#[inline]
fn ends(name: &[u8]) -> Ends {
    let (Some(first), Some(last)) = (name.first_chunk::<4>(), name.last_chunk::<4>()) else {
        return [name.iter().fold(0, |bytes, &byte| bytes << 8 | u64::from(byte)), 0];
    };
    let short = u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    let covers = name.len() >= NO_BYTES.len();
    let early = select_unpredictable(covers, name.first_chunk().unwrap_or(&NO_BYTES), &NO_BYTES);
    let late = select_unpredictable(covers, name.last_chunk().unwrap_or(&NO_BYTES), &NO_BYTES);
    [select_unpredictable(covers, u64::from_le_bytes(*early), short), u64::from_le_bytes(*late)]
}

#[inline]
fn hash_of_ends(seed: &Seed, action: Asked, resource: Asked) -> u64 {
    let ([a, b], [c, d], [first, second, ..]) = (action.ends, resource.ends, seed.salts);
    fold(a ^ b.rotate_left(23) ^ action.length ^ first, c ^ d.rotate_left(29) ^ resource.length ^ second)
}

/// Both names in full; the length keeps (`ab`, `c`) apart from (`a`, `bc`).
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
            let expected = permission(number).unwrap_or(NOT_ADMITTED);
            let find = |action: &str, resource: &str| {
                pairs.find(action, resource).or_else(|| pairs.find_whole(action, resource))
            };
            assert_eq!(find(action, resource), Some(expected), "{resource}");
            assert_eq!(find("other", resource), None);
            assert_eq!(find(action, &format!("{resource}x")), None);
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
                let key = Key { ends: ends(name.as_bytes()), start: 0, length: name.len() as u32 };
                let differs = key.differs(Asked::new(other.as_bytes())) != 0;
                assert!(differs || name == other || name.len() > COVERED);
                assert!(!differs || name != other);
            }
        }
    }

    #[test]
    fn every_byte_of_a_name_counts_at_every_length() {
        for length in 1..=40_usize {
            let name = "a".repeat(length);
            let key = Key { ends: ends(name.as_bytes()), start: 0, length: length as u32 };
            for at in 0..length {
                let mut other = name.clone();
                other.replace_range(at..=at, "b");
                let same = key.differs(Asked::new(other.as_bytes())) == 0;
                assert!(!same || length > COVERED && (8..length - 8).contains(&at), "{other}");
                let pairs = all_found("read", std::slice::from_ref(&name));
                assert_eq!(pairs.find("read", &other), None);
            }
            assert_eq!(key.differs(Asked::new(name.as_bytes())), 0);
        }
    }

    #[test]
    fn names_that_differ_in_their_ends_are_hashed_by_them() {
        let resources = ["sync", "model", "source", "audience", "ab", "a", ""];
        assert!(all_found("read", &resources.map(str::to_owned)).by_ends);
    }

    #[test]
    fn names_alike_in_their_ends_are_hashed_in_full() {
        let alike = |number: u32| format!("service:{number:05}:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert!(!all_found("read", &(0..2_000).map(alike).collect::<Vec<_>>()).by_ends);
    }

    #[test]
    fn the_border_between_two_names_is_part_of_the_question() {
        let mut builder = PairsBuilder::new(["ab", "a"].into_iter());
        builder.add("c", std::iter::once((0, Some(0))));
        builder.add("bc", std::iter::once((1, Some(1))));
        let pairs = builder.build();
        assert_eq!(pairs.find("ab", "c"), Some(0));
        assert_eq!(pairs.find("a", "bc"), Some(1));
        assert_eq!(pairs.find("abc", ""), None);
    }
}
