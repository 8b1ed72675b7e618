//! SplitMix64 (Steele, Lea and Flood, 2014): eight lines, no state but one word, no dependency.
//!
//! Good enough to choose among forms, and not for anything that must be hard to guess. A crate would serve as well until
//! its next version gave other numbers for the seeds that tests remember.

/// A stream of numbers that depends on the seed alone, or on some bytes first.
#[derive(Clone, Debug)]
pub struct Prng {
    state: u64,
    /// Bytes that choices are taken from while there are any, the next one last.
    tape: Vec<u8>,
}

impl Prng {
    /// Starts a stream.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Prng { state: seed, tape: Vec::new() }
    }

    /// A stream whose choices are these bytes, a byte or two each, and goes on from a seed when they are used up. So a
    /// fuzzer that changes a byte changes a choice and leaves the others as they were.
    #[must_use]
    pub fn of_bytes(seed: u64, bytes: &[u8]) -> Self {
        Prng { state: seed, tape: bytes.iter().rev().copied().collect() }
    }

    /// The next 64 bits, of the seed's stream always.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, and 0 below 0. The bias towards small numbers is less than `bound` in 2⁶⁴.
    pub fn below(&mut self, bound: usize) -> usize {
        let bits = self.taken(bound).unwrap_or_else(|| self.bits());
        let remainder = bits.checked_rem(bound as u64).unwrap_or(0);
        usize::try_from(remainder).unwrap_or(0)
    }

    /// Enough bytes to choose among so many, if there are bytes left. What is no choice takes none.
    fn taken(&mut self, bound: usize) -> Option<u64> {
        let last = self.tape.last().copied()?;
        match bound {
            0 | 1 => return Some(0),
            2..=256 => drop(self.tape.pop()),
            _ => {
                self.tape.pop();
                return Some(u64::from(last) << 8 | u64::from(self.tape.pop().unwrap_or(0)));
            }
        }
        Some(u64::from(last))
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
