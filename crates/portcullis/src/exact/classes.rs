//! What the values of one cluster can come to: which clauses they kill.
//!
//! The attributes of a cluster are given values one after the other, those first that most others are compared with. A test is
//! evaluated as soon as all that it reads has a value, and a value is forgotten when no test is left that reads it; so many
//! attributes that are each compared with one cost a sum of products of two, and not one product of all.

use std::collections::HashSet;
use std::rc::Rc;

use super::Known;
use super::layout::{Cluster, Layout, Variable};
use super::reach::{Bits, Search, has, put};
use super::worlds::{Base, Entity, World};
use crate::condition::{Found, Lookup, Reference, Side, Test, Why};

/// The clauses that some values of a cluster kill.
pub(super) struct Class {
    pub(super) kills: Bits,
    pub(super) bases: Vec<Base>,
}

/// What a cluster comes to where its attributes can be these, the object being stored or not.
pub(super) struct KnownClasses {
    choices: Vec<Vec<Base>>,
    stored: bool,
    classes: Rc<[Class]>,
}

/// Values of a cluster as a look-up, on one side.
struct Tried<'t, 'c, 's> {
    layout: &'t Layout<'c, 's>,
    cluster: &'t Cluster<'c>,
    bases: &'t [Base],
    side: usize,
}

impl<'t> Lookup<'t> for Tried<'t, '_, 't> {
    fn find(&self, reference: &Reference) -> Found<'t> {
        let variables = self.cluster.variables.iter().filter_map(|&number| self.layout.variables.get(number));
        let mut tried = variables.zip(self.bases);
        let alone = self.bases.len() == 1;
        match tried.find(|(variable, _)| alone || variable.reference == reference) {
            Some((variable, base)) => self.found(variable, *base),
            None => Found::Missing,
        }
    }
}

impl<'t> Tried<'t, '_, 't> {
    fn found(&self, variable: &Variable<'_, 't>, base: Base) -> Found<'t> {
        match (variable.known.get(self.side), base) {
            (Some(Known::Fixed(found)), _) | (Some(Known::Unless(found)), Base::Missing) => *found,
            (_, Base::Missing) => Found::Missing,
            (_, Base::Unknown) => Found::Unknown(Why::UnknownEntity),
            (_, Base::Value(at)) => {
                let value = self.layout.value(variable, at);
                value.map_or(Found::Missing, |value| Found::Value(value.value(), Side::Request))
            }
        }
    }
}

/// In which order a cluster is gone through.
struct Plan<'c> {
    /// Places of attributes.
    order: Vec<usize>,
    /// The tests that can be evaluated after each step, with their clauses.
    tests: Vec<Vec<(usize, &'c Test)>>,
    /// The pairs that can be looked at after each step.
    inside: Vec<Vec<(usize, usize)>>,
    /// The places that are still needed after each step.
    needed: Vec<Vec<usize>>,
}

impl<'c> Plan<'c> {
    fn of(layout: &Layout<'c, '_>, cluster: &Cluster<'c>) -> Self {
        let count = cluster.variables.len();
        let place = |reference: &Reference| {
            let variable =
                |number: &usize| layout.variables.get(*number).is_some_and(|one| one.reference == reference);
            cluster.variables.iter().position(variable).unwrap_or(0)
        };
        let read = |test: &Test| -> Vec<usize> {
            std::iter::once(test.reference()).chain(test.operand_references()).map(place).collect()
        };
        let groups: Vec<Vec<usize>> =
            cluster.tests.iter().map(|(_, test)| if count == 1 { vec![0] } else { read(test) }).collect();
        let pairs: Vec<Vec<usize>> =
            cluster.inside.iter().map(|&(outer, inner)| vec![outer, inner]).collect();
        let links = |at: usize, chosen: &[usize]| {
            let together = groups.iter().chain(&pairs).filter(|group| group.len() > 1 && group.contains(&at));
            let (all, near) = together.fold((0, 0), |(all, near), group| {
                (all + 1, near + usize::from(group.iter().any(|other| chosen.contains(other))))
            });
            (near, all)
        };
        let mut order: Vec<usize> = Vec::new();
        while order.len() < count {
            let left = (0..count).rev().filter(|at| !order.contains(at));
            let Some(next) = left.max_by_key(|&at| links(at, &order)) else { break };
            order.push(next);
        }
        let when = |group: &[usize]| {
            group.iter().filter_map(|at| order.iter().position(|other| other == at)).max().unwrap_or(0)
        };
        let mut plan = Plan {
            tests: vec![Vec::new(); count],
            inside: vec![Vec::new(); count],
            needed: Vec::new(),
            order: Vec::new(),
        };
        for (&test, group) in cluster.tests.iter().zip(&groups) {
            plan.tests.iter_mut().skip(when(group)).take(1).for_each(|tests| tests.push(test));
        }
        for (&pair, group) in cluster.inside.iter().zip(&pairs) {
            plan.inside.iter_mut().skip(when(group)).take(1).for_each(|inside| inside.push(pair));
        }
        let needed = |step: usize| {
            let later = groups.iter().chain(&pairs).filter(|group| when(group) > step);
            let mut needed: Vec<usize> = later.flatten().copied().collect();
            needed.retain(|at| order.iter().take(step + 1).any(|given| given == at));
            needed.sort_unstable();
            needed.dedup();
            needed
        };
        plan.needed = (0..count).map(needed).collect();
        plan.order = order;
        plan
    }
}

impl<'c> Search<'_, 'c, '_> {
    /// What values of a cluster can come to, each once.
    pub(super) fn classes(&mut self, world: World, at: usize) -> Rc<[Class]> {
        let layout = self.layout;
        let Some(cluster) = layout.clusters.get(at) else { return Rc::new([]) };
        let mut complete = self.complete;
        let variables = cluster.variables.iter().filter_map(|&number| layout.variables.get(number));
        let choices: Vec<Vec<Base>> = variables
            .map(|variable| {
                let values = layout.pools.get(variable.pool).map_or(&[][..], |values| &values.all);
                world.bases(variable, values, self.setting, &mut complete)
            })
            .collect();
        self.complete = complete;
        let stored = world.resource == Entity::Stored && !cluster.inside.is_empty();
        let known = self.known.get(at).into_iter().flatten();
        let mut known = known.filter(|known| known.stored == stored && known.choices == choices);
        if let Some(known) = known.next() {
            return Rc::clone(&known.classes);
        }
        let classes: Rc<[Class]> = self.tried(world, cluster, &choices).into();
        while self.known.len() <= at {
            self.known.push(Vec::new());
        }
        if let Some(known) = self.known.get_mut(at) {
            known.push(KnownClasses { choices, stored, classes: Rc::clone(&classes) });
        }
        classes
    }

    fn tried(&mut self, world: World, cluster: &Cluster<'c>, choices: &[Vec<Base>]) -> Vec<Class> {
        let plan = Plan::of(self.layout, cluster);
        let nothing: Bits = vec![0; self.clauses.len().div_ceil(64)];
        let mut states = vec![Class { kills: nothing, bases: vec![Base::Missing; choices.len()] }];
        for (step, &place) in plan.order.iter().enumerate() {
            let [tests, inside, needed] = [step; 3];
            let tests = plan.tests.get(tests).map_or(&[][..], Vec::as_slice);
            let inside = plan.inside.get(inside).map_or(&[][..], Vec::as_slice);
            let needed = plan.needed.get(needed).map_or(&[][..], Vec::as_slice);
            let mut seen: HashSet<(Bits, Vec<Base>)> = HashSet::new();
            let mut next = Vec::new();
            'states: for state in &states {
                for &base in choices.get(place).into_iter().flatten() {
                    if !self.step(1 + tests.len()) {
                        break 'states;
                    }
                    let mut bases = state.bases.clone();
                    bases.iter_mut().skip(place).take(1).for_each(|slot| *slot = base);
                    let mut complete = self.complete;
                    let agrees = inside
                        .iter()
                        .all(|&pair| world.agrees(self.layout, cluster, pair, &bases, &mut complete));
                    self.complete = complete;
                    if !agrees {
                        continue;
                    }
                    let kills = self.kills(cluster, tests, state.kills.clone(), &bases);
                    let kept = needed.iter().filter_map(|&at| bases.get(at).copied()).collect();
                    if seen.insert((kills.clone(), kept)) {
                        next.push(Class { kills, bases });
                    }
                }
            }
            states = next;
        }
        states
    }

    fn kills(
        &self,
        cluster: &Cluster<'c>,
        tests: &[(usize, &Test)],
        mut kills: Bits,
        bases: &[Base],
    ) -> Bits {
        for &(number, test) in tests {
            let Some(clause) = self.clauses.get(number).filter(|_| !has(&kills, number)) else { continue };
            let tried = Tried { layout: self.layout, cluster, bases, side: clause.side };
            if !clause.sense.counts(test.outcome(&tried)) {
                put(&mut kills, number);
            }
        }
        kills
    }
}
