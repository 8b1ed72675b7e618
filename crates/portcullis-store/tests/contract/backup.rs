//! Backups: what is in one, and that nothing else is restored.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_store::sqlite::FILE;
use portcullis_store::{Edit, Entry, Id, Object, Result, Row, SqliteStore, Store, StoreError, Workspace};
use sha2::{Digest as _, Sha256};

use crate::formats::{everything, formats, history, newest, number};
use crate::{ACME, VIEWER, acme, commit, entry, id, loaded, member};

/// A folder in which a store and its backups are.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A store with everything in it.
    fn store(&self) -> SqliteStore {
        let store = SqliteStore::create(self.at("data")).unwrap();
        history(&store, newest());
        store
    }

    /// A backup of such a store.
    fn backup(&self) -> Vec<u8> {
        self.store().backup(self.at("backup")).unwrap();
        fs::read(self.at("backup")).unwrap()
    }

    /// What comes of restoring a backup of these bytes, which is only read. If it fails there are no data.
    fn restored(&self, backup: &[u8]) -> Result<SqliteStore> {
        let (from, data) = (self.at("given"), self.at("restored"));
        fs::write(&from, backup).unwrap();
        let restored = restore(&from, &data);
        assert!(fs::read(&from).unwrap() == backup, "the backup was written to");
        if let Err(error) = restored {
            assert_eq!(names(&data), ["portcullis.lock"], "{error}");
            assert!(matches!(SqliteStore::open(&data), Err(StoreError::Missing(_))));
            return Err(error);
        }
        SqliteStore::open(data)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn told(workspace: &Workspace) -> Entry {
    Entry { payload: Some(format!("{{\"epoch\":{}}}", workspace.epoch)), ..entry("store.restore") }
}

fn restore(from: &Path, folder: &Path) -> Result<Vec<Workspace>> {
    let mut epoch = 100;
    let mut next = || {
        epoch += 1;
        epoch
    };
    SqliteStore::restore(from, folder, &mut next, &told)
}

/// A file that ends as a backup does, whatever comes before.
fn sealed(database: &[u8]) -> Vec<u8> {
    let digits: String = Sha256::digest(database).iter().map(|byte| format!("{byte:02x}")).collect();
    [database, format!("\nportcullis backup 1 sha256 {digits}\n").as_bytes()].concat()
}

/// The database of a backup.
fn opened(backup: &[u8]) -> &[u8] {
    &backup[..backup.len() - 93]
}

#[test]
fn a_store_that_is_restored_is_what_it_was() {
    let place = Place::new();
    let store = place.store();
    store.backup(place.at("backup")).unwrap();
    assert_eq!(names(place.0.path()), ["backup", "data"]);
    let backup = fs::read(place.at("backup")).unwrap();
    assert!(sealed(opened(&backup)) == backup);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.at("backup")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // With the epochs that they had, the workspaces are the same but for the entry that tells of it.
    let mut epochs = store.workspaces().unwrap().into_iter().map(|workspace| workspace.epoch);
    let mut epoch = || epochs.next().unwrap();
    let restored = SqliteStore::restore(place.at("backup"), place.at("new"), &mut epoch, &told).unwrap();
    assert_eq!(restored, store.workspaces().unwrap());
    for workspace in &restored {
        store.note(workspace.id, &told(workspace)).unwrap();
    }
    let new = SqliteStore::open(place.at("new")).unwrap();
    assert_eq!(everything(&new), everything(&store));
    commit(&new, &[]).unwrap();

    // Each has an epoch of its own, and its entry tells of the workspace as it is now.
    let other = place.restored(&backup).unwrap();
    let epochs: Vec<u64> = other.workspaces().unwrap().iter().map(|workspace| workspace.epoch).collect();
    assert_eq!(epochs, [101, 102, 103]);
    for workspace in other.workspaces().unwrap() {
        let trail = other.audit(workspace.id, 0, usize::MAX).unwrap();
        assert_eq!(trail.last().unwrap().entry, told(&workspace));
        assert_eq!(trail.last().unwrap().revision, workspace.revision);
    }
    assert_eq!(names(&place.at("restored"))[0], FILE);
}

#[test]
fn a_backup_during_changes_is_of_one_revision() {
    let place = Place::new();
    let store = SqliteStore::create(place.at("data")).unwrap();
    acme(&store);
    // Each change puts in a row and writes over another, with a text that grows and shrinks.
    let rows = |revision: u64| {
        let row = |id: &str, properties| {
            let (kind, id) = ("sync".to_owned(), id.to_owned());
            Row::Object(Object { kind, id, version: revision, properties: Some(properties) })
        };
        let text = "x".repeat((revision * 997 % 9_000) as usize);
        [row(&revision.to_string(), String::new()), row("last", text)]
    };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut revision = 1;
            while !over.load(Ordering::Relaxed) {
                revision += 1;
                commit(&store, &rows(revision).map(Edit::Put)).unwrap();
            }
        });
        let mut seen = Vec::new();
        for number in 0..8 {
            let before = store.workspaces().unwrap()[0].revision;
            let (to, folder) = (place.at(&format!("{number}")), place.at(&format!("restored {number}")));
            // By whoever has it open, and by another who has not.
            match number % 2 {
                0 => store.backup(&to).unwrap(),
                _ => SqliteStore::backup_of(place.at("data"), &to).unwrap(),
            }
            let after = store.workspaces().unwrap()[0].revision;
            restore(&to, &folder).unwrap();
            let restored = SqliteStore::open(&folder).unwrap();
            let (workspace, mut found) = loaded(&restored, ACME);
            let revision = workspace.revision;
            assert!((before..=after).contains(&revision), "{before} to {after}, found {revision}");
            found.retain(|row| matches!(row, Row::Object(_)));
            let mut expected: Vec<Row> =
                (2..=revision).flat_map(|one| rows(one).into_iter().take(1)).collect();
            expected.extend(rows(revision).into_iter().skip(1).filter(|_| revision > 1));
            expected.sort_by_key(Row::key);
            assert!(found == expected, "revision {revision}");
            let heads = restored.verify().unwrap();
            assert_eq!((heads.len(), heads[0].1.number), (1, revision + 1), "each change, and the restoring");
            seen.push(revision);
        }
        over.store(true, Ordering::Relaxed);
        assert!(seen[0] < seen[7], "nothing was changed meanwhile");
    });
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new();
    let store = place.store();
    fs::write(place.at("backup"), "mine").unwrap();
    assert!(matches!(store.backup(place.at("backup")), Err(StoreError::Exists(_))));
    assert_eq!(fs::read(place.at("backup")).unwrap(), b"mine");
    // What another writes, or did not finish, is left to them.
    fs::write(place.at("second.part"), "theirs").unwrap();
    let error = store.backup(place.at("second")).unwrap_err().to_string();
    assert!(error.contains("second.part: it is there already: it is being written, or"), "{error}");
    assert_eq!(fs::read(place.at("second.part")).unwrap(), b"theirs");
    assert!(store.backup(place.at("no/such/folder")).is_err());

    store.backup(place.at("third")).unwrap();
    let before = everything(&store);
    let restoring = || restore(&place.at("third"), &place.at("data"));
    assert!(matches!(restoring(), Err(StoreError::Locked { .. })));
    drop(store);
    assert!(matches!(restoring(), Err(StoreError::Exists(_))));
    assert_eq!(everything(&SqliteStore::open(place.at("data")).unwrap()), before);
    // Nor is what is left of data that were removed by halves.
    fs::create_dir(place.at("rest")).unwrap();
    fs::write(place.at("rest").join(format!("{FILE}-wal")), "left").unwrap();
    assert!(matches!(restore(&place.at("third"), &place.at("rest")), Err(StoreError::Exists(_))));
    assert!(matches!(
        SqliteStore::backup_of(place.at("third"), place.at("fourth")),
        Err(StoreError::Missing(_))
    ));
    assert!(!place.at("fourth").exists() && !place.at("fourth.part").exists());
    // What a restore left that was killed stands in nobody's way.
    fs::create_dir(place.at("killed")).unwrap();
    fs::write(place.at("killed").join("portcullis.restoring"), "half").unwrap();
    restore(&place.at("third"), &place.at("killed")).unwrap();
    assert_eq!(names(&place.at("killed")), [FILE, "portcullis.lock"]);
}

#[test]
fn a_backup_that_is_not_whole_is_refused() {
    let place = Place::new();
    let backup = place.backup();
    let refused = |bytes: &[u8], what: &str| {
        let error = place.restored(bytes).unwrap_err();
        let given = matches!(&error, StoreError::NoBackup { file, .. } if *file == place.at("given"));
        assert!(given, "{what}: {error}");
        assert!(error.to_string().contains("is not a whole backup: it "), "{error}");
    };
    let length = backup.len();
    for cut in [0, 1, 92, 93, 94, 4096, length / 2, length - 4096, length - 93, length - 92, length - 1] {
        refused(&backup[..cut], &format!("the first {cut} bytes"));
    }
    for at in (0..length - 93).step_by(1_009).chain(length - 93..length) {
        let mut flipped = backup.clone();
        flipped[at] ^= 1 << (at % 8);
        refused(&flipped, &format!("a bit of byte {at}"));
    }
    refused(&[&backup[..], b"\n"].concat(), "a line more");
    refused(&fs::read(place.at("data").join(FILE)).unwrap(), "the file of a store");
    refused(&b"not a database, and longer than the line that a backup ends with ".repeat(9), "a text");
    assert!(matches!(restore(&place.at("nothing"), &place.at("restored")), Err(StoreError::Failed { .. })));
    place.restored(&backup).unwrap();
}

/// The line at the end is right, and what comes before was never written by a store.
#[test]
fn a_backup_of_what_is_not_whole_is_refused() {
    let place = Place::new();
    let backup = place.backup();
    let database = place.at("database");
    let after = |sql: &str| {
        fs::write(&database, opened(&backup)).unwrap();
        rusqlite::Connection::open(&database).unwrap().execute_batch(sql).unwrap();
        place.restored(&sealed(&fs::read(&database).unwrap()))
    };
    for (sql, says) in [
        ("UPDATE audit SET actor = 'x' WHERE number = 1 AND revision > 0", ": entry 1 was changed, or"),
        ("UPDATE audit SET actor = 'x' WHERE number = 1 AND revision = 0", "of the operator: entry 1 was"),
        ("UPDATE audit SET payload = '{}' WHERE number = 3", "the payload of entry 3 was changed"),
        ("DELETE FROM audit WHERE number = 2 AND revision > 0", ": entry 2 is missing"),
        ("DELETE FROM audit WHERE number = 1 AND revision > 0", ": entry 1 is missing"),
        ("UPDATE workspaces SET revision = revision + 1", "does not end with its last change"),
        ("PRAGMA foreign_keys = off; DELETE FROM roles", "refers to one of roles that is not there"),
        ("PRAGMA application_id = 7", "it is another program's"),
        ("DROP TABLE rules", "its tables are not those of its format"),
        ("CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM rules; END", "its tables are not"),
    ] {
        let error = after(sql).unwrap_err();
        assert!(matches!(error, StoreError::NoBackup { .. }), "{sql}: {error}");
        assert!(error.to_string().contains(says), "{sql}: {error}");
    }
    let error = after("PRAGMA user_version = 9").unwrap_err();
    let newer = matches!(&error, StoreError::TooNew { file, found: 9, .. } if *file == place.at("given"));
    assert!(newer, "{error}");
    // A page that is not what it was, and pages that are missing.
    let mut torn = opened(&backup).to_vec();
    torn[8 * 4096..9 * 4096].fill(0);
    for bytes in [&torn, &opened(&backup)[..opened(&backup).len() - 4096], &[]] {
        let error = place.restored(&sealed(bytes)).unwrap_err();
        assert!(matches!(error, StoreError::NoBackup { .. }), "{error}");
    }
    after("SELECT 1").unwrap();
}

#[test]
fn a_backup_of_an_earlier_format_is_brought_to_the_newest() {
    let place = Place::new();
    fs::create_dir(place.at("old")).unwrap();
    fs::copy(formats().join("001").join(FILE), place.at("old").join(FILE)).unwrap();
    SqliteStore::backup_of(place.at("old"), place.at("backup")).unwrap();
    assert_eq!(number(&place.at("old").join(FILE), "user_version"), 1, "it is left as it is");
    let backup = fs::read(place.at("backup")).unwrap();
    fs::write(place.at("database"), opened(&backup)).unwrap();
    assert_eq!(number(&place.at("database"), "user_version"), 1, "as is the way back to an earlier version");
    let restored = place.restored(&backup).unwrap();
    assert_eq!(number(&place.at("restored").join(FILE), "user_version"), newest());
    assert_eq!(restored.workspaces().unwrap().len(), 3);
    commit(&restored, &[]).unwrap();
}

#[test]
fn a_store_is_looked_at_whole() {
    let place = Place::new();
    let store = place.store();
    let heads = store.verify().unwrap();
    let ends: Vec<(Id, u64)> = heads.iter().map(|(workspace, head)| (*workspace, head.number)).collect();
    assert_eq!(ends, [(Id::NIL, 3), (ACME, 7), (id(2), 1), (id(3), 3)]);
    for (workspace, head) in heads {
        assert_eq!(store.audit(workspace, 0, usize::MAX).unwrap().last().unwrap().head(), head);
    }
    commit(&store, &[Edit::Put(member(id(21), "bob", VIEWER))]).unwrap();
    store.verify().unwrap();
    // The end of the trail, which is looked at when the store is opened, is right.
    let db = rusqlite::Connection::open(place.at("data").join(FILE)).unwrap();
    db.execute_batch("UPDATE audit SET operation = 'nothing' WHERE number = 1 AND revision > 0").unwrap();
    let error = store.verify().unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("entry 1 was changed"), "{error}");
}
