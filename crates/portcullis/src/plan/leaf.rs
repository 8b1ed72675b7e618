//! What remains of a test once everything but the object is known, and what remains of a condition.
//!
//! Nearly always that is a test as documents write them, over the object's attributes alone, whose operand is now a
//! literal. One form has no word in the language, since there the attribute is the operand: *this value is in that list
//! of the object*. A value that came from data is compared as it is, whatever stars it holds, so a leaf can tell such
//! strings from patterns.

use std::fmt;

use crate::condition::{
    Check, Literal, Lookup, Operand, Operator, Outcome, Reference, Test, Value, comparable,
};
use crate::policy::Effect;

/// One test over the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leaf(pub(super) Asked);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Asked {
    /// A test of an attribute of the object.
    Test(Test),
    /// Whether a value is in a list that the object has.
    Held { value: Literal, list: Reference, negated: bool },
}

impl From<Test> for Leaf {
    fn from(test: Test) -> Self {
        Leaf(Asked::Test(test))
    }
}

impl Leaf {
    /// The attribute that is tested; `None` where a [`value`](Self::value) is looked for in a list.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        if let Asked::Test(test) = &self.0 { Some(test.reference()) } else { None }
    }

    /// The value that is looked for in the list that the operand names, as JSON.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        if let Asked::Held { value, .. } = &self.0 { Some(value.to_string()) } else { None }
    }

    /// How it is compared.
    #[must_use]
    pub fn operator(&self) -> Operator {
        match &self.0 {
            Asked::Test(test) => test.operator(),
            Asked::Held { negated: true, .. } => Operator::NotIn,
            Asked::Held { .. } => Operator::In,
        }
    }

    /// What it is compared with, as JSON.
    #[must_use]
    pub fn operand(&self) -> String {
        match &self.0 {
            Asked::Test(test) => test.operand(),
            Asked::Held { list, .. } => crate::condition::written(list),
        }
    }

    /// Strings of the operand that hold a `*` and are no patterns, since they came from data.
    #[must_use]
    pub fn verbatim(&self) -> Vec<&str> {
        let Asked::Test(test) = &self.0 else { return Vec::new() };
        match test.check() {
            Check::Equals(Operand::Literal(Literal::Text(text))) if text.contains('*') => vec![text],
            Check::In { set, .. } => set.texts().filter(|text| text.contains('*')).collect(),
            _ => Vec::new(),
        }
    }

    /// The attributes of the object that it reads.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let (test, list) = match &self.0 {
            Asked::Test(test) => (Some(test), None),
            Asked::Held { list, .. } => (None, Some(list)),
        };
        let of_test = test
            .into_iter()
            .flat_map(|test| std::iter::once(test.reference()).chain(test.operand_references()));
        of_test.chain(list)
    }

    /// What it comes to for an object.
    #[must_use]
    pub fn outcome<'a>(&self, object: &impl Lookup<'a>) -> Outcome {
        match &self.0 {
            Asked::Test(test) => test.outcome(object),
            Asked::Held { value, list, negated } => {
                let Ok(Value::List(list)) = comparable(object.find(list), list) else {
                    return Outcome::Unknown;
                };
                let each =
                    list.iter().map(|element| value.equals(element).map_or(Outcome::Unknown, Outcome::from));
                let held = each.fold(Outcome::False, Outcome::or);
                if *negated { !held } else { held }
            }
        }
    }

    /// How much of it there is to keep: elements of its list, or one.
    pub(super) fn weight(&self) -> usize {
        match &self.0 {
            Asked::Test(test) => match test.check() {
                Check::In { set, .. } => set.len(),
                _ => 1,
            },
            Asked::Held { .. } => 1,
        }
    }

    /// The one attribute that decides it, if one does.
    pub(super) fn alone(&self) -> Option<&Test> {
        let Asked::Test(test) = &self.0 else { return None };
        let same = test.operand_references().all(|named| named == test.reference());
        (same && !matches!(test.check(), Check::InList { .. })).then_some(test)
    }
}

impl fmt::Display for Leaf {
    /// `resource.labels.team equals "marketing"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reference(), self.value()) {
            (Some(reference), _) => write!(f, "{reference}")?,
            (None, value) => f.write_str(&value.unwrap_or_default())?,
        }
        write!(f, " {} {}", self.operator(), self.operand())?;
        if self.verbatim().is_empty() { Ok(()) } else { f.write_str(" (verbatim)") }
    }
}

/// What remains of one statement's condition: tests that must all hold. One without tests holds for every object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause {
    leaves: Vec<Leaf>,
}

impl Clause {
    pub(super) fn new(mut leaves: Vec<Leaf>) -> Self {
        leaves.sort_unstable();
        leaves.dedup();
        Clause { leaves }
    }

    /// Its tests, in an order of their own.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Whether a statement of this effect applies to an object.
    #[must_use]
    pub fn applies<'a>(&self, effect: Effect, object: &impl Lookup<'a>) -> bool {
        let each = self.leaves.iter().map(|leaf| leaf.outcome(object));
        each.fold(Outcome::True, Outcome::and).applies(effect)
    }
}

impl fmt::Display for Clause {
    /// Its tests, joined by *and*; `any object` where there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.leaves.is_empty() {
            return f.write_str("any object");
        }
        for (at, leaf) in self.leaves.iter().enumerate() {
            write!(f, "{}{leaf}", if at == 0 { "" } else { " and " })?;
        }
        Ok(())
    }
}
