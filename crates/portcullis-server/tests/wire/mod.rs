//! A server over a small world, and clients of it.
#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod client;
pub(crate) mod frames;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use portcullis_server::http::Door;
use portcullis_server::{DoorBounds, Server, Source};
use serde_json::{Value, json};

use self::client::{Answer, Asked, Client};
use crate::world::World;

/// The address by which clients know the server, in its metadata.
pub(crate) const BASE: &str = "https://pdp.acme.example/gate";

/// A server that ends when it is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    server: Option<Server>,
}

impl Served {
    pub(crate) fn of(world: &World) -> Served {
        Served::within(world, DoorBounds::default())
    }

    pub(crate) fn within(world: &World, bounds: DoorBounds) -> Served {
        Served::from(Source::Store(Arc::clone(&world.service)), bounds)
    }

    pub(crate) fn from(source: Source, bounds: DoorBounds) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::start(listener, Door::new(source, BASE, bounds), 2, || {}).unwrap();
        Served { address: server.address(), server: Some(server) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.address)
    }

    /// Asks once, on a connection of its own.
    #[track_caller]
    pub(crate) fn ask(&self, asked: &Asked) -> Answer {
        self.client().ask(asked)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(Duration::from_secs(1));
        }
    }
}

pub(crate) const EVALUATION: &str = "/access/v1/evaluation";
pub(crate) const EVALUATIONS: &str = "/access/v1/evaluations";
pub(crate) const SUBJECTS: &str = "/access/v1/search/subject";
pub(crate) const RESOURCES: &str = "/access/v1/search/resource";
pub(crate) const ACTIONS: &str = "/access/v1/search/action";

/// The body of an evaluation: may this user do this to the resource `1` of a type?
pub(crate) fn question(subject: &str, action: &str, resource: &str) -> Value {
    json!({
        "subject": { "type": "user", "id": subject },
        "action": { "name": action },
        "resource": { "type": resource, "id": "1" },
    })
}

/// A value with another in the place of a member, by its path with dots.
pub(crate) fn with(whole: &Value, path: &str, value: Value) -> Value {
    let mut changed = whole.clone();
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let parent =
        above.split('.').filter(|part| !part.is_empty()).fold(&mut changed, |at, part| &mut at[part]);
    parent[last] = value;
    changed
}

/// A value without a member.
pub(crate) fn without(whole: &Value, path: &str) -> Value {
    let mut changed = whole.clone();
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let parent =
        above.split('.').filter(|part| !part.is_empty()).fold(&mut changed, |at, part| &mut at[part]);
    parent.as_object_mut().unwrap().remove(last).unwrap();
    changed
}
