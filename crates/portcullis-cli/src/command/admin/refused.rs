//! What came in the way: the exit status and the words of it.
//!
//! 1 says that a change was understood and refused, by a rule or by the state of things; 2 that it could not be tried: a name that is not there,
//! a text with faults, a folder that another process has. Scripts try again after neither, but look for the cause in different places.

use std::io;

use portcullis::text::printable;
use portcullis_server::{Excess, Refusal, Refused};
use portcullis_store::StoreError;
use serde_json::{Value, json};

use crate::args::FormatArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The service refused.
    Refused(Refused),
    /// The same of one line of a file.
    InLine(usize, Refused),
    /// It never came to that.
    Failed(Failure),
    /// A server has the folder, did the command, and this is what it came to; it is told already.
    Answered(Exit),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Trouble {
        Trouble::Refused(refused)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        Trouble::Refused(refusal.into())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        Trouble::Failed(failure)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Failed(error.into())
    }
}

/// Ends a command: tells what came in the way, if anything did.
pub(crate) fn settle(done: Result<Exit, Trouble>, format: FormatArgs, out: &mut Output) -> Outcome {
    let (place, refused) = match done {
        Ok(exit) | Err(Trouble::Answered(exit)) => return Ok(exit),
        Err(Trouble::Failed(failure)) => return Err(failure),
        Err(Trouble::Refused(refused)) => (refused.at.map(|at| format!("operation {}: ", at + 1)), refused),
        Err(Trouble::InLine(line, refused)) => (Some(format!("line {line}: ")), refused),
    };
    let place = place.unwrap_or_default();
    if !is_ruled(&refused.refusal) {
        return Err(placed(&place, failure(refused.refusal)));
    }
    let exit = out.announce(Exit::Findings);
    if format.is_json() {
        out.json(&value(&refused))?;
    }
    out.error(&format!("{place}{}", printable(&refused.refusal.to_string())));
    if let Some(help) = help(&refused.refusal) {
        out.help(help);
    }
    Ok(exit)
}

/// Whether a rule, or the state of things, refused what was understood.
fn is_ruled(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Forbidden(_)
        | Refusal::OutOfScope(_)
        | Refusal::NotAllowed(_)
        | Refusal::Excess(_)
        | Refusal::ReachingUp(_)
        | Refusal::LastAdministrator
        | Refusal::RulesBroken(_)
        | Refusal::Conflict(_)
        | Refusal::Stale { .. }
        | Refusal::OtherDigest { .. }
        | Refusal::InUse(_) => true,
        Refusal::Store(error) => matches!(error, StoreError::Taken { .. } | StoreError::Moved(_)),
        _ => false,
    }
}

/// What could not be tried.
pub(crate) fn failure(refusal: Refusal) -> Failure {
    if let Refusal::Faults(report) = refusal {
        let file = report
            .iter()
            .find_map(|found| found.primary.as_ref())
            .map(|label| label.source.name().to_owned());
        return Failure::Reported {
            // What has no place is amiss with all of what was given.
            file: file.unwrap_or_else(|| "the policy document".to_owned()),
            report: report.into_errors().sorted(),
        };
    }
    let message = printable(&refusal.to_string());
    match help(&refusal) {
        Some(help) => Failure::with_help(message, help),
        None => Failure::said(message),
    }
}

/// The same of one operation of several, or one line.
fn placed(place: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Said { message, help } => Failure::Said { message: format!("{place}{message}"), help },
        Failure::Reported { file, report } => Failure::Reported { file: format!("{place}{file}"), report },
        output @ Failure::Output(_) => output,
    }
}

/// What to do about it.
fn help(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Unauthenticated => Some(
            "it is wrong, revoked or expired, or its member is suspended or gone: ask an administrator for another",
        ),
        Refusal::OutOfScope(_) => {
            Some("`portcullis key add --scopes …` makes a key with more scopes, through one that has them")
        }
        Refusal::Excess(_) => Some("act with a key that holds all of it; --dry-run shows the whole change"),
        Refusal::OtherDigest { .. } => Some("--dry-run shows what it would do now, and the digest of that"),
        Refusal::Stale { .. } => Some("look at it as it is now, and say --version with what `show` says"),
        Refusal::RulesBroken(_) => {
            Some("change what the rules speak of, or let an administrator change the rules")
        }
        Refusal::Store(StoreError::Locked { .. }) => Some(
            "wait until it is done, or stop it: it takes no commands; `portcullis backup` works all the same",
        ),
        _ => None,
    }
}

/// The same for programs.
fn value(refused: &Refused) -> Value {
    let cases = |cases: &[Excess]| json!(cases);
    let (excess, rules) = match &refused.refusal {
        Refusal::Excess(all) | Refusal::ReachingUp(all) => (cases(all), Value::Null),
        Refusal::RulesBroken(rules) => (Value::Null, json!(rules)),
        _ => (Value::Null, Value::Null),
    };
    json!({
        "refused": refused.refusal.code(),
        "operation": refused.at.map(|at| at + 1),
        "message": refused.refusal.to_string(),
        "excess": excess,
        "rules_broken": rules,
    })
}
