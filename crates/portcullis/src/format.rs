//! The canonical form of a file: keys in the order of the documentation, two spaces, short lists on a line.
//!
//! Formatting works on the text as read, not on its meaning: numbers keep their digits, names their
//! spelling, maps that people order (roles, members, types) their order. Reading the result gives what
//! reading the original gave, and formatting twice is formatting once; property tests hold both.

use std::sync::Arc;

use crate::diagnostic::Report;
use crate::json::{Kind, Tape, Value, write_string};
use crate::limits::Limits;
use crate::read::{FileKind, unknown_kind};
use crate::source::Source;

/// Lines are kept within this many characters where lists allow it.
const WIDTH: usize = 100;

/// How one kind of object is laid out.
struct Form {
    /// The order of known keys. Keys that are not listed keep their own order, after the listed ones.
    order: &'static [&'static str],
    /// Keys whose objects are maps from names that somebody chose: their order is theirs.
    maps: &'static [&'static str],
}

/// Policy documents, schemas, workspaces, and the outermost object of a test suite or of a file of rules.
const FILES: Form = Form { order: ORDER, maps: MAPS };

/// The tests of a suite, whose keys mean something else than the same keys elsewhere.
const TESTS: Form = Form { order: TEST_ORDER, maps: &["may", "may_not", "grid", "properties", "context"] };

/// A request in a test has some of these keys too.
const TEST_ORDER: &[&str] = &[
    "name",
    "subject",
    "role",
    "action",
    "resource",
    "id",
    "properties",
    "context",
    "now",
    "who",
    "request",
    "may",
    "may_not",
    "grid",
];

/// The rules of a file of rules, and the sides of one.
const RULES: Form = Form {
    order: &[
        "name", "never", "separate", "only", "at-most", "actions", "resource", "object", "role", "except",
        "roles", "groups", "members",
    ],
    maps: &[],
};

const ORDER: &[&str] = &[
    "version",
    "workspace",
    "schema",
    "default_role",
    "subjects",
    "resources",
    "administration",
    "roles",
    "groups",
    "members",
    "objects",
    "policies",
    "effect",
    "actions",
    "resource",
    "conditions",
    "tests",
    "rules",
];

const MAPS: &[&str] = &["resources", "roles", "groups", "members", "properties", "attributes", "conditions"];

/// Formats the text of any file of the product.
///
/// # Errors
/// Every fault of the text as JSON, and a text that is none of the product's files; what it means is not
/// looked at.
pub fn format(source: &Arc<Source>, limits: &Limits) -> Result<String, Report> {
    let mut report = Report::new();
    let tape = Tape::read(source, limits, &mut report);
    let Some(tape) = tape.filter(|_| !report.has_errors()) else { return Err(report) };
    if FileKind::of(tape.root()).is_none() {
        report.push(unknown_kind(source, tape.root()));
        return Err(report);
    }
    let mut out = String::with_capacity(source.text().len() + 64);
    write_value(&mut out, tape.root(), 0, &FILES, false);
    out.push('\n');
    Ok(out)
}

/// Writes a value. The recursion is as deep as the nesting limit lets a text be.
fn write_value(out: &mut String, value: Value<'_>, indent: usize, form: &Form, is_map: bool) {
    match value.kind() {
        Kind::Text | Kind::EscapedText => write_string(out, &value.text()),
        Kind::Array | Kind::Object => {
            let start = out.len();
            if !keeps_lines(value, indent) {
                write_flat(out, value, form, is_map);
                let line = out.get(start..).unwrap_or("").chars().count();
                if line + column(out, start) <= WIDTH {
                    return;
                }
                out.truncate(start);
            }
            write_lines(out, value, indent, form, is_map);
        }
        _ => out.push_str(value.raw()),
    }
}

/// How far into its line a place in the text is.
fn column(out: &str, at: usize) -> usize {
    out.get(..at).and_then(|before| before.rsplit('\n').next()).map_or(0, |line| line.chars().count())
}

/// Outer objects always take a line a key; only what holds nothing nested may stand on one line.
fn keeps_lines(value: Value<'_>, indent: usize) -> bool {
    let nested = |inner: Value<'_>| matches!(inner.kind(), Kind::Array | Kind::Object);
    let holds_nested =
        |inner: Value<'_>| inner.elements().any(nested) || inner.members().any(|(_, v)| nested(v));
    if value.kind() == Kind::Array {
        return value.elements().any(nested);
    }
    let empty = value.members().next().is_none();
    !empty
        && (indent == 0
            || value.members().any(|(_, inner)| inner.kind() == Kind::Object || holds_nested(inner)))
}

fn ordered<'t>(value: Value<'t>, form: &Form, is_map: bool) -> Vec<(Value<'t>, Value<'t>)> {
    let mut members: Vec<_> = value.members().collect();
    if !is_map {
        members.sort_by_key(|(key, _)| {
            form.order.iter().position(|known| *known == key.text()).unwrap_or(form.order.len())
        });
    }
    members
}

fn write_flat(out: &mut String, value: Value<'_>, form: &Form, is_map: bool) {
    match value.kind() {
        Kind::Array => {
            out.push('[');
            for (index, element) in value.elements().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_flat(out, element, form, false);
            }
            out.push(']');
        }
        Kind::Object => {
            let members = ordered(value, form, is_map);
            out.push_str(if members.is_empty() { "{" } else { "{ " });
            for (index, (key, inner)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_string(out, &key.text());
                out.push_str(": ");
                write_flat(out, *inner, form, form.maps.contains(&&*key.text()));
            }
            out.push_str(if members.is_empty() { "}" } else { " }" });
        }
        Kind::Text | Kind::EscapedText => write_string(out, &value.text()),
        _ => out.push_str(value.raw()),
    }
}

fn write_lines(out: &mut String, value: Value<'_>, indent: usize, form: &Form, is_map: bool) {
    let inner = indent + 2;
    let line = |out: &mut String, first: bool| {
        out.push_str(if first { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n(' ', inner));
    };
    if value.kind() == Kind::Array {
        out.push('[');
        for (index, element) in value.elements().enumerate() {
            line(out, index == 0);
            write_value(out, element, inner, form, false);
        }
    } else {
        out.push('{');
        for (index, (key, held)) in ordered(value, form, is_map).into_iter().enumerate() {
            line(out, index == 0);
            write_string(out, &key.text());
            out.push_str(": ");
            let form = match &*key.text() {
                "tests" if indent == 0 => &TESTS,
                "rules" if indent == 0 => &RULES,
                _ => form,
            };
            write_value(out, held, inner, form, !is_map && form.maps.contains(&&*key.text()));
        }
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push(if value.kind() == Kind::Array { ']' } else { '}' });
}
