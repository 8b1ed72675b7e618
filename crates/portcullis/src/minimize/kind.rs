//! The statements of one kind made anew: as few as possible, then with as few names as can be found.
//!
//! What comes out replaces what the document says only where it is shorter; so a document that is as short as any
//! stays word for word what it was.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use portcullis_matrix::Plane;

use super::Steps;
use super::condensed::{Condensed, Side, bits};
use super::cover::fewest;
use super::grid::{Axis, Grid, Listed, Sought};
use super::near::near;
use super::rectangles::{Rectangle, apart, largest};
use super::trim::{Lines, Named, all_say_something, trimmed};
use crate::json::write_string;
use crate::policy::{Effect, Grants, Statement};
use crate::schema::Schema;

/// How long cells are looked for that no two of can be covered together, where not all rectangles are known.
const APART_STEPS: u64 = 1 << 20;

/// The statements for one kind.
pub(super) struct Shortest {
    /// Each with the number of the statement whose place it takes.
    pub(super) statements: Vec<(usize, String)>,
    pub(super) names: usize,
    /// So many statements are needed, as far as is known.
    pub(super) at_least: usize,
}

/// How many names the lists of a statement have.
pub(super) fn names_of(statement: &Statement<'_>) -> usize {
    statement.actions().len() + statement.resource().len()
}

/// The statements as they are.
pub(super) fn as_written(sought: &Sought<'_>, at_least: usize) -> Shortest {
    let statements = sought.statements.iter().filter_map(|&index| sought.document.statement(index));
    Shortest {
        names: statements.clone().map(|statement| names_of(&statement)).sum(),
        statements: statements.map(|statement| (statement.index(), statement.text().to_owned())).collect(),
        at_least,
    }
}

/// Looks for the shortest statements that say what is sought.
pub(super) fn shortest(sought: &Sought<'_>, grants: &Grants, steps: &mut Steps) -> Shortest {
    let grid = Grid::of(sought);
    if !grid.sound {
        return as_written(sought, 1);
    }
    let Some(condensed) = Condensed::of(&grid) else { return as_written(sought, 1) };
    let (rectangles, complete) = largest(&condensed, steps);
    let cover = fewest(condensed.cells.len(), &rectangles, steps);
    let at_least = match (grid.whole, complete) {
        (true, true) => cover.at_least,
        (true, false) => apart(&condensed, &mut Steps::new(APART_STEPS)),
        (false, _) => 1,
    };
    let chosen = cover.chosen.iter().filter_map(|&at| rectangles.get(at));
    let chosen: Vec<Named> = chosen.map(|rectangle| named(&condensed, rectangle)).collect();
    let near = near(sought, &grid);
    let found = near.iter().chain([&chosen]).map(|cover| trimmed(&grid, cover)).chain(near.clone());
    // A deny of nothing but pairs that are not admitted is an error, so no such deny may be left of a greater one.
    let found = found.filter(|cover| !sought.lasting || all_say_something(&grid, cover));
    // Of two that are as short the first: what the author wrote rather than what nobody did.
    let length = |cover: &Vec<Named>| (cover.len(), cover.iter().map(Named::names).sum::<usize>());
    let Some(chosen) = found.min_by_key(length) else { return as_written(sought, at_least) };
    let (_, names) = length(&chosen);
    let written = as_written(sought, at_least);
    if (written.statements.len(), written.names) <= (chosen.len(), names) {
        return written;
    }
    let places = places(sought, grants, &grid);
    let conditions = sought.statements.iter().filter_map(|&index| {
        let conditions = sought.document.statement(index)?.conditions()?;
        Some((conditions.len(), index, conditions))
    });
    let conditions = conditions.min().map(|(_, _, text)| text);
    let mut statements: Vec<(usize, String)> = Vec::with_capacity(chosen.len());
    let known = Known::of(sought);
    for one in &chosen {
        let place = place(&grid, &places, one).or(sought.statements.first().copied()).unwrap_or(0);
        let text =
            known.same(&grid, one).unwrap_or_else(|| written_anew(sought, grants, &grid, one, conditions));
        statements.push((place, text));
    }
    statements.sort_by_key(|&(place, _)| place);
    Shortest { statements, names, at_least }
}

/// The lines of the grid that a rectangle names.
fn named(condensed: &Condensed, rectangle: &Rectangle) -> Named {
    let lines = |side: &Side, chosen: &Plane| {
        let count = side.classes.len() as u32;
        let mut lines = Lines::default();
        for line in bits(chosen) {
            match side.classes.get(line as usize) {
                Some(members) => lines.names.extend_from_slice(members),
                None => lines.entries.push(line - count),
            }
        }
        lines.names.sort_unstable();
        lines
    };
    Named {
        rows: lines(&condensed.rows, &rectangle.rows),
        columns: lines(&condensed.columns, &rectangle.columns),
    }
}

/// For each cell the first statement of the document that covers it.
fn places(sought: &Sought<'_>, grants: &Grants, grid: &Grid) -> Vec<Option<usize>> {
    let mut places = vec![None; grid.permissions.len()];
    for &index in sought.statements {
        for range in grants.of_statement(index) {
            let first = grid.permissions.partition_point(|&permission| permission < range.start);
            let after = grid.permissions.partition_point(|&permission| permission < range.end);
            for place in places.get_mut(first..after).into_iter().flatten() {
                *place = place.or(Some(index));
            }
        }
    }
    places
}

/// The first statement of the document that says some of what this one says.
fn place(grid: &Grid, places: &[Option<usize>], named: &Named) -> Option<usize> {
    let selected = |axis: &Axis, lines: &Lines| {
        let entries = lines.entries.iter().filter_map(|&entry| axis.entries.get(entry as usize));
        entries.flat_map(|entry| &entry.members).chain(&lines.names).copied().collect::<BTreeSet<u32>>()
    };
    let (rows, columns) = (selected(&grid.rows, &named.rows), selected(&grid.columns, &named.columns));
    let live = rows.iter().filter_map(|&row| grid.live.get(row as usize)).flatten();
    let cells = live.filter(|(column, _)| columns.contains(column));
    cells.filter_map(|&(_, cell)| places.get(cell as usize).copied().flatten()).min()
}

/// The document's own statements of a kind, to be kept word for word where one is wanted as it is.
struct Known<'a> {
    all: Vec<(Listed, Listed, &'a str)>,
}

impl<'a> Known<'a> {
    fn of(sought: &Sought<'a>) -> Self {
        let statements = sought.statements.iter().filter_map(|&index| sought.document.statement(index));
        let listed = |statement: Statement<'a>| {
            let (types, actions) = Listed::both(sought.schema, &statement);
            // What names something twice is not kept.
            let plain = names_of(&statement) == actions.len() + types.len();
            plain.then(|| (types, actions, statement.text()))
        };
        Known { all: statements.filter_map(listed).collect() }
    }

    fn same(&self, grid: &Grid, named: &Named) -> Option<String> {
        let (rows, columns) = (listed(&grid.rows, &named.rows), listed(&grid.columns, &named.columns));
        let same = self.all.iter().find(|(types, actions, _)| *types == rows && *actions == columns);
        same.map(|(_, _, text)| (*text).to_owned())
    }
}

fn listed(axis: &Axis, lines: &Lines) -> Listed {
    let entries = lines.entries.iter().filter_map(|&entry| axis.entries.get(entry as usize));
    Listed {
        names: lines.names.iter().filter_map(|&line| axis.numbers.get(line as usize)).copied().collect(),
        entries: entries.map(|entry| entry.text.clone()).collect(),
    }
}

fn written_anew(
    sought: &Sought<'_>,
    grants: &Grants,
    grid: &Grid,
    named: &Named,
    conditions: Option<&str>,
) -> String {
    let first = sought.statements.first().copied().unwrap_or(0);
    let effect = grants.effects().nth(first).unwrap_or(Effect::Deny);
    let schema: &Schema = sought.schema;
    let mut text = format!("{{\"effect\": \"{}\", \"actions\": ", effect.as_str());
    let [bare_actions, bare_types] = sought.bare;
    let actions = listed(&grid.columns, &named.columns);
    let names = actions.names.iter().map(|&action| schema.action_name(action));
    write_list(&mut text, bare_actions, actions.entries.iter().map(|entry| &**entry).chain(names));
    text.push_str(", \"resource\": ");
    let types = listed(&grid.rows, &named.rows);
    let names = types.names.iter().filter_map(|&kind| schema.types().get(kind as usize));
    write_list(
        &mut text,
        bare_types,
        types.entries.iter().map(|entry| &**entry).chain(names.map(|kind| kind.name())),
    );
    if let Some(conditions) = conditions {
        let _ = write!(text, ", \"conditions\": {conditions}");
    }
    text.push('}');
    text
}

/// A list of names, or the only one bare.
fn write_list<'n>(text: &mut String, bare: bool, names: impl Iterator<Item = &'n str>) {
    let names: Vec<&str> = names.collect();
    let bare = bare && names.len() == 1;
    text.push_str(if bare { "" } else { "[" });
    for (at, name) in names.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { ", " });
        write_string(text, name);
    }
    text.push_str(if bare { "" } else { "]" });
}
