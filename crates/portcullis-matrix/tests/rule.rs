//! The rule, exhaustively: all sixteen cells, all pairs of cells, spelled a second time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis_matrix::*;

fn cells() -> impl Iterator<Item = Cell> {
    (0..16).map(Cell::from_bits_truncate)
}

/// All that could come of a cell, by trying every outcome of its conditions.
fn outcomes(cell: Cell) -> (bool, bool) {
    let mut ever_allowed = false;
    let mut ever_denied = false;
    for (allow_holds, deny_holds) in [(false, false), (false, true), (true, false), (true, true)] {
        let denied = cell.contains(Cell::DENY) || cell.contains(Cell::DENY_IF) && deny_holds;
        let allowed = cell.contains(Cell::ALLOW) || cell.contains(Cell::ALLOW_IF) && allow_holds;
        if allowed && !denied {
            ever_allowed = true;
        } else {
            ever_denied = true;
        }
    }
    (ever_allowed, ever_denied)
}

#[test]
fn a_verdict_is_what_every_outcome_of_the_conditions_agrees_on() {
    for cell in cells() {
        let expected = match outcomes(cell) {
            (true, false) => Verdict::Allow,
            (false, _) => Verdict::Deny,
            (true, true) => Verdict::Open,
        };
        assert_eq!(cell.verdict(), expected, "{cell:?}");
    }
}

#[test]
fn adding_a_deny_never_grants_and_adding_an_allow_never_takes_away() {
    let rank = |verdict| match verdict {
        Verdict::Deny => 0,
        Verdict::Open => 1,
        Verdict::Allow => 2,
    };
    for cell in cells() {
        for deny in [Cell::DENY, Cell::DENY_IF] {
            assert!(rank((cell | deny).verdict()) <= rank(cell.verdict()), "{cell:?} and {deny:?}");
        }
        for allow in [Cell::ALLOW, Cell::ALLOW_IF] {
            assert!(rank((cell | allow).verdict()) >= rank(cell.verdict()), "{cell:?} and {allow:?}");
        }
    }
}

#[test]
fn rows_follow_the_rule_for_every_pair_of_cells() {
    for layout in [Layout::Flat, Layout::Paged] {
        let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
        // Permission 16 a + b: the first role says a of it, the second says b.
        let mut builder = MatrixBuilder::new(lineage, schema, 256, layout, 0).unwrap();
        let role = |which: fn(u32) -> u32| {
            let mut planes = RolePlanes::new(256);
            for permission in 0..256 {
                let id = PermissionId::from_u32(permission);
                let cell = Cell::from_bits_truncate(which(permission) as u8);
                for (flag, plane) in [
                    (Cell::ALLOW, RolePlanes::allow_mut as fn(&mut RolePlanes) -> &mut Plane),
                    (Cell::DENY, RolePlanes::deny_mut),
                    (Cell::ALLOW_IF, RolePlanes::allow_if_mut),
                    (Cell::DENY_IF, RolePlanes::deny_if_mut),
                ] {
                    if cell.contains(flag) {
                        plane(&mut planes).insert(id);
                    }
                }
                assert_eq!(planes.cell(id), cell);
                assert_eq!(planes.grants().contains(id), cell.verdict().is_allow());
                assert_eq!(planes.opens().contains(id), cell.verdict().is_open());
            }
            planes
        };
        let first = builder.add_role(role(|permission| permission / 16)).unwrap();
        let second = builder.add_role(role(|permission| permission % 16)).unwrap();
        let set = builder.add_set(&[second, first]).unwrap();
        let subject = builder.add_subject(set).unwrap();
        let matrix = builder.build();
        assert_eq!(matrix.layout(), layout);
        assert_eq!(matrix.validate(), Ok(()));
        for permission in 0..256 {
            let cell = Cell::from_bits_truncate(((permission / 16) | (permission % 16)) as u8);
            let id = PermissionId::from_u32(permission);
            assert_eq!(matrix.cell(subject.id(), id), cell);
            assert_eq!(matrix.check(subject, Permission::new(schema, id)), cell.verdict());
        }
    }
}
