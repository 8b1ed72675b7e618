//! What the tests of every crate share. Nothing here is shipped.
//!
//! * [`mod@reference`] decides by the rules of docs/language.md in the most naive way there is: it keeps the documents and
//!   loops over them for every question. It reads with serde_json, resolves names by itself and knows no bits, so that
//!   it cannot share a fault with the engine that it judges. Of each condition it says whether it is true, false or unknown.
//! * [`corpus`] turns cases that others published (Hightouch, AuthZEN, Casbin, Cedar, XACML, Kubernetes) into one neutral
//!   form: a workspace file, questions, and the answers that the publisher gave. Every engine runs the same cases.
//! * [`exhaustive`] lists every policy of up to two statements over a schema of two actions and two types.
//! * [`generate`] makes schemas, policies, workspaces and questions from a seed, the same on every machine; with
//!   conditions, stored objects and requests if asked to.
//! * [`churn`] leads a workspace's life, edit by edit.
//! * [`editing`] edits a workspace and compiles it afresh, and holds the two equal.
//! * [`agreement`] holds the engine against the reference, question by question.
//! * [`sent`] reads requests for the library.
//! * [`fuzz`] has the bodies of the fuzz targets, which ordinary tests replay.
//!
//! Everything passes through [`serde_json::Value`] in the very form of the files that people write. An engine under test
//! needs no adapter but "give me the text", and its own reader is tested on the way.
//!
//! ```
//! use portcullis_testkit::reference::{Reason, Reference};
//! use serde_json::json;
//!
//! let acme = json!({
//!     "workspace": "acme",
//!     "schema": "hightouch",
//!     "roles": {},
//!     "members": { "ann": { "role": "editor" }, "bob": { "role": "reader" } }
//! });
//! let reference = Reference::from_json(&acme)?;
//! assert!(reference.decide("ann", "start", "sync"));
//! assert_eq!(reference.reason("bob", "start", "sync"), Reason::DefaultDeny);
//! assert_eq!(reference.reason("ann", "start", "model"), Reason::NotAdmitted);
//! # Ok::<(), portcullis_testkit::reference::Unusable>(())
//! ```

pub mod agreement;
pub mod churn;
pub mod corpus;
pub mod editing;
pub mod exhaustive;
pub mod fuzz;
pub mod generate;
pub mod reference;
pub mod sent;
