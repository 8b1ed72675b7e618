//! What a document means wherever its role is held: the same for two documents exactly when nothing tells them apart.
//!
//! A role is held beside others, so its denies must stay what they are, cell by cell: a deny takes away what another
//! role allows. What the document's own denies take away for certain is dead, since nobody who holds the role is ever
//! allowed it; so is whatever is said under a condition of a cell that is denied, or that is allowed and no more than
//! allowed, without one. What is left is the meaning. Conditions are equal when they say the same in other words, and
//! are not compared further: one that implies another stays beside it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::ranges::{self, Ranges};
use crate::condition::Condition;
use crate::policy::{Effect, Grants};

/// Which statements belong together: those of one effect under one condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) effect: Effect,
    /// As it is written: what types declare of its attributes is left out, and so one statement is of one kind.
    pub(super) condition: Option<Arc<Condition>>,
}

/// The live permissions of each kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    live: BTreeMap<Kind, Ranges>,
    /// What is denied without a condition.
    denied: Ranges,
    /// The same, and what is allowed without one.
    settled: Ranges,
}

/// The kind of each statement; none of one that says nothing.
pub(super) fn kinds(grants: &Grants) -> Vec<Option<Kind>> {
    let mut plain: HashMap<*const Condition, Arc<Condition>> = HashMap::new();
    for condition in grants.conditions() {
        plain.insert(Arc::as_ptr(condition), Arc::new(condition.undeclared()));
    }
    let kind = |(index, effect)| {
        let (_, condition) = grants.parts_of_statement(index).next()?;
        let condition = condition.and_then(|condition| plain.get(&Arc::as_ptr(condition)).cloned());
        Some(Kind { effect, condition })
    };
    grants.effects().enumerate().map(kind).collect()
}

impl Meaning {
    pub(super) fn of(grants: &Grants, kinds: &[Option<Kind>]) -> Meaning {
        let mut live: BTreeMap<Kind, Ranges> = BTreeMap::new();
        for (index, kind) in kinds.iter().enumerate() {
            if let Some(kind) = kind {
                live.entry(kind.clone()).or_default().extend_from_slice(grants.of_statement(index));
            }
        }
        for said in live.values_mut() {
            *said = ranges::in_order(std::mem::take(said));
        }
        let plain = |effect| live.get(&Kind { effect, condition: None }).cloned().unwrap_or_default();
        let (allowed, denied) = (plain(Effect::Allow), plain(Effect::Deny));
        let mut meaning = Meaning { live, settled: ranges::union(&allowed, &denied), denied };
        let mut live = std::mem::take(&mut meaning.live);
        for (kind, said) in &mut live {
            *said = ranges::difference(said, meaning.free(kind));
        }
        live.retain(|_, said| !said.is_empty());
        meaning.live = live;
        meaning
    }

    /// The permissions on which a statement of a kind may say what it likes, since it does not matter there.
    pub(super) fn free(&self, kind: &Kind) -> &Ranges {
        const NONE: &Ranges = &Vec::new();
        match (kind.effect, &kind.condition) {
            (Effect::Deny, None) => NONE,
            (Effect::Allow, Some(_)) => &self.settled,
            (Effect::Allow, None) | (Effect::Deny, Some(_)) => &self.denied,
        }
    }

    /// The permissions on which a kind means anything.
    pub(super) fn live(&self, kind: &Kind) -> &Ranges {
        const NONE: &Ranges = &Vec::new();
        self.live.get(kind).unwrap_or(NONE)
    }
}
