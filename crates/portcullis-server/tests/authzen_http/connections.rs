//! Connections: many requests on one, in order; HTTP/1.1 and HTTP/2 on the same port.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::House;
use crate::wire::client::Asked;
use crate::wire::*;
use crate::world::ANN;

#[test]
fn a_connection_serves_many_requests() {
    let house = House::new();
    let mut client = house.served.client();
    for _ in 0..50 {
        assert!(
            client.ask(&Asked::post(EVALUATION, question(ANN, "read", "sync")).key(&house.ann)).decision()
        );
        // Failures that say nothing of the connection leave it open, whatever body they left unread.
        assert_eq!(client.ask(&Asked::post(EVALUATION, question(ANN, "read", "sync"))).status, 401);
        assert_eq!(client.ask(&Asked::post("/nothing", "{}")).status, 404);
        assert_eq!(client.ask(&Asked::post(EVALUATION, "{").key(&house.ann)).status, 400);
    }
}

#[test]
fn a_credential_belongs_to_its_request_and_not_to_the_connection() {
    let house = House::new();
    let mut client = house.served.client();
    let about_others = Asked::post(EVALUATION, question("vera@acme.example", "read", "sync"));
    for _ in 0..3 {
        assert!(client.ask(&about_others.clone().key(&house.ann)).decision());
        assert_eq!(client.ask(&about_others.clone().key(&house.bob)).status, 403);
        assert_eq!(client.ask(&about_others).status, 401);
        assert_eq!(client.ask(&about_others.clone().key("portcullis_key_x")).status, 401);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let house = House::new();
    let mut client = house.served.client();
    let mut sent = Vec::new();
    // A search is computed beside the connection, and what comes after it must not overtake it.
    for at in 0..60 {
        let asked = match at % 3 {
            0 => {
                Asked::post(EVALUATION, question(ANN, if at % 2 == 0 { "read" } else { "no action" }, "sync"))
            }
            1 => Asked::post(ACTIONS, without(&question(ANN, "read", "sync"), "action")),
            _ => Asked::post(EVALUATION, "{"),
        };
        sent.extend(asked.key(&house.ann).header("x-request-id", &at.to_string()).written());
    }
    client.send(&sent);
    for at in 0..60 {
        let told = client.next().unwrap();
        assert_eq!(told.header("x-request-id"), Some(&*at.to_string()));
        match at % 3 {
            0 => assert_eq!(told.decision(), at % 2 == 0),
            1 => assert!(told.found().contains(&"start".to_owned())),
            _ => assert_eq!(told.status, 400),
        }
    }
}

#[test]
fn a_body_comes_in_pieces_and_by_chunks() {
    let house = House::new();
    let mut client = house.served.client();
    let asked = Asked::post(EVALUATION, question(ANN, "read", "sync")).key(&house.ann);
    for byte in asked.written() {
        client.send(&[byte]);
    }
    assert!(client.next().unwrap().decision());
    let body = question(ANN, "read", "sync").to_string();
    let head = Asked::by("POST", EVALUATION).key(&house.ann).header("content-type", "application/json");
    client.send(&head.header("transfer-encoding", "chunked").written());
    for piece in body.as_bytes().chunks(7) {
        client.send(format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap()).as_bytes());
    }
    client.send(b"0\r\n\r\n");
    assert!(client.next().unwrap().decision());
}

#[test]
fn who_waits_to_be_told_to_go_on_is_told_so() {
    let house = House::new();
    let mut client = house.served.client();
    let body = question(ANN, "read", "sync").to_string();
    let head = Asked::by("POST", EVALUATION)
        .key(&house.ann)
        .header("content-type", "application/json")
        .header("expect", "100-continue")
        .header("content-length", &body.len().to_string());
    client.send(&head.written());
    assert_eq!(client.next_of_any_kind().unwrap().status, 100);
    client.send(body.as_bytes());
    assert!(client.next().unwrap().decision());
    // Who is not let in need not send anything.
    client.send(
        &Asked::by("POST", EVALUATION)
            .header("expect", "100-continue")
            .header("content-length", "9")
            .written(),
    );
    assert_eq!(client.next_of_any_kind().unwrap().status, 401);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Headers as HPACK writes those that are in no table.
fn headers(list: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in list {
        bytes.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

#[test]
fn http_2_is_spoken_to_who_begins_with_it() {
    const ENDS_STREAM: u8 = 1;
    const ENDS_HEADERS: u8 = 4;
    let house = House::new();
    let mut stream = TcpStream::connect(house.served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The preface comes in two pieces, of which the first tells nothing yet.
    stream.write_all(b"PR").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    stream.write_all(b"I * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(4, 0, 0, &[])).unwrap();
    let bearer = format!("Bearer {}", house.ann);
    for (stream_id, action) in [(1, "read"), (3, "no action")] {
        let list = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", EVALUATION),
            (":authority", "localhost"),
            ("content-type", "application/json"),
            ("authorization", &*bearer),
        ];
        stream.write_all(&frame(1, ENDS_HEADERS, stream_id, &headers(&list))).unwrap();
        let body = question(ANN, action, "sync").to_string();
        stream.write_all(&frame(0, ENDS_STREAM, stream_id, body.as_bytes())).unwrap();
    }
    let mut answers = [Vec::new(), Vec::new()];
    let mut statuses = [0, 0];
    let mut ended = 0;
    while ended < 2 {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let at = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize / 2;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).unwrap();
        match head[3] {
            // The first header is the status, and 200 is the eighth of the table.
            1 => statuses[at] = payload[0],
            0 => {
                answers[at].extend(payload);
                ended += usize::from(head[4] & ENDS_STREAM != 0);
            }
            4 | 6 | 8 => {}
            other => panic!("a frame of kind {other}"),
        }
    }
    assert_eq!(statuses, [0x88, 0x88]);
    assert_eq!(answers, [br#"{"decision":true}"#.to_vec(), br#"{"decision":false}"#.to_vec()]);
}
