//! Tells every connection that it is to end.
//!
//! A connection asks each time it is polled, which is with every request; so that is one look at a word that nobody writes, and only its
//! first poll leaves word how to wake it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Whether connections are to end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    begun: AtomicBool,
    sleeping: Mutex<Sleeping>,
}

/// How to wake those who are there, by numbers that are given once.
#[derive(Debug, Default)]
struct Sleeping {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

/// What becomes of something that is told to end.
pub(super) enum Told {
    /// It ends by itself.
    Ends,
    /// It need not go on.
    Dropped,
}

impl Ending {
    /// Ends every connection that is there, and those that come.
    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::Release);
        // Whoever comes after this finds that it has begun.
        let wakers = std::mem::take(&mut self.sleeping().wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    /// Runs something to its end; when everything is to end before that, it is told so once. What need not go on is dropped: then there is no
    /// output.
    pub(super) async fn told<F: Future>(
        &self,
        mut future: Pin<&mut F>,
        tell: impl FnOnce(Pin<&mut F>) -> Told,
    ) -> Option<F::Output> {
        let mut tell = Some(tell);
        let mut listed = Listed { ending: self, number: None };
        poll_fn(|context| {
            listed.leave_word(context);
            if self.begun.load(Ordering::Acquire)
                && let Some(Told::Dropped) = tell.take().map(|tell| tell(future.as_mut()))
            {
                return Poll::Ready(None);
            }
            future.as_mut().poll(context).map(Some)
        })
        .await
    }

    fn sleeping(&self) -> MutexGuard<'_, Sleeping> {
        self.sleeping.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            let mut sleeping = self.ending.sleeping();
            let number = sleeping.next;
            sleeping.next += 1;
            sleeping.wakers.insert(number, context.waker().clone());
            self.number = Some(number);
        }
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.ending.sleeping().wakers.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn whoever_is_there_is_told_once_and_whoever_comes_later_too() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let ending = Arc::new(Ending::default());
            let told = Arc::new(Mutex::new(0));
            let start = |dropped: bool| {
                let (ending, told) = (Arc::clone(&ending), Arc::clone(&told));
                tokio::spawn(async move {
                    let (end, ended) = tokio::sync::oneshot::channel();
                    let future = pin!(async { ended.await.unwrap_or(0) });
                    let tell = |_: Pin<&mut _>| {
                        *told.lock().unwrap() += 1;
                        if dropped {
                            return Told::Dropped;
                        }
                        end.send(7).unwrap();
                        Told::Ends
                    };
                    ending.told(future, tell).await
                })
            };
            let there: Vec<_> = (0..10).map(|number| start(number % 2 == 0)).collect();
            tokio::task::yield_now().await;
            assert_eq!((*told.lock().unwrap(), ending.sleeping().wakers.len()), (0, 10));
            ending.begin();
            for (number, one) in there.into_iter().enumerate() {
                assert_eq!(one.await.unwrap(), (number % 2 == 1).then_some(7));
            }
            assert_eq!(start(false).await.unwrap(), Some(7));
            assert_eq!((*told.lock().unwrap(), ending.sleeping().wakers.len()), (11, 0));
        });
    }
}
