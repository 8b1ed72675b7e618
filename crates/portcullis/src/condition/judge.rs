//! Evaluation: what a condition comes to, given a way to look attributes up.
//!
//! A pure function of the condition and of what a [`Lookup`] finds; nothing is allocated and nothing can
//! fail. The fast answer and the one with reasons are the same code: each test is judged once, to true
//! or false or to why it cannot be said, and the fast answer forgets the why.

use std::cmp::Ordering;

use super::literal::Bound;
use super::outcome::Outcome;
use super::reference::Reference;
use super::test::{Check, Condition, Operand, Test};
use super::time::Instant;
use super::value::Value;
use crate::schema::AttributeType;

/// Finds the values of references: who asks, what about, in which circumstances.
pub trait Lookup<'a> {
    /// The value of a reference, or why there is none.
    fn find(&self, reference: &Reference) -> Found<'a>;
}

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'a> {
    /// A value, never null, and which side had it.
    Value(Value<'a>, Side),
    /// The entity is known and has no such attribute.
    Missing,
    /// It cannot be said whether there is one, or which.
    Unknown(Why),
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Stored properties.
    Stored,
    /// The request.
    Request,
    /// The entity itself: its id, its type, the action's name, the clock.
    Own,
}

impl Side {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Stored => "stored",
            Side::Request => "request",
            Side::Own => "own",
        }
    }
}

/// Why a test is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The entity is known and lacks the attribute.
    Missing,
    /// The attribute is missing of an entity that is not stored and of which the request says nothing.
    UnknownEntity,
    /// A stored reference leads to an object that is not stored, or is not of the form of a reference.
    BrokenReference,
    /// Stored references lead back to an object that they came from.
    CyclicReference,
    /// Store and request both have the attribute, and not the same value.
    Conflict,
    /// The question is about a resource type alone.
    NoResourceId,
    /// Whoever decides gave no clock.
    NoClock,
    /// The value is not of the type that the schema declares.
    NotAsDeclared,
    /// The operator does not compare values of this kind, or these two kinds.
    WrongType,
}

impl Why {
    /// A stable word for it, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Why::Missing => "missing",
            Why::UnknownEntity => "unknown entity",
            Why::BrokenReference => "broken reference",
            Why::CyclicReference => "cyclic reference",
            Why::Conflict => "attribute conflict",
            Why::NoResourceId => "no resource id",
            Why::NoClock => "no clock",
            Why::NotAsDeclared => "not of the declared type",
            Why::WrongType => "wrong type",
        }
    }
}

/// Why a test cannot be said to hold or not to hold, and which attribute is the cause: the tested one, or one that the operand names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided<'c> {
    /// The cause.
    pub why: Why,
    /// The attribute.
    pub about: &'c Reference,
}

/// All that can be said about one test.
#[derive(Clone, Debug)]
pub struct Finding<'c, 'a> {
    /// The test.
    pub test: &'c Test,
    /// What it came to.
    pub outcome: Outcome,
    /// What was found of the attribute that is tested.
    pub found: Found<'a>,
    /// The attributes that the operand names, and what was found of each.
    pub operands: Vec<(&'c Reference, Found<'a>)>,
    /// Why the outcome is unknown, if it is.
    pub undecided: Option<Undecided<'c>>,
}

pub(crate) type Judged<'c, T = bool> = Result<T, Undecided<'c>>;

impl Condition {
    /// What the condition comes to: false beats unknown, unknown beats true.
    #[inline]
    #[must_use]
    pub fn outcome<'a>(&self, lookup: &impl Lookup<'a>) -> Outcome {
        let mut outcome = Outcome::True;
        for test in self.tests() {
            outcome = outcome.and(test.outcome(lookup));
            if outcome == Outcome::False {
                break;
            }
        }
        outcome
    }

    /// What each of its tests comes to and why, in the order of [`tests`](Condition::tests).
    #[must_use]
    pub fn findings<'c, 'a>(&'c self, lookup: &impl Lookup<'a>) -> Vec<Finding<'c, 'a>> {
        self.tests().iter().map(|test| test.finding(lookup)).collect()
    }
}

impl Test {
    /// What the test comes to.
    #[inline]
    #[must_use]
    pub fn outcome<'a>(&self, lookup: &impl Lookup<'a>) -> Outcome {
        self.judge(lookup.find(self.reference()), lookup).map_or(Outcome::Unknown, Outcome::from)
    }

    /// What the test comes to and why.
    #[must_use]
    pub fn finding<'c, 'a>(&'c self, lookup: &impl Lookup<'a>) -> Finding<'c, 'a> {
        let found = lookup.find(self.reference());
        let judged = self.judge(found, lookup);
        Finding {
            test: self,
            outcome: judged.map_or(Outcome::Unknown, Outcome::from),
            found,
            operands: self.operand_references().map(|named| (named, lookup.find(named))).collect(),
            undecided: judged.err(),
        }
    }

    #[inline]
    fn judge<'c, 'a>(&'c self, found: Found<'a>, lookup: &impl Lookup<'a>) -> Judged<'c> {
        let about = self.reference();
        if let Check::Exists(wanted) = self.check() {
            return match found {
                Found::Value(..) => Ok(*wanted),
                Found::Missing => Ok(!*wanted),
                Found::Unknown(why) => Err(Undecided { why, about }),
            };
        }
        let value = comparable(found, about)?;
        let wrong_type = |about| Undecided { why: Why::WrongType, about };
        match self.check() {
            Check::Exists(wanted) => Ok(*wanted),
            Check::Equals(Operand::Literal(literal)) => literal.equals(value).ok_or(wrong_type(about)),
            Check::Equals(Operand::Reference(named)) => {
                let other = comparable(lookup.find(named), named)?;
                same(value, other).ok_or(wrong_type(if is_scalar(value) { named } else { about }))
            }
            Check::In { set, negated } => {
                let mut undecided = match set.contains(value) {
                    Some(true) => return Ok(!*negated),
                    Some(false) => None,
                    None => Some(wrong_type(about)),
                };
                for named in set.references() {
                    let other = comparable(lookup.find(named), named);
                    match other.and_then(|other| same(value, other).ok_or(wrong_type(named))) {
                        Ok(true) => return Ok(!*negated),
                        Ok(false) => {}
                        Err(cause) => undecided = undecided.or(Some(cause)),
                    }
                }
                undecided.map_or(Ok(*negated), Err)
            }
            Check::InList { list: named, negated } => {
                let Value::List(list) = comparable(lookup.find(named), named)? else {
                    return Err(wrong_type(named));
                };
                // What cannot be compared is neither in a list nor out of it, be the list as empty as it may.
                let mut unknown = !is_scalar(value);
                for element in list.iter() {
                    match same(value, element) {
                        Some(true) => return Ok(!*negated),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                if unknown { Err(wrong_type(about)) } else { Ok(*negated) }
            }
            Check::Order { greater, bound } => {
                let order = match bound {
                    Bound::Number(number) => number_of(value).map(|value| value.cmp(&number.as_decimal())),
                    Bound::Instant(instant) => instant_of(value).map(|value| value.cmp(instant)),
                    Bound::Reference(named) => {
                        let other = comparable(lookup.find(named), named)?;
                        compared(value, other)
                    }
                };
                let wanted = if *greater { Ordering::Greater } else { Ordering::Less };
                order.map(|order| order == wanted).ok_or(wrong_type(about))
            }
        }
    }
}

/// The value of a reference, if there is one and it is what the schema declares.
#[inline]
pub(crate) fn comparable<'c, 'a>(found: Found<'a>, about: &'c Reference) -> Judged<'c, Value<'a>> {
    let why = match found {
        Found::Value(value, _) => match about.declared().and_then(|declared| declared.kind) {
            Some(kind) if !is_of(value, kind) => Why::NotAsDeclared,
            _ => return Ok(value),
        },
        Found::Missing => Why::Missing,
        Found::Unknown(why) => why,
    };
    Err(Undecided { why, about })
}

fn is_of(value: Value<'_>, kind: AttributeType) -> bool {
    match kind {
        AttributeType::String => matches!(value, Value::Text(_)),
        AttributeType::Number => matches!(value, Value::Number(_)),
        AttributeType::Boolean => matches!(value, Value::Boolean(_)),
        AttributeType::Time => instant_of(value).is_some(),
        AttributeType::List => matches!(value, Value::List(_)),
        AttributeType::Object => matches!(value, Value::Object(_)),
    }
}

fn is_scalar(value: Value<'_>) -> bool {
    matches!(value, Value::Text(_) | Value::Number(_) | Value::Boolean(_))
}

/// Whether two values are equal; `None` when they are not two strings, two numbers or two booleans.
#[inline]
fn same(one: Value<'_>, other: Value<'_>) -> Option<bool> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(one == other),
        (Value::Number(one), Value::Number(other)) => Some(one == other),
        (Value::Boolean(one), Value::Boolean(other)) => Some(one == other),
        _ => None,
    }
}

fn number_of(value: Value<'_>) -> Option<super::number::Decimal<'_>> {
    if let Value::Number(number) = value { Some(number) } else { None }
}

fn instant_of(value: Value<'_>) -> Option<Instant<'_>> {
    if let Value::Text(text) = value { Instant::parse_bytes(text.as_bytes()) } else { None }
}

/// The order of two numbers, or of two times.
fn compared(one: Value<'_>, other: Value<'_>) -> Option<Ordering> {
    match (number_of(one), number_of(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        (None, None) => Some(instant_of(one)?.cmp(&instant_of(other)?)),
        _ => None,
    }
}
