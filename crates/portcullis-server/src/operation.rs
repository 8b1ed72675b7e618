//! What can be done to a workspace, and what each operation needs.
//!
//! The needs are said in terms of the two types that administer a workspace (`administration` in its schema): `membership` for people, `workspace`
//! for everything else.

use std::fmt;

use portcullis_store::{Id, Millis};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A member, group, role, key, invitation or rule, by its id or by the name that it has now (a member by the subject, an invitation by the
/// address).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Which(pub String);

impl<T: Into<String>> From<T> for Which {
    fn from(text: T) -> Which {
        Which(text.into())
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Which {
    /// The thing of an id.
    #[must_use]
    pub fn id(id: Id) -> Which {
        Which(id.to_string())
    }
}

/// Properties of a member or an object: the text of a JSON object, kept as it was given, so that a number keeps all of its digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties(String);

impl Properties {
    /// The text of a JSON object. What it holds is looked at when it is stored.
    #[must_use]
    pub fn of_text(text: impl Into<String>) -> Properties {
        Properties(text.into())
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for Properties {
    fn from(map: serde_json::Map<String, serde_json::Value>) -> Properties {
        Properties(serde_json::Value::Object(map).to_string())
    }
}

impl Serialize for Properties {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Properties, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Properties(raw.get().to_owned()))
    }
}

/// What a key may be used for, besides what its member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Ask for decisions.
    Decide,
    /// Change stored objects.
    Objects,
    /// Change members, groups, roles, invitations, rules and settings.
    Directory,
    /// Make and revoke keys.
    Keys,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 4] = [Scope::Decide, Scope::Objects, Scope::Directory, Scope::Keys];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Decide => "decide",
            Scope::Objects => "objects",
            Scope::Directory => "directory",
            Scope::Keys => "keys",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of the two administration types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Administered {
    /// Roles, groups, objects, settings, standing rules, keys of others.
    Workspace,
    /// People: who belongs to it, with which role, in which groups.
    Membership,
}

/// A permission on an administration type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The type.
    pub on: Administered,
    /// `read`, `create`, `update` or `delete`.
    pub action: &'static str,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = match self.on {
            Administered::Workspace => "workspace",
            Administered::Membership => "membership",
        };
        write!(f, "`{}` on the administration type of {on}", self.action)
    }
}

/// One thing to be done to a workspace. A version that is given must be the one that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the rows that they become")]
pub enum Operation {
    /// A member joins; without a role, with the default role.
    AddMember {
        subject: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Which>,
        #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        properties: Option<Properties>,
    },
    /// Another role of its own.
    SetMemberRole {
        member: Which,
        role: Which,
        #[serde(default)]
        version: Option<u64>,
    },
    /// Other properties, in the place of all that were.
    SetMemberProperties {
        member: Which,
        properties: Option<Properties>,
        #[serde(default)]
        version: Option<u64>,
    },
    /// Everything is denied to the member until it is reactivated. Its keys stay, and open nothing.
    SuspendMember {
        member: Which,
    },
    ReactivateMember {
        member: Which,
    },
    /// The member goes, with its keys; the invitations that it sent are cancelled.
    RemoveMember {
        member: Which,
        #[serde(default)]
        version: Option<u64>,
    },
    AddGroup {
        name: String,
    },
    RenameGroup {
        group: Which,
        name: String,
        #[serde(default)]
        version: Option<u64>,
    },
    RemoveGroup {
        group: Which,
        #[serde(default)]
        version: Option<u64>,
    },
    AddToGroup {
        group: Which,
        member: Which,
    },
    RemoveFromGroup {
        group: Which,
        member: Which,
    },
    GiveGroupRole {
        group: Which,
        role: Which,
    },
    TakeGroupRole {
        group: Which,
        role: Which,
    },
    AddRole {
        name: String,
        document: String,
        #[serde(default)]
        note: String,
    },
    /// A new version of what a role says.
    SaveRole {
        role: Which,
        document: String,
        #[serde(default)]
        note: String,
        #[serde(default)]
        version: Option<u64>,
    },
    /// A former version again, as a new one.
    RollBackRole {
        role: Which,
        number: u64,
        #[serde(default)]
        note: String,
        #[serde(default)]
        version: Option<u64>,
    },
    /// The role goes; whoever and whatever has it, has the other one then.
    RemoveRole {
        role: Which,
        #[serde(default)]
        replacement: Option<Which>,
        #[serde(default)]
        version: Option<u64>,
    },
    SetDefaultRole {
        role: Which,
    },
    RenameWorkspace {
        name: String,
    },
    /// Another schema: the name of a built-in one, or its text.
    SetSchema {
        schema: String,
    },
    /// Days until an invitation expires.
    SetInvitationDays {
        days: u32,
    },
    Invite {
        email: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Which>,
    },
    CancelInvitation {
        invitation: Which,
    },
    /// A new token, and its time from the beginning; the former token is dead.
    ResendInvitation {
        invitation: Which,
    },
    /// A key; without a member, of the one who acts.
    AddKey {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member: Option<Which>,
        name: String,
        #[serde(default)]
        scopes: Vec<Scope>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Millis>,
    },
    /// The key goes, and those that were made through it.
    RevokeKey {
        key: Which,
    },
    PutObject {
        #[serde(rename = "type")]
        kind: String,
        id: String,
        properties: Option<Properties>,
        #[serde(default)]
        version: Option<u64>,
    },
    RemoveObject {
        #[serde(rename = "type")]
        kind: String,
        id: String,
        #[serde(default)]
        version: Option<u64>,
    },
    AddRule {
        name: String,
        rule: String,
    },
    SetRule {
        rule: Which,
        text: String,
        #[serde(default)]
        version: Option<u64>,
    },
    RemoveRule {
        rule: Which,
        #[serde(default)]
        version: Option<u64>,
    },
}

impl Operation {
    /// Its word in audit entries.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.row().0
    }

    /// The permission that it needs. What concerns only the one who acts (reducing oneself, one's own keys) needs none.
    #[must_use]
    pub const fn needs(&self) -> Needs {
        let (_, on, action, _) = self.row();
        Needs { on, action }
    }

    /// The scope that a key needs for it.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.row().3
    }

    /// The table: the word, the administration type and the action on it, and the scope.
    const fn row(&self) -> (&'static str, Administered, &'static str, Scope) {
        use Administered::{Membership, Workspace};
        use Scope::{Directory, Keys, Objects};
        match self {
            Operation::AddMember { .. } => ("member.add", Membership, "create", Directory),
            Operation::SetMemberRole { .. } => ("member.role", Membership, "update", Directory),
            Operation::SetMemberProperties { .. } => ("member.properties", Membership, "update", Directory),
            Operation::SuspendMember { .. } => ("member.suspend", Membership, "update", Directory),
            Operation::ReactivateMember { .. } => ("member.reactivate", Membership, "update", Directory),
            Operation::RemoveMember { .. } => ("member.remove", Membership, "delete", Directory),
            Operation::AddGroup { .. } => ("group.add", Workspace, "create", Directory),
            Operation::RenameGroup { .. } => ("group.rename", Workspace, "update", Directory),
            Operation::RemoveGroup { .. } => ("group.remove", Workspace, "delete", Directory),
            Operation::AddToGroup { .. } => ("group.join", Membership, "update", Directory),
            Operation::RemoveFromGroup { .. } => ("group.leave", Membership, "update", Directory),
            Operation::GiveGroupRole { .. } => ("group.give-role", Workspace, "update", Directory),
            Operation::TakeGroupRole { .. } => ("group.take-role", Workspace, "update", Directory),
            Operation::AddRole { .. } => ("role.add", Workspace, "create", Directory),
            Operation::SaveRole { .. } => ("role.save", Workspace, "update", Directory),
            Operation::RollBackRole { .. } => ("role.roll-back", Workspace, "update", Directory),
            Operation::RemoveRole { .. } => ("role.remove", Workspace, "delete", Directory),
            Operation::SetDefaultRole { .. } => ("workspace.default-role", Workspace, "update", Directory),
            Operation::RenameWorkspace { .. } => ("workspace.rename", Workspace, "update", Directory),
            Operation::SetSchema { .. } => ("workspace.schema", Workspace, "update", Directory),
            Operation::SetInvitationDays { .. } => {
                ("workspace.invitation-days", Workspace, "update", Directory)
            }
            Operation::Invite { .. } => ("invitation.send", Membership, "create", Directory),
            Operation::CancelInvitation { .. } => ("invitation.cancel", Membership, "create", Directory),
            Operation::ResendInvitation { .. } => ("invitation.resend", Membership, "create", Directory),
            Operation::AddKey { .. } => ("key.add", Workspace, "create", Keys),
            Operation::RevokeKey { .. } => ("key.revoke", Workspace, "delete", Keys),
            Operation::PutObject { .. } => ("object.put", Workspace, "update", Objects),
            Operation::RemoveObject { .. } => ("object.remove", Workspace, "delete", Objects),
            Operation::AddRule { .. } => ("rule.add", Workspace, "create", Directory),
            Operation::SetRule { .. } => ("rule.change", Workspace, "update", Directory),
            Operation::RemoveRule { .. } => ("rule.remove", Workspace, "delete", Directory),
        }
    }

    /// Whether it takes something away from an attacker, and so must never be held up by a standing rule.
    #[must_use]
    pub(crate) const fn is_revocation(&self) -> bool {
        matches!(self, Operation::SuspendMember { .. } | Operation::RevokeKey { .. })
    }
}
