//! Times checks that conditions decide: on stored objects, on what a request brings, on who asks; and edits of labels.
//!
//! `cargo run --release -p portcullis-benches --bin time-conditions -- [OBJECTS [CONDITIONS]]`; some sizes around (100,000 objects, 100 distinct
//! conditions) when none are named. A thousand members hold one to three of as many roles as there are conditions; each role allows
//! to update the syncs of one team. Every decision is compared with what the labels say before it is timed.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use portcullis::{Question, Snapshot, Writer};
use portcullis_benches::Trouble;
use portcullis_benches::arguments::{number, obey, unlike};
use portcullis_benches::floor::Walk;
use portcullis_benches::labels::{How, Labels};

const USAGE: &str = "time-conditions [OBJECTS [CONDITIONS]]";
const QUESTIONS: usize = 1 << 16;
/// How many questions are asked at once, where many are.
const TOGETHER: usize = 1_024;
const ROUNDS: usize = 9;
const EDITS: usize = 500;

fn main() -> ExitCode {
    obey(USAGE, |words| {
        let sizes = match words {
            [] => vec![
                (1_000, 100),
                (100_000, 100),
                (1_000_000, 100),
                (100_000, 1),
                (100_000, 10),
                (100_000, 1_000),
            ],
            [objects] => vec![(number("OBJECTS", objects, 1..=4_000_000)?, 100)],
            [objects, conditions] => vec![(
                number("OBJECTS", objects, 1..=4_000_000)?,
                number("CONDITIONS", conditions, 1..=60_000)?,
            )],
            more => return Err(unlike(USAGE, more)),
        };
        sizes.into_iter().try_for_each(|(objects, conditions)| tell(objects, conditions))
    })
}

fn tell(objects: usize, conditions: usize) -> Result<(), Trouble> {
    let mut labels = Labels::new(objects, conditions);
    let begun = Instant::now();
    let workspace = labels.workspace()?;
    let described = begun.elapsed();
    let begun = Instant::now();
    let (snapshot, _) = workspace.compile()?;
    println!(
        "{objects} objects, {conditions} conditions: described in {described:.0?}, compiled in {:.0?}, {:.1} bytes an object",
        begun.elapsed(),
        snapshot.bytes() as f64 / objects as f64
    );
    drop(workspace);

    let stream = labels.questions(QUESTIONS)?;
    for (what, action, kind, how, always) in [
        ("a stored object, by its class", "update", "sync", How::Bare, false),
        ("a stored object, the same labels sent", "update", "sync", How::Sent, false),
        ("an object that is not stored, labels sent", "update", "sync", How::Unknown, false),
        ("a stored object, by what is stored of who asks", "read", "sync", How::Bare, false),
        ("without conditions", "read", "model", How::Bare, true),
    ] {
        for (question, expected) in stream.questions(action, kind, how) {
            if snapshot.decide(&question).is_allowed() != (expected || always) {
                return Err(format!("{what}: {question:?} is not decided as the labels say").into());
            }
        }
        let one_by_one = timed(|| {
            let questions = stream.questions(action, kind, how);
            questions.filter(|(question, _)| snapshot.decide(question).is_allowed()).count()
        });
        let questions: Vec<Question<'_>> =
            stream.questions(action, kind, how).map(|(question, _)| question).collect();
        let answers = questions.chunks(TOGETHER).flat_map(|questions| snapshot.decide_all(questions));
        if !answers.eq(questions.iter().map(|question| snapshot.decide(question))) {
            return Err(format!("{what}: many together are not decided as one by one").into());
        }
        let together = timed(|| {
            let answers = questions.chunks(TOGETHER).map(|questions| snapshot.decide_all(questions));
            answers.flatten().filter(|decision| decision.is_allowed()).count()
        });
        println!("  {what:>46}: {one_by_one:>7.1} ns, {TOGETHER} together {together:>7.1} ns each");
    }
    println!("  {:>46}: {:>7.1} ns", "a dependent load from 64 MiB", Walk::new(64 << 20).step(1 << 18));
    edits(snapshot, &mut labels)
}

/// The median of what some passes over all questions take, in nanoseconds a question.
fn timed(pass: impl Fn() -> usize) -> f64 {
    let mut took: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            black_box(pass());
            begun.elapsed().as_nanos() as f64 / QUESTIONS as f64
        })
        .collect();
    took.sort_unstable_by(f64::total_cmp);
    took.get(ROUNDS / 2).copied().unwrap_or_default()
}

fn edits(snapshot: Snapshot, labels: &mut Labels) -> Result<(), Trouble> {
    let begun = Instant::now();
    let mut writer = Writer::new(snapshot);
    let made = begun.elapsed();
    let mut reader = writer.reader();
    let mut took = Vec::with_capacity(EDITS);
    for _ in 0..EDITS {
        let (object, team) = labels.any_object()?;
        let begun = Instant::now();
        writer.put_object("sync", &object, team)?;
        writer.publish();
        took.push(begun.elapsed());
        black_box(reader.snapshot());
    }
    took.sort_unstable();
    let median = took.get(EDITS / 2).copied().unwrap_or_default();
    let worst = took.last().copied().unwrap_or_default();
    println!(
        "  the writer is made in {made:.0?}; other labels, published: median {median:.1?}, longest {worst:.1?}"
    );
    Ok(())
}
