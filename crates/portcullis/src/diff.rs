//! What a change would change: permissions gained and lost, exactly.
//!
//! Two documents are compared as what each grants when held alone; two workspaces subject by subject,
//! grouped by what was gained and lost, since a role edit does the same to thousands. Schemas may
//! differ: permissions are compared by name, never by number. Each distinct pair of role sets is
//! compared once, so a million members cost a million look-ups and not a million comparisons.

use std::collections::{BTreeMap, HashMap};

use portcullis_matrix::{SetId, SubjectId};

use crate::policy::Grants;
use crate::snapshot::Snapshot;

/// One (action, resource type) pair by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionName {
    /// The resource type.
    pub resource: String,
    /// The action.
    pub action: String,
}

/// Permissions gained and lost, each in byte order of resource, then action.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// Granted by the new one only.
    pub gained: Vec<PermissionName>,
    /// Granted by the old one only.
    pub lost: Vec<PermissionName>,
}

impl Change {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }

    fn between(old: &[PermissionName], new: &[PermissionName]) -> Change {
        let only = |these: &[PermissionName], those: &[PermissionName]| -> Vec<PermissionName> {
            these.iter().filter(|name| those.binary_search(name).is_err()).cloned().collect()
        };
        Change { gained: only(new, old), lost: only(old, new) }
    }
}

/// Members to whom the same happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// What happens to them.
    pub change: Change,
    /// Who they are, in byte order.
    pub members: Vec<String>,
}

/// What changes between two documents, each held alone.
#[must_use]
pub fn diff_documents(old: &Grants, new: &Grants) -> Change {
    Change::between(&granted_names(old), &granted_names(new))
}

fn granted_names(grants: &Grants) -> Vec<PermissionName> {
    let planes = grants.planes();
    let granted = planes.grants();
    let names = granted.iter().filter_map(|id| grants.schema().names_of(id));
    sorted(names)
}

fn sorted<'a>(names: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<PermissionName> {
    let named = names.map(|(action, resource)| PermissionName {
        resource: resource.to_owned(),
        action: action.to_owned(),
    });
    let mut all: Vec<PermissionName> = named.collect();
    all.sort_unstable();
    all
}

/// What decides about a subject: its role set, or nothing for whoever is absent or suspended.
type Standing = Option<SetId>;

/// What changes between two workspaces, subject by subject, grouped by (gained, lost); members to whom nothing
/// happens are left out. Who is only in one of the two holds nothing in the other.
#[must_use]
pub fn diff_snapshots(old: &Snapshot, new: &Snapshot) -> Vec<MemberChange> {
    let mut members: Vec<&str> = old.members().chain(new.members()).collect();
    members.sort_unstable();
    members.dedup();
    let mut compared: HashMap<(Standing, Standing), Change> = HashMap::new();
    let mut groups: BTreeMap<Change, Vec<String>> = BTreeMap::new();
    for member in members {
        let (before, after) = (old.subject_id(member), new.subject_id(member));
        let key = (standing(old, before), standing(new, after));
        let change =
            compared.entry(key).or_insert_with(|| Change::between(&held(old, before), &held(new, after)));
        if change.is_empty() {
            continue;
        }
        match groups.get_mut(change) {
            Some(listed) => listed.push(member.to_owned()),
            None => drop(groups.insert(change.clone(), vec![member.to_owned()])),
        }
    }
    groups.into_iter().map(|(change, members)| MemberChange { change, members }).collect()
}

fn standing(snapshot: &Snapshot, subject: Option<SubjectId>) -> Standing {
    let set = snapshot.matrix().set_of(subject?);
    Some(set).filter(|&set| set != SetId::SUSPENDED)
}

fn held(snapshot: &Snapshot, subject: Option<SubjectId>) -> Vec<PermissionName> {
    let Some(subject) = subject else { return Vec::new() };
    sorted(snapshot.granted_to(subject).map(|permission| snapshot.names_of(permission)))
}
