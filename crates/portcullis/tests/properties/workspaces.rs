//! Whole workspaces: every way to ask agrees, layouts agree, and changes do what diff says and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::matrix::Layout;
use portcullis::{
    Document, Group, Member, MemberChange, PermissionName, Snapshot, Source, Workspace, diff_documents,
    diff_snapshots,
};
use portcullis_testkit::agreement::{Pair, compiled, same_answers};
use portcullis_testkit::generate::{self, Prng, Size};
use serde_json::{Value, json};

use super::{Words, for_seeds, policy, shuffle};

/// A size that differs from seed to seed.
fn size(prng: &mut Prng) -> Size {
    Size {
        types: 1 + prng.below(7),
        actions: 1 + prng.below(7),
        roles: 1 + prng.below(5),
        groups: prng.below(5),
        members: prng.below(8),
        ..Size::default()
    }
}

#[test]
fn every_way_to_ask_says_what_the_reference_says() {
    for_seeds(120, |prng| {
        let size = size(prng);
        let case = generate::case(prng.bits(), size).unwrap();
        let pair = Pair::new(&case.workspace, Layout::Auto);
        pair.agree_on_every_cell();
        let asked = case.questions.iter().map(|one| (&*one.subject, &*one.action, &*one.resource));
        pair.agree_on(&asked.collect::<Vec<_>>());
    });
}

#[test]
fn wide_schemas_agree_too() {
    // More than 512 permissions: nothing but pages.
    let size =
        Size { types: 60, actions: 18, roles: 6, statements: 8, groups: 4, members: 5, questions: 3_000 };
    for_seeds(4, |prng| {
        let case = generate::case(prng.bits(), size).unwrap();
        let pair = Pair::new(&case.workspace, Layout::Auto);
        assert!(pair.snapshot.schema().permission_count() > 512);
        let asked = case.questions.iter().map(|one| (&*one.subject, &*one.action, &*one.resource));
        pair.agree_on(&asked.collect::<Vec<_>>());
        assert_eq!(pair.snapshot.matrix().validate(), Ok(()));
    });
}

#[test]
fn both_layouts_agree() {
    for_seeds(200, |prng| {
        let size = size(prng);
        let case = generate::case(prng.bits(), size).unwrap();
        let [flat, paged] =
            [Layout::Flat, Layout::Paged].map(|layout| compiled(&case.workspace, layout).unwrap());
        assert_eq!((flat.matrix().layout(), paged.matrix().layout()), (Layout::Flat, Layout::Paged));
        same_answers(&flat, &paged);
        assert!(diff_snapshots(&flat, &paged).is_empty());
    });
}

/// Everything that a snapshot grants, by name.
fn granted(snapshot: &Snapshot) -> BTreeMap<String, BTreeSet<PermissionName>> {
    let of = |member: &str| {
        let names = snapshot.what(member).unwrap();
        names
            .map(|(action, resource)| PermissionName { resource: resource.into(), action: action.into() })
            .collect()
    };
    snapshot.members().map(|member| (member.to_owned(), of(member))).collect()
}

/// Two workspaces that have much in common: now and then all but the members, and now and then not even the schema.
fn two(prng: &mut Prng) -> (Snapshot, Snapshot) {
    let size = size(prng);
    let schema = generate::schema(prng, size);
    let old = generate::workspace(prng, &schema, size).unwrap();
    let other = if prng.percent(20) { generate::schema(prng, size) } else { schema };
    let fewer = Size { members: size.members.saturating_sub(prng.below(2)), ..size };
    let mut new = generate::workspace(prng, &other, fewer).unwrap();
    if other == old["schema"] && prng.percent(50) {
        new["roles"] = old["roles"].clone();
        new["default_role"] = old["default_role"].clone();
        new["groups"] = json!({});
    }
    (compiled(&old, Layout::Auto).unwrap(), compiled(&new, Layout::Auto).unwrap())
}

#[test]
fn a_snapshot_does_not_differ_from_its_equal() {
    for_seeds(200, |prng| {
        let size = size(prng);
        let case = generate::case(prng.bits(), size).unwrap();
        let [one, other] = [(); 2].map(|()| compiled(&case.workspace, Layout::Auto).unwrap());
        assert_eq!(diff_snapshots(&one, &one), []);
        assert_eq!(diff_snapshots(&one, &other), []);
    });
}

#[test]
fn a_difference_seen_from_the_other_side_is_its_mirror() {
    for_seeds(200, |prng| {
        let (old, new) = two(prng);
        let mirrored = |changes: Vec<MemberChange>| {
            let swapped = changes.into_iter().map(|mut one| {
                std::mem::swap(&mut one.change.gained, &mut one.change.lost);
                (one.change, one.members)
            });
            swapped.collect::<BTreeMap<_, _>>()
        };
        let forth: BTreeMap<_, _> =
            diff_snapshots(&old, &new).into_iter().map(|one| (one.change, one.members)).collect();
        assert_eq!(forth, mirrored(diff_snapshots(&new, &old)));
    });
}

#[test]
fn what_was_plus_gained_minus_lost_is_what_is() {
    let changed = std::cell::Cell::new(0);
    for_seeds(300, |prng| {
        let (old, new) = two(prng);
        let (mut held, mut after) = (granted(&old), granted(&new));
        let mut seen = BTreeSet::new();
        for MemberChange { change, members } in diff_snapshots(&old, &new) {
            assert!(!change.is_empty() && !members.is_empty());
            assert!(members.is_sorted() && change.gained.is_sorted() && change.lost.is_sorted());
            for member in members {
                assert!(seen.insert(member.clone()), "{member} is listed once");
                let holds = held.entry(member).or_default();
                assert!(change.lost.iter().all(|lost| holds.remove(lost)));
                assert!(change.gained.iter().all(|gained| holds.insert(gained.clone())));
                changed.set(changed.get() + 1);
            }
        }
        // Who is in one of the two only, and holds nothing, is in no difference.
        held.retain(|_, holds| !holds.is_empty());
        after.retain(|_, holds| !holds.is_empty());
        assert_eq!(held, after);
    });
    assert!(changed.get() > 200);
}

#[test]
fn the_difference_of_documents_is_that_of_their_grants() {
    for_seeds(500, |prng| {
        let words = Words::draw(prng);
        let [old, new] = [(); 2].map(|()| words.statements(prng, 5));
        let grants = |statements: &[Value]| {
            let text = policy(statements).to_string();
            Document::read(&Source::new("p.json", text)).unwrap().0.resolve(&words.schema).unwrap().0
        };
        let (old, new) = (grants(&old), grants(&new));
        let [before, after] = [&old, &new].map(|grants| grants.planes().grants());
        let change = diff_documents(&old, &new);
        let ids = |names: &[PermissionName]| {
            let id =
                |name: &PermissionName| words.schema.permission(&name.action, &name.resource).unwrap().id();
            names.iter().map(id).collect::<BTreeSet<_>>()
        };
        assert_eq!(ids(&change.gained), after.iter().filter(|id| !before.contains(*id)).collect());
        assert_eq!(ids(&change.lost), before.iter().filter(|id| !after.contains(*id)).collect());
        assert!(diff_documents(&old, &old).is_empty());
    });
}

#[test]
fn a_further_group_takes_nothing_but_what_it_denies() {
    for_seeds(300, |prng| {
        let size = Size { members: 4, ..size(prng) };
        let mut workspace = generate::case(prng.bits(), size).unwrap().workspace;
        let before = compiled(&workspace, Layout::Auto).unwrap();
        let roles: Vec<String> = workspace["roles"].as_object().unwrap().keys().cloned().collect();
        let role = prng.pick(&roles).unwrap();
        let joined: Vec<&str> = before.members().filter(|_| prng.percent(60)).collect();
        if workspace["groups"].is_null() {
            workspace["groups"] = json!({});
        }
        workspace["groups"]["one more"] = json!({ "roles": [role], "members": joined });
        let after = compiled(&workspace, Layout::Auto).unwrap();
        let planes = after.role(role).unwrap().grants().planes();
        let denies = |name: &PermissionName| {
            planes.deny().contains(after.permission(&name.action, &name.resource).unwrap().id())
        };
        for MemberChange { change, members } in diff_snapshots(&before, &after) {
            assert!(members.iter().all(|member| joined.contains(&&**member)), "only who joined");
            assert!(change.lost.iter().all(denies), "{change:?}");
            let allows = |name: &PermissionName| {
                planes.allow().contains(after.permission(&name.action, &name.resource).unwrap().id())
            };
            assert!(change.gained.iter().all(allows), "{change:?}");
        }
    });
}

/// A workspace built in code from a file's value, its parts in the order that the seed says, its roles renamed.
fn rebuilt(prng: &mut Prng, schema: &portcullis::Schema, value: &Value) -> Snapshot {
    let renamed = |role: &Value| format!("{:x}", role.as_str().unwrap().len() + 7) + role.as_str().unwrap();
    let parts = |key: &str, prng: &mut Prng| {
        let mut all: Vec<(String, Value)> =
            value[key].as_object().cloned().unwrap_or_default().into_iter().collect();
        shuffle(prng, &mut all);
        all
    };
    let mut workspace = Workspace::new("rebuilt", schema.clone());
    for (name, document) in parts("roles", prng) {
        let (document, _) = Document::read(&Source::new("role.json", document.to_string())).unwrap();
        workspace.add_role(renamed(&json!(name)), document);
    }
    for (id, member) in parts("members", prng) {
        let mut built = member.get("role").map_or_else(Member::new, |role| Member::with_role(renamed(role)));
        if member.get("suspended").is_some() {
            built = built.suspended();
        }
        workspace.add_member(id, built);
    }
    for (name, group) in parts("groups", prng) {
        let mut built = Group::new();
        for role in group["roles"].as_array().unwrap() {
            built = built.role(renamed(role));
        }
        for member in group["members"].as_array().unwrap() {
            built = built.member(member.as_str().unwrap());
        }
        workspace.add_group(name, built);
    }
    workspace.set_default_role(renamed(&value["default_role"]));
    workspace.compile().unwrap().0
}

#[test]
fn names_and_order_of_roles_do_not_matter() {
    for_seeds(200, |prng| {
        let size = size(prng);
        let case = generate::case(prng.bits(), size).unwrap();
        let read = compiled(&case.workspace, Layout::Auto).unwrap();
        let built = rebuilt(prng, read.schema(), &case.workspace);
        assert_eq!(diff_snapshots(&read, &built), []);
        assert_eq!(granted(&read), granted(&built));
    });
}
