//! Single checks and batches: what is asked, by whom, and under which revision.

use std::sync::Arc;
use std::time::Duration;

use portcullis_server::{Change, DoorBounds, Operation};
use prost_types::value::Kind;
use prost_types::{Struct, Value};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request};

use crate::gate::*;
use crate::proto::check_batch_request::Semantic;
use crate::proto::{CheckBatchRequest, CheckRequest, CheckResponse};
use crate::world::{ANN, DAY, add_group, add_member, add_role, document, revoke, suspend};

fn text(value: &str) -> Value {
    Value { kind: Some(Kind::StringValue(value.to_owned())) }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Struct {
    Struct { fields: members.map(|(key, value)| (key.to_owned(), value)).into() }
}

#[tokio::test]
async fn a_check_is_answered_under_the_revision_that_it_names() {
    let gate = Gate::open();
    let mut ann = gate.ann().await;
    let answer = ann.check(good()).await.unwrap();
    assert_eq!(said(answer.metadata(), "portcullis-revision"), gate.token());
    assert_eq!(answer.into_inner(), CheckResponse { decision: true, ..CheckResponse::default() });
    let answer = ann.check(bad()).await.unwrap().into_inner();
    assert_eq!(answer, CheckResponse::default());
    // A type that the subject does not have is not its type.
    let other = CheckRequest { subject: entity("service", ANN), ..good() };
    assert!(!ann.check(other).await.unwrap().into_inner().decision);
    let counted = gate.metrics();
    assert!(counted.contains(r#"portcullis_calls_total{method="check",code="ok"} 3"#), "{counted}");
    assert!(counted.contains(r#"portcullis_decisions_total{decision="allow"} 1"#), "{counted}");
    assert!(counted.contains(r#"portcullis_decisions_total{decision="deny"} 2"#), "{counted}");
}

#[tokio::test]
async fn reasons_are_told_when_they_are_asked_for() {
    let gate = Gate::open();
    let answer = gate.ann().await.check(CheckRequest { explain: true, ..good() }).await.unwrap();
    let reason = answer.into_inner().reason_admin.unwrap();
    assert_eq!(reason.fields["code"], text("allow"));
    assert!(reason.fields.contains_key("statements"));
    // Whoever may not read the workspace is told no statements.
    gate.act(add_role("plain", &["allow read sync"]));
    let bob = gate.joins("bob@acme.example", "plain");
    let own = CheckRequest { explain: true, ..check("bob@acme.example", "read", "sync") };
    let answer = gate.client(Some(&bob)).await.check(own).await.unwrap().into_inner();
    let reason = answer.reason_admin.unwrap();
    assert!(answer.decision && reason.fields.contains_key("roles"));
    assert!(!reason.fields.contains_key("statements"));
}

#[tokio::test]
async fn a_faulty_question_is_refused_by_what_it_lacks() {
    let gate = Gate::open();
    let mut ann = gate.ann().await;
    let good = good();
    for (faulty, lacks) in [
        (CheckRequest { subject: None, ..good.clone() }, "`subject` is missing"),
        (CheckRequest { subject: entity("", ANN), ..good.clone() }, "`subject.type` is missing"),
        (CheckRequest { subject: entity("user", ""), ..good.clone() }, "`subject.id` is missing"),
        (CheckRequest { action: None, ..good.clone() }, "`action` is missing"),
        (CheckRequest { action: action(""), ..good.clone() }, "`action.name` is missing"),
        (CheckRequest { resource: None, ..good.clone() }, "`resource` is missing"),
        (CheckRequest { resource: entity("", "1"), ..good.clone() }, "`resource.type` is missing"),
        (CheckRequest { resource: entity("sync", ""), ..good.clone() }, "`resource.id` is missing"),
    ] {
        assert_eq!(refused(ann.check(faulty.clone()).await, Code::InvalidArgument), lacks);
        let batch = CheckBatchRequest { checks: vec![faulty, good.clone()], semantic: 0 };
        let answers = ann.check_batch(batch).await.unwrap().into_inner().decisions;
        let error = CheckResponse { error: lacks.to_owned(), ..CheckResponse::default() };
        assert_eq!(answers, [error, CheckResponse { decision: true, ..CheckResponse::default() }]);
    }
}

#[tokio::test]
async fn properties_and_context_decide_where_there_are_conditions() {
    let gate = Gate::open();
    gate.act(add_role(
        "team",
        &[
            r#"allow read sync {"labels.team": {"equals": "a"}}"#,
            r#"allow update sync {"context.hours": {"lessthan": 12.6}}"#,
        ],
    ));
    gate.act(add_member("eve@acme.example", "team"));
    let mut ann = gate.ann().await;
    let labelled = |team: &str| {
        let labels = Value { kind: Some(Kind::StructValue(object([("team", text(team))]))) };
        let mut asked = check("eve@acme.example", "read", "sync");
        asked.resource.as_mut().unwrap().properties = Some(object([("labels", labels)]));
        asked
    };
    let at = |hours: f64| {
        let hours = Value { kind: Some(Kind::NumberValue(hours)) };
        let context = Some(object([("hours", hours)]));
        CheckRequest { context, ..check("eve@acme.example", "update", "sync") }
    };
    for (asked, allowed) in [
        (labelled("a"), true),
        (labelled("b"), false),
        (check("eve@acme.example", "read", "sync"), false),
        (at(12.5), true),
        (at(12.6), false),
        (at(-1e300), true),
    ] {
        assert_eq!(ann.check(asked.clone()).await.unwrap().into_inner().decision, allowed, "{asked:?}");
    }
    let unreadable = at(f64::NAN);
    assert!(refused(ann.check(unreadable).await, Code::InvalidArgument).contains("finite"));
}

#[tokio::test]
async fn whoever_shows_nothing_good_is_told_nothing() {
    let gate = Gate::open();
    let (revoked, id) = gate.key(None, None);
    gate.act(revoke(&*id));
    let (expired, _) = gate.key(None, Some(portcullis_server::Outside::now(&*gate.hand) + DAY));
    let suspended = gate.joins("bob@acme.example", "viewer");
    gate.act(suspend("bob@acme.example"));
    gate.hand.pass(2 * DAY);
    let forged = format!("{}x", gate.ann_key);
    let mut told = Vec::new();
    for key in [None, Some("x"), Some(&*forged), Some(&*revoked), Some(&*expired), Some(&*suspended)] {
        let mut client = gate.client(key).await;
        told.push(refused(client.check(good()).await, Code::Unauthenticated));
        told.push(refused(client.check_batch(CheckBatchRequest::default()).await, Code::Unauthenticated));
        told.push(refused(client.check_stream(tokio_stream::empty()).await, Code::Unauthenticated));
        told.push(refused(
            client.search(crate::proto::SearchRequest::default()).await,
            Code::Unauthenticated,
        ));
        told.push(refused(client.watch(crate::proto::WatchRequest {}).await, Code::Unauthenticated));
    }
    told.dedup();
    assert_eq!(told, ["the credential is not valid"]);
    assert!(gate.ann().await.check(good()).await.unwrap().into_inner().decision);
}

/// What is decided is decided by what is in force when the question is known, not when somebody began to put it.
#[tokio::test]
async fn a_message_that_is_slow_is_answered_under_the_newest_revision() {
    let gate = Gate::open();
    let (key, id) = gate.key(None, None);
    // What is sent later is asked by a call that has begun.
    let begin = async || {
        let (question, sent) = mpsc::channel(1);
        let mut request = Request::new(ReceiverStream::new(sent));
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        let channel = channel(gate.address).await;
        let answer = tokio::spawn(async move {
            let mut grpc = tonic::client::Grpc::new(channel);
            grpc.ready().await.unwrap();
            let path = "/portcullis.v1.Decisions/Check".parse().unwrap();
            let codec = tonic_prost::ProstCodec::<CheckRequest, CheckResponse>::default();
            grpc.client_streaming(request, path, codec).await
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        (question, answer)
    };
    let joins = check("new@acme.example", "read", "sync");
    let (question, answer) = begin().await;
    gate.act(add_member("new@acme.example", "viewer"));
    question.send(joins.clone()).await.unwrap();
    drop(question);
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(said(answer.metadata(), "portcullis-revision"), gate.token());
    assert!(answer.into_inner().decision);
    let (question, answer) = begin().await;
    gate.act(revoke(&*id));
    question.send(joins).await.unwrap();
    drop(question);
    refused(answer.await.unwrap(), Code::Unauthenticated);
}

/// Whoever belongs to the workspace is told under which revision there was no answer; nobody else is.
#[tokio::test]
async fn a_status_names_the_revision_to_whoever_is_let_in() {
    let bounds = DoorBounds { body_bytes: 1_000, items: 3, watches: 0, ..DoorBounds::default() };
    let gate = Gate::within(bounds);
    gate.act(add_role("plain", &["allow read sync"]));
    let mut bob = gate.client(Some(&gate.joins("bob@acme.example", "plain"))).await;
    let token = gate.token();
    #[track_caller]
    fn told<T: std::fmt::Debug>(answer: Result<T, tonic::Status>, code: Code, revision: &str) {
        let status = answer.unwrap_err();
        assert_eq!((status.code(), said(status.metadata(), "portcullis-revision")), (code, revision));
    }
    let asked = |name: &'static str, value: &str| {
        let mut asked = Request::new(check("bob@acme.example", "read", "sync"));
        asked.metadata_mut().insert(name, value.parse().unwrap());
        asked
    };
    told(bob.check(CheckRequest::default()).await, Code::InvalidArgument, &token);
    told(bob.check(good()).await, Code::PermissionDenied, &token);
    told(bob.check(check(&"x".repeat(1_000), "read", "sync")).await, Code::OutOfRange, &token);
    told(bob.check(asked("grpc-encoding", "gzip")).await, Code::Unimplemented, &token);
    told(bob.check(asked("portcullis-at-least", "x")).await, Code::InvalidArgument, &token);
    told(
        bob.check(asked("portcullis-at-least", "0123456789abcdef.1")).await,
        Code::FailedPrecondition,
        &token,
    );
    told(bob.check(asked("portcullis-at-least", &format!("{token}0"))).await, Code::Unavailable, &token);
    let batch = CheckBatchRequest { checks: vec![good(); 4], semantic: 0 };
    told(bob.check_batch(batch).await, Code::InvalidArgument, &token);
    told(bob.search(crate::proto::SearchRequest::default()).await, Code::InvalidArgument, &token);
    told(bob.watch(crate::proto::WatchRequest {}).await, Code::ResourceExhausted, &token);
    let (key, id) = gate.key(None, None);
    let mut revoked = gate.client(Some(&key)).await;
    gate.act(revoke(&*id));
    told(revoked.check(good()).await, Code::Unauthenticated, "");
    told(gate.client(None).await.check(good()).await, Code::Unauthenticated, "");
}

#[tokio::test]
async fn about_others_asks_who_may_read_the_membership() {
    let gate = Gate::open();
    gate.act(add_role("plain", &["allow read sync"]));
    let mut bob = gate.client(Some(&gate.joins("bob@acme.example", "plain"))).await;
    let own = check("bob@acme.example", "read", "sync");
    assert!(bob.check(own.clone()).await.unwrap().into_inner().decision);
    let said = refused(bob.check(good()).await, Code::PermissionDenied);
    assert!(said.contains("read"), "{said}");
    let batch = CheckBatchRequest { checks: vec![good(), own], semantic: 0 };
    let answers = bob.check_batch(batch).await.unwrap().into_inner().decisions;
    assert_eq!(answers[0], CheckResponse { error: said, ..CheckResponse::default() });
    assert!(answers[1].decision);
}

#[tokio::test]
async fn a_key_answers_for_its_own_workspace_and_as_its_policy_leaves_it() {
    let gate = Gate::open();
    let operator = gate.service.authenticate_operator(&gate.operator).unwrap();
    let setup = gate.service.create_workspace(&operator, "other", "hightouch", "zoe@other.example").unwrap();
    let mut theirs = gate.client(Some(&setup.key.reveal())).await;
    // Nobody of acme is known there.
    assert!(!theirs.check(good()).await.unwrap().into_inner().decision);
    assert!(theirs.check(check("zoe@other.example", "update", "sync")).await.unwrap().into_inner().decision);
    let (narrow, _) = gate.key(Some(&document(&["allow read *"])), None);
    let mut narrow = gate.client(Some(&narrow)).await;
    assert!(!narrow.check(good()).await.unwrap().into_inner().decision);
    assert!(narrow.check(check(ANN, "read", "sync")).await.unwrap().into_inner().decision);
}

#[tokio::test]
async fn a_batch_ends_where_its_semantic_says() {
    let gate = Gate::open();
    let mut ann = gate.ann().await;
    let checks = vec![good(), bad(), good(), CheckRequest::default()];
    for (semantic, decisions) in [
        (Semantic::ExecuteAll, &[true, false, true, false][..]),
        (Semantic::DenyOnFirstDeny, &[true, false]),
        (Semantic::PermitOnFirstPermit, &[true]),
    ] {
        let batch = CheckBatchRequest { checks: checks.clone(), semantic: semantic as i32 };
        let answers = ann.check_batch(batch).await.unwrap().into_inner().decisions;
        let decided: Vec<bool> = answers.iter().map(|answer| answer.decision).collect();
        assert_eq!(decided, decisions, "{semantic:?}");
    }
    let faulty = CheckBatchRequest { checks: vec![CheckRequest::default(), good()], semantic: 1 };
    assert_eq!(ann.check_batch(faulty).await.unwrap().into_inner().decisions.len(), 1);
    let unknown = CheckBatchRequest { checks: Vec::new(), semantic: 7 };
    assert!(refused(ann.check_batch(unknown).await, Code::InvalidArgument).contains("semantic"));
    assert!(ann.check_batch(CheckBatchRequest::default()).await.unwrap().into_inner().decisions.is_empty());
}

#[tokio::test]
async fn what_is_sent_is_bounded() {
    let bounds = DoorBounds { items: 3, body_bytes: 1_000, ..DoorBounds::default() };
    let gate = Gate::within(bounds);
    let mut ann = gate.ann().await;
    let batch = |count| CheckBatchRequest { checks: vec![good(); count], semantic: 0 };
    assert_eq!(ann.check_batch(batch(3)).await.unwrap().into_inner().decisions.len(), 3);
    let said = refused(ann.check_batch(batch(4)).await, Code::InvalidArgument);
    assert!(said.contains("3 checks"), "{said}");
    let long = check(&"x".repeat(1_000), "update", "sync");
    assert!(refused(ann.check(long).await, Code::OutOfRange).contains("1000 bytes"));
    let mut packed = Request::new(good());
    packed.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    assert!(refused(ann.check(packed).await, Code::Unimplemented).contains("compressed"));
    assert!(ann.check(good()).await.unwrap().into_inner().decision);
}

#[tokio::test]
async fn a_revision_that_is_named_is_waited_for() {
    let gate = Arc::new(Gate::open());
    let mut ann = gate.ann().await;
    let asking = |token: &str, wait: Option<&str>| {
        let mut request = Request::new(check("new@acme.example", "read", "sync"));
        request.metadata_mut().insert("portcullis-at-least", token.parse().unwrap());
        if let Some(wait) = wait {
            request.metadata_mut().insert("portcullis-wait", wait.parse().unwrap());
        }
        request
    };
    let token = gate.token();
    let (epoch, number) = token.split_once('.').unwrap();
    let number: u64 = number.parse().unwrap();
    assert!(!ann.check(asking(&token, None)).await.unwrap().into_inner().decision);
    // It comes while it is waited for.
    let changing = Arc::clone(&gate);
    let change = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        changing.act(add_member("new@acme.example", "viewer"));
    });
    let next = format!("{epoch}.{}", number + 1);
    let answer = ann.check(asking(&next, Some("2000"))).await.unwrap();
    change.join().unwrap();
    assert_eq!(said(answer.metadata(), "portcullis-revision"), gate.token());
    assert!(answer.into_inner().decision);
    let far = ann.check(asking(&format!("{epoch}.{}", number + 9), Some("1"))).await.unwrap_err();
    assert_eq!((far.code(), said(far.metadata(), "retry-after")), (Code::Unavailable, "1"));
    let other = format!("{}.1", "0".repeat(16));
    refused(ann.check(asking(&other, None)).await, Code::FailedPrecondition);
    refused(ann.check(asking("x", None)).await, Code::InvalidArgument);
    refused(ann.check(asking(&token, Some("3000"))).await, Code::InvalidArgument);
}

#[tokio::test]
async fn a_change_is_in_force_for_the_next_check() {
    let gate = Gate::open();
    let mut ann = gate.ann().await;
    for round in 0..20 {
        let (subject, group) = (format!("m{round}@acme.example"), format!("g{round}"));
        assert!(!ann.check(check(&subject, "read", "sync")).await.unwrap().into_inner().decision);
        let joins: Change = vec![add_member(&subject, "viewer"), add_group(&group)].into();
        gate.service.change(&gate.ann, gate.acme, &joins).unwrap();
        assert!(ann.check(check(&subject, "read", "sync")).await.unwrap().into_inner().decision);
        gate.act(Operation::SuspendMember { member: subject.as_str().into() });
        assert!(!ann.check(check(&subject, "read", "sync")).await.unwrap().into_inner().decision);
    }
}
