//! Putting rows in and taking them out, with every index beside them.

use std::collections::{BTreeMap, HashMap};

use portcullis_store::{Id, Key, Member, Object, Row};
use serde_json::Value;

use super::State;
use super::members::{Members, Number};
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
            Key::Member(id) => self.members.get(id).map(|member| Row::Member(member.to_row())),
            Key::Group(id) => self.groups.get(id).cloned().map(Row::Group),
            &Key::GroupMember { group, member } => {
                self.is_in_group(group, member).then_some(Row::GroupMember { group, member })
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
            Row::Member(member) => self.put_member(&member, Members::put),
            Row::Group(group) => {
                let before = self.groups.get(&group.id).map(|group| &group.folded);
                name(&mut self.group_names, before, &group.folded, group.id);
                self.groups.insert(group.id, group);
            }
            Row::GroupMember { group, member } => {
                // Rows come in the order in which they refer to each other: who is no member by now is in no group.
                if let Some(member) = self.members.get(&member) {
                    self.in_group.entry(group).or_default().enter(member.number);
                    self.places.join(member.number, group, member.role);
                }
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

    /// Puts a member in, in one of the two ways in which members are.
    pub(super) fn put_member(
        &mut self,
        member: &Member,
        put: impl FnOnce(&mut Members, &Member) -> Option<Number>,
    ) {
        let before = self.members.get(&member.id);
        let gone = before.and_then(|one| one.properties).map(references_in).unwrap_or_default();
        let come = member.properties.as_deref().map(references_in).unwrap_or_default();
        let role = before.map(|member| member.role);
        if let Some(number) = put(&mut self.members, member) {
            self.places.set_role(number, role, Some(member.role));
            recount(&mut self.referenced, gone, come);
        }
    }

    /// Takes a member out of every group, and out of the workspace.
    fn remove_member(&mut self, id: &Id) {
        let Some(member) = self.members.get(id) else { return };
        let (number, role) = (member.number, member.role);
        let gone = member.properties.map(references_in).unwrap_or_default();
        for group in self.places.groups_of(number).to_vec() {
            self.leave_group(group, number, role);
        }
        self.places.set_role(number, Some(role), None);
        self.members.remove(id);
        recount(&mut self.referenced, gone, Vec::new());
    }

    fn leave_group(&mut self, group: Id, member: Number, role: Id) {
        if let Some(inside) = self.in_group.get_mut(&group) {
            inside.leave(member);
            if inside.is_empty() {
                self.in_group.remove(&group);
            }
        }
        self.places.leave(member, group, role);
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
            Key::Member(id) => self.remove_member(id),
            Key::Group(id) => {
                if let Some(group) = self.groups.remove(id) {
                    self.group_names.remove(&group.folded);
                }
            }
            Key::GroupMember { group, member } => {
                if let Some((number, role)) = self.members.get(member).map(|one| (one.number, one.role)) {
                    self.leave_group(*group, number, role);
                }
            }
            Key::GroupRole { group, role } => {
                if let Some(roles) = self.of_group.get_mut(group) {
                    roles.remove(role);
                    if roles.is_empty() {
                        self.of_group.remove(group);
                    }
                }
            }
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

#[cfg(test)]
mod tests {
    use portcullis_store::Group;

    use super::*;
    use crate::state::{Place, load};

    fn id(number: u8) -> Id {
        Id::from_bytes([number; 16])
    }

    fn member(number: u8, role: u8) -> Row {
        Row::Member(Member {
            id: id(number),
            version: 1,
            subject: format!("member {number}"),
            folded: format!("member {number}"),
            kind: "user".to_owned(),
            role: id(role),
            properties: Some(r#"{"ref": {"type": "sync", "id": "1"}}"#.to_owned()),
            suspended: false,
            created: 0,
        })
    }

    fn state() -> State {
        let mut state = State::new(load::unknown(id(99)));
        state.put(Row::Group(Group { id: id(50), version: 1, name: "g".to_owned(), folded: "g".to_owned() }));
        state.put(member(1, 20));
        state.put(member(2, 20));
        for member in [1, 2, 3] {
            state.put(Row::GroupMember { group: id(50), member: id(member) });
        }
        state
    }

    fn inside(state: &State) -> Vec<Id> {
        state.in_group(id(50)).map(|member| member.id).collect()
    }

    #[test]
    fn whoever_is_no_member_is_in_no_group() {
        let mut state = state();
        assert_eq!(inside(&state), [id(1), id(2)]);
        assert!(state.is_in_group(id(50), id(1)) && !state.is_in_group(id(50), id(3)));
        assert!(!state.is_in_group(id(51), id(1)));
        state.remove(&Key::GroupMember { group: id(50), member: id(3) });
        assert_eq!(state.row(&Key::GroupMember { group: id(50), member: id(3) }), None);
    }

    #[test]
    fn whoever_has_the_number_of_one_who_left_has_nothing_else_of_theirs() {
        let mut state = state();
        let number = state.members.number(&id(1));
        state.remove(&Key::Member(id(1)));
        assert_eq!(inside(&state), [id(2)]);
        state.put(member(3, 21));
        assert_eq!(state.members.number(&id(3)), number);
        assert_eq!(inside(&state), [id(2)]);
        assert_eq!(
            state.roles_of(state.members.get(&id(3)).unwrap()).into_iter().collect::<Vec<_>>(),
            [id(21)]
        );
        let kinds: Vec<(Id, bool, usize)> =
            state.places.kinds().map(|(role, place, count)| (role, place == Place::NOWHERE, count)).collect();
        assert_eq!(kinds, [(id(20), false, 1), (id(21), true, 1)]);
    }

    #[test]
    fn rows_put_again_make_the_same_state() {
        let mut state = state();
        state.put(member(2, 21));
        let mut again = State::new(load::unknown(id(99)));
        state.rows().into_iter().for_each(|row| again.put(row));
        assert_eq!((again.rows(), inside(&again)), (state.rows(), inside(&state)));
        assert_eq!((state.rows().len(), &again.referenced), (5, &state.referenced));
        // What refers to another goes first.
        for row in state.rows().into_iter().rev() {
            assert_eq!(state.row(&row.key()), Some(row.clone()));
            state.remove(&row.key());
        }
        assert!(state.rows().is_empty() && state.referenced.is_empty());
        assert_eq!(state.places.kinds().count(), 0);
    }
}
