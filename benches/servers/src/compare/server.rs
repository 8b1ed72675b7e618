//! A server that runs: started, waited for, looked at from outside, and ended when it is dropped.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portcullis_benches::memory;

use super::measures::Name;
use crate::Trouble;
use crate::load::http::listens;

/// How long a server may take to listen: one with a million members reads them first.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long it has been quiet before its memory is looked at.
const QUIET: Duration = Duration::from_secs(2);

pub(super) struct Server {
    pub(super) name: Name,
    pub(super) address: SocketAddr,
    /// The file with the key that it wants.
    pub(super) key: Option<PathBuf>,
    /// Allows everything, so that nothing else can be expected.
    pub(super) constant: bool,
    /// From its start until it listened.
    pub(super) started_in: Duration,
    /// Bytes, when it had been asked nothing.
    pub(super) idle: Option<usize>,
    /// What it says goes there.
    log: PathBuf,
    child: Child,
}

impl Server {
    /// Starts a program that will listen there. What it says goes into a file, whose end is told when it does not listen.
    pub(super) fn start(
        name: Name,
        command: &mut Command,
        address: SocketAddr,
        log: &Path,
    ) -> Result<Server, Trouble> {
        let begun = Instant::now();
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().map_err(|error| format!("{name} could not be started: {error}"))?;
        let (key, constant, started_in, idle, log) = (None, false, Duration::ZERO, None, log.to_owned());
        let mut server = Server { name, address, key, constant, started_in, idle, log, child };
        while !listens(address) {
            if server.ended() || begun.elapsed() > PATIENCE {
                return Err(format!("expected {name} to listen on {address}; {}", server.last_words()).into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        server.started_in = begun.elapsed();
        std::thread::sleep(QUIET);
        // Somebody else may have taken the port in between, and be who listens there.
        if server.ended() {
            return Err(format!("expected {name} to go on; {}", server.last_words()).into());
        }
        server.idle = server.memory("VmRSS");
        Ok(server)
    }

    fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The end of what it said.
    pub(super) fn last_words(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = said.ceil_char_boundary(said.len().saturating_sub(2_000));
        format!("it said: {}", said.get(from..).unwrap_or_default().trim())
    }

    pub(super) fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// Bytes, by the kernel's name for them.
    pub(super) fn memory(&self, what: &str) -> Option<usize> {
        memory(&self.id(), what)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is gone already is ended too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this machine that was free a moment ago.
pub(super) fn free() -> Result<SocketAddr, Trouble> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
