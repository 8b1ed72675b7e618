//! Groups that add nothing to any member: whoever is in one could do the same without.
//!
//! For each member of a group the roles that they would hold without it are set against what the group's roles
//! say. The group adds something where these grant what the others neither grant nor deny, or deny what the others grant.
//! Without conditions that is exact; under conditions a group counts as adding something unless it is sure that it does not,
//! by their tests or by all that they can come to (`differ`).
//! Groups are taken out one after another, so that all that are found can be removed together.
//! Members count by their roles, suspended or not: a suspension is lifted one day.

use std::collections::HashSet;
use std::ops::Range;

use portcullis_matrix::Plane;

use super::Found;
use super::differ::Differ;
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
    let mut judge = Judge::of(snapshot);
    let known = |idle: &[bool], group: u32| idle.get(group as usize).copied().unwrap_or_default();
    // First each group beside all others: most add something to the first member who is looked at.
    let mut idle = vec![true; judge.groups.len()];
    for member in directory.numbers() {
        for group in directory.memberships.get(member) {
            if known(&idle, *group) && judge.adds(member, *group) {
                idle.iter_mut().skip(*group as usize).take(1).for_each(|idle| *idle = false);
            }
        }
    }
    // Then those that are left, the last first and each without those that are told already: of two that give the same, one stays.
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); idle.len()];
    for member in directory.numbers() {
        for group in directory.memberships.get(member).iter().filter(|group| known(&idle, **group)) {
            members.get_mut(*group as usize).into_iter().for_each(|members| members.push(member));
        }
    }
    for (group, members) in (0..members.len() as u32).zip(&members).rev() {
        if !known(&idle, group) {
            continue;
        }
        if members.iter().any(|member| judge.adds(*member, group)) {
            idle.iter_mut().skip(group as usize).take(1).for_each(|idle| *idle = false);
        } else {
            judge.gone.insert(group);
        }
    }
    for (group, idle) in workspace.group_entries().zip(idle) {
        if !idle || group.members == 0 {
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
        found.push(workspace.at(fault, group.place, "changes nothing for anybody"));
    }
}

/// Judges what groups add to their members.
struct Judge<'s> {
    snapshot: &'s Snapshot,
    /// The roles of each group.
    groups: Vec<&'s [u32]>,
    /// Groups that count as if they were not there.
    gone: HashSet<u32>,
    /// What nobody needs to look at again: a group adds nothing beside these roles.
    settled: HashSet<(u32, Vec<u32>)>,
    /// Words of planes read so far.
    read: usize,
    differ: Differ<'s>,
}

impl<'s> Judge<'s> {
    fn of(snapshot: &'s Snapshot) -> Self {
        let groups = snapshot.directory().groups.iter();
        let groups = groups.map(|group| group.as_ref().map_or(&[][..], |group| &group.roles)).collect();
        let differ = Differ::new(snapshot.schema());
        Judge { snapshot, groups, gone: HashSet::new(), settled: HashSet::new(), read: 0, differ }
    }

    fn roles_of_group(&self, group: u32) -> &'s [u32] {
        self.groups.get(group as usize).copied().unwrap_or(&[])
    }

    /// Whether a group adds something to one of its members, or there was too much to look at to tell.
    fn adds(&mut self, member: u32, group: u32) -> bool {
        let directory = self.snapshot.directory();
        let others = directory.memberships.get(member).iter();
        let others = others.filter(|other| **other != group && !self.gone.contains(other));
        let through = others.flat_map(|other| self.roles_of_group(*other)).copied();
        let mut without: Vec<u32> = directory.own_role(member).into_iter().chain(through).collect();
        without.sort_unstable();
        without.dedup();
        let extra = self.roles_of_group(group).iter().copied();
        let extra: Vec<u32> = extra.filter(|role| without.binary_search(role).is_err()).collect();
        let key = (group, without);
        if extra.is_empty() || self.settled.contains(&key) {
            return false;
        }
        let words = self.snapshot.schema().permission_count() as usize / 64 + 1;
        self.read += (key.1.len() + extra.len()) * 2 * words;
        let roles = |numbers: &[u32]| -> Vec<&'s Role> {
            numbers.iter().filter_map(|number| self.snapshot.role_numbered(*number)).collect()
        };
        let (have, more) = (roles(&key.1), roles(&extra));
        let adds = self.read > MOST_WORDS
            || add(&have, &more, self.snapshot, &mut self.read) && !self.differ.add_nothing(&more, &have);
        if !adds {
            self.settled.insert(key);
        }
        adds
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

/// Whether whoever holds some roles could do more, or less, if they held others besides; conditions are compared by their tests alone.
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
    *read += (kept.len() + 1) * (added.len() + 1) + permissions as usize;
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
