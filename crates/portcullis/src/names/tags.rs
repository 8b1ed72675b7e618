//! The tags of eight slots in one word, compared all at once.
//!
//! This file owns the arithmetic on bytes within a word; the rest speaks of slots. Tags lie apart from the keys,
//! a byte a slot, so that those of a million names stay in the second-level cache, and only a key that will
//! almost surely match is fetched from memory.

/// How many slots a group has.
pub(super) const SLOTS: usize = 8;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// What a slot says of the name in it: the last eight bits of its hash, which tell little of where it lies. Zero marks
/// a free slot.
#[inline]
pub(super) fn tag(hash: u32) -> u8 {
    (hash as u8).max(1)
}

/// One group's tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tags(u64);

/// Some slots of a group, the lowest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots(u64);

impl Tags {
    pub(super) const FREE: Tags = Tags(0);

    /// The slots with a tag: exactly those, so that a hit is worth fetching a key for.
    #[inline]
    pub(super) fn matching(self, tag: u8) -> Slots {
        Slots(zero_bytes(self.0 ^ (u64::from(tag) * ONES)))
    }

    /// The first slot without a name.
    pub(super) fn vacant(self) -> Option<usize> {
        Slots(zero_bytes(self.0)).next()
    }

    pub(super) fn occupied(self) -> Slots {
        Slots(!zero_bytes(self.0) & HIGHS)
    }

    /// Marks a slot with a tag, or as free with zero.
    pub(super) fn set(&mut self, slot: usize, tag: u8) {
        self.0 = self.0 & !(0xFF << (slot * 8)) | u64::from(tag) << (slot * 8);
    }
}

impl Slots {
    pub(super) const NONE: Slots = Slots(0);

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first slot; also when there is none, for callers who have no branch to spare.
    #[inline]
    pub(super) fn first(self) -> usize {
        (self.0.trailing_zeros() / 8) as usize & (SLOTS - 1)
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

/// The high bit of every byte that is zero, and no other bit. Seven bits of a byte cannot carry into the next.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    !(((word & !HIGHS) + !HIGHS) | word) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching_slots_are_exactly_those_with_the_tag() {
        // Neighbours that differ by one are what the shorter test for zero bytes gets wrong.
        let bytes = [2, 3, 2, 0, 1, 0x82, 0x80, 2];
        let tags = Tags(u64::from_le_bytes(bytes));
        for tag in 0..=255 {
            let expected: Vec<usize> = (0..SLOTS).filter(|&slot| bytes[slot] == tag).collect();
            assert_eq!(tags.matching(tag).collect::<Vec<_>>(), expected, "{tag}");
        }
        assert_eq!(tags.occupied().collect::<Vec<_>>(), [0, 1, 2, 4, 5, 6, 7]);
        assert_eq!(tags.vacant(), Some(3));
    }

    #[test]
    fn slots_are_taken_one_after_the_other() {
        let mut tags = Tags::FREE;
        for slot in 0..SLOTS {
            assert_eq!(tags.vacant(), Some(slot));
            tags.set(slot, 255);
        }
        assert_eq!(tags.vacant(), None);
        tags.set(3, 0);
        assert_eq!(tags.vacant(), Some(3));
    }
}
