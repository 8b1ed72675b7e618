//! Durable workspaces, and who may change what in them: the service behind every transport.
//!
//! A [`Service`] keeps workspaces in a [`Store`](portcullis_store::Store), the compiled snapshot of each in memory, and swaps it when a
//! change is committed. Plain structs go in and come out; sockets, wire shapes and terminals are for whoever puts a transport upon it.
//!
//! **Every change takes one road** (`service::commit`): the workspace is locked, the actor's credential is read anew, each operation of
//! the change is held against the table of what it needs ([`Operation::needs`]), the candidate state is compiled, and only then, when nobody
//! would come to hold what the actor does not, when nobody was reduced who holds more than the actor, when an administrator is left
//! and the standing rules hold, it is committed with its audit entry, and is in force when the call returns.
//!
//! What an actor holds is what its credential holds: the member's permissions, narrowed by the key's own policy, by the policies of the keys
//! through which it was made, and by its scopes.

pub mod authzen;
mod file_keys;
mod grpc;
mod hearing;
pub mod http;
mod limits;
mod naming;
mod operation;
mod outside;
mod refusal;
mod reset;
mod secret;
mod served_file;
mod service;
mod serving;
mod source;
mod state;
mod view;
pub mod why;

pub use file_keys::{FileCaller, FileKey, FileKeys};
pub use hearing::Hearing;
pub use limits::{Bounds, DoorBounds};
pub use operation::{Administered, Needs, Operation, Properties, Scope, Which};
pub use outside::{Outside, System, rfc3339};
pub use portcullis_store::Id;
pub use refusal::{Excess, Refusal, Refused};
pub use secret::{Secret, SecretKind, holds_secret};
pub use served_file::{Admission, Part, ServedFile, Trouble};
pub use service::{
    Accepted, Actor, Answered, Call, Caller, Change, Done, Founding, Made, MemberPreview, Operator, Preview,
    Service, Setup, SetupCode, Was, Whence,
};
pub use serving::Server;
pub use source::{Asker, Source};
pub use view::{
    GroupView, InvitationView, KeyView, MemberView, ObjectView, RoleView, RuleView, VersionView,
    WorkspaceView,
};
