//! gRPC: the same decisions on the same port, for whoever asks often.
//!
//! A call comes to the same door as a request over HTTP and is told by its content type; it is guarded, let in and put before a revision by the same
//! code, and what is asked is decided by the same [`Hearing`]. Here is only what differs: messages, statuses, and streams that
//! outlive the moment in which their credential was looked at.
//!
//! The dispatch is a match on the path, and not a generated trait: state of a connection lives on one thread, which a generated server could
//! not hold. What tonic gives is what is hard to get right: frames, statuses and trailers, health and reflection.

mod asked;
mod beside;
mod calls;
mod fields;
mod following;
mod sent;
mod status;
mod streams;

use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use portcullis::Question;
use prost_types::Struct;
use prost_types::value::Kind;
use tonic::codec::{BufferSettings, DecodeBuf, Decoder};
use tonic::{Code, Status};

use crate::Hearing;
use crate::http::{Body, Door, Failure, Visitor, reason_admin};
use crate::outside::rfc3339;

/// The messages of the proto, as they were generated. Of requests only the test clients use them: see `fields`.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the proto"
)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/portcullis.v1.rs"));
}

/// Whether a request is of gRPC, or of something that calls itself so.
pub(crate) fn is_spoken(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.get(..16).is_some_and(|begin| begin.eq_ignore_ascii_case(b"application/grpc"))
}

/// Whether it is gRPC in protobuf, and not gRPC in JSON or for browsers.
fn is_protobuf(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    kind.eq_ignore_ascii_case(b"application/grpc") || kind.eq_ignore_ascii_case(b"application/grpc+proto")
}

/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Check,
    CheckBatch,
    CheckStream,
    Search,
    Watch,
    Health,
    Reflection,
    Unknown,
}

impl Method {
    fn of(path: &str) -> Method {
        match path {
            "/portcullis.v1.Decisions/Check" => Method::Check,
            "/portcullis.v1.Decisions/CheckBatch" => Method::CheckBatch,
            "/portcullis.v1.Decisions/CheckStream" => Method::CheckStream,
            "/portcullis.v1.Decisions/Search" => Method::Search,
            "/portcullis.v1.Decisions/Watch" => Method::Watch,
            _ if path.starts_with("/grpc.health.v1.Health/") => Method::Health,
            _ if path.starts_with("/grpc.reflection.v1.ServerReflection/")
                || path.starts_with("/grpc.reflection.v1alpha.ServerReflection/") =>
            {
                Method::Reflection
            }
            _ => Method::Unknown,
        }
    }

    /// Its word in metrics.
    const fn word(self) -> &'static str {
        match self {
            Method::Check => "check",
            Method::CheckBatch => "check_batch",
            Method::CheckStream => "check_stream",
            Method::Search => "search",
            Method::Watch => "watch",
            Method::Health => "health",
            Method::Reflection => "reflection",
            Method::Unknown => "unknown",
        }
    }
}

impl Visitor {
    /// Answers a call.
    pub(crate) async fn call(&self, request: Request<Incoming>) -> Response<Body> {
        if !is_protobuf(request.headers()) {
            let message = "expected the header `content-type: application/grpc`, whose messages are protobuf";
            return Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).response();
        }
        if request.version() != Version::HTTP_2 {
            let message = "gRPC needs HTTP/2; ask over AuthZEN where there is none";
            return Failure::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, message).response();
        }
        if request.method() != http::Method::POST {
            return Failure::not_allowed("POST").response();
        }
        let method = Method::of(request.uri().path());
        let called = self.called(method, request).await;
        let response = called.unwrap_or_else(|status| status.into_http());
        let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
        self.door.metrics().called(method.word(), status::word(code));
        response.map(Body::Grpc)
    }

    async fn called(
        &self,
        method: Method,
        request: Request<Incoming>,
    ) -> Result<Response<tonic::body::Body>, Status> {
        let (head, body) = request.into_parts();
        self.guard(&head).map_err(status::of)?;
        match method {
            Method::Check | Method::CheckBatch | Method::Search => {
                let (hearing, message) = self.heard_with_message(&head, body).await?;
                let answered = match method {
                    Method::Check => self.check(&hearing, &message),
                    Method::CheckBatch => self.check_batch(&hearing, &message),
                    _ => self.find(&hearing, message).await,
                };
                answered.map_err(|failure| status::of(failure.under(hearing.revision())))
            }
            Method::CheckStream => self.check_stream(&head, body).await,
            Method::Watch => self.follow_revisions(&head, body).await,
            Method::Health | Method::Reflection => {
                let permit = Arc::clone(self.door.strangers()).try_acquire_owned();
                let permit = permit.map_err(|_| {
                    Status::resource_exhausted("there are too many streams of health and reflection")
                })?;
                let request = Request::from_parts(head, body);
                let answered = async {
                    match method {
                        Method::Health => beside::health(&self.door, request).await,
                        _ => beside::reflection(request).await,
                    }
                };
                let time = self.door.bounds().body_time;
                let response = tokio::time::timeout(time, answered).await.map_err(|_| too_slow())?;
                Ok(response.map(|body| tonic::body::Body::new(beside::Held { body, _permit: permit })))
            }
            Method::Unknown => Err(Status::unimplemented("there is no such method")),
        }
    }
}

fn too_slow() -> Status {
    Status::deadline_exceeded("the message did not come in the time that it may take")
}

/// Decides a question, counts it, and says why if that was asked.
fn decide(
    door: &Door,
    hearing: &Hearing,
    question: &Question<'_>,
    explains: bool,
) -> Result<(bool, Option<Struct>), Failure> {
    let answer = hearing.decide(question)?;
    let allowed = answer.is_allowed();
    door.metrics().decided(allowed);
    let reason = explains.then(|| match shown(reason_admin(hearing, question, answer)).kind {
        Some(Kind::StructValue(reason)) => reason,
        _ => Struct::default(),
    });
    Ok((allowed, reason))
}

/// JSON as a value of protobuf.
fn shown(value: serde_json::Value) -> prost_types::Value {
    use serde_json::Value as Json;
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(holds) => Kind::BoolValue(holds),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Json::String(text) => Kind::StringValue(text),
        Json::Array(values) => {
            let values = values.into_iter().map(shown).collect();
            Kind::ListValue(prost_types::ListValue { values })
        }
        Json::Object(members) => {
            let fields = members.into_iter().map(|(key, value)| (key, shown(value))).collect();
            Kind::StructValue(Struct { fields })
        }
    };
    prost_types::Value { kind: Some(kind) }
}

/// The time for conditions, written once for all questions of a millisecond.
#[derive(Debug, Default)]
struct Clock {
    at: Option<i64>,
    text: Option<String>,
}

impl Clock {
    /// The time, where there are conditions.
    fn text(&mut self, door: &Door, hearing: &Hearing) -> Option<&str> {
        if !hearing.has_conditions() {
            return None;
        }
        let now = door.source().now();
        if self.at != Some(now) {
            (self.at, self.text) = (Some(now), rfc3339(now));
        }
        self.text.as_deref()
    }
}

/// Takes the bytes of a message as they are.
#[derive(Debug)]
struct Whole;

impl Decoder for Whole {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_content_type() {
        let headers = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            headers
        };
        for (kind, spoken, protobuf) in [
            ("application/grpc", true, true),
            ("application/grpc+proto", true, true),
            ("Application/GRPC; charset=utf-8", true, true),
            ("application/grpc-web", true, false),
            ("application/grpc+json", true, false),
            ("application/json", false, false),
            ("application/grp", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_spoken(&headers(kind)), spoken, "{kind}");
            assert_eq!(is_protobuf(&headers(kind)), protobuf, "{kind}");
        }
    }

    #[test]
    fn reasons_become_structs_of_the_same_shape() {
        let json = serde_json::json!({"a": [1, "x", null], "b": {"c": true}});
        let Some(Kind::StructValue(shown)) = shown(json).kind else { panic!("no object") };
        let Some(Kind::ListValue(list)) = &shown.fields["a"].kind else { panic!("no list") };
        let kinds: Vec<&Kind> = list.values.iter().filter_map(|value| value.kind.as_ref()).collect();
        assert_eq!(kinds, [&Kind::NumberValue(1.0), &Kind::StringValue("x".to_owned()), &Kind::NullValue(0)]);
    }
}
