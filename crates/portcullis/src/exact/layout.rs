//! Attributes and what ties them together.
//!
//! Attributes that are compared with one another share a pool of constants. They, and attributes of which one lies in
//! the other, cannot have any value whatever the others have: they form a cluster, whose values are tried together.
//! All other attributes are independent, but for whether their entity is known, which is what [`worlds`](super::worlds) are for.

use std::collections::BTreeMap;

use super::pool::{Pool, Values};
use super::{Clause, Known, Setting};
use crate::condition::{Check, Found, Place, Reference, Root, Test};
use crate::schema::{AttributeType, Origin};

/// One attribute, with what is known of it on each side.
pub(super) struct Variable<'c, 's> {
    pub(super) reference: &'c Reference,
    pub(super) known: [Known<'s>; 2],
    /// Whose values it takes.
    pub(super) pool: usize,
    /// Whether another attribute has the same first key.
    pub(super) shares_first: bool,
}

impl Variable<'_, '_> {
    pub(super) fn is_open(&self) -> bool {
        self.known == [Known::Open, Known::Open]
    }

    pub(super) fn from(&self) -> Origin {
        self.reference.declared().map(|declared| declared.from).unwrap_or_default()
    }
}

/// Attributes that are tried together, and the tests that read them.
#[derive(Default)]
pub(super) struct Cluster<'c> {
    pub(super) variables: Vec<usize>,
    /// Each with the clause that it is part of.
    pub(super) tests: Vec<(usize, &'c Test)>,
    /// Places in the cluster of attributes of which the second lies in the first.
    pub(super) inside: Vec<(usize, usize)>,
}

pub(super) struct Layout<'c, 's> {
    pub(super) variables: Vec<Variable<'c, 's>>,
    pub(super) pools: Vec<Values>,
    /// Those of one clause near each other.
    pub(super) clusters: Vec<Cluster<'c>>,
    pub(super) complete: bool,
}

/// Sets that grow together.
struct Unions(Vec<usize>);

impl Unions {
    fn of(&mut self, mut one: usize) -> usize {
        while let Some(&up) = self.0.get(one).filter(|&&up| up != one) {
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(one) {
                *slot = above;
            }
            one = up;
        }
        one
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(slot) = self.0.get_mut(one.max(other)) {
            *slot = one.min(other);
        }
    }
}

fn parts(reference: &Reference) -> &[Box<str>] {
    if let Place::Path(parts) = reference.place() { parts } else { &[] }
}

/// The attributes that a test reads, the tested one first.
fn read(test: &Test) -> impl Iterator<Item = &Reference> {
    std::iter::once(test.reference()).chain(test.operand_references())
}

impl<'c, 's> Layout<'c, 's> {
    pub(super) fn new(clauses: &[Clause<'c>], setting: &Setting<'_, 's>, steps: &mut usize) -> Self {
        let tests = || {
            clauses
                .iter()
                .enumerate()
                .flat_map(|(at, clause)| clause.condition.tests().iter().map(move |test| (at, test)))
        };
        let mut numbers: BTreeMap<&'c Reference, usize> = BTreeMap::new();
        let mut references: Vec<&'c Reference> = Vec::new();
        for reference in tests().flat_map(|(_, test)| read(test)) {
            numbers.entry(reference).or_insert_with(|| {
                references.push(reference);
                references.len() - 1
            });
        }
        let number = |reference: &Reference| numbers.get(reference).copied().unwrap_or(0);
        let mut compared = Unions((0..references.len()).collect());
        for (_, test) in tests() {
            test.operand_references()
                .for_each(|named| compared.join(number(test.reference()), number(named)));
        }
        let mut together = Unions(compared.0.clone());
        let (pairs, doubled) = nested(&references);
        pairs.iter().for_each(|&(outer, inner)| together.join(outer, inner));
        let mut layout =
            Layout { variables: Vec::new(), pools: Vec::new(), clusters: Vec::new(), complete: !doubled };
        let first_keys = count_first_keys(&references);
        for (at, &reference) in references.iter().enumerate() {
            let key = parts(reference).first().map(|first| (reference.root(), &**first));
            layout.variables.push(Variable {
                reference,
                known: [(setting.known)(0, reference), (setting.known)(1, reference)],
                pool: compared.of(at),
                shares_first: key.is_some_and(|key| first_keys.get(&key).is_some_and(|&count| count > 1)),
            });
        }
        layout.fill_pools(tests().map(|(_, test)| test), &number, setting, steps);
        layout.form_clusters(tests(), &number, &mut together, &pairs);
        layout
    }

    fn fill_pools(
        &mut self,
        tests: impl Iterator<Item = &'c Test>,
        number: &impl Fn(&Reference) -> usize,
        setting: &Setting<'_, '_>,
        steps: &mut usize,
    ) {
        let mut pools: Vec<Pool> = self.variables.iter().map(|_| Pool::default()).collect();
        let mut looked_for: Vec<(usize, usize)> = Vec::new();
        for test in tests {
            let tested = number(test.reference());
            let Some(pool) = self.variables.get(tested).and_then(|variable| pools.get_mut(variable.pool))
            else {
                continue;
            };
            pool.check(test.check());
            if let Check::InList { list, .. } = test.check() {
                looked_for.push((number(list), tested));
            }
        }
        looked_for.sort_unstable();
        looked_for.dedup();
        for list in looked_for.chunk_by(|one, next| one.0 == next.0) {
            let differ = |variable: &Variable<'_, '_>| {
                1 + usize::from(variable.known.first() != variable.known.last())
            };
            let count = list.iter().filter_map(|&(_, tested)| self.variables.get(tested)).map(differ).sum();
            let pool =
                list.first().and_then(|&(list, _)| self.variables.get(list)).map(|variable| variable.pool);
            if let Some(pool) = pool.and_then(|pool| pools.get_mut(pool)) {
                pool.lists = pool.lists.max(count);
            }
        }
        for variable in &self.variables {
            let Some(pool) = pools.get_mut(variable.pool) else { continue };
            pool.copies += 1;
            let declared = variable.reference.declared().and_then(|declared| declared.kind);
            pool.times |= declared == Some(AttributeType::Time);
            match (variable.reference.root(), variable.reference.place()) {
                (Root::Context, Place::Now) => pool.times = true,
                (Root::Resource, Place::Type) => setting.resources.iter().for_each(|name| pool.text(name)),
                (Root::Action, Place::Name) => setting.action.iter().for_each(|name| pool.text(name)),
                _ => {}
            }
            for known in &variable.known {
                if let Known::Fixed(Found::Value(value, _)) | Known::Unless(Found::Value(value, _)) = known {
                    pool.value(*value);
                }
            }
        }
        let filled = pools.iter().map(|pool| {
            if pool.copies == 0 { Values { complete: true, ..Values::default() } } else { pool.values(steps) }
        });
        self.pools = filled.collect();
        self.complete &= self.pools.iter().all(|values| values.complete);
    }

    fn form_clusters(
        &mut self,
        tests: impl Iterator<Item = (usize, &'c Test)>,
        number: &impl Fn(&Reference) -> usize,
        together: &mut Unions,
        pairs: &[(usize, usize)],
    ) {
        let mut placed: BTreeMap<usize, usize> = BTreeMap::new();
        for (clause, test) in tests {
            let root = together.of(number(test.reference()));
            let at = *placed.entry(root).or_insert_with(|| {
                self.clusters.push(Cluster::default());
                self.clusters.len() - 1
            });
            if let Some(cluster) = self.clusters.get_mut(at) {
                cluster.tests.push((clause, test));
            }
        }
        for variable in 0..self.variables.len() {
            let cluster = placed.get(&together.of(variable)).and_then(|&at| self.clusters.get_mut(at));
            cluster.into_iter().for_each(|cluster| cluster.variables.push(variable));
        }
        for &(outer, inner) in pairs {
            let Some(cluster) = placed.get(&together.of(outer)).and_then(|&at| self.clusters.get_mut(at))
            else {
                continue;
            };
            let place = |variable| cluster.variables.binary_search(&variable);
            if let (Ok(outer), Ok(inner)) = (place(outer), place(inner)) {
                cluster.inside.push((outer, inner));
            }
            let origins = [outer, inner].map(|at| self.variables.get(at).map(Variable::from));
            // What is inside something may come from elsewhere than that; nobody declares it so, and it is not followed up.
            let plain = origins[0] == origins[1] && origins[0] != Some(Origin::Request);
            let open = [outer, inner].iter().all(|&at| self.variables.get(at).is_none_or(Variable::is_open));
            self.complete &= plain || !open;
        }
    }
}

/// How many attributes begin with each key.
fn count_first_keys<'c>(references: &[&'c Reference]) -> BTreeMap<(Root, &'c str), usize> {
    let mut counts = BTreeMap::new();
    for reference in references {
        if let Some(first) = parts(reference).first() {
            *counts.entry((reference.root(), &**first)).or_insert(0) += 1;
        }
    }
    counts
}

/// The attributes that lie in another, with that one, and whether one is declared in two ways.
fn nested(references: &[&Reference]) -> (Vec<(usize, usize)>, bool) {
    let mut by_path: BTreeMap<(Root, &Place), usize> = BTreeMap::new();
    let mut doubled = false;
    for (at, reference) in references.iter().enumerate() {
        doubled |= by_path.insert((reference.root(), reference.place()), at).is_some();
    }
    let mut pairs = Vec::new();
    let longest = references.iter().map(|reference| parts(reference).len()).max().unwrap_or(0);
    for (inner, reference) in references.iter().enumerate().filter(|_| longest > 1) {
        for length in 1..parts(reference).len() {
            let outer = parts(reference).get(..length).map(|parts| Place::Path(parts.into()));
            let outer = outer.and_then(|outer| by_path.get(&(reference.root(), &outer)).copied());
            pairs.extend(outer.map(|outer| (outer, inner)));
        }
    }
    (pairs, doubled)
}
