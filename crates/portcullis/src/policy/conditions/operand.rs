//! Reading what an operator compares with: which values it takes, and what is said of others.
//!
//! An operand of a kind that could never compare is an error, not a test that is unknown for ever: in a
//! deny it would take everything away, in an allow it would give nothing.

use super::read::read_reference;
use super::{OperandKind, WrittenOperand};
use crate::condition::{Instant, Number, Operator};
use crate::diagnostic::Code;
use crate::json::{Kind, Value};
use crate::policy::document::Document;
use crate::read::{Reader, first_line};
use crate::text::quoted;

/// Reads the operand of an operator; says why not when it cannot be one.
pub(super) fn read_operand(
    operator: Operator,
    value: Value<'_>,
    document: &mut Document,
    reader: &mut Reader<'_>,
) -> Option<WrittenOperand> {
    match (operator, value.kind()) {
        (_, Kind::Fault) => None,
        (Operator::Exists, Kind::True | Kind::False) => scalar(operator, value, reader),
        (Operator::Exists, _) => {
            let text = value.text();
            let mend = (matches!(&*text, "true" | "false") && value.is_text()).then(|| text.into_owned());
            wrong(operator, value, "true or false", "write true or false", mend, reader)
        }
        (_, Kind::Object) => named(value, reader),
        (Operator::In | Operator::NotIn, Kind::Array) => list(operator, value, document, reader),
        (Operator::In | Operator::NotIn, kind) => {
            let mend = (kind != Kind::Null).then(|| format!("[{}]", value.raw()));
            wrong(operator, value, "a list", "put it in brackets: a list may have one element", mend, reader)
        }
        (Operator::GreaterThan | Operator::LessThan, Kind::Text | Kind::EscapedText) => {
            let text = value.text();
            if Instant::parse(&text).is_some() {
                return scalar(operator, value, reader);
            }
            let is_number = Number::parse(&text).is_some();
            let help = if is_number {
                "numbers stand without quotes"
            } else {
                "a time has a date, a time and an offset, as in `\"2026-03-01T12:00:00Z\"`"
            };
            let mend = is_number.then(|| text.into_owned());
            wrong(operator, value, "a number or a time as RFC 3339 writes it", help, mend, reader)
        }
        (Operator::GreaterThan | Operator::LessThan, Kind::Number) => scalar(operator, value, reader),
        (Operator::GreaterThan | Operator::LessThan, _) => {
            let help = "numbers and times have an order, nothing else has";
            wrong(operator, value, "a number or a time as RFC 3339 writes it", help, None, reader)
        }
        (Operator::Equals, Kind::Array) => {
            let help = "`in` asks whether the value is one of a list";
            wrong(operator, value, "a string, a number, true, false or a `ref`", help, None, reader)
        }
        (Operator::Equals, _) => scalar(operator, value, reader),
    }
}

/// Says that a value is not what the operator takes.
fn wrong<T>(
    operator: Operator,
    value: Value<'_>,
    wanted: &str,
    help: &str,
    mend: Option<String>,
    reader: &mut Reader<'_>,
) -> Option<T> {
    let found = if value.is_text() { quoted(&value.text()) } else { value.kind_name().to_owned() };
    let message = format!("`{operator}` takes {wanted}, found {found}");
    let span = first_line(&reader.source, value.span());
    let mut fault = reader.fault(Code::WrongOperand, span, message, "").help(help);
    if let Some(mend) = mend {
        fault = fault.replace(&reader.source, value.span(), mend);
    }
    reader.push(fault);
    None
}

/// A string, a number, true or false.
fn scalar(operator: Operator, value: Value<'_>, reader: &mut Reader<'_>) -> Option<WrittenOperand> {
    let kind = match value.kind() {
        Kind::Text => OperandKind::Text { escaped: false },
        Kind::EscapedText => OperandKind::Text { escaped: true },
        Kind::True => OperandKind::Boolean(true),
        Kind::False => OperandKind::Boolean(false),
        Kind::Number if Number::parse(value.raw()).is_some() => OperandKind::Number,
        Kind::Number => {
            let message = format!("the exponent of {} does not fit 64 bits", quoted(value.raw()));
            let fault = reader.fault(Code::WrongOperand, value.span(), message, "");
            reader.push(fault.help("no value could be compared with it: write a number that is meant"));
            return None;
        }
        Kind::Null => {
            let help = "null is what is missing, and nothing equals it: `{\"exists\": false}` asks for that";
            return wrong(operator, value, "a string, a number, true, false or a `ref`", help, None, reader);
        }
        Kind::Array | Kind::Object => {
            let help = "only strings, numbers and booleans are compared";
            return wrong(operator, value, "a string, a number, true, false or a `ref`", help, None, reader);
        }
        Kind::Fault => return None,
    };
    Some(WrittenOperand { span: value.span(), kind })
}

/// `{"ref": "subject.email"}`.
fn named(value: Value<'_>, reader: &mut Reader<'_>) -> Option<WrittenOperand> {
    let mut members = value.members();
    let inside = match (members.next(), members.next()) {
        (Some((key, inside)), None) if key.text() == "ref" && inside.is_text() => inside,
        (Some((key, inside)), None) if key.text() == "ref" && inside.kind() == Kind::Fault => return None,
        _ => {
            let message = "an operand that is an object must be `{\"ref\": \"PATH\"}`, found another";
            let span = first_line(&reader.source, value.span());
            let fault = reader.fault(Code::WrongOperand, span, message, "");
            reader.push(
                fault.help("name one attribute, as in `{\"ref\": \"subject.email\"}`, or write a value"),
            );
            return None;
        }
    };
    let name = read_reference(inside, reader)?;
    Some(WrittenOperand { span: inside.span(), kind: OperandKind::Reference(name) })
}

fn list(
    operator: Operator,
    value: Value<'_>,
    document: &mut Document,
    reader: &mut Reader<'_>,
) -> Option<WrittenOperand> {
    let count = value.elements().count();
    if count == 0 {
        let help = "name the values that are meant; nothing is in an empty list";
        let message = format!("`{operator}` has an empty list");
        reader.push(reader.fault(Code::WrongOperand, value.span(), message, "no values").help(help));
        return None;
    }
    if !reader.within(count, reader.limits.list_names, "value", "max-names", value.span()) {
        return None;
    }
    let first = document.elements.len() as u32;
    let mut whole = true;
    for element in value.elements() {
        let read = if element.kind() == Kind::Object {
            named(element, reader)
        } else {
            scalar(operator, element, reader)
        };
        match read {
            Some(operand) => document.elements.push(operand),
            None => whole = false,
        }
    }
    let kind = OperandKind::List { first, count: document.elements.len() as u32 - first };
    whole.then_some(WrittenOperand { span: value.span(), kind })
}
