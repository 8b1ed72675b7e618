//! What stands beside decisions by convention: health and reflection.
//!
//! Both are answered to anybody, since whoever watches over a process has no key and what a service looks like is in its documentation. So
//! their messages are small, and their streams few: a stranger who holds all of them keeps nobody from a decision.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::http::Door;

/// The name of the service that is told healthy or not, beside the empty one.
const DECISIONS: &str = "portcullis.v1.Decisions";
/// The descriptors of what is spoken here.
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
/// No message of health or reflection is longer.
const MOST_BYTES: usize = 16 << 10;

/// Answers a call of health.
pub(super) async fn health(door: &Arc<Door>, request: Request<Incoming>) -> Response<Body> {
    let healthy = Healthy { door: Arc::clone(door) };
    let mut server = HealthServer::new(healthy).max_decoding_message_size(MOST_BYTES);
    let Ok(response) = server.call(request).await;
    response
}

type Reflecting = dyn Fn(Request<Incoming>) -> BoxFuture<Response<Body>, Infallible> + Send + Sync;

/// Answers a call of reflection, in either version.
pub(super) async fn reflection(request: Request<Incoming>) -> Response<Body> {
    // The descriptors are taken apart once, not for everybody who asks.
    static SERVERS: OnceLock<Option<[Box<Reflecting>; 2]>> = OnceLock::new();
    let Some([newer, older]) = SERVERS.get_or_init(|| servers().ok()) else {
        return Status::internal("the descriptors cannot be read").into_http();
    };
    let is_older = request.uri().path().starts_with("/grpc.reflection.v1alpha.");
    let Ok(response) = if is_older { older(request) } else { newer(request) }.await;
    response
}

fn servers() -> Result<[Box<Reflecting>; 2], tonic_reflection::server::Error> {
    let described = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let newer = described().build_v1()?.max_decoding_message_size(MOST_BYTES);
    let older = described().build_v1alpha()?.max_decoding_message_size(MOST_BYTES);
    Ok([
        Box::new(move |request| newer.clone().call(request)),
        Box::new(move |request| older.clone().call(request)),
    ])
}

/// Healthy as long as the server does not stop: it answers only when there is something to answer from.
struct Healthy {
    door: Arc<Door>,
}

const fn serving(stops: bool) -> HealthCheckResponse {
    let status = if stops { ServingStatus::NotServing } else { ServingStatus::Serving };
    HealthCheckResponse { status: status as i32 }
}

fn is_known(service: &str) -> bool {
    service.is_empty() || service == DECISIONS
}

#[tonic::async_trait]
impl Health for Healthy {
    type WatchStream = HealthWatched;

    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        if !is_known(&request.get_ref().service) {
            return Err(Status::not_found("there is no such service"));
        }
        Ok(tonic::Response::new(serving(*self.door.stopping().borrow())))
    }

    async fn watch(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthWatched>, Status> {
        let is_known = is_known(&request.get_ref().service);
        let stopping = WatchStream::new(self.door.stopping());
        Ok(tonic::Response::new(HealthWatched { stopping, is_known, is_over: false }))
    }
}

/// How it is, and how it becomes. It ends with the server.
struct HealthWatched {
    stopping: WatchStream<bool>,
    is_known: bool,
    is_over: bool,
}

impl Stream for HealthWatched {
    type Item = Result<HealthCheckResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        Pin::new(&mut this.stopping).poll_next(context).map(|stops| {
            let stops = stops?;
            this.is_over = stops;
            // Of a service that is not known this is told once, as the protocol has it.
            let unknown = HealthCheckResponse { status: ServingStatus::ServiceUnknown as i32 };
            Some(Ok(if this.is_known { serving(stops) } else { unknown }))
        })
    }
}

/// A body that holds a place among those that are open.
pub(super) struct Held {
    pub(super) body: Body,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
