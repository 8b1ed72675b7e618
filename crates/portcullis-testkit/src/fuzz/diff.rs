//! Bytes as two workspaces, whose diff is the cells on which the reference differs and no others.
//!
//! The two have nothing in common, or the schema, or everything but a few changes: the last is what people compare, and
//! where a change that is overlooked would hide. Half of them have conditions; compared is what is granted whatever those
//! say. Both are asked of the reference member by member, cell by cell, and
//! what comes out is put into the groups that a diff consists of in the plainest way.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::matrix::{Layout, Verdict};
use portcullis::{Change, PermissionName, diff_documents, diff_snapshots};
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

fn of_snapshots(old: &Pair, new: &Pair) {
    let found = diff_snapshots(&old.snapshot, &new.snapshot);
    let mut told: BTreeMap<&str, &Change> = BTreeMap::new();
    for one in &found {
        assert!(!one.change.is_empty(), "{:?} are listed with no change", one.members);
        for member in &one.members {
            assert!(told.insert(member, &one.change).is_none(), "{member} is listed twice");
        }
    }
    let cells: BTreeSet<(&str, &str)> =
        [old, new].into_iter().flat_map(|pair| pair.reference.vocabulary().permissions()).collect();
    let members: BTreeSet<&str> = old.reference.members().chain(new.reference.members()).collect();
    let nothing = Change::default();
    for member in members {
        let change = told.remove(member).unwrap_or(&nothing);
        let open = compared(
            change,
            &cells,
            member,
            |pair, (action, own)| pair.verdict((member, action, own)),
            old,
            new,
        );
        // Where conditions have a say, a plain yes on either side is at least what a bare question is told.
        for (names, pair) in [(&change.gained, new), (&change.lost, old)] {
            for name in names.iter().filter(|name| open.contains(*name)) {
                assert!(pair.reference.decide(member, &name.action, &name.resource), "{member} {name:?}");
            }
        }
    }
    assert!(told.is_empty(), "{:?} are members of neither", told.keys());
}

/// Holds what is said to change on cells that no condition has a say in to what does; gives the other cells.
fn compared(
    change: &Change,
    cells: &BTreeSet<(&str, &str)>,
    whose: &str,
    verdict: impl Fn(&Pair, (&str, &str)) -> Verdict,
    old: &Pair,
    new: &Pair,
) -> BTreeSet<PermissionName> {
    let (mut gained, mut lost, mut open) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for cell in cells {
        match (verdict(old, *cell), verdict(new, *cell)) {
            (Verdict::Open, _) | (_, Verdict::Open) => open.insert(named(*cell)),
            (Verdict::Deny, Verdict::Allow) => gained.insert(named(*cell)),
            (Verdict::Allow, Verdict::Deny) => lost.insert(named(*cell)),
            _ => false,
        };
    }
    let settled = |names: &[PermissionName]| -> BTreeSet<PermissionName> {
        names.iter().filter(|name| !open.contains(*name)).cloned().collect()
    };
    assert_eq!(settled(&change.gained), gained, "{whose} gains");
    assert_eq!(settled(&change.lost), lost, "{whose} loses");
    for conditional in &change.conditional {
        assert!(open.contains(&conditional.permission), "{whose}: {conditional:?}");
    }
    open
}

fn named((action, own): (&str, &str)) -> PermissionName {
    PermissionName { resource: own.into(), action: action.into() }
}

/// Each role of the one against the role of that name of the other, as what it grants when held alone.
fn of_documents(old: &Pair, new: &Pair) {
    let cells: BTreeSet<(&str, &str)> =
        [old, new].into_iter().flat_map(|pair| pair.reference.vocabulary().permissions()).collect();
    for role in old.snapshot.roles() {
        let Some(other) = new.snapshot.role(role.name()) else { continue };
        let alone = |pair: &Pair, (action, own): (&str, &str)| {
            let admitted = pair.reference.vocabulary().admits(action, own);
            let documents = pair.documents_of(role.name());
            let verdict = || verdict_of(&pair.reference, documents.iter().copied(), action, own);
            if admitted { verdict() } else { Verdict::Deny }
        };
        let change = diff_documents(role.grants(), other.grants());
        compared(&change, &cells, role.name(), alone, old, new);
    }
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
