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
use mention::Mention;

/// A name that was given in code.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) name: Box<str>,
}

impl Given {
    fn new(name: impl Into<String>) -> Self {
        Given { name: name.into().into() }
    }
}

impl From<Given> for Mention {
    fn from(given: Given) -> Self {
        Mention::Given(given.name)
    }
}

/// One member: who may ask at all.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub(crate) role: Option<Given>,
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
    pub fn with_role(role: impl Into<String>) -> Self {
        Member { role: Some(Given::new(role)), ..Member::default() }
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
    pub(crate) roles: Vec<Given>,
    pub(crate) members: Vec<Given>,
}

impl Group {
    /// A group without roles and members.
    #[must_use]
    pub fn new() -> Self {
        Group::default()
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(Given::new(role));
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, member: impl Into<String>) -> Self {
        self.members.push(Given::new(member));
        self
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
        mention.name(self.source.as_ref().map_or("", |source| source.text()))
    }

    /// Sets the limits that compiling holds it to.
    pub fn set_limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Sets the role of members that name none. With the built-in schema it is `viewer` unless set.
    pub fn set_default_role(&mut self, role: impl Into<String>) -> &mut Self {
        self.default_role = Some(Given::new(role).into());
        self
    }

    /// Adds a role.
    pub fn add_role(&mut self, name: impl Into<String>, document: impl Into<Arc<Document>>) -> &mut Self {
        self.roles.push((Given::new(name).into(), document.into()));
        self
    }

    /// Adds a member.
    pub fn add_member(&mut self, id: impl Into<String>, member: Member) -> &mut Self {
        let Member { role, kind, suspended, properties } = member;
        let (id, role) = (Given::new(id).into(), role.map(Mention::from));
        self.properties.extend(properties.map(|properties| (self.members.len() as u32, properties)));
        self.members.push(Enrolled { id, role, kind, suspended });
        self
    }

    /// Stores an object of a type, under its own name, with its properties if it has any: an object that conditions ask
    /// about.
    pub fn add_object(
        &mut self,
        kind: impl Into<String>,
        id: impl Into<String>,
        properties: impl Into<Option<Attribute>>,
    ) -> &mut Self {
        let (kind, id) = (Given::new(kind).into(), Given::new(id).into());
        self.objects.push(Object { kind, id, properties: properties.into() });
        self
    }

    /// Adds a group.
    pub fn add_group(&mut self, name: impl Into<String>, group: Group) -> &mut Self {
        let mentions = |given: Vec<Given>| given.into_iter().map(Mention::from).collect();
        let (roles, members) = (mentions(group.roles), mentions(group.members));
        self.groups.push(Team { name: Given::new(name).into(), roles, members });
        self
    }
}
