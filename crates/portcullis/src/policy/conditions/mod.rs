//! The conditions of a document: as written, then as they mean under a schema.
//!
//! Reading ([`read`]) knows no schema: it checks operators, the shape of operands and the form of
//! references, and keeps the place of each. Resolving ([`resolve`]) looks attributes up among those that the
//! schema declares ([`declared`]) and makes the [`Condition`](crate::condition::Condition) that is
//! evaluated. As everywhere, all faults are reported at once.

mod declared;
mod operand;
mod operator;
mod read;
mod resolve;
#[cfg(test)]
mod tests;

pub(super) use read::read_conditions;
pub(super) use resolve::{Conditioned, Context, resolve};

use super::document::{Document, Name};
use crate::condition::{Bound, Check, Literal, Number, Operand, Operator, Reference, Set, Test};
use crate::json;
use crate::source::Span;

/// The conditions of one statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) span: Span,
    /// Which of the document's tests.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// One test as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenTest {
    pub(crate) reference: Name,
    pub(crate) operator: Operator,
    pub(crate) operator_span: Span,
    pub(crate) operand: WrittenOperand,
}

/// An operand, or one element of a list, as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenOperand {
    pub(crate) span: Span,
    pub(crate) kind: OperandKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum OperandKind {
    Text {
        escaped: bool,
    },
    Number,
    Boolean(bool),
    /// The text under `ref`.
    Reference(Name),
    /// Which of the document's elements.
    List {
        first: u32,
        count: u32,
    },
}

impl Document {
    fn tests_of(&self, conditions: Conditions) -> &[WrittenTest] {
        let range = conditions.first as usize..(conditions.first + conditions.count) as usize;
        self.tests.get(range).unwrap_or(&[])
    }

    /// The elements of a list; of anything else, itself.
    pub(crate) fn elements_of<'d>(&'d self, operand: &'d WrittenOperand) -> &'d [WrittenOperand] {
        match operand.kind {
            OperandKind::List { first, count } => {
                self.elements.get(first as usize..(first + count) as usize).unwrap_or(&[])
            }
            _ => std::slice::from_ref(operand),
        }
    }

    fn reference_at(&self, name: Name) -> Option<Reference> {
        Reference::parse(&json::decode(self.source.slice(name.span), name.escaped)).ok()
    }

    fn literal_at(&self, operand: &WrittenOperand) -> Option<Literal> {
        let text = self.source.slice(operand.span);
        match operand.kind {
            OperandKind::Text { escaped } => Some(Literal::text(&json::decode(text, escaped))),
            OperandKind::Number => Number::parse(text).map(Literal::Number),
            OperandKind::Boolean(holds) => Some(Literal::Boolean(holds)),
            OperandKind::Reference(_) | OperandKind::List { .. } => None,
        }
    }

    /// The test that is meant, of attributes of which nothing is declared. `None` only of what a reader refused.
    fn test(&self, written: &WrittenTest) -> Option<Test> {
        let operand = &written.operand;
        let named = match operand.kind {
            OperandKind::Reference(name) => Some(self.reference_at(name)?),
            _ => None,
        };
        let check = match (written.operator, named) {
            (Operator::Exists, _) => match operand.kind {
                OperandKind::Boolean(wanted) => Check::Exists(wanted),
                _ => return None,
            },
            (Operator::Equals, Some(named)) => Check::Equals(Operand::Reference(named)),
            (Operator::Equals, None) => Check::Equals(Operand::Literal(self.literal_at(operand)?)),
            (Operator::In | Operator::NotIn, named) => {
                let negated = written.operator == Operator::NotIn;
                match named {
                    Some(list) => Check::InList { list, negated },
                    None => Check::In { set: self.set(operand), negated },
                }
            }
            (Operator::GreaterThan | Operator::LessThan, named) => {
                let bound = match named {
                    Some(named) => Bound::Reference(named),
                    None => self.bound(operand)?,
                };
                Check::Order { greater: written.operator == Operator::GreaterThan, bound }
            }
        };
        Some(Test::new(self.reference_at(written.reference)?, check))
    }

    fn set(&self, list: &WrittenOperand) -> Set {
        let elements = self.elements_of(list);
        let references = elements.iter().filter_map(|element| match element.kind {
            OperandKind::Reference(name) => self.reference_at(name),
            _ => None,
        });
        Set::new(elements.iter().filter_map(|element| self.literal_at(element)), references.collect())
    }

    fn bound(&self, operand: &WrittenOperand) -> Option<Bound> {
        let text = json::decode(
            self.source.slice(operand.span),
            matches!(operand.kind, OperandKind::Text { escaped: true }),
        );
        match operand.kind {
            OperandKind::Text { .. } => {
                crate::condition::Instant::parse(&text).map(|instant| Bound::Instant(instant.into_owned()))
            }
            _ => Number::parse(self.source.slice(operand.span)).map(Bound::Number),
        }
    }
}
