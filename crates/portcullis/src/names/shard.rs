//! One part of a table: names whose hashes begin alike, in groups of three slots.
//!
//! ```text
//! groups   ▏3 keys of 32 bytes, 3 hashes, 3 numbers, 3 notes: two cache lines▕ …
//! long     names of more than 32 bytes
//! ```
//!
//! A look-up that finds nothing in the cache waits for memory once: both lines of a name's first group and, of its
//! second, the line with the hashes are asked for before any is looked at. Numbers lie beside the hashes, so that what a
//! number leads to is on its way before the key has been compared. Refused were tags of a byte in an array of their own (those of a million names
//! are a megabyte, which the second-level cache holds only when nothing else wants it; key and number are then another
//! wait) and groups of eight (the line of a key is not known before its hash was found: two waits).
//!
//! A name lies in one of two groups that its hash names, in the first if there was room: so a look-up reads two groups
//! at most, whatever was inserted, and a removal leaves no trace. An insertion that finds both full moves a name of
//! theirs to its other group, or moves others out of the way of that. At seven slots of eight taken this all but
//! always succeeds; where it does not, the shard grows, and where that does not help, more names than two groups
//! have slots share a hash: somebody knows the seed, and the table draws a new one. Probing on from group to group was
//! refused: at that load, names that come late lie many groups from home.

use std::hint::{black_box, select_unpredictable};

use super::group::{Group, Groups};
use super::hashes::SLOTS;
use super::key::{Key, Name, Windows};
use super::{Noted, UNNOTED};

/// How many names an insertion moves out of each other's way before the shard grows.
const MOVES: u32 = 3;

/// Of so many slots one stays free.
const SPARE: usize = 8;

/// The room for so many names that are about to become more: a sixteenth, small shards a half, but little.
fn with_slack(names: usize) -> usize {
    names + 1 + (names / 16).max(names.min(32) / 2)
}

#[derive(Clone, Debug)]
pub(super) struct Shard {
    groups: Groups,
    long: Vec<u8>,
    /// Bytes of `long` that belong to removed names.
    dead: usize,
    len: u32,
    /// How many bits all hashes of this shard share.
    pub(super) depth: u8,
}

impl Shard {
    /// An empty shard with room for so many names.
    pub(super) fn with_room(names: usize, depth: u8) -> Shard {
        Shard::within(Shard::storage(names), depth)
    }

    /// The memory that the groups of so many names take.
    pub(super) fn storage(names: usize) -> Vec<u8> {
        Groups::storage((names * SPARE).div_ceil(SLOTS * (SPARE - 1)).max(1))
    }

    /// An empty shard whose groups lie in memory that there is.
    pub(super) fn within(storage: Vec<u8>, depth: u8) -> Shard {
        Shard { groups: Groups::free(storage), long: Vec::new(), dead: 0, len: 0, depth }
    }

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// How many names there is room for.
    fn room(&self) -> usize {
        self.groups.len() * SLOTS * (SPARE - 1) / SPARE
    }

    /// What the shard takes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.groups.bytes() + self.long.capacity()
    }

    /// Where the two groups of a name with this hash are. The first goes by the bits that the shard's hashes do not share,
    /// the second by all of them, mixed.
    #[inline]
    fn places(&self, hash: u32) -> (usize, usize) {
        let scaled = |bits: u32| ((u64::from(bits) * self.groups.len() as u64) >> 32) as usize;
        (scaled(hash.wrapping_shl(u32::from(self.depth))), scaled(hash.wrapping_mul(0x9E37_79B9)))
    }

    /// The two groups of a name with this hash.
    #[inline]
    pub(super) fn pair(&self, hash: u32) -> Option<(Group<'_>, Group<'_>)> {
        let (first, second) = self.places(hash);
        Some((self.groups.get(first)?, self.groups.get(second)?))
    }

    /// Number and note of a name of up to 32 bytes, [`Noted::NOBODY`] when no slot has its tag; `None` when the first that has it has another
    /// name, and one further on may be it.
    ///
    /// Both groups are read and one of them selected: which one a name lies in cannot be predicted, and a wrong
    /// guess costs more than to read both.
    #[inline]
    pub(super) fn find_short(&self, hash: u32, asked: &Windows) -> Option<Noted> {
        let (first, second) = self.pair(hash)?;
        // Most names lie in the first group, and most of its keys on the other line than its hashes: asked for now, that comes with
        // the rest.
        black_box(first.far());
        let hits = first.hashes().matching_either(second.hashes(), hash);
        if hits.is_empty() {
            return Some(Noted::NOBODY);
        }
        let group = select_unpredictable(hits.begin_in_other(), second, first);
        let (key, noted) = group.noted(hits.first())?;
        key.is(asked).then_some(noted)
    }

    pub(super) fn find(&self, hash: u32, name: &Name<'_>) -> Option<Noted> {
        let (group, slot) = self.locate_name(hash, name)?;
        Some(self.groups.get(group)?.noted(slot)?.1)
    }

    /// Changes the note of a number that was put in under this hash.
    pub(super) fn annotate(&mut self, hash: u32, number: u32, note: u32) {
        if let Some((group, slot)) = self.locate(hash, |found, _| found == number) {
            self.groups.annotate(group, slot, note);
        }
    }

    /// Makes all notes what something else says of the numbers.
    pub(super) fn annotate_all(&mut self, note: impl Fn(u32) -> u32) {
        self.groups.annotate_all(note);
    }

    /// The name of a number that was put in under this hash.
    pub(super) fn name(&self, hash: u32, number: u32) -> Option<&[u8]> {
        let (group, slot) = self.locate(hash, |found, _| found == number)?;
        Some(self.key(group, slot)?.bytes(&self.long))
    }

    /// Hashes, numbers with their notes, and keys, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, Noted, Key<'_>)> {
        self.groups.iter().flat_map(Group::entries)
    }

    /// Where the bytes of long names lie.
    pub(super) fn arena(&self) -> &[u8] {
        &self.long
    }

    /// Puts in a name that is not there. False, and nothing changed but the shard's size, when there is no place
    /// for it however the shard grows: the hashes are no longer random.
    pub(super) fn insert(&mut self, hash: u32, name: &Name<'_>, noted: Noted) -> bool {
        let most = 4 * (self.len() + SLOTS);
        let full = self.len() >= self.room();
        let mut room = if full { with_slack(self.len()) } else { self.room() };
        let mut fits = !full;
        while !(fits && self.place(hash, name, noted)) {
            if room > most {
                return false;
            }
            fits = self.resize(room);
            room += room / 4 + 1;
        }
        true
    }

    /// Takes a name out; its number.
    pub(super) fn remove(&mut self, hash: u32, name: &Name<'_>) -> Option<u32> {
        let (group, slot) = self.locate_name(hash, name)?;
        let (_, number) = self.groups.get(group)?.entry(slot)?;
        self.groups.vacate(group, slot);
        self.len -= 1;
        if let Name::Long { bytes, .. } = name {
            self.dead += bytes.len();
        }
        let sparse = self.groups.len() > 1 && self.len() * 2 < self.room();
        if sparse || self.dead * 4 > self.long.len() + 4_096 {
            // Should they not fit, the shard stays as it is, larger than it need be.
            self.resize(with_slack(self.len()));
        }
        Some(number)
    }

    /// Puts in a name if it is not there. The number that it then has; `None` when there is no place for it.
    pub(super) fn enter(&mut self, hash: u32, name: &Name<'_>, number: u32) -> Option<u32> {
        match self.find(hash, name) {
            Some(earlier) => Some(earlier.number),
            None => self.place(hash, name, Noted { number, note: UNNOTED }).then_some(number),
        }
    }

    /// The two shards that this one's names fall into by the next bit of their hashes.
    pub(super) fn split(&self) -> Option<(Shard, Shard)> {
        let bit = 31_u32.checked_sub(u32::from(self.depth))?;
        let (mut zeros, mut ones) = (Vec::with_capacity(self.len()), Vec::with_capacity(self.len()));
        for (hash, noted, key) in self.entries() {
            let half = if hash >> bit & 1 == 0 { &mut zeros } else { &mut ones };
            half.push((hash, key.name(&self.long), noted));
        }
        let shard = |entries: Vec<(u32, Name<'_>, Noted)>| {
            let mut shard = Shard::with_room(with_slack(entries.len()), self.depth + 1);
            let fits = entries.iter().all(|(hash, name, noted)| shard.place(*hash, name, *noted));
            fits.then_some(shard)
        };
        Some((shard(zeros)?, shard(ones)?))
    }

    /// Rebuilds the shard with room for so many names. False, and nothing is changed, when they do not fit.
    fn resize(&mut self, room: usize) -> bool {
        let mut resized = Shard::with_room(room, self.depth);
        let fits = self.entries().all(|(hash, noted, key)| resized.place(hash, &key.name(&self.long), noted));
        if fits {
            resized.long.shrink_to_fit();
            *self = resized;
        }
        fits
    }

    /// Writes a name that is not there into one of its groups, if one has room or can be given it.
    fn place(&mut self, hash: u32, name: &Name<'_>, noted: Noted) -> bool {
        let (first, second) = self.places(hash);
        let slot = (0..=MOVES).find_map(|moves| {
            let in_first = self.vacate(first, moves).map(|slot| (first, slot));
            in_first.or_else(|| self.vacate(second, moves).map(|slot| (second, slot)))
        });
        let Some((group, slot)) = slot else { return false };
        let key = match *name {
            Name::Short(_, bytes) => Key::short(bytes),
            Name::Long { hash, bytes } => {
                let offset = self.long.len();
                self.long.extend_from_slice(bytes);
                Key::long(offset, bytes.len(), hash)
            }
        };
        self.len += 1;
        self.groups.write(group, slot, hash, noted, &key);
        true
    }

    /// A slot of a group that has no name, or whose name could go elsewhere: by so many moves at most.
    fn vacate(&mut self, group: usize, moves: u32) -> Option<usize> {
        if let Some(slot) = self.groups.get(group)?.hashes().vacant() {
            return Some(slot);
        }
        let fewer = moves.checked_sub(1)?;
        (0..SLOTS).find(|&slot| self.move_away(group, slot, fewer).is_some())
    }

    /// Moves the name in a slot to its other group. Only a group that has room is moved into, and the group that is
    /// to be vacated has none: so no move undoes another.
    fn move_away(&mut self, group: usize, slot: usize, moves: u32) -> Option<()> {
        let from = self.groups.get(group)?;
        let (hash, (key, noted)) = (from.hashes().get(slot), from.noted(slot)?);
        let key = key.copied();
        let (first, second) = self.places(hash);
        let other = if group == first { second } else { first };
        if other == group {
            return None;
        }
        let vacated = self.vacate(other, moves)?;
        self.groups.write(other, vacated, hash, noted, &key);
        self.groups.vacate(group, slot);
        Some(())
    }

    fn key(&self, group: usize, slot: usize) -> Option<Key<'_>> {
        Some(self.groups.get(group)?.entry(slot)?.0)
    }

    fn locate_name(&self, hash: u32, name: &Name<'_>) -> Option<(usize, usize)> {
        match *name {
            Name::Short(asked, _) => self.locate(hash, |_, key| key.is(&asked)),
            Name::Long { hash: full, bytes } => {
                self.locate(hash, |_, key| key.is_long(full, bytes, &self.long))
            }
        }
    }

    /// Group and slot of the entry with this hash that is the one sought.
    #[inline]
    fn locate(&self, hash: u32, is_it: impl Fn(u32, Key<'_>) -> bool) -> Option<(usize, usize)> {
        let (first, second) = self.places(hash);
        for at in [first, second] {
            let group = self.groups.get(at)?;
            for slot in group.tagged(hash) {
                let (key, number) = group.entry(slot)?;
                if is_it(number, key) {
                    return Some((at, slot));
                }
            }
        }
        None
    }

    /// How many groups a look-up of this name reads.
    #[cfg(test)]
    pub(super) fn probes(&self, hash: u32, name: &Name<'_>) -> usize {
        let (first, _) = self.places(hash);
        if self.locate_name(hash, name).is_some_and(|(group, _)| group == first) { 1 } else { 2 }
    }

    /// The structure's own laws: entries are counted, and each lies where a look-up finds it.
    #[cfg(test)]
    pub(super) fn validate(&self, seed: &super::Seed) {
        assert_eq!(self.entries().count(), self.len());
        let mut arena = 0;
        for (hash, noted, key) in self.entries() {
            let name = key.name(&self.long);
            assert_eq!(seed.of(&name), hash);
            assert_eq!(self.find(hash, &name), Some(noted));
            if let Name::Long { bytes, .. } = name {
                arena += bytes.len();
            }
        }
        assert_eq!(arena + self.dead, self.long.len());
    }
}
