//! The binary as it is installed: folders made by its commands, served on a port, asked over a socket.
//!
//! The interop vectors of the AuthZEN working group are put to it as their runners put them, every request and answer held against the
//! published JSON Schemas; and it is flooded, since what a process takes of memory is seen from outside.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../../../portcullis-server/tests/wire/client.rs"]
mod client;
mod flood;
mod gate;
mod vectors;
