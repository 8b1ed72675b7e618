//! HTTP: OpenID AuthZEN and what stands beside it, thin over whatever decides.
//!
//! A request is routed by its path, its sender let in, put before one revision and answered; every failure is a status and a sentence. As
//! soon as its sender is known to belong to the workspace, a failure names the revision as every answer does.
//! Nothing here decides: what may be asked and what is answered is for [`Hearing`] to say, and what bodies look like for
//! `authzen`. Requests of gRPC come to the same door, told by their content type, and are let in by the same credentials.
//!
//! There is no framework under this: a dozen fixed paths are one match, and a check is so cheap that a layer more would be what the
//! server costs.

mod body;
mod capabilities;
mod evaluation;
mod failure;
mod failures;
mod kept;
mod metadata;
mod metrics;
mod paths;
mod reason;
mod search;
mod setup;
mod standing;
mod status;
mod striped;
mod visitor;
mod watching;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use tokio::sync::{Semaphore, watch};

pub use self::body::Body;
pub(crate) use self::failure::Failure;
use self::failures::Failures;
use self::kept::Kept;
use self::metrics::Metrics;
use self::paths::{Endpoint, Route};
pub(crate) use self::reason::reason_admin;
pub(crate) use self::search::find;
pub(crate) use self::visitor::Visitor;
pub(crate) use self::watching::until_expiry;
use crate::limits::DoorBounds;
use crate::{Hearing, Source, grpc};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const REVISION: HeaderName = HeaderName::from_static("portcullis-revision");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Where requests come in.
#[derive(Debug)]
pub struct Door {
    source: Source,
    bounds: DoorBounds,
    /// The address by which clients know the server, without a slash at its end.
    base: String,
    metrics: Metrics,
    kept: Kept,
    failures: Failures,
    searches: Arc<Semaphore>,
    watches: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    /// Becomes true when the server stops.
    stopping: watch::Sender<bool>,
}

impl Door {
    /// A door to a source, known to clients by an address such as `https://pdp.example.com`.
    #[must_use]
    pub fn new(source: Source, base: &str, bounds: DoorBounds) -> Arc<Door> {
        Arc::new(Door {
            source,
            bounds,
            base: base.trim_end_matches('/').to_owned(),
            metrics: Metrics::new(),
            kept: Kept::default(),
            failures: Failures::new(bounds.failures, bounds.addresses),
            searches: Arc::new(Semaphore::new(bounds.searches)),
            watches: Arc::new(Semaphore::new(bounds.watches)),
            strangers: Arc::new(Semaphore::new(bounds.strangers)),
            stopping: watch::Sender::new(false),
        })
    }

    /// Where decisions come from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) const fn bounds(&self) -> &DoorBounds {
        &self.bounds
    }

    pub(crate) const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) const fn watches(&self) -> &Arc<Semaphore> {
        &self.watches
    }

    pub(crate) const fn strangers(&self) -> &Arc<Semaphore> {
        &self.strangers
    }

    /// Ends every watch and stream.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Somebody who connects.
    pub(crate) fn visited(self: &Arc<Self>, address: SocketAddr) -> Arc<Visitor> {
        Arc::new(Visitor::new(Arc::clone(self), address))
    }

    /// Lets go whom it has heard. Whoever runs a server calls this every second.
    pub(crate) fn forget(&self) {
        self.kept.forget();
    }
}

impl Visitor {
    /// Answers a request.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let id = request.headers().get(REQUEST_ID).cloned();
        let mut response = if grpc::is_spoken(request.headers()) {
            self.call(request).await
        } else {
            let (head, body) = request.into_parts();
            self.routed(&head, body).await.unwrap_or_else(Failure::response)
        };
        if let Some(id) = id {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn routed(&self, head: &Parts, body: Incoming) -> Result<Response<Body>, Failure> {
        self.guard(head)?;
        let Route { endpoint, workspace } = Route::of(head.uri.path()).ok_or_else(Failure::not_found)?;
        let answered = self.at(endpoint, workspace.as_deref(), head, body).await;
        let status = answered.as_ref().map_or_else(|failure| failure.status, Response::status);
        self.door.metrics.answered(endpoint, status);
        answered
    }

    async fn at(
        &self,
        endpoint: Endpoint,
        workspace: Option<&str>,
        head: &Parts,
        body: Incoming,
    ) -> Result<Response<Body>, Failure> {
        endpoint.by(&head.method)?;
        match endpoint {
            Endpoint::Evaluation
            | Endpoint::Evaluations
            | Endpoint::SubjectSearch
            | Endpoint::ResourceSearch
            | Endpoint::ActionSearch => {
                let (hearing, bytes) = self.heard_with_json(workspace, head, body).await?;
                let answered = match endpoint {
                    Endpoint::Evaluation => self.evaluation(&hearing, head, &bytes),
                    Endpoint::Evaluations => self.evaluations(&hearing, head, &bytes),
                    _ => self.search(endpoint, &hearing, bytes).await,
                };
                answered.map_err(|failure| failure.under(hearing.revision()))
            }
            Endpoint::Capabilities | Endpoint::Numbering | Endpoint::Watch => {
                let (asker, hearing) = self.heard(&head.headers, workspace).await?;
                let answered = match endpoint {
                    Endpoint::Capabilities => capabilities::capabilities(&hearing, head),
                    Endpoint::Numbering => Ok(capabilities::numbering(&hearing)),
                    _ => self.watch(asker, workspace),
                };
                answered.map_err(|failure| failure.under(hearing.revision()))
            }
            Endpoint::Metadata => Ok(self.metadata(workspace)),
            Endpoint::Live => Ok(status::live()),
            Endpoint::Ready => Ok(self.ready(head)),
            Endpoint::Metrics => self.metrics(head),
            Endpoint::Setup => self.setup(head, body).await,
        }
    }

    /// The body of a request that is JSON, and its sender before what is in force once the body is there.
    async fn heard_with_json(
        &self,
        workspace: Option<&str>,
        head: &Parts,
        body: Incoming,
    ) -> Result<(Hearing, Bytes), Failure> {
        let (asker, hearing) = self.heard(&head.headers, workspace).await?;
        match self.json(head, body).await {
            Ok(bytes) => Ok((self.still_heard(&asker, hearing, workspace)?, bytes)),
            Err(failure) => Err(failure.under(hearing.revision())),
        }
    }

    /// The body of a request that is JSON.
    async fn json(&self, head: &Parts, body: Incoming) -> Result<Bytes, Failure> {
        let is_json = head.headers.get(CONTENT_TYPE).is_some_and(is_json);
        if !is_json {
            return Err(Failure::bad_request("expected the header `content-type: application/json`"));
        }
        let bytes = body::read(body, self.door.bounds.body_bytes, self.door.bounds.body_time).await?;
        if bytes.is_empty() {
            return Err(Failure::bad_request("the body is empty: expected a JSON object"));
        }
        Ok(bytes)
    }
}

/// Whether a content type is JSON, whatever parameters it has. `charset` may only be UTF-8, which JSON is anyway.
fn is_json(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    if bytes == b"application/json" {
        return true;
    }
    let mut parts = bytes.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let kind = parts.next().unwrap_or_default();
    kind.eq_ignore_ascii_case(b"application/json")
        && parts.all(|part| {
            let Some((name, value)) = part.split_at_checked(8) else { return true };
            !name.eq_ignore_ascii_case(b"charset=")
                || value.trim_ascii().eq_ignore_ascii_case(b"utf-8")
                || value.eq_ignore_ascii_case(b"\"utf-8\"")
        })
}

/// A JSON answer under the revision that a hearing pins.
fn answered(hearing: &Hearing, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    if let Ok(token) = HeaderValue::from_str(hearing.revision()) {
        headers.insert(REVISION, token);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_by_its_content_type() {
        for good in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON;charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; profile=x",
        ] {
            assert!(is_json(&HeaderValue::from_static(good)), "{good}");
        }
        for bad in
            ["", "text/plain", "application/jsonx", "application/json; charset=latin1", "application/ json"]
        {
            assert!(!is_json(&HeaderValue::from_static(bad)), "{bad}");
        }
    }
}
