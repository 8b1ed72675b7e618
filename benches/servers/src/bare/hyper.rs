//! hyper 1 on one single-threaded runtime a core.
//!
//! One thread accepts and deals connections out in turn, so that every runtime has as many; with a listening socket each the kernel would deal by
//! hash, and sixteen connections are few enough for that to be uneven.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::body;
use crate::Trouble;

pub(super) fn serve(address: SocketAddr) -> Result<(), Trouble> {
    let listener = TcpListener::bind(address)?;
    let cores = thread::available_parallelism()?.get();
    let mut runtimes: Vec<UnboundedSender<TcpStream>> = Vec::with_capacity(cores);
    for _ in 0..cores {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (sender, connections) = unbounded_channel();
        thread::spawn(move || runtime.block_on(tokio::task::LocalSet::new().run_until(deal(connections))));
        runtimes.push(sender);
    }
    for (stream, runtime) in listener.incoming().zip(runtimes.iter().cycle()) {
        let stream = stream?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        runtime.send(stream)?;
    }
    Ok(())
}

async fn deal(mut connections: UnboundedReceiver<TcpStream>) {
    while let Some(stream) = connections.recv().await {
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { continue };
        tokio::task::spawn_local(async move {
            // A client that goes away is no fault of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, asked) = request.into_parts();
    let Ok(asked) = asked.collect().await else { return Ok(refusal(StatusCode::BAD_REQUEST)) };
    let asked = asked.to_bytes();
    let answer = match head.uri.path() {
        "/access/v1/evaluation" => body::evaluation(&asked),
        "/access/v1/evaluations" => body::evaluations(&asked),
        _ => return Ok(refusal(StatusCode::NOT_FOUND)),
    };
    let Ok(answer) = answer else { return Ok(refusal(StatusCode::BAD_REQUEST)) };
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn refusal(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
