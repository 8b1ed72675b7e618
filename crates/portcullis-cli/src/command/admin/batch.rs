//! `portcullis batch`: many operations as one change: one transaction, one revision, all of them or none.

use std::path::PathBuf;

use clap::Args;
use portcullis::text::quoted;
use portcullis_server::Operation;

use super::change::ChangeArgs;
use super::folder::ActingArgs;
use super::given;
use super::refused::{Trouble, settle};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::output::Output;

/// Bytes of a file of operations.
const MOST: usize = 64 << 20;

/// Make several changes as one: all of them or none.
///
/// FILE is a JSON list of operations, at most 10,000, each an object whose one key names the operation, as
/// {"set-member-role": {"member": "bob@acme.example", "role": "admin"}}. Each sees what those before it did; whether the whole may be
/// is asked once, so that two administrators can be swapped. docs/directory.md lists the operations.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis batch swap.json --dry-run
  portcullis batch swap.json --digest 3f…")]
pub(crate) struct Batch {
    /// The file; - is standard input
    file: PathBuf,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    acting: ActingArgs,
}

impl Batch {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        settle(self.attempt(out), self.acting.format, out)
    }

    fn attempt(&self, out: &mut Output) -> Result<Exit, Trouble> {
        let text = given::text(out.around(), &self.file, MOST)?;
        let operations: Vec<Operation> = serde_json::from_str(&text).map_err(|error| {
            let message =
                format!("cannot read operations from {}: {error}", quoted(&files::shown(&self.file)));
            Failure::with_help(message, "expected a list, as [{\"add-group\": {\"name\": \"ops\"}}]")
        })?;
        self.acting.change(operations, &self.change, out)
    }
}
