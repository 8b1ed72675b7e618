//! Asking: every question of every test, by the check that programs use.
//!
//! What was not as expected is kept, up to a thousand questions a test and a hundred thousand a run; the rest is counted.
//! Nothing is explained here: an explanation costs more than a check, and of a grid that fails everywhere nobody
//! reads them all.

use portcullis_matrix::{PermissionId, SubjectId, Verdict};

use super::asked::{Asking, Holder};
use super::cells::{Expected, count};
use super::coverage::Coverage;
use super::explain::Failure;
use super::resolve::{Person, Resolved, Resolver};
use super::{Request, Suite, Test};
use crate::diagnostic::Report;
use crate::snapshot::{Role, Snapshot};
use crate::source::Span;

/// How many failures of one test are kept.
const KEPT: usize = 1_000;
/// How many failures of one run are kept, which take some nine megabytes.
const KEPT_OF_ALL: usize = 100_000;

/// Who was asked about: somebody by their id, or a role as if somebody held it and nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'s> {
    /// A member, or somebody who is none.
    Subject(&'s str),
    /// A role, held alone.
    Role(&'s Role),
}

impl<'s> Asker<'s> {
    /// The id or the role's name.
    #[must_use]
    pub fn name(self) -> &'s str {
        match self {
            Asker::Subject(id) => id,
            Asker::Role(role) => role.name(),
        }
    }
}

/// What the tests of a suite came to, in the order written.
#[derive(Clone, Debug)]
pub struct Outcome<'s> {
    tests: Vec<TestOutcome<'s>>,
}

impl<'s> Outcome<'s> {
    /// The tests.
    #[must_use]
    pub fn tests(&self) -> &[TestOutcome<'s>] {
        &self.tests
    }

    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| !test.passed()).count()
    }

    /// How many questions were asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.tests.iter().map(|test| test.asked).sum()
    }
}

/// What one test came to.
#[derive(Clone, Debug)]
pub struct TestOutcome<'s> {
    /// Its name.
    pub name: &'s str,
    /// The place of its name in the suite.
    pub span: Span,
    /// How many questions it asked.
    pub asked: usize,
    /// How many of them were not answered as expected.
    pub failed: usize,
    /// The first thousand of these, in the order of the schema; fewer when a run has more than a hundred thousand.
    pub failures: Vec<Failure<'s>>,
    /// Whether the test lists who may, so that its failures differ in their subjects.
    pub lists_who: bool,
}

impl<'s> TestOutcome<'s> {
    /// Whether every question was answered as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failed == 0
    }
}

/// Runs a suite that was checked.
pub(super) fn run<'s>(suite: &'s Suite, snapshot: &'s Snapshot, coverage: &mut Coverage<'s>) -> Outcome<'s> {
    // What there is to say was said by the check.
    let mut said = Report::new();
    let mut resolver = Resolver::new(suite, snapshot, &mut said);
    let mut runner = Runner { snapshot, coverage, kept: 0 };
    let run = suite.tests.iter().filter_map(|test| Some(runner.test(test, resolver.test(test)?)));
    Outcome { tests: run.collect() }
}

/// Who is asked about, the nearest member when they are none themselves, and what the questions bring.
#[derive(Clone, Copy)]
struct Asked<'s> {
    asker: Asker<'s>,
    near: Option<&'s str>,
    request: &'s Request,
}

struct Runner<'c, 's> {
    snapshot: &'s Snapshot,
    coverage: &'c mut Coverage<'s>,
    /// How many failures were kept so far.
    kept: usize,
}

impl<'s> Runner<'_, 's> {
    fn test(&mut self, test: &'s Test, resolved: Resolved<'s>) -> TestOutcome<'s> {
        let (name, span) = (&*test.name.text, test.name.span);
        let lists_who = matches!(resolved, Resolved::Who(..));
        let mut outcome = TestOutcome { name, span, asked: 0, failed: 0, failures: Vec::new(), lists_who };
        match resolved {
            Resolved::Subjects(people, expected) => {
                people.iter().for_each(|person| self.subject(person, &test.request, &expected, &mut outcome));
            }
            Resolved::Roles(roles, expected) => {
                roles.iter().for_each(|role| self.role(role, &test.request, &expected, &mut outcome));
            }
            Resolved::Who(asked, people, key) => self.who(&test.request, &asked, (people, key), &mut outcome),
        }
        outcome
    }

    fn subject(
        &mut self,
        person: &Person<'s>,
        request: &'s Request,
        expected: &[Expected],
        outcome: &mut TestOutcome<'s>,
    ) {
        let id = person.id;
        let snapshot = self.snapshot;
        let asking = |subject| (subject, Asking { holder: Holder::Member(subject), request });
        let asking = snapshot.subject_id(id).map(asking);
        let granted = |permission: u32| {
            asking.is_some_and(|(_, asking)| asking.may(snapshot, PermissionId::from_u32(permission)))
        };
        let asker = Asked { asker: Asker::Subject(id), near: person.near, request };
        self.compare(asker, expected, &granted, outcome);
        if let Some((subject, asking)) = asking.filter(|_| self.coverage.wants_more()) {
            // Whoever is suspended has none.
            for role in snapshot.matrix().roles_of(subject) {
                if let Some(role) = snapshot.role_numbered(role.as_u32()) {
                    self.coverage.note(role, expected, &granted, asking);
                }
            }
        }
    }

    fn role(
        &mut self,
        role: &'s Role,
        request: &'s Request,
        expected: &[Expected],
        outcome: &mut TestOutcome<'s>,
    ) {
        let (snapshot, asking) = (self.snapshot, Asking { holder: Holder::Role(role), request });
        let granted = |permission: u32| asking.may(snapshot, PermissionId::from_u32(permission));
        self.compare(Asked { asker: Asker::Role(role), near: None, request }, expected, &granted, outcome);
        self.coverage.note(role, expected, &granted, asking);
    }

    fn compare(
        &mut self,
        asker: Asked<'s>,
        expected: &[Expected],
        granted: &dyn Fn(u32) -> bool,
        outcome: &mut TestOutcome<'s>,
    ) {
        outcome.asked += count(expected);
        for one in expected {
            for permission in one.permissions.clone().filter(|&id| granted(id) != one.allowed) {
                self.fail(asker, permission, one.allowed, one.at, outcome);
            }
        }
    }

    /// Everybody is asked, and those who may must be those who are listed.
    fn who(
        &mut self,
        request: &'s Request,
        asked: &[Expected],
        (mut listed, key): (Vec<Person<'s>>, Span),
        outcome: &mut TestOutcome<'s>,
    ) {
        listed.sort_unstable_by_key(|person| (person.id, person.at));
        listed.dedup_by_key(|person| person.id);
        let (snapshot, matrix) = (self.snapshot, self.snapshot.matrix());
        let member = |subject| Asking { holder: Holder::Member(subject), request };
        let mut members: Vec<SubjectId> =
            listed.iter().filter_map(|person| snapshot.subject_id(person.id)).collect();
        let strangers = listed.len() - members.len();
        members.sort_unstable();
        for permission in asked.iter().flat_map(|one| one.permissions.clone()) {
            outcome.asked += snapshot.member_count() + strangers;
            let id = PermissionId::from_u32(permission);
            let may = |person: &Person<'_>| {
                let subject = snapshot.subject_id(person.id);
                subject.is_some_and(|subject| member(subject).may(snapshot, id))
            };
            for person in listed.iter().filter(|person| !may(person)) {
                let asker = Asked { asker: Asker::Subject(person.id), near: person.near, request };
                self.fail(asker, permission, true, person.at, outcome);
            }
            let allowed = matrix
                .subjects_of(id)
                .filter(|&(subject, verdict)| verdict == Verdict::Allow || member(subject).may(snapshot, id));
            let surplus = allowed.filter(|(subject, _)| members.binary_search(subject).is_err());
            let mut surplus: Vec<&str> = surplus.map(|(subject, _)| snapshot.member_name(subject)).collect();
            surplus.sort_unstable();
            for id in surplus {
                let asker = Asked { asker: Asker::Subject(id), near: None, request };
                self.fail(asker, permission, false, key, outcome);
            }
        }
        self.coverage.note_everybody(asked, request);
    }

    fn fail(
        &mut self,
        Asked { asker, near, request }: Asked<'s>,
        permission: u32,
        expected: bool,
        span: Span,
        outcome: &mut TestOutcome<'s>,
    ) {
        outcome.failed += 1;
        if outcome.failures.len() < KEPT && self.kept < KEPT_OF_ALL {
            self.kept += 1;
            let names = self.snapshot.schema().names_of(PermissionId::from_u32(permission));
            let (action, resource) = names.unwrap_or_default();
            outcome.failures.push(Failure { asker, near, request, action, resource, expected, span });
        }
    }
}
