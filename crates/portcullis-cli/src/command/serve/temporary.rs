//! A folder for as long as a demo runs, and the end of those whose demo was killed before it could remove them.
//!
//! Whoever has a folder holds a lock on it, which the system gives back however the process ends. So a folder whose lock is free has
//! nobody, but for the moment between making it and locking it: who makes one looks afterwards whether it is still there, and makes another if it was
//! taken for a left one. Nothing is removed that is not a folder of that name, of this user and closed to all others, and nothing where others could put
//! something else in its place.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::libc::{O_DIRECTORY, O_NOFOLLOW};
use portcullis::text::quoted;
use portcullis_server::{Id, Outside as _, System};

use crate::command::admin::refused::failure;
use crate::exit::Failure;
use crate::files;

/// How the names begin; an id follows.
const NAME: &str = "portcullis-demo-";
/// Among so many entries of the temporary folder left ones are looked for.
const MOST: usize = 65_536;
/// So often another folder is made when one was taken for a left one.
const TRIES: usize = 8;

/// A folder of its own, until it is dropped.
pub(super) struct Temporary {
    path: PathBuf,
    /// The lock; nothing where the file system has none.
    _held: Option<File>,
}

impl Temporary {
    pub(super) fn make() -> Result<Temporary, Failure> {
        for _ in 0..TRIES {
            let mut drawn = [0; 16];
            System.fill(&mut drawn).map_err(failure)?;
            let path = std::env::temp_dir().join(format!("{NAME}{}", Id::from_bytes(drawn)));
            // That it was there already is an error: it would be somebody else's.
            let held = DirBuilder::new().mode(0o700).create(&path).and_then(|()| held(&path));
            match held {
                Ok(Held::Yes(held)) => return Ok(Temporary { path, _held: Some(held) }),
                Ok(Held::WithoutLock) => return Ok(Temporary { path, _held: None }),
                Ok(Held::Taken) => {}
                Err(error) => {
                    let why = files::in_words_of_writing(&error);
                    let folder = quoted(&files::shown(&path));
                    return Err(Failure::said(format!("cannot make the folder {folder}: {why}")));
                }
            }
        }
        Err(Failure::said("cannot make a temporary folder: something removes each at once"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(folder = %self.path.display(), %error, "the folder of the demo could not be removed");
        }
    }
}

enum Held {
    Yes(File),
    WithoutLock,
    /// It was taken for a left one meanwhile.
    Taken,
}

/// Takes the lock of a folder that was just made.
fn held(path: &Path) -> io::Result<Held> {
    let folder = match opened(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Held::Taken),
        opened => opened?,
    };
    match folder.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Held::Taken),
        Err(TryLockError::Error(_)) => return Ok(Held::WithoutLock),
    }
    let (own, there) = (folder.metadata()?, fs::symlink_metadata(path));
    let is_there = there.is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino()));
    Ok(if is_there { Held::Yes(folder) } else { Held::Taken })
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(O_DIRECTORY | O_NOFOLLOW).open(path)
}

/// Whether a name is one that is given here, letter by letter.
fn is_of_a_demo(name: &OsStr) -> bool {
    let id = name.to_str().and_then(|name| name.strip_prefix(NAME));
    id.is_some_and(|id| Id::parse(id).is_some_and(|parsed| parsed.to_string() == id))
}

/// Removes the folders of demos that were killed. What cannot be removed, or looked at, is left.
pub(super) fn remove_left() {
    let (all, own) = (std::env::temp_dir(), nix::unistd::geteuid().as_raw());
    // Where others may rename what is ours, a name is not sure to mean what was looked at.
    let is_safe = |all: &Metadata| {
        [0, own].contains(&all.uid()) && (all.mode() & 0o022 == 0 || all.mode() & 0o1000 != 0)
    };
    if !fs::metadata(&all).is_ok_and(|all| is_safe(&all)) {
        return;
    }
    for entry in fs::read_dir(&all).into_iter().flatten().take(MOST).flatten() {
        let path = entry.path();
        let Some(Ok(folder)) = is_of_a_demo(&entry.file_name()).then(|| opened(&path)) else { continue };
        let is_ours = |folder: &Metadata| folder.uid() == own && folder.mode() & 0o7777 == 0o700;
        // The lock is held until it is gone.
        if folder.metadata().is_ok_and(|folder| is_ours(&folder))
            && folder.try_lock().is_ok()
            && fs::remove_dir_all(&path).is_ok()
        {
            tracing::info!(folder = %path.display(), "removed the folder of a demo that was killed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_taken_for_a_left_one_is_not_held() {
        let all = tempfile::tempdir().unwrap();
        let path = all.path().join("own");
        fs::create_dir(&path).unwrap();
        let other = opened(&path).unwrap();
        other.try_lock().unwrap();
        assert!(matches!(held(&path), Ok(Held::Taken)), "somebody looks at it");
        drop(other);
        let own = held(&path);
        assert!(matches!(own, Ok(Held::Yes(_))));
        assert!(opened(&path).unwrap().try_lock().is_err(), "and then nobody else does");
        fs::remove_dir(&path).unwrap();
        assert!(matches!(held(&path), Ok(Held::Taken)), "it is gone");
    }

    #[test]
    fn a_folder_of_ones_own_is_made_and_goes() {
        let Ok(own) = Temporary::make() else { panic!("no folder") };
        let path = own.path().to_owned();
        let seen = fs::metadata(&path).unwrap();
        assert!(seen.is_dir() && seen.mode() & 0o7777 == 0o700 && is_of_a_demo(path.file_name().unwrap()));
        drop(own);
        assert!(!path.exists());
    }
}
