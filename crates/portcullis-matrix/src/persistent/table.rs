//! Entries of one size, in chunks that versions share.
//!
//! A table is one piece while it is small, so that three entries take the room of three, and a write
//! copies no more than it would have to look for. A large one is cut into chunks of `N` items. An entry takes a
//! power of two of items, so that it never lies across two chunks and a shift finds it.

use alloc::sync::Arc;
use alloc::vec::Vec;

/// A table stays one piece up to so many chunks' worth of items.
const PIECE: usize = 16;

/// A persistent array of entries of one size.
#[derive(Clone, Debug)]
pub struct Table<T, const N: usize> {
    items: Items<T, N>,
    /// Items that an entry has, and the power of two of them that it takes.
    stride: usize,
    shift: u32,
    len: usize,
}

#[derive(Clone, Debug)]
enum Items<T, const N: usize> {
    Piece(Arc<[T]>),
    Chunks(Arc<[Arc<[T; N]>]>),
}

/// A part of a table that can be copied and changed on its own; see [`Table::parts_mut`].
#[derive(Debug)]
pub(crate) enum Part<'t, T, const N: usize> {
    Slice(&'t mut [T]),
    /// A chunk and, where there is an earlier version, that of it.
    Chunk(&'t mut Arc<[T; N]>, Option<&'t mut Arc<[T; N]>>),
}

impl<T: Clone, const N: usize> Part<'_, T, N> {
    /// The items, copied first when others share them: over those of the earlier version, if nobody else has that
    /// any more, since memory that the system must first hand out costs several times what copying does.
    pub(crate) fn items(&mut self) -> &mut [T] {
        let (chunk, earlier) = match self {
            Self::Slice(items) => return items,
            Self::Chunk(chunk, earlier) => (chunk, earlier),
        };
        if let Some(earlier) = earlier
            && Arc::get_mut(chunk).is_none()
        {
            match Arc::get_mut(earlier) {
                Some(items) => items.clone_from_slice(chunk.as_slice()),
                None => **earlier = Arc::new((***chunk).clone()),
            }
            core::mem::swap(*chunk, *earlier);
        }
        Arc::<[T; N]>::make_mut(chunk).as_mut_slice()
    }
}

impl<T: Clone + Default, const N: usize> Table<T, N> {
    /// No entries, each of `stride` items, which are at most `N`.
    #[must_use]
    pub fn new(stride: usize) -> Self {
        let shift = stride.next_power_of_two().trailing_zeros();
        Self { items: Items::Piece(Arc::from([])), stride, shift, len: 0 }
    }

    /// The entries that an iterator brings, an item each, with no room to spare.
    #[must_use]
    pub fn of(items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<T> = items.into_iter().collect();
        let len = items.len();
        let mut table = Self { items: Items::Piece(items.into()), stride: 1, shift: 0, len };
        table.settle();
        table
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Items of an entry.
    #[must_use]
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// The first item of an entry; `None`, or a default, beyond the last.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.item(index, 0)
    }

    /// One item of an entry. `at` must be below the stride, or it is an item of a later entry.
    #[inline]
    #[must_use]
    pub fn item(&self, index: usize, at: usize) -> Option<&T> {
        let index = (index << self.shift) + at;
        match &self.items {
            Items::Piece(items) => items.get(index),
            // An index below the length of an array by its mask needs no second comparison.
            Items::Chunks(chunks) => chunks.get(index / N)?.get(index % N),
        }
    }

    /// All items while the table is one piece, and the power of two of them that an entry takes.
    pub(crate) fn piece(&self) -> Option<(&[T], u32)> {
        match &self.items {
            Items::Piece(items) => Some((items, self.shift)),
            Items::Chunks(_) => None,
        }
    }

    /// An entry; empty beyond the last.
    #[inline]
    #[must_use]
    pub fn entry(&self, index: usize) -> &[T] {
        let start = index << self.shift;
        let found = match &self.items {
            Items::Piece(items) => items.get(start..start + self.stride),
            Items::Chunks(chunks) => {
                let (chunk, start) = (chunks.get(start / N), start % N);
                chunk.and_then(|chunk| chunk.get(start..start + self.stride))
            }
        };
        found.unwrap_or(&[])
    }

    /// An entry to be changed; empty beyond the last.
    pub fn entry_mut(&mut self, index: usize) -> &mut [T] {
        if index >= self.len {
            return &mut [];
        }
        let (start, stride) = (index << self.shift, self.stride);
        let found = match &mut self.items {
            Items::Piece(items) => Arc::make_mut(items).get_mut(start..start + stride),
            Items::Chunks(chunks) => {
                let (chunk, start) = (Arc::make_mut(chunks).get_mut(start / N), start % N);
                chunk.and_then(|chunk| Arc::make_mut(chunk).get_mut(start..start + stride))
            }
        };
        found.unwrap_or(&mut [])
    }

    /// Adds an entry; items that it lacks are the default.
    pub fn push(&mut self, entry: &[T]) {
        let index = self.len;
        self.grow(index + 1);
        for (item, new) in self.entry_mut(index).iter_mut().zip(entry) {
            *item = new.clone();
        }
    }

    /// Adds as many entries of the default as make `len`.
    pub fn grow(&mut self, len: usize) {
        if len <= self.len {
            return;
        }
        self.len = len;
        let needed = len << self.shift;
        if let Items::Piece(items) = &self.items
            && items.len() < needed
        {
            let room = needed.next_power_of_two().max(4);
            let mut more = Vec::with_capacity(room);
            more.extend_from_slice(items);
            more.resize(room, T::default());
            self.items = Items::Piece(more.into());
            self.settle();
        }
        if let Items::Chunks(chunks) = &mut self.items
            && chunks.len() * N < needed
        {
            let fresh = (chunks.len()..needed.div_ceil(N)).map(|_| Arc::new([(); N].map(|()| T::default())));
            *chunks = chunks.iter().cloned().chain(fresh).collect();
        }
    }

    /// Cuts a piece that has become too large.
    fn settle(&mut self) {
        let Items::Piece(items) = &self.items else { return };
        if items.len() <= PIECE * N {
            return;
        }
        let cut = |items: &[T]| {
            let mut items = items.iter().cloned();
            Arc::new([(); N].map(|()| items.next().unwrap_or_default()))
        };
        self.items = Items::Chunks(items.chunks(N).map(cut).collect());
    }

    /// The first items of all entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len).filter_map(|index| self.get(index))
    }

    /// Entries that a part has: the last one fewer.
    pub(crate) const fn part(&self) -> usize {
        N >> self.shift
    }

    /// The table in parts of so many entries, to be changed by several threads if need be. Parts that are
    /// copied leave what they were in an earlier version of the table, if there is one.
    pub(crate) fn parts_mut<'t>(&'t mut self, earlier: Option<&'t mut Self>) -> Vec<Part<'t, T, N>> {
        let chunks = match &mut self.items {
            Items::Piece(items) => return Arc::make_mut(items).chunks_mut(N).map(Part::Slice).collect(),
            Items::Chunks(chunks) => Arc::make_mut(chunks).iter_mut(),
        };
        let mut earlier = match earlier.map(|earlier| &mut earlier.items) {
            Some(Items::Chunks(earlier)) => Arc::make_mut(earlier).iter_mut(),
            _ => [].iter_mut(),
        };
        chunks.map(|chunk| Part::Chunk(chunk, earlier.next())).collect()
    }

    /// Bytes of heap, shared ones included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.items {
            Items::Piece(items) => size_of_val::<[T]>(items),
            Items::Chunks(chunks) => chunks.len() * (size_of::<Arc<[T; N]>>() + size_of::<[T; N]>() + 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_do_not_see_later_writes() {
        for entries in [50_u32, 500] {
            let mut table = Table::<u32, 8>::new(3);
            for number in 0..entries {
                table.push(&[number, number * 2, 1]);
            }
            let before = table.clone();
            for number in 0..entries {
                table.entry_mut(number as usize)[1] = 7;
            }
            table.push(&[1]);
            assert_eq!((before.len(), table.len()), (entries as usize, entries as usize + 1));
            for number in 0..entries {
                assert_eq!(before.entry(number as usize), [number, number * 2, 1]);
                assert_eq!(table.entry(number as usize), [number, 7, 1]);
                assert_eq!(before.item(number as usize, 1), Some(&(number * 2)));
            }
            assert_eq!(table.entry(entries as usize), [1, 0, 0]);
        }
    }

    #[test]
    fn a_write_to_a_large_table_copies_one_chunk_and_shares_the_others() {
        let mut table = Table::<u32, 8>::of(0..400);
        let before = table.clone();
        table.entry_mut(20)[0] = 1;
        let shared = (0..400).step_by(8).map(|at| core::ptr::eq(before.entry(at), table.entry(at)));
        let copied: Vec<usize> = shared.enumerate().filter(|(_, shared)| !shared).map(|(at, _)| at).collect();
        assert_eq!(copied, [2]);
        assert_eq!((before.get(20), table.get(20)), (Some(&20), Some(&1)));
    }

    #[test]
    fn what_is_not_there_reads_as_nothing() {
        for len in [9, 900] {
            let mut table = Table::<u32, 8>::of(0..len);
            let len = len as usize;
            assert_eq!(
                (table.get(len - 1).is_some(), table.get(len + 8), table.get(1 << 40)),
                (true, None, None)
            );
            assert!(table.entry(len + 8).is_empty() && table.entry_mut(len).is_empty());
            assert!(table.iter().copied().eq(0..len as u32));
        }
        assert!(Table::<u32, 8>::new(1).is_empty());
        assert_eq!(Table::<u32, 8>::new(0).entry(0), &[0; 0]);
    }

    #[test]
    fn a_table_of_three_is_small_and_one_that_grows_keeps_what_it_has() {
        let mut table = Table::<u32, 1024>::new(1);
        for number in 0..3 {
            table.push(&[number]);
        }
        assert_eq!(table.bytes(), 16);
        for number in 3..50_000 {
            table.push(&[number]);
        }
        table.grow(60_000);
        assert!(table.iter().copied().take(50_000).eq(0..50_000));
        assert!(table.iter().skip(50_000).all(|item| *item == 0));
        assert_eq!(table.iter().count(), 60_000);
    }

    #[test]
    fn copies_are_written_over_an_earlier_version_that_nobody_has() {
        let mut table = Table::<u32, 8>::of(0..400);
        let mut earlier = table.clone();
        let mut fill = |table: &mut Table<u32, 8>, with: u32| {
            table.parts_mut(Some(&mut earlier)).iter_mut().for_each(|part| part.items().fill(with));
        };
        let first = table.clone();
        fill(&mut table, 1);
        let second = table.clone();
        // Somebody has the first version, so that nothing may be written over it.
        fill(&mut table, 2);
        assert!(first.iter().copied().eq(0..400) && second.iter().all(|item| *item == 1));
        assert!(table.iter().all(|item| *item == 2));
        // The second one is what is now earlier; with nobody else to have it, its memory comes back.
        let (third, place) = (table.clone(), core::ptr::from_ref(second.entry(0)));
        drop(second);
        fill(&mut table, 3);
        assert_eq!(core::ptr::from_ref(table.entry(0)), place);
        assert!(third.iter().all(|item| *item == 2) && table.iter().all(|item| *item == 3));
    }

    #[test]
    fn parts_cover_all_entries() {
        for entries in [10, 1_000] {
            let mut table = Table::<u32, 8>::new(3);
            table.grow(entries);
            assert_eq!(table.part(), 2);
            for (number, mut part) in (1..).zip(table.parts_mut(None)) {
                part.items().fill(number);
            }
            for entry in 0..entries {
                assert_eq!(table.entry(entry), [entry as u32 / 2 + 1; 3]);
            }
        }
    }
}
