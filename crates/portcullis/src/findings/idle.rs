//! Which statements of a document change nothing: what they say is said, or denied, without them.
//!
//! A statement is idle when it can be removed and every set of roles that holds the document decides every question as
//! before. An allow is, where at each permission that it covers another allow, or a deny, applies whenever it does. A deny
//! is only where other denies do so: that nothing of the document itself grants what it denies makes it no less
//! a deny of what other roles grant. "Applies whenever it does" means without conditions, under the same condition,
//! under some of its tests ([`implies`]), or, of several together, whatever their conditions come to (`jointly`). Without
//! conditions that is exact in both directions.
//!
//! Statements are taken out one after another, the smallest first and of equals the later first, and what is out covers
//! nothing any more: so all that are found can be removed together, and of two that say the same one stays.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::cover::Cover;
use super::implied::{implied, implies};
use super::jointly::{Beside, Looks};
use super::possible::Possible;
use super::ranges::Ranges;
use crate::policy::{Effect, Grants};

/// What a statement adds to the others of its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It changes something, or says nothing at all, or its condition keeps it from doing so: told elsewhere.
    Kept,
    /// An earlier statement, of this number, says the same.
    Again(usize),
    /// It allows what denies of the document take away.
    Denied,
    /// What it says, others say.
    Said,
}

/// The ranges of one condition that others imply are gathered up to this number in all; past it conditions count as
/// implying nothing.
const MOST_GATHERED: usize = 2_000_000;

/// How many ranges are looked at in all to name those that make others idle.
const MOST_LOOKS: usize = 20_000_000;

/// How many parts are looked at in all to find those beside a statement with conditions.
const MOST_BESIDE: usize = 5_000_000;

/// The parts of one statement, each with the number of its condition; one that always applies counts as none.
type Parts = Vec<(Range<u32>, Option<u32>)>;

/// The statements of one document, weighed against each other.
pub(super) struct Weighed<'g> {
    grants: &'g Grants,
    parts: Vec<(Effect, Parts)>,
    wide: Vec<Vec<u32>>,
    /// What is said under each condition: see [`Weighed::place`].
    said: Vec<Vec<Range<u32>>>,
    fates: Vec<Fate>,
    /// Of those that several make idle together, which.
    together: HashMap<usize, Vec<usize>>,
    /// How many ranges there are in all.
    length: usize,
    looks: usize,
}

impl<'g> Weighed<'g> {
    /// Weighs all statements; `possible` is what the conditions of each can come to, part by part.
    /// The document is one of so many.
    pub(super) fn of(grants: &'g Grants, possible: &[Vec<Option<Possible>>], documents: usize) -> Self {
        let mut weighed = Weighed {
            grants,
            parts: Vec::new(),
            wide: implied(grants.conditions()),
            said: vec![Vec::new(); 2 * (grants.conditions().len() + 1)],
            fates: vec![Fate::Kept; grants.effects().len()],
            together: HashMap::new(),
            length: 0,
            looks: 0,
        };
        for (index, effect) in grants.effects().enumerate() {
            let mut parts: Parts = Vec::new();
            let can = possible.get(index).into_iter().flatten().copied();
            for ((range, condition), can) in grants.numbered_parts(index).zip(can) {
                if can.is_some_and(|can| !can.may_apply(effect)) {
                    continue;
                }
                parts.push((range, condition.filter(|_| !can.is_some_and(|can| can.must_apply(effect)))));
            }
            for (range, condition) in &parts {
                let place = weighed.place(effect, *condition);
                weighed.said.get_mut(place).into_iter().for_each(|said| said.push(range.clone()));
            }
            weighed.length += parts.len() + 1;
            weighed.parts.push((effect, parts));
        }
        let order = weighed.order();
        weighed.take_out(&order);
        weighed.take_out_together(&order, Looks::at(grants, documents));
        weighed
    }

    /// What became of each statement.
    pub(super) fn fate(&self, index: usize) -> Fate {
        self.fates.get(index).copied().unwrap_or(Fate::Kept)
    }

    /// Where in `said` lies what is said with an effect under a condition, or under none.
    fn place(&self, effect: Effect, condition: Option<u32>) -> usize {
        let row = usize::from(effect == Effect::Deny) * (self.grants.conditions().len() + 1);
        row + condition.map_or(0, |condition| condition as usize + 1)
    }

    fn said(&self, effect: Effect, condition: Option<u32>) -> &[Range<u32>] {
        self.said.get(self.place(effect, condition)).map_or(&[], |said| said)
    }

    fn wider(&self, condition: Option<u32>) -> &[u32] {
        condition.and_then(|condition| self.wide.get(condition as usize)).map_or(&[], |wide| wide)
    }

    /// What is said with an effect under conditions that one implies; with `same` under itself too.
    fn gathered(&self, effect: Effect, condition: Option<u32>, same: bool) -> Vec<Range<u32>> {
        let wider = self.wider(condition).iter().map(|wide| Some(*wide));
        let all = wider.chain(condition.filter(|_| same).map(Some));
        all.flat_map(|condition| self.said(effect, condition)).cloned().collect()
    }

    /// The statements that cover anything, in the order in which they are taken out.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<(u64, Reverse<usize>)> = Vec::new();
        for (index, (_, parts)) in self.parts.iter().enumerate() {
            let cells = parts.iter().map(|(range, _)| u64::from(range.end - range.start)).sum();
            if cells > 0 {
                order.push((cells, Reverse(index)));
            }
        }
        order.sort_unstable();
        order.into_iter().map(|(_, Reverse(index))| index).collect()
    }

    fn take_out(&mut self, order: &[usize]) {
        let denied = Ranges::of(self.said(Effect::Deny, None).iter().cloned());
        let both = Ranges::of(
            [Effect::Allow, Effect::Deny].iter().flat_map(|effect| self.said(*effect, None)).cloned(),
        );
        let mut covers = self.covers(&denied, &both);
        let mut idle: Vec<usize> = Vec::new();
        for &index in order {
            let Some((effect, parts)) = self.parts.get(index) else { continue };
            let place = |condition| self.place(*effect, condition);
            let twice = |(range, condition): &(Range<u32>, Option<u32>)| {
                covers.get(place(*condition)).is_some_and(|cover: &Cover| cover.least(range) > 1)
            };
            if parts.iter().all(twice) {
                for (range, condition) in parts {
                    covers.get_mut(place(*condition)).into_iter().for_each(|cover| cover.add(range, -1));
                }
                idle.push(index);
            }
        }
        let mut first: HashMap<(Effect, &Parts), usize> = HashMap::new();
        for (index, (effect, parts)) in self.parts.iter().enumerate() {
            first.entry((*effect, parts)).or_insert(index);
        }
        let mut takes: HashMap<Option<u32>, Ranges> = HashMap::new();
        let mut fates = std::mem::take(&mut self.fates);
        for index in idle {
            let Some((effect, parts)) = self.parts.get(index) else { continue };
            let earlier = first.get(&(*effect, parts)).filter(|first| **first < index);
            let fate = if let Some(earlier) = earlier {
                Fate::Again(*earlier)
            } else if *effect == Effect::Allow && self.is_denied(parts, &denied, &mut takes) {
                Fate::Denied
            } else {
                Fate::Said
            };
            fates.iter_mut().skip(index).take(1).for_each(|place| *place = fate);
        }
        self.fates = fates;
    }

    /// Takes out what is left and has conditions, where what is left of the others says it together.
    fn take_out_together(&mut self, order: &[usize], mut looks: Looks<'_>) {
        let mut left = MOST_BESIDE;
        for &index in order {
            let Some((effect, parts)) = self.parts.get(index) else { continue };
            let conditional = parts.iter().all(|(_, condition)| condition.is_some());
            if !conditional || self.fate(index) != Fate::Kept {
                continue;
            }
            let covered = self.covered_together(index, *effect, parts, &mut left, &mut looks);
            let Some((by_denies, by)) = covered else { continue };
            let fate = if *effect == Effect::Allow && by_denies { Fate::Denied } else { Fate::Said };
            self.fates.iter_mut().skip(index).take(1).for_each(|place| *place = fate);
            self.together.insert(index, by);
        }
    }

    /// Whether at each permission of a statement others apply together whenever it does, whether these are all denies, and which they are.
    fn covered_together(
        &self,
        index: usize,
        effect: Effect,
        parts: &Parts,
        left: &mut usize,
        looks: &mut Looks<'_>,
    ) -> Option<(bool, Vec<usize>)> {
        let (mut by_denies, mut by) = (true, Vec::new());
        let others = || {
            let kept = self.parts.iter().enumerate().filter(|(at, (other, _))| {
                let may = *other == effect || *other == Effect::Deny;
                may && *at != index && self.fate(*at) == Fate::Kept
            });
            kept.flat_map(|(at, (other, parts))| parts.iter().map(move |part| (at, *other, part)))
        };
        for (range, condition) in parts {
            *left = left.checked_sub(self.length)?;
            let near: Vec<_> = others()
                .filter(|(_, _, (other, _))| other.start < range.end && range.start < other.end)
                .collect();
            // Between two places where one of the others begins or ends, they are the same.
            let mut cuts: Vec<u32> =
                near.iter().flat_map(|(_, _, (other, _))| [other.start, other.end]).collect();
            cuts.extend([range.start, range.end]);
            cuts.retain(|cut| range.start <= *cut && *cut <= range.end);
            cuts.sort_unstable();
            cuts.dedup();
            *left = left.checked_sub(near.len() * cuts.len())?;
            let mut before: Option<Vec<Beside>> = None;
            for first in cuts.iter().take(cuts.len().saturating_sub(1)) {
                let here = near.iter().filter(|(_, _, (other, _))| other.contains(first));
                if let Some((at, other, _)) = here.clone().find(|(_, _, (_, condition))| condition.is_none())
                {
                    by_denies &= *other == Effect::Deny;
                    by.push(*at);
                    continue;
                }
                let mut beside: Vec<Beside> = here
                    .filter_map(|(statement, effect, (_, condition))| {
                        Some(Beside { statement: *statement, effect: *effect, condition: (*condition)? })
                    })
                    .collect();
                beside.dedup();
                if before.as_ref() == Some(&beside) {
                    continue;
                }
                let covered = looks.cover(effect, (*condition)?, &beside)?;
                by_denies &= covered.by_denies;
                by.extend(covered.by);
                before = Some(beside);
            }
        }
        by.sort_unstable();
        by.dedup();
        Some((by_denies, by))
    }

    /// For each effect and condition how often its ranges are covered: once by what holds at any rate when it does, and
    /// once by each of its own statements.
    fn covers(&self, denied: &Ranges, both: &Ranges) -> Vec<Cover> {
        let conditions = 0..self.grants.conditions().len() as u32;
        let nothing = Ranges::default();
        let mut gathered = 0;
        let mut covers = Vec::with_capacity(self.said.len());
        for effect in [Effect::Allow, Effect::Deny] {
            for condition in std::iter::once(None).chain(conditions.clone().map(Some)) {
                let own = self.said(effect, condition);
                let mut cover = Cover::over(own.iter());
                own.iter().for_each(|range| cover.add(range, 1));
                let settled = match (effect, condition) {
                    (Effect::Allow, Some(_)) => both,
                    (Effect::Deny, None) => &nothing,
                    _ => denied,
                };
                let mut implied = Vec::new();
                if !own.is_empty() && gathered < MOST_GATHERED {
                    implied = self.gathered(effect, condition, false);
                    if effect == Effect::Allow {
                        implied.extend(self.gathered(Effect::Deny, condition, true));
                    }
                    gathered += implied.len();
                }
                let implied = Ranges::of(implied);
                let pieces: Vec<Range<u32>> =
                    cover.pieces().filter(|piece| are_within(piece, [settled, &implied])).collect();
                pieces.iter().for_each(|piece| cover.add(piece, 1));
                covers.push(cover);
            }
        }
        covers
    }

    /// Whether denies alone take away all of an allow.
    fn is_denied(&self, parts: &Parts, denied: &Ranges, takes: &mut HashMap<Option<u32>, Ranges>) -> bool {
        parts.iter().all(|(range, condition)| {
            let under = takes
                .entry(*condition)
                .or_insert_with(|| Ranges::of(self.gathered(Effect::Deny, *condition, true)));
            are_within(range, [denied, under])
        })
    }

    /// A few of the statements that make one idle, the largest first.
    pub(super) fn covering(&mut self, index: usize) -> Vec<usize> {
        if let Some(together) = self.together.get(&index) {
            return together.iter().take(3).copied().collect();
        }
        let Some((effect, parts)) = self.parts.get(index) else { return Vec::new() };
        let Some((_, condition)) = parts.first() else { return Vec::new() };
        let mut left = Ranges::of(parts.iter().map(|(range, _)| range.clone()));
        let mut found = Vec::new();
        while let (Some(permission), true) = (left.first(), found.len() < 3) {
            if self.looks > MOST_LOOKS {
                break;
            }
            self.looks += self.length;
            let said = |parts: &Parts| {
                let part = parts.iter().find(|(range, _)| range.contains(&permission));
                part.is_some_and(|(_, other)| self.holds_whenever(*condition, *other))
            };
            let others = self.parts.iter().enumerate().filter(|(at, (other, parts))| {
                let may = *other == *effect || *other == Effect::Deny;
                may && *at != index && self.fate(*at) == Fate::Kept && said(parts)
            });
            let size = |at: usize| {
                self.grants
                    .of_statement(at)
                    .iter()
                    .map(|range| u64::from(range.end - range.start))
                    .sum::<u64>()
            };
            let Some((largest, _)) = others.max_by_key(|(at, _)| (size(*at), Reverse(*at))) else { break };
            left.subtract(self.grants.of_statement(largest));
            found.push(largest);
        }
        found
    }

    /// Whether one condition holds whenever another does.
    fn holds_whenever(&self, condition: Option<u32>, wide: Option<u32>) -> bool {
        let known = |number: u32| self.grants.conditions().get(number as usize);
        match (condition.and_then(known), wide) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(narrow), Some(wide)) => known(wide).is_some_and(|wide| implies(narrow, wide)),
        }
    }
}

/// Whether two sets together hold a whole range.
fn are_within(range: &Range<u32>, sets: [&Ranges; 2]) -> bool {
    let mut at = range.start;
    while at < range.end {
        match sets.iter().find_map(|set| set.end_from(at)) {
            Some(end) => at = end,
            None => return false,
        }
    }
    true
}
