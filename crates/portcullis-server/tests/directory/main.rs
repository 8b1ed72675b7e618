//! What the directory does for its users, end to end, and against a model.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../world/mod.rs"]
mod world;

mod batches;
mod escalation;
mod files;
mod guide;
mod model;
