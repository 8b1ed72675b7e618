//! The folder of a SQLite store: who may open it, what is in it, and what is refused; and failures that are asked for.

use std::fs;
use std::path::Path;

use portcullis_store::memory::Fault;
use portcullis_store::sqlite::FILE;
use portcullis_store::{Edit, MemoryStore, SqliteStore, Store, StoreError};

use crate::formats::{formats, newest, number};
use crate::{ACME, VIEWER, acme, commit, entry, id, loaded, member};

fn data() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a/data");
    (folder, data)
}

#[test]
fn what_was_committed_is_there_when_the_store_is_opened_again() {
    let (_folder, data) = data();
    let store = SqliteStore::create(&data).unwrap();
    acme(&store);
    commit(&store, &[Edit::Put(member(id(21), "bob", VIEWER))]).unwrap();
    let before = loaded(&store, ACME);
    drop(store);
    let store = SqliteStore::open(&data).unwrap();
    assert_eq!(loaded(&store, ACME), before);
    commit(&store, &[]).unwrap();
    assert_eq!(store.audit(ACME, 0, 9).unwrap().len(), 3);
}

#[test]
#[cfg(unix)]
fn the_folder_and_its_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, data) = data();
    let store = SqliteStore::create(&data).unwrap();
    acme(&store);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn one_process_at_a_time_has_the_folder() {
    let (_folder, data) = data();
    let store = SqliteStore::create(&data).unwrap();
    let error = SqliteStore::open(&data).unwrap_err();
    let process = std::process::id();
    assert!(
        matches!(error, StoreError::Locked { process: Some(number), .. } if number == process),
        "{error}"
    );
    assert!(error.to_string().contains("is in use by another process (number"), "{error}");
    drop(store);
    SqliteStore::open(&data).unwrap();
}

#[test]
fn a_folder_is_made_once_and_opened_only_if_it_holds_data() {
    let (_folder, data) = data();
    assert!(matches!(SqliteStore::open(&data), Err(StoreError::Missing(_))));
    drop(SqliteStore::create(&data).unwrap());
    assert!(matches!(SqliteStore::create(&data), Err(StoreError::Exists(_))));
    SqliteStore::open(&data).unwrap();
}

/// Makes a store, changes its file by SQL, and opens it again.
fn after(sql: &str) -> Result<SqliteStore, StoreError> {
    let (folder, data) = data();
    let store = SqliteStore::create(&data).unwrap();
    acme(&store);
    drop(store);
    rusqlite::Connection::open(data.join(FILE)).unwrap().execute_batch(sql).unwrap();
    let opened = SqliteStore::open(&data);
    drop(folder);
    opened
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let (_folder, data) = data();
    let store = SqliteStore::create(&data).unwrap();
    acme(&store);
    let newer = rusqlite::Connection::open(data.join(FILE)).unwrap();
    newer.execute_batch("PRAGMA user_version = 4; CREATE TABLE later (x)").unwrap();
    // As a process leaves it that was killed, with a log that is not yet part of the file; and as one leaves it that ended.
    let killed = data.with_file_name("killed");
    fs::create_dir(&killed).unwrap();
    let log = format!("{FILE}-wal");
    for name in [FILE, &log] {
        fs::copy(data.join(name), killed.join(name)).unwrap();
    }
    drop((newer, store));
    for (folder, files) in [(&data, &[FILE][..]), (&killed, &[FILE, &log])] {
        let read = || files.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect::<Vec<_>>();
        let before = read();
        for _ in 0..2 {
            let error = SqliteStore::open(folder).unwrap_err();
            assert!(matches!(error, StoreError::TooNew { found: 4, known: 3, .. }), "{error}");
            assert!(read() == before, "{} was written to", folder.display());
        }
    }
    assert!(after("SELECT 1").is_ok());
}

#[test]
fn what_is_no_store_or_not_whole_is_refused() {
    for sql in [
        "PRAGMA application_id = 7",
        "UPDATE workspaces SET revision = 2",
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'somebody else'",
    ] {
        let error = after(sql).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{sql}: {error}");
    }
    let (_folder, data) = data();
    fs::create_dir_all(&data).unwrap();
    // A database of another program, which does not say whose it is.
    let other = rusqlite::Connection::open(data.join(FILE)).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = fs::read(data.join(FILE)).unwrap();
    assert!(matches!(SqliteStore::open(&data), Err(StoreError::Damaged { .. })));
    assert!(fs::read(data.join(FILE)).unwrap() == before, "it was written to");
    fs::write(
        data.join(FILE),
        "not a database, and long enough that nobody takes it for an empty one ".repeat(99),
    )
    .unwrap();
    let error = SqliteStore::open(&data).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

/// What commits to a file that somebody took away is acknowledged to nobody.
#[test]
fn a_file_that_was_removed_or_replaced_takes_no_change() {
    let ways: [fn(&Path); 3] = [
        |data| fs::remove_file(data.join(FILE)).unwrap(),
        |data| fs::remove_file(data.join(format!("{FILE}-wal"))).unwrap(),
        |data| {
            let (file, copy) = (data.join(FILE), data.join("copy"));
            fs::copy(&file, &copy).unwrap();
            fs::rename(copy, file).unwrap();
        },
    ];
    for (number, way) in ways.iter().enumerate() {
        let (_folder, data) = data();
        let store = SqliteStore::create(&data).unwrap();
        acme(&store);
        commit(&store, &[]).unwrap();
        way(&data);
        for _ in 0..2 {
            let error = commit(&store, &[]).unwrap_err();
            assert!(matches!(error, StoreError::Closed(_)), "{number}: {error}");
        }
    }
}

#[test]
fn readers_do_not_wait_for_a_change_and_see_it_when_it_is_committed() {
    let (_folder, data) = data();
    let store = SqliteStore::create(&data).unwrap();
    acme(&store);
    let change = store.change(ACME).unwrap();
    assert_eq!(loaded(&store, ACME).0.revision, 1);
    change.commit(&[Edit::Put(member(id(21), "bob", VIEWER))], &entry("add")).unwrap();
    let (workspace, rows) = loaded(&store, ACME);
    assert_eq!((workspace.revision, rows.len()), (2, 4));
}

#[test]
fn a_store_in_memory_fails_when_it_is_told_to() {
    let store = MemoryStore::new();
    acme(&store);
    store.fail(Fault::Reading);
    assert!(store.workspaces().is_err() && store.workspaces().is_ok());
    store.fail(Fault::Beginning);
    assert!(store.change(ACME).is_err() && store.change(ACME).is_ok());
    for (fault, revision) in [(Fault::Committing, 1), (Fault::CommittedUnseen, 2)] {
        store.fail(fault);
        assert!(matches!(commit(&store, &[]), Err(StoreError::Closed(_))));
        assert!(matches!(commit(&store, &[]), Err(StoreError::Closed(_))));
        store.reopen();
        assert_eq!(store.load(ACME, &mut |_| {}).unwrap().revision, revision, "{fault:?}");
    }
}

/// For who has something to write down and no reason to bring a folder to another format.
#[test]
fn a_folder_is_opened_as_it_is_or_not_at_all() {
    let (_folder, data) = data();
    assert!(matches!(SqliteStore::open_as_it_is(&data), Err(StoreError::Missing(_))));
    let store = SqliteStore::create(&data).unwrap();
    acme(&store);
    assert!(matches!(SqliteStore::open_as_it_is(&data), Err(StoreError::Locked { .. })));
    drop(store);
    let store = SqliteStore::open_as_it_is(&data).unwrap().unwrap();
    store.note(portcullis_store::Id::NIL, &entry("local.backup")).unwrap();
    drop(store);
    let file = data.join(FILE);
    for format in 1..newest() {
        fs::copy(formats().join(format!("{format:03}")).join(FILE), &file).unwrap();
        let before = fs::read(&file).unwrap();
        assert!(SqliteStore::open_as_it_is(&data).unwrap().is_none());
        assert!(fs::read(&file).unwrap() == before, "format {format} was changed");
        // And somebody else may have it.
        drop(SqliteStore::open(&data).unwrap());
        assert_eq!(number(&file, "user_version"), newest());
    }
}
