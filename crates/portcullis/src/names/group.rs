//! Three slots in two cache lines, and the bytes that many of these lie in.
//!
//! ```text
//! byte   0 ………… 32 ………… 64 ………… 96 ……… 108 ……… 120 …… 128
//!        3 keys of 32 bytes          3 hashes  3 numbers  3 notes
//! ```
//!
//! A note is what the owner of a number wants at hand with it: 21 bits, so that three take the eight bytes that are left.
//! Hashes and what belongs to them come last, so that a slot's number times 32 is where its key begins and cannot lie outside; slots are taken from the
//! last to the first, because the last key is on the line of the hashes, which every look-up reads.
//!
//! Groups begin where cache lines do, but their storage is asked for as bytes, a little more than they take, and entered at
//! the first line. Storage that is itself aligned comes dearer: the system's allocator looks for a piece that is longer by the
//! alignment and cuts off both ends, so the hole that a shard leaves is too small for the next of its size. After a
//! million edits of a million members such holes were 35 MB. A wrong beginning would cost time and nothing else.

use std::ops::Range;
use std::vec::IntoIter;

use super::hashes::{Hashes, SLOTS, Slots};
use super::key::{INLINE, Kept, Key};
use super::{Noted, UNNOTED};

/// Bytes of a group.
const GROUP: usize = 128;

/// Bytes of a cache line.
const LINE: usize = 64;

/// What storage has beyond its groups. Allocators give multiples of eight at the least, so that this reaches the next line.
const MARGIN: usize = LINE - 8;

/// Where the hashes begin, counted in words of four bytes.
const HASHES: usize = 24;

/// Where the numbers begin, counted likewise.
const NUMBERS: usize = 27;

/// Where the notes begin and end, in bytes.
const NOTES: Range<usize> = 120..128;

/// Bits of a note.
const NOTE: u32 = UNNOTED.count_ones();

/// One group, to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'g>(&'g [u8; GROUP]);

impl Group<'static> {
    /// A group without names.
    pub(super) const NONE: Group<'static> = Group(&[0; GROUP]);
}

impl<'g> Group<'g> {
    #[inline]
    pub(super) fn hashes(self) -> Hashes {
        let [.., hashes, _] = self.0.as_chunks().0 else { return Hashes::FREE };
        Hashes::read(hashes)
    }

    /// A word of the line that hashes and numbers are not on.
    #[inline]
    pub(super) fn far(self) -> u64 {
        self.0.first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
    }

    /// Key and number of a slot. There is none of number [`SLOTS`], which no hash is found in; hashes and numbers would be its key.
    #[inline]
    pub(super) fn entry(self, slot: usize) -> Option<(Key<'g>, u32)> {
        let number = self.0.as_chunks::<4>().0.get(NUMBERS + slot)?;
        let key = self.0.as_chunks::<INLINE>().0.get(slot)?;
        Some((Key::kept(key), u32::from_le_bytes(*number)))
    }

    /// The note of a slot.
    #[inline]
    pub(super) fn note(self, slot: usize) -> u32 {
        (self.notes() >> place(slot)) as u32 & UNNOTED
    }

    #[inline]
    fn notes(self) -> u64 {
        self.0.get(NOTES).and_then(|notes| notes.first_chunk()).map_or(0, |notes| u64::from_le_bytes(*notes))
    }

    /// Number and note of a slot, with its key.
    #[inline]
    pub(super) fn noted(self, slot: usize) -> Option<(Key<'g>, Noted)> {
        self.entry(slot).map(|(key, number)| (key, Noted { number, note: self.note(slot) }))
    }

    /// Hash, number, note and key of each slot that has a name.
    pub(super) fn entries(self) -> impl Iterator<Item = (u32, Noted, Key<'g>)> {
        let hashes = self.hashes();
        hashes
            .occupied()
            .filter_map(move |slot| self.noted(slot).map(|(key, noted)| (hashes.get(slot), noted, key)))
    }

    /// The slots that have a hash.
    #[inline]
    pub(super) fn tagged(self, hash: u32) -> Slots {
        self.hashes().matching(hash)
    }
}

/// Groups one after the other, where cache lines begin.
///
/// An iterator over a vector's bytes owns all of them, and those that are left are a slice of it: so where the groups begin is kept
/// as an address, and no look-up adds how far in it is. As a box and an offset it took 15 instructions of a check more.
#[derive(Debug)]
pub(super) struct Groups(IntoIter<u8>);

impl Clone for Groups {
    fn clone(&self) -> Self {
        let groups = self.all().as_flattened();
        let mut bytes = Groups::storage(self.len());
        let start = first_line(bytes.as_ptr());
        bytes.resize(start, 0);
        bytes.extend_from_slice(groups);
        Groups::entered(bytes, start)
    }
}

impl Groups {
    /// Memory for so many groups.
    pub(super) fn storage(count: usize) -> Vec<u8> {
        Vec::with_capacity(count * GROUP + MARGIN)
    }

    /// As many groups without names as there is memory for.
    pub(super) fn free(mut storage: Vec<u8>) -> Groups {
        let groups = storage.capacity().saturating_sub(MARGIN) / GROUP;
        let start = first_line(storage.as_ptr());
        storage.resize(start + groups * GROUP, 0);
        Groups::entered(storage, start)
    }

    /// The groups that begin so far into bytes.
    fn entered(bytes: Vec<u8>, start: usize) -> Groups {
        let mut bytes = bytes.into_iter();
        if let Some(last) = start.checked_sub(1) {
            bytes.nth(last);
        }
        Groups(bytes)
    }

    /// What they take on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_slice().len() + MARGIN
    }

    /// How many groups there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.all().len()
    }

    #[inline]
    fn all(&self) -> &[[u8; GROUP]] {
        self.0.as_slice().as_chunks().0
    }

    #[inline]
    pub(super) fn get(&self, group: usize) -> Option<Group<'_>> {
        self.all().get(group).map(Group)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Group<'_>> {
        self.all().iter().map(Group)
    }

    fn get_mut(&mut self, group: usize) -> Option<&mut [u8; GROUP]> {
        self.0.as_mut_slice().as_chunks_mut().0.get_mut(group)
    }

    /// Writes a name into a slot.
    pub(super) fn write(&mut self, group: usize, slot: usize, hash: u32, noted: Noted, key: &Kept) {
        let Some(bytes) = self.get_mut(group).filter(|_| slot < SLOTS) else { return };
        if let Some(kept) = bytes.as_chunks_mut().0.get_mut(slot) {
            *kept = *key;
        }
        let (words, _) = bytes.as_chunks_mut();
        for (at, word) in [(HASHES + slot, hash), (NUMBERS + slot, noted.number)] {
            if let Some(kept) = words.get_mut(at) {
                *kept = word.to_le_bytes();
            }
        }
        self.annotate(group, slot, noted.note);
    }

    /// Writes the note of a slot.
    pub(super) fn annotate(&mut self, group: usize, slot: usize, note: u32) {
        let Some(bytes) = self.get_mut(group).filter(|_| slot < SLOTS) else { return };
        let others = Group(bytes).notes() & !(u64::from(UNNOTED) << place(slot));
        let notes = others | u64::from(note.min(UNNOTED)) << place(slot);
        if let Some(kept) = bytes.get_mut(NOTES).and_then(|kept| kept.first_chunk_mut()) {
            *kept = notes.to_le_bytes();
        }
    }

    /// The slots' notes as something else says, by their numbers.
    pub(super) fn annotate_all(&mut self, note: impl Fn(u32) -> u32) {
        for group in 0..self.len() {
            for slot in 0..SLOTS {
                // A vacant slot has a number too, and nobody reads its note.
                if let Some((_, number)) = self.get(group).and_then(|group| group.entry(slot)) {
                    self.annotate(group, slot, note(number));
                }
            }
        }
    }

    /// Takes the name out of a slot.
    pub(super) fn vacate(&mut self, group: usize, slot: usize) {
        let bytes = self.get_mut(group).filter(|_| slot < SLOTS);
        if let Some(hash) = bytes.and_then(|bytes| bytes.as_chunks_mut::<4>().0.get_mut(HASHES + slot)) {
            *hash = [0; 4];
        }
    }
}

/// Where the note of a slot begins among the bits of all three.
#[inline]
const fn place(slot: usize) -> u32 {
    // A slot that is not there has no place that is too far for a shift either.
    NOTE * slot as u32 % u64::BITS
}

/// How far on the first cache line begins.
fn first_line(at: *const u8) -> usize {
    let away = at.align_offset(LINE);
    if away > MARGIN { 0 } else { away }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_begin_where_lines_do_in_copies_too() {
        let mut all = Vec::new();
        for count in 1..200 {
            let groups = Groups::free(Groups::storage(count));
            all.push(groups.clone());
            all.push(groups);
        }
        for groups in &all {
            assert_eq!(groups.all().as_ptr().addr() % LINE, 0);
            assert_eq!(groups.bytes(), groups.len() * GROUP + MARGIN);
        }
        assert!((1..200).all(|count| all[2 * count - 1].len() == count && all[2 * count - 2].len() == count));
    }

    #[test]
    fn a_group_gives_back_what_was_written() {
        let mut groups = Groups::free(Groups::storage(3));
        for slot in 0..SLOTS {
            assert_eq!(groups.get(1).unwrap().hashes().vacant(), Some(SLOTS - 1 - slot));
            let slot = SLOTS - 1 - slot;
            let noted = Noted { number: 90 + slot as u32, note: UNNOTED - slot as u32 };
            groups.write(1, slot, 7 + slot as u32, noted, &[slot as u8; INLINE]);
        }
        assert_eq!(groups.get(1).unwrap().hashes().vacant(), None);
        // There is no such slot, and no such group.
        let noted = Noted { number: 1, note: 1 };
        groups.write(1, SLOTS, 1, noted, &[1; INLINE]);
        groups.write(3, 0, 1, noted, &[1; INLINE]);
        groups.annotate(1, SLOTS, 1);
        groups.vacate(1, SLOTS);
        let copy = groups.clone();
        groups.vacate(1, 1);
        assert_eq!(groups.get(1).unwrap().hashes().vacant(), Some(1));
        assert_eq!(groups.get(1).unwrap().entries().count(), 2);

        let read: Vec<_> = copy.iter().flat_map(Group::entries).collect();
        assert_eq!(read.len(), SLOTS);
        for (slot, (hash, noted, key)) in (0..).zip(read) {
            assert_eq!((hash, noted), (7 + slot, Noted { number: 90 + slot, note: UNNOTED - slot }));
            assert_eq!(key.begin(), u64::from_le_bytes([slot as u8; 8]));
            assert!(copy.get(1).unwrap().tagged(hash).eq([slot as usize]));
        }
        assert!(copy.get(3).is_none());
    }
}
