//! Any bytes as roles, members, questions and edits; the body is `portcullis_testkit::fuzz::decide`, which ordinary tests replay too.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_testkit::fuzz::decide(data));
