//! Whether several statements together apply whenever one does, under whatever conditions.
//!
//! `idle` compares conditions by their tests; here what they come to is compared. `lessthan 3` holds only where `lessthan 5` does, and
//! what has a label is told by `exists`, or denied by a deny of everything that is not one of three teams. That there is no
//! request under which one statement applies and none of the others is decided exactly ([`reach`]), so what is called
//! covered is. Where there is too much to look at nothing is called covered.

use crate::condition::Condition;
use crate::exact::{Clause, Sense, Setting, reach};
use crate::policy::{Effect, Grants};

/// The most statements that are looked at beside one.
const MOST_BESIDE: usize = 16;
/// The most attributes that they and it read.
const MOST_REFERENCES: usize = 64;
/// How much is tried for one question, for one document, and for all documents together, but for each document a little.
const STEPS: usize = 1 << 14;
const STEPS_OF_ONE: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 20;
const ALL_STEPS: usize = 1 << 24;

/// A statement that speaks of the same permissions under a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) statement: usize,
    pub(super) effect: Effect,
    pub(super) condition: u32,
}

/// By what a statement is covered at some permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Covered {
    /// Whether by denies alone.
    pub(super) by_denies: bool,
    /// Statements without any of which it would not be.
    pub(super) by: Vec<usize>,
}

/// Looks at the conditions of one document, as long as there are steps left.
pub(super) struct Looks<'g> {
    grants: &'g Grants,
    left: usize,
}

impl<'g> Looks<'g> {
    /// At those of one of so many documents.
    pub(super) fn at(grants: &'g Grants, documents: usize) -> Self {
        let left = (ALL_STEPS / documents.max(1)).clamp(*STEPS_OF_ONE.start(), *STEPS_OF_ONE.end());
        Looks { grants, left }
    }

    /// Whether one of these, of its own effect or denies, applies whenever a statement does; nothing if not, or where that was not found out.
    pub(super) fn cover(&mut self, effect: Effect, condition: u32, beside: &[Beside]) -> Option<Covered> {
        let own = self.condition(condition)?;
        // What reads nothing that the condition reads could only cover it by covering everything.
        let tied = |other: &Beside| self.condition(other.condition).is_some_and(|other| share(own, other));
        if beside.len() > MOST_BESIDE || !beside.iter().any(tied) {
            return None;
        }
        let all = beside.iter().filter_map(|other| self.condition(other.condition)).chain([own]);
        if all.flat_map(Condition::references).nth(MOST_REFERENCES).is_some() {
            return None;
        }
        let (true, by_denies) = self.ask(effect, own, beside) else { return None };
        let mut needed = beside.to_vec();
        for other in beside {
            let fewer: Vec<Beside> = needed.iter().filter(|kept| *kept != other).copied().collect();
            if self.ask(effect, own, &fewer).0 {
                needed = fewer;
            }
        }
        Some(Covered { by_denies, by: needed.into_iter().map(|other| other.statement).collect() })
    }

    fn condition(&self, number: u32) -> Option<&'g Condition> {
        self.grants.conditions().get(number as usize).map(|condition| &**condition)
    }

    /// Whether something beside applies whenever a statement does, and whether a deny does.
    fn ask(&mut self, effect: Effect, own: &Condition, beside: &[Beside]) -> (bool, bool) {
        const OWN: u8 = 1;
        const SAID: u8 = 2;
        const DENIED: u8 = 4;
        let clause =
            |effect, condition, marks| Clause { condition, sense: Sense::of(effect), marks, side: 0 };
        let mut clauses = vec![clause(effect, own, OWN)];
        for other in beside {
            let marks = if other.effect == Effect::Deny { DENIED } else { SAID };
            clauses.extend(
                self.condition(other.condition).map(|condition| clause(other.effect, condition, marks)),
            );
        }
        // Whatever the action and the type: what never is, is not for some of them either.
        let setting = Setting { steps: STEPS.min(self.left), ..Setting::open(None, Vec::new()) };
        let reached = reach(&clauses, 0, &setting);
        self.left = self.left.saturating_sub(reached.steps().max(1));
        let never = |wanted: &dyn Fn(u8) -> bool| reached.any(wanted).is_no();
        (never(&|marks| marks == OWN), never(&|marks| marks & (OWN | DENIED) == OWN))
    }
}

/// Whether two conditions read an attribute in common.
fn share(one: &Condition, other: &Condition) -> bool {
    one.references().any(|reference| other.references().any(|named| named == reference))
}
