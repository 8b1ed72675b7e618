//! Sets of permissions as ascending, disjoint ranges that do not touch: what is compared and subtracted here.
//!
//! A plane has a bit for every permission of the schema, whatever a statement says; a document may have ten thousand
//! conditions, and a schema a million permissions. Ranges cost what the statements say.

use std::ops::Range;

pub(super) type Ranges = Vec<Range<u32>>;

/// Puts any ranges in order and joins those that overlap or touch.
pub(super) fn in_order(mut ranges: Ranges) -> Ranges {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Ranges = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

pub(super) fn union(one: &[Range<u32>], other: &[Range<u32>]) -> Ranges {
    in_order(one.iter().chain(other).cloned().collect())
}

/// What of `from` is not in `taken`.
pub(super) fn difference(from: &[Range<u32>], taken: &[Range<u32>]) -> Ranges {
    let mut left = Vec::with_capacity(from.len());
    for range in from {
        let mut start = range.start;
        let first = taken.partition_point(|taken| taken.end <= start);
        for hole in taken.get(first..).unwrap_or(&[]).iter().take_while(|hole| hole.start < range.end) {
            if start < hole.start {
                left.push(start..hole.start);
            }
            start = start.max(hole.end);
        }
        if start < range.end {
            left.push(start..range.end);
        }
    }
    left
}

pub(super) fn contains(ranges: &[Range<u32>], permission: u32) -> bool {
    let at = ranges.partition_point(|range| range.end <= permission);
    ranges.get(at).is_some_and(|range| range.start <= permission)
}

/// How many permissions there are.
pub(super) fn count(ranges: &[Range<u32>]) -> usize {
    ranges.iter().map(|range| range.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sets() {
        let all = |ranges: &Ranges| ranges.iter().cloned().flatten().collect::<Vec<u32>>();
        let one = in_order(vec![9..12, 3..5, 5..6, 4..5, 7..7]);
        assert_eq!(one, [3..6, 9..12]);
        let other = in_order(vec![0..1, 4..10, 11..20]);
        assert_eq!(all(&union(&one, &other)), [0].into_iter().chain(3..20).collect::<Vec<_>>());
        assert_eq!(all(&difference(&one, &other)), [3, 10]);
        assert_eq!(all(&difference(&other, &one)), [0, 6, 7, 8, 12, 13, 14, 15, 16, 17, 18, 19]);
        assert!(contains(&one, 5) && contains(&one, 9) && !contains(&one, 6) && !contains(&one, 12));
        assert_eq!(count(&one), 6);
    }
}
