//! Handles that must not open: stale, foreign, vacant, and beyond the count.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis_matrix::*;

const LAYOUTS: [(Layout, u32); 4] =
    [(Layout::Flat, 47), (Layout::Flat, 512), (Layout::Paged, 47), (Layout::Paged, 2_500)];

/// A matrix in which everyone who is not vacant may do everything: nothing but the handle denies.
fn open_house(layout: Layout, permissions: u32) -> (Matrix, [Subject; 3], Stamp) {
    let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
    let mut builder = MatrixBuilder::new(lineage, schema, permissions, layout, 3).unwrap();
    let mut planes = RolePlanes::new(permissions);
    planes.allow_mut().insert_range(0..permissions);
    let all = builder.add_role(planes).unwrap();
    // A second full row, so that reading past a row would find bits that are set.
    let mut planes = RolePlanes::new(permissions);
    planes.allow_mut().insert_range(0..permissions);
    planes.deny_if_mut().insert_range(0..1);
    let most = builder.add_role(planes).unwrap();
    let all = builder.add_set(&[all]).unwrap();
    let most = builder.add_set(&[most]).unwrap();
    let ann = builder.add_subject(all).unwrap();
    let gone = builder.add_vacant().unwrap();
    let bob = builder.add_subject(most).unwrap();
    (builder.build(), [ann, gone, bob], schema)
}

/// The one answer that a check, a batch of ids and a batch of handles give.
fn ask(matrix: &Matrix, subject: Subject, permission: Permission) -> Verdict {
    let verdict = matrix.check(subject, permission);
    let (mut granted, mut open) = ([u64::MAX; 2], [u64::MAX; 2]);
    matrix.check_handles(&[subject], &[permission], &mut granted, &mut open);
    assert_eq!(granted, [u64::from(verdict.is_allow()), 0]);
    assert_eq!(open, [u64::from(verdict.is_open()), 0]);
    if matrix.is_current(subject) && permission.schema() == matrix.schema() {
        assert_eq!(matrix.verdict(subject.id(), permission.id()), verdict);
        matrix.check_batch(&[subject.id()], &[permission.id()], &mut granted, &mut open);
        assert_eq!((granted[0], open[0]), (u64::from(verdict.is_allow()), u64::from(verdict.is_open())));
    }
    verdict
}

#[test]
fn our_own_handles_are_answered() {
    for (layout, permissions) in LAYOUTS {
        let (matrix, [ann, _, bob], schema) = open_house(layout, permissions);
        assert_eq!(matrix.validate(), Ok(()));
        for permission in (0..permissions).map(PermissionId::from_u32) {
            let permission = Permission::new(schema, permission);
            assert!(matrix.knows_permission(permission));
            assert_eq!(ask(&matrix, ann, permission), Verdict::Allow);
        }
        let first = Permission::new(schema, PermissionId::from_u32(0));
        assert_eq!(ask(&matrix, bob, first), Verdict::Open);
    }
}

#[test]
fn the_id_of_a_removed_subject_is_denied() {
    for (layout, permissions) in LAYOUTS {
        let (matrix, [_, gone, _], schema) = open_house(layout, permissions);
        assert!(matrix.is_current(gone));
        assert!(matrix.roles_of(gone.id()).is_empty());
        for permission in (0..permissions).map(PermissionId::from_u32) {
            assert_eq!(ask(&matrix, gone, Permission::new(schema, permission)), Verdict::Deny);
        }
    }
}

#[test]
fn unknown_subjects_are_denied() {
    for (layout, permissions) in LAYOUTS {
        let (matrix, [ann, ..], schema) = open_house(layout, permissions);
        let permission = Permission::new(schema, PermissionId::from_u32(1));
        for id in [0, matrix.subjects(), matrix.subjects() + 1, u32::MAX / 2, u32::MAX] {
            let nobody = Subject::new(ann.lineage(), SubjectId::from_u32(id));
            assert_eq!(ask(&matrix, nobody, permission), Verdict::Deny, "subject {id}");
            assert_eq!(matrix.set_of(nobody.id()), SetId::EMPTY);
            assert_eq!(matrix.permissions_of(nobody.id()).count(), 0);
            assert_eq!(matrix.granted_bits(nobody.id(), PermissionId::from_u32(0), 64), 0);
        }
    }
}

#[test]
fn subjects_of_another_lineage_are_denied() {
    for (layout, permissions) in LAYOUTS {
        let (ours, [ann, ..], schema) = open_house(layout, permissions);
        let (theirs, [eve, ..], their_schema) = open_house(layout, permissions);
        assert_eq!(ann.id(), eve.id());
        let read = PermissionId::from_u32(1);
        assert_eq!(ask(&ours, eve, Permission::new(schema, read)), Verdict::Deny);
        assert_eq!(ask(&ours, ann, Permission::new(their_schema, read)), Verdict::Deny);
        assert_eq!(ask(&ours, eve, Permission::new(their_schema, read)), Verdict::Deny);
        assert_eq!(ask(&theirs, eve, Permission::new(their_schema, read)), Verdict::Allow);
        assert!(!ours.is_current(eve));
        assert!(!ours.knows_permission(Permission::new(their_schema, read)));
    }
}

#[test]
fn a_permission_at_or_beyond_the_count_is_denied() {
    for (layout, permissions) in LAYOUTS {
        let (matrix, [ann, _, bob], schema) = open_house(layout, permissions);
        let far = [permissions * 2, 1 << 20, u32::MAX - 64, u32::MAX - 1, u32::MAX];
        let near = (permissions..permissions + 1_200).chain([permissions + 64]);
        for id in near.chain(far).map(PermissionId::from_u32) {
            let permission = Permission::new(schema, id);
            assert!(!matrix.knows_permission(permission));
            assert_eq!(ask(&matrix, ann, permission), Verdict::Deny, "{id:?}");
            assert_eq!(ask(&matrix, bob, permission), Verdict::Deny, "{id:?}");
            assert_eq!(matrix.subjects_of(id).count(), 0);
            assert_eq!(matrix.count_subjects_of(id), Holders::default());
            assert_eq!(matrix.granted_bits(ann.id(), id, 64), 0);
            assert_eq!(matrix.open_bits(ann.id(), id, 64), 0);
            assert!(matrix.cell(ann.id(), id).is_empty());
        }
    }
}

#[test]
fn a_schema_without_permissions_denies() {
    for layout in [Layout::Auto, Layout::Paged] {
        let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
        let mut builder = MatrixBuilder::new(lineage, schema, 0, layout, 3).unwrap();
        let role = builder.add_role(RolePlanes::new(0)).unwrap();
        let set = builder.add_set(&[role]).unwrap();
        let ann = builder.add_subject(set).unwrap();
        let matrix = builder.build();
        assert_eq!(matrix.validate(), Ok(()));
        assert_eq!(matrix.sets(), 2);
        for id in [0, 1, 64, u32::MAX] {
            let permission = Permission::new(schema, PermissionId::from_u32(id));
            assert_eq!(ask(&matrix, ann, permission), Verdict::Deny);
        }
    }
}

#[test]
fn stamps_are_fresh() {
    let mut stamps: Vec<Stamp> = (0..1_000).map(|_| Stamp::fresh().unwrap()).collect();
    stamps.sort_by_key(|stamp| format!("{stamp:?}"));
    stamps.dedup();
    assert_eq!(stamps.len(), 1_000);
}
