//! Times what conditions decide: checks on stored objects, on what a request brings, on who asks; searches and plans; edits of labels.
//!
//! `cargo run --release -p portcullis-benches --bin time-conditions -- [OBJECTS [CONDITIONS]]`; some sizes around (100,000 objects, 100 distinct
//! conditions) when none are named. A thousand members hold one to three of as many roles as there are conditions; each role allows
//! to update the syncs of one team. Every decision is compared with what the labels say before it is timed.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use portcullis::plan::Plan;
use portcullis::{Question, Snapshot, Writer};
use portcullis_benches::Trouble;
use portcullis_benches::arguments::{number, obey, unlike};
use portcullis_benches::floor::Walk;
use portcullis_benches::labels::{How, Labels, address};

const USAGE: &str = "time-conditions [OBJECTS [CONDITIONS]]";
const QUESTIONS: usize = 1 << 16;
/// How many questions are asked at once, where many are.
const TOGETHER: usize = 1_024;
const ROUNDS: usize = 9;
const EDITS: usize = 500;
const SEARCHES: usize = 15;

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
    searches(&snapshot)?;
    edits(snapshot, &mut labels)
}

/// Times questions that have no object, or no subject, each held against checks before.
fn searches(snapshot: &Snapshot) -> Result<(), Trouble> {
    let members: Vec<String> = (0..SEARCHES).map(|member| address(member * 31)).collect();
    let objects: Vec<&str> = snapshot.objects_of("sync").collect();
    let may = |member: &str, object: &str| {
        let question = Question { object: Some(object), ..Question::new(member, "update", "sync") };
        snapshot.decide(&question).is_allowed()
    };
    let listed = |member: &str| {
        Ok::<_, Trouble>(
            snapshot.objects_for(member, "update", "sync").map_err(|reason| reason.to_string())?.allowed,
        )
    };
    if let Some(member) = members.first() {
        let mut checked: Vec<&str> = objects.iter().copied().filter(|object| may(member, object)).collect();
        checked.sort_unstable();
        if listed(member)? != checked {
            return Err(
                format!("the objects that {member} may update are not those that checks allow").into()
            );
        }
    }
    let mut found = 0;
    let took = each(&members, |member| {
        found += listed(member)?.len();
        Ok(())
    })?;
    println!(
        "  {:>46}: {took:>9.1?}, {} a search",
        "which of all objects a member may update",
        found / SEARCHES
    );

    let asked = |object: &&str| {
        let question = Question { object: Some(object), ..Question::new("", "update", "sync") };
        Ok::<_, Trouble>(snapshot.who_on(&question).map_err(|reason| reason.to_string())?.allowed)
    };
    let some: Vec<&str> = objects.iter().copied().step_by(objects.len().div_ceil(SEARCHES)).collect();
    if let Some(object) = some.first() {
        let mut checked: Vec<&str> = snapshot.members().filter(|member| may(member, object)).collect();
        checked.sort_unstable();
        if asked(object)? != checked {
            return Err(format!("those who may update {object} are not those whom checks allow").into());
        }
    }
    let mut found = 0;
    let took = each(&some, |object| {
        found += asked(object)?.len();
        Ok(())
    })?;
    println!(
        "  {:>46}: {took:>9.1?}, {} a search",
        "which of 1,000 members may update an object",
        found / some.len()
    );

    for (action, what) in [("update", "by labels"), ("read", "by what is stored of who asks")] {
        let mut conditional = 0;
        let took = each(&members, |member| {
            let plan = snapshot.plan(&Question::new(member, action, "sync"))?;
            conditional += usize::from(matches!(plan, Plan::Conditional(_)));
            Ok(())
        })?;
        println!("  {:>46}: {took:>9.1?}, {conditional} of {SEARCHES} conditional", format!("a plan {what}"));
    }
    Ok(())
}

/// The median of what it takes to do something with each.
fn each<T>(all: &[T], mut deed: impl FnMut(&T) -> Result<(), Trouble>) -> Result<Duration, Trouble> {
    let mut took = Vec::with_capacity(all.len());
    for one in all {
        let begun = Instant::now();
        deed(one)?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    Ok(took.get(took.len() / 2).copied().unwrap_or_default())
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
