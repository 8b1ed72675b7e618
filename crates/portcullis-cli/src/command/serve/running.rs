//! A server from the moment at which what it serves is loaded: the port, the signals that end it, and what is done now and then.

use std::net::TcpListener;
use std::thread::available_parallelism;
use std::time::Duration;

use portcullis_server::http::Door;
use portcullis_server::{DoorBounds, Server, Source};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{PortArgs, memory};
use crate::exit::{Exit, Failure, Outcome};

/// How long requests that have begun may take to end.
const GRACE: Duration = Duration::from_secs(10);
/// How often something is done that is done now and then.
const NOW_AND_THEN: Duration = Duration::from_secs(20);
/// File handles for other things than connections: the store, the log, the socket of the administrator.
const OTHER_HANDLES: u64 = 128;

/// How to serve.
pub(super) struct Serving<'s> {
    pub(super) port: &'s PortArgs,
    pub(super) base: Option<String>,
    pub(super) bounds: DoorBounds,
}

/// The signals that end a server, caught from now on: before anybody can know that there is something to end, and before anything is made
/// that has to be cleared away.
pub(super) struct Signals {
    runtime: Runtime,
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn caught() -> Result<Signals, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unable("start", &error))?;
        let (term, interrupt) = {
            let _inside = runtime.enter();
            let caught = |kind| signal(kind).map_err(|error| unable("catch signals", &error));
            (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?)
        };
        Ok(Signals { runtime, term, interrupt })
    }
}

fn unable(what: &str, error: &std::io::Error) -> Failure {
    Failure::said(format!("cannot {what}: {error}"))
}

impl Serving<'_> {
    /// Serves until a signal comes. `now_and_then` is called every while and once at the end, `listening` with the address that clients are told.
    pub(super) fn run(
        &self,
        signals: Signals,
        source: Source,
        listening: impl FnOnce(&str) -> Result<(), Failure>,
        mut now_and_then: impl FnMut(),
    ) -> Outcome {
        let Signals { runtime, mut term, mut interrupt } = signals;
        let mut bounds = self.bounds;
        bounds.connections = bounds.connections.min(handles());
        let address = self.port.listen;
        let listener = TcpListener::bind(address).map_err(|error| {
            let why = crate::files::in_words(&error);
            Failure::with_help(
                format!("cannot listen on {address}: {why}"),
                "choose another with --listen ADDRESS",
            )
        })?;
        let bound = listener.local_addr().map_err(|error| unable("listen", &error))?;
        let base = self.base.clone().unwrap_or_else(|| format!("http://{bound}"));
        let threads = self
            .port
            .threads
            .map_or_else(|| available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
        let server = Server::start(listener, Door::new(source, &base, bounds), threads, memory::settle);
        let server = server.map_err(|error| unable("start", &error))?;
        tracing::info!(address = %bound, threads, "listening");
        let told = listening(&base);
        if told.is_ok() {
            runtime.block_on(async {
                let mut timer = tokio::time::interval(NOW_AND_THEN);
                loop {
                    tokio::select! {
                        _ = timer.tick() => now_and_then(),
                        _ = term.recv() => break,
                        _ = interrupt.recv() => break,
                    }
                }
            });
        }
        tracing::info!("stopping");
        server.stop(GRACE);
        now_and_then();
        told.map(|()| Exit::Clear)
    }
}

/// How many connections the system lets this process have, after asking for more.
fn handles() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let most = if raised { hard } else { soft };
    usize::try_from(most.saturating_sub(OTHER_HANDLES).max(16)).unwrap_or(usize::MAX)
}
