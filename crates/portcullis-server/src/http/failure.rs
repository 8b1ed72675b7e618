//! What is answered when there is no answer: a status, a sentence as a JSON string, and what the client may do next.
//!
//! A refusal of the service becomes a status here and nowhere else. One body stands for every bad credential, so that an unknown one
//! is not told from one that is revoked, expired or suspended.

use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use super::body::Body;
use crate::Refusal;

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    header: Option<(HeaderName, HeaderValue)>,
    /// Whether the connection is of no use any more.
    closes: bool,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into(), header: None, closes: false }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::FORBIDDEN, message)
    }

    pub(crate) fn not_found() -> Failure {
        Failure::new(StatusCode::NOT_FOUND, "there is nothing here")
    }

    pub(crate) fn not_allowed(methods: &'static str) -> Failure {
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, format!("expected {methods}"));
        Failure { header: Some((ALLOW, HeaderValue::from_static(methods))), ..failure }
    }

    pub(crate) fn unauthenticated() -> Failure {
        let failure = Failure::new(StatusCode::UNAUTHORIZED, Refusal::Unauthenticated.to_string());
        Failure { header: Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))), ..failure }
    }

    pub(crate) fn too_many_failures() -> Failure {
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "too many failed authentications from this address")
            .retried_after(60)
    }

    pub(crate) fn busy(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, message).retried_after(1)
    }

    pub(crate) fn not_yet(token: &str) -> Failure {
        let message = format!("the revision {} is not in force here yet", portcullis::text::quoted(token));
        Failure::new(StatusCode::CONFLICT, message).retried_after(1)
    }

    pub(super) fn body_too_large(most: usize) -> Failure {
        let message = format!("the body has more than the {most} bytes allowed");
        Failure { closes: true, ..Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message) }
    }

    pub(super) fn body_too_slow(time: Duration) -> Failure {
        let message = format!("the body did not come within {} seconds", time.as_secs());
        Failure { closes: true, ..Failure::new(StatusCode::REQUEST_TIMEOUT, message) }
    }

    pub(super) fn body_broken() -> Failure {
        Failure { closes: true, ..Failure::bad_request("the body ended before its end") }
    }

    fn retried_after(self, seconds: u16) -> Failure {
        Failure { header: Some((RETRY_AFTER, HeaderValue::from(seconds))), ..self }
    }

    /// After how many seconds it may be tried again, if it may.
    pub(crate) fn retry_after(&self) -> Option<&HeaderValue> {
        self.header.as_ref().filter(|(name, _)| *name == RETRY_AFTER).map(|(_, value)| value)
    }

    pub(crate) fn response(self) -> Response<Body> {
        let text = serde_json::to_vec(&self.message).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        if self.closes {
            headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let status = match &refusal {
            Refusal::Unauthenticated => return Failure::unauthenticated(),
            Refusal::NoWorkspace(_) | Refusal::NotFound { .. } => StatusCode::NOT_FOUND,
            Refusal::Forbidden(_)
            | Refusal::OutOfScope(_)
            | Refusal::NotAllowed(_)
            | Refusal::Excess(_)
            | Refusal::ReachingUp(_) => StatusCode::FORBIDDEN,
            Refusal::LastAdministrator
            | Refusal::RulesBroken(_)
            | Refusal::Conflict(_)
            | Refusal::Stale { .. }
            | Refusal::OtherDigest { .. }
            | Refusal::InUse(_) => StatusCode::CONFLICT,
            Refusal::UnknownRevision(_) => {
                return Failure::new(StatusCode::CONFLICT, format!("unknown-revision: {refusal}"));
            }
            Refusal::Faults(_)
            | Refusal::Invalid(_)
            | Refusal::TooMany { .. }
            | Refusal::MalformedToken(_) => StatusCode::BAD_REQUEST,
            // What a disk or the system says is for whoever runs the server.
            Refusal::Store(_) | Refusal::Outside(_) => {
                tracing::error!(error = %refusal, "a request failed");
                let message = "the server failed; its log says why";
                return Failure::new(StatusCode::INTERNAL_SERVER_ERROR, message);
            }
        };
        Failure::new(status, refusal.to_string())
    }
}
