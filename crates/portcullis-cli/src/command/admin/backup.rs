//! `portcullis backup`: everything that a data folder holds, with its history, in one file.
//!
//! That somebody took everything along is noted before it is, so that the copy says so too. What cannot be noted is no reason to go without a
//! backup: while a server has the folder nobody else writes to it, and a folder of an earlier format is to be saved as it is. Then it is said.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use portcullis::text::printable;
use portcullis_server::Id;
use portcullis_store::{Entry, Outcome as Ended, SqliteStore, Store as _, StoreError};
use serde_json::json;

use super::folder::{FolderArgs, local_entry};
use super::refused::{Trouble, failure, settle};
use crate::args::FormatArgs;
use crate::exit::{Exit, Outcome};
use crate::files;
use crate::output::Output;

/// Write everything that a data folder holds into one file, while others change it.
///
/// The file is its owner's alone, has its name when it is whole and on disk, and replaces none. It holds no secrets, but names and policies:
/// keep it as you keep the data. The operator's audit trail, and the copy of it in the file, says who made it, unless another process has the
/// folder.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  portcullis backup --data acme-data acme-2026-03-01.backup")]
pub(crate) struct Backup {
    /// The file to write, which must not be there
    file: PathBuf,
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    format: FormatArgs,
}

impl Backup {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        settle(self.attempt(out), self.format, out)
    }

    fn attempt(&self, out: &mut Output) -> Result<Exit, Trouble> {
        let entry = local_entry(&out.around().user(), "local.backup")?;
        // Where there is a file already none is written, and nothing happened that is worth a note.
        let is_there = fs::symlink_metadata(&self.file).is_ok();
        let noted = if is_there { Err(String::new()) } else { self.note(&entry) };
        if let Err(error) = SqliteStore::backup_of(self.folder.path(), &self.file) {
            if noted.is_ok() {
                // The one before said that it was done.
                let _ = self.note(&Entry {
                    outcome: Ended::Refused,
                    ..local_entry(&out.around().user(), "local.backup")?
                });
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
    fn note(&self, entry: &Entry) -> Result<(), String> {
        let why = |error: StoreError| match error {
            StoreError::Locked { process, .. } => {
                let number = process.map(|process| format!(" (number {process})")).unwrap_or_default();
                format!("another process{number} has the folder, and nobody else writes to it meanwhile")
            }
            other => other.to_string(),
        };
        match SqliteStore::open_as_it_is(self.folder.path()).map_err(why)? {
            Some(store) => store.note(Id::NIL, entry).map(drop).map_err(why),
            None => Err("the folder has an earlier format, and is left as it is".to_owned()),
        }
    }
}
