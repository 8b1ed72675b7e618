//! What is answered: a few bytes, what a watch tells as time goes by, or what gRPC says.
//!
//! Nearly every answer is one piece of bytes, so that is a variant and not a box.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::failure::Failure;

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// Piece by piece, as they come.
    Pieces(mpsc::Receiver<Bytes>),
    /// An answer of gRPC.
    Grpc(tonic::body::Body),
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body::Whole(Some(Bytes::from(bytes)))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        match self.get_mut() {
            Body::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Pieces(pieces) => {
                pieces.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
            }
            Body::Grpc(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Body::Pieces(_) => false,
            Body::Grpc(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Body::Pieces(_) => SizeHint::default(),
            Body::Grpc(body) => body.size_hint(),
        }
    }
}

/// Reads a request's body, of at most so many bytes and in at most so long.
pub(super) async fn read(body: Incoming, most: usize, time: Duration) -> Result<Bytes, Failure> {
    // A length that is said beforehand is believed enough to refuse it.
    if body.size_hint().lower() > most as u64 {
        return Err(Failure::body_too_large(most));
    }
    let mut collected = pin!(collected(body, most));
    // Most bodies have come with their heads: for those no clock is set.
    if let Poll::Ready(read) = poll_fn(|context| Poll::Ready(collected.as_mut().poll(context))).await {
        return read;
    }
    match tokio::time::timeout(time, collected).await {
        Ok(read) => read,
        Err(_) => Err(Failure::body_too_slow(time)),
    }
}

async fn collected(mut body: Incoming, most: usize) -> Result<Bytes, Failure> {
    let mut first: Option<Bytes> = None;
    let mut all: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::body_broken())?;
        let Ok(data) = frame.into_data() else { continue };
        match first.take() {
            // Most bodies are one frame, which need not be copied.
            None if all.is_empty() => first = Some(data),
            Some(before) => {
                all.reserve(before.len() + data.len());
                all.extend_from_slice(&before);
                all.extend_from_slice(&data);
            }
            None => all.extend_from_slice(&data),
        }
        if first.as_ref().map_or(all.len(), Bytes::len) > most {
            return Err(Failure::body_too_large(most));
        }
    }
    Ok(first.unwrap_or_else(|| Bytes::from(all)))
}

/// Nothing at all.
pub(super) const fn empty() -> Body {
    Body::Whole(None)
}
