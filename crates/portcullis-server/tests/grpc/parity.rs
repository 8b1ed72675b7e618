//! The published cases over gRPC: single checks, batches and streams answer as the library and as the publishers do.

use std::sync::Arc;

use portcullis::Question;
use portcullis::matrix::Layout;
use portcullis_server::{Admission, DoorBounds, ServedFile, Source, System};
use portcullis_testkit::agreement::Pair;
use portcullis_testkit::corpus::{self, Case, RequestCase};
use prost_types::value::Kind;
use prost_types::{ListValue, Struct};
use serde_json::Value;

use crate::gate::*;
use crate::proto::{CheckBatchRequest, CheckRequest, CheckStreamRequest, Entity};

/// Questions of a batch at a time.
const BATCH: usize = 5_000;

/// JSON as a value of protobuf.
fn sent(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(holds) => Kind::BoolValue(*holds),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(values) => Kind::ListValue(ListValue { values: values.iter().map(sent).collect() }),
        Value::Object(_) => Kind::StructValue(object(value).unwrap()),
    };
    prost_types::Value { kind: Some(kind) }
}

fn object(value: &Value) -> Option<Struct> {
    let members = value.as_object()?;
    Some(Struct { fields: members.iter().map(|(key, one)| (key.clone(), sent(one))).collect() })
}

async fn serving(pair: Pair) -> (portcullis_server::Server, Client) {
    let file = ServedFile::new(pair.snapshot, Admission::Anybody, Arc::new(System)).unwrap();
    let server = serve(Source::File(Arc::new(file)), DoorBounds::default());
    let client = client(server.address(), None).await;
    (server, client)
}

/// What single checks (of some), batches and a stream answer.
async fn ask(client: &mut Client, checks: &[CheckRequest], expected: &[bool], id: &str) {
    let mut batched = Vec::new();
    for some in checks.chunks(BATCH) {
        let batch = CheckBatchRequest { checks: some.to_vec(), semantic: 0 };
        let answers = client.check_batch(batch).await.unwrap().into_inner().decisions;
        assert!(answers.iter().all(|answer| answer.error.is_empty()));
        batched.extend(answers.into_iter().map(|answer| answer.decision));
    }
    assert_eq!(batched, expected, "{id}");
    let asked: Vec<_> = (0..).zip(checks.to_vec()).map(|(id, check)| (id, Some(check))).collect();
    let asked = asked.into_iter().map(|(id, check)| CheckStreamRequest { id, check });
    let mut answers = client.check_stream(tokio_stream::iter(asked)).await.unwrap().into_inner();
    let mut streamed = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        assert_eq!((answer.id, &*answer.error), (streamed.len() as u64, ""));
        streamed.push(answer.decision);
    }
    assert_eq!(streamed, expected, "{id}");
    for (check, expected) in checks.iter().zip(expected).step_by(checks.len() / 100 + 1) {
        let answer = client.check(check.clone()).await.unwrap().into_inner();
        assert_eq!(answer.decision, *expected, "{id}: {check:?}");
    }
}

async fn by_name(case: &Case) -> usize {
    let pair = Pair::new(&case.workspace, Layout::Auto);
    let mut checks = Vec::new();
    for asked in &case.questions {
        let kind = pair.snapshot.member_type(&asked.subject).unwrap_or("user").to_owned();
        // The cases name types and no objects; their answers hang on no object.
        let question = Question {
            subject_type: Some(&kind),
            object: Some("any"),
            ..Question::new(&asked.subject, &asked.action, &asked.resource)
        };
        assert_eq!(pair.snapshot.decide(&question).is_allowed(), asked.expected, "{}: {asked:?}", case.id);
        checks.push(CheckRequest {
            subject: entity(&kind, &asked.subject),
            action: action(&asked.action),
            resource: entity(&asked.resource, "any"),
            context: None,
            explain: false,
        });
    }
    let expected: Vec<bool> = case.questions.iter().map(|asked| asked.expected).collect();
    let (server, mut client) = serving(pair).await;
    ask(&mut client, &checks, &expected, &case.id).await;
    server.stop(std::time::Duration::ZERO);
    checks.len()
}

async fn by_request(case: &RequestCase) -> usize {
    let (server, mut client) = serving(Pair::new(&case.workspace, Layout::Auto)).await;
    let (mut checks, mut expected) = (Vec::new(), Vec::new());
    for vector in &case.vectors {
        let text = |part: &str, key: &str| {
            vector.request.get(part)?.get(key).and_then(Value::as_str).map(str::to_owned)
        };
        let properties = |part: &str| object(vector.request.get(part)?.get("properties")?);
        let entity = |part: &str| {
            Some(Entity { r#type: text(part, "type")?, id: text(part, "id")?, properties: properties(part) })
        };
        // A resource without an id is no question here.
        let (Some(subject), Some(resource)) = (entity("subject"), entity("resource")) else { continue };
        let mut action = action(&text("action", "name").unwrap());
        action.as_mut().unwrap().properties = properties("action");
        let context = vector.request.get("context").and_then(object);
        checks.push(CheckRequest {
            subject: Some(subject),
            action,
            resource: Some(resource),
            context,
            explain: false,
        });
        expected.push(vector.expected);
    }
    ask(&mut client, &checks, &expected, &case.id).await;
    server.stop(std::time::Duration::ZERO);
    checks.len()
}

#[tokio::test]
async fn every_published_case() {
    let mut questions = 0;
    for case in corpus::all().unwrap() {
        questions += by_name(&case).await;
    }
    // As many as the library is asked.
    assert_eq!(questions, 2_025 + 64 + 31 + 70 + 104_520 + 11 + 2_032);
}

#[tokio::test]
async fn every_published_case_that_asks_by_request() {
    let (mut asked, mut left) = (0, 0);
    for case in corpus::all_by_request().unwrap() {
        let count = by_request(&case).await;
        asked += count;
        left += case.vectors.len() - count;
    }
    // Of the cases with labels, six ask about a type and no object.
    assert_eq!((asked, left), (40 + 40 + 46 + 120 + 22, 6));
}
