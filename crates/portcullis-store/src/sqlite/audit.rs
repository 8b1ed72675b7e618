//! The audit trail in its table.

use rusqlite::{Connection, OptionalExtension, params};

use crate::Id;
use crate::audit::{AuditEntry, Broken, Entry, Head, Outcome};

const COLUMNS: &str = "number, revision, time, actor, credential, address, request, operation, done, payload, salt, payload_hash, \
                       previous, hash";

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: row.get(0)?,
        revision: row.get(1)?,
        entry: Entry {
            time: row.get(2)?,
            actor: row.get(3)?,
            credential: row.get(4)?,
            address: row.get(5)?,
            request: row.get(6)?,
            operation: row.get(7)?,
            outcome: if row.get(8)? { Outcome::Done } else { Outcome::Refused },
            payload: row.get(9)?,
            salt: row.get(10)?,
        },
        payload_hash: row.get(11)?,
        previous: row.get(12)?,
        hash: row.get(13)?,
    })
}

/// Entries after a number, in order.
pub(super) fn after(
    db: &Connection,
    workspace: Id,
    after: u64,
    most: usize,
) -> rusqlite::Result<Vec<AuditEntry>> {
    let sql =
        format!("SELECT {COLUMNS} FROM audit WHERE workspace = ? AND number > ? ORDER BY number LIMIT ?");
    let mut all = db.prepare_cached(&sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    all.query_map((workspace, after, most), entry)?.collect()
}

/// Every entry of every trail, trail by trail and each in order.
pub(super) fn each(
    db: &Connection,
    mut each: impl FnMut(Id, AuditEntry) -> Result<(), Broken>,
) -> rusqlite::Result<Result<(), String>> {
    // The workspace comes last, so that the other columns are where they are elsewhere.
    let mut all =
        db.prepare(&format!("SELECT {COLUMNS}, workspace FROM audit ORDER BY workspace, number"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let workspace = row.get(14)?;
        if let Err(broken) = each(workspace, entry(row)?) {
            return Ok(Err(format!("the audit trail of {}: {broken}", whose(workspace))));
        }
    }
    Ok(Ok(()))
}

/// Whose a trail is, in messages.
pub(super) fn whose(workspace: Id) -> String {
    if workspace == Id::NIL { "the operator".to_owned() } else { format!("workspace {workspace}") }
}

/// The last entry.
pub(super) fn last(db: &Connection, workspace: Id) -> rusqlite::Result<Option<AuditEntry>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE workspace = ? ORDER BY number DESC LIMIT 1");
    db.prepare_cached(&sql)?.query_row([workspace], entry).optional()
}

/// Adds an entry to the end of a trail.
pub(super) fn append(
    db: &Connection,
    workspace: Id,
    revision: u64,
    noted: &Entry,
) -> rusqlite::Result<AuditEntry> {
    let head = last(db, workspace)?.map_or(Head::EMPTY, |last| last.head());
    let entry = noted.after(head, workspace, revision);
    let sql = format!(
        "INSERT INTO audit (workspace, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    db.prepare_cached(&sql)?.execute(params![
        workspace,
        entry.number,
        entry.revision,
        noted.time,
        noted.actor,
        noted.credential,
        noted.address,
        noted.request,
        noted.operation,
        noted.outcome == Outcome::Done,
        noted.payload,
        noted.salt,
        entry.payload_hash,
        entry.previous,
        entry.hash
    ])?;
    Ok(entry)
}

/// Takes a payload out, and the salt with it, without which its hash tells nobody anything.
pub(super) fn erase_payload(db: &Connection, workspace: Id, number: u64) -> rusqlite::Result<bool> {
    let sql = "UPDATE audit SET payload = NULL, salt = zeroblob(16) WHERE workspace = ? AND number = ? AND payload IS NOT NULL";
    Ok(db.prepare_cached(sql)?.execute((workspace, number))? > 0)
}
