//! Any bytes as a file of requests; the body is `portcullis_testkit::fuzz::requests`, which a test of the command line replays
//! too.
#![no_main]

use portcullis_testkit::fuzz::{Answered, requests};

libfuzzer_sys::fuzz_target!(|data: &[u8]| requests(data, |snapshot, input| {
    let mut text = Vec::new();
    let told = portcullis_cli::answer_requests(snapshot, input, &mut text);
    told.map_or_else(|error| panic!("{error}"), |(lines, unread)| Answered { text, lines, unread })
}));
