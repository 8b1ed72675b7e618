//! What nobody sends who means well, to a server on a socket: it answers or hangs up within its bounds, and others are answered meanwhile.
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

mod bodies;
mod framing;
mod heads;
mod rebinding;
mod streams;

use std::time::{Duration, Instant};

use portcullis_server::DoorBounds;

use crate::wire::client::Asked;
use crate::wire::*;
use crate::world::{ANN, World};

/// How long a head and a body may take in these tests.
pub(crate) const SHORT: Duration = Duration::from_millis(300);
/// What comes after that long at the latest, on a machine that does other things too.
pub(crate) const LATE: Duration = Duration::from_secs(8);

/// A server that is short of patience.
pub(crate) struct Target {
    pub(crate) served: Served,
    pub(crate) world: World,
}

impl Target {
    pub(crate) fn new() -> Target {
        let world = World::new();
        let bounds =
            DoorBounds { head_time: SHORT, body_time: SHORT, write_time: SHORT, ..DoorBounds::default() };
        Target { served: Served::within(&world, bounds), world }
    }

    /// A good request.
    pub(crate) fn good(&self) -> Asked {
        Asked::post(EVALUATION, question(ANN, "read", "sync")).key(&self.world.ann_key)
    }

    /// The head of a good request, without a length.
    pub(crate) fn head(&self) -> Asked {
        Asked::by("POST", EVALUATION).key(&self.world.ann_key).header("content-type", "application/json")
    }

    /// Somebody else is answered, and soon.
    #[track_caller]
    pub(crate) fn answers_others(&self) {
        let begun = Instant::now();
        assert!(self.served.ask(&self.good()).decision());
        assert!(begun.elapsed() < LATE);
    }
}
