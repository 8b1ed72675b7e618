//! One connection, from its first byte to its last.
//!
//! A peer that connects and says nothing, or sends a head byte by byte, is cut off when its time is over; so is one that stays idle
//! between two requests, or does not take what it asked for.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::beside::Beside;
use super::ending::{Ending, Told};
use super::patient::Patient;
use crate::http::Visitor;

/// What a connection of HTTP/2 begins with. All of it is waited for here, since what comes after here waits for it without end.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// When the first bytes are looked at again while there are too few of them: ever less often, so that many who never send the rest cost
/// nothing.
const FIRST_GLANCE: Duration = Duration::from_millis(5);
const LAST_GLANCE: Duration = Duration::from_secs(1);
/// How much a peer may send on one stream of HTTP/2, and on all of a connection, before it must wait. Streams of checks are small messages in
/// great numbers, which must not wait for each other.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// Fewer bytes of a head cannot be asked for.
const LEAST_HEAD: usize = 8 << 10;
/// How often a peer of HTTP/2 is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// Answers requests on a connection until it ends.
pub(super) async fn answer(stream: TcpStream, visitor: Arc<Visitor>, ending: &Ending) {
    let bounds = *visitor.door().bounds();
    // An answer is written at once and whole: waiting for more to send with it would delay it.
    let _ = stream.set_nodelay(true);
    let begins = tokio::time::timeout(bounds.head_time, begins_with_preface(&stream));
    // One that has said nothing yet has nothing to be answered.
    let Some(Ok(Ok(speaks_two))) = ending.told(pin!(begins), |_| Told::Dropped).await else { return };
    let service = service_fn(|request| {
        let visitor = Arc::clone(&visitor);
        async move { Ok::<_, std::convert::Infallible>(visitor.answer(request).await) }
    });
    let io = TokioIo::new(Patient::new(stream, bounds.write_time, visitor.door().stopping()));
    // That a peer breaks off is its own affair: what it began is dropped, and nobody is told.
    if speaks_two {
        let beside = Beside::default();
        let mut builder = http2::Builder::new(beside.clone());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(bounds.streams)
            .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG);
        let connection = pin!(builder.serve_connection(io, service));
        let served = ending.told(connection, |connection| {
            connection.graceful_shutdown();
            Told::Ends
        });
        beside.until(pin!(served)).await;
    } else {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head_time)
            .max_buf_size(bounds.head_bytes.max(LEAST_HEAD))
            .max_headers(bounds.headers)
            // Head and body of an answer are one write. Answers to requests that came together are not held back to be one too: the last
            // before a connection is closed would be lost.
            .writev(false);
        let connection = pin!(builder.serve_connection(io, service));
        ending
            .told(connection, |connection| {
                connection.graceful_shutdown();
                Told::Ends
            })
            .await;
    }
}

/// Looks at the first bytes without taking them.
async fn begins_with_preface(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    let mut pause = FIRST_GLANCE;
    loop {
        let count = stream.peek(&mut first).await?;
        let seen = first.get(..count).unwrap_or_default();
        if seen.is_empty() || !PREFACE.starts_with(seen) {
            return Ok(false);
        }
        if count == PREFACE.len() {
            return Ok(true);
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LAST_GLANCE);
    }
}
