//! Sets of permissions as ranges: what a part of a statement covers, and what is left of it.
//!
//! Statements come as ranges, of which most have a handful. So what a condition governs is kept as ranges too and
//! not as planes: a document may have sixty thousand conditions, and a plane each would be more than it said.

use std::ops::Range;

use portcullis_matrix::{PermissionId, Plane};

/// Ascending, disjoint ranges that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ranges(Vec<Range<u32>>);

impl Ranges {
    /// All that any of these hold, in whatever order they come.
    pub(super) fn of(ranges: impl IntoIterator<Item = Range<u32>>) -> Self {
        let mut all: Vec<Range<u32>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        all.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<u32>> = Vec::with_capacity(all.len());
        for range in all {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        Ranges(merged)
    }

    /// The permissions of a plane.
    pub(super) fn of_plane(plane: &Plane) -> Self {
        let mut ranges: Vec<Range<u32>> = Vec::new();
        for permission in plane.iter().map(PermissionId::as_u32) {
            match ranges.last_mut() {
                Some(last) if last.end == permission => last.end += 1,
                _ => ranges.push(permission..permission + 1),
            }
        }
        Ranges(ranges)
    }

    /// Those of its permissions that a plane has, or has not.
    pub(super) fn where_plane(&self, plane: &Plane, has: bool) -> Self {
        let wanted = |permission: &u32| plane.contains(PermissionId::from_u32(*permission)) == has;
        let cells = self.iter().flatten().filter(wanted);
        Ranges::of(cells.map(|permission| permission..permission + 1))
    }

    /// How many permissions there are.
    pub(super) fn cells(&self) -> usize {
        self.iter().map(|range| range.len()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        self.0.iter().cloned()
    }

    /// The first permission.
    pub(super) fn first(&self) -> Option<u32> {
        self.0.first().map(|range| range.start)
    }

    /// The end of the range that holds a permission, if one does.
    pub(super) fn end_from(&self, permission: u32) -> Option<u32> {
        let at = self.0.partition_point(|range| range.end <= permission);
        self.0.get(at).filter(|range| range.start <= permission).map(|range| range.end)
    }

    /// Takes away what ascending, disjoint ranges hold.
    pub(super) fn subtract(&mut self, others: &[Range<u32>]) {
        if self.0.is_empty() || others.is_empty() {
            return;
        }
        let mut left = Vec::with_capacity(self.0.len());
        for range in &self.0 {
            let mut at = range.start;
            let first = others.partition_point(|other| other.end <= at);
            for other in others.iter().skip(first).take_while(|other| other.start < range.end) {
                if at < other.start {
                    left.push(at..other.start);
                }
                at = at.max(other.end);
            }
            if at < range.end {
                left.push(at..range.end);
            }
        }
        self.0 = left;
    }

    /// What two sets have in common.
    pub(super) fn common(&self, other: &Ranges) -> Ranges {
        let mut outside = self.clone();
        outside.subtract(&other.0);
        let mut inside = self.clone();
        inside.subtract(&outside.0);
        inside
    }

    /// As a slice, to take away from others.
    pub(super) fn as_slice(&self) -> &[Range<u32>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn drawn() -> impl Strategy<Value = Vec<Range<u32>>> {
        prop::collection::vec((0_u32..40, 0_u32..9).prop_map(|(start, count)| start..start + count), 0..6)
    }

    fn cells(ranges: &Ranges) -> BTreeSet<u32> {
        ranges.iter().flatten().collect()
    }

    proptest! {
        #[test]
        fn ranges_are_sets(one in drawn(), other in drawn()) {
            let sets = [&one, &other].map(|ranges| ranges.iter().cloned().flatten().collect::<BTreeSet<u32>>());
            let [one, other] = [one, other].map(Ranges::of);
            prop_assert_eq!(cells(&one), sets[0].clone());
            let mut rest = one.clone();
            rest.subtract(other.as_slice());
            prop_assert_eq!(cells(&rest), &sets[0] - &sets[1]);
            prop_assert_eq!(cells(&one.common(&other)), &sets[0] & &sets[1]);
            for cell in 0..50 {
                let end = one.end_from(cell);
                prop_assert_eq!(end.is_some(), sets[0].contains(&cell));
                prop_assert!(end.is_none_or(|end| (cell..end).all(|cell| sets[0].contains(&cell))));
            }
            let mut plane = Plane::empty(50);
            one.iter().for_each(|range| assert!(plane.insert_range(range)));
            prop_assert_eq!(&Ranges::of_plane(&plane), &one);
            prop_assert_eq!(one.cells(), sets[0].len());
            prop_assert_eq!(other.where_plane(&plane, true), other.common(&one));
            let mut rest = other.clone();
            rest.subtract(one.as_slice());
            prop_assert_eq!(other.where_plane(&plane, false), rest);
        }
    }
}
