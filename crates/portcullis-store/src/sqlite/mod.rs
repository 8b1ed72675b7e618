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
mod backup;
mod change;
mod file;
mod realm;
mod restore;
mod tables;
mod verify;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, ErrorCode};

pub use self::file::FILE;
use crate::audit::{AuditEntry, Entry, Head};
use crate::rows::{Key, Millis, RoleVersion, Row, Workspace};
use crate::{Change, Id, RealmEdit, Result, Store, StoreError};

/// Why nothing is written any more to a file that is not there.
const GONE: &str = "the file was removed or replaced while it was open";

/// How many KiB of pages the writer keeps at most: a large change is faster when none of its pages is written twice.
const WRITER_CACHE: i64 = 64 << 10;

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
        file::make_folder(folder)?;
        let lock = file::lock(folder)?;
        let file = folder.join(FILE);
        if file::is_there(&file)? {
            return Err(StoreError::Exists(folder.to_owned()));
        }
        file::make_file(&file)?;
        SqliteStore::connect(folder, file, lock)
    }

    /// Opens the store of a folder, brings it to the newest format and looks whether it is whole.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Locked`], [`StoreError::TooNew`], [`StoreError::Damaged`]; errors of the disk.
    pub fn open(folder: impl AsRef<Path>) -> Result<SqliteStore> {
        let folder = folder.as_ref();
        let file = folder.join(FILE);
        if !file::is_there(&file)? {
            return Err(StoreError::Missing(folder.to_owned()));
        }
        let lock = file::lock(folder)?;
        SqliteStore::connect(folder, file, lock)
    }

    /// As [`open`](Self::open), for who has something to write down and no reason to bring a folder to another format: nothing of one of an earlier
    /// format, which is left as it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_as_it_is(folder: impl AsRef<Path>) -> Result<Option<SqliteStore>> {
        let folder = folder.as_ref();
        let file = folder.join(FILE);
        if !file::is_there(&file)? {
            return Err(StoreError::Missing(folder.to_owned()));
        }
        let lock = file::lock(folder)?;
        if file::recognized(&file)? != file::MIGRATIONS.len() as i64 {
            return Ok(None);
        }
        SqliteStore::connect(folder, file, lock).map(Some)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes everything, with the whole history, into one new file that is its owner's alone. Changes go on meanwhile; what is written is as
    /// of one moment. The file has its name when it is whole and on disk, and not before.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is a file of that name; errors of the disk.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<()> {
        if !self.is_still_there() {
            return Err(self.close(GONE));
        }
        backup::write(&self.file, to.as_ref())
    }

    /// As [`backup`](Self::backup), of a folder that need not be open, and that another process may have open. A folder of an earlier
    /// format is written as it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Exists`], [`StoreError::TooNew`], [`StoreError::Damaged`]; errors of the disk.
    pub fn backup_of(folder: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        let file = folder.as_ref().join(FILE);
        if !file::is_there(&file)? {
            return Err(StoreError::Missing(folder.as_ref().to_owned()));
        }
        if file::recognized(&file)? == 0 {
            return Err(StoreError::Missing(folder.as_ref().to_owned()));
        }
        backup::write(&file, to.as_ref())
    }

    /// Puts what a backup holds into a folder without data, brought to the newest format. The backup is only read, and looked at whole before
    /// any of it is there. Each workspace gets a new epoch, so that no revision of it is taken for one that was lost, and an audit entry;
    /// the entry is made for the workspace as it is restored. If anything fails, the folder holds no data.
    ///
    /// # Errors
    /// [`StoreError::NoBackup`] when the file is none, or not whole; [`StoreError::TooNew`]; [`StoreError::Exists`] when there are data in
    /// the folder; [`StoreError::Locked`]; errors of the disk.
    pub fn restore(
        from: impl AsRef<Path>,
        folder: impl AsRef<Path>,
        epoch: &mut dyn FnMut() -> u64,
        entry: &dyn Fn(&Workspace) -> Entry,
    ) -> Result<Vec<Workspace>> {
        restore::restore(from.as_ref(), folder.as_ref(), epoch, entry)
    }

    /// Looks at every page of the file, every reference and every entry of every audit trail; where each trail ends, the operator's first.
    /// Changes go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first thing that is wrong; errors of the disk.
    pub fn verify(&self) -> Result<Vec<(Id, Head)>> {
        let found = self.read("looking whether the data are whole", verify::whole)?;
        found.map_err(|what| StoreError::Damaged { file: self.file.clone(), what })
    }

    fn connect(folder: &Path, file: PathBuf, lock: File) -> Result<SqliteStore> {
        let format = file::recognized(&file)?;
        file::read_ahead(&file);
        let mut writer = file::connection(&file)?;
        let kept = writer.pragma_update(None, "cache_size", -WRITER_CACHE);
        kept.map_err(|error| file::unopened(&file, error))?;
        file::migrate(&mut writer, format, &file)?;
        // The first transaction makes the log beside the file, if it is not there.
        let begun = writer.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
        begun.map_err(|error| file::unopened(&file, error))?;
        let named = file::sync_folder(folder);
        named.map_err(|error| StoreError::failed(format!("opening {}", file.display()), error))?;
        let store = SqliteStore {
            folder: folder.to_owned(),
            identities: file::identities(&file),
            file,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            closed: Mutex::default(),
            _lock: lock,
        };
        store.verify_ends()?;
        Ok(store)
    }

    /// Looks whether every trail ends where its workspace does: what opening looks at, for who has the store open already.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first thing that is wrong; errors of the disk.
    pub fn verify_ends(&self) -> Result<()> {
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
            None => file::connection(&self.file)?,
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
        file::identities(&self.file) == self.identities
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
