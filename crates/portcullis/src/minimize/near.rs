//! The document's own statements, fewer of them: those that nothing needs left out, and those that go together joined.
//!
//! This need not lead to the fewest, and the search for these starts from nothing and makes statements that nobody wrote. Where both
//! come to as many, what is near to the document is what its author would rather read.

use super::grid::{Axis, Grid, Listed, Sought};
use super::trim::{Lines, Named, without_needless};

/// The most statements that are compared with one another.
const MOST_COMPARED: usize = 256;

/// Fewer statements, each one of the document or several joined. Nothing where the grid does not have all of their names.
pub(super) fn near(sought: &Sought<'_>, grid: &Grid) -> Option<Vec<Named>> {
    let statements = sought.statements.iter().filter_map(|&index| sought.document.statement(index));
    let named = statements.map(|statement| {
        let (types, actions) = Listed::both(sought.schema, &statement);
        Some(Named { rows: lines(&grid.rows, &types)?, columns: lines(&grid.columns, &actions)? })
    });
    let named: Vec<Named> = named.collect::<Option<_>>()?;
    let mut named = without_needless(grid, named);
    if named.len() <= MOST_COMPARED {
        // Statements that differ in one list come first: joining them says nothing that they do not say.
        join(grid, &mut named, |one, other| one.rows == other.rows || one.columns == other.columns);
        join(grid, &mut named, |_, _| true);
        named = without_needless(grid, named);
    }
    Some(named)
}

fn lines(axis: &Axis, listed: &Listed) -> Option<Lines> {
    let names = listed.names.iter().filter_map(|number| axis.numbers.binary_search(number).ok());
    let entries = listed.entries.iter().map(|text| {
        let at = axis.entries.iter().position(|entry| entry.text == *text)?;
        Some(at as u32)
    });
    let mut entries: Vec<u32> = entries.collect::<Option<_>>()?;
    entries.sort_unstable();
    Some(Lines { names: names.map(|line| line as u32).collect(), entries })
}

/// Joins two statements that are alike, for as long as there are two that may be.
fn join(grid: &Grid, named: &mut Vec<Named>, alike: impl Fn(&Named, &Named) -> bool) {
    let mut at = 0;
    while at < named.len() {
        let found = (at + 1..named.len()).find_map(|other| {
            let (one, two) = (named.get(at)?, named.get(other)?);
            if !alike(one, two) {
                return None;
            }
            let joined =
                Named { rows: both(&one.rows, &two.rows), columns: both(&one.columns, &two.columns) };
            may_be_named(grid, &joined).then_some((other, joined))
        });
        match found {
            Some((other, joined)) => {
                named.remove(other);
                if let Some(one) = named.get_mut(at) {
                    *one = joined;
                }
            }
            None => at += 1,
        }
    }
}

fn both(one: &Lines, other: &Lines) -> Lines {
    let joined = |one: &[u32], other: &[u32]| {
        let mut all: Vec<u32> = one.iter().chain(other).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    Lines { names: joined(&one.names, &other.names), entries: joined(&one.entries, &other.entries) }
}

/// Whether everything that a statement names may be named together.
fn may_be_named(grid: &Grid, named: &Named) -> bool {
    let Named { rows, columns } = named;
    let within = |held: &[u32], wanted: &[u32]| wanted.iter().all(|line| held.binary_search(line).is_ok());
    let names = rows
        .names
        .iter()
        .all(|&row| grid.fits.get(row as usize).is_some_and(|fits| within(fits, &columns.names)));
    let entries = |axis: &Axis, chosen: &Lines, across: &Lines| {
        let mut held = chosen.entries.iter().map(|&entry| axis.entries.get(entry as usize));
        held.all(|entry| entry.is_some_and(|entry| within(&entry.on, &across.names)))
    };
    let together = |&row: &u32| columns.entries.iter().all(|&column| grid.together.contains(&(row, column)));
    names
        && entries(&grid.rows, rows, columns)
        && entries(&grid.columns, columns, rows)
        && rows.entries.iter().all(together)
}
