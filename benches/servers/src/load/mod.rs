//! A load generator that costs little: one thread, requests prepared as bytes, answers read no further than to the decisions in them.
//!
//! The load is a closed loop: a connection (a stream: a window) has so much under way and no more, so what is measured is what the server can do and
//! how long who waits has to wait; it is no model of arrivals. **Every distinct request is asked before anything is timed**, its answer read as JSON
//! and compared with what is expected; a difference, a status other than 200 or a faulty item ends the run. In the timed part decisions are compared
//! again, by a scan; there too a wrong one ends the run, and other statuses are counted.

pub mod grpc;
pub mod http;
mod message;
mod outcome;
mod response;

pub use outcome::{Outcome, processor_time};

use std::net::SocketAddr;
use std::time::Duration;

/// Whom to ask, how, and for how long.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The API key, if the server wants one.
    pub key: Option<String>,
    /// How many connections.
    pub connections: usize,
    /// How long is timed.
    pub seconds: Duration,
    /// How long before that is not.
    pub warming: Duration,
    /// Expect every decision to be an allow: of a bare server.
    pub constant: bool,
}

impl Orders {
    /// What is expected of this server where that is expected of one that decides.
    #[must_use]
    pub fn expected(&self, decision: bool) -> bool {
        self.constant || decision
    }
}
