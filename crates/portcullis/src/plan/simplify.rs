//! Makes what remains shorter without changing what it says of any object.
//!
//! Clauses are boxes: of each attribute a set of cells, and beside them the tests that join two attributes or look into a list,
//! which are only ever compared for being the same. Everything here keeps to the one question that a clause is for, true for
//! an allow and not false for a deny. What it does: tests that say nothing more are left out, contradictions
//! drop their clause, clauses that say less than another go, values of one attribute are gathered in one list,
//! and allows and denies that never meet, or always do, lose each other.

mod boxes;

use std::collections::BTreeMap;

use boxes::{Boxed, Spaces};

use super::leaf::{Clause, Leaf};
use super::space::Cells;
use super::{Plan, Residue};
use crate::policy::Effect;

/// Pairs of clauses, times cells, that are compared at most; beyond that clauses are only shortened one by one.
const MOST_WORK: usize = 1 << 24;

/// The plan that allows what is in one of `any` and in none of `none`.
pub(super) fn simplify(any: Vec<Clause>, none: Vec<Clause>) -> Plan {
    let spaces = Spaces::of(any.iter().chain(&none));
    let mut any = boxed(any, Effect::Allow, &spaces);
    let mut none = boxed(none, Effect::Deny, &spaces);
    let is_small = (any.len() + none.len()).saturating_mul(spaces.references().count()) <= MOST_WORK / 4;
    if is_small {
        any = gathered(any, Effect::Allow, &spaces);
        none = gathered(none, Effect::Deny, &spaces);
    }
    let clauses = any.len() + none.len();
    let breadth = any.iter().chain(&none).map(Boxed::breadth).max().unwrap_or(0);
    let each = spaces.cell_count().saturating_add(breadth * breadth + 1);
    if clauses.saturating_mul(clauses).saturating_mul(each) <= MOST_WORK {
        absorb(&mut any);
        absorb(&mut none);
        any.retain(|allow| !none.iter().any(|deny| allow.is_within(deny)));
        none.retain(|deny| any.iter().any(|allow| !allow.is_apart_from(deny)));
        none.iter_mut().for_each(|deny| deny.forget_what_holds_in(&any));
        absorb(&mut none);
    }
    if any.is_empty() || none.iter().any(Boxed::is_all) || (is_small && covers(&none, &spaces)) {
        return Plan::Never;
    }
    if is_small && covers(&any, &spaces) {
        any = vec![Boxed::default()];
    } else if any.iter().any(Boxed::is_all) {
        any.retain(Boxed::is_all);
    }
    if none.is_empty() && any.iter().any(Boxed::is_all) {
        return Plan::Always;
    }
    Plan::Conditional(Residue { any: clauses_of(any), none: clauses_of(none) })
}

fn boxed(clauses: Vec<Clause>, effect: Effect, spaces: &Spaces) -> Vec<Boxed> {
    clauses.iter().filter_map(|clause| Boxed::of(clause, effect, spaces)).collect()
}

fn clauses_of(boxes: Vec<Boxed>) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = boxes.into_iter().map(Boxed::into_clause).collect();
    clauses.sort_unstable();
    clauses.dedup();
    clauses
}

/// Clauses that differ in the values of one attribute become one with all of these values. *In* is an or of *equals* under
/// Kleene's rules, so this is exact for an allow and for a deny.
fn gathered(mut boxes: Vec<Boxed>, effect: Effect, spaces: &Spaces) -> Vec<Boxed> {
    for reference in spaces.references() {
        let mut alike: BTreeMap<Vec<Leaf>, Boxed> = BTreeMap::new();
        let mut kept = Vec::with_capacity(boxes.len());
        let mut values: BTreeMap<Vec<Leaf>, Vec<_>> = BTreeMap::new();
        for one in boxes {
            let Some(listed) = one.listed(reference) else {
                kept.push(one);
                continue;
            };
            let rest = one.leaves_but(reference);
            values.entry(rest.clone()).or_default().extend(listed);
            alike.entry(rest).or_insert(one);
        }
        for (rest, one) in alike {
            let values = values.remove(&rest).unwrap_or_default();
            kept.extend(one.with_values(reference, values, effect, spaces));
        }
        boxes = kept;
    }
    boxes
}

/// Drops what lies within another.
fn absorb(boxes: &mut Vec<Boxed>) {
    let mut kept: Vec<Boxed> = Vec::with_capacity(boxes.len());
    for one in boxes.drain(..) {
        if !kept.iter().any(|other| one.is_within(other)) {
            kept.retain(|other| !other.is_within(&one));
            kept.push(one);
        }
    }
    *boxes = kept;
}

/// Whether there is an attribute of which each value is in one of the boxes that say nothing of any other.
fn covers(boxes: &[Boxed], spaces: &Spaces) -> bool {
    spaces.references().any(|reference| {
        let alone = boxes.iter().filter_map(|one| one.cells_alone(reference));
        let either = |known: Cells, cells: &Cells| known.iter().zip(cells).map(|(a, b)| *a || *b).collect();
        let covered = alone.fold(None, |known: Option<Cells>, cells| match known {
            None => Some(cells.clone()),
            Some(known) => Some(either(known, cells)),
        });
        covered.is_some_and(|covered| covered.into_iter().all(|covered| covered))
    })
}
