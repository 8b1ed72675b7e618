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
