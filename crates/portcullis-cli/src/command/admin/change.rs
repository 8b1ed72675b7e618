//! The one road of a change: shown before it is made, made, and told.

use std::sync::Arc;

use clap::Args;
use portcullis::{Report, Source};
use portcullis_server::{Change, Operation, Preview, Refusal, Refused};
use serde_json::{Map, Value, json};

use super::folder::{ActingArgs, Session};
use super::refused::Trouble;
use crate::args::FormatArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{made, preview};

/// What every command that changes something takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChangeArgs {
    /// Only show what would be gained and lost, and what stands against it; exits 1 if anything does
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Refuse unless the change is still what a dry run with this digest showed
    #[arg(long, value_name = "DIGEST")]
    pub(crate) digest: Option<String>,
}

impl ActingArgs {
    /// Makes a change with the key that is shown.
    pub(crate) fn change(
        &self,
        operations: Vec<Operation>,
        how: &ChangeArgs,
        out: &mut Output,
    ) -> Result<Exit, Trouble> {
        self.changing(out)?.change(operations, how, self.format, out)
    }

    /// The same of one whose text came out of a file, which is what its faults are told of.
    pub(crate) fn change_by(
        &self,
        text: Arc<Source>,
        operation: Operation,
        how: &ChangeArgs,
        out: &mut Output,
    ) -> Result<Exit, Trouble> {
        let session = Session { text: Some(text), ..self.changing(out)? };
        session.change(vec![operation], how, self.format, out)
    }
}

impl Session {
    /// Makes a change, or shows what it would do.
    pub(crate) fn change(
        &self,
        operations: Vec<Operation>,
        how: &ChangeArgs,
        format: FormatArgs,
        out: &mut Output,
    ) -> Result<Exit, Trouble> {
        let change = Change { operations, digest: how.digest.clone() };
        if how.dry_run {
            return self.preview(&change, format, out);
        }
        let done = self.service().change(&self.call, self.workspace, &change);
        let mut done = done.map_err(|refused| self.placed(refused, &change))?;
        done.made.iter_mut().for_each(|made| made.warnings = made.warnings.take().map(|one| self.named(one)));
        if format.is_json() {
            out.json(&made::value(&change.operations, &done))?;
        } else {
            made::write(&change.operations, &done, out)?;
        }
        Ok(Exit::Clear)
    }

    fn preview(&self, change: &Change, format: FormatArgs, out: &mut Output) -> Result<Exit, Trouble> {
        let seen = self.service().preview(&self.call, self.workspace, change);
        let mut seen = seen.map_err(|refused| self.placed(refused, change))?;
        let warnings = std::mem::take(&mut seen.warnings).into_iter();
        seen.warnings = warnings.map(|(at, report)| (at, self.named(report))).collect();
        let against = self.against(&seen, change);
        let exit = out.announce(Exit::findings(against.is_any()));
        if format.is_json() {
            let mut value = Map::from_iter([("would_be_refused".to_owned(), json!(against.is_any()))]);
            if let Value::Object(mut keys) = serde_json::to_value(&seen).map_err(std::io::Error::from)? {
                value.append(&mut keys);
            }
            out.json(&value)?;
        } else {
            preview::write(&seen, &change.operations, against, out)?;
        }
        Ok(exit)
    }

    fn against(&self, seen: &Preview, change: &Change) -> preview::Against {
        let revokes =
            |one: &Operation| matches!(one, Operation::SuspendMember { .. } | Operation::RevokeKey { .. });
        let revocation = !change.operations.is_empty() && change.operations.iter().all(revokes);
        preview::Against {
            forbidden: !seen.excess.is_empty() || !seen.reaching_up.is_empty(),
            unadministered: seen.no_administrator && !self.glass_broken,
            rules: !seen.rules_broken.is_empty() && !revocation,
            other_digest: change.digest.as_ref().is_some_and(|digest| *digest != seen.digest),
        }
    }

    /// A report that names the file a text came out of.
    fn named(&self, report: Report) -> Report {
        match &self.text {
            Some(text) => report.naming(text),
            None => report,
        }
    }

    /// Which operation it was is worth telling where there are several.
    fn placed(&self, mut refused: Refused, change: &Change) -> Trouble {
        if change.operations.len() == 1 {
            refused.at = None;
        }
        match (refused.refusal, &self.text) {
            (Refusal::Faults(report), Some(text)) => {
                let report = report.naming(text).into_errors().sorted();
                Failure::Reported { file: text.name().to_owned(), report }.into()
            }
            (refusal, _) => Refused { refusal, ..refused }.into(),
        }
    }
}
