//! The matrix, recounted.
//!
//! [`Matrix::validate`] believes nothing that was built: it goes through every set and every
//! permission one by one, asks [`Cell::verdict`](crate::Cell::verdict) what the answer must be,
//! and compares. It is slow on purpose (sets times permissions times roles), and is what fuzzers
//! and tests call after each run. A fault that it finds is a fault of this crate.

use alloc::collections::BTreeSet;
use core::fmt;

use crate::rows::{Page, Rows};
use crate::word;
use crate::{Matrix, PermissionId, RoleId, SetId, SubjectId, Verdict};

/// What is wrong with a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A row does not say what the roles of its set say.
    Wrong {
        /// The set of roles.
        set: SetId,
        /// The permission.
        permission: PermissionId,
        /// What the roles come to.
        expected: Verdict,
        /// What the row says.
        found: Verdict,
    },
    /// A bit is both granted and open.
    Both {
        /// The row.
        row: u32,
    },
    /// A bit is set beyond the last permission.
    Beyond {
        /// The row.
        row: u32,
    },
    /// Two pages are equal, or page 0 is not empty.
    Page {
        /// The page; 0, or the second of the equal ones.
        page: u32,
    },
    /// A table does not have the length that the counts say.
    Length,
    /// The roles of a set are not ascending, or not there, or those of another set.
    Set {
        /// The set.
        set: SetId,
    },
    /// A row of an empty set does not deny everything.
    NotDenied,
    /// A subject has a set that is not there.
    Subject {
        /// The subject.
        subject: SubjectId,
    },
    /// A set does not have as many subjects as it is said to have.
    Population {
        /// The set.
        set: SetId,
    },
    /// The planes of a role are not as wide as the schema.
    Role {
        /// The role.
        role: RoleId,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fault in the matrix, please report it: ")?;
        match self {
            Self::Wrong { set, permission, expected, found } => write!(
                f,
                "set {} permission {}: expected {}, found {}",
                set.0,
                permission.0,
                name(*expected),
                name(*found)
            ),
            Self::Both { row } => write!(f, "row {row} has a permission both granted and open"),
            Self::Beyond { row } => write!(f, "row {row} has a bit beyond the last permission"),
            Self::Page { page: 0 } => f.write_str("page 0 is not empty"),
            Self::Page { page } => write!(f, "page {page} equals an earlier page or is not there"),
            Self::Length => f.write_str("a table is not as long as its count"),
            Self::Set { set } => {
                write!(f, "set {} is not ascending, names no role, or is there twice", set.0)
            }
            Self::NotDenied => f.write_str("the empty set is not denied everything"),
            Self::Subject { subject } => {
                write!(f, "subject {} has a set that is not there", subject.0)
            }
            Self::Population { set } => write!(f, "the subjects of set {} are miscounted", set.0),
            Self::Role { role } => write!(f, "role {} is not as wide as the schema", role.0),
        }
    }
}

impl core::error::Error for Fault {}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Deny => "deny",
        Verdict::Allow => "allow",
        Verdict::Open => "open",
    }
}

impl Matrix {
    /// Recounts everything that the matrix claims. For tests and fuzzing: slow, and allocates.
    ///
    /// # Errors
    ///
    /// The first [`Fault`] found, which is a fault of this crate.
    pub fn validate(&self) -> Result<(), Fault> {
        self.validate_lengths()?;
        self.validate_roles_and_sets()?;
        self.validate_pages()?;
        self.validate_rows()?;
        self.validate_sets_against_rows()?;
        self.validate_subjects()
    }

    fn validate_lengths(&self) -> Result<(), Fault> {
        let stride = match &self.rows {
            Rows::Flat { granted, open } if open.is_empty() || open.len() == granted.len() => {
                granted.stride()
            }
            Rows::Flat { .. } => return Err(Fault::Length),
            Rows::Paged { leaves, .. } => leaves.stride(),
        };
        let expected = match self.rows {
            Rows::Flat { .. } => self.words(),
            Rows::Paged { .. } => self.words().div_ceil(word::BLOCK_WORDS),
        };
        let rows = self.rows.len();
        let vacant = (2..rows as u32).filter(|set| self.sets.get(*set).is_empty()).count();
        let removed = self.roles.iter().filter(|role| role.is_none()).count();
        let sound = stride == expected
            && rows >= 2
            && self.sets.len() == rows
            && self.population.len() == rows
            && !self.subject_sets.is_empty()
            && self.free.sets as usize == vacant
            && self.free.roles as usize == removed;
        if sound { Ok(()) } else { Err(Fault::Length) }
    }

    fn validate_roles_and_sets(&self) -> Result<(), Fault> {
        for (role, planes) in (0..).map(RoleId).zip(self.roles.iter()) {
            let planes = planes.iter().flat_map(|planes| planes.planes());
            if planes.into_iter().any(|plane| plane.permissions() != self.permissions) {
                return Err(Fault::Role { role });
            }
        }
        let mut seen = BTreeSet::new();
        for set in (0..self.rows.len() as u32).map(SetId) {
            let roles = self.roles_of_set(set);
            let sound = roles.is_sorted_by(|a, b| a < b)
                && roles.iter().all(|role| self.role(*role).is_some())
                && (roles.is_empty() || set.0 > SetId::SUSPENDED.0 && seen.insert(roles));
            if !sound {
                return Err(Fault::Set { set });
            }
        }
        Ok(())
    }

    /// Pages that rows use are there and distinct; the others are empty, and counted as free.
    fn validate_pages(&self) -> Result<(), Fault> {
        let Rows::Paged { leaves, pages } = &self.rows else {
            return Ok(());
        };
        if pages.get(0) != Some(&Page::EMPTY) {
            return Err(Fault::Page { page: 0 });
        }
        let used: BTreeSet<u32> =
            (0..leaves.len()).flat_map(|row| leaves.entry(row)).copied().chain([0]).collect();
        if let Some(page) = used.last().copied().filter(|page| *page as usize >= pages.len()) {
            return Err(Fault::Page { page });
        }
        let mut seen = BTreeSet::new();
        for (page, bits) in (0..).zip(pages.iter()) {
            let bits = bits.0.map(|lane| (lane.granted, lane.open));
            let sound = if used.contains(&page) { seen.insert(bits) } else { bits == [(0, 0); 8] };
            if !sound {
                return Err(Fault::Page { page });
            }
        }
        if pages.len() - used.len() == self.free.pages as usize { Ok(()) } else { Err(Fault::Length) }
    }

    fn validate_rows(&self) -> Result<(), Fault> {
        // A last page may hold words that the schema has not; they must be empty too.
        let stored = match self.rows {
            Rows::Flat { .. } => self.words(),
            Rows::Paged { .. } => self.words().next_multiple_of(word::BLOCK_WORDS),
        };
        for row in 0..self.rows.len() as u32 {
            let empty = self.sets.get(row).is_empty();
            for index in 0..stored {
                let lane = self.rows.word(row, index).ok_or(Fault::Length)?;
                if lane.granted & lane.open != 0 {
                    return Err(Fault::Both { row });
                }
                if (lane.granted | lane.open) & !word::span(index, 0, self.permissions) != 0 {
                    return Err(Fault::Beyond { row });
                }
                if empty && (lane.granted | lane.open) != 0 {
                    return Err(Fault::NotDenied);
                }
            }
        }
        Ok(())
    }

    fn validate_sets_against_rows(&self) -> Result<(), Fault> {
        for set in (0..self.rows.len() as u32).map(SetId) {
            for permission in (0..self.permissions).map(PermissionId) {
                let expected = self.cell_of_set(set, permission).verdict();
                let found = self.verdict_of(set, permission);
                if expected != found {
                    return Err(Fault::Wrong { set, permission, expected, found });
                }
            }
        }
        Ok(())
    }

    fn validate_subjects(&self) -> Result<(), Fault> {
        let mut population = alloc::vec![0_u32; self.rows.len()];
        for (subject, set) in (0..).map(SubjectId).zip(self.subject_sets.iter()) {
            let unknown = subject == SubjectId::UNKNOWN;
            let there = set <= SetId::SUSPENDED.0 || !self.sets.get(set).is_empty();
            if !there || unknown && set != SetId::EMPTY.0 {
                return Err(Fault::Subject { subject });
            }
            if let Some(holders) = population.get_mut(set as usize).filter(|_| !unknown) {
                *holders += 1;
            }
        }
        let mut pairs = (0..).map(SetId).zip(population.iter().zip(self.population.iter()));
        match pairs.find(|(_, (counted, claimed))| counted != claimed) {
            Some((set, _)) => Err(Fault::Population { set }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
