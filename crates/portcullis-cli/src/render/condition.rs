//! What conditions came to: a line a test for people.
//!
//! A line says what was asked of which attribute, what was found and on which side, and the outcome; where that is unknown, why, and
//! which attribute is the cause if it is one that the operand names. Values that outsiders chose are cut short and made
//! harmless for people.

use portcullis::condition::{Finding, Found, Outcome, Reference};
use portcullis::text::{counted, shown};
use portcullis::{Effect, Weighed};

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
