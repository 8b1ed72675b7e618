//! The rules of the gate, each a test that bears its number and name.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../world/mod.rs"]
mod world;

mod commits;
mod credentials;
mod crowds;
mod doors;
mod giving;
mod keeping;
mod reaching;
