//! The statements that a shortest document may be made of: the largest rectangles of lines that may be named together.
//!
//! A statement that names all that can be named beside what it names covers no less. So only rectangles to which no
//! line can be added matter, and each is known by its lines on one side, which are an intersection of what lines of
//! the other side may be named with. There may be as many as the shorter side has subsets. When there are too
//! many, some are left out, and a minimum among the others need not be the minimum.

use std::collections::HashSet;

use portcullis_matrix::Plane;

use super::Steps;
use super::condensed::{Condensed, bits, has, set};

/// The most rectangles that are made of intersections.
const MOST: usize = 1 << 13;

/// The lines that a statement names, and the cells that it covers.
#[derive(Debug)]
pub(super) struct Rectangle {
    pub(super) rows: Plane,
    pub(super) columns: Plane,
    /// Of the cells that must be covered, by their places among them.
    pub(super) cells: Plane,
}

/// The largest rectangles, and whether these are all. Every cell is covered by one, however few there are.
pub(super) fn largest(condensed: &Condensed, steps: &mut Steps) -> (Vec<Rectangle>, bool) {
    let (rows, columns) = (&condensed.rows, &condensed.columns);
    let upright = columns.fits.len() < rows.fits.len();
    let (short, long) = if upright { (columns, rows) } else { (rows, columns) };
    let (mut sets, complete) = closed(&short.fits, steps);
    if !complete {
        let known: HashSet<Plane> = sets.iter().cloned().collect();
        let more = long.fits.iter().map(|fits| long.fitting(fits));
        let more: HashSet<Plane> = more.filter(|set| !set.is_empty() && !known.contains(set)).collect();
        let mut more: Vec<Plane> = more.into_iter().collect();
        more.sort_by_cached_key(|set| bits(set).collect::<Vec<u32>>());
        sets.extend(more);
    }
    let in_row = by_row(condensed);
    let rectangle = |lines: Plane| {
        let across = short.fitting(&lines);
        let (rows, columns) = if upright { (lines, across) } else { (across, lines) };
        let cells = covered(condensed, &in_row, &rows, &columns);
        Rectangle { rows, columns, cells }
    };
    let rectangles = sets.into_iter().map(rectangle).filter(|found| !found.cells.is_empty());
    (rectangles.collect(), complete)
}

/// All intersections of some of these sets that hold anything, and whether these are all.
fn closed(sets: &[Plane], steps: &mut Steps) -> (Vec<Plane>, bool) {
    let mut seen: HashSet<Plane> = HashSet::new();
    let mut found: Vec<Plane> = Vec::new();
    for set in sets.iter().filter(|set| !set.is_empty()) {
        if seen.insert(set.clone()) {
            found.push(set.clone());
        }
    }
    let (single, mut at) = (found.len(), 0);
    while let Some(one) = found.get(at).cloned() {
        if found.len() > MOST.max(single) || !steps.take(single as u64) {
            return (found, false);
        }
        for index in 0..single {
            let Some(other) = found.get(index) else { continue };
            if one.is_subset(other) || !one.intersects(other) {
                continue;
            }
            let mut common = one.clone();
            common.intersect_with(other);
            if !seen.contains(&common) {
                seen.insert(common.clone());
                found.push(common);
            }
        }
        at += 1;
    }
    (found, true)
}

/// Where the cells of each row lie among all.
fn by_row(condensed: &Condensed) -> Vec<std::ops::Range<usize>> {
    let cells = &condensed.cells;
    let rows = 0..condensed.rows.covers.len() as u32;
    let after = |row: u32| cells.partition_point(|&(known, _)| known < row);
    rows.map(|row| after(row)..after(row + 1)).collect()
}

fn covered(condensed: &Condensed, in_row: &[std::ops::Range<usize>], rows: &Plane, columns: &Plane) -> Plane {
    let (rows, columns) = (condensed.rows.covered(rows), condensed.columns.covered(columns));
    let mut cells = Plane::empty(condensed.cells.len() as u32);
    for range in bits(&rows).filter_map(|row| in_row.get(row as usize)) {
        let held = (range.start..).zip(condensed.cells.get(range.clone()).unwrap_or(&[]));
        for (cell, _) in held.filter(|(_, cell)| has(&columns, cell.1)) {
            set(&mut cells, cell as u32);
        }
    }
    cells
}

/// At least so many statements are needed, since no statement covers two of so many cells.
pub(super) fn apart(condensed: &Condensed, steps: &mut Steps) -> usize {
    let mut kept: Vec<(u32, u32)> = Vec::new();
    for &cell in &condensed.cells {
        if !steps.take(1 + kept.len() as u64) {
            break;
        }
        if !kept.iter().any(|&other| meet(condensed, cell, other)) {
            kept.push(cell);
        }
    }
    kept.len()
}

/// Whether one statement may cover two cells.
fn meet(condensed: &Condensed, one: (u32, u32), other: (u32, u32)) -> bool {
    let Condensed { rows, columns, .. } = condensed;
    let fits = |row: u32, column: u32| rows.fits.get(row as usize).is_some_and(|fits| has(fits, column));
    // Lines that cover a line: itself, and entries.
    let standing = |side: &super::condensed::Side, class: u32| {
        let entries = side.classes.len() as u32..side.covers.len() as u32;
        let held =
            entries.filter(|&entry| side.covers.get(entry as usize).is_some_and(|held| has(held, class)));
        std::iter::once(class).chain(held).collect::<Vec<u32>>()
    };
    if fits(one.0, other.1) && fits(other.0, one.1) {
        return true;
    }
    let (rows_of_one, rows_of_other) = (standing(rows, one.0), standing(rows, other.0));
    let (columns_of_one, columns_of_other) = (standing(columns, one.1), standing(columns, other.1));
    rows_of_one.iter().any(|&row| {
        columns_of_one.iter().any(|&column| {
            fits(row, column)
                && rows_of_other.iter().any(|&row_of_other| {
                    fits(row_of_other, column)
                        && columns_of_other.iter().any(|&last| fits(row_of_other, last) && fits(row, last))
                })
        })
    })
}
