//! A disk that is full, a limit to the size of files, and folders and files that cannot be written to.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_store::sqlite::FILE;
use portcullis_store::{SqliteStore, StoreError};

use crate::{FOLDER, as_test, lines, make, say, seen, whole, write};

/// A small file system in memory.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// Nothing where nobody may mount one.
    fn new(size: &str) -> Option<Tmpfs> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Tmpfs(folder));
        }
        println!("skipped: a small disk is to be had only by who may mount one");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    files
}

/// Writes until that fails; the last change that was acknowledged, and the failure.
fn filled(store: &SqliteStore) -> (Option<u64>, StoreError) {
    let mut last = None;
    loop {
        match write(store) {
            Ok(revision) => last = Some(revision),
            Err(error) => return (last, error),
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_and_changes_go_on_when_there_is_room() {
    let Some(disk) = Tmpfs::new("3m") else { return };
    let (data, filler) = (disk.0.path().join("data"), disk.0.path().join("filler"));
    fs::write(&filler, vec![7; 1 << 20]).unwrap();
    make(&data);
    let store = SqliteStore::open(&data).unwrap();
    let (last, error) = filled(&store);
    let mut last = last.unwrap();
    println!("full after {last} changes: {error}");
    assert!(error.to_string().contains("database or disk is full"), "{error}");
    // No change is taken, and what there is can be read, and saved on another disk.
    assert!(matches!(write(&store), Err(StoreError::Closed(_) | StoreError::Failed { .. })));
    assert_eq!(seen(&store), last);
    let elsewhere = tempfile::tempdir().unwrap();
    store.backup(elsewhere.path().join("backup")).unwrap();
    let error = store.backup(disk.0.path().join("backup")).unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(fs::read_dir(disk.0.path()).unwrap().count(), 2, "half a backup was left");

    // Opened again it may find a little room, since the log is moved into the file, until there is none.
    drop(store);
    for _ in 0..9 {
        match SqliteStore::open(&data) {
            Ok(store) => {
                assert_eq!(seen(&store), last);
                let (more, error) = filled(&store);
                println!("opened again, {more:?}: {error}");
                last = more.unwrap_or(last);
            }
            Err(error) => println!("not opened again: {error}"),
        }
    }
    fs::remove_file(&filler).unwrap();
    assert_eq!(whole(&data), last);
    let store = SqliteStore::open(&data).unwrap();
    for _ in 0..5 {
        last += 1;
        assert_eq!(write(&store).unwrap(), last);
    }
    drop(store);
    assert_eq!(whole(&data), last);

    // A restore that does not fit leaves no data.
    assert!(fs::write(&filler, vec![7; 4 << 20]).is_err(), "more than fits");
    let folder = disk.0.path().join("restored");
    let restore = |folder: &Path| {
        let entry = |_: &_| crate::entry(0);
        SqliteStore::restore(elsewhere.path().join("backup"), folder, &mut || 7, &entry)
    };
    let error = restore(&folder).unwrap_err();
    println!("not restored: {error}");
    assert!(matches!(error, StoreError::Failed { .. }), "{error}");
    assert!(matches!(SqliteStore::open(&folder), Err(StoreError::Missing(_))));
    fs::remove_file(&filler).unwrap();
    disk.remount("size=9m");
    restore(&folder).unwrap();
    SqliteStore::open(&folder).unwrap().verify().unwrap();
}

#[test]
fn a_disk_that_is_read_only_is_told_and_left_as_it_is() {
    let Some(disk) = Tmpfs::new("4m") else { return };
    let data = disk.0.path().join("data");
    make(&data);
    let before = files(&data);
    disk.remount("ro");
    let error = SqliteStore::open(&data).unwrap_err().to_string();
    assert!(error.contains("portcullis.lock: Read-only file system"), "{error}");
    let error = SqliteStore::create(disk.0.path().join("other")).unwrap_err().to_string();
    assert!(error.contains("other: Read-only file system"), "{error}");
    assert!(files(&data) == before);
    disk.remount("rw");
    assert_eq!(whole(&data), 1);
}

/// A process that may make no file larger than a limit: it opens the store again after each failure, until that is of no use.
#[test]
fn limited() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    loop {
        let store = match SqliteStore::open(Path::new(&folder)) {
            Ok(store) => store,
            Err(error) => return say(&format!("unopened {error}")),
        };
        say(&format!("opened {}", seen(&store)));
        let (last, error) = filled(&store);
        say(&format!("refused {error}"));
        assert!(matches!(write(&store), Err(StoreError::Closed(_))));
        let Some(last) = last else { return };
        say(&format!("acknowledged {last}"));
    }
}

#[test]
fn a_file_that_may_not_grow_loses_nothing() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    make(&data);
    // In units of 512 bytes. Without the signal, writing more is an error.
    let limit = "trap '' XFSZ && ulimit -f 2048 && exec \"$0\" \"$@\"";
    let mut program = Command::new("sh");
    program.args(["-c", limit]).arg(std::env::current_exe().unwrap());
    let mut child = as_test(&mut program, "disk::limited", &data).unwrap();
    let (mut last, mut refused, mut opened) = (1, 0, 0);
    for line in lines(&mut child) {
        let Some((what, rest)) = line.split_once(' ') else { continue };
        match what {
            "acknowledged" => last = rest.parse().unwrap(),
            "refused" => {
                refused += 1;
                assert!(rest.contains("since one failed on its way to the disk (committing: "), "{rest}");
            }
            // One change at most was done and not yet told.
            "opened" => {
                opened += 1;
                let found: u64 = rest.parse().unwrap();
                assert!((last..=last + 1).contains(&found), "{last} were acknowledged, {found} found");
            }
            "unopened" => println!("not opened: {rest}"),
            _ => {}
        }
    }
    assert!(child.wait().unwrap().success());
    println!("refused {refused} times, opened {opened} times, {last} changes");
    assert!(refused >= 2 && opened >= 2 && last > 50);
    let found = whole(&data);
    assert!((last..=last + 1).contains(&found), "{last} were acknowledged, {found} found");
    assert_eq!(write(&SqliteStore::open(&data).unwrap()).unwrap(), found + 1);
    assert_eq!(whole(&data), found + 1);
}

/// A process that opens a folder and makes one change.
#[test]
fn visitor() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let opened = if folder.exists() { SqliteStore::open(folder) } else { SqliteStore::create(folder) };
    match opened.and_then(|store| write(&store)) {
        Ok(revision) => say(&format!("acknowledged {revision}")),
        Err(error) => say(&format!("refused {error}")),
    }
}

#[test]
fn what_cannot_be_written_to_is_told_and_left_as_it_is() {
    const NOBODY: u32 = 65_534;
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let (data, program) = (place.path().join("data"), place.path().join("program"));
    make(&data);
    // The superuser may write to everything: then another user is to try.
    let root = fs::metadata(place.path()).unwrap().uid() == 0;
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set(&program, 0o755);
    set(place.path(), 0o755);
    let own = |path: &Path| {
        if root {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    };
    own(&data);
    files(&data).iter().for_each(|(path, _)| own(path));
    let visit = |folder: &Path| {
        let mut command = Command::new(&program);
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = match as_test(&mut command, "disk::visitor", folder) {
            Ok(child) => child,
            Err(error) => return format!("nobody can try: {error}"),
        };
        let said = lines(&mut child).find(|line| line.contains("refused ") || line.contains("acknowledged "));
        child.wait().unwrap();
        said.unwrap_or_default()
    };
    let said = visit(&data);
    if said.starts_with("nobody can try") {
        println!("skipped: {said}");
        return;
    }
    assert!(said.contains("acknowledged 2"), "{said}");

    let before = files(&data);
    let (file, lock) = (data.join(FILE), data.join("portcullis.lock"));
    let told = "to which, and to its folder, this process must be able to write: ";
    for (path, mode, says) in [
        (&data, 0o500, told),
        (&data, 0o000, "looking for "),
        (&file, 0o400, told),
        (&file, 0o000, told),
        (&lock, 0o400, "portcullis.lock: Permission denied"),
    ] {
        let usual = fs::metadata(path).unwrap().permissions();
        set(path, mode);
        let said = visit(&data);
        fs::set_permissions(path, usual).unwrap();
        println!("{mode:o} {said}");
        assert!(said.contains("refused ") && said.contains(says), "{} {mode:o}: {said}", path.display());
        // The number of the process that had the folder last is in the lock.
        let now = files(&data);
        let same = |(one, other): (&(PathBuf, Vec<u8>), &_)| one == other || one.0 == lock;
        assert!(now.len() == before.len() && now.iter().zip(&before).all(same), "{mode:o}");
    }
    let closed = place.path().join("closed");
    fs::create_dir(&closed).unwrap();
    own(&closed);
    set(&closed, 0o500);
    let said = visit(&closed.join("new"));
    assert!(said.contains("new: Permission denied"), "{said}");
    assert!(visit(&data).contains("acknowledged 3"));
    assert_eq!(whole(&data), 3);
}
