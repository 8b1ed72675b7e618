//! A slice of any length an entry: the roles of a set, the groups of a member.
//!
//! A chunk lays its slices one after the other, with the end of each. Changing a slice moves those behind it in the
//! same chunk. A chunk in which no slice has anything holds nothing, so entries that stay empty are free.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hint::black_box;
use core::ops::Range;

/// A persistent array of slices, in chunks of 2^`BITS` entries.
#[derive(Clone, Debug)]
pub struct Lists<T, const BITS: u32> {
    chunks: Arc<[Arc<Chunk<T>>]>,
    len: usize,
}

/// Slices one after the other.
#[derive(Clone, Debug)]
struct Chunk<T> {
    /// Where each slice ends; a slice beyond the last of these is empty.
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        Self { ends: Vec::new(), items: Vec::new() }
    }
}

impl<T: Copy> Chunk<T> {
    fn range(&self, at: usize) -> Range<usize> {
        let Some(end) = self.ends.get(at) else { return self.items.len()..self.items.len() };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        start as usize..*end as usize
    }

    /// One slice.
    #[inline]
    fn get(&self, at: usize) -> &[T] {
        self.items.get(self.range(at)).unwrap_or(&[])
    }

    fn set(&mut self, at: usize, slice: &[T]) {
        if at >= self.ends.len() {
            if slice.is_empty() {
                return;
            }
            reserve(&mut self.ends, at + 1);
            self.ends.resize(at + 1, self.items.len() as u32);
        }
        let old = self.range(at);
        let more = slice.len().saturating_sub(old.len());
        let wanted = self.items.len() + more;
        reserve(&mut self.items, wanted);
        let (gone, come) = (old.len() as u32, slice.len() as u32);
        if old.end <= self.items.len() {
            self.items.splice(old, slice.iter().copied());
        }
        for end in self.ends.iter_mut().skip(at) {
            *end = *end - gone + come;
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.ends.capacity() * size_of::<u32>() + self.items.capacity() * size_of::<T>()
    }
}

/// Slices of one chunk that follow one another; those at its end that are empty may be missing.
#[derive(Clone, Copy)]
pub(crate) struct Run<'l, T> {
    /// Where the first begins.
    start: usize,
    ends: &'l [u32],
    items: &'l [T],
}

impl<'l, T: Copy + Eq> Run<'l, T> {
    /// One slice.
    #[inline]
    pub(crate) fn get(self, at: usize) -> &'l [T] {
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.map_or(self.start, |end| *end as usize);
        let end = self.ends.get(at).map_or(start, |end| *end as usize);
        self.items.get(start..end).unwrap_or(&[])
    }

    /// Reads all of it from memory, in order and doing nothing else, which is the fastest way to have it near.
    pub(crate) fn fetch(self, number: impl Fn(&T) -> u32) {
        let end = self.ends.last().map_or(self.start, |end| *end as usize);
        // Two plain loops: iterators chained together take as long as the memory does.
        let mut all = 0;
        for [end, ..] in self.ends.as_chunks::<LOOK>().0 {
            all ^= end;
        }
        for [item, ..] in self.items.get(self.start..end).unwrap_or(&[]).as_chunks::<LOOK>().0 {
            all ^= number(item);
        }
        black_box(all);
    }

    /// The slices that hold an item, each with its number in the run. Items are looked at many at a time, since most
    /// slices do not hold it.
    pub(crate) fn holding(self, item: T) -> impl Iterator<Item = (usize, &'l [T])> {
        let end = self.ends.last().map_or(self.start, |end| *end as usize);
        let items = self.items.get(self.start..end).unwrap_or(&[]);
        let blocks = items.chunks(LOOK).enumerate();
        let found =
            blocks.filter(move |(_, block)| block.iter().fold(false, |found, it| found | (*it == item)));
        let places = found.flat_map(move |(number, block)| {
            let inside = block.iter().enumerate().filter(move |(_, it)| **it == item);
            inside.map(move |(at, _)| self.start + number * LOOK + at)
        });
        let mut slice = 0;
        places.map(move |place| {
            while self.ends.get(slice).is_some_and(|end| *end as usize <= place) {
                slice += 1;
            }
            (slice, self.get(slice))
        })
    }
}

/// Items that [`Run::holding`] looks at together: of four bytes, a cache line.
const LOOK: usize = 16;

/// Room for so many, and an eighth more when there was not: doubling would hold twice what is needed for as long
/// as a snapshot lives.
fn reserve<T>(items: &mut Vec<T>, wanted: usize) {
    if items.capacity() < wanted {
        items.reserve_exact(wanted + wanted / 8 - items.len());
    }
}

impl<T: Copy, const BITS: u32> Default for Lists<T, BITS> {
    fn default() -> Self {
        Self { chunks: Arc::from([]), len: 0 }
    }
}

impl<T: Copy, const BITS: u32> Lists<T, BITS> {
    const CHUNK: usize = 1 << BITS;

    /// Slices given as all their items, one after the other, and where each ends.
    #[must_use]
    pub fn of(items: &[T], ends: &[u32]) -> Self {
        let mut start = 0;
        let chunks = ends.chunks(Self::CHUNK).map(|ends| {
            let end = ends.last().map_or(start, |end| *end as usize);
            let own = items.get(start..end).unwrap_or(&[]);
            let ends =
                if own.is_empty() { Vec::new() } else { ends.iter().map(|end| end - start as u32).collect() };
            start = end;
            Arc::new(Chunk { ends, items: own.to_vec() })
        });
        Self { chunks: chunks.collect::<Vec<_>>().into(), len: ends.len() }
    }

    /// How many slices there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A slice; empty when there is none of this index.
    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> &[T] {
        let index = index as usize;
        self.chunks.get(index >> BITS).map_or(&[], |chunk| chunk.get(index & (Self::CHUNK - 1)))
    }

    /// Changes a slice, or nothing when there is none of this index.
    pub fn set(&mut self, index: u32, slice: &[T]) {
        let index = index as usize;
        if index >= self.len {
            return;
        }
        if let Some(chunk) = Arc::make_mut(&mut self.chunks).get_mut(index >> BITS) {
            Arc::make_mut(chunk).set(index & (Self::CHUNK - 1), slice);
        }
    }

    /// Adds a slice.
    pub fn push(&mut self, slice: &[T]) {
        let index = self.len;
        self.grow(index + 1);
        if !slice.is_empty() {
            self.set(index as u32, slice);
        }
    }

    /// Adds as many empty slices as make `len`.
    pub fn grow(&mut self, len: usize) {
        let (have, need) = (self.chunks.len(), len.div_ceil(Self::CHUNK));
        if have < need {
            let empty = Arc::default();
            let fresh = core::iter::repeat_n(empty, need - have);
            self.chunks = self.chunks.iter().cloned().chain(fresh).collect();
        }
        self.len = self.len.max(len);
    }

    /// All slices in order.
    pub fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.len as u32).map(|index| self.get(index))
    }

    /// `count` slices from `first` on, which must lie in one chunk.
    pub(crate) fn run(&self, first: usize, count: usize) -> Run<'_, T> {
        let (at, chunk) = (first & (Self::CHUNK - 1), self.chunks.get(first >> BITS));
        let (ends, items) = chunk.map_or((&[][..], &[][..]), |chunk| (&*chunk.ends, &*chunk.items));
        let ends = ends.get(at..).unwrap_or(&[]);
        let start = chunk.map_or(0, |chunk| chunk.range(at).start);
        Run { start, ends: ends.get(..count).unwrap_or(ends), items }
    }

    /// The indices of the slices that hold an item, ascending.
    pub fn holding(&self, item: T) -> impl Iterator<Item = u32>
    where
        T: Eq,
    {
        self.runs().flat_map(move |first| {
            let run = self.run(first, Self::CHUNK);
            run.holding(item).map(move |(at, _)| (first + at) as u32)
        })
    }

    /// Entries of a chunk that there are: where each begins.
    pub(crate) fn runs(&self) -> impl Iterator<Item = usize> + use<T, BITS> {
        (0..self.len).step_by(Self::CHUNK)
    }

    /// Bytes of heap, shared ones included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.bytes()).sum();
        chunks + size_of_val::<[Arc<Chunk<T>>]>(&self.chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_those_that_were_set_last() {
        let mut lists = Lists::<u32, 2>::default();
        let mut expected: Vec<Vec<u32>> = Vec::new();
        let mut state = 9_u32;
        for round in 0..2_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let slice: Vec<u32> = (0..state >> 29).map(|step| round + step).collect();
            let before = (lists.clone(), expected.clone());
            match (state >> 8) as usize % (expected.len() + 1) {
                at if at < expected.len() => {
                    lists.set(at as u32, &slice);
                    expected[at] = slice;
                }
                _ => {
                    lists.push(&slice);
                    expected.push(slice);
                }
            }
            assert!(lists.iter().eq(expected.iter()), "round {round}");
            assert!(before.0.iter().eq(before.1.iter()), "round {round}: a clone has changed");
        }
        assert!(lists.get(lists.len() as u32).is_empty());
        for item in 0..2_100 {
            let holding = lists.runs().flat_map(|first| {
                lists.run(first, 4).holding(item).map(move |(at, slice)| (first + at, slice.to_vec()))
            });
            let plain = expected.iter().cloned().enumerate().filter(|(_, slice)| slice.contains(&item));
            assert!(holding.eq(plain), "{item}");
        }
    }

    #[test]
    fn made_at_once_or_one_by_one_they_are_the_same() {
        let slices: Vec<Vec<u32>> = (0..50).map(|number| (0..number % 4).collect()).collect();
        let items: Vec<u32> = slices.concat();
        let mut end = 0;
        let ends: Vec<u32> = slices
            .iter()
            .map(|slice| {
                end += slice.len() as u32;
                end
            })
            .collect();
        let lists = Lists::<u32, 3>::of(&items, &ends);
        assert_eq!(lists.len(), 50);
        assert!(lists.iter().eq(slices.iter()));
        let empty = Lists::<u32, 3>::of(&[], &[0; 8_000]);
        assert!(empty.bytes() < 70_000 && empty.iter().all(|slice| slice.is_empty()));
    }
}
