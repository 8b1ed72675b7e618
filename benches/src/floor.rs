//! What the machine itself takes for the least that any check must do, measured in the very run whose figures stand beside it.
//!
//! Three things: testing a bit of a table that stays in the first-level cache, where tests do not wait for each other; a load from a table of
//! some size that waits for the load before it, as a look-up whose place is only known after another one does; and a pass over
//! memory, whose bandwidth no search can beat. Safe code with bounds that the compiler can see; nothing here knows a policy.

use std::hint::black_box;
use std::time::Instant;

/// How many bits the table has whose tests are timed: 16 KiB, half of a first-level cache.
const BITS: usize = 1 << 17;

/// The bytes that a pass over memory reads: more than any cache here holds.
const PASS: usize = 1 << 28;

/// Nanoseconds a bit test, the positions drawn beforehand.
#[must_use]
pub fn bit_test(rounds: usize) -> f64 {
    let words: Vec<u64> =
        (0..BITS as u64 / 64).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
    let asked: Vec<u32> =
        (0..4_096_u32).map(|at| at.wrapping_mul(0x9e37_79b9) >> 15).map(|at| at % BITS as u32).collect();
    let mut set = 0_u64;
    let started = Instant::now();
    for _ in 0..rounds {
        for &at in black_box(&asked) {
            set += words.get(at as usize / 64).map_or(0, |word| word >> (at % 64) & 1);
        }
    }
    black_box(set);
    per(started, rounds * asked.len())
}

/// A walk through a table of so many bytes, in which each load waits for the one before.
#[derive(Debug)]
pub struct Walk {
    next: Vec<u32>,
    at: u32,
}

impl Walk {
    /// A table of `bytes`, rounded down to a power of two of entries.
    #[must_use]
    pub fn new(bytes: usize) -> Walk {
        let entries = 1_u32 << (bytes / 4).max(1).ilog2();
        // Multiplying by a number that is 1 modulo 4 and adding an odd one goes through all entries before any comes again.
        let next =
            (0..entries).map(|at| at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) & (entries - 1));
        Walk { next: next.collect(), at: 0 }
    }

    /// Nanoseconds a load.
    pub fn step(&mut self, steps: usize) -> f64 {
        let started = Instant::now();
        for _ in 0..steps {
            self.at = self.next.get(self.at as usize).copied().unwrap_or(0);
        }
        black_box(self.at);
        per(started, steps)
    }
}

/// Gigabytes a second of one thread that reads memory from end to end.
#[derive(Debug)]
pub struct Pass {
    words: Vec<u64>,
}

impl Default for Pass {
    fn default() -> Self {
        Pass { words: (0..PASS as u64 / 8).collect() }
    }
}

impl Pass {
    /// One pass.
    #[must_use]
    pub fn read(&self) -> f64 {
        let started = Instant::now();
        // Eight sums side by side, so that the additions do not wait for each other.
        let mut sums = [0_u64; 8];
        let (chunks, _) = black_box(&self.words).as_chunks::<8>();
        for chunk in chunks {
            for (sum, word) in sums.iter_mut().zip(chunk) {
                *sum = sum.wrapping_add(*word);
            }
        }
        black_box(sums);
        PASS as f64 / started.elapsed().as_nanos() as f64
    }
}

fn per(started: Instant, count: usize) -> f64 {
    started.elapsed().as_nanos() as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_comes_back_only_after_all_entries() {
        for bytes in [4, 64, 1 << 12] {
            let mut walk = Walk::new(bytes);
            let mut seen = vec![false; bytes / 4];
            for _ in 0..bytes / 4 {
                assert!(!std::mem::replace(&mut seen[walk.at as usize], true));
                let _ = walk.step(1);
            }
            assert_eq!(walk.at, 0);
        }
    }
}
