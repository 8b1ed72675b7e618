//! Classes of stored objects: what conditions come to of an object, looked up and not evaluated.
//!
//! Objects of a type of which the same conditions are true, false and unknown share a class, and of a million
//! objects there are as many classes as there are different answers. Only conditions that read nothing but the
//! object are in it. What they come to where the object refers to another one is not kept: the other may change
//! without this one. Then, and where there are more than [`MOST_CLASSES`], the condition is evaluated.
//!
//! `classify.rs` keeps this up to date; a check only reads it.

use std::sync::Arc;

use portcullis_matrix::persistent::{Column, Table};

use crate::condition::Outcome;
use crate::policy::Effect;

/// The most classes of a type. Objects that would need another have none.
pub(super) const MOST_CLASSES: u32 = u16::MAX as u32;

/// The most conditions of a type whose outcomes are kept; further ones are evaluated.
pub(super) const MOST_CONDITIONS: usize = 4_096;

/// Conditions to a word: two bits each.
const EACH: usize = 32;

/// The classes of all types, and which objects are in which.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    /// Shorter than the types where the last of them have no classes.
    pub(super) kinds: Arc<[KindClasses]>,
    /// The class of each object; 0, or nothing at the end, for none.
    pub(super) of_objects: Column,
}

/// The classes of one type.
#[derive(Clone, Debug)]
pub(super) struct KindClasses {
    /// The numbers of the conditions, ascending.
    pub(super) conditions: Arc<[u32]>,
    /// What each class knows of them, two bits a condition. Class 0 is none.
    pub(super) outcomes: Table<u64, 1_024>,
}

impl KindClasses {
    /// Whether there is anything to know.
    pub(super) fn is_used(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// What is known of the objects of a class.
    pub(super) fn of_class(&self, class: u32) -> Option<Known<'_>> {
        (class > 0)
            .then(|| Known { conditions: &self.conditions, outcomes: self.outcomes.entry(class as usize) })
    }
}

impl Default for KindClasses {
    fn default() -> Self {
        KindClasses { conditions: Arc::default(), outcomes: Table::new(1) }
    }
}

/// What is known of the conditions of one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'c> {
    conditions: &'c [u32],
    outcomes: &'c [u64],
}

impl Classes {
    /// What is known of the objects of a class of a type.
    #[inline]
    pub(super) fn of(&self, kind: u32, class: u32) -> Option<Known<'_>> {
        let kind = self.kinds.get(kind as usize).filter(|_| class > 0)?;
        Some(Known { conditions: &kind.conditions, outcomes: kind.outcomes.entry(class as usize) })
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        let kinds = self.kinds.iter();
        let each = kinds.map(|kind| size_of_val(&*kind.conditions) + kind.outcomes.bytes());
        size_of_val(&*self.kinds) + each.sum::<usize>() + self.of_objects.bytes()
    }
}

impl Known<'_> {
    /// What a condition comes to, if that is known.
    #[inline]
    pub(crate) fn outcome(&self, condition: u32) -> Option<Outcome> {
        read(self.outcomes, self.place(condition)?)
    }

    /// The same in two bits, for a [`Tally`].
    #[inline]
    pub(super) fn bits(&self, condition: u32) -> u64 {
        let place = self.place(condition).unwrap_or(usize::MAX);
        self.outcomes.get(place / EACH).map_or(0, |word| word >> (place % EACH * 2) & TRUE)
    }

    /// The place of a condition among those of the type. Where they were numbered one after the other, which those of a role are and
    /// mostly those of several, it is found at once.
    #[inline]
    fn place(&self, condition: u32) -> Option<usize> {
        let first = self.conditions.first()?;
        let place = condition.wrapping_sub(*first) as usize;
        if self.conditions.get(place) == Some(&condition) {
            return Some(place);
        }
        self.search(condition)
    }

    #[inline(never)]
    fn search(&self, condition: u32) -> Option<usize> {
        self.conditions.binary_search(&condition).ok()
    }

    /// The same by the place of a condition among those of the type.
    pub(super) fn at(&self, place: usize) -> Option<Outcome> {
        read(self.outcomes, place)
    }
}

/// What several conditions come to together, without a jump that depends on any: what is known of an object comes from memory last of all,
/// and a wrong guess would keep the next check waiting for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally(u64);

impl Tally {
    const DENIES: u32 = 1;
    const IS_OPEN: u32 = 2;
    const HAS_DENIES: u32 = 3;

    /// With one more condition under which something is allowed or denied, by the two bits of its outcome.
    #[inline]
    pub(super) fn and(self, effect: Effect, outcome: u64) -> Tally {
        let deny = u64::from(effect == Effect::Deny);
        // The upper bit: true or unknown, with which a deny applies. Both: true, with which an allow does.
        let applies = outcome >> 1 & (outcome | deny);
        let open = u64::from(outcome == 0);
        Tally(self.0 | applies << deny | open << Self::IS_OPEN | deny << Self::HAS_DENIES)
    }

    /// Whether an allow applies.
    #[inline]
    pub(super) fn allows(self) -> bool {
        self.0 & 1 == 1
    }

    /// Whether a deny applies.
    #[inline]
    pub(super) fn denies(self) -> bool {
        self.0 >> Self::DENIES & 1 == 1
    }

    /// Whether there are denies at all.
    #[inline]
    pub(super) fn has_denies(self) -> bool {
        self.0 >> Self::HAS_DENIES & 1 == 1
    }

    /// Whether of some condition it is not known what it comes to.
    #[inline]
    pub(super) fn is_open(self) -> bool {
        self.0 >> Self::IS_OPEN & 1 == 1
    }
}

/// The two bits of an outcome; 0 is that of one which is not known.
const FALSE: u64 = 1;
const UNKNOWN: u64 = 2;
const TRUE: u64 = 3;

/// Words that hold the outcomes of so many conditions, at least one.
pub(super) const fn words(conditions: usize) -> usize {
    if conditions == 0 { 1 } else { conditions.div_ceil(EACH) }
}

fn read(outcomes: &[u64], place: usize) -> Option<Outcome> {
    match outcomes.get(place / EACH)? >> (place % EACH * 2) & 3 {
        FALSE => Some(Outcome::False),
        UNKNOWN => Some(Outcome::Unknown),
        TRUE => Some(Outcome::True),
        _ => None,
    }
}

/// Notes an outcome where none was noted; nothing is noted of what is to be evaluated.
pub(super) fn note(outcomes: &mut [u64], place: usize, outcome: Option<Outcome>) {
    let bits = match outcome {
        None => 0,
        Some(Outcome::False) => FALSE,
        Some(Outcome::Unknown) => UNKNOWN,
        Some(Outcome::True) => TRUE,
    };
    if let Some(word) = outcomes.get_mut(place / EACH) {
        *word |= bits << (place % EACH * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_as_they_were_noted() {
        let all = [None, Some(Outcome::False), Some(Outcome::Unknown), Some(Outcome::True)];
        for conditions in [1, 31, 32, 33, 100] {
            let mut outcomes = vec![0; words(conditions)];
            for place in 0..conditions {
                note(&mut outcomes, place, all[place * 7 % 4]);
            }
            for place in 0..conditions {
                assert_eq!(read(&outcomes, place), all[place * 7 % 4], "{place} of {conditions}");
            }
            assert_eq!(read(&outcomes, words(conditions) * EACH), None);
        }
        assert_eq!(words(0), 1);
    }
}
