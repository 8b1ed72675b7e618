//! The reference decider: a workspace file, kept as it was written, and a loop over its statements for each question.
//!
//! It holds rules 1 to 8 and 10 to 13 of the language. Its one virtue is that it is too simple to be wrong. It must never
//! be made fast (no index, no bits, no cache) and must never call the engine: what it says is compared with the engine,
//! so a shared line of code would be a shared fault.
//!
//! [`Vocabulary`] is the schema, [`Document`] one role, [`Reference`] a whole workspace, [`Request`] a question with all that
//! it may bring. A test that crosses a million pairs of roles reads each document once and asks [`Vocabulary::decide`];
//! everyone else asks the [`Reference`].

mod attribute;
mod builtin;
mod condition;
mod decimal;
mod declared;
mod document;
mod json;
mod moment;
mod request;
mod truth;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use attribute::Key;

pub use builtin::{hightouch_roles, hightouch_schema};
pub use condition::{Condition, Operand, Operator, Path, Root, Test};
pub use document::{Document, Effect, Names, Statement};
pub use json::{Json, Object};
pub use request::{Action, Request, Resource, Subject};
pub use truth::Truth;
pub use vocabulary::{Refusal, Vocabulary, pattern_matches};

/// Why a question was answered as it was.
///
/// Where several would do, the first that applies is named: who asks ([`UnknownSubject`](Reason::UnknownSubject), then
/// [`Suspended`](Reason::Suspended)), the action, the resource, the pair of both, and only then what roles say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// At least one allow and no deny: the only reason that opens the gate.
    Allow,
    /// A deny applies, whatever the allows say.
    ExplicitDeny,
    /// No statement applies.
    DefaultDeny,
    /// The subject is no member of the workspace.
    UnknownSubject,
    /// No resource type admits an action of this name.
    UnknownAction,
    /// The schema has no type, alias or covered name like this.
    UnknownResource,
    /// Both names are known, but the type does not admit the action.
    NotAdmitted,
    /// The subject is a member, and suspended.
    Suspended,
}

impl Reason {
    /// True for [`Reason::Allow`] alone.
    #[must_use]
    pub fn is_allowed(self) -> bool {
        self == Reason::Allow
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Reason::Allow => "allow",
            Reason::ExplicitDeny => "explicit deny",
            Reason::DefaultDeny => "default deny",
            Reason::UnknownSubject => "unknown subject",
            Reason::UnknownAction => "unknown action",
            Reason::UnknownResource => "unknown resource",
            Reason::NotAdmitted => "not admitted",
            Reason::Suspended => "suspended",
        })
    }
}

/// Why a workspace or a request cannot be read: it is not of the form that the language asks for.
#[derive(Debug)]
pub struct Unusable(String);

impl Unusable {
    fn new(why: impl Into<String>) -> Self {
        Unusable(why.into())
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

impl From<serde_json::Error> for Unusable {
    fn from(error: serde_json::Error) -> Self {
        Unusable(error.to_string())
    }
}

#[derive(Deserialize)]
struct Group {
    roles: Vec<String>,
    members: Vec<String>,
}

#[derive(Deserialize)]
struct Member {
    role: Option<String>,
    #[serde(rename = "type", default = "user")]
    kind: String,
    #[serde(default)]
    suspended: bool,
    #[serde(default)]
    properties: Object,
}

fn user() -> String {
    "user".to_owned()
}

/// A line of the list `objects`.
#[derive(Deserialize)]
struct StoredObject {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default)]
    properties: Object,
}

/// A workspace and its answers.
pub struct Reference {
    vocabulary: Vocabulary,
    roles: BTreeMap<String, Document>,
    default_role: Option<String>,
    groups: BTreeMap<String, Group>,
    members: BTreeMap<String, Member>,
    objects: BTreeMap<Key, Object>,
}

impl Reference {
    /// Reads a whole workspace file, with its schema inline or `"hightouch"` and every role inline.
    ///
    /// Numbers have the digits that serde_json kept; [`Reference::read`] has those that were written.
    ///
    /// # Errors
    /// When the value is not a workspace, a role is refused, or a role or member is not there.
    pub fn from_json(workspace: &Value) -> Result<Self, Unusable> {
        Self::read(&workspace.to_string())
    }

    /// The same from the text of the file.
    ///
    /// # Errors
    /// As [`Reference::from_json`].
    pub fn read(workspace: &str) -> Result<Self, Unusable> {
        #[derive(Deserialize)]
        struct File {
            schema: Value,
            roles: BTreeMap<String, Box<RawValue>>,
            default_role: Option<String>,
            groups: Option<BTreeMap<String, Group>>,
            members: BTreeMap<String, Member>,
            #[serde(default)]
            objects: Vec<StoredObject>,
        }
        let file: File = serde_json::from_str(workspace)?;
        let (mut schema, mut default_role) = (file.schema, file.default_role);
        let mut roles = BTreeMap::new();
        if schema == "hightouch" {
            schema = hightouch_schema();
            default_role = default_role.or(Some("viewer".to_owned()));
            for (name, document) in hightouch_roles() {
                roles.insert(name, Document::deserialize(document)?);
            }
        }
        let mut vocabulary = Vocabulary::deserialize(schema)?;
        let mut documents: Vec<(String, Document)> = Vec::new();
        for (name, text) in file.roles {
            documents.push((name, serde_json::from_str(text.get())?));
        }
        vocabulary.heed_reserved(documents.iter().map(|(_, document)| document));
        for (name, document) in documents {
            if let Some(refusal) = vocabulary.refusal(&document) {
                return Err(Unusable(format!("role {name:?}: {refusal}")));
            }
            if roles.insert(name.clone(), document).is_some() {
                return Err(Unusable(format!("{name:?} is built in and cannot be defined again")));
            }
        }
        let mut objects = BTreeMap::new();
        for StoredObject { kind, id, properties } in file.objects {
            if !vocabulary.types().any(|own| own == kind) {
                return Err(Unusable(format!("the schema has no type {kind:?} for the object {id:?}")));
            }
            if objects.insert((kind, id.clone()), properties).is_some() {
                return Err(Unusable(format!("the object {id:?} is there twice")));
            }
        }
        let (groups, members) = (file.groups.unwrap_or_default(), file.members);
        Reference { vocabulary, roles, default_role, groups, members, objects }.complete()
    }

    /// Every role and every member that is named exists, so that no question can stumble later.
    fn complete(self) -> Result<Self, Unusable> {
        for id in self.members.keys() {
            let names = self.roles_of(id);
            if let Some(missing) = names.iter().find(|name| !self.roles.contains_key(**name)) {
                return Err(Unusable(format!(
                    "member {id:?} has the role {missing:?}, which is not defined"
                )));
            }
            if names.is_empty() {
                return Err(Unusable(format!("member {id:?} names no role, and there is no default role")));
            }
        }
        let stranger =
            self.groups.values().flat_map(|group| &group.members).find(|id| !self.members.contains_key(*id));
        match stranger {
            Some(id) => Err(Unusable(format!("{id:?} is in a group but is no member"))),
            None => Ok(self),
        }
    }

    /// The schema's names.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The documents of all roles, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &Document)> {
        self.roles.iter().map(|(name, document)| (name.as_str(), document))
    }

    /// The ids of all members, suspended ones too.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The type of a member, `user` unless the workspace says otherwise.
    #[must_use]
    pub fn type_of(&self, member: &str) -> Option<&str> {
        self.members.get(member).map(|member| member.kind.as_str())
    }

    /// The own type and the id of every stored object.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.objects.keys().map(|(kind, id)| (kind.as_str(), id.as_str()))
    }

    /// The names of the roles that a member holds: their own (or the default), and those of their groups.
    #[must_use]
    pub fn roles_of(&self, subject: &str) -> BTreeSet<&str> {
        let Some(member) = self.members.get(subject) else {
            return BTreeSet::new();
        };
        let own = member.role.as_deref().or(self.default_role.as_deref());
        let joined = self.groups.values().filter(|group| group.members.iter().any(|id| id == subject));
        own.into_iter().chain(joined.flat_map(|group| &group.roles).map(String::as_str)).collect()
    }

    /// May this subject do this action on this resource type?
    #[must_use]
    pub fn decide(&self, subject: &str, action: &str, resource: &str) -> bool {
        self.reason(subject, action, resource).is_allowed()
    }

    /// The same, with the reason.
    #[must_use]
    pub fn reason(&self, subject: &str, action: &str, resource: &str) -> Reason {
        self.answer(&Request::new(subject, action, resource))
    }

    /// The answer to a request, with all that it brings.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Reason {
        let Subject { kind: claimed, id, .. } = &request.subject;
        let member = self.members.get(id);
        match member.filter(|member| claimed.as_ref().is_none_or(|claimed| *claimed == member.kind)) {
            None => Reason::UnknownSubject,
            Some(member) if member.suspended => Reason::Suspended,
            Some(_) => {
                let held = self.roles_of(id).into_iter().filter_map(|name| self.roles.get(name));
                let applies = |statement: &Statement| self.applies(statement, request);
                self.vocabulary.decide_where(held, &request.action.name, &request.resource.kind, applies)
            }
        }
    }

    /// What a subject may do: types that grant nothing are left out, so an outsider gets an empty map.
    #[must_use]
    pub fn what(&self, subject: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut granted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (action, resource) in self.vocabulary.permissions() {
            if self.decide(subject, action, resource) {
                granted.entry(resource.to_owned()).or_default().insert(action.to_owned());
            }
        }
        granted
    }

    /// Every member who may.
    #[must_use]
    pub fn who(&self, action: &str, resource: &str) -> BTreeSet<String> {
        self.members().filter(|subject| self.decide(subject, action, resource)).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests;
