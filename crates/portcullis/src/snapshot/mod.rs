//! One immutable compiled state of a workspace, and the questions it answers.
//!
//! A snapshot is what a workspace compiles to: bits and rows (the matrix), the schema's numbering, the
//! names of members, and behind them, off the hot path, who holds which role through which group and
//! the documents with their places, for explanations. It is never changed; share it with `Arc`.
//!
//! A check cannot fail. Whoever or whatever is not known is denied, with a reason.

mod directory;
mod question;

use std::sync::Arc;

use portcullis_matrix::{Matrix, Permission, PermissionId, Subject, SubjectId, Verdict};

pub(crate) use directory::Directory;
pub use question::Question;

use crate::decision::{Decision, Reason, Revision};
use crate::policy::{Document, Grants};
use crate::schema::Schema;
use crate::suggest::Suggester;

/// One role of a snapshot.
#[derive(Debug)]
pub struct Role {
    name: String,
    document: Arc<Document>,
    grants: Grants,
    built_in: bool,
}

impl Role {
    pub(crate) fn new(name: String, document: Arc<Document>, grants: Grants, built_in: bool) -> Self {
        Role { name, document, grants, built_in }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The document that it was compiled from.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// What the document comes to.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Whether the schema brought it along.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }
}

/// One immutable compiled state of a workspace.
#[derive(Debug)]
pub struct Snapshot {
    workspace: String,
    schema: Schema,
    revision: Revision,
    matrix: Matrix,
    roles: Vec<Role>,
    directory: Directory,
}

impl Snapshot {
    pub(crate) fn new(
        workspace: String,
        schema: Schema,
        revision: Revision,
        matrix: Matrix,
        roles: Vec<Role>,
        directory: Directory,
    ) -> Self {
        Snapshot { workspace, schema, revision, matrix, roles, directory }
    }

    /// The workspace's name.
    #[must_use]
    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// The vocabulary that its permissions are numbered by.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Which version of the workspace this is.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The bits, for callers that keep columns of ids: its answers are verdicts, in about a nanosecond.
    #[must_use]
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// All roles, built-in ones first, in the order of their role ids.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// A role by name; aliases of built-in roles are not names.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(self.directory.role_names.get(name)? as usize)
    }

    /// Every member's id, in the order in which the workspace lists them.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.directory.members.iter()
    }

    /// How many members there are.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.directory.members.len()
    }

    /// Whether somebody is a member and suspended.
    #[must_use]
    pub fn is_suspended(&self, member: &str) -> bool {
        self.subject_id(member).is_some_and(|subject| self.directory.is_suspended(subject))
    }

    /// The member whose id is nearest to one that nobody has, for messages to whoever may see ids.
    #[must_use]
    pub fn nearest_member(&self, id: &str) -> Option<&str> {
        Suggester::default().nearest(id, self.members())
    }

    /// The type of a member: `user` unless the workspace says otherwise.
    #[must_use]
    pub fn member_type(&self, member: &str) -> Option<&str> {
        Some(self.directory.kind(self.directory.members.get(member)?))
    }

    /// The handle of a member, to check with many times. It stays good for this snapshot alone.
    #[must_use]
    pub fn subject(&self, member: &str) -> Option<Subject> {
        let number = self.directory.members.get(member)?;
        Some(Subject::new(self.matrix.lineage(), SubjectId::from_u32(number + 1)))
    }

    /// The handle of a permission, to check with many times.
    ///
    /// # Errors
    /// The reason why there is no such permission.
    pub fn permission(&self, action: &str, resource: &str) -> Result<Permission, Reason> {
        self.schema.permission(action, resource)
    }

    /// May this member do this action on this type?
    ///
    /// The resource is a type's own name, an alias or a covered name. Whatever is not known is denied.
    #[inline]
    pub fn check(&self, subject: &str, action: &str, resource: &str) -> Decision {
        let member = self.directory.members.get(subject);
        let asker = member.map_or(SubjectId::UNKNOWN, |number| SubjectId::from_u32(number + 1));
        let (permission, reason) = match self.schema.permission_id(action, resource) {
            Ok(id) => (id, Reason::NotGranted),
            Err(reason) => (PermissionId::UNKNOWN, reason),
        };
        let reason = if member.is_some() { reason } else { Reason::UnknownSubject };
        self.decision(self.matrix.verdict(asker, permission), asker, reason)
    }

    /// The same with prepared handles. A handle of another snapshot or schema is denied as stale.
    #[inline]
    pub fn check_handles(&self, subject: Subject, permission: Permission) -> Decision {
        let current = self.matrix.is_current(subject)
            & ((subject.id().as_u32().wrapping_sub(1) as usize) < self.member_count())
            & self.matrix.knows_permission(permission);
        let reason = if current { Reason::NotGranted } else { Reason::Stale };
        self.decision(self.matrix.check(subject, permission), subject.id(), reason)
    }

    /// The same for a whole question: a typed subject must match the member's type too.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let decision = self.check(question.subject, question.action, question.resource);
        match (question.subject_type, self.member_type(question.subject)) {
            (Some(asked), Some(known)) if asked != known => {
                Decision::Deny { reason: Reason::UnknownSubject, revision: self.revision }
            }
            _ => decision,
        }
    }

    /// Many questions at once; the answers in their order.
    #[must_use]
    pub fn decide_all(&self, questions: &[Question<'_>]) -> Vec<Decision> {
        questions.iter().map(|question| self.decide(question)).collect()
    }

    /// A column of subjects against a column of permissions, into two bitmaps: bit `i` of `granted` (and of
    /// `open`) answers question `i`. Handles of another snapshot or schema are denied.
    pub fn check_batch(
        &self,
        subjects: &[Subject],
        permissions: &[Permission],
        granted: &mut [u64],
        open: &mut [u64],
    ) {
        self.matrix.check_handles(subjects, permissions, granted, open);
    }

    /// A verdict with the reason that holds if it is no allow. An open verdict is none: what cannot be decided
    /// is denied.
    #[inline]
    fn decision(&self, verdict: Verdict, subject: SubjectId, reason: Reason) -> Decision {
        let reason =
            if self.directory.suspended.is_empty() { reason } else { self.or_suspended(subject, reason) };
        let revision = self.revision;
        // Who is allowed what cannot be predicted, and a wrong guess costs as much as a look-up of a name.
        let (allow, deny) = (Decision::Allow { revision }, Decision::Deny { reason, revision });
        std::hint::select_unpredictable(verdict == Verdict::Allow, allow, deny)
    }

    #[cold]
    fn or_suspended(&self, subject: SubjectId, reason: Reason) -> Reason {
        // A stale handle's number may be a suspended member's of another snapshot.
        let known = reason != Reason::Stale && self.directory.is_suspended(subject);
        if known { Reason::Suspended } else { reason }
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The number of a known member's subject.
    pub(crate) fn subject_id(&self, member: &str) -> Option<SubjectId> {
        self.subject(member).map(Subject::id)
    }

    /// The id behind a subject number; empty for the unknown subject.
    pub(crate) fn member_name(&self, subject: SubjectId) -> &str {
        subject.as_u32().checked_sub(1).map_or("", |number| self.directory.members.name(number))
    }

    /// The names of a permission of this snapshot.
    pub(crate) fn names_of(&self, permission: PermissionId) -> (&str, &str) {
        self.schema.names_of(permission).unwrap_or(("", ""))
    }
}
