//! Health and reflection, which need no credential, and what is not spoken here.

use std::sync::Arc;
use std::time::Duration;

use portcullis::matrix::Layout;
use portcullis_server::{Admission, DoorBounds, ServedFile, Source, System};
use portcullis_testkit::agreement::Pair;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::gate::*;
use crate::proto::WatchRequest;

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;
const UNKNOWN: i32 = 3;

#[tokio::test]
async fn health_is_told_to_anybody() {
    let mut gate = Gate::open();
    let mut client = HealthClient::new(channel(gate.address).await);
    let of = |service: &str| HealthCheckRequest { service: service.to_owned() };
    for service in ["", "portcullis.v1.Decisions"] {
        assert_eq!(client.check(of(service)).await.unwrap().into_inner().status, SERVING);
    }
    refused(client.check(of("x")).await, Code::NotFound);
    let mut unknown = client.watch(of("x")).await.unwrap().into_inner();
    assert_eq!(unknown.message().await.unwrap().unwrap().status, UNKNOWN);
    let mut watch = client.watch(of("")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, SERVING);
    // It is told when the server stops, and the watch ends.
    let stopping = std::thread::spawn(move || gate.stop());
    assert_eq!(watch.message().await.unwrap().unwrap().status, NOT_SERVING);
    assert!(watch.message().await.unwrap().is_none());
    drop(unknown);
    stopping.join().unwrap();
}

#[tokio::test]
async fn reflection_lists_and_describes_what_is_spoken() {
    let gate = Gate::open();
    let mut client = ServerReflectionClient::new(channel(gate.address).await);
    let of = |what| ServerReflectionRequest { host: String::new(), message_request: Some(what) };
    let asked = [
        of(MessageRequest::ListServices(String::new())),
        of(MessageRequest::FileContainingSymbol("portcullis.v1.CheckRequest".to_owned())),
        of(MessageRequest::FileByFilename("google/protobuf/struct.proto".to_owned())),
    ];
    let answers = client.server_reflection_info(tokio_stream::iter(asked)).await.unwrap();
    let mut answers = answers.into_inner();
    let Some(MessageResponse::ListServicesResponse(listed)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list")
    };
    let mut names: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert_eq!(
        names,
        ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "portcullis.v1.Decisions"]
    );
    for _ in 0..2 {
        let answer = answers.message().await.unwrap().unwrap().message_response;
        let Some(MessageResponse::FileDescriptorResponse(file)) = answer else { panic!("no file") };
        assert_eq!(file.file_descriptor_proto.len(), 1);
    }
    assert!(answers.message().await.unwrap().is_none());
    let older = tonic_reflection::pb::v1alpha::server_reflection_client::ServerReflectionClient::new(
        channel(gate.address).await,
    )
    .server_reflection_info(tokio_stream::iter([tonic_reflection::pb::v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest::ListServices(
                String::new(),
            ),
        ),
    }]))
    .await;
    assert!(older.unwrap().into_inner().message().await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_not_spoken_is_said_so() {
    let gate = Gate::open();
    let mut grpc = tonic::client::Grpc::new(channel(gate.address).await);
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckRequest>::default();
    let path = http::uri::PathAndQuery::from_static("/portcullis.v1.Decisions/Decide");
    let asked = Request::new(HealthCheckRequest { service: String::new() });
    refused(grpc.unary(asked, path, codec).await, Code::Unimplemented);
    for (line, kind, status) in [
        ("POST", "application/grpc", "505"),
        ("POST", "application/grpc-web", "415"),
        ("GET", "application/json", "404"),
    ] {
        let head =
            format!("{line} /portcullis.v1.Decisions/Check HTTP/1.1\r\nhost: a\r\ncontent-type: {kind}");
        let answer = gate.raw(&format!("{head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn a_request_id_is_given_back_and_idle_streams_hold_up_no_end() {
    let mut gate = Gate::open();
    let mut ann = gate.ann().await;
    let mut request = Request::new(good());
    request.metadata_mut().insert("x-request-id", "r-1".parse().unwrap());
    assert_eq!(said(ann.check(request).await.unwrap().metadata(), "x-request-id"), "r-1");
    let mut refused = Request::new(crate::proto::CheckRequest::default());
    refused.metadata_mut().insert("x-request-id", "r-2".parse().unwrap());
    assert_eq!(said(ann.check(refused).await.unwrap_err().metadata(), "x-request-id"), "r-2");
    let begun = std::time::Instant::now();
    let (questions, sent) = tokio::sync::mpsc::channel(1);
    let idle = ann.check_stream(tokio_stream::wrappers::ReceiverStream::new(sent)).await.unwrap();
    let stopping = std::thread::spawn(move || gate.stop());
    crate::gate::refused(idle.into_inner().message().await, Code::Unavailable);
    drop(questions);
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(ann);
    stopping.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_message_that_is_another_is_refused() {
    let gate = Gate::open();
    let mut grpc = tonic::client::Grpc::new(channel(gate.address).await);
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckRequest>::default();
    let path = http::uri::PathAndQuery::from_static("/portcullis.v1.Decisions/Check");
    let mut asked = Request::new(HealthCheckRequest { service: "\u{0b}".to_owned() });
    asked.metadata_mut().insert("authorization", gate.ann_key.parse().unwrap());
    assert!(refused(grpc.unary(asked, path, codec).await, Code::InvalidArgument).contains("proto3"));
}

#[tokio::test]
async fn strangers_have_few_places_and_keep_nobody_from_a_decision() {
    let gate = Gate::within(DoorBounds { strangers: 1, ..DoorBounds::default() });
    let of = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let mut client = HealthClient::new(channel(gate.address).await);
    let held = client.watch(of("")).await.unwrap();
    refused(client.check(of("")).await, Code::ResourceExhausted);
    assert!(gate.ann().await.check(good()).await.unwrap().into_inner().decision);
    drop(held);
    let mut again = client.check(of("")).await;
    for _ in 0..50 {
        if again.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        again = client.check(of("")).await;
    }
    again.unwrap();
}

#[tokio::test]
async fn a_served_file_asks_for_no_key_of_this_machine_alone() {
    let workspace = |role: &str| {
        let roles = serde_json::json!({ role: { "version": "2022-04-26", "policies": [
            { "effect": "allow", "actions": ["read"], "resource": ["sync"] }] } });
        let members = serde_json::json!({ "a": { "role": role } });
        serde_json::json!({ "workspace": "w", "schema": "hightouch", "roles": roles, "members": members })
    };
    let compiled = |value: serde_json::Value| Pair::new(&value, Layout::Auto).snapshot;
    let file = ServedFile::new(compiled(workspace("r")), Admission::Anybody, Arc::new(System)).unwrap();
    let file = Arc::new(file);
    let server = serve(Source::File(Arc::clone(&file)), DoorBounds::default());
    let mut client = client(server.address(), None).await;
    let asked = || check("a", "read", "sync");
    assert!(client.check(asked()).await.unwrap().into_inner().decision);
    let with = |key: &'static str, value: &str| {
        let mut request = Request::new(asked());
        request.metadata_mut().insert(key, value.parse().unwrap());
        request
    };
    refused(client.check(with("x-forwarded-for", "10.0.0.1")).await, Code::PermissionDenied);
    refused(client.check(with("origin", "https://evil.example")).await, Code::PermissionDenied);
    refused(client.check(with("portcullis-at-least", "0.1")).await, Code::InvalidArgument);
    // A newer version of the file is a revision.
    let mut watch = client.watch(WatchRequest {}).await.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap().revision;
    file.replace(compiled(workspace("q")));
    assert_ne!(watch.message().await.unwrap().unwrap().revision, first);
    server.stop(Duration::ZERO);
}
