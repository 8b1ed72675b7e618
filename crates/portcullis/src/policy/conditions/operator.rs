//! Operators that the language does not have, and what their authors mean by them.
//!
//! Other languages have twenty; this one has six, and most of the others can be said with them. A word
//! that means the same gets the language's word as its mend, one that means something near gets told
//! how that is said here.

use crate::condition::Operator;
use crate::diagnostic::Code;
use crate::json::Value;
use crate::read::Reader;
use crate::text::{listed, quoted};

/// Words of other languages for the six operators.
const SAME: &[(&str, Operator)] = &[
    ("eq", Operator::Equals),
    ("equal", Operator::Equals),
    ("==", Operator::Equals),
    ("===", Operator::Equals),
    ("=", Operator::Equals),
    ("is", Operator::Equals),
    ("oneof", Operator::In),
    ("anyof", Operator::In),
    ("nin", Operator::NotIn),
    ("noneof", Operator::NotIn),
    ("gt", Operator::GreaterThan),
    (">", Operator::GreaterThan),
    ("after", Operator::GreaterThan),
    ("lt", Operator::LessThan),
    ("<", Operator::LessThan),
    ("before", Operator::LessThan),
    ("has", Operator::Exists),
    ("present", Operator::Exists),
];

const NOT_EQUAL: &[&str] = &["ne", "neq", "notequal", "notequals", "isnot", "!=", "<>", "not"];
const AT_LEAST: &[&str] = &["gte", "ge", ">=", "atleast", "greaterthanorequal", "greaterthanequals"];
const AT_MOST: &[&str] = &["lte", "le", "<=", "atmost", "lessthanorequal", "lessthanequals"];
const TEXT: &[&str] =
    &["contains", "like", "startswith", "endswith", "matches", "glob", "prefix", "suffix", "regex"];

pub(super) fn unknown(key: Value<'_>, reader: &mut Reader<'_>) {
    let name = key.text();
    let plain: String =
        name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '$')).flat_map(char::to_lowercase).collect();
    let words = || Operator::ALL.iter().map(|operator| operator.as_str());
    let same =
        Operator::parse(&plain).or_else(|| SAME.iter().find(|(word, _)| *word == plain).map(|found| found.1));
    let help = if NOT_EQUAL.contains(&&*plain) {
        Some("write `notin` with a list of the one value")
    } else if AT_LEAST.contains(&&*plain) {
        Some("there is no `at least`: say what it must be `greaterthan`")
    } else if AT_MOST.contains(&&*plain) {
        Some("there is no `at most`: say what it must be `lessthan`")
    } else if TEXT.contains(&&*plain) {
        Some("write `equals` with a pattern: a `*` in its text is any run of characters, as in `\"team-*\"`")
    } else {
        None
    };
    let near = match (same, help) {
        (Some(same), _) => Some(same.as_str()),
        (None, Some(_)) => None,
        (None, None) => reader.suggester.nearest(&name, words()),
    };
    let message = format!("there is no operator {}", quoted(&name));
    let fault = reader.fault(Code::UnknownOperator, key.span(), message, "unknown operator");
    reader.push(match (near, help) {
        (Some(near), _) => fault.meant(near),
        (None, Some(help)) => fault.help(help),
        (None, None) => fault.help(format!("the operators are {}", listed(words(), 6))),
    });
}
