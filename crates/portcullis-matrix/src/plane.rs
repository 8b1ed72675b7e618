//! A plane: one bit per permission of a schema.
//!
//! Planes are what roles are made of and what set algebra works on (difference, intersection,
//! subset), a word at a time. They are built and compared when policies change, never on the way
//! of a check.
//!
//! The words are all there or not there at all: an empty plane, as most deny planes are, owns no
//! memory until its first bit. Two planes are equal when the same bits are set, stored or not.
//! A plane knows how many permissions it is for and never holds a bit beyond them.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;

use crate::PermissionId;
use crate::word::{self, Ones};

/// One bit per permission.
///
/// ```
/// use portcullis_matrix::{PermissionId, Plane};
///
/// let mut plane = Plane::empty(47);
/// assert!(plane.insert_range(8..12));
/// assert!(plane.insert(PermissionId::from_u32(46)));
/// assert!(!plane.insert(PermissionId::from_u32(47))); // there is no such permission
/// assert_eq!(plane.count(), 5);
/// ```
#[derive(Clone)]
pub struct Plane {
    permissions: u32,
    /// None at all, or one word per 64 permissions.
    words: Vec<u64>,
}

impl Plane {
    /// A plane for this many permissions with no bit set. Allocates nothing.
    #[must_use]
    pub const fn empty(permissions: u32) -> Self {
        Self { permissions, words: Vec::new() }
    }

    /// How many permissions the plane is for.
    #[must_use]
    pub const fn permissions(&self) -> u32 {
        self.permissions
    }

    /// Sets a bit. Returns `false`, and changes nothing, when the plane has no such permission.
    pub fn insert(&mut self, permission: PermissionId) -> bool {
        let bit = permission.as_u32();
        if bit >= self.permissions {
            return false;
        }
        if let Some(word) = self.stored().get_mut(word::word_of(bit)) {
            *word |= word::bit(bit);
        }
        true
    }

    /// Sets a run of bits, a word at a time. Returns `false`, and changes nothing, when the run
    /// ends beyond the plane; a run that ends before it starts is empty.
    pub fn insert_range(&mut self, bits: Range<u32>) -> bool {
        if bits.end > self.permissions {
            return false;
        }
        if bits.is_empty() {
            return true;
        }
        let (first, last) = (word::word_of(bits.start), word::word_of(bits.end - 1));
        let words = self.stored().iter_mut().enumerate().take(last + 1).skip(first);
        for (index, word) in words {
            *word |= word::span(index, bits.start, bits.end);
        }
        true
    }

    /// Clears a bit; clearing one that is not set, or not there, changes nothing.
    pub fn remove(&mut self, permission: PermissionId) {
        let bit = permission.as_u32();
        if let Some(word) = self.words.get_mut(word::word_of(bit)) {
            *word &= !word::bit(bit);
        }
    }

    /// Whether a bit is set; `false` for a permission that the plane does not have.
    #[must_use]
    pub fn contains(&self, permission: PermissionId) -> bool {
        let bit = permission.as_u32();
        word::test(self.word(word::word_of(bit)), bit)
    }

    /// Whether no bit is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// How many bits are set.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// The permissions whose bits are set, in order.
    #[must_use]
    pub fn iter(&self) -> Permissions<'_> {
        Permissions { words: self.words.iter(), first: 0, left: Ones(0), next_first: 0 }
    }

    /// Adds the bits of another plane; those that this plane has no room for are left out.
    pub fn union_with(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let permissions = self.permissions;
        for (index, (word, theirs)) in self.stored().iter_mut().zip(&other.words).enumerate() {
            *word |= theirs & word::span(index, 0, permissions);
        }
    }

    /// Keeps only the bits that another plane has too.
    pub fn intersect_with(&mut self, other: &Self) {
        for (index, word) in self.words.iter_mut().enumerate() {
            *word &= other.word(index);
        }
    }

    /// Takes away the bits of another plane.
    pub fn subtract(&mut self, other: &Self) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= !theirs;
        }
    }

    /// The bits of `a` that `b` does not have.
    #[must_use]
    pub fn difference(a: &Self, b: &Self) -> Self {
        let mut rest = a.clone();
        rest.subtract(b);
        rest
    }

    /// Whether the two planes have a bit in common.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(ours, theirs)| ours & theirs != 0)
    }

    /// How many bits the two planes have in common.
    #[must_use]
    pub fn count_common(&self, other: &Self) -> u32 {
        self.words.iter().zip(&other.words).map(|(ours, theirs)| (ours & theirs).count_ones()).sum()
    }

    /// Whether another plane has every bit of this one.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.iter().enumerate().all(|(index, word)| word & !other.word(index) == 0)
    }

    /// A word of the plane; zero beyond what is stored.
    #[inline]
    pub(crate) fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    /// The words that are stored from number `first` on: none when the plane is empty.
    #[inline]
    pub(crate) fn words_from(&self, first: usize) -> &[u64] {
        self.words.get(first..).unwrap_or(&[])
    }

    /// Adds 64 bits at a time; bits beyond the permissions are left out.
    pub(crate) fn insert_word(&mut self, index: usize, bits: u64) {
        let bits = bits & word::span(index, 0, self.permissions);
        if bits == 0 {
            return;
        }
        if let Some(word) = self.stored().get_mut(index) {
            *word |= bits;
        }
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    fn stored(&mut self) -> &mut [u64] {
        if self.words.is_empty() {
            self.words = vec![0; word::words(self.permissions)];
        }
        &mut self.words
    }
}

impl PartialEq for Plane {
    fn eq(&self, other: &Self) -> bool {
        self.permissions == other.permissions
            && if self.words.len() == other.words.len() {
                self.words == other.words
            } else {
                self.is_empty() && other.is_empty()
            }
    }
}

impl Eq for Plane {}

impl Hash for Plane {
    /// Of the bits that are set, stored or not, as planes are compared.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.permissions.hash(state);
        self.words.iter().enumerate().filter(|(_, word)| **word != 0).for_each(|word| word.hash(state));
    }
}

impl fmt::Debug for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(PermissionId::as_u32)).finish()
    }
}

impl<'a> IntoIterator for &'a Plane {
    type Item = PermissionId;
    type IntoIter = Permissions<'a>;

    fn into_iter(self) -> Permissions<'a> {
        self.iter()
    }
}

/// The permissions of a plane, in order; see [`Plane::iter`].
#[derive(Clone, Debug)]
pub struct Permissions<'a> {
    words: core::slice::Iter<'a, u64>,
    /// The permission at bit 0 of the word at hand.
    first: u32,
    left: Ones,
    /// The permission at bit 0 of the word after it.
    next_first: u32,
}

impl Iterator for Permissions<'_> {
    type Item = PermissionId;

    #[inline]
    fn next(&mut self) -> Option<PermissionId> {
        loop {
            if let Some(at) = self.left.next() {
                return Some(PermissionId(self.first + at));
            }
            self.left = Ones(*self.words.next()?);
            self.first = self.next_first;
            self.next_first += word::WORD;
        }
    }
}
