//! Reading while somebody writes.

use std::sync::Arc;

use portcullis_matrix::{Permission, Subject};

use super::publish::Subscriber;
use crate::decision::Decision;
use crate::snapshot::{Question, Snapshot};

/// One thread's view of a workspace that a [`Writer`](crate::Writer) edits: always the newest snapshot.
///
/// A reader keeps the snapshot it saw last and looks, before each check, whether there is a newer one: a load and a
/// comparison. It never waits for the writer or for other readers, and never frees a snapshot that was replaced. It
/// never sees an older snapshot than it has seen, and sees a newer one as soon as
/// [`publish`](crate::Writer::publish) has returned.
///
/// Give each thread its own (a clone costs a few reference counts). A reader that is not used pins the snapshot that
/// it saw last, of which only what has changed since takes memory of its own.
#[derive(Clone, Debug)]
pub struct Reader {
    subscriber: Subscriber<Snapshot>,
}

impl Reader {
    pub(super) fn new(subscriber: Subscriber<Snapshot>) -> Self {
        Reader { subscriber }
    }

    /// The newest snapshot. Ask it as many questions as belong together: all answers are of one revision.
    #[inline]
    pub fn snapshot(&mut self) -> &Arc<Snapshot> {
        self.subscriber.newest()
    }

    /// The snapshot that was seen last, without a look for a newer one.
    #[must_use]
    pub fn pinned(&self) -> &Arc<Snapshot> {
        self.subscriber.pinned()
    }

    /// [`Snapshot::check`] of the newest snapshot.
    #[inline]
    pub fn check(&mut self, subject: &str, action: &str, resource: &str) -> Decision {
        self.snapshot().check(subject, action, resource)
    }

    /// [`Snapshot::check_handles`] of the newest snapshot.
    #[inline]
    pub fn check_handles(&mut self, subject: Subject, permission: Permission) -> Decision {
        self.snapshot().check_handles(subject, permission)
    }

    /// [`Snapshot::decide`] of the newest snapshot.
    pub fn decide(&mut self, question: &Question<'_>) -> Decision {
        self.snapshot().decide(question)
    }
}
