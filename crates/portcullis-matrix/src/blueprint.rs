//! Blueprints: matrices described in plain values, drawn from raw bytes.
//!
//! A fuzzer has bytes and wants matrices: a [`Blueprint`] is what lies between. Its numbers mean
//! something whatever they are (each is taken modulo what there is), so that bytes are not wasted
//! on descriptions that build nothing. Only present with the feature `arbitrary`.

use alloc::vec::Vec;

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{
    BuildError, Cell, Layout, Matrix, MatrixBuilder, PermissionId, RoleId, RolePlanes, SetId, Stamp,
};

/// A matrix, as it is to be built.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// How many permissions the schema has; as drawn, at most 2,048.
    pub permissions: u32,
    /// How rows are laid out; flat only where they fit.
    pub layout: Layout,
    /// What hashes are seeded with.
    pub seed: u64,
    /// For each role, permissions (modulo their count) and what it says of them.
    pub roles: Vec<Vec<(u32, Cell)>>,
    /// For each set, its roles (modulo their count).
    pub sets: Vec<Vec<u8>>,
    /// For each subject, its set (modulo their count), or nothing for a vacant one.
    pub subjects: Vec<Option<u8>>,
}

impl Blueprint {
    /// Builds the matrix, under a lineage and a schema of its own.
    ///
    /// # Errors
    ///
    /// As [`MatrixBuilder`]; a blueprint as drawn can only fail for want of stamps.
    pub fn build(&self) -> core::result::Result<Matrix, BuildError> {
        let (lineage, schema) = (Stamp::fresh()?, Stamp::fresh()?);
        let mut builder = MatrixBuilder::new(lineage, schema, self.permissions, self.layout, self.seed)?;
        let mut roles = Vec::new();
        for says in &self.roles {
            roles.push(builder.add_role(self.planes(says))?);
        }
        let mut sets = Vec::new();
        for names in &self.sets {
            let named = names.iter().filter_map(|name| pick(&roles, *name));
            sets.push(builder.add_set(&named.collect::<Vec<RoleId>>())?);
        }
        for subject in &self.subjects {
            match subject {
                Some(set) => builder.add_subject(pick(&sets, *set).unwrap_or(SetId::EMPTY))?,
                None => builder.add_vacant()?,
            };
        }
        Ok(builder.build())
    }

    fn planes(&self, says: &[(u32, Cell)]) -> RolePlanes {
        let mut planes = RolePlanes::new(self.permissions);
        for (number, cell) in says {
            let permission = PermissionId(number.checked_rem(self.permissions).unwrap_or(0));
            if cell.contains(Cell::ALLOW) {
                planes.allow_mut().insert(permission);
            }
            if cell.contains(Cell::DENY) {
                planes.deny_mut().insert(permission);
            }
            if cell.contains(Cell::ALLOW_IF) {
                planes.allow_if_mut().insert(permission);
            }
            if cell.contains(Cell::DENY_IF) {
                planes.deny_if_mut().insert(permission);
            }
        }
        planes
    }
}

fn pick<T: Copy>(from: &[T], number: u8) -> Option<T> {
    usize::from(number).checked_rem(from.len()).and_then(|index| from.get(index)).copied()
}

impl<'a> Arbitrary<'a> for Blueprint {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let permissions = u.int_in_range(0..=2_048)?;
        let fits = permissions <= 512;
        let layout = *u.choose(if fits {
            &[Layout::Flat, Layout::Paged, Layout::Auto]
        } else {
            &[Layout::Paged, Layout::Auto]
        })?;
        let seed = u.arbitrary()?;
        let mut roles = Vec::new();
        for _ in 0..u.int_in_range(0..=12)? {
            let mut says = Vec::new();
            for _ in 0..u.int_in_range(0..=40)? {
                says.push((u32::from(u.arbitrary::<u16>()?), Cell::from_bits_truncate(u.arbitrary()?)));
            }
            roles.push(says);
        }
        Ok(Self { permissions, layout, seed, roles, sets: u.arbitrary()?, subjects: u.arbitrary()? })
    }
}
