//! Blueprints drawn from arbitrary bytes build, and what they build is valid.
#![cfg(feature = "arbitrary")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use arbitrary::{Arbitrary, Unstructured};
use portcullis_matrix::{Blueprint, Layout};

#[test]
fn what_bytes_describe_is_built_and_valid() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut flat, mut paged) = (0, 0);
    for length in (0..4_000).step_by(37) {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect();
        let blueprint = Blueprint::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        let matrix = blueprint.build().unwrap();
        assert_eq!(matrix.validate(), Ok(()), "{blueprint:?}");
        match matrix.layout() {
            Layout::Paged => paged += 1,
            _ => flat += 1,
        }
    }
    assert!(flat > 0 && paged > 0);
}
