//! One answer of a search: yes, no, or under which conditions.
//!
//! A check has a request before it and always decides. A search speaks of every request that could be
//! made, and so has a third answer. Yes and no are said only where nothing that a request sends, and
//! nothing about an object that is not named, could change them.

use std::sync::Arc;

use portcullis_matrix::PermissionId;

use crate::condition::{Condition, Objects, Partial};
use crate::policy::Effect;
use crate::snapshot::Role;

/// What is to be said about a question of which only the names are known.
#[derive(Clone, Debug)]
pub enum Answer<'s> {
    /// A check allows it, whatever the request says, as long as it does not contradict what is stored.
    Allowed,
    /// A check denies it, whatever the request says.
    Denied {
        /// Whether a statement denies it, with or without conditions; else nothing can allow it.
        by_statement: bool,
    },
    /// It depends on what is listed: without a plain allow one that is listed must apply, and no deny that is listed may.
    Conditional(Vec<Proviso<'s>>),
}

impl Answer<'_> {
    /// Whether it is a plain yes.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Answer::Allowed)
    }
}

/// A condition on which an answer depends.
#[derive(Clone, Copy, Debug)]
pub struct Proviso<'s> {
    /// What a statement does under the condition: an allow applies when it is true, a deny also when it is unknown.
    pub effect: Effect,
    /// The role that says so.
    pub role: &'s Role,
    /// The condition, all of it, also what of it is settled.
    pub condition: &'s Arc<Condition>,
}

/// What is found in a search, plain answers apart from conditional ones.
#[derive(Clone, Debug)]
pub struct Listed<'s, T> {
    /// What is allowed.
    pub allowed: Vec<T>,
    /// What depends on conditions, with these. It is neither allowed nor denied.
    pub conditional: Vec<(T, Vec<Proviso<'s>>)>,
}

impl<T> Default for Listed<'_, T> {
    fn default() -> Self {
        Listed { allowed: Vec::new(), conditional: Vec::new() }
    }
}

impl<'s, T: Copy + Ord> Listed<'s, T> {
    pub(super) fn push(&mut self, one: T, answer: Answer<'s>) {
        match answer {
            Answer::Allowed => self.allowed.push(one),
            Answer::Conditional(provisos) => self.conditional.push((one, provisos)),
            Answer::Denied { .. } => {}
        }
    }

    pub(super) fn sorted(mut self) -> Self {
        self.allowed.sort_unstable();
        self.conditional.sort_unstable_by_key(|(one, _)| *one);
        self
    }
}

/// Conditions in words, each once: `if resource.labels.team equals "marketing"`, or `unless …`.
///
/// An allow applies when its condition holds; a deny also when it is unknown whether it does.
pub fn conditions_in_words<'c>(conditions: impl IntoIterator<Item = (Effect, &'c Condition)>) -> String {
    let mut conditions: Vec<(Effect, &Condition)> = conditions.into_iter().collect();
    conditions.sort_unstable();
    conditions.dedup();
    let of = |wanted: Effect| conditions.iter().filter(move |(effect, _)| *effect == wanted);
    let allows: Vec<String> = of(Effect::Allow).map(|(_, condition)| format!("if {condition}")).collect();
    let denies: Vec<String> =
        of(Effect::Deny).map(|(_, condition)| format!("unless {condition} (or that is unknown)")).collect();
    let (allows, denies) = (allows.join(", or "), denies.join(", "));
    if allows.is_empty() || denies.is_empty() { allows + &denies } else { format!("{allows}, {denies}") }
}

/// What some roles come to for a permission that conditions leave open.
pub(crate) fn weigh<'s, 'a, O: Objects<'a>>(
    roles: impl Iterator<Item = &'s Role>,
    permission: PermissionId,
    known: &Partial<'_, 'a, O>,
) -> Answer<'s> {
    let (mut allowed, mut allowable) = (false, false);
    let mut provisos = Vec::new();
    for role in roles {
        allowed |= role.planes().allow().contains(permission);
        for (effect, condition) in role.conditional().of_permission(permission) {
            let possible = condition.possible(known);
            match effect {
                Effect::Deny if possible.must_apply(effect) => return Answer::Denied { by_statement: true },
                Effect::Allow if possible.must_apply(effect) => allowed = true,
                _ if possible.may_apply(effect) => {
                    allowable |= effect == Effect::Allow;
                    provisos.push(Proviso { effect, role, condition });
                }
                _ => {}
            }
        }
    }
    if allowed {
        provisos.retain(|proviso| proviso.effect == Effect::Deny);
    }
    match (allowed, allowable) {
        (false, false) => Answer::Denied { by_statement: false },
        (true, _) if provisos.is_empty() => Answer::Allowed,
        _ => Answer::Conditional(provisos),
    }
}
