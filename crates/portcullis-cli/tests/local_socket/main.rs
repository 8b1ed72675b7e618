//! The administrator's commands on folders that a server has: the scenarios of the test `administration`, each with a process that holds the
//! folder's lock, so that nothing can be done but through it; and what is true of the socket itself.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../administration/copies.rs"]
mod copies;
#[path = "../administration/desk.rs"]
mod desk;
#[path = "../administration/dry.rs"]
mod dry;
#[path = "../administration/folder.rs"]
mod folder;
mod hostile;
#[path = "../administration/life.rs"]
mod life;
#[path = "../administration/many.rs"]
mod many;
#[path = "../administration/previews.rs"]
mod previews;
#[path = "../administration/refusals.rs"]
mod refusals;
#[path = "../administration/secrets.rs"]
mod secrets;
mod socket;
#[path = "../administration/trail.rs"]
mod trail;
mod users;

/// Whether a server has the folders.
const SERVED: bool = true;
