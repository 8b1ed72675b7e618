//! Connections: many requests on one, in order; HTTP/1.1 and HTTP/2 on the same port.

use std::time::Duration;

use crate::House;
use crate::wire::client::Asked;
use crate::wire::frames::*;
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

#[test]
fn http_2_is_spoken_to_who_begins_with_it() {
    let house = House::new();
    let mut two = Two::silent(house.served.address);
    // The preface comes in two pieces, of which the first tells nothing yet.
    two.send(&PREFACE[..2]);
    std::thread::sleep(Duration::from_millis(20));
    two.send(&PREFACE[2..]);
    two.send(&frame(SETTINGS, 0, 0, &[]));
    for (stream, action) in [(1, "read"), (3, "no action")] {
        two.send(&frame(HEADERS, ENDS_HEADERS, stream, &post(EVALUATION, &house.ann)));
        two.send(&frame(DATA, ENDS_STREAM, stream, question(ANN, action, "sync").to_string().as_bytes()));
    }
    let (mut answers, mut statuses, mut ended) = ([Vec::new(), Vec::new()], [0, 0], 0);
    while ended < 2 {
        let told = two.next_of(&[DATA, HEADERS, RESET, GO_AWAY]).unwrap();
        let at = told.stream as usize / 2;
        match told.kind {
            // The first header is the status, and 200 is the eighth of the table.
            HEADERS => statuses[at] = told.payload[0],
            DATA => {
                answers[at].extend(told.payload);
                ended += usize::from(told.flags & ENDS_STREAM != 0);
            }
            _ => panic!("{told:?}"),
        }
    }
    assert_eq!(statuses, [0x88, 0x88]);
    assert_eq!(answers, [br#"{"decision":true}"#.to_vec(), br#"{"decision":false}"#.to_vec()]);
}
