//! Streams: order, revisions as they come, and the end of a credential.

use std::time::{Duration, Instant};

use portcullis_server::DoorBounds;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::GrpcService;
use tonic::{Code, Streaming};

use crate::gate::*;
use crate::proto::{CheckStreamRequest, CheckStreamResponse, WatchRequest};
use crate::world::{DAY, add_member, add_role, revoke, suspend};

/// Within so long a stream must have ended.
const SOON: Duration = Duration::from_millis(1_500);

fn asked(id: u64) -> CheckStreamRequest {
    CheckStreamRequest { id, check: Some(if id.is_multiple_of(3) { bad() } else { good() }) }
}

/// A stream that stays open, and what it answers.
async fn open(client: &mut Client) -> (mpsc::Sender<CheckStreamRequest>, Streaming<CheckStreamResponse>) {
    let (questions, sent) = mpsc::channel(64);
    let answers = client.check_stream(ReceiverStream::new(sent)).await.unwrap().into_inner();
    (questions, answers)
}

#[tokio::test]
async fn answers_come_in_order_with_the_ids_of_their_questions() {
    let gate = Gate::open();
    let mut ann = gate.ann().await;
    let all = tokio_stream::iter((0..20_000).map(asked));
    let response = ann.check_stream(all).await.unwrap();
    assert_eq!(said(response.metadata(), "portcullis-revision"), gate.token());
    let mut answers = response.into_inner();
    for id in 0..20_000_u64 {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!((answer.id, answer.decision), (id, !id.is_multiple_of(3)));
        // The revision stands with the first answer under it alone.
        assert_eq!(answer.revision, if id == 0 { gate.token() } else { String::new() });
        assert_eq!(answer.error, "");
    }
    assert!(answers.message().await.unwrap().is_none());
    assert!(gate.metrics().contains("portcullis_streams 0"));
}

#[tokio::test]
async fn each_answer_is_under_the_newest_revision() {
    let gate = Gate::open();
    let mut ann = gate.ann().await;
    let (questions, mut answers) = open(&mut ann).await;
    for round in 0..10 {
        let subject = format!("m{round}@acme.example");
        for (id, expected) in [(2 * round, false), (2 * round + 1, true)] {
            if expected {
                gate.act(add_member(&subject, "viewer"));
            }
            let check = Some(check(&subject, "read", "sync"));
            questions.send(CheckStreamRequest { id, check }).await.unwrap();
            let answer = answers.message().await.unwrap().unwrap();
            assert_eq!((answer.id, answer.decision), (id, expected));
            let new = expected || id == 0;
            assert_eq!(answer.revision, if new { gate.token() } else { String::new() });
        }
    }
    assert!(gate.metrics().contains("portcullis_streams 1"));
}

#[tokio::test]
async fn a_faulty_question_is_answered_in_its_place() {
    let gate = Gate::open();
    gate.act(add_role("plain", &["allow read sync"]));
    let bob = gate.joins("bob@acme.example", "plain");
    let own = check("bob@acme.example", "read", "sync");
    let checks = [None, Some(own.clone()), Some(good()), Some(own)];
    let sent = (1..).zip(checks).map(|(id, check)| CheckStreamRequest { id, check }).collect::<Vec<_>>();
    let mut client = gate.client(Some(&bob)).await;
    let mut answers = client.check_stream(tokio_stream::iter(sent)).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        told.push((answer.id, answer.decision, answer.error));
    }
    let of_others = "this needs `read` on the membership type, which the credential does not hold";
    assert_eq!(told[0], (1, false, "`subject` is missing".to_owned()));
    assert_eq!(told[1], (2, true, String::new()));
    assert_eq!((told[2].0, told[2].1, told[2].2.is_empty()), (3, false, false), "{of_others}");
    assert_eq!(told[3], (4, true, String::new()));
}

/// Waits for the end of a stream that is asked all the while, or not at all, and gives its status and how long it took.
async fn ends(
    mut answers: Streaming<CheckStreamResponse>,
    questions: mpsc::Sender<CheckStreamRequest>,
    is_busy: bool,
) -> (Code, Duration) {
    let begun = Instant::now();
    let asking = tokio::spawn(async move {
        let mut id = 0;
        while is_busy && questions.send(asked(id)).await.is_ok() {
            id += 1;
        }
        // The stream is not ended from this side.
        questions.closed().await;
    });
    let end = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            match answers.message().await {
                Ok(answer) => assert!(answer.is_some(), "it ended well"),
                Err(status) => return status.code(),
            }
        }
    });
    let code = end.await.expect("the stream stays open");
    asking.abort();
    (code, begun.elapsed())
}

#[tokio::test]
async fn a_stream_ends_soon_after_its_credential() {
    let gate = Gate::open();
    for is_busy in [false, true] {
        let (revoked, id) = gate.key(None, None);
        let (expired, _) = gate.key(None, Some(portcullis_server::Outside::now(&*gate.hand) + DAY));
        let email = format!("bob{is_busy}@acme.example");
        let suspended = gate.joins(&email, "admin");
        for (key, what) in [(revoked, "revoked"), (suspended, "suspended"), (expired, "expired")] {
            let mut client = gate.client(Some(&key)).await;
            let (questions, mut answers) = open(&mut client).await;
            questions.send(asked(1)).await.unwrap();
            assert!(answers.message().await.unwrap().unwrap().decision);
            match what {
                "revoked" => drop(gate.act(revoke(&*id))),
                "suspended" => drop(gate.act(suspend(&email))),
                _ => gate.hand.pass(DAY),
            }
            let (code, took) = ends(answers, questions, is_busy).await;
            assert_eq!(code, Code::Unauthenticated, "{what}, busy: {is_busy}");
            assert!(took < SOON, "{what}, busy: {is_busy}: {took:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_whose_answers_nobody_reads_gives_none_after_its_credential() {
    let gate = Gate::open();
    let (key, id) = gate.key(None, None);
    let mut client = gate.client(Some(&key)).await;
    let (questions, mut answers) = open(&mut client).await;
    // Until no window is left: nobody reads.
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_millis(300), questions.send(asked(sent))).await.is_ok() {
        sent += 1;
    }
    gate.act(revoke(&*id));
    let mut answered = 0;
    let end = loop {
        match tokio::time::timeout(Duration::from_secs(5), answers.message()).await.unwrap() {
            Ok(Some(_)) => answered += 1,
            Ok(None) => panic!("it ended well"),
            Err(status) => break status.code(),
        }
    };
    // What had been answered before lies in the windows; the rest was never decided.
    assert_eq!(end, Code::Unauthenticated);
    assert!(answered < sent, "{answered} of {sent}");
}

/// Waits until a count stands in the metrics; how long it took.
async fn counted(gate: &Gate, line: &str) -> Duration {
    let begun = Instant::now();
    while !gate.metrics().contains(line) {
        assert!(begun.elapsed() < Duration::from_secs(5), "{line}: {}", gate.metrics());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

/// A peer that grants no window is sent nothing, and nobody asks its streams for more: they end all the same, and leave their places to others.
#[tokio::test]
async fn what_a_peer_never_takes_ends_with_its_credential() {
    let gate = Gate::within(DoorBounds { watches: 2, ..DoorBounds::default() });
    let (revoked, id) = gate.key(None, None);
    let suspended = gate.joins("bob@acme.example", "admin");
    for (key, what) in [(revoked, "revoked"), (suspended, "suspended")] {
        let mut channel = narrow(gate.address, 0).await;
        let mut client = over(channel.clone(), Some(&key));
        let mut watch = client.watch(WatchRequest {}).await.unwrap().into_inner();
        let (questions, mut answers) = open(&mut client).await;
        questions.send(asked(1)).await.unwrap();
        let events = http::Request::get(format!("http://{}/access/v1/watch", gate.address))
            .header("authorization", format!("Bearer {key}"))
            .body(tonic::body::Body::empty())
            .unwrap();
        std::future::poll_fn(|context| GrpcService::poll_ready(&mut channel, context)).await.unwrap();
        let events = GrpcService::call(&mut channel, events).await.unwrap();
        assert_eq!(events.status(), 200);
        refused(gate.ann().await.watch(WatchRequest {}).await, Code::ResourceExhausted);
        counted(&gate, "portcullis_streams 1").await;
        match what {
            "revoked" => drop(gate.act(revoke(&*id))),
            _ => drop(gate.act(suspend("bob@acme.example"))),
        }
        // Each is looked at within a second, and has as long as it takes to say why it ends.
        let took =
            counted(&gate, "portcullis_watches 0").await + counted(&gate, "portcullis_streams 0").await;
        assert!(took < Duration::from_secs(3), "{what}: {took:?}");
        // The peer, had it an eye for it, is told that they were reset.
        assert!(watch.message().await.is_err() && answers.message().await.is_err());
        let mut events = events.into_body();
        let end = std::future::poll_fn(|context| {
            http_body::Body::poll_frame(std::pin::Pin::new(&mut events), context)
        });
        let end = tokio::time::timeout(SOON, end).await.expect("the events stay open");
        assert!(end.is_some_and(|end| end.is_err()));
        drop(questions);
    }
    gate.ann().await.watch(WatchRequest {}).await.unwrap();
}

#[tokio::test]
async fn streams_and_watches_end_with_the_server() {
    let mut gate = Gate::open();
    let mut ann = gate.ann().await;
    let (questions, answers) = open(&mut ann).await;
    let mut watch = ann.watch(WatchRequest {}).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    let stopping = std::thread::spawn(move || gate.stop());
    let (code, took) = ends(answers, questions, false).await;
    assert_eq!(code, Code::Unavailable);
    assert!(took < SOON, "{took:?}");
    refused(watch.message().await, Code::Unavailable);
    stopping.join().unwrap();
}

#[tokio::test]
async fn a_watch_tells_each_revision_until_its_credential_is_over() {
    let gate = Gate::open();
    let (key, id) = gate.key(None, None);
    let mut watch = gate.client(Some(&key)).await.watch(WatchRequest {}).await.unwrap().into_inner();
    let next = |answer: Result<Option<crate::proto::WatchResponse>, tonic::Status>| answer.unwrap().unwrap();
    assert_eq!(next(watch.message().await).revision, gate.token());
    for round in 0..3 {
        gate.act(add_member(&format!("m{round}@acme.example"), "viewer"));
        assert_eq!(next(watch.message().await).revision, gate.token());
    }
    assert!(gate.metrics().contains("portcullis_watches 1"));
    gate.act(revoke(&*id));
    let begun = Instant::now();
    refused(watch.message().await, Code::Unauthenticated);
    assert!(begun.elapsed() < SOON);
    assert!(gate.metrics().contains("portcullis_watches 0"));
}

#[tokio::test]
async fn watches_and_streams_are_counted_and_bounded() {
    let gate = Gate::within(DoorBounds { watches: 1, streams: 2, ..DoorBounds::default() });
    let mut ann = gate.ann().await;
    let first = ann.watch(WatchRequest {}).await.unwrap();
    refused(gate.ann().await.watch(WatchRequest {}).await, Code::ResourceExhausted);
    // On this connection there is room for one more stream; the next one waits for it.
    let (questions, answers) = open(&mut ann).await;
    let waits = tokio::time::timeout(Duration::from_millis(200), ann.check(good())).await;
    assert!(waits.is_err());
    drop((questions, answers));
    assert!(ann.check(good()).await.unwrap().into_inner().decision);
    drop(first);
    let mut again = Err(tonic::Status::unknown("not asked"));
    for _ in 0..50 {
        again = gate.ann().await.watch(WatchRequest {}).await;
        if again.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    again.unwrap();
}
