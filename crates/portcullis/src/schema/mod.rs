//! The vocabulary: resource types, the actions each admits, and a number for every admitted pair.
//!
//! A [`Schema`] numbers its permissions densely, a type's actions contiguous, in the order in which they
//! are written. It is immutable and cheap to clone; workspaces of one process share the built-in one.
//! Every schema carries a stamp of its own, so a permission that was resolved under one schema means
//! nothing under another.
//!
//! `(action, resource) → permission` is one probe of a table of admitted pairs, the same code for 47
//! permissions and for 25,000. Aliases and covered names are resolved only after that probe missed.

mod administered;
mod build;
mod builtin;
mod declared;
mod pairs;
mod placement;
mod read;

pub use administered::RESERVED_ADMINISTRATION;
pub use builtin::BUILT_IN_SCHEMAS;
pub(crate) use builtin::{DEFAULT_ROLE, ROLE_ALIASES, built_in};
pub use declared::{AttributeType, Attributes, Declared, Origin};
pub(crate) use read::read_schema;

use std::hint::select_unpredictable;
use std::sync::{Arc, OnceLock};

use portcullis_matrix::{Permission, PermissionId, Stamp};

use pairs::{NOT_ADMITTED, Pairs};

use crate::decision::Reason;
use crate::names::Numbered;
use crate::suggest::Suggester;

/// A vocabulary, ready to resolve names.
#[derive(Clone, Debug)]
pub struct Schema {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: Box<str>,
    stamp: Stamp,
    types: Vec<ResourceType>,
    actions: Numbered,
    /// Every name that a question may use for a type: own names, aliases, covered names.
    resources: Numbered,
    /// What each of those names stands for.
    named: Vec<Named>,
    /// The action of each permission.
    admitted: Vec<u32>,
    /// The permissions of each action, ascending: `by_action[ends[a - 1]..ends[a]]`.
    by_action: Vec<u32>,
    by_action_ends: Vec<u32>,
    /// The type of each permission.
    owners: Vec<u32>,
    pairs: Pairs,
    sorted_actions: Vec<(Box<str>, u32)>,
    sorted_types: Vec<(Box<str>, u32)>,
    administration: Option<Administration>,
    subject_attributes: Attributes,
    /// The types that declare attributes, ascending.
    declaring: Vec<u32>,
    /// How many permissions wildcards and patterns reach: all but those of types that were added to administer.
    reach: u32,
    /// The schema with the reserved types, once somebody asked for it.
    administered: OnceLock<Result<Schema, String>>,
}

/// One resource type of a schema.
#[derive(Clone, Debug)]
pub struct ResourceType {
    name: Box<str>,
    first: u32,
    count: u32,
    aliases: Vec<Box<str>>,
    covers: Vec<Box<str>>,
    reserved: bool,
    attributes: Attributes,
}

impl ResourceType {
    /// Its own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Other names that documents and questions may use, with a warning in documents.
    pub fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().map(|name| &**name)
    }

    /// Names of things that this type stands for in questions; documents may not use them.
    pub fn covers(&self) -> impl Iterator<Item = &str> {
        self.covers.iter().map(|name| &**name)
    }

    /// Every name by which it is asked about: its own, aliases, what it covers.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name()).chain(self.aliases()).chain(self.covers())
    }

    /// Whether the schema marks the type `"status": "reserved"`.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.reserved
    }

    /// The attributes that the schema declares of it; when there are none, conditions may ask about any.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Its permissions: contiguous numbers, in the order of its actions.
    #[must_use]
    pub fn permissions(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.count
    }
}

/// Which types administer the workspace itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administration {
    /// The type that stands for the workspace's settings, roles and groups.
    pub workspace: String,
    /// The type that stands for its members.
    pub membership: String,
}

/// What a name for a type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Index of the type.
    pub(crate) kind: u32,
    pub(crate) how: NamedHow,
}

/// Whether a name for a type is its own, an alias, or the name of something it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedHow {
    Own,
    Alias,
    Covered,
}

impl Schema {
    /// What wildcards reach: permissions below this number.
    pub(crate) fn reach(&self) -> u32 {
        self.inner.reach
    }

    /// The schema's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The stamp that this schema's permissions carry.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.inner.stamp
    }

    /// Its resource types, in the order written.
    #[must_use]
    pub fn types(&self) -> &[ResourceType] {
        &self.inner.types
    }

    /// The names of its actions, each once, in the order of first appearance.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.inner.actions.iter()
    }

    /// How many (action, resource type) pairs it admits.
    #[must_use]
    pub fn permission_count(&self) -> u32 {
        self.inner.admitted.len() as u32
    }

    /// Which types administer the workspace itself, when declared.
    #[must_use]
    pub fn administration(&self) -> Option<&Administration> {
        self.inner.administration.as_ref()
    }

    /// The attributes that it declares of subjects; when there are none, conditions may ask about any.
    #[must_use]
    pub fn subject_attributes(&self) -> &Attributes {
        &self.inner.subject_attributes
    }

    /// The permission of an action on a type, alias or covered name.
    ///
    /// # Errors
    /// [`Reason::UnknownAction`], [`Reason::UnknownResource`] or [`Reason::NotAdmitted`], looked for in this order.
    pub fn permission(&self, action: &str, resource: &str) -> Result<Permission, Reason> {
        self.permission_id(action, resource).map(|id| Permission::new(self.inner.stamp, id))
    }

    #[inline]
    pub(crate) fn permission_id(&self, action: &str, resource: &str) -> Result<PermissionId, Reason> {
        match self.asked(action, resource) {
            (PermissionId::UNKNOWN, reason) => Err(reason),
            (id, _) => Ok(id),
        }
    }

    /// The same for a check, which goes on whether there is such a permission or not: when there is none, an id that is denied
    /// and why; else the id and the reason that holds should it not be granted.
    #[inline]
    pub(crate) fn asked(&self, action: &str, resource: &str) -> (PermissionId, Reason) {
        match self.inner.pairs.find(action, resource) {
            Some(id) => {
                let reason =
                    select_unpredictable(id == NOT_ADMITTED, Reason::NotAdmitted, Reason::NotGranted);
                (PermissionId::from_u32(id), reason)
            }
            None => self.look_up_each(action, resource),
        }
    }

    /// A pair that its ends do not lead to: an unknown name, an alias in a schema too wide to list it, or names whose ends are
    /// alike.
    #[cold]
    fn look_up_each(&self, action: &str, resource: &str) -> (PermissionId, Reason) {
        let found = self.inner.pairs.find_whole(action, resource).map_or_else(
            || {
                let action = self.inner.actions.get(action).ok_or(Reason::UnknownAction)?;
                let named = self.named(resource).ok_or(Reason::UnknownResource)?;
                self.pair(action, named.kind).ok_or(Reason::NotAdmitted)
            },
            |id| if id == NOT_ADMITTED { Err(Reason::NotAdmitted) } else { Ok(id) },
        );
        match found {
            Ok(id) => (PermissionId::from_u32(id), Reason::NotGranted),
            Err(reason) => (PermissionId::UNKNOWN, reason),
        }
    }

    /// The type under any of its names.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.named(name).and_then(|named| self.inner.types.get(named.kind as usize))
    }

    /// Whether an action of this name exists.
    #[must_use]
    pub fn has_action(&self, name: &str) -> bool {
        self.inner.actions.get(name).is_some()
    }

    /// The action whose name is nearest to one that the schema does not have.
    #[must_use]
    pub fn nearest_action(&self, name: &str) -> Option<&str> {
        Suggester::default().nearest(name, self.actions())
    }

    /// The type, alias or covered name nearest to one that the schema does not have.
    #[must_use]
    pub fn nearest_resource(&self, name: &str) -> Option<&str> {
        Suggester::default().nearest(name, self.inner.resources.iter())
    }

    /// The names of a permission: its action and its type.
    #[must_use]
    pub fn names_of(&self, permission: PermissionId) -> Option<(&str, &str)> {
        let action = self.inner.admitted.get(permission.index())?;
        Some((self.inner.actions.name(*action), self.type_of(permission)?.name()))
    }

    /// The actions that a type admits, in the order of its permissions.
    pub fn actions_of<'a>(&'a self, kind: &'a ResourceType) -> impl Iterator<Item = &'a str> + 'a {
        let range = kind.first as usize..(kind.first + kind.count) as usize;
        let numbers = self.inner.admitted.get(range).unwrap_or(&[]);
        numbers.iter().map(|&number| self.inner.actions.name(number))
    }

    /// The type that a permission belongs to.
    #[must_use]
    pub fn type_of(&self, permission: PermissionId) -> Option<&ResourceType> {
        let owner = self.inner.owners.get(permission.index())?;
        self.inner.types.get(*owner as usize)
    }

    /// Whether two schemas number the same names alike, so that their planes can be compared bit by bit.
    #[must_use]
    pub fn same_numbering(&self, other: &Schema) -> bool {
        let names = |schema: &Schema| -> Vec<(String, String)> {
            let ids = (0..schema.permission_count()).map(PermissionId::from_u32);
            ids.filter_map(|id| schema.names_of(id)).map(|(a, r)| (a.to_owned(), r.to_owned())).collect()
        };
        Arc::ptr_eq(&self.inner, &other.inner) || names(self) == names(other)
    }

    /// Every name that a question may use for a type.
    pub(crate) fn resource_names(&self) -> impl Iterator<Item = &str> {
        self.inner.resources.iter()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Named> {
        self.inner.named.get(self.inner.resources.get(name)? as usize).copied()
    }

    pub(crate) fn action_number(&self, name: &str) -> Option<u32> {
        self.inner.actions.get(name)
    }

    pub(crate) fn action_name(&self, number: u32) -> &str {
        self.inner.actions.name(number)
    }

    pub(crate) fn action_of(&self, permission: u32) -> Option<u32> {
        self.inner.admitted.get(permission as usize).copied()
    }

    /// The types whose permissions a range holds some of.
    pub(crate) fn types_of(&self, permissions: std::ops::Range<u32>) -> impl Iterator<Item = u32> {
        self.first_and_last(permissions).into_iter().flat_map(|(first, last)| first..=last)
    }

    /// The first and the last of the types that some permissions are of.
    pub(crate) fn first_and_last(&self, permissions: std::ops::Range<u32>) -> Option<(u32, u32)> {
        let last = permissions.end.checked_sub(1)?;
        Some((self.type_number_of(permissions.start)?, self.type_number_of(last)?))
    }

    /// The number of the type that a permission is of.
    #[inline]
    pub(crate) fn type_number_of(&self, permission: u32) -> Option<u32> {
        self.inner.owners.get(permission as usize).copied()
    }

    /// The types that declare attributes, in the order of their permissions.
    pub(crate) fn declaring(&self) -> impl Iterator<Item = &ResourceType> {
        self.inner.declaring.iter().filter_map(|&kind| self.inner.types.get(kind as usize))
    }

    /// The permissions of an action over all types, ascending.
    pub(crate) fn permissions_of_action(&self, action: u32) -> &[u32] {
        let inner = &*self.inner;
        let end = inner.by_action_ends.get(action as usize).copied().unwrap_or(0);
        let start =
            (action as usize).checked_sub(1).and_then(|before| inner.by_action_ends.get(before)).copied();
        inner.by_action.get(start.unwrap_or(0) as usize..end as usize).unwrap_or(&[])
    }

    /// The permission of an action on a type, by numbers.
    pub(crate) fn pair(&self, action: u32, kind: u32) -> Option<u32> {
        let range = self.inner.types.get(kind as usize)?.permissions();
        let permissions = self.permissions_of_action(action);
        let at = permissions.partition_point(|&id| id < range.start);
        permissions.get(at).copied().filter(|id| range.contains(id))
    }

    /// Action names with their numbers, in byte order: what patterns are expanded over.
    pub(crate) fn sorted_actions(&self) -> &[(Box<str>, u32)] {
        &self.inner.sorted_actions
    }

    /// Own names of types with their indices, in byte order.
    pub(crate) fn sorted_types(&self) -> &[(Box<str>, u32)] {
        &self.inner.sorted_types
    }
}
