//! The operator's realm: small named values that belong to no workspace.

use rusqlite::{Connection, OptionalExtension};

use super::change::Transaction;
use super::{SqliteStore, audit};
use crate::audit::Entry;
use crate::{Id, RealmEdit, Result, StoreError};

/// Every value, by name.
pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let mut all = db.prepare_cached("SELECT name, value FROM realm ORDER BY name")?;
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Makes edits in a transaction of their own, with an entry in the operator's trail.
pub(super) fn change(store: &SqliteStore, db: &Connection, edits: &[RealmEdit], entry: &Entry) -> Result<()> {
    let doing = "changing the operator's realm";
    let transaction = Transaction::begin(store, db, doing)?;
    make(store, db, edits, doing)?;
    audit::append(db, Id::NIL, 0, entry).map_err(|error| store.trouble(doing, error))?;
    transaction.commit()
}

/// Makes edits in the transaction that is under way, which is to be taken back when one is refused.
pub(super) fn make(store: &SqliteStore, db: &Connection, edits: &[RealmEdit], doing: &str) -> Result<()> {
    for RealmEdit { name, expected, value } in edits {
        let found = one(db, name).map_err(|error| store.trouble(doing, error))?;
        if found != *expected {
            return Err(StoreError::Moved(name.clone()));
        }
        let set = match value {
            Some(value) => db
                .prepare_cached(
                    "INSERT INTO realm (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )
                .and_then(|mut put| put.execute((name, value))),
            None => db
                .prepare_cached("DELETE FROM realm WHERE name = ?")
                .and_then(|mut remove| remove.execute([name])),
        };
        set.map_err(|error| store.trouble(doing, error))?;
    }
    Ok(())
}

fn one(db: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut one = db.prepare_cached("SELECT value FROM realm WHERE name = ?")?;
    one.query_row([name], |row| row.get(0)).optional()
}
