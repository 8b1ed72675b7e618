//! What the conditions of a document can come to, whatever is asked.
//!
//! A condition that can never be true, or is true of every question, was surely meant otherwise. Most conditions come to the
//! same whatever their statement is about; one that reads the action's name or the type is looked at for each permission
//! that it governs. Too large a set of outcomes says nothing, too small a one would call a condition
//! useless that is not: so where there is too much to look at, all are possible.

use std::collections::HashMap;
use std::ops::Range;

use portcullis_matrix::PermissionId;

use crate::condition::{Bound, Check, Condition, Literal, Operand, Outcome, Root};
use crate::exact::{Setting, outcomes};
use crate::policy::{Effect, Grants};
use crate::schema::Schema;

/// The most conditions of a workspace that are looked into, and the most and the fewest of one document, of those whose tests
/// may have to do with each other.
const MOST_CONDITIONS: usize = 65_536;
const MOST_OF_ONE: usize = 4_096;
const FEWEST_OF_ONE: usize = 64;

/// The most permissions for which one that reads their names is looked at; each counts as one of those.
const MOST_CELLS: usize = 64;

/// The most attributes that a condition reads for it to be looked into: each makes every look longer.
const MOST_REFERENCES: usize = 64;

/// How much is tried for all documents together, for one, and for one condition, but for each a little.
const ALL_STEPS: usize = 1 << 24;
const STEPS_OF_ONE: std::ops::RangeInclusive<usize> = 1 << 14..=1 << 20;
const STEPS: std::ops::RangeInclusive<usize> = 1 << 8..=1 << 14;

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

/// What the conditions of each statement can come to, part by part; nothing of a part without a condition. It is one of so many
/// documents.
pub(super) fn possible(grants: &Grants, documents: usize) -> Vec<Vec<Option<Possible>>> {
    let mut left = (MOST_CONDITIONS / documents.max(1)).clamp(FEWEST_OF_ONE, MOST_OF_ONE);
    let mut known: HashMap<u32, Possible> = HashMap::new();
    let statements = 0..grants.effects().len();
    let steps = (ALL_STEPS / documents.max(1)).clamp(*STEPS_OF_ONE.start(), *STEPS_OF_ONE.end());
    let steps = (steps / grants.conditions().len().max(1)).clamp(*STEPS.start(), *STEPS.end());
    let mut part = |(range, number): (Range<u32>, Option<u32>)| {
        let condition = grants.conditions().get(number? as usize)?;
        if condition.references().nth(MOST_REFERENCES).is_some() {
            return Some(Possible::ALL);
        }
        if !condition.reads_names() {
            let look = || {
                apart(condition).unwrap_or_else(|| {
                    left = left.saturating_sub(1);
                    if left == 0 { Possible::ALL } else { of(condition, None, steps) }
                })
            };
            return Some(*known.entry(number?).or_insert_with(look));
        }
        let count = (range.end - range.start) as usize;
        if count > MOST_CELLS.min(left) {
            return Some(Possible::ALL);
        }
        left -= count;
        let cells = range.map(PermissionId::from_u32);
        let all = cells.map(|permission| of(condition, Some((grants.schema(), permission)), steps));
        Some(all.fold(Possible::NONE, Possible::or))
    };
    statements.map(|index| grants.numbered_parts(index).map(&mut part).collect()).collect()
}

/// What a condition can come to whose tests have nothing to do with each other: each of a property of its own, set against
/// what stands in the document, so that it can hold and fail, and be unknown. `None` of any other.
fn apart(condition: &Condition) -> Option<Possible> {
    let mut before: Option<(Root, String)> = None;
    for test in condition.tests() {
        let reference = test.reference();
        let path = reference.path()?;
        match test.check() {
            Check::Equals(Operand::Literal(Literal::Pattern(_)) | Operand::Reference(_)) => return None,
            Check::Exists(_)
            | Check::Equals(_)
            | Check::Order { bound: Bound::Number(_) | Bound::Instant(_), .. } => {}
            Check::Order { .. } | Check::In { .. } | Check::InList { .. } => return None,
        }
        // Tests are in the order of their paths, so what leads to another stands right before some such.
        if let Some((root, before)) = &before
            && *root == reference.root()
            && path.strip_prefix(&**before).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        {
            return None;
        }
        before = Some((reference.root(), path));
    }
    Some(Possible::ALL)
}

/// What one condition can come to, for a permission or for any.
fn of(condition: &Condition, cell: Option<(&Schema, PermissionId)>, steps: usize) -> Possible {
    let setting = cell.and_then(|(schema, permission)| Setting::of_permission(schema, permission));
    let setting = Setting { steps, ..setting.unwrap_or_else(|| Setting::open(None, Vec::new())) };
    let outcomes = outcomes(condition, &setting);
    let can = |outcome| !outcomes.can_be(outcome).is_no();
    Possible { yes: can(Outcome::True), no: can(Outcome::False), unknown: can(Outcome::Unknown) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Document;
    use crate::schema::Schema as Vocabulary;
    use crate::source::Source;

    #[test]
    fn tests_that_stand_apart_come_to_what_looking_into_them_shows() {
        let mut short = 0;
        for (condition, is_apart) in [
            (r#"{"team": {"equals": "a"}}"#, true),
            (r#"{"team": {"in": ["a"]}}"#, false),
            (r#"{"team": {"equals": "*"}}"#, false),
            (r#"{"team": {"equals": "a"}, "level": {"lessthan": 3}}"#, true),
            (r#"{"team": {"exists": true}}"#, true),
            (r#"{"team": {"exists": true, "equals": "a"}}"#, false),
            (r#"{"subject.team": {"exists": false}}"#, true),
            (r#"{"subject.team": {"exists": false}, "subject.level": {"exists": true}}"#, true),
            (r#"{"subject.team": {"exists": false}, "context.team": {"equals": 1}}"#, true),
            (r#"{"action.team": {"exists": false}, "context.team": {"exists": true}}"#, true),
            (r#"{"labels": {"exists": true}, "labels.team": {"equals": "a"}}"#, false),
            (
                r#"{"labels": {"equals": "a"}, "labels-x": {"equals": 1}, "labels.team": {"equals": "a"}}"#,
                false,
            ),
            (r#"{"label": {"equals": "a"}, "labels.team": {"equals": true}}"#, true),
            (r#"{"since": {"greaterthan": "2026-01-01T00:00:00Z"}, "subject.since": {"lessthan": 1}}"#, true),
            (r#"{"subject.id": {"equals": "a"}}"#, false),
            (r#"{"context.now": {"lessthan": "2026-01-01T00:00:00Z"}}"#, false),
        ] {
            let text = format!(
                r#"{{"version": "2022-04-26", "policies": [
                    {{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {condition}}}]}}"#
            );
            let document = Document::read(&Source::new("role", text)).unwrap().0;
            let (grants, _) = document.resolve(&Vocabulary::hightouch().unwrap()).unwrap();
            let condition = &grants.conditions()[0];
            let found = apart(condition);
            assert_eq!(found.is_some(), is_apart, "{condition}");
            if let Some(found) = found {
                assert_eq!(found, of(condition, None, *STEPS.end()), "{condition}");
                short += 1;
            }
        }
        assert!(short > 7);
    }
}
