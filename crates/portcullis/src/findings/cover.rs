//! How often each permission of some ranges is covered, and the least of that over any range.
//!
//! A statement changes nothing when all that it says is said at least twice. Counting that permission by permission would
//! take sixty thousand statements times a million permissions. So the permissions are cut where a range begins or
//! ends, and a tree over the pieces keeps the least count of each half: adding a range, taking one away and asking for
//! the least all take a few steps for each doubling of the pieces.

use std::ops::Range;

/// Counts over the pieces between the borders of some ranges.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover {
    /// Where pieces begin, ascending, and where the last one ends.
    borders: Vec<u32>,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The least count below it, `added` included.
    least: i32,
    /// What was added to all that lies below it.
    added: i32,
}

const ROOT: usize = 1;

impl Cover {
    /// Nothing is covered yet; ranges to come begin and end where these do.
    pub(super) fn over<'r>(ranges: impl Iterator<Item = &'r Range<u32>>) -> Self {
        let mut borders: Vec<u32> = ranges.flat_map(|range| [range.start, range.end]).collect();
        borders.sort_unstable();
        borders.dedup();
        let nodes = vec![Node::default(); 4 * borders.len()];
        Cover { borders, nodes }
    }

    /// The pieces.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        self.borders.iter().zip(self.borders.iter().skip(1)).map(|(start, end)| *start..*end)
    }

    /// Counts a range once more, or as often as is said; it begins and ends where one of the ranges given does.
    pub(super) fn add(&mut self, range: &Range<u32>, times: i32) {
        let places = self.places(range);
        self.change(ROOT, self.all(), &places, times);
    }

    /// How often the least covered permission of a range is.
    pub(super) fn least(&self, range: &Range<u32>) -> i32 {
        self.least_below(ROOT, self.all(), &self.places(range))
    }

    fn all(&self) -> Range<usize> {
        0..self.borders.len().saturating_sub(1)
    }

    fn places(&self, range: &Range<u32>) -> Range<usize> {
        let place = |border: u32| self.borders.partition_point(|known| *known < border);
        place(range.start)..place(range.end)
    }

    fn node(&self, at: usize) -> Node {
        self.nodes.get(at).copied().unwrap_or_default()
    }

    fn change(&mut self, at: usize, span: Range<usize>, wanted: &Range<usize>, times: i32) {
        if wanted.start >= span.end || span.start >= wanted.end {
            return;
        }
        let mut node = self.node(at);
        if wanted.start <= span.start && span.end <= wanted.end {
            node.least += times;
            node.added += times;
        } else {
            let middle = usize::midpoint(span.start, span.end);
            self.change(2 * at, span.start..middle, wanted, times);
            self.change(2 * at + 1, middle..span.end, wanted, times);
            node.least = node.added + self.node(2 * at).least.min(self.node(2 * at + 1).least);
        }
        if let Some(place) = self.nodes.get_mut(at) {
            *place = node;
        }
    }

    fn least_below(&self, at: usize, span: Range<usize>, wanted: &Range<usize>) -> i32 {
        if wanted.start >= span.end || span.start >= wanted.end {
            return i32::MAX;
        }
        let node = self.node(at);
        if wanted.start <= span.start && span.end <= wanted.end {
            return node.least;
        }
        let middle = usize::midpoint(span.start, span.end);
        let left = self.least_below(2 * at, span.start..middle, wanted);
        let right = self.least_below(2 * at + 1, middle..span.end, wanted);
        left.min(right).saturating_add(node.added)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_those_of_counting(
            drawn in prop::collection::vec((0_u32..50, 1_u32..20, any::<bool>()), 1..20)
        ) {
            let ranges: Vec<Range<u32>> =
                drawn.iter().map(|(start, count, _)| *start..start + count).collect();
            let mut cover = Cover::over(ranges.iter());
            let mut counted = [0_i32; 80];
            let least = |counted: &[i32], range: &Range<u32>| {
                counted[range.start as usize..range.end as usize].iter().copied().min().unwrap()
            };
            for (range, (_, _, stays)) in ranges.iter().zip(&drawn) {
                cover.add(range, 1);
                counted[range.start as usize..range.end as usize].iter_mut().for_each(|count| *count += 1);
                for asked in &ranges {
                    prop_assert_eq!(cover.least(asked), least(&counted, asked));
                }
                if !stays {
                    cover.add(range, -1);
                    counted[range.start as usize..range.end as usize].iter_mut().for_each(|count| *count -= 1);
                }
            }
            for asked in &ranges {
                prop_assert_eq!(cover.least(asked), least(&counted, asked));
            }
            let pieces: u32 = cover.pieces().map(|piece| piece.end - piece.start).sum();
            let ends = ranges.iter().map(|range| range.end).max().unwrap();
            let starts = ranges.iter().map(|range| range.start).min().unwrap();
            prop_assert_eq!(pieces, ends - starts);
        }
    }
}
