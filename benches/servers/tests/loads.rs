//! The load generator against real servers: the bare ones, and one that sends its answers in pieces, wrongly, or with other statuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use portcullis_servers::load::grpc::{self, Way};
use portcullis_servers::load::{Orders, http};
use portcullis_servers::workload::{self, Form, Sizes};

struct Running(Child, SocketAddr);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn bare(which: &str) -> Running {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_bare")).args([which, &address.to_string()]).spawn().unwrap();
    let running = Running(child, address);
    for _ in 0..500 {
        if http::listens(address) {
            return running;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{which} does not listen on {address}");
}

fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    workload::write(folder.path(), Sizes { members: 30, singles: 300, batches: 6 }).unwrap();
    folder
}

fn orders(address: SocketAddr, constant: bool) -> Orders {
    let (seconds, warming) = (Duration::from_millis(200), Duration::from_millis(20));
    Orders { address, key: None, connections: 5, seconds, warming, constant }
}

#[test]
fn bare_servers_are_asked_over_http_and_found_to_decide_nothing() {
    let folder = made();
    for which in ["axum", "hyper"] {
        let server = bare(which);
        for form in [Form::Singles, Form::Batches] {
            let requests = workload::read(folder.path(), form).unwrap();
            let outcome = http::run(&orders(server.1, true), form, &requests).unwrap();
            assert!(outcome.timed > 50 && outcome.asked >= outcome.timed + requests.len() as u64);
            assert_eq!((outcome.errors, outcome.decisions), (0, requests[0].expected.len() as u64));
            assert!(outcome.percentile(50.0) <= outcome.percentile(99.9));
            let told = http::run(&orders(server.1, false), form, &requests).unwrap_err().to_string();
            assert!(told.starts_with("expected [") && told.contains("the request was {"), "{told}");
        }
    }
}

#[test]
fn a_bare_server_is_asked_over_grpc_and_found_to_decide_nothing() {
    let folder = made();
    let questions = workload::questions(&workload::read(folder.path(), Form::Singles).unwrap()).unwrap();
    let server = bare("grpc");
    for way in
        [Way::Streams { streams: 7, window: 20 }, Way::Streams { streams: 1, window: 1_000 }, Way::Calls(9)]
    {
        let outcome = grpc::run(&orders(server.1, true), way, &questions).unwrap();
        assert!(outcome.timed > 50 && outcome.asked >= outcome.timed + 300, "{way:?}: {outcome}");
        let told = grpc::run(&orders(server.1, false), way, &questions).unwrap_err().to_string();
        assert!(told.starts_with("expected Answer"), "{told}");
    }
}

/// Answers each request on each connection by what a function writes; the number counts requests.
fn answering(answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, asked) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer, asked) = (stream.unwrap(), Arc::clone(&answer), Arc::clone(&asked));
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || {
                let mut buffer = [0; 4_096];
                // A request fits a packet, so what is read is one.
                while let Ok(1..) = stream.read(&mut buffer) {
                    answer(asked.fetch_add(1, Ordering::Relaxed), &mut stream);
                }
            });
        }
    });
    address
}

fn singles(folder: &Path) -> Vec<workload::Request> {
    workload::read(folder, Form::Singles).unwrap()
}

const ALLOW: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"decision\":true}";

#[test]
fn answers_in_pieces_are_whole_answers() {
    let folder = made();
    let address = answering(|number, stream| {
        let at = 1 + number % (ALLOW.len() - 1);
        stream.write_all(&ALLOW[..at]).unwrap();
        if number % 3 == 0 {
            thread::sleep(Duration::from_micros(200));
        }
        stream.write_all(&ALLOW[at..]).unwrap();
    });
    let outcome = http::run(&orders(address, true), Form::Singles, &singles(folder.path())).unwrap();
    assert!(outcome.timed > 50 && outcome.errors == 0, "{outcome}");
}

#[test]
fn other_statuses_end_the_verification_and_are_counted_later_and_a_wrong_decision_ends_the_run() {
    let folder = made();
    let requests = singles(folder.path());
    let busy = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let run = |address| http::run(&orders(address, true), Form::Singles, &requests);

    let address = answering(move |number, stream| {
        stream.write_all(if number == 299 { busy } else { ALLOW }).unwrap();
    });
    let told = run(address).unwrap_err().to_string();
    assert!(told.starts_with("expected [true], found status 503"), "{told}");

    let address = answering(move |number, stream| {
        stream.write_all(if number >= 300 && number % 10 == 0 { busy } else { ALLOW }).unwrap();
    });
    let outcome = run(address).unwrap();
    assert!(outcome.errors > 0 && outcome.errors < outcome.timed / 5, "{outcome}");

    let deny = b"HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"decision\":false}";
    let address = answering(move |number, stream| {
        stream.write_all(if number == 400 { deny } else { ALLOW }).unwrap();
    });
    let told = run(address).unwrap_err().to_string();
    assert!(told.contains("found status 200: {\"decision\":false}"), "{told}");
}

#[test]
fn a_faulty_item_and_a_connection_that_is_closed_end_the_run() {
    let folder = made();
    let requests = singles(folder.path());
    let body = r#"{"decision":true,"context":{"error":{"status":400,"message":"no"}}}"#;
    let faulty = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let address = answering(move |_, stream| stream.write_all(faulty.as_bytes()).unwrap());
    let told = http::run(&orders(address, true), Form::Singles, &requests).unwrap_err().to_string();
    assert!(told.contains("\"status\":400"), "{told}");

    let address = answering(|_, stream| stream.shutdown(std::net::Shutdown::Both).unwrap());
    let told = http::run(&orders(address, true), Form::Singles, &requests).unwrap_err().to_string();
    assert_eq!(told, "the server closed a connection");
}
