//! Any bytes as two workspaces to be compared; the body is `portcullis_testkit::fuzz::diff`, which ordinary tests replay too.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portcullis_testkit::fuzz::diff(data));
