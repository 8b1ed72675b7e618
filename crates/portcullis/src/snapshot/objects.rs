//! Stored objects: found by type and id, with what is stored of each.
//!
//! An object has a number, as a member has: what finds it by its id is the same table of names, one for each
//! type, and numbers of objects that were removed are given out again, since nobody keeps them. Beside the id lies the object's
//! class, so that a check that found the object has what conditions come to of it. All of it is shared between snapshots, but for
//! what changed.

use std::hint::cold_path;
use std::sync::Arc;

use portcullis_matrix::persistent::{Column, Table};

use super::classes::{Classes, Known};
use super::open::value_of;
use crate::condition::{Attribute, Objects, StoredObject, Value};
use crate::names::{Inserted, Names, Noted, UNNOTED};
use crate::schema::{NamedHow, Schema};

/// The stored objects of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The ids of each type's objects; shorter than the types where the last of them have none.
    ids: Arc<[Names]>,
    /// The hash of each object's id, with which the id is found again.
    hashes: Table<u32, 4_096>,
    /// The type of each object, plus one; 0 for one that was removed.
    kinds: Column,
    properties: Table<Option<Attribute>, 1_024>,
    /// What conditions come to of each.
    pub(super) classes: Classes,
    count: usize,
}

impl Default for Stored {
    fn default() -> Self {
        Stored {
            ids: Arc::default(),
            hashes: Table::new(1),
            kinds: Column::default(),
            properties: Table::new(1),
            classes: Classes::default(),
            count: 0,
        }
    }
}

impl Stored {
    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The number of an object.
    #[inline]
    pub(crate) fn number(&self, kind: u32, id: &str) -> Option<u32> {
        self.ids.get(kind as usize)?.get(id)
    }

    /// The same with its class beside it, for [`Stored::known_of`]; [`Noted::NOBODY`] of one that is not there.
    #[inline]
    pub(super) fn find(&self, kind: u32, id: &str) -> Noted {
        self.ids.get(kind as usize).map_or(Noted::NOBODY, |ids| ids.noted_or_nobody(id))
    }

    /// As many objects of a type as `found` takes; [`Noted::NOBODY`] for those that are not there.
    pub(super) fn numbers<'n>(&self, kind: u32, id: impl Fn(usize) -> &'n str, found: &mut [Noted]) {
        match self.ids.get(kind as usize) {
            Some(ids) => ids.get_many(id, found),
            None => found.fill(Noted::NOBODY),
        }
    }

    /// The type of an object by its number.
    pub(crate) fn kind(&self, object: u32) -> Option<u32> {
        self.kinds.get(object).checked_sub(1)
    }

    /// The id of an object by its number.
    pub(crate) fn id(&self, object: u32) -> Option<&str> {
        let ids = self.ids.get(self.kind(object)? as usize)?;
        ids.name(*self.hashes.get(object as usize)?, object)
    }

    /// What is stored of an object.
    #[inline]
    pub(crate) fn properties(&self, object: u32) -> Value<'_> {
        value_of(self.properties.get(object as usize))
    }

    /// What is known of the conditions of an object of a type.
    #[cfg(test)]
    pub(crate) fn known(&self, kind: u32, object: u32) -> Option<Known<'_>> {
        self.classes.of(kind, self.classes.of_objects.get(object))
    }

    /// The same of an object that was found: its class lies beside its id, or else in the column of classes, which would be one more wait
    /// for memory.
    #[inline]
    pub(super) fn known_of(&self, kind: u32, found: Noted) -> Option<Known<'_>> {
        let note = self.note_of(kind, found);
        let class = if note == UNNOTED {
            cold_path();
            self.classes.of_objects.get(found.number)
        } else {
            note
        };
        self.classes.of(kind, class)
    }

    /// What lies beside the id of an object that was found: its class, or [`UNNOTED`].
    #[inline]
    pub(super) fn note_of(&self, kind: u32, found: Noted) -> u32 {
        self.ids.get(kind as usize).map_or(UNNOTED, |ids| ids.note_of(found))
    }

    /// Lays the class of an object beside its id: whoever changes the one does the other, since checks believe it.
    pub(super) fn note_class(&mut self, object: u32) {
        let (Some(kind), Some(hash)) = (self.kind(object), self.hashes.get(object as usize)) else { return };
        if let Some(ids) = Arc::make_mut(&mut self.ids).get_mut(kind as usize) {
            ids.annotate(*hash, object, self.classes.of_objects.get(object));
        }
    }

    /// The same of all objects of a type.
    pub(super) fn note_classes(&mut self, kind: u32) {
        if let Some(ids) = Arc::make_mut(&mut self.ids).get_mut(kind as usize) {
            ids.annotate_all(|object| self.classes.of_objects.get(object));
        }
    }

    /// Lays classes beside ids again, where that was put off.
    pub(crate) fn renew_notes(&mut self) {
        if self.ids.iter().any(Names::is_renewable) {
            for ids in Arc::make_mut(&mut self.ids).iter_mut().filter(|ids| ids.is_renewable()) {
                ids.renew_notes(|object| self.classes.of_objects.get(object));
            }
        }
    }

    /// One more than the last type that there are objects of, or were.
    pub(crate) fn kind_count(&self) -> u32 {
        self.ids.len() as u32
    }

    /// Whether there are objects of a type.
    pub(crate) fn has_kind(&self, kind: u32) -> bool {
        self.ids.get(kind as usize).is_some_and(|ids| ids.len() > 0)
    }

    /// The numbers of a type's objects, ascending.
    pub(crate) fn of_kind(&self, kind: u32) -> impl Iterator<Item = u32> {
        let numbers = 0..if self.has_kind(kind) { self.kinds.len() as u32 } else { 0 };
        numbers.filter(move |&object| self.kind(object) == Some(kind))
    }

    /// The number that the next new object has, unless one is vacant.
    pub(crate) fn next(&self) -> u32 {
        self.kinds.len() as u32
    }

    /// Numbers of objects that were removed.
    pub(crate) fn vacant(&self) -> impl Iterator<Item = u32> {
        (0..self.kinds.len() as u32).filter(|&object| self.kinds.get(object) == 0)
    }

    /// Adds an object under a number that is vacant or the next, of an id that its type does not have yet.
    pub(crate) fn insert(&mut self, object: u32, kind: u32, id: &str, properties: Option<Attribute>) {
        if kind as usize >= self.ids.len() {
            let more = (self.ids.len()..=kind as usize).map(|_| Names::default());
            self.ids = self.ids.iter().cloned().chain(more).collect();
        }
        let Some(ids) = Arc::make_mut(&mut self.ids).get_mut(kind as usize) else { return };
        let Ok(Inserted { hash, reseeded }) = ids.insert(id, object) else { return };
        self.hashes.grow(object as usize + 1);
        self.hashes.entry_mut(object as usize).fill(hash);
        if reseeded {
            for (object, hash) in ids.hashes() {
                self.hashes.entry_mut(object as usize).fill(hash);
            }
        }
        while self.kinds.len() <= object as usize {
            self.kinds.push(0);
        }
        self.kinds.set(object, kind + 1);
        self.count += 1;
        self.set_properties(object, properties);
    }

    /// Gives an object other properties.
    pub(crate) fn set_properties(&mut self, object: u32, properties: Option<Attribute>) {
        if properties.is_some() {
            self.properties.grow(object as usize + 1);
        }
        self.properties.entry_mut(object as usize).fill(properties);
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, object: u32) {
        let Some(kind) = self.kind(object) else { return };
        let Some(id) = self.id(object).map(str::to_owned) else { return };
        if let Some(ids) = Arc::make_mut(&mut self.ids).get_mut(kind as usize) {
            ids.remove(&id);
        }
        self.kinds.set(object, 0);
        self.properties.entry_mut(object as usize).fill(None);
        self.count -= 1;
    }

    /// Bytes of heap, those shared with other snapshots included.
    pub(crate) fn bytes(&self) -> usize {
        let properties = self.properties.iter().flatten().map(Attribute::heap_bytes);
        self.ids.iter().map(Names::bytes).sum::<usize>()
            + size_of_val(&*self.ids)
            + self.hashes.bytes()
            + self.kinds.bytes()
            + self.properties.bytes()
            + properties.sum::<usize>()
            + self.classes.bytes()
    }

    /// An object as conditions see it.
    pub(crate) fn seen<'a>(&'a self, schema: &'a Schema, object: u32) -> Option<StoredObject<'a>> {
        let kind = schema.types().get(self.kind(object)? as usize)?.name();
        Some(StoredObject { number: object, kind, id: self.id(object)?, properties: self.properties(object) })
    }
}

/// The stored objects under the names that a schema gives their types.
#[derive(Clone, Copy)]
pub(crate) struct Shelf<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) stored: &'a Stored,
}

impl<'a> Objects<'a> for Shelf<'a> {
    fn object(&self, kind: &str, id: &str) -> Option<StoredObject<'a>> {
        // A reference names a type or an alias; what a type merely covers is no object of its own.
        let named = self.schema.named(kind).filter(|named| named.how != NamedHow::Covered)?;
        self.stored.seen(self.schema, self.stored.number(named.kind, id)?)
    }
}
