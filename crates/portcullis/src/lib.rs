//! Portcullis compiles role documents to bits, and answers questions about them.
//!
//! Teams write who may do what as small JSON documents. This library reads such documents with every
//! fault at its place ([`Document`]), resolves them against a vocabulary ([`Schema`] → [`Grants`]), and
//! compiles a whole [`Workspace`] of members, groups and roles into a [`Snapshot`]. A check is then a
//! look-up and a bit test; and since a role is a set of bits, who can, what can, why, and what a change
//! would change are answered exactly, from the same rows.
//!
//! ```
//! use portcullis::{Document, Group, Member, Schema, Source, Workspace};
//!
//! let role = r#"{ "version": "2022-04-26",
//!                 "policies": [ { "effect": "allow", "actions": ["read"], "resource": ["sync", "model"] } ] }"#;
//! let (document, _warnings) = Document::read(&Source::new("auditor.json", role))?;
//!
//! let mut workspace = Workspace::new("acme", Schema::hightouch()?);
//! workspace
//!     .add_role("auditor", document)
//!     .add_member("ann@acme.example", Member::with_role("editor"))
//!     .add_member("bob@acme.example", Member::with_role("auditor"));
//! let (snapshot, _warnings) = workspace.compile()?;
//!
//! assert!(snapshot.check("bob@acme.example", "read", "sync").is_allowed());
//! assert!(!snapshot.check("bob@acme.example", "update", "sync").is_allowed());
//! assert_eq!(snapshot.who("update", "sync"), Ok(vec!["ann@acme.example"]));
//! # Ok::<(), portcullis::Report>(())
//! ```
//!
//! The data flows one way, each step a type of its own that cannot be made by hand:
//! text → [`Document`] → [`Grants`] → planes → [`Snapshot`] → [`Decision`]. Faults are values
//! ([`Diagnostic`] in a [`Report`]); rendering them is for whoever shows them.
//!
//! What is absent: files, sockets, clocks and environment. Texts come in, answers go out.

#![doc(html_no_source)]

pub mod cedar;
mod compare;
pub mod condition;
mod decision;
pub mod diagnostic;
mod diff;
mod exact;
mod explain;
mod findings;
mod format;
pub mod hightouch;
mod json;
mod limits;
mod lint;
mod minimize;
mod names;
mod pattern;
pub mod plan;
mod policy;
mod read;
pub mod rules;
mod schema;
mod search;
mod snapshot;
mod source;
mod suggest;
pub mod suite;
mod sync;
pub mod text;
mod tied;
mod workspace;
mod writer;

pub use compare::{
    COMPARE_STEPS, Comparison, ConditionalCells, Counterexample, Relation, Shares, compare_documents,
    compare_roles, compare_subjects,
};
pub use decision::{Decision, Reason, Revision};
pub use diagnostic::{Diagnostic, Report, Severity};
pub use diff::{
    Change, ConditionalChange, MemberChange, PermissionName, Standing, diff_documents, diff_snapshots,
};
pub use exact::{Example, Stored};
pub use explain::{Explanation, Grounds, Held, Nearest, Weighed};
pub use format::format;
pub use json::source_from_bytes;
pub use limits::{DEEPEST, Limits, NAME_BYTES};
pub use lint::{Read, lint, read_any};
pub use minimize::{Length, MinimizeError, Minimized, Minimizing, minimize};
pub use policy::{Document, Effect, Grants, NameList, Statement};
pub use read::FileKind;
pub use schema::{
    Administration, AttributeType, Attributes, BUILT_IN_SCHEMAS, Declared, Origin, RESERVED_ADMINISTRATION,
    ResourceType, Schema,
};
pub use search::{Answer, Listed, Proviso, conditions_in_words};
pub use snapshot::{Question, Role, Snapshot};
pub use source::{Position, Source, Span};
pub use workspace::{DEFAULT_MEMBER_TYPE, FetchedFile, Files, Group, Member, NoFiles, Workspace};
pub use writer::{Reader, Writer};

/// The decider under this library, for whoever keeps columns of ids.
pub use portcullis_matrix as matrix;

/// The code in the README is compiled and run as a test of its own.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// And that in the page on embedding.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;

/// And that in the page on plans.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plan.md")]
struct Plans;
