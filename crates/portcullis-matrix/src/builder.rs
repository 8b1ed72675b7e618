//! Building a matrix, and editing one: roles, sets of roles, subjects.
//!
//! All work is done here, once: the roles of a set are united and settled when the set is first seen, and
//! every fault that there can be comes out as a [`BuildError`]. A call that fails changes nothing. What only
//! edits need (what finds a set by its roles, who uses a page, which sets hold a role) lies here and
//! not in the [`Matrix`], which is handed out as often as one likes: it shares everything with the builder until
//! the builder changes something.
//!
//! This file adds; `edit.rs` changes and takes away.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::error::Table as Full;
use crate::holders::Holders;
use crate::intern::Index;
use crate::matrix::Free;
use crate::pages::{MOST_PAGES, Pages};
use crate::persistent::{Column, Lists, Table};
use crate::role_words::RoleWords;
use crate::rows::{Page, Rows, SETS, WORDS, settle, unite};
use crate::word::{self, BLOCK_WORDS};
use crate::{BuildError, Matrix, RoleId, RolePlanes, SetId, Stamp, Subject, SubjectId};

/// How rows are laid out; the [front page](crate#memory) draws both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Flat up to 512 permissions, paged beyond.
    #[default]
    Auto,
    /// One look-up; for at most 512 permissions.
    Flat,
    /// Two look-ups; lean for wide schemas.
    Paged,
}

/// Collects roles, sets and subjects, changes them, and hands out a [`Matrix`] of them.
///
/// ```
/// use portcullis_matrix::*;
///
/// # fn main() -> Result<(), BuildError> {
/// let (lineage, schema) = (Stamp::fresh()?, Stamp::fresh()?);
/// let mut builder = MatrixBuilder::new(lineage, schema, 47, Layout::Auto, 0x5eed)?;
///
/// let mut reader = RolePlanes::new(47);
/// reader.allow_mut().insert(PermissionId::from_u32(8));
/// let reader = builder.add_role(reader)?;
///
/// let readers = builder.add_set(&[reader])?;
/// let ann = builder.add_subject(readers)?;
/// let bob = builder.add_vacant()?;
/// let matrix = builder.build();
///
/// let read = Permission::new(schema, PermissionId::from_u32(8));
/// assert_eq!(matrix.check(ann, read), Verdict::Allow);
/// assert_eq!(matrix.check(bob, read), Verdict::Deny);
/// # Ok(())
/// # }
/// ```
pub struct MatrixBuilder {
    pub(crate) matrix: Matrix,
    /// Finds a set by its roles.
    pub(crate) sets: Index,
    pub(crate) pages: Pages,
    /// Numbers that are free to be given out again.
    pub(crate) vacant_sets: Vec<SetId>,
    pub(crate) vacant_roles: Vec<RoleId>,
    /// What rows are settled from, where they are flat.
    pub(crate) words: RoleWords,
    /// The sets that hold each role, once a role has been edited or a matrix was taken up again.
    pub(crate) holders: Option<Holders>,
    /// The rows before the last edit that changed very many of them: memory to write the next version to.
    pub(crate) earlier: Option<[Table<u64, WORDS>; 2]>,
    /// The roles of the set at hand, sorted.
    sorted: Vec<RoleId>,
}

impl MatrixBuilder {
    /// The widest schema: 1,048,576 permissions.
    pub const PERMISSIONS: u32 = 1 << 20;

    /// The most subjects, the unknown one counted: 2,147,483,648.
    pub const SUBJECTS: u32 = 1 << 31;

    /// The most distinct sets of roles: 2,147,483,648.
    pub const SETS: u32 = 1 << 31;

    /// A builder for a schema of this many permissions.
    ///
    /// `seed` keeps those who write roles from choosing what collides: random in a process that
    /// reads what outsiders write, fixed where runs must repeat. It never changes an answer, nor
    /// the numbering of anything.
    ///
    /// # Errors
    ///
    /// When the schema is too wide, for any layout or for the flat one.
    pub fn new(
        lineage: Stamp,
        schema: Stamp,
        permissions: u32,
        layout: Layout,
        seed: u64,
    ) -> Result<Self, BuildError> {
        if permissions > Self::PERMISSIONS {
            let limit = Self::PERMISSIONS;
            return Err(BuildError::TooManyPermissions { found: permissions, limit });
        }
        let words = word::words(permissions);
        let fits = words <= BLOCK_WORDS;
        if layout == Layout::Flat && !fits {
            let limit = BLOCK_WORDS as u32 * word::WORD;
            return Err(BuildError::TooWideForFlat { found: permissions, limit });
        }
        let flat = layout == Layout::Flat || layout == Layout::Auto && fits;
        let mut rows = if flat {
            Rows::Flat { granted: Table::new(words), open: Table::new(words) }
        } else {
            let leaves = Table::new(words.div_ceil(BLOCK_WORDS));
            Rows::Paged { leaves, pages: Table::of([Page::EMPTY]) }
        };
        // Sets 0 and 1 are empty and deny everything; subject 0 is nobody.
        let mut sets = Lists::default();
        for _ in [SetId::EMPTY, SetId::SUSPENDED] {
            rows.push();
            sets.push(&[]);
        }
        let matrix = Matrix {
            lineage,
            schema,
            permissions,
            subject_sets: Column::of([SetId::EMPTY.0], 0),
            rows,
            sets,
            population: Table::of([0, 0]),
            roles: Table::new(1),
            free: Free::default(),
        };
        Ok(Self::around(matrix, seed))
    }

    pub(crate) fn around(matrix: Matrix, seed: u64) -> Self {
        Self {
            words: RoleWords::new(matrix.words()),
            matrix,
            sets: Index::new(seed),
            pages: Pages::new(seed.rotate_left(32)),
            vacant_sets: Vec::new(),
            vacant_roles: Vec::new(),
            holders: None,
            earlier: None,
            sorted: Vec::new(),
        }
    }

    /// Adds a role and gives it an id: that of a role that was removed, or the next.
    ///
    /// # Errors
    ///
    /// When a plane is not as wide as the schema, or there is no id left.
    pub fn add_role(&mut self, planes: impl Into<Arc<RolePlanes>>) -> Result<RoleId, BuildError> {
        let planes = planes.into();
        self.fits(&planes)?;
        let next = RoleId::new(self.matrix.roles.len());
        let role = self.vacant_roles.last().copied().or(next).ok_or(BuildError::Full(Full::Roles))?;
        if self.vacant_roles.pop().is_some() {
            self.matrix.free.roles -= 1;
        }
        self.matrix.roles.grow(role.index() + 1);
        self.put(role, planes);
        Ok(role)
    }

    pub(crate) fn fits(&self, planes: &RolePlanes) -> Result<(), BuildError> {
        let expected = self.matrix.permissions;
        let mut widths = planes.planes().into_iter().map(|plane| plane.permissions());
        match widths.find(|found| *found != expected) {
            Some(found) => Err(BuildError::PlaneWidth { expected, found }),
            None => Ok(()),
        }
    }

    /// Gives a role other planes; rows are for whoever calls to settle.
    pub(crate) fn put(&mut self, role: RoleId, planes: Arc<RolePlanes>) {
        if planes.has_conditions() {
            self.matrix.rows.widen();
        }
        if !matches!(self.matrix.rows, Rows::Paged { .. }) {
            self.words.put(role, &planes);
        }
        if let Some(place) = self.matrix.roles.entry_mut(role.index()).first_mut() {
            *place = Some(planes);
        }
    }

    /// The id of a set of roles, whatever their order and however often each is named. The row of
    /// a set is computed when it is first seen. No roles at all are set 0.
    ///
    /// # Errors
    ///
    /// When a role was not added before, or there is no id left.
    pub fn add_set(&mut self, roles: &[RoleId]) -> Result<SetId, BuildError> {
        if let Some(role) = roles.iter().find(|role| self.matrix.role(**role).is_none()) {
            return Err(BuildError::UnknownRole { role: *role, roles: self.matrix.roles() });
        }
        if roles.is_empty() {
            return Ok(SetId::EMPTY);
        }
        let mut sorted = core::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend_from_slice(roles);
        sorted.sort_unstable();
        sorted.dedup();
        let set = match self.sets.find(&self.matrix.sets, &sorted) {
            Some(set) => Ok(SetId(set)),
            None => self.new_set(&sorted),
        };
        self.sorted = sorted;
        set
    }

    fn new_set(&mut self, roles: &[RoleId]) -> Result<SetId, BuildError> {
        let next = self.matrix.rows.len();
        if let Rows::Paged { leaves, pages } = &self.matrix.rows
            && pages.len() + leaves.stride() > MOST_PAGES
        {
            return Err(BuildError::Full(Full::Pages));
        }
        let set = match self.vacant_sets.pop() {
            Some(set) => {
                self.matrix.free.sets -= 1;
                self.matrix.sets.set(set.0, roles);
                set
            }
            None if next >= Self::SETS as usize => return Err(BuildError::Full(Full::Sets)),
            None => {
                self.matrix.rows.push();
                self.matrix.population.push(&[0]);
                self.matrix.sets.push(roles);
                SetId(next as u32)
            }
        };
        self.sets.insert(&self.matrix.sets, set.0);
        if let Some(holders) = &mut self.holders {
            roles.iter().for_each(|role| holders.note(*role, set, &self.matrix.sets));
        }
        match &mut self.matrix.rows {
            Rows::Flat { granted, open } => {
                let row = set.index();
                settle(granted.entry_mut(row), open.entry_mut(row), &self.words, roles);
            }
            Rows::Paged { leaves, pages } => {
                for (block, leaf) in leaves.entry_mut(set.index()).iter_mut().enumerate() {
                    let page = Page(unite(&self.matrix.roles, roles, block));
                    *leaf = self.pages.acquire(pages, page, &mut self.matrix.free.pages);
                }
            }
        }
        Ok(set)
    }

    /// Adds a subject who holds a set of roles, and gives it the next id, from 1.
    ///
    /// # Errors
    ///
    /// When the set was not added before, or there is no id left.
    pub fn add_subject(&mut self, set: SetId) -> Result<Subject, BuildError> {
        let first = self.add_subjects(&[set])?;
        Ok(Subject::new(self.matrix.lineage, first))
    }

    /// Adds many subjects, who get the ids from the one returned on.
    ///
    /// # Errors
    ///
    /// When one of the sets was not added before, or there are not enough ids left; then none is added.
    pub fn add_subjects(&mut self, sets: &[SetId]) -> Result<SubjectId, BuildError> {
        let first = self.matrix.subject_sets.len();
        if first + sets.len() > Self::SUBJECTS as usize {
            return Err(BuildError::Full(Full::Subjects));
        }
        let matrix = &self.matrix;
        for set in sets {
            if set.0 >= 2 && matrix.sets.get(set.0).is_empty() || set.index() >= matrix.rows.len() {
                return Err(BuildError::UnknownSet { set: *set, sets: matrix.rows.len() as u32 });
            }
        }
        if sets.len() < 1 << SETS {
            for set in sets {
                self.matrix.subject_sets.push(set.0);
                self.count(*set, 1);
            }
            return Ok(SubjectId(first as u32));
        }
        // Of many, each is counted in plain memory first.
        let mut counts = alloc::vec![0_u32; matrix.rows.len()];
        for set in sets {
            if let Some(count) = counts.get_mut(set.index()) {
                *count += 1;
            }
        }
        let matrix = &mut self.matrix;
        let all = matrix.subject_sets.iter().chain(sets.iter().map(|set| set.0));
        matrix.subject_sets = Column::of(all, matrix.rows.len() as u32 - 1);
        matrix.population = Table::of(matrix.population.iter().zip(&counts).map(|(old, new)| old + new));
        Ok(SubjectId(first as u32))
    }

    /// Counts one subject more or less of a set.
    pub(crate) fn count(&mut self, set: SetId, change: i32) -> u32 {
        let counts = self.matrix.population.entry_mut(set.index());
        counts.first_mut().map_or(0, |count| {
            *count = count.wrapping_add_signed(change);
            *count
        })
    }

    /// Adds a subject who is denied everything, and gives it the next id: one whose id must not become
    /// somebody else's.
    ///
    /// # Errors
    ///
    /// When there is no id left.
    pub fn add_vacant(&mut self) -> Result<Subject, BuildError> {
        self.add_subject(SetId::EMPTY)
    }

    /// The matrix of all that was added and changed so far.
    #[must_use]
    pub const fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// The matrix of all that was added and changed.
    #[must_use]
    pub fn build(self) -> Matrix {
        self.matrix
    }
}

impl core::fmt::Debug for MatrixBuilder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MatrixBuilder").field("matrix", &self.matrix).finish_non_exhaustive()
    }
}
