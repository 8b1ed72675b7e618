//! Checks where names, members and rows no longer lie in the cache: a million members, with 5 and with 10,000 roles.
//!
//! A sample of the decisions is compared with the reference before anything is timed, and all entries with each other. Two streams of
//! random questions about all members: 65,536, whose slots the cache may come to hold, and 1,048,576, whose slots it cannot. Figures are
//! nanoseconds a check, to be read beside what a load from memory costs in the same run. `cargo bench -p portcullis-benches --bench scale`; SCALE_MEMBERS names another number of members.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portcullis::matrix::{Permission, Subject, Verdict};
use portcullis::{Decision, Snapshot};
use portcullis_benches::Trouble;
use portcullis_benches::arguments::count;
use portcullis_benches::crowd::Crowd;
use portcullis_benches::floor::Walk;

/// How many roles there are.
const ROLES: [usize; 2] = [5, 10_000];

/// How long the streams are.
const STREAMS: [usize; 2] = [1 << 16, 1 << 20];

/// How many questions are answered together by the batches.
const BATCH: usize = 1_024;

/// What a load from memory costs in this very run, since machines have moods: a walk through 64 MiB in which each step waits for
/// the one before.
fn floor(criterion: &mut Criterion) {
    const STEPS: usize = 1 << 16;
    let mut walk = Walk::new(64 << 20);
    let mut group = criterion.benchmark_group("the floor");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(15);
    group.bench_function("a load from 64 MiB that waits for the last", |bencher| {
        bencher.iter(|| walk.step(STEPS));
    });
    group.finish();
}

fn scale(criterion: &mut Criterion) {
    for roles in ROLES {
        if let Err(trouble) = at_size(criterion, roles) {
            eprintln!("{roles} roles: {trouble}");
            std::process::exit(2);
        }
    }
}

/// Verifies and times one size.
fn at_size(criterion: &mut Criterion, roles: usize) -> Result<(), Trouble> {
    let members =
        std::env::var("SCALE_MEMBERS").map_or(Ok(1_000_000), |text| count("SCALE_MEMBERS", &text, 1))?;
    let crowd = Crowd::new(members, roles)?;
    let (snapshot, _) = crowd.workspace()?.compile()?;
    let allowed = crowd.verify(&snapshot)?;
    let sets = snapshot.matrix().sets();
    println!(
        "{members} members, {roles} roles, {sets} sets: a sample equals the reference's, {allowed} of it allow"
    );
    for count in STREAMS {
        let stream = crowd.stream(count);
        timed(
            criterion,
            &format!("{members} members, {roles} roles, {count} questions"),
            &snapshot,
            &stream.questions(),
        )?;
    }
    Ok(())
}

fn timed(
    criterion: &mut Criterion,
    title: &str,
    snapshot: &Snapshot,
    questions: &[(&str, &str, &str)],
) -> Result<(), Trouble> {
    let handles = agreed(snapshot, questions)?;
    let matrix = snapshot.matrix();
    let mut group = criterion.benchmark_group(title);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(15);

    group.throughput(Throughput::Elements(handles.len() as u64));
    group.bench_function("typed: verdict", |bencher| {
        bencher.iter(|| {
            let verdicts = handles.iter().map(|&(subject, permission)| matrix.check(subject, permission));
            verdicts.map(|verdict| u32::from(verdict == Verdict::Allow)).sum::<u32>()
        });
    });
    group.bench_function("typed: decision with reason", |bencher| {
        bencher.iter(|| {
            let decisions =
                handles.iter().map(|&(subject, permission)| snapshot.check_handles(subject, permission));
            decisions.map(|decision| u32::from(decision.is_allowed())).sum::<u32>()
        });
    });
    group.throughput(Throughput::Elements(questions.len() as u64));
    group.bench_function("three strings, one by one", |bencher| {
        bencher.iter(|| {
            let asked = questions.iter();
            let decisions =
                asked.map(|(subject, action, resource)| snapshot.check(subject, action, resource));
            decisions.map(|decision| u32::from(decision.is_allowed())).sum::<u32>()
        });
    });
    let mut decisions = vec![Decision::default(); BATCH];
    group.bench_function("three strings, staged batches", |bencher| {
        bencher.iter(|| {
            for batch in questions.chunks(BATCH) {
                snapshot.check_many(batch, &mut decisions);
                black_box(&decisions);
            }
        });
    });
    group.finish();
    Ok(())
}

/// Handles for those questions that have them, once all entries have given the same answers.
fn agreed(
    snapshot: &Snapshot,
    questions: &[(&str, &str, &str)],
) -> Result<Vec<(Subject, Permission)>, Trouble> {
    let mut together = vec![Decision::default(); questions.len()];
    snapshot.check_many(questions, &mut together);
    let mut handles = Vec::with_capacity(questions.len());
    for (&(subject, action, resource), staged) in questions.iter().zip(together) {
        let by_name = snapshot.check(subject, action, resource);
        let typed = snapshot.subject(subject).zip(snapshot.permission(action, resource).ok());
        let by_handle = typed.map(|(subject, permission)| snapshot.check_handles(subject, permission));
        if by_name != staged || by_handle.is_some_and(|decision| decision != by_name) {
            return Err(format!("the entries disagree on {subject} {action} {resource}").into());
        }
        handles.extend(typed);
    }
    Ok(handles)
}

criterion_group!(benches, floor, scale);
criterion_main!(benches);
