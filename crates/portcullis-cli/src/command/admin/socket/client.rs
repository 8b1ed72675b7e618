//! The client's half: sends what was typed to the server that has the folder, and shows what comes back.
//!
//! Nothing is sent before it is known that the owner of the folder, or root, is at the other end, and that it is the same portcullis. The answer
//! is taken whole before any of it is shown, so that one that breaks off is no half answer.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use portcullis::text::{grouped, printable, quoted};

use super::super::around::{self, MOST};
use super::super::refused::Trouble;
use super::wire::{self, Greeting, Kind, Request};
use super::{FILE, peer};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::output::Output;

/// How long to wait for somebody to answer at all.
const GREETED_WITHIN: Duration = Duration::from_secs(2);
/// How long a request may take to be read.
const SENT_WITHIN: Duration = Duration::from_secs(60);
/// How long a command may say nothing.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Whether a server is there.
pub(super) fn is_answered(folder: &Path) -> bool {
    connected(folder).is_ok_and(|stream| greeting(&stream).is_ok())
}

/// Has the command done by the server of a folder; nothing when there is none.
pub(super) fn ask(
    folder: &Path,
    arguments: Vec<OsString>,
    out: &mut Output,
) -> Result<Option<Exit>, Trouble> {
    let stream = match connected(folder) {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => return Ok(None),
        Err(error) => return Err(unanswered(folder, &error).into()),
    };
    is_owners(folder, &stream).map_err(|error| unanswered(folder, &error))?;
    let greeting = greeting(&stream).map_err(|error| unanswered(folder, &error))?;
    if !greeting.is_own() {
        let (theirs, own) = (printable(&greeting.version), wire::VERSION);
        let message = format!("the server of this folder is portcullis {theirs}, and this is {own}");
        let help = "use the portcullis that the server is; after an upgrade, start the server anew";
        return Err(Failure::with_help(message, help).into());
    }
    let noted = out.around().noted();
    if noted.is_too_much() {
        let most = grouped(MOST);
        let message = format!("what is read here is more than the {most} bytes that go to a running server");
        return Err(Failure::with_help(message, "divide it, or stop the server meanwhile").into());
    }
    let request = Request { arguments, key: noted.key, terminal: out.terminal(), inputs: noted.inputs };
    let answer = exchanged(&stream, request).map_err(|error| broken_off(&error))??;
    show(answer, noted.target.as_deref(), out).map(Some)
}

/// What a command came to, not yet shown.
struct Answer {
    pieces: Vec<(Kind, Vec<u8>)>,
    exit: Exit,
}

/// Connects, unless that takes too long: a server that is stopped, and not ended, lets one wait for good.
fn connected(folder: &Path) -> io::Result<UnixStream> {
    fs::symlink_metadata(folder.join(FILE))?;
    let (send, receive) = mpsc::channel();
    let folder = folder.to_owned();
    thread::spawn(move || send.send(peer::within(&folder, FILE, |path| UnixStream::connect(path))));
    receive.recv_timeout(GREETED_WITHIN).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Whether there is nobody to connect to.
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// That it is not somebody who put a socket of their own into the place.
fn is_owners(folder: &Path, stream: &UnixStream) -> io::Result<()> {
    let (server, owner) = (peer::user_of(stream)?, fs::metadata(folder)?.uid());
    if server.is_root() || server.as_raw() == owner {
        return Ok(());
    }
    let what = format!("it is `{}`, who does not own the folder", peer::name_of(server));
    Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
}

fn greeting(mut stream: &UnixStream) -> io::Result<Greeting> {
    stream.set_read_timeout(Some(GREETED_WITHIN))?;
    match wire::receive(&mut stream, wire::GREETING_MOST)? {
        (Kind::Greeting, bytes) => Ok(serde_json::from_slice(&bytes)?),
        (Kind::Refusal, bytes) => Err(io::Error::other(printable(&String::from_utf8_lossy(&bytes)))),
        _ => Err(wire::odd("a message out of turn")),
    }
}

/// Sends a request and takes the whole answer.
fn exchanged(mut stream: &UnixStream, request: Request) -> io::Result<Result<Answer, Failure>> {
    stream.set_write_timeout(Some(SENT_WITHIN))?;
    // Who refuses a request need not read it to its end: that is told below.
    let sent = request.send(&mut stream);
    stream.set_read_timeout(Some(ANSWERED_WITHIN))?;
    let (mut pieces, mut left) = (Vec::new(), wire::ANSWER_MOST);
    loop {
        let (kind, bytes) = match (wire::receive(&mut stream, left), &sent) {
            (Ok(message), _) => message,
            (Err(_), Err(error)) => return Err(io::Error::new(error.kind(), error.to_string())),
            (Err(error), Ok(())) => return Err(error),
        };
        left -= bytes.len();
        match (kind, bytes.as_slice()) {
            (Kind::Exit, [number]) => {
                let exit = Exit::of_number(*number).ok_or_else(|| wire::odd("an unknown exit status"))?;
                return Ok(Ok(Answer { pieces, exit }));
            }
            (Kind::Refusal, why) => {
                return Ok(Err(Failure::said(printable(&String::from_utf8_lossy(why)))));
            }
            (Kind::Results | Kind::Messages | Kind::Save, _) => pieces.push((kind, bytes)),
            _ => return Err(wire::odd("a message out of turn")),
        }
    }
}

/// Shows an answer, and writes the file that the command is to write, if it is to write one.
fn show(answer: Answer, target: Option<&Path>, out: &mut Output) -> Result<Exit, Trouble> {
    out.announce(answer.exit);
    // What was told here before it was known that a server has the folder, the server tells again.
    let mut told = out.told();
    for (kind, bytes) in answer.pieces {
        match (kind, target) {
            (Kind::Results, _) => out.write_all(&bytes)?,
            (Kind::Messages, _) => {
                let again = told.min(bytes.len());
                told -= again;
                out.relay(bytes.get(again..).unwrap_or_default());
            }
            (_, Some(target)) => around::written(target, &String::from_utf8_lossy(&bytes))?,
            (_, None) => {
                return Err(Failure::said("the server gave a file back where none was asked for").into());
            }
        }
    }
    Ok(answer.exit)
}

fn unanswered(folder: &Path, error: &io::Error) -> Failure {
    let socket = quoted(&files::shown(&PathBuf::from(folder).join(FILE)));
    let why = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "it does not answer".to_owned(),
        io::ErrorKind::UnexpectedEof => "it hung up".to_owned(),
        _ => error.to_string(),
    };
    let message = format!("a server has the folder, and cannot be asked through {socket}: {why}");
    let help = "commands come from the user that the server runs as, or from root; stop the server to work without it";
    Failure::with_help(message, help)
}

fn broken_off(error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "it has been silent for too long".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
            "it hung up".to_owned()
        }
        _ => error.to_string(),
    };
    let message = format!("the server did not answer to the end: {why}");
    Failure::with_help(message, "whether it was done is not known: look before you do it again")
}
