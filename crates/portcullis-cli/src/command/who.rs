//! `portcullis who`: every subject who may do an action on a resource.
//!
//! The answer is exact: whoever is listed plainly, `check` allows whatever a request sends that does not contradict what is stored; whoever
//! is not listed, it denies; and those of whom it depends on conditions are listed apart.

use std::io::Write;

use clap::Args;
use portcullis::text::{printable, quoted};
use portcullis::{Listed, Question, Reason, Snapshot};
use serde_json::{Value, json};

use crate::args::{FormatArgs, WorkspaceArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::load;
use crate::output::Output;
use crate::render::conditional;

/// List the subjects who may do an action on a resource.
///
/// Prints a subject a line, in byte order, and exits 0 also when nobody may. Subjects of whom it depends on conditions come
/// after them, on lines that begin with `?` and end with the conditions; with `--format json` they are a list `conditional`. TYPE/ID is a
/// question on one object, with what is stored of it. An action or a resource that the
/// schema does not have is a question that cannot be answered: exit status 2, with a did-you-mean.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis who -w examples/acme/workspace.json update sync
  portcullis who -w examples/acme/workspace.json update sync/42")]
pub(crate) struct Who {
    #[command(flatten)]
    workspace: WorkspaceArgs,
    /// What is to be done
    action: String,
    /// On what: a resource type, or TYPE/ID
    resource: String,
    #[command(flatten)]
    format: FormatArgs,
}

impl Who {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let snapshot = load::workspace(&self.workspace, out)?;
        let question = Question::typed(snapshot.schema(), "", &self.action, &self.resource);
        let listed = match snapshot.who_on(&question) {
            Ok(listed) => listed,
            Err(Reason::NotAdmitted) => {
                let (action, resource) = (quoted(question.action), quoted(question.resource));
                out.note(&format!("nobody may: the schema does not admit {action} on {resource}"));
                Listed::default()
            }
            Err(reason) => return Err(unknown(&snapshot, &question, reason)),
        };
        if self.format.is_json() {
            let kind = snapshot.schema().resource_type(question.resource).map(|kind| kind.name());
            let mut value = json!({
                "action": question.action,
                "resource": question.resource,
                "resource_type": kind,
                "object": question.object,
                "subjects": listed.allowed,
            });
            let conditional = listed.conditional.iter().map(|(subject, provisos)| {
                json!({ "subject": subject, "conditions": conditional::as_json(provisos) })
            });
            if let (false, Some(object)) = (listed.conditional.is_empty(), value.as_object_mut()) {
                object.insert("conditional".to_owned(), conditional.collect::<Value>());
            }
            out.json(&value)?;
        } else {
            for subject in &listed.allowed {
                writeln!(out, "{}", printable(subject))?;
            }
            for (subject, provisos) in &listed.conditional {
                writeln!(out, "? {}   {}", printable(subject), conditional::in_words(provisos))?;
            }
        }
        Ok(Exit::Clear)
    }
}

/// A name that the schema does not have, and which may have been meant.
pub(crate) fn unknown(snapshot: &Snapshot, question: &Question<'_>, reason: Reason) -> Failure {
    let (what, name) = match reason {
        Reason::UnknownAction => ("action", question.action),
        _ => ("resource type", question.resource),
    };
    let schema = snapshot.schema();
    let message = format!("the schema {} has no {what} {}", quoted(schema.name()), quoted(name));
    let near = match reason {
        Reason::UnknownAction => schema.nearest_action(name),
        _ => schema.nearest_resource(name),
    };
    match near {
        Some(near) => Failure::with_help(message, format!("did you mean {}?", quoted(near))),
        None if reason == Reason::UnknownAction => {
            let known = portcullis::text::listed(schema.actions(), 12);
            Failure::with_help(message, format!("the actions are {known}"))
        }
        None => {
            let known = portcullis::text::listed(schema.types().iter().map(|kind| kind.name()), 12);
            Failure::with_help(message, format!("the types are {known}"))
        }
    }
}
