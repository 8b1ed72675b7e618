//! What HTTP/2 does beside a connection, in the task of that connection.
//!
//! Every call is something of its own that goes on beside the others. As tasks of the runtime they would be taken by other threads, one at a time,
//! and each answer would have to wake the connection from there; calls that came together are answered together here, and sent together.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::reset::until_reset;

/// Anything that goes on.
type Going = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What has begun and was not polled yet.
#[derive(Clone, Default)]
pub(super) struct Beside(Arc<Mutex<Vec<Going>>>);

impl Beside {
    /// Polls a connection and what goes on beside it, until the connection is over. What still goes on then is dropped: nobody would hear of it.
    pub(super) async fn until<F: Future>(&self, mut connection: Pin<&mut F>) -> F::Output {
        let mut going = FuturesUnordered::new();
        poll_fn(|context| {
            loop {
                if let Poll::Ready(output) = connection.as_mut().poll(context) {
                    return Poll::Ready(output);
                }
                let begun = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
                going.extend(begun);
                // What ends has left something to be sent.
                if !any_ended(&mut going, context) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

/// Polls all that can go on; whether any has ended.
fn any_ended(going: &mut FuturesUnordered<Going>, context: &mut Context<'_>) -> bool {
    let mut ended = false;
    while let Poll::Ready(Some(())) = going.poll_next_unpin(context) {
        ended = true;
    }
    ended
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Beside {
    fn execute(&self, future: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(until_reset(future)));
    }
}
