//! Policy test suites: what was agreed about a workspace, in a file that a pipeline runs.
//!
//! Text becomes a [`Suite`] as written, with the place of every name; [`Suite::check`] ties its names to a
//! [`Snapshot`] or says what they tie to nothing; [`Suite::run`] asks every question of every test and hands back
//! what was not as expected ([`Failure`]), each with its place in the suite, and what the questions touched
//! ([`Coverage`]). Rendering is elsewhere, and nothing here opens a file.
//!
//! A test that cannot fail is worse than none, since somebody relies on it. So names are errors unless they mean
//! something, also where a misspelt one would only be denied; a pair that the schema does not admit, a group in the place of a
//! member, a test that asks nothing and one that contradicts itself are errors too. docs/tests.md is the reference of the format.

mod asked;
mod askers;
mod cells;
mod coverage;
mod explain;
mod read;
mod request;
pub(crate) mod resolve;
mod run;

use std::sync::Arc;

pub use coverage::{Coverage, Covered, Uncovered};
pub use explain::Failure;
pub(crate) use read::read_suite;
pub use run::{Asker, Outcome, TestOutcome};

use request::Request;

use crate::diagnostic::Report;
use crate::limits::Limits;
use crate::snapshot::Snapshot;
use crate::source::{Position, Source, Span};
use crate::tied::{Tied, Word, read_text};
use crate::workspace::{Files, Workspace};

/// A resource type, or a pattern of types, and actions on it.
#[derive(Clone, Debug)]
struct Row {
    kind: Word,
    actions: Vec<Word>,
}

/// Whom a test is about.
#[derive(Clone, Debug)]
enum Askers {
    /// Members, or people who are none.
    Subjects(Vec<Word>),
    /// Roles, each as if somebody held it and nothing else.
    Roles(Vec<Word>),
}

/// What a test says about them.
#[derive(Clone, Debug)]
enum Claim {
    /// These may and those may not; the rest is left open.
    Cells { askers: Askers, may: Vec<Row>, may_not: Vec<Row> },
    /// Exactly this; `span` is the key's.
    Grid { askers: Askers, rows: Vec<Row>, span: Span },
    /// Exactly these members may do any of these; `span` is the key's.
    Who { actions: Vec<Word>, kinds: Vec<Word>, members: Vec<Word>, span: Span },
}

#[derive(Clone, Debug)]
struct Test {
    name: Word,
    /// What its questions bring besides names.
    request: Request,
    claim: Claim,
}

/// A test suite as written.
#[derive(Clone, Debug)]
pub struct Suite {
    pub(crate) tied: Tied,
    tests: Vec<Test>,
}

impl Suite {
    /// Reads a suite, with the default limits. `files` brings what a workspace inside it names. The report beside
    /// it holds warnings.
    ///
    /// # Errors
    /// Every fault of the text. What its names mean is for [`Suite::check`].
    ///
    /// ```
    /// use portcullis::suite::{Coverage, Suite};
    /// use portcullis::{NoFiles, Source};
    ///
    /// let text = r#"{ "workspace": { "workspace": "acme", "schema": "hightouch", "roles": {},
    ///                                "members": { "ann": { "role": "editor" } } },
    ///   "tests": [ { "name": "editors start syncs, and leave settings alone", "subject": "ann",
    ///                "may": { "sync": "start" }, "may_not": { "workspace": "*" } } ] }"#;
    /// let (suite, _warnings) = Suite::read(&Source::new("tests.json", text), &NoFiles)?;
    /// let Some(workspace) = suite.own_workspace() else { unreachable!() };
    /// let (snapshot, _warnings) = workspace.compile()?;
    ///
    /// let mut coverage = Coverage::of(&snapshot);
    /// let (outcome, _warnings) = suite.run(&snapshot, &mut coverage)?;
    /// assert_eq!((outcome.failed(), outcome.asked()), (0, 5));
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn read(source: &Arc<Source>, files: &dyn Files) -> Result<(Suite, Report), Report> {
        Suite::read_within(source, files, &Limits::default())
    }

    /// Reads a suite within limits.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn read_within(
        source: &Arc<Source>,
        files: &dyn Files,
        limits: &Limits,
    ) -> Result<(Suite, Report), Report> {
        read_text(source, limits, &read::FORM, |root, report| read_suite(root, files, limits, report))
    }

    /// The text that the suite stands in.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.tied.source
    }

    /// The path of the workspace that the suite is about, as written in it: relative to the suite.
    #[must_use]
    pub fn workspace_file(&self) -> Option<&str> {
        self.tied.workspace_file()
    }

    /// The workspace that stands in the suite itself.
    #[must_use]
    pub fn own_workspace(&self) -> Option<&Workspace> {
        self.tied.own_workspace()
    }

    /// The names of its tests, in the order written.
    pub fn tests(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tests.iter().map(|test| &*test.name.text)
    }

    /// Ties the suite's names to a workspace, and says what is wrong with them. Nothing is asked.
    #[must_use]
    pub fn check(&self, snapshot: &Snapshot) -> Report {
        let mut report = Report::new();
        resolve::every_test(self, snapshot, &mut report);
        report.sorted()
    }

    /// Asks every question of every test, and notes in `coverage`, which must be of the same snapshot, which
    /// statements decided them. The report beside the outcome holds warnings.
    ///
    /// # Errors
    /// What [`Suite::check`] finds, when any of it is an error; then nothing was asked.
    pub fn run<'s>(
        &'s self,
        snapshot: &'s Snapshot,
        coverage: &mut Coverage<'s>,
    ) -> Result<(Outcome<'s>, Report), Report> {
        let report = self.check(snapshot);
        if report.has_errors() {
            return Err(report);
        }
        report.finish(run::run(self, snapshot, coverage))
    }

    /// Line and column of a place in the suite.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        self.tied.position(span)
    }
}
