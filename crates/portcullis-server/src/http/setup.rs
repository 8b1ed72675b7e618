//! The setup of a new store: whoever has the code makes the first workspace, and is shown its keys this once.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Response};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::json;

use super::JSON;
use super::body::Body;
use super::failure::Failure;
use super::visitor::Visitor;
use crate::Source;

/// What setting up takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// The code that the server showed where it was started.
    code: String,
    /// The name of the first workspace.
    workspace: String,
    /// The subject of its administrator.
    admin: String,
}

impl Visitor {
    pub(super) async fn setup(&self, head: &Parts, body: Incoming) -> Result<Response<Body>, Failure> {
        let Source::Store(service) = &self.door.source else { return Err(Failure::not_found()) };
        let bytes = self.json(head, body).await?;
        let claim: Claim = serde_json::from_slice(&bytes).map_err(|error| unread(&error))?;
        let (service, whence) = (std::sync::Arc::clone(service), self.whence(&head.headers));
        let claimed = tokio::task::spawn_blocking(move || {
            service.claim_setup(&claim.code, &claim.workspace, &claim.admin, &whence)
        });
        let setup = claimed
            .await
            .map_err(|_| Failure::busy("the server stops"))?
            .map_err(|refusal| self.refused(refusal))?;
        let told = json!({
            "workspace": setup.workspace.to_string(),
            "member": setup.member.to_string(),
            "key": setup.key.reveal(),
            "operator_key": setup.operator.map(|key| key.reveal()),
        });
        let mut response = Response::new(Body::from(told.to_string().into_bytes()));
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// What is wrong with a body. It may hold a code, so nothing of it is said back.
fn unread(error: &serde_json::Error) -> Failure {
    let what = if error.is_data() { "not the object that was expected" } else { "not JSON" };
    let (line, column) = (error.line(), error.column());
    Failure::bad_request(format!(
        "the body is {what}, as line {line} column {column} shows: send `code`, `workspace` and `admin`, each a string, and nothing else"
    ))
}
