//! `portcullis serve` as whoever runs it meets it: the sidecar and its keys file, the demo, the setup of a new folder, and what docs/server.md says
//! of all of it. Each test starts the command and speaks HTTP with it over a plain socket; the socket of the administrator has tests of its own (`local_socket`).
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod demo;
mod http;
mod keys;
#[cfg(target_os = "linux")]
mod memory;
mod open;
mod page;
#[path = "../sandbox/mod.rs"]
mod sandbox;
mod server;
mod setup;
mod sidecar;
