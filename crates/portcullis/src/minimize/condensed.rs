//! A grid without what does not matter: lines that are alike are one, and cells that come with others need no care.
//!
//! Two types that may be named with the same actions and entries can always be named together, so a class of such types
//! is one line here; the same goes for actions. A cell comes with another where every rectangle that covers the other
//! can be made to cover it too: then only the other has to be covered. Neither step loses a shortest document.

use std::collections::BTreeMap;

use portcullis_matrix::{PermissionId, Plane};

use super::grid::{Axis, Grid};

/// The most pairs of lines that are looked at: a schema of millions of pairs is left as it is.
const MOST_PAIRS: usize = 1 << 22;
/// The most lines of an axis of which it is looked at whether one comes with another.
const MOST_COMPARED: usize = 1_024;

/// The lines of one axis: classes of lines of the grid, then entries.
#[derive(Debug)]
pub(super) struct Side {
    /// The lines of the grid in each class.
    pub(super) classes: Vec<Vec<u32>>,
    /// For each line, classes and entries, the lines of the other side that it may be named with.
    pub(super) fits: Vec<Plane>,
    /// For each line the lines that it covers: itself, and those that it stands for.
    pub(super) covers: Vec<Plane>,
}

#[derive(Debug)]
pub(super) struct Condensed {
    pub(super) rows: Side,
    pub(super) columns: Side,
    /// The cells that must be covered, as lines of rows and columns.
    pub(super) cells: Vec<(u32, u32)>,
}

/// Sets a bit of a plane of anything.
pub(super) fn set(plane: &mut Plane, bit: u32) {
    plane.insert(PermissionId::from_u32(bit));
}

pub(super) fn has(plane: &Plane, bit: u32) -> bool {
    plane.contains(PermissionId::from_u32(bit))
}

pub(super) fn bits(plane: &Plane) -> impl Iterator<Item = u32> {
    plane.iter().map(PermissionId::as_u32)
}

/// All of so many bits.
pub(super) fn all(count: usize) -> Plane {
    let mut plane = Plane::empty(count as u32);
    plane.insert_range(0..count as u32);
    plane
}

impl Condensed {
    /// Nothing where the grid is too large.
    pub(super) fn of(grid: &Grid) -> Option<Condensed> {
        let mut fits_of_columns = vec![Vec::new(); grid.columns.numbers.len()];
        for (row, fits) in (0..).zip(&grid.fits) {
            for &column in fits {
                if let Some(known) = fits_of_columns.get_mut(column as usize) {
                    known.push(row);
                }
            }
        }
        let (rows, row_classes) = classes(&grid.rows, &grid.columns, grid.fits.clone());
        let (columns, column_classes) = classes(&grid.columns, &grid.rows, fits_of_columns);
        let height = rows.len() + grid.rows.entries.len();
        let width = columns.len() + grid.columns.entries.len();
        if height.saturating_mul(width) > MOST_PAIRS {
            return None;
        }
        let mut condensed = Condensed {
            rows: Side::new(rows, &grid.rows, &row_classes, width),
            columns: Side::new(columns, &grid.columns, &column_classes, height),
            cells: Vec::new(),
        };
        condensed.join(grid, &row_classes, &column_classes);
        let lines = |axis: &Axis, side: &Side, classes: &[u32], line: u32| {
            let entry = || side.classes.len() as u32 + (line - axis.numbers.len() as u32);
            classes.get(line as usize).copied().unwrap_or_else(entry)
        };
        let class = |(row, column)| {
            let row = lines(&grid.rows, &condensed.rows, &row_classes, row);
            (row, lines(&grid.columns, &condensed.columns, &column_classes, column))
        };
        let mut cells: Vec<(u32, u32)> = grid.cells().map(class).collect();
        cells.sort_unstable();
        cells.dedup();
        condensed.cells = cells;
        condensed.leave_out_what_comes_along();
        Some(condensed)
    }

    /// Says which lines may be named together.
    fn join(&mut self, grid: &Grid, row_classes: &[u32], column_classes: &[u32]) {
        let mut pairs = Vec::new();
        for (class, members) in (0..).zip(&self.rows.classes) {
            let fits = members.first().and_then(|&first| grid.fits.get(first as usize));
            let columns = fits.into_iter().flatten().filter_map(|&at| column_classes.get(at as usize));
            pairs.extend(columns.map(|&column| (class, column)));
        }
        let (heights, widths) = (self.rows.classes.len() as u32, self.columns.classes.len() as u32);
        for (entry, named) in (widths..).zip(&grid.columns.entries) {
            let rows = named.on.iter().filter_map(|&row| row_classes.get(row as usize));
            pairs.extend(rows.map(|&row| (row, entry)));
        }
        for (entry, named) in (heights..).zip(&grid.rows.entries) {
            let columns = named.on.iter().filter_map(|&column| column_classes.get(column as usize));
            pairs.extend(columns.map(|&column| (entry, column)));
        }
        pairs.extend(grid.together.iter().map(|&(row, column)| (heights + row, widths + column)));
        for (row, column) in pairs {
            if let Some(fits) = self.rows.fits.get_mut(row as usize) {
                set(fits, column);
            }
            if let Some(fits) = self.columns.fits.get_mut(column as usize) {
                set(fits, row);
            }
        }
    }

    /// Keeps the cells that come with no other.
    fn leave_out_what_comes_along(&mut self) {
        let (height, width) = (self.rows.classes.len(), self.columns.classes.len());
        if height.max(width) > MOST_COMPARED {
            return;
        }
        let (rows, columns) = (self.rows.before(), self.columns.before());
        let mut live = vec![Plane::empty(width as u32); height];
        for &(row, column) in &self.cells {
            if let Some(live) = live.get_mut(row as usize) {
                set(live, column);
            }
        }
        let comes_along = |&(row, column): &(u32, u32)| {
            let (Some(rows), Some(columns)) = (rows.get(row as usize), columns.get(column as usize)) else {
                return false;
            };
            bits(rows).any(|other| {
                let common = live.get(other as usize).map_or(0, |live| live.count_common(columns));
                common > u32::from(other == row)
            })
        };
        self.cells.retain(|cell| !comes_along(cell));
    }
}

/// Puts lines of the grid that are alike together; gives the classes, and the class of each line.
fn classes(axis: &Axis, other: &Axis, fits: Vec<Vec<u32>>) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut keys = fits;
    let after = other.numbers.len() as u32;
    for (key, entry) in (after..).zip(&other.entries) {
        add(&mut keys, &entry.on, key);
    }
    let after = after + other.entries.len() as u32;
    for (key, entry) in (after..).zip(&axis.entries) {
        add(&mut keys, &entry.members, key);
    }
    let mut alike: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    for (line, key) in (0..).zip(keys) {
        alike.entry(key).or_default().push(line);
    }
    let mut classes: Vec<Vec<u32>> = alike.into_values().collect();
    classes.sort_unstable();
    let mut of_line = vec![0; axis.numbers.len()];
    for (class, members) in (0..).zip(&classes) {
        for &member in members {
            if let Some(known) = of_line.get_mut(member as usize) {
                *known = class;
            }
        }
    }
    (classes, of_line)
}

fn add(keys: &mut [Vec<u32>], lines: &[u32], key: u32) {
    for &line in lines {
        if let Some(known) = keys.get_mut(line as usize) {
            known.push(key);
        }
    }
}

impl Side {
    fn new(classes: Vec<Vec<u32>>, axis: &Axis, of_line: &[u32], across: usize) -> Side {
        let (count, names) = (classes.len(), axis.numbers.len());
        let all = count + axis.entries.len();
        let covered = |lines: &[u32]| {
            let mut plane = Plane::empty(all as u32);
            for &line in lines {
                let entry = || count as u32 + (line - names as u32);
                set(&mut plane, of_line.get(line as usize).copied().unwrap_or_else(entry));
            }
            plane
        };
        let firsts = classes.iter().map(|members| covered(members.get(..1).unwrap_or(&[])));
        let covers: Vec<Plane> =
            firsts.chain(axis.entries.iter().map(|entry| covered(&entry.covers))).collect();
        Side { classes, fits: vec![Plane::empty(across as u32); all], covers }
    }

    /// For each class those before it, itself among them: whatever names one of these can name it too.
    fn before(&self) -> Vec<Plane> {
        let count = self.classes.len();
        let entries = self.covers.get(count..).unwrap_or(&[]);
        let named = |class: u32| {
            let mut plane = Plane::empty(entries.len() as u32);
            let held = (0..).zip(entries).filter(|(_, covers)| has(covers, class));
            held.for_each(|(entry, _)| set(&mut plane, entry));
            plane
        };
        let named: Vec<Plane> = (0..count as u32).map(named).collect();
        let lines: Vec<(&Plane, &Plane)> = self.fits.iter().zip(&named).collect();
        let before = |&(fits, named): &(&Plane, &Plane)| {
            let mut plane = Plane::empty(count as u32);
            let less =
                (0..).zip(&lines).filter(|(_, line)| line.0.is_subset(fits) && line.1.is_subset(named));
            less.for_each(|(class, _)| set(&mut plane, class));
            plane
        };
        lines.iter().map(before).collect()
    }

    /// The lines that may be named with all of these on the other side.
    pub(super) fn fitting(&self, others: &Plane) -> Plane {
        let mut lines = Plane::empty(self.fits.len() as u32);
        let fit = (0..).zip(&self.fits).filter(|(_, fits)| others.is_subset(fits));
        fit.for_each(|(line, _)| set(&mut lines, line));
        lines
    }

    /// What lines cover.
    pub(super) fn covered(&self, lines: &Plane) -> Plane {
        let mut covered = Plane::empty(self.covers.len() as u32);
        for covers in bits(lines).filter_map(|line| self.covers.get(line as usize)) {
            covered.union_with(covers);
        }
        covered
    }
}
