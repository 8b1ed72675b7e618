//! Who holds which role, and through what: everything about members that a check does not need.
//!
//! Members are numbered in the order in which they came, one below their subject ids. The number of one who was removed is
//! never given to somebody else; those of groups are. All of it is shared between snapshots, but for what
//! changed.

use std::sync::Arc;

use portcullis_matrix::persistent::{Column, Lists, Table};
use portcullis_matrix::{RoleId, SubjectId};

use super::open::value_of;
use crate::condition::{Attribute, Value};
use crate::names::Names;
use crate::workspace::DEFAULT_MEMBER_TYPE;

/// Name and roles of a group.
#[derive(Debug)]
pub(crate) struct GroupEntry {
    pub(crate) name: Box<str>,
    pub(crate) roles: Box<[u32]>,
}

/// Members, their own roles, their groups.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    /// The number of each member's id.
    pub(crate) members: Names,
    /// The hash of each member's id, with which the id is found again.
    pub(crate) hashes: Table<u32, 4_096>,
    /// The own role of each member, plus one; 0 for one who was removed.
    pub(crate) own_roles: Column,
    /// The type of each member in `kind_names`, plus one; 0, or nothing at the end, for `user`.
    pub(crate) kinds: Column,
    pub(crate) kind_names: Arc<[Box<str>]>,
    /// What is stored of each member; nothing at the end for those of whom nothing is.
    pub(crate) properties: Table<Option<Attribute>, 1_024>,
    /// The groups of each member, ascending; nothing at the end for those in no group.
    pub(crate) memberships: Lists<u32, 10>,
    pub(crate) groups: Table<Option<Arc<GroupEntry>>, 256>,
    pub(crate) group_names: Names,
    pub(crate) role_names: Names,
}

impl Default for Directory {
    fn default() -> Self {
        Directory {
            members: Names::default(),
            hashes: Table::new(1),
            own_roles: Column::default(),
            kinds: Column::default(),
            kind_names: Arc::default(),
            properties: Table::new(1),
            memberships: Lists::default(),
            groups: Table::new(1),
            group_names: Names::default(),
            role_names: Names::default(),
        }
    }
}

impl Directory {
    /// The number of somebody who is a member.
    #[inline]
    pub(crate) fn number(&self, member: &str) -> Option<u32> {
        self.members.get(member)
    }

    /// The id of a member; nothing for a number that is nobody's, or was somebody's who was removed.
    pub(crate) fn name(&self, member: u32) -> Option<&str> {
        self.members.name(*self.hashes.get(member as usize)?, member)
    }

    /// All members' numbers in order, those left out who were removed.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        (0..self.own_roles.len() as u32).filter(|&member| self.own_roles.get(member) > 0)
    }

    /// All members' ids in the order in which they came.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.numbers().filter_map(|member| self.name(member))
    }

    /// A member's own role.
    pub(crate) fn own_role(&self, member: u32) -> Option<u32> {
        self.own_roles.get(member).checked_sub(1)
    }

    /// A group by number.
    pub(crate) fn group(&self, number: u32) -> Option<&Arc<GroupEntry>> {
        self.groups.get(number as usize)?.as_ref()
    }

    /// The groups of a member.
    pub(crate) fn groups_of(&self, member: u32) -> impl Iterator<Item = &GroupEntry> {
        self.memberships.get(member).iter().filter_map(|&group| self.group(group).map(|group| &**group))
    }

    /// The distinct roles that a member holds, ascending, into a buffer that is reused.
    pub(crate) fn roles_of(&self, member: u32, held: &mut Vec<RoleId>) {
        self.roles_with(member, self.own_role(member), held);
    }

    /// The same if another role were the member's own.
    pub(crate) fn roles_with(&self, member: u32, own: Option<u32>, held: &mut Vec<RoleId>) {
        held.clear();
        held.extend(own.map(RoleId::from_u32));
        let through = self.groups_of(member).flat_map(|group| group.roles.iter().copied());
        held.extend(through.map(RoleId::from_u32));
        held.sort_unstable();
        held.dedup();
    }

    pub(crate) fn kind(&self, member: u32) -> &str {
        let named = self.kinds.get(member).checked_sub(1);
        named.and_then(|kind| self.kind_names.get(kind as usize)).map_or(DEFAULT_MEMBER_TYPE, |kind| kind)
    }

    /// What is stored of a member; null when nothing is.
    #[inline]
    pub(crate) fn properties(&self, member: u32) -> Value<'_> {
        value_of(self.properties.get(member as usize))
    }

    /// Gives a member other properties.
    pub(crate) fn set_properties(&mut self, member: u32, properties: Option<Attribute>) {
        if properties.is_some() {
            self.properties.grow(member as usize + 1);
        }
        self.properties.entry_mut(member as usize).fill(properties);
    }

    /// Bytes of heap, those shared with other snapshots included.
    pub(crate) fn bytes(&self) -> usize {
        let groups = self.groups.iter().flatten();
        let groups: usize =
            groups.map(|group| size_of::<GroupEntry>() + group.name.len() + 4 * group.roles.len()).sum();
        [&self.members, &self.group_names, &self.role_names].map(Names::bytes).iter().sum::<usize>()
            + self.hashes.bytes()
            + self.own_roles.bytes()
            + self.kinds.bytes()
            + self.properties.bytes()
            + self.properties.iter().flatten().map(Attribute::heap_bytes).sum::<usize>()
            + self.memberships.bytes()
            + self.groups.bytes()
            + groups
    }
}

/// The member behind a subject; nothing for the unknown one.
pub(crate) fn member_of(subject: SubjectId) -> Option<u32> {
    subject.as_u32().checked_sub(1)
}

/// The subject that a member is; [`NOBODY`](crate::names::NOBODY) is the unknown one.
#[inline]
pub(crate) const fn subject_of(member: u32) -> SubjectId {
    SubjectId::from_u32(member.wrapping_add(1))
}
