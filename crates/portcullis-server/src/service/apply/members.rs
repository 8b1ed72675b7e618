//! Members: join, change, suspend, leave.

use portcullis::text::quoted;
use portcullis::{DEFAULT_MEMBER_TYPE, NAME_BYTES};
use portcullis_store::{InvitationState, Key, Member, Row};

use super::{Author, Made, find_member, find_role, is_fresh, properties_text};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::{Administered, Needs, Properties, Which};
use crate::outside::new_id;
use crate::service::draft::Draft;

pub(super) fn add(
    draft: &mut Draft<'_>,
    subject: &str,
    role: Option<&Which>,
    kind: Option<&str>,
    properties: Option<&Properties>,
) -> Result<Made, Refusal> {
    let role = match role {
        Some(role) => find_role(draft.state, role)?.id,
        None => draft.state.workspace.default_role.ok_or_else(no_role)?,
    };
    let properties = properties_text(draft, properties)?;
    let id = join(draft, subject, role, kind, properties)?;
    Ok(Made::thing(id))
}

/// Makes somebody a member.
pub(in crate::service) fn join(
    draft: &mut Draft<'_>,
    subject: &str,
    role: portcullis_store::Id,
    kind: Option<&str>,
    properties: Option<String>,
) -> Result<portcullis_store::Id, Refusal> {
    fit("member", subject)?;
    let kind = kind.unwrap_or(DEFAULT_MEMBER_TYPE);
    if kind.is_empty() || kind.len() > NAME_BYTES {
        return Err(Refusal::Invalid(format!("the type of a member has 1 to {NAME_BYTES} bytes")));
    }
    let form = folded(subject);
    if let Some(other) = draft.state.members.named(&form) {
        return Err(Refusal::Conflict(format!("there is a member {} already", quoted(other.subject))));
    }
    let id = new_id(draft.outside)?;
    draft.put(Row::Member(Member {
        id,
        version: draft.state.next_revision(),
        subject: subject.to_owned(),
        folded: form,
        kind: kind.to_owned(),
        role,
        properties,
        suspended: false,
        created: draft.now,
    }))?;
    Ok(id)
}

pub(in crate::service) fn no_role() -> Refusal {
    Refusal::Invalid("the workspace has no default role: name a role".to_owned())
}

fn change(
    draft: &mut Draft<'_>,
    mut member: Member,
    change: impl FnOnce(&mut Member),
) -> Result<Made, Refusal> {
    let id = member.id;
    let before = member.clone();
    change(&mut member);
    if member == before {
        return Ok(Made { unchanged: true, ..Made::thing(id) });
    }
    member.version = draft.state.next_revision();
    draft.put(Row::Member(member))?;
    Ok(Made::thing(id))
}

pub(super) fn set_role(
    draft: &mut Draft<'_>,
    member: &Which,
    role: &Which,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let (member, role) = (find_member(draft.state, member)?, find_role(draft.state, role)?);
    is_fresh("member", &member.subject, version, member.version)?;
    change(draft, member, |member| member.role = role.id)
}

pub(super) fn set_properties(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    member: &Which,
    properties: Option<&Properties>,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let member = find_member(draft.state, member)?;
    is_fresh("member", &member.subject, version, member.version)?;
    if author.holds.is_of(member.id) {
        // Properties decide what conditions let one do.
        let needs = Needs { on: Administered::Workspace, action: "update" };
        author.holds.may(draft.writer.snapshot().schema(), needs)?;
    }
    let properties = properties_text(draft, properties)?;
    change(draft, member, |member| member.properties = properties)
}

pub(super) fn set_suspended(draft: &mut Draft<'_>, member: &Which, suspended: bool) -> Result<Made, Refusal> {
    let member = find_member(draft.state, member)?;
    change(draft, member, |member| member.suspended = suspended)
}

pub(super) fn remove(draft: &mut Draft<'_>, member: &Which, version: Option<u64>) -> Result<Made, Refusal> {
    let member = find_member(draft.state, member)?;
    is_fresh("member", &member.subject, version, member.version)?;
    let id = member.id;
    // Noted while it still holds what it holds.
    draft.acted_upon(id);
    let state = &*draft.state;
    let keys: Vec<Key> =
        state.keys.values().filter(|key| key.member == id).map(|key| Key::ApiKey(key.id)).collect();
    let inside = state.members.number(&id).map(|number| state.places.groups_of(number)).unwrap_or_default();
    let groups: Vec<Key> =
        inside.iter().map(|group| Key::GroupMember { group: *group, member: id }).collect();
    let sent = state.invitations.values();
    let sent: Vec<_> =
        sent.filter(|one| one.inviter == id && one.state == InvitationState::Pending).cloned().collect();
    for mut invitation in sent {
        invitation.state = InvitationState::Cancelled;
        invitation.version = draft.state.next_revision();
        draft.put(Row::Invitation(invitation))?;
    }
    for key in keys.into_iter().chain(groups) {
        draft.take(key)?;
    }
    draft.take(Key::Member(id))?;
    Ok(Made::thing(id))
}
