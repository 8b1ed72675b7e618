//! Planes obey the algebra of sets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use portcullis_matrix::*;
use proptest::prelude::*;

const WIDTH: u32 = 200;

fn plane(bits: &BTreeSet<u32>) -> Plane {
    let mut plane = Plane::empty(WIDTH);
    for bit in bits {
        assert!(plane.insert(PermissionId::from_u32(*bit)));
    }
    plane
}

fn bits(plane: &Plane) -> BTreeSet<u32> {
    plane.iter().map(PermissionId::as_u32).collect()
}

fn sets() -> impl Strategy<Value = BTreeSet<u32>> {
    prop::collection::btree_set(0..WIDTH, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plane_is_the_set_of_its_bits(a in sets(), b in sets()) {
        let (x, y) = (plane(&a), plane(&b));
        prop_assert_eq!(bits(&x), a.clone());
        prop_assert_eq!(x.count() as usize, a.len());
        prop_assert_eq!(x.is_empty(), a.is_empty());
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
        prop_assert_eq!(x.intersects(&y), !a.is_disjoint(&b));
        prop_assert_eq!(bits(&Plane::difference(&x, &y)), &a - &b);
        let mut union = x.clone();
        union.union_with(&y);
        prop_assert_eq!(bits(&union), &a | &b);
        let mut common = x.clone();
        common.intersect_with(&y);
        prop_assert_eq!(bits(&common), &a & &b);
        prop_assert_eq!(x.count_common(&y), common.count());
    }

    #[test]
    fn union_commutes_and_absorbs(a in sets(), b in sets()) {
        let (x, y) = (plane(&a), plane(&b));
        let (mut left, mut right) = (x.clone(), y.clone());
        left.union_with(&y);
        right.union_with(&x);
        prop_assert_eq!(&left, &right);
        left.intersect_with(&x);
        prop_assert_eq!(left, x);
    }

    #[test]
    fn a_range_is_its_bits(start in 0..=WIDTH, end in 0..WIDTH + 3) {
        let mut ranged = Plane::empty(WIDTH);
        let fits = ranged.insert_range(start..end);
        prop_assert_eq!(fits, end <= WIDTH);
        let expected = if fits { (start..end).collect() } else { BTreeSet::new() };
        prop_assert_eq!(bits(&ranged), expected);
    }
}

#[test]
fn bits_beyond_the_width_are_refused() {
    for width in [0, 1, 63, 64, 65] {
        let mut plane = Plane::empty(width);
        for id in [width, width + 1, width + 64, u32::MAX].map(PermissionId::from_u32) {
            assert!(!plane.insert(id));
            assert!(!plane.contains(id));
            plane.remove(id);
        }
        let mut wide = Plane::empty(500);
        assert!(wide.insert_range(0..500));
        plane.union_with(&wide);
        assert_eq!(plane.count(), width);
    }
}

#[test]
fn planes_are_equal_by_meaning() {
    let mut touched = Plane::empty(100);
    touched.insert(PermissionId::from_u32(3));
    touched.remove(PermissionId::from_u32(3));
    assert_eq!(touched, Plane::empty(100));
    assert!(std::collections::HashSet::from([touched]).contains(&Plane::empty(100)));
    assert_ne!(Plane::empty(100), Plane::empty(101));
}
