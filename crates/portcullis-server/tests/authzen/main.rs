//! AuthZEN bodies against what others published, and against the fuzz target's plain reading.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod published;
mod regressions;
