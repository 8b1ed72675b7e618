//! Many names at once: a block is taken through each stage before the next begins.
//!
//! A look-up in a large table waits for memory, for its groups and then for the key. One after the other,
//! names wait in turn, as far as the processor does not look ahead. In stages (hash all, read all groups' hashes, read all keys,
//! compare all) nothing of one name depends on another, so a block waits about as long as one name. How far the
//! processor sees is counted in instructions: the stages that read do nothing else, and no stage branches on
//! what it found. Names that a first glance does not settle (two names of one hash, names of more than
//! 32 bytes) are looked up again in full.

use std::hint::select_unpredictable;

use super::group::Group;
use super::hashes::Hashes;
use super::key::{Key, windows};
use super::{NOBODY, Names, Noted};

/// How many names make a block.
const STAGE: usize = 64;

/// Fewer names than this are done one by one, also at the end of many.
const FEW: usize = 8;

/// A table of fewer names is nearer than memory, and asking it in stages no faster. Tests ask every table so.
pub(crate) const NEAR: usize = if cfg!(test) { 1 } else { 32_768 };

impl Names {
    /// The numbers and notes of as many names as `found` takes; [`Noted::NOBODY`] where there is none.
    pub(crate) fn get_many<'n>(&self, name: impl Fn(usize) -> &'n str, found: &mut [Noted]) {
        let far = self.len() >= NEAR;
        for (block, found) in found.chunks_mut(STAGE).enumerate() {
            let name = |at: usize| name(block * STAGE + at);
            if far && found.len() >= FEW {
                self.get_block(name, found);
            } else {
                for (at, found) in found.iter_mut().enumerate() {
                    *found = self.noted_or_nobody(name(at));
                }
            }
        }
    }

    /// The same for one to [`STAGE`] names.
    fn get_block<'n>(&self, name: impl Fn(usize) -> &'n str, found: &mut [Noted]) {
        let mut groups: [(Group<'_>, Group<'_>); STAGE] = [(Group::NONE, Group::NONE); STAGE];
        // No hash of a name that is there: one that is too long to be settled here finds nobody.
        let mut hashes = [1; STAGE];
        for (at, (hash, groups)) in hashes.iter_mut().zip(&mut groups).enumerate().take(found.len()) {
            let Some(asked) = windows(name(at).as_bytes()) else { continue };
            let full = self.seed.of_windows(&asked);
            if let Some(pair) = self.shard(full).and_then(|shard| shard.pair(full)) {
                (*hash, *groups) = (full, pair);
            }
        }

        let mut kept = [(Hashes::FREE, Hashes::FREE); STAGE];
        for ((first, second), kept) in groups.iter().zip(&mut kept) {
            *kept = (first.hashes(), second.hashes());
        }

        // A name that has no candidate is compared with a key that no name has.
        let mut keys: [Key<'_>; STAGE] = [Key::NONE; STAGE];
        let sought = hashes.iter().zip(groups).zip(kept).zip(&mut keys);
        for ((((hash, (first, second)), (in_first, in_second)), key), noted) in sought.zip(&mut *found) {
            let hits = in_first.matching_either(in_second, *hash);
            let group = select_unpredictable(hits.begin_in_other(), second, first);
            let (candidate, kept) = group.noted(hits.first()).unwrap_or((Key::NONE, Noted::NOBODY));
            *key = select_unpredictable(hits.is_empty(), Key::NONE, candidate);
            *noted = select_unpredictable(hits.is_empty(), Noted::NOBODY, kept);
        }

        let mut begins = [0; STAGE];
        for (key, begin) in keys.iter().zip(&mut begins) {
            *begin = key.begin();
        }

        // To read the names' windows again is as cheap as to keep them.
        let mut unsettled = 0_u64;
        for (at, ((key, begin), noted)) in keys.iter().zip(begins).zip(&mut *found).enumerate() {
            let same = windows(name(at).as_bytes()).map(|asked| key.is_after(begin, &asked));
            unsettled |= u64::from(same.is_none() | (same == Some(false)) & (noted.number != NOBODY)) << at;
            *noted = select_unpredictable(same == Some(true), *noted, Noted::NOBODY);
        }

        while unsettled != 0 {
            let at = unsettled.trailing_zeros() as usize;
            if let Some(noted) = found.get_mut(at) {
                *noted = self.noted_or_nobody(name(at));
            }
            unsettled &= unsettled - 1;
        }
    }
}
