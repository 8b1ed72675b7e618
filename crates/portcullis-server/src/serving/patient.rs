//! A connection on which writing does not wait for ever.
//!
//! A peer that asks and does not take the answers would hold its connection, and what was written for it, as long as it likes. So when not
//! a byte could be written for some time the connection is over. Reading has bounds of its own, by head and by body.
//!
//! Closing has one as well. A connection that is closed while its peer still sends is reset, and the peer loses the answer that says
//! why; so what still comes is read and thrown away for a moment, and for a shorter one when the server stops, which is not to wait for
//! whoever had just begun to ask.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::Sleep;

/// How long somebody is waited for who may still send something, and how long one who does, up to so many bytes.
const GLIMPSE: Duration = Duration::from_millis(100);
const LINGER: Duration = Duration::from_secs(2);
const MOST: usize = 64 << 20;

/// A stream with a bound on how long a write may wait.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    time: Duration,
    stopping: watch::Receiver<bool>,
    /// When a write that waits is over.
    until: Option<Pin<Box<Sleep>>>,
    /// How much was thrown away, and when that is over.
    thrown: usize,
    lingers: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// A stream that is written to within so long, of a server that tells when it stops.
    pub(super) const fn new(stream: S, time: Duration, stopping: watch::Receiver<bool>) -> Patient<S> {
        Patient { stream, time, stopping, until: None, thrown: 0, lingers: None }
    }

    /// What came of a write, if it does not wait too long.
    fn in_time<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.until = None;
            return written;
        }
        let until = self.until.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.time)));
        until.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Throws away what still comes, until the peer has hung up too or that is over.
    fn throw_away(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 4 << 10];
        while self.thrown < MOST {
            let mut read = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                    if self.thrown == 0 {
                        let time = if *self.stopping.borrow() { GLIMPSE } else { LINGER };
                        self.lingers = Some(Box::pin(tokio::time::sleep(time)));
                    }
                    self.thrown += read.filled().len();
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    let lingers = self.lingers.get_or_insert_with(|| Box::pin(tokio::time::sleep(GLIMPSE)));
                    return lingers.as_mut().poll(context);
                }
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, bytes)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.in_time(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.in_time(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingers.is_none() {
            let shut = Pin::new(&mut this.stream).poll_shutdown(context);
            ready!(this.in_time(context, shut))?;
        }
        this.throw_away(context).map(Ok)
    }
}
