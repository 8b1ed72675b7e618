//! The two streams: a decision for each question as it comes, and a token for each revision.
//!
//! A stream is polled for its next answer and reads the next question then, so that a client that does not read its answers is not read
//! from either. Whatever questions have come are answered before anything is sent: tonic puts the answers that are ready into one piece,
//! which is what makes a stream of small messages cheap.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio_stream::Stream;
use tonic::{Status, Streaming};

use super::asked::{Asked, of_stream};
use super::following::Following;
use super::proto::{CheckStreamResponse, WatchResponse};
use super::{Clock, decide, status};
use crate::http::{Door, Failure};

/// After so many answers without a pause it is seen whether the credential must be looked at.
const GLANCE: u32 = 256;

/// Counts a stream for as long as it is open.
struct Open(Arc<Door>);

impl Open {
    fn new(door: &Arc<Door>) -> Open {
        door.metrics().streams.inc();
        Open(Arc::clone(door))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics().streams.dec();
    }
}

/// A stream of checks.
pub(super) struct Checks {
    questions: Streaming<Bytes>,
    following: Following,
    clock: Clock,
    /// The number of the revision that was told last.
    told: Option<u64>,
    since_glance: u32,
    is_over: bool,
    _open: Open,
}

impl Checks {
    pub(super) fn new(questions: Streaming<Bytes>, following: Following) -> Checks {
        let open = Open::new(&following.door);
        Checks {
            questions,
            following,
            clock: Clock::default(),
            told: None,
            since_glance: 0,
            is_over: false,
            _open: open,
        }
    }

    fn answer(&mut self, message: &Bytes) -> Result<CheckStreamResponse, Status> {
        if self.following.is_behind() {
            self.following.look()?;
        }
        let (id, check) = of_stream(message).map_err(Status::invalid_argument)?;
        let mut answer = CheckStreamResponse { id, ..CheckStreamResponse::default() };
        match self.decided(check) {
            Ok((decision, reason)) => (answer.decision, answer.reason_admin) = (decision, reason),
            Err(failure) => answer.error = failure.message,
        }
        let number = self.following.hearing.revision_number();
        if self.told != Some(number) {
            self.told = Some(number);
            answer.revision = self.following.hearing.revision().to_owned();
        }
        Ok(answer)
    }

    fn decided(&mut self, check: &[u8]) -> Result<(bool, Option<prost_types::Struct>), Failure> {
        let Following { door, hearing, .. } = &self.following;
        let asked = Asked::read(check, hearing.has_conditions())?;
        let now = self.clock.text(door, hearing);
        decide(door, hearing, &asked.question(now), asked.explains)
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<CheckStreamResponse, Status>>> {
        self.since_glance += 1;
        if self.since_glance >= GLANCE {
            self.since_glance = 0;
            self.following.poll(context)?;
        }
        match Pin::new(&mut self.questions).poll_next(context) {
            Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(self.answer(&message))),
            Poll::Ready(Some(Err(status))) => Poll::Ready(Some(Err(status::of_frame(status)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.since_glance = 0;
                self.following.poll(context)?;
                Poll::Pending
            }
        }
    }
}

impl Stream for Checks {
    type Item = Result<CheckStreamResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let next = this.next(context);
        this.is_over = matches!(next, Poll::Ready(None | Some(Err(_))));
        next
    }
}

/// A watch of revisions.
pub(super) struct Watched {
    following: Following,
    told: Option<u64>,
    is_over: bool,
    _permit: OwnedSemaphorePermit,
    _counted: Watching,
}

/// Counts a watch for as long as it is open.
struct Watching(Arc<Door>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.metrics().watches.dec();
    }
}

impl Watched {
    pub(super) fn new(following: Following, permit: OwnedSemaphorePermit) -> Watched {
        following.door.metrics().watches.inc();
        let counted = Watching(Arc::clone(&following.door));
        Watched { following, told: None, is_over: false, _permit: permit, _counted: counted }
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<WatchResponse, Status>>> {
        self.following.poll(context)?;
        let hearing = &self.following.hearing;
        if self.told.replace(hearing.revision_number()) == Some(hearing.revision_number()) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(WatchResponse { revision: hearing.revision().to_owned() })))
    }
}

impl Stream for Watched {
    type Item = Result<WatchResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let next = this.next(context);
        this.is_over = matches!(next, Poll::Ready(None | Some(Err(_))));
        next
    }
}
