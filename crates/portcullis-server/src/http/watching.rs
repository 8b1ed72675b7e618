//! Watches: server-sent events that tell when to ask again.
//!
//! The first event comes at once, another with each revision. It carries the revision and the tag of the asker's capabilities, so that
//! who keeps those asks again only when they changed. The credential is looked at anew each time, when it expires, and every few
//! seconds besides; the watch ends as soon as it opens nothing. The last event says why, with the status that a request would get now, so that
//! a client tells a credential that is over from a server that is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::body::Body;
use super::capabilities::Grid;
use super::failure::Failure;
use super::visitor::Visitor;
use super::{Door, REVISION};
use crate::Hearing;
use crate::reset::{LEAVE, Reset};
use crate::source::Asker;

/// How often something is sent, so that what lies between keeps the connection open and a dead one is noticed.
const BEAT: Duration = Duration::from_secs(15);

impl Visitor {
    pub(super) fn watch(&self, asker: Asker, workspace: Option<&str>) -> Result<Response<Body>, Failure> {
        let permit = Arc::clone(&self.door.watches).try_acquire_owned();
        let permit = permit.map_err(|_| Failure::busy("there are too many watches"))?;
        let told = self.door.source.follow(&asker).map_err(|refusal| self.refused(refusal))?;
        // Only now, so that no revision is between what is told first and what is followed.
        let hearing = self.hear(&asker, workspace)?;
        let (events, pieces) = mpsc::channel(4);
        let token = HeaderValue::from_str(hearing.revision()).ok();
        let watching = Watching { door: Arc::clone(&self.door), asker, told, events, _permit: permit };
        let reset = Reset::of_current();
        tokio::spawn(async move {
            watching.run(hearing).await;
            if let Some(reset) = reset {
                // What is told last may never be taken.
                tokio::time::sleep(LEAVE).await;
                reset.now();
            }
        });
        let mut response = Response::new(Body::Pieces(pieces));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Proxies that collect answers would keep the events back.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        if let Some(token) = token {
            headers.insert(REVISION, token);
        }
        Ok(response)
    }
}

struct Watching {
    door: Arc<Door>,
    asker: Asker,
    told: watch::Receiver<u64>,
    events: mpsc::Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl Watching {
    async fn run(mut self, mut hearing: Hearing) {
        self.door.metrics.watches.inc();
        let mut stopping = self.door.stopping();
        let mut said = 0;
        loop {
            let is_new = said != hearing.revision_number();
            let event = if is_new { event(&hearing) } else { Bytes::from_static(b":\n\n") };
            // Nobody waits for a client that does not read: its credential must be looked at all the same. It is told later.
            let mut is_behind = false;
            match self.events.try_send(event) {
                Ok(()) => said = hearing.revision_number(),
                Err(mpsc::error::TrySendError::Full(_)) => is_behind = is_new,
                Err(mpsc::error::TrySendError::Closed(_)) => break,
            }
            let next = until_expiry(&hearing, self.door.source.now()).min(BEAT);
            tokio::select! {
                changed = self.told.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(next) => {}
                () = self.events.closed() => break,
                // There is room for what could not be told.
                _ = self.events.reserve(), if is_behind => {}
                _ = stopping.wait_for(|stops| *stops) => {
                    let _ = self.events.try_send(end(&Failure::busy("the server stops")));
                    break;
                }
            }
            match self.door.source.hear(&self.asker, None) {
                Ok(newer) => hearing = newer,
                Err(refusal) => {
                    let _ = self.events.try_send(end(&refusal.into()));
                    break;
                }
            }
        }
        self.door.metrics.watches.dec();
    }
}

/// How long a credential is good for by itself.
pub(crate) fn until_expiry(hearing: &Hearing, now: i64) -> Duration {
    let left = hearing.expires().map(|expires| u64::try_from(expires.saturating_sub(now)).unwrap_or(0));
    // A moment later it is surely over.
    left.map_or(Duration::MAX, |left| Duration::from_millis(left.saturating_add(1)))
}

fn event(hearing: &Hearing) -> Bytes {
    let tag = hearing.asker().map(|own| Grid::of(hearing, own).tag());
    let data = serde_json::json!({ "revision": hearing.revision(), "capabilities": tag });
    Bytes::from(format!("event: revision\nid: {}\ndata: {data}\n\n", hearing.revision()))
}

fn end(failure: &Failure) -> Bytes {
    let data = serde_json::json!({ "status": failure.status.as_u16(), "why": failure.message });
    Bytes::from(format!("event: end\ndata: {data}\n\n"))
}
