//! The matrix, recounted.
//!
//! [`Matrix::validate`] believes nothing that was built: it goes through every set and every
//! permission one by one, asks [`Cell::verdict`](crate::Cell::verdict) what the answer must be,
//! and compares. It is slow on purpose (sets times permissions times roles), and is what fuzzers
//! and tests call after each run. A fault that it finds is a fault of this crate.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
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
    /// Two rows are equal.
    SameRows {
        /// The second of them.
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
    /// Row 0 does not deny everything, or the empty set does not have it.
    NotDenied,
    /// A subject has a set that is not there, or another row than its set.
    Subject {
        /// The subject.
        subject: SubjectId,
    },
    /// A row does not have as many subjects as it is said to have.
    Population {
        /// The row.
        row: u32,
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
            Self::SameRows { row } => write!(f, "row {row} equals an earlier row"),
            Self::Page { page: 0 } => f.write_str("page 0 is not empty"),
            Self::Page { page } => write!(f, "page {page} equals an earlier page or is not there"),
            Self::Length => f.write_str("a table is not as long as its count"),
            Self::Set { set } => {
                write!(f, "set {} is not ascending, names no role, or is there twice", set.0)
            }
            Self::NotDenied => f.write_str("the empty set is not denied everything"),
            Self::Subject { subject } => {
                write!(f, "subject {} does not have the row of its set", subject.0)
            }
            Self::Population { row } => write!(f, "row {row} is counted for the wrong subjects"),
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
        let (stored, stride) = match &self.rows {
            Rows::Flat { lanes, words } => (lanes.len(), *words),
            Rows::Paged { leaves, span, .. } => (leaves.len(), *span),
        };
        let expected = match self.rows {
            Rows::Flat { .. } => self.words(),
            Rows::Paged { .. } => self.words().div_ceil(word::BLOCK_WORDS),
        };
        let rows = self.row_count as usize;
        let sound = stride == expected
            && stored == rows * stride
            && rows > 0
            && self.population.len() == rows
            && self.subject_rows.len() > 0
            && self.subject_rows.len() == self.subject_sets.len()
            && self.set_rows.len() == self.sets.ends.len()
            && self.sets.ends.is_sorted()
            && self.sets.ends.last().is_some_and(|end| *end as usize == self.sets.items.len());
        if sound { Ok(()) } else { Err(Fault::Length) }
    }

    fn validate_roles_and_sets(&self) -> Result<(), Fault> {
        for (role, planes) in (0..).map(RoleId).zip(&self.roles) {
            if planes.planes().iter().any(|plane| plane.permissions() != self.permissions) {
                return Err(Fault::Role { role });
            }
        }
        let mut seen = BTreeSet::new();
        for set in (0..self.sets()).map(SetId) {
            let roles = self.roles_of_set(set);
            let sound = roles.is_sorted_by(|a, b| a < b)
                && roles.iter().all(|role| role.index() < self.roles.len())
                && roles.is_empty() == (set == SetId::EMPTY)
                && seen.insert(roles);
            if !sound {
                return Err(Fault::Set { set });
            }
        }
        Ok(())
    }

    fn validate_pages(&self) -> Result<(), Fault> {
        let Rows::Paged { leaves, pages, .. } = &self.rows else {
            return Ok(());
        };
        if pages.first() != Some(&Page::EMPTY) {
            return Err(Fault::Page { page: 0 });
        }
        let mut seen = BTreeSet::new();
        for (page, bits) in (0..).zip(pages) {
            if !seen.insert(bits.0.map(|lane| (lane.granted, lane.open))) {
                return Err(Fault::Page { page });
            }
        }
        match leaves.iter().copied().max().filter(|page| *page as usize >= pages.len()) {
            Some(page) => Err(Fault::Page { page }),
            None => Ok(()),
        }
    }

    fn validate_rows(&self) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        // A last page may hold words that the schema has not; they must be empty too.
        let stored = match self.rows {
            Rows::Flat { .. } => self.words(),
            Rows::Paged { .. } => self.words().next_multiple_of(word::BLOCK_WORDS),
        };
        for row in 0..self.row_count {
            let mut bits = Vec::with_capacity(stored);
            for index in 0..stored {
                let lane = self.rows.word(row, index).ok_or(Fault::Length)?;
                if lane.granted & lane.open != 0 {
                    return Err(Fault::Both { row });
                }
                if (lane.granted | lane.open) & !word::span(index, 0, self.permissions) != 0 {
                    return Err(Fault::Beyond { row });
                }
                if row == 0 && (lane.granted | lane.open) != 0 {
                    return Err(Fault::NotDenied);
                }
                bits.push((lane.granted, lane.open));
            }
            if !seen.insert(bits) {
                return Err(Fault::SameRows { row });
            }
        }
        Ok(())
    }

    fn validate_sets_against_rows(&self) -> Result<(), Fault> {
        if self.set_rows.get(0) != Some(0) {
            return Err(Fault::NotDenied);
        }
        for (set, row) in (0..).map(SetId).zip(self.set_rows.iter()) {
            if row >= self.row_count {
                return Err(Fault::Set { set });
            }
            for permission in (0..self.permissions).map(PermissionId) {
                let expected = self.cell_of_set(set, permission).verdict();
                let found = self.row_verdict(row, permission);
                if expected != found {
                    return Err(Fault::Wrong { set, permission, expected, found });
                }
            }
        }
        Ok(())
    }

    fn validate_subjects(&self) -> Result<(), Fault> {
        let mut population = alloc::vec![0_u32; self.population.len()];
        let columns = self.subject_sets.iter().zip(self.subject_rows.iter());
        for (subject, (set, row)) in (0..).map(SubjectId).zip(columns) {
            let unknown = subject == SubjectId::UNKNOWN;
            if self.set_rows.get(set) != Some(row) || unknown && set != SetId::EMPTY.0 {
                return Err(Fault::Subject { subject });
            }
            if let Some(holders) = population.get_mut(row as usize).filter(|_| !unknown) {
                *holders += 1;
            }
        }
        let pairs = population.iter().zip(&self.population);
        match (0..).zip(pairs).find(|(_, (counted, claimed))| counted != claimed) {
            Some((row, _)) => Err(Fault::Population { row }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
