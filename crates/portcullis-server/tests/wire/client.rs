//! A client of HTTP/1.1 that sends the bytes that it is told to and reads answers one by one.
//!
//! It mends nothing: what is wrong on purpose arrives as it was written, and of an answer every byte is looked at. Whatever it does not expect
//! ends the test.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long an answer may take, in a test on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, by its name in small letters, that may be there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(one, _)| one == name).map(|(_, value)| &**value);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} stands twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of a failure: a JSON string.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        assert!(self.status >= 400, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.json().as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    /// Whether an evaluation was allowed.
    #[track_caller]
    pub(crate) fn decision(&self) -> bool {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()["decision"].as_bool().unwrap()
    }

    /// The decisions of many.
    #[track_caller]
    pub(crate) fn decisions(&self) -> Vec<bool> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        let value = self.json();
        value["evaluations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["decision"].as_bool().unwrap())
            .collect()
    }

    /// What a search found: ids, or names of actions.
    #[track_caller]
    pub(crate) fn found(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        let value = self.json();
        let word = |one: &Value| one.get("id").or(one.get("name")).unwrap().as_str().unwrap().to_owned();
        value["results"].as_array().unwrap().iter().map(word).collect()
    }
}

/// A request that is put together.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Asked {
    pub(crate) fn get(path: &str) -> Asked {
        Asked::by("GET", path)
    }

    pub(crate) fn by(method: &str, path: &str) -> Asked {
        Asked { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// A body of JSON, whose content type is said.
    pub(crate) fn post(path: &str, body: impl ToString) -> Asked {
        Asked::bytes(path, body.to_string().into_bytes()).header("content-type", "application/json")
    }

    /// A body without a content type.
    pub(crate) fn bytes(path: &str, body: impl Into<Vec<u8>>) -> Asked {
        Asked { body: Some(body.into()), ..Asked::by("POST", path) }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Asked {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Asked {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// As it goes over the wire.
    pub(crate) fn written(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text.push_str("host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend(self.body.iter().flatten());
        bytes
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    /// What was read and belongs to the next answer.
    rest: Vec<u8>,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Client {
        Client::of(TcpStream::connect(address).unwrap())
    }

    pub(crate) fn of(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, rest: Vec::new() }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    /// The same to a server that may have hung up.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Says that nothing more is sent.
    pub(crate) fn end(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a request and reads its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, asked: &Asked) -> Answer {
        self.send(&asked.written());
        self.next().unwrap_or_else(|| panic!("hung up on {asked:?}"))
    }

    /// The next answer; nothing when the server has hung up before it.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Option<Answer> {
        loop {
            let head = self.head()?;
            let answer = self.body_of(head);
            // What only says that more may be sent is no answer.
            if answer.status != 100 {
                return Some(answer);
            }
        }
    }

    /// The next answer, be it one that says that more may be sent.
    #[track_caller]
    pub(crate) fn next_of_any_kind(&mut self) -> Option<Answer> {
        let head = self.head()?;
        Some(self.body_of(head))
    }

    /// The next answer, or the head of one that goes on without end.
    #[track_caller]
    pub(crate) fn next_or_stream(&mut self) -> Option<Answer> {
        let head = self.head()?;
        if head.header("transfer-encoding").is_some() { Some(head) } else { Some(self.body_of(head)) }
    }

    /// The status of the next answer, whatever bytes its head has.
    #[track_caller]
    pub(crate) fn next_bytewise(&mut self) -> Option<u16> {
        while !self.rest.windows(4).any(|four| four == b"\r\n\r\n") {
            if !self.more() {
                return None;
            }
        }
        std::str::from_utf8(&self.rest[9..12]).ok()?.parse().ok()
    }

    /// Whether the server hangs up at all, whatever it says before.
    #[track_caller]
    pub(crate) fn hangs_up_whatever_it_says(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !self.more() {
                return true;
            }
        }
        false
    }

    /// Whether the server hangs up without another byte.
    #[track_caller]
    pub(crate) fn is_hung_up(&mut self) -> bool {
        self.rest.is_empty() && !self.more()
    }

    /// Reads more; false when the server has hung up.
    #[track_caller]
    fn more(&mut self) -> bool {
        let mut bytes = [0; 16 << 10];
        match self.stream.read(&mut bytes) {
            Ok(count) => {
                self.rest.extend_from_slice(&bytes[..count]);
                count > 0
            }
            // The machine slept meanwhile.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            Err(error)
                if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) =>
            {
                false
            }
            Err(error) => panic!("no answer: {error}, after {:?}", String::from_utf8_lossy(&self.rest)),
        }
    }

    fn head(&mut self) -> Option<Answer> {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if !self.more() {
                assert!(self.rest.is_empty(), "hung up within {:?}", String::from_utf8_lossy(&self.rest));
                return None;
            }
        };
        let head = String::from_utf8(self.rest.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap();
        assert!(status.starts_with("HTTP/1.1 ") || status.starts_with("HTTP/1.0 "), "{status}");
        let status = status[9..12].parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Some(Answer { status, headers: headers.collect(), body: Vec::new() })
    }

    #[track_caller]
    fn body_of(&mut self, head: Answer) -> Answer {
        if head.status == 100 || head.status == 304 {
            return head;
        }
        assert_eq!(head.header("transfer-encoding"), None, "answers have a length");
        let length: usize =
            head.header("content-length").unwrap_or_else(|| panic!("{head:?}")).parse().unwrap();
        while self.rest.len() < length {
            assert!(self.more(), "hung up within a body");
        }
        Answer { body: self.rest.drain(..length).collect(), ..head }
    }
}
