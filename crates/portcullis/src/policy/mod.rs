//! Policy documents: as written, then as they mean.
//!
//! Two steps, each with a property of its own. A [`Document`] is what was written, with the place of
//! every name, and can be printed back; it knows no schema. [`Grants`] are what the document comes
//! to under one schema: wildcards, lists and patterns are gone, only ranges of permissions are left,
//! each with the statement it came from; they cannot be printed back, and go straight into planes.

mod conditional;
mod conditions;
mod document;
mod expand;
mod read;
mod resolve;

pub use document::{Document, Effect, NameList, Statement};
pub use resolve::Grants;

pub(crate) use conditional::Conditional;
pub(crate) use conditions::{OperandKind, WrittenTest};
pub(crate) use document::Name as WrittenName;
pub(crate) use document::VERSION;
pub(crate) use read::read_document;
pub(crate) use resolve::overlaps;
