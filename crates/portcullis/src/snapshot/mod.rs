//! One immutable compiled state of a workspace, and the questions it answers.
//!
//! A snapshot is what a workspace compiles to: bits and rows (the matrix), the schema's numbering, the
//! names of members, and behind them, off the hot path, who holds which role through which group and
//! the documents with their places, for explanations. It is never changed; share it with `Arc`.
//!
//! A check cannot fail. Whoever or whatever is not known is denied, with a reason.

mod classes;
mod classify;
mod directory;
mod objects;
mod open;
mod question;
mod staged;

use std::hint::cold_path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use portcullis_matrix::persistent::Table;
use portcullis_matrix::{Matrix, Permission, PermissionId, RoleId, RolePlanes, SetId, Subject, SubjectId};

pub(crate) use classify::Classifier;
pub(crate) use directory::{Directory, GroupEntry, member_of, subject_of};
pub(crate) use objects::{Shelf, Stored};
use open::Opened;
pub use question::Question;

use crate::condition::Condition;
use crate::decision::{Decision, Reason, Revision};
use crate::limits::Limits;
use crate::names::{Noted, UNNOTED};
use crate::policy::{Conditional, Document, Grants};
use crate::schema::Schema;
use crate::suggest::Suggester;

/// One role of a snapshot.
#[derive(Debug)]
pub struct Role {
    name: Box<str>,
    document: Arc<Document>,
    grants: Grants,
    conditional: Conditional,
    planes: Arc<RolePlanes>,
    built_in: bool,
}

impl Role {
    pub(crate) fn new(name: &str, document: Arc<Document>, grants: Grants, built_in: bool) -> Self {
        let planes = Arc::new(grants.planes());
        let conditional = Conditional::of(&grants);
        Role { name: name.into(), document, grants, conditional, planes, built_in }
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

    pub(crate) fn shared_document(&self) -> &Arc<Document> {
        &self.document
    }

    /// What the document comes to.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Gives its conditions the numbers that they have in a workspace.
    pub(crate) fn number(&mut self, number: impl FnMut(&Arc<Condition>) -> u32) {
        self.conditional.number(number);
    }

    /// Its conditions by permission.
    pub(crate) fn conditional(&self) -> &Conditional {
        &self.conditional
    }

    /// The bits that the document comes to.
    #[must_use]
    pub fn planes(&self) -> &Arc<RolePlanes> {
        &self.planes
    }

    /// Whether the schema brought it along.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }
}

/// Roles by the number that they have in the matrix; nothing where one was removed.
pub(crate) type Roles = Table<Option<Arc<Role>>, 256>;

/// One immutable compiled state of a workspace. A clone shares everything.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) workspace: Arc<str>,
    pub(crate) schema: Schema,
    pub(crate) limits: Limits,
    pub(crate) revision: Revision,
    pub(crate) matrix: Matrix,
    pub(crate) roles: Roles,
    /// The role of those who join without naming one.
    pub(crate) default_role: Option<u32>,
    pub(crate) directory: Directory,
    pub(crate) objects: Stored,
    /// How many roles have conditions. As long as none has, no verdict is open.
    pub(crate) conditional_roles: u32,
    /// How many numbers of members were ever given out under this lineage: common to all its snapshots, so that two
    /// writers that go on from one of them never give one number to two people.
    pub(crate) numbers: Arc<AtomicU32>,
}

impl Snapshot {
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
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.numbered_roles().map(|(_, role)| role)
    }

    pub(crate) fn numbered_roles(&self) -> impl Iterator<Item = (RoleId, &Role)> {
        let roles = (0..).map(RoleId::from_u32).zip(self.roles.iter());
        roles.filter_map(|(id, role)| Some((id, &**role.as_ref()?)))
    }

    pub(crate) fn role_numbered(&self, number: u32) -> Option<&Role> {
        self.roles.get(number as usize)?.as_deref()
    }

    /// A role by name; aliases of built-in roles are not names.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.role_numbered(self.directory.role_names.get(name)?)
    }

    /// Every member's id, in the order in which they came.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.directory.ids()
    }

    /// How many members there are.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.directory.members.len()
    }

    /// Whether somebody is a member and suspended.
    #[must_use]
    pub fn is_suspended(&self, member: &str) -> bool {
        self.subject_id(member).is_some_and(|subject| self.matrix.set_of(subject) == SetId::SUSPENDED)
    }

    /// The member whose id is nearest to one that nobody has, for messages to whoever may see ids.
    #[must_use]
    pub fn nearest_member(&self, id: &str) -> Option<&str> {
        Suggester::default().nearest(id, self.members())
    }

    /// The type of a member: `user` unless the workspace says otherwise.
    #[must_use]
    pub fn member_type(&self, member: &str) -> Option<&str> {
        Some(self.directory.kind(self.directory.number(member)?))
    }

    /// The handle of a member, to check with many times. It stays good for this snapshot and for those that a
    /// [`Writer`](crate::Writer) makes of it, until the member is removed; it never becomes somebody else's.
    #[must_use]
    pub fn subject(&self, member: &str) -> Option<Subject> {
        Some(Subject::new(self.matrix.lineage(), self.subject_id(member)?))
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
        let asked = self.directory.members.noted_or_nobody(subject);
        let (permission, reason) = self.schema.asked(action, resource);
        let (asker, set) = self.asker(asked);
        match self.unless_open(set, permission) {
            Some(allowed) => self.decided(set, allowed, reason),
            None => self.check_open(asker, set, permission, [subject, action, resource]),
        }
    }

    /// The same with prepared handles. A handle of another workspace or schema is denied as stale.
    #[inline]
    pub fn check_handles(&self, subject: Subject, permission: Permission) -> Decision {
        if !(self.matrix.is_current(subject) & self.matrix.knows_permission(permission)) {
            return Decision::Deny { reason: Reason::Stale, revision: self.revision };
        }
        // Apart, since a check by handles is so short that keeping the handles at hand for what conditions may need is a fifth of it.
        if self.conditional_roles > 0 {
            return self.check_handles_open(subject, permission);
        }
        self.decision(self.matrix.set_of(subject.id()), permission.id(), Reason::NotGranted)
    }

    /// The same for a whole question: a typed subject must match the member's type too.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        if self.is_of_another_type(question) {
            return self.stranger();
        }
        let asked = self.directory.members.noted_or_nobody(question.subject);
        let (permission, reason) = self.schema.asked(question.action, question.resource);
        let (subject, set) = self.asker(asked);
        match self.unless_open(set, permission) {
            Some(allowed) => self.decided(set, allowed, reason),
            None => self.decide_open(Opened { subject, set, permission, question }),
        }
    }

    /// The subject that a name led to, and its set of roles: as it is noted beside the number, or else from the column of sets, which
    /// would be one more wait for memory. Of nobody the empty set is noted.
    #[inline(always)]
    fn asker(&self, asked: Noted) -> (SubjectId, SetId) {
        // The number that stands for nobody becomes subject 0, the unknown one.
        let asker = subject_of(asked.number);
        let note = self.directory.members.note_of(asked);
        if note == UNNOTED {
            cold_path();
            return (asker, self.matrix.set_of(asker));
        }
        (asker, SetId::from_u32(note))
    }

    /// Whether a question claims another type for its subject than the member of that id has.
    fn is_of_another_type(&self, question: &Question<'_>) -> bool {
        question
            .subject_type
            .is_some_and(|asked| self.member_type(question.subject).is_some_and(|known| known != asked))
    }

    /// The answer to whoever is no member.
    fn stranger(&self) -> Decision {
        Decision::Deny { reason: Reason::UnknownSubject, revision: self.revision }
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

    /// Whether a set of roles is allowed something, unless conditions decide that. What is open is not looked at where no
    /// role has any.
    #[inline(always)]
    fn unless_open(&self, set: SetId, permission: PermissionId) -> Option<bool> {
        if self.conditional_roles > 0 {
            let verdict = self.matrix.verdict_of(set, permission);
            return if verdict.is_open() { None } else { Some(verdict.is_allow()) };
        }
        Some(self.matrix.is_granted(set, permission))
    }

    /// What a set of roles says of a permission whatever the conditions, with the reason that holds if it is no allow.
    // Always: left to itself the compiler calls it, which is a sixth of a check by handles.
    #[inline(always)]
    pub(crate) fn decision(&self, set: SetId, permission: PermissionId, reason: Reason) -> Decision {
        self.decided(set, self.matrix.is_granted(set, permission), reason)
    }

    /// The decision on a set of roles that is allowed something or not, with the reason that holds if not.
    #[inline(always)]
    fn decided(&self, set: SetId, allowed: bool, reason: Reason) -> Decision {
        // Every member holds a role: the empty set is that of strangers and of those who were removed.
        let reason = match set {
            SetId::EMPTY => Reason::UnknownSubject,
            SetId::SUSPENDED => Reason::Suspended,
            _ => reason,
        };
        Decision::of(allowed, reason, self.revision)
    }

    /// Bytes of heap: names, roles' bits, rows, groups, also those shared with other snapshots. The schema and the
    /// texts of documents are not counted; they may be shared with other workspaces.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let conditional = self.roles.iter().flatten().map(|role| role.conditional.bytes()).sum::<usize>();
        self.workspace.len()
            + self.matrix.bytes()
            + self.roles.bytes()
            + conditional
            + self.directory.bytes()
            + self.objects.bytes()
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The number of a known member's subject.
    pub(crate) fn subject_id(&self, member: &str) -> Option<SubjectId> {
        self.directory.number(member).map(subject_of)
    }

    /// The id behind a subject number; empty for the unknown subject.
    pub(crate) fn member_name(&self, subject: SubjectId) -> &str {
        member_of(subject).and_then(|member| self.directory.name(member)).unwrap_or("")
    }

    /// The names of a permission of this snapshot.
    pub(crate) fn names_of(&self, permission: PermissionId) -> (&str, &str) {
        self.schema.names_of(permission).unwrap_or(("", ""))
    }
}
