//! Why, for programs: statements that bear on a question, and what their conditions came to, in JSON.
//!
//! The keys are those that docs/explain.md names, in a terminal and over the network alike. Values are all there and exact.

use portcullis::condition::{Attribute, Finding, Found};
use portcullis::{Grounds, Source, Weighed};
use serde_json::{Value, json};

/// A statement that bears on a question.
#[must_use]
pub fn json_grounds(ground: &Grounds<'_>) -> Value {
    let (file, at) = ground.place();
    json!({
        "effect": ground.statement.effect().as_str(),
        "role": ground.role.name(),
        "built_in": ground.role.is_built_in(),
        "own": ground.held.own,
        "groups": ground.held.groups,
        "file": file,
        "line": at.line,
        "column": at.column,
        "statement": ground.statement.index(),
        "text": ground.statement.text(),
        "condition": ground.condition.as_ref().map(json_weighed),
    })
}

/// What a condition came to, test by test.
#[must_use]
pub fn json_weighed(weighed: &Weighed<'_>) -> Value {
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
#[must_use]
pub fn exact(text: &str) -> Value {
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
