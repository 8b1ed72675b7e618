//! What the fuzz target `evaluation` once found and what it starts from, through the function that the target calls.
//!
//! The body is the testkit's and the reader the server's; this is where the two meet in ordinary tests. Some thousand bodies with
//! slips in them are there for machines without a fuzzer.

use std::cell::Cell;

use portcullis_server::authzen::{Evaluations, Keep};
use portcullis_testkit::fuzz::{self, MOST_ITEMS, NOW};
use portcullis_testkit::generate::Prng;

/// What came of bodies: allowed, denied, faulty items, refused bodies.
type Counts = Cell<[usize; 4]>;

fn evaluation(data: &[u8], counts: &Counts) {
    let count = |at: usize| {
        let mut now = counts.get();
        now[at] += 1;
        counts.set(now);
    };
    fuzz::evaluation(data, |snapshot, body| {
        let many = Evaluations::read(body, Keep::Properties, MOST_ITEMS).map_err(|fault| {
            count(3);
            fault.to_string()
        })?;
        let each = many.iter(Some(NOW)).map(|asked| {
            let allowed = asked.ok().map(|asked| snapshot.decide(&asked).is_allowed());
            count(allowed.map_or(2, |allowed| usize::from(!allowed)));
            allowed
        });
        Ok(each.collect())
    });
}

#[test]
fn bodies_stay_mended() {
    let counts = Counts::default();
    assert!(fuzz::replay("evaluation", |data| evaluation(data, &counts)).unwrap() > 300);
    let [allowed, denied, faulty, refused] = counts.get();
    assert!(allowed > 5 && denied > 20 && faulty > 100 && refused > 100, "{:?}", counts.get());
}

#[test]
fn bodies_with_slips_are_judged_item_by_item() {
    let mut prng = Prng::new(29);
    let counts = Counts::default();
    for (_, bytes) in fuzz::seeds("evaluation").unwrap() {
        for _ in 0..8 {
            let mut bytes = bytes.clone();
            let at = prng.below(bytes.len());
            match (prng.below(3), prng.pick(b"{}[]\":,\\u0 \n\r1e\xff")) {
                (0, Some(byte)) => bytes.insert(at, *byte),
                (1, Some(byte)) if at < bytes.len() => bytes[at] = *byte,
                _ => bytes.truncate(bytes.len().saturating_sub(prng.below(9))),
            }
            evaluation(&bytes, &counts);
        }
    }
}

/// Parts of bodies: mostly sound, and what conditions of the workspace ask about.
const SUBJECTS: [&str; 7] = [
    r#"{"type":"user","id":"cat"}"#,
    r#"{"type":"user","id":"cat","properties":{"mfa":false,"team":"data"}}"#,
    r#"{"id":"dan","type":"bot","properties":{"mfa":null}}"#,
    r#"{"type":"user","id":"ann","x":{"a":1}}"#,
    r#"{"type":"user","id":"läuft \"so\""}"#,
    r#"{"type":"user"}"#,
    r#""cat""#,
];
const ACTIONS: [&str; 7] = [
    r#"{"name":"read"}"#,
    r#"{"name":"update"}"#,
    r#"{"name":"create","properties":{"soft":true}}"#,
    r#"{"name":"delete"}"#,
    r#"{"n\u0061me":"read","id":5}"#,
    r#"{"name":"read","name":"read"}"#,
    r#"{}"#,
];
const RESOURCES: [&str; 8] = [
    r#"{"type":"sync","id":"42"}"#,
    r#"{"type":"sync","id":"7","properties":{"labels":{"team":"data"},"size":9007199254740993}}"#,
    r#"{"type":"sync","id":"7","properties":{"labels":{"team":"data"},"size":9007199254740992}}"#,
    r#"{"type":"model","id":"é"}"#,
    r#"{"type":"source","id":""}"#,
    r#"{"type":"api_key","id":"1","properties":null}"#,
    r#"{"type":"sync","id":"42","properties":{"size":1e400}}"#,
    r#"{"type":"sync","id":7}"#,
];
const CONTEXTS: [&str; 6] =
    [r#"{"n":0.10}"#, r#"{"n":0.1000000000000000000001}"#, r#"{"ip":"10.1"}"#, "{}", "null", "5"];

/// Some of the four parts, in an order that varies.
fn members(prng: &mut Prng, share: usize) -> Vec<String> {
    let mut members = Vec::new();
    let all: [(&str, &[&str]); 4] =
        [("subject", &SUBJECTS), ("action", &ACTIONS), ("resource", &RESOURCES), ("context", &CONTEXTS)];
    for (key, values) in all {
        if prng.below(10) < if key == "context" { 4 } else { share } {
            // The unsound ones stand last and are seldom.
            let most = if prng.below(16) == 0 { values.len() } else { values.len() - 2 };
            members.insert(prng.below(members.len() + 1), format!("\"{key}\":{}", values[prng.below(most)]));
        }
    }
    members
}

#[test]
fn bodies_of_all_kinds_are_judged_as_the_reference_judges_them() {
    let mut prng = Prng::new(0xa07e);
    let counts = Counts::default();
    for _ in 0..6_000 {
        let mut body = members(&mut prng, 9);
        if prng.below(8) > 0 {
            let items = (0..prng.below(6)).map(|_| format!("{{{}}}", members(&mut prng, 5).join(",")));
            let items = format!("\"evaluations\":[{}]", items.collect::<Vec<_>>().join(","));
            body.insert(prng.below(body.len() + 1), items);
        }
        evaluation(format!("{{{}}}", body.join(", ")).as_bytes(), &counts);
    }
    assert!(counts.get().iter().all(|count| *count > 500), "{:?}", counts.get());
}
