//! Standing rules of a workspace: what must hold whatever its roles say, in a file that a pipeline asserts.
//!
//! `never`: nobody but these may. `separate`: nobody has a hand in both. `only`: exactly these may. `at-most`: no more than so many
//! may. Text becomes [`Rules`] as written; [`Rules::check`] ties its names to a [`Snapshot`] or says what they tie to nothing;
//! [`Rules::assert`] says which rules hold, and names who breaks the others and by what.
//!
//! Where a test asks one question as a program would, a rule speaks of every request that could be made. So what
//! conditions leave open counts against it: a rule holds, is broken, or is *undecided*, and undecided is as bad as broken.
//! A rule that no workspace could break is an error. docs/rules.md is the reference of the format.

mod assert;
mod crowd;
mod open;
mod outcome;
mod read;
mod reads;
mod resolve;
mod witness;

use std::sync::Arc;

pub use outcome::{Evidence, Finding, Outcome, Permitted, RuleKind, RuleOutcome, Verdict};
pub(crate) use read::read_rules;

use crate::diagnostic::Report;
use crate::limits::Limits;
use crate::snapshot::Snapshot;
use crate::source::{Position, Source, Span};
use crate::tied::{Tied, Word, read_text};
use crate::workspace::{Files, Workspace};

/// What a rule is about, as written.
#[derive(Clone, Debug)]
enum Matter {
    /// Actions on resource types, or on one stored object.
    Permissions { actions: Vec<Word>, kinds: Vec<Word>, object: Option<Word> },
    /// A role, held directly or through a group.
    Role(Word),
}

/// Who may in spite of a rule.
#[derive(Clone, Debug, Default)]
struct Except {
    roles: Vec<Word>,
    groups: Vec<Word>,
    members: Vec<Word>,
}

/// What a rule says.
#[derive(Clone, Debug)]
enum Claim {
    /// Nobody may any of it.
    Never(Matter),
    /// Nobody has a hand in two of these; with the place of each.
    Separate(Vec<(Matter, Span)>),
    /// Exactly these may, each of it.
    Only(Vec<Word>, Matter),
    /// No more than so many may any of it.
    AtMost(usize, Matter),
}

/// One rule as written.
#[derive(Clone, Debug)]
struct Rule {
    name: Option<Word>,
    claim: Claim,
    except: Except,
    /// The place of its key: `never`, `separate`, `only` or `at-most`.
    span: Span,
}

/// A file of rules as written.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(crate) tied: Tied,
    rules: Vec<Rule>,
}

impl Rules {
    /// Reads a file of rules, with the default limits. `files` brings what a workspace inside it names. The report
    /// beside it holds warnings.
    ///
    /// # Errors
    /// Every fault of the text. What its names mean is for [`Rules::check`].
    ///
    /// ```
    /// use portcullis::rules::{Rules, Verdict};
    /// use portcullis::{NoFiles, Source};
    ///
    /// let text = r#"{ "workspace": { "workspace": "acme", "schema": "hightouch", "roles": {},
    ///                                "members": { "ann": { "role": "admin" }, "bob": { "role": "editor" } } },
    ///   "rules": [ { "never": { "actions": "update", "resource": "workspace" }, "except": { "roles": "admin" } },
    ///              { "at-most": 1, "actions": "delete", "resource": "sync" } ] }"#;
    /// let (rules, _warnings) = Rules::read(&Source::new("rules.json", text), &NoFiles)?;
    /// let Some(workspace) = rules.own_workspace() else { unreachable!() };
    /// let (snapshot, _warnings) = workspace.compile()?;
    ///
    /// let (outcome, _warnings) = rules.assert(&snapshot, 1_000)?;
    /// assert_eq!(outcome.rules()[0].verdict, Verdict::Holds);
    /// assert_eq!(outcome.rules()[1].verdict, Verdict::Broken);
    /// assert_eq!(outcome.rules()[1].findings[1].subject, "bob");
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn read(source: &Arc<Source>, files: &dyn Files) -> Result<(Rules, Report), Report> {
        Rules::read_within(source, files, &Limits::default())
    }

    /// Reads a file of rules within limits.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn read_within(
        source: &Arc<Source>,
        files: &dyn Files,
        limits: &Limits,
    ) -> Result<(Rules, Report), Report> {
        read_text(source, limits, &read::FORM, |root, report| read_rules(root, files, limits, report))
    }

    /// The text that the rules stand in.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.tied.source
    }

    /// The path of the workspace that the rules are about, as written: relative to their file.
    #[must_use]
    pub fn workspace_file(&self) -> Option<&str> {
        self.tied.workspace_file()
    }

    /// The workspace that stands in the file itself.
    #[must_use]
    pub fn own_workspace(&self) -> Option<&Workspace> {
        self.tied.own_workspace()
    }

    /// How many rules there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rules.len()
    }

    /// Ties the names of the rules to a workspace, and says what is wrong with them.
    #[must_use]
    pub fn check(&self, snapshot: &Snapshot) -> Report {
        let mut report = Report::new();
        resolve::every_rule(self, snapshot, &mut report);
        report.sorted()
    }

    /// Says of each rule whether it holds, and if not who breaks it and by what. Of each rule the first `keep` who
    /// break it are kept, in byte order of their ids; the rest is counted. The report beside the outcome holds warnings.
    ///
    /// # Errors
    /// What [`Rules::check`] finds, when any of it is an error; then nothing was asserted.
    pub fn assert<'s>(
        &'s self,
        snapshot: &'s Snapshot,
        keep: usize,
    ) -> Result<(Outcome<'s>, Report), Report> {
        let report = self.check(snapshot);
        if report.has_errors() {
            return Err(report);
        }
        report.finish(assert::assert(self, snapshot, keep))
    }

    /// Line and column of a place in the file.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        self.tied.position(span)
    }
}
