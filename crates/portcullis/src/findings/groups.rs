//! Groups that add nothing to any member: whoever is in one could do the same without.
//!
//! For each member of a group the roles that they would hold without it are set against what the group's roles
//! say. The group adds something where these grant what the others neither grant nor deny, or deny what the others grant.
//! Without conditions that is exact; under conditions a group counts as adding something unless it is sure that it does not.
//! Members count by their roles, suspended or not: a suspension is lifted one day.

use std::collections::HashSet;
use std::ops::Range;

use portcullis_matrix::Plane;

use super::Found;
use super::implied::implies;
use super::ranges::Ranges;
use crate::condition::Condition;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Effect;
use crate::snapshot::{Role, Snapshot};
use crate::text::quoted;
use crate::workspace::Workspace;

/// The most words of planes that are read; groups that are not settled by then count as adding something.
const MOST_WORDS: usize = 500_000_000;

pub(super) fn find(workspace: &Workspace, snapshot: &Snapshot, found: &mut Found) {
    let directory = snapshot.directory();
    let groups: Vec<&[u32]> =
        directory.groups.iter().map(|group| group.as_ref().map_or(&[][..], |group| &group.roles)).collect();
    // Whether each group is known to add something.
    let mut adds = vec![false; groups.len()];
    let mut left = adds.len();
    let mut settled: HashSet<(u32, Vec<u32>)> = HashSet::new();
    let words = snapshot.schema().permission_count() as usize / 64 + 1;
    let mut read = 0;
    for member in directory.numbers() {
        let of_member = directory.memberships.get(member);
        if left == 0 {
            break;
        }
        for group in of_member.iter().filter(|group| (**group as usize) < groups.len()) {
            let Some(known) = adds.get_mut(*group as usize).filter(|known| !**known) else { continue };
            let others = of_member.iter().filter(|other| *other != group);
            let others = others.filter_map(|other| groups.get(*other as usize)).copied().flatten();
            let mut without: Vec<u32> =
                directory.own_role(member).into_iter().chain(others.copied()).collect();
            without.sort_unstable();
            without.dedup();
            let extra = groups.get(*group as usize).copied().unwrap_or(&[]);
            let extra: Vec<u32> =
                extra.iter().copied().filter(|role| without.binary_search(role).is_err()).collect();
            if extra.is_empty() || settled.contains(&(*group, without.clone())) {
                continue;
            }
            let roles = |numbers: &[u32]| -> Vec<&Role> {
                numbers.iter().filter_map(|number| snapshot.role_numbered(*number)).collect()
            };
            read += (without.len() + extra.len()) * 2 * words;
            if read > MOST_WORDS || add(&roles(&without), &roles(&extra), snapshot, &mut read) {
                *known = true;
                left -= 1;
            } else {
                settled.insert((*group, without));
            }
        }
    }
    for (group, adds) in workspace.group_entries().zip(adds) {
        if adds || group.members == 0 {
            continue;
        }
        let name = quoted(group.name);
        let (message, help) = if group.roles == 0 {
            (
                format!("the group {name} has no roles, so it gives its members nothing"),
                "give it a role, or remove it",
            )
        } else {
            (
                format!("the group {name} adds nothing to any of its members"),
                "remove it, or the roles and other groups through which they have the same",
            )
        };
        let fault = Diagnostic::new(Code::IdleGroup, message).help(help);
        found.warn(workspace.at(fault, group.place, "changes nothing for anybody"));
    }
}

/// What some roles say together without conditions.
struct United {
    allow: Plane,
    deny: Plane,
}

fn unite(roles: &[&Role], permissions: u32) -> United {
    let mut united = United { allow: Plane::empty(permissions), deny: Plane::empty(permissions) };
    for role in roles {
        united.allow.union_with(role.planes().allow());
        united.deny.union_with(role.planes().deny());
    }
    united
}

/// Whether whoever holds some roles could do more, or less, if they held others besides.
fn add(without: &[&Role], extra: &[&Role], snapshot: &Snapshot, read: &mut usize) -> bool {
    let permissions = snapshot.schema().permission_count();
    let (have, more) = (unite(without, permissions), unite(extra, permissions));
    let mut gained = Plane::difference(&more.allow, &more.deny);
    gained.subtract(&have.deny);
    let mut reach = have.allow.clone();
    without.iter().for_each(|role| reach.union_with(role.planes().allow_if()));
    reach.subtract(&have.deny);
    if !gained.is_subset(&have.allow) || more.deny.intersects(&reach) {
        return true;
    }
    if !extra.iter().any(|role| role.planes().has_conditions()) {
        return false;
    }
    let (kept, added) = (parts(without), parts(extra));
    *read += kept.len() * added.len();
    let mut settled = have.deny;
    settled.union_with(&more.deny);
    settled.union_with(&have.allow);
    let (settled, reach) = (Ranges::of_plane(&settled), Ranges::of_plane(&reach));
    added.iter().any(|(effect, condition, range)| {
        let mut left = Ranges::of([range.clone()]);
        match effect {
            Effect::Allow => {
                left.subtract(settled.as_slice());
                take(&kept, Effect::Allow, condition, &mut left);
                take(&kept, Effect::Deny, condition, &mut left);
                take(&added, Effect::Deny, condition, &mut left);
            }
            Effect::Deny => {
                left = left.common(&reach);
                take(&kept, Effect::Deny, condition, &mut left);
            }
        }
        !left.is_empty()
    })
}

/// What a role says of some permissions under a condition.
type Part<'r> = (Effect, &'r Condition, Range<u32>);

fn parts<'r>(roles: &[&'r Role]) -> Vec<Part<'r>> {
    let mut all = Vec::new();
    for role in roles {
        for (index, effect) in role.grants().effects().enumerate() {
            let parts = role.grants().parts_of_statement(index);
            all.extend(parts.filter_map(|(range, condition)| Some((effect, &**condition?, range))));
        }
    }
    all
}

/// Takes away what is said with an effect under a condition that another implies.
fn take(parts: &[Part<'_>], effect: Effect, narrow: &Condition, left: &mut Ranges) {
    for (_, condition, range) in parts.iter().filter(|(known, ..)| *known == effect) {
        if left.is_empty() {
            return;
        }
        if implies(narrow, condition) {
            left.subtract(std::slice::from_ref(range));
        }
    }
}
