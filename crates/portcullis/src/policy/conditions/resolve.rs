//! From the conditions of a statement to conditions that are evaluated, one for each way in which its types declare attributes.
//!
//! A statement may cover types that declare the same path differently, or not at all. What is declared
//! decides at a check where a value comes from, so each such type has a condition of its own, and the
//! statement's ranges are cut at its borders. Where nothing is declared, which is nearly everywhere, there is
//! one condition and no cut.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::declared::Mentions;
use super::{Conditions, Document, WrittenTest};
use crate::condition::{Condition, Reference, Root, Test};
use crate::diagnostic::Report;
use crate::schema::{Declared, ResourceType, Schema};
use crate::suggest::Suggester;

/// The conditions of a document so far, each once.
#[derive(Default)]
pub(in crate::policy) struct Conditioned {
    pub(in crate::policy) conditions: Vec<Arc<Condition>>,
    numbers: HashMap<Arc<Condition>, u32>,
}

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
pub(in crate::policy) fn resolve(
    conditions: Conditions,
    ranges: &[Range<u32>],
    context: Context<'_>,
    conditioned: &mut Conditioned,
) -> Vec<(Range<u32>, u32)> {
    let Context { document, schema, report, suggester } = context;
    let written: &[WrittenTest] = document.tests_of(conditions);
    let tests: Vec<Test> = written.iter().filter_map(|written| document.test(written)).collect();
    let mut mentions = Mentions::of(document, schema, written);
    // What the resource's own attributes are declared as tells conditions apart; the rest is alike for all types.
    let mut known: HashMap<Vec<Option<Declared>>, u32> = HashMap::new();
    let mut condition_of = |kind: Option<&ResourceType>, mentions: &mut Mentions<'_>| -> u32 {
        let signature = mentions.signature(kind);
        if let Some(&number) = known.get(&signature) {
            return number;
        }
        mentions.judge(kind);
        let declared = |reference: &Reference| declared(schema, kind, reference);
        let number = conditioned
            .number(Condition::new(tests.iter().map(|test| test.declared_by(&declared)).collect()));
        known.insert(signature, number);
        number
    };
    let mut cut: Vec<(Range<u32>, u32)> = Vec::with_capacity(ranges.len());
    let mut push = |range: Range<u32>, number: u32| match cut.last_mut() {
        Some((last, before)) if *before == number && last.end == range.start => last.end = range.end,
        _ if range.is_empty() => {}
        _ => cut.push((range, number)),
    };
    mentions.subject();
    let mut declaring = schema.declaring().peekable();
    for range in ranges {
        let mut at = range.start;
        while at < range.end {
            while declaring.next_if(|kind| kind.permissions().end <= at).is_some() {}
            let next = declaring.peek().copied().filter(|kind| kind.permissions().start < range.end);
            match next.map(|kind| (kind, kind.permissions())) {
                Some((kind, permissions)) if permissions.start <= at => {
                    mentions.ask(kind);
                    let end = permissions.end.min(range.end);
                    push(at..end, condition_of(Some(kind), &mut mentions));
                    at = end;
                }
                next => {
                    let end = next.map_or(range.end, |(_, permissions)| permissions.start);
                    push(at..end, condition_of(None, &mut mentions));
                    at = end;
                }
            }
        }
    }
    if ranges.is_empty() {
        // A statement on nothing is still looked at for what it says of subjects.
        mentions.judge(None);
    }
    mentions.tell(report, suggester);
    cut
}
