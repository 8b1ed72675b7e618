//! Whether everything in a file is as it was written.
//!
//! Opening a store looks at the end of every trail; this reads all there is. Rows that are whole and were changed by somebody who knows the
//! file show in nothing but what the trail says of them: only trails are chained.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{audit, file, tables};
use crate::Id;
use crate::audit::{Head, Verifier};

type Table = (String, Option<String>);

/// What is in a database, and how it was made.
fn tables_of(db: &Connection) -> rusqlite::Result<Vec<Table>> {
    // Statistics are nobody's but SQLite's.
    let sql = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
    db.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The heads of all trails, or the first thing that is wrong.
pub(super) fn whole(db: &Connection) -> rusqlite::Result<Result<Vec<(Id, Head)>, String>> {
    let pages: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if pages != "ok" {
        return Ok(Err(pages));
    }
    // Other tables would be missed later, and a trigger run with whatever is written.
    let fresh = Connection::open_in_memory()?;
    file::MIGRATIONS.iter().try_for_each(|sql| fresh.execute_batch(sql))?;
    if tables_of(db)? != tables_of(&fresh)? {
        return Ok(Err("its tables are not those of its format".to_owned()));
    }
    let mut references = db.prepare("PRAGMA foreign_key_check")?;
    if let Some(row) = references.query([])?.next()? {
        let (table, other): (String, String) = (row.get(0)?, row.get(2)?);
        return Ok(Err(format!("a row of {table} refers to one of {other} that is not there")));
    }
    let mut trails: BTreeMap<Id, (Verifier, u64)> = BTreeMap::new();
    let walked = audit::each(db, |workspace, entry| {
        let (verifier, revision) =
            trails.entry(workspace).or_insert_with(|| (Verifier::new(workspace, None), 0));
        *revision = entry.revision;
        verifier.next(&entry)
    })?;
    if let Err(what) = walked {
        return Ok(Err(what));
    }
    for workspace in tables::workspaces(db)? {
        let revision = trails.get(&workspace.id).map(|(_, revision)| *revision);
        if revision != Some(workspace.revision) {
            return Ok(Err(format!(
                "the audit trail of {} does not end with its last change",
                audit::whose(workspace.id)
            )));
        }
    }
    let heads = trails.into_iter().map(|(workspace, (verifier, _))| match verifier.finish() {
        Ok(head) => Ok((workspace, head)),
        Err(broken) => Err(format!("the audit trail of {}: {broken}", audit::whose(workspace))),
    });
    Ok(heads.collect())
}
