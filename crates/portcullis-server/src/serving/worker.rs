//! One thread with its own runtime, and the connections that it was given.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::MissedTickBehavior;

use super::connection;
use super::ending::Ending;
use crate::http::{Door, Hearings};

/// How often those who were heard are let go.
const FORGETS: Duration = Duration::from_secs(1);

/// A thread that answers.
#[derive(Debug)]
pub(super) struct Worker {
    streams: mpsc::UnboundedSender<(TcpStream, SocketAddr)>,
    connections: Arc<AtomicUsize>,
    stop: watch::Sender<Option<Duration>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    pub(super) fn start(number: usize, door: Arc<Door>) -> io::Result<Worker> {
        let (streams, given) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let stop = watch::Sender::new(None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (counted, stopped) = (Arc::clone(&connections), stop.subscribe());
        let thread = thread::Builder::new().name(format!("answer-{number}")).spawn(move || {
            let local = LocalSet::new();
            local.block_on(&runtime, work(door, given, counted, stopped));
            // Searches that still run are not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Worker { streams, connections, stop, thread: Mutex::new(Some(thread)) })
    }

    /// How many connections it has, those counted that it was only just given.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self, stream: TcpStream, peer: SocketAddr) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        if self.streams.send((stream, peer)).is_err() {
            self.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Lets what has begun end within so long.
    pub(super) fn stop(&self, grace: Duration) {
        self.stop.send_replace(Some(grace));
    }

    pub(super) fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that panicked has ended too.
        let _ = thread.map(JoinHandle::join);
    }
}

async fn work(
    door: Arc<Door>,
    mut given: mpsc::UnboundedReceiver<(TcpStream, SocketAddr)>,
    connections: Arc<AtomicUsize>,
    mut stop: watch::Receiver<Option<Duration>>,
) {
    let (hearings, ending) = (Rc::new(Hearings::default()), Rc::new(Ending::default()));
    let mut second = tokio::time::interval(FORGETS);
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopped = stop.clone();
    loop {
        let next = tokio::select! {
            // What was given before the end is counted, and would be waited for.
            biased;
            next = given.recv() => next,
            _ = stopped.wait_for(Option::is_some) => break,
            _ = second.tick() => {
                hearings.forget();
                continue;
            }
        };
        let Some((stream, peer)) = next else { break };
        let (visitor, counted) = (door.visited(peer, &hearings), Counted::new(&connections, &door));
        let ending = Rc::clone(&ending);
        tokio::task::spawn_local(async move {
            connection::answer(stream, visitor, &ending).await;
            drop(counted);
        });
    }
    ending.begin();
    let grace = stop.wait_for(Option::is_some).await.map_or(None, |grace| *grace).unwrap_or_default();
    let all_ended = async {
        while connections.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let _ = tokio::time::timeout(grace, all_ended).await;
}

/// A connection that is counted as long as it is there.
struct Counted {
    connections: Arc<AtomicUsize>,
    door: Arc<Door>,
}

impl Counted {
    fn new(connections: &Arc<AtomicUsize>, door: &Arc<Door>) -> Counted {
        door.metrics().connections.inc();
        Counted { connections: Arc::clone(connections), door: Arc::clone(door) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.door.metrics().connections.dec();
    }
}
