//! Conditions that can never hold, and such that always do.

use super::Found;
use super::possible::Possible;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Document, Effect};
use crate::read::first_line;

pub(super) fn find(document: &Document, possible: &[Vec<Option<Possible>>], found: &mut Found) {
    for (statement, written) in document.statements().zip(&document.statements) {
        let (effect, Some(conditions)) = (statement.effect(), written.conditions) else { continue };
        let can: Vec<Possible> =
            possible.get(statement.index()).into_iter().flatten().flatten().copied().collect();
        if can.is_empty() {
            continue;
        }
        let source = document.source();
        let span = first_line(source, conditions.span);
        if can.iter().all(|can| !can.yes) {
            let applies = can.iter().any(|can| can.may_apply(effect));
            let (message, help) = match effect {
                Effect::Allow => (
                    "this condition can never hold, so the statement grants nothing",
                    "mend the tests that exclude each other, or remove the statement",
                ),
                Effect::Deny if applies => (
                    "this condition can never hold; as a deny it applies only where something that it reads is unknown",
                    "mend the tests that exclude each other; `\"exists\": false` alone asks for what is missing",
                ),
                Effect::Deny => (
                    "this condition can never hold, so the statement denies nothing",
                    "mend the tests that exclude each other, or remove the statement",
                ),
            };
            let fault = Diagnostic::new(Code::NeverHolds, message).at(source, span, "never true");
            found.push(fault.help(help));
        } else if can.iter().all(|can| can.must_apply(effect)) {
            let message = format!("this condition restricts nothing: the {} applies always", effect.as_str());
            let fault = Diagnostic::new(Code::AlwaysHolds, message).at(source, span, "restricts nothing");
            let help = "mend it if it was meant to restrict; else write \"*\"";
            found.push(fault.help(help).replace(source, conditions.span, "\"*\""));
        }
    }
}
