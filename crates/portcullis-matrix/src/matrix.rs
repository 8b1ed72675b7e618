//! The matrix itself: immutable, shared, and unable to fail.
//!
//! A check reads the set of a subject, then a lane of the set's row, then two bits. What makes it safe is the
//! order: stamps first, then the permission against the count, and only then an address. Every read is
//! bounds checked and falls to deny, so there is no path to a panic and none to somebody else's row.
//!
//! A matrix is never edited. A changed workspace gets a new one, under the same lineage, which shares with the
//! old what did not change: a clone costs a few reference counts.

use alloc::sync::Arc;
use core::fmt;
use core::hint::{cold_path, select_unpredictable};

use crate::persistent::{Column, Lists, Table};
use crate::rows::{Rows, SETS};
use crate::word;
use crate::{
    Cell, Layout, Permission, PermissionId, RoleId, RolePlanes, SetId, Stamp, Subject, SubjectId, Verdict,
};

/// Roles of a chunk: 256.
pub(crate) const ROLES: usize = 1 << 8;
/// Counts of a chunk: 4,096, which are 16 KiB.
pub(crate) const COUNTS: usize = 1 << 12;

/// Who may do what: subjects by permissions, built by [`MatrixBuilder`](crate::MatrixBuilder).
#[derive(Clone)]
pub struct Matrix {
    pub(crate) lineage: Stamp,
    pub(crate) schema: Stamp,
    pub(crate) permissions: u32,
    /// The set of roles of each subject.
    pub(crate) subject_sets: Column,
    /// What each set comes to.
    pub(crate) rows: Rows,
    /// The roles of each set, ascending; none for a set that nobody holds any more.
    pub(crate) sets: Lists<RoleId, SETS>,
    /// How many subjects have each set, the unknown one left out.
    pub(crate) population: Table<u32, COUNTS>,
    /// The planes of each role; nothing where a role was removed.
    pub(crate) roles: Table<Option<Arc<RolePlanes>>, ROLES>,
    /// Sets, roles and pages that are free to be given out again.
    pub(crate) free: Free,
}

/// How many numbers of a matrix are free to be given out again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Free {
    pub(crate) sets: u32,
    pub(crate) roles: u32,
    pub(crate) pages: u32,
}

impl Matrix {
    /// Whether a subject may do what a permission says.
    ///
    /// Denies a subject of another lineage, a permission of another schema, and an id that this
    /// matrix does not know.
    #[inline]
    pub fn check(&self, subject: Subject, permission: Permission) -> Verdict {
        if self.is_foreign(subject, permission) {
            return Verdict::Deny;
        }
        self.verdict(subject.id(), permission.id())
    }

    /// The same for ids that are known to be of this lineage and schema. Unknown ids deny.
    #[inline]
    pub fn verdict(&self, subject: SubjectId, permission: PermissionId) -> Verdict {
        // INVARIANT: compared before a word is addressed; a flat table would read the next row.
        // Test: handles::a_permission_at_or_beyond_the_count_is_denied.
        if permission.0 >= self.permissions {
            cold_path();
            return Verdict::Deny;
        }
        let Some(lane) = self.rows.lane(self.subject_sets.get(subject.0), permission.0) else {
            cold_path();
            return Verdict::Deny;
        };
        Verdict::of(lane, permission.0)
    }

    /// What a set of roles says of a permission. Unknown ids deny.
    // Always: left to itself the compiler calls it, which costs as much as what it does.
    #[inline(always)]
    pub fn verdict_of(&self, set: SetId, permission: PermissionId) -> Verdict {
        let (known, permission) = self.known(permission);
        let lane = self.rows.lane(set.0, permission).unwrap_or_default();
        select_unpredictable(known, Verdict::of(lane, permission), Verdict::Deny)
    }

    /// Whether a set of roles is granted a permission whatever the conditions: whether the
    /// [verdict](Self::verdict_of) is [`Verdict::Allow`], for those who need not know more.
    #[inline]
    #[must_use]
    pub fn is_granted(&self, set: SetId, permission: PermissionId) -> bool {
        let (known, permission) = self.known(permission);
        let granted = self.rows.granted(set.0, permission).unwrap_or_default();
        known & word::test(granted, permission)
    }

    /// Whether there is such a permission, and one that there is. Whoever asks by names asks about what is no
    /// permission too, as often as not: so no branch.
    #[inline]
    fn known(&self, permission: PermissionId) -> (bool, u32) {
        let known = permission.0 < self.permissions;
        (known, select_unpredictable(known, permission.0, 0))
    }

    /// Whether one of a pair of handles is not ours. One jump for both comparisons.
    #[inline]
    pub(crate) const fn is_foreign(&self, subject: Subject, permission: Permission) -> bool {
        subject.lineage().differs(self.lineage) | permission.schema().differs(self.schema) != 0
    }

    /// Whether a subject is of this matrix's lineage.
    #[inline]
    #[must_use]
    pub fn is_current(&self, subject: Subject) -> bool {
        subject.lineage() == self.lineage
    }

    /// Whether a permission is of this matrix's schema and below its permission count.
    #[inline]
    #[must_use]
    pub fn knows_permission(&self, permission: Permission) -> bool {
        permission.schema() == self.schema && permission.id().0 < self.permissions
    }

    /// The stamp that subjects of this matrix carry.
    #[must_use]
    pub const fn lineage(&self) -> Stamp {
        self.lineage
    }

    /// The stamp that permissions of this matrix carry.
    #[must_use]
    pub const fn schema(&self) -> Stamp {
        self.schema
    }

    /// How many permissions the schema has.
    #[must_use]
    pub const fn permissions(&self) -> u32 {
        self.permissions
    }

    /// How many subject ids there are, [`SubjectId::UNKNOWN`] counted.
    #[must_use]
    pub const fn subjects(&self) -> u32 {
        self.subject_sets.len() as u32
    }

    /// How many roles there are.
    #[must_use]
    pub const fn roles(&self) -> u32 {
        self.roles.len() as u32 - self.free.roles
    }

    /// How many distinct sets of roles there are, and so rows; the empty one counted.
    #[must_use]
    pub const fn sets(&self) -> u32 {
        // Set 1 is no other set than the empty one, but for who has it.
        self.rows.len() as u32 - self.free.sets - 1
    }

    /// How many distinct pages there are, the all-deny page counted; 0 when rows are flat.
    #[must_use]
    pub const fn pages(&self) -> u32 {
        match &self.rows {
            Rows::Flat { .. } => 0,
            Rows::Paged { pages, .. } => pages.len() as u32 - self.free.pages,
        }
    }

    /// How rows are laid out: flat or paged, never [`Layout::Auto`].
    #[must_use]
    pub const fn layout(&self) -> Layout {
        match self.rows {
            Rows::Flat { .. } => Layout::Flat,
            Rows::Paged { .. } => Layout::Paged,
        }
    }

    /// Bytes of heap that the matrix holds, those that it shares with other versions included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let roles = self.roles.iter().flatten();
        let planes: usize = roles.map(|role| size_of::<RolePlanes>() + role.bytes()).sum();
        self.subject_sets.bytes()
            + self.rows.bytes()
            + self.sets.bytes()
            + self.population.bytes()
            + self.roles.bytes()
            + planes
    }

    /// The planes of a role.
    #[must_use]
    pub fn role(&self, role: RoleId) -> Option<&RolePlanes> {
        self.roles.get(role.index())?.as_deref()
    }

    /// The roles of a set, ascending; none for a set that is not there.
    #[must_use]
    pub fn roles_of_set(&self, set: SetId) -> &[RoleId] {
        self.sets.get(set.0)
    }

    /// The set of roles of a subject; the empty one for a subject that is vacant or unknown.
    #[inline]
    #[must_use]
    pub fn set_of(&self, subject: SubjectId) -> SetId {
        SetId(self.subject_sets.get(subject.0))
    }

    /// The roles of a subject, ascending; none for a subject that is vacant or unknown.
    #[must_use]
    pub fn roles_of(&self, subject: SubjectId) -> &[RoleId] {
        self.roles_of_set(self.set_of(subject))
    }

    /// What the roles of a subject say about a permission, taken together.
    ///
    /// This is for explaining and for tests: it goes through the roles one by one.
    #[must_use]
    pub fn cell(&self, subject: SubjectId, permission: PermissionId) -> Cell {
        self.cell_of_set(self.set_of(subject), permission)
    }

    pub(crate) fn cell_of_set(&self, set: SetId, permission: PermissionId) -> Cell {
        self.roles_of_set(set)
            .iter()
            .filter_map(|role| self.role(*role))
            .fold(Cell::empty(), |cell, role| cell | role.cell(permission))
    }

    /// How many words a row has.
    pub(crate) const fn words(&self) -> usize {
        word::words(self.permissions)
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matrix")
            .field("permissions", &self.permissions)
            .field("layout", &self.layout())
            .field("roles", &self.roles())
            .field("sets", &self.sets())
            .field("pages", &self.pages())
            .field("subjects", &self.subjects())
            .finish_non_exhaustive()
    }
}
