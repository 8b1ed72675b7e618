//! The calls of the service: each is let in, read, answered under one revision and put into its message.
//!
//! The credential is looked at before the message is read, so that a stranger's message is not; and again where something was put in force until it was
//! there. A message may be as large as a body and take as long as one; there is one of it, except on a stream of checks.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response};
use hyper::body::Incoming;
use prost::Message;
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::codec::{BufferSettings, EncodeBody, SingleMessageCompressionOverride};
use tonic::{Status, Streaming};
use tonic_prost::ProstEncoder;

use super::asked::{Asked, Search, of_batch};
use super::following::Following;
use super::proto::{Action, CheckBatchResponse, CheckResponse, Entity, SearchResponse};
use super::streams::{Checks, UntilOver, Watched};
use super::{Clock, Whole, decide, status, too_slow};
use crate::Hearing;
use crate::authzen::page::{Next, Pages};
use crate::authzen::{Fault, Wanted};
use crate::http::{Failure, REVISION, Visitor, find};

/// Room for the frame and the bytes of a message.
const FRAME: usize = 5;
/// How many bytes of answers on a stream go into one piece.
const PIECE: usize = 32 << 10;

impl Visitor {
    /// The one message of a call, and its sender before what is in force once the message is there.
    pub(super) async fn heard_with_message(
        &self,
        head: &Parts,
        body: Incoming,
    ) -> Result<(Hearing, Bytes), Status> {
        let (asker, hearing) = self.heard(&head.headers, None).await.map_err(status::of)?;
        let message = self.message(head, body).await.map_err(|status| status::under(status, &hearing))?;
        Ok((self.still_heard(&asker, hearing, None).map_err(status::of)?, message))
    }

    pub(super) fn check(&self, hearing: &Hearing, message: &[u8]) -> Result<Response<Body>, Failure> {
        let asked = Asked::read(message, hearing.has_conditions())?;
        let mut clock = Clock::default();
        let question = asked.question(clock.text(&self.door, hearing));
        let (decision, reason_admin) = decide(&self.door, hearing, &question, asked.explains)?;
        Ok(single(hearing, CheckResponse { decision, reason_admin, error: String::new() }))
    }

    pub(super) fn check_batch(&self, hearing: &Hearing, message: &[u8]) -> Result<Response<Body>, Failure> {
        let (checks, semantic) = of_batch(message, self.door.bounds().items)?;
        let mut clock = Clock::default();
        // One moment for all, as one revision.
        let now = clock.text(&self.door, hearing);
        let mut decisions = Vec::with_capacity(checks.len());
        for check in checks {
            let decided = Asked::read(check, hearing.has_conditions())
                .and_then(|asked| decide(&self.door, hearing, &asked.question(now), asked.explains));
            let (decision, reason_admin, error) = match decided {
                Ok((decision, reason)) => (decision, reason, String::new()),
                Err(failure) => (false, None, failure.message),
            };
            decisions.push(CheckResponse { decision, reason_admin, error });
            if semantic.ends_with(decision) {
                break;
            }
        }
        Ok(single(hearing, CheckBatchResponse { decisions }))
    }

    pub(super) async fn check_stream(&self, head: &Parts, body: Incoming) -> Result<Response<Body>, Status> {
        let (asker, hearing) = self.heard(&head.headers, None).await.map_err(status::of)?;
        let questions = self.messages(head, body).map_err(|status| status::under(status, &hearing))?;
        let following = Following::new(&self.door, asker, hearing)?;
        let hearing = following.hearing.clone();
        Ok(several(&hearing, Checks::new(questions, following)?))
    }

    pub(super) async fn find(&self, hearing: &Hearing, message: Bytes) -> Result<Response<Body>, Failure> {
        let mut clock = Clock::default();
        let now = clock.text(&self.door, hearing).map(str::to_owned);
        let most = self.door.bounds().page;
        let heard = hearing.clone();
        let computed = self.computed(move || page_of(&heard, &message, now.as_deref(), most));
        Ok(single(hearing, computed.await?))
    }

    pub(super) async fn follow_revisions(
        &self,
        head: &Parts,
        body: Incoming,
    ) -> Result<Response<Body>, Status> {
        let (asker, hearing) = self.heard(&head.headers, None).await.map_err(status::of)?;
        let under = |status| status::under(status, &hearing);
        self.message(head, body).await.map_err(under)?;
        let permit = Arc::clone(self.door.watches()).try_acquire_owned();
        let permit = permit.map_err(|_| under(Status::resource_exhausted("there are too many watches")))?;
        let following = Following::new(&self.door, asker, hearing)?;
        let hearing = following.hearing.clone();
        Ok(several(&hearing, Watched::new(following, permit)?))
    }

    /// The messages of a stream, as they come.
    fn messages(&self, head: &Parts, body: Incoming) -> Result<Streaming<Bytes>, Status> {
        let encoding = head.headers.get("grpc-encoding").map(HeaderValue::as_bytes);
        if encoding.is_some_and(|encoding| encoding != b"identity") {
            let mut status = Status::unimplemented("messages must not be compressed");
            let identity = tonic::metadata::MetadataValue::from_static("identity");
            status.metadata_mut().insert("grpc-accept-encoding", identity);
            return Err(status);
        }
        Ok(Streaming::new_request(Whole, body, None, Some(self.door.bounds().body_bytes)))
    }

    /// The one message of a call.
    async fn message(&self, head: &Parts, body: Incoming) -> Result<Bytes, Status> {
        let mut messages = self.messages(head, body)?;
        let read = async {
            let Some(message) = messages.message().await.map_err(status::of_frame)? else {
                return Err(Status::invalid_argument("the call ended without a message"));
            };
            match messages.message().await.map_err(status::of_frame)? {
                None => Ok(message),
                Some(_) => Err(Status::invalid_argument("the call has more than one message")),
            }
        };
        tokio::time::timeout(self.door.bounds().body_time, read).await.map_err(|_| too_slow())?
    }
}

fn page_of(
    hearing: &Hearing,
    message: &[u8],
    now: Option<&str>,
    most: usize,
) -> Result<SearchResponse, Failure> {
    let search = Search::read(message)?;
    let pages = Pages::of(&search.fingerprint(), hearing.workspace().to_string().as_bytes());
    let begin = Some(search.token).filter(|token| !token.is_empty()).map(|token| pages.read(token));
    // The field has another name over HTTP.
    let words = |fault: Fault| fault.words().replace("`page.token`", "`page_token`");
    let begin = begin.transpose().map_err(|fault| Failure::bad_request(words(fault)))?;
    let limit = Some(u64::from(search.limit)).filter(|limit| *limit > 0);
    let asked = limit.or(begin.as_ref().and_then(|begin| begin.limit));
    let limit = asked.map_or(most, |limit| usize::try_from(limit).unwrap_or(most).min(most));
    let after = begin.as_ref().map(|begin| &*begin.after);
    let found = find(hearing, search.wanted, &search.question(now), after, limit)?;
    let next = |last: &String| pages.token(&Next { limit: asked, after: last.clone() });
    let mut response = SearchResponse {
        next_token: found.ids.last().filter(|_| found.more).map(next).unwrap_or_default(),
        total: found.total as u64,
        ..SearchResponse::default()
    };
    match search.searched_type().filter(|_| search.wanted != Wanted::Actions) {
        Some(kind) => {
            let entity = |id| Entity { r#type: kind.to_owned(), id, properties: None };
            response.entities = found.ids.into_iter().map(entity).collect();
        }
        None => {
            let action = |name| Action { name, properties: None };
            response.actions = found.ids.into_iter().map(action).collect();
        }
    }
    Ok(response)
}

/// An answer of one message.
fn single<M: Message + 'static>(hearing: &Hearing, message: M) -> Response<Body> {
    let settings = BufferSettings::new(FRAME + message.encoded_len(), PIECE);
    let messages = tokio_stream::once(Ok(message));
    answered(hearing, settings, messages)
}

/// An answer of messages as they come, until it is over.
fn several<M: Message + 'static>(
    hearing: &Hearing,
    messages: impl Stream<Item = Result<M, Status>> + Send + Unpin + 'static,
) -> Response<Body> {
    answered(hearing, BufferSettings::default(), UntilOver::new(messages))
}

fn answered<M: Message + 'static>(
    hearing: &Hearing,
    settings: BufferSettings,
    messages: impl Stream<Item = Result<M, Status>> + Send + 'static,
) -> Response<Body> {
    let encoder = ProstEncoder::new(settings);
    let inherit = SingleMessageCompressionOverride::default();
    let body = EncodeBody::new_server(encoder, messages, None, inherit, None);
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Ok(token) = HeaderValue::from_str(hearing.revision()) {
        headers.insert(REVISION, token);
    }
    response
}
