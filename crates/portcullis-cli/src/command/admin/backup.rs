//! `portcullis backup`: everything that a data folder holds, with its history, in one file.

use std::path::PathBuf;

use clap::Args;
use portcullis::text::printable;
use portcullis_store::SqliteStore;
use serde_json::json;

use super::folder::FolderArgs;
use super::refused::{Trouble, failure, settle};
use crate::args::FormatArgs;
use crate::exit::{Exit, Outcome};
use crate::files;
use crate::output::Output;

/// Write everything that a data folder holds into one file, while others change it.
///
/// The file is its owner's alone, has its name when it is whole and on disk, and replaces none. It holds no secrets, but names and policies:
/// keep it as you keep the data.
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
        SqliteStore::backup_of(self.folder.path(), &self.file).map_err(|error| failure(error.into()))?;
        let written = files::shown(&self.file);
        if self.format.is_json() {
            out.json(&json!({ "written": written }))?;
        } else {
            out.tell(&format!("wrote {}", printable(&written)));
        }
        Ok(Exit::Clear)
    }
}
