//! The words of all roles' planes, side by side: what rows of one look-up are settled from.
//!
//! A role keeps its planes where whoever edits it finds them. To settle the rows of a hundred thousand sets, words of some
//! thousand roles are read in no order, so they lie here once more as close together as they go: what is said without
//! conditions apart from what is said with them, which mostly is nothing and then takes no room. It must always say
//! what the planes say; [`Matrix::validate`](crate::Matrix::validate) finds out by the rows.

use alloc::vec::Vec;

use crate::{RoleId, RolePlanes};

/// The same word of two planes: what is allowed and what is denied.
pub(crate) type Pair = [u64; 2];

/// A word of each plane for each role.
#[derive(Debug, Default)]
pub(crate) struct RoleWords {
    /// Words of a plane.
    words: usize,
    unconditional: Vec<Pair>,
    /// Shorter than the other, or empty, where nothing has conditions.
    conditional: Vec<Pair>,
}

impl RoleWords {
    /// None yet; planes will have so many words.
    pub(crate) const fn new(words: usize) -> Self {
        Self { words, unconditional: Vec::new(), conditional: Vec::new() }
    }

    /// What a role says from now on.
    pub(crate) fn put(&mut self, role: RoleId, planes: &RolePlanes) {
        let [allow, deny, allow_if, deny_if] = planes.planes();
        let start = role.index() * self.words;
        let end = start + self.words;
        let write = |pairs: &mut Vec<Pair>, [allow, deny]: [&crate::Plane; 2]| {
            for (at, pair) in pairs.iter_mut().skip(start).take(self.words).enumerate() {
                *pair = [allow.word(at), deny.word(at)];
            }
        };
        self.unconditional.resize(self.unconditional.len().max(end), Pair::default());
        write(&mut self.unconditional, [allow, deny]);
        if planes.has_conditions() {
            self.conditional.resize(self.conditional.len().max(end), Pair::default());
        }
        write(&mut self.conditional, [allow_if, deny_if]);
    }

    /// What roles together allow and deny without conditions, of one word.
    #[inline]
    pub(crate) fn unconditional(&self, roles: &[RoleId], word: usize) -> Pair {
        self.unite(&self.unconditional, roles, word)
    }

    /// What they allow and deny under conditions.
    #[inline]
    pub(crate) fn conditional(&self, roles: &[RoleId], word: usize) -> Pair {
        self.unite(&self.conditional, roles, word)
    }

    #[inline]
    fn unite(&self, pairs: &[Pair], roles: &[RoleId], word: usize) -> Pair {
        let found = roles.iter().filter_map(|role| pairs.get(role.index() * self.words + word));
        found.fold(Pair::default(), |[allow, deny], [more, less]| [allow | more, deny | less])
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        (self.unconditional.capacity() + self.conditional.capacity()) * size_of::<Pair>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PermissionId;

    #[test]
    fn words_follow_what_roles_say() {
        let [plain, with] = [RoleId(0), RoleId(2)];
        let mut words = RoleWords::new(2);
        let mut planes = RolePlanes::new(70);
        planes.allow_mut().insert(PermissionId(69));
        words.put(plain, &planes);
        assert_eq!(words.unconditional(&[plain], 1), [1 << 5, 0]);
        assert_eq!((words.conditional(&[plain], 1), words.conditional.len()), ([0, 0], 0));

        planes.deny_mut().insert(PermissionId(3));
        planes.deny_if_mut().insert(PermissionId(4));
        words.put(with, &planes);
        assert_eq!(words.unconditional(&[plain, with], 0), [0, 1 << 3]);
        assert_eq!(words.conditional(&[plain, with], 0), [0, 1 << 4]);
        // A role that loses its conditions, and one that was never put.
        words.put(with, &RolePlanes::new(70));
        assert_eq!(
            (words.conditional(&[with], 0), words.unconditional(&[with, RoleId(9)], 1)),
            ([0, 0], [0, 0])
        );
    }
}
