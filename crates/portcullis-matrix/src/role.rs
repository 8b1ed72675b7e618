//! A role, as the matrix sees it: four planes and no name.
//!
//! A role says of each permission whether its statements allow or deny it, with or without
//! conditions. Nothing is settled here: a deny of one role must still reach the allow of another,
//! so all four planes are kept until the roles of a set are united.

use crate::word::{self, Lane};
use crate::{Cell, PermissionId, Plane};

/// What one role says, as four planes of the same width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePlanes {
    allow: Plane,
    deny: Plane,
    allow_if: Plane,
    deny_if: Plane,
}

impl RolePlanes {
    /// A role that says nothing about any of this many permissions. Allocates nothing.
    #[must_use]
    pub const fn new(permissions: u32) -> Self {
        Self {
            allow: Plane::empty(permissions),
            deny: Plane::empty(permissions),
            allow_if: Plane::empty(permissions),
            deny_if: Plane::empty(permissions),
        }
    }

    /// How many permissions the planes are for.
    #[must_use]
    pub const fn permissions(&self) -> u32 {
        self.allow.permissions()
    }

    /// What is allowed without conditions.
    #[must_use]
    pub const fn allow(&self) -> &Plane {
        &self.allow
    }

    /// What is denied without conditions.
    #[must_use]
    pub const fn deny(&self) -> &Plane {
        &self.deny
    }

    /// What is allowed under conditions.
    #[must_use]
    pub const fn allow_if(&self) -> &Plane {
        &self.allow_if
    }

    /// What is denied under conditions.
    #[must_use]
    pub const fn deny_if(&self) -> &Plane {
        &self.deny_if
    }

    /// What is allowed without conditions, to be changed.
    pub const fn allow_mut(&mut self) -> &mut Plane {
        &mut self.allow
    }

    /// What is denied without conditions, to be changed.
    pub const fn deny_mut(&mut self) -> &mut Plane {
        &mut self.deny
    }

    /// What is allowed under conditions, to be changed.
    pub const fn allow_if_mut(&mut self) -> &mut Plane {
        &mut self.allow_if
    }

    /// What is denied under conditions, to be changed.
    pub const fn deny_if_mut(&mut self) -> &mut Plane {
        &mut self.deny_if
    }

    /// What the role says about one permission; nothing about one that it does not have.
    #[must_use]
    pub fn cell(&self, permission: PermissionId) -> Cell {
        let mut cell = Cell::empty();
        cell.set(Cell::ALLOW, self.allow.contains(permission));
        cell.set(Cell::DENY, self.deny.contains(permission));
        cell.set(Cell::ALLOW_IF, self.allow_if.contains(permission));
        cell.set(Cell::DENY_IF, self.deny_if.contains(permission));
        cell
    }

    /// What the role grants when it is held alone.
    #[must_use]
    pub fn grants(&self) -> Plane {
        self.settled(|lane| lane.granted)
    }

    /// What depends on conditions when the role is held alone.
    #[must_use]
    pub fn opens(&self) -> Plane {
        self.settled(|lane| lane.open)
    }

    fn settled(&self, half: impl Fn(Lane) -> u64) -> Plane {
        let mut plane = Plane::empty(self.permissions());
        for index in 0..word::words(self.permissions()) {
            plane.insert_word(
                index,
                half(Lane::settle(
                    self.allow.word(index),
                    self.deny.word(index),
                    self.allow_if.word(index),
                    self.deny_if.word(index),
                )),
            );
        }
        plane
    }

    /// Whether a statement with conditions says anything.
    #[must_use]
    pub fn has_conditions(&self) -> bool {
        !(self.allow_if.is_empty() && self.deny_if.is_empty())
    }

    /// The four planes, in the order of [`Lane::settle`].
    pub(crate) const fn planes(&self) -> [&Plane; 4] {
        [&self.allow, &self.deny, &self.allow_if, &self.deny_if]
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        self.planes().iter().map(|plane| plane.bytes()).sum()
    }
}
