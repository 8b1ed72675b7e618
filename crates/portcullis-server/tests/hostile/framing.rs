//! Where a request ends: shapes by which one request is hidden in another where two servers disagree.

use crate::Target;
use crate::wire::*;
use crate::world::ANN;

/// Sends bytes; gives the statuses that come back until the server hangs up, which it does when nothing more comes.
fn statuses(target: &Target, bytes: &[u8]) -> Vec<u16> {
    let mut client = target.served.client();
    let _ = client.try_send(bytes);
    let mut statuses = Vec::new();
    while let Some(told) = client.next() {
        statuses.push(told.status);
    }
    statuses
}

fn head(target: &Target, more: &str) -> String {
    let key = &target.world.ann_key;
    format!(
        "POST {EVALUATION} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n{more}\r\n"
    )
}

const HIDDEN: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[test]
fn two_lengths_that_differ_are_refused() {
    let target = Target::new();
    let body = question(ANN, "read", "sync").to_string();
    for lengths in [
        format!("content-length: {}\r\ncontent-length: 5\r\n", body.len()),
        format!("content-length: 5\r\ncontent-length: {}\r\n", body.len()),
        format!("content-length: {}, 5\r\n", body.len()),
        "content-length: +5\r\n".to_owned(),
        "content-length: -1\r\n".to_owned(),
        "content-length: 0x5\r\n".to_owned(),
        "content-length: 5 5\r\n".to_owned(),
        "content-length: 99999999999999999999999\r\n".to_owned(),
        "content-length: \r\n".to_owned(),
        "content-length : 5\r\n".to_owned(),
        "content-length\t: 5\r\n".to_owned(),
    ] {
        let bytes = format!("{}{body}{HIDDEN}", head(&target, &lengths));
        let told = statuses(&target, bytes.as_bytes());
        assert!(told.is_empty() || told == [400] || told == [413], "{lengths}: {told:?}");
    }
    target.answers_others();
}

#[test]
fn a_length_beside_chunks_ends_the_connection() {
    let target = Target::new();
    let body = question(ANN, "read", "sync").to_string();
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for more in [
        format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", chunks.len() + HIDDEN.len()),
        format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n", chunks.len() + HIDDEN.len()),
        "content-length: 4\r\ntransfer-encoding: chunked\r\n".to_owned(),
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n".to_owned(),
    ] {
        let bytes = format!("{}{chunks}{HIDDEN}", head(&target, &more));
        let told = statuses(&target, bytes.as_bytes());
        // It is read by its chunks, and nothing after it is taken for a request.
        assert_eq!(told, [200], "{more}");
    }
    target.answers_others();
}

#[test]
fn encodings_that_are_not_chunked_are_refused() {
    let target = Target::new();
    for encoding in [
        "transfer-encoding: identity\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding: \x0bchunked\r\n",
    ] {
        let bytes = format!("{}0\r\n\r\n{HIDDEN}", head(&target, encoding));
        let told = statuses(&target, bytes.as_bytes());
        assert!(told.is_empty() || told == [400], "{encoding}: {told:?}");
    }
    // HTTP/1.0 has no chunks.
    let old = head(&target, "transfer-encoding: chunked\r\n").replace("HTTP/1.1", "HTTP/1.0");
    let told = statuses(&target, format!("{old}0\r\n\r\n{HIDDEN}").as_bytes());
    assert!(told.is_empty() || told == [400], "{told:?}");
}

#[test]
fn chunks_that_are_none_are_refused() {
    let target = Target::new();
    let body = question(ANN, "read", "sync").to_string();
    let length = body.len();
    for chunks in [
        format!("{length:x}\r\n{body}0\r\n\r\n"),
        format!("-{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("0x{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("{:x}\r\n{body}\r\n0\r\n\r\n", length + 1),
        "ffffffffffffffff\r\n".to_owned(),
        "fffffffffffffffff\r\n".to_owned(),
        "\r\n".to_owned(),
        format!("5;{}\r\n", "x".repeat(1 << 20)),
        format!("0\r\n{}\r\n", "x: y\r\n".repeat(100_000)),
    ] {
        let bytes = format!("{}{chunks}{HIDDEN}", head(&target, "transfer-encoding: chunked\r\n"));
        let told = statuses(&target, bytes.as_bytes());
        let shown = &chunks[..chunks.len().min(40)];
        assert!([[400], [408], [413]].contains(&[told[0]]) && told.len() == 1, "{shown:?}: {told:?}");
    }
    target.answers_others();
}

#[test]
fn a_body_where_none_belongs_is_passed_over_or_ends_the_connection() {
    let target = Target::new();
    // What stands in the body of one request is never the next one.
    let bytes =
        format!("GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{HIDDEN}{HIDDEN}", HIDDEN.len());
    let told = statuses(&target, bytes.as_bytes());
    assert!(told == [200, 200] || told == [200], "{told:?}");
}

/// An answer after which the connection ends is given whole, whatever was sent behind its request.
#[test]
fn the_last_answer_is_not_lost() {
    let target = Target::new();
    let body = question(ANN, "read", "sync").to_string();
    let good = format!("{}{body}", head(&target, &format!("content-length: {}\r\n", body.len())));
    let more = HIDDEN.repeat(50);
    for (last, status) in [
        (head(&target, "content-length: 10000000\r\n"), 413),
        (head(&target, "content-length: 5\r\ncontent-length: 6\r\n"), 400),
        (good.replacen("\r\n", "\r\nconnection: close\r\n", 1), 200),
        ("GET /livez HTTP/1.0\r\n\r\n".to_owned(), 200),
    ] {
        let told = statuses(&target, format!("{good}{good}{last}{more}").as_bytes());
        assert_eq!(told, [200, 200, status], "{last}");
    }
}
