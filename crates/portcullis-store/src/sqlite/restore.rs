//! From a backup to a folder with data.
//!
//! The backup is copied to a name that no store is opened by, looked at whole, brought to the newest format and changed there; then it gets its
//! real name. Until then the folder holds no data, whenever this is broken off.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::file::{self, FILE, LOG, Unfinished};
use super::{audit, backup, tables, verify};
use crate::audit::Entry;
use crate::rows::Workspace;
use crate::{Result, StoreError};

/// What the file is called until it is whole.
const UNFINISHED: &str = "portcullis.restoring";

pub(super) fn restore(
    from: &Path,
    folder: &Path,
    epoch: &mut dyn FnMut() -> u64,
    entry: &dyn Fn(&Workspace) -> Entry,
) -> Result<Vec<Workspace>> {
    file::make_folder(folder)?;
    let _lock = file::lock(folder)?;
    let real = folder.join(FILE);
    // A log without its file is what is left of data too, and would be taken for that of the new file.
    if file::is_there(&real)? || file::is_there(&file::beside(&real, LOG))? {
        return Err(StoreError::Exists(folder.to_owned()));
    }
    let scratch = folder.join(UNFINISHED);
    // What was left by one that was broken off; the lock tells that none is under way.
    file::remove(&scratch);
    let scratch = Unfinished::new(scratch)?;
    copy(from, scratch.path())?;
    let restored = renewed(from, scratch.path(), epoch, entry).map_err(|error| of_backup(from, error))?;
    scratch.keep(&real)?;
    Ok(restored)
}

/// Copies the database of a backup, if that is one and whole.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let not_whole = |what: &str| StoreError::NoBackup { file: from.to_owned(), what: what.to_owned() };
    let reading = |error| StoreError::failed(format!("reading {}", from.display()), error);
    let writing = |error| StoreError::failed(format!("writing {}", to.display()), error);
    let mut source = File::open(from).map_err(reading)?;
    let length = source.metadata().map_err(reading)?.len();
    let Some(length) = length.checked_sub(backup::LINE as u64) else {
        return Err(not_whole("it is too short"));
    };
    let mut target = fs::OpenOptions::new().write(true).open(to).map_err(writing)?;
    let mut unwritten = None;
    let hash = backup::hashed(&source, length, |part| {
        target.write_all(part).map_err(|error| {
            unwritten = Some(error);
            io::ErrorKind::Other.into()
        })
    });
    let hash = match (unwritten, hash) {
        (Some(error), _) => return Err(writing(error)),
        (None, Err(error)) => return Err(reading(error)),
        (None, Ok(hash)) => hash,
    };
    let mut line = [0; backup::LINE];
    source.read_exact(&mut line).map_err(reading)?;
    if !backup::is_marked(&line) {
        return Err(not_whole("it does not end as every backup does that `portcullis backup` wrote"));
    }
    if line != backup::line(hash).as_bytes() {
        return Err(not_whole("it was changed since it was written, or cut off and written on"));
    }
    Ok(())
}

/// Looks at a database whole, brings it to the newest format, and gives each workspace a new epoch.
fn renewed(
    from: &Path,
    database: &Path,
    epoch: &mut dyn FnMut() -> u64,
    entry: &dyn Fn(&Workspace) -> Entry,
) -> Result<Vec<Workspace>> {
    let format = file::recognized(database)?;
    if format == 0 {
        return Err(StoreError::NoBackup { file: from.to_owned(), what: "its database is empty".to_owned() });
    }
    let mut db = file::opened(database).map_err(unread)?;
    for (name, value) in [("foreign_keys", "on"), ("trusted_schema", "off"), ("synchronous", "full")] {
        db.pragma_update(None, name, value).map_err(unread)?;
    }
    file::migrate(&mut db, format, database)?;
    let whole = verify::whole(&db).map_err(unread)?;
    whole.map_err(|what| StoreError::NoBackup { file: from.to_owned(), what })?;
    let restored = with_new_epochs(&mut db, epoch, entry).map_err(unread)?;
    db.close().map_err(|(_, error)| unread(error))?;
    Ok(restored)
}

fn with_new_epochs(
    db: &mut Connection,
    epoch: &mut dyn FnMut() -> u64,
    entry: &dyn Fn(&Workspace) -> Entry,
) -> rusqlite::Result<Vec<Workspace>> {
    let transaction = db.transaction()?;
    let mut restored = tables::workspaces(&transaction)?;
    for workspace in &mut restored {
        workspace.epoch = epoch();
        tables::set_workspace(&transaction, workspace)?;
        audit::append(&transaction, workspace.id, workspace.revision, &entry(workspace))?;
    }
    transaction.commit()?;
    Ok(restored)
}

fn unread(error: rusqlite::Error) -> StoreError {
    StoreError::failed("restoring a backup", error)
}

/// The error of what is in the folder for the moment, as one of the backup that it came from.
fn of_backup(from: &Path, error: StoreError) -> StoreError {
    let file = from.to_owned();
    match error {
        StoreError::TooNew { found, known, .. } => StoreError::TooNew { file, found, known },
        StoreError::Damaged { what, .. } => StoreError::NoBackup { file, what },
        StoreError::Failed { cause, .. } if is_damage(cause.as_ref()) => {
            StoreError::NoBackup { file, what: cause.to_string() }
        }
        other => other,
    }
}

/// Whether an error tells of what is in a file, not of the disk.
fn is_damage(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = cause.downcast_ref::<rusqlite::Error>();
    error.is_some_and(|error| match error {
        rusqlite::Error::SqliteFailure(error, _) => matches!(
            error.code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::Unknown
        ),
        // Rows that are not of the shape that they should have.
        _ => true,
    })
}
