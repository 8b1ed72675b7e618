//! How the server does: whether it lives, whether it is ready, and what it counted.
//!
//! That it lives and is ready is told to anybody, since whoever watches over a process has no key. What is wrong, with names and texts of the
//! workspace in it, is told to whoever is let in; counts to whoever is let in to a served file, and to the operator of a store.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::json;

use super::JSON;
use super::body::Body;
use super::failure::Failure;
use super::visitor::Visitor;
use crate::Source;
use crate::outside::rfc3339;

/// It answers, so it lives.
pub(super) fn live() -> Response<Body> {
    said(StatusCode::OK, &json!({ "live": true }))
}

impl Visitor {
    /// Ready as long as there is something good to answer from.
    pub(super) fn ready(&self, head: &Parts) -> Response<Body> {
        let stops = *self.door.stopping.borrow();
        let status = if stops { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        let mut detail = json!({ "ready": !stops });
        if let (Some(trouble), Some(object)) = (self.door.source.trouble(), detail.as_object_mut()) {
            object.insert("stale".to_owned(), json!(true));
            object.insert("since".to_owned(), json!(rfc3339(trouble.since)));
            object.insert("message".to_owned(), json!(trouble.sentence));
            if self.source_lets_in(&head.headers) {
                object.insert("errors".to_owned(), json!(trouble.what));
            }
        }
        said(status, &detail)
    }

    pub(super) fn metrics(&self, head: &Parts) -> Result<Response<Body>, Failure> {
        match &self.door.source {
            Source::Store(service) => {
                let shown = self.shown(&head.headers)?.unwrap_or_default();
                service.authenticate_operator(shown).map_err(|refusal| self.refused(refusal))?;
            }
            Source::File(_) => {
                let asker = self.asker(&head.headers)?;
                self.hear(&asker, None)?;
            }
        }
        self.door.metrics.stale.set(i64::from(self.door.source.trouble().is_some()));
        let mut response = Response::new(Body::from(self.door.metrics.text().into_bytes()));
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        Ok(response)
    }

    fn source_lets_in(&self, headers: &HeaderMap) -> bool {
        let shown = self.shown(headers).ok().flatten();
        self.door.source.admit(shown).is_ok()
    }
}

fn said(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string().into_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
