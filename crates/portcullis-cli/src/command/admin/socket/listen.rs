//! The server's half: takes commands from the socket and runs them on the service that is being served.
//!
//! One thread listens, one a command runs it, and there is a bound on how many do. The socket is made in a folder that nobody else can enter, closed
//! to others (0600), and moved to its place only then; since whoever calls this holds the folder's lock, one that lies there is left from a
//! process that is gone. What a client sends is bounded in bytes and in time; whoever sends anything is the user of this process, or root, and could
//! do as much to the folder without asking.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::Parser as _;
use nix::unistd::Uid;
use portcullis::text::printable;
use portcullis_server::Service;
use portcullis_store::SqliteStore;

use super::super::acting::no_secret_among;
use super::super::around::{Around, Sent};
use super::super::folder::Opened;
use super::wire::{self, Greeting, Kind, Request};
use super::{FILE, peer};
use crate::command::{self, Cli};
use crate::output::Output;

/// Commands that run at once.
const AT_ONCE: usize = 16;
/// How long a client may take to send its request, and to take a piece of the answer.
const WITHIN: Duration = Duration::from_secs(60);
/// How long to wait for commands that are under way when the server stops.
const ENDED_WITHIN: Duration = Duration::from_secs(10);
/// What the main thread of a process has: commands run here as they do there.
const STACK: usize = 8 << 20;
/// The folder in which the socket is made.
const UNFINISHED: &str = "portcullis.sock.part";

/// A socket that is listened to.
pub(crate) struct Listening {
    folder: PathBuf,
    stopping: Arc<AtomicBool>,
    running: Arc<Running>,
    accepting: Option<JoinHandle<()>>,
}

/// How many commands run.
#[derive(Default)]
struct Running {
    count: Mutex<usize>,
    fewer: Condvar,
}

impl Running {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, unless there are too many.
    fn begin(self: &Arc<Self>) -> Option<One> {
        let mut count = self.count();
        (*count < AT_ONCE).then(|| {
            *count += 1;
            One(Arc::clone(self))
        })
    }
}

/// One that runs, until it is dropped.
struct One(Arc<Running>);

impl Drop for One {
    fn drop(&mut self) {
        *self.0.count() -= 1;
        self.0.fewer.notify_all();
    }
}

/// Takes commands for a folder that this process has open.
///
/// # Errors
/// When the socket cannot be made.
pub(crate) fn listen(folder: &Path, service: Arc<Service>, store: Arc<SqliteStore>) -> io::Result<Listening> {
    let listener = bound(folder)?;
    let (stopping, running) = (Arc::new(AtomicBool::new(false)), Arc::new(Running::default()));
    let opened = Opened { store, service };
    let accept = {
        let (stopping, running) = (Arc::clone(&stopping), Arc::clone(&running));
        move || accept(&listener, &opened, &stopping, &running)
    };
    let accepting = thread::Builder::new().name("commands".to_owned()).spawn(accept)?;
    Ok(Listening { folder: folder.to_owned(), stopping, running, accepting: Some(accepting) })
}

impl Listening {
    /// Takes no more commands, and waits a moment for those that are under way.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Whoever waits for a connection wakes up by one. Where the socket was taken away none can be had, and the thread ends with the process.
        let woken = peer::within(&self.folder, FILE, |path| UnixStream::connect(path)).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ = accepting.join();
        }
        let _ = fs::remove_file(self.folder.join(FILE));
        let until = Instant::now() + ENDED_WITHIN;
        let mut count = self.running.count();
        while *count > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.running.fewer.wait_timeout(count, left);
            count = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Makes the socket. Under its name it is never open to others, nor is it without somebody who listens.
fn bound(folder: &Path) -> io::Result<UnixListener> {
    let (place, unfinished) = (folder.join(FILE), folder.join(UNFINISHED));
    match fs::symlink_metadata(&place) {
        Ok(found) if !found.file_type().is_socket() => {
            let what = format!("{} is no socket: move it away", place.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
        }
        _ => {}
    }
    // What a process left that was broken off here.
    if unfinished.is_dir() {
        fs::remove_dir_all(&unfinished)?;
    }
    DirBuilder::new().mode(0o700).create(&unfinished)?;
    let made = peer::within(&unfinished, FILE, |path| {
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        fs::rename(path, &place)?;
        Ok(listener)
    });
    let removed = fs::remove_dir_all(&unfinished);
    made.and_then(|listener| removed.map(|()| listener))
}

fn accept(listener: &UnixListener, opened: &Opened, stopping: &AtomicBool, running: &Arc<Running>) {
    while let Ok(stream) = accepted(listener) {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let Some(one) = running.begin() else {
            refuse(&stream, &format!("{AT_ONCE} commands are running already; try again in a moment"));
            continue;
        };
        let opened = opened.clone();
        let run = move || {
            // Who has gone is not told any more.
            let _ = answer(&stream, opened);
            drop(one);
        };
        // Without a thread the connection is closed, which its client says.
        let _ = thread::Builder::new().name("command".to_owned()).stack_size(STACK).spawn(run);
    }
}

/// The next connection. That there are no descriptors left passes.
fn accepted(listener: &UnixListener) -> io::Result<UnixStream> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn refuse(mut stream: &UnixStream, why: &str) {
    let _ = wire::send(&mut stream, Kind::Refusal, why.as_bytes());
}

/// Does what one client asks for.
fn answer(stream: &UnixStream, opened: Opened) -> io::Result<()> {
    stream.set_write_timeout(Some(WITHIN))?;
    let user = peer::user_of(stream)?;
    if !user.is_root() && user != Uid::effective() {
        refuse(stream, "commands are taken from the user that the server runs as, and from root");
        return Ok(());
    }
    let mut to = stream;
    wire::send(&mut to, Kind::Greeting, &serde_json::to_vec(&Greeting::own())?)?;
    let request = match Request::receive(&mut Until { stream, end: Instant::now() + WITHIN }) {
        Ok(request) => request,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            refuse(stream, &format!("the request cannot be read: {error}"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let typed = [OsString::from("portcullis")].into_iter().chain(request.arguments);
    let cli = match parsed(typed.collect()) {
        Ok(cli) => cli,
        Err(why) => {
            refuse(stream, &why);
            return Ok(());
        }
    };
    let pieces = Rc::new(RefCell::new(Pieces { stream: stream.try_clone()?, left: wire::ANSWER_MOST }));
    let through = |kind| Box::new(Through { kind, pieces: Rc::clone(&pieces) });
    let saved = Rc::clone(&pieces);
    let around = Around::Sent(Sent {
        key: request.key,
        inputs: RefCell::new(request.inputs),
        user: peer::name_of(user),
        opened,
        save: Box::new(move |text| saved.borrow_mut().send(Kind::Save, text.as_bytes())),
    });
    let mut out = Output::through(through(Kind::Results), through(Kind::Messages), request.terminal, around);
    let result = command::run(&cli.command, &mut out);
    let exit = out.finish(result);
    pieces.borrow_mut().send(Kind::Exit, &[exit.number()])
}

/// What was typed, if it is a command that a server does.
fn parsed(typed: Vec<OsString>) -> Result<Cli, String> {
    no_secret_among(typed.iter().cloned()).map_err(|found| found.message())?;
    let cli = Cli::try_parse_from(typed).map_err(|error| {
        let first = error.to_string();
        printable(first.lines().next().unwrap_or_default())
    })?;
    if cli.command.is_for_a_server() { Ok(cli) } else { Err("no server does this command".to_owned()) }
}

/// A stream that must have said everything by a certain time.
struct Until<'a> {
    stream: &'a UnixStream,
    end: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

/// The answer, as far as it has been sent.
struct Pieces {
    stream: UnixStream,
    left: usize,
}

impl Pieces {
    fn send(&mut self, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes.len()).ok_or_else(|| {
            io::Error::other("the answer is longer than a server gives; ask for less of it at a time")
        })?;
        wire::send(&mut self.stream, kind, bytes)
    }
}

/// One of the two streams of output.
struct Through {
    kind: Kind,
    pieces: Rc<RefCell<Pieces>>,
}

impl Write for Through {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = bytes.get(..wire::PIECE_MOST).unwrap_or(bytes);
        self.pieces.borrow_mut().send(self.kind, piece)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
