//! What the service says of what it holds: plain structs with names in the place of ids, and no secrets.

use portcullis_store::{Id, Millis};
use serde::Serialize;

use crate::operation::Properties;

/// Ids are written as texts.
fn text<S: serde::Serializer>(id: &Id, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct WorkspaceView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub name: String,
    /// The token of its newest revision, `EPOCH.NUMBER`.
    pub revision: String,
    /// The name of its schema.
    pub schema: String,
    pub default_role: Option<String>,
    /// Days until an invitation expires.
    pub invitation_days: u32,
    pub members: usize,
    pub groups: usize,
    pub roles: usize,
    pub objects: usize,
    pub created: Millis,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct MemberView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub subject: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub role: String,
    pub groups: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Properties>,
    pub suspended: bool,
    pub version: u64,
    pub created: Millis,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GroupView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub name: String,
    pub roles: Vec<String>,
    pub members: Vec<String>,
    pub version: u64,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RoleView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub name: String,
    pub built_in: bool,
    /// The number of the version in force.
    pub number: u64,
    pub document: String,
    /// How many members have it as their own.
    pub members: usize,
    pub groups: Vec<String>,
    pub version: u64,
}

/// A version of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct VersionView {
    pub number: u64,
    pub author: String,
    pub note: String,
    pub created: Millis,
    pub document: String,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct InvitationView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub email: String,
    /// The role; nothing for whichever is the default at acceptance.
    pub role: Option<String>,
    /// `pending`, `accepted`, `cancelled` or `expired`.
    pub state: &'static str,
    pub inviter: String,
    pub created: Millis,
    pub expires: Millis,
}

/// An API key, without its secret, which nobody has but who was shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KeyView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub name: String,
    pub member: String,
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    pub created: Millis,
    pub expires: Option<Millis>,
    /// To the minute.
    pub used: Option<Millis>,
}

/// A stored object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ObjectView {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Properties>,
    pub version: u64,
}

/// A standing rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RuleView {
    #[serde(serialize_with = "text")]
    pub id: Id,
    pub name: String,
    pub rule: String,
    pub version: u64,
}
