//! Typed small indices: which subject, permission, role or set, as a `u32`.
//!
//! Each names an entry of one [`Matrix`](crate::Matrix) and nothing else; the types keep a role
//! from being taken for a set. They hold no promise that the entry exists: an id that its matrix
//! does not know reads as deny (subjects, permissions) or as nothing (roles, sets), never as a
//! neighbour. An id says nothing of *whose* it is either; what outlives one matrix is a
//! [`Subject`](crate::Subject) or a [`Permission`](crate::Permission), which carry a stamp.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The id of an index; `None` from `u32::MAX` on, which stays free to mean "none".
            #[inline]
            #[must_use]
            pub const fn new(index: usize) -> Option<Self> {
                if index < u32::MAX as usize { Some(Self(index as u32)) } else { None }
            }

            /// The id of a number, as [`as_u32`](Self::as_u32) gave it.
            #[inline]
            #[must_use]
            pub const fn from_u32(number: u32) -> Self {
                Self(number)
            }

            /// The id as a number.
            #[inline]
            #[must_use]
            pub const fn as_u32(self) -> u32 {
                self.0
            }

            /// The id as an index of a slice.
            #[inline]
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// A subject of one matrix. Ids count from 1; see [`SubjectId::UNKNOWN`].
    SubjectId
}
id! {
    /// A permission of one schema: a pair of action and resource type, numbered densely from 0.
    PermissionId
}
id! {
    /// A role of one matrix, numbered from 0; the number of one that was removed is given out again.
    RoleId
}
id! {
    /// A distinct set of roles. Set 0 is the empty one; the number of a set that nobody holds any more is given
    /// out again.
    SetId
}

impl SubjectId {
    /// Nobody we know. Every matrix has this subject, and it is denied everything: a name that
    /// was not found needs no branch of its own.
    pub const UNKNOWN: Self = Self(0);
}

impl PermissionId {
    /// No permission we know: not below the permission count of any matrix, hence always denied.
    pub const UNKNOWN: Self = Self(u32::MAX);
}

impl SetId {
    /// The empty set of roles, denied everything: of those who hold no role, and of ids that are vacant.
    pub const EMPTY: Self = Self(0);

    /// The set of those who are suspended: empty too, and told apart so that a deny can say why.
    pub const SUSPENDED: Self = Self(1);
}
