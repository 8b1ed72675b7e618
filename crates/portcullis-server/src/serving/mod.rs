//! Sockets: a port that is listened on, connections and the threads that answer them, and how all of it ends.
//!
//! One thread accepts; connections are answered by the threads of one runtime, which take work from each other. Runtimes that share nothing
//! were measured and refused: with as many connections on each, one still waits for the next request while another has several to
//! answer, and on two cores that cost a sixth of all requests. What a request shares with others is kept from being written instead (`Kept`,
//! `Striped`, `Ending`). A connection is HTTP/1.1 or, when it begins with the preface of HTTP/2, that. What a peer may send, hold open
//! and take its time over is bounded by [`DoorBounds`](crate::DoorBounds).

mod beside;
mod connection;
mod ending;
mod patient;
mod resting;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::TcpListener as Listener;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use self::ending::Ending;
use self::resting::Resting;
use crate::http::Door;

/// How long nothing is accepted after the system has refused a connection for want of something.
const PAUSE: Duration = Duration::from_millis(50);
/// How often whom the door has heard is let go, and threads rest.
const TURN: Duration = Duration::from_secs(1);
/// How long what was broken off may take to notice it.
const LAST: Duration = Duration::from_millis(100);

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// How long what has begun may take to end, once all is to end.
    stop: watch::Sender<Option<Duration>>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Answers what comes to a listener, on so many threads. Each of them calls `at_rest` about once a second, when it has nothing to answer;
    /// what comes meanwhile is left to the others, and waits where there are none.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(
        listener: TcpListener,
        door: Arc<Door>,
        threads: usize,
        at_rest: fn(),
    ) -> io::Result<Server> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let threads = threads.max(1);
        let resting = Arc::new(Resting::new(at_rest));
        let rests = Arc::clone(&resting);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("answer")
            .on_thread_park(move || rests.before_sleep())
            .enable_all()
            .build()?;
        let stop = watch::Sender::new(None);
        let stopped = stop.subscribe();
        let thread = thread::Builder::new().name("accept".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(serve(listener, door, || resting.begin(threads), stopped)) {
                tracing::error!(%error, "the port cannot be listened on any more");
            }
            // Searches that still run are not waited for.
            runtime.shutdown_timeout(LAST);
        })?;
        Ok(Server { address, stop, thread })
    }

    /// The address that is listened on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: no connection is accepted any more, watches and streams end, requests that have begun are answered for at most so long.
    pub fn stop(self, grace: Duration) {
        self.stop.send_replace(Some(grace));
        // A thread that panicked has ended too.
        let _ = self.thread.join();
    }
}

/// Accepts until all is to end, and lets what has begun end.
async fn serve(
    listener: TcpListener,
    door: Arc<Door>,
    each_turn: impl Fn(),
    mut stop: watch::Receiver<Option<Duration>>,
) -> io::Result<()> {
    let listener = Listener::from_std(listener)?;
    let (open, ending) = (Arc::new(AtomicUsize::new(0)), Arc::new(Ending::default()));
    let mut turn = tokio::time::interval(TURN);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = turn.tick() => {
                door.forget();
                each_turn();
                continue;
            }
            _ = stop.wait_for(Option::is_some) => break,
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
        if open.load(Ordering::Relaxed) >= door.bounds().connections {
            door.metrics().refused_connections.inc();
            continue;
        }
        let (visitor, counted) = (door.visited(peer), Counted::new(&open, &door));
        let ending = Arc::clone(&ending);
        tokio::spawn(async move {
            connection::answer(stream, visitor, &ending).await;
            drop(counted);
        });
    }
    drop(listener);
    door.stop();
    ending.begin();
    let grace = stop.borrow().unwrap_or_default();
    let all_ended = async {
        while open.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = tokio::time::timeout(grace, all_ended).await;
    Ok(())
}

/// Whether the peer went away before it was accepted.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A connection that is counted as long as it is there.
struct Counted {
    open: Arc<AtomicUsize>,
    door: Arc<Door>,
}

impl Counted {
    fn new(open: &Arc<AtomicUsize>, door: &Arc<Door>) -> Counted {
        open.fetch_add(1, Ordering::Relaxed);
        door.metrics().connections.inc();
        Counted { open: Arc::clone(open), door: Arc::clone(door) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.door.metrics().connections.dec();
    }
}
