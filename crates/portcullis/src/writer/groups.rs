//! Edits of groups: a group that changes moves all its members to other sets of roles.

use std::sync::Arc;

use super::{Writer, refused};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::snapshot::{Directory, GroupEntry};
use crate::text::quoted;
use crate::workspace::Group;

impl Writer {
    /// Adds a group. The report holds warnings.
    ///
    /// # Errors
    /// When there is such a group already, or it names a role or a member that does not exist, or a limit is
    /// passed.
    pub fn add_group(&mut self, name: &str, group: Group) -> Result<Report, Report> {
        self.free(&self.directory().group_names, "group", name)?;
        let (roles, report) = self.roles_named(group.role_names())?;
        let mut members = Vec::with_capacity(group.member_ids().len());
        for id in group.member_ids() {
            let Some(member) = self.directory().number(id) else {
                let (name, member) = (quoted(name), quoted(id));
                let fault = format!("the group {name} lists {member}, who is no member");
                return Err(refused(Diagnostic::new(Code::UnknownMember, fault).help("add them first")));
            };
            members.push(member);
        }
        members.sort_unstable();
        members.dedup();
        let next = self.directory().groups.len() as u32;
        let number = self.vacant_groups.last().copied().unwrap_or(next);
        let mut directory = self.directory().clone();
        directory.groups.grow(number as usize + 1);
        directory.put_group(number, Some(GroupEntry { name: name.into(), roles }));
        // The name is free, as was seen above.
        let _ = directory.group_names.insert(name, number);
        for member in &members {
            directory.join(*member, number);
        }
        self.move_to(directory, &members)?;
        self.vacant_groups.pop();
        self.changed = true;
        Ok(report)
    }

    /// Gives the members of a group other roles than it gave them. The report holds warnings.
    ///
    /// # Errors
    /// When there is no such group or role, or a limit is passed.
    pub fn set_group_roles<'n>(
        &mut self,
        name: &str,
        roles: impl IntoIterator<Item = &'n str>,
    ) -> Result<Report, Report> {
        let number = self.group(name)?;
        let (roles, report) = self.roles_named(roles)?;
        let members: Vec<u32> = self.directory().memberships.holding(number).collect();
        let mut directory = self.directory().clone();
        directory.put_group(number, Some(GroupEntry { name: name.into(), roles }));
        self.move_to(directory, &members)?;
        self.changed = true;
        Ok(report)
    }

    /// Removes a group; its members keep what they have otherwise.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn remove_group(&mut self, name: &str) -> Result<(), Report> {
        let number = self.group(name)?;
        let members: Vec<u32> = self.directory().memberships.holding(number).collect();
        let mut directory = self.directory().clone();
        for member in &members {
            directory.leave(*member, number);
        }
        directory.put_group(number, None);
        directory.group_names.remove(name);
        self.move_to(directory, &members)?;
        self.vacant_groups.push(number);
        self.changed = true;
        Ok(())
    }

    /// Adds a member to a group; one who is in it already stays.
    ///
    /// # Errors
    /// When there is no such group or member, or a limit is passed.
    pub fn add_to_group(&mut self, group: &str, member: &str) -> Result<(), Report> {
        let (number, member) = (self.group(group)?, self.member(member)?);
        self.change_membership(member, number, true)
    }

    /// Takes a member out of a group; one who is not in it stays out.
    ///
    /// # Errors
    /// When there is no such group or member.
    pub fn remove_from_group(&mut self, group: &str, member: &str) -> Result<(), Report> {
        let (number, member) = (self.group(group)?, self.member(member)?);
        self.change_membership(member, number, false)
    }

    fn change_membership(&mut self, member: u32, group: u32, inside: bool) -> Result<(), Report> {
        if self.directory().memberships.get(member).contains(&group) == inside {
            return Ok(());
        }
        // In place, and back again when it must not be, so that many edits in a row copy nothing twice.
        let flip = |directory: &mut Directory, inside: bool| {
            if inside { directory.join(member, group) } else { directory.leave(member, group) }
        };
        flip(&mut self.state.directory, inside);
        let mut held = std::mem::take(&mut self.held);
        self.directory().roles_of(member, &mut held);
        let allowed = self.may_hold(self.directory().name(member).unwrap_or(""), held.len());
        let outcome = allowed.and_then(|()| self.assign(member, &held).map_err(super::out_of_numbers));
        self.held = held;
        match outcome {
            Ok(()) => self.changed = true,
            Err(_) => flip(&mut self.state.directory, !inside),
        }
        outcome
    }

    fn group(&self, name: &str) -> Result<u32, Report> {
        let groups = self.directory().groups.iter().flatten();
        let found = self.directory().group_names.get(name);
        found.ok_or_else(|| self.not_there("group", name, groups.map(|group| &*group.name)))
    }

    /// The numbers of roles by name, with all that is to be said about the names.
    fn roles_named<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<(Box<[u32]>, Report), Report> {
        let (mut roles, mut all) = (Vec::new(), Report::new());
        for name in names {
            match self.role(name) {
                Ok((role, report)) => {
                    roles.push(role);
                    all.append(report);
                }
                Err(report) => all.append(report),
            }
        }
        if all.has_errors() { Err(all) } else { Ok((roles.into(), all)) }
    }
}

impl Directory {
    fn put_group(&mut self, number: u32, group: Option<GroupEntry>) {
        self.groups.entry_mut(number as usize).fill(group.map(Arc::new));
    }

    fn join(&mut self, member: u32, group: u32) {
        let mut groups = self.memberships.get(member).to_vec();
        if let Err(place) = groups.binary_search(&group) {
            groups.insert(place, group);
            self.memberships.grow(member as usize + 1);
            self.memberships.set(member, &groups);
        }
    }

    fn leave(&mut self, member: u32, group: u32) {
        let mut groups = self.memberships.get(member).to_vec();
        groups.retain(|other| *other != group);
        self.memberships.set(member, &groups);
    }
}
