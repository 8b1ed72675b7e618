//! From rows to a compiled snapshot.

use std::sync::Arc;

use portcullis::condition::Attribute;
use portcullis::matrix::Layout;
use portcullis::{Document, Group, Member, Report, Revision, Schema, Snapshot, Source, Workspace, Writer};
use portcullis_store::{Millis, Row, Store};

use super::{Members, Membership, State};
use crate::Refusal;

impl State {
    /// Reads a workspace out of a store.
    pub(crate) fn read(store: &dyn Store, workspace: portcullis_store::Id) -> Result<State, Refusal> {
        let mut state = State::new(unknown(workspace));
        state.workspace = store.load(workspace, &mut |row| match row {
            Row::Member(member) => state.put_member(&member, Members::put_unnamed),
            other => state.put(other),
        })?;
        state.members.name_all();
        Ok(state)
    }

    /// The schema of the workspace.
    pub(crate) fn schema(&self) -> Result<Schema, Refusal> {
        schema_of(&self.workspace.schema)
    }
}

/// What stands for a workspace until it is read, which is when its rows have been.
pub(super) fn unknown(id: portcullis_store::Id) -> portcullis_store::Workspace {
    portcullis_store::Workspace {
        id,
        name: String::new(),
        epoch: 0,
        revision: 0,
        schema: String::new(),
        default_role: None,
        settings: String::new(),
        created: 0,
    }
}

/// A built-in schema by its name, another by its text, with types that administer.
pub(crate) fn schema_of(text: &str) -> Result<Schema, Refusal> {
    let built_in = Schema::built_in(text).map_err(Refusal::Faults)?;
    match built_in {
        Some(schema) => Ok(schema),
        None => {
            let (schema, _) = Schema::read(&Source::new("schema", text)).map_err(Refusal::Faults)?;
            schema.administered().map_err(Refusal::Invalid)
        }
    }
}

/// The document of a role.
pub(crate) fn document_of(name: &str, text: &str) -> Result<Document, Report> {
    Ok(Document::read(&Source::new(name, text))?.0)
}

/// Properties of a member or an object.
pub(crate) fn properties_of(what: &str, text: Option<&str>) -> Result<Option<Attribute>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let read = Attribute::read(&Source::new(what, text)).map_err(Refusal::Faults)?;
    Ok(Some(read))
}

/// Compiles all rows of a workspace.
pub(crate) fn compile(state: &State) -> Result<Writer, Refusal> {
    let schema = state.schema()?;
    let own = schema.is_hightouch();
    let mut workspace = Workspace::new(&*state.workspace.name, schema);
    if let Some(role) = state.workspace.default_role {
        workspace.set_default_role(state.role_name(role));
    }
    let mut overridden = Vec::new();
    for version in state.current.values() {
        let Some(role) = state.roles.get(&version.role) else { continue };
        let mut document = document_of(&role.name, &version.document).map_err(Refusal::Faults)?;
        if role.built_in && role.name == "admin" {
            document = document.reaching_administration();
        }
        match (own && role.built_in, version.number) {
            // The first version is what the schema brings along.
            (true, 1) => {}
            (true, _) => overridden.push((role.name.as_str(), document)),
            (false, _) => {
                workspace.add_role(&role.name, document);
            }
        }
    }
    for member in state.members.iter() {
        workspace.add_member(member.subject, described(state, member)?);
    }
    for group in state.groups.values() {
        let mut team = Group::new();
        for role in state.of_group.get(&group.id).into_iter().flatten() {
            team = team.role(state.role_name(*role));
        }
        for member in state.in_group(group.id) {
            team = team.member(member.subject);
        }
        workspace.add_group(&group.name, team);
    }
    for object in state.objects.values() {
        let properties = properties_of("properties", object.properties.as_deref())?;
        workspace.add_object(&object.kind, &object.id, properties);
    }
    let revision = Revision::new(state.workspace.revision);
    let compiled: Result<(Snapshot, Report), Report> = workspace.compile_with(Layout::Auto, revision);
    let mut writer = Writer::new(Arc::new(compiled.map_err(Refusal::Faults)?.0));
    for (name, document) in overridden {
        writer.override_role(name, document).map_err(Refusal::Faults)?;
    }
    if writer.has_changes() {
        writer.publish_as(revision);
    }
    Ok(writer)
}

/// A member as the compiler wants it.
pub(crate) fn described(state: &State, member: Membership<'_>) -> Result<Member, Refusal> {
    let mut described = Member::with_role(state.role_name(member.role));
    if member.kind != portcullis::DEFAULT_MEMBER_TYPE {
        described = described.of_type(member.kind);
    }
    if let Some(properties) = properties_of("properties", member.properties)? {
        described = described.with_properties(properties);
    }
    Ok(if member.suspended { described.suspended() } else { described })
}

/// Whether something is over by now.
pub(crate) fn is_over(expires: Option<Millis>, now: Millis) -> bool {
    expires.is_some_and(|expires| expires <= now)
}
