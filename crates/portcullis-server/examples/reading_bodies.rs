//! How long it takes to read bodies, beside what serde's derive makes of the same ones: `cargo run --release --example reading_bodies`.
//!
//! The derived structs borrow names where they hold no escapes, drop properties unread and check nothing else, so they are the floor of
//! serde_json itself. Rounds alternate, and the fastest of each is told, since the machine is seldom alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "an example fails by panicking"
)]

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use portcullis_server::authzen::answer::Decisions;
use portcullis_server::authzen::{Evaluation, Evaluations, Forms, Keep};
use serde::Deserialize;

#[derive(Deserialize)]
#[expect(dead_code, reason = "read and dropped")]
struct Entity<'b> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'b, str>,
    #[serde(borrow)]
    id: Cow<'b, str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read and dropped")]
struct Action<'b> {
    #[serde(borrow)]
    name: Cow<'b, str>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read and dropped")]
struct Asked<'b> {
    #[serde(borrow)]
    subject: Option<Entity<'b>>,
    #[serde(borrow)]
    action: Option<Action<'b>>,
    #[serde(borrow)]
    resource: Option<Entity<'b>>,
}

#[derive(Deserialize)]
struct Many<'b> {
    #[serde(borrow)]
    evaluations: Vec<Asked<'b>>,
}

/// The fastest of many rounds of each, in nanoseconds.
fn race(what: &str, ours: impl Fn(), derived: impl Fn()) {
    let mut best = [f64::MAX; 2];
    let runs: [&dyn Fn(); 2] = [&ours, &derived];
    for _ in 0..200 {
        for (best, run) in best.iter_mut().zip(runs) {
            let begun = Instant::now();
            for _ in 0..100 {
                run();
            }
            *best = best.min(begun.elapsed().as_nanos() as f64 / 100.0);
        }
    }
    let [ours, derived] = best;
    println!("{what:<46} {ours:>9.0} ns {derived:>9.0} ns {:>6.2}", ours / derived);
}

fn main() {
    println!("{:<46} {:>12} {:>12} {:>6}", "", "ours", "derived", "ratio");
    let item = |at: usize, more: &str| {
        format!(
            r#"{{"subject":{{"type":"user","id":"member-{at}@acme.example"}},"action":{{"name":"update"}},"resource":{{"type":"sync","id":"object-{at}"{more}}}}}"#
        )
    };
    let properties = r#","properties":{"labels":{"team":"marketing"},"size":7}"#;
    for (name, more) in [("names", ""), ("properties", properties)] {
        let one = item(7, more);
        race(
            &format!("one evaluation, {name}, {} bytes", one.len()),
            || drop(black_box(Evaluation::read(one.as_bytes(), Forms::ObjectsOnly, Keep::Names).unwrap())),
            || drop(black_box(serde_json::from_slice::<Asked<'_>>(one.as_bytes()).unwrap())),
        );
        let items: Vec<String> = (0..90).map(|at| item(at, more)).collect();
        let many = format!("{{\"evaluations\":[{}]}}", items.join(","));
        race(
            &format!("90 evaluations, {name}, {} bytes", many.len()),
            || drop(black_box(Evaluations::read(many.as_bytes(), Keep::Names, 1_000).unwrap())),
            || drop(black_box(serde_json::from_slice::<Many<'_>>(many.as_bytes()).unwrap().evaluations)),
        );
        let faulty = many.replacen("\"update\"", "5", 1);
        race(
            &format!("the same with one fault, {name}"),
            || drop(black_box(Evaluations::read(faulty.as_bytes(), Keep::Names, 1_000).unwrap())),
            || drop(black_box(serde_json::from_slice::<Many<'_>>(many.as_bytes()).unwrap().evaluations)),
        );
        race(
            &format!("the same, kept, {name}"),
            || drop(black_box(Evaluations::read(many.as_bytes(), Keep::Properties, 1_000).unwrap())),
            || drop(black_box(serde_json::from_slice::<Many<'_>>(many.as_bytes()).unwrap().evaluations)),
        );
    }
    let answer = || {
        let mut out = Vec::with_capacity(4_096);
        let mut decisions = Decisions::begin(&mut out);
        (0..90).for_each(|at| decisions.decision(at % 3 == 0, None));
        decisions.end();
        black_box(out);
    };
    race("writing 90 decisions (beside itself)", answer, answer);
}
