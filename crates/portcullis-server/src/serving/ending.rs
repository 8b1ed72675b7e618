//! Tells every connection of a thread that it is to end.
//!
//! A connection asks each time it is polled, which is with every request; so that is one look at a word, and only its first poll leaves word
//! how to wake it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Whether the connections of one thread are to end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    begun: Cell<bool>,
    next: Cell<u64>,
    sleeping: RefCell<BTreeMap<u64, Waker>>,
}

impl Ending {
    /// Ends every connection that is there, and those that come.
    pub(super) fn begin(&self) {
        self.begun.set(true);
        // Whoever is woken may leave at once.
        let sleeping = std::mem::take(&mut *self.sleeping.borrow_mut());
        sleeping.into_values().for_each(Waker::wake);
    }

    /// Runs something to its end; when everything is to end before that, it is told so once. A future that is told so and has nothing to
    /// bring to an end is dropped: then there is no output.
    pub(super) async fn told<F: Future>(
        &self,
        mut future: Pin<&mut F>,
        tell: impl FnOnce(Pin<&mut F>) -> Told,
    ) -> Option<F::Output> {
        let mut tell = Some(tell);
        let mut listed = Listed { ending: self, number: None };
        poll_fn(|context| {
            if self.begun.get() {
                if let Some(Told::Dropped) = tell.take().map(|tell| tell(future.as_mut())) {
                    return Poll::Ready(None);
                }
            } else {
                listed.leave_word(context);
            }
            future.as_mut().poll(context).map(Some)
        })
        .await
    }
}

/// What becomes of something that is told to end.
pub(super) enum Told {
    /// It ends by itself.
    Ends,
    /// It need not go on.
    Dropped,
}

/// One that is to be woken, until it is gone.
struct Listed<'e> {
    ending: &'e Ending,
    number: Option<u64>,
}

impl Listed<'_> {
    /// Leaves word how to be woken, the first time. A task keeps its waker as long as it lives.
    fn leave_word(&mut self, context: &Context<'_>) {
        if self.number.is_none() {
            let number = self.ending.next.get();
            self.ending.next.set(number + 1);
            self.ending.sleeping.borrow_mut().insert(number, context.waker().clone());
            self.number = Some(number);
        }
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.ending.sleeping.borrow_mut().remove(&number);
        }
    }
}
