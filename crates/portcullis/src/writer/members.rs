//! Edits of members: join, leave, change role, suspend.

use std::sync::atomic::Ordering;

use portcullis_matrix::{MatrixBuilder, SetId};

use super::objects::are_object;
use super::{Writer, count, out_of_numbers, refused};
use crate::condition::Attribute;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::read::{name_trouble, over_limit};
use crate::snapshot::subject_of;
use crate::text::quoted;
use crate::workspace::Member;

impl Writer {
    /// Adds a member. Without a role they get the workspace's default role. The report holds warnings.
    ///
    /// # Errors
    /// When there is such a member already, the role does not exist, or a limit is passed.
    pub fn add_member(&mut self, id: &str, member: Member) -> Result<Report, Report> {
        self.free(&self.directory().members, "member", id)?;
        let limit = self.state.limits.members;
        if self.state.member_count() >= limit {
            return Err(refused(over_limit(self.state.member_count() + 1, limit, "member", "max-members")));
        }
        if let Some(trouble) = member.kind.as_deref().and_then(name_trouble) {
            let fault = Diagnostic::new(Code::IllegalName, format!("a member's type {trouble}"));
            return Err(refused(fault.help("names have 1 to 512 bytes")));
        }
        are_object(member.properties.as_ref(), "a member's properties")?;
        let (role, report) = match &member.role {
            Some(role) => self.role(role)?,
            None => (self.state.default_role.ok_or_else(|| no_role(id))?, Report::new()),
        };
        self.may_hold(id, 1)?;
        let roles = [portcullis_matrix::RoleId::from_u32(role)];
        let set = if member.suspended { Ok(SetId::SUSPENDED) } else { self.matrix.add_set(&roles) };
        let set = set.map_err(out_of_numbers)?;
        let number = self.next_number()?;
        self.matrix.add_subject(set).map_err(out_of_numbers)?;
        let directory = &mut self.state.directory;
        if let Ok(inserted) = directory.members.insert(id, number) {
            directory.hashes.push(&[inserted.hash]);
            if inserted.reseeded {
                for (number, hash) in directory.members.hashes() {
                    directory.hashes.entry_mut(number as usize).fill(hash);
                }
            }
        }
        self.note_set(number);
        let directory = &mut self.state.directory;
        directory.own_roles.push(role + 1);
        if let Some(kind) = &member.kind {
            let known = directory.kind_names.iter().position(|known| known == kind);
            let at = known.unwrap_or_else(|| {
                directory.kind_names = directory.kind_names.iter().cloned().chain([kind.clone()]).collect();
                directory.kind_names.len() - 1
            });
            while directory.kinds.len() < number as usize {
                directory.kinds.push(0);
            }
            directory.kinds.push(at as u32 + 1);
        }
        if member.properties.is_some() {
            directory.set_properties(number, member.properties);
        }
        count(&mut self.owners, role, 1);
        self.changed = true;
        Ok(report)
    }

    /// The number of somebody who joins. Numbers that another writer of this lineage has given out meanwhile, or this one to
    /// somebody who was discarded, are nobody's here.
    fn next_number(&mut self) -> Result<u32, Report> {
        // Subjects are one more than numbers.
        let next = |next: u32| (next < MatrixBuilder::SUBJECTS - 1).then(|| next + 1);
        let number = self.state.numbers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let full = portcullis_matrix::BuildError::Full(portcullis_matrix::Table::Subjects);
        let number = number.map_err(|_| out_of_numbers(full))?;
        let directory = &mut self.state.directory;
        for _ in directory.own_roles.len() as u32..number {
            self.matrix.add_vacant().map_err(out_of_numbers)?;
            directory.hashes.push(&[0]);
            directory.own_roles.push(0);
        }
        Ok(number)
    }

    /// Removes a member, also from all groups. Their handles deny from then on, and never become somebody else's.
    ///
    /// # Errors
    /// When there is no such member.
    pub fn remove_member(&mut self, id: &str) -> Result<(), Report> {
        let member = self.member(id)?;
        self.matrix.vacate(subject_of(member)).map_err(out_of_numbers)?;
        let directory = &mut self.state.directory;
        if let Some(role) = directory.own_role(member) {
            count(&mut self.owners, role, -1);
        }
        directory.members.remove(id);
        directory.own_roles.set(member, 0);
        directory.kinds.set(member, 0);
        directory.set_properties(member, None);
        if !directory.memberships.get(member).is_empty() {
            directory.memberships.set(member, &[]);
        }
        self.changed = true;
        Ok(())
    }

    /// Gives a member another role of their own. What groups give them stays. The report holds warnings.
    ///
    /// # Errors
    /// When there is no such member or role, or a limit is passed.
    pub fn set_member_role(&mut self, id: &str, role: &str) -> Result<Report, Report> {
        let member = self.member(id)?;
        let (role, report) = self.role(role)?;
        let Some(old) = self.directory().own_role(member).filter(|old| *old != role) else {
            return Ok(report);
        };
        let mut held = std::mem::take(&mut self.held);
        self.directory().roles_with(member, Some(role), &mut held);
        let outcome = self.may_hold(id, held.len());
        let outcome = outcome.and_then(|()| self.assign(member, &held).map_err(out_of_numbers));
        self.held = held;
        outcome?;
        self.state.directory.own_roles.set(member, role + 1);
        count(&mut self.owners, old, -1);
        count(&mut self.owners, role, 1);
        self.changed = true;
        Ok(report)
    }

    /// Gives a member other properties, or none.
    ///
    /// # Errors
    /// When there is no such member, or the properties are no object.
    pub fn set_member_properties(
        &mut self,
        id: &str,
        properties: impl Into<Option<Attribute>>,
    ) -> Result<(), Report> {
        let (member, properties) = (self.member(id)?, properties.into());
        are_object(properties.as_ref(), "a member's properties")?;
        self.state.directory.set_properties(member, properties);
        self.changed = true;
        Ok(())
    }

    /// Denies a member everything until they are reactivated. Role and groups stay.
    ///
    /// # Errors
    /// When there is no such member.
    pub fn suspend_member(&mut self, id: &str) -> Result<(), Report> {
        let member = self.member(id)?;
        if self.matrix.matrix().set_of(subject_of(member)) != SetId::SUSPENDED {
            self.matrix.suspend(subject_of(member)).map_err(out_of_numbers)?;
            self.note_set(member);
            self.changed = true;
        }
        Ok(())
    }

    /// Gives a suspended member back what role and groups give.
    ///
    /// # Errors
    /// When there is no such member.
    pub fn reactivate_member(&mut self, id: &str) -> Result<(), Report> {
        let member = self.member(id)?;
        if self.matrix.matrix().set_of(subject_of(member)) == SetId::SUSPENDED {
            let mut held = std::mem::take(&mut self.held);
            self.directory().roles_of(member, &mut held);
            let outcome = self.matrix.assign(subject_of(member), &held);
            self.held = held;
            outcome.map_err(out_of_numbers)?;
            self.note_set(member);
            self.changed = true;
        }
        Ok(())
    }
}

fn no_role(id: &str) -> Report {
    let message = format!("the member {} names no role and there is no default role", quoted(id));
    refused(
        Diagnostic::new(Code::NoRole, message)
            .help("give the member a role, or the workspace a default role"),
    )
}
