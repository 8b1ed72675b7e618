//! A workspace: a schema, roles, members and groups, as somebody described them.
//!
//! Built in code or read from a file, it is plain data that may still be wrong in every way; only
//! [`Workspace::compile`] turns it into a [`Snapshot`](crate::Snapshot) that can be asked, or into the list of
//! everything that is wrong. What came from a file keeps its places, so that the list can point.
//!
//! Nothing here opens a file: a role that is a path is fetched through [`Files`].

mod compile;
mod mention;
mod place;
mod read;
mod tie;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use compile::{built_in_name, role, seed, too_many_roles};
pub(crate) use place::Place;
pub(crate) use read::read_workspace;
pub use read::{FetchedFile, Files, NoFiles};

use crate::condition::Attribute;
use crate::limits::Limits;
use crate::policy::Document;
use crate::schema::Schema;
use crate::source::Source;
use mention::{Mention, Texts};

/// One member: who may ask at all.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub(crate) role: Option<Box<str>>,
    pub(crate) kind: Option<Box<str>>,
    pub(crate) suspended: bool,
    pub(crate) properties: Option<Attribute>,
}

/// The type of a member that names none.
pub const DEFAULT_MEMBER_TYPE: &str = "user";

impl Member {
    /// A member of type `user` with the workspace's default role.
    #[must_use]
    pub fn new() -> Self {
        Member::default()
    }

    /// A member with a role of their own.
    #[must_use]
    pub fn with_role(role: impl AsRef<str>) -> Self {
        Member { role: Some(role.as_ref().into()), ..Member::default() }
    }

    /// Gives the member a type other than `user`.
    #[must_use]
    pub fn of_type(mut self, kind: impl Into<Box<str>>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Gives the member properties, an object that conditions ask about. Anything else is refused by the compiler.
    #[must_use]
    pub fn with_properties(mut self, properties: Attribute) -> Self {
        self.properties = Some(properties);
        self
    }

    /// Suspends the member: everything is denied until it is lifted.
    #[must_use]
    pub fn suspended(mut self) -> Self {
        self.suspended = true;
        self
    }
}

/// One group: roles that its members hold besides their own.
#[derive(Clone, Debug, Default)]
pub struct Group {
    texts: Texts,
    roles: Vec<Mention>,
    members: Vec<Mention>,
}

impl Group {
    /// A group without roles and members.
    #[must_use]
    pub fn new() -> Self {
        Group::default()
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: impl AsRef<str>) -> Self {
        self.roles.push(self.texts.give(role.as_ref()));
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, member: impl AsRef<str>) -> Self {
        self.members.push(self.texts.give(member.as_ref()));
        self
    }

    /// The names of its roles.
    pub(crate) fn role_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.roles.iter().map(|role| role.name(&self.texts, ""))
    }

    /// The ids of its members.
    pub(crate) fn member_ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|member| member.name(&self.texts, ""))
    }
}

/// One member of a workspace.
#[derive(Clone, Debug)]
struct Enrolled {
    id: Mention,
    role: Option<Mention>,
    kind: Option<Box<str>>,
    suspended: bool,
}

/// One group of a workspace.
#[derive(Clone, Debug)]
struct Team {
    name: Mention,
    roles: Vec<Mention>,
    members: Vec<Mention>,
}

#[derive(Clone, Debug)]
struct Object {
    kind: Mention,
    id: Mention,
    properties: Option<Attribute>,
}

/// A workspace as described, not yet checked as a whole.
#[derive(Clone, Debug)]
pub struct Workspace {
    name: String,
    schema: Schema,
    limits: Limits,
    /// Where it was read from, with the text of all mentions that were.
    source: Option<Arc<Source>>,
    /// The text of all mentions that were given in code.
    given: Texts,
    /// Roles and types that were mentioned in code, of which there are few and mentions many.
    often: HashMap<Box<str>, Mention>,
    default_role: Option<Mention>,
    roles: Vec<(Mention, Arc<Document>)>,
    groups: Vec<Team>,
    members: Vec<Enrolled>,
    /// What is stored of members, by their place among them: apart, since of most nothing is.
    properties: Vec<(u32, Attribute)>,
    objects: Vec<Object>,
}

impl Workspace {
    /// An empty workspace under a schema.
    #[must_use]
    pub fn new(name: impl Into<String>, schema: Schema) -> Self {
        Workspace {
            name: name.into(),
            schema,
            limits: Limits::default(),
            source: None,
            given: Texts::default(),
            often: HashMap::new(),
            default_role: None,
            roles: Vec::new(),
            groups: Vec::new(),
            members: Vec::new(),
            properties: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its roles with their documents, in the order given; built-in ones are not among them.
    pub fn roles(&self) -> impl ExactSizeIterator<Item = (&str, &Document)> {
        self.roles.iter().map(|(mention, document)| (self.name_of(mention), &**document))
    }

    /// The name that one of its mentions is.
    fn name_of<'m>(&'m self, mention: &'m Mention) -> &'m str {
        mention.name(&self.given, self.source.as_ref().map_or("", |source| source.text()))
    }

    /// A mention of what is mentioned often, in code.
    fn mention_often(&mut self, name: impl AsRef<str>) -> Mention {
        let name = name.as_ref();
        if let Some(known) = self.often.get(name) {
            return known.clone();
        }
        let mention = self.given.give(name);
        self.often.insert(name.into(), mention.clone());
        mention
    }

    /// Sets the limits that compiling holds it to.
    pub fn set_limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Sets the role of members that name none. With the built-in schema it is `viewer` unless set.
    pub fn set_default_role(&mut self, role: impl AsRef<str>) -> &mut Self {
        self.default_role = Some(self.mention_often(role));
        self
    }

    /// Adds a role.
    pub fn add_role(&mut self, name: impl AsRef<str>, document: impl Into<Arc<Document>>) -> &mut Self {
        let name = self.given.give(name.as_ref());
        self.roles.push((name, document.into()));
        self
    }

    /// Adds a member.
    pub fn add_member(&mut self, id: impl AsRef<str>, member: Member) -> &mut Self {
        let Member { role, kind, suspended, properties } = member;
        let role = role.map(|role| self.mention_often(role));
        let id = self.given.give(id.as_ref());
        self.properties.extend(properties.map(|properties| (self.members.len() as u32, properties)));
        self.members.push(Enrolled { id, role, kind, suspended });
        self
    }

    /// Stores an object of a type, under its own name, with its properties if it has any: an object that conditions ask
    /// about.
    pub fn add_object(
        &mut self,
        kind: impl AsRef<str>,
        id: impl AsRef<str>,
        properties: impl Into<Option<Attribute>>,
    ) -> &mut Self {
        let (kind, id) = (self.mention_often(kind), self.given.give(id.as_ref()));
        self.objects.push(Object { kind, id, properties: properties.into() });
        self
    }

    /// Adds a group.
    pub fn add_group(&mut self, name: impl AsRef<str>, group: Group) -> &mut Self {
        let Group { texts, mut roles, mut members } = group;
        let name = self.given.give(name.as_ref());
        for mentions in [&mut roles, &mut members] {
            mentions.iter_mut().for_each(|mention| mention.move_by(self.given.len()));
        }
        self.given.append(&texts);
        self.groups.push(Team { name, roles, members });
        self
    }
}
