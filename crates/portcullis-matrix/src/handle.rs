//! Handles: ids that remember where they came from.
//!
//! A matrix is replaced at every change, and a process may hold matrices of many workspaces. An
//! id alone would be answered by any of them, and a wrong row may allow. So a [`Subject`] carries
//! the stamp of its *lineage* (one workspace through all its revisions, in which an id is never
//! given to somebody else) and a [`Permission`] the stamp of its *schema* (one numbering of
//! permissions). [`Matrix::check`](crate::Matrix::check) compares both and denies when either
//! differs.
//!
//! Stamps guard against mistakes, not against malice inside the process: whoever can call
//! [`Subject::new`] can make any handle.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::{BuildError, PermissionId, SubjectId};

/// A mark that is unique in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp(NonZeroU32);

/// The next stamp to hand out; stays at the maximum once it is reached.
static NEXT: AtomicU32 = AtomicU32::new(1);

impl Stamp {
    /// A stamp that nothing else in this process has had or will have.
    ///
    /// # Errors
    ///
    /// [`BuildError::StampsExhausted`] after 4,294,967,294 stamps. The count never wraps, since a
    /// stamp that came twice would let an old handle pass for a new one.
    pub fn fresh() -> Result<Self, BuildError> {
        draw(&NEXT)
    }
}

impl Stamp {
    /// Zero when the two are the same.
    #[inline]
    pub(crate) const fn differs(self, other: Self) -> u32 {
        self.0.get() ^ other.0.get()
    }
}

fn draw(next: &AtomicU32) -> Result<Stamp, BuildError> {
    // Relaxed: a stamp orders nothing, it only has to be drawn once.
    next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |stamp| stamp.checked_add(1))
        .ok()
        .and_then(NonZeroU32::new)
        .map(Stamp)
        .ok_or(BuildError::StampsExhausted)
}

/// Who asks: a subject id with the stamp of its lineage. Eight bytes, to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    id: SubjectId,
    lineage: Stamp,
}

impl Subject {
    /// The subject of this id in this lineage. Whether there is one shows at the check.
    #[inline]
    #[must_use]
    pub const fn new(lineage: Stamp, id: SubjectId) -> Self {
        Self { id, lineage }
    }

    /// The id within the lineage.
    #[inline]
    #[must_use]
    pub const fn id(self) -> SubjectId {
        self.id
    }

    /// The stamp of the lineage.
    #[inline]
    #[must_use]
    pub const fn lineage(self) -> Stamp {
        self.lineage
    }
}

/// What is asked: a permission id with the stamp of its schema. Eight bytes, to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permission {
    id: PermissionId,
    schema: Stamp,
}

impl Permission {
    /// The permission of this id in this schema. Whether there is one shows at the check.
    #[inline]
    #[must_use]
    pub const fn new(schema: Stamp, id: PermissionId) -> Self {
        Self { id, schema }
    }

    /// The id within the schema.
    #[inline]
    #[must_use]
    pub const fn id(self) -> PermissionId {
        self.id
    }

    /// The stamp of the schema.
    #[inline]
    #[must_use]
    pub const fn schema(self) -> Stamp {
        self.schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_eight_bytes() {
        assert_eq!(size_of::<Subject>(), 8);
        assert_eq!(size_of::<Permission>(), 8);
    }

    #[test]
    fn running_out_of_stamps_is_an_error_and_stays_one() {
        let next = AtomicU32::new(u32::MAX - 1);
        assert!(draw(&next).is_ok());
        for _ in 0..3 {
            assert_eq!(draw(&next), Err(BuildError::StampsExhausted));
        }
    }
}
