//! Edits, and how each is made through a [`Writer`].
//!
//! An edit is plain data, drawn in `draw` and made twice: here, and of the lists in `model`. Values in it are spelled
//! only when the library is to read them, since a value of serde_json does not hold every number.

use std::sync::Arc;

use crate::generate::spelled;
use portcullis::condition::Attribute;
use portcullis::{Document, Group, Member, Report, Source, Writer};
use serde_json::Value;

/// Somebody who is to be a member.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Person {
    pub(super) id: String,
    /// In an edit nothing may stand for the default role; in the model there is always one.
    pub(super) role: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) suspended: bool,
    pub(super) properties: Option<Value>,
}

/// A stored object, or one that is to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thing {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) properties: Option<Value>,
}

/// One call of a method of [`Writer`].
#[derive(Clone, Debug)]
pub(super) enum Edit {
    AddRole(String, Value),
    ReplaceRole(String, Value),
    RemoveRole(String),
    SetDefaultRole(String),
    AddMember(Person),
    RemoveMember(String),
    SetMemberRole(String, String),
    Suspend(String),
    Reactivate(String),
    AddGroup { name: String, roles: Vec<String>, members: Vec<String> },
    SetGroupRoles(String, Vec<String>),
    RemoveGroup(String),
    Join(String, String),
    Leave(String, String),
    SetProperties(String, Option<Value>),
    PutObject(Thing),
    RemoveObject(String, String),
}

/// A document by the name of its role; one that is well formed, whatever it means.
pub(super) fn document(name: &str, text: &Value) -> Document {
    Document::read(&Source::new(name, spelled(text))).unwrap().0
}

/// Properties as the library keeps them.
pub(super) fn attribute(value: Option<&Value>) -> Option<Attribute> {
    value.map(|value| Attribute::read(&Source::new("properties", spelled(value))).unwrap())
}

pub(super) fn group(roles: &[String], members: &[String]) -> Group {
    let group = roles.iter().fold(Group::new(), |group, role| group.role(role));
    members.iter().fold(group, |group, member| group.member(member))
}

/// A member with this role, or with the workspace's default role.
pub(super) fn member(person: &Person, role: Option<&String>) -> Member {
    let member = role.map_or_else(Member::new, Member::with_role);
    let member = person.kind.iter().fold(member, |member, kind| member.of_type(kind.as_str()));
    let member = attribute(person.properties.as_ref()).into_iter().fold(member, Member::with_properties);
    if person.suspended { member.suspended() } else { member }
}

impl Edit {
    pub(super) fn apply(&self, writer: &mut Writer) -> Result<Report, Report> {
        let done = |()| Report::new();
        match self {
            Edit::AddRole(name, text) => writer.add_role(name, document(name, text)),
            Edit::ReplaceRole(name, text) => writer.replace_role(name, Arc::new(document(name, text))),
            Edit::RemoveRole(name) => writer.remove_role(name).map(done),
            Edit::SetDefaultRole(name) => writer.set_default_role(name),
            Edit::AddMember(person) => writer.add_member(&person.id, member(person, person.role.as_ref())),
            Edit::RemoveMember(id) => writer.remove_member(id).map(done),
            Edit::SetMemberRole(id, role) => writer.set_member_role(id, role),
            Edit::Suspend(id) => writer.suspend_member(id).map(done),
            Edit::Reactivate(id) => writer.reactivate_member(id).map(done),
            Edit::AddGroup { name, roles, members } => writer.add_group(name, group(roles, members)),
            Edit::SetGroupRoles(name, roles) => {
                writer.set_group_roles(name, roles.iter().map(String::as_str))
            }
            Edit::RemoveGroup(name) => writer.remove_group(name).map(done),
            Edit::Join(group, member) => writer.add_to_group(group, member).map(done),
            Edit::Leave(group, member) => writer.remove_from_group(group, member).map(done),
            Edit::SetProperties(id, properties) => {
                writer.set_member_properties(id, attribute(properties.as_ref())).map(done)
            }
            Edit::PutObject(Thing { kind, id, properties }) => {
                writer.put_object(kind, id, attribute(properties.as_ref())).map(done)
            }
            Edit::RemoveObject(kind, id) => writer.remove_object(kind, id).map(done),
        }
    }

    /// The document that it brings.
    pub(super) fn document(&self) -> Option<&Value> {
        match self {
            Edit::AddRole(_, text) | Edit::ReplaceRole(_, text) => Some(text),
            _ => None,
        }
    }

    /// Whether it gives somebody a role by the name `reader`, an alias under the built-in schema.
    pub(super) fn names_an_alias(&self) -> bool {
        let roles = match self {
            Edit::SetDefaultRole(role) | Edit::SetMemberRole(_, role) => std::slice::from_ref(role),
            Edit::AddMember(person) => person.role.as_slice(),
            Edit::AddGroup { roles, .. } | Edit::SetGroupRoles(_, roles) => roles,
            _ => &[],
        };
        roles.iter().any(|role| role == "reader")
    }
}
