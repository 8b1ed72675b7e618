//! Matrices that are broken on purpose, one field at a time: each must be found out.

use super::*;
use crate::persistent::Table;
use crate::{Layout, MatrixBuilder, RolePlanes, Stamp};

fn matrix(permissions: u32, layout: Layout) -> Matrix {
    matrix_of(permissions, layout, true)
}

fn matrix_of(permissions: u32, layout: Layout, conditions: bool) -> Matrix {
    let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
    let mut builder = MatrixBuilder::new(lineage, schema, permissions, layout, 7).unwrap();
    let mut reader = RolePlanes::new(permissions);
    reader.allow_mut().insert_range(1..permissions / 2);
    if conditions {
        reader.deny_if_mut().insert_range(3..5);
    }
    let mut writer = RolePlanes::new(permissions);
    writer.allow_mut().insert_range(2..permissions);
    writer.deny_mut().insert_range(7..9);
    let reader = builder.add_role(reader).unwrap();
    let writer = builder.add_role(writer).unwrap();
    for roles in [&[reader][..], &[writer], &[reader, writer]] {
        let set = builder.add_set(roles).unwrap();
        builder.add_subject(set).unwrap();
        builder.add_vacant().unwrap();
    }
    let matrix = builder.build();
    assert_eq!(matrix.validate(), Ok(()));
    matrix
}

fn flat(break_it: impl FnOnce(&mut Matrix)) -> Fault {
    let mut broken = matrix(130, Layout::Flat);
    break_it(&mut broken);
    broken.validate().unwrap_err()
}

fn paged(break_it: impl FnOnce(&mut Matrix)) -> Fault {
    let mut broken = matrix(1_300, Layout::Paged);
    break_it(&mut broken);
    broken.validate().unwrap_err()
}

fn flip(matrix: &mut Matrix, row: usize, permission: u32, in_open: bool) {
    match &mut matrix.rows {
        Rows::Flat { granted, open } => {
            let plane = if in_open { open } else { granted };
            plane.entry_mut(row)[word::word_of(permission)] ^= word::bit(permission);
        }
        Rows::Paged { .. } => panic!("expected flat rows"),
    }
}

fn page(matrix: &mut Matrix, page: usize) -> &mut Page {
    match &mut matrix.rows {
        Rows::Paged { pages, .. } => &mut pages.entry_mut(page)[0],
        Rows::Flat { .. } => panic!("expected paged rows"),
    }
}

#[test]
fn any_single_bit_that_flips_is_found() {
    for permission in 0..192 {
        for open in [false, true] {
            for row in 0..5 {
                let fault = flat(|matrix| flip(matrix, row, permission, open));
                let expected = match fault {
                    Fault::Beyond { .. } => permission >= 130,
                    Fault::Wrong { permission: found, .. } => found.as_u32() == permission,
                    Fault::NotDenied => row < 2,
                    // A flipped bit may meet its other half.
                    Fault::Both { .. } => true,
                    _ => false,
                };
                assert!(expected, "row {row} permission {permission}: {fault}");
            }
        }
    }
}

#[test]
fn a_plane_of_what_is_open_is_there_for_all_rows_or_not_at_all() {
    let mut plain = matrix_of(130, Layout::Flat, false);
    flip(&mut plain, 3, 7, false);
    assert!(plain.validate().is_err());
    let mut plain = matrix_of(130, Layout::Flat, false);
    plain.rows.widen();
    assert_eq!(plain.validate(), Ok(()));
    let short = |matrix: &mut Matrix| match &mut matrix.rows {
        Rows::Flat { open, .. } => *open = Table::of([0; 4]),
        Rows::Paged { .. } => panic!("expected flat rows"),
    };
    assert_eq!(flat(short), Fault::Length);
}

#[test]
fn a_bit_that_flips_in_any_page_is_found() {
    for page in 0..matrix(1_300, Layout::Paged).pages() as usize {
        for word in 0..word::BLOCK_WORDS {
            paged(|matrix| super::tests::page(matrix, page).0[word].granted ^= 1 << 17);
        }
    }
}

#[test]
fn a_bit_beyond_the_count_is_found() {
    assert_eq!(flat(|matrix| flip(matrix, 2, 130, false)), Fault::Beyond { row: 2 });
    assert_eq!(flat(|matrix| flip(matrix, 3, 191, true)), Fault::Beyond { row: 3 });
}

#[test]
fn page_0_must_be_empty_and_pages_distinct() {
    assert_eq!(paged(|matrix| page(matrix, 0).0[0].open = 1), Fault::Page { page: 0 });
    assert_eq!(paged(|matrix| *page(matrix, 2) = *page(matrix, 1)), Fault::Page { page: 2 });
    let fault = paged(|matrix| match &mut matrix.rows {
        Rows::Paged { leaves, .. } => leaves.entry_mut(2)[1] = 4_000,
        Rows::Flat { .. } => panic!("expected paged rows"),
    });
    assert_eq!(fault, Fault::Page { page: 4_000 });
}

#[test]
fn ids_out_of_range_are_found() {
    let fault = flat(|matrix| matrix.subject_sets.set(3, 9));
    assert_eq!(fault, Fault::Subject { subject: SubjectId(3) });
    let fault = flat(|matrix| matrix.subject_sets.set(0, 2));
    assert_eq!(fault, Fault::Subject { subject: SubjectId::UNKNOWN });
    let fault = flat(|matrix| matrix.sets.set(2, &[RoleId(2)]));
    assert_eq!(fault, Fault::Set { set: SetId(2) });
    let fault = flat(|matrix| matrix.sets.set(1, &[RoleId(0)]));
    assert_eq!(fault, Fault::Set { set: SetId::SUSPENDED });
}

#[test]
fn counts_are_recounted() {
    let fault = flat(|matrix| matrix.population.entry_mut(2)[0] += 1);
    assert_eq!(fault, Fault::Population { set: SetId(2) });
    // One who holds a set is none who is vacant.
    assert_eq!(flat(|matrix| matrix.subject_sets.set(2, 2)), Fault::Population { set: SetId::EMPTY });
    assert_eq!(flat(|matrix| matrix.rows.push()), Fault::Length);
    assert_eq!(flat(|matrix| matrix.sets.set(2, &[])), Fault::Length);
    assert_eq!(flat(|matrix| matrix.free.roles = 1), Fault::Length);
    assert_eq!(flat(|matrix| matrix.permissions = 10), Fault::Length);
    assert_eq!(paged(|matrix| matrix.free.pages = 1), Fault::Length);
    let fault = flat(|matrix| matrix.roles.entry_mut(1).fill(Some(RolePlanes::new(131).into())));
    assert_eq!(fault, Fault::Role { role: RoleId(1) });
}

#[test]
fn sets_must_ascend_and_differ() {
    let fault = flat(|matrix| matrix.sets.set(3, &[RoleId(0)]));
    assert_eq!(fault, Fault::Set { set: SetId(3) });
    let fault = flat(|matrix| matrix.sets.set(4, &[RoleId(1), RoleId(0)]));
    assert_eq!(fault, Fault::Set { set: SetId(4) });
}
