//! A store in one SQLite file of a folder.
//!
//! The folder is for its owner alone (0700, files 0600) and for one process at a time, which holds a lock on `portcullis.lock`. The
//! file is in WAL mode with `synchronous = FULL`: a commit returns when the disk has it. One connection writes; readers have
//! connections of their own and see the last commit, whatever is being written.
//!
//! After an error on the way to the disk it is not sure what the disk has, and some systems report such an error once and then forget what
//! was not written. So the store takes no change any more. Opened anew, SQLite goes back to the last whole commit, and the end of every audit trail
//! is held against its workspace.

mod audit;
mod change;
mod realm;
mod tables;

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::audit::{AuditEntry, Entry};
use crate::rows::{Key, Millis, RoleVersion, Row, Workspace};
use crate::{Change, Id, RealmEdit, Result, Store, StoreError};

/// The name of the file in its folder.
pub const FILE: &str = "portcullis.db";
const LOCK: &str = "portcullis.lock";

/// What tells a file of ours from another program's.
const APPLICATION: i64 = 0x706f_7274;

/// One step for each format that there ever was, from the one before.
const MIGRATIONS: [&str; 2] = [include_str!("migrations/001.sql"), include_str!("migrations/002.sql")];

/// How many connections for reading are kept open.
const READERS: usize = 4;

/// Workspaces in a SQLite file.
pub struct SqliteStore {
    folder: PathBuf,
    file: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    /// Which files those are that were opened.
    identities: [Option<(u64, u64)>; 2],
    /// Why no change is taken any more.
    closed: Mutex<Option<String>>,
    /// Held for as long as the store is open.
    _lock: File,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Makes a store in a folder, which is made too if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there are data; [`StoreError::Locked`]; errors of the disk.
    pub fn create(folder: impl AsRef<Path>) -> Result<SqliteStore> {
        let folder = folder.as_ref();
        make_folder(folder)?;
        let lock = lock(folder)?;
        let file = folder.join(FILE);
        if file.exists() {
            return Err(StoreError::Exists(folder.to_owned()));
        }
        make_file(&file)?;
        SqliteStore::connect(folder, file, lock)
    }

    /// Opens the store of a folder, brings it to the newest format and looks whether it is whole.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Locked`], [`StoreError::TooNew`], [`StoreError::Damaged`]; errors of the disk.
    pub fn open(folder: impl AsRef<Path>) -> Result<SqliteStore> {
        let folder = folder.as_ref();
        let file = folder.join(FILE);
        if !file.exists() {
            return Err(StoreError::Missing(folder.to_owned()));
        }
        let lock = lock(folder)?;
        SqliteStore::connect(folder, file, lock)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn connect(folder: &Path, file: PathBuf, lock: File) -> Result<SqliteStore> {
        let format = recognized(&file)?;
        let mut writer = connection(&file)?;
        migrate(&mut writer, format, &file)?;
        // The first transaction makes the log beside the file, if it is not there.
        let begun = writer.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
        begun.map_err(|error| StoreError::failed(format!("opening {}", file.display()), error))?;
        let store = SqliteStore {
            folder: folder.to_owned(),
            identities: identities(&file),
            file,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            closed: Mutex::default(),
            _lock: lock,
        };
        store.verify_ends()?;
        Ok(store)
    }

    /// Looks whether every trail ends where its workspace does.
    fn verify_ends(&self) -> Result<()> {
        self.read("looking whether the data are whole", |db| {
            for workspace in tables::workspaces(db)? {
                let last = audit::last(db, workspace.id)?;
                let whole = last.as_ref().is_some_and(|last| {
                    last.revision == workspace.revision && last.computed(workspace.id) == last.hash
                });
                if !whole {
                    let name = workspace.name;
                    return Ok(Err(format!(
                        "the audit trail of workspace {name:?} does not end with its last change"
                    )));
                }
            }
            // The operator's own trail has no revisions to end with.
            match audit::last(db, Id::NIL)? {
                Some(last) if last.computed(Id::NIL) != last.hash => {
                    Ok(Err("the last entry of the operator's audit trail was changed".to_owned()))
                }
                _ => Ok(Ok(())),
            }
        })?
        .map_err(|what| StoreError::Damaged { file: self.file.clone(), what })
    }

    /// Reads as of the last commit.
    fn read<T>(&self, doing: &str, reading: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let kept = self.pool().pop();
        let mut db = match kept {
            Some(db) => db,
            None => connection(&self.file)?,
        };
        // One transaction, so that all tables are of one revision.
        let found = (|| {
            let transaction = db.transaction()?;
            let found = reading(&transaction)?;
            transaction.commit()?;
            Ok(found)
        })();
        let found = found.map_err(|error| self.trouble(doing, error))?;
        let mut pool = self.pool();
        if pool.len() < READERS {
            pool.push(db);
        }
        Ok(found)
    }

    fn pool(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that writes, and nobody else has meanwhile.
    fn writer(&self) -> Result<MutexGuard<'_, Connection>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match &*self.closed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(StoreError::Closed(why.clone())),
            None => Ok(writer),
        }
    }

    /// Takes no change from now on.
    fn close(&self, why: &str) -> StoreError {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        StoreError::Closed(closed.get_or_insert_with(|| why.to_owned()).clone())
    }

    /// What an error of SQLite means here.
    fn trouble(&self, doing: &str, error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                let what = format!("{doing}: {error}");
                self.close(&what);
                StoreError::Damaged { file: self.file.clone(), what }
            }
            Some(ErrorCode::SystemIoFailure) => self.close(&format!("{doing}: {error}")),
            _ => StoreError::failed(doing, error),
        }
    }

    /// Whether the files are still those that were opened: who writes to a file that somebody removed writes to nowhere.
    fn is_still_there(&self) -> bool {
        identities(&self.file) == self.identities
    }
}

impl Store for SqliteStore {
    fn workspaces(&self) -> Result<Vec<Workspace>> {
        self.read("listing workspaces", tables::workspaces)
    }

    fn create(
        &self,
        workspace: &Workspace,
        rows: &[Row],
        entry: &Entry,
        realm: &[RealmEdit],
    ) -> Result<Workspace> {
        let writer = self.writer()?;
        change::create(self, &writer, workspace, rows, entry, realm)
    }

    fn realm(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.read("reading the operator's realm", realm::all)
    }

    fn change_realm(&self, edits: &[RealmEdit], entry: &Entry) -> Result<()> {
        let writer = self.writer()?;
        realm::change(self, &writer, edits, entry)
    }

    fn load(&self, workspace: Id, each: &mut dyn FnMut(Row)) -> Result<Workspace> {
        let found = self.read("reading a workspace", |db| {
            let found = tables::one_workspace(db, workspace)?;
            if found.is_some() {
                tables::load(db, workspace, each)?;
            }
            Ok(found)
        })?;
        found.ok_or(StoreError::NoWorkspace(workspace))
    }

    fn row(&self, workspace: Id, key: &Key) -> Result<Option<Row>> {
        self.read(&format!("reading a {}", key.what()), |db| tables::get(db, workspace, key))
    }

    fn role_versions(&self, workspace: Id, role: Id) -> Result<Vec<RoleVersion>> {
        self.read("reading the versions of a role", |db| tables::role_versions(db, workspace, role))
    }

    fn audit(&self, workspace: Id, after: u64, most: usize) -> Result<Vec<AuditEntry>> {
        self.read("reading the audit trail", |db| audit::after(db, workspace, after, most))
    }

    fn change(&self, workspace: Id) -> Result<Box<dyn Change + '_>> {
        let writer = self.writer()?;
        Ok(Box::new(change::Open::begin(self, writer, workspace)?))
    }

    fn note(&self, workspace: Id, entry: &Entry) -> Result<AuditEntry> {
        let writer = self.writer()?;
        change::note(self, &writer, workspace, entry)
    }

    fn note_used(&self, workspace: Id, uses: &[(Id, Millis)]) -> Result<()> {
        let writer = self.writer()?;
        change::note_used(self, &writer, workspace, uses)
    }

    fn erase_payload(&self, workspace: Id, number: u64) -> Result<bool> {
        let writer = self.writer()?;
        change::erase_payload(self, &writer, workspace, number)
    }
}

/// Opens the file, and leaves it as it is.
fn opened(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Opens the file as everything here wants it.
fn connection(file: &Path) -> Result<Connection> {
    let prepared = (|| {
        let db = opened(file)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "foreign_keys", true)?;
        // Names and texts are what strangers wrote: nothing in the file is to be run.
        db.pragma_update(None, "trusted_schema", false)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    })();
    prepared.map_err(|error| unopened(file, error))
}

/// Why a file could not be opened.
fn unopened(file: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Damaged { file: file.to_owned(), what: error.to_string() }
        }
        _ => StoreError::failed(format!("opening {}", file.display()), error),
    }
}

/// The format of a file, 0 of one that was just made, before anything is written to it: what is another program's, or a newer version's, stays as it
/// is.
fn recognized(file: &Path) -> Result<i64> {
    let looked = (|| {
        let db = opened(file)?;
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
fn migrate(db: &mut Connection, format: i64, file: &Path) -> Result<()> {
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
fn identities(file: &Path) -> [Option<(u64, u64)>; 2] {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    [file, Path::new(&log)].map(|path| {
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
fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| StoreError::failed(format!("making {}", folder.display()), error))
}

/// Options to make a file that is its owner's alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the file empty, before SQLite sees it: what SQLite puts beside it then has the same rights.
fn make_file(file: &Path) -> Result<()> {
    let made = private().create_new(true).open(file);
    made.map(drop).map_err(|error| StoreError::failed(format!("making {}", file.display()), error))
}

/// Takes the folder for this process.
fn lock(folder: &Path) -> Result<File> {
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
    // For the message of whoever comes next; the lock is what counts.
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}
