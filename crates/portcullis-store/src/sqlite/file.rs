//! The file of a store and its folder: how they are made, recognized, locked, opened and brought to the newest format.
//!
//! Nothing here writes to a file before it is known to be ours and of a format that is known.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{Result, StoreError};

/// The name of the file in its folder.
pub const FILE: &str = "portcullis.db";
const LOCK: &str = "portcullis.lock";

/// What SQLite adds to the name of the file for its log.
pub(super) const LOG: &str = "-wal";

/// What tells a file of ours from another program's.
const APPLICATION: i64 = 0x706f_7274;

/// One step for each format that there ever was, from the one before.
pub(super) const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
];

/// Opens the file, and leaves it as it is.
pub(super) fn opened(file: &Path) -> rusqlite::Result<Connection> {
    // Its whole path: SQLite gives one that begins with `file:` a meaning of its own, and who is elsewhere later means the same file.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Opens the file as everything here wants it.
pub(super) fn connection(file: &Path) -> Result<Connection> {
    let prepared = (|| {
        let db = opened(file)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // Names and texts are what strangers wrote: nothing in the file is to be run.
        db.pragma_update(None, "trusted_schema", false)?;
        // What was erased, of a person who left, is not to be found in the free space of the file.
        db.pragma_update(None, "secure_delete", true)?;
        // What is needed to take back a single statement, which otherwise goes to a file of its own.
        db.pragma_update(None, "temp_store", "memory")?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    })();
    prepared.map_err(|error| unopened(file, error))
}

/// Why a file could not be opened.
pub(super) fn unopened(file: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Damaged { file: file.to_owned(), what: error.to_string() }
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            let doing = format!(
                "opening {}, to which, and to its folder, this process must be able to write",
                file.display()
            );
            StoreError::failed(doing, error)
        }
        _ => StoreError::failed(format!("opening {}", file.display()), error),
    }
}

/// The format of a file, 0 of one that was just made, before anything is written to it: what is another program's, or a newer version's, stays as it
/// is.
pub(super) fn recognized(file: &Path) -> Result<i64> {
    let looked = (|| {
        let db = opened(file)?;
        is_writable(&db)?;
        // Whoever closes a file last otherwise moves its log into it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok((
            number("PRAGMA application_id")?,
            number("PRAGMA user_version")?,
            number("SELECT count(*) FROM sqlite_schema")?,
        ))
    })();
    let (application, format, tables) = looked.map_err(|error| unopened(file, error))?;
    if application != APPLICATION && (application, format, tables) != (0, 0, 0) {
        let what = "it is another program's".to_owned();
        return Err(StoreError::Damaged { file: file.to_owned(), what });
    }
    let known = MIGRATIONS.len() as i64;
    if format > known {
        return Err(StoreError::TooNew { file: file.to_owned(), found: format, known });
    }
    Ok(format)
}

/// Brings a file from its format to the newest.
pub(super) fn migrate(db: &mut Connection, format: i64, file: &Path) -> Result<()> {
    let failed =
        |error| StoreError::failed(format!("bringing {} to the newest format", file.display()), error);
    for (step, sql) in (1..).zip(MIGRATIONS).skip(usize::try_from(format).unwrap_or(0)) {
        let transaction = db.transaction().map_err(failed)?;
        transaction.execute_batch(sql).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        transaction.pragma_update(None, "user_version", step).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// What tells the file, and its log, from others of the same name.
pub(super) fn identities(file: &Path) -> [Option<(u64, u64)>; 2] {
    [file, &beside(file, LOG)].map(|path| {
        let found = fs::metadata(path).ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            Some((found.dev(), found.ino()))
        }
        #[cfg(not(unix))]
        {
            let _ = found;
            Some((0, 0))
        }
    })
}

/// Makes a folder that is its owner's alone.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let new: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let failed = |error| StoreError::failed(format!("making {}", folder.display()), error);
    builder.create(folder).map_err(failed)?;
    new.into_iter().filter_map(Path::parent).try_for_each(sync_folder).map_err(failed)
}

/// Options to make a file that is its owner's alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the file empty, before SQLite sees it: what SQLite puts beside it then has the same rights.
pub(super) fn make_file(file: &Path) -> Result<()> {
    let made = private().create_new(true).open(file);
    made.map(drop).map_err(|error| StoreError::failed(format!("making {}", file.display()), error))
}

/// Takes the folder for this process.
pub(super) fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let failed = |error| StoreError::failed(format!("locking {}", path.display()), error);
    let mut file = private().create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = Read::by_ref(&mut file).take(20).read_to_string(&mut text);
            let process = read.ok().and_then(|_| text.trim().parse().ok());
            return Err(StoreError::Locked { folder: folder.to_owned(), process });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // For the message of whoever comes next. The lock is what counts: it is there on a full disk too.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

/// Reads a file from front to back, so that the system has it at hand: rows that were added one by one lie all over it, and a disk that
/// is asked for one page after another takes many times as long. Not while the file is open: closing it again would give up the
/// locks that SQLite holds on it.
pub(super) fn read_ahead(file: &Path) {
    // More might push out what others have at hand, and this too.
    const MOST: u64 = 1 << 30;
    let Ok(file) = File::open(file) else { return };
    let (mut file, mut buffer) = (file.take(MOST), vec![0; 1 << 20]);
    // It is for speed alone: what cannot be read is told by who needs it.
    while file.read(&mut buffer).is_ok_and(|read| read > 0) {}
}

/// Whether there is a file, or anything, of a name; who may not look is not told that there is none.
pub(super) fn is_there(path: &Path) -> Result<bool> {
    let looked = fs::symlink_metadata(path);
    match looked {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(StoreError::failed(format!("looking for {}", path.display()), error)),
    }
}

/// Fails where SQLite opened a file for reading alone, as it does unasked when that is all it may.
fn is_writable(db: &Connection) -> rusqlite::Result<()> {
    if db.is_readonly("main")? {
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(error, Some("it can only be read".to_owned())));
    }
    Ok(())
}

/// A file in the same folder whose name is longer.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Waits until the disk has the names of the files of a folder.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // A path of one name lies in the folder in which the process is.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    #[cfg(unix)]
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems know no such thing; and who may make a file in a folder may be forbidden to list it.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::PermissionDenied) => Ok(()),
        done => done,
    }
    #[cfg(not(unix))]
    Ok(())
}

/// A file that is being written under a name of its own: it is removed, with what SQLite put beside it, unless it is kept under its real name.
pub(super) struct Unfinished {
    path: PathBuf,
    kept: bool,
}

impl Unfinished {
    /// Makes it, empty and its owner's alone; there must be none.
    pub(super) fn new(path: PathBuf) -> Result<Unfinished> {
        if is_there(&path)? {
            let doing = format!("making {}", path.display());
            return Err(StoreError::failed(
                doing,
                "it is there already: it is being written, or was broken off and is to be removed",
            ));
        }
        make_file(&path)?;
        Ok(Unfinished { path, kept: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its real name, once the disk has all of it. Under that name it is there whole or not at all.
    pub(super) fn keep(mut self, name: &Path) -> Result<()> {
        let failed = |error| StoreError::failed(format!("writing {}", name.display()), error);
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(failed)?;
        if is_there(name)? {
            return Err(StoreError::Exists(name.to_owned()));
        }
        fs::rename(&self.path, name).map_err(failed)?;
        if let Err(error) = name.parent().map_or(Ok(()), sync_folder) {
            // Nobody was told that it is there.
            let _ = fs::remove_file(name);
            return Err(failed(error));
        }
        self.kept = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// Removes a file that was never finished, and what SQLite put beside it. What cannot be removed stands in the way of the next one, which says so.
pub(super) fn remove(unfinished: &Path) {
    for end in ["", "-journal", LOG, "-shm"] {
        let _ = fs::remove_file(beside(unfinished, end));
    }
}
