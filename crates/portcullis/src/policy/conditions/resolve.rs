//! From the conditions of a statement to conditions that are evaluated, one for each way in which its types declare attributes.
//!
//! A statement may cover types that declare the same path differently, or not at all. What is declared
//! decides at a check where a value comes from, so each such type has a condition of its own, and the
//! statement's ranges are cut at its borders. Where nothing is declared, which is nearly everywhere, there is
//! one condition and no cut.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::declared::{Mentions, Signature};
use super::{Conditions, Document, WrittenTest};
use crate::condition::{Condition, Reference, Root, Test};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::read::first_line;
use crate::schema::{Declared, ResourceType, Schema};
use crate::suggest::Suggester;

/// The conditions of a document so far, each once.
#[derive(Default)]
pub(in crate::policy) struct Conditioned {
    pub(in crate::policy) conditions: Vec<Arc<Condition>>,
    numbers: HashMap<Arc<Condition>, u32>,
    /// How often a reference was looked up in what a type declares.
    looked_up: usize,
    /// How many references all these conditions have, as far as a schema could declare something of them.
    references: usize,
    /// Whether it was said that there are too many.
    is_refused: bool,
}

/// The most look-ups of references in what types declare, of one document: some seconds' work.
const MOST_LOOKED_UP: usize = 1 << 25;

/// The most references of one document's conditions, counted for each way in which types declare them: some hundred megabytes.
const MOST_REFERENCES: usize = 1 << 20;

impl Conditioned {
    fn number(&mut self, condition: Condition) -> u32 {
        if let Some(&known) = self.numbers.get(&condition) {
            return known;
        }
        let number = self.conditions.len() as u32;
        let condition = Arc::new(condition);
        self.conditions.push(Arc::clone(&condition));
        self.numbers.insert(condition, number);
        number
    }
}

/// What of a document is needed here.
pub(in crate::policy) struct Context<'r> {
    pub(in crate::policy) document: &'r Document,
    pub(in crate::policy) schema: &'r Schema,
    pub(in crate::policy) report: &'r mut Report,
    pub(in crate::policy) suggester: &'r mut Suggester,
}

/// What holds for a reference when a type is asked about.
pub(super) fn declared(
    schema: &Schema,
    kind: Option<&ResourceType>,
    reference: &Reference,
) -> Option<Declared> {
    let known = match reference.root() {
        Root::Subject => schema.subject_attributes(),
        Root::Resource => kind?.attributes(),
        Root::Action | Root::Context => return None,
    };
    if known.is_empty() { None } else { known.of(&reference.path()?) }
}

/// Resolves the conditions of a statement that covers these ranges; gives the ranges, perhaps cut, each with its condition. Says
/// what is undeclared and what does not go together; the ranges then mean nothing.
pub(in crate::policy) fn resolve<'r>(
    conditions: Conditions,
    ranges: &[Range<u32>],
    context: Context<'r>,
    conditioned: &mut Conditioned,
) -> Vec<(Range<u32>, u32)> {
    let Context { document, schema, report, suggester } = context;
    let written: &[WrittenTest] = document.tests_of(conditions);
    let mut mentions = Mentions::of(document, schema, written);
    // What the resource's own attributes are declared as tells conditions apart; the rest is alike for all types. Of the types that are
    // alike in this the first stands for all.
    let mut known: HashMap<Signature, u32> = HashMap::new();
    let mut first: Vec<Option<&ResourceType>> = Vec::new();
    let mut within = true;
    let mut asked: Option<(Option<u32>, u32)> = None;
    let mut signature_of = |kind: Option<&'r ResourceType>, mentions: &mut Mentions<'r>| -> u32 {
        let start = kind.map(|kind| kind.permissions().start);
        if let Some((_, number)) = asked.filter(|(before, _)| *before == start) {
            return number;
        }
        conditioned.looked_up = conditioned.looked_up.saturating_add(mentions.len());
        within &= conditioned.looked_up <= MOST_LOOKED_UP;
        let signature = if within { mentions.ask(kind) } else { Signature::new() };
        let number = known.get(&signature).copied().unwrap_or_else(|| {
            mentions.judge(&signature);
            first.push(kind);
            known.insert(signature, first.len() as u32 - 1);
            first.len() as u32 - 1
        });
        asked = Some((start, number));
        number
    };
    let mut cut: Vec<(Range<u32>, u32)> = Vec::with_capacity(ranges.len());
    let mut push = |range: Range<u32>, number: u32| match cut.last_mut() {
        Some((last, before)) if *before == number && last.end == range.start => last.end = range.end,
        _ if range.is_empty() => {}
        _ => cut.push((range, number)),
    };
    let mut declaring = schema.declaring().peekable();
    for range in ranges {
        let mut at = range.start;
        while at < range.end {
            while declaring.next_if(|kind| kind.permissions().end <= at).is_some() {}
            let next = declaring.peek().copied().filter(|kind| kind.permissions().start < range.end);
            match next.map(|kind| (kind, kind.permissions())) {
                Some((kind, permissions)) if permissions.start <= at => {
                    let end = permissions.end.min(range.end);
                    push(at..end, signature_of(Some(kind), &mut mentions));
                    at = end;
                }
                next => {
                    let end = next.map_or(range.end, |(_, permissions)| permissions.start);
                    push(at..end, signature_of(None, &mut mentions));
                    at = end;
                }
            }
        }
    }
    if ranges.is_empty() {
        // A statement on nothing is still looked at for what it says of subjects.
        mentions.judge(&Signature::new());
    }
    // A condition for each way of declaring a thousand attributes would fill the memory, so there is none of what is refused.
    conditioned.references =
        conditioned.references.saturating_add(mentions.len().saturating_mul(first.len()));
    within &= conditioned.references <= MOST_REFERENCES;
    if !within && !std::mem::replace(&mut conditioned.is_refused, true) {
        let message = "the references of this document's conditions, times the types that declare attributes differently, are too many";
        let fault = Diagnostic::new(Code::OverLimit, message);
        let span = first_line(document.source(), conditions.span);
        let help = "no flag raises this limit: name fewer attributes, or fewer types in one statement";
        report.push(fault.at(document.source(), span, "the limit is passed here").help(help));
    }
    if !within || mentions.is_faulty() {
        mentions.tell(report, suggester);
        return Vec::new();
    }
    let tests: Vec<Test> = written.iter().filter_map(|written| document.test(written)).collect();
    let condition = |kind: &Option<&ResourceType>| {
        let declared = |reference: &Reference| declared(schema, *kind, reference);
        conditioned.number(Condition::new(tests.iter().map(|test| test.declared_by(&declared)).collect()))
    };
    let numbers: Vec<u32> = first.iter().map(condition).collect();
    let number = |signature: u32| numbers.get(signature as usize).copied().unwrap_or_default();
    cut.into_iter().map(|(range, signature)| (range, number(signature))).collect()
}
