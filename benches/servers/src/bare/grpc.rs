//! tonic on the shared runtime, with the messages that prost derives. Search and watching are not served.

use std::net::SocketAddr;
use std::pin::Pin;

use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use self::proto::decisions_server::{Decisions, DecisionsServer};
use self::proto::{
    CheckBatchRequest, CheckBatchResponse, CheckRequest, CheckResponse, CheckStreamRequest,
    CheckStreamResponse, SearchRequest, SearchResponse, WatchRequest, WatchResponse,
};
use crate::Trouble;

/// What the build generates of the proto.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "the generator means it for others"
)]
pub(crate) mod proto {
    tonic::include_proto!("portcullis.v1");
}

struct Allowing;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn allowed() -> CheckResponse {
    CheckResponse { decision: true, ..CheckResponse::default() }
}

#[tonic::async_trait]
impl Decisions for Allowing {
    type CheckStreamStream = Answers<CheckStreamResponse>;
    type WatchStream = Answers<WatchResponse>;

    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        Ok(Response::new(allowed()))
    }

    async fn check_batch(
        &self,
        asked: Request<CheckBatchRequest>,
    ) -> Result<Response<CheckBatchResponse>, Status> {
        let decisions = asked.into_inner().checks.iter().map(|_| allowed()).collect();
        Ok(Response::new(CheckBatchResponse { decisions }))
    }

    async fn check_stream(
        &self,
        asked: Request<Streaming<CheckStreamRequest>>,
    ) -> Result<Response<Self::CheckStreamStream>, Status> {
        let answers = asked.into_inner().map(|asked| {
            let id = asked?.id;
            Ok(CheckStreamResponse { id, decision: true, ..CheckStreamResponse::default() })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn search(&self, _: Request<SearchRequest>) -> Result<Response<SearchResponse>, Status> {
        Err(Status::unimplemented("a bare server searches nothing"))
    }

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("a bare server has no revisions"))
    }
}

pub(super) async fn serve(address: SocketAddr) -> Result<(), Trouble> {
    Ok(Server::builder().add_service(DecisionsServer::new(Allowing)).serve(address).await?)
}
