//! Capabilities and watches over HTTP: a server in this process on a port of its own, and a client that is hardly one.
//!
//! What is told is held against the library's own grid, so that a fault in how it is told is seen; who may see it, and when a watch
//! ends, is what user interfaces and the JavaScript client rely on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../world/mod.rs"]
mod world;

mod grid;
mod peer;
mod tags;
mod watches;
