//! A store in memory, which fails on command.
//!
//! It keeps to every promise of [`Store`] but the one about disks, so that a service can be tested quickly, and tested
//! against a disk that fails at the worst moment: [`MemoryStore::fail`] says when.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::audit::{AuditEntry, Entry, Head};
use crate::rows::{InvitationState, Key, Millis, RoleVersion, Row, Workspace};
use crate::{Change, Edit, Id, RealmEdit, Result, Store, StoreError};

/// When a [`MemoryStore`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The next reading fails.
    Reading,
    /// The next change cannot begin.
    Beginning,
    /// The next commit fails and is not there afterwards; the store takes no more changes.
    Committing,
    /// The next commit is reported as failed, and is there afterwards; the store takes no more changes.
    CommittedUnseen,
}

/// Workspaces in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    workspaces: BTreeMap<Id, Kept>,
    trails: BTreeMap<Id, Vec<AuditEntry>>,
    realm: BTreeMap<String, Vec<u8>>,
    fault: Option<Fault>,
    closed: Option<String>,
}

#[derive(Clone, Debug)]
struct Kept {
    workspace: Workspace,
    rows: BTreeMap<Key, Row>,
}

const WHY: &str = "a failure that was asked for";

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Makes it fail once.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Opens it again after a failed commit.
    pub fn reopen(&self) {
        let mut state = self.state();
        (state.closed, state.fault) = (None, None);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.fails(Fault::Reading)?;
        Ok(state)
    }

    fn changing(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if let Some(why) = &state.closed {
            return Err(StoreError::Closed(why.clone()));
        }
        state.fails(Fault::Beginning)?;
        Ok(state)
    }
}

impl State {
    /// Fails if that was asked for, once.
    fn fails(&mut self, at: Fault) -> Result<()> {
        if self.fault != Some(at) {
            return Ok(());
        }
        self.fault = None;
        Err(StoreError::failed("doing as told", WHY))
    }

    fn kept(&self, workspace: Id) -> Result<&Kept> {
        self.workspaces.get(&workspace).ok_or(StoreError::NoWorkspace(workspace))
    }

    /// The entry as it would follow the end of a trail.
    fn next(&self, workspace: Id, revision: u64, entry: &Entry) -> AuditEntry {
        let last = self.trails.get(&workspace).and_then(|trail| trail.last());
        entry.after(last.map_or(Head::EMPTY, AuditEntry::head), workspace, revision)
    }

    /// The operator's realm as it would be after edits.
    fn edited(&self, edits: &[RealmEdit]) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut realm = self.realm.clone();
        for RealmEdit { name, expected, value } in edits {
            if realm.get(name) != expected.as_ref() {
                return Err(StoreError::Moved(name.clone()));
            }
            match value {
                Some(value) => realm.insert(name.clone(), value.clone()),
                None => realm.remove(name),
            };
        }
        Ok(realm)
    }

    /// Puts what a change comes to in the place of what was, unless that is to fail.
    fn commit(&mut self, put: impl FnOnce(&mut State)) -> Result<()> {
        let fault = self.fault.take_if(|fault| matches!(fault, Fault::Committing | Fault::CommittedUnseen));
        if fault != Some(Fault::Committing) {
            put(self);
        }
        match fault {
            None => Ok(()),
            Some(_) => Err(StoreError::Closed(self.closed.insert(WHY.to_owned()).clone())),
        }
    }

    /// Puts a workspace in the place of what it was.
    fn put(&mut self, kept: Kept, entry: AuditEntry) {
        self.trails.entry(kept.workspace.id).or_default().push(entry);
        self.workspaces.insert(kept.workspace.id, kept);
    }
}

impl Kept {
    fn put(&mut self, row: &Row) -> Result<()> {
        let key = row.key();
        if let Some(taken) = claim(row)
            && self.rows.iter().any(|(other, row)| *other != key && claim(row) == Some(taken))
        {
            return Err(StoreError::Taken { what: key.what(), part: "name" });
        }
        if matches!(row, Row::RoleVersion(_)) && self.rows.contains_key(&key) {
            return Err(StoreError::Taken { what: key.what(), part: "number" });
        }
        let mut row = row.clone();
        if let Row::ApiKey(new) = &mut row {
            new.used = match self.rows.get(&key) {
                Some(Row::ApiKey(old)) => old.used,
                _ => None,
            };
        }
        self.rows.insert(key, row);
        Ok(())
    }

    /// Whether everything that is referred to is there.
    fn is_whole(&self) -> bool {
        let has = |key: Key| self.rows.contains_key(&key);
        let role = self.workspace.default_role;
        role.is_none_or(|role| has(Key::Role(role)))
            && self.rows.values().all(|row| match row {
                Row::Member(member) => has(Key::Role(member.role)),
                Row::GroupMember { group, member } => has(Key::Group(*group)) && has(Key::Member(*member)),
                Row::GroupRole { group, role } => has(Key::Group(*group)) && has(Key::Role(*role)),
                Row::Invitation(invitation) => invitation.role.is_none_or(|role| has(Key::Role(role))),
                Row::ApiKey(key) => has(Key::Member(key.member)),
                Row::Role(_) | Row::RoleVersion(_) | Row::Group(_) | Row::Object(_) | Row::Rule(_) => true,
            })
    }
}

/// What no two rows of a table may share, beside their keys.
fn claim(row: &Row) -> Option<(&'static str, &str)> {
    match row {
        Row::Role(role) => Some(("role", &role.folded)),
        Row::Member(member) => Some(("member", &member.folded)),
        Row::Group(group) => Some(("group", &group.folded)),
        Row::Rule(rule) => Some(("rule", &rule.name)),
        Row::Invitation(one) if one.state == InvitationState::Pending => Some(("invitation", &one.folded)),
        _ => None,
    }
}

fn dangling() -> StoreError {
    StoreError::Dangling("something that is referred to is not there, or still referred to".to_owned())
}

impl Store for MemoryStore {
    fn workspaces(&self) -> Result<Vec<Workspace>> {
        let mut all: Vec<Workspace> =
            self.reading()?.workspaces.values().map(|kept| kept.workspace.clone()).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    fn create(
        &self,
        workspace: &Workspace,
        rows: &[Row],
        entry: &Entry,
        realm: &[RealmEdit],
    ) -> Result<Workspace> {
        let mut state = self.changing()?;
        if workspace.id == Id::NIL || state.workspaces.contains_key(&workspace.id) {
            return Err(StoreError::Taken { what: "workspace", part: "id" });
        }
        if state.workspaces.values().any(|kept| kept.workspace.name == workspace.name) {
            return Err(StoreError::Taken { what: "workspace", part: "name" });
        }
        let workspace = Workspace { revision: 1, ..workspace.clone() };
        let mut kept = Kept { workspace: workspace.clone(), rows: BTreeMap::new() };
        rows.iter().try_for_each(|row| kept.put(row))?;
        if !kept.is_whole() {
            return Err(dangling());
        }
        let realm = state.edited(realm)?;
        let entry = state.next(workspace.id, 1, entry);
        state.commit(|state| {
            state.realm = realm;
            state.put(kept, entry);
        })?;
        Ok(workspace)
    }

    fn realm(&self) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.reading()?.realm.clone().into_iter().collect())
    }

    fn change_realm(&self, edits: &[RealmEdit], entry: &Entry) -> Result<()> {
        let mut state = self.changing()?;
        let realm = state.edited(edits)?;
        let entry = state.next(Id::NIL, 0, entry);
        state.commit(|state| {
            state.realm = realm;
            state.trails.entry(Id::NIL).or_default().push(entry);
        })
    }

    fn load(&self, workspace: Id, each: &mut dyn FnMut(Row)) -> Result<Workspace> {
        let state = self.reading()?;
        let kept = state.kept(workspace)?;
        let current = |role: Id, number: u64| match kept.rows.get(&Key::Role(role)) {
            Some(Row::Role(role)) => role.current == number,
            _ => false,
        };
        let in_force = kept.rows.values().filter(|row| match row {
            Row::RoleVersion(version) => current(version.role, version.number),
            _ => true,
        });
        in_force.cloned().for_each(each);
        Ok(kept.workspace.clone())
    }

    fn row(&self, workspace: Id, key: &Key) -> Result<Option<Row>> {
        Ok(self.reading()?.workspaces.get(&workspace).and_then(|kept| kept.rows.get(key)).cloned())
    }

    fn role_versions(&self, workspace: Id, role: Id) -> Result<Vec<RoleVersion>> {
        let state = self.reading()?;
        let rows = state.workspaces.get(&workspace).into_iter().flat_map(|kept| kept.rows.values());
        let versions = rows.filter_map(|row| match row {
            Row::RoleVersion(version) if version.role == role => Some(version.clone()),
            _ => None,
        });
        Ok(versions.collect())
    }

    fn audit(&self, workspace: Id, after: u64, most: usize) -> Result<Vec<AuditEntry>> {
        let state = self.reading()?;
        let trail = state.trails.get(&workspace).into_iter().flatten();
        Ok(trail.filter(|entry| entry.number > after).take(most).cloned().collect())
    }

    fn change(&self, workspace: Id) -> Result<Box<dyn Change + '_>> {
        let state = self.changing()?;
        let kept = state.kept(workspace)?.clone();
        Ok(Box::new(Open { state, kept }))
    }

    fn note(&self, workspace: Id, entry: &Entry) -> Result<AuditEntry> {
        let mut state = self.changing()?;
        let revision = if workspace == Id::NIL { 0 } else { state.kept(workspace)?.workspace.revision };
        let entry = state.next(workspace, revision, entry);
        state.trails.entry(workspace).or_default().push(entry.clone());
        Ok(entry)
    }

    fn note_used(&self, workspace: Id, uses: &[(Id, Millis)]) -> Result<()> {
        let mut state = self.changing()?;
        let kept = state.workspaces.get_mut(&workspace);
        let Some(kept) = kept else { return Ok(()) };
        for (key, used) in uses {
            if let Some(Row::ApiKey(key)) = kept.rows.get_mut(&Key::ApiKey(*key)) {
                key.used = key.used.max(Some(*used));
            }
        }
        Ok(())
    }

    fn erase_payload(&self, workspace: Id, number: u64) -> Result<bool> {
        let mut state = self.changing()?;
        let trail = state.trails.entry(workspace).or_default();
        let found = trail.iter_mut().find(|entry| entry.number == number && entry.entry.payload.is_some());
        let Some(found) = found else { return Ok(false) };
        (found.entry.payload, found.entry.salt) = (None, [0; 16]);
        Ok(true)
    }
}

/// A change under way.
struct Open<'s> {
    state: MutexGuard<'s, State>,
    /// What the workspace becomes.
    kept: Kept,
}

impl Change for Open<'_> {
    fn workspace(&self) -> &Workspace {
        &self.kept.workspace
    }

    fn row(&self, key: &Key) -> Result<Option<Row>> {
        Ok(self.kept.rows.get(key).cloned())
    }

    fn commit(mut self: Box<Self>, edits: &[Edit], entry: &Entry) -> Result<Workspace> {
        let kept = &mut self.kept;
        kept.workspace.revision += 1;
        for edit in edits {
            match edit {
                Edit::Put(row) => kept.put(row)?,
                Edit::Remove(key) if kept.rows.remove(key).is_none() => {
                    return Err(StoreError::Dangling(format!("there is no such {} to remove", key.what())));
                }
                Edit::Remove(_) => {}
                Edit::Describe { name, schema, default_role, settings } => {
                    kept.workspace.name.clone_from(name);
                    kept.workspace.schema.clone_from(schema);
                    kept.workspace.default_role = *default_role;
                    kept.workspace.settings.clone_from(settings);
                }
            }
        }
        let Workspace { id, name, revision, .. } = &kept.workspace;
        let (id, revision) = (*id, *revision);
        let taken = self
            .state
            .workspaces
            .values()
            .any(|other| other.workspace.id != id && other.workspace.name == *name);
        if taken {
            return Err(StoreError::Taken { what: "workspace", part: "name" });
        }
        if !self.kept.is_whole() {
            return Err(dangling());
        }
        let entry = self.state.next(id, revision, entry);
        let Open { mut state, kept } = *self;
        let workspace = kept.workspace.clone();
        state.commit(|state| state.put(kept, entry))?;
        Ok(workspace)
    }
}
