//! Edits of roles: a role that changes settles the rows of the sets that hold it anew, and touches no member.

use std::sync::Arc;

use portcullis_matrix::{Patch, RoleId};
use rayon::prelude::*;

use super::{Writer, out_of_numbers, refused};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::policy::Document;
use crate::read::over_limit;
use crate::snapshot::{Role, Snapshot};
use crate::text::{counted, listed, quoted};
use crate::workspace::{built_in_name, role};

/// Fewer patches than this are applied before threads would have woken up.
const FEW: usize = 16;

impl Writer {
    /// Adds a role. The report holds warnings about its document.
    ///
    /// # Errors
    /// When there is such a role already, the document has faults, or a limit is passed.
    pub fn add_role(&mut self, name: &str, document: impl Into<Arc<Document>>) -> Result<Report, Report> {
        self.not_built_in(name)?;
        self.free(&self.directory().role_names, "role", name)?;
        let (limit, roles) = (self.state.limits.roles, self.state.roles().count());
        if roles >= limit {
            return Err(refused(over_limit(roles + 1, limit, "role", "max-roles")));
        }
        let (fresh, report) = self.compiled(name, document.into())?;
        let id = self.matrix.add_role(Arc::clone(fresh.planes())).map_err(out_of_numbers)?;
        self.put(id.as_u32(), Some(fresh));
        // The name is free, as was seen above.
        let _ = self.state.directory.role_names.insert(name, id.as_u32());
        self.changed = true;
        Ok(report)
    }

    /// Gives a role another document. The report holds warnings about it.
    ///
    /// # Errors
    /// When there is no such role, it is built in, or the document has faults.
    pub fn replace_role(&mut self, name: &str, document: impl Into<Arc<Document>>) -> Result<Report, Report> {
        self.not_built_in(name)?;
        self.override_role(name, document)
    }

    /// Gives a role another document, a built-in one too: for whoever keeps workspaces elsewhere than in files, which cannot say that.
    ///
    /// # Errors
    /// When there is no such role, or the document has faults.
    pub fn override_role(
        &mut self,
        name: &str,
        document: impl Into<Arc<Document>>,
    ) -> Result<Report, Report> {
        let (number, _) = self.role(name)?;
        let (fresh, report) = self.compiled(name, document.into())?;
        let planes = Arc::clone(fresh.planes());
        self.matrix.replace_role_with(RoleId::from_u32(number), planes, run).map_err(out_of_numbers)?;
        self.put(number, Some(fresh));
        self.changed = true;
        Ok(report)
    }

    /// Removes a role that nobody has.
    ///
    /// # Errors
    /// When there is no such role, it is built in, or it is somebody's: a member's own, a group's, or the
    /// default role.
    pub fn remove_role(&mut self, name: &str) -> Result<(), Report> {
        self.not_built_in(name)?;
        let (number, _) = self.role(name)?;
        let mut holders = Vec::new();
        match self.owners.get(number as usize).copied().unwrap_or(0) {
            0 => {}
            1 => holders.push("1 member has it".to_owned()),
            owners => holders.push(format!("{} have it", counted(owners as usize, "member"))),
        }
        let groups = self.directory().groups.iter().flatten();
        let groups: Vec<&str> =
            groups.filter(|group| group.roles.contains(&number)).map(|group| &*group.name).collect();
        if !groups.is_empty() {
            let (noun, names) = (if groups.len() == 1 { "group" } else { "groups" }, listed(groups, 6));
            holders.push(format!("the {noun} {names} give it"));
        }
        if self.state.default_role == Some(number) {
            holders.push("it is the default role".to_owned());
        }
        if !holders.is_empty() {
            let message = format!("the role {} is in use: {}", quoted(name), holders.join("; "));
            let fault = Diagnostic::new(Code::RoleInUse, message);
            return Err(refused(fault.help("give its holders another role first")));
        }
        self.matrix.remove_role(RoleId::from_u32(number)).map_err(out_of_numbers)?;
        self.put(number, None);
        self.state.directory.role_names.remove(name);
        self.changed = true;
        Ok(())
    }

    /// Sets the role of members who join without naming one. Nothing changes for those who have joined.
    ///
    /// # Errors
    /// When there is no such role.
    pub fn set_default_role(&mut self, name: &str) -> Result<Report, Report> {
        let (number, report) = self.role(name)?;
        self.changed |= self.state.default_role != Some(number);
        self.state.default_role = Some(number);
        Ok(report)
    }

    /// Puts a role in its place, or nothing, and counts those that have conditions.
    fn put(&mut self, number: u32, role: Option<Arc<Role>>) {
        let Snapshot { schema, roles, objects, conditional_roles, .. } = &mut self.state;
        roles.grow(number as usize + 1);
        let mut conditions_change = false;
        let gone = roles.get(number as usize).cloned().flatten();
        let before = gone.as_deref();
        for (role, change) in
            before.map(|role| (role, -1)).into_iter().chain(role.as_deref().map(|role| (role, 1)))
        {
            if !role.conditional().is_empty() {
                conditions_change = true;
                *conditional_roles = conditional_roles.saturating_add_signed(change);
                self.classifier.count(schema, role, change);
            }
        }
        roles.entry_mut(number as usize).fill(role);
        if conditions_change {
            self.classifier.settle(gone.as_deref(), schema, objects);
        }
    }

    fn compiled(&mut self, name: &str, document: Arc<Document>) -> Result<(Arc<Role>, Report), Report> {
        self.classifier.sweep();
        let (grants, report) = document.resolve_exactly(self.schema())?;
        let mut role = role(name, document, grants);
        if let Some(role) = Arc::get_mut(&mut role) {
            role.number(|condition| self.classifier.number(condition));
        }
        Ok((role, report))
    }

    fn not_built_in(&self, name: &str) -> Result<(), Report> {
        match built_in_name(name).filter(|_| self.schema().is_hightouch()) {
            Some((message, _)) => {
                Err(refused(Diagnostic::new(Code::BuiltInRole, message).help("give the role another name")))
            }
            None => Ok(()),
        }
    }
}

fn run(patches: &mut [Patch<'_>]) {
    if patches.len() < FEW {
        patches.iter_mut().for_each(Patch::apply);
    } else {
        patches.par_iter_mut().for_each(Patch::apply);
    }
}
