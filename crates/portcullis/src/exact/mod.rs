//! Exact answers about conditions: what they can come to, over every request and everything that could be stored.
//!
//! The values that an attribute can have are infinitely many, but the tests on it tell only finitely many apart: each
//! constant that a document names, what lies between constants, what matches which patterns, another kind, missing,
//! unknown. One value of each class ([`pool`]) is put before the very code that decides checks, so that what is
//! found possible *is* possible, and shown by a case; and what no class shows is impossible, as long as nothing was left out.
//! Whatever was left out, because there was too much of it, makes an answer "perhaps" and never a wrong one.
//!
//! Attributes that no test compares and no path contains in one another are told apart ([`layout`]); how they come
//! together is counted over what clauses come to and not over values ([`reach`]), so that dozens of independent
//! attributes cost a sum and not a product.

mod between;
mod classes;
mod layout;
mod pool;
mod reach;
#[cfg(test)]
mod tests;
mod texts;
mod witness;
mod worlds;

pub(crate) use reach::{Answer, Reached};
pub use witness::{Example, Stored};

use portcullis_matrix::PermissionId;

use crate::condition::{Condition, Found, Outcome, Reference};
use crate::policy::Effect;
use crate::schema::Schema;

/// How much is tried: evaluations of tests and steps between states.
pub(crate) const STEPS: usize = 1 << 20;

/// When a clause counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sense {
    /// The condition is true, as an allow needs it.
    True,
    /// The condition is true or unknown, which is enough for a deny.
    NotFalse,
}

impl Sense {
    /// What a statement needs of its condition to apply.
    pub(crate) const fn of(effect: Effect) -> Sense {
        match effect {
            Effect::Allow => Sense::True,
            Effect::Deny => Sense::NotFalse,
        }
    }

    fn counts(self, outcome: Outcome) -> bool {
        match self {
            Sense::True => outcome == Outcome::True,
            Sense::NotFalse => outcome != Outcome::False,
        }
    }
}

/// A condition, and the marks that are set where it counts. Of one request all marks that are set are joined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause<'c> {
    pub(crate) condition: &'c Condition,
    pub(crate) sense: Sense,
    pub(crate) marks: u8,
    /// Of whom it is asked, where two are: 0 or 1.
    pub(crate) side: usize,
}

/// What is known of an attribute beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Known<'a> {
    /// Nothing.
    Open,
    /// All: no request changes it.
    Fixed(Found<'a>),
    /// This, unless the request says something else.
    Unless(Found<'a>),
}

/// In which circumstances conditions are looked at.
pub(crate) struct Setting<'k, 's> {
    /// The action, if it is one.
    pub(crate) action: Option<&'k str>,
    /// The names by which the resource type can be asked for; any, where there are none.
    pub(crate) resources: Vec<&'k str>,
    /// What is known of an attribute on a side.
    pub(crate) known: &'k (dyn Fn(usize, &Reference) -> Known<'s> + 'k),
    /// How much may be tried.
    pub(crate) steps: usize,
}

impl<'k> Setting<'k, '_> {
    /// Nothing is known but perhaps the permission.
    pub(crate) fn open(action: Option<&'k str>, resources: Vec<&'k str>) -> Self {
        Setting { action, resources, known: &|_, _| Known::Open, steps: STEPS }
    }

    /// Nothing is known but the permission, which is one of the schema's.
    pub(crate) fn of_permission(schema: &'k Schema, permission: PermissionId) -> Option<Self> {
        let (action, _) = schema.names_of(permission)?;
        Some(Setting::open(Some(action), schema.type_of(permission)?.names().collect()))
    }
}

/// What one condition can come to, each with a case where it can: what is asked of conditions when documents are looked over.
#[derive(Debug)]
pub(crate) struct Outcomes {
    reached: Reached,
}

impl Outcomes {
    /// Whether the condition can come to that.
    pub(crate) fn can_be(&self, outcome: Outcome) -> Answer<'_> {
        self.reached.any(|marks| marks == Outcomes::marks(outcome))
    }

    const fn marks(outcome: Outcome) -> u8 {
        match outcome {
            Outcome::False => 0,
            Outcome::Unknown => 2,
            Outcome::True => 3,
        }
    }
}

/// All that a condition can come to.
pub(crate) fn outcomes(condition: &Condition, setting: &Setting<'_, '_>) -> Outcomes {
    let clause = |sense, marks| Clause { condition, sense, marks, side: 0 };
    Outcomes { reached: reach::reach(&[clause(Sense::True, 1), clause(Sense::NotFalse, 2)], 0, setting) }
}

/// Which marks can be set together, `always` being set in any case.
pub(crate) fn reach(clauses: &[Clause<'_>], always: u8, setting: &Setting<'_, '_>) -> Reached {
    reach::reach(clauses, always, setting)
}
