//! SplitMix64 (Steele, Lea and Flood, 2014): eight lines, no state but one word, no dependency.
//!
//! Good enough to choose among forms, and not for anything that must be hard to guess. A crate would serve as well until
//! its next version gave other numbers for the seeds that tests remember.

/// A stream of numbers that depends on the seed alone.
#[derive(Clone, Debug)]
pub struct Prng(u64);

impl Prng {
    /// Starts a stream.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Prng(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, and 0 below 0. The bias towards small numbers is less than `bound` in 2⁶⁴.
    pub fn below(&mut self, bound: usize) -> usize {
        let bits = self.bits();
        let remainder = bits.checked_rem(bound as u64).unwrap_or(0);
        usize::try_from(remainder).unwrap_or(0)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below(from.len());
        from.get(index)
    }
}
