//! A matrix planned in plain values, and the slow way to answer from the plan itself.

use portcullis_matrix::*;
use proptest::prelude::*;

/// What a role says of the permissions `start..start + length`, both cut to what there is.
pub(crate) type Says = (u32, u32, Cell);

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) permissions: u32,
    pub(crate) roles: Vec<Vec<Says>>,
    /// The roles of each subject; nothing for a vacant one.
    pub(crate) subjects: Vec<Option<Vec<usize>>>,
}

impl Plan {
    pub(crate) fn build(&self, layout: Layout) -> Matrix {
        let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
        let mut builder = MatrixBuilder::new(lineage, schema, self.permissions, layout, 42).unwrap();
        let roles: Vec<RoleId> =
            self.roles.iter().map(|says| builder.add_role(self.planes(says)).unwrap()).collect();
        for held in &self.subjects {
            match held {
                Some(held) => {
                    let held: Vec<RoleId> = held.iter().map(|role| roles[*role]).collect();
                    let set = builder.add_set(&held).unwrap();
                    builder.add_subject(set).unwrap()
                }
                None => builder.add_vacant().unwrap(),
            };
        }
        builder.build()
    }

    fn planes(&self, says: &[Says]) -> RolePlanes {
        let mut planes = RolePlanes::new(self.permissions);
        for (start, length, cell) in says {
            let range = || {
                let start = (*start).min(self.permissions);
                start..(start + length).min(self.permissions)
            };
            for flag in cell.iter() {
                let plane = match flag {
                    Cell::ALLOW => planes.allow_mut(),
                    Cell::DENY => planes.deny_mut(),
                    Cell::ALLOW_IF => planes.allow_if_mut(),
                    _ => planes.deny_if_mut(),
                };
                assert!(plane.insert_range(range()));
            }
        }
        planes
    }

    /// The answer, straight from the plan: no bits, no sets, no rows.
    pub(crate) fn verdict(&self, subject: u32, permission: u32) -> Verdict {
        let held = match (subject as usize).checked_sub(1).and_then(|at| self.subjects.get(at)) {
            Some(Some(held)) if permission < self.permissions => held,
            _ => return Verdict::Deny,
        };
        let mut union = Cell::empty();
        for (start, length, cell) in held.iter().flat_map(|role| &self.roles[*role]) {
            if (*start..start + length).contains(&permission) {
                union |= *cell;
            }
        }
        union.verdict()
    }
}

/// Plans of at most so many permissions.
pub(crate) fn plans(permissions: u32) -> impl Strategy<Value = Plan> {
    (1..=permissions, 1..8_usize).prop_flat_map(|(permissions, roles)| {
        let says = (0..permissions, 0..80_u32, (0..16_u8).prop_map(Cell::from_bits_truncate));
        let role = prop::collection::vec(says, 0..6);
        let held = prop::option::weighted(0.9, prop::collection::vec(0..roles, 0..5));
        (prop::collection::vec(role, roles), prop::collection::vec(held, 0..90))
            .prop_map(move |(roles, subjects)| Plan { permissions, roles, subjects })
    })
}
