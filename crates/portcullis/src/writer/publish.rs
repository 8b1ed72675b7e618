//! How one thread hands versions of a value to many, and none of them ever waits.
//!
//! The newest value lies in two places, each behind its own lock; `newest` counts publications and its last bit
//! says which place readers go to. A publisher writes the place that nobody is sent to, then counts up,
//! then brings the other place up to date. So a reader meets a lock, or a value of another number than it came for,
//! only when it read the count just before it changed; it tries, never waits, and reads the count again. Since a
//! value counts only once it is counted, all readers together never go back: what one has seen, the next one sees.
//!
//! A reader keeps what it saw last and looks at the count alone before each use: one load, which
//! costs about as much as a check. Values that were replaced stay with the publisher until no reader has them
//! any more, and it is the publisher that frees them: giving up the old value costs a reader one decrement.
//!
//! This file knows nothing of snapshots, and takes its locks from `crate::sync`, so that a test can compile it
//! a second time over locks that try every order of events (`tests/publishing`).

use crate::sync::{Arc, AtomicU64, Mutex, Ordering, RwLock, TryLockError, pause};

/// What publisher and subscribers share.
#[derive(Debug)]
struct Shared<T> {
    /// The number of the newest publication.
    newest: AtomicU64,
    /// At a publication's number's last bit and, a little later, at the other.
    places: [RwLock<Numbered<T>>; 2],
    /// Values that were replaced. Only the publisher locks it; what it holds when the publisher is gone goes with the
    /// last subscriber, when that is dropped.
    retired: Mutex<Vec<Arc<T>>>,
}

/// A publication and its number.
#[derive(Debug)]
struct Numbered<T> {
    number: u64,
    value: Arc<T>,
}

impl<T> Numbered<T> {
    /// The value, if it is the publication of this number.
    fn numbered(&self, number: u64) -> Option<Arc<T>> {
        (self.number == number).then(|| Arc::clone(&self.value))
    }
}

/// The one who publishes.
#[derive(Debug)]
pub(crate) struct Publisher<T> {
    shared: Arc<Shared<T>>,
    newest: Arc<T>,
}

/// One who reads: a pinned value, made newer when there is a newer one. One a thread.
#[derive(Debug)]
pub(crate) struct Subscriber<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
    pinned: Arc<T>,
}

impl<T> Clone for Subscriber<T> {
    fn clone(&self) -> Self {
        Subscriber { shared: Arc::clone(&self.shared), seen: self.seen, pinned: Arc::clone(&self.pinned) }
    }
}

impl<T> Publisher<T> {
    /// A publisher whose first publication this is.
    pub(crate) fn new(first: Arc<T>) -> Self {
        let place = || RwLock::new(Numbered { number: 0, value: Arc::clone(&first) });
        let shared =
            Shared { newest: AtomicU64::new(0), places: [place(), place()], retired: Mutex::new(Vec::new()) };
        Publisher { shared: Arc::new(shared), newest: first }
    }

    /// What was published last.
    pub(crate) fn newest(&self) -> &Arc<T> {
        &self.newest
    }

    /// One more reader, with the newest value.
    pub(crate) fn subscribe(&self) -> Subscriber<T> {
        let seen = self.shared.newest.load(Ordering::Acquire);
        Subscriber { shared: Arc::clone(&self.shared), seen, pinned: Arc::clone(&self.newest) }
    }

    /// Makes a value the newest, and frees what nobody reads any more. Whoever looks after this has returned sees this
    /// value or a newer one.
    pub(crate) fn publish(&mut self, value: Arc<T>) {
        let next = self.shared.newest.load(Ordering::Relaxed) + 1;
        put(self.shared.place(next), next, &value);
        self.shared.newest.store(next, Ordering::Release);
        put(self.shared.place(next + 1), next, &value);
        let replaced = std::mem::replace(&mut self.newest, value);
        let mut retired = self.shared.retired.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        retired.push(replaced);
        // Nobody can come to hold a retired value who does not hold it now: one count is ours.
        retired.retain(|value| Arc::strong_count(value) > 1);
    }
}

fn put<T>(place: &RwLock<Numbered<T>>, number: u64, value: &Arc<T>) {
    let fresh = Numbered { number, value: Arc::clone(value) };
    // A lock is poisoned by a panic while it is held, and nothing in here can panic.
    let replaced = match place.write() {
        Ok(mut held) => std::mem::replace(&mut *held, fresh),
        Err(poisoned) => std::mem::replace(&mut *poisoned.into_inner(), fresh),
    };
    // Given up after the lock. The publisher has another count of it, so that this frees nothing.
    drop(replaced);
}

impl<T> Shared<T> {
    fn place(&self, number: u64) -> &RwLock<Numbered<T>> {
        let [even, odd] = &self.places;
        if number.is_multiple_of(2) { even } else { odd }
    }
}

impl<T> Subscriber<T> {
    /// The newest value.
    #[inline]
    pub(crate) fn newest(&mut self) -> &Arc<T> {
        if self.shared.newest.load(Ordering::Acquire) != self.seen {
            self.refresh();
        }
        &self.pinned
    }

    /// The value that was seen last.
    pub(crate) const fn pinned(&self) -> &Arc<T> {
        &self.pinned
    }

    #[cold]
    #[inline(never)]
    fn refresh(&mut self) {
        loop {
            let newest = self.shared.newest.load(Ordering::Acquire);
            // A place may hold a publication that is not counted yet. Whoever took it would, at the next look, be sent back
            // to the one that is; so what is there counts only under the number that was read.
            let found = match self.shared.place(newest).try_read() {
                Ok(held) => held.numbered(newest),
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().numbered(newest),
                // The publisher is at this place, so the count has changed or is about to.
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(value) = found {
                (self.seen, self.pinned) = (newest, value);
                return;
            }
            pause();
        }
    }
}
