//! Denies that read what may be missing.
//!
//! A deny applies where its condition is unknown, and a test of a missing attribute is unknown. So a deny of what is
//! labelled `secret` denies whatever has no label too, and every question on the type alone. That keeps the gate shut
//! and may be meant; mostly it is a surprise. A condition that also asks whether the attribute `exists` says what it means.

use std::collections::{BTreeMap, BTreeSet};

use super::Found;
use super::idle::{Fate, Weighed};
use super::possible::Possible;
use crate::condition::{Operator, Reference, Root};
use crate::diagnostic::{Code, Diagnostic};
use crate::json::{decode, quoted_string};
use crate::policy::{Document, Effect, OperandKind, WrittenName, WrittenTest};
use crate::source::Span;
use crate::text::quoted;

pub(super) fn find(
    document: &Document,
    possible: &[Vec<Option<Possible>>],
    weighed: &Weighed<'_>,
    found: &mut Found,
) {
    for (statement, written) in document.statements().zip(&document.statements) {
        let index = statement.index();
        let Some(conditions) = written.conditions else { continue };
        if statement.effect() == Effect::Allow || weighed.fate(index) != Fate::Kept {
            continue;
        }
        // What applies never or always is told as that.
        let mut can = possible.get(index).into_iter().flatten().flatten();
        let sometimes = can.any(|can| can.may_apply(Effect::Deny) && !can.must_apply(Effect::Deny));
        let range = conditions.first as usize..(conditions.first + conditions.count) as usize;
        if let (Some(tests), true) = (document.tests.get(range), sometimes) {
            each(document, tests, found);
        }
    }
}

/// Everything that the tests of one statement read and may miss.
fn each(document: &Document, tests: &[WrittenTest], found: &mut Found) {
    let source = document.source();
    let reference_at = |name: WrittenName| {
        let text = decode(source.slice(name.span), name.escaped);
        Some((Reference::parse(&text).ok()?, text))
    };
    let mut asked: BTreeSet<Reference> = BTreeSet::new();
    let mut read: Vec<(Reference, WrittenName)> = Vec::new();
    // Where the tests of each attribute begin.
    let mut operators: BTreeMap<Reference, Span> = BTreeMap::new();
    for test in tests {
        let Some((reference, _)) = reference_at(test.reference) else { continue };
        operators.entry(reference.clone()).or_insert(test.operator_span);
        if test.operator == Operator::Exists {
            asked.insert(reference);
            continue;
        }
        read.push((reference, test.reference));
        for operand in document.elements_of(&test.operand) {
            if let OperandKind::Reference(name) = operand.kind
                && let Some((named, _)) = reference_at(name)
            {
                read.push((named, name));
            }
        }
    }
    let mut told: BTreeSet<Reference> = BTreeSet::new();
    for (reference, name) in read {
        // Ids, types, the action's name and the clock are always there.
        if reference.path().is_none() || asked.contains(&reference) || told.contains(&reference) {
            continue;
        }
        let Some((_, text)) = reference_at(name) else { continue };
        let shown = quoted(&text);
        let (message, help) = match reference.root() {
            Root::Resource => (
                format!(
                    "this deny also denies every object without {shown}, and the question on its type alone"
                ),
                "add `\"exists\": true` to spare what is known to have none; what is not stored or has no id stays denied",
            ),
            Root::Subject => (
                format!("this deny also denies every subject without {shown}"),
                "add `\"exists\": true` to spare those who have none",
            ),
            Root::Action | Root::Context => (
                format!("this deny also denies every request without {shown}"),
                "add `\"exists\": true` to spare requests that bring others and not this; those that bring none stay denied",
            ),
        };
        let fault = Diagnostic::new(Code::DenyOfMissing, message).at(source, name.span, "may be missing");
        let fault = match (operators.get(&reference), tests.first()) {
            (Some(operator), _) => {
                fault.replace(source, Span::new(operator.start, operator.start), "\"exists\": true, ")
            }
            (None, Some(first)) => {
                let start = first.reference.span.start;
                let mend = format!("{}: {{ \"exists\": true }}, ", quoted_string(&text));
                fault.replace(source, Span::new(start, start), mend)
            }
            (None, None) => fault,
        };
        found.push(fault.help(help));
        told.insert(reference);
    }
}
