//! Interning: equal slices get equal ids.
//!
//! Sets of roles and pages are slices of small values of which each distinct one is kept once. The slices lie in
//! tables that snapshots share ([`Arena`]); what finds one by its content is an [`Index`], which only whoever
//! edits needs. A slot of it is the upper half of a hash beside an id, and a slice counts as found only when
//! the whole of it is equal, never by its hash.
//!
//! Outsiders choose what is hashed (they write roles), so the hash is seeded and a probe may look
//! at no more than a bounded number of slots. **Why inserting ends**: when a probe is too
//! long the table doubles, while it is more than 1/16 full; below that it takes another seed, at
//! most eight times in its life; after that the bound itself doubles. Each of these can happen
//! only finitely often, since a bound as long as the table is never exceeded: the table is at
//! most three quarters full, so some slot on the way is free.
//!
//! What is removed leaves no mark: those behind it that would no longer be reached move up.

use alloc::boxed::Box;
use alloc::vec;

use crate::RoleId;
use crate::persistent::{Lists, Table};
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

/// Where the slices lie, by id.
pub(crate) trait Arena {
    type Item: Atom;
    /// The slice of an id; empty when there is none.
    fn slice(&self, id: u32) -> &[Self::Item];
}

impl<T: Atom, const BITS: u32> Arena for Lists<T, BITS> {
    type Item = T;

    #[inline]
    fn slice(&self, id: u32) -> &[T] {
        self.get(id)
    }
}

impl<T: Atom + Default, const N: usize> Arena for Table<T, N> {
    type Item = T;

    #[inline]
    fn slice(&self, id: u32) -> &[T] {
        self.entry(id as usize)
    }
}

/// An id and the upper half of its slice's hash.
#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    id: u32,
}

/// The id of a free slot; ids stay below it.
const FREE: u32 = u32::MAX;
/// The most slots: tags choose among them.
const MOST: usize = 1 << 31;
/// Slots that a probe looks at before the table changes.
const BOUND: usize = 32;
const SLOTS: usize = 16;
const RESEEDS: u32 = 8;

/// Finds the slices of an arena by content.
#[derive(Debug)]
pub(crate) struct Index {
    slots: Box<[Slot]>,
    len: usize,
    bound: usize,
    reseeds: u32,
    key: u64,
}

/// What a probe came to.
enum Probe {
    /// The slot, and the id in it.
    Found(usize, u32),
    /// The slot where it would belong.
    Free(usize),
    TooLong,
}

impl Index {
    pub(crate) fn new(seed: u64) -> Self {
        Self { slots: free(SLOTS), len: 0, bound: BOUND, reseeds: 0, key: key(seed) }
    }

    /// The id of a slice that is here.
    pub(crate) fn find<A: Arena>(&self, arena: &A, slice: &[A::Item]) -> Option<u32> {
        match self.probe(arena, slice, self.tag(slice)) {
            Probe::Found(_, id) => Some(id),
            Probe::Free(_) | Probe::TooLong => None,
        }
    }

    /// Adds a slice that the arena has under this id, and that is not here.
    pub(crate) fn insert<A: Arena>(&mut self, arena: &A, id: u32) {
        let slice = arena.slice(id);
        let mut tag = self.tag(slice);
        loop {
            match self.probe(arena, slice, tag) {
                Probe::Found(..) => return,
                Probe::Free(place) if self.has_room() => {
                    if let Some(slot) = self.slots.get_mut(place) {
                        *slot = Slot { tag, id };
                        self.len += 1;
                    }
                    return;
                }
                Probe::Free(_) => self.grow(),
                Probe::TooLong => self.relieve(arena),
            }
            tag = self.tag(slice);
        }
    }

    /// Takes a slice away, which the arena still has.
    pub(crate) fn remove<A: Arena>(&mut self, arena: &A, slice: &[A::Item]) {
        let Probe::Found(mut hole, _) = self.probe(arena, slice, self.tag(slice)) else { return };
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut next = hole;
        // INVARIANT: between the place of a slice's hash and its slot no slot is free. Test: laws of `removing`.
        loop {
            next = (next + 1) & mask;
            let Some(slot) = self.slots.get(next).copied().filter(|slot| slot.id != FREE) else { break };
            let (way, back) = (next.wrapping_sub(slot.tag as usize) & mask, next.wrapping_sub(hole) & mask);
            if way >= back {
                self.slots.swap(hole, next);
                hole = next;
            }
        }
        if let Some(slot) = self.slots.get_mut(hole) {
            *slot = Slot { tag: 0, id: FREE };
        }
    }

    fn tag<T: Atom>(&self, slice: &[T]) -> u32 {
        let start = self.key ^ slice.len() as u64;
        upper(slice.iter().fold(start, |state, atom| atom.mix(state, self.key)))
    }

    fn probe<A: Arena>(&self, arena: &A, slice: &[A::Item], tag: u32) -> Probe {
        let mask = self.slots.len() - 1; // a power of two, never empty
        for step in 0..self.bound {
            let place = (tag as usize).wrapping_add(step) & mask;
            match self.slots.get(place) {
                Some(slot) if slot.id == FREE => return Probe::Free(place),
                Some(slot) if slot.tag == tag && arena.slice(slot.id) == slice => {
                    return Probe::Found(place, slot.id);
                }
                _ => {}
            }
        }
        Probe::TooLong
    }

    /// Whether one more slice leaves the table at most three quarters full.
    fn has_room(&self) -> bool {
        (self.len + 1) * 4 <= self.slots.len() * 3
    }

    /// A probe was too long: the table doubles, or takes another seed, or allows longer probes.
    fn relieve<A: Arena>(&mut self, arena: &A) {
        let sparse = self.len < self.slots.len() / 16;
        if !sparse && self.slots.len() < MOST {
            self.grow();
        } else if self.reseeds < RESEEDS {
            self.reseeds += 1;
            self.key = key(self.key);
            let mut slots = core::mem::take(&mut self.slots);
            for slot in slots.iter_mut().filter(|slot| slot.id != FREE) {
                slot.tag = self.tag(arena.slice(slot.id));
            }
            self.rebuild(&slots, slots.len());
        } else {
            self.bound = self.bound.saturating_mul(2);
        }
    }

    fn grow(&mut self) {
        let slots = core::mem::take(&mut self.slots);
        self.rebuild(&slots, slots.len() * 2);
    }

    /// Puts every slice in its place again, among `count` slots. What does not fit within the
    /// bound raises it: a slice that is here must be found.
    fn rebuild(&mut self, old: &[Slot], count: usize) {
        self.slots = free(count);
        let mask = count - 1;
        for taken in old.iter().filter(|slot| slot.id != FREE) {
            let mut step = 0;
            while let Some(slot) = self.slots.get_mut((taken.tag as usize).wrapping_add(step) & mask) {
                step += 1;
                if slot.id == FREE {
                    *slot = *taken;
                    break;
                }
            }
            self.bound = self.bound.max(step);
        }
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val::<[Slot]>(&self.slots)
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
    use alloc::vec::Vec;

    use super::*;

    /// A value that an adversary has chosen so that all of its kind collide.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Colliding(u32);

    impl Atom for Colliding {
        fn mix(self, _: u64, _: u64) -> u64 {
            0
        }
    }

    /// An index with the arena that it finds slices in.
    struct Interner<T: Atom> {
        arena: Lists<T, 10>,
        index: Index,
    }

    impl<T: Atom> Interner<T> {
        fn new(seed: u64) -> Self {
            Self { arena: Lists::default(), index: Index::new(seed) }
        }

        fn find(&self, slice: &[T]) -> Option<u32> {
            self.index.find(&self.arena, slice)
        }

        fn intern(&mut self, slice: &[T]) -> u32 {
            self.find(slice).unwrap_or_else(|| {
                let id = self.arena.len() as u32;
                self.arena.push(slice);
                self.index.insert(&self.arena, id);
                id
            })
        }
    }

    #[test]
    fn equal_slices_get_equal_ids_in_order_of_arrival() {
        let mut ragged = Interner::new(1);
        for round in 0..2 {
            for number in 0..5_000_u32 {
                let slice: Vec<u32> = (0..number % 7).map(|step| number / 7 + step).collect();
                let id = ragged.intern(&slice);
                assert_eq!(ragged.arena.get(id), slice, "round {round}");
                assert_eq!(ragged.find(&slice), Some(id));
            }
        }
        assert_eq!(ragged.find(&[1, 2, 3, 4, 5, 6, 7, 8]), None);
    }

    #[test]
    fn slices_that_all_collide_are_still_told_apart() {
        let mut interner = Interner::new(1);
        for round in 0..2 {
            for number in 0..2_000 {
                assert_eq!(interner.intern(&[Colliding(number)]), number, "round {round}");
            }
        }
        assert_eq!(interner.index.reseeds, RESEEDS);
        assert!(interner.index.slots.len() <= 2_000 * 32, "the table must not grow for ever");
        for number in (0..2_000).step_by(3) {
            interner.index.remove(&interner.arena, &[Colliding(number)]);
        }
        for number in 0..2_000 {
            let expected = (number % 3 != 0).then_some(number);
            assert_eq!(interner.find(&[Colliding(number)]), expected);
        }
    }

    #[test]
    fn removing_leaves_the_others_to_be_found() {
        let mut interner = Interner::new(3);
        let mut state = 1_u64;
        let mut here = [false; 500];
        for number in 0..500_u32 {
            interner.intern(&[number, number]);
            here[number as usize] = true;
        }
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 33) as u32 % 500;
            let (slice, place) = ([number, number], &mut here[number as usize]);
            if *place {
                interner.index.remove(&interner.arena, &slice);
            } else {
                interner.index.insert(&interner.arena, number);
            }
            *place = !*place;
            assert_eq!(interner.find(&slice), place.then_some(number));
        }
        for number in 0..500_u32 {
            assert_eq!(interner.find(&[number, number]), here[number as usize].then_some(number));
        }
        assert_eq!(interner.index.len, here.iter().filter(|here| **here).count());
    }

    #[test]
    fn the_seed_changes_no_number() {
        let ids = |seed| {
            let mut interner = Interner::new(seed);
            let slices = (0..1_000_u32).map(|number| [number % 13, number % 17]);
            slices.map(|slice| interner.intern(&slice)).collect::<Vec<_>>()
        };
        assert_eq!(ids(0), ids(u64::MAX));
    }
}
