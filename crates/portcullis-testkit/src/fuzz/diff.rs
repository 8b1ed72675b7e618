//! Bytes as two workspaces, whose diff is the cells on which the reference differs and no others.
//!
//! The two have nothing in common, or the schema, or everything but a few changes: the last is what people compare, and
//! where a change that is overlooked would hide. Both are asked of the reference member by member, cell by cell, and
//! what comes out is put into the groups that a diff consists of in the plainest way.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::matrix::Layout;
use portcullis::{Change, PermissionName, diff_documents, diff_snapshots};
use serde::Deserialize;
use serde_json::{Value, json};

use super::draws;
use crate::agreement::Pair;
use crate::generate::{self, Prng, Size};
use crate::reference::{Reference, Vocabulary};

/// Bytes as two workspaces.
///
/// # Panics
/// When their diff is not what the reference says of each cell.
pub fn diff(data: &[u8]) {
    let mut prng = draws(data);
    let size = Size::drawn(&mut prng);
    let old = generate::drawn(&mut prng, size).unwrap();
    let new = match prng.below(8) {
        0 => generate::drawn(&mut prng, size).unwrap().workspace,
        1 => generate::workspace(&mut prng, &old.schema, size).unwrap(),
        _ => changed(&mut prng, &old.workspace),
    };
    let mut pair =
        |workspace: &Value| Pair::new(workspace, if prng.percent(50) { Layout::Flat } else { Layout::Paged });
    let (old, new) = (pair(&old.workspace), pair(&new));
    of_snapshots(&old, &new);
    of_snapshots(&new, &old);
    assert!(diff_snapshots(&old.snapshot, &old.snapshot).is_empty(), "a workspace differs from itself");
    of_documents(&old, &new);
}

/// A change and to whom it happens, in order.
type Groups = Vec<(Change, Vec<String>)>;

fn of_snapshots(old: &Pair, new: &Pair) {
    let members: BTreeSet<&str> = old.reference.members().chain(new.reference.members()).collect();
    let mut expected: BTreeMap<Change, Vec<String>> = BTreeMap::new();
    for member in members {
        let change = between(&granted(&old.reference, member), &granted(&new.reference, member));
        if !change.is_empty() {
            expected.entry(change).or_default().push(member.to_owned());
        }
    }
    let found = diff_snapshots(&old.snapshot, &new.snapshot);
    let found: Groups = found.into_iter().map(|one| (one.change, one.members)).collect();
    assert_eq!(found, Groups::from_iter(expected), "what changes");
}

/// Every cell that the reference grants.
fn granted(reference: &Reference, member: &str) -> BTreeSet<PermissionName> {
    let what = reference.what(member).into_iter();
    what.flat_map(|(resource, actions)| {
        actions.into_iter().map(move |action| PermissionName { resource: resource.clone(), action })
    })
    .collect()
}

fn between(old: &BTreeSet<PermissionName>, new: &BTreeSet<PermissionName>) -> Change {
    let only = |these: &BTreeSet<_>, those| these.difference(those).cloned().collect();
    Change { gained: only(new, old), lost: only(old, new), ..Change::default() }
}

/// Each role of the one against the role of that name of the other, as what it grants when held alone.
fn of_documents(old: &Pair, new: &Pair) {
    for role in old.snapshot.roles() {
        let Some(other) = new.snapshot.role(role.name()) else { continue };
        let alone = |pair: &Pair| -> BTreeSet<PermissionName> {
            let vocabulary = pair.reference.vocabulary();
            let documents = pair.documents_of(role.name());
            let grants = |(action, own): &(&str, &str)| {
                vocabulary.decide(documents.iter().copied(), action, own).is_allowed()
            };
            let cells = vocabulary.permissions().filter(grants);
            cells
                .map(|(action, own)| PermissionName { resource: own.into(), action: action.into() })
                .collect()
        };
        let found = diff_documents(role.grants(), other.grants());
        assert_eq!(found, between(&alone(old), &alone(new)), "role {:?}", role.name());
    }
}

/// The same workspace after a few changes.
fn changed(prng: &mut Prng, old: &Value) -> Value {
    let mut new = old.clone();
    for _ in 0..=prng.below(4) {
        change(prng, &mut new);
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
