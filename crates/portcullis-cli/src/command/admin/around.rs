//! What an administrator's command finds around it: files, standard input, the key in the environment, the data folder, who types.
//!
//! A command reads through this and through nothing else, since it runs in one of two places. Here, in the process that was started: then these are
//! the real ones, and what is read is noted down, so that all of it can go along when it turns out that a server has the folder. Or inside that
//! server, on behalf of such a process: then there is only what was sent, and the folder that is served. A path that a client names is a label
//! there and is never opened. Keys pass through here: nothing of it can be printed.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use portcullis::text::quoted;
use portcullis::{FetchedFile, Files};

use super::acting;
use super::folder::Opened;
use crate::exit::Failure;
use crate::files::{self, Beside, STANDARD};

/// So many bytes of what a command reads go to a server, in all.
pub(crate) const MOST: usize = 64 << 20;

/// Something that was read, and what it held; or why it could not be read, where a command goes on all the same.
pub(crate) struct Input {
    pub(crate) name: OsString,
    pub(crate) content: Result<Vec<u8>, String>,
}

/// What a process read until it was known that a server has the folder.
#[derive(Default)]
pub(crate) struct Noted {
    /// The key of the environment, if it was asked for.
    pub(crate) key: Option<String>,
    /// In the order in which it was read.
    pub(crate) inputs: Vec<Input>,
    /// How many bytes that is; when there are more than may be sent, the inputs are dropped.
    bytes: usize,
    /// The one file that the command is to write.
    pub(crate) target: Option<PathBuf>,
}

impl Noted {
    /// Whether more was read than may be sent.
    pub(crate) fn is_too_much(&self) -> bool {
        self.bytes > MOST
    }

    /// Counts bytes; whether they are still to be kept.
    fn counts(&mut self, more: usize) -> bool {
        self.bytes = self.bytes.saturating_add(more);
        if self.is_too_much() {
            self.inputs.clear();
        }
        !self.is_too_much()
    }

    fn add(&mut self, name: &OsStr, content: Result<Vec<u8>, String>) {
        if self.counts(content.as_ref().map_or_else(String::len, Vec::len)) {
            self.inputs.push(Input { name: name.to_owned(), content });
        }
    }
}

/// Gives a text away.
pub(crate) type Save = Box<dyn Fn(&str) -> io::Result<()>>;

/// What a client sent, and what its command acts on.
pub(crate) struct Sent {
    /// The key of its environment.
    pub(crate) key: Option<String>,
    /// What is left of its inputs.
    pub(crate) inputs: RefCell<Vec<Input>>,
    /// Who is at the other end, as the system says.
    pub(crate) user: String,
    /// The folder that is served.
    pub(crate) opened: Opened,
    /// Gives the client the text of the file that it is to write.
    pub(crate) save: Save,
}

/// What is around a command.
pub(crate) enum Around {
    /// This process.
    Here(RefCell<Noted>),
    /// A client's, as far as it was sent.
    Sent(Sent),
}

impl Around {
    /// This process.
    pub(crate) fn here() -> Around {
        Around::Here(RefCell::default())
    }

    /// The folder that is served, if that is where the command runs.
    pub(crate) fn served(&self) -> Option<&Opened> {
        match self {
            Around::Here(_) => None,
            Around::Sent(sent) => Some(&sent.opened),
        }
    }

    /// What was read so far; nothing where that came from elsewhere.
    pub(crate) fn noted(&self) -> Noted {
        match self {
            Around::Here(noted) => noted.take(),
            Around::Sent(_) => Noted::default(),
        }
    }

    /// The user, as audit trails name them.
    pub(crate) fn user(&self) -> String {
        match self {
            Around::Here(_) => acting::user(),
            Around::Sent(sent) => sent.user.clone(),
        }
    }

    /// The key of the environment.
    pub(crate) fn key(&self) -> Result<Option<String>, Failure> {
        match self {
            Around::Here(noted) => {
                let key = acting::key_of_environment()?;
                noted.borrow_mut().key.clone_from(&key);
                Ok(key)
            }
            Around::Sent(sent) => Ok(sent.key.clone()),
        }
    }

    /// Opens a file that was typed; `-` is standard input.
    pub(crate) fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Around::Here(noted) => {
                let from: Box<dyn Read> = if path.as_os_str() == STANDARD {
                    Box::new(io::stdin())
                } else {
                    Box::new(File::open(path)?)
                };
                Ok(Box::new(Noting { from, name: path.as_os_str().to_owned(), read: Vec::new(), noted }))
            }
            Around::Sent(sent) => {
                let mut inputs = sent.inputs.borrow_mut();
                let at = inputs.iter().position(|input| input.name == path.as_os_str());
                let input = at.map(|at| inputs.remove(at)).ok_or_else(unsent)?;
                Ok(Box::new(Cursor::new(input.content.map_err(io::Error::other)?)))
            }
        }
    }

    /// The bytes of a file that was typed, at most so many; `-` is standard input.
    pub(crate) fn read_within(&self, path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
        files::read_within(path, most, || self.open(path))
    }

    /// The same of a workspace file, which has a limit that a flag raises elsewhere.
    pub(crate) fn read(&self, path: &Path, most: usize, flag: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Around::Here(noted) => {
                let bytes = files::read(path, most, flag)?;
                noted.borrow_mut().add(path.as_os_str(), Ok(bytes.clone()));
                Ok(bytes)
            }
            Around::Sent(_) => self.read_within(path, most),
        }
    }

    /// The files that a workspace file names.
    pub(crate) fn beside(&self, path: &Path) -> FilesAround<'_> {
        FilesAround { around: self, beside: Beside::file(path) }
    }

    /// Says which file is going to be written: no server can make this process write another.
    pub(crate) fn will_write(&self, path: &Path) {
        if let Around::Here(noted) = self {
            noted.borrow_mut().target = Some(path.to_owned());
        }
    }

    /// Writes a file whole, or has it written by whoever asked for it.
    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        match self {
            Around::Here(_) => written(path, text),
            Around::Sent(sent) => (sent.save)(text).map_err(Failure::Output),
        }
    }
}

/// Writes a file whole.
pub(crate) fn written(path: &Path, text: &str) -> Result<(), Failure> {
    files::replace(path, text).map_err(|error| {
        let (name, why) = (quoted(&files::shown(path)), files::in_words_of_writing(&error));
        Failure::said(format!("cannot write {name}: {why}"))
    })
}

fn unsent() -> io::Error {
    io::Error::other("it was not sent along to the server")
}

/// A file that is being read, and what was read of it.
struct Noting<'a> {
    from: Box<dyn Read>,
    name: OsString,
    read: Vec<u8>,
    noted: &'a RefCell<Noted>,
}

impl Read for Noting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        if self.read.len() <= MOST {
            self.read.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        self.noted.borrow_mut().add(&self.name, Ok(std::mem::take(&mut self.read)));
    }
}

/// The files that a workspace file names, where they are or as they were sent.
pub(crate) struct FilesAround<'a> {
    around: &'a Around,
    beside: Beside,
}

impl Files for FilesAround<'_> {
    fn fetch(&self, path: &str, most: usize, flag: &str) -> Result<FetchedFile, String> {
        match self.around {
            Around::Here(noted) => {
                let fetched = self.beside.fetch(path, most, flag);
                let content = fetched.as_ref().map(|file| file.bytes.clone()).map_err(Clone::clone);
                noted.borrow_mut().add(self.beside.place(path).as_os_str(), content);
                fetched
            }
            Around::Sent(sent) => {
                let place = self.beside.place(path);
                // A file may be named several times.
                let inputs = sent.inputs.borrow();
                let input = inputs.iter().find(|input| input.name == place.as_os_str());
                let bytes = input.ok_or_else(|| unsent().to_string())?.content.clone()?;
                Ok(FetchedFile { name: place.to_string_lossy().into_owned(), bytes })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What runs inside a server on a client's behalf reaches for nothing by itself: no file, no stream, no variable.
    #[test]
    fn commands_reach_around_themselves_only_here() {
        // These run in the process that was started alone, or are what the others go through.
        let apart =
            ["around.rs", "acting.rs", "backup.rs", "folder.rs", "init.rs", "offline.rs", "restore.rs"];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command/admin");
        let mut looked = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() || apart.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            looked += 1;
            for door in [
                "std::fs",
                "fs::",
                "File::",
                "std::env",
                "stdin",
                "stdout",
                "stderr",
                "println",
                "files::read",
                "files::replace",
                "Beside",
                "load::source(",
                "load::workspace",
                "load::any",
                "acting::user",
                "SqliteStore",
                "std::process",
                "std::net",
                "terminal_size",
            ] {
                assert!(!text.contains(door), "{} has `{door}`", path.display());
            }
        }
        assert!(looked > 12, "the commands are not where they were");
    }

    #[test]
    fn what_is_too_much_to_send_is_not_kept() {
        let around = Around::here();
        let Around::Here(noted) = &around else { panic!("it is here") };
        for _ in 0..4 {
            noted.borrow_mut().add(OsStr::new("x"), Ok(vec![0; MOST / 4]));
        }
        assert_eq!((noted.borrow().is_too_much(), noted.borrow().inputs.len()), (false, 4));
        noted.borrow_mut().add(OsStr::new("x"), Ok(vec![0]));
        assert_eq!((noted.borrow().is_too_much(), noted.borrow().inputs.len()), (true, 0));
        noted.borrow_mut().add(OsStr::new("x"), Ok(vec![0]));
        assert!(noted.borrow().inputs.is_empty());
    }
}
