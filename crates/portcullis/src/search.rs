//! Who can, and what can: exact, from the same rows that decide.
//!
//! Search never evaluates anything that a check would not: a subject is listed when the check allows,
//! and every cell agrees (a property test asks them all).

use std::collections::BTreeMap;

use portcullis_matrix::{PermissionId, SubjectId, Verdict};

use crate::decision::Reason;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// The ids of all members who may do an action on a resource, in byte order.
    ///
    /// # Errors
    /// Why there is no such permission; then nobody may.
    pub fn who(&self, action: &str, resource: &str) -> Result<Vec<&str>, Reason> {
        let permission = self.schema().permission(action, resource)?.id();
        let mut found: Vec<&str> = self
            .matrix()
            .subjects_of(permission)
            .filter(|(_, verdict)| *verdict == Verdict::Allow)
            .map(|(subject, _)| self.member_name(subject))
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Every (action, resource type) that a member may, in the schema's order; `None` for somebody who is no
    /// member.
    #[must_use]
    pub fn what(&self, member: &str) -> Option<impl Iterator<Item = (&str, &str)>> {
        let subject = self.subject_id(member)?;
        Some(self.granted_to(subject).map(|permission| self.names_of(permission)))
    }

    /// The same grouped: each resource type with its sorted actions.
    #[must_use]
    pub fn what_by_type(&self, member: &str) -> Option<BTreeMap<&str, Vec<&str>>> {
        let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (action, resource) in self.what(member)? {
            grouped.entry(resource).or_default().push(action);
        }
        grouped.values_mut().for_each(|actions| actions.sort_unstable());
        Some(grouped)
    }

    pub(crate) fn granted_to(&self, subject: SubjectId) -> impl Iterator<Item = PermissionId> {
        let permissions = self.matrix().permissions_of(subject);
        permissions.filter(|(_, verdict)| *verdict == Verdict::Allow).map(|(permission, _)| permission)
    }
}
