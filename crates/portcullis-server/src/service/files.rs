//! Workspace files: out of a store, and into one.
//!
//! A file says what decides: schema, roles, members, groups, objects. Invitations, keys, standing rules and history are not in it, and no secret is.
//! What a file cannot say, the export refuses to leave out silently.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis::text::quoted;
use portcullis::{DEFAULT_MEMBER_TYPE, Files, Limits, NoFiles, Source, Workspace, format};
use portcullis_store::{Group, Id, Member, Object, Outcome, Role, RoleVersion, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::founding::{Drafted, Was};
use super::setup::{Setup, built_in_roles};
use super::{Call, Service};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::{Administered, Needs, Scope};
use crate::outside::new_id;
use crate::state::{Membership, State, schema_of};

/// A workspace file.
#[derive(Serialize, Deserialize)]
struct FileForm {
    workspace: String,
    schema: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_role: Option<String>,
    /// Documents; those of a file that is read come from the engine, which fetches those that are paths.
    #[serde(default)]
    roles: BTreeMap<String, Box<RawValue>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<String, GroupForm>,
    members: BTreeMap<String, MemberForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    objects: Vec<ObjectForm>,
}

#[derive(Default, Serialize, Deserialize)]
struct GroupForm {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct MemberForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    properties: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
}

#[derive(Serialize, Deserialize)]
struct ObjectForm {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    properties: Option<Box<RawValue>>,
}

fn raw(text: &str) -> Result<Box<RawValue>, Refusal> {
    RawValue::from_string(text.to_owned()).map_err(unsaid)
}

fn unsaid(error: serde_json::Error) -> Refusal {
    Refusal::Invalid(error.to_string())
}

impl Service {
    /// The workspace as a workspace file, in canonical form.
    ///
    /// # Errors
    /// When the caller may not read all of it; when a file cannot say what it is: the built-in roles of the built-in schema cannot be
    /// others there.
    pub fn export(&self, call: &Call, workspace: Id) -> Result<String, Refusal> {
        let tenant = self.tenant(call, workspace)?;
        let text = {
            let working = tenant.working();
            let snapshot = working.writer.snapshot();
            let holds = self.held(call, &working.state, snapshot)?;
            holds.within(Scope::Directory)?;
            holds.within(Scope::Objects)?;
            for on in [Administered::Workspace, Administered::Membership] {
                holds.may(snapshot.schema(), Needs { on, action: "read" })?;
            }
            said(&working.state)?
        };
        self.store.note(workspace, &self.entry(call, "workspace.export", Outcome::Done, None)?)?;
        let mut limits = Limits::default();
        (limits.document_bytes, limits.workspace_bytes) = (usize::MAX, usize::MAX);
        format(&Source::new("exported", &*text), &limits).map_err(Refusal::Faults)
    }

    /// A new workspace out of a workspace file, with an administrator: the member of the file that is named, who is given the role `admin`, or a new one.
    ///
    /// # Errors
    /// When the file has faults, names in it look alike, or there is a workspace of that name.
    pub fn import(
        &self,
        user: &str,
        source: &Arc<Source>,
        files: &dyn Files,
        admin: &str,
    ) -> Result<Setup, Refusal> {
        let entry = self.entry(&Call::local(user), "workspace.import", Outcome::Done, None)?;
        let made = self.imported(source, files, admin).and_then(|drafted| self.made(drafted, &entry, &[]));
        self.or_noted(made, entry)
    }

    /// What a workspace file says, as a workspace that is not yet anywhere.
    pub(super) fn imported(
        &self,
        source: &Arc<Source>,
        files: &dyn Files,
        admin: &str,
    ) -> Result<Drafted, Refusal> {
        let (described, _) = Workspace::read(source, files).map_err(Refusal::Faults)?;
        described.compile().map_err(Refusal::Faults)?;
        let text = source.text().trim_start_matches('\u{feff}');
        let form: FileForm = serde_json::from_str(text).map_err(unsaid)?;
        let schema = schema_text(&form.schema, files)?;
        fit("workspace", &form.workspace)?;
        let (mut state, _) = self.new_workspace(&form.workspace, &schema)?;
        self.put_roles(&mut state, &described, &schema)?;
        if let Some(role) = &form.default_role {
            state.workspace.default_role = Some(role_of(&state, role)?);
        }
        self.put_people(&mut state, &form)?;
        for object in form.objects {
            let properties = object.properties.filter(|one| !is_empty(one)).map(|one| one.get().to_owned());
            state.put(Row::Object(Object { kind: object.kind, id: object.id, version: 1, properties }));
        }
        let administrator = role_of(&state, "admin")?;
        let mut was = None;
        let member = match state.members.named(&folded(admin)).map(Membership::to_row) {
            Some(member) if member.subject == admin => {
                let id = member.id;
                let changes = member.role != administrator || member.suspended;
                was = changes.then(|| Was {
                    role: state.role_name(member.role).to_owned(),
                    suspended: member.suspended,
                });
                state.put(Row::Member(Member { role: administrator, suspended: false, ..member }));
                id
            }
            Some(member) => return Err(alike("member", &member.subject, admin)),
            None => self.enrol(&mut state, admin, administrator)?,
        };
        let key = self.first_key(&mut state, member)?;
        let snapshot = crate::state::compile(&state)?;
        if !super::held::has_administrator(&mut state, snapshot.snapshot()) {
            return Err(Refusal::LastAdministrator);
        }
        Ok(Drafted { state, member, key, was })
    }

    fn put_roles(&self, state: &mut State, described: &Workspace, schema: &str) -> Result<(), Refusal> {
        let built_in: BTreeMap<&str, String> = built_in_roles(&schema_of(schema)?)?.into_iter().collect();
        let now = self.outside.now();
        for (name, document) in described.roles() {
            let text = document.source().text();
            let text = text.get(document.span().range()).unwrap_or(text);
            if let Some(own) = built_in.get(name) {
                if !same_json(own, text) {
                    edit_built_in(state, name, text, now)?;
                }
                continue;
            }
            fit("role", name)?;
            let form = folded(name);
            if let Some(other) = state.role_names.get(&form) {
                return Err(alike("role", state.role_name(*other), name));
            }
            let id = new_id(&*self.outside)?;
            let (version, current) = (1, 1);
            state.put(Row::Role(Role {
                id,
                version,
                name: name.to_owned(),
                folded: form,
                built_in: false,
                current,
            }));
            state.put(Row::RoleVersion(RoleVersion {
                role: id,
                number: 1,
                document: text.to_owned(),
                author: "import".to_owned(),
                created: now,
                note: String::new(),
            }));
        }
        Ok(())
    }

    fn put_people(&self, state: &mut State, form: &FileForm) -> Result<(), Refusal> {
        let now = self.outside.now();
        for (subject, member) in &form.members {
            fit("member", subject)?;
            let name = folded(subject);
            if let Some(other) = state.members.named(&name) {
                return Err(alike("member", other.subject, subject));
            }
            let role = match &member.role {
                Some(role) => role_of(state, role)?,
                None => state
                    .workspace
                    .default_role
                    .ok_or_else(|| Refusal::not_found("role", "of the default"))?,
            };
            state.put(Row::Member(Member {
                id: new_id(&*self.outside)?,
                version: 1,
                subject: subject.clone(),
                folded: name,
                kind: member.kind.clone().unwrap_or_else(|| DEFAULT_MEMBER_TYPE.to_owned()),
                role,
                properties: member
                    .properties
                    .as_ref()
                    .filter(|one| !is_empty(one))
                    .map(|one| one.get().to_owned()),
                suspended: member.suspended,
                created: now,
            }));
        }
        for (name, group) in &form.groups {
            fit("group", name)?;
            let form = folded(name);
            if let Some(other) = state.group_names.get(&form) {
                return Err(alike("group", state.group_name(*other), name));
            }
            let id = new_id(&*self.outside)?;
            state.put(Row::Group(Group { id, version: 1, name: name.clone(), folded: form }));
            for role in &group.roles {
                state.put(Row::GroupRole { group: id, role: role_of(state, role)? });
            }
            for member in &group.members {
                let member = state.members.named(&folded(member)).map(|member| member.id);
                let member = member.ok_or_else(|| Refusal::not_found("member", name))?;
                state.put(Row::GroupMember { group: id, member });
            }
        }
        Ok(())
    }
}

/// What a file says of a role that every workspace has: a version of its own, but for the administrator's, which nobody edits.
fn edit_built_in(state: &mut State, name: &str, document: &str, now: i64) -> Result<(), Refusal> {
    if name == "admin" {
        let message = "the role `admin` is built in and grants everything, and the file says something else: give it another name";
        return Err(Refusal::Conflict(message.to_owned()));
    }
    let Some(role) = state.built_in(name).and_then(|id| state.roles.get(&id)).cloned() else { return Ok(()) };
    let version = RoleVersion {
        role: role.id,
        number: 2,
        document: document.to_owned(),
        author: "import".to_owned(),
        created: now,
        note: String::new(),
    };
    state.put(Row::Role(Role { current: 2, ..role }));
    state.put(Row::RoleVersion(version));
    Ok(())
}

fn role_of(state: &State, name: &str) -> Result<Id, Refusal> {
    Ok(super::apply::find_role(state, &name.into())?.id)
}

fn alike(what: &str, one: &str, other: &str) -> Refusal {
    Refusal::Conflict(format!(
        "the {what} {} looks like the {what} {}: rename one of them",
        quoted(other),
        quoted(one)
    ))
}

fn is_empty(properties: &RawValue) -> bool {
    serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(properties.get())
        .is_ok_and(|map| map.is_empty())
}

fn same_json(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    value(one).is_some() && value(one) == value(other)
}

/// The text of a schema: its name when it is built in, what stands in the file, or what a path in it leads to.
fn schema_text(schema: &RawValue, files: &dyn Files) -> Result<String, Refusal> {
    let Ok(name) = serde_json::from_str::<String>(schema.get()) else { return Ok(schema.get().to_owned()) };
    if portcullis::BUILT_IN_SCHEMAS.contains(&&*name) {
        return Ok(name);
    }
    let limits = Limits::default();
    let fetched = files
        .fetch(&name, limits.document_bytes, "max-document-bytes")
        .map_err(|why| Refusal::Invalid(format!("cannot read {}: {why}", quoted(&name))))?;
    String::from_utf8(fetched.bytes).map_err(|_| Refusal::Invalid(format!("{} is not UTF-8", quoted(&name))))
}

/// What a workspace says in a file.
fn said(state: &State) -> Result<String, Refusal> {
    let schema = schema_of(&state.workspace.schema)?;
    let built_in: BTreeMap<&str, String> = built_in_roles(&schema)?.into_iter().collect();
    let mut roles = BTreeMap::new();
    for version in state.current.values() {
        let Some(role) = state.roles.get(&version.role) else { continue };
        let own = built_in.get(&*role.name).filter(|_| role.built_in && schema.is_hightouch());
        match own {
            // The built-in schema brings these along, and a file cannot say them otherwise.
            Some(own) if same_json(own, &version.document) => {}
            Some(_) => {
                let message = format!(
                    "the built-in role {} was edited, which a workspace file cannot say: roll it back to version 1, or give its document a name of its own",
                    quoted(&role.name)
                );
                return Err(Refusal::Invalid(message));
            }
            None => {
                roles.insert(role.name.clone(), raw(&version.document)?);
            }
        }
    }
    let mut members = BTreeMap::new();
    for member in state.members.by_name() {
        members.insert(
            member.subject.to_owned(),
            MemberForm {
                role: Some(state.role_name(member.role).to_owned()),
                kind: (member.kind != DEFAULT_MEMBER_TYPE).then(|| member.kind.to_owned()),
                properties: member.properties.map(raw).transpose()?,
                suspended: member.suspended,
            },
        );
    }
    let mut groups = BTreeMap::new();
    for group in state.groups.values() {
        let mut form = GroupForm {
            roles: state
                .of_group
                .get(&group.id)
                .into_iter()
                .flatten()
                .map(|id| state.role_name(*id).to_owned())
                .collect(),
            members: state.in_group(group.id).map(|member| member.subject.to_owned()).collect(),
        };
        form.roles.sort();
        form.members.sort();
        groups.insert(group.name.clone(), form);
    }
    let mut objects = Vec::new();
    for object in state.objects.values() {
        let properties = object.properties.as_deref().map(raw).transpose()?;
        objects.push(ObjectForm { kind: object.kind.clone(), id: object.id.clone(), properties });
    }
    let form = FileForm {
        workspace: state.workspace.name.clone(),
        schema: if schema.is_hightouch() {
            to_raw_value(&state.workspace.schema).map_err(unsaid)?
        } else {
            raw(&state.workspace.schema)?
        },
        default_role: state.workspace.default_role.map(|role| state.role_name(role).to_owned()),
        roles,
        groups,
        members,
        objects,
    };
    let text = serde_json::to_string(&form).map_err(unsaid)?;
    // What was written is compiled once more: an export that nobody could read would be found out too late.
    let mut limits = Limits::default();
    limits.workspace_bytes = usize::MAX;
    let read = Workspace::read_within(&Source::new("exported", &*text), &NoFiles, &limits);
    read.and_then(|(workspace, _)| workspace.compile()).map_err(Refusal::Faults)?;
    Ok(text)
}
