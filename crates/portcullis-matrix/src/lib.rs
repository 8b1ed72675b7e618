//! Who may do what, as bits: a check of about a nanosecond that cannot fail.
//!
//! A [`Matrix`] has a row for each distinct set of roles that subjects hold, and a bit for each
//! permission. It knows no names, no documents and no files: whoever compiles policies numbers
//! subjects, permissions and roles, and hands this crate four [`Plane`]s of bits per role. That
//! is all there is to audit between a question and its answer.
//!
//! ```text
//!   roles ──► sets of roles ──► rows ◄── sets of the subjects ◄── subject
//!   4 planes     interned        │         1, 2 or 4 bytes each
//!   each                         └──► permission ──► granted? open? ──► Verdict
//! ```
//!
//! - [`MatrixBuilder`] unites the roles of each set once, and again when one of them changes. A matrix that it hands
//!   out shares with the one before whatever did not change ([`persistent`]).
//! - [`Matrix::check`] compares stamps, then the permission with the count, then reads two bits.
//! - [`Matrix::check_batch`] does so for columns of questions.
//! - [`Matrix::permissions_of`], [`Matrix::subjects_of`] and [`Matrix::count_subjects_of`] read
//!   the matrix along a row and down a column.
//! - [`Matrix::validate`] recounts everything, against a rule spelled in words: [`Cell::verdict`].
//!
//! The rule, for the union of what a subject's roles say of a permission:
//!
//! ```text
//!   granted = allow & !(deny | deny_if)                 the verdict is Allow
//!   open    = (allow | allow_if) & !deny & !granted     the verdict is Open: evaluate conditions
//! ```
//!
//! # Memory
//!
//! Rows have one of two [`Layout`]s. **Flat**, for up to 512 permissions: a row is a few words of what is granted,
//! and as many of what is open in a second table, which is not there as long as no role has conditions.
//!
//! ```text
//!          word 0    word 1    word 2                word 0    word 1    word 2
//!        ┌─────────┬─────────┬─────────┐           ┌─────────┬─────────┬─────────┐
//! row 0  │ granted │ granted │ granted │           │ open    │ open    │ open    │   all zero
//!        ├─────────┼─────────┼─────────┤           ├─────────┼─────────┼─────────┤
//! row 1  │ granted │ granted │ granted │           │ open    │ open    │ open    │
//!        └─────────┴─────────┴─────────┘           └─────────┴─────────┴─────────┘
//! ```
//!
//! **Paged**, for wider schemas: a row is a list of page ids, and a page has 512 permissions of
//! both planes, interleaved word by word. Equal pages are shared by all rows.
//!
//! ```text
//!         0–511   512–1023                pages
//!        ┌───────┬───────┬───────┬───    ┌─────────┬──────┬─────────┬──────┬───
//! row 0  │ 0     │ 0     │ 0     │ …   0 │ all zero
//!        ├───────┼───────┼───────┼───    ├─────────┼──────┼─────────┼──────┼───
//! row 1  │ 1     │ 0     │ 2     │ …   1 │ granted │ open │ granted │ open │ …
//!        └───────┴───────┴───────┴───    ├─────────┼──────┼─────────┼──────┼───
//!                                      2 │ granted │ open │ granted │ open │ …
//!                                        └─────────┴──────┴─────────┴──────┴───
//! ```
//!
//! # What is not here
//!
//! No names, no text, no conditions (an [`Open`](Verdict::Open) verdict only says that they
//! matter), no input or output, no clock, no locks, no `unsafe`. A matrix is never edited: edits make the next one.
#![no_std]

extern crate alloc;

mod batch;
#[cfg(feature = "arbitrary")]
mod blueprint;
mod builder;
mod edit;
mod error;
mod handle;
mod holders;
mod ids;
mod intern;
mod matrix;
mod pages;
pub mod persistent;
mod plane;
mod role;
mod role_words;
mod rows;
mod search;
mod validate;
mod verdict;
mod word;

#[cfg(feature = "arbitrary")]
pub use blueprint::Blueprint;
pub use builder::{Layout, MatrixBuilder};
pub use edit::Patch;
pub use error::{BuildError, Table};
pub use handle::{Permission, Stamp, Subject};
pub use ids::{PermissionId, RoleId, SetId, SubjectId};
pub use matrix::Matrix;
pub use plane::{Permissions, Plane};
pub use role::RolePlanes;
pub use search::{Holders, PermissionsOf, SubjectsOf};
pub use validate::Fault;
pub use verdict::{Cell, Verdict};
