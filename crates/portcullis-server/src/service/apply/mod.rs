//! One operation: what it needs, and what it does to rows. Whether the whole of a change may be is for the gate.

mod groups;
mod invitations;
mod keys;
mod members;
mod objects;
mod roles;
mod rules;
mod workspace;

use std::collections::BTreeMap;

use portcullis::Report;
use portcullis::text::quoted;
use portcullis_store::{ApiKey, Group, Id, Invitation, InvitationState, Member, Role, Rule};

pub(super) use keys::{Asked, new_key};
pub(super) use members::join;
pub(super) use rules::file_of as rules_file;
pub(super) use workspace::Settings;

use super::draft::Draft;
use super::held::Holds;
use crate::Refusal;
use crate::naming::folded;
use crate::operation::{Operation, Properties, Which};
use crate::secret::Secret;
use crate::state::{Membership, State, properties_of};

/// What an operation brought about.
#[derive(Debug, Default)]
pub struct Made {
    /// The id of what was made, or is there already.
    pub id: Option<Id>,
    /// The secret of what was made. It is nowhere else.
    pub secret: Option<Secret>,
    /// It was there already, and stays as it was.
    pub unchanged: bool,
    /// Warnings about a text.
    pub warnings: Option<Report>,
}

impl Made {
    const NOTHING: Made = Made { id: None, secret: None, unchanged: false, warnings: None };

    fn thing(id: Id) -> Made {
        Made { id: Some(id), ..Made::NOTHING }
    }
}

/// Who acts, in words that versions of roles carry.
pub(super) struct Author<'a> {
    pub(super) holds: &'a Holds,
    pub(super) name: &'a str,
    /// The key that was shown.
    pub(super) key: Option<Id>,
}

/// Does one operation to the rows, if the actor may.
pub(super) fn apply(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    operation: &Operation,
) -> Result<Made, Refusal> {
    author.holds.within(operation.scope())?;
    if !concerns_oneself(draft.state, author, operation) {
        author.holds.may(draft.writer.snapshot().schema(), operation.needs())?;
    }
    use Operation as Op;
    match operation {
        Op::AddMember { subject, role, kind, properties } => {
            members::add(draft, subject, role.as_ref(), kind.as_deref(), properties.as_ref())
        }
        Op::SetMemberRole { member, role, version } => members::set_role(draft, member, role, *version),
        Op::SetMemberProperties { member, properties, version } => {
            members::set_properties(draft, author, member, properties.as_ref(), *version)
        }
        Op::SuspendMember { member } => members::set_suspended(draft, member, true),
        Op::ReactivateMember { member } => members::set_suspended(draft, member, false),
        Op::RemoveMember { member, version } => members::remove(draft, member, *version),
        Op::AddGroup { name } => groups::add(draft, name),
        Op::RenameGroup { group, name, version } => groups::rename(draft, group, name, *version),
        Op::RemoveGroup { group, version } => groups::remove(draft, group, *version),
        Op::AddToGroup { group, member } => groups::set_member(draft, group, member, true),
        Op::RemoveFromGroup { group, member } => groups::set_member(draft, group, member, false),
        Op::GiveGroupRole { group, role } => groups::set_role(draft, group, role, true),
        Op::TakeGroupRole { group, role } => groups::set_role(draft, group, role, false),
        Op::AddRole { name, document, note } => roles::add(draft, author, name, document, note),
        Op::SaveRole { role, document, note, version } => {
            roles::save(draft, author, role, document, note, *version)
        }
        Op::RollBackRole { .. } => {
            Err(Refusal::Invalid("a version to roll back to is looked up first".to_owned()))
        }
        Op::RemoveRole { role, replacement, version } => {
            roles::remove(draft, role, replacement.as_ref(), *version)
        }
        Op::SetDefaultRole { role } => workspace::set_default_role(draft, role),
        Op::RenameWorkspace { name } => workspace::rename(draft, name),
        Op::SetSchema { schema } => workspace::set_schema(draft, schema),
        Op::SetInvitationDays { days } => workspace::set_invitation_days(draft, *days),
        Op::Invite { email, role } => invitations::invite(draft, author, email, role.as_ref()),
        Op::CancelInvitation { invitation } => invitations::cancel(draft, invitation),
        Op::ResendInvitation { invitation } => invitations::resend(draft, author, invitation),
        Op::AddKey { member, name, scopes, policy, expires } => {
            let asked = keys::Asked { name, scopes, policy: policy.as_deref(), expires: *expires };
            keys::add(draft, author, member.as_ref(), &asked)
        }
        Op::RevokeKey { key } => keys::revoke(draft, key),
        Op::PutObject { kind, id, properties, version } => {
            objects::put(draft, kind, id, properties.as_ref(), *version)
        }
        Op::RemoveObject { kind, id, version } => objects::remove(draft, kind, id, *version),
        Op::AddRule { name, rule } => rules::add(draft, name, rule),
        Op::SetRule { rule, text, version } => rules::set(draft, author, rule, text, *version),
        Op::RemoveRule { rule, version } => rules::remove(draft, author, rule, *version),
    }
}

/// Whether it is only about the one who acts: one's own keys, and giving up one's own membership.
fn concerns_oneself(state: &State, author: &Author<'_>, operation: &Operation) -> bool {
    let own = |member: &Which| find_member(state, member).is_ok_and(|member| author.holds.is_of(member.id));
    match operation {
        Operation::AddKey { member, .. } => member.as_ref().is_none_or(own),
        Operation::RevokeKey { key } => find_key(state, key).is_ok_and(|key| author.holds.is_of(key.member)),
        Operation::RemoveMember { member, .. }
        | Operation::SuspendMember { member }
        | Operation::RemoveFromGroup { member, .. } => own(member),
        _ => false,
    }
}

/// Something by its id, or by the name that it has.
fn find<T>(
    what: &'static str,
    which: &Which,
    by_id: impl Fn(Id) -> Option<T>,
    by_name: impl Fn(&str) -> Option<T>,
    is_named: impl Fn(&T) -> bool,
) -> Result<T, Refusal> {
    // No name has the form of an id, unless somebody brought it along in a file of former times.
    let found = Id::parse(&which.0).and_then(&by_id);
    let named = || by_name(&folded(&which.0)).filter(is_named);
    found.or_else(named).ok_or_else(|| Refusal::not_found(what, which))
}

/// What has a name, in an index of ids by names.
fn of<T>(names: &BTreeMap<String, Id>, by_id: impl Fn(Id) -> Option<T>) -> impl Fn(&str) -> Option<T> {
    move |name| names.get(name).and_then(|id| by_id(*id))
}

pub(in crate::service) fn find_member(state: &State, which: &Which) -> Result<Member, Refusal> {
    let (by_id, by_name) = (|id: Id| state.members.get(&id), |name: &str| state.members.named(name));
    find("member", which, by_id, by_name, |one| one.subject == which.0).map(Membership::to_row)
}

pub(in crate::service) fn find_role(state: &State, which: &Which) -> Result<Role, Refusal> {
    let by_id = |id: Id| state.roles.get(&id);
    let found = find("role", which, by_id, of(&state.role_names, by_id), |one| one.name == which.0).cloned();
    // `reader` is what the published documents call the viewer.
    match found {
        Err(_) if which.0 == "reader" => match state.built_in("viewer").and_then(by_id) {
            Some(viewer) => Ok(viewer.clone()),
            None => found,
        },
        _ => found,
    }
}

pub(in crate::service) fn find_group(state: &State, which: &Which) -> Result<Group, Refusal> {
    let by_id = |id: Id| state.groups.get(&id);
    find("group", which, by_id, of(&state.group_names, by_id), |one| one.name == which.0).cloned()
}

pub(in crate::service) fn find_rule(state: &State, which: &Which) -> Result<Rule, Refusal> {
    let by_id = |id: Id| state.rules.get(&id);
    find("standing rule", which, by_id, of(&state.rule_names, by_id), |one| one.name == which.0).cloned()
}

/// A key by its id, or by its name where one key alone has it.
pub(in crate::service) fn find_key(state: &State, which: &Which) -> Result<ApiKey, Refusal> {
    if let Some(key) = Id::parse(&which.0).and_then(|id| state.keys.get(&id)) {
        return Ok(key.clone());
    }
    let mut named = state.keys.values().filter(|key| key.name == which.0);
    match (named.next(), named.next()) {
        (Some(key), None) => Ok(key.clone()),
        (Some(_), Some(_)) => {
            let message = format!("several keys have the name {}: say which by its id", quoted(&which.0));
            Err(Refusal::Conflict(message))
        }
        _ => Err(Refusal::not_found("key", which)),
    }
}

/// An invitation by its id, or the pending one of an address.
pub(in crate::service) fn find_invitation(state: &State, which: &Which) -> Result<Invitation, Refusal> {
    let by_id = Id::parse(&which.0).and_then(|id| state.invitations.get(&id));
    let address = folded(&which.0);
    let pending = |one: &&Invitation| one.state == InvitationState::Pending && one.folded == address;
    let found = by_id.or_else(|| state.invitations.values().find(pending));
    found.cloned().ok_or_else(|| Refusal::not_found("invitation", which))
}

/// Refuses an edit that was made of another version than is there.
fn is_fresh(what: &str, name: &str, expected: Option<u64>, found: u64) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != found => {
            Err(Refusal::Stale { what: format!("the {what} {}", quoted(name)), expected, found })
        }
        _ => Ok(()),
    }
}

/// Refuses more than there may be.
fn bounded(what: &'static str, count: usize, limit: usize) -> Result<(), Refusal> {
    if count > limit { Err(Refusal::TooMany { what, count, limit }) } else { Ok(()) }
}

/// Properties as they are stored: none when they are empty.
fn properties_text(draft: &Draft<'_>, properties: Option<&Properties>) -> Result<Option<String>, Refusal> {
    let Some(text) = properties.map(Properties::text) else { return Ok(None) };
    bounded("bytes of properties", text.len(), draft.bounds.properties_bytes)?;
    let kept = properties_of("properties", Some(text))?;
    let entries = match kept.as_ref().map(portcullis::condition::Attribute::value) {
        Some(portcullis::condition::Value::Object(object)) => object.is_empty(),
        _ => return Err(Refusal::Invalid("properties are a JSON object, `{\"NAME\": VALUE, …}`".to_owned())),
    };
    Ok((!entries).then(|| text.to_owned()))
}
