//! What conditions came to: a line a test for people, and the same in JSON.
//!
//! A line says what was asked of which attribute, what was found and on which side, and the outcome; where that is unknown, why, and
//! which attribute is the cause if it is one that the operand names. Values that outsiders chose are cut short and made
//! harmless for people; programs get all of them, exactly.

use portcullis::condition::{Attribute, Finding, Found, Outcome, Reference};
use portcullis::text::{counted, shown};
use portcullis::{Effect, Source, Weighed};
use serde_json::{Value, json};

/// Of the attributes that an operand names, this many are shown.
const OPERANDS: usize = 3;

/// A line for each test of a condition, and why a deny applies of which nobody can say whether it should.
pub(crate) fn lines(weighed: &Weighed<'_>, effect: Effect) -> Vec<String> {
    let words = std::iter::once("when").chain(std::iter::repeat("and"));
    let mut lines: Vec<String> =
        words.zip(&weighed.findings).map(|(word, finding)| format!("{word} {}", line(finding))).collect();
    if weighed.outcome == Outcome::Unknown && effect == Effect::Deny {
        lines.push("unknown: a deny applies unless its condition is false".to_owned());
    }
    lines
}

fn line(finding: &Finding<'_, '_>) -> String {
    let Finding { test, outcome, found, operands, undecided } = finding;
    let mut line =
        format!("{} {} {}", shown(&test.reference().to_string()), test.operator(), shown(&test.operand()));
    let mut separator = ": ";
    let mut add = |text: &str| {
        line.push_str(separator);
        line.push_str(text);
        separator = ", ";
    };
    match found {
        Found::Value(value, side) => add(&format!("found {} ({})", shown(&value.to_string()), side.as_str())),
        Found::Missing => add("found nothing"),
        Found::Unknown(_) => {}
    }
    for (reference, found) in operands.iter().take(OPERANDS) {
        let reference = shown(&reference.to_string());
        match found {
            Found::Value(value, side) => {
                add(&format!("{reference} is {} ({})", shown(&value.to_string()), side.as_str()))
            }
            Found::Missing => add(&format!("{reference} is missing")),
            Found::Unknown(why) => add(&format!("{reference} is unknown ({})", why.as_str())),
        }
    }
    if let Some(more) = operands.len().checked_sub(OPERANDS).filter(|more| *more > 0) {
        add(&format!("and {} more", counted(more, "attribute")));
    }
    line.push_str(&format!(": {}", outcome.as_str()));
    if let Some(undecided) = undecided {
        let why = undecided.why.as_str();
        line.push_str(&match cause(finding) {
            Some(reference) => format!(" ({}: {why})", shown(&reference.to_string())),
            None => format!(" ({why})"),
        });
    }
    line
}

/// The attribute that makes a test unknown, if it is not the tested one.
fn cause<'c>(finding: &Finding<'c, '_>) -> Option<&'c Reference> {
    finding.undecided.map(|undecided| undecided.about).filter(|about| *about != finding.test.reference())
}

/// What a condition came to, test by test.
pub(crate) fn json_weighed(weighed: &Weighed<'_>) -> Value {
    json!({
        "outcome": weighed.outcome.as_str(),
        "tests": weighed.findings.iter().map(json_finding).collect::<Value>(),
    })
}

fn json_finding(finding: &Finding<'_, '_>) -> Value {
    let (value, from, _) = json_found(&finding.found);
    let operands = finding.operands.iter().map(|(reference, found)| {
        let (value, from, why) = json_found(found);
        json!({ "reference": reference.to_string(), "value": value, "from": from, "why": why })
    });
    json!({
        "reference": finding.test.reference().to_string(),
        "operator": finding.test.operator().as_str(),
        "operand": exact(&finding.test.operand()),
        "value": value,
        "from": from,
        "operands": operands.collect::<Value>(),
        "outcome": finding.outcome.as_str(),
        "why": finding.undecided.map(|undecided| undecided.why.as_str()),
        "about": finding.undecided.map(|undecided| undecided.about.to_string()),
    })
}

/// A value and the side that had it, or why there is none.
fn json_found(found: &Found<'_>) -> (Value, Option<&'static str>, Option<&'static str>) {
    match found {
        Found::Value(value, side) => (exact(&value.to_string()), Some(side.as_str()), None),
        Found::Missing => (Value::Null, None, Some("missing")),
        Found::Unknown(why) => (Value::Null, None, Some(why.as_str())),
    }
}

/// JSON as it is. Where a number in it has more digits than a double, which most readers take it for, its text stands as a string.
pub(crate) fn exact(text: &str) -> Value {
    let read = |text: &str| Attribute::read(&Source::new("value", text)).ok();
    match serde_json::from_str::<Value>(text) {
        Ok(value) if read(&value.to_string()) == read(text) => value,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_digit() {
        for text in
            ["7", "\"a\"", "[1,{\"a\":2.5}]", "9007199254740993", "-0.1", "{\"ref\":\"subject.team\"}"]
        {
            assert_eq!(exact(text).to_string(), text);
        }
        for text in ["1e400", "9007199254740993.5", "[1,0.1000000000000000000001]", "184467440737095516150"] {
            assert_eq!(exact(text), Value::String(text.to_owned()));
        }
    }
}
