//! The load over HTTP/1.1: connections that have one request under way each, driven by one thread that waits for all of them.
//!
//! A request costs one write, one read and its share of a wait. What is sent was put together before; the answer is scanned where it was read.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use serde_json::Value;

use super::outcome::{Outcome, processor_time};
use super::response::{Scan, parse};
use super::{Orders, response::Response};
use crate::Trouble;
use crate::workload::{Form, Request};

/// How long a server may say nothing at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// Verifies every request, then asks them in turn for the time that was ordered.
///
/// # Errors
/// The first wrong answer, a connection that breaks, or a server that says nothing.
pub fn run(orders: &Orders, form: Form, requests: &[Request]) -> Result<Outcome, Trouble> {
    let mut load = Load::new(orders, form, requests)?;
    load.drive(Until::Verified)?;
    let warm = Instant::now() + orders.warming;
    load.drive(Until::Time { warm, end: warm + orders.seconds })?;
    let mut outcome = load.outcome;
    outcome.decisions = requests.first().map_or(1, |request| request.expected.len() as u64);
    outcome.lasted = orders.seconds;
    let spent = processor_time("self").unwrap_or_default();
    outcome.spent = spent.div_f64((outcome.asked.max(1)) as f64);
    Ok(outcome)
}

#[derive(Clone, Copy, PartialEq)]
enum Until {
    /// Each request was answered once, and its answer read whole.
    Verified,
    Time {
        warm: Instant,
        end: Instant,
    },
}

struct Prepared {
    bytes: Vec<u8>,
    expected: Vec<bool>,
    /// How long its head is, to show the body of a request that went wrong.
    head: usize,
}

struct Connection {
    stream: TcpStream,
    /// What has been read, and how much of the buffer that is.
    buffer: Vec<u8>,
    filled: usize,
    /// The request under way, if there is one, and how much of it has been sent.
    asked: Option<usize>,
    sent: usize,
    since: Instant,
}

struct Load {
    requests: Vec<Prepared>,
    connections: Vec<Connection>,
    poll: Poll,
    scan: Scan,
    /// Counts the requests that were sent.
    next: usize,
    underway: usize,
    outcome: Outcome,
}

impl Load {
    fn new(orders: &Orders, form: Form, requests: &[Request]) -> Result<Load, Trouble> {
        let key = orders.key.as_deref().map(|key| format!("authorization: Bearer {key}\r\n"));
        let prepare = |request: &Request| {
            let mut bytes = format!(
                "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n",
                form.path(),
                orders.address,
                key.as_deref().unwrap_or_default(),
                request.body.len(),
            )
            .into_bytes();
            let head = bytes.len();
            bytes.extend_from_slice(&request.body);
            let expected = request.expected.iter().map(|&one| orders.expected(one)).collect();
            Prepared { bytes, expected, head }
        };
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(orders.connections);
        for number in 0..orders.connections {
            let stream = std::net::TcpStream::connect(orders.address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(number), interest)?;
            let (buffer, since) = (vec![0; 16 << 10], Instant::now());
            connections.push(Connection { stream, buffer, filled: 0, asked: None, sent: 0, since });
        }
        let requests = requests.iter().map(prepare).collect();
        let (scan, outcome) = (Scan::new(), Outcome::new()?);
        Ok(Load { requests, connections, poll, scan, next: 0, underway: 0, outcome })
    }

    fn drive(&mut self, until: Until) -> Result<(), Trouble> {
        self.next = 0;
        let mut events = Events::with_capacity(1_024);
        for number in 0..self.connections.len() {
            self.ask(number, until, Instant::now())?;
        }
        while self.underway > 0 {
            match self.poll.poll(&mut events, Some(PATIENCE)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                done => done?,
            }
            if events.is_empty() {
                return Err(format!("expected answers, found none for {} s", PATIENCE.as_secs()).into());
            }
            for event in &events {
                self.attend(event.token().0, until)?;
            }
        }
        Ok(())
    }

    /// Sends the next request over a connection that has none under way, unless enough was asked.
    fn ask(&mut self, number: usize, until: Until, now: Instant) -> Result<(), Trouble> {
        let enough = match until {
            Until::Verified => self.next >= self.requests.len(),
            Until::Time { end, .. } => now >= end,
        };
        if enough {
            return Ok(());
        }
        let connection = self.connections.get_mut(number).ok_or("a connection that is not there")?;
        connection.asked = Some(self.next % self.requests.len());
        connection.sent = 0;
        connection.since = now;
        self.next += 1;
        self.underway += 1;
        self.send(number)
    }

    /// Sends what is left of a connection's request, as much as goes.
    fn send(&mut self, number: usize) -> Result<(), Trouble> {
        let connection = self.connections.get_mut(number).ok_or("a connection that is not there")?;
        let Some(request) = connection.asked.and_then(|asked| self.requests.get(asked)) else {
            return Ok(());
        };
        while let Some(rest @ [_, ..]) = request.bytes.get(connection.sent..) {
            match connection.stream.write(rest) {
                Ok(taken) => connection.sent += taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("a request could not be sent: {error}").into()),
            }
        }
        Ok(())
    }

    /// Does for a connection what can be done: sends, reads, and asks again.
    fn attend(&mut self, number: usize, until: Until) -> Result<(), Trouble> {
        self.send(number)?;
        loop {
            let connection = self.connections.get_mut(number).ok_or("a connection that is not there")?;
            if connection.filled == connection.buffer.len() {
                connection.buffer.resize(2 * connection.filled, 0);
            }
            let space = connection.buffer.get_mut(connection.filled..).unwrap_or_default();
            let room = space.len();
            let read = match connection.stream.read(space) {
                Ok(0) => return Err("the server closed a connection".into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("an answer could not be read: {error}").into()),
            };
            connection.filled += read;
            let came = connection.buffer.get(..connection.filled).unwrap_or_default();
            let request = connection.asked.and_then(|asked| self.requests.get(asked));
            let request = request.ok_or("an answer came to no request")?;
            if let Some(response) = parse(came)? {
                if response.length != connection.filled {
                    return Err("more came than the answer".into());
                }
                let now = Instant::now();
                self.outcome.asked += 1;
                match until {
                    Until::Verified => verify(request, &response)?,
                    Until::Time { warm, end } => {
                        let timed = now >= warm && now < end;
                        if response.status != 200 {
                            self.outcome.errors += u64::from(timed);
                        } else if !self.scan.agrees(&response.body, request.expected.iter().copied()) {
                            return Err(differs(request, &response));
                        }
                        if timed {
                            self.outcome.note(connection.since, now, 1);
                        }
                    }
                }
                connection.filled = 0;
                connection.asked = None;
                self.underway -= 1;
                // Nothing more can have come, as nothing more was asked for; what comes next is told anew.
                return self.ask(number, until, now);
            }
            if read < room {
                return Ok(());
            }
        }
    }
}

fn differs(request: &Prepared, response: &Response<'_>) -> Trouble {
    let asked = String::from_utf8_lossy(request.bytes.get(request.head..).unwrap_or_default());
    let answer = String::from_utf8_lossy(&response.body);
    let expected = &request.expected;
    format!("expected {expected:?}, found status {}: {answer}\n  the request was {asked}", response.status)
        .into()
}

/// Reads an answer as what it is, JSON, and compares all of it.
fn verify(request: &Prepared, response: &Response<'_>) -> Result<(), Trouble> {
    let read: Option<Value> = serde_json::from_slice(&response.body).ok();
    let answers: Option<Vec<&Value>> = read.as_ref().and_then(|read| {
        let batch = read.get("evaluations");
        batch.map_or(Some(vec![read]), |items| Some(items.as_array()?.iter().collect()))
    });
    let agree = answers.is_some_and(|answers| {
        let decision = |answer: &Value| {
            let faulty = answer.pointer("/context/error").is_some();
            answer.get("decision").and_then(Value::as_bool).filter(|_| !faulty)
        };
        answers.into_iter().map(decision).eq(request.expected.iter().map(|&one| Some(one)))
    });
    if response.status == 200 && agree { Ok(()) } else { Err(differs(request, response)) }
}

/// Whether somebody listens there.
#[must_use]
pub fn listens(address: std::net::SocketAddr) -> bool {
    let connected = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200));
    // A port that nobody has can be given to the one who calls it, who then has called themselves.
    connected.is_ok_and(|stream| stream.local_addr().is_ok_and(|own| own != address))
}
