//! The administrator's commands, driven as a person drives them: the binary, on data folders that are made for each test.
//!
//! [`desk`] is a folder with a workspace and somebody who administers it. What the service decides is tested where the service is; here it is
//! that each decision reaches whoever typed the command, with the right exit status, and that no secret goes anywhere but where it is shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod copies;
mod desk;
mod dry;
mod folder;
mod life;
mod many;
mod page;
mod previews;
mod refusals;
mod secrets;
mod trail;

/// Whether a server has the folders; the test `local_socket` runs the same with one.
const SERVED: bool = false;
