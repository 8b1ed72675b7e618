//! The statements of one kind as a grid: types by actions, which cells must be covered, which may be, which must not.
//!
//! Only types and actions with a cell that must be covered have a line here. Beside them an axis has entries: `"*"` and
//! the patterns of the document, each a line of its own that stands for all it matches. An entry may be named with
//! what it was named with before and with nothing else, so that a schema which grows brings no more than it would
//! have; only where wildcards are asked for may `"*"` stand wherever that is right today. A name may be joined with a
//! name where the schema admits the pair and nothing else would be said by it, or where the document did so before.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ranges::{self, Ranges};
use crate::pattern::Pattern;
use crate::policy::{Document, NameList, Statement, overlaps};
use crate::schema::Schema;

/// The most entries of an axis, and pairs of names in statements, that are looked at.
const MOST_ENTRIES: usize = 256;
const MOST_STRAYS: usize = 1 << 22;

/// What a minimum is sought for.
pub(super) struct Sought<'a> {
    pub(super) document: &'a Document,
    pub(super) schema: &'a Schema,
    /// The document's statements of this kind, ascending.
    pub(super) statements: &'a [usize],
    /// What must be said.
    pub(super) live: &'a Ranges,
    /// What may be said.
    pub(super) free: &'a Ranges,
    /// Whether there is a condition, and what the statements say altogether: a type that declares attributes may
    /// refuse a condition that it never had.
    pub(super) conditional: Option<&'a Ranges>,
    pub(super) wildcards: bool,
    /// Whether an action alone is written without a list, and whether a type is.
    pub(super) bare: [bool; 2],
    /// Whether what the statements would say under a schema that admits more must be said too: a deny must not be lost there.
    pub(super) lasting: bool,
    /// The lists of statements that settle what they say, whatever statements of this kind say.
    pub(super) settled: &'a [(Listed, Listed)],
}

/// `"*"` or a pattern.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) text: Box<str>,
    /// The names' lines of this axis that it stands for.
    pub(super) members: Vec<u32>,
    /// The same, itself, and of `"*"` all entries.
    pub(super) covers: Vec<u32>,
    /// The lines of the other axis that it may be named with.
    pub(super) on: Vec<u32>,
}

/// Types or actions: the numbers of those that have a line, ascending, and entries, whose lines come after these.
#[derive(Debug)]
pub(super) struct Axis {
    pub(super) numbers: Vec<u32>,
    pub(super) entries: Vec<Entry>,
    /// `"*"` stands for the numbers below this one.
    reach: u32,
}

#[derive(Debug)]
pub(super) struct Grid {
    /// Types.
    pub(super) rows: Axis,
    /// Actions.
    pub(super) columns: Axis,
    /// Of each row the columns that it may be named with, ascending.
    pub(super) fits: Vec<Vec<u32>>,
    /// Of each row, those of entries too, the columns and the numbers of the cells that must be covered.
    pub(super) live: Vec<Vec<(u32, u32)>>,
    /// The permissions of the first of these, ascending; the others are of no permission yet.
    pub(super) permissions: Vec<u32>,
    /// How many cells must be covered.
    pub(super) count: usize,
    /// Entries of rows and of columns that may be named together.
    pub(super) together: BTreeSet<(u32, u32)>,
    /// Whether everything that may be named is here.
    pub(super) whole: bool,
    /// Whether everything that must be covered is.
    pub(super) sound: bool,
}

/// The names of one list of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Numbers of actions or types.
    pub(super) names: BTreeSet<u32>,
    /// `"*"` and patterns.
    pub(super) entries: BTreeSet<Box<str>>,
}

impl Listed {
    fn of(list: NameList<'_>, number: impl Fn(&str) -> Option<u32>) -> Listed {
        let mut listed = Listed { names: BTreeSet::new(), entries: BTreeSet::new() };
        for name in list.iter() {
            if name.contains('*') {
                listed.entries.insert(name.into());
            } else {
                listed.names.extend(number(&name));
            }
        }
        listed
    }

    pub(super) fn len(&self) -> usize {
        self.names.len() + self.entries.len()
    }

    /// Whether it says all that a line of an axis says, today and later.
    fn has(&self, axis: &Axis, line: u32) -> bool {
        let all = self.entries.contains("*");
        match axis.numbers.get(line as usize) {
            Some(number) => self.names.contains(number) || all && *number < axis.reach,
            None => {
                let entry = axis.entries.get(line as usize - axis.numbers.len());
                all || entry.is_some_and(|entry| self.entries.contains(&entry.text))
            }
        }
    }

    /// The types and the actions of a statement.
    pub(super) fn both(schema: &Schema, statement: &Statement<'_>) -> (Listed, Listed) {
        (Listed::types(schema, statement.resource()), Listed::actions(schema, statement.actions()))
    }

    fn actions(schema: &Schema, list: NameList<'_>) -> Listed {
        Listed::of(list, |name| schema.action_number(name))
    }

    fn types(schema: &Schema, list: NameList<'_>) -> Listed {
        Listed::of(list, |name| schema.named(name).map(|named| named.kind))
    }
}

impl Axis {
    fn new(numbers: impl Iterator<Item = u32>, reach: u32) -> Axis {
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        Axis { numbers, entries: Vec::new(), reach }
    }

    fn line(&self, number: u32) -> Option<u32> {
        self.numbers.binary_search(&number).ok().map(|line| line as u32)
    }

    fn lines<'a>(&'a self, numbers: impl IntoIterator<Item = &'a u32>) -> impl Iterator<Item = u32> {
        numbers.into_iter().filter_map(|&number| self.line(number))
    }

    /// The number of an entry, which is made when it is new: `sorted` are the names that a pattern is matched with.
    fn entry(&mut self, text: &str, sorted: &[(Box<str>, u32)]) -> Option<u32> {
        if let Some(known) = self.entries.iter().position(|entry| *entry.text == *text) {
            return Some(known as u32);
        }
        if self.entries.len() == MOST_ENTRIES {
            return None;
        }
        let members = match Pattern::of(text) {
            None => (0..self.numbers.partition_point(|&number| number < self.reach) as u32).collect(),
            Some(pattern) => {
                let mut members: Vec<u32> = self.lines(&pattern.expand(sorted)).collect();
                members.sort_unstable();
                members
            }
        };
        self.entries.push(Entry { text: text.into(), members, covers: Vec::new(), on: Vec::new() });
        Some(self.entries.len() as u32 - 1)
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.entries.len()
    }

    /// Says what each entry covers, once all are known.
    fn close(&mut self) {
        let (names, all) = (self.numbers.len() as u32, self.len() as u32);
        for (line, entry) in (names..).zip(&mut self.entries) {
            let others = if *entry.text == *"*" { names..all } else { line..line + 1 };
            entry.covers = entry.members.iter().copied().chain(others).collect();
        }
    }

    /// The lines that a list selects, and its entries.
    fn select(
        &mut self,
        listed: &Listed,
        sorted: &[(Box<str>, u32)],
        whole: &mut bool,
    ) -> (Vec<u32>, Vec<u32>) {
        let mut lines: Vec<u32> = self.lines(&listed.names).collect();
        let mut entries = Vec::new();
        for text in &listed.entries {
            match self.entry(text, sorted) {
                Some(entry) => entries.push(entry),
                None => *whole = false,
            }
        }
        for &entry in &entries {
            lines.extend(self.entries.get(entry as usize).into_iter().flat_map(|entry| &entry.members));
        }
        lines.sort_unstable();
        lines.dedup();
        (lines, entries)
    }

    fn allow(&mut self, entries: &[u32], lines: &[u32]) {
        for &entry in entries {
            if let Some(entry) = self.entries.get_mut(entry as usize) {
                entry.on.extend_from_slice(lines);
                entry.on.sort_unstable();
                entry.on.dedup();
            }
        }
    }
}

impl Grid {
    pub(super) fn of(sought: &Sought<'_>) -> Grid {
        let Sought { schema, live, .. } = *sought;
        let mut types: Vec<u32> = live.iter().flat_map(|range| schema.types_of(range.clone())).collect();
        let permissions: Vec<u32> = live.iter().cloned().flatten().collect();
        let mut actions: Vec<u32> =
            permissions.iter().filter_map(|&permission| schema.action_of(permission)).collect();
        let statements = sought.statements.iter().filter_map(|&index| sought.document.statement(index));
        let listed: Vec<_> = statements.map(|statement| Listed::both(schema, &statement)).collect();
        if sought.lasting {
            types.extend(listed.iter().flat_map(|(types, _)| &types.names));
            actions.extend(listed.iter().flat_map(|(_, actions)| &actions.names));
        }
        let rows = Axis::new(types.into_iter(), schema.types_reached());
        let columns = Axis::new(actions.into_iter(), u32::MAX);
        let count = rows.numbers.len();
        let mut grid = Grid {
            rows,
            columns,
            fits: vec![Vec::new(); count],
            live: vec![Vec::new(); count],
            count: permissions.len(),
            permissions,
            together: BTreeSet::new(),
            whole: true,
            sound: true,
        };
        grid.names(sought);
        let lasting = grid.as_written(sought, &listed);
        if sought.wildcards {
            grid.wildcards(sought);
        }
        grid.rows.close();
        grid.columns.close();
        grid.live.resize(grid.rows.len(), Vec::new());
        for (row, column) in lasting {
            if let Some(live) = grid.live.get_mut(row as usize) {
                live.push((column, grid.count as u32));
                grid.count += 1;
            }
        }
        for fits in &mut grid.fits {
            fits.sort_unstable();
            fits.dedup();
        }
        grid
    }

    /// Pairs of names.
    fn names(&mut self, sought: &Sought<'_>) {
        let schema = sought.schema;
        let mut cell = 0;
        for ((&kind, fits), live) in self.rows.numbers.iter().zip(&mut self.fits).zip(&mut self.live) {
            for permission in permissions_of(schema, kind) {
                let column = schema.action_of(permission).and_then(|action| self.columns.line(action));
                if self.permissions.get(cell) == Some(&permission) {
                    live.extend(column.map(|column| (column, cell as u32)));
                    fits.extend(column);
                    cell += 1;
                } else if column.is_some() && sought.may_say(permission, kind) {
                    fits.extend(column);
                }
            }
        }
    }

    /// What the document names together, beyond pairs that anybody may name. Gives what of that is no permission and must last: pairs
    /// of lines of which one is an entry's, or that the schema does not admit.
    fn as_written(&mut self, sought: &Sought<'_>, listed: &[(Listed, Listed)]) -> BTreeSet<(u32, u32)> {
        let schema = sought.schema;
        let (mut strays, mut lasting) = (0, BTreeSet::new());
        for (types, actions) in listed {
            let (columns, patterns) = self.columns.select(actions, schema.sorted_actions(), &mut self.whole);
            let (rows, others) = self.rows.select(types, schema.sorted_types(), &mut self.whole);
            self.columns.allow(&patterns, &rows);
            self.rows.allow(&others, &columns);
            self.together.extend(
                others.iter().flat_map(|&other| patterns.iter().map(move |&pattern| (other, pattern))),
            );
            let (named_rows, named_columns): (Vec<u32>, Vec<u32>) =
                (self.rows.lines(&types.names).collect(), self.columns.lines(&actions.names).collect());
            let (after_rows, after_columns) = (self.rows.numbers.len(), self.columns.numbers.len());
            let (height, width) = (named_rows.len() + others.len(), named_columns.len() + patterns.len());
            strays += height * width;
            if strays > MOST_STRAYS {
                (self.whole, self.sound) = (false, self.sound && !sought.lasting);
                continue;
            }
            if sought.lasting {
                let entries =
                    |numbers: &[u32], after: usize| numbers.iter().map(|&at| at + after as u32).collect();
                let (patterns, others): (Vec<u32>, Vec<u32>) =
                    (entries(&patterns, after_columns), entries(&others, after_rows));
                for &row in &named_rows {
                    let strays =
                        named_columns.iter().filter(|&&column| !self.is_admitted(schema, row, column));
                    lasting.extend(strays.chain(&patterns).map(|&column| (row, column)));
                }
                for &row in &others {
                    lasting.extend(named_columns.iter().chain(&patterns).map(|&column| (row, column)));
                }
            }
            for row in named_rows {
                if let Some(fits) = self.fits.get_mut(row as usize) {
                    fits.extend_from_slice(&named_columns);
                }
            }
        }
        self.sound &= self.whole || !sought.lasting;
        if lasting.len().saturating_mul(sought.settled.len()) <= MOST_STRAYS {
            lasting.retain(|&(row, column)| {
                let says = |(types, actions): &(Listed, Listed)| {
                    types.has(&self.rows, row) && actions.has(&self.columns, column)
                };
                !sought.settled.iter().any(says)
            });
        }
        lasting
    }

    fn is_admitted(&self, schema: &Schema, row: u32, column: u32) -> bool {
        let kind = self.rows.numbers.get(row as usize);
        let action = self.columns.numbers.get(column as usize);
        action.zip(kind).is_some_and(|(&action, &kind)| schema.pair(action, kind).is_some())
    }

    /// `"*"` wherever it says nothing else today.
    fn wildcards(&mut self, sought: &Sought<'_>) {
        let schema = sought.schema;
        let everywhere = |permissions: &mut dyn Iterator<Item = u32>| {
            let mut owned =
                permissions.map(|permission| (permission, schema.types_of(permission..permission + 1)));
            owned.all(|(permission, mut kind)| kind.next().is_some_and(|kind| sought.says(permission, kind)))
        };
        let full = |&(_, &kind): &(u32, &u32)| everywhere(&mut permissions_of(schema, kind));
        let rows: Vec<u32> = (0..).zip(&self.rows.numbers).filter(full).map(|(row, _)| row).collect();
        let reached = |action: u32| {
            let all = schema.permissions_of_action(action).iter().copied();
            all.filter(|permission| *permission < schema.reach())
        };
        let full = |&(_, &action): &(u32, &u32)| everywhere(&mut reached(action));
        let columns: Vec<u32> =
            (0..).zip(&self.columns.numbers).filter(full).map(|(column, _)| column).collect();
        let of_actions = self.columns.entry("*", &[]);
        let of_types = self.rows.entry("*", &[]);
        self.whole &= of_actions.is_some() && of_types.is_some();
        self.columns.allow(of_actions.as_slice(), &rows);
        self.rows.allow(of_types.as_slice(), &columns);
        if everywhere(&mut (0..schema.reach())) {
            self.together.extend(of_types.zip(of_actions));
        }
    }

    /// The cells that must be covered as (row, column).
    pub(super) fn cells(&self) -> impl Iterator<Item = (u32, u32)> {
        (0..).zip(&self.live).flat_map(|(row, live)| live.iter().map(move |&(column, _)| (row, column)))
    }
}

impl Sought<'_> {
    /// Whether a statement of this kind says, or may say, something about a permission of a type.
    fn says(&self, permission: u32, kind: u32) -> bool {
        ranges::contains(self.live, permission) || self.may_say(permission, kind)
    }

    fn may_say(&self, permission: u32, kind: u32) -> bool {
        ranges::contains(self.free, permission)
            && self.conditional.is_none_or(|said| {
                let declares = self.schema.types().get(kind as usize);
                declares.is_some_and(|kind| kind.attributes().is_empty())
                    || overlaps(said, &permissions_of(self.schema, kind))
            })
    }
}

fn permissions_of(schema: &Schema, kind: u32) -> Range<u32> {
    schema.types().get(kind as usize).map_or(0..0, |kind| kind.permissions())
}
