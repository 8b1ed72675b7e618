//! Heads: silent connections, slow ones, floods of headers, lines that are no requests.

use std::time::Instant;

use crate::wire::client::{Asked, Client};
use crate::wire::*;
use crate::{LATE, SHORT, Target};

/// Whether the server hangs up in time, having said at most that the request is none.
#[track_caller]
fn is_cut_off(mut client: Client, begun: Instant) {
    if let Some(told) = client.next() {
        assert!(matches!(told.status, 400 | 408), "{told:?}");
    }
    assert!(client.is_hung_up());
    assert!(begun.elapsed() < LATE, "{:?}", begun.elapsed());
}

#[test]
fn who_connects_and_says_nothing_is_cut_off() {
    let target = Target::new();
    let silent: Vec<Client> = (0..50).map(|_| target.served.client()).collect();
    let begun = Instant::now();
    target.answers_others();
    silent.into_iter().for_each(|client| is_cut_off(client, begun));
}

#[test]
fn who_stays_idle_between_requests_is_cut_off() {
    let target = Target::new();
    let mut client = target.served.client();
    for _ in 0..3 {
        assert!(client.ask(&target.good()).decision());
        std::thread::sleep(SHORT / 4);
    }
    let begun = Instant::now();
    is_cut_off(client, begun);
    assert!(begun.elapsed() > SHORT / 3);
}

#[test]
fn who_sends_its_head_byte_by_byte_is_cut_off() {
    let target = Target::new();
    let mut client = target.served.client();
    let begun = Instant::now();
    for byte in target.good().written() {
        if client.try_send(&[byte]).is_err() || begun.elapsed() > 3 * SHORT {
            break;
        }
        std::thread::sleep(SHORT / 20);
    }
    is_cut_off(client, begun);
}

#[test]
fn who_begins_with_http_2_and_does_not_go_on_is_cut_off() {
    let target = Target::new();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let clients: Vec<Client> = (1..preface.len())
        .map(|length| {
            let mut client = target.served.client();
            client.send(&preface[..length]);
            client
        })
        .collect();
    let begun = Instant::now();
    target.answers_others();
    for (length, mut client) in clients.into_iter().enumerate() {
        assert!(client.hangs_up_whatever_it_says(), "after {} bytes", length + 1);
    }
    assert!(begun.elapsed() < LATE, "{:?}", begun.elapsed());
}

#[test]
fn beginnings_of_http_2_in_great_numbers_keep_nobody_waiting() {
    let target = Target::new();
    let clients: Vec<Client> = (0..1_000)
        .map(|_| {
            let mut client = target.served.client();
            client.send(b"PRI");
            client
        })
        .collect();
    for _ in 0..20 {
        assert!(target.served.ask(&target.good()).decision());
    }
    drop(clients);
}

#[test]
fn more_headers_than_the_bound_are_431() {
    let target = Target::new();
    let flood = |count: usize, length: usize| {
        let mut asked = target.good();
        for at in 0..count {
            asked = asked.header(&format!("x-{at}"), &"y".repeat(length));
        }
        asked
    };
    assert!(target.served.ask(&flood(50, 10)).decision());
    for (count, length) in [(64, 1), (1_000, 1), (100_000, 1), (1, 17 << 10), (40, 1 << 10), (1, 10 << 20)] {
        let mut client = target.served.client();
        // Who sends more than is read of it may be hung up on.
        let _ = client.try_send(&flood(count, length).written());
        let told = client.next();
        // Who is still sending when it is hung up on may not get to read why.
        let is_cut = told.is_none() && count * (length + 10) > 64 << 10;
        assert!(is_cut || told.is_some_and(|told| told.status == 431), "{count} of {length}");
        assert!(client.is_hung_up());
    }
    let long = Asked::get(&format!("/{}", "x".repeat(20 << 10)));
    let mut client = target.served.client();
    let _ = client.try_send(&long.written());
    assert!(matches!(client.next().unwrap().status, 414 | 431));
    target.answers_others();
}

#[test]
fn lines_that_are_no_requests_are_refused() {
    let target = Target::new();
    for bad in [
        &b"GET\r\n\r\n"[..],
        b"GET /livez\r\n\r\n",
        b"GET /livez HTTP/3.0\r\n\r\n",
        b"GET /livez HTTP/1.1 \r\n\r\n",
        b"GET  /livez HTTP/1.1\r\n\r\n",
        b"GET /livez http/1.1\r\n\r\n",
        b"G\x00T /livez HTTP/1.1\r\n\r\n",
        b"GET /live\x00z HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nbad header: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nx: a\x00b\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nx: a\r\n folded\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\xff\xff\xff\xff\r\n\r\n",
        b"{\"subject\":{}}\r\n\r\n",
    ] {
        let mut client = target.served.client();
        client.send(bad);
        let told = client.next();
        assert!(
            told.is_none_or(|told| matches!(told.status, 400 | 505)),
            "{:?}",
            String::from_utf8_lossy(bad)
        );
        assert!(client.is_hung_up());
    }
    target.answers_others();
}

#[test]
fn strange_paths_lead_nowhere() {
    let target = Target::new();
    for path in [
        "//access/v1/evaluation",
        "/access/v1/../v1/evaluation",
        "/access/v1/%65valuation",
        "/ACCESS/v1/evaluation",
        "/access/v1/evaluation%00",
        "/workspaces/%2e%2e/%2e%2e/metrics",
        "/workspaces/%ff/access/v1/evaluation",
        "/.well-known/authzen-configuration/workspaces/%ff",
        "*",
    ] {
        let mut client = target.served.client();
        client.send(&Asked::by("POST", path).key(&target.world.ann_key).written());
        let told = client.next().unwrap();
        assert!(matches!(told.status, 400 | 404), "{path}: {told:?}");
    }
    // A path may stand with its host, as a proxy is asked.
    let whole = Asked::get("http://localhost/livez");
    assert_eq!(target.served.ask(&whole).status, 200);
}

#[test]
fn header_values_that_are_no_text_break_nothing() {
    let target = Target::new();
    let body = question(crate::world::ANN, "read", "sync").to_string();
    for (name, status) in [
        ("authorization", 400),
        ("x-request-id", 200),
        ("portcullis-at-least", 400),
        ("portcullis-explain", 400),
        ("origin", 200),
        ("content-type", 200),
    ] {
        let mut bytes = Asked::post(EVALUATION, &body).key(&target.world.ann_key).written();
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 2;
        let line = [name.as_bytes(), b": \xff\xfe\r\n"].concat();
        bytes.splice(at..at, line);
        let mut client = target.served.client();
        client.send(&bytes);
        let told = client.next_bytewise().unwrap();
        assert_eq!(told, status, "{name}");
    }
    let mut client = target.served.client();
    client.send(b"POST /access/v1/evaluation HTTP/1.1\r\nauthorization: Bearer \xff\r\n\r\n");
    assert_eq!(client.next().unwrap().status, 401);
}

#[test]
fn more_connections_than_the_bound_are_closed_and_the_others_stay() {
    let world = crate::world::World::new();
    let bounds = portcullis_server::DoorBounds { connections: 10, ..Default::default() };
    let served = Served::within(&world, bounds);
    let live = Asked::get("/livez");
    let mut clients: Vec<Client> = (0..10).map(|_| served.client()).collect();
    for client in &mut clients {
        assert_eq!(client.ask(&live).status, 200);
    }
    for _ in 0..5 {
        assert!(served.client().is_hung_up());
    }
    for client in &mut clients {
        assert_eq!(client.ask(&live).status, 200);
    }
    drop(clients);
    let until = Instant::now() + LATE;
    let mut again = false;
    while !again && Instant::now() < until {
        let mut client = served.client();
        again =
            client.try_send(&live.written()).is_ok() && client.next().is_some_and(|told| told.status == 200);
    }
    assert!(again, "whose connections ended left no room");
}
