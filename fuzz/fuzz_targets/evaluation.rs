//! Any bytes as an AuthZEN body; the function is `portcullis_testkit::fuzz::evaluation`, which a test of the server replays too.
#![no_main]

use portcullis_server::authzen::{Evaluations, Keep};
use portcullis_testkit::fuzz::{MOST_ITEMS, NOW, evaluation};

libfuzzer_sys::fuzz_target!(|data: &[u8]| evaluation(data, |snapshot, body| {
    let many = Evaluations::read(body, Keep::Properties, MOST_ITEMS).map_err(|fault| fault.to_string())?;
    let asked = many.iter(Some(NOW));
    Ok(asked.map(|asked| asked.ok().map(|asked| snapshot.decide(&asked).is_allowed())).collect())
}));
