//! The hashes of a group's names, compared all at once, those of two groups together.
//!
//! A slot keeps the whole hash of its name, so that only the right key is fetched from memory: where tags of eight bits were kept,
//! one look-up in sixteen met a wrong one, waited for its key and had guessed the way on wrong. A name that moves to another
//! slot is not hashed again. `wide` makes vectors what the processor has.

use wide::i32x4;

/// How many slots a group has.
pub(super) const SLOTS: usize = 3;

/// One group's hashes; zero marks a free slot. The last lane, for which there is no slot, holds whatever lies behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hashes([u32; SLOTS + 1]);

/// Some slots of one group or of two, a bit each, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slots(u32);

/// The slots of one group.
const ALL: u32 = (1 << SLOTS) - 1;

/// Those of two groups.
const EITHER: u32 = ALL | ALL << (SLOTS + 1);

impl Hashes {
    pub(super) const FREE: Hashes = Hashes([0; SLOTS + 1]);

    /// Hashes as they lie.
    #[inline]
    pub(super) fn read(bytes: &[u8; 4 * (SLOTS + 1)]) -> Hashes {
        let (words, _) = bytes.as_chunks();
        Hashes(words.first_chunk().map_or([0; SLOTS + 1], |words| words.map(u32::from_le_bytes)))
    }

    #[inline]
    fn equal(self, hash: u32) -> u32 {
        let lanes = i32x4::new(self.0.map(u32::cast_signed));
        lanes.simd_eq(i32x4::splat(hash.cast_signed())).to_bitmask()
    }

    /// The slots with a hash.
    #[inline]
    pub(super) fn matching(self, hash: u32) -> Slots {
        Slots(self.equal(hash) & ALL)
    }

    /// The slots with a hash, which is not zero, in this group and, behind them, in another.
    #[inline]
    pub(super) fn matching_either(self, other: Hashes, hash: u32) -> Slots {
        Slots((self.equal(hash) | other.equal(hash) << (SLOTS + 1)) & EITHER)
    }

    /// The last slot without a name.
    pub(super) fn vacant(self) -> Option<usize> {
        self.matching(0).0.checked_ilog2().map(|slot| slot as usize)
    }

    pub(super) fn occupied(self) -> Slots {
        Slots(!self.equal(0) & ALL)
    }

    /// The hash of a slot's name; zero if it has none.
    pub(super) fn get(&self, slot: usize) -> u32 {
        self.0.get(slot).copied().unwrap_or(0)
    }
}

impl Slots {
    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first slot within its group; slot 0 when there is none, for callers who have no branch to spare.
    #[inline]
    pub(super) fn first(self) -> usize {
        self.0.trailing_zeros() as usize & SLOTS
    }

    /// Whether the first slot is the other group's.
    #[inline]
    pub(super) fn begin_in_other(self) -> bool {
        self.0 & ALL == 0
    }
}

impl Iterator for Slots {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let slot = (self.0 != 0).then(|| self.first());
        self.0 &= self.0.wrapping_sub(1);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching_slots_are_exactly_those_with_the_hash() {
        let (lanes, others) = ([7, 0x8000_0007, 7], [0, 7, 0x7FFF_FFFF]);
        // Behind the hashes something lies that is one.
        let hashes = |[a, b, c]: [u32; SLOTS]| Hashes([a, b, c, 7]);
        let (first, second) = (hashes(lanes), hashes(others));
        for hash in [1, 7, 0x8000_0007, 0x7FFF_FFFF, u32::MAX] {
            let expected: Vec<usize> = (0..SLOTS).filter(|&slot| lanes[slot] == hash).collect();
            assert_eq!(first.matching(hash).collect::<Vec<_>>(), expected, "{hash}");
            let bits = |lanes: [u32; SLOTS]| {
                (0..SLOTS).filter(|&slot| lanes[slot] == hash).map(|slot| 1 << slot).sum::<u32>()
            };
            let either = first.matching_either(second, hash);
            assert_eq!(either, Slots(bits(lanes) | bits(others) << 4), "{hash}");
            assert_eq!(either.begin_in_other(), expected.is_empty());
        }
        assert_eq!(first.vacant(), None);
        assert_eq!(second.vacant(), Some(0));
        assert_eq!(second.occupied().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn hashes_are_read_from_their_bytes() {
        let bytes = [1, 0, 0, 0, 2, 0, 0, 0x80, 3, 1, 0, 0, 0, 0, 0, 0];
        let hashes = Hashes::read(&bytes);
        assert_eq!([0, 1, 2, 3].map(|slot| hashes.get(slot)), [1, 0x8000_0002, 0x103, 0]);
    }
}
