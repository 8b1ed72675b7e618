//! Why a matrix could not be built.
//!
//! Every fault shows here, before there is a matrix to ask: a [`Matrix`](crate::Matrix) that
//! exists can no longer fail. The enum is exhaustive on purpose, since whoever builds a matrix
//! must think about each way it can end.

use core::fmt;

use crate::{RoleId, SetId, SubjectId};

/// Why a matrix could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The process has drawn every [`Stamp`](crate::Stamp) there is.
    StampsExhausted,
    /// The schema is wider than [`MatrixBuilder::PERMISSIONS`](crate::MatrixBuilder::PERMISSIONS).
    TooManyPermissions {
        /// How many permissions were asked for.
        found: u32,
        /// How many there may be.
        limit: u32,
    },
    /// [`Layout::Flat`](crate::Layout::Flat) was asked for a schema that needs more than 8 words.
    TooWideForFlat {
        /// How many permissions were asked for.
        found: u32,
        /// How many fit.
        limit: u32,
    },
    /// The planes of a role are not as wide as the schema.
    PlaneWidth {
        /// Permissions of the schema.
        expected: u32,
        /// Permissions of the plane.
        found: u32,
    },
    /// A set names a role that was not added.
    UnknownRole {
        /// The role that was named.
        role: RoleId,
        /// How many roles there are.
        roles: u32,
    },
    /// A subject names a set that was not added.
    UnknownSet {
        /// The set that was named.
        set: SetId,
        /// How many sets there are.
        sets: u32,
    },
    /// An edit names a subject that was not added.
    UnknownSubject {
        /// The subject that was named.
        subject: SubjectId,
        /// How many subject ids there are.
        subjects: u32,
    },
    /// A role is to be removed that a subject holds.
    RoleHeld {
        /// The role.
        role: RoleId,
    },
    /// A table has no id left to give.
    Full(Table),
}

/// The tables of a matrix that number their entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Roles.
    Roles,
    /// Distinct sets of roles, or the roles that they list altogether.
    Sets,
    /// Subjects.
    Subjects,
    /// Distinct pages of 512 permissions.
    Pages,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Roles => "roles",
            Self::Sets => "sets of roles",
            Self::Subjects => "subjects",
            Self::Pages => "pages",
        })
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StampsExhausted => {
                f.write_str("this process has no stamp left for another schema or lineage; restart it")
            }
            Self::TooManyPermissions { found, limit } => {
                write!(f, "expected at most {limit} permissions, found {found}; split the schema")
            }
            Self::TooWideForFlat { found, limit } => {
                write!(f, "flat rows hold at most {limit} permissions, found {found}; use paged rows")
            }
            Self::PlaneWidth { expected, found } => write!(
                f,
                "expected planes of {expected} permissions, found one of {found}; make them for this schema"
            ),
            Self::UnknownRole { role, roles } => write!(
                f,
                "expected one of {roles} roles, found role number {}; add the role before the set",
                role.as_u32()
            ),
            Self::UnknownSet { set, sets } => write!(
                f,
                "expected one of {sets} sets of roles, found set number {}; add the set before the subject",
                set.as_u32()
            ),
            Self::UnknownSubject { subject, subjects } => write!(
                f,
                "expected one of {subjects} subjects, found subject number {}; add the subject first",
                subject.as_u32()
            ),
            Self::RoleHeld { role } => {
                write!(f, "role number {} is held; take it from its subjects first", role.as_u32())
            }
            Self::Full(table) => {
                write!(f, "found more {table} than a matrix can number; split the workspace")
            }
        }
    }
}

impl core::error::Error for BuildError {}
