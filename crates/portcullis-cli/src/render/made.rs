//! What a change brought about: a line for each operation, and the secrets that are shown this once.
//!
//! A secret goes to standard output and nowhere else, since that is what was asked for; what to do with it stands beside it.

use std::io::{self, Write};

use portcullis::text::{grouped, quoted};
use portcullis_server::{Done, Made, Operation};
use serde_json::{Value, json};

use super::json;
use crate::output::{Output, STRONG};

/// Of a long change, so many operations are told one by one.
const TOLD: usize = 20;

/// Writes what was done, for people.
pub(crate) fn write(operations: &[Operation], done: &Done, out: &mut Output) -> io::Result<()> {
    for (at, (operation, made)) in operations.iter().zip(&done.made).enumerate() {
        if at < TOLD || made.secret.is_some() {
            writeln!(out, "{}", told(operation, made))?;
        }
        if let Some(secret) = &made.secret {
            write_secret(operation, &secret.reveal(), out)?;
        }
        if let Some(warnings) = &made.warnings {
            out.report(warnings);
        }
    }
    if let more @ 1.. = operations.len().saturating_sub(TOLD) {
        writeln!(out, "… {} operations in all", grouped(more + TOLD))?;
    }
    let gap = if done.made.iter().any(|made| made.secret.is_some()) { "\n" } else { "" };
    writeln!(out, "{gap}revision {}", done.revision)?;
    done.broken.iter().for_each(|rule| out.warn(&format!("a standing rule is broken now: {rule}")));
    Ok(())
}

/// The same for programs.
pub(crate) fn value(operations: &[Operation], done: &Done) -> Value {
    let one = |(operation, made): (&Operation, &Made)| {
        let warnings: Vec<Value> =
            made.warnings.iter().flat_map(|report| report.iter().map(json::diagnostic)).collect();
        let mut value = json!({
            "operation": operation.name(),
            "id": made.id.map(|id| id.to_string()),
            "unchanged": made.unchanged,
            "warnings": warnings,
        });
        if let (Some(secret), Some(keys)) = (&made.secret, value.as_object_mut()) {
            keys.insert("secret".to_owned(), secret.reveal().into());
        }
        value
    };
    json!({
        "revision": done.revision,
        "done": operations.iter().zip(&done.made).map(one).collect::<Value>(),
        "rules_broken": done.broken,
    })
}

/// A secret, where it is shown for the only time.
pub(crate) fn show_once(what: &str, secret: &str, then: &str, out: &mut Output) -> io::Result<()> {
    let heading = out.paint(STRONG, &format!("{what}, shown this once and kept nowhere:"));
    writeln!(out, "\n{heading}\n\n  {secret}\n\n{then}")
}

/// What to do with a key.
pub(crate) const OF_KEY: &str = "Keep it where only its user can read it. Commands take it from $PORTCULLIS_KEY, or from a file with --key-file FILE.";

fn write_secret(operation: &Operation, secret: &str, out: &mut Output) -> io::Result<()> {
    match operation {
        Operation::AddKey { name, .. } => {
            show_once(&format!("The key {}", quoted(name)), secret, OF_KEY, out)
        }
        _ => {
            let then = "Give it to whom it is for, over a way that nobody else reads. \
                        `portcullis invite accept` takes it from standard input.";
            show_once("The token of the invitation", secret, then, out)
        }
    }
}

/// One operation in the past tense.
fn told(operation: &Operation, made: &Made) -> String {
    use Operation as Op;
    let id = made.id.map(|id| format!(" ({id})")).unwrap_or_default();
    let name = |which: &portcullis_server::Which| quoted(&which.0);
    let told = match operation {
        Op::AddMember { subject, .. } => format!("added the member {}{id}", quoted(subject)),
        Op::SetMemberRole { member, role, .. } => format!("gave {} the role {}", name(member), name(role)),
        Op::SetMemberProperties { member, .. } => format!("set the properties of {}", name(member)),
        Op::SuspendMember { member } => format!("suspended {}", name(member)),
        Op::ReactivateMember { member } => format!("reactivated {}", name(member)),
        Op::RemoveMember { member, .. } => format!("removed the member {}", name(member)),
        Op::AddGroup { name } => format!("added the group {}{id}", quoted(name)),
        Op::RenameGroup { group, name: new, .. } => {
            format!("renamed the group {} to {}", name(group), quoted(new))
        }
        Op::RemoveGroup { group, .. } => format!("removed the group {}", name(group)),
        Op::AddToGroup { group, member } => format!("{} joined the group {}", name(member), name(group)),
        Op::RemoveFromGroup { group, member } => format!("{} left the group {}", name(member), name(group)),
        Op::GiveGroupRole { group, role } => {
            format!("gave the group {} the role {}", name(group), name(role))
        }
        Op::TakeGroupRole { group, role } => {
            format!("took the role {} from the group {}", name(role), name(group))
        }
        Op::AddRole { name, .. } => format!("added the role {}{id}", quoted(name)),
        Op::SaveRole { role, .. } => format!("saved the role {}", name(role)),
        Op::RollBackRole { role, number, .. } => format!("rolled {} back to version {number}", name(role)),
        Op::RemoveRole { role, .. } => format!("removed the role {}", name(role)),
        Op::SetDefaultRole { role } => format!("the default role is {} now", name(role)),
        Op::RenameWorkspace { name } => format!("the workspace is called {} now", quoted(name)),
        Op::SetSchema { .. } => "set the schema".to_owned(),
        Op::SetInvitationDays { days } => format!("invitations are good for {days} days now"),
        Op::Invite { email, .. } if made.unchanged => {
            format!(
                "{} is invited already{id}: `portcullis invite resend` gives the invitation a new token",
                quoted(email)
            )
        }
        Op::Invite { email, .. } => format!("invited {}{id}", quoted(email)),
        Op::CancelInvitation { invitation } => format!("cancelled the invitation {}", name(invitation)),
        Op::ResendInvitation { invitation } => {
            format!("renewed the invitation {}: its former token is dead", name(invitation))
        }
        Op::AddKey { name, .. } => format!("added the key {}{id}", quoted(name)),
        Op::RevokeKey { key } => {
            format!("revoked the key {}, and those that were made through it", name(key))
        }
        Op::PutObject { kind, id, .. } => format!("put {}", quoted(&format!("{kind}/{id}"))),
        Op::RemoveObject { kind, id, .. } => format!("removed {}", quoted(&format!("{kind}/{id}"))),
        Op::AddRule { name, .. } => format!("added the standing rule {}{id}", quoted(name)),
        Op::SetRule { rule, .. } => format!("changed the standing rule {}", name(rule)),
        Op::RemoveRule { rule, .. } => format!("removed the standing rule {}", name(rule)),
    };
    if made.unchanged && !matches!(operation, Op::Invite { .. }) {
        format!("{told}: it was so already")
    } else {
        told
    }
}
