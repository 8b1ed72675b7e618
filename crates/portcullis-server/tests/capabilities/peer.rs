//! A served world, and the smallest client that can ask it: one request a connection, read to its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_server::http::Door;
use portcullis_server::{DoorBounds, Server, Service, Source};
use serde_json::Value;

use crate::world::World;

/// Where capabilities of the key's own workspace are.
pub(crate) const CAPABILITIES: &str = "/access/v1/capabilities";
pub(crate) const WATCH: &str = "/access/v1/watch";

/// A world with a server in front of it.
pub(crate) struct Served {
    world: World,
    server: Option<Server>,
}

impl Deref for Served {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Served {
    pub(crate) fn new() -> Served {
        let world = World::new();
        let server = Some(serve(&world.service));
        Served { world, server }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.as_ref().unwrap().address()
    }

    pub(crate) fn get(&self, key: &str, path: &str) -> Reply {
        get(self.address(), key, path, &[])
    }

    /// The capabilities of whoever has a key, by names.
    pub(crate) fn capabilities(&self, key: &str) -> Value {
        self.get(key, CAPABILITIES).ok()
    }

    pub(crate) fn tag(&self, key: &str) -> String {
        self.get(key, CAPABILITIES).header("etag").unwrap().to_owned()
    }

    pub(crate) fn watch(&self, key: &str) -> Watch {
        let stream = send(self.address(), key, WATCH, &[]);
        let mut watch = Watch { lines: BufReader::new(stream) };
        let head = watch.head();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        assert!(head.contains("cache-control: no-store\r\n"), "{head}");
        watch
    }

    pub(crate) fn stop(&mut self) {
        self.server.take().unwrap().stop(Duration::from_secs(5));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(Duration::ZERO);
        }
    }
}

/// A server upon a service.
pub(crate) fn serve(service: &Arc<Service>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let door = Door::new(Source::Store(Arc::clone(service)), "http://localhost", DoorBounds::default());
    Server::start(listener, door, 1, || {}).unwrap()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body of an answer.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The status and the sentence of a refusal.
    #[track_caller]
    pub(crate) fn refused(&self) -> (u16, String) {
        (self.status, serde_json::from_str(&self.body).unwrap())
    }
}

pub(crate) fn get(address: SocketAddr, key: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut text = String::new();
    send(address, key, path, headers).read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Reply { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

pub(crate) fn send(address: SocketAddr, key: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// A watch that is open.
pub(crate) struct Watch {
    lines: BufReader<TcpStream>,
}

impl Watch {
    fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        head
    }

    /// The name and data of the next event; none when the connection ends.
    pub(crate) fn next(&mut self) -> Option<(String, Value)> {
        let mut event = String::new();
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            // Whatever else there is are beats, ids and the sizes of pieces.
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.trim_end().to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((event, serde_json::from_str(data).unwrap()));
            }
            line.clear();
        }
        None
    }

    /// The revision and the tag that the next event tells.
    #[track_caller]
    pub(crate) fn revision(&mut self) -> (String, String) {
        let (event, data) = self.next().expect("an event");
        assert_eq!(event, "revision", "{data}");
        let text = |name: &str| data[name].as_str().unwrap().to_owned();
        (text("revision"), text("capabilities"))
    }

    /// That it ends within a second: the status and the words that it ends with.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (u64, String) {
        let begun = Instant::now();
        let mut last = None;
        while let Some((event, data)) = self.next() {
            last = Some((event, data));
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(1), "it took {took:?}");
        let (event, data) = last.expect("an event");
        assert_eq!(event, "end", "{data}");
        (data["status"].as_u64().unwrap(), data["why"].as_str().unwrap().to_owned())
    }
}
