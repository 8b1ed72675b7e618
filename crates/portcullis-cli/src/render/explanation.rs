//! Why: an explanation for people, and the same in JSON.
//!
//! People get the decision first, then the question as it was understood, then the statements that made it,
//! each with its role, how that role is held, and its place. Programs get the same keys always, with empty lists where
//! there is nothing.

use std::io::Write;

use portcullis::text::{listed, printable, quoted, shown};
use portcullis::{Effect, Explanation, Grounds, Held, Question, Reason, Snapshot};
use portcullis_server::why::json_grounds;
use serde_json::{Value, json};

use super::{condition, statement};
use crate::exit::{Exit, Outcome};
use crate::output::{BAD, FAINT, GOOD, Look, Output, STRONG};

/// Of a list of statements that came near, this many are shown.
const NEAREST: usize = 3;

/// A question with its explanation.
pub(crate) struct Asked<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) question: Question<'a>,
    pub(crate) explanation: Explanation<'a>,
}

impl<'a> Asked<'a> {
    /// Asks a question as it was typed, at a time.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        now: Option<&'a str>,
        subject: &'a str,
        action: &'a str,
        resource: &'a str,
    ) -> Self {
        let question = Question { now, ..Question::typed(snapshot.schema(), subject, action, resource) };
        let explanation = snapshot.explain(&question);
        Asked { snapshot, question, explanation }
    }

    /// The resource as it was understood: its type, and the object if one was named.
    fn resource(&self) -> String {
        match self.question.object {
            Some(object) => format!("{}/{}", shown(self.question.resource), shown(object)),
            None => shown(self.question.resource),
        }
    }

    /// The type decided on, when it is known by another name.
    fn decided_as(&self) -> Option<&'a str> {
        self.explanation.resource_type.filter(|kind| *kind != self.question.resource)
    }
}

/// Says on standard error why an unknown name was denied, and which name may have been meant.
pub(crate) fn hint(asked: &Asked<'_>, out: &Output) {
    let Question { subject, action, resource, .. } = asked.question;
    let schema = asked.snapshot.schema();
    let message = match asked.explanation.reason {
        Reason::UnknownSubject => {
            format!("{} is no member of {}", quoted(subject), quoted(asked.snapshot.workspace()))
        }
        Reason::UnknownAction => {
            format!("the schema {} has no action {}", quoted(schema.name()), quoted(action))
        }
        Reason::UnknownResource => {
            format!("the schema {} has no resource type {}", quoted(schema.name()), quoted(resource))
        }
        Reason::NotAdmitted => format!("{} does not apply to {}", quoted(action), quoted(resource)),
        Reason::Suspended => format!("{} is suspended", quoted(subject)),
        _ => return,
    };
    out.note(&message);
    if let Some(near) = asked.explanation.nearest.did_you_mean {
        out.help(&format!("did you mean {}?", quoted(near)));
    }
}

/// Prints an explanation and exits as a check does.
pub(crate) fn show(asked: &Asked<'_>, json: bool, out: &mut Output) -> Outcome {
    let allowed = asked.explanation.decision.is_allowed();
    let exit = out.announce(if allowed { Exit::Clear } else { Exit::Findings });
    if json {
        out.json(&json_explanation(asked, usize::MAX))?
    } else {
        let text = human(asked, out.look());
        out.write_all(text.as_bytes())?
    }
    Ok(exit)
}

fn human(asked: &Asked<'_>, look: Look) -> String {
    let Explanation { decision, reason, .. } = &asked.explanation;
    let style = if decision.is_allowed() { GOOD } else { BAD };
    let mut text = format!("{}: {reason}\n\n", look.paint(style, &decision.to_string()));
    let mut about = |name: &str, value: &str| {
        text.push_str(&format!("  {} {value}\n", look.paint(FAINT, &format!("{name:<9}"))));
    };
    let subject = shown(asked.question.subject);
    match asked.snapshot.member_type(asked.question.subject) {
        Some(kind) => about("subject", &format!("{subject} ({})", shown(kind))),
        None => about("subject", &subject),
    }
    about("action", &shown(asked.question.action));
    match asked.decided_as() {
        Some(kind) => about("resource", &format!("{}, decided as {}", asked.resource(), shown(kind))),
        None => about("resource", &asked.resource()),
    }
    about("workspace", &format!("{}, revision {}", shown(asked.snapshot.workspace()), decision.revision()));
    text.push_str(&why(&asked.explanation, asked.question.action, usize::MAX, look));
    text
}

/// The statements that made a decision, or what came nearest: sections, each after an empty line.
/// Of those that decided at most so many are shown.
pub(crate) fn why(explanation: &Explanation<'_>, action: &str, most: usize, look: Look) -> String {
    let Explanation { decision, reason, determining, overridden, not_applying, .. } = explanation;
    let by = if decision.is_allowed() { "Allowed by" } else { "Denied by" };
    let mut text = section(by, determining, most, look);
    let suspended = *reason == Reason::Suspended;
    let title = if suspended { "Would be allowed by" } else { "Overridden" };
    text.push_str(&section(title, overridden, most, look));
    let (allows, denies): (Vec<_>, Vec<_>) =
        not_applying.iter().cloned().partition(|ground| ground.statement.effect() == Effect::Allow);
    text.push_str(&section("Does not allow, as its condition is not true", &allows, most, look));
    text.push_str(&section("Does not deny, as its condition is false", &denies, most, look));
    text.push_str(&nearest(explanation, action, look));
    text
}

/// What came near to granting the question.
fn nearest(explanation: &Explanation<'_>, action: &str, look: Look) -> String {
    let nearest = &explanation.nearest;
    let kind = explanation.resource_type.unwrap_or_default();
    let elsewhere = format!("Allows {} on other types", quoted(action));
    let mut text = section(&elsewhere, &nearest.same_action, NEAREST, look);
    let otherwise = format!("Allows other actions on {}", quoted(kind));
    text.push_str(&section(&otherwise, &nearest.same_resource, NEAREST, look));
    let mut lines = Vec::new();
    if explanation.reason == Reason::DefaultDeny {
        lines.push(if nearest.granting_roles.is_empty() {
            "No role of this workspace grants it.".to_owned()
        } else {
            format!("Roles that would grant it: {}", listed(nearest.granting_roles.iter().copied(), 12))
        });
    }
    if !nearest.types_of_action.is_empty() {
        let types = listed(nearest.types_of_action.iter().copied(), 12);
        lines.push(format!("{} applies to {types}", quoted(action)));
    }
    if !nearest.actions_of_type.is_empty() {
        let actions = listed(nearest.actions_of_type.iter().copied(), 12);
        lines.push(format!("{} admits {actions}", quoted(kind)));
    }
    lines.extend(nearest.did_you_mean.map(|near| format!("Did you mean {}?", quoted(near))));
    for (index, line) in lines.iter().enumerate() {
        text.push_str(&format!("{}{line}\n", if index == 0 { "\n" } else { "" }));
    }
    text
}

/// Statements under a title, at most so many; nothing when there are none.
pub(crate) fn section(title: &str, grounds: &[Grounds<'_>], most: usize, look: Look) -> String {
    if grounds.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.paint(STRONG, title));
    for ground in grounds.iter().take(most) {
        let (file, at) = ground.place();
        let role = look.paint(STRONG, &shown(ground.role.name()));
        let place = look.paint(FAINT, &format!("{}:{}:{}", printable(file), at.line, at.column));
        text.push_str(&format!("  role {role}, {}\n    {place}\n", held(&ground.held)));
        for line in statement::lines(ground.statement.text(), look.width().saturating_sub(8)) {
            text.push_str(&format!("      {line}\n"));
        }
        let weighed = ground.condition.as_ref();
        let lines = weighed.map(|weighed| condition::lines(weighed, ground.statement.effect()));
        for line in lines.unwrap_or_default() {
            text.push_str(&format!("      {}\n", look.paint(FAINT, &line)));
        }
    }
    if let Some(more) = grounds.len().checked_sub(most).filter(|more| *more > 0) {
        text.push_str(&format!("  and {} more\n", portcullis::text::counted(more, "statement")));
    }
    text
}

/// How the subject holds a role: `the member's own role`, `through the groups …`.
pub(crate) fn held(held: &Held<'_>) -> String {
    let groups = match &*held.groups {
        [] => None,
        [group] => Some(format!("through group {}", quoted(group))),
        groups => Some(format!("through groups {}", listed(groups.iter().copied(), 6))),
    };
    match (held.own, groups) {
        (true, Some(groups)) => format!("the member's own role, and {groups}"),
        (true, None) => "the member's own role".to_owned(),
        (false, Some(groups)) => groups,
        (false, None) => "held alone".to_owned(),
    }
}

/// A decision as `check --format json` prints it.
pub(crate) fn json_decision(asked: &Asked<'_>) -> Value {
    let Explanation { decision, reason, .. } = &asked.explanation;
    json!({
        "decision": decision.is_allowed(),
        "reason": reason.as_str(),
        "message": reason.to_string(),
        "revision": decision.revision().number(),
        "subject": asked.question.subject,
        "action": asked.question.action,
        "resource": asked.question.resource,
        "resource_type": asked.explanation.resource_type,
        "object": asked.question.object,
        "did_you_mean": asked.explanation.nearest.did_you_mean,
    })
}

/// The same with everything that led to it, of each list at most so much.
pub(crate) fn json_explanation(asked: &Asked<'_>, most: usize) -> Value {
    let Explanation { determining, overridden, not_applying, nearest, .. } = &asked.explanation;
    let mut value = json_decision(asked);
    if let Some(object) = value.as_object_mut() {
        let listed = |grounds: &[Grounds<'_>]| grounds.iter().take(most).map(json_grounds).collect::<Value>();
        object.insert("workspace".to_owned(), json!(asked.snapshot.workspace()));
        object.insert("determining".to_owned(), listed(determining));
        object.insert("overridden".to_owned(), listed(overridden));
        object.insert("not_applying".to_owned(), listed(not_applying));
        let nearest = json!({
            "same_action": listed(&nearest.same_action),
            "same_resource": listed(&nearest.same_resource),
            "granting_roles": nearest.granting_roles.iter().take(most).collect::<Vec<_>>(),
            "types_of_action": nearest.types_of_action,
            "actions_of_type": nearest.actions_of_type,
        });
        object.insert("nearest".to_owned(), nearest);
    }
    value
}
