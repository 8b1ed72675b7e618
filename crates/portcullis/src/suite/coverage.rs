//! Which statements decided something that a test asked.
//!
//! A statement is covered when some question's answer rests on it: an allow that the subject was granted by, a deny
//! that the subject was denied by. A statement that is overridden, or that nobody who was asked holds, is not. The
//! work is in proportion to the statements that are not covered yet.

use std::collections::HashMap;

use crate::policy::{Effect, Statement};
use crate::snapshot::{Role, Snapshot};
use crate::source::Position;

use super::cells::Expected;

/// What the tests of one or more suites touched in one snapshot.
#[derive(Debug)]
pub struct Coverage<'s> {
    roles: Vec<Touched<'s>>,
    numbers: HashMap<&'s str, usize>,
}

#[derive(Debug)]
struct Touched<'s> {
    role: &'s Role,
    covered: Vec<bool>,
    left: usize,
}

/// How many statements there are, and how many of them decided something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// All statements.
    pub statements: usize,
    /// Those that decided a question.
    pub covered: usize,
}

impl Covered {
    /// Whether so many percent are covered. Of no statements all are.
    #[must_use]
    pub fn reaches(self, percent: u8) -> bool {
        self.covered as u128 * 100 >= self.statements as u128 * u128::from(percent)
    }

    /// The percentage, rounded down; 100 when there are no statements.
    #[must_use]
    pub fn percent(self) -> usize {
        (self.covered * 100).checked_div(self.statements).unwrap_or(100)
    }
}

/// A statement that decided nothing.
#[derive(Clone, Copy, Debug)]
pub struct Uncovered<'s> {
    /// The role that it belongs to.
    pub role: &'s Role,
    /// The statement as written.
    pub statement: Statement<'s>,
}

impl Uncovered<'_> {
    /// The name of the text that the statement stands in, and the place in it.
    #[must_use]
    pub fn place(&self) -> (&str, Position) {
        let source = self.role.document().source();
        (source.name(), source.position(self.statement.span().start))
    }
}

impl<'s> Coverage<'s> {
    /// Nothing touched yet.
    #[must_use]
    pub fn of(snapshot: &'s Snapshot) -> Self {
        let mut coverage = Coverage { roles: Vec::new(), numbers: HashMap::new() };
        for role in snapshot.roles() {
            let count = role.document().statements().len();
            coverage.numbers.insert(role.name(), coverage.roles.len());
            coverage.roles.push(Touched { role, covered: vec![false; count], left: count });
        }
        coverage
    }

    /// The statements of the workspace's own roles.
    #[must_use]
    pub fn written(&self) -> Covered {
        self.count(false)
    }

    /// The statements of the roles that the schema brought along.
    #[must_use]
    pub fn built_in(&self) -> Covered {
        self.count(true)
    }

    fn count(&self, built_in: bool) -> Covered {
        let mut sum = Covered::default();
        for touched in self.roles.iter().filter(|touched| touched.role.is_built_in() == built_in) {
            sum.statements += touched.covered.len();
            sum.covered += touched.covered.len() - touched.left;
        }
        sum
    }

    /// The statements of the workspace's own roles that decided nothing, in the order of roles and statements.
    pub fn uncovered(&self) -> impl Iterator<Item = Uncovered<'s>> + '_ {
        let own = self.roles.iter().filter(|touched| !touched.role.is_built_in() && touched.left > 0);
        own.flat_map(|touched| {
            let statements = touched.role.document().statements().zip(&touched.covered);
            let left = statements.filter(|(_, covered)| !**covered);
            left.map(|(statement, _)| Uncovered { role: touched.role, statement })
        })
    }

    /// Whether a role has statements that have decided nothing so far.
    pub(super) fn wants(&self, role: &Role) -> bool {
        let touched = self.numbers.get(role.name()).and_then(|&number| self.roles.get(number));
        touched.is_some_and(|touched| touched.left > 0)
    }

    /// Whether anything is left to touch in any role.
    pub(super) fn wants_more(&self) -> bool {
        self.roles.iter().any(|touched| touched.left > 0)
    }

    /// Notes that somebody who holds a role was asked these permissions, of which some were granted.
    pub(super) fn note(&mut self, role: &Role, asked: &[Expected], granted: &dyn Fn(u32) -> bool) {
        let number = self.numbers.get(role.name()).copied();
        let Some(touched) = number.and_then(|number| self.roles.get_mut(number)) else { return };
        if touched.left == 0 {
            return;
        }
        for (statement, covered) in touched.role.document().statements().zip(&mut touched.covered) {
            if !*covered {
                let ranges = touched.role.grants().of_statement(statement.index());
                let mut shared = ranges.iter().flat_map(|range| shared(range, asked));
                *covered = shared.any(|id| statement.effect() == Effect::Deny || granted(id));
                touched.left -= usize::from(*covered);
            }
        }
    }
}

/// The permissions of a range that were asked.
fn shared<'a>(range: &'a std::ops::Range<u32>, asked: &'a [Expected]) -> impl Iterator<Item = u32> + 'a {
    let first = asked.partition_point(|one| one.permissions.end <= range.start);
    let asked = asked.get(first..).unwrap_or(&[]).iter();
    let near = asked.take_while(|one| one.permissions.start < range.end);
    near.flat_map(|one| one.permissions.start.max(range.start)..one.permissions.end.min(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_down_and_of_nothing_all_is_covered() {
        let of = |covered, statements| Covered { statements, covered };
        assert_eq!((of(2, 3).percent(), of(0, 0).percent(), of(0, 5).percent()), (66, 100, 0));
        assert!(of(2, 3).reaches(66) && !of(2, 3).reaches(67) && of(3, 3).reaches(100));
        assert!(of(0, 0).reaches(100) && of(0, 1).reaches(0) && !of(999, 1_000).reaches(100));
    }
}
