//! Keeping the classes of stored objects: when objects change, and when conditions come and go.
//!
//! Only whoever edits has this. An object that changes is evaluated anew, by itself. A condition that begins to govern a
//! type is evaluated for all stored objects of the type, and one that no longer does is left out of what their
//! classes know; what they knew of the others is taken over. Of types without objects nothing is kept: nine thousand conditions on
//! everything are no business of four hundred types of which nothing is stored.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use portcullis_matrix::persistent::Table;
use rayon::prelude::*;

use super::classes::{Classes, KindClasses, MOST_CLASSES, MOST_CONDITIONS, note, words};
use super::objects::{Shelf, Stored};
use super::{Role, Roles};
use crate::condition::{Condition, Facts, Objects, Outcome, Resource, StoredObject, Subject, Value};
use crate::schema::Schema;

/// So many objects are evaluated before they are put into classes: what is known of all of a million would be a gigabyte under four
/// thousand conditions.
const BLOCK: usize = 1 << 14;

/// What editing classes needs.
#[derive(Debug, Default)]
pub(crate) struct Classifier {
    numbers: HashMap<Arc<Condition>, u32>,
    /// The conditions by number, and how many roles have each; nothing where a number is free.
    conditions: Vec<(Option<Arc<Condition>>, u32)>,
    vacant: Vec<u32>,
    /// Numbers that were given out for roles that may never have come.
    fresh: Vec<u32>,
    kinds: Vec<Kind>,
    /// The types that objects are stored of, or were: only of these is it kept which conditions govern them.
    followed: BTreeSet<u32>,
    /// The types that conditions began to govern, or ceased to, since all were last settled.
    unsettled: BTreeSet<u32>,
}

#[derive(Debug, Default)]
struct Kind {
    /// How many roles a condition governs this type by, of those that read nothing but the object.
    uses: HashMap<u32, u32>,
    /// Finds a class by what it knows.
    index: HashMap<Box<[u64]>, u32>,
    /// How many objects each class has.
    population: Vec<u32>,
    vacant: Vec<u32>,
}

impl Classifier {
    /// Takes up a workspace again.
    pub(crate) fn resume(schema: &Schema, roles: &Roles, stored: &Stored) -> Self {
        let mut classifier = Classifier::following(stored);
        for role in roles.iter().flatten() {
            for (number, condition) in role.conditional().numbered() {
                let length = classifier.conditions.len().max(number as usize + 1);
                classifier.conditions.resize(length, (None, 0));
                if let Some((place, _)) = classifier.conditions.get_mut(number as usize) {
                    *place = Some(Arc::clone(condition));
                }
                classifier.numbers.insert(Arc::clone(condition), number);
            }
            classifier.count(schema, role, 1);
        }
        // The snapshot was settled before it was published.
        classifier.unsettled.clear();
        let numbered = (0..).zip(&classifier.conditions);
        classifier.vacant =
            numbered.filter(|(_, (condition, _))| condition.is_none()).map(|(number, _)| number).collect();
        let kinds = stored.classes.kinds.len().max(classifier.kinds.len());
        classifier.kinds.resize_with(kinds, Kind::default);
        for (kind, classes) in classifier.kinds.iter_mut().zip(stored.classes.kinds.iter()) {
            kind.population = vec![0; classes.outcomes.len()];
        }
        for object in 0..stored.next() {
            let class = stored.classes.of_objects.get(object);
            let kind = stored.kind(object).and_then(|kind| classifier.kinds.get_mut(kind as usize));
            if let Some(count) = kind.and_then(|kind| kind.population.get_mut(class as usize)) {
                *count += 1;
            }
        }
        for (kind, classes) in classifier.kinds.iter_mut().zip(stored.classes.kinds.iter()) {
            for class in 1..classes.outcomes.len() as u32 {
                if kind.population.get(class as usize).is_some_and(|count| *count > 0) {
                    kind.index.insert(classes.outcomes.entry(class as usize).into(), class);
                } else {
                    kind.vacant.push(class);
                }
            }
        }
        classifier
    }

    /// One that knows of no role, for these objects.
    pub(crate) fn following(stored: &Stored) -> Self {
        let mut classifier = Classifier::default();
        classifier.follow(stored);
        classifier
    }

    /// Begins to look at the types that there are objects of.
    pub(crate) fn follow(&mut self, stored: &Stored) {
        let has_classes = |kind| stored.classes.kinds.get(kind as usize).is_some_and(KindClasses::is_used);
        self.followed
            .extend((0..stored.kind_count()).filter(|&kind| stored.has_kind(kind) || has_classes(kind)));
    }

    /// The number of a condition.
    pub(crate) fn number(&mut self, condition: &Arc<Condition>) -> u32 {
        if let Some(number) = self.numbers.get(condition) {
            return *number;
        }
        let number = self.vacant.pop().unwrap_or(self.conditions.len() as u32);
        let length = self.conditions.len().max(number as usize + 1);
        self.conditions.resize(length, (None, 0));
        if let Some(place) = self.conditions.get_mut(number as usize) {
            *place = (Some(Arc::clone(condition)), 0);
        }
        self.numbers.insert(Arc::clone(condition), number);
        self.fresh.push(number);
        number
    }

    /// Takes numbers back that were given out for roles which then were refused.
    pub(crate) fn sweep(&mut self) {
        for number in std::mem::take(&mut self.fresh) {
            self.free_unused(number);
        }
    }

    fn free_unused(&mut self, number: u32) {
        let place = self.conditions.get_mut(number as usize).filter(|(_, uses)| *uses == 0);
        if let Some(condition) = place.and_then(|(condition, _)| condition.take()) {
            self.numbers.remove(&condition);
            self.vacant.push(number);
        }
    }

    /// Counts what a role's conditions govern, once more or once less.
    pub(crate) fn count(&mut self, schema: &Schema, role: &Role, change: i32) {
        for (number, _) in role.conditional().numbered() {
            if let Some((_, uses)) = self.conditions.get_mut(number as usize) {
                *uses = uses.saturating_add_signed(change);
            }
        }
        let mut governed: Vec<(u32, u32)> = Vec::new();
        for (range, number, condition) in role.conditional().ranges() {
            let Some((first, last)) = schema.first_and_last(range) else { continue };
            let mut followed = self.followed.range(first..=last).peekable();
            if followed.peek().is_some() && condition.reads_object_alone() {
                governed.extend(followed.map(|&kind| (kind, number)));
            }
        }
        self.count_governed(governed, change);
    }

    /// The same of some types and the conditions that govern them by one role.
    fn count_governed(&mut self, mut governed: Vec<(u32, u32)>, change: i32) {
        governed.sort_unstable();
        governed.dedup();
        for (kind, number) in governed {
            if kind as usize >= self.kinds.len() {
                self.kinds.resize_with(kind as usize + 1, Kind::default);
            }
            let Some(governed) = self.kinds.get_mut(kind as usize) else { continue };
            let uses = governed.uses.entry(number).or_insert(0);
            let before = std::mem::replace(uses, uses.saturating_add_signed(change));
            let is_new = before == 0;
            let is_gone = *uses == 0;
            if is_gone {
                governed.uses.remove(&number);
            }
            if is_new || is_gone {
                self.unsettled.insert(kind);
            }
        }
    }

    /// Brings the classes of all types up to the conditions that govern them now, and forgets those of a role that is gone.
    pub(crate) fn settle(&mut self, gone: Option<&Role>, schema: &Schema, stored: &mut Stored) {
        for kind in std::mem::take(&mut self.unsettled) {
            let before =
                stored.classes.kinds.get(kind as usize).map_or(&[][..], |classes| &classes.conditions);
            // A type without objects is left alone: its first object meets the conditions that govern it then.
            if !stored.has_kind(kind) && before.is_empty() {
                continue;
            }
            let wanted = self.wanted(kind);
            if *wanted != *before {
                self.settle_kind(kind, wanted.into(), schema, stored);
            }
        }
        for (number, _) in gone.into_iter().flat_map(|role| role.conditional().numbered()) {
            self.free_unused(number);
        }
    }

    fn wanted(&self, kind: u32) -> Vec<u32> {
        let uses = self.kinds.get(kind as usize).map(|kind| kind.uses.keys().copied());
        let mut wanted: Vec<u32> = uses.into_iter().flatten().collect();
        wanted.sort_unstable();
        wanted.truncate(MOST_CONDITIONS);
        wanted
    }

    fn settle_kind(&mut self, kind: u32, wanted: Arc<[u32]>, schema: &Schema, stored: &mut Stored) {
        let old = stored.classes.kinds.get(kind as usize).cloned().unwrap_or_default();
        // Where each condition stood before, if it did.
        let places: Vec<Option<usize>> =
            wanted.iter().map(|number| old.conditions.binary_search(number).ok()).collect();
        let objects: Vec<u32> = stored.of_kind(kind).collect();
        if let Some(kind) = self.kinds.get_mut(kind as usize) {
            *kind = Kind { uses: std::mem::take(&mut kind.uses), ..Kind::default() };
        }
        let mut outcomes = Table::new(words(wanted.len()));
        outcomes.push(&[]);
        stored.classes.put(kind, KindClasses { conditions: Arc::clone(&wanted), outcomes });
        // Until an object is entered anew, its class is one of the old ones.
        for block in objects.chunks(BLOCK) {
            let judge = |object: &u32| {
                let mut outcomes = vec![0; words(wanted.len())].into_boxed_slice();
                let known = old.of_class(stored.classes.of_objects.get(*object));
                for (place, (number, before)) in wanted.iter().zip(&places).enumerate() {
                    let outcome = match (known, before) {
                        (Some(known), Some(before)) => known.at(*before),
                        _ => self.judged(*number, schema, stored, *object),
                    };
                    note(&mut outcomes, place, outcome);
                }
                outcomes
            };
            let judged: Vec<Box<[u64]>> = if block.len() < 1_024 {
                block.iter().map(judge).collect()
            } else {
                block.par_iter().map(judge).collect()
            };
            for (object, outcomes) in block.iter().zip(judged) {
                self.enter(kind, *object, outcomes, &mut stored.classes);
            }
        }
        stored.note_classes(kind);
    }

    /// What a condition comes to of an object with nothing sent; nothing when that depends on other objects.
    fn judged(&self, number: u32, schema: &Schema, stored: &Stored, object: u32) -> Option<Outcome> {
        let condition = self.conditions.get(number as usize)?.0.as_ref()?;
        let seen = stored.seen(schema, object)?;
        let consulted = Cell::new(false);
        let nobody = Subject { kind: "", id: "", stored: Value::Null, sent: None };
        let facts = Facts {
            subject: nobody,
            resource: Resource { kind: seen.kind, id: Some(seen.id), stored: Some(seen), sent: None },
            action: "",
            action_sent: None,
            context: None,
            now: None,
            objects: Noted { shelf: Shelf { schema, stored }, consulted: &consulted },
        };
        let outcome = condition.outcome(&facts);
        (!consulted.get()).then_some(outcome)
    }

    /// Finds the class of an object whose properties are new, or that is new itself.
    pub(crate) fn place(&mut self, object: u32, schema: &Schema, roles: &Roles, stored: &mut Stored) {
        let Some(kind) = stored.kind(object) else { return };
        if self.followed.insert(kind) {
            self.count_type(kind, schema, roles);
        }
        let before = stored.classes.kinds.get(kind as usize).map_or(&[][..], |classes| &classes.conditions);
        if before.is_empty() {
            // The first object of a type may meet conditions that govern it already.
            let wanted = self.wanted(kind);
            if !wanted.is_empty() {
                self.settle_kind(kind, wanted.into(), schema, stored);
            }
            return;
        }
        let mut outcomes = vec![0; words(before.len())].into_boxed_slice();
        for (place, number) in before.iter().enumerate() {
            note(&mut outcomes, place, self.judged(*number, schema, stored, object));
        }
        self.leave(kind, object, &mut stored.classes);
        self.enter(kind, object, outcomes, &mut stored.classes);
        stored.note_class(object);
    }

    /// Counts what the conditions of all roles govern of a type that was not followed.
    fn count_type(&mut self, kind: u32, schema: &Schema, roles: &Roles) {
        for role in roles.iter().flatten() {
            let governing = role.conditional().ranges().filter(|(range, _, condition)| {
                let governed = schema.first_and_last(range.clone());
                governed.is_some_and(|(first, last)| (first..=last).contains(&kind))
                    && condition.reads_object_alone()
            });
            let governed = governing.map(|(_, number, _)| (kind, number)).collect();
            self.count_governed(governed, 1);
        }
    }

    /// Takes an object out of its class before it is removed.
    pub(crate) fn forget(&mut self, object: u32, stored: &mut Stored) {
        if let Some(kind) = stored.kind(object) {
            self.leave(kind, object, &mut stored.classes);
        }
    }

    fn leave(&mut self, kind: u32, object: u32, classes: &mut Classes) {
        let class = classes.of_objects.get(object);
        classes.of_objects.set(object, 0);
        let Some(editing) = self.kinds.get_mut(kind as usize).filter(|_| class > 0) else { return };
        let Some(count) = editing.population.get_mut(class as usize) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            if let Some(kind) = classes.kinds.get(kind as usize) {
                editing.index.remove(kind.outcomes.entry(class as usize));
            }
            editing.vacant.push(class);
        }
    }

    fn enter(&mut self, kind: u32, object: u32, outcomes: Box<[u64]>, classes: &mut Classes) {
        let Some(editing) = self.kinds.get_mut(kind as usize) else { return };
        let class = match editing.index.get(&outcomes) {
            Some(class) => *class,
            None => {
                let Some(kind) = Arc::make_mut(&mut classes.kinds).get_mut(kind as usize) else { return };
                let class = editing.vacant.pop().unwrap_or(kind.outcomes.len() as u32);
                if class > MOST_CLASSES {
                    return classes.put_class(object, 0);
                }
                kind.outcomes.grow(class as usize + 1);
                kind.outcomes.entry_mut(class as usize).copy_from_slice(&outcomes);
                editing.index.insert(outcomes, class);
                class
            }
        };
        let missing = (class as usize + 1).saturating_sub(editing.population.len());
        editing.population.extend(std::iter::repeat_n(0, missing));
        editing.population.iter_mut().skip(class as usize).take(1).for_each(|count| *count += 1);
        classes.put_class(object, class);
    }
}

impl Classes {
    fn put(&mut self, kind: u32, classes: KindClasses) {
        if kind as usize >= self.kinds.len() {
            let more = (self.kinds.len()..=kind as usize).map(|_| KindClasses::default());
            self.kinds = self.kinds.iter().cloned().chain(more).collect();
        }
        Arc::make_mut(&mut self.kinds).iter_mut().skip(kind as usize).take(1).for_each(|place| {
            place.clone_from(&classes);
        });
    }

    fn put_class(&mut self, object: u32, class: u32) {
        while self.of_objects.len() <= object as usize && class > 0 {
            self.of_objects.push(0);
        }
        self.of_objects.set(object, class);
    }
}

/// Stored objects, and whether any was asked for.
struct Noted<'n, 'a> {
    shelf: Shelf<'a>,
    consulted: &'n Cell<bool>,
}

impl<'a> Objects<'a> for Noted<'_, 'a> {
    fn object(&self, kind: &str, id: &str) -> Option<StoredObject<'a>> {
        self.consulted.set(true);
        self.shelf.object(kind, id)
    }
}

#[cfg(test)]
#[path = "classify_limits_tests.rs"]
mod limits_tests;
#[cfg(test)]
#[path = "classify_tests.rs"]
pub(super) mod tests;
