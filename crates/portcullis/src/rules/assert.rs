//! Asserting: every rule over all members, by their sets of roles.
//!
//! A rule looks at each set of roles once and at each member who breaks it. Of those only the first few, in byte order of their ids,
//! are kept with what they may; the rest is counted. Who is excepted is left out before anything is weighed.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};
use std::rc::Rc;

use super::crowd::{Crowd, subject};
use super::open::{OfSet, Standing, Weigher};
use super::outcome::{Evidence, Finding, Outcome, RuleKind, RuleOutcome, Verdict};
use super::resolve::{About, Exempt, Resolved, RuleResolver};
use super::witness::Witness;
use super::{Rule, Rules};
use crate::diagnostic::Report;
use crate::snapshot::Snapshot;

/// Of so many of those who break a rule it is worked out what they may.
const EVIDENT: usize = 1_000;

/// Asserts rules that were checked.
pub(super) fn assert<'s>(rules: &'s Rules, snapshot: &'s Snapshot, keep: usize) -> Outcome<'s> {
    // What there is to say was said by the check.
    let mut said = Report::new();
    let mut resolver = RuleResolver::new(rules, snapshot, &mut said);
    let crowd = Crowd::of(snapshot);
    let asserted = rules.rules.iter().filter_map(|rule| {
        let (resolved, exempt) = resolver.rule(rule)?;
        Some(one(snapshot, &crowd, rule, resolved, exempt, keep))
    });
    Outcome { rules: asserted.collect() }
}

fn one<'s>(
    snapshot: &'s Snapshot,
    crowd: &Crowd,
    rule: &'s Rule,
    resolved: Resolved<'s>,
    mut exempt: Exempt,
    keep: usize,
) -> RuleOutcome<'s> {
    let mut asserter = Asserter {
        snapshot,
        weigher: Weigher::new(snapshot),
        witness: Witness::new(snapshot),
        keep,
        kept: BinaryHeap::new(),
        broken: 0,
        undecided: 0,
    };
    let (kind, sides) = match resolved {
        Resolved::Never(about) => (RuleKind::Never, vec![about]),
        Resolved::Separate(sides) => (RuleKind::Separate, sides),
        Resolved::AtMost(most, about) => (RuleKind::AtMost(most), vec![about]),
        Resolved::Only(named, about) => {
            for &number in &named {
                asserter.should(number, &about);
            }
            exempt.subjects.extend(named);
            (RuleKind::Only, vec![about])
        }
    };
    asserter.over(crowd, &sides, &exempt);
    let (broken, undecided) = (asserter.broken, asserter.undecided);
    let verdict = match kind {
        RuleKind::AtMost(most) if broken + undecided <= most => Verdict::Holds,
        RuleKind::AtMost(most) if broken <= most => Verdict::Undecided,
        _ if broken > 0 => Verdict::Broken,
        _ if undecided > 0 => Verdict::Undecided,
        _ => Verdict::Holds,
    };
    let cut_short = asserter.weigher.cut_short || asserter.witness.cut_short();
    let findings = if verdict == Verdict::Holds { Vec::new() } else { asserter.findings(&sides) };
    let name = rule.name.as_ref().map(|name| &*name.text);
    let (broken_by, undecided_by) = (broken, undecided);
    RuleOutcome { name, kind, span: rule.span, verdict, broken_by, undecided_by, findings, cut_short }
}

struct Asserter<'s> {
    snapshot: &'s Snapshot,
    weigher: Weigher<'s>,
    witness: Witness<'s>,
    keep: usize,
    /// The first in byte order of their ids.
    kept: BinaryHeap<Kept<'s>>,
    broken: usize,
    undecided: usize,
}

/// Somebody who is to be told of.
struct Kept<'s> {
    id: &'s str,
    number: u32,
    why: Why<'s>,
}

enum Why<'s> {
    /// How they stand to each side.
    Stands(Rc<[Standing]>),
    /// What they lack. In a box, since most are of the other kind.
    Lacks(Box<Evidence<'s>>),
}

impl PartialEq for Kept<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Kept<'_> {}

impl PartialOrd for Kept<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(other.id)
    }
}

impl<'s> Asserter<'s> {
    /// Everybody who is not excepted, and how they stand.
    fn over(&mut self, crowd: &Crowd, sides: &[About<'s>], exempt: &Exempt) {
        let excepted: HashSet<u32> = exempt.roles.iter().map(|role| role.as_u32()).collect();
        for (set, subjects) in crowd.sets() {
            let roles = self.snapshot.matrix().roles_of_set(set);
            let Some(&first) = subjects.first() else { continue };
            if roles.iter().any(|role| excepted.contains(&role.as_u32())) {
                continue;
            }
            let weigher = &mut self.weigher;
            let mut of_set: Vec<OfSet> =
                sides.iter().map(|about| weigher.of_set(set, subject(first), about)).collect();
            let settled = of_set.iter().map(|one| match one {
                OfSet::Settled(standing) => Some(*standing),
                OfSet::Each(_) => None,
            });
            let settled: Option<Rc<[Standing]>> = settled.collect();
            if settled.as_ref().is_some_and(|standings| verdict(standings) == Verdict::Holds) {
                continue;
            }
            for &number in subjects.iter().filter(|number| !exempt.subjects.contains(number)) {
                let standings = match &settled {
                    Some(standings) => Rc::clone(standings),
                    None => self.of_one(number, &mut of_set, sides),
                };
                self.note(number, standings);
            }
        }
    }

    /// How one member stands where conditions read who asks.
    fn of_one(&mut self, number: u32, of_set: &mut [OfSet], sides: &[About<'s>]) -> Rc<[Standing]> {
        let each = of_set.iter_mut().zip(sides).map(|(one, about)| match (one, about) {
            (OfSet::Settled(standing), _) => *standing,
            (OfSet::Each(personal), About::Permissions(selection)) => {
                self.weigher.of_one(subject(number), personal, selection)
            }
            (OfSet::Each(_), About::Role(..)) => Standing::No,
        });
        each.collect()
    }

    fn note(&mut self, number: u32, standings: Rc<[Standing]>) {
        match verdict(&standings) {
            Verdict::Holds => return,
            Verdict::Undecided => self.undecided += 1,
            Verdict::Broken => self.broken += 1,
        }
        self.keep(number, || Why::Stands(standings));
    }

    /// Looks whether somebody whom `only` names has all of it.
    fn should(&mut self, number: u32, about: &About<'s>) {
        let Some(lacks) = self.witness.missing(subject(number), about) else { return };
        if lacks.undecided {
            self.undecided += 1;
        } else {
            self.broken += 1;
        }
        self.keep(number, || Why::Lacks(Box::new(lacks)));
    }

    fn keep(&mut self, number: u32, why: impl FnOnce() -> Why<'s>) {
        let id = self.snapshot.member_name(subject(number));
        if self.kept.len() < self.keep {
            self.kept.push(Kept { id, number, why: why() });
        } else if let Some(mut last) = self.kept.peek_mut()
            && id < last.id
        {
            *last = Kept { id, number, why: why() };
        }
    }

    /// Those who are kept, with what they may.
    fn findings(mut self, sides: &[About<'s>]) -> Vec<Finding<'s>> {
        let kept = std::mem::take(&mut self.kept).into_sorted_vec();
        let findings = kept.into_iter().enumerate().map(|(at, Kept { id, number, why })| match why {
            Why::Lacks(lacks) => {
                let verdict = if lacks.undecided { Verdict::Undecided } else { Verdict::Broken };
                Finding { subject: id, verdict, evidence: vec![*lacks] }
            }
            Why::Stands(standings) => {
                let sides = sides.iter().zip(&*standings).enumerate();
                let sides = sides.filter(|(_, (_, standing))| **standing != Standing::No && at < EVIDENT);
                let evidence = sides.map(|(side, (about, standing))| {
                    self.witness.evidence(subject(number), side, about, *standing)
                });
                Finding { subject: id, verdict: verdict(&standings), evidence: evidence.collect() }
            }
        });
        findings.collect()
    }
}

/// Whether a rule is broken by somebody who stands so to its sides: of one side by having a hand in it, of several by having a
/// hand in two.
fn verdict(standings: &[Standing]) -> Verdict {
    let enough = standings.len().min(2);
    let at_least = |least: Standing| standings.iter().filter(|one| **one >= least).count() >= enough;
    if at_least(Standing::May) {
        Verdict::Broken
    } else if at_least(Standing::Depends) {
        Verdict::Undecided
    } else {
        Verdict::Holds
    }
}
