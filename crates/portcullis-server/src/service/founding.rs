//! New workspaces: drafted, and then made, or only looked at.
//!
//! A draft is everything but its place in the store, so what a look says is what making it says. That the store would take it is found out
//! by putting it into one in memory, which the same suite of tests holds to the same contract; only a disk may still say no.

use portcullis_store::{Entry, Id, MemoryStore, Outcome, RealmEdit, Store as _, StoreError};
use serde::Serialize;

use super::Service;
use super::setup::{Operator, Setup};
use crate::Refusal;
use crate::naming::fit;
use crate::secret::Secret;
use crate::state::{State, compile};

/// What making a workspace would bring about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Founding {
    /// Its name.
    pub workspace: String,
    /// The name of its schema.
    pub schema: String,
    /// Who would administer it.
    pub administrator: String,
    /// What the administrator is in the file, where that would be changed.
    pub was: Option<Was>,
    /// The role of whoever joins without one.
    pub default_role: Option<String>,
    /// The built-in roles that would say something else, as the file does.
    pub replaced: Vec<String>,
    /// How many members.
    pub members: usize,
    /// How many groups.
    pub groups: usize,
    /// How many roles, the built-in ones too.
    pub roles: usize,
    /// How many objects.
    pub objects: usize,
}

/// What a member is in a file who is to administer the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Was {
    /// The role.
    pub role: String,
    /// Whether suspended.
    pub suspended: bool,
}

/// A workspace that is not yet anywhere, with its administrator and the key of that.
pub(super) struct Drafted {
    pub(super) state: State,
    pub(super) member: Id,
    pub(super) key: Secret,
    pub(super) was: Option<Was>,
}

impl Service {
    /// What [`create_workspace`](Service::create_workspace) would make. Nothing is made, and nothing is noted.
    ///
    /// # Errors
    /// As there.
    pub fn preview_workspace(
        &self,
        _operator: &Operator,
        name: &str,
        schema: &str,
        admin: &str,
    ) -> Result<Founding, Refusal> {
        self.look_at(self.drafted(name, schema, admin)?)
    }

    /// What [`import`](Service::import) would make. Nothing is made, and nothing is noted.
    ///
    /// # Errors
    /// As there.
    pub fn preview_import(
        &self,
        source: &std::sync::Arc<portcullis::Source>,
        files: &dyn portcullis::Files,
        admin: &str,
    ) -> Result<Founding, Refusal> {
        self.look_at(self.imported(source, files, admin)?)
    }

    /// A workspace with an administrator and nobody else.
    pub(super) fn drafted(&self, name: &str, schema: &str, admin: &str) -> Result<Drafted, Refusal> {
        fit("workspace", name)?;
        let (mut state, built_in) = self.new_workspace(name, schema)?;
        let role = *built_in.get("admin").ok_or_else(|| Refusal::Invalid("no built-in role".to_owned()))?;
        let member = self.enrol(&mut state, admin, role)?;
        let key = self.first_key(&mut state, member)?;
        Ok(Drafted { state, member, key, was: None })
    }

    /// Writes a new workspace down, and puts it in force.
    pub(super) fn made(
        &self,
        drafted: Drafted,
        entry: &Entry,
        realm: &[RealmEdit],
    ) -> Result<Setup, Refusal> {
        let Drafted { mut state, member, key, .. } = drafted;
        // What does not compile is not written.
        compile(&state)?;
        state.workspace = self.store.create(&state.workspace, &state.rows(), entry, realm)?;
        let workspace = state.workspace.id;
        self.take_in(state)?;
        Ok(Setup { workspace, member, key, operator: None })
    }

    fn look_at(&self, drafted: Drafted) -> Result<Founding, Refusal> {
        let Drafted { state, member, was, .. } = drafted;
        compile(&state)?;
        if self.store.workspaces()?.iter().any(|other| other.name == state.workspace.name) {
            return Err(StoreError::Taken { what: "workspace", part: "name" }.into());
        }
        let entry = self.entry_of("nobody", "workspace.create", Outcome::Done, None)?;
        MemoryStore::new().create(&state.workspace, &state.rows(), &entry, &[])?;
        let edited = state.roles.values().filter(|role| role.built_in && role.current > 1);
        Ok(Founding {
            workspace: state.workspace.name.clone(),
            schema: state.schema()?.name().to_owned(),
            administrator: state.subject(member).to_owned(),
            was,
            default_role: state.workspace.default_role.map(|role| state.role_name(role).to_owned()),
            replaced: edited.map(|role| role.name.clone()).collect(),
            members: state.members.len(),
            groups: state.groups.len(),
            roles: state.roles.len(),
            objects: state.objects.len(),
        })
    }
}
