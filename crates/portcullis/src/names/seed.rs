//! What makes the hashes of one table unlike those of any other.
//!
//! Outsiders choose names, so every table draws its own randomness, which never leaves it. A hash never decides
//! whether two names are equal; it says where to look.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::key::{Name, Windows, windows};

/// The randomness of one table.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) state: RandomState,
    /// The same randomness as numbers, for hashes that mix by hand.
    pub(crate) salts: [u64; 4],
}

impl Seed {
    pub(crate) fn fresh() -> Self {
        let state = RandomState::default();
        Seed { salts: [0_u64, 1, 2, 3].map(|number| state.hash_one(number)), state }
    }

    /// A name ready to be looked for, and its hash.
    #[inline]
    pub(super) fn prepare<'n>(&self, name: &'n str) -> (u32, Name<'n>) {
        let bytes = name.as_bytes();
        let name = match windows(bytes) {
            Some(windows) => Name::Short(windows, bytes),
            None => self.long(bytes),
        };
        (self.of(&name), name)
    }

    /// A name of more than 32 bytes.
    #[cold]
    pub(super) fn long<'n>(&self, bytes: &'n [u8]) -> Name<'n> {
        let mut hasher = self.state.build_hasher();
        hasher.write(bytes);
        Name::Long { hash: hasher.finish(), bytes }
    }

    /// The hash of a name that was made ready under this seed.
    pub(super) fn of(&self, name: &Name<'_>) -> u32 {
        match *name {
            Name::Short(windows, _) => self.of_windows(&windows),
            Name::Long { hash, .. } => narrow(hash),
        }
    }

    /// The hash of a name of up to 32 bytes: two of the steps that foldhash is made of, whatever the length.
    #[inline]
    pub(super) fn of_windows(&self, name: &Windows) -> u32 {
        let ([a, b, c, d], [first, second, third, last]) = (self.salts, name.words);
        let late = fold(third ^ c, last ^ d ^ name.length as u64);
        narrow(fold(first ^ a, second ^ b) ^ late.rotate_left(17))
    }
}

/// Both halves of a product, one over the other: every bit of the factors reaches every bit of it.
#[inline]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Never zero, which marks a free slot.
#[inline]
fn narrow(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32 | 1
}
