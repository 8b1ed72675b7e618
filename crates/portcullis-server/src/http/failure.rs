//! What is answered when there is no answer: a status, a sentence as a JSON string, and what the client may do next.
//!
//! A refusal of the service becomes a status here and nowhere else. One body stands for every bad credential, so that an unknown one
//! is not told from one that is revoked, expired or suspended. A failure names a revision as an answer does, as soon as its reader is
//! known to belong to the workspace: before that, a revision would tell that there is one, and how it changes.

use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use super::REVISION;
use super::body::Body;
use crate::Refusal;

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    header: Option<(HeaderName, HeaderValue)>,
    /// The token of the revision that it was found under.
    revision: Option<Box<str>>,
    /// Whether its reader has no part in the workspace, as far as is known. No revision is told then, whoever was heard before.
    is_outside: bool,
    /// Whether the connection is of no use any more.
    closes: bool,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Failure {
        let message = message.into();
        Failure { status, message, header: None, revision: None, is_outside: false, closes: false }
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
        let header = Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        Failure { header, is_outside: true, ..failure }
    }

    pub(crate) fn too_many_failures() -> Failure {
        let message = "too many failed authentications from this address";
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, message).retried_after(60);
        Failure { is_outside: true, ..failure }
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

    /// The same, found under a revision of the workspace that its reader belongs to. Of two the first one said counts.
    pub(crate) fn under(mut self, token: &str) -> Failure {
        if !self.is_outside {
            self.revision.get_or_insert_with(|| Box::from(token));
        }
        self
    }

    /// The token of the revision that it was found under, where its reader may know.
    pub(crate) fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
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
        if let Some(token) = self.revision.and_then(|token| HeaderValue::from_str(&token).ok()) {
            headers.insert(REVISION, token);
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
            // Of another workspace as little is told as of one that is not there.
            Refusal::NoWorkspace(_) => {
                let failure = Failure::new(StatusCode::NOT_FOUND, refusal.to_string());
                return Failure { is_outside: true, ..failure };
            }
            Refusal::NotFound { .. } => StatusCode::NOT_FOUND,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_named_by_the_first_who_knows_it_and_to_nobody_who_is_not_let_in() {
        let named = |failure: Failure| {
            let response = failure.under("first").under("second").response();
            response.headers().get(REVISION).map(|token| token.to_str().unwrap().to_owned())
        };
        let elsewhere = Refusal::NoWorkspace("`w`".to_owned());
        for outside in [Failure::unauthenticated(), Failure::too_many_failures(), elsewhere.into()] {
            assert_eq!(named(outside), None);
        }
        for inside in [Failure::bad_request("x"), Failure::busy("x"), Failure::not_yet("x")] {
            assert_eq!(named(inside).as_deref(), Some("first"));
        }
        assert_eq!(Failure::not_found().response().headers().get(REVISION), None);
    }
}
