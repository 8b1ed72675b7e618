//! How versions are handed from one thread to many, over locks that try every order of events.
//!
//! `writer/publish.rs` is compiled here a second time. The names in `crate::sync` are shuttle's: each lock, count and load
//! is a place where another thread may go on, and a scheduler chooses which. Exhaustively where there are few
//! enough orders, else at random and with the priorities of Burckhardt et al. (2010), which find what needs few
//! but unlucky changes of thread. `PORTCULLIS_LONG=1` tries fifty times as many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

#[path = "../src/writer/publish.rs"]
mod publish;

use std::cell::Cell;
use std::sync::Mutex as Plain;

use publish::{Publisher, Subscriber};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::{self, ThreadId};
use shuttle::{Config, MaxSteps, Runner};
use sync::{Arc, AtomicU64, Ordering};

thread_local! {
    /// Whether giving up and taking a reference are places where threads change. All threads of a run are one
    /// thread of the machine.
    static FINE: Cell<bool> = const { Cell::new(true) };
}

mod sync {
    pub(crate) use shuttle::hint::spin_loop as pause;
    pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use shuttle::sync::{Mutex, RwLock, TryLockError};

    /// The counted reference of the standard library, before each of whose counts another thread may go on: shuttle
    /// has it as it is.
    #[derive(Debug)]
    pub(crate) struct Arc<T>(std::sync::Arc<Counted<T>>);

    #[derive(Debug)]
    struct Counted<T> {
        turn: AtomicU64,
        value: T,
    }

    impl<T> Arc<T> {
        pub(crate) fn new(value: T) -> Self {
            Arc(std::sync::Arc::new(Counted { turn: AtomicU64::new(0), value }))
        }

        pub(crate) fn strong_count(this: &Self) -> usize {
            this.turn();
            std::sync::Arc::strong_count(&this.0)
        }

        /// Nothing lies between this and the count that follows it.
        fn turn(&self) {
            if super::FINE.get() && !std::thread::panicking() {
                self.0.turn.load(Ordering::SeqCst);
            }
        }
    }

    impl<T> Clone for Arc<T> {
        fn clone(&self) -> Self {
            self.turn();
            Arc(std::sync::Arc::clone(&self.0))
        }
    }

    impl<T> Drop for Arc<T> {
        fn drop(&mut self) {
            self.turn();
        }
    }

    impl<T> std::ops::Deref for Arc<T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0.value
        }
    }
}

/// Who freed which value.
type Freed = std::sync::Arc<Plain<Vec<(u64, ThreadId)>>>;

/// A value that tells who frees it.
#[derive(Debug)]
struct Value {
    number: u64,
    freed: Freed,
}

impl Drop for Value {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.freed.lock().unwrap().push((self.number, thread::current().id()));
        }
    }
}

/// What a reader must see at least: what was announced, and what somebody else has seen.
#[derive(Debug)]
struct Floor {
    /// Stored after `publish` has returned.
    announced: AtomicU64,
    /// The newest that any reader has seen.
    seen: AtomicU64,
}

impl Floor {
    fn new() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Floor { announced: AtomicU64::new(0), seen: AtomicU64::new(0) })
    }
}

/// Looks so many times; no look goes back. The value seen last.
fn look(reader: &mut Subscriber<Value>, floor: &Floor, times: usize) -> u64 {
    let mut last = reader.pinned().number;
    for _ in 0..times {
        let announced = floor.announced.load(Ordering::SeqCst);
        let others = floor.seen.load(Ordering::SeqCst);
        let newest = reader.newest();
        let (number, freed) = (newest.number, newest.freed.lock().unwrap().clone());
        assert!(number >= last, "a reader saw {last} and then {number}");
        assert!(number >= announced, "{announced} was published, and a reader saw {number}");
        assert!(number >= others, "{others} was seen by another reader, and then {number}");
        assert!(freed.iter().all(|(gone, _)| *gone != number), "{number} is gone while it is read");
        assert_eq!(reader.pinned().number, number);
        floor.seen.fetch_max(number, Ordering::SeqCst);
        last = number;
    }
    last
}

/// No thread but these has freed anything.
fn freed_by(freed: &Freed, who: &[ThreadId]) {
    for (number, by) in freed.lock().unwrap().iter() {
        assert!(who.contains(by), "{number} was freed by {by:?}");
    }
}

/// The numbers of all values that are gone.
fn gone(freed: &Freed) -> Vec<u64> {
    let mut gone: Vec<u64> = freed.lock().unwrap().iter().map(|(number, _)| *number).collect();
    gone.sort_unstable();
    gone
}

fn value(number: u64, freed: &Freed) -> Arc<Value> {
    Arc::new(Value { number, freed: Freed::clone(freed) })
}

/// `readers` look while this thread publishes; then it publishes on while they look again, one after the other.
fn readers_and_a_publisher(readers: usize, looks: usize, publications: u64) {
    let (freed, floor) = (Freed::default(), Floor::new());
    let me = thread::current().id();
    let mut publisher = Publisher::new(value(0, &freed));
    let threads: Vec<_> = (0..readers)
        .map(|number| {
            let (mut reader, floor) = (publisher.subscribe(), floor.clone());
            thread::spawn(move || {
                look(&mut reader, &floor, looks);
                // A clone goes on from where the reader was.
                if number % 2 == 1 {
                    let before = reader.pinned().number;
                    reader = reader.clone();
                    assert_eq!(reader.pinned().number, before);
                    look(&mut reader, &floor, 1);
                }
                reader
            })
        })
        .collect();
    for number in 1..=publications {
        publisher.publish(value(number, &freed));
        floor.announced.store(number, Ordering::SeqCst);
        assert_eq!(publisher.newest().number, number);
    }
    let mut readers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    freed_by(&freed, &[me]);
    // Everybody has come to the newest, so the next publication leaves one value behind, and frees all others.
    readers.iter_mut().for_each(|reader| assert_eq!(look(reader, &floor, 1), publications));
    publisher.publish(value(publications + 1, &freed));
    assert!(gone(&freed).into_iter().eq(0..publications), "all are freed but the newest two, each once");
    drop(readers);
    publisher.publish(value(publications + 2, &freed));
    assert!(gone(&freed).into_iter().eq(0..=publications + 1), "all are freed but the newest, each once");
    drop(publisher);
    assert_eq!(freed.lock().unwrap().len() as u64, publications + 3);
    freed_by(&freed, &[me]);
}

/// The publisher goes away while readers look; they keep what was published last, and none of them frees anything.
fn a_publisher_that_leaves(publications: u64) {
    let (freed, floor) = (Freed::default(), Floor::new());
    let first = value(0, &freed);
    let mut publisher = Publisher::new(first);
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (mut reader, floor) = (publisher.subscribe(), floor.clone());
            thread::spawn(move || {
                look(&mut reader, &floor, 2);
                reader
            })
        })
        .collect();
    let writing = thread::spawn({
        let (freed, floor) = (freed.clone(), floor.clone());
        move || {
            for number in 1..=publications {
                publisher.publish(value(number, &freed));
                floor.announced.store(number, Ordering::SeqCst);
            }
            drop(publisher);
            thread::current().id()
        }
    });
    let mut readers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let writer = writing.join().unwrap();
    readers.iter_mut().for_each(|reader| assert_eq!(look(reader, &floor, 1), publications));
    freed_by(&freed, &[writer]);
    // The last one takes everything along.
    drop(readers);
    assert_eq!(freed.lock().unwrap().len() as u64, publications + 1);
}

/// Runs the scenario under a scheduler. An endless wait is a failure: no order of events takes so many steps.
fn run(scheduler: impl Scheduler + 'static, scenario: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(5_000);
    // It says that it takes every order for the strictest. What is loaded here is either counted, or under a lock.
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(scenario)
}

fn is_long() -> bool {
    std::env::var_os("PORTCULLIS_LONG").is_some()
}

fn times(count: usize) -> usize {
    if is_long() { count * 50 } else { count }
}

#[test]
fn every_order_of_a_publication_and_a_look() {
    FINE.set(false);
    let tried = run(DfsScheduler::new(None, false), || readers_and_a_publisher(1, 1, 1));
    println!("{tried} orders");
}

#[test]
fn every_order_of_two_publications_and_a_look() {
    FINE.set(false);
    // There are 2.3 million.
    let most = if is_long() { None } else { Some(10_000) };
    let tried = run(DfsScheduler::new(most, false), || readers_and_a_publisher(1, 1, 2));
    println!("{tried} orders");
}

#[test]
fn several_readers_in_random_orders() {
    for (readers, looks, publications) in [(1, 3, 3), (2, 2, 2), (3, 3, 4)] {
        let random = RandomScheduler::new_from_seed(1, times(1_000));
        run(random, move || readers_and_a_publisher(readers, looks, publications));
    }
}

#[test]
fn several_readers_in_orders_that_change_seldom() {
    for (depth, readers, looks, publications) in [(2, 1, 2, 2), (3, 1, 3, 3), (3, 2, 2, 2), (4, 3, 3, 4)] {
        let pct = PctScheduler::new_from_seed(1, depth, times(2_000));
        run(pct, move || readers_and_a_publisher(readers, looks, publications));
    }
}

#[test]
fn a_publisher_that_leaves_in_any_order() {
    run(RandomScheduler::new_from_seed(1, times(1_000)), || a_publisher_that_leaves(2));
    run(PctScheduler::new_from_seed(1, 3, times(2_000)), || a_publisher_that_leaves(2));
}
