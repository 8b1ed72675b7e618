//! `portcullis check`: one question, or a file of them.
//!
//! One question is answered by `explain`, whose decision is the check's and whose reason is exact; nobody types
//! fast enough to notice. Files of questions go through the check alone, in `requests`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::args::{FormatArgs, WorkspaceArgs};
use crate::clock::Clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::{BAD, GOOD, Output};
use crate::render::explanation::{self, Asked};
use crate::{load, requests};

/// Answer whether a subject may do an action on a resource
///
/// Prints `allow` or `deny` and exits 0 or 1. Whatever is not known is denied, with a
/// did-you-mean on standard error.
///
/// RESOURCE is a resource type, an alias or a covered name; else it is split after the
/// longest known type that is followed by `/`, and the rest is the id of an object: sync/42.
///
/// With --requests, each line of FILE is a question in JSON, its parts strings or AuthZEN
/// objects. A string resource is a type, taken whole:
///
///   {"subject":"ann","action":"read","resource":"sync"}
///   {"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"sync","id":"42"}}
///
/// `properties` of a subject, action or resource and the `context` are for conditions. What
/// time it is, `context.now`, is never taken from a line.
///
/// Each line of the output is an answer, in order: {"decision":true}. A line that cannot be
/// read gives {"decision":false,"error":"…"} in its place, and then the exit status is 2;
/// otherwise it is 0, whatever the decisions.
#[derive(Args, Debug)]
#[command(
    verbatim_doc_comment,
    override_usage = "portcullis check [OPTIONS] <SUBJECT> <ACTION> <RESOURCE>\n       \
                      portcullis check [OPTIONS] --requests <FILE> [--out <FILE>]",
    after_help = "\
Examples:
  portcullis check -w examples/acme/workspace.json ann@acme.example update sync
  portcullis check -w examples/acme/workspace.json svc-atlan@acme.example read sync --explain
  portcullis check -w examples/acme/workspace.json --requests examples/acme/requests.jsonl"
)]
pub(crate) struct Check {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// Who asks: the id of a member
    #[arg(required_unless_present = "requests", conflicts_with = "requests")]
    subject: Option<String>,
    /// What they want to do
    #[arg(required_unless_present = "requests")]
    action: Option<String>,
    /// On what: a resource type, or TYPE/ID
    #[arg(required_unless_present = "requests")]
    resource: Option<String>,
    /// Say why, as `portcullis explain` does
    #[arg(long, conflicts_with = "requests")]
    explain: bool,
    /// Answer every line of a JSON Lines file instead; `-` is standard input
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    /// Where the answers to --requests go; `-` is standard output
    #[arg(long, value_name = "FILE", requires = "requests", conflicts_with = "subject")]
    out: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

impl Check {
    pub(crate) fn run(&self, clock: Arc<dyn Clock>, out: &mut Output) -> Outcome {
        if let Some(requests) = &self.requests {
            let to = self.out.as_deref().unwrap_or(Path::new(crate::files::STANDARD));
            let workspace = load::workspace_file(self.workspace.workspace.as_deref());
            requests::refuse_same_file(&workspace, requests, to)?;
            let standard = Path::new(crate::files::STANDARD);
            if requests == standard && workspace == standard {
                return Err(Failure::said("standard input cannot be both the workspace and the requests"));
            }
            let (snapshot, named) = load::workspace_and_files(&self.workspace, out)?;
            requests::refuse_named_file(&named, to)?;
            return requests::answer_file(snapshot, clock, requests, to, out);
        }
        let typed = |part: &'_ Option<String>| part.clone().unwrap_or_default();
        let (subject, action, resource) = (typed(&self.subject), typed(&self.action), typed(&self.resource));
        let snapshot = load::workspace(&self.workspace, out)?;
        let now = clock.now();
        let asked = Asked::new(&snapshot, now.as_deref(), &subject, &action, &resource);
        if self.explain {
            return explanation::show(&asked, self.format.is_json(), out);
        }
        let allowed = asked.explanation.decision.is_allowed();
        let exit = out.announce(if allowed { Exit::Clear } else { Exit::Findings });
        explanation::hint(&asked, out);
        if self.format.is_json() {
            out.json(&explanation::json_decision(&asked))?;
        } else {
            let word = asked.explanation.decision.to_string();
            let painted = out.paint(if allowed { GOOD } else { BAD }, &word);
            writeln!(out, "{painted}")?;
        }
        Ok(exit)
    }
}
