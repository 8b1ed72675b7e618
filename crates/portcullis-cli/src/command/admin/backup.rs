//! `portcullis backup`: everything that a data folder holds, with its history, in one file.
//!
//! That somebody took everything along is noted before it is, so that the copy says so too. What cannot be noted is no reason to go without a
//! backup: a folder of an earlier format is to be saved as it is, and who has the folder may not be a server. Then it is said. A server that has the
//! folder is asked to note it; the database is read beside it all the same, with the rights of whoever wants the backup.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use portcullis::text::printable;
use portcullis_server::Id;
use portcullis_store::{Entry, Outcome as Ended, SqliteStore, Store as _, StoreError};
use serde_json::json;

use super::folder::{FolderArgs, local_entry};
use super::refused::{Trouble, failure, settle};
use super::socket;
use crate::args::FormatArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::Output;

/// Write everything that a data folder holds into one file, while others change it.
///
/// The file is its owner's alone, has its name when it is whole and on disk, and replaces none. It holds no secrets, but names and policies:
/// keep it as you keep the data. The operator's audit trail, and the copy of it in the file, says who made it, unless a process has the folder
/// that is no server.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  portcullis backup --data acme-data acme-2026-03-01.backup")]
pub(crate) struct Backup {
    /// The file to write, which must not be there
    file: PathBuf,
    /// Only note it: what a server is asked for
    #[arg(long, hide = true)]
    note: Option<Note>,
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What is noted of a backup.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Note {
    Done,
    Failed,
}

impl Note {
    fn entry(self, user: &str) -> Result<Entry, Failure> {
        let outcome = match self {
            Note::Done => Ended::Done,
            Note::Failed => Ended::Refused,
        };
        Ok(Entry { outcome, ..local_entry(user, "local.backup")? })
    }

    const fn word(self) -> &'static str {
        match self {
            Note::Done => "done",
            Note::Failed => "failed",
        }
    }
}

impl Backup {
    /// Whether it is to be noted alone.
    #[cfg(unix)]
    pub(crate) fn is_note(&self) -> bool {
        self.note.is_some()
    }

    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        settle(self.attempt(out), self.format, out)
    }

    fn attempt(&self, out: &mut Output) -> Result<Exit, Trouble> {
        if let Some(note) = self.note {
            let Some(served) = out.around().served() else {
                return Err(Failure::said("only a server notes what another process does").into());
            };
            let noted = served.store.note(Id::NIL, &note.entry(&out.around().user())?);
            noted.map_err(|error| failure(error.into()))?;
            return Ok(Exit::Clear);
        }
        // Where there is a file already none is written, and nothing happened that is worth a note.
        let is_there = fs::symlink_metadata(&self.file).is_ok();
        let noted = if is_there { Err(String::new()) } else { self.note(Note::Done, out) };
        if let Err(error) = SqliteStore::backup_of(self.folder.path(), &self.file) {
            if noted.is_ok() {
                // The one before said that it was done.
                let _ = self.note(Note::Failed, out);
            }
            return Err(failure(error.into()).into());
        }
        let written = files::shown(&self.file);
        if self.format.is_json() {
            out.json(&json!({ "written": written, "noted": noted.is_ok() }))?;
        } else {
            out.tell(&format!("wrote {}", printable(&written)));
        }
        if let Err(why) = noted {
            out.warn(&format!("the audit trail has no note of this backup: {}", printable(&why)));
        }
        Ok(Exit::Clear)
    }

    /// Notes it in the operator's trail, and gives the folder back; why not, where that cannot be.
    fn note(&self, note: Note, out: &mut Output) -> Result<(), String> {
        let folder = self.folder.path();
        match SqliteStore::open_as_it_is(&folder) {
            Ok(Some(store)) => {
                let entry = note.entry(&out.around().user()).map_err(|failure| failure.message())?;
                store.note(Id::NIL, &entry).map(drop).map_err(|error| error.to_string())
            }
            Ok(None) => Err("the folder has an earlier format, and is left as it is".to_owned()),
            Err(StoreError::Locked { process, .. }) if !self.folder.may_be_served(out) => {
                let number = process.map(|process| format!(" (number {process})")).unwrap_or_default();
                Err(format!("another process{number} has the folder, and nobody else writes to it meanwhile"))
            }
            Err(locked @ StoreError::Locked { .. }) => {
                let typed = ["backup", "--note", note.word(), files::STANDARD].map(OsString::from);
                match socket::ask(&folder, locked, typed.into(), out) {
                    Trouble::Answered(Exit::Clear) => Ok(()),
                    Trouble::Failed(failure) => Err(failure.message()),
                    _ => Err("the server could not note it".to_owned()),
                }
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
