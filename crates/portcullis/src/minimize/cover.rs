//! The fewest rectangles that cover all cells: greedily first, then by looking at all ways within a bound.
//!
//! The cells fall apart into parts that share no rectangle, and each is solved alone. Cells of which no rectangle
//! covers two need a rectangle each: that is the bound from below, at first and at every step of the search.
//! The search takes the cell with the fewest rectangles and tries each of these; it counts steps, not time,
//! so that it comes to the same on every machine.

use portcullis_matrix::Plane;

use super::Steps;
use super::condensed::{all, bits, has, set};
use super::rectangles::Rectangle;

/// The most cells and rectangles of a part that is searched; greater ones are covered greedily.
const MOST_CELLS: usize = 4_096;
/// Rectangles are compared with one another while they are fewer.
const MOST_COMPARED: usize = 2_048;

/// Rectangles that cover all cells.
pub(super) struct Cover {
    /// Their numbers.
    pub(super) chosen: Vec<usize>,
    /// How many of these rectangles are needed at least.
    pub(super) at_least: usize,
}

/// Covers so many cells.
pub(super) fn fewest(cells: usize, rectangles: &[Rectangle], steps: &mut Steps) -> Cover {
    let useful = useful(rectangles, steps);
    let mut cover = Cover { chosen: Vec::new(), at_least: 0 };
    for part in parts(cells, rectangles, &useful) {
        let solved = part.solve(rectangles, steps);
        cover.at_least += solved.at_least;
        cover.chosen.extend(solved.chosen);
    }
    cover.chosen.sort_unstable();
    cover
}

/// The rectangles that cover something that no other covers as well, those that cover most first.
fn useful(rectangles: &[Rectangle], steps: &mut Steps) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rectangles.len()).collect();
    let size = |at: usize| rectangles.get(at).map_or(0, |rectangle| rectangle.cells.count());
    order.sort_by_cached_key(|&at| (std::cmp::Reverse(size(at)), at));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        let Some(rectangle) = rectangles.get(at) else { continue };
        let compared = kept.len() < MOST_COMPARED && steps.take(1 + kept.len() as u64 / 8);
        let within = |&other: &usize| {
            rectangles.get(other).is_some_and(|other| rectangle.cells.is_subset(&other.cells))
        };
        if !(compared && kept.iter().any(within)) {
            kept.push(at);
        }
    }
    kept
}

/// Cells and the rectangles that cover any of them, which cover nothing else.
struct Part {
    /// Ascending.
    cells: Vec<u32>,
    rectangles: Vec<usize>,
}

fn parts(cells: usize, rectangles: &[Rectangle], useful: &[usize]) -> Vec<Part> {
    // Each cell leads to another of its part, the last to itself.
    let mut leads: Vec<u32> = (0..cells as u32).collect();
    fn last(leads: &mut [u32], mut at: u32) -> u32 {
        loop {
            let next = leads.get(at as usize).copied().unwrap_or(at);
            if next == at {
                return at;
            }
            let after = leads.get(next as usize).copied().unwrap_or(next);
            if let Some(lead) = leads.get_mut(at as usize) {
                *lead = after;
            }
            at = after;
        }
    }
    let first_of = |at: &usize| rectangles.get(*at).and_then(|rectangle| bits(&rectangle.cells).next());
    for at in useful {
        let (Some(rectangle), Some(first)) = (rectangles.get(*at), first_of(at)) else { continue };
        for cell in bits(&rectangle.cells) {
            let (one, other) = (last(&mut leads, first), last(&mut leads, cell));
            if let Some(lead) = leads.get_mut(one.max(other) as usize) {
                *lead = one.min(other);
            }
        }
    }
    let mut places: Vec<Option<usize>> = vec![None; cells];
    let mut parts: Vec<Part> = Vec::new();
    for cell in 0..cells as u32 {
        let root = last(&mut leads, cell) as usize;
        let place = places.get(root).copied().flatten().unwrap_or(parts.len());
        if place == parts.len() {
            parts.push(Part { cells: Vec::new(), rectangles: Vec::new() });
            if let Some(known) = places.get_mut(root) {
                *known = Some(place);
            }
        }
        if let Some(part) = parts.get_mut(place) {
            part.cells.push(cell);
        }
    }
    for at in useful {
        let root = first_of(at).map(|first| last(&mut leads, first) as usize);
        let place = root.and_then(|root| places.get(root).copied().flatten());
        if let Some(part) = place.and_then(|place| parts.get_mut(place)) {
            part.rectangles.push(*at);
        }
    }
    parts
}

impl Part {
    fn solve(&self, rectangles: &[Rectangle], steps: &mut Steps) -> Cover {
        let place = |cell: u32| self.cells.binary_search(&cell).ok().map(|place| place as u32);
        let narrowed = |&at: &usize| {
            let mut cells = Plane::empty(self.cells.len() as u32);
            let held = rectangles.get(at).into_iter().flat_map(|rectangle| bits(&rectangle.cells));
            held.filter_map(place).for_each(|cell| set(&mut cells, cell));
            cells
        };
        let sets: Vec<Plane> = self.rectangles.iter().map(narrowed).collect();
        let (chosen, at_least) = Search::new(self.cells.len(), &sets).run(steps);
        let named = |at: usize| self.rectangles.get(at).copied();
        Cover { chosen: chosen.into_iter().filter_map(named).collect(), at_least }
    }
}

struct Search<'s> {
    sets: &'s [Plane],
    cells: usize,
    /// The sets that hold each cell.
    holding: Vec<Vec<u32>>,
    /// Cells, those that the fewest sets hold first.
    order: Vec<u32>,
    /// For each cell those that some set holds with it; none where there are too many.
    beside: Vec<Plane>,
}

/// What is open after some choices, and the sets to try next.
struct Level {
    open: Plane,
    sets: Vec<u32>,
    next: usize,
}

impl<'s> Search<'s> {
    fn new(cells: usize, sets: &'s [Plane]) -> Self {
        let mut holding = vec![Vec::new(); cells];
        for (at, set) in (0..).zip(sets) {
            for cell in bits(set) {
                if let Some(known) = holding.get_mut(cell as usize) {
                    known.push(at);
                }
            }
        }
        let mut order: Vec<u32> = (0..cells as u32).collect();
        order.sort_by_key(|&cell| (holding.get(cell as usize).map_or(0, Vec::len), cell));
        let mut beside = Vec::new();
        if cells <= MOST_CELLS {
            beside.extend(holding.iter().map(|holding: &Vec<u32>| {
                let mut plane = Plane::empty(cells as u32);
                for set in holding.iter().filter_map(|&at| sets.get(at as usize)) {
                    plane.union_with(set);
                }
                plane
            }));
        }
        Search { sets, cells, holding, order, beside }
    }

    /// The sets that are chosen, and how many are needed at least.
    fn run(&self, steps: &mut Steps) -> (Vec<usize>, usize) {
        let mut best = self.greedy(steps);
        if self.beside.is_empty() {
            return (best, usize::from(self.cells > 0));
        }
        let (at_least, first) = self.bound(&all(self.cells));
        let Some(first) = first.filter(|_| at_least < best.len()) else { return (best, at_least) };
        let open = all(self.cells);
        let mut levels = vec![Level { sets: self.options(first, &open, steps), open, next: 0 }];
        let mut path: Vec<u32> = Vec::new();
        while let Some(depth) = levels.len().checked_sub(1) {
            path.truncate(depth);
            let Some(level) = levels.last_mut() else { break };
            let Some(&chosen) = level.sets.get(level.next) else {
                levels.pop();
                continue;
            };
            level.next += 1;
            let mut open = level.open.clone();
            self.sets.get(chosen as usize).into_iter().for_each(|set| open.subtract(set));
            path.push(chosen);
            let (more, cell) = self.bound(&open);
            if !steps.take(1 + more as u64) {
                return (best, at_least);
            }
            match cell {
                None if path.len() < best.len() => {
                    best = path.iter().map(|&at| at as usize).collect();
                    if best.len() == at_least {
                        return (best, at_least);
                    }
                }
                Some(cell) if path.len() + more < best.len() => {
                    let sets = self.options(cell, &open, steps);
                    levels.push(Level { open, sets, next: 0 });
                }
                _ => {}
            }
        }
        let proven = best.len();
        (best, proven)
    }

    /// How many sets the open cells need at least, and one of them that few sets hold.
    fn bound(&self, open: &Plane) -> (usize, Option<u32>) {
        let mut left = open.clone();
        let (mut count, mut first) = (0, None);
        for &cell in &self.order {
            if has(&left, cell) {
                count += 1;
                first = first.or(Some(cell));
                self.beside.get(cell as usize).into_iter().for_each(|beside| left.subtract(beside));
            }
        }
        (count, first)
    }

    /// The sets that hold a cell, those that hold most of what is open first; of two that hold the same of it one.
    fn options(&self, cell: u32, open: &Plane, steps: &mut Steps) -> Vec<u32> {
        let holding = self.holding.get(cell as usize).into_iter().flatten();
        let mut sized: Vec<(u32, u32, Plane)> = holding
            .filter_map(|&at| {
                let mut held = self.sets.get(at as usize)?.clone();
                held.intersect_with(open);
                Some((held.count(), at, held))
            })
            .collect();
        steps.take(sized.len() as u64);
        sized.sort_by_key(|&(count, at, _)| (std::cmp::Reverse(count), at));
        let mut kept: Vec<(u32, Plane)> = Vec::new();
        for (_, at, held) in sized {
            if !kept.iter().any(|(_, other)| held.is_subset(other)) {
                kept.push((at, held));
            }
        }
        kept.into_iter().map(|(at, _)| at).collect()
    }

    /// Takes the set that holds most of what is open, until nothing is.
    fn greedy(&self, steps: &mut Steps) -> Vec<usize> {
        let mut open = all(self.cells);
        let mut chosen = Vec::new();
        // What a set holds of the open cells only becomes less: what it held when last looked at bounds it.
        let sized = self.sets.iter().map(Plane::count).zip((0..self.sets.len()).map(std::cmp::Reverse));
        let mut heap: std::collections::BinaryHeap<(u32, std::cmp::Reverse<usize>)> = sized.collect();
        while let Some((_, std::cmp::Reverse(at))) = heap.pop() {
            let Some(set) = self.sets.get(at) else { continue };
            let now = set.count_common(&open);
            let next = heap.peek().map_or(0, |&(next, _)| next);
            if now > 0 && now < next {
                heap.push((now, std::cmp::Reverse(at)));
            } else if now > 0 {
                open.subtract(set);
                chosen.push(at);
            }
            steps.take(1);
        }
        self.drop_needless(&mut chosen);
        chosen
    }

    /// Of what was chosen early, later ones may have taken the place.
    fn drop_needless(&self, chosen: &mut Vec<usize>) {
        let mut times = vec![0_u32; self.cells];
        let cells = |at: usize| self.sets.get(at).into_iter().flat_map(bits);
        for cell in chosen.iter().flat_map(|&at| cells(at)) {
            times.get_mut(cell as usize).into_iter().for_each(|times| *times += 1);
        }
        chosen.retain(|&at| {
            let needed = cells(at).any(|cell| times.get(cell as usize) == Some(&1));
            if !needed {
                for cell in cells(at) {
                    times.get_mut(cell as usize).into_iter().for_each(|times| *times -= 1);
                }
            }
            needed
        });
    }
}
