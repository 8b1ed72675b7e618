//! Checks: typed handles, strings, batches, explanations and searches, at several sizes.
//!
//! Every stream is compared with the reference before it is timed. Figures are nanoseconds a check over a
//! stream of 65,536 random questions; `cargo bench -p portcullis-benches --bench checks`.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portcullis::Snapshot;
use portcullis::matrix::{Permission, Subject, Verdict};
use portcullis_benches::{QUESTIONS, Trouble, Workload};

/// The sizes: (members, roles).
const SIZES: &[(usize, usize)] = &[(1_000, 5), (1_000, 10_000)];

/// Handles for those questions of a stream that have them, as many as the stream is long.
fn handles(snapshot: &Snapshot, questions: &[(&str, &str, &str)]) -> Vec<(Subject, Permission)> {
    let prepared = questions.iter().filter_map(|(subject, action, resource)| {
        Some((snapshot.subject(subject)?, snapshot.permission(action, resource).ok()?))
    });
    let prepared: Vec<_> = prepared.collect();
    prepared.iter().copied().cycle().take(QUESTIONS).collect()
}

fn checks(criterion: &mut Criterion) {
    for &(members, roles) in SIZES {
        if let Err(trouble) = at_size(criterion, members, roles) {
            eprintln!("{members} members, {roles} roles: {trouble}");
            std::process::exit(2);
        }
    }
}

/// Verifies and times one size.
fn at_size(criterion: &mut Criterion, members: usize, roles: usize) -> Result<(), Trouble> {
    let workload = Workload::new(members, roles)?;
    // The reference loops over all groups for every question: of large workspaces it verifies a prefix.
    let verified = if members * roles > 10_000 { 1_024 } else { QUESTIONS };
    let allowed = workload.verify(verified)?;
    println!(
        "{members} members, {roles} roles: {verified} decisions equal the reference's, {allowed} of them allow"
    );
    let snapshot = &workload.snapshot;
    let questions = workload.questions();
    let stream = handles(snapshot, &questions);
    let matrix = snapshot.matrix();
    for (id, action, resource) in &questions {
        let by_name = snapshot.check(id, action, resource).is_allowed();
        let handles = snapshot.subject(id).zip(snapshot.permission(action, resource).ok());
        if handles.is_some_and(|(subject, it)| snapshot.check_handles(subject, it).is_allowed()) != by_name {
            return Err(format!("handles and names disagree on {id} {action} {resource}").into());
        }
    }
    let (refused, admitted): (Vec<_>, Vec<_>) = questions
        .iter()
        .copied()
        .partition(|(_, action, resource)| snapshot.permission(action, resource).is_err());
    println!("{} of the questions are on pairs that the schema does not admit", refused.len());
    let mut group = criterion.benchmark_group(format!("{members} members, {roles} roles"));
    group.throughput(Throughput::Elements(QUESTIONS as u64)).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_secs(1)).sample_size(20);

    group.bench_function("typed: verdict", |bencher| {
        bencher.iter(|| {
            let verdicts = stream.iter().map(|&(subject, permission)| matrix.check(subject, permission));
            verdicts.map(|verdict| u32::from(verdict == Verdict::Allow)).sum::<u32>()
        });
    });
    group.bench_function("typed: decision with reason", |bencher| {
        bencher.iter(|| {
            let decisions =
                stream.iter().map(|&(subject, permission)| snapshot.check_handles(subject, permission));
            decisions.map(|decision| u32::from(decision.is_allowed())).sum::<u32>()
        });
    });
    let (subjects, permissions): (Vec<Subject>, Vec<Permission>) = stream.iter().copied().unzip();
    let mut granted = vec![0_u64; QUESTIONS / 64];
    let mut open = vec![0_u64; QUESTIONS / 64];
    group.bench_function("typed: batch", |bencher| {
        bencher.iter(|| {
            snapshot.check_batch(&subjects, &permissions, &mut granted, &mut open);
            black_box(&granted);
        });
    });
    group.bench_function("three strings", |bencher| {
        bencher.iter(|| {
            let asked = questions.iter();
            let decisions =
                asked.map(|(subject, action, resource)| snapshot.check(subject, action, resource));
            decisions.map(|decision| u32::from(decision.is_allowed())).sum::<u32>()
        });
    });
    group.throughput(Throughput::Elements(admitted.len() as u64));
    group.bench_function("three strings, admitted pairs", |bencher| {
        bencher.iter(|| {
            let asked = admitted.iter();
            let decisions =
                asked.map(|(subject, action, resource)| snapshot.check(subject, action, resource));
            decisions.map(|decision| u32::from(decision.is_allowed())).sum::<u32>()
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("explain", |bencher| {
        // Of members: for a stranger it would be the search for a name like theirs that is timed.
        let known = questions.iter().filter(|(subject, _, _)| snapshot.subject(subject).is_some());
        let mut asked = known.cycle();
        bencher.iter(|| {
            let Some((subject, action, resource)) = asked.next() else { return 0 };
            let question = portcullis::Question::new(subject, action, resource);
            snapshot.explain(&question).determining.len()
        });
    });
    group.bench_function("who may update syncs", |bencher| {
        bencher.iter(|| snapshot.who("update", "sync").map_or(0, |found| found.len()));
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, checks);
criterion_main!(benches);
