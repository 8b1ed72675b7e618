//! Whom a server has heard within the last second, so that they need not be looked up with each request.
//!
//! Looking up a key, its workspace and what is in force there counts references that every thread counts, and a core that writes what
//! another has just written waits for it. A hearing says itself whether it is still in force and its credential good, from words that nobody
//! writes until something changes; so each connection goes on with the one that it had. A connection only points at it, and all are let go every
//! second: nobody who has ceased to ask keeps an old snapshot in memory.

use std::sync::{Mutex, PoisonError};

use crate::Hearing;

/// How many are kept; when there are more, all are let go.
const MOST: usize = 1 << 16;

/// Hearings of the last second.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Vec<Hearing>>);

impl Kept {
    /// Keeps a hearing for up to a second.
    pub(super) fn keep(&self, hearing: &Hearing) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // They are let go without the lock, since a snapshot may go with the last of them.
        let former = if kept.len() < MOST { Vec::new() } else { std::mem::take(&mut *kept) };
        kept.push(hearing.clone());
        drop(kept);
        drop(former);
    }

    /// Lets all go.
    pub(super) fn forget(&self) {
        let former = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drop(former);
    }
}
