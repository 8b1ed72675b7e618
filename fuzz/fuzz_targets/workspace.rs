//! Any bytes as a workspace and the files that it names; the body is `portcullis_testkit::fuzz::workspace`, which ordinary tests
//! replay too.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_testkit::fuzz::workspace(data));
