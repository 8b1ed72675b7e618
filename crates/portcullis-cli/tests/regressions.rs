//! What the fuzz target `requests` once found and what it starts from, through the function that the target calls.
//!
//! The body is the testkit's and the reader the command line's; this is where the two meet in ordinary tests. Some hundred
//! files with slips in them are there for machines without a fuzzer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use portcullis_testkit::fuzz::{self, Answered};
use portcullis_testkit::generate::Prng;

fn requests(data: &[u8]) {
    fuzz::requests(data, |snapshot, input| {
        let mut text = Vec::new();
        let (lines, unread) = portcullis_cli::answer_requests(snapshot, input, &mut text).unwrap();
        Answered { text, lines, unread }
    });
}

#[test]
fn requests_stay_mended() {
    assert!(fuzz::replay("requests", requests).unwrap() > 300);
}

#[test]
fn requests_with_slips_are_answered_line_by_line() {
    let mut prng = Prng::new(23);
    for (_, mut bytes) in fuzz::seeds("requests").unwrap() {
        for _ in 0..3 {
            let at = prng.below(bytes.len());
            match (prng.below(3), prng.pick(b"{}[]\":,\\u0 \n\r1e\xff")) {
                (0, Some(byte)) => bytes.insert(at, *byte),
                (1, Some(byte)) if at < bytes.len() => bytes[at] = *byte,
                _ => bytes.truncate(bytes.len().saturating_sub(prng.below(9))),
            }
        }
        requests(&bytes);
    }
}

/// What may stand as the value of a key: mostly what conditions of the fuzzed workspace ask for.
const VALUES: [&str; 22] = [
    "{}",
    "null",
    "true",
    "\"data\"",
    "\"10.0.0.1\"",
    "\"1\\u0030.\"",
    "0.1",
    "0.10000000000000000001",
    "1e-1",
    "7",
    "7.0",
    "9007199254740992",
    "9007199254740993",
    "1e400",
    "-1e400",
    "0.1e99999999999999999999",
    "[]",
    "[1e400,{\"a\":null}]",
    "{\"team\":\"data\"}",
    "{\"team\":\"sales\"}",
    "{\"ref\":{\"type\":\"model\",\"id\":\"é\"}}",
    "{\"a\":1,\"a\":2}",
];
const KEYS: [&str; 10] = ["labels", "team", "size", "soft", "mfa", "n", "ip", "now", "l\\u0061bels", "ref"];

/// Properties or a context, or what is none.
fn brought(prng: &mut Prng) -> String {
    if prng.below(12) == 0 {
        return (*prng.pick(&VALUES).unwrap()).to_owned();
    }
    let mut keys = KEYS.to_vec();
    let members = (0..prng.below(4)).map(|_| {
        let key = keys.swap_remove(prng.below(keys.len()));
        // One is seldom beside the point.
        let values = match key {
            "ip" => &VALUES[3..6],
            "n" => &VALUES[6..9],
            "size" => &VALUES[9..14],
            _ => &VALUES[..],
        };
        format!("\"{key}\":{}", prng.pick(values).unwrap())
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[test]
fn what_requests_bring_is_read_as_the_reference_reads_it() {
    let mut prng = Prng::new(0x5e27);
    let mut lines = String::new();
    for _ in 0..20_000 {
        let mut one = |names: &[&'static str]| *prng.pick(names).unwrap();
        let subject = one(&["cat", "cat", "cat", "dan", "ann", "bob"]);
        let kind = one(&["user", "user", "user", "bot"]);
        let (action, resource) = *prng
            .pick(&[
                ("read", "sync"),
                ("update", "sync"),
                ("create", "sync"),
                ("delete", "sync"),
                ("read", "model"),
                ("update", "model"),
                ("read", "source"),
                ("delete", "source"),
            ])
            .unwrap();
        let id = prng.pick(&["42", "43", "é", "1"]).unwrap();
        let mut more = |key: &str| match prng.below(3) {
            0 => String::new(),
            _ => format!(",\"{key}\":{}", brought(&mut prng)),
        };
        let [of_subject, of_action, of_resource] = [(); 3].map(|()| more("properties"));
        let whole = more("context");
        lines.push_str(&format!(
            "{{\"subject\":{{\"type\":\"{kind}\",\"id\":\"{subject}\"{of_subject}}},\"action\":{{\"name\":\"{action}\"{of_action}}},\
            \"resource\":{{\"type\":\"{resource}\",\"id\":\"{id}\"{of_resource}}}{whole}}}\n"
        ));
    }
    let counts = std::cell::Cell::new([0; 3]);
    fuzz::requests(lines.as_bytes(), |snapshot, input| {
        let mut text = Vec::new();
        let (lines, unread) = portcullis_cli::answer_requests(snapshot, input, &mut text).unwrap();
        let allowed =
            text.split(|byte| *byte == b'\n').filter(|line| *line == b"{\"decision\":true}").count();
        counts.set([allowed, lines - unread - allowed, unread]);
        Answered { text, lines, unread }
    });
    let [allowed, denied, unread] = counts.into_inner();
    assert!(allowed > 3_000 && denied > 5_000 && unread > 1_000, "{allowed} {denied} {unread}");
}
