//! A change under way: rows are put and taken, the compiled candidate follows them, and all of it can be taken back.
//!
//! Whatever an operation does to rows goes through [`Draft::put`] and [`Draft::take`], which note of everybody whom it could concern what
//! they held before. That is what the rules are held against; no operation can do something that they do not see.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::Writer;
use portcullis_store::{Edit, Id, InvitationState, Key, Millis, Row, Workspace};

use crate::Refusal;
use crate::limits::Bounds;
use crate::outside::Outside;
use crate::state::{State, compile, described, document_of, properties_of};

/// Somebody who holds roles, or could.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// A member, suspended or not.
    Member(Id),
    /// Who accepts an invitation that is pending.
    Invitation(Id),
    /// Who joins a group.
    Group(Id),
    /// Who is given a role; and every member whose own it is and who is in no group.
    Role(Id),
    /// Who joins without a role.
    Joiner,
}

/// Roles by their ids.
pub(super) type Roles = BTreeSet<Id>;

/// Whom a change concerns, and what they held before it.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// What each held.
    pub(super) holders: BTreeMap<Holder, Roles>,
    /// Members that were changed themselves, and not only by what a role says.
    pub(super) directly: BTreeSet<Id>,
    /// Who is shown a secret of whom, or let in again: whatever these hold then is gained.
    pub(super) shown: BTreeSet<Holder>,
    /// Members whose properties changed.
    pub(super) properties: BTreeSet<Id>,
    /// Roles whose documents changed.
    pub(super) roles: Roles,
    /// The names of roles that there were.
    pub(super) names: BTreeMap<Id, String>,
    /// Objects whose properties changed.
    pub(super) objects: BTreeSet<(String, String)>,
    /// The schema changed.
    pub(super) schema: bool,
}

impl Touched {
    /// What a member held before the change, whose own role and groups are still those that they were.
    ///
    /// A role that a group comes to give, or a role's new document, may concern a hundred thousand members, who are not noted one by one: what their
    /// groups gave before is.
    fn before(&self, state: &State, member: Id) -> Roles {
        let Some(member) = state.members.get(&member) else { return Roles::new() };
        self.held_before(state, member.role, state.places.groups_of(member.number))
    }

    /// What members with a role of their own and in groups held before the change.
    pub(super) fn held_before(&self, state: &State, role: Id, groups: &[Id]) -> Roles {
        let mut roles = Roles::from([role]);
        for group in groups {
            let before = self.holders.get(&Holder::Group(*group));
            roles.extend(before.or_else(|| state.of_group.get(group)).into_iter().flatten());
        }
        roles
    }
}

enum Undo {
    Row(Box<(Key, Option<Row>)>),
    Described(Box<Workspace>),
}

/// A change under way.
pub(super) struct Draft<'d> {
    pub(super) state: &'d mut State,
    pub(super) writer: &'d mut Writer,
    pub(super) outside: &'d dyn Outside,
    pub(super) bounds: &'d Bounds,
    pub(super) now: Millis,
    pub(super) touched: Touched,
    edits: Vec<Edit>,
    undo: Vec<Undo>,
}

impl<'d> Draft<'d> {
    pub(super) fn new(
        state: &'d mut State,
        writer: &'d mut Writer,
        outside: &'d dyn Outside,
        bounds: &'d Bounds,
    ) -> Draft<'d> {
        let now = outside.now();
        Draft {
            state,
            writer,
            outside,
            bounds,
            now,
            touched: Touched::default(),
            edits: Vec::new(),
            undo: Vec::new(),
        }
    }

    /// What is to be written.
    pub(super) fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The roles that somebody holds now, or would.
    pub(super) fn roles(&self, holder: &Holder) -> Roles {
        let state = &*self.state;
        match holder {
            Holder::Member(id) => {
                state.members.get(id).map(|member| state.roles_of(member)).unwrap_or_default()
            }
            Holder::Invitation(id) => {
                let pending = state.invitations.get(id).filter(|one| one.state == InvitationState::Pending);
                pending.and_then(|one| one.role.or(state.workspace.default_role)).into_iter().collect()
            }
            Holder::Group(id) => state.of_group.get(id).cloned().unwrap_or_default(),
            Holder::Role(id) => state.current.contains_key(id).then_some(*id).into_iter().collect(),
            Holder::Joiner => state.workspace.default_role.into_iter().collect(),
        }
    }

    /// Notes what somebody holds, before it is changed for the first time.
    fn touch(&mut self, holder: Holder) {
        if !self.touched.holders.contains_key(&holder) {
            let roles = match &holder {
                Holder::Member(id) => self.touched.before(self.state, *id),
                other => self.roles(other),
            };
            for role in &roles {
                let name = self.state.role_name(*role);
                self.touched.names.entry(*role).or_insert_with(|| name.to_owned());
            }
            self.touched.holders.insert(holder, roles);
        }
    }

    /// Notes that somebody is shown a secret, and so gains all that the holder holds.
    pub(super) fn shown(&mut self, holder: Holder) {
        self.touch(holder.clone());
        self.touched.shown.insert(holder);
    }

    /// Notes that a member is acted upon, though its row stays.
    pub(super) fn acted_upon(&mut self, member: Id) {
        self.touch(Holder::Member(member));
        self.touched.directly.insert(member);
    }

    /// Puts a row.
    pub(super) fn put(&mut self, row: Row) -> Result<(), Refusal> {
        let key = row.key();
        let before = self.state.row(&key);
        self.note(before.as_ref(), Some(&row));
        self.undo
            .push(Undo::Row(Box::new((undo_key(&row, self.state), self.before_put(&row, before.clone())))));
        self.state.put(row.clone());
        self.reflect(before.as_ref(), Some(&row))?;
        self.edits.push(Edit::Put(row));
        Ok(())
    }

    /// Versions of a role take each other's place here, not in the store.
    fn before_put(&self, row: &Row, before: Option<Row>) -> Option<Row> {
        match row {
            Row::RoleVersion(version) => self.state.current.get(&version.role).cloned().map(Row::RoleVersion),
            _ => before,
        }
    }

    /// Takes a row.
    pub(super) fn take(&mut self, key: Key) -> Result<(), Refusal> {
        let before = self.state.row(&key);
        self.note(before.as_ref(), None);
        self.undo.push(Undo::Row(Box::new((key.clone(), before.clone()))));
        self.state.remove(&key);
        self.reflect(before.as_ref(), None)?;
        // History stays: what a role said goes from memory only.
        if !matches!(key, Key::RoleVersion { .. }) {
            self.edits.push(Edit::Remove(key));
        }
        Ok(())
    }

    /// Changes what is said of the workspace itself.
    pub(super) fn describe(&mut self, change: impl FnOnce(&mut Workspace)) -> Result<(), Refusal> {
        let before = self.state.workspace.clone();
        let mut after = before.clone();
        change(&mut after);
        if before.default_role != after.default_role {
            self.touch(Holder::Joiner);
            let pending = self.state.pending(self.now).filter(|one| one.role.is_none());
            let pending: Vec<Id> = pending.map(|one| one.id).collect();
            pending.into_iter().for_each(|id| self.touch(Holder::Invitation(id)));
        }
        self.undo.push(Undo::Described(Box::new(before.clone())));
        self.edits.push(Edit::Describe {
            name: after.name.clone(),
            schema: after.schema.clone(),
            default_role: after.default_role,
            settings: after.settings.clone(),
        });
        self.state.workspace = after;
        if before.schema != self.state.workspace.schema {
            self.touched.schema = true;
            *self.writer = compile(self.state)?;
        } else if let Some(role) = self
            .state
            .workspace
            .default_role
            .filter(|_| before.default_role != self.state.workspace.default_role)
        {
            self.writer.set_default_role(self.state.role_name(role)).map_err(Refusal::Faults)?;
        }
        Ok(())
    }

    /// Takes everything back.
    pub(super) fn undo(mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Row(row) => match *row {
                    (_, Some(row)) => self.state.put(row),
                    (key, None) => self.state.remove(&key),
                },
                Undo::Described(workspace) => self.state.workspace = *workspace,
            }
        }
        if self.touched.schema {
            // What compiled before compiles again.
            if let Ok(writer) = compile(self.state) {
                *self.writer = writer;
            }
        } else {
            self.writer.discard();
        }
    }

    /// Notes whom a row concerns.
    fn note(&mut self, before: Option<&Row>, after: Option<&Row>) {
        let Some(row) = after.or(before) else { return };
        match row {
            Row::Member(member) => {
                self.acted_upon(member.id);
                let (was, is) = (of_member(before), of_member(after));
                if was.map(|one| &one.properties) != is.map(|one| &one.properties) && was.is_some() {
                    self.touched.properties.insert(member.id);
                }
                // To be let in again is to be given what one holds.
                if was.is_some_and(|one| one.suspended) && is.is_some_and(|one| !one.suspended) {
                    self.shown(Holder::Member(member.id));
                }
            }
            Row::GroupMember { member, .. } => self.acted_upon(*member),
            // What it comes to for the members of the group is seen when all is done: see `Touched::before`.
            Row::GroupRole { group, .. } => self.touch(Holder::Group(*group)),
            Row::RoleVersion(version) => self.note_role(version.role),
            Row::Role(role) if before.is_none() || after.is_none() => self.note_role(role.id),
            Row::Group(group) if before.is_none() || after.is_none() => self.touch(Holder::Group(group.id)),
            Row::Invitation(invitation) => self.touch(Holder::Invitation(invitation.id)),
            Row::Object(object) => {
                self.touched.objects.insert((object.kind.clone(), object.id.clone()));
            }
            Row::Role(_) | Row::Group(_) | Row::ApiKey(_) | Row::Rule(_) => {}
        }
    }

    /// Whoever could come to hold a role, when what it says changes. Those who hold it in groups are seen when all is done.
    fn note_role(&mut self, role: Id) {
        if !self.touched.roles.insert(role) {
            return;
        }
        let state = &*self.state;
        let giving = state.of_group.iter().filter(|(_, roles)| roles.contains(&role));
        let mut holders: Vec<Holder> = giving.map(|(group, _)| Holder::Group(*group)).collect();
        let default = state.workspace.default_role == Some(role);
        let invited =
            state.pending(self.now).filter(|one| one.role == Some(role) || one.role.is_none() && default);
        holders.extend(invited.map(|one| Holder::Invitation(one.id)));
        if default {
            holders.push(Holder::Joiner);
        }
        holders.push(Holder::Role(role));
        holders.into_iter().for_each(|holder| self.touch(holder));
    }

    /// Does to the compiled candidate what was done to a row.
    fn reflect(&mut self, before: Option<&Row>, after: Option<&Row>) -> Result<(), Refusal> {
        let (state, writer) = (&*self.state, &mut *self.writer);
        let done = match (before, after) {
            (_, Some(Row::RoleVersion(version))) => {
                let name = state.role_name(version.role);
                let document = document_of(name, &version.document).map_err(Refusal::Faults)?;
                let known = writer.candidate().role(name).is_some();
                let done = if known {
                    writer.override_role(name, document)
                } else {
                    writer.add_role(name, document)
                };
                done.map(drop)
            }
            (Some(Row::Role(role)), None) => writer.remove_role(&role.name),
            (None, Some(Row::Member(member))) => match state.members.get(&member.id) {
                Some(member) => writer.add_member(member.subject, described(state, member)?).map(drop),
                None => Ok(()),
            },
            (Some(Row::Member(was)), Some(Row::Member(is))) => {
                if was.role != is.role {
                    writer.set_member_role(&is.subject, state.role_name(is.role)).map_err(Refusal::Faults)?;
                }
                if was.properties != is.properties {
                    let properties = properties_of("properties", is.properties.as_deref())?;
                    writer.set_member_properties(&is.subject, properties).map_err(Refusal::Faults)?;
                }
                match (was.suspended, is.suspended) {
                    (false, true) => writer.suspend_member(&is.subject),
                    (true, false) => writer.reactivate_member(&is.subject),
                    _ => Ok(()),
                }
            }
            (Some(Row::Member(member)), None) => writer.remove_member(&member.subject),
            (None, Some(Row::Group(group))) => {
                writer.add_group(&group.name, portcullis::Group::new()).map(drop)
            }
            (Some(Row::Group(group)), None) => writer.remove_group(&group.name),
            (Some(Row::Group(was)), Some(Row::Group(is))) if was.name != is.name => {
                let roles = state.of_group.get(&is.id).into_iter().flatten();
                let mut group = portcullis::Group::new();
                group = roles.fold(group, |group, role| group.role(state.role_name(*role)));
                group = state.in_group(is.id).fold(group, |group, member| group.member(member.subject));
                writer.remove_group(&was.name).map_err(Refusal::Faults)?;
                writer.add_group(&is.name, group).map(drop)
            }
            (None, Some(Row::GroupMember { group, member })) => {
                writer.add_to_group(state.group_name(*group), state.subject(*member))
            }
            (Some(Row::GroupMember { group, member }), None) => {
                writer.remove_from_group(state.group_name(*group), state.subject(*member))
            }
            (Some(Row::GroupRole { group, .. }), None) | (None, Some(Row::GroupRole { group, .. })) => {
                let roles =
                    state.of_group.get(group).into_iter().flatten().map(|role| state.role_name(*role));
                writer.set_group_roles(state.group_name(*group), roles).map(drop)
            }
            (_, Some(Row::Object(object))) => {
                let properties = properties_of("properties", object.properties.as_deref())?;
                writer.put_object(&object.kind, &object.id, properties)
            }
            (Some(Row::Object(object)), None) => writer.remove_object(&object.kind, &object.id),
            _ => Ok(()),
        };
        done.map_err(Refusal::Faults)
    }
}

fn of_member(row: Option<&Row>) -> Option<&portcullis_store::Member> {
    match row {
        Some(Row::Member(member)) => Some(member),
        _ => None,
    }
}

/// The key under which what was there before is found again.
fn undo_key(row: &Row, state: &State) -> Key {
    match row {
        Row::RoleVersion(version) => {
            let number = state.current.get(&version.role).map_or(version.number, |current| current.number);
            Key::RoleVersion { role: version.role, number }
        }
        _ => row.key(),
    }
}
