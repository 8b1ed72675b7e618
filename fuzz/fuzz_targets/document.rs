//! Any bytes as a policy document; the body is `portcullis_testkit::fuzz::document`, which ordinary tests replay too.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_testkit::fuzz::document(data));
