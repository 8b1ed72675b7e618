//! What is found about the statements of one document: those that change nothing, and lists that equal `"*"`.

use std::ops::Range;

use super::Found;
use super::idle::{Fate, Weighed};
use crate::diagnostic::{Code, Diagnostic};
use crate::pattern::Pattern;
use crate::policy::{Document, Effect, Grants, NameList, Statement};
use crate::read::first_line;
use crate::schema::Schema;
use crate::source::{Source, Span};
use crate::text::listed;

/// What is wrong with the statements that change nothing.
pub(super) fn idle(document: &Document, weighed: &mut Weighed<'_>, found: &mut Found) {
    for statement in document.statements() {
        let fate = weighed.fate(statement.index());
        let effect = statement.effect().as_str();
        let (code, message, label, help) = match fate {
            Fate::Kept => continue,
            Fate::Again(_) => (
                Code::RepeatedStatement,
                format!("this {effect} says what an earlier statement says"),
                "says it again",
                "remove it: what is said once is said",
            ),
            Fate::Denied => (
                Code::IdleStatement,
                "this allow grants nothing: denies of the same document take away all of it".to_owned(),
                "grants nothing",
                "remove it, or narrow the deny if some of this was meant to be granted",
            ),
            Fate::Said => (
                Code::IdleStatement,
                format!("this {effect} changes nothing: other statements say all of it"),
                "changes nothing",
                "remove it: no decision changes",
            ),
        };
        let source = document.source();
        let mut fault = at(document, &statement, code, message, label).help(help);
        let others = match fate {
            Fate::Again(earlier) => vec![earlier],
            _ if found.is_full(code) => Vec::new(),
            _ => weighed.covering(statement.index()),
        };
        for other in others.into_iter().filter_map(|other| document.statement(other)) {
            let label = match (fate, other.effect()) {
                (Fate::Again(_), _) => "says it first",
                (_, Effect::Deny) if effect == "allow" => "takes it away",
                _ => "says it too",
            };
            fault = fault.also(source, first_line(source, other.span()), label);
        }
        found.push(fault.replace(source, with_comma(source, statement.span()), ""));
    }
}

/// A fault of a statement, on its first line.
pub(super) fn at(
    document: &Document,
    statement: &Statement<'_>,
    code: Code,
    message: String,
    label: &str,
) -> Diagnostic {
    let source = document.source();
    Diagnostic::new(code, message).at(source, first_line(source, statement.span()), label)
}

/// The place of an element of a list together with the comma that parts it from its neighbour, so that what is left is a list.
fn with_comma(source: &Source, span: Span) -> Span {
    let text = source.text();
    let before = text.get(..span.start as usize).unwrap_or("").trim_end();
    let after = text.get(span.end as usize..).unwrap_or("");
    let next = after.trim_start();
    if let Some(rest) = next.strip_prefix(',') {
        let kept = rest.trim_start().len();
        Span::new(span.start, (text.len() - kept) as u32)
    } else if before.ends_with(',') {
        Span::new(before.len() as u32 - 1, span.end)
    } else {
        span
    }
}

/// Lists of actions that name all that there are, and so equal `"*"` until the schema gains one.
pub(super) fn lists_of_all(document: &Document, grants: &Grants, weighed: &Weighed<'_>, found: &mut Found) {
    let schema = grants.schema();
    for (statement, written) in document.statements().zip(&document.statements) {
        let names = statement.actions();
        let covered = cells(grants.of_statement(statement.index()));
        let kept = weighed.fate(statement.index()) == Fate::Kept;
        if !kept || names.len() < 2 || covered == 0 || names.iter().any(|name| name == "*") {
            continue;
        }
        let Some(kinds) = kinds(schema, statement.resource()) else { continue };
        let all = kinds.iter().filter_map(|kind| schema.types().get(*kind as usize));
        let admitted: u64 = all.map(|kind| cells(&[kind.permissions()])).sum();
        if covered != admitted {
            continue;
        }
        let whole = kinds.iter().copied().eq(0..schema.types_reached());
        let of = if whole {
            "the schema".to_owned()
        } else {
            let all = kinds.iter().filter_map(|kind| schema.types().get(*kind as usize));
            listed(all.map(|kind| kind.name()), 3)
        };
        let verb = if kinds.len() == 1 || whole { "admits" } else { "admit" };
        let message = format!("these are all the actions that {of} {verb}, as \"*\" would be");
        let later = match statement.effect() {
            Effect::Allow => {
                "an action that the schema gains later is not granted by this list; write \"*\" if it is meant to be"
            }
            Effect::Deny => {
                "an action that the schema gains later is not denied by this list; write \"*\" if it is meant to be"
            }
        };
        let source = document.source();
        let span = first_line(source, written.actions.span);
        let fault = Diagnostic::new(Code::ListOfAll, message).at(source, span, "equals \"*\" today");
        found.push(fault.help(later));
    }
}

fn cells(ranges: &[Range<u32>]) -> u64 {
    ranges.iter().map(|range| u64::from(range.end - range.start)).sum()
}

/// The types that a list selects, ascending; `None` where a name is none.
fn kinds(schema: &Schema, names: NameList<'_>) -> Option<Vec<u32>> {
    let mut kinds = Vec::new();
    for name in names.iter() {
        match Pattern::of(&name) {
            _ if name == "*" => kinds.extend(0..schema.types_reached()),
            Some(pattern) => kinds.extend(pattern.expand(schema.sorted_types())),
            None => kinds.push(schema.named(&name)?.kind),
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    Some(kinds)
}

/// Whether two documents stand at one place of one text, as when two roles name one file.
pub(super) fn place(document: &Document) -> (Box<str>, Span) {
    (document.source().name().into(), document.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_goes_with_its_comma() {
        for (text, removed, left) in [
            ("[{1}, {2}, {3}]", "{1}", "[{2}, {3}]"),
            ("[{1}, {2}, {3}]", "{2}", "[{1}, {3}]"),
            ("[{1}, {2}, {3}]", "{3}", "[{1}, {2}]"),
            ("[\n  {1},\n  {2}\n]", "{1}", "[\n  {2}\n]"),
            ("[\n  {1},\n  {2}\n]", "{2}", "[\n  {1}\n]"),
            ("[ {1} ]", "{1}", "[  ]"),
            ("[{1} ,{2}]", "{2}", "[{1} ]"),
        ] {
            let source = Source::new("list", text);
            let start = text.find(removed).unwrap() as u32;
            let span = with_comma(&source, Span::new(start, start + removed.len() as u32));
            let mut mended = text.to_owned();
            mended.replace_range(span.range(), "");
            assert_eq!(mended, left);
        }
    }
}
