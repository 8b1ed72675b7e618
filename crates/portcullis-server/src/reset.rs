//! Streams of HTTP/2 that can be reset from outside.
//!
//! A peer that grants no window is sent nothing, and then what answers it is not asked for more: an answer whose credential is over could
//! not even say so and end. Whoever answers for as long as a credential is good keeps the [`Reset`] of the stream, and uses it when
//! the end is not taken.

use std::cell::OnceCell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;

/// How long a stream has to say why it ends, once its credential is over, before it is reset.
pub(crate) const LEAVE: Duration = Duration::from_millis(700);

tokio::task_local! {
    /// Of the stream that is being polled, once anybody has asked for it. Nearly all streams end by themselves, and nobody does.
    static STREAM: OnceCell<Reset>;
}

/// Resets one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reset(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_due: AtomicBool,
    waker: AtomicWaker,
}

impl Reset {
    /// Of the stream that is being answered, if it is one of HTTP/2.
    pub(crate) fn of_current() -> Option<Reset> {
        STREAM.try_with(|reset| reset.get_or_init(Reset::default).clone()).ok()
    }

    /// Drops what answers, whatever it waits for; the peer is told that the stream is reset. Of one that is over nothing is left to drop.
    pub(crate) fn now(&self) {
        self.0.is_due.store(true, Ordering::Release);
        self.0.waker.wake();
    }

    /// Whether the stream is to be reset; leaves word how to be woken when it is.
    fn is_due(&self, context: &Context<'_>) -> bool {
        self.0.waker.register(context.waker());
        self.0.is_due.load(Ordering::Acquire)
    }
}

/// Answers on a stream to its end, or until it is reset.
pub(crate) async fn until_reset<F: Future<Output = ()>>(answering: F) {
    let is_due = |context: &Context<'_>| {
        STREAM.try_with(|reset| reset.get().is_some_and(|reset| reset.is_due(context))).unwrap_or(false)
    };
    let until = async {
        let mut answering = pin!(answering);
        poll_fn(|context| match answering.as_mut().poll(context) {
            Poll::Pending if !is_due(context) => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    };
    STREAM.scope(OnceCell::new(), until).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_is_dropped_whatever_it_waits_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert!(Reset::of_current().is_none());
            let (told, reset) = tokio::sync::oneshot::channel();
            let held = Arc::new(());
            let holding = Arc::clone(&held);
            let answering = tokio::spawn(until_reset(async move {
                told.send(Reset::of_current().unwrap()).unwrap();
                std::future::pending::<()>().await;
                drop(holding);
            }));
            let reset = reset.await.unwrap();
            tokio::task::yield_now().await;
            assert_eq!(Arc::strong_count(&held), 2);
            reset.now();
            answering.await.unwrap();
            assert_eq!(Arc::strong_count(&held), 1);
            // There is nothing left to reset.
            reset.now();
        });
    }

    #[test]
    fn an_answer_ends_by_itself_and_may_be_reset_before_it_waits() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            until_reset(async { assert!(Reset::of_current().is_some()) }).await;
            until_reset(async {
                Reset::of_current().unwrap().now();
                std::future::pending::<()>().await;
            })
            .await;
        });
    }
}
