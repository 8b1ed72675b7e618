//! Which marks can be set together.
//!
//! A clause counts while none of its tests has failed it, so a value of an attribute matters only by the clauses that it
//! kills. Clusters of attributes are gone through one by one; what is kept between them is which clauses are still
//! alive and which marks are set, each such state once and with where it came from, so that a case can be told in the end.
//! Where the steps run out, what was found stays found, and whatever was not is "perhaps".

use std::collections::HashSet;
use std::rc::Rc;

use super::classes::{Class, KnownClasses};
use super::layout::Layout;
use super::witness::Example;
use super::worlds::{Base, World};
use super::{Clause, Known, Setting};
use crate::condition::{Attribute, Reference};

/// What was found about a question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer<'r> {
    /// It is possible: here is a case.
    Yes(&'r Case),
    /// It is not possible.
    No,
    /// No case was found, and not all of them were looked at.
    Perhaps,
}

impl Answer<'_> {
    /// Whether it is impossible, for certain.
    pub(crate) fn is_no(&self) -> bool {
        matches!(self, Answer::No)
    }
}

/// A case: the value of each attribute that is read.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(super) world: World,
    pub(super) values: Vec<Assigned>,
}

/// One attribute in a case.
#[derive(Clone, Debug)]
pub(super) struct Assigned {
    pub(super) reference: Reference,
    pub(super) given: Given,
    /// On which sides it is known beforehand and this says nothing.
    pub(super) fixed: [bool; 2],
}

/// What an attribute is in a case.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Value(Attribute),
    Missing,
    Unknown,
}

impl Case {
    /// The case as a request, as it is asked on one of two sides, and what must be stored for it.
    pub(crate) fn example_of(&self, side: usize, action: &str, resource: &str) -> Example {
        Example::of(self, side, action, resource)
    }
}

/// Which marks can be set together.
#[derive(Debug)]
pub(crate) struct Reached {
    found: Vec<(u8, Case)>,
    complete: bool,
    steps: usize,
}

impl Reached {
    /// How many steps that took.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Whether there is a case whose marks are wanted.
    pub(crate) fn any(&self, wanted: impl Fn(u8) -> bool) -> Answer<'_> {
        match self.found.iter().find(|(marks, _)| wanted(*marks)) {
            Some((_, case)) => Answer::Yes(case),
            None if self.complete => Answer::No,
            None => Answer::Perhaps,
        }
    }
}

pub(super) type Bits = Vec<u64>;

pub(super) fn put(bits: &mut Bits, at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

pub(super) fn has(bits: &Bits, at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

pub(super) struct Search<'l, 'c, 's> {
    pub(super) layout: &'l Layout<'c, 's>,
    pub(super) clauses: &'l [Clause<'c>],
    pub(super) setting: &'l Setting<'l, 's>,
    pub(super) steps: usize,
    pub(super) complete: bool,
    /// What clusters were found to come to, of each by what its attributes could be.
    pub(super) known: Vec<Vec<KnownClasses>>,
}

/// Which marks the clauses can set together.
pub(super) fn reach(clauses: &[Clause<'_>], always: u8, setting: &Setting<'_, '_>) -> Reached {
    let mut steps = setting.steps;
    let layout = Layout::new(clauses, setting, &mut steps);
    let mut search =
        Search { layout: &layout, clauses, setting, steps, complete: layout.complete, known: Vec::new() };
    let mut found: Vec<(u8, Case)> = Vec::new();
    for world in World::all(&layout.variables) {
        search.world(world, always, &mut found);
    }
    Reached { found, complete: search.complete, steps: setting.steps - search.steps }
}

impl<'c> Search<'_, 'c, '_> {
    /// Counts steps. False where there are no more.
    pub(super) fn step(&mut self, steps: usize) -> bool {
        match self.steps.checked_sub(steps) {
            Some(left) => self.steps = left,
            None => {
                self.complete = false;
                return false;
            }
        }
        true
    }

    fn world(&mut self, world: World, always: u8, found: &mut Vec<(u8, Case)>) {
        let layout = self.layout;
        let mut classes: Vec<Rc<[Class]>> = Vec::new();
        for at in 0..layout.clusters.len() {
            classes.push(self.classes(world, at));
        }
        let mut ends = vec![0; self.clauses.len()];
        for (at, cluster) in layout.clusters.iter().enumerate() {
            cluster
                .tests
                .iter()
                .for_each(|&(clause, _)| ends.iter_mut().skip(clause).take(1).for_each(|end| *end = at));
        }
        let mut alive: Bits = vec![0; self.clauses.len().div_ceil(64)];
        (0..self.clauses.len()).for_each(|clause| put(&mut alive, clause));
        let mut states: Vec<(Bits, u8)> = vec![(alive, always)];
        // For each cluster, of each state: the state before it and the class between.
        let mut trail: Vec<Vec<(usize, usize)>> = Vec::new();
        for (at, classes) in classes.iter().enumerate() {
            let ending: Vec<usize> =
                ends.iter().enumerate().filter(|(_, end)| **end == at).map(|(clause, _)| clause).collect();
            let mut known: HashSet<(Bits, u8)> = HashSet::new();
            let (mut next, mut steps) = (Vec::new(), Vec::new());
            'states: for (before, (alive, marks)) in states.iter().enumerate() {
                for (class, Class { kills, .. }) in classes.iter().enumerate() {
                    if !self.step(1 + ending.len()) {
                        break 'states;
                    }
                    let mut alive: Bits =
                        alive.iter().zip(kills).map(|(alive, kills)| alive & !kills).collect();
                    let mut marks = *marks;
                    for &clause in &ending {
                        if has(&alive, clause) {
                            marks |= self.clauses.get(clause).map_or(0, |clause| clause.marks);
                            alive
                                .iter_mut()
                                .skip(clause / 64)
                                .take(1)
                                .for_each(|word| *word &= !(1 << (clause % 64)));
                        }
                    }
                    if known.insert((alive.clone(), marks)) {
                        next.push((alive, marks));
                        steps.push((before, class));
                    }
                }
            }
            states = next;
            trail.push(steps);
        }
        for (at, (_, marks)) in states.iter().enumerate() {
            if found.iter().all(|(known, _)| known != marks) {
                found.push((*marks, self.case(world, &classes, &trail, at)));
            }
        }
    }

    /// The way that led to a state, as values of attributes.
    fn case(&self, world: World, classes: &[Rc<[Class]>], trail: &[Vec<(usize, usize)>], end: usize) -> Case {
        let mut values = Vec::new();
        let mut at = end;
        for ((cluster, classes), steps) in self.layout.clusters.iter().zip(classes).zip(trail).rev() {
            let Some(&(before, class)) = steps.get(at) else { continue };
            at = before;
            let Some(class) = classes.get(class) else { continue };
            for (&number, base) in cluster.variables.iter().zip(&class.bases) {
                let Some(variable) = self.layout.variables.get(number) else { continue };
                let fixed = variable.known.map(|known| matches!(known, Known::Fixed(_)));
                let given = match base {
                    _ if fixed == [true, true] => continue,
                    Base::Value(at) => {
                        self.layout.value(variable, *at).cloned().map_or(Given::Missing, Given::Value)
                    }
                    Base::Missing => Given::Missing,
                    Base::Unknown => Given::Unknown,
                };
                values.push(Assigned { reference: variable.reference.clone(), given, fixed });
            }
        }
        Case { world, values }
    }
}
