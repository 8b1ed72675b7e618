//! Bytes as two workspaces, whose diff is the cells on which the reference differs and no others.
//!
//! The two have nothing in common, or the schema, or everything but a few changes: the last is what people compare, and
//! where a change that is overlooked would hide. Half of them have conditions; what those leave open stands as a search
//! says, which is held against the reference elsewhere. Both are asked of the reference member by member, cell by cell,
//! and what comes out is put into the groups that a diff consists of in the plainest way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis::condition::Condition;
use portcullis::matrix::{Layout, PermissionId, Verdict};
use portcullis::{
    Answer, Change, ConditionalChange, Effect, PermissionName, Question, Role, Standing, diff_documents,
    diff_snapshots,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::draws;
use crate::agreement::{Pair, verdict_of};
use crate::generate::{self, Prng, Size, World};
use crate::reference::Vocabulary;

/// Bytes as two workspaces.
///
/// # Panics
/// When their diff is not what the reference says of each cell.
pub fn diff(data: &[u8]) {
    let mut prng = draws(data);
    let size = Size::drawn(&mut prng);
    let conditional = prng.percent(50);
    let schema = |prng: &mut Prng| {
        if conditional { generate::attributed_schema(prng, size) } else { generate::schema(prng, size) }
    };
    let workspace = |prng: &mut Prng, schema: &Value| {
        let drawn = if conditional {
            generate::conditional_workspace(prng, schema, size)
        } else {
            generate::workspace(prng, schema, size)
        };
        drawn.unwrap()
    };
    let common = schema(&mut prng);
    let old = workspace(&mut prng, &common);
    let new = match prng.below(8) {
        0 => {
            let other = schema(&mut prng);
            workspace(&mut prng, &other)
        }
        1 => workspace(&mut prng, &common),
        _ => changed(&mut prng, &old, conditional),
    };
    let mut pair = |workspace: &Value| {
        let layout = if prng.percent(50) { Layout::Flat } else { Layout::Paged };
        Pair::read(&generate::spelled(workspace), layout)
    };
    let (old, new) = (pair(&old), pair(&new));
    of_snapshots(&old, &new);
    of_snapshots(&new, &old);
    assert!(diff_snapshots(&old.snapshot, &old.snapshot).is_empty(), "a workspace differs from itself");
    of_documents(&old, &new);
}

/// A change and to whom it happens, in order.
type Groups = Vec<(Change, Vec<String>)>;

/// What is not denied, and how it stands.
type Held = BTreeMap<PermissionName, Standing>;

fn of_snapshots(old: &Pair, new: &Pair) {
    let members: BTreeSet<&str> = old.reference.members().chain(new.reference.members()).collect();
    let mut expected: BTreeMap<Change, Vec<String>> = BTreeMap::new();
    for member in members {
        let change = between(&held(old, member), &held(new, member));
        if !change.is_empty() {
            expected.entry(change).or_default().push(member.to_owned());
        }
    }
    let found = diff_snapshots(&old.snapshot, &new.snapshot);
    let found: Groups = found.into_iter().map(|one| (one.change, one.members)).collect();
    assert_eq!(found, Groups::from_iter(expected), "what changes");
}

/// How every cell of a member stands: by the reference, and where conditions leave it open, by the answer of a search.
fn held(pair: &Pair, member: &str) -> Held {
    let standing = |(action, own): &(&str, &str)| match pair.verdict((member, action, own)) {
        Verdict::Allow => Standing::Allowed,
        Verdict::Deny => Standing::Denied,
        Verdict::Open => match pair.snapshot.answer(&Question::new(member, action, own)).unwrap() {
            Answer::Allowed => Standing::Allowed,
            Answer::Denied { .. } => Standing::Denied,
            Answer::Conditional(provisos) => {
                conditional(provisos.iter().map(|one| (one.effect, one.condition)))
            }
        },
    };
    standings(pair, standing)
}

fn standings(pair: &Pair, standing: impl Fn(&(&str, &str)) -> Standing) -> Held {
    let cells = pair.reference.vocabulary().permissions();
    let named = |(action, own): (&str, &str)| PermissionName { resource: own.into(), action: action.into() };
    cells
        .map(|cell| (named(cell), standing(&cell)))
        .filter(|(_, standing)| *standing != Standing::Denied)
        .collect()
}

fn conditional<'c>(conditions: impl Iterator<Item = (Effect, &'c Arc<Condition>)>) -> Standing {
    let each: BTreeSet<_> = conditions.map(|(effect, condition)| (effect, Arc::clone(condition))).collect();
    Standing::Conditional(each.into_iter().collect())
}

fn between(old: &Held, new: &Held) -> Change {
    let mut change = Change::default();
    let all: BTreeSet<&PermissionName> = old.keys().chain(new.keys()).collect();
    for permission in all {
        let [before, after] = [old, new].map(|held| held.get(permission).cloned().unwrap_or_default());
        match (&before, &after) {
            (Standing::Denied, Standing::Allowed) => change.gained.push(permission.clone()),
            (Standing::Allowed, Standing::Denied) => change.lost.push(permission.clone()),
            _ if before != after => {
                change.conditional.push(ConditionalChange { permission: permission.clone(), before, after });
            }
            _ => {}
        }
    }
    change
}

/// Each role of the one against the role of that name of the other, as what it grants when held alone.
fn of_documents(old: &Pair, new: &Pair) {
    for role in old.snapshot.roles() {
        let Some(other) = new.snapshot.role(role.name()) else { continue };
        let alone = |pair: &Pair, role: &Role| {
            let documents = pair.documents_of(role.name());
            standings(pair, |(action, own)| {
                let id = pair.snapshot.permission(action, own).unwrap().id();
                match verdict_of(&pair.reference, documents.iter().copied(), action, own) {
                    Verdict::Allow => Standing::Allowed,
                    Verdict::Deny => Standing::Denied,
                    Verdict::Open => conditional(governing(role, id).into_iter()),
                }
            })
        };
        let found = diff_documents(role.grants(), other.grants());
        assert_eq!(found, between(&alone(old, role), &alone(new, other)), "role {:?}", role.name());
    }
}

/// The conditions of a role that govern a permission, found statement by statement; under a plain allow those of denies alone.
fn governing(role: &Role, permission: PermissionId) -> Vec<(Effect, &Arc<Condition>)> {
    let mut found = Vec::new();
    let mut plain = false;
    for (index, effect) in role.grants().effects().enumerate() {
        for (range, condition) in role.grants().parts_of_statement(index) {
            if range.contains(&permission.as_u32()) {
                plain |= condition.is_none() && effect == Effect::Allow;
                found.extend(condition.map(|condition| (effect, condition)));
            }
        }
    }
    found.retain(|(effect, _)| !plain || *effect == Effect::Deny);
    found
}

/// The same workspace after a few changes.
fn changed(prng: &mut Prng, old: &Value, conditional: bool) -> Value {
    let mut new = old.clone();
    for _ in 0..=prng.below(4) {
        if conditional && prng.percent(40) {
            change_conditions(prng, &mut new);
        } else {
            change(prng, &mut new);
        }
    }
    new
}

fn keys(of: &Value) -> Vec<String> {
    of.as_object().unwrap().keys().cloned().collect()
}

fn change(prng: &mut Prng, workspace: &mut Value) {
    let vocabulary = Vocabulary::deserialize(&workspace["schema"]).unwrap();
    let [roles, groups, members] = ["roles", "groups", "members"].map(|of| keys(&workspace[of]));
    let role = prng.pick(&roles).unwrap().clone();
    match (prng.below(9), prng.pick(&members), prng.pick(&groups)) {
        (0, ..) => workspace["roles"][role] = generate::policy(prng, &vocabulary, 4).unwrap(),
        (1, ..) => workspace["default_role"] = json!(role),
        (2, ..) => workspace["members"]["somebody new"] = json!({ "role": role }),
        // Roles with wildcards reach it, too.
        (3, ..) => workspace["schema"]["resources"]["a new type"] = json!({ "actions": ["get", "new"] }),
        (4, Some(member), _) => workspace["members"][member]["role"] = json!(role),
        (5, Some(member), _) => {
            let suspended = workspace["members"][member]["suspended"] == true;
            workspace["members"][member]["suspended"] = json!(!suspended);
        }
        (6, Some(member), _) => {
            workspace["members"].as_object_mut().unwrap().remove(member);
            for group in &groups {
                strike(&mut workspace["groups"][group]["members"], member);
            }
        }
        (7, Some(member), Some(group)) => flip(&mut workspace["groups"][group]["members"], member),
        (_, _, Some(group)) => flip(&mut workspace["groups"][group]["roles"], &role),
        _ => {}
    }
}

/// A change of what conditions say, or of what they are about.
fn change_conditions(prng: &mut Prng, workspace: &mut Value) {
    let vocabulary = Vocabulary::deserialize(&workspace["schema"]).unwrap();
    let [roles, members] = ["roles", "members"].map(|of| keys(&workspace[of]));
    let world = World::new(&vocabulary, members.iter().map(|id| (id.clone(), "user".to_owned())).collect());
    let objects = workspace["objects"].as_array_mut().unwrap();
    match (prng.below(4), prng.pick(&members), prng.pick(&roles)) {
        (0, Some(member), _) => {
            workspace["members"][member]["properties"] = generate::stored_properties(prng, &world);
        }
        (1, ..) if !objects.is_empty() => drop(objects.remove(prng.below(objects.len()))),
        (2, ..) if !objects.is_empty() => {
            let at = prng.below(objects.len());
            objects[at]["properties"] = generate::stored_properties(prng, &world);
        }
        (_, _, Some(role)) => {
            let document = &mut workspace["roles"][role];
            for statement in document["policies"].as_array_mut().unwrap() {
                if prng.percent(30) {
                    statement["conditions"] = json!("*");
                }
            }
            generate::restrict(prng, &vocabulary, &world, document);
        }
        _ => {}
    }
}

/// Takes a name off a list; says whether it was there.
fn strike(list: &mut Value, name: &str) -> bool {
    let names = list.as_array_mut().unwrap();
    let before = names.len();
    names.retain(|one| one != name);
    names.len() < before
}

/// Takes a name off a list, or puts it there.
fn flip(list: &mut Value, name: &str) {
    if !strike(list, name) {
        list.as_array_mut().unwrap().push(json!(name));
    }
}
