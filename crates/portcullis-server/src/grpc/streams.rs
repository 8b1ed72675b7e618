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
use super::following::{Following, Oversight};
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
    _open: Open,
    _oversight: Oversight,
}

impl Checks {
    pub(super) fn new(questions: Streaming<Bytes>, following: Following) -> Result<Checks, Status> {
        let (open, oversight) = (Open::new(&following.door), Oversight::of(&following)?);
        let clock = Clock::default();
        Ok(Checks {
            questions,
            following,
            clock,
            told: None,
            since_glance: 0,
            _open: open,
            _oversight: oversight,
        })
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
}

impl Stream for Checks {
    type Item = Result<CheckStreamResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.since_glance += 1;
        if this.since_glance >= GLANCE {
            this.since_glance = 0;
            this.following.poll(context)?;
        }
        match Pin::new(&mut this.questions).poll_next(context) {
            Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(this.answer(&message))),
            Poll::Ready(Some(Err(status))) => Poll::Ready(Some(Err(status::of_frame(status)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                this.since_glance = 0;
                this.following.poll(context)?;
                Poll::Pending
            }
        }
    }
}

/// A watch of revisions.
pub(super) struct Watched {
    following: Following,
    told: Option<u64>,
    _permit: OwnedSemaphorePermit,
    _counted: Watching,
    _oversight: Oversight,
}

/// Counts a watch for as long as it is open.
struct Watching(Arc<Door>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.metrics().watches.dec();
    }
}

impl Watched {
    pub(super) fn new(following: Following, permit: OwnedSemaphorePermit) -> Result<Watched, Status> {
        following.door.metrics().watches.inc();
        let counted = Watching(Arc::clone(&following.door));
        let oversight = Oversight::of(&following)?;
        Ok(Watched { following, told: None, _permit: permit, _counted: counted, _oversight: oversight })
    }
}

impl Stream for Watched {
    type Item = Result<WatchResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.following.poll(context)?;
        let hearing = &this.following.hearing;
        if this.told.replace(hearing.revision_number()) == Some(hearing.revision_number()) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(WatchResponse { revision: hearing.revision().to_owned() })))
    }
}

/// A stream until it is over: until there is no more of it, or it says why. With that it gives back what it held, and is not polled again.
pub(super) struct UntilOver<S>(Option<S>);

impl<S> UntilOver<S> {
    pub(super) const fn new(stream: S) -> UntilOver<S> {
        UntilOver(Some(stream))
    }
}

impl<M, S: Stream<Item = Result<M, Status>> + Unpin> Stream for UntilOver<S> {
    type Item = Result<M, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.0 else { return Poll::Ready(None) };
        let next = Pin::new(stream).poll_next(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            this.0 = None;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt as _;

    use super::*;

    #[test]
    fn a_stream_is_over_with_its_first_failure_and_holds_nothing_then() {
        let held = Arc::new(());
        let told = [Ok(1), Err(status::stops()), Ok(2)];
        let holding = Arc::clone(&held);
        let stream = tokio_stream::iter(told).map(move |one| {
            let _ = &holding;
            one
        });
        let mut stream = UntilOver::new(stream);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert_eq!((stream.next().await.unwrap().unwrap(), Arc::strong_count(&held)), (1, 2));
            assert_eq!(stream.next().await.unwrap().unwrap_err().code(), tonic::Code::Unavailable);
            assert_eq!(Arc::strong_count(&held), 1);
            assert!(stream.next().await.is_none());
        });
    }
}
