//! Roles that are equal to others, or contained in them.
//!
//! What roles say settles most of it (`meaning`), what their conditions come to the rest (`differ`). Of roles that are equal one stands for all. For each other the smallest role is looked for that contains it, among those
//! that speak of its rarest permission: of all permissions that it speaks of, the one that the fewest roles do. Roles that the
//! schema brings along are reported about never, and contain nothing: that some role grants less than the
//! administrator's is no news. Neither is that of a role that grants everything.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use portcullis_matrix::{PermissionId, Plane};
use rayon::prelude::*;

use super::differ::Differ;
use super::meaning::Meaning;
use super::{Found, Places};
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::Schema;
use crate::snapshot::{Role, Snapshot};
use crate::text::quoted;

/// The most pairs of roles, and of conditions and permissions under them, that are compared in search of containers; past it roles count as
/// contained in none.
const MOST_PAIRS: usize = 50_000_000;

struct Weighed<'s> {
    number: u32,
    role: &'s Role,
    meaning: Meaning<'s>,
    hash: u64,
}

fn weigh<'s>(number: u32, role: &'s Role, seed: &RandomState) -> Weighed<'s> {
    let meaning = Meaning::of(role);
    let hash = meaning.hash(seed);
    Weighed { number, role, meaning, hash }
}

pub(super) fn find(snapshot: &Snapshot, places: &Places<'_>, found: &mut Found) {
    let seed = RandomState::default();
    let all: Vec<(u32, &Role)> = snapshot.numbered_roles().map(|(id, role)| (id.as_u32(), role)).collect();
    let weighed: Vec<Weighed<'_>> =
        all.into_par_iter().map(|(number, role)| weigh(number, role, &seed)).collect();
    let mut kept: Vec<Weighed<'_>> = Vec::new();
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    for one in weighed.into_iter().filter(|one| !one.meaning.is_empty()) {
        let alike = known.entry(one.hash).or_default();
        let equal = alike.iter().filter_map(|at| kept.get(*at)).find(|other| other.meaning == one.meaning);
        match equal {
            Some(other) if !one.role.is_built_in() => found.push(equal_to(&one, other, places)),
            Some(_) => {}
            None => {
                alike.push(kept.len());
                kept.push(one);
            }
        }
    }
    contained(kept, snapshot.schema(), places, found);
}

fn equal_to(one: &Weighed<'_>, other: &Weighed<'_>, places: &Places<'_>) -> Diagnostic {
    let (name, same) = (quoted(one.role.name()), quoted(other.role.name()));
    let built_in = if other.role.is_built_in() { "built-in " } else { "" };
    let message = format!("the role {name} is equal to the {built_in}role {same}");
    let fault =
        places.at(Diagnostic::new(Code::EqualRole, message), one.number, "grants and denies the same");
    let fault = places.also(fault, other.number, "as this one");
    fault.help(format!(
        "give those who hold {name} the role {same} and remove {name}, unless the two are to part"
    ))
}

fn contained(mut kept: Vec<Weighed<'_>>, schema: &Schema, places: &Places<'_>, found: &mut Found) {
    let permissions = schema.permission_count();
    let mut differ = Differ::new(schema);
    kept.retain(|one| !one.role.is_built_in());
    let mut said: Vec<Plane> = kept.par_iter().map(|one| one.meaning.said()).collect();
    // The smallest first: the first that contains a role is the smallest that does.
    let mut sizes: Vec<(u32, usize)> = said.iter().map(Plane::count).zip(0..).collect();
    sizes.sort_unstable();
    let mut sorted: Vec<(u32, Weighed<'_>, Plane)> = Vec::with_capacity(kept.len());
    let mut kept: Vec<Option<Weighed<'_>>> = kept.into_iter().map(Some).collect();
    for (size, at) in sizes {
        let (one, plane) = (kept.get_mut(at).and_then(Option::take), said.get_mut(at));
        if let (Some(one), Some(plane)) = (one, plane) {
            sorted.push((size, one, std::mem::replace(plane, Plane::empty(permissions))));
        }
    }
    let mut times = vec![0_u32; permissions as usize];
    for permission in sorted.iter().flat_map(|(_, _, plane)| plane.iter()) {
        times.iter_mut().skip(permission.index()).take(1).for_each(|times| *times += 1);
    }
    let rarest = |plane: &Plane| plane.iter().min_by_key(|permission| times.get(permission.index()));
    let rare: Vec<Option<PermissionId>> = sorted.iter().map(|(_, _, plane)| rarest(plane)).collect();
    // Who may contain a role: those that speak of its rarest permission, by that.
    let mut speaking: BTreeMap<PermissionId, Vec<usize>> =
        rare.iter().flatten().map(|permission| (*permission, Vec::new())).collect();
    for (at, (_, one, plane)) in sorted.iter().enumerate() {
        if !one.meaning.grants_all(schema) {
            let held = speaking.iter_mut().filter(|(permission, _)| plane.contains(**permission));
            held.for_each(|(_, speaking)| speaking.push(at));
        }
    }
    let pairs = Cell::new(0_usize);
    for (at, (permission, (size, one, plane))) in rare.iter().zip(&sorted).enumerate() {
        let candidates = permission.and_then(|permission| speaking.get(&permission));
        let larger = candidates.into_iter().flatten().filter(|other| **other != at);
        let larger = larger.filter_map(|other| sorted.get(*other)).filter(|(other, ..)| other >= size);
        let mut larger = larger.take_while(|_| {
            pairs.set(pairs.get() + 1);
            pairs.get() <= MOST_PAIRS
        });
        let relation = larger.find_map(|(other_size, other, theirs)| {
            if !plane.is_subset(theirs) {
                return None;
            }
            pairs.set(pairs.get() + one.meaning.effort(&other.meaning));
            let mut is_within = |one: &Weighed<'_>, other: &Weighed<'_>| {
                one.meaning.is_within(&other.meaning) || differ.is_within(one.role, other.role)
            };
            if !is_within(one, other) {
                return None;
            }
            if !is_within(other, one) {
                return Some(contained_in(one, other, places));
            }
            // Of two that speak of the same permissions, each is looked at beside the other.
            let later = one.number > other.number;
            let (later, earlier) = if later { (one, other) } else { (other, one) };
            (later.number == one.number || size != other_size).then(|| equal_to(later, earlier, places))
        });
        relation.into_iter().for_each(|relation| found.push(relation));
    }
}

fn contained_in(one: &Weighed<'_>, container: &Weighed<'_>, places: &Places<'_>) -> Diagnostic {
    let (name, more) = (quoted(one.role.name()), quoted(container.role.name()));
    let message = format!("the role {name} is contained in the role {more}");
    let fault = Diagnostic::new(Code::ContainedRole, message);
    let fault = places.at(fault, one.number, "says nothing that the other does not");
    let fault = places.also(fault, container.number, "says all of it");
    fault.help(format!("whoever holds {more} needs no {name}"))
}
