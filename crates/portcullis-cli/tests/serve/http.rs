//! As much of a client as the tests need: one request on one connection, and a stream that is read as it comes.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The first line.
    pub(crate) first: String,
    /// In the order in which they came, names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The decision, having been answered.
    #[track_caller]
    pub(crate) fn decision(&self) -> bool {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["decision"].as_bool().unwrap()
    }
}

/// Sends a request. `Host` is the address itself unless it is given.
pub(crate) fn send(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request(address, method, path, headers, body).as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    answer(&String::from_utf8(bytes).unwrap())
}

/// A request on a connection that ends with it.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str(&format!("host: {address}\r\n"));
    }
    headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    let body = body.inspect(|body| text.push_str(&format!("content-length: {}\r\n", body.len())));
    text + "\r\n" + body.unwrap_or_default()
}

/// Reads an answer that is there whole.
pub(crate) fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let first = lines.next().unwrap().to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, first, headers, body: body.to_owned() }
}

/// Asks a question with a key, if there is one.
pub(crate) fn ask(address: &str, key: Option<&str>, question: [&str; 3]) -> Answer {
    let [subject, action, resource] = question;
    let body = format!(
        r#"{{"subject":{{"type":"user","id":"{subject}"}},"action":{{"name":"{action}"}},"resource":{{"type":"{resource}","id":"1"}}}}"#
    );
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    send(address, "POST", "/access/v1/evaluation", &headers, Some(&body))
}

/// Asks for something with a key, if there is one.
pub(crate) fn get(address: &str, key: Option<&str>, path: &str) -> Answer {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", &**bearer)).collect();
    send(address, "GET", path, &headers, None)
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Kept(TcpStream);

impl Kept {
    pub(crate) fn open(address: &str) -> Kept {
        Kept(TcpStream::connect(address).unwrap())
    }

    /// The status of what is asked for on it with a key.
    pub(crate) fn get(&mut self, key: &str, path: &str) -> u16 {
        let text = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\r\n");
        self.0.write_all(text.as_bytes()).unwrap();
        self.0.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (mut seen, mut bytes) = (String::new(), [0; 16 << 10]);
        loop {
            let count = self.0.read(&mut bytes).unwrap();
            assert_ne!(count, 0, "it was closed: {seen}");
            seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            if !seen.contains("\r\n\r\n") {
                continue;
            }
            let answer = answer(&seen);
            let length: usize = answer.header("content-length").unwrap().parse().unwrap();
            if answer.body.len() >= length {
                return answer.status;
            }
        }
    }
}

/// A watch that is open.
#[derive(Debug)]
pub(crate) struct Watch {
    stream: TcpStream,
    pub(crate) seen: String,
}

impl Watch {
    /// Opens one, and waits for its first event.
    pub(crate) fn open(address: &str, key: Option<&str>) -> Watch {
        let bearer = key.map(|key| format!("Bearer {key}"));
        let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("authorization", &**bearer)).collect();
        let mut stream = TcpStream::connect(address).unwrap();
        let text = request(address, "GET", "/access/v1/watch", &headers, None);
        stream.write_all(text.as_bytes()).unwrap();
        let mut watch = Watch { stream, seen: String::new() };
        watch.until("event: revision");
        watch
    }

    /// Reads until something was told.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        let before = self.seen.len();
        while !self.seen[before..].contains(wanted) {
            assert!(self.more(until), "it ended without {wanted}:\n{}", self.seen);
        }
    }

    /// Reads until it ends, and says when that was.
    pub(crate) fn end(&mut self) -> Instant {
        let until = Instant::now() + Duration::from_secs(30);
        while self.more(until) {}
        Instant::now()
    }

    fn more(&mut self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "nothing came:\n{}", self.seen);
        self.stream.set_read_timeout(Some(left)).unwrap();
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                self.seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing came:\n{}", self.seen),
            Err(error) => panic!("{error}:\n{}", self.seen),
        }
    }
}
