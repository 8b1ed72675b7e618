//! gRPC, asked by a client that was generated from the proto, of a server on a port of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod beside;
mod checks;
mod gate;
mod parity;
mod searches;
mod streams;
#[path = "../world/mod.rs"]
mod world;

/// The messages and the client, as they were generated.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated from the proto"
)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/client/portcullis.v1.rs"));
}
