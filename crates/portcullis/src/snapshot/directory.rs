//! Who holds which role, and through what: everything about members that a check does not need.

use portcullis_matrix::{RoleId, SubjectId};

use crate::names::Names;
use crate::workspace::DEFAULT_MEMBER_TYPE;

/// Members, their own roles, their groups.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) members: Names,
    pub(crate) role_names: Names,
    /// The own role of each member.
    pub(crate) own_roles: Vec<u32>,
    /// Name and roles of each group.
    pub(crate) groups: Vec<(String, Vec<u32>)>,
    /// The groups of each member, one member after the other, and where each one's end.
    memberships: Vec<u32>,
    membership_ends: Vec<u32>,
    /// Members of another type than `user`, ascending.
    pub(crate) kinds: Vec<(u32, Box<str>)>,
    /// Suspended members, ascending.
    pub(crate) suspended: Vec<u32>,
}

impl Directory {
    /// Members and their own roles, by number; no groups yet.
    pub(crate) fn new(members: Names, own_roles: Vec<u32>) -> Self {
        Directory { members, own_roles, ..Directory::default() }
    }

    /// Takes (member, group) pairs, ascending and distinct.
    pub(crate) fn set_memberships(&mut self, pairs: &[(u32, u32)]) {
        self.memberships = pairs.iter().map(|&(_, group)| group).collect();
        let mut end = 0;
        self.membership_ends = (0..self.members.len() as u32)
            .map(|member| {
                end += pairs.get(end..).unwrap_or(&[]).iter().take_while(|(of, _)| *of == member).count();
                end as u32
            })
            .collect();
    }

    /// The groups of a member.
    pub(crate) fn groups_of(&self, member: u32) -> impl Iterator<Item = &(String, Vec<u32>)> {
        let at = member as usize;
        let end = self.membership_ends.get(at).copied().unwrap_or(0) as usize;
        let start =
            at.checked_sub(1).and_then(|before| self.membership_ends.get(before)).copied().unwrap_or(0)
                as usize;
        let groups = self.memberships.get(start..end).unwrap_or(&[]);
        groups.iter().filter_map(|&group| self.groups.get(group as usize))
    }

    /// The distinct roles that a member holds, ascending, into a buffer that is reused.
    pub(crate) fn roles_of(&self, member: u32, held: &mut Vec<RoleId>) {
        held.clear();
        held.extend(self.own_roles.get(member as usize).map(|&role| RoleId::from_u32(role)));
        held.extend(
            self.groups_of(member).flat_map(|(_, roles)| roles.iter().map(|&role| RoleId::from_u32(role))),
        );
        held.sort_unstable();
        held.dedup();
    }

    pub(crate) fn kind(&self, member: u32) -> &str {
        let at = self.kinds.binary_search_by_key(&member, |&(member, _)| member);
        at.ok().and_then(|at| self.kinds.get(at)).map_or(DEFAULT_MEMBER_TYPE, |(_, kind)| kind)
    }

    pub(crate) fn is_suspended(&self, subject: SubjectId) -> bool {
        subject.as_u32().checked_sub(1).is_some_and(|member| self.suspended.binary_search(&member).is_ok())
    }
}
