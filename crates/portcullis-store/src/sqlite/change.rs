//! What writes: each call is one transaction.

use std::sync::MutexGuard;

use rusqlite::{Connection, ErrorCode};

use super::{GONE, SqliteStore, audit, realm, tables};
use crate::audit::{AuditEntry, Entry};
use crate::rows::{Key, Millis, Row, Workspace};
use crate::{Change, Edit, Id, RealmEdit, Result, StoreError};

/// Puts in a new workspace.
pub(super) fn create(
    store: &SqliteStore,
    db: &Connection,
    workspace: &Workspace,
    rows: &[Row],
    entry: &Entry,
    edits: &[RealmEdit],
) -> Result<Workspace> {
    if workspace.id == Id::NIL {
        return Err(StoreError::Taken { what: "workspace", part: "id" });
    }
    let doing = "making a workspace";
    let transaction = Transaction::begin(store, db, doing)?;
    let other = tables::one_workspace(db, workspace.id).map_err(|error| store.trouble(doing, error))?;
    if other.is_some() {
        return Err(StoreError::Taken { what: "workspace", part: "id" });
    }
    let added = tables::add_workspace(db, workspace);
    added.map_err(|error| taken(store, doing, error, "workspace", "name"))?;
    // In the order of their keys a million take half the time, and lie in the file in the order in which they are read.
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by_cached_key(|row| row.key());
    for row in ordered {
        put(store, db, workspace.id, row, doing)?;
    }
    realm::make(store, db, edits, doing)?;
    audit::append(db, workspace.id, 1, entry).map_err(|error| store.trouble(doing, error))?;
    transaction.commit()?;
    Ok(Workspace { revision: 1, ..workspace.clone() })
}

/// Adds an entry to a trail, and no revision.
pub(super) fn note(store: &SqliteStore, db: &Connection, workspace: Id, entry: &Entry) -> Result<AuditEntry> {
    let doing = "writing to the audit trail";
    let transaction = Transaction::begin(store, db, doing)?;
    let revision = match workspace {
        Id::NIL => 0,
        _ => current(store, db, workspace)?.revision,
    };
    let noted = audit::append(db, workspace, revision, entry).map_err(|error| store.trouble(doing, error))?;
    transaction.commit()?;
    Ok(noted)
}

/// Notes when keys were used.
pub(super) fn note_used(
    store: &SqliteStore,
    db: &Connection,
    workspace: Id,
    uses: &[(Id, Millis)],
) -> Result<()> {
    let doing = "noting uses of API keys";
    let transaction = Transaction::begin(store, db, doing)?;
    let noted = uses.iter().try_for_each(|(key, used)| tables::set_used(db, workspace, *key, *used));
    noted.map_err(|error| store.trouble(doing, error))?;
    transaction.commit()
}

/// Takes a payload out of a trail.
pub(super) fn erase_payload(
    store: &SqliteStore,
    db: &Connection,
    workspace: Id,
    number: u64,
) -> Result<bool> {
    let doing = "erasing a payload";
    let transaction = Transaction::begin(store, db, doing)?;
    let erased = audit::erase_payload(db, workspace, number).map_err(|error| store.trouble(doing, error))?;
    transaction.commit()?;
    Ok(erased)
}

/// A change under way.
pub(super) struct Open<'s> {
    store: &'s SqliteStore,
    db: MutexGuard<'s, Connection>,
    workspace: Workspace,
    /// Whether the transaction was ended.
    over: bool,
}

const CHANGING: &str = "changing a workspace";

impl<'s> Open<'s> {
    pub(super) fn begin(
        store: &'s SqliteStore,
        db: MutexGuard<'s, Connection>,
        workspace: Id,
    ) -> Result<Self> {
        let transaction = Transaction::begin(store, &db, CHANGING)?;
        let workspace = current(store, &db, workspace)?;
        transaction.keep();
        Ok(Open { store, db, workspace, over: false })
    }

    /// Makes the edits, all but the commit.
    fn make(&self, edits: &[Edit], entry: &Entry) -> Result<Workspace> {
        let (db, id) = (&*self.db, self.workspace.id);
        let mut workspace = self.workspace.clone();
        workspace.revision += 1;
        for edit in edits {
            match edit {
                Edit::Put(row) => put(self.store, db, id, row, CHANGING)?,
                Edit::Remove(key) => {
                    let removed =
                        tables::remove(db, id, key).map_err(|error| self.store.trouble(CHANGING, error))?;
                    if !removed {
                        return Err(StoreError::Dangling(format!(
                            "there is no such {} to remove",
                            key.what()
                        )));
                    }
                }
                Edit::Describe { name, schema, default_role, settings } => {
                    workspace.name.clone_from(name);
                    workspace.schema.clone_from(schema);
                    workspace.default_role = *default_role;
                    workspace.settings.clone_from(settings);
                }
            }
        }
        let set = tables::set_workspace(db, &workspace);
        set.map_err(|error| taken(self.store, CHANGING, error, "workspace", "name"))?;
        let noted = audit::append(db, id, workspace.revision, entry);
        noted.map_err(|error| self.store.trouble(CHANGING, error))?;
        Ok(workspace)
    }
}

impl Change for Open<'_> {
    fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    fn row(&self, key: &Key) -> Result<Option<Row>> {
        let found = tables::get(&self.db, self.workspace.id, key);
        found.map_err(|error| self.store.trouble(&format!("reading a {}", key.what()), error))
    }

    fn commit(mut self: Box<Self>, edits: &[Edit], entry: &Entry) -> Result<Workspace> {
        // Dropped on the way out, the change is taken back.
        let workspace = self.make(edits, entry)?;
        self.over = true;
        let transaction = Transaction { store: self.store, db: &self.db, over: false };
        transaction.commit()?;
        Ok(workspace)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.over {
            roll_back(&self.db);
        }
    }
}

/// A transaction, taken back unless it is committed.
pub(super) struct Transaction<'t> {
    store: &'t SqliteStore,
    db: &'t Connection,
    over: bool,
}

impl<'t> Transaction<'t> {
    pub(super) fn begin(store: &'t SqliteStore, db: &'t Connection, doing: &str) -> Result<Self> {
        // At once with the right to write: whoever asks for it later may not get it.
        db.execute_batch("BEGIN IMMEDIATE").map_err(|error| store.trouble(doing, error))?;
        Ok(Transaction { store, db, over: false })
    }

    /// Leaves it to somebody else to end it.
    fn keep(mut self) {
        self.over = true;
    }

    pub(super) fn commit(mut self) -> Result<()> {
        match self.db.execute_batch("COMMIT") {
            Ok(()) => {
                self.over = true;
                if self.store.is_still_there() {
                    return Ok(());
                }
                Err(self.store.close(GONE))
            }
            // References are looked at first, before anything is written: the transaction still stands and is taken back.
            Err(error) if is_constraint(&error) => Err(StoreError::Dangling(
                "something that is referred to is not there, or still referred to".to_owned(),
            )),
            Err(error) => Err(self.store.close(&format!("committing: {error}"))),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.over {
            roll_back(self.db);
        }
    }
}

fn roll_back(db: &Connection) {
    // What cannot be taken back was never committed; the next transaction says what is wrong.
    let _ = db.execute_batch("ROLLBACK");
}

fn current(store: &SqliteStore, db: &Connection, workspace: Id) -> Result<Workspace> {
    let found = tables::one_workspace(db, workspace);
    found
        .map_err(|error| store.trouble("reading a workspace", error))?
        .ok_or(StoreError::NoWorkspace(workspace))
}

fn put(store: &SqliteStore, db: &Connection, workspace: Id, row: &Row, doing: &str) -> Result<()> {
    let part = if matches!(row, Row::RoleVersion(_)) { "number" } else { "name" };
    tables::put(db, workspace, row).map_err(|error| taken(store, doing, error, row.key().what(), part))
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// The error of a row that could not be written, most likely because another has what it would have.
fn taken(
    store: &SqliteStore,
    doing: &str,
    error: rusqlite::Error,
    what: &'static str,
    part: &'static str,
) -> StoreError {
    if is_constraint(&error) { StoreError::Taken { what, part } } else { store.trouble(doing, error) }
}
