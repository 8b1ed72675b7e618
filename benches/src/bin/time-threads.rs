//! Whether threads that share one snapshot are as fast together as threads that have one each.
//!
//! `cargo run --release -p portcullis-benches --bin time-threads -- [MEMBERS [ROUNDS]]`; with 1,000 and with 100,000 members when none are
//! named. Two threads ask without a pause, of one snapshot and of a private copy each, compiled by itself, in turns within one
//! run: what shares a count or a line of cache in the hot path shows as a ratio below 1. Through readers, a third
//! thread publishes [`EDITS`] edits a second meanwhile: of the one workspace, or of both in turn, so that as much is written. Medians of
//! all rounds; the target is 0.95. Two threads need two cores that nobody else uses.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use portcullis::matrix::{Permission, Subject, Verdict};
use portcullis::{Decision, Reader, Snapshot, Writer};
use portcullis_benches::Trouble;
use portcullis_benches::arguments::{count, obey, unlike};
use portcullis_benches::crowd::{Crowd, address};
use portcullis_benches::stream::Stream;

const THREADS: usize = 2;
/// Questions of each thread's stream, and of a batch.
const STREAM: usize = 1 << 14;
const BATCH: usize = 1_024;
/// How long threads ask before they are counted.
const TURN: Duration = Duration::from_millis(60);
/// Publications a second, of one edit each.
const EDITS: u32 = 500;
/// Edits go round so many members, the fewest that a workspace here has.
const LEAST: usize = 48;

/// Asks a stream once.
type Ask<'a> = Box<dyn FnMut() + Send + 'a>;

const USAGE: &str = "time-threads [MEMBERS [ROUNDS]]";

fn main() -> ExitCode {
    obey(USAGE, |words| {
        let (sizes, rounds) = match words {
            [] => (vec![1_000, 100_000], 21),
            [members] => (vec![count("MEMBERS", members, LEAST)?], 21),
            [members, rounds] => (vec![count("MEMBERS", members, LEAST)?], count("ROUNDS", rounds, 1)?),
            more => return Err(unlike(USAGE, more)),
        };
        println!("{THREADS} threads, {rounds} rounds in turns, millions of checks a second, medians");
        sizes.into_iter().try_for_each(|members| at_size(members, rounds))
    })
}

/// What one thread asks: its own questions, by name and by handle.
struct Asked<'s> {
    named: Vec<(&'s str, &'s str, &'s str)>,
    /// Those that have handles, under each copy.
    handles: Vec<Vec<(Subject, Permission)>>,
}

fn at_size(members: usize, rounds: usize) -> Result<(), Trouble> {
    println!("{members} members, 5 roles");
    let crowd = Crowd::new(members, 5)?;
    let workspace = crowd.workspace()?;
    let mut copies = Vec::new();
    for _ in 0..THREADS {
        copies.push(Arc::new(workspace.compile()?.0));
    }
    // Streams of other lengths are other streams, of which each thread asks as many questions.
    let streams: Vec<Stream> = (0..THREADS).map(|thread| crowd.stream(STREAM + thread)).collect();
    let asked: Vec<Asked<'_>> = streams.iter().map(|stream| asked(stream, &copies)).collect();
    for one in &asked {
        agree(one, &copies)?;
    }
    compare("typed verdict", rounds, |thread, copy| {
        let (snapshot, handles) = typed(&asked, &copies, thread, copy)?;
        asks(move || {
            let verdicts = handles.iter().map(|&(s, p)| snapshot.matrix().check(s, p));
            black_box(verdicts.filter(|verdict| *verdict == Verdict::Allow).count());
        })
    });
    compare("typed decision", rounds, |thread, copy| {
        let (snapshot, handles) = typed(&asked, &copies, thread, copy)?;
        asks(move || {
            let decisions = handles.iter().map(|&(s, p)| snapshot.check_handles(s, p));
            black_box(decisions.filter(|decision| decision.is_allowed()).count());
        })
    });
    compare("three strings", rounds, |thread, copy| {
        let (snapshot, named) = by_name(&asked, &copies, thread, copy)?;
        asks(move || {
            let decisions = named.iter().map(|(s, a, r)| snapshot.check(s, a, r));
            black_box(decisions.filter(|decision| decision.is_allowed()).count());
        })
    });
    compare("strings in batches", rounds, |thread, copy| {
        let (snapshot, named) = by_name(&asked, &copies, thread, copy)?;
        let mut decisions = vec![Decision::default(); BATCH];
        asks(move || {
            for batch in named.chunks(BATCH) {
                snapshot.check_many(batch, &mut decisions);
                black_box(&decisions);
            }
        })
    });
    while_edited(&asked, &copies, rounds);
    Ok(())
}

/// The questions of a stream, as many for every thread.
fn asked<'s>(stream: &'s Stream, copies: &[Arc<Snapshot>]) -> Asked<'s> {
    let mut named = stream.questions();
    named.truncate(STREAM);
    let under = |snapshot: &Arc<Snapshot>| {
        let handle =
            |(s, a, r): &(&str, &str, &str)| Some((snapshot.subject(s)?, snapshot.permission(a, r).ok()?));
        let found: Vec<_> = named.iter().filter_map(handle).collect();
        found.iter().copied().cycle().take(STREAM).collect()
    };
    Asked { handles: copies.iter().map(under).collect(), named }
}

/// All copies answer alike, by names and by handles.
fn agree(asked: &Asked<'_>, copies: &[Arc<Snapshot>]) -> Result<(), Trouble> {
    let allowed = |snapshot: &Arc<Snapshot>| -> Vec<bool> {
        asked.named.iter().map(|(s, a, r)| snapshot.check(s, a, r).is_allowed()).collect()
    };
    let typed = |(snapshot, handles): (&Arc<Snapshot>, &Vec<(Subject, Permission)>)| -> Vec<bool> {
        handles.iter().map(|&(s, p)| snapshot.check_handles(s, p).is_allowed()).collect()
    };
    let by_name: Vec<_> = copies.iter().map(allowed).collect();
    let by_handle: Vec<_> = copies.iter().zip(&asked.handles).map(typed).collect();
    let same = |all: &[Vec<bool>]| all.windows(2).all(|two| two.first() == two.last());
    let some =
        by_name.iter().chain(&by_handle).all(|answers| answers.contains(&true) && answers.contains(&false));
    if same(&by_name) && same(&by_handle) && some {
        return Ok(());
    }
    Err("the copies of the snapshot do not answer alike, or all answers are the same".into())
}

type Named<'a> = [(&'a str, &'a str, &'a str)];

/// A copy and what a thread asks of it by handles.
fn typed<'a>(
    asked: &'a [Asked<'_>],
    copies: &'a [Arc<Snapshot>],
    thread: usize,
    copy: usize,
) -> Option<(&'a Snapshot, &'a [(Subject, Permission)])> {
    Some((copies.get(copy)?, asked.get(thread)?.handles.get(copy)?))
}

/// A copy and what a thread asks of it by names.
fn by_name<'a>(
    asked: &'a [Asked<'a>],
    copies: &'a [Arc<Snapshot>],
    thread: usize,
    copy: usize,
) -> Option<(&'a Snapshot, &'a Named<'a>)> {
    Some((copies.get(copy)?, &asked.get(thread)?.named))
}

fn asks<'a>(ask: impl FnMut() + Send + 'a) -> Option<Ask<'a>> {
    Some(Box::new(ask))
}

/// What every thread asks when they share one copy, and when each has its own.
fn shared<'a>(one: usize, ask: impl Fn(usize, usize) -> Option<Ask<'a>>) -> Vec<Ask<'a>> {
    (0..THREADS).filter_map(|thread| ask(thread, one)).collect()
}

fn private<'a>(ask: impl Fn(usize, usize) -> Option<Ask<'a>>) -> Vec<Ask<'a>> {
    (0..THREADS).filter_map(|thread| ask(thread, thread)).collect()
}

/// Times one entry in both ways, round by round: `ask` makes what a thread asks of a copy.
fn compare<'a>(entry: &str, rounds: usize, ask: impl Fn(usize, usize) -> Option<Ask<'a>>) {
    let (mut together, mut apart, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // The copy that is shared, and who begins, take turns.
        let one = round % THREADS;
        if (round / THREADS).is_multiple_of(2) {
            together.push(rate(shared(one, &ask)));
            apart.push(rate(private(&ask)));
        } else {
            apart.push(rate(private(&ask)));
            together.push(rate(shared(one, &ask)));
        }
        alone.push(rate(ask(0, one).into_iter().collect()));
    }
    tell(entry, &mut together, &mut apart, Some(&mut alone));
}

fn tell(entry: &str, together: &mut [f64], apart: &mut [f64], alone: Option<&mut [f64]>) {
    let (shared, private) = (median(together), median(apart));
    let alone = alone.map_or(String::new(), |alone| format!(", one thread {:.1}", median(alone)));
    println!(
        "{entry:>28}: {shared:.1} shared, {private:.1} private{alone}; shared to private {:.3}",
        shared / private
    );
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Millions of questions a second of all threads together, each of which asks its stream again and again for one turn.
fn rate(asks: Vec<Ask<'_>>) -> f64 {
    let start = Barrier::new(asks.len());
    let turn = |mut ask: Ask<'_>| {
        ask();
        start.wait();
        let (begun, mut times) = (Instant::now(), 0_u32);
        while begun.elapsed() < TURN {
            ask();
            times += 1;
        }
        f64::from(times) * STREAM as f64 / begun.elapsed().as_secs_f64() / 1e6
    };
    std::thread::scope(|scope| {
        let turn = &turn;
        let threads: Vec<_> = asks.into_iter().map(|ask| scope.spawn(move || turn(ask))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).sum()
    })
}

/// The same through readers, while somebody edits.
fn while_edited(asked: &[Asked<'_>], copies: &[Arc<Snapshot>], rounds: usize) {
    let mut writers: Vec<Writer> = copies.iter().map(|copy| Writer::new(Arc::clone(copy))).collect();
    let readers: Vec<Reader> = writers.iter().map(Writer::reader).collect();
    for (entry, by_handle) in [("by readers, typed decision", true), ("by readers, three strings", false)] {
        let ask = |thread: usize, copy: usize| {
            let mut reader = readers.get(copy)?.clone();
            if by_handle {
                let (_, handles) = typed(asked, copies, thread, copy)?;
                return asks(move || {
                    let decisions = handles.iter().map(|&(s, p)| reader.check_handles(s, p));
                    black_box(decisions.filter(|decision| decision.is_allowed()).count());
                });
            }
            let (_, named) = by_name(asked, copies, thread, copy)?;
            asks(move || {
                let decisions = named.iter().map(|(s, a, r)| reader.check(s, a, r));
                black_box(decisions.filter(|decision| decision.is_allowed()).count());
            })
        };
        let (mut together, mut apart) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let one = round % THREADS;
            let shares_first = (round / THREADS).is_multiple_of(2);
            for is_shared in [shares_first, !shares_first] {
                if is_shared {
                    together.push(edited(writers.get_mut(one..=one).unwrap_or_default(), shared(one, ask)));
                } else {
                    apart.push(edited(&mut writers, private(ask)));
                }
            }
        }
        tell(entry, &mut together, &mut apart, None);
    }
}

/// The rate while a thread edits these workspaces in turn, so many edits a second in all.
fn edited(writers: &mut [Writer], asks: Vec<Ask<'_>>) -> f64 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let begun = Instant::now();
            for edit in 0_u32.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let place = (edit as usize).checked_rem(writers.len());
                if let Some(writer) = place.and_then(|place| writers.get_mut(place)) {
                    let role = if edit / 2 % 2 == 0 { "admin" } else { "editor" };
                    let edited = writer.set_member_role(&address(edit as usize % LEAST), role);
                    debug_assert!(edited.is_ok(), "everybody has a role to change");
                    writer.publish();
                }
                let next = Duration::from_secs(1) / EDITS * (edit + 1);
                std::thread::sleep(next.saturating_sub(begun.elapsed()));
            }
        });
        let rate = rate(asks);
        done.store(true, Ordering::Relaxed);
        rate
    })
}
