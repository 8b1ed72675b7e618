//! Names to numbers: the table behind every look-up by string.
//!
//! Outsiders choose the names, so a table draws a random seed, reads two groups of slots at most, and compares whole
//! names: a false match would be a wrong allow. Keys lie in their slots (`key`), because a table that follows an offset
//! to the name's bytes pays memory twice; the hash beside each (`hashes`) says which key of a group to compare. Many
//! names at once are looked up in stages (`staged`), so that they wait for memory together.
//!
//! The table is cut into shards by the first bits of the hashes (`shard`). A copy of a table shares them, and an
//! edit copies one: about 50 kB of a million names' 50 MB. A shard that outgrows [`SHARD`] names splits in two,
//! and the list of shards doubles when it has no room for both; so an insertion never rebuilds more than one. It
//! does when a name finds no place in its two groups: then somebody knows the seed, and all names move to another.
//!
//! Numbers are their owner's. An owner who wants names back keeps each one's hash, four bytes, from which the slot is
//! found again; see [`Numbered`] for one who numbers names in the order in which they come. A number may have a note of
//! 21 bits in its slot, which its owner keeps up to date: a member's set of roles lies there, and a stored object's class, so that a check
//! need not wait for it. Where notes in very many shards change at once, those in most of them become void instead of copying all, and
//! are written anew a few shards at a time.

mod build;
#[cfg(test)]
mod flood_tests;
mod group;
mod hashes;
mod key;
#[cfg(test)]
mod model_tests;
mod numbered;
mod seed;
mod shard;
mod staged;
#[cfg(test)]
mod void_tests;

use std::sync::Arc;

use rayon::prelude::*;

pub(crate) use numbered::Numbered;
pub(crate) use seed::{Seed, fold};
pub(crate) use staged::NEAR;

use key::windows;
use shard::Shard;

/// How many names a shard takes before it splits. Larger shards make an edit a third cheaper and, as copies of them come and
/// go, leave the heap in pieces: after a million edits four times as many names took half as much memory again.
const SHARD: usize = 1_024;

/// So many shards that others share are copied for the sake of notes, until [`Names::renew_notes`]; notes in further ones become void. To copy
/// very many at once takes as much memory again as the table does, which the system's allocator then keeps. Tests have them void at once.
const COPIED: u32 = if cfg!(test) { 0 } else { 16 };

/// Shards whose notes are written anew together: 50 kB each, and a fifth of a millisecond for all.
const RENEWED: usize = 8;

/// The most bits that the list of shards goes by: enough for sixty million names; beyond, shards grow.
const DEEPEST: u8 = 16;

/// The bits of a hash.
const BITS: u8 = 32;

/// No name has this number: it stands for "no such name" in columns of numbers.
pub(crate) const NOBODY: u32 = u32::MAX;

/// The highest note, which says that there is none.
pub(crate) const UNNOTED: u32 = (1 << 21) - 1;

/// The number of a name, and what its owner wants at hand with it: see [`Names::annotate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) number: u32,
    /// Something below [`UNNOTED`], or that; [`Names::note_of`] says whether it holds.
    note: u32,
}

impl Noted {
    /// What is found of a name that is not there.
    pub(crate) const NOBODY: Noted = Noted { number: NOBODY, note: 0 };
}

/// The number that a name has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken(pub(crate) u32);

/// What an owner must know of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// The name's hash, with which [`Names::name`] finds it again.
    pub(crate) hash: u32,
    /// Whether the table drew a new seed: all hashes that were kept are to be asked for again, by
    /// [`Names::hashes`], and all notes are gone. Happens to nobody but whose seed was guessed.
    pub(crate) reseeded: bool,
}

/// Distinct names, each with a number that its owner chose. A clone costs two reference counts.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// As many as two to the power of [`Names::depth`], or none. A shard of fewer bits stands several times in a row.
    shards: Arc<[Arc<Shard>]>,
    /// How many bits of a hash come after those by which the list goes.
    shift: u8,
    len: u32,
    seed: Seed,
    /// Of each place of the list whether the notes in its shard are void; nothing while none are.
    void: Arc<[bool]>,
    /// [`UNNOTED`] while some are, which hides every note; else 0.
    veil: u32,
    /// Shards that were copied for the sake of notes, [`COPIED`] at most.
    copied: u32,
}

impl Default for Names {
    fn default() -> Self {
        Names::seeded(Seed::fresh())
    }
}

impl Names {
    fn seeded(seed: Seed) -> Self {
        Names { shards: Arc::default(), shift: BITS, len: 0, seed, void: Arc::default(), veil: 0, copied: 0 }
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// What the table takes on the heap, shared or not.
    pub(crate) fn bytes(&self) -> usize {
        // Each shard lies behind two reference counts.
        let each = size_of::<Shard>() + 2 * size_of::<usize>();
        let shards: usize = self.distinct().map(|shard| each + shard.bytes()).sum();
        shards + size_of_val(&*self.shards) + size_of_val(&*self.void)
    }

    /// The number of a name.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<u32> {
        let Noted { number, .. } = self.noted_or_nobody(name);
        (number != NOBODY).then_some(number)
    }

    /// The same with the note, for who goes on in any case: [`NOBODY`], of whom 0 is noted, when there is no such name.
    #[inline]
    pub(crate) fn noted_or_nobody(&self, name: &str) -> Noted {
        let Some(asked) = windows(name.as_bytes()) else { return self.get_in_full(name) };
        let hash = self.seed.of_windows(&asked);
        let Some(shard) = self.shard(hash) else { return Noted::NOBODY };
        match shard.find_short(hash, &asked) {
            Some(noted) => noted,
            None => self.get_in_full(name),
        }
    }

    #[cold]
    #[inline(never)]
    fn get_in_full(&self, name: &str) -> Noted {
        let (hash, name) = self.seed.prepare(name);
        self.shard(hash).and_then(|shard| shard.find(hash, &name)).unwrap_or(Noted::NOBODY)
    }

    /// The note of what was found, as long as it holds; [`UNNOTED`] of everybody while some notes are void. To look which are would cost every
    /// look-up more than it saves a few.
    #[inline]
    pub(crate) fn note_of(&self, found: Noted) -> u32 {
        found.note | self.veil
    }

    /// The name of a number, found by the hash that its insertion gave.
    pub(crate) fn name(&self, hash: u32, number: u32) -> Option<&str> {
        std::str::from_utf8(self.shard(hash)?.name(hash, number)?).ok()
    }

    /// All numbers with their names, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.distinct().flat_map(|shard| {
            shard.entries().filter_map(|(_, noted, key)| {
                Some((noted.number, std::str::from_utf8(key.bytes(shard.arena())).ok()?))
            })
        })
    }

    /// All numbers with the hashes of their names.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = (u32, u32)> {
        self.distinct().flat_map(|shard| shard.entries().map(|(hash, noted, _)| (noted.number, hash)))
    }

    /// Notes something of a number, found by the hash of its name: what a check wants next, so that it need not wait for memory
    /// once more. Of a name that was just added nothing is noted, and nothing of who comes after one that was removed; what is
    /// [`UNNOTED`] or above is not kept. Where notes are void, or become it because too many would be copied, nothing is written.
    pub(crate) fn annotate(&mut self, hash: u32, number: u32, note: u32) {
        let at = self.at(hash);
        if self.void.get(at).is_some_and(|void| *void) {
            return;
        }
        if self.may_copy(at) {
            self.edit_at(at, |shard| shard.annotate(hash, number, note));
        } else {
            self.mark(at, true);
            self.veil = UNNOTED;
        }
    }

    /// The same of all numbers, on all cores where shards are many and nobody else's.
    pub(crate) fn annotate_all(&mut self, note: impl Fn(u32) -> u32 + Sync) {
        let own = |shard: &mut Arc<Shard>| {
            let own = Arc::get_mut(shard);
            own.map(|shard| shard.annotate_all(&note)).is_some()
        };
        let written: Vec<bool> = match Arc::get_mut(&mut self.shards) {
            Some(shards) if shards.len() >= 8 => shards.par_iter_mut().map(own).collect(),
            Some(shards) => shards.iter_mut().map(own).collect(),
            None => vec![false; self.shards.len()],
        };
        let mut at = 0;
        while let (Some(written), Some(span)) = (written.get(at), self.span(at)) {
            let left = !written;
            let void = left && !self.may_copy(at);
            if left && !void {
                self.edit_at(at, |shard| shard.annotate_all(&note));
            }
            self.mark(at, void);
            at = span.end;
        }
        self.lift();
    }

    /// Writes the notes of a few shards anew, where they are void, and may copy others again.
    pub(crate) fn renew_notes(&mut self, note: impl Fn(u32) -> u32) {
        self.copied = 0;
        for _ in 0..RENEWED {
            let Some(at) = self.void.iter().position(|void| *void) else { break };
            self.edit_at(at, |shard| shard.annotate_all(&note));
            self.mark(at, false);
        }
        self.lift();
    }

    /// Whether [`Names::renew_notes`] would change anything.
    pub(crate) fn is_renewable(&self) -> bool {
        self.copied > 0 || !self.void.is_empty()
    }

    /// Whether notes may be written in a place's shard, which counts where it is to be copied for that.
    fn may_copy(&mut self, at: usize) -> bool {
        let count = self.shards.get(at).map_or(0, Arc::strong_count);
        let is_own =
            Arc::strong_count(&self.shards) == 1 && self.span(at).is_some_and(|span| span.len() == count);
        let may = is_own || self.copied != COPIED;
        self.copied += u32::from(may && !is_own);
        may
    }

    /// Says whether the notes of a place's shard are void.
    fn mark(&mut self, at: usize, void: bool) {
        if self.void.is_empty() {
            if !void {
                return;
            }
            self.void = std::iter::repeat_n(false, self.shards.len()).collect();
        }
        let Some(span) = self.span(at) else { return };
        let places = Arc::make_mut(&mut self.void).get_mut(span);
        places.into_iter().flatten().for_each(|place| *place = void);
    }

    /// Hides all notes where some are void, and else none.
    fn lift(&mut self) {
        if self.void.contains(&true) {
            self.veil = UNNOTED;
        } else {
            (self.void, self.veil) = (Arc::default(), 0);
        }
    }

    /// Adds a name under a number.
    ///
    /// # Errors
    /// The number that the name has already; nothing is changed then.
    pub(crate) fn insert(&mut self, name: &str, number: u32) -> Result<Inserted, Taken> {
        let (hash, ready) = self.seed.prepare(name);
        if let Some(taken) = self.shard(hash).and_then(|shard| shard.find(hash, &ready)) {
            return Err(Taken(taken.number));
        }
        if self.shards.is_empty() {
            self.shards = Arc::new([Arc::new(Shard::with_room(1, 0))]);
        }
        self.make_room(hash);
        match self.edit(hash, |shard| shard.insert(hash, &ready, Noted { number, note: UNNOTED })) {
            Some(true) => {
                self.len += 1;
                Ok(Inserted { hash, reseeded: false })
            }
            _ => {
                *self = self.reseeded(name, number);
                Ok(Inserted { hash: self.seed.prepare(name).0, reseeded: true })
            }
        }
    }

    /// Takes a name out; the number that it had.
    pub(crate) fn remove(&mut self, name: &str) -> Option<u32> {
        let (hash, name) = self.seed.prepare(name);
        // A name that is not there copies no shard.
        self.shard(hash)?.find(hash, &name)?;
        let number = self.edit(hash, |shard| shard.remove(hash, &name))??;
        self.len -= 1;
        if self.len == 0 {
            *self = Names::seeded(self.seed.clone());
        }
        Some(number)
    }

    /// How many bits of a hash the list goes by.
    fn depth(&self) -> u8 {
        BITS - self.shift
    }

    /// Where in the list the shard of a hash stands, first or again.
    #[inline]
    fn at(&self, hash: u32) -> usize {
        u64::from(hash).wrapping_shr(u32::from(self.shift)) as usize
    }

    #[inline]
    fn shard(&self, hash: u32) -> Option<&Shard> {
        self.shards.get(self.at(hash)).map(|shard| &**shard)
    }

    /// Every shard once.
    fn distinct(&self) -> impl Iterator<Item = &Shard> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let shard = self.shards.get(at)?;
            at += 1 << (self.depth() - shard.depth);
            Some(&**shard)
        })
    }

    /// Where the shard of a place stands in the list: as often as it has fewer bits than the list has.
    fn span(&self, at: usize) -> Option<std::ops::Range<usize>> {
        let count = 1 << (self.depth() - self.shards.get(at)?.depth);
        let start = at & !(count - 1);
        Some(start..start + count)
    }

    /// Changes one shard, copied before if it is shared with other tables.
    fn edit<R>(&mut self, hash: u32, change: impl FnOnce(&mut Shard) -> R) -> Option<R> {
        self.edit_at(self.at(hash), change)
    }

    fn edit_at<R>(&mut self, at: usize, change: impl FnOnce(&mut Shard) -> R) -> Option<R> {
        let span = self.span(at)?;
        let list = Arc::make_mut(&mut self.shards);
        if span.len() > 1 {
            // Its other places in this very list are not sharing: a neighbour stands in for it there meanwhile.
            let neighbour = Arc::clone(list.get(if span.start == 0 { span.end } else { 0 })?);
            list.get_mut(span.start + 1..span.end)?.fill(neighbour);
        }
        let shard = list.get_mut(span.start)?;
        let result = change(Arc::make_mut(shard));
        if span.len() > 1 {
            let shard = Arc::clone(shard);
            list.get_mut(span)?.fill(shard);
        }
        Some(result)
    }

    /// Splits the shard of a hash while it is full.
    fn make_room(&mut self, hash: u32) {
        while let Some(shard) = self.shard(hash)
            && shard.len() >= SHARD
        {
            if shard.depth == self.depth() {
                // A list far longer than so many names need means hashes that are not random. The shard then grows
                // instead, until a name finds no place and the table draws a new seed.
                if self.depth() >= DEEPEST || (SHARD / 8) << self.depth() > self.len() {
                    return;
                }
                self.shards = self.shards.iter().flat_map(|shard| [shard, shard]).map(Arc::clone).collect();
                self.void = self.void.iter().flat_map(|void| [*void; 2]).collect();
                self.shift -= 1;
            }
            let halves = self.shard(hash).and_then(Shard::split);
            let (Some((zeros, ones)), Some(span)) = (halves, self.span(self.at(hash))) else { return };
            let Some(places) = Arc::make_mut(&mut self.shards).get_mut(span) else { return };
            let (low, high) = places.split_at_mut(places.len() / 2);
            low.fill(Arc::new(zeros));
            high.fill(Arc::new(ones));
        }
    }

    /// How many groups of slots a look-up reads.
    #[cfg(test)]
    fn probes(&self, name: &str) -> usize {
        let (hash, name) = self.seed.prepare(name);
        self.shard(hash).map_or(0, |shard| shard.probes(hash, &name))
    }

    #[cfg(test)]
    fn validate(&self) {
        assert_eq!(self.distinct().map(Shard::len).sum::<usize>(), self.len());
        assert!(self.shards.is_empty() || self.shards.len() == 1 << self.depth());
        assert!(self.void.is_empty() || self.void.len() == self.shards.len());
        assert_eq!(self.veil, if self.void.is_empty() { 0 } else { UNNOTED });
        self.distinct().for_each(|shard| shard.validate(&self.seed));
    }
}
