//! The rule: what roles say about one permission, and what it comes to.
//!
//! A [`Cell`] is one permission seen through all the roles of a subject; [`Cell::verdict`] spells
//! the rule once, in words, for one permission at a time. Rows apply the same rule to 64
//! permissions at a time with boolean algebra; this slow spelling is the oracle that
//! [`Matrix::validate`](crate::Matrix::validate) and the tests compare every row with. It must
//! stay too simple to be wrong, so nothing here may be made faster.

use bitflags::bitflags;

use crate::word::{self, Lane};

/// What the matrix answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use = "a verdict that nobody reads protects nothing"]
#[repr(u8)]
pub enum Verdict {
    /// No: nothing allows it, or something denies it, or the question names nothing we know.
    #[default]
    Deny = 0,
    /// Yes, whatever the conditions say.
    Allow = 1,
    /// It depends: the conditions of the subject's roles must be evaluated.
    Open = 2,
}

impl Verdict {
    /// The verdict of one permission of a lane.
    ///
    /// Spelled so that it compiles to a shift and a conditional move, not to a jump.
    #[inline]
    pub(crate) const fn of(lane: Lane, permission: u32) -> Self {
        let unless_granted = if word::test(lane.open, permission) { Self::Open } else { Self::Deny };
        if word::test(lane.granted, permission) { Self::Allow } else { unless_granted }
    }

    /// Whether the answer is an unconditional yes.
    #[inline]
    #[must_use]
    pub const fn is_allow(self) -> bool {
        matches!(self, Self::Allow)
    }

    /// Whether the answer is a no.
    #[inline]
    #[must_use]
    pub const fn is_deny(self) -> bool {
        matches!(self, Self::Deny)
    }

    /// Whether conditions must be evaluated to know.
    #[inline]
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }
}

bitflags! {
    /// What statements say about one permission; the union over roles is `|`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Cell: u8 {
        /// A statement without conditions allows it.
        const ALLOW = 1;
        /// A statement without conditions denies it.
        const DENY = 1 << 1;
        /// A statement allows it under conditions.
        const ALLOW_IF = 1 << 2;
        /// A statement denies it under conditions.
        const DENY_IF = 1 << 3;
    }
}

impl Cell {
    /// The rule: a deny wins; what nothing allows is denied; conditions decide the rest.
    ///
    /// ```
    /// use portcullis_matrix::{Cell, Verdict};
    ///
    /// assert_eq!(Cell::empty().verdict(), Verdict::Deny);
    /// assert_eq!(Cell::ALLOW.verdict(), Verdict::Allow);
    /// assert_eq!((Cell::ALLOW | Cell::DENY).verdict(), Verdict::Deny);
    /// assert_eq!((Cell::ALLOW | Cell::DENY_IF).verdict(), Verdict::Open);
    /// // Nothing can come of this one but a deny, so no condition need be evaluated.
    /// assert_eq!(Cell::DENY_IF.verdict(), Verdict::Deny);
    /// ```
    pub const fn verdict(self) -> Verdict {
        let denied = self.contains(Self::DENY);
        let maybe_denied = self.contains(Self::DENY_IF);
        let allowed = self.contains(Self::ALLOW);
        let maybe_allowed = self.contains(Self::ALLOW_IF);
        if denied || !(allowed || maybe_allowed) {
            Verdict::Deny
        } else if allowed && !maybe_denied {
            Verdict::Allow
        } else {
            Verdict::Open
        }
    }
}
