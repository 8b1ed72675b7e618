//! Whom one thread has heard within the last second, so that they need not be looked up with each request.
//!
//! Looking up a key, its workspace and what is in force there counts references that every thread counts, and a core that writes what
//! another has just written waits for it. A hearing says itself whether it is still in force and its credential good, from words that nobody
//! writes until something changes; so it is kept for as long as it says so. All are let go every second, so that nobody
//! who has ceased to ask keeps an old snapshot in memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use portcullis_store::Millis;

use crate::Hearing;
use crate::source::Asker;

/// How many are kept; when there are more, all are let go.
const MOST: usize = 1024;

/// Whom one thread has heard, each before what is in force in the workspace of its key.
#[derive(Debug, Default)]
pub(crate) struct Hearings {
    kept: RefCell<HashMap<Asker, Rc<Hearing>>>,
}

impl Hearings {
    /// The hearing of an asker, if it is still good.
    pub(super) fn get(&self, asker: &Asker, now: impl FnOnce() -> Millis) -> Option<Rc<Hearing>> {
        self.kept.borrow().get(asker).filter(|hearing| hearing.is_current(now)).cloned()
    }

    /// Keeps a hearing.
    pub(super) fn keep(&self, asker: Asker, hearing: Hearing) -> Rc<Hearing> {
        let hearing = Rc::new(hearing);
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(asker, Rc::clone(&hearing));
        hearing
    }

    /// Lets all go.
    pub(crate) fn forget(&self) {
        self.kept.borrow_mut().clear();
    }
}
