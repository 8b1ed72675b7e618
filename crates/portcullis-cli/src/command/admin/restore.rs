//! `portcullis restore`: a data folder out of a backup.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use portcullis::text::quoted;
use portcullis_server::{Outside as _, System};
use portcullis_store::{Entry, SqliteStore};
use serde_json::{Value, json};

use super::folder::{FolderArgs, local_entry};
use super::refused::{Trouble, failure, settle};
use super::socket;
use crate::args::FormatArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::Output;

/// Put what a backup holds into a data folder without data.
///
/// The backup is looked at whole before any of it is there. Each workspace gets a new epoch, so that revisions that clients remember are
/// not taken for others, and an entry in its audit trail. Keys that were revoked since the backup are valid again: go through them before you let
/// anybody in.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  portcullis restore acme-2026-03-01.backup --data acme-restored")]
pub(crate) struct Restore {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    format: FormatArgs,
}

impl Restore {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        settle(self.attempt(out), self.format, out)
    }

    fn attempt(&self, out: &mut Output) -> Result<Exit, Trouble> {
        let (folder, user) = (self.folder.path(), out.around().user());
        // One entry for all, each with a salt of its own; that the system gives randomness is seen before anything is done.
        let first = local_entry(&user, "restore")?;
        let lacking: RefCell<Option<Failure>> = RefCell::default();
        let noted = |found: Failure| {
            lacking.borrow_mut().get_or_insert(found);
        };
        let mut epoch = || {
            let mut bytes = [0; 8];
            if let Err(refusal) = System.fill(&mut bytes) {
                noted(failure(refusal));
            }
            u64::from_be_bytes(bytes)
        };
        let entry = |_: &portcullis_store::Workspace| -> Entry {
            local_entry(&user, "restore").unwrap_or_else(|found| {
                noted(found);
                first.clone()
            })
        };
        let restored = SqliteStore::restore(&self.file, &folder, &mut epoch, &entry);
        let restored = restored.map_err(|error| {
            let help = "restore into a folder without data, with --data DIR, or stop the server first";
            socket::kept(&folder, error, help)
        })?;
        if let Some(found) = lacking.take() {
            let folder = quoted(&files::shown(&folder));
            let message = format!("{}: what is in {folder} now is not to be used", found.message());
            return Err(Failure::with_help(message, "delete the folder and restore again").into());
        }
        if self.format.is_json() {
            let one =
                |one: &portcullis_store::Workspace| json!({ "name": one.name, "id": one.id.to_string() });
            out.json(&json!({ "restored": restored.iter().map(one).collect::<Value>() }))?;
        } else {
            for one in &restored {
                writeln!(out, "restored the workspace {} ({})", quoted(&one.name), one.id)?;
            }
            out.note(
                "keys that were revoked after the backup are valid again: look through `portcullis key list`",
            );
        }
        Ok(Exit::Clear)
    }
}
