//! Roles: documents, their versions, and what takes the place of a role that goes.

use portcullis::text::{counted, quoted};
use portcullis::{Limits, NoFiles, Read, Report, Source, lint};
use portcullis_store::{Id, Invitation, InvitationState, Key, Member, Role, RoleVersion, Row};

use super::{Author, Made, bounded, find_role, is_fresh};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::Which;
use crate::outside::new_id;
use crate::service::draft::Draft;
use crate::state::Membership;

/// Looks a document over as `lint` does. What is wrong with it refuses it, the rest is told.
fn looked_over(draft: &Draft<'_>, name: &str, document: &str, note: &str) -> Result<Report, Refusal> {
    bounded("bytes of a policy document", document.len(), draft.bounds.document_bytes)?;
    bounded("bytes of a note", note.len(), draft.bounds.note_bytes)?;
    let mut limits = Limits::default();
    limits.document_bytes = draft.bounds.document_bytes;
    let source = Source::new(name, document);
    let schema = draft.writer.snapshot().schema();
    match lint(&source, schema, &NoFiles, &limits).map_err(Refusal::Faults)? {
        (Read::Policy(..), report) => Ok(report),
        _ => {
            let message = "expected a policy document, `{\"version\": …, \"policies\": […]}`, found a file of another kind";
            Err(Refusal::Invalid(message.to_owned()))
        }
    }
}

fn version(draft: &Draft<'_>, author: &Author<'_>, role: Id, number: u64, document: &str, note: &str) -> Row {
    Row::RoleVersion(RoleVersion {
        role,
        number,
        document: document.to_owned(),
        author: author.name.to_owned(),
        created: draft.now,
        note: note.to_owned(),
    })
}

pub(super) fn add(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    name: &str,
    document: &str,
    note: &str,
) -> Result<Made, Refusal> {
    fit("role", name)?;
    let form = folded(name);
    if let Some(other) = draft.state.role_names.get(&form) {
        let other = draft.state.role_name(*other);
        return Err(Refusal::Conflict(format!("there is a role {} already", quoted(other))));
    }
    if form == "reader" && draft.state.built_in("viewer").is_some() {
        return Err(Refusal::Conflict("`reader` is an alias of the built-in role `viewer`".to_owned()));
    }
    let warnings = looked_over(draft, name, document, note)?;
    let id = new_id(draft.outside)?;
    let row = version(draft, author, id, 1, document, note);
    draft.put(Row::Role(Role {
        id,
        version: draft.state.next_revision(),
        name: name.to_owned(),
        folded: form,
        built_in: false,
        current: 1,
    }))?;
    draft.put(row)?;
    Ok(Made { warnings: Some(warnings), ..Made::thing(id) })
}

pub(super) fn save(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    role: &Which,
    document: &str,
    note: &str,
    expected: Option<u64>,
) -> Result<Made, Refusal> {
    let role = find_role(draft.state, role)?;
    is_fresh("role", &role.name, expected, role.version)?;
    if role.built_in && role.name == "admin" {
        return Err(Refusal::NotAllowed("the built-in role `admin` cannot be edited".to_owned()));
    }
    let number = role.current + 1;
    if number > draft.bounds.versions {
        let (count, limit) = (number as usize, draft.bounds.versions as usize);
        return Err(Refusal::TooMany { what: "versions of a role", count, limit });
    }
    let warnings = looked_over(draft, &role.name, document, note)?;
    let id = role.id;
    draft.put(version(draft, author, id, number, document, note))?;
    draft.put(Row::Role(Role { version: draft.state.next_revision(), current: number, ..role }))?;
    Ok(Made { warnings: Some(warnings), ..Made::thing(id) })
}

pub(super) fn remove(
    draft: &mut Draft<'_>,
    role: &Which,
    replacement: Option<&Which>,
    expected: Option<u64>,
) -> Result<Made, Refusal> {
    let role = find_role(draft.state, role)?;
    is_fresh("role", &role.name, expected, role.version)?;
    let id = role.id;
    if role.built_in {
        return Err(Refusal::NotAllowed(format!(
            "the built-in role {} cannot be removed",
            quoted(&role.name)
        )));
    }
    let replacement = replacement.map(|which| find_role(draft.state, which)).transpose()?;
    if replacement.as_ref().is_some_and(|other| other.id == id) {
        return Err(Refusal::Invalid("a role cannot be its own replacement".to_owned()));
    }
    let state = &*draft.state;
    let members: Vec<Member> = state.members.with_role(id).map(Membership::to_row).collect();
    let groups: Vec<Id> =
        state.of_group.iter().filter(|(_, roles)| roles.contains(&id)).map(|(group, _)| *group).collect();
    let pending = state.invitations.values().filter(|one| one.state == InvitationState::Pending);
    let invitations: Vec<Invitation> = pending.filter(|one| one.role == Some(id)).cloned().collect();
    let is_default = state.workspace.default_role == Some(id);
    let rules = state.rules.values().filter(|rule| super::rules::names_role(&rule.text, &role.name));
    let rules: Vec<&str> = rules.map(|rule| &*rule.name).collect();
    if let [rule, ..] = rules.as_slice() {
        let message = format!(
            "the standing rule {} speaks of the role {}: change it first",
            quoted(rule),
            quoted(&role.name)
        );
        return Err(Refusal::InUse(message));
    }
    let Some(other) = replacement.map(|other| other.id) else {
        let used = |count: usize, what: &str| {
            (count > 0).then(|| format!("it is the role of {}", counted(count, what)))
        };
        let uses = [
            used(members.len(), "member"),
            used(groups.len(), "group"),
            used(invitations.len(), "pending invitation"),
            is_default.then(|| "it is the default role".to_owned()),
        ];
        let uses: Vec<String> = uses.into_iter().flatten().collect();
        if !uses.is_empty() {
            let (name, uses) = (quoted(&role.name), uses.join("; "));
            let message = format!("the role {name} is in use: {uses}; name the role that takes its place");
            return Err(Refusal::InUse(message));
        }
        return gone(draft, id, role.current);
    };
    let version = draft.state.next_revision();
    for member in members {
        draft.put(Row::Member(Member { role: other, version, ..member }))?;
    }
    for group in groups {
        draft.take(Key::GroupRole { group, role: id })?;
        let has = draft.state.of_group.get(&group).is_some_and(|roles| roles.contains(&other));
        if !has {
            draft.put(Row::GroupRole { group, role: other })?;
        }
        if let Some(group) = draft.state.groups.get(&group).cloned() {
            draft.put(Row::Group(portcullis_store::Group { version, ..group }))?;
        }
    }
    for invitation in invitations {
        draft.put(Row::Invitation(Invitation { role: Some(other), version, ..invitation }))?;
    }
    if is_default {
        draft.describe(|workspace| workspace.default_role = Some(other))?;
    }
    gone(draft, id, role.current)
}

fn gone(draft: &mut Draft<'_>, role: Id, number: u64) -> Result<Made, Refusal> {
    // Invitations that are over promise nothing any more.
    let over = draft.state.invitations.values().filter(|one| one.role == Some(role)).cloned();
    for invitation in over.collect::<Vec<_>>() {
        draft.put(Row::Invitation(Invitation { role: None, ..invitation }))?;
    }
    draft.take(Key::Role(role))?;
    draft.take(Key::RoleVersion { role, number })?;
    Ok(Made::thing(role))
}
