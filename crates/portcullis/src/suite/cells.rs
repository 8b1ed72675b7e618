//! What a test expects of whom: ranges of permissions, ascending and disjoint.
//!
//! `"*"` on a type is one range and a whole grid is a few, so that a suite costs its text and not the product of its
//! tests and the schema. A range remembers the name that asked for it: a failing question points there.

use std::ops::Range;

use crate::source::Span;

/// What is expected of some permissions, and where the suite says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) permissions: Range<u32>,
    pub(super) allowed: bool,
    pub(super) at: Span,
}

/// Two places that say the opposite of one permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contradiction {
    pub(super) permission: u32,
    pub(super) first: Span,
    pub(super) again: Span,
}

/// Sorts what is expected and makes it disjoint; of what is said twice the first place is kept.
pub(super) fn settle(mut written: Vec<Expected>) -> Result<Vec<Expected>, Contradiction> {
    written.sort_by_key(|one| (one.permissions.start, one.at));
    // Of either kind the range that reaches furthest so far.
    let mut reach: [Option<Expected>; 2] = [None, None];
    for one in &written {
        let [denied, allowed] = &mut reach;
        let (same, other) = if one.allowed { (allowed, denied) } else { (denied, allowed) };
        if let Some(other) = other.as_ref().filter(|other| other.permissions.end > one.permissions.start) {
            let (first, again) = (other.at.min(one.at), other.at.max(one.at));
            return Err(Contradiction { permission: one.permissions.start, first, again });
        }
        if same.as_ref().is_none_or(|same| same.permissions.end < one.permissions.end) {
            *same = Some(one.clone());
        }
    }
    let mut end = 0;
    written.retain_mut(|one| {
        one.permissions.start = one.permissions.start.max(end);
        end = end.max(one.permissions.end);
        !one.permissions.is_empty()
    });
    Ok(written)
}

/// Fills the gaps of disjoint ranges: whatever a grid does not list is denied.
pub(super) fn fill(listed: Vec<Expected>, count: u32, at: Span) -> Vec<Expected> {
    let mut whole = Vec::with_capacity(listed.len() * 2 + 1);
    let mut end = 0;
    let gap = |permissions: Range<u32>| Expected { permissions, allowed: false, at };
    for one in listed {
        if end < one.permissions.start {
            whole.push(gap(end..one.permissions.start));
        }
        end = one.permissions.end;
        whole.push(one);
    }
    if end < count {
        whole.push(gap(end..count));
    }
    whole
}

/// How many permissions there are in disjoint ranges.
pub(super) fn count(expected: &[Expected]) -> usize {
    expected.iter().map(|one| one.permissions.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(permissions: Range<u32>, allowed: bool, at: u32) -> Expected {
        Expected { permissions, allowed, at: Span::new(at, at + 1) }
    }

    #[test]
    fn what_is_said_twice_counts_once() {
        let written = vec![expected(0..9, true, 5), expected(3..4, true, 1), expected(8..12, true, 7)];
        let settled = settle(written).unwrap();
        assert_eq!(settled, [expected(0..9, true, 5), expected(9..12, true, 7)]);
        assert_eq!(count(&settled), 12);
    }

    #[test]
    fn opposites_that_overlap_are_found_however_they_lie() {
        for (allowed, denied) in [(0..9, 3..4), (3..4, 0..9), (0..5, 4..9), (4..9, 0..5), (2..3, 2..3)] {
            let written = vec![expected(allowed.clone(), true, 1), expected(denied.clone(), false, 9)];
            let found = settle(written).unwrap_err();
            assert!(allowed.contains(&found.permission) && denied.contains(&found.permission));
            assert_eq!((found.first.start, found.again.start), (1, 9));
        }
        // The one that reaches far is not forgotten for one that begins later.
        let written = vec![expected(0..9, true, 1), expected(2..3, true, 2), expected(5..6, false, 3)];
        assert_eq!(settle(written).unwrap_err().permission, 5);
        assert!(settle(vec![expected(0..3, true, 1), expected(3..6, false, 2)]).is_ok());
    }

    #[test]
    fn a_grid_says_something_of_every_permission() {
        let grid = fill(vec![expected(1..2, true, 3), expected(4..6, true, 4)], 7, Span::new(0, 1));
        let said: Vec<bool> =
            grid.iter().flat_map(|one| one.permissions.clone().map(|_| one.allowed)).collect();
        assert_eq!(said, [false, true, false, false, true, true, false]);
        assert_eq!(fill(Vec::new(), 2, Span::new(0, 1)), [expected(0..2, false, 0)]);
        assert!(fill(Vec::new(), 0, Span::new(0, 1)).is_empty());
    }
}
