//! A credential, followed for as long as a stream is open.
//!
//! It is looked at anew at every revision, when it expires, and every second besides, whatever the clocks say: so a stream ends within a
//! second after its credential stopped being good, and one whose peer takes nothing is reset soon after ([`Oversight`]). Between two looks
//! the answers come from what was heard last, and that there is no newer revision is one load of an atomic number, which each answer can afford.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tonic::Status;

use super::status;
use crate::Hearing;
use crate::http::{Door, until_expiry};
use crate::reset::{LEAVE, Reset};
use crate::source::Asker;

/// How long nobody looks at a credential.
const LOOK: Duration = Duration::from_secs(1);

/// Whoever has a stream open.
pub(super) struct Following {
    pub(super) door: Arc<Door>,
    asker: Asker,
    pub(super) hearing: Hearing,
    told: watch::Receiver<u64>,
    /// Goes off when the credential must be looked at; tells whether the server stops.
    alarm: Pin<Box<dyn Future<Output = bool> + Send>>,
}

impl Following {
    pub(super) fn new(door: &Arc<Door>, asker: Asker, hearing: Hearing) -> Result<Following, Status> {
        let told = door.source().follow(&asker).map_err(status::of_refusal)?;
        let alarm = Box::pin(std::future::ready(false));
        let mut following = Following { door: Arc::clone(door), asker, hearing, told, alarm };
        // What was put in force between the two is not to be missed.
        following.look()?;
        Ok(following)
    }

    /// Whether there is a newer revision than the one that was heard last.
    #[inline]
    pub(super) fn is_behind(&self) -> bool {
        self.told.has_changed().unwrap_or(true)
    }

    /// Looks at the credential, and takes the newest revision.
    pub(super) fn look(&mut self) -> Result<(), Status> {
        self.told.mark_unchanged();
        self.hearing = self.door.source().hear(&self.asker, None).map_err(status::of_refusal)?;
        self.door.source().note_use(&self.asker);
        self.alarm = self.next_alarm();
        Ok(())
    }

    fn next_alarm(&self) -> Pin<Box<dyn Future<Output = bool> + Send>> {
        let (mut told, mut stopping) = (self.told.clone(), self.door.stopping());
        let next = until_expiry(&self.hearing, self.door.source().now()).min(LOOK);
        Box::pin(async move {
            let new = async {
                // Of a workspace that is gone nothing more is told: then the time is up at the next look.
                if told.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                stops = stopping.wait_for(|stops| *stops) => stops.is_ok(),
                () = new => false,
                () = tokio::time::sleep(next) => false,
            }
        })
    }

    /// Looks if it is time to, and sees to it that whoever polls is woken when it is again.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Result<(), Status> {
        // What goes off at once has been looked at; a second time it is waited for the next poll.
        for _ in 0..2 {
            match self.alarm.as_mut().poll(context) {
                Poll::Pending => return Ok(()),
                Poll::Ready(true) => return Err(status::stops()),
                Poll::Ready(false) => self.look()?,
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }
}

/// Sees to it that a stream ends with its credential, though its peer takes nothing any more and therefore nobody polls it. It does no
/// more once it is dropped.
pub(super) struct Oversight(Option<AbortHandle>);

impl Oversight {
    /// Over the stream that is being answered.
    pub(super) fn of(stream: &Following) -> Result<Oversight, Status> {
        let Some(reset) = Reset::of_current() else { return Ok(Oversight(None)) };
        let mut following = Following::new(&stream.door, stream.asker, stream.hearing.clone())?;
        let task = tokio::spawn(async move {
            poll_fn(|context| match following.poll(context) {
                Ok(()) => Poll::Pending,
                Err(_) => Poll::Ready(()),
            })
            .await;
            drop(following);
            tokio::time::sleep(LEAVE).await;
            reset.now();
        });
        Ok(Oversight(Some(task.abort_handle())))
    }
}

impl Drop for Oversight {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
