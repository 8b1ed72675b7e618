//! Building a matrix: roles, then sets of roles, then subjects.
//!
//! All work is done here, once: a set of roles is united and settled on first sight, equal rows
//! are found, and every fault that there can be comes out as a [`BuildError`]. A call that fails
//! adds nothing that can be asked. What is built holds no spare memory and is never changed.

use alloc::vec::Vec;

use crate::column::Column;
use crate::error::Table;
use crate::intern::{Arena, Even, Interner, Ragged};
use crate::rows::{Page, Rows};
use crate::word::{self, BLOCK_WORDS, Lane};
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

/// Collects roles, sets and subjects, and makes a [`Matrix`] of them.
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
    lineage: Stamp,
    schema: Stamp,
    permissions: u32,
    roles: Vec<RolePlanes>,
    sets: Interner<Ragged<RoleId>>,
    /// The row of each set.
    set_rows: Vec<u32>,
    rows: Interning,
    /// The set of each subject; 0 for those who are denied everything.
    subjects: Vec<SetId>,
    /// The roles of the set at hand, sorted.
    sorted: Vec<RoleId>,
}

impl MatrixBuilder {
    /// The widest schema: 1,048,576 permissions.
    pub const PERMISSIONS: u32 = 1 << 20;

    /// The most subjects, the unknown one counted: 2,147,483,648.
    pub const SUBJECTS: u32 = 1 << 31;

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
        let mut builder = Self {
            lineage,
            schema,
            permissions,
            roles: Vec::new(),
            sets: Interner::new(Ragged::new(), seed),
            set_rows: Vec::new(),
            rows: if flat { Interning::flat(words, seed) } else { Interning::paged(words, seed)? },
            subjects: Vec::new(),
            sorted: Vec::new(),
        };
        // Set 0 is empty, so row 0 denies everything; subject 0 is nobody.
        let empty = builder.add_set(&[])?;
        builder.subjects.push(empty);
        Ok(builder)
    }

    /// Adds a role and gives it the next id.
    ///
    /// # Errors
    ///
    /// When a plane is not as wide as the schema, or there is no id left.
    pub fn add_role(&mut self, planes: RolePlanes) -> Result<RoleId, BuildError> {
        let expected = self.permissions;
        if let Some(found) =
            planes.planes().iter().map(|plane| plane.permissions()).find(|found| *found != expected)
        {
            return Err(BuildError::PlaneWidth { expected, found });
        }
        let role = RoleId::new(self.roles.len()).ok_or(BuildError::Full(Table::Roles))?;
        self.roles.push(planes);
        Ok(role)
    }

    /// The id of a set of roles, whatever their order and however often each is named. The row of
    /// a set is computed when it is first seen. No roles at all are set 0.
    ///
    /// # Errors
    ///
    /// When a role was not added before, or there is no id left.
    pub fn add_set(&mut self, roles: &[RoleId]) -> Result<SetId, BuildError> {
        let count = self.roles.len();
        if let Some(role) = roles.iter().find(|role| role.index() >= count) {
            return Err(BuildError::UnknownRole { role: *role, roles: count as u32 });
        }
        self.sorted.clear();
        self.sorted.extend_from_slice(roles);
        self.sorted.sort_unstable();
        self.sorted.dedup();
        if let Some(set) = self.sets.find(&self.sorted) {
            return Ok(SetId(set));
        }
        // The row comes first: if there is no room for it, the set must not be found either.
        let row = self.rows.settle(&self.roles, &self.sorted)?;
        let set = self.sets.intern(&self.sorted).ok_or(BuildError::Full(Table::Sets))?;
        self.set_rows.push(row);
        Ok(SetId(set))
    }

    /// Adds a subject who holds a set of roles, and gives it the next id, from 1.
    ///
    /// # Errors
    ///
    /// When the set was not added before, or there is no id left.
    pub fn add_subject(&mut self, set: SetId) -> Result<Subject, BuildError> {
        if set.index() >= self.set_rows.len() {
            let sets = self.set_rows.len() as u32;
            return Err(BuildError::UnknownSet { set, sets });
        }
        let id = SubjectId::new(self.subjects.len())
            .filter(|id| id.0 < Self::SUBJECTS)
            .ok_or(BuildError::Full(Table::Subjects))?;
        self.subjects.push(set);
        Ok(Subject::new(self.lineage, id))
    }

    /// Adds a subject who is denied everything, and gives it the next id: one who is suspended,
    /// or was removed and whose id must not become somebody else's.
    ///
    /// # Errors
    ///
    /// When there is no id left.
    pub fn add_vacant(&mut self) -> Result<Subject, BuildError> {
        self.add_subject(SetId::EMPTY)
    }

    /// The matrix of all that was added.
    #[must_use]
    pub fn build(self) -> Matrix {
        let (rows, row_count) = self.rows.finish();
        let row_of = |set: &SetId| self.set_rows.get(set.index()).copied().unwrap_or(0);
        let mut population = alloc::vec![0_u32; row_count as usize].into_boxed_slice();
        for set in self.subjects.iter().skip(1) {
            if let Some(holders) = population.get_mut(row_of(set) as usize) {
                *holders += 1;
            }
        }
        let mut sets = self.sets.arena;
        sets.shrink();
        Matrix {
            lineage: self.lineage,
            schema: self.schema,
            permissions: self.permissions,
            row_count,
            subject_rows: Column::pack(self.subjects.iter().map(row_of), row_count as usize),
            rows,
            subject_sets: Column::pack(self.subjects.iter().map(|set| set.0), sets.ends.len()),
            set_rows: Column::pack(self.set_rows.iter().copied(), row_count as usize),
            sets,
            population,
            roles: self.roles.into_boxed_slice(),
        }
    }
}

impl core::fmt::Debug for MatrixBuilder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MatrixBuilder")
            .field("permissions", &self.permissions)
            .field("roles", &self.roles.len())
            .field("sets", &self.set_rows.len())
            .field("subjects", &self.subjects.len())
            .finish_non_exhaustive()
    }
}

/// Rows while they are being interned.
enum Interning {
    Flat { rows: Interner<Even<Lane>>, words: usize },
    Paged { rows: Interner<Even<u32>>, pages: Interner<Even<Page>>, span: usize, row: Vec<u32> },
}

impl Interning {
    fn flat(words: usize, seed: u64) -> Self {
        Self::Flat { rows: Interner::new(Even::new(words), !seed), words }
    }

    fn paged(words: usize, seed: u64) -> Result<Self, BuildError> {
        let span = words.div_ceil(BLOCK_WORDS);
        let mut pages = Interner::new(Even::new(1), seed.rotate_left(32));
        pages.intern(&[Page::EMPTY]).ok_or(BuildError::Full(Table::Pages))?;
        Ok(Self::Paged { rows: Interner::new(Even::new(span), !seed), pages, span, row: Vec::new() })
    }

    /// The row that a set of roles comes to.
    fn settle(&mut self, roles: &[RolePlanes], set: &[RoleId]) -> Result<u32, BuildError> {
        match self {
            Self::Flat { rows, words } => {
                let block = unite(roles, set, 0);
                let row = block.get(..*words).unwrap_or(&block);
                rows.intern(row).ok_or(BuildError::Full(Table::Rows))
            }
            Self::Paged { rows, pages, span, row } => {
                row.clear();
                for index in 0..*span {
                    let page = Page(unite(roles, set, index));
                    let found = if page == Page::EMPTY { Some(0) } else { pages.intern(&[page]) };
                    row.push(found.ok_or(BuildError::Full(Table::Pages))?);
                }
                rows.intern(row).ok_or(BuildError::Full(Table::Rows))
            }
        }
    }

    fn finish(self) -> (Rows, u32) {
        match self {
            Self::Flat { rows, words } => {
                let count = rows.arena.len();
                (Rows::Flat { lanes: rows.arena.items.into_boxed_slice(), words }, count)
            }
            Self::Paged { rows, pages, span, .. } => {
                let count = rows.arena.len();
                let leaves = rows.arena.items.into_boxed_slice();
                let pages = pages.arena.items.into_boxed_slice();
                (Rows::Paged { leaves, span, pages }, count)
            }
        }
    }
}

/// One block of 512 permissions: the planes of a set of roles united, then settled.
fn unite(roles: &[RolePlanes], set: &[RoleId], block: usize) -> [Lane; BLOCK_WORDS] {
    let mut united = [[0_u64; BLOCK_WORDS]; 4];
    for role in set.iter().filter_map(|role| roles.get(role.index())) {
        for (sum, plane) in united.iter_mut().zip(role.planes()) {
            for (sum, word) in sum.iter_mut().zip(plane.words_from(block * BLOCK_WORDS)) {
                *sum |= word;
            }
        }
    }
    let [allow, deny, allow_if, deny_if] = united;
    let mut lanes = [Lane::default(); BLOCK_WORDS];
    let words = allow.into_iter().zip(deny).zip(allow_if).zip(deny_if);
    for (lane, (((allow, deny), allow_if), deny_if)) in lanes.iter_mut().zip(words) {
        *lane = Lane::settle(allow, deny, allow_if, deny_if);
    }
    lanes
}
