//! `portcullis assert`: standing rules over a workspace, and who breaks them by which statement.
//!
//! The file names its workspace, or `-w` does, as with test suites. A rule that holds is counted, one that does not is shown
//! with those who break it. What there is to warn of in the file is listed here; of the workspace the usual line is said.

use std::path::{Path, PathBuf};

use clap::Args;
use portcullis::rules::{Outcome as Asserted, Rules};
use portcullis::{Report, Snapshot};

use crate::args::{FormatArgs, LimitArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Beside};
use crate::load;
use crate::output::Output;
use crate::render::{rules, rules_json};

/// So many of those who break a rule are kept unless all are asked for.
const KEPT: usize = 1_000;

/// Assert standing rules: who may never, what is kept apart, who alone may, how many.
///
/// A rule that is broken is shown with those who break it, what they may, and the statements that allow it. What depends on
/// conditions is undecided, which counts as broken. Exits 1 when a rule is broken or undecided, and 2 when the file
/// could not be asserted. docs/rules.md describes the format.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis assert examples/acme/rules.json
  portcullis assert examples/acme/rules.json --format json")]
pub(crate) struct Assert {
    /// A file of rules; `-` is standard input
    file: PathBuf,
    /// The workspace to look at [default: what the file names, then $PORTCULLIS_WORKSPACE, then workspace.json beside it]
    #[arg(short, long, value_name = "FILE")]
    workspace: Option<PathBuf>,
    /// Name everybody who breaks a rule
    #[arg(long)]
    members: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// What there is to show.
pub(crate) struct Results<'s> {
    /// The file, as typed.
    pub(crate) file: &'s str,
    pub(crate) rules: &'s Rules,
    pub(crate) snapshot: &'s Snapshot,
    /// The workspace's name to people.
    pub(crate) workspace: &'s str,
    pub(crate) outcome: Asserted<'s>,
    /// What the file is warned of.
    pub(crate) warnings: Report,
    /// Whether everybody is to be named.
    pub(crate) members: bool,
}

impl Assert {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let is_standard = |path: &Path| path.as_os_str() == files::STANDARD;
        if is_standard(&self.file) && self.workspace.as_deref().is_some_and(is_standard) {
            return Err(Failure::said("standard input can be only one of the files"));
        }
        let limits = self.limits.limits();
        let source = load::source(&self.file, &limits)?;
        let read = Rules::read_within(&source, &Beside::file(&self.file), &limits);
        let (rules, mut report) = read.map_err(|report| load::reported(&self.file, report))?;
        let (workspace, snapshot) = self.workspace(&rules, &mut report, out)?;
        let keep = if self.members { usize::MAX } else { KEPT };
        let asserted = rules.assert(&snapshot, keep);
        let (outcome, warnings) = asserted.map_err(|report| load::reported(&self.file, report))?;
        let exit = out.announce(Exit::findings(!outcome.all_hold()));
        let (file, members) = (files::shown(&self.file), self.members);
        let results = Results {
            file: &file,
            rules: &rules,
            snapshot: &snapshot,
            workspace: &workspace,
            outcome,
            warnings,
            members,
        };
        if self.format.is_json() {
            rules_json::write(&results, out)?;
        } else {
            out.report(&results.warnings);
            rules::write(&results, out)?;
        }
        Ok(exit)
    }

    /// The workspace that is meant, and its name to people.
    fn workspace(
        &self,
        rules: &Rules,
        report: &mut Report,
        out: &Output,
    ) -> Result<(String, Snapshot), Failure> {
        let limits = self.limits.limits();
        if self.workspace.is_none()
            && let Some(workspace) = rules.own_workspace()
        {
            let compiled = workspace.compile().map_err(|report| load::reported(&self.file, report))?;
            report.append(compiled.1);
            load::mention_warnings(&self.file, None, report, out);
            return Ok((format!("the workspace in {}", files::shown(&self.file)), compiled.0));
        }
        let (named, typed) = (rules.workspace_file(), self.workspace.as_deref());
        let file = load::workspace_tied_to(&self.file, named, typed);
        let snapshot = load::workspace_at(&file, &Beside::file(&file), &limits, out);
        if snapshot.is_err() && typed.is_none() {
            load::mention_tie(&self.file, named, out);
        }
        Ok((files::shown(&file), snapshot?))
    }
}
