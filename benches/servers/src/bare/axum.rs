//! axum on the shared runtime, with an extractor of the raw body: what `Json` does besides is not measured.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::body;
use crate::Trouble;

pub(super) async fn serve(address: SocketAddr) -> Result<(), Trouble> {
    let router = Router::new()
        .route("/access/v1/evaluation", post(async |asked: Bytes| answer(body::evaluation(&asked))))
        .route("/access/v1/evaluations", post(async |asked: Bytes| answer(body::evaluations(&asked))));
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

fn answer(answer: serde_json::Result<Vec<u8>>) -> Response {
    match answer {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
