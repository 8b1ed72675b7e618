//! Groups: their names, members and roles.

use portcullis::text::quoted;
use portcullis_store::{Group, Id, Key, Row};

use super::{Made, bounded, find_group, find_member, find_role, is_fresh};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::Which;
use crate::outside::new_id;
use crate::service::draft::Draft;

/// A name that no other group has.
fn free(draft: &Draft<'_>, name: &str, own: Option<Id>) -> Result<String, Refusal> {
    fit("group", name)?;
    let form = folded(name);
    match draft.state.group_names.get(&form).filter(|id| Some(**id) != own) {
        Some(other) => {
            let other = draft.state.group_name(*other);
            Err(Refusal::Conflict(format!("there is a group {} already", quoted(other))))
        }
        None => Ok(form),
    }
}

pub(super) fn add(draft: &mut Draft<'_>, name: &str) -> Result<Made, Refusal> {
    bounded("groups", draft.state.groups.len() + 1, draft.bounds.groups)?;
    let form = free(draft, name, None)?;
    let id = new_id(draft.outside)?;
    let version = draft.state.next_revision();
    draft.put(Row::Group(Group { id, version, name: name.to_owned(), folded: form }))?;
    Ok(Made::thing(id))
}

pub(super) fn rename(
    draft: &mut Draft<'_>,
    group: &Which,
    name: &str,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let group = find_group(draft.state, group)?;
    is_fresh("group", &group.name, version, group.version)?;
    let form = free(draft, name, Some(group.id))?;
    let version = draft.state.next_revision();
    draft.put(Row::Group(Group { id: group.id, version, name: name.to_owned(), folded: form }))?;
    Ok(Made::thing(group.id))
}

pub(super) fn remove(draft: &mut Draft<'_>, group: &Which, version: Option<u64>) -> Result<Made, Refusal> {
    let group = find_group(draft.state, group)?;
    is_fresh("group", &group.name, version, group.version)?;
    let id = group.id;
    let members: Vec<Id> = draft.state.in_group(id).map(|member| member.id).collect();
    let roles: Vec<Id> = draft.state.of_group.get(&id).into_iter().flatten().copied().collect();
    for member in members {
        draft.take(Key::GroupMember { group: id, member })?;
    }
    for role in roles {
        draft.take(Key::GroupRole { group: id, role })?;
    }
    draft.take(Key::Group(id))?;
    Ok(Made::thing(id))
}

/// A group has another version when who or what is in it changes.
fn renew(draft: &mut Draft<'_>, mut group: Group) -> Result<(), Refusal> {
    group.version = draft.state.next_revision();
    draft.put(Row::Group(group))
}

pub(super) fn set_member(
    draft: &mut Draft<'_>,
    group: &Which,
    member: &Which,
    inside: bool,
) -> Result<Made, Refusal> {
    let (group, member) = (find_group(draft.state, group)?, find_member(draft.state, member)?.id);
    let id = group.id;
    let is_inside = draft.state.is_in_group(id, member);
    if is_inside == inside {
        return Ok(Made { unchanged: true, ..Made::thing(id) });
    }
    if inside {
        draft.put(Row::GroupMember { group: id, member })?;
    } else {
        draft.take(Key::GroupMember { group: id, member })?;
    }
    renew(draft, group)?;
    Ok(Made::thing(id))
}

pub(super) fn set_role(
    draft: &mut Draft<'_>,
    group: &Which,
    role: &Which,
    held: bool,
) -> Result<Made, Refusal> {
    let (group, role) = (find_group(draft.state, group)?, find_role(draft.state, role)?.id);
    let id = group.id;
    let is_held = draft.state.of_group.get(&id).is_some_and(|roles| roles.contains(&role));
    if is_held == held {
        return Ok(Made { unchanged: true, ..Made::thing(id) });
    }
    if held {
        draft.put(Row::GroupRole { group: id, role })?;
    } else {
        draft.take(Key::GroupRole { group: id, role })?;
    }
    renew(draft, group)?;
    Ok(Made::thing(id))
}
