//! One test of a condition, and the condition: all of its tests, in one order.
//!
//! A condition is a value. Its tests are in order and each stands once, numbers and times are what they
//! mean and not how they are written, lists are sets; so conditions that say the same in other words
//! are equal, and a snapshot evaluates each distinct one once. A test keeps what it needs at a check
//! and nothing of how it was written; places and spelling are the document's.

use std::fmt;

use super::literal::{Bound, Literal, Set, written};
use super::operator::Operator;
use super::reference::{Place, Reference, Root};
use super::value::Object;
use crate::schema::Declared;

/// What `equals` compares with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Operand {
    Literal(Literal),
    Reference(Reference),
}

/// Operator and operand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Check {
    Exists(bool),
    Equals(Operand),
    In { set: Set, negated: bool },
    InList { list: Reference, negated: bool },
    Order { greater: bool, bound: Bound },
}

/// One test: an attribute, an operator, an operand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Test {
    reference: Reference,
    check: Check,
}

impl Test {
    pub(crate) fn new(reference: Reference, check: Check) -> Test {
        Test { reference, check }
    }

    /// The same test of attributes as a schema declares them.
    pub(crate) fn declared_by(&self, declared: &impl Fn(&Reference) -> Option<Declared>) -> Test {
        let known = |reference: &Reference| reference.declared_as(declared(reference));
        let check = match &self.check {
            Check::Equals(Operand::Reference(named)) => Check::Equals(Operand::Reference(known(named))),
            Check::In { set, negated } => Check::In { set: set.with_references(known), negated: *negated },
            Check::InList { list, negated } => Check::InList { list: known(list), negated: *negated },
            Check::Order { greater, bound: Bound::Reference(named) } => {
                Check::Order { greater: *greater, bound: Bound::Reference(known(named)) }
            }
            other => other.clone(),
        };
        Test { reference: known(&self.reference), check }
    }

    /// The attribute that is tested.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    #[inline]
    pub(crate) fn check(&self) -> &Check {
        &self.check
    }

    /// How it is compared.
    #[must_use]
    pub fn operator(&self) -> Operator {
        match &self.check {
            Check::Exists(_) => Operator::Exists,
            Check::Equals(_) => Operator::Equals,
            Check::In { negated: false, .. } | Check::InList { negated: false, .. } => Operator::In,
            Check::In { .. } | Check::InList { .. } => Operator::NotIn,
            Check::Order { greater: true, .. } => Operator::GreaterThan,
            Check::Order { .. } => Operator::LessThan,
        }
    }

    /// What it is compared with, as JSON: the same for every spelling of the same operand.
    #[must_use]
    pub fn operand(&self) -> String {
        match &self.check {
            Check::Exists(wanted) => wanted.to_string(),
            Check::Equals(Operand::Literal(literal)) => literal.to_string(),
            Check::Equals(Operand::Reference(reference)) => written(reference),
            Check::In { set, .. } => set.to_string(),
            Check::InList { list, .. } => written(list),
            Check::Order { bound, .. } => bound.to_string(),
        }
    }

    /// The attributes that the operand names by `ref`.
    pub fn operand_references(&self) -> impl Iterator<Item = &Reference> {
        let (one, many) = match &self.check {
            Check::Equals(Operand::Reference(reference))
            | Check::InList { list: reference, .. }
            | Check::Order { bound: Bound::Reference(reference), .. } => (Some(reference), &[][..]),
            Check::In { set, .. } => (None, set.references()),
            _ => (None, &[][..]),
        };
        one.into_iter().chain(many)
    }
}

impl fmt::Display for Test {
    /// `resource.labels.team equals "marketing"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.reference, self.operator(), self.operand())
    }
}

/// Tests that must all hold. Conditions that say the same are equal, whatever the order and the spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    tests: Box<[Test]>,
}

impl Condition {
    pub(crate) fn new(mut tests: Vec<Test>) -> Condition {
        tests.sort_unstable();
        tests.dedup();
        Condition { tests: tests.into() }
    }

    /// Its tests, in an order of their own.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// The same, of attributes of which nothing is declared: what was written, whichever type is asked about.
    pub(crate) fn undeclared(&self) -> Condition {
        Condition::new(self.tests.iter().map(|test| test.declared_by(&|_| None)).collect())
    }

    /// Whether it reads nothing but the properties and the id of the object, so that it comes to the same whoever asks.
    pub(crate) fn reads_object_alone(&self) -> bool {
        self.references().all(Reference::is_of_object)
    }

    /// Whether it reads under which name the type is asked about.
    pub(crate) fn reads_type_asked(&self) -> bool {
        self.references().any(|one| one.root() == Root::Resource && !one.is_of_object())
    }

    /// Whether it reads what the permission is called that is asked about: the action's name or that of the type.
    pub(crate) fn reads_names(&self) -> bool {
        self.references().any(|one| {
            matches!((one.root(), one.place()), (Root::Action, Place::Name) | (Root::Resource, Place::Type))
        })
    }

    /// Whether it reads a property of the object that these bring.
    pub(crate) fn reads_any_of(&self, sent: Object<'_>) -> bool {
        self.references().any(|reference| reference.starts_in(sent))
    }

    /// Every attribute that it reads, tested or named by an operand, some perhaps more than once.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.tests.iter().flat_map(|test| std::iter::once(&test.reference).chain(test.operand_references()))
    }
}

impl fmt::Display for Condition {
    /// Its tests, joined by *and*.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, test) in self.tests.iter().enumerate() {
            write!(f, "{}{test}", if at == 0 { "" } else { " and " })?;
        }
        Ok(())
    }
}
