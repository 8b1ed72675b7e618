//! Reading conditions: rule 10 as far as it needs no schema.
//!
//! What is kept are places, as of names: a reference, an operator and an operand each. A test with a
//! fault is left out; the document with it is never handed out, and its other tests are still looked
//! at.

use super::operand::read_operand;
use super::{Conditions, WrittenTest, operator};
use crate::condition::{BadReference, MOST_PARTS, Operator, Reference, Root};
use crate::diagnostic::Code;
use crate::json::{Kind, Value};
use crate::policy::document::{Document, Name};
use crate::read::{Reader, first_line};
use crate::text::{counted, grouped, quoted};

/// The most tests of one statement.
const MOST_TESTS: usize = 1_024;

/// The conditions that say something. `"*"` says nothing; an empty object is an error, outer or inner.
pub(in crate::policy) fn read_conditions(
    value: Value<'_>,
    document: &mut Document,
    reader: &mut Reader<'_>,
) -> Option<Conditions> {
    if value.is_text() && value.text() == "*" {
        return None;
    }
    if value.kind() != Kind::Object {
        reader.wrong_shape(value, "`conditions`", "an object or \"*\"");
        return None;
    }
    if value.members().next().is_none() {
        says_nothing(value, "an empty `conditions`", reader);
        return None;
    }
    let first = document.tests.len() as u32;
    let count: usize = value.members().map(|(_, tests)| tests.members().count()).sum();
    if count > MOST_TESTS {
        let message =
            format!("{} in one statement where the limit is {}", counted(count, "test"), grouped(MOST_TESTS));
        let fault = reader.fault(Code::OverLimit, first_line(&reader.source, value.span()), message, "here");
        reader
            .push(fault.help("no flag raises this limit: values of one attribute go into one list of `in`"));
        return Some(Conditions { span: value.span(), first, count: 0 });
    }
    for (key, tests) in value.members() {
        let reference = read_reference(key, reader);
        let what = format!("the condition on {}", quoted(&key.text()));
        if !reader.object(tests, &what) {
            continue;
        }
        if tests.members().next().is_none() {
            says_nothing(tests, &what, reader);
        }
        for (word, operand) in tests.members() {
            let operator = Operator::parse(&word.text());
            let Some(operator) = operator else {
                operator::unknown(word, reader);
                continue;
            };
            let operand = read_operand(operator, operand, document, reader);
            if let (Some(reference), Some(operand)) = (reference, operand) {
                let operator_span = word.span();
                document.tests.push(WrittenTest { reference, operator, operator_span, operand });
            }
        }
    }
    let count = document.tests.len() as u32 - first;
    Some(Conditions { span: value.span(), first, count })
}

fn says_nothing(object: Value<'_>, what: &str, reader: &mut Reader<'_>) {
    let help = "write `{\"labels.team\": {\"equals\": \"marketing\"}}`, or leave `conditions` out";
    let fault = reader.fault(Code::EmptyConditions, object.span(), format!("{what} says nothing"), "");
    reader.push(fault.help(help));
}

/// A reference, as a key or under `ref`.
pub(super) fn read_reference(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Name> {
    let text = value.text();
    let bad = match Reference::parse(&text) {
        Ok(_) => return Some(Name { span: value.span(), escaped: value.kind() == Kind::EscapedText }),
        Err(bad) => bad,
    };
    let name = quoted(&text);
    let (message, help) = match bad {
        BadReference::EmptyPart => (
            format!("the reference {name} has an empty part"),
            "a reference is a path with one dot between its parts: `labels.team`".to_owned(),
        ),
        BadReference::RootAlone(root) => (
            format!("{name} alone names no attribute"),
            match root {
                Root::Subject => "say which: `subject.id`, `subject.team`",
                Root::Resource => "say which: `resource.id`, `labels.team`",
                Root::Action => "say which: `action.name`",
                Root::Context => "say which: `context.now`, `context.ip`",
            }
            .to_owned(),
        ),
        BadReference::ThroughOwn(root, own) => {
            let what = if root == Root::Context { "a time" } else { "a string" };
            let root = root.as_str();
            (
                format!("{name} goes through `{root}.{own}`, which is {what} and has no parts"),
                format!("write `{root}.{own}`; a property of that name cannot be asked about"),
            )
        }
        BadReference::TooLong(parts) => (
            format!("the reference has {}, more than {MOST_PARTS}", counted(parts, "part")),
            "shorten the path".to_owned(),
        ),
    };
    let fault = reader.fault(Code::BadReference, value.span(), message, "");
    reader.push(fault.help(help));
    None
}
