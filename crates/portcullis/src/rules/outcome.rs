//! What asserting rules came to, as plain values: which rules hold, and who breaks the others by what.
//!
//! Nothing is rendered here. What somebody may is told with one request for it, so that whoever shows it can have it
//! explained; why is worked out only then, since an explanation costs more than finding out.

use crate::explain::{Explanation, Held};
use crate::search::{Answer, Proviso};
use crate::snapshot::{Question, Role, Snapshot};
use crate::source::Span;

/// How a rule, or somebody under it, stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The rule holds.
    #[default]
    Holds,
    /// It depends on conditions, and so nobody can rely on it.
    Undecided,
    /// It is broken, whatever a request says.
    Broken,
}

impl Verdict {
    /// The word for machines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Undecided => "undecided",
            Verdict::Broken => "broken",
        }
    }
}

/// Which of the four a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Nobody may.
    Never,
    /// Nobody has a hand in two sides.
    Separate,
    /// Exactly these may.
    Only,
    /// No more than so many may.
    AtMost(usize),
}

impl RuleKind {
    /// The key of the rule.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            RuleKind::Never => "never",
            RuleKind::Separate => "separate",
            RuleKind::Only => "only",
            RuleKind::AtMost(_) => "at-most",
        }
    }
}

/// What the rules of a file came to, in the order written.
#[derive(Clone, Debug)]
pub struct Outcome<'s> {
    pub(super) rules: Vec<RuleOutcome<'s>>,
}

impl<'s> Outcome<'s> {
    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[RuleOutcome<'s>] {
        &self.rules
    }

    /// How many rules came to this.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rules.iter().filter(|rule| rule.verdict == verdict).count()
    }

    /// Whether all rules hold.
    #[must_use]
    pub fn all_hold(&self) -> bool {
        self.rules.iter().all(|rule| rule.verdict == Verdict::Holds)
    }
}

/// What one rule came to.
#[derive(Clone, Debug)]
pub struct RuleOutcome<'s> {
    /// Its name, if it has one.
    pub name: Option<&'s str>,
    /// Which it is.
    pub kind: RuleKind,
    /// The place of its key: `never`, `separate`, `only` or `at-most`.
    pub span: Span,
    /// Whether it holds.
    pub verdict: Verdict,
    /// How many subjects break it, whatever a request says. Of `at-most`: how many may.
    pub broken_by: usize,
    /// Of how many it depends on conditions.
    pub undecided_by: usize,
    /// The first of both, in byte order of their ids; none when the rule holds.
    pub findings: Vec<Finding<'s>>,
    /// Whether there was too much to weigh: then some of those told as undecided may turn out to break the rule, or not
    /// to be concerned at all.
    pub cut_short: bool,
}

/// Somebody who breaks a rule, or of whom it is undecided.
#[derive(Clone, Debug)]
pub struct Finding<'s> {
    /// Who.
    pub subject: &'s str,
    /// [`Verdict::Broken`] or [`Verdict::Undecided`].
    pub verdict: Verdict,
    /// What of it they may; of `separate` one for each side in which they have a hand, else one. None of those beyond the first
    /// thousand of a rule.
    pub evidence: Vec<Evidence<'s>>,
}

/// What somebody may, or does not though they should.
#[derive(Clone, Debug)]
pub struct Evidence<'s> {
    /// Of `separate`, which side, counted from 0; else 0.
    pub side: usize,
    /// Whether it depends on conditions.
    pub undecided: bool,
    /// Whether they should, and may not. So it is of members whom `only` names.
    pub missing: bool,
    /// The role that the rule is about, which they hold; or lack, when it is missing.
    pub role: Option<&'s Role>,
    /// Permissions, the first twelve in the schema's order, each as a request for it.
    pub permissions: Vec<Permitted<'s>>,
    /// How many more permissions there are like these.
    pub more: usize,
}

/// A permission that somebody has or lacks, as a request for it names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permitted<'s> {
    /// The action.
    pub action: &'s str,
    /// The resource type: its own name, or where a condition asks under which name one asks, perhaps another.
    pub resource: &'s str,
    /// The stored object on which they may, where it is not the type as a whole.
    pub object: Option<&'s str>,
}

impl<'s> Permitted<'s> {
    /// The request, of somebody.
    #[must_use]
    pub fn question(&self, subject: &'s str) -> Question<'s> {
        Question { object: self.object, ..Question::new(subject, self.action, self.resource) }
    }

    /// The decision on the request, with the statements that led to it.
    #[must_use]
    pub fn explain(&self, snapshot: &'s Snapshot, subject: &'s str) -> Explanation<'s> {
        snapshot.explain(&self.question(subject))
    }

    /// The conditions on which it depends; empty where it depends on none.
    #[must_use]
    pub fn conditions(&self, snapshot: &'s Snapshot, subject: &'s str) -> Vec<Proviso<'s>> {
        match snapshot.answer(&self.question(subject)) {
            Ok(Answer::Conditional(provisos)) => provisos,
            _ => Vec::new(),
        }
    }
}

impl<'s> Evidence<'s> {
    /// How somebody holds the role that the rule is about, if it is about one.
    #[must_use]
    pub fn held(&self, snapshot: &'s Snapshot, subject: &'s str) -> Option<Held<'s>> {
        let role = self.role?;
        let held = snapshot.held_roles(subject).into_iter();
        held.filter(|(held, _)| held.name() == role.name()).map(|(_, held)| held).next()
    }
}
