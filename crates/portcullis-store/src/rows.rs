//! The rows of a workspace, as plain data: what is written down, not what it means.
//!
//! Texts that others understand (policies, schemas, properties, settings) are kept as they were given. Every row that somebody edits has
//! a version, the revision of the change that wrote it last, so that an edit can say which state it was made of. What refers to another
//! thing refers to its id, which is never used again; names may change.

use crate::Id;

/// Milliseconds since 1970 in UTC, by the clock of whoever wrote them.
pub type Millis = i64;

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: Id,
    /// Its name, unique in the store.
    pub name: String,
    /// What makes its revisions its own: drawn anew when it is made, imported or restored.
    pub epoch: u64,
    /// How many changes were committed, its making included.
    pub revision: u64,
    /// The schema: the name of a built-in one, or its text.
    pub schema: String,
    /// The role of who joins without one.
    pub default_role: Option<Id>,
    /// Settings, as JSON.
    pub settings: String,
    /// When it was made.
    pub created: Millis,
}

/// A member: somebody who belongs to a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the membership.
    pub id: Id,
    /// The revision that wrote this row last.
    pub version: u64,
    /// Who it is: the id by which decisions are asked, unique in the workspace.
    pub subject: String,
    /// The form of the subject that no two members share: see [`Group::folded`].
    pub folded: String,
    /// The type of the subject: `user`, `service`, …
    pub kind: String,
    /// The one role of its own.
    pub role: Id,
    /// Properties, as a JSON object; nothing for none.
    pub properties: Option<String>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// When it joined.
    pub created: Millis,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: Id,
    /// The revision that wrote this row last, or one of its members or roles.
    pub version: u64,
    /// Its name, unique among groups.
    pub name: String,
    /// The name in the form that no two may share, so that nobody mistakes one for the other. Whoever makes rows says what that is.
    pub folded: String,
}

/// A role; what it says is in its current version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: Id,
    /// The revision that wrote this row last.
    pub version: u64,
    /// Its name, unique among roles.
    pub name: String,
    /// See [`Group::folded`].
    pub folded: String,
    /// Whether the schema brought it along.
    pub built_in: bool,
    /// Which of its versions is in force; 0 when it never had one of its own.
    pub current: u64,
}

/// One version of what a role says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleVersion {
    /// Which role.
    pub role: Id,
    /// 1, 2, …; the numbers of a role have no gaps.
    pub number: u64,
    /// The policy document.
    pub document: String,
    /// Who saved it.
    pub author: String,
    /// When.
    pub created: Millis,
    /// What the author says of it.
    pub note: String,
}

/// What became of an invitation. That it expired shows by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// It can be accepted.
    Pending,
    /// It was.
    Accepted,
    /// It was taken back, by somebody or because its inviter left.
    Cancelled,
}

/// An invitation by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Id,
    /// The revision that wrote this row last.
    pub version: u64,
    /// Who is invited.
    pub email: String,
    /// See [`Group::folded`]. Several invitations may share it, of which one at most is pending.
    pub folded: String,
    /// The role; nothing for whichever is the default at acceptance.
    pub role: Option<Id>,
    /// The hash of its token; the token itself is nowhere.
    pub hash: [u8; 32],
    /// The member who sent it.
    pub inviter: Id,
    /// When it was made or sent again.
    pub created: Millis,
    /// Until when it can be accepted.
    pub expires: Millis,
    /// What became of it.
    pub state: InvitationState,
}

/// An API key; the secret itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which is part of what the caller shows.
    pub id: Id,
    /// The revision that wrote this row last.
    pub version: u64,
    /// The member that it acts as.
    pub member: Id,
    /// What its owner calls it.
    pub name: String,
    /// The hash of its secret.
    pub hash: [u8; 32],
    /// What it may be used for, in words of whoever checks that.
    pub scopes: Vec<String>,
    /// A policy document that narrows it.
    pub policy: Option<String>,
    /// The key through which it was made, which it never outlives.
    pub parent: Option<Id>,
    /// When it was made.
    pub created: Millis,
    /// Until when it is good.
    pub expires: Option<Millis>,
    /// When it was last used, to the minute. Written by [`Store::note_used`](crate::Store::note_used) alone: what a row says
    /// that is put in the place of another is not heeded.
    pub used: Option<Millis>,
}

/// A stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its type.
    pub kind: String,
    /// Its id among those of the type.
    pub id: String,
    /// The revision that wrote this row last.
    pub version: u64,
    /// Properties, as a JSON object; nothing for none.
    pub properties: Option<String>,
}

/// A standing rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: Id,
    /// The revision that wrote this row last.
    pub version: u64,
    /// Its name, unique among rules.
    pub name: String,
    /// The rule, as text.
    pub text: String,
}

/// A row of one of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the row of the same name")]
pub enum Row {
    Role(Role),
    RoleVersion(RoleVersion),
    Member(Member),
    Group(Group),
    /// A member is in a group.
    GroupMember {
        group: Id,
        member: Id,
    },
    /// A group has a role.
    GroupRole {
        group: Id,
        role: Id,
    },
    Invitation(Invitation),
    ApiKey(ApiKey),
    Object(Object),
    Rule(Rule),
}

/// Which row of which table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the key of the row of the same name")]
pub enum Key {
    Role(Id),
    RoleVersion { role: Id, number: u64 },
    Member(Id),
    Group(Id),
    GroupMember { group: Id, member: Id },
    GroupRole { group: Id, role: Id },
    Invitation(Id),
    ApiKey(Id),
    Object { kind: String, id: String },
    Rule(Id),
}

impl Row {
    /// Where the row is.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Row::Role(role) => Key::Role(role.id),
            Row::RoleVersion(version) => Key::RoleVersion { role: version.role, number: version.number },
            Row::Member(member) => Key::Member(member.id),
            Row::Group(group) => Key::Group(group.id),
            Row::GroupMember { group, member } => Key::GroupMember { group: *group, member: *member },
            Row::GroupRole { group, role } => Key::GroupRole { group: *group, role: *role },
            Row::Invitation(invitation) => Key::Invitation(invitation.id),
            Row::ApiKey(key) => Key::ApiKey(key.id),
            Row::Object(object) => Key::Object { kind: object.kind.clone(), id: object.id.clone() },
            Row::Rule(rule) => Key::Rule(rule.id),
        }
    }
}

impl Key {
    /// What a row of its table is called in messages.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Key::Role(_) => "role",
            Key::RoleVersion { .. } => "version of a role",
            Key::Member(_) => "member",
            Key::Group(_) => "group",
            Key::GroupMember { .. } => "member of a group",
            Key::GroupRole { .. } => "role of a group",
            Key::Invitation(_) => "invitation",
            Key::ApiKey(_) => "API key",
            Key::Object { .. } => "object",
            Key::Rule(_) => "standing rule",
        }
    }
}
