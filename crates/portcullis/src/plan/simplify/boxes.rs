//! One clause as a box: a set of cells for each attribute that is tested alone, and the other tests as they are.
//!
//! A box is made from the tests of a clause and can always be turned back into tests that say the same; cells are only for comparing.

use std::collections::BTreeMap;

use crate::condition::{Check, Literal, Operand, Reference, Set, Test};
use crate::pattern::Pattern;
use crate::plan::leaf::{Clause, Leaf};
use crate::plan::space::{Cells, Space};
use crate::policy::Effect;

/// The spaces of all attributes that are tested alone, and by little enough.
pub(super) struct Spaces(BTreeMap<Reference, Space>);

impl Spaces {
    pub(super) fn of<'c>(clauses: impl Iterator<Item = &'c Clause>) -> Self {
        let mut tests: BTreeMap<&Reference, Vec<&Test>> = BTreeMap::new();
        for test in clauses.flat_map(Clause::leaves).filter_map(Leaf::alone) {
            tests.entry(test.reference()).or_default().push(test);
        }
        let spaces = tests
            .into_iter()
            .filter_map(|(reference, tests)| Some((reference.clone(), Space::of(reference, &tests)?)));
        Spaces(spaces.collect())
    }

    pub(super) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.0.keys()
    }

    pub(super) fn cell_count(&self) -> usize {
        self.0.values().map(|space| space.all().len()).sum()
    }
}

/// What a clause says of one attribute.
#[derive(Clone, Debug)]
struct Side {
    tests: Vec<Test>,
    cells: Cells,
}

/// A clause.
#[derive(Clone, Debug, Default)]
pub(super) struct Boxed {
    sides: BTreeMap<Reference, Side>,
    others: Vec<Leaf>,
}

fn both(one: &[bool], other: &[bool]) -> Cells {
    one.iter().zip(other).map(|(one, other)| *one && *other).collect()
}

fn is_subset(one: &[bool], other: &[bool]) -> bool {
    one.iter().zip(other).all(|(one, other)| !one || *other)
}

fn all(cells: &[bool]) -> bool {
    cells.iter().all(|cell| *cell)
}

impl Boxed {
    /// The box of a clause, shortened; nothing where it never applies.
    pub(super) fn of(clause: &Clause, effect: Effect, spaces: &Spaces) -> Option<Boxed> {
        let mut one = Boxed::default();
        let mut alone: BTreeMap<Reference, Vec<Test>> = BTreeMap::new();
        for leaf in clause.leaves() {
            match leaf.alone().filter(|test| spaces.0.contains_key(test.reference())) {
                Some(test) => alone.entry(test.reference().clone()).or_default().push(test.clone()),
                None => one.others.push(leaf.clone()),
            }
        }
        for (reference, tests) in alone {
            let side = Side::of(tests, effect, spaces.0.get(&reference)?)?;
            if !all(&side.cells) {
                one.sides.insert(reference, side);
            }
        }
        Some(one)
    }

    pub(super) fn into_clause(self) -> Clause {
        let tests = self.sides.into_values().flat_map(|side| side.tests).map(Leaf::from);
        Clause::new(tests.chain(self.others).collect())
    }

    /// Whether it says nothing.
    pub(super) fn is_all(&self) -> bool {
        self.sides.is_empty() && self.others.is_empty()
    }

    /// How many tests there are that are no cells.
    pub(super) fn breadth(&self) -> usize {
        self.others.len()
    }

    /// Whether every object of this one is surely one of the other.
    ///
    /// The two may be of unlike effect: a test that is true is not false.
    pub(super) fn is_within(&self, other: &Boxed) -> bool {
        let side = |(reference, side): (&Reference, &Side)| {
            self.sides.get(reference).is_some_and(|own| is_subset(&own.cells, &side.cells))
        };
        other.others.iter().all(|leaf| self.others.contains(leaf)) && other.sides.iter().all(side)
    }

    /// Whether surely no object is of both.
    pub(super) fn is_apart_from(&self, other: &Boxed) -> bool {
        other.sides.iter().any(|(reference, side)| {
            self.sides.get(reference).is_some_and(|own| !both(&own.cells, &side.cells).contains(&true))
        })
    }

    /// Leaves out what is so of every object that is otherwise allowed.
    pub(super) fn forget_what_holds_in(&mut self, allows: &[Boxed]) {
        self.sides.retain(|reference, side| {
            let holds = |allow: &Boxed| {
                allow.sides.get(reference).is_some_and(|own| is_subset(&own.cells, &side.cells))
            };
            !allows.iter().all(holds)
        });
        self.others.retain(|leaf| !allows.iter().all(|allow| allow.others.contains(leaf)));
    }

    /// The cells of an attribute of which alone it says something.
    pub(super) fn cells_alone(&self, reference: &Reference) -> Option<&Cells> {
        let alone = self.others.is_empty() && self.sides.len() == 1;
        self.sides.get(reference).filter(|_| alone).map(|side| &side.cells)
    }

    /// The values of an attribute, if it is only said to be one of these.
    pub(super) fn listed(&self, reference: &Reference) -> Option<Vec<Literal>> {
        match &*self.sides.get(reference)?.tests {
            [only] => listed(only, false),
            _ => None,
        }
    }

    /// All that it says of other attributes.
    pub(super) fn leaves_but(&self, reference: &Reference) -> Vec<Leaf> {
        let sides = self.sides.iter().filter(|(other, _)| *other != reference);
        let tests = sides.flat_map(|(_, side)| side.tests.iter().cloned().map(Leaf::from));
        tests.chain(self.others.iter().cloned()).collect()
    }

    /// The same where an attribute is one of these values; nothing where it never applies.
    pub(super) fn with_values(
        mut self,
        reference: &Reference,
        values: Vec<Literal>,
        effect: Effect,
        spaces: &Spaces,
    ) -> Option<Boxed> {
        let side = Side::of(vec![test_of(reference, values, false)], effect, spaces.0.get(reference)?)?;
        if all(&side.cells) {
            self.sides.remove(reference);
        } else {
            self.sides.insert(reference.clone(), side);
        }
        Some(self)
    }
}

impl Side {
    /// What some tests of one attribute say together; nothing where they contradict each other.
    fn of(tests: Vec<Test>, effect: Effect, space: &Space) -> Option<Side> {
        let tests = gather_negated(tests);
        let each: Vec<Cells> = tests.iter().map(|test| space.cells(test, effect)).collect();
        let cells = each.iter().fold(space.all(), |known, cells| both(&known, cells));
        if !cells.contains(&true) {
            return None;
        }
        let tests = match effect {
            Effect::Allow => narrowed(&tests, &cells, space),
            Effect::Deny => None,
        }
        .unwrap_or_else(|| without_idle(tests.into_iter().zip(each).collect(), &cells, space));
        Some(Side { tests, cells })
    }
}

/// Where one of the tests lists values, those of them that the others let pass: all that an allow asks.
fn narrowed(tests: &[Test], cells: &Cells, space: &Space) -> Option<Vec<Test>> {
    let plain = |literal: &Literal| !matches!(literal, Literal::Pattern(_));
    let (test, mut values) = tests
        .iter()
        .find_map(|test| Some((test, listed(test, false).filter(|values| values.iter().all(plain))?)))?;
    let passes = |literal: &Literal| {
        let cell = space.cell_of(literal).and_then(|cell| cells.get(cell));
        cell.copied().unwrap_or(true)
    };
    values.retain(passes);
    Some(vec![test_of(test.reference(), values, false)])
}

/// Leaves out tests that say nothing beside the others.
fn without_idle(mut tests: Vec<(Test, Cells)>, whole: &Cells, space: &Space) -> Vec<Test> {
    let mut at = 0;
    while at < tests.len() {
        let others = tests.iter().enumerate().filter(|(other, _)| *other != at);
        let cells = others.fold(space.all(), |known, (_, (_, cells))| both(&known, cells));
        if cells == *whole {
            tests.remove(at);
        } else {
            at += 1;
        }
    }
    tests.into_iter().map(|(test, _)| test).collect()
}

/// The values that a test lists, if it is *equals* or *in*, or *notin* where `negated`, over literals alone.
fn listed(test: &Test, negated: bool) -> Option<Vec<Literal>> {
    match test.check() {
        Check::Equals(Operand::Literal(literal)) if !negated => Some(vec![literal.clone()]),
        Check::In { set, negated: found } if *found == negated && set.references().is_empty() => {
            Some(set.literals().collect())
        }
        _ => None,
    }
}

/// A test of being one of these values, or none of them. A string that a pattern among them matches goes without saying.
fn test_of(reference: &Reference, mut values: Vec<Literal>, negated: bool) -> Test {
    let patterns: Vec<Box<str>> = values.iter().filter_map(pattern_of).collect();
    values.retain(|value| match value {
        Literal::Text(text) => !patterns.iter().any(|pattern| Pattern::in_literal(pattern).matches(text)),
        _ => true,
    });
    values.sort_unstable();
    values.dedup();
    let check = match (<[Literal; 1]>::try_from(values), negated) {
        (Ok([only]), false) => Check::Equals(Operand::Literal(only)),
        (Ok(only), true) => Check::In { set: Set::new(only, Vec::new()), negated },
        (Err(values), _) => Check::In { set: Set::new(values, Vec::new()), negated },
    };
    Test::new(reference.clone(), check)
}

fn pattern_of(literal: &Literal) -> Option<Box<str>> {
    if let Literal::Pattern(pattern) = literal { Some(pattern.clone()) } else { None }
}

/// To be in neither of two lists is to be in none of both together.
fn gather_negated(tests: Vec<Test>) -> Vec<Test> {
    let (mut values, mut rest) = (Vec::new(), Vec::new());
    let mut reference = None;
    for test in tests {
        match listed(&test, true) {
            Some(listed) => {
                reference = Some(test.reference().clone());
                values.extend(listed);
            }
            None => rest.push(test),
        }
    }
    rest.extend(reference.map(|reference| test_of(&reference, values, true)));
    rest.sort_unstable();
    rest.dedup();
    rest
}
