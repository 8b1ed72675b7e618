//! The load over gRPC: streams of checks with a window each, or single calls, over HTTP/2 by `h2` without a gRPC library above it.
//!
//! A stream keeps its window full: as many questions as answers have come go out together, in one write, as every client does that batches what is
//! ready. All of it runs on one thread. Answers must come in order and with the ids that were asked under; a message that names an error is wrong.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, StatusCode};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use super::Orders;
use super::message::{Answer, OF_CHECK, OF_STREAM, answer, check, framed, numbered, unframe};
use super::outcome::{Outcome, processor_time};
use crate::Trouble;
use crate::workload::Question;

const STREAM: &str = "/portcullis.v1.Decisions/CheckStream";
const CALL: &str = "/portcullis.v1.Decisions/Check";

/// What is under way at once.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// So many streams in all, each with so many questions under way.
    Streams {
        /// Spread over the connections.
        streams: usize,
        /// Questions of each that are not answered yet.
        window: usize,
    },
    /// So many unary calls at once in all.
    Calls(usize),
}

/// A question as bytes, and the decision expected.
struct Prepared {
    check: Vec<u8>,
    /// The same, framed as a unary request.
    framed: Bytes,
    expected: bool,
}

#[derive(Clone, Copy)]
struct Times {
    warm: Instant,
    end: Instant,
}

/// What each task needs.
#[derive(Clone)]
struct Asker {
    sender: SendRequest<Bytes>,
    orders: Rc<Orders>,
    questions: Rc<Vec<Prepared>>,
}

/// Verifies every question, then asks them in turn for the time that was ordered.
///
/// # Errors
/// The first wrong answer, and whatever else is not as it should be.
pub fn run(orders: &Orders, way: Way, questions: &[(Question, bool)]) -> Result<Outcome, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let prepare = |(asked, expected): &(Question, bool)| {
        let check = check(asked);
        let mut out = Vec::new();
        framed(&check, &mut out);
        Prepared { check, framed: out.into(), expected: orders.expected(*expected) }
    };
    let questions = Rc::new(questions.iter().map(prepare).collect::<Vec<_>>());
    let orders = Rc::new(orders.clone());
    let load = async {
        let mut askers = Vec::with_capacity(orders.connections);
        for _ in 0..orders.connections {
            let (orders, questions) = (Rc::clone(&orders), Rc::clone(&questions));
            askers.push(Asker { sender: connect(&orders).await?, orders, questions });
        }
        let mut outcome = verify(&askers, way).await?;
        let warm = Instant::now() + orders.warming;
        let times = Times { warm, end: warm + orders.seconds };
        outcome.add(&timed(&askers, way, times).await?)?;
        Ok::<_, Trouble>(outcome)
    };
    let mut outcome = runtime.block_on(LocalSet::new().run_until(load))?;
    outcome.lasted = orders.seconds;
    outcome.spent = processor_time("self").unwrap_or_default().div_f64(outcome.asked.max(1) as f64);
    Ok(outcome)
}

async fn connect(orders: &Orders) -> Result<SendRequest<Bytes>, Trouble> {
    let stream = TcpStream::connect(orders.address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = h2::client::Builder::new()
        .initial_window_size(1 << 20)
        .initial_connection_window_size(16 << 20)
        .handshake::<_, Bytes>(stream)
        .await?;
    tokio::task::spawn_local(async move {
        // What goes wrong here is told to whoever waits for an answer.
        let _ = connection.await;
    });
    Ok(sender)
}

/// Every question once, over the first connection.
async fn verify(askers: &[Asker], way: Way) -> Result<Outcome, Trouble> {
    let asker = askers.first().ok_or("expected a connection, found none")?.clone();
    let all = asker.questions.len();
    match way {
        Way::Streams { window, .. } => asker.stream(0, window, None).await,
        Way::Calls(_) => asker.calls(0..all, None).await,
    }
}

async fn timed(askers: &[Asker], way: Way, times: Times) -> Result<Outcome, Trouble> {
    let (tasks, window) = match way {
        Way::Streams { streams, window } => (streams, window),
        Way::Calls(calls) => (calls, 0),
    };
    let mut running = JoinSet::new();
    for (number, asker) in askers.iter().cycle().take(tasks).enumerate() {
        let asker = asker.clone();
        // Each begins elsewhere, so that they do not ask the same at the same time.
        let first = number * asker.questions.len() / tasks.max(1);
        running.spawn_local(async move {
            let outcome = match way {
                Way::Streams { .. } => asker.stream(first, window, Some(times)).await,
                Way::Calls(_) => asker.calls(first..usize::MAX, Some(times)).await,
            };
            outcome.map_err(|trouble| trouble.to_string())
        });
    }
    let mut all = Outcome::new()?;
    while let Some(done) = running.join_next().await {
        all.add(&done??)?;
    }
    Ok(all)
}

impl Asker {
    async fn open(&mut self, path: &str) -> Result<(h2::client::ResponseFuture, SendStream<Bytes>), Trouble> {
        let mut request = Request::post(format!("http://{}{path}", self.orders.address))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(key) = &self.orders.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let ready = self.sender.clone().ready().await?;
        self.sender = ready;
        Ok(self.sender.send_request(request.body(())?, false)?)
    }

    fn question(&self, number: usize) -> Result<&Prepared, Trouble> {
        Ok(self.questions.get(number % self.questions.len()).ok_or("expected questions, found none")?)
    }

    /// One stream: until its time is up, or without one until all questions were answered.
    async fn stream(mut self, first: usize, window: usize, times: Option<Times>) -> Result<Outcome, Trouble> {
        let mut outcome = Outcome::new()?;
        let (response, mut sending) = self.open(STREAM).await?;
        let (mut sent, mut answered) = (0, 0);
        // When questions went out, and how many of them at once; the oldest are answered first.
        let mut underway: VecDeque<(Instant, usize)> = VecDeque::new();
        let most = if times.is_some() { usize::MAX } else { self.questions.len() };
        let (mut scratch, mut out) = (Vec::new(), Vec::new());
        let mut now = Instant::now();
        let mut send = |sent: &mut usize, more: usize, now, underway: &mut VecDeque<_>| {
            let more = more.min(most - *sent);
            out.clear();
            for _ in 0..more {
                let asked = self.question(first + *sent)?;
                *sent += 1;
                numbered(*sent as u64, &asked.check, &mut scratch, &mut out);
            }
            if more > 0 {
                underway.push_back((now, more));
                sending.send_data(Bytes::copy_from_slice(&out), false)?;
            }
            Ok::<_, Trouble>(())
        };
        send(&mut sent, window, now, &mut underway)?;
        let (head, mut receiving) = response.await?.into_parts();
        healthy(head.status, &head.headers)?;
        let mut came = BytesMut::new();
        while answered < most {
            let Some(chunk) = receiving.data().await else {
                return Err(ended(&mut receiving).await);
            };
            let chunk = chunk?;
            receiving.flow_control().release_capacity(chunk.len())?;
            came.extend_from_slice(&chunk);
            let mut rest = &*came;
            let mut fresh = 0;
            while let Some(message) = unframe(&mut rest)? {
                let said = answer(message, OF_STREAM)?;
                let asked = self.question(first + answered)?;
                answered += 1;
                fresh += 1;
                let right = Answer { id: answered as u64, decision: asked.expected, error: false };
                if said != right {
                    return Err(format!("expected {right:?}, found {said:?}").into());
                }
            }
            let taken = came.len() - rest.len();
            let _ = came.split_to(taken);
            now = Instant::now();
            outcome.asked += fresh as u64;
            let counts = times.is_some_and(|times| now >= times.warm && now < times.end);
            let mut left = fresh;
            while let Some((since, waiting)) = underway.front_mut().filter(|_| left > 0) {
                let done = left.min(*waiting);
                if counts {
                    outcome.note(*since, now, done as u64);
                }
                left -= done;
                *waiting -= done;
                if *waiting == 0 {
                    underway.pop_front();
                }
            }
            if times.is_some_and(|times| now >= times.end) {
                break;
            }
            send(&mut sent, fresh, now, &mut underway)?;
        }
        Ok(outcome)
    }

    /// Unary calls, one after the other.
    async fn calls(
        mut self,
        numbers: std::ops::Range<usize>,
        times: Option<Times>,
    ) -> Result<Outcome, Trouble> {
        let mut outcome = Outcome::new()?;
        for number in numbers {
            let since = Instant::now();
            if times.is_some_and(|times| since >= times.end) {
                break;
            }
            let (response, mut sending) = self.open(CALL).await?;
            let asked = self.question(number)?;
            sending.send_data(asked.framed.clone(), true)?;
            let (head, mut receiving) = response.await?.into_parts();
            healthy(head.status, &head.headers)?;
            let mut came = BytesMut::new();
            while let Some(chunk) = receiving.data().await {
                let chunk = chunk?;
                receiving.flow_control().release_capacity(chunk.len())?;
                came.extend_from_slice(&chunk);
            }
            if let Some(trailers) = receiving.trailers().await? {
                healthy(head.status, &trailers)?;
            }
            let message = unframe(&mut &*came)?.ok_or("an answer that ended before its message")?;
            let said = answer(message, OF_CHECK)?;
            let right = Answer { id: 0, decision: asked.expected, error: false };
            if said != right {
                return Err(format!("expected {right:?}, found {said:?}").into());
            }
            outcome.asked += 1;
            let now = Instant::now();
            if times.is_some_and(|times| now >= times.warm && now < times.end) {
                outcome.note(since, now, 1);
            }
        }
        Ok(outcome)
    }
}

/// That a status is 200 and gRPC's own, where it is there, is 0.
fn healthy(status: StatusCode, headers: &HeaderMap) -> Result<(), Trouble> {
    let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let code = text("grpc-status");
    if status == StatusCode::OK && code.as_deref().is_none_or(|code| code == "0") {
        return Ok(());
    }
    let (code, told) = (code.unwrap_or_default(), text("grpc-message").unwrap_or_default());
    Err(format!("expected an answer, found status {status}, grpc-status {code}: {told}").into())
}

/// Why a stream ended that should not.
async fn ended(receiving: &mut RecvStream) -> Trouble {
    match receiving.trailers().await {
        Ok(Some(trailers)) => {
            let told = healthy(StatusCode::OK, &trailers).err();
            told.unwrap_or_else(|| "the server ended a stream".into())
        }
        Ok(None) => "the server ended a stream".into(),
        Err(error) => error.into(),
    }
}
