//! Building: what is interned, what is refused, and where columns change their width.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis_matrix::*;

fn builder(permissions: u32, layout: Layout) -> MatrixBuilder {
    let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
    MatrixBuilder::new(lineage, schema, permissions, layout, 11).unwrap()
}

fn allowing(permissions: u32, allowed: impl IntoIterator<Item = u32>) -> RolePlanes {
    let mut planes = RolePlanes::new(permissions);
    for permission in allowed {
        assert!(planes.allow_mut().insert(PermissionId::from_u32(permission)));
    }
    planes
}

#[test]
fn sets_are_interned_whatever_the_order_and_repetition() {
    let mut builder = builder(10, Layout::Auto);
    let a = builder.add_role(allowing(10, [1])).unwrap();
    let b = builder.add_role(allowing(10, [2])).unwrap();
    let both = builder.add_set(&[a, b]).unwrap();
    assert_eq!(builder.add_set(&[b, a, b, a, a]), Ok(both));
    assert_eq!(builder.add_set(&[]), Ok(SetId::EMPTY));
    assert_ne!(builder.add_set(&[a]), Ok(both));
    let ann = builder.add_subject(both).unwrap();
    let matrix = builder.build();
    assert_eq!(matrix.sets(), 3);
    assert_eq!(matrix.set_of(ann.id()), both);
    assert_eq!(matrix.roles_of(ann.id()), [a, b]);
    assert_eq!(matrix.role(b), Some(&allowing(10, [2])));
    assert_eq!(matrix.role(RoleId::from_u32(2)), None);
}

#[test]
fn equal_pages_are_shared() {
    let mut builder = builder(5_120, Layout::Auto);
    let mut planes = allowing(5_120, [0, 512, 1_024]);
    planes.allow_if_mut().insert(PermissionId::from_u32(2_048));
    let role = builder.add_role(planes).unwrap();
    let set = builder.add_set(&[role]).unwrap();
    builder.add_subject(set).unwrap();
    let matrix = builder.build();
    assert_eq!(matrix.layout(), Layout::Paged);
    // The empty page, the one with its first bit granted (three times), the one with it open.
    assert_eq!((matrix.sets(), matrix.pages()), (2, 3));
    assert_eq!(matrix.validate(), Ok(()));
}

#[test]
fn set_ids_of_every_width_find_their_rows() {
    // So many rows, one of the all-deny ones counted: just below, at and above what one and two bytes hold.
    for rows in [254_u32, 255, 256, 65_534, 65_535, 65_536] {
        let mut builder = builder(17, Layout::Auto);
        let bits: Vec<RoleId> = (0..17).map(|bit| builder.add_role(allowing(17, [bit])).unwrap()).collect();
        let held = |number: u32| -> Vec<RoleId> {
            (0..17).filter(|bit| number >> bit & 1 == 1).map(|bit| bits[bit]).collect()
        };
        for number in 1..rows {
            let set = builder.add_set(&held(number)).unwrap();
            builder.add_subject(set).unwrap();
        }
        let matrix = builder.build();
        assert_eq!((matrix.sets(), matrix.subjects()), (rows, rows));
        for subject in 0..rows {
            let granted = matrix.granted_bits(SubjectId::from_u32(subject), PermissionId::from_u32(0), 64);
            assert_eq!(granted, u64::from(subject), "{rows} rows");
        }
        for permission in [0, 8, 16].map(PermissionId::from_u32) {
            let bit = |subject: u32| subject >> permission.as_u32() & 1 == 1;
            let who = matrix.subjects_of(permission).map(|(subject, _)| subject.as_u32());
            assert!(who.eq((0..rows).filter(|subject| bit(*subject))), "{rows} rows");
        }
        if rows < 300 {
            assert_eq!(matrix.validate(), Ok(()));
        }
    }
}

#[test]
fn what_cannot_be_built_says_why() {
    let (lineage, schema) = (Stamp::fresh().unwrap(), Stamp::fresh().unwrap());
    let new = |permissions, layout| MatrixBuilder::new(lineage, schema, permissions, layout, 0);
    let too_many = new(MatrixBuilder::PERMISSIONS + 1, Layout::Auto).unwrap_err();
    assert_eq!(too_many, BuildError::TooManyPermissions { found: 1_048_577, limit: 1_048_576 });
    let too_wide = new(513, Layout::Flat).unwrap_err();
    assert_eq!(too_wide, BuildError::TooWideForFlat { found: 513, limit: 512 });
    assert!(new(MatrixBuilder::PERMISSIONS, Layout::Auto).is_ok());
    assert_eq!(new(512, Layout::Auto).unwrap().build().layout(), Layout::Flat);
    assert_eq!(new(513, Layout::Auto).unwrap().build().layout(), Layout::Paged);

    let mut builder = builder(47, Layout::Auto);
    let width = builder.add_role(RolePlanes::new(48)).unwrap_err();
    assert_eq!(width, BuildError::PlaneWidth { expected: 47, found: 48 });
    let mut mixed = RolePlanes::new(47);
    *mixed.deny_if_mut() = Plane::empty(10);
    assert_eq!(builder.add_role(mixed), Err(BuildError::PlaneWidth { expected: 47, found: 10 }));
    let role = RoleId::from_u32(0);
    assert_eq!(builder.add_set(&[role]), Err(BuildError::UnknownRole { role, roles: 0 }));
    let set = SetId::from_u32(2);
    assert_eq!(builder.add_subject(set), Err(BuildError::UnknownSet { set, sets: 2 }));
    // None of the failures has left anything behind.
    let matrix = builder.build();
    assert_eq!((matrix.roles(), matrix.sets(), matrix.subjects()), (0, 1, 1));
    assert_eq!(matrix.validate(), Ok(()));

    assert_eq!(
        width.to_string(),
        "expected planes of 47 permissions, found one of 48; make them for this schema"
    );
    assert_eq!(too_wide.to_string(), "flat rows hold at most 512 permissions, found 513; use paged rows");
}

#[test]
fn a_small_workspace_takes_little_memory() {
    let mut builder = builder(47, Layout::Auto);
    let role = builder.add_role(allowing(47, [1])).unwrap();
    let set = builder.add_set(&[role]).unwrap();
    builder.add_subjects(&vec![set; 99_000]).unwrap();
    for _ in 0..1_000 {
        builder.add_subject(set).unwrap();
    }
    let bytes = builder.build().bytes();
    assert!((100_000..140_000).contains(&bytes), "{bytes} bytes");
}

#[test]
fn a_matrix_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Matrix>();
}
