//! `portcullis init`: a data folder with its first workspace, an administrator and the operator's key.
//!
//! There is no default password, nor any other secret that two folders share: both keys are drawn here, shown once, and kept as hashes.

use clap::Args;
use portcullis::text::printable;
use portcullis_store::{SqliteStore, StoreError};

use super::folder::{FolderArgs, Opened};
use super::refused::{Trouble, settle};
use super::socket;
use super::workspace::{schema_text, tell_setup};
use crate::args::{FormatArgs, SchemaArgs};
use crate::exit::{Exit, Outcome};
use crate::files;
use crate::output::Output;

/// Make a data folder, its first workspace and the administrator of that.
///
/// Prints two secrets, once: the administrator's key, for everything inside the workspace, and the operator's key, which makes further
/// workspaces and opens none. The folder is its owner's alone.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis init acme --admin ann@acme.example
  portcullis init acme --admin ann@acme.example --data acme-data --format json")]
pub(crate) struct Init {
    /// The name of the first workspace
    name: String,
    /// Who administers it: the id by which decisions are asked
    #[arg(long, value_name = "SUBJECT")]
    admin: String,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    format: FormatArgs,
}

impl Init {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        settle(self.attempt(out), self.format, out)
    }

    fn attempt(&self, out: &mut Output) -> Result<Exit, Trouble> {
        let schema = schema_text(&self.schema.schema, out)?;
        let folder = self.folder.path();
        let store = match SqliteStore::create(&folder) {
            // A folder that was made and not set up is set up now.
            Err(StoreError::Exists(_)) => SqliteStore::open(&folder),
            made => {
                if made.is_ok() {
                    out.note(&format!("made the data folder {}", printable(&files::shown(&folder))));
                }
                made
            }
        };
        let store = store.map_err(|error| {
            let help =
                "`portcullis workspace add NAME --admin SUBJECT` makes a further workspace in it, with the operator's key; one that is new is set up with the code that the server showed";
            socket::kept(&folder, error, help)
        })?;
        let opened = Opened::of(store)?;
        let setup = opened.service.init(&out.around().user(), &self.name, &schema, &self.admin)?;
        Ok(tell_setup(&self.name, &self.admin, &setup, self.format, out)?)
    }
}
