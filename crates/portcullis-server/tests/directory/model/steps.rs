//! What people do in the model, and the operations that it comes to.

use portcullis_server::Operation;
use proptest::prelude::*;

use super::DOCUMENTS;
use crate::world::*;

/// One thing that somebody does: which of a few people, roles, groups and documents is told by small numbers.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Join { who: usize, role: Option<usize> },
    Role { who: usize, role: usize },
    Suspend { who: usize },
    Reactivate { who: usize },
    Remove { who: usize },
    NewGroup { group: usize },
    Enter { group: usize, who: usize },
    Leave { group: usize, who: usize },
    Give { group: usize, role: usize },
    Take { group: usize, role: usize },
    Dissolve { group: usize },
    NewRole { role: usize, document: usize },
    Save { role: usize, document: usize },
    RemoveRole { role: usize, other: Option<usize> },
    Default { role: usize },
    Invite { who: usize, role: Option<usize> },
    Cancel { who: usize },
    Accept { who: usize },
    Pass { days: i64 },
}

pub(super) fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let (who, role, group, document) = (0..5_usize, 0..5_usize, 0..2_usize, 0..DOCUMENTS.len());
    let some = prop::option::of(0..5_usize);
    let step = prop_oneof![
        3 => (who.clone(), some.clone()).prop_map(|(who, role)| Step::Join { who, role }),
        4 => (who.clone(), role.clone()).prop_map(|(who, role)| Step::Role { who, role }),
        2 => who.clone().prop_map(|who| Step::Suspend { who }),
        2 => who.clone().prop_map(|who| Step::Reactivate { who }),
        1 => who.clone().prop_map(|who| Step::Remove { who }),
        2 => group.clone().prop_map(|group| Step::NewGroup { group }),
        4 => (group.clone(), who.clone()).prop_map(|(group, who)| Step::Enter { group, who }),
        2 => (group.clone(), who.clone()).prop_map(|(group, who)| Step::Leave { group, who }),
        4 => (group.clone(), role.clone()).prop_map(|(group, role)| Step::Give { group, role }),
        2 => (group.clone(), role.clone()).prop_map(|(group, role)| Step::Take { group, role }),
        1 => group.prop_map(|group| Step::Dissolve { group }),
        4 => (role.clone(), document.clone()).prop_map(|(role, document)| Step::NewRole { role, document }),
        4 => (role.clone(), document).prop_map(|(role, document)| Step::Save { role, document }),
        1 => (role.clone(), some.clone()).prop_map(|(role, other)| Step::RemoveRole { role, other }),
        1 => role.prop_map(|role| Step::Default { role }),
        4 => (who.clone(), some).prop_map(|(who, role)| Step::Invite { who, role }),
        1 => who.clone().prop_map(|who| Step::Cancel { who }),
        5 => who.prop_map(|who| Step::Accept { who }),
        1 => (1..20_i64).prop_map(|days| Step::Pass { days }),
    ];
    prop::collection::vec((0..5_usize, step), 1..40)
}

pub(super) const PEOPLE: [&str; 5] =
    [ANN, "bob@x.example", "cid@x.example", "dee@x.example", "eve@x.example"];
pub(super) const ROLES: [&str; 5] = ["admin", "viewer", "one", "two", "three"];
pub(super) const GROUPS: [&str; 2] = ["g", "h"];

pub(super) fn operation(step: &Step) -> Option<Operation> {
    let role = |role: usize| ROLES[role];
    Some(match step {
        Step::Join { who, role: wanted } => Operation::AddMember {
            subject: PEOPLE[*who].to_owned(),
            role: wanted.map(|one| role(one).into()),
            kind: None,
            properties: None,
        },
        Step::Role { who, role: wanted } => set_role(PEOPLE[*who], role(*wanted)),
        Step::Suspend { who } => suspend(PEOPLE[*who]),
        Step::Reactivate { who } => reactivate(PEOPLE[*who]),
        Step::Remove { who } => remove_member(PEOPLE[*who]),
        Step::NewGroup { group } => add_group(GROUPS[*group]),
        Step::Enter { group, who } => join_group(GROUPS[*group], PEOPLE[*who]),
        Step::Leave { group, who } => {
            Operation::RemoveFromGroup { group: GROUPS[*group].into(), member: PEOPLE[*who].into() }
        }
        Step::Give { group, role: wanted } => give(GROUPS[*group], role(*wanted)),
        Step::Take { group, role: wanted } => take(GROUPS[*group], role(*wanted)),
        Step::Dissolve { group } => Operation::RemoveGroup { group: GROUPS[*group].into(), version: None },
        Step::NewRole { role: wanted, document } => add_role(role(*wanted), DOCUMENTS[*document]),
        Step::Save { role: wanted, document } => save_role(role(*wanted), DOCUMENTS[*document]),
        Step::RemoveRole { role: wanted, other } => remove_role(role(*wanted), other.map(role)),
        Step::Default { role: wanted } => default_role(role(*wanted)),
        Step::Invite { who, role: wanted } => invite(PEOPLE[*who], wanted.map(role)),
        Step::Cancel { who } => Operation::CancelInvitation { invitation: PEOPLE[*who].into() },
        Step::Accept { .. } | Step::Pass { .. } => return None,
    })
}
