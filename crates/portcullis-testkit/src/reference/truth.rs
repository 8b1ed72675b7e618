//! What a condition comes to: true, false or unknown, by Kleene's rules and nothing cleverer.
//!
//! Every test looks its attribute up anew, an `in` is an or of `equals` written as a loop, and `notin` is its negation.

use std::cmp::Ordering;

use super::attribute::Found;
use super::condition::{Condition, Operand, Operator, Test};
use super::decimal::Decimal;
use super::json::Json;
use super::moment::Moment;
use super::request::Request;
use super::vocabulary::pattern_matches;
use super::{Effect, Reference, Statement};

/// What a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not hold.
    False,
    /// Nobody can say.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    /// The lesser of two: false beats unknown beats true.
    #[must_use]
    pub fn and(self, other: Truth) -> Truth {
        self.min(other)
    }

    /// The greater of two: true beats unknown beats false.
    #[must_use]
    pub fn or(self, other: Truth) -> Truth {
        self.max(other)
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::True } else { Truth::False }
    }
}

impl Reference {
    /// What a condition comes to in a request by a member, whoever may hold it and whatever it is a condition of.
    #[must_use]
    pub fn truth(&self, condition: &Condition, request: &Request) -> Truth {
        let each = condition.tests.iter().map(|test| self.truth_of(test, request));
        each.fold(Truth::True, Truth::and)
    }

    /// Whether a statement that speaks of a question applies to it: an allow when its condition is true, a deny when it is
    /// not false.
    pub(super) fn applies(&self, statement: &Statement, request: &Request) -> bool {
        let Some(condition) = &statement.condition else {
            return true;
        };
        match (statement.effect, self.truth(condition, request)) {
            (_, Truth::True) | (Effect::Deny, Truth::Unknown) => true,
            (_, Truth::False) | (Effect::Allow, Truth::Unknown) => false,
        }
    }

    /// What one test of a condition comes to.
    #[must_use]
    pub fn truth_of(&self, test: &Test, request: &Request) -> Truth {
        let found = self.find(&test.path, request);
        if let (Operator::Exists, Operand::Literal(Json::Bool(wanted))) = (test.operator, &test.operand) {
            return match found {
                Found::Value { .. } => Truth::from(*wanted),
                Found::Missing { entity_known: true } => Truth::from(!*wanted),
                Found::Missing { entity_known: false } | Found::Unknown => Truth::Unknown,
            };
        }
        let Found::Value { value, fits: true } = found else {
            return Truth::Unknown;
        };
        match test.operator {
            Operator::Equals => self.equals(&value, &test.operand, request),
            Operator::In => self.is_in(&value, &test.operand, request),
            Operator::NotIn => !self.is_in(&value, &test.operand, request),
            Operator::GreaterThan => self.ordered(&value, &test.operand, request, Ordering::Greater),
            Operator::LessThan => self.ordered(&value, &test.operand, request, Ordering::Less),
            Operator::Exists => Truth::Unknown,
        }
    }

    /// The value of an operand that is not a list written out.
    fn value_of(&self, operand: &Operand, request: &Request) -> Option<Json> {
        match operand {
            Operand::Literal(value) => Some(value.clone()),
            Operand::List(_) => None,
            Operand::Ref(path) => match self.find(path, request) {
                Found::Value { value, fits: true } => Some(value),
                _ => None,
            },
        }
    }

    fn equals(&self, value: &Json, operand: &Operand, request: &Request) -> Truth {
        match (value, operand) {
            // Only what is written in a document is a pattern.
            (Json::Text(text), Operand::Literal(Json::Text(pattern))) => {
                Truth::from(pattern_matches(pattern, text))
            }
            _ => match self.value_of(operand, request) {
                Some(other) => equal(value, &other),
                None => Truth::Unknown,
            },
        }
    }

    fn is_in(&self, value: &Json, operand: &Operand, request: &Request) -> Truth {
        // What cannot be compared is in no list and not out of one either, be it as empty as it may.
        if equal(value, value) == Truth::Unknown {
            return Truth::Unknown;
        }
        if let Operand::List(elements) = operand {
            let each = elements.iter().map(|element| self.equals(value, element, request));
            return each.fold(Truth::False, Truth::or);
        }
        match self.value_of(operand, request) {
            Some(Json::List(elements)) => {
                elements.iter().map(|element| equal(value, element)).fold(Truth::False, Truth::or)
            }
            _ => Truth::Unknown,
        }
    }

    fn ordered(&self, value: &Json, operand: &Operand, request: &Request, wanted: Ordering) -> Truth {
        let order = match (value, self.value_of(operand, request)) {
            (Json::Number(one), Some(Json::Number(other))) => {
                Decimal::read(one).zip(Decimal::read(&other)).map(|(one, other)| one.cmp(&other))
            }
            (Json::Text(one), Some(Json::Text(other))) => {
                Moment::read(one).zip(Moment::read(&other)).map(|(one, other)| one.cmp(&other))
            }
            _ => None,
        };
        order.map_or(Truth::Unknown, |order| Truth::from(order == wanted))
    }
}

/// Whether two values are equal, where both are strings, numbers or booleans; unknown otherwise.
fn equal(one: &Json, other: &Json) -> Truth {
    match (one, other) {
        (Json::Text(one), Json::Text(other)) => Truth::from(one == other),
        (Json::Bool(one), Json::Bool(other)) => Truth::from(one == other),
        (Json::Number(one), Json::Number(other)) => match (Decimal::read(one), Decimal::read(other)) {
            (Some(one), Some(other)) => Truth::from(one == other),
            _ => Truth::Unknown,
        },
        _ => Truth::Unknown,
    }
}
