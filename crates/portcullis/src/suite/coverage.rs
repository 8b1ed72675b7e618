//! Which statements decided something that a test asked.
//!
//! A statement is covered when some question's answer rests on it: an allow that the subject was granted by, a deny
//! that the subject was denied by; one with conditions only where they made it apply. A statement that is overridden, or
//! that nobody who was asked holds, is not. The work is in proportion to the statements that are not covered yet.
//! Where everybody is asked, it is not the members that are gone through but the distinct sets of roles that they hold, and of these
//! only such as hold a role with an uncovered statement about what was asked; every member only of sets with conditions.

use std::collections::HashMap;

use portcullis_matrix::{PermissionId, SetId, SubjectId};

use crate::policy::{Effect, Statement};
use crate::snapshot::{Role, Snapshot};
use crate::source::Position;

use super::Request;
use super::asked::{Asking, Holder};
use super::cells::Expected;

/// What the tests of one or more suites touched in one snapshot.
#[derive(Debug)]
pub struct Coverage<'s> {
    snapshot: &'s Snapshot,
    roles: Vec<Touched<'s>>,
    numbers: HashMap<&'s str, usize>,
    /// Of each of the roles those who stand for all that hold it; found when it is first asked for.
    holders: Option<Vec<Vec<SubjectId>>>,
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
        let mut coverage = Coverage { snapshot, roles: Vec::new(), numbers: HashMap::new(), holders: None };
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

    /// Whether anything is left to touch in any role.
    pub(super) fn wants_more(&self) -> bool {
        self.roles.iter().any(|touched| touched.left > 0)
    }

    /// Notes that somebody who holds a role was asked these permissions, of which some were granted.
    pub(super) fn note(
        &mut self,
        role: &Role,
        asked: &[Expected],
        granted: &dyn Fn(u32) -> bool,
        asking: Asking<'_>,
    ) {
        let number = self.numbers.get(role.name()).copied();
        if let Some(touched) = number.and_then(|number| self.roles.get_mut(number)) {
            touched.note(self.snapshot, asked, granted, asking);
        }
    }

    /// Notes that every member was asked these permissions.
    pub(super) fn note_everybody(&mut self, asked: &[Expected], request: &Request) {
        let snapshot = self.snapshot;
        for (number, touched) in self.roles.iter_mut().enumerate() {
            if !touched.wants(asked) {
                continue;
            }
            let holders = self.holders.get_or_insert_with(|| holders(snapshot, &self.numbers));
            for &subject in holders.get(number).map_or(&[][..], |holders| holders) {
                let asking = Asking { holder: Holder::Member(subject), request };
                let granted = |id| asking.may(snapshot, PermissionId::from_u32(id));
                touched.note(snapshot, asked, &granted, asking);
                if !touched.wants(asked) {
                    break;
                }
            }
        }
    }
}

impl Touched<'_> {
    /// Whether a statement that has decided nothing so far is about any of these permissions.
    fn wants(&self, asked: &[Expected]) -> bool {
        let mut left = self.covered.iter().enumerate().filter(|(_, covered)| !**covered);
        self.left > 0 && left.any(|(index, _)| self.shared(index, asked).next().is_some())
    }

    fn note(
        &mut self,
        snapshot: &Snapshot,
        asked: &[Expected],
        granted: &dyn Fn(u32) -> bool,
        asking: Asking<'_>,
    ) {
        if self.left == 0 {
            return;
        }
        for statement in self.role.document().statements() {
            let index = statement.index();
            if self.covered.get(index).is_none_or(|covered| *covered) {
                continue;
            }
            let effect = statement.effect();
            let decides = |id| effect == Effect::Deny || granted(id);
            let mut parts = self.role.grants().parts_of_statement(index);
            let decided = parts.any(|(range, condition)| {
                let mut asked = shared(&range, asked);
                asked.any(|id| {
                    let applies =
                        |condition| asking.applies(snapshot, PermissionId::from_u32(id), effect, condition);
                    decides(id) && condition.is_none_or(|condition| applies(condition))
                })
            });
            if decided && let Some(covered) = self.covered.get_mut(index) {
                *covered = true;
                self.left -= 1;
            }
        }
    }

    /// The permissions of a statement that were asked.
    fn shared<'a>(&'a self, statement: usize, asked: &'a [Expected]) -> impl Iterator<Item = u32> + 'a {
        let ranges = self.role.grants().of_statement(statement);
        ranges.iter().flat_map(move |range| shared(range, asked))
    }
}

/// Of each role, by its number here, members who stand for all that hold it: one of each distinct set of roles, and everybody whose set has
/// conditions, which may come to something else for each. Whoever is suspended has a set without roles.
fn holders(snapshot: &Snapshot, numbers: &HashMap<&str, usize>) -> Vec<Vec<SubjectId>> {
    let matrix = snapshot.matrix();
    let mut all: Vec<(SetId, SubjectId)> = (0..matrix.subjects())
        .map(SubjectId::from_u32)
        .map(|subject| (matrix.set_of(subject), subject))
        .collect();
    all.sort_unstable();
    let roles = |set| {
        let roles = matrix.roles_of_set(set).iter();
        roles.filter_map(|role| snapshot.role_numbered(role.as_u32()))
    };
    all.dedup_by(|(set, _), (before, _)| {
        set == before && roles(*set).all(|role| role.conditional().is_empty())
    });
    let mut holders = vec![Vec::new(); numbers.len()];
    for (set, subject) in all {
        for role in roles(set) {
            let number = numbers.get(role.name());
            if let Some(members) = number.and_then(|&number| holders.get_mut(number)) {
                members.push(subject);
            }
        }
    }
    holders
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
    fn of_many_members_only_the_distinct_sets_of_roles_are_gone_through() {
        let members = (0..900).map(|number| {
            let more = if number % 3 == 0 { r#""suspended": true"# } else { r#""role": "editor""# };
            format!(r#""m{number}": {{{more}}}"#)
        });
        let text = format!(
            r#"{{"workspace": "w", "schema": "hightouch", "roles": {{"r": {{"version": "2022-04-26", "policies": []}}}},
            "groups": {{"g": {{"roles": ["r"], "members": ["m1", "m4"]}}}}, "members": {{{}}}}}"#,
            members.collect::<Vec<_>>().join(",")
        );
        let source = crate::source::Source::new("w.json", text);
        let (workspace, _) = crate::workspace::Workspace::read(&source, &crate::workspace::NoFiles).unwrap();
        let snapshot = workspace.compile().unwrap().0;
        let coverage = Coverage::of(&snapshot);
        let holders = holders(&snapshot, &coverage.numbers);
        let of = |role: &str| holders[coverage.numbers[role]].len();
        assert_eq!((of("editor"), of("r"), of("viewer"), of("admin")), (2, 1, 0, 0));
    }

    #[test]
    fn percentages_are_rounded_down_and_of_nothing_all_is_covered() {
        let of = |covered, statements| Covered { statements, covered };
        assert_eq!((of(2, 3).percent(), of(0, 0).percent(), of(0, 5).percent()), (66, 100, 0));
        assert!(of(2, 3).reaches(66) && !of(2, 3).reaches(67) && of(3, 3).reaches(100));
        assert!(of(0, 0).reaches(100) && of(0, 1).reaches(0) && !of(999, 1_000).reaches(100));
    }
}
