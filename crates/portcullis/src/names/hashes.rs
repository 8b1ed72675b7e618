//! The tags of eight slots, compared all at once, those of two groups together.
//!
//! A tag is half of the hash, so that only a key that will surely match is fetched from memory: of tags of eight bits, one
//! look-up in sixteen met a wrong one, waited for its key and had guessed the way on wrong. Vectors of sixteen lanes are
//! compared as fast as words of eight; `wide` makes them what the processor has.

use wide::i16x16;

/// How many slots a group has.
pub(super) const SLOTS: usize = 8;

/// What a slot says of the name in it: the lower half of its hash, which tells little of where it lies. Zero marks
/// a free slot, so the last bit is always set.
#[inline]
pub(super) fn tag(hash: u32) -> u16 {
    hash as u16 | 1
}

/// One group's tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tags([i16; SLOTS]);

/// Some slots of one group or of two, a bit each, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slots(u32);

impl Tags {
    pub(super) const FREE: Tags = Tags([0; SLOTS]);

    /// The slots with a tag: exactly those, so that a hit is worth fetching a key for.
    #[inline]
    pub(super) fn matching(self, tag: u16) -> Slots {
        Slots(self.matching_either(Tags::FREE, tag).0 & 0xFF)
    }

    /// The slots with a tag in this group and, eight higher, in another.
    #[inline]
    pub(super) fn matching_either(self, other: Tags, tag: u16) -> Slots {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (self.0, other.0);
        let tags = i16x16::new([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
        Slots(tags.simd_eq(i16x16::splat(tag.cast_signed())).to_bitmask())
    }

    /// The first slot without a name.
    pub(super) fn vacant(self) -> Option<usize> {
        self.matching(0).next()
    }

    pub(super) fn occupied(self) -> Slots {
        Slots(!self.matching(0).0 & 0xFF)
    }

    /// Marks a slot with a tag, or as free with zero.
    pub(super) fn set(&mut self, slot: usize, tag: u16) {
        if let Some(place) = self.0.get_mut(slot) {
            *place = tag.cast_signed();
        }
    }
}

impl Slots {
    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first slot within its group; also when there is none, for callers who have no branch to spare.
    #[inline]
    pub(super) fn first(self) -> usize {
        self.0.trailing_zeros() as usize & (SLOTS - 1)
    }

    /// Whether the first slot is the other group's.
    #[inline]
    pub(super) fn begin_in_other(self) -> bool {
        self.0 & 0xFF == 0
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

    fn tags(lanes: [u16; SLOTS]) -> Tags {
        let mut tags = Tags::FREE;
        for (slot, lane) in lanes.into_iter().enumerate() {
            tags.set(slot, lane);
        }
        tags
    }

    #[test]
    fn matching_slots_are_exactly_those_with_the_tag() {
        // Neighbours that differ by one are what the shorter test for zero lanes gets wrong.
        let lanes = [2, 3, 2, 0, 1, 0x8002, 0x8000, 2];
        let others = [0xFFFF, 0, 2, 0x0200, 3, 0x7FFF, 0x8000, 1];
        let (first, second) = (tags(lanes), tags(others));
        for tag in 0..=u16::MAX {
            let expected: Vec<usize> = (0..SLOTS).filter(|&slot| lanes[slot] == tag).collect();
            let slots = first.matching(tag);
            assert_eq!(slots.collect::<Vec<_>>(), expected, "{tag}");
            let either = (0..16).filter(|&slot| if slot < 8 { lanes[slot] } else { others[slot - 8] } == tag);
            let either = either.fold(0, |bits, slot| bits | 1 << slot);
            assert_eq!(first.matching_either(second, tag), Slots(either), "{tag}");
            if either != 0 {
                assert_eq!(Slots(either).begin_in_other(), expected.is_empty());
            }
        }
        assert_eq!(first.occupied().collect::<Vec<_>>(), [0, 1, 2, 4, 5, 6, 7]);
        assert_eq!(first.vacant(), Some(3));
    }

    #[test]
    fn slots_are_taken_one_after_the_other() {
        let mut tags = Tags::FREE;
        for slot in 0..SLOTS {
            assert_eq!(tags.vacant(), Some(slot));
            tags.set(slot, u16::MAX);
        }
        assert_eq!(tags.vacant(), None);
        tags.set(3, 0);
        assert_eq!(tags.vacant(), Some(3));
    }

    #[test]
    fn no_hash_has_the_tag_of_a_free_slot() {
        assert!((0..=u16::MAX).all(|low| tag(u32::from(low)) != 0));
    }
}
