//! A counter that every thread counts up without waiting for the others.
//!
//! A core that adds to a number which another core has just added to must fetch it from there first. With every request that adds up; so each
//! thread has a line of memory of its own, and whoever reads the number adds them up.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use prometheus_client::metrics::counter::{Atomic, Counter};

/// A counter on the way of every request.
pub(super) type Striped = Counter<u64, Stripes>;

/// So many threads add without sharing a line. Two lines, since processors fetch them in pairs.
const STRIPES: usize = 8;

#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// The lines of one counter.
#[derive(Debug, Default)]
pub(super) struct Stripes([Line; STRIPES]);

impl Atomic<u64> for Stripes {
    /// Adds one; gives what the thread's own line was.
    fn inc(&self) -> u64 {
        self.inc_by(1)
    }

    fn inc_by(&self, more: u64) -> u64 {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES;
        }
        self.0.get(OWN.with(|own| *own)).map_or(0, |line| line.0.fetch_add(more, Ordering::Relaxed))
    }

    fn get(&self) -> u64 {
        self.0.iter().map(|line| line.0.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_thread_counts_is_in_the_sum() {
        let counter = Striped::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| (0..1000).for_each(|_| _ = counter.inc()));
            }
        });
        counter.inc_by(5);
        assert_eq!(counter.get(), 2 * STRIPES as u64 * 1000 + 5);
    }
}
