//! `portcullis explain`: the decision and everything that led to it.
//!
//! The same as `check --explain`, under the name that people look for.

use clap::Args;

use crate::args::{FormatArgs, WorkspaceArgs};
use crate::clock::Clock;
use crate::exit::Outcome;
use crate::load;
use crate::output::Output;
use crate::render::explanation::{self, Asked};

/// Say why: which roles, through which groups, by which statements.
///
/// Prints the decision and its reason, then each statement that made it: the role it belongs to, how the subject
/// holds that role, and file, line and column. When nothing grants the question, prints what came nearest. Exits
/// as `check` does: 0 allowed, 1 denied.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis explain -w examples/acme/workspace.json svc-atlan@acme.example read sync
  portcullis explain -w examples/acme/workspace.json --format json bob@acme.example delete workspace")]
pub(crate) struct Explain {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// Who asks: the id of a member
    subject: String,
    /// What they want to do
    action: String,
    /// On what: a resource type, or TYPE/ID
    resource: String,
    #[command(flatten)]
    format: FormatArgs,
}

impl Explain {
    pub(crate) fn run(&self, clock: &dyn Clock, out: &mut Output) -> Outcome {
        let snapshot = load::workspace(&self.workspace, out)?;
        let now = clock.now();
        let asked = Asked::new(&snapshot, now.as_deref(), &self.subject, &self.action, &self.resource);
        explanation::show(&asked, self.format.is_json(), out)
    }
}
