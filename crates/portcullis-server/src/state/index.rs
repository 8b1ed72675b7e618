//! Putting rows in and taking them out, with every index beside them.

use std::collections::{BTreeMap, HashMap};

use portcullis_store::{Id, Key, Member, Object, Row};
use serde_json::Value;

use super::State;
use crate::naming::folded;

impl State {
    /// The row of a key. Of versions of roles only those in force are here.
    pub(crate) fn row(&self, key: &Key) -> Option<Row> {
        match key {
            Key::Role(id) => self.roles.get(id).cloned().map(Row::Role),
            Key::RoleVersion { role, number } => {
                let version = self.current.get(role).filter(|version| version.number == *number);
                version.cloned().map(Row::RoleVersion)
            }
            Key::Member(id) => self.members.get(id).cloned().map(Row::Member),
            Key::Group(id) => self.groups.get(id).cloned().map(Row::Group),
            &Key::GroupMember { group, member } => {
                let inside = self.in_group.get(&group).is_some_and(|members| members.contains(&member));
                inside.then_some(Row::GroupMember { group, member })
            }
            &Key::GroupRole { group, role } => {
                let held = self.of_group.get(&group).is_some_and(|roles| roles.contains(&role));
                held.then_some(Row::GroupRole { group, role })
            }
            Key::Invitation(id) => self.invitations.get(id).cloned().map(Row::Invitation),
            Key::ApiKey(id) => self.keys.get(id).cloned().map(Row::ApiKey),
            Key::Object { kind, id } => {
                self.objects.get(&(kind.clone(), id.clone())).cloned().map(Row::Object)
            }
            Key::Rule(id) => self.rules.get(id).cloned().map(Row::Rule),
        }
    }

    /// Puts a row in, in the place of one with its key.
    pub(crate) fn put(&mut self, row: Row) {
        match row {
            Row::Role(role) => {
                name(
                    &mut self.role_names,
                    self.roles.get(&role.id).map(|role| &role.folded),
                    &role.folded,
                    role.id,
                );
                self.roles.insert(role.id, role);
            }
            Row::RoleVersion(version) => {
                self.current.insert(version.role, version);
            }
            Row::Member(member) => {
                let before = self.members.get(&member.id).map(|member| &member.folded);
                name(&mut self.member_names, before, &member.folded, member.id);
                self.put_unnamed(member);
            }
            Row::Group(group) => {
                let before = self.groups.get(&group.id).map(|group| &group.folded);
                name(&mut self.group_names, before, &group.folded, group.id);
                self.groups.insert(group.id, group);
            }
            Row::GroupMember { group, member } => {
                self.in_group.entry(group).or_default().insert(member);
                let role = self.members.get(&member).map(|member| member.role);
                self.places.join(member, group, role);
            }
            Row::GroupRole { group, role } => {
                self.of_group.entry(group).or_default().insert(role);
            }
            Row::Invitation(invitation) => {
                self.invitations.insert(invitation.id, invitation);
            }
            Row::ApiKey(key) => {
                self.keys.insert(key.id, key);
            }
            Row::Object(object) => {
                let come = object.properties.as_deref().map(references_in).unwrap_or_default();
                let before = self.objects.insert((object.kind.clone(), object.id.clone()), object);
                recount(&mut self.referenced, of_object(before), come);
            }
            Row::Rule(rule) => {
                self.rule_names.insert(folded(&rule.name), rule.id);
                self.rules.insert(rule.id, rule);
            }
        }
    }

    /// Puts a member in, all but the name.
    pub(super) fn put_unnamed(&mut self, member: Member) {
        let before = self.members.get(&member.id);
        let gone = before.and_then(|one| one.properties.as_deref()).map(references_in).unwrap_or_default();
        let come = member.properties.as_deref().map(references_in).unwrap_or_default();
        let role = before.map(|member| member.role);
        if role != Some(member.role) {
            if let Some(role) = role {
                leave(&mut self.owners, &role, &member.id);
            }
            self.owners.entry(member.role).or_default().insert(member.id);
            self.places.set_role(member.id, role, Some(member.role));
        }
        self.members.insert(member);
        recount(&mut self.referenced, gone, come);
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, key: &Key) {
        match key {
            Key::Role(id) => {
                if let Some(role) = self.roles.remove(id) {
                    self.role_names.remove(&role.folded);
                }
            }
            Key::RoleVersion { role, .. } => {
                self.current.remove(role);
            }
            Key::Member(id) => {
                if let Some(member) = self.members.remove(id) {
                    self.member_names.remove(&member.folded);
                    leave(&mut self.owners, &member.role, id);
                    self.places.set_role(*id, Some(member.role), None);
                    let gone = member.properties.as_deref().map(references_in).unwrap_or_default();
                    recount(&mut self.referenced, gone, Vec::new());
                }
            }
            Key::Group(id) => {
                if let Some(group) = self.groups.remove(id) {
                    self.group_names.remove(&group.folded);
                }
            }
            Key::GroupMember { group, member } => {
                leave(&mut self.in_group, group, member);
                let role = self.members.get(member).map(|member| member.role);
                self.places.leave(*member, *group, role);
            }
            Key::GroupRole { group, role } => leave(&mut self.of_group, group, role),
            Key::Invitation(id) => {
                self.invitations.remove(id);
            }
            Key::ApiKey(id) => {
                self.keys.remove(id);
            }
            Key::Object { kind, id } => {
                let gone = self.objects.remove(&(kind.clone(), id.clone()));
                recount(&mut self.referenced, of_object(gone), Vec::new());
            }
            Key::Rule(id) => {
                if let Some(rule) = self.rules.remove(id) {
                    self.rule_names.remove(&folded(&rule.name));
                }
            }
        }
    }
}

/// Gives an id its new name in an index.
fn name(names: &mut BTreeMap<String, Id>, before: Option<&String>, after: &str, id: Id) {
    if let Some(before) = before.filter(|before| *before != after) {
        names.remove(before);
    }
    names.insert(after.to_owned(), id);
}

fn leave(sets: &mut BTreeMap<Id, std::collections::BTreeSet<Id>>, from: &Id, what: &Id) {
    if let Some(set) = sets.get_mut(from) {
        set.remove(what);
        if set.is_empty() {
            sets.remove(from);
        }
    }
}

/// The type and id of an object.
type Place = (String, String);

fn of_object(object: Option<Object>) -> Vec<Place> {
    object.and_then(|object| object.properties).as_deref().map(references_in).unwrap_or_default()
}

fn recount(counts: &mut HashMap<Place, usize>, gone: Vec<Place>, come: Vec<Place>) {
    for place in come {
        *counts.entry(place).or_default() += 1;
    }
    for place in gone {
        if let Some(count) = counts.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&place);
            }
        }
    }
}

/// The objects that properties refer to: every `{"ref": {"type", "id"}}` in them.
fn references_in(properties: &str) -> Vec<Place> {
    if !properties.contains("\"ref\"") && !properties.contains('\\') {
        return Vec::new();
    }
    let Ok(value) = serde_json::from_str::<Value>(properties) else { return Vec::new() };
    let mut found = Vec::new();
    // The reader of properties bounds how deep they go, so this does not go deeper.
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => {
                if let Some(Value::Object(target)) = entries.get("ref")
                    && let (Some(Value::String(kind)), Some(Value::String(id))) =
                        (target.get("type"), target.get("id"))
                {
                    found.push((kind.clone(), id.clone()));
                }
                open.extend(entries.values());
            }
            _ => {}
        }
    }
    found
}
