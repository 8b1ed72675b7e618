//! A workspace: a schema, roles, members and groups, as somebody described them.
//!
//! Built in code or read from a file, it is plain data that may still be wrong in every way; only
//! [`Workspace::compile`] turns it into a [`Snapshot`](crate::Snapshot) that can be asked, or into the list of
//! everything that is wrong. What came from a file keeps its places, so that the list can point.
//!
//! Nothing here opens a file: a role that is a path is fetched through [`Files`].

mod compile;
mod read;
mod tie;

use std::sync::Arc;

pub(crate) use compile::{built_in_name, role, seed, too_many_roles};
pub(crate) use read::read_workspace;
pub use read::{FetchedFile, Files, NoFiles};

use crate::limits::Limits;
use crate::policy::Document;
use crate::schema::Schema;
use crate::source::{Source, Span};

/// A name somewhere in a workspace, with its place when it came from a file.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) name: String,
    pub(crate) span: Option<Span>,
}

impl Mention {
    fn new(name: impl Into<String>) -> Self {
        Mention { name: name.into(), span: None }
    }
}

/// One member: who may ask at all.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub(crate) role: Option<Mention>,
    pub(crate) kind: Option<Box<str>>,
    pub(crate) suspended: bool,
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
        Member { role: Some(Mention::new(role)), ..Member::default() }
    }

    /// Gives the member a type other than `user`.
    #[must_use]
    pub fn of_type(mut self, kind: impl Into<Box<str>>) -> Self {
        self.kind = Some(kind.into());
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
    pub(crate) roles: Vec<Mention>,
    pub(crate) members: Vec<Mention>,
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
        self.roles.push(Mention::new(role));
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, member: impl Into<String>) -> Self {
        self.members.push(Mention::new(member));
        self
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: Mention,
    pub(crate) id: Mention,
}

/// A workspace as described, not yet checked as a whole.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub(crate) name: String,
    pub(crate) schema: Schema,
    pub(crate) limits: Limits,
    pub(crate) source: Option<Arc<Source>>,
    pub(crate) default_role: Option<Mention>,
    pub(crate) roles: Vec<(Mention, Arc<Document>)>,
    pub(crate) groups: Vec<(Mention, Group)>,
    pub(crate) members: Vec<(Mention, Member)>,
    pub(crate) objects: Vec<Object>,
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
        self.roles.iter().map(|(mention, document)| (&*mention.name, &**document))
    }

    /// Sets the limits that compiling holds it to.
    pub fn set_limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Sets the role of members that name none. With the built-in schema it is `viewer` unless set.
    pub fn set_default_role(&mut self, role: impl Into<String>) -> &mut Self {
        self.default_role = Some(Mention::new(role));
        self
    }

    /// Adds a role.
    pub fn add_role(&mut self, name: impl Into<String>, document: impl Into<Arc<Document>>) -> &mut Self {
        self.roles.push((Mention::new(name), document.into()));
        self
    }

    /// Adds a member.
    pub fn add_member(&mut self, id: impl Into<String>, member: Member) -> &mut Self {
        self.members.push((Mention::new(id), member));
        self
    }

    /// Adds a group.
    pub fn add_group(&mut self, name: impl Into<String>, group: Group) -> &mut Self {
        self.groups.push((Mention::new(name), group));
        self
    }
}
