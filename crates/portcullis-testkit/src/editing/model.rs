//! What a workspace is, as lists of names: too plain to be wrong, and compiled whenever somebody wants to know.
//!
//! The model says by itself what must not be done (an unknown name, a role in use); whether the limits and the
//! documents allow the rest is asked of the compiler, which is what a writer is to be held equal to.

use std::sync::Arc;

use crate::generate::{self, Prng};
use crate::reference::{Vocabulary, hightouch_schema};
use portcullis::diagnostic::Code;
use portcullis::matrix::Layout;
use portcullis::{
    Document, Group, Limits, Member, NAME_BYTES, Report, Revision, Schema, Snapshot, Source, Workspace,
    Writer,
};
use serde_json::{Map, Value, json};

/// What stays the same while a workspace is edited.
pub struct Setting {
    /// The vocabulary.
    pub schema: Schema,
    /// The value of the key `schema` of a workspace file.
    written: Value,
    pub(super) vocabulary: Vocabulary,
    layout: Layout,
    limits: Limits,
    /// Whether `admin`, `editor` and `viewer` are there from the first.
    pub(super) built_in: bool,
    /// Whether there are few enough questions to ask them all.
    pub(super) exhaustive: bool,
    /// How many names of roles, groups and members there are to choose from.
    pub(super) pools: [usize; 3],
}

/// Names of a small workspace.
const FEW: [usize; 3] = [8, 5, 12];

impl Setting {
    /// A small workspace under the schema that is the value of the key `schema` of a workspace file.
    ///
    /// # Panics
    /// When it is no schema.
    #[must_use]
    pub fn new(written: Value, layout: Layout, limits: Limits, exhaustive: bool) -> Self {
        let built_in = written == "hightouch";
        let (schema, words) = if built_in {
            (Schema::hightouch().unwrap(), hightouch_schema())
        } else {
            (Schema::read(&Source::new("schema.json", written.to_string())).unwrap().0, written.clone())
        };
        let vocabulary = serde_json::from_value(words).unwrap();
        Setting { schema, written, vocabulary, layout, limits, built_in, exhaustive, pools: FEW }
    }

    /// The same for a workspace so large that it is not compiled at each edit: nothing but names may speak against one.
    /// `pools` says how many names of roles, groups and members there are to choose from.
    ///
    /// # Panics
    /// When it is no schema.
    #[must_use]
    pub fn large(written: Value, layout: Layout, pools: [usize; 3]) -> Self {
        Setting { pools, ..Setting::new(written, layout, Limits::default(), false) }
    }

    pub(super) fn is_large(&self) -> bool {
        self.pools != FEW
    }

    fn is_built_in(&self, role: &str) -> bool {
        self.built_in && ["admin", "editor", "viewer", "reader"].contains(&role)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Person {
    id: String,
    role: String,
    kind: Option<String>,
    suspended: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Band {
    name: String,
    roles: Vec<String>,
    members: Vec<String>,
}

/// A workspace, everything in the order in which it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    default_role: Option<String>,
    roles: Vec<(String, Value)>,
    groups: Vec<Band>,
    members: Vec<Person>,
}

/// One call of a method of [`Writer`].
#[derive(Clone, Debug)]
pub(super) enum Edit {
    AddRole(String, Value),
    ReplaceRole(String, Value),
    RemoveRole(String),
    SetDefaultRole(String),
    AddMember { id: String, role: Option<String>, kind: Option<String>, suspended: bool },
    RemoveMember(String),
    SetMemberRole(String, String),
    Suspend(String),
    Reactivate(String),
    AddGroup { name: String, roles: Vec<String>, members: Vec<String> },
    SetGroupRoles(String, Vec<String>),
    RemoveGroup(String),
    Join(String, String),
    Leave(String, String),
}

/// A document by the name of its role; one that is well formed, whatever it means.
fn document(name: &str, text: &Value) -> Document {
    Document::read(&Source::new(name, text.to_string())).unwrap().0
}

fn group(roles: &[String], members: &[String]) -> Group {
    let group = roles.iter().fold(Group::new(), |group, role| group.role(role));
    members.iter().fold(group, |group, member| group.member(member))
}

fn member(role: Option<&String>, kind: Option<&String>, suspended: bool) -> Member {
    let member = role.map_or_else(Member::new, Member::with_role);
    let member = kind.into_iter().fold(member, |member, kind| member.of_type(kind.as_str()));
    if suspended { member.suspended() } else { member }
}

impl Edit {
    pub(super) fn apply(&self, writer: &mut Writer) -> Result<Report, Report> {
        let done = |()| Report::new();
        match self {
            Edit::AddRole(name, text) => writer.add_role(name, document(name, text)),
            Edit::ReplaceRole(name, text) => writer.replace_role(name, Arc::new(document(name, text))),
            Edit::RemoveRole(name) => writer.remove_role(name).map(done),
            Edit::SetDefaultRole(name) => writer.set_default_role(name),
            Edit::AddMember { id, role, kind, suspended } => {
                writer.add_member(id, member(role.as_ref(), kind.as_ref(), *suspended))
            }
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
        }
    }

    /// Whether it gives somebody a role by the name `reader`, an alias under the built-in schema.
    pub(super) fn names_an_alias(&self) -> bool {
        let roles = match self {
            Edit::SetDefaultRole(role) | Edit::SetMemberRole(_, role) => std::slice::from_ref(role),
            Edit::AddMember { role, .. } => role.as_slice(),
            Edit::AddGroup { roles, .. } | Edit::SetGroupRoles(_, roles) => roles,
            _ => &[],
        };
        roles.iter().any(|role| role == "reader")
    }
}

impl Model {
    pub(super) fn new(setting: &Setting) -> Self {
        let default_role = setting.built_in.then(|| "viewer".to_owned());
        Model { default_role, roles: Vec::new(), groups: Vec::new(), members: Vec::new() }
    }

    /// A workspace with most of the names that there are.
    pub(super) fn full(prng: &mut Prng, setting: &Setting) -> Self {
        let [roles, groups, members] = setting.pools;
        let draw = |prng: &mut Prng, kind: &str, many: usize| format!("{kind} {}", prng.below(many));
        let mut model = Model::new(setting);
        for number in 0..roles {
            let text = generate::policy(prng, &setting.vocabulary, 4).unwrap();
            model.roles.push((format!("role {number}"), text));
        }
        for number in 0..members {
            let (role, suspended) = (draw(prng, "role", roles), prng.percent(5));
            let kind = prng.percent(10).then(|| draw(prng, "kind", 3));
            model.members.push(Person { id: format!("member {number}"), role, kind, suspended });
        }
        for number in 0..groups {
            let name = format!("group {number}");
            let roles = (0..prng.below(3)).map(|_| draw(prng, "role", roles)).collect();
            let members = (0..prng.below(200)).map(|_| draw(prng, "member", members)).collect();
            model.groups.push(Band { name, roles, members });
        }
        model
    }

    /// The names of roles that are not built in, of groups and of members.
    pub(super) fn names(&self) -> [Vec<&str>; 3] {
        [
            self.roles.iter().map(|role| &*role.0).collect(),
            self.groups.iter().map(|band| &*band.name).collect(),
            self.members.iter().map(|person| &*person.id).collect(),
        ]
    }

    /// What the workspace would be after an edit, and what speaks against it.
    pub(super) fn after(&self, edit: &Edit, setting: &Setting) -> (Model, Vec<Code>) {
        let mut next = self.clone();
        let mut faults = Vec::new();
        let mut require = |holds: bool, code: Code| {
            if !holds {
                faults.push(code);
            }
        };
        let own =
            |role: &String| if role == "reader" && setting.built_in { "viewer" } else { role }.to_owned();
        let known =
            |role: &String| setting.is_built_in(role) || self.roles.iter().any(|(name, _)| name == role);
        let legal = |name: &String| (1..=NAME_BYTES).contains(&name.len());
        let mine = |role: &String| !setting.is_built_in(role);
        let person = |id: &String| self.members.iter().position(|person| person.id == *id);
        let band = |name: &String| self.groups.iter().position(|band| band.name == *name);
        match edit {
            Edit::AddRole(name, text) => {
                require(legal(name), Code::IllegalName);
                require(mine(name), Code::BuiltInRole);
                require(!known(name), Code::DuplicateName);
                next.roles.push((name.clone(), text.clone()));
            }
            Edit::ReplaceRole(name, text) => {
                require(mine(name), Code::BuiltInRole);
                require(known(name), Code::NotThere);
                for role in next.roles.iter_mut().filter(|role| role.0 == *name) {
                    role.1 = text.clone();
                }
            }
            Edit::RemoveRole(name) => {
                require(mine(name), Code::BuiltInRole);
                require(known(name), Code::NotThere);
                let held = self.members.iter().any(|person| person.role == *name)
                    || self.groups.iter().any(|band| band.roles.contains(name))
                    || self.default_role.as_ref() == Some(name);
                require(!held, Code::RoleInUse);
                next.roles.retain(|role| role.0 != *name);
            }
            Edit::SetDefaultRole(name) => {
                require(known(name), Code::NotThere);
                next.default_role = Some(own(name));
            }
            Edit::AddMember { id, role, kind, suspended } => {
                require(legal(id) && kind.as_ref().is_none_or(legal), Code::IllegalName);
                require(person(id).is_none(), Code::DuplicateName);
                require(role.as_ref().is_none_or(known), Code::NotThere);
                require(role.is_some() || self.default_role.is_some(), Code::NoRole);
                let role = role.as_ref().or(self.default_role.as_ref()).map(own).unwrap_or_default();
                let (id, kind, suspended) = (id.clone(), kind.clone(), *suspended);
                next.members.push(Person { id, role, kind, suspended });
            }
            Edit::RemoveMember(id) => {
                require(person(id).is_some(), Code::NotThere);
                next.members.retain(|person| person.id != *id);
                next.groups.iter_mut().for_each(|band| band.members.retain(|member| member != id));
            }
            Edit::SetMemberRole(id, role) => {
                require(person(id).is_some() && known(role), Code::NotThere);
                person(id).into_iter().for_each(|at| next.members[at].role = own(role));
            }
            Edit::Suspend(id) | Edit::Reactivate(id) => {
                require(person(id).is_some(), Code::NotThere);
                let suspended = matches!(edit, Edit::Suspend(_));
                person(id).into_iter().for_each(|at| next.members[at].suspended = suspended);
            }
            Edit::AddGroup { name, roles, members } => {
                require(legal(name), Code::IllegalName);
                require(band(name).is_none(), Code::DuplicateName);
                require(roles.iter().all(known), Code::NotThere);
                require(members.iter().all(|member| person(member).is_some()), Code::UnknownMember);
                let (roles, members) = (roles.iter().map(own).collect(), members.clone());
                next.groups.push(Band { name: name.clone(), roles, members });
            }
            Edit::SetGroupRoles(name, roles) => {
                require(band(name).is_some() && roles.iter().all(known), Code::NotThere);
                band(name).into_iter().for_each(|at| next.groups[at].roles = roles.iter().map(own).collect());
            }
            Edit::RemoveGroup(name) => {
                require(band(name).is_some(), Code::NotThere);
                next.groups.retain(|band| band.name != *name);
            }
            Edit::Join(name, id) | Edit::Leave(name, id) => {
                require(band(name).is_some() && person(id).is_some(), Code::NotThere);
                let joins = matches!(edit, Edit::Join(..));
                if let Some(at) = band(name) {
                    let members = &mut next.groups[at].members;
                    if !joins {
                        members.retain(|member| member != id);
                    } else if !members.contains(id) {
                        members.push(id.clone());
                    }
                }
            }
        }
        (next, faults)
    }

    /// The workspace, described and compiled as if nothing had been there before.
    pub(super) fn compiled(&self, setting: &Setting, revision: Revision) -> Result<Snapshot, Report> {
        let mut workspace = Workspace::new("edited", setting.schema.clone());
        workspace.set_limits(setting.limits);
        for (name, text) in &self.roles {
            workspace.add_role(name, document(name, text));
        }
        for Person { id, role, kind, suspended } in &self.members {
            workspace.add_member(id, member(Some(role), kind.as_ref(), *suspended));
        }
        for Band { name, roles, members } in &self.groups {
            workspace.add_group(name, group(roles, members));
        }
        if let Some(role) = &self.default_role {
            workspace.set_default_role(role);
        }
        Ok(workspace.compile_with(setting.layout, revision)?.0)
    }

    /// The workspace as a file, for the reference.
    pub(super) fn file(&self, setting: &Setting) -> Value {
        let roles: Map<String, Value> = self.roles.iter().cloned().collect();
        let members = self.members.iter().map(|Person { id, role, suspended, .. }| {
            (id.clone(), json!({ "role": role, "suspended": suspended }))
        });
        let groups = self.groups.iter().map(|Band { name, roles, members }| {
            (name.clone(), json!({ "roles": roles, "members": members }))
        });
        json!({
            "workspace": "edited", "schema": setting.written, "default_role": self.default_role, "roles": roles,
            "groups": groups.collect::<Map<_, _>>(), "members": members.collect::<Map<_, _>>(),
        })
    }
}
