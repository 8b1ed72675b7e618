//! AuthZEN over HTTP, rule by rule, against a server on a socket: each test bears the name of what it holds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../wire/mod.rs"]
mod wire;
#[path = "../world/mod.rs"]
mod world;

mod agreement;
mod askers;
mod batches;
mod bodies;
mod connections;
mod corpora;
mod discovery;
mod heard;
mod matrix;
mod properties;
mod revisions;
mod searches;
mod waiting;

use crate::wire::Served;
use crate::wire::client::{Answer, Asked};
use crate::world::*;

/// A workspace that is served, and keys of some who belong to it.
pub(crate) struct House {
    pub(crate) served: Served,
    pub(crate) world: World,
    /// Of the administrator.
    pub(crate) ann: String,
    /// Of somebody who may read and start syncs, and may not ask about others.
    pub(crate) bob: String,
    /// Of somebody who may ask about others, and may not read the workspace.
    pub(crate) vera: String,
}

pub(crate) const BOB: &str = "bob@acme.example";
pub(crate) const VERA: &str = "vera@acme.example";

impl House {
    pub(crate) fn new() -> House {
        let world = World::new();
        world.act(&world.ann, add_role("few", &["allow read,start sync", "allow read model"]));
        let bob = world.joins_with_key(BOB, "few");
        let vera = world.joins_with_key(VERA, "viewer");
        let served = Served::of(&world);
        House { served, ann: world.ann_key.clone(), bob, vera, world }
    }

    #[track_caller]
    pub(crate) fn ask(&self, asked: &Asked) -> Answer {
        self.served.ask(asked)
    }

    /// Asks by the administrator's key.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.ask(&Asked::post(path, body).key(&self.ann))
    }
}
