//! Where workspaces rest: members, groups, roles and all their versions, invitations, API keys, objects, standing rules, and
//! the audit trail of who changed what.
//!
//! A store knows rows and bytes. What a policy means, who may change what, and how a secret is made is for others to know: the
//! service puts questions to the engine, decides, and hands over what to write. In return a store promises four things.
//!
//! - **A change is whole, or is not there.** Its rows, its audit entry and its revision are one transaction.
//! - **What was acknowledged is kept.** [`Change::commit`] returns when the change is on disk. After an error of which it is not
//!   sure whether the disk has it, a store takes no further change until it is opened anew.
//! - **Revisions have no gaps.** A workspace's revision is a counter in its row, incremented under the row's lock.
//! - **History cannot be changed unseen.** Each audit entry carries the hash of the one before it ([`audit`]).
//!
//! [`SqliteStore`] keeps everything in one file of a folder. [`MemoryStore`] keeps it in memory and fails on command: it is what
//! services are tested with.

pub mod audit;
mod error;
mod id;
pub mod memory;
mod rows;
pub mod sqlite;

pub use audit::{AuditEntry, Entry, Outcome};
pub use error::StoreError;
pub use id::Id;
pub use memory::MemoryStore;
pub use rows::{
    ApiKey, Group, Invitation, InvitationState, Key, Member, Millis, Object, Role, RoleVersion, Row, Rule,
    Workspace,
};
pub use sqlite::SqliteStore;

/// What a store gives back.
pub type Result<T> = std::result::Result<T, StoreError>;

/// One thing that a change does to the rows of its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Puts a row in the place of the one with the same key, or where there was none. A version of a role is put once: what was in force is
    /// not written over.
    Put(Row),
    /// Takes a row away; there must be one.
    Remove(Key),
    /// Gives the workspace another name, schema, default role or settings.
    Describe {
        /// The name, unique among workspaces.
        name: String,
        /// The schema: the name of a built-in one, or its text.
        schema: String,
        /// The role of who joins without one.
        default_role: Option<Id>,
        /// Settings, as JSON.
        settings: String,
    },
}

/// One thing that is done to the operator's realm: small named values that belong to no workspace, such as the hashes of the operator's keys.
/// No secret itself is ever one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmEdit {
    /// Which value.
    pub name: String,
    /// What it must be for the edit to be made; nothing when there is to be none. It says which state the edit was made of: whoever checks a
    /// secret does so before, in constant time.
    pub expected: Option<Vec<u8>>,
    /// What it becomes; nothing to take it away.
    pub value: Option<Vec<u8>>,
}

/// A place where workspaces rest.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Every workspace, by name.
    ///
    /// # Errors
    /// When the rows cannot be read.
    fn workspaces(&self) -> Result<Vec<Workspace>>;

    /// Puts in a new workspace with the rows that it begins with, in any order, each once. Its revision is 1, whatever `workspace` says. Edits of the operator's
    /// realm are part of the same transaction, so that a setup code is used up by the workspace that it makes.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is one of that id or name; [`StoreError::Dangling`] when something that is referred to is not there;
    /// [`StoreError::Moved`]; [`StoreError::Closed`] and errors of the disk.
    fn create(
        &self,
        workspace: &Workspace,
        rows: &[Row],
        entry: &Entry,
        realm: &[RealmEdit],
    ) -> Result<Workspace>;

    /// Every value of the operator's realm, by name.
    ///
    /// # Errors
    /// When they cannot be read.
    fn realm(&self) -> Result<Vec<(String, Vec<u8>)>>;

    /// Edits the operator's realm, in order, all or none, with an entry in the trail of [`Id::NIL`].
    ///
    /// # Errors
    /// [`StoreError::Moved`] when a value is not as expected: nothing is changed then. [`StoreError::Closed`] and errors of the disk.
    fn change_realm(&self, edits: &[RealmEdit], entry: &Entry) -> Result<()>;

    /// The workspace and all of its rows, as of one revision; what is referred to comes before what refers to it. Of versions of
    /// roles only the current ones come.
    ///
    /// # Errors
    /// [`StoreError::NoWorkspace`], and when rows cannot be read.
    fn load(&self, workspace: Id, each: &mut dyn FnMut(Row)) -> Result<Workspace>;

    /// One row.
    ///
    /// # Errors
    /// When it cannot be read. That there is none is no error.
    fn row(&self, workspace: Id, key: &Key) -> Result<Option<Row>>;

    /// All versions of a role, the first first; also of a role that was removed.
    ///
    /// # Errors
    /// When they cannot be read.
    fn role_versions(&self, workspace: Id, role: Id) -> Result<Vec<RoleVersion>>;

    /// Audit entries after a number, at most so many, in order. The entries of the operator's own realm are those of [`Id::NIL`].
    ///
    /// # Errors
    /// When they cannot be read.
    fn audit(&self, workspace: Id, after: u64, most: usize) -> Result<Vec<AuditEntry>>;

    /// Locks a workspace for a change. Others who want to change it wait.
    ///
    /// # Errors
    /// [`StoreError::NoWorkspace`], [`StoreError::Closed`], and errors of the disk.
    fn change(&self, workspace: Id) -> Result<Box<dyn Change + '_>>;

    /// Notes what changed nothing: a refused operation, an export, a sign-in. Adds an audit entry and no revision.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    fn note(&self, workspace: Id, entry: &Entry) -> Result<AuditEntry>;

    /// Notes when API keys were last used. Neither a revision nor an audit entry comes of it, and a key that is gone is passed over.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    fn note_used(&self, workspace: Id, uses: &[(Id, Millis)]) -> Result<()>;

    /// Takes a payload out of the audit trail, of which its hash stays. False when there was none.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    fn erase_payload(&self, workspace: Id, number: u64) -> Result<bool>;
}

/// A change under way: the workspace is locked until it is committed or dropped. Dropped, it changes nothing.
pub trait Change {
    /// The workspace as it is under the lock.
    fn workspace(&self) -> &Workspace;

    /// A row as it is under the lock.
    ///
    /// # Errors
    /// When it cannot be read.
    fn row(&self, key: &Key) -> Result<Option<Row>>;

    /// Makes all edits, in order, with the audit entry and the next revision, and returns once they are on disk.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when a name is another row's, [`StoreError::Dangling`] when something that is referred to is not there, or
    /// what is to be removed: nothing is changed then. [`StoreError::Closed`] when the disk failed: whether the change
    /// is there shows when the store is opened anew.
    fn commit(self: Box<Self>, edits: &[Edit], entry: &Entry) -> Result<Workspace>;
}
