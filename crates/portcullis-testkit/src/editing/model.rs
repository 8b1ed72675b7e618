//! What a workspace is, as lists of names: too plain to be wrong, and compiled whenever somebody wants to know.
//!
//! The model says by itself what must not be done (an unknown name, a role in use); whether the limits and the
//! documents allow the rest is asked of the compiler, which is what a writer is to be held equal to.

use super::edit::{Edit, Person, Thing, attribute, document, group, member};
use crate::generate::{self, Prng, World};
use crate::reference::{Vocabulary, hightouch_schema};
use portcullis::diagnostic::Code;
use portcullis::matrix::Layout;
use portcullis::{
    DEFAULT_MEMBER_TYPE, Limits, NAME_BYTES, Report, Revision, Schema, Snapshot, Source, Workspace,
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
    objects: Vec<Thing>,
}

impl Model {
    pub(super) fn new(setting: &Setting) -> Self {
        let default_role = setting.built_in.then(|| "viewer".to_owned());
        let (roles, groups, members, objects) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Model { default_role, roles, groups, members, objects }
    }

    /// A workspace with most of the names that there are.
    pub(super) fn full(prng: &mut Prng, setting: &Setting) -> Self {
        let [roles, groups, members] = setting.pools;
        let draw = |prng: &mut Prng, kind: &str, many: usize| format!("{kind} {}", prng.below(many));
        let mut model = Model::new(setting);
        let world = World::new(&setting.vocabulary, Vec::new());
        for number in 0..roles {
            let mut text = generate::policy(prng, &setting.vocabulary, 4).unwrap();
            if prng.percent(70) {
                generate::restrict(prng, &setting.vocabulary, &world, &mut text);
            }
            model.roles.push((format!("role {number}"), text));
        }
        for number in 0..members {
            let (role, suspended) = (draw(prng, "role", roles), prng.percent(5));
            let kind = prng.percent(10).then(|| draw(prng, "kind", 3));
            let properties = prng.percent(50).then(|| generate::stored_properties(prng, &world));
            let (id, role) = (format!("member {number}"), Some(role));
            model.members.push(Person { id, role, kind, suspended, properties });
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

    /// The types and ids of stored objects.
    pub(super) fn objects(&self) -> Vec<(&str, &str)> {
        self.objects.iter().map(|thing| (&*thing.kind, &*thing.id)).collect()
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
        let is_type = |kind: &String| setting.vocabulary.types().any(|own| own == kind);
        let thing =
            |kind: &str, id: &str| self.objects.iter().position(|thing| thing.kind == kind && thing.id == id);
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
                let held = self.members.iter().any(|person| person.role.as_ref() == Some(name))
                    || self.groups.iter().any(|band| band.roles.contains(name))
                    || self.default_role.as_ref() == Some(name);
                require(!held, Code::RoleInUse);
                next.roles.retain(|role| role.0 != *name);
            }
            Edit::SetDefaultRole(name) => {
                require(known(name), Code::NotThere);
                next.default_role = Some(own(name));
            }
            Edit::AddMember(new) => {
                require(legal(&new.id) && new.kind.as_ref().is_none_or(legal), Code::IllegalName);
                require(person(&new.id).is_none(), Code::DuplicateName);
                require(new.role.as_ref().is_none_or(known), Code::NotThere);
                require(new.role.is_some() || self.default_role.is_some(), Code::NoRole);
                require(new.properties.as_ref().is_none_or(Value::is_object), Code::WrongShape);
                let role = new.role.as_ref().or(self.default_role.as_ref()).map(own);
                next.members.push(Person { role, ..new.clone() });
            }
            Edit::RemoveMember(id) => {
                require(person(id).is_some(), Code::NotThere);
                next.members.retain(|person| person.id != *id);
                next.groups.iter_mut().for_each(|band| band.members.retain(|member| member != id));
            }
            Edit::SetMemberRole(id, role) => {
                require(person(id).is_some() && known(role), Code::NotThere);
                person(id).into_iter().for_each(|at| next.members[at].role = Some(own(role)));
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
            Edit::SetProperties(id, properties) => {
                require(person(id).is_some(), Code::NotThere);
                require(properties.as_ref().is_none_or(Value::is_object), Code::WrongShape);
                person(id).into_iter().for_each(|at| next.members[at].properties.clone_from(properties));
            }
            Edit::PutObject(new) => {
                require(is_type(&new.kind), Code::NotThere);
                require(legal(&new.id), Code::IllegalName);
                require(new.properties.as_ref().is_none_or(Value::is_object), Code::WrongShape);
                match thing(&new.kind, &new.id) {
                    Some(at) => next.objects[at] = new.clone(),
                    None => next.objects.push(new.clone()),
                }
            }
            Edit::RemoveObject(kind, id) => {
                require(is_type(kind) && thing(kind, id).is_some(), Code::NotThere);
                next.objects.retain(|thing| (&thing.kind, &thing.id) != (kind, id));
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
        for person in &self.members {
            workspace.add_member(&person.id, member(person, person.role.as_ref()));
        }
        for Thing { kind, id, properties } in &self.objects {
            workspace.add_object(kind, id, attribute(properties.as_ref()));
        }
        for Band { name, roles, members } in &self.groups {
            workspace.add_group(name, group(roles, members));
        }
        if let Some(role) = &self.default_role {
            workspace.set_default_role(role);
        }
        Ok(workspace.compile_with(setting.layout, revision)?.0)
    }

    /// The workspace as a file, for the reference: to be spelled.
    pub(super) fn file(&self, setting: &Setting) -> Value {
        let roles: Map<String, Value> = self.roles.iter().cloned().collect();
        let members = self.members.iter().map(|person| {
            let properties = person.properties.clone().unwrap_or_else(|| json!({}));
            let kind = person.kind.as_deref().unwrap_or(DEFAULT_MEMBER_TYPE);
            let member = json!({ "role": person.role, "type": kind, "suspended": person.suspended, "properties": properties });
            (person.id.clone(), member)
        });
        let groups = self.groups.iter().map(|Band { name, roles, members }| {
            (name.clone(), json!({ "roles": roles, "members": members }))
        });
        let objects = self.objects.iter().map(|Thing { kind, id, properties }| {
            let properties = properties.clone().unwrap_or_else(|| json!({}));
            json!({ "type": kind, "id": id, "properties": properties })
        });
        json!({
            "workspace": "edited", "schema": setting.written, "default_role": self.default_role, "roles": roles,
            "groups": groups.collect::<Map<_, _>>(), "members": members.collect::<Map<_, _>>(),
            "objects": objects.collect::<Vec<_>>(),
        })
    }
}
