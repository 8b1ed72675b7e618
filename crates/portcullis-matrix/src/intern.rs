//! Interning: equal slices get equal ids.
//!
//! Sets of roles, rows and pages are all slices of small values of which each distinct one is
//! kept once. One open-addressing table serves them all: a slot is the upper half of a hash beside
//! an id, and a slice counts as found only when the whole of it is equal, never by its hash.
//!
//! Outsiders choose what is hashed (they write roles), so the hash is seeded and a probe may look
//! at no more than a bounded number of slots. **Why inserting ends**: when a probe is too
//! long the table doubles, while it is more than 1/16 full; below that it takes another seed, at
//! most eight times in its life; after that the bound itself doubles. Each of these can happen
//! only finitely often, since a bound as long as the table is never exceeded: the table is at
//! most half full, so some slot on the way is free.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::RoleId;
use crate::word::{Lane, fold, upper};

/// A value that slices are made of: it can be compared and mixed into a hash.
pub(crate) trait Atom: Copy + Eq {
    fn mix(self, state: u64, key: u64) -> u64;
}

impl Atom for u32 {
    #[inline]
    fn mix(self, state: u64, key: u64) -> u64 {
        fold(state ^ u64::from(self), key)
    }
}

impl Atom for RoleId {
    #[inline]
    fn mix(self, state: u64, key: u64) -> u64 {
        self.0.mix(state, key)
    }
}

impl Atom for Lane {
    #[inline]
    fn mix(self, state: u64, key: u64) -> u64 {
        fold(fold(state ^ self.granted, key) ^ self.open, key)
    }
}

/// Where the distinct slices lie, numbered from 0.
pub(crate) trait Arena {
    type Item: Atom;
    fn len(&self) -> u32;
    /// The slice of an id; empty when there is none.
    fn slice(&self, id: u32) -> &[Self::Item];
    /// Adds a slice; `None` when there is no number left for it.
    fn push(&mut self, slice: &[Self::Item]) -> Option<u32>;
}

/// Slices of one length, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Even<T> {
    pub(crate) items: Vec<T>,
    stride: usize,
    count: u32,
}

impl<T> Even<T> {
    pub(crate) const fn new(stride: usize) -> Self {
        Self { items: Vec::new(), stride, count: 0 }
    }
}

impl<T: Atom> Arena for Even<T> {
    type Item = T;

    fn len(&self) -> u32 {
        self.count
    }

    #[inline]
    fn slice(&self, id: u32) -> &[T] {
        let start = id as usize * self.stride;
        self.items.get(start..start + self.stride).unwrap_or(&[])
    }

    fn push(&mut self, slice: &[T]) -> Option<u32> {
        let id = self.count;
        self.count = id.checked_add(1)?;
        self.items.extend_from_slice(slice);
        Some(id)
    }
}

/// Slices of any length, one after the other, with the end of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ragged<T> {
    pub(crate) items: Vec<T>,
    pub(crate) ends: Vec<u32>,
}

impl<T> Ragged<T> {
    pub(crate) const fn new() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }

    pub(crate) fn get(&self, id: u32) -> &[T] {
        let before = (id as usize).checked_sub(1).map_or(Some(&0), |before| self.ends.get(before));
        match (before, self.ends.get(id as usize)) {
            (Some(start), Some(end)) => self.items.get(*start as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.items.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Bytes of heap.
    pub(crate) const fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.ends.capacity() * size_of::<u32>()
    }
}

impl<T: Atom> Arena for Ragged<T> {
    type Item = T;

    fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    fn slice(&self, id: u32) -> &[T] {
        self.get(id)
    }

    fn push(&mut self, slice: &[T]) -> Option<u32> {
        let id = u32::try_from(self.ends.len()).ok()?;
        let end = u32::try_from(self.items.len() + slice.len()).ok()?;
        self.items.extend_from_slice(slice);
        self.ends.push(end);
        Some(id)
    }
}

/// An id and the upper half of its slice's hash.
#[derive(Clone, Copy)]
struct Slot {
    tag: u32,
    id: u32,
}

/// The id of a free slot; [`LIMIT`] keeps it from being given out.
const FREE: u32 = u32::MAX;
/// Slices that one interner holds at most: tags choose the slot, so there are at most 2^32 slots,
/// and they are at most half full.
const LIMIT: u32 = u32::MAX / 2;
/// Slots that a probe looks at before the table changes.
const BOUND: usize = 32;
const SLOTS: usize = 16;
const RESEEDS: u32 = 8;

/// The distinct slices of an arena, found by content.
pub(crate) struct Interner<A> {
    pub(crate) arena: A,
    slots: Box<[Slot]>,
    bound: usize,
    reseeds: u32,
    key: u64,
}

/// What a probe came to.
enum Probe {
    Found(u32),
    /// The slot where it would belong.
    Free(usize),
    TooLong,
}

impl<A: Arena> Interner<A> {
    pub(crate) fn new(arena: A, seed: u64) -> Self {
        Self { arena, slots: free(SLOTS), bound: BOUND, reseeds: 0, key: key(seed) }
    }

    /// The id of a slice that is already here.
    pub(crate) fn find(&self, slice: &[A::Item]) -> Option<u32> {
        match self.probe(slice, self.tag(slice)) {
            Probe::Found(id) => Some(id),
            Probe::Free(_) | Probe::TooLong => None,
        }
    }

    /// The id of a slice, which is added when it is new; `None` when there is no id left.
    pub(crate) fn intern(&mut self, slice: &[A::Item]) -> Option<u32> {
        let mut tag = self.tag(slice);
        let place = loop {
            match self.probe(slice, tag) {
                Probe::Found(id) => return Some(id),
                Probe::Free(place) if self.has_room() => break place,
                Probe::Free(_) => self.grow(),
                Probe::TooLong => self.relieve(),
            }
            tag = self.tag(slice);
        };
        if self.arena.len() >= LIMIT {
            return None;
        }
        let id = self.arena.push(slice)?;
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot { tag, id };
        }
        Some(id)
    }

    fn tag(&self, slice: &[A::Item]) -> u32 {
        let start = self.key ^ slice.len() as u64;
        upper(slice.iter().fold(start, |state, atom| atom.mix(state, self.key)))
    }

    fn probe(&self, slice: &[A::Item], tag: u32) -> Probe {
        let mask = self.slots.len() - 1; // a power of two, never empty
        for step in 0..self.bound {
            let place = (tag as usize).wrapping_add(step) & mask;
            match self.slots.get(place) {
                Some(slot) if slot.id == FREE => return Probe::Free(place),
                Some(slot) if slot.tag == tag && self.arena.slice(slot.id) == slice => {
                    return Probe::Found(slot.id);
                }
                _ => {}
            }
        }
        Probe::TooLong
    }

    /// Whether one more slice leaves the table at most half full.
    fn has_room(&self) -> bool {
        (self.arena.len() as usize) < self.slots.len() / 2
    }

    /// A probe was too long: the table doubles, or takes another seed, or allows longer probes.
    fn relieve(&mut self) {
        let sparse = (self.arena.len() as usize) < self.slots.len() / 16;
        if !sparse && self.slots.len() <= LIMIT as usize {
            self.grow();
        } else if self.reseeds < RESEEDS {
            self.reseeds += 1;
            self.key = key(self.key);
            self.rebuild(self.slots.len());
        } else {
            self.bound = self.bound.saturating_mul(2);
        }
    }

    fn grow(&mut self) {
        self.rebuild(self.slots.len() * 2);
    }

    /// Puts every slice in its place again, among `slots` slots. What does not fit within the
    /// bound raises it: a slice that is here must be found.
    fn rebuild(&mut self, slots: usize) {
        self.slots = free(slots);
        let mask = slots - 1;
        for id in 0..self.arena.len() {
            let tag = self.tag(self.arena.slice(id));
            let mut step = 0;
            while let Some(slot) = self.slots.get_mut((tag as usize).wrapping_add(step) & mask) {
                step += 1;
                if slot.id == FREE {
                    *slot = Slot { tag, id };
                    break;
                }
            }
            self.bound = self.bound.max(step);
        }
    }
}

fn free(slots: usize) -> Box<[Slot]> {
    vec![Slot { tag: 0, id: FREE }; slots].into_boxed_slice()
}

/// The multiplier of a seed: odd, and far from the small numbers that seeds may be.
const fn key(seed: u64) -> u64 {
    fold(seed ^ 0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that an adversary has chosen so that all of its kind collide.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Colliding(u32);

    impl Atom for Colliding {
        fn mix(self, _: u64, _: u64) -> u64 {
            0
        }
    }

    #[test]
    fn equal_slices_get_equal_ids_in_order_of_arrival() {
        let mut ragged = Interner::new(Ragged::new(), 1);
        for round in 0..2 {
            for number in 0..5_000_u32 {
                let slice: Vec<u32> = (0..number % 7).map(|step| number / 7 + step).collect();
                let id = ragged.intern(&slice).unwrap();
                assert_eq!(ragged.arena.slice(id), slice, "round {round}");
                assert_eq!(ragged.find(&slice), Some(id));
            }
        }
        assert_eq!(ragged.arena.slice(ragged.arena.len()), &[] as &[u32]);
        assert_eq!(ragged.find(&[1, 2, 3, 4, 5, 6, 7, 8]), None);
    }

    #[test]
    fn slices_that_all_collide_are_still_told_apart() {
        let mut interner = Interner::new(Even::new(1), 1);
        for round in 0..2 {
            for number in 0..2_000 {
                assert_eq!(interner.intern(&[Colliding(number)]), Some(number), "round {round}");
            }
        }
        assert_eq!(interner.reseeds, RESEEDS);
        assert!(interner.slots.len() <= 2_000 * 32, "the table must not grow for ever");
    }

    #[test]
    fn slices_of_no_length_are_all_one() {
        let mut interner = Interner::new(Even::<u32>::new(0), 1);
        assert_eq!(interner.intern(&[]), Some(0));
        assert_eq!(interner.intern(&[]), Some(0));
        assert_eq!(interner.arena.len(), 1);
    }

    #[test]
    fn the_seed_changes_no_number() {
        let ids = |seed| {
            let mut interner = Interner::new(Even::new(2), seed);
            let slices = (0..1_000_u32).map(|number| [number % 13, number % 17]);
            slices.map(|slice| interner.intern(&slice)).collect::<Vec<_>>()
        };
        assert_eq!(ids(0), ids(u64::MAX));
    }
}
