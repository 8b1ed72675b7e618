//! `portcullis what`: every permission of one subject, of several, or of all.
//!
//! `--format jsonl` is the form that other programs read: one line a member, in byte order of ids, also for those who
//! may do nothing. What depends on conditions is never among the permissions: it stands under a key of its own.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use clap::{Args, ValueEnum};
use portcullis::Snapshot;
use portcullis::text::{printable, quoted};
use serde::Serialize;
use serde_json::Value;

use crate::args::WorkspaceArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::load;
use crate::output::Output;
use crate::render::conditional;

/// List what subjects may do.
///
/// For one subject prints `action resource` a line; for several, or for all when none is named, `subject action
/// resource` a line, separated by tabs. Where it depends on conditions that names alone do not decide, the line begins with `?`, so
/// that nobody takes it for a yes, and ends with these: `? update sync   if resource.labels.team equals "marketing"`. Somebody who is no member has no permissions to list: that is
/// answered with a did-you-mean on standard error and exit status 2.
///
/// `--format jsonl` prints `{"subject": …, "permissions": {"RESOURCE": ["action", …]}}` a line, for all in byte order of
/// their ids, also for members who may do nothing or are suspended; what depends on conditions is listed in the
/// same way under a further key `conditional`, where there is any. `--format json` adds the conditions under `conditions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis what -w examples/acme/workspace.json svc-atlan@acme.example
  portcullis what -w examples/acme/workspace.json --format jsonl")]
pub(crate) struct What {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// Whose permissions: ids of members; all members when none is named
    subject: Vec<String>,
    /// For whom the output is
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: WhatFormat,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum WhatFormat {
    /// For people: a permission a line.
    #[default]
    Human,
    /// For programs: one list.
    Json,
    /// For programs: a subject a line.
    Jsonl,
}

/// What one member may do.
#[derive(Serialize)]
struct Held<'s> {
    subject: &'s str,
    permissions: BTreeMap<&'s str, Vec<&'s str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    conditional: BTreeMap<&'s str, Vec<&'s str>>,
    /// Of each conditional action on a type its conditions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    conditions: BTreeMap<&'s str, BTreeMap<&'s str, Value>>,
}

impl What {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let snapshot = load::workspace(&self.workspace, out)?;
        let subjects = self.subjects(&snapshot)?;
        match self.format {
            WhatFormat::Human => self.print(&snapshot, &subjects, out)?,
            WhatFormat::Json => {
                let all: Vec<Held<'_>> = subjects.iter().map(|subject| held(&snapshot, subject)).collect();
                out.json(&all)?;
            }
            WhatFormat::Jsonl => {
                for subject in subjects {
                    out.json_line(&Held { conditions: BTreeMap::new(), ..held(&snapshot, subject) })?;
                }
            }
        }
        Ok(Exit::Clear)
    }

    /// The members meant, each once, in the order typed; all of them in byte order when none is named.
    fn subjects<'a>(&'a self, snapshot: &'a Snapshot) -> Result<Vec<&'a str>, Failure> {
        if self.subject.is_empty() {
            let mut all: Vec<&str> = snapshot.members().collect();
            all.sort_unstable();
            return Ok(all);
        }
        let known = |subject: &'a String| {
            snapshot.subject(subject).map(|_| &**subject).ok_or_else(|| unknown(snapshot, subject))
        };
        let mut seen = HashSet::new();
        self.subject.iter().filter(|&subject| seen.insert(subject)).map(known).collect()
    }

    fn print(&self, snapshot: &Snapshot, subjects: &[&str], out: &mut Output) -> Result<(), Failure> {
        let alone = !self.subject.is_empty() && subjects.len() == 1;
        for subject in subjects {
            // Resource, action, and the conditions if it depends on some.
            let mut permissions: BTreeMap<(&str, &str), Option<String>> = BTreeMap::new();
            let plain = snapshot.what(subject).into_iter().flatten();
            permissions.extend(plain.map(|(action, resource)| ((resource, action), None)));
            let depends = snapshot.what_if(subject).into_iter().flatten();
            permissions.extend(depends.map(|((action, resource), provisos)| {
                ((resource, action), Some(conditional::in_words(&provisos)))
            }));
            if alone && permissions.is_empty() {
                let why =
                    if snapshot.is_suspended(subject) { "is suspended and" } else { "holds no role that" };
                let end = if snapshot.is_suspended(subject) { "may do nothing" } else { "grants anything" };
                out.note(&format!("{} {why} {end}", quoted(subject)));
            }
            let subject = printable(subject);
            for ((resource, action), conditions) in permissions {
                let (resource, action) = (printable(resource), printable(action));
                // Whoever takes lines apart must not find a permission in one that depends on conditions.
                match (alone, conditions) {
                    (true, None) => writeln!(out, "{action} {resource}")?,
                    (true, Some(conditions)) => writeln!(out, "? {action} {resource}   {conditions}")?,
                    (false, None) => writeln!(out, "{subject}\t{action}\t{resource}")?,
                    (false, Some(conditions)) => {
                        writeln!(out, "?\t{subject}\t{action}\t{resource}\t{conditions}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn held<'s>(snapshot: &'s Snapshot, subject: &'s str) -> Held<'s> {
    let (mut conditional, mut conditions) = (BTreeMap::new(), BTreeMap::new());
    for ((action, resource), provisos) in snapshot.what_if(subject).into_iter().flatten() {
        let listed: &mut Vec<&str> = conditional.entry(resource).or_default();
        listed.push(action);
        let of_type: &mut BTreeMap<&str, Value> = conditions.entry(resource).or_default();
        of_type.insert(action, conditional::as_json(&provisos));
    }
    conditional.values_mut().for_each(|actions| actions.sort_unstable());
    let permissions = snapshot.what_by_type(subject).unwrap_or_default();
    Held { subject, permissions, conditional, conditions }
}

/// Somebody who is no member has nothing to list.
pub(crate) fn unknown(snapshot: &Snapshot, subject: &str) -> Failure {
    let message = format!("{} is no member of {}", quoted(subject), quoted(snapshot.workspace()));
    // Any action and resource do: who is unknown is looked for first.
    let question = portcullis::Question::new(subject, "", "");
    match snapshot.explain(&question).nearest.did_you_mean {
        Some(near) => Failure::with_help(message, format!("did you mean {}?", quoted(near))),
        None => Failure::said(message),
    }
}
