//! Sockets: a port that is listened on, connections and the threads that answer them, and how all of it ends.
//!
//! One thread accepts and hands each connection to the worker that has the fewest; a worker is one thread with a runtime of its own,
//! so that nothing on the way of a request is shared between threads but the snapshot. A connection is HTTP/1.1 or, when it begins
//! with the preface of HTTP/2, that. What a peer may send, hold open and take its time over is bounded by [`DoorBounds`](crate::DoorBounds).

mod connection;
mod ending;
mod patient;
mod worker;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::TcpListener as Listener;
use tokio::sync::watch;

use self::worker::Worker;
use crate::http::Door;

/// How long nothing is accepted after the system has refused a connection for want of something.
const PAUSE: Duration = Duration::from_millis(50);

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    door: Arc<Door>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    acceptor: JoinHandle<()>,
    workers: Vec<Arc<Worker>>,
}

impl Server {
    /// Answers what comes to a listener, on so many threads.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(listener: TcpListener, door: Arc<Door>, threads: usize) -> io::Result<Server> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let workers =
            (0..threads.max(1)).map(|number| Worker::start(number, Arc::clone(&door)).map(Arc::new));
        let workers: Vec<Arc<Worker>> = workers.collect::<io::Result<_>>()?;
        let stop = watch::Sender::new(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let accepting = accept(listener, Arc::clone(&door), workers.clone(), stop.subscribe());
        let acceptor = thread::Builder::new().name("accept".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(accepting) {
                tracing::error!(%error, "the port cannot be listened on any more");
            }
        })?;
        Ok(Server { door, address, stop, acceptor, workers })
    }

    /// The address that is listened on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no connection is accepted any more, watches and streams end, requests that have begun are answered for at most so long.
    pub fn stop(self, grace: Duration) {
        self.stop.send_replace(true);
        self.door.stop();
        // A thread that panicked has ended too.
        let _ = self.acceptor.join();
        for worker in &self.workers {
            worker.stop(grace);
        }
        for worker in self.workers {
            worker.join();
        }
    }
}

async fn accept(
    listener: TcpListener,
    door: Arc<Door>,
    workers: Vec<Arc<Worker>>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = Listener::from_std(listener)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stops| *stops) => return Ok(()),
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_peer(&error) => continue,
            Err(error) => {
                // No file handle is left, as a rule: those who are connected are answered meanwhile.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let open: usize = workers.iter().map(|worker| worker.connections()).sum();
        if open >= door.bounds().connections {
            door.metrics().refused_connections.inc();
            continue;
        }
        let (Some(worker), Ok(stream)) =
            (workers.iter().min_by_key(|worker| worker.connections()), stream.into_std())
        else {
            continue;
        };
        worker.take(stream, peer);
    }
}

/// Whether the peer went away before it was accepted.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
