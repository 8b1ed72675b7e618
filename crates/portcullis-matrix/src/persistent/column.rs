//! Numbers in as few bytes as the largest needs: a million numbers below 256 stay in a cache of a megabyte.
//!
//! A number of any width is read by one load of four bytes and a mask: which width it is takes no branch. A
//! column widens as soon as a number needs it, and not back: a workspace that once had 300 sets of roles will
//! have them again.

use alloc::sync::Arc;
use alloc::vec::Vec;

/// Bytes of numbers in a chunk; every width divides it.
const CHUNK: usize = 1 << 14;
/// Bytes that one read touches; a chunk has so many more, less one, behind its last number.
const LOAD: usize = size_of::<u32>();
/// Numbers that are read together by [`Column::run`]; a chunk holds a whole number of such runs.
const RUN: usize = 64;
/// A column stays one piece up to so many bytes.
const PIECE: usize = 1 << 16;

type Chunk = [u8; CHUNK + LOAD];

/// A persistent array of numbers, each one, two or four bytes wide.
#[derive(Clone, Debug)]
pub struct Column {
    bytes: Bytes,
    /// The bits of a loaded word that belong to the number.
    mask: u32,
    width: u32,
    len: u32,
}

#[derive(Clone, Debug)]
enum Bytes {
    Piece(Arc<[u8]>),
    Chunks(Arc<[Arc<Chunk>]>),
}

impl Default for Column {
    fn default() -> Self {
        Self::of([], 0)
    }
}

impl Column {
    /// The numbers that an iterator brings, none of which is above `most`.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = u32>, most: u32) -> Self {
        let (width, mask) = width(most);
        let mut bytes = Vec::new();
        // A number above the bound would be a fault of whoever calls; it is cut off, and never a panic.
        match width {
            1 => bytes.extend(numbers.into_iter().map(|number| number as u8)),
            2 => bytes.extend(numbers.into_iter().flat_map(|number| (number as u16).to_le_bytes())),
            _ => bytes.extend(numbers.into_iter().flat_map(u32::to_le_bytes)),
        }
        let len = (bytes.len() / width as usize) as u32;
        Self { bytes: Bytes::of(bytes), mask, width, len }
    }

    /// How many numbers there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A number; 0 when there is none of this index.
    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> u32 {
        // 64 bits hold any product of 32 and 8 bits, so that the end cannot wrap either.
        let start = (u64::from(index) * u64::from(self.width)) as usize;
        let word = match &self.bytes {
            Bytes::Piece(bytes) => bytes.get(start..start + LOAD),
            Bytes::Chunks(chunks) => {
                let (chunk, start) = (chunks.get(start / CHUNK), start % CHUNK);
                chunk.and_then(|chunk| chunk.get(start..start + LOAD))
            }
        };
        word.and_then(|word| word.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word) & self.mask)
    }

    /// Puts the number in place of each index, as [`get`](Self::get) gives it. How the column lies is looked at once for all.
    pub(crate) fn get_each(&self, indices: &mut [u32]) {
        let (width, mask) = (u64::from(self.width), self.mask);
        let start = |index: u32| (u64::from(index) * width) as usize;
        let number = |word: Option<&[u8]>| {
            word.and_then(|word| word.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word) & mask)
        };
        match &self.bytes {
            Bytes::Piece(bytes) => {
                for index in indices {
                    let start = start(*index);
                    *index = number(bytes.get(start..start + LOAD));
                }
            }
            Bytes::Chunks(chunks) => {
                for index in indices {
                    let (chunk, start) = (chunks.get(start(*index) / CHUNK), start(*index) % CHUNK);
                    *index = number(chunk.and_then(|chunk| chunk.get(start..start + LOAD)));
                }
            }
        }
    }

    /// The numbers of 64 indices that follow one another, the first a multiple of 64; 0 beyond the last. They lie side by
    /// side in one chunk, so that this costs a small part of what looking each up does.
    pub(crate) fn run(&self, first: u32) -> [u32; RUN] {
        let width = self.width as usize;
        let start = first as usize * width;
        let bytes = match &self.bytes {
            Bytes::Piece(bytes) => bytes.get(start..),
            Bytes::Chunks(chunks) => {
                chunks.get(start / CHUNK).and_then(|chunk| chunk.get(start % CHUNK..CHUNK))
            }
        };
        let bytes = bytes.unwrap_or(&[]);
        let mut numbers = [0; RUN];
        // The widths as constants, so that each is a loop over vectors.
        match width {
            1 => widened::<1>(bytes, &mut numbers),
            2 => widened::<2>(bytes, &mut numbers),
            _ => widened::<4>(bytes, &mut numbers),
        }
        let there = self.len.saturating_sub(first) as usize;
        numbers.iter_mut().skip(there).for_each(|number| *number = 0);
        numbers
    }

    /// Changes a number, or nothing when there is none of this index.
    pub fn set(&mut self, index: u32, number: u32) {
        if index < self.len {
            self.widen(number);
            let width = self.width as usize;
            let at = index as usize * width;
            for (byte, new) in self.bytes.at(at).iter_mut().zip(number.to_le_bytes()).take(width) {
                *byte = new;
            }
        }
    }

    /// Adds a number.
    pub fn push(&mut self, number: u32) {
        self.len += 1;
        self.bytes.grow(self.len as usize * self.width as usize);
        self.set(self.len - 1, number);
    }

    /// Makes room for numbers as large as this one.
    fn widen(&mut self, number: u32) {
        let (width, mask) = width(number);
        if width <= self.width {
            return;
        }
        let (old, new) = (self.width as usize, width as usize);
        let narrow = self.bytes.all(self.len as usize * old);
        let mut wide = alloc::vec![0; self.len as usize * new];
        // The widths as constants, so that each is a loop over vectors.
        match (old, new) {
            (1, 2) => spread::<1, 2>(&narrow, &mut wide),
            (1, 4) => spread::<1, 4>(&narrow, &mut wide),
            _ => spread::<2, 4>(&narrow, &mut wide),
        }
        (self.width, self.mask, self.bytes) = (width, mask, Bytes::of(wide));
    }

    /// All numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len).map(|index| self.get(index))
    }

    /// Bytes of heap, shared ones included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.bytes {
            Bytes::Piece(bytes) => bytes.len(),
            Bytes::Chunks(chunks) => chunks.len() * (size_of::<Arc<Chunk>>() + size_of::<Chunk>() + 16),
        }
    }
}

/// The bytes that numbers up to this one take, and the mask of a number of so many.
const fn width(most: u32) -> (u32, u32) {
    match most {
        0..=0xff => (1, 0xff),
        0x100..=0xffff => (2, 0xffff),
        _ => (4, u32::MAX),
    }
}

fn spread<const OLD: usize, const NEW: usize>(narrow: &[u8], wide: &mut [u8]) {
    for (wide, narrow) in wide.chunks_exact_mut(NEW).zip(narrow.chunks_exact(OLD)) {
        for (wide, narrow) in wide.iter_mut().zip(narrow) {
            *wide = *narrow;
        }
    }
}

fn widened<const WIDTH: usize>(narrow: &[u8], wide: &mut [u32; RUN]) {
    for (wide, narrow) in wide.iter_mut().zip(narrow.chunks_exact(WIDTH)) {
        let mut bytes = [0; 4];
        bytes.iter_mut().zip(narrow).for_each(|(to, from)| *to = *from);
        *wide = u32::from_le_bytes(bytes);
    }
}

impl Bytes {
    fn of(mut bytes: Vec<u8>) -> Self {
        if bytes.len() <= PIECE {
            bytes.resize(bytes.len() + LOAD, 0);
            return Self::Piece(bytes.into());
        }
        let cut = |bytes: &[u8]| {
            let mut chunk = [0; CHUNK + LOAD];
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            Arc::new(chunk)
        };
        Self::Chunks(bytes.chunks(CHUNK).map(cut).collect())
    }

    /// Makes room for so many bytes of numbers.
    fn grow(&mut self, needed: usize) {
        if let Self::Piece(bytes) = self
            && bytes.len() < needed + LOAD
        {
            let mut more = bytes.to_vec();
            // As much again, so that adding one by one is not quadratic.
            more.resize(needed.next_power_of_two().max(8), 0);
            *self = Self::of(more);
        }
        if let Self::Chunks(chunks) = self
            && chunks.len() * CHUNK < needed
        {
            *chunks = chunks.iter().cloned().chain([Arc::new([0; CHUNK + LOAD])]).collect();
        }
    }

    /// The bytes from a place on, to be changed.
    fn at(&mut self, at: usize) -> &mut [u8] {
        let found = match self {
            Self::Piece(bytes) => Arc::make_mut(bytes).get_mut(at..),
            Self::Chunks(chunks) => {
                let chunk = Arc::make_mut(chunks).get_mut(at / CHUNK);
                chunk.and_then(|chunk| Arc::make_mut(chunk).get_mut(at % CHUNK..))
            }
        };
        found.unwrap_or(&mut [])
    }

    /// The first `len` bytes of numbers, in one piece.
    fn all(&self, len: usize) -> Vec<u8> {
        match self {
            Self::Piece(bytes) => bytes.iter().copied().take(len).collect(),
            Self::Chunks(chunks) => {
                let mut all = Vec::with_capacity(chunks.len() * CHUNK);
                for chunk in chunks.iter() {
                    all.extend_from_slice(chunk.get(..CHUNK).unwrap_or(&[]));
                }
                all.truncate(len);
                all
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_widens_where_its_numbers_no_longer_fit() {
        for already in [0, 70_000] {
            let mut column = Column::of((0..already).map(|number| number % 256), 255);
            let mut expected: Vec<u32> = column.iter().collect();
            for number in [0, 255, 256, 7, 65_535, 65_536, u32::MAX, 1] {
                let before = column.clone();
                column.push(number);
                assert!(before.iter().eq(expected.iter().copied()), "a clone changed with {number}");
                expected.push(number);
                assert!(column.iter().eq(expected.iter().copied()), "after {number}");
                column.set(0, number);
                expected[0] = number;
                assert!(column.iter().eq(expected.iter().copied()), "after {number}");
            }
            assert_eq!(column.width, 4);
            let mut each: Vec<u32> = (0..already + 20).collect();
            column.get_each(&mut each);
            assert!(each.iter().copied().eq((0..already + 20).map(|index| column.get(index))));
            for first in (0..already + 200).step_by(RUN) {
                assert_eq!(
                    column.run(first),
                    core::array::from_fn(|at| column.get(first + at as u32)),
                    "{first}"
                );
            }
            assert_eq!((column.get(already + 8), column.get(u32::MAX)), (0, 0));
            column.set(already + 8, 5);
            assert_eq!((column.len() as u32, column.get(already + 8)), (already + 8, 0));
        }
    }

    #[test]
    fn the_width_is_that_of_the_largest() {
        for (most, bytes) in [(255, 1), (256, 2), (65_535, 2), (65_536, 4)] {
            let column = Column::of((0..1_000).map(|number| number * most / 1_000), most);
            assert_eq!(column.bytes(), 1_000 * bytes + LOAD, "{most}");
            for first in (0..1_200).step_by(RUN) {
                assert_eq!(column.run(first), core::array::from_fn(|at| column.get(first + at as u32)));
            }
            let mut each = [0, 999, 1_000, 1_001, 5_000, u32::MAX];
            column.get_each(&mut each);
            assert_eq!(each, [0, 999 * most / 1_000, 0, 0, 0, 0]);
        }
        assert_eq!((Column::default().get(0), Column::default().is_empty()), (0, true));
    }

    #[test]
    fn one_by_one_or_at_once_a_column_is_the_same() {
        let mut column = Column::default();
        for number in 0..100_000 {
            column.push(number % 300);
        }
        assert!(column.iter().eq((0..100_000).map(|number| number % 300)));
        assert!(Column::of(column.iter(), 299).iter().eq(column.iter()));
        let before = column.clone();
        (0..100_000).for_each(|index| column.set(index, 1));
        assert!(before.iter().eq((0..100_000).map(|number| number % 300)));
        assert!(column.iter().all(|number| number == 1));
        let bytes = Column::of((0..100_000).map(|number| number % 251), 255);
        let mut each: Vec<u32> = (0..100_100).collect();
        bytes.get_each(&mut each);
        assert!(each.iter().copied().eq((0..100_100).map(|index| bytes.get(index))));
    }
}
