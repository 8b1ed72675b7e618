//! The fewest names: what of a cover can be left out, name by name.
//!
//! A cover is made of the largest rectangles, which name all that they may. Here each cell is counted, how many
//! statements cover it, and a name goes when all that it covers is covered without it. Which names go depends on the order
//! in which they are asked; a few orders are tried and the shortest result is taken, `"*"` and patterns only where they
//! are shorter. That this is the fewest is not claimed.

use super::grid::{Axis, Grid};

/// What one statement names: lines of the grid, ascending, and entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) names: Vec<u32>,
    pub(super) entries: Vec<u32>,
}

impl Lines {
    fn len(&self) -> usize {
        self.names.len() + self.entries.len()
    }
}

/// The lists of one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) rows: Lines,
    pub(super) columns: Lines,
}

impl Named {
    pub(super) fn names(&self) -> usize {
        self.rows.len() + self.columns.len()
    }
}

/// Which names are asked first.
#[derive(Clone, Copy)]
struct Order {
    columns_first: bool,
    entries_first: bool,
    from_the_end: bool,
}

/// One name of a statement.
#[derive(Clone, Copy)]
struct Name {
    is_row: bool,
    is_entry: bool,
    number: u32,
}

/// A statement that is being trimmed, with how many of its names select each line.
#[derive(Clone)]
struct Trimmed {
    named: Named,
    rows: Vec<u32>,
    columns: Vec<u32>,
}

impl Trimmed {
    /// The cells that it covers.
    fn cells<'s>(&'s self, grid: &'s Grid) -> impl Iterator<Item = u32> + 's {
        let live = self.rows.iter().zip(&grid.live).filter(|(count, _)| **count > 0);
        let live = live.flat_map(|(_, live)| live);
        live.filter(|(column, _)| of(&self.columns, *column) > 0).map(|&(_, cell)| cell)
    }
}

#[derive(Clone)]
struct Trimming<'g> {
    grid: &'g Grid,
    /// Of each column the rows and the numbers of the cells that must be covered.
    columns: &'g [Vec<(u32, u32)>],
    statements: Vec<Trimmed>,
    /// How many statements cover each cell.
    times: Vec<u32>,
    /// The cells that a statement would no longer cover.
    lost: Vec<u32>,
}

/// Of each column the rows and the numbers of the cells that must be covered.
fn by_column(grid: &Grid) -> Vec<Vec<(u32, u32)>> {
    let mut columns = vec![Vec::new(); grid.columns.len()];
    for (row, live) in (0..).zip(&grid.live) {
        for &(column, cell) in live {
            if let Some(known) = columns.get_mut(column as usize) {
                known.push((row, cell));
            }
        }
    }
    columns
}

/// Leaves out statements that are not needed, those that cover little first.
pub(super) fn without_needless(grid: &Grid, cover: Vec<Named>) -> Vec<Named> {
    let mut counted = Trimming::new(grid, &[], &cover);
    let cells: Vec<Vec<u32>> = counted.statements.iter().map(|one| one.cells(grid).collect()).collect();
    let mut order: Vec<usize> = (0..cover.len()).collect();
    order.sort_by_key(|&at| (cells.get(at).map_or(0, Vec::len), std::cmp::Reverse(at)));
    let mut needed = vec![true; cover.len()];
    for at in order {
        let (Some(cells), Some(needed)) = (cells.get(at), needed.get_mut(at)) else { continue };
        *needed = cells.iter().any(|&cell| of(&counted.times, cell) < 2);
        if !*needed {
            take(&mut counted.times, cells);
        }
    }
    cover.into_iter().zip(needed).filter(|(_, needed)| *needed).map(|(named, _)| named).collect()
}

/// Whether each statement covers a permission that there is.
pub(super) fn all_say_something(grid: &Grid, cover: &[Named]) -> bool {
    let counted = Trimming::new(grid, &[], cover);
    let there_is = |cell: u32| (cell as usize) < grid.permissions.len();
    counted.statements.iter().all(|one| one.cells(grid).any(there_is))
}

/// Leaves out names that are not needed.
pub(super) fn trimmed(grid: &Grid, cover: &[Named]) -> Vec<Named> {
    let columns = by_column(grid);
    let whole = Trimming::new(grid, &columns, cover);
    let mut best: Option<(usize, Vec<Named>)> = None;
    for number in 0..8_u32 {
        let order = Order {
            entries_first: number & 1 == 0,
            columns_first: number & 2 == 0,
            from_the_end: number & 4 == 0,
        };
        let mut trimming = whole.clone();
        trimming.trim(order);
        let named: Vec<Named> = trimming.statements.into_iter().map(|one| one.named).collect();
        let names = named.iter().map(Named::names).sum();
        if best.as_ref().is_none_or(|&(fewest, _)| names < fewest) {
            best = Some((names, named));
        }
    }
    best.map_or(Vec::new(), |(_, named)| named)
}

/// The lines that a name covers.
fn lines<'l>(axis: &'l Axis, name: &'l Name) -> &'l [u32] {
    if !name.is_entry {
        return std::slice::from_ref(&name.number);
    }
    axis.entries.get(name.number as usize).map_or(&[], |entry| &entry.covers)
}

fn add<'l>(counts: &mut [u32], lines: impl IntoIterator<Item = &'l u32>) {
    for &line in lines {
        counts.get_mut(line as usize).into_iter().for_each(|count| *count += 1);
    }
}

fn take(counts: &mut [u32], lines: &[u32]) {
    for &line in lines {
        counts.get_mut(line as usize).into_iter().for_each(|count| *count = count.saturating_sub(1));
    }
}

fn of(counts: &[u32], line: u32) -> u32 {
    counts.get(line as usize).copied().unwrap_or(0)
}

impl<'g> Trimming<'g> {
    fn new(grid: &'g Grid, columns: &'g [Vec<(u32, u32)>], cover: &[Named]) -> Self {
        let mut times = vec![0; grid.count];
        let selected = |axis: &Axis, chosen: &Lines, is_row: bool| {
            let mut counts = vec![0; axis.len()];
            names(chosen, is_row).for_each(|name| add(&mut counts, lines(axis, &name)));
            counts
        };
        let statements = cover.iter().map(|named| {
            let rows = selected(&grid.rows, &named.rows, true);
            let columns = selected(&grid.columns, &named.columns, false);
            let one = Trimmed { named: named.clone(), rows, columns };
            for cell in one.cells(grid) {
                add(&mut times, &[cell]);
            }
            one
        });
        let statements = statements.collect();
        Trimming { grid, columns, statements, times, lost: Vec::new() }
    }

    fn trim(&mut self, order: Order) {
        let count = self.statements.len();
        for at in 0..count {
            let at = if order.from_the_end { count - 1 - at } else { at };
            let Some(named) = self.statements.get(at).map(|statement| statement.named.clone()) else {
                continue;
            };
            let mut all: Vec<Name> = names(&named.rows, true).chain(names(&named.columns, false)).collect();
            // Stable: within these, names stay in their order.
            all.sort_by_key(|name| {
                (name.is_entry != order.entries_first, name.is_row == order.columns_first)
            });
            for name in all {
                self.leave_out(at, name);
            }
        }
    }

    /// Leaves a name of a statement out, if nothing needs it.
    fn leave_out(&mut self, at: usize, name: Name) {
        let Some(statement) = self.statements.get_mut(at) else { return };
        let (axis, own, across, live) = if name.is_row {
            (&self.grid.rows, &mut statement.rows, &statement.columns, &*self.grid.live)
        } else {
            (&self.grid.columns, &mut statement.columns, &statement.rows, self.columns)
        };
        let selected = lines(axis, &name);
        let covered = selected.iter().filter(|&&line| of(own, line) == 1);
        let covered = covered.flat_map(|&line| live.get(line as usize).into_iter().flatten());
        let covered = covered.filter(|(other, _)| of(across, *other) > 0).map(|&(_, cell)| cell);
        self.lost.clear();
        for cell in covered {
            if of(&self.times, cell) < 2 {
                return;
            }
            self.lost.push(cell);
        }
        take(own, selected);
        take(&mut self.times, &self.lost);
        let named = &mut statement.named;
        let of_axis = if name.is_row { &mut named.rows } else { &mut named.columns };
        let list = if name.is_entry { &mut of_axis.entries } else { &mut of_axis.names };
        list.retain(|&number| number != name.number);
    }
}

fn names(lines: &Lines, is_row: bool) -> impl Iterator<Item = Name> {
    let entries = lines.entries.iter().map(move |&number| Name { is_row, is_entry: true, number });
    entries.chain(lines.names.iter().map(move |&number| Name { is_row, is_entry: false, number }))
}
