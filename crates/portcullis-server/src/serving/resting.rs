//! What the threads that answer do once a second, when nothing waits for an answer.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// The last turn in which this thread rested.
    static RESTED: Cell<u64> = const { Cell::new(0) };
}

/// Something that each thread is to do in each turn.
#[derive(Debug)]
pub(super) struct Resting {
    turn: AtomicU64,
    what: fn(),
}

impl Resting {
    pub(super) const fn new(what: fn()) -> Resting {
        Resting { turn: AtomicU64::new(0), what }
    }

    /// Does it, if this thread has not in this turn. A thread calls it whenever it goes to sleep.
    pub(super) fn before_sleep(&self) {
        let turn = self.turn.load(Ordering::Relaxed);
        if RESTED.replace(turn) != turn {
            (self.what)();
        }
    }

    /// Begins a turn, and wakes those that sleep: so many tasks are spread over as many threads. One that sleeps on does it when it next has
    /// had something to do.
    pub(super) fn begin(&self, threads: usize) {
        self.turn.fetch_add(1, Ordering::Relaxed);
        for _ in 0..threads {
            tokio::spawn(async {});
        }
    }
}
