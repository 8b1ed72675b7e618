//! Every published case over HTTP: what the publisher says, and what the library says, one by one and in batches.

use std::sync::Arc;

use portcullis::Snapshot;
use portcullis::matrix::Layout;
use portcullis_server::{Admission, DoorBounds, ServedFile, Source, System};
use portcullis_testkit::agreement::compiled;
use portcullis_testkit::corpus::{self, Case};
use serde_json::{Value, json};

use crate::wire::client::{Asked, Client};
use crate::wire::*;

/// How many questions go into one batch: their bodies stay below the bound.
const BATCH: usize = 4_000;

/// A server of which the file is another one for each case.
struct Bench {
    file: Arc<ServedFile>,
    served: Served,
}

impl Bench {
    fn new() -> Bench {
        let empty = json!({ "workspace": "empty", "schema": "hightouch", "roles": {}, "members": {} });
        let first = compiled(&empty, Layout::Auto).unwrap();
        let file = Arc::new(ServedFile::new(first, Admission::Anybody, Arc::new(System)).unwrap());
        let served = Served::from(Source::File(Arc::clone(&file)), DoorBounds::default());
        Bench { file, served }
    }

    fn serve(&self, workspace: &Value) -> Snapshot {
        let snapshot = compiled(workspace, Layout::Auto).unwrap();
        self.file.replace(snapshot.clone());
        snapshot
    }
}

fn body(subject: &str, action: &str, resource: &str) -> Value {
    json!({
        "subject": { "type": "user", "id": subject },
        "action": { "name": action },
        "resource": { "type": resource, "id": "x" },
    })
}

fn ask_all(client: &mut Client, case: &Case, snapshot: &Snapshot) -> (usize, usize) {
    let mut allowed = 0;
    for batch in case.questions.chunks(BATCH) {
        let items = batch.iter().map(|asked| body(&asked.subject, &asked.action, &asked.resource));
        let told = client.ask(&Asked::post(EVALUATIONS, json!({ "evaluations": items.collect::<Value>() })));
        for (asked, decision) in batch.iter().zip(told.decisions()) {
            assert_eq!(decision, asked.expected, "{}: {asked:?}", case.id);
            let library = snapshot.check(&asked.subject, &asked.action, &asked.resource);
            assert_eq!(decision, library.is_allowed(), "{}: {asked:?}", case.id);
            allowed += usize::from(decision);
        }
    }
    for asked in case.questions.iter().take(200) {
        let told = client.ask(&Asked::post(EVALUATION, body(&asked.subject, &asked.action, &asked.resource)));
        assert_eq!(told.text(), format!("{{\"decision\":{}}}", asked.expected), "{}: {asked:?}", case.id);
    }
    (case.questions.len(), allowed)
}

#[test]
fn what_publishers_and_the_library_say() {
    let bench = Bench::new();
    let mut client = bench.served.client();
    let (mut cases, mut questions, mut allows) = (0, 0, 0);
    for case in corpus::all().unwrap() {
        let snapshot = bench.serve(&case.workspace);
        let (asked, allowed) = ask_all(&mut client, &case, &snapshot);
        (cases, questions, allows) = (cases + 1, questions + asked, allows + allowed);
    }
    println!("{cases} cases, {questions} questions, {allows} allowed");
    assert_eq!((cases, questions), (97, 108_753));
}

#[test]
fn what_publishers_say_of_requests() {
    let bench = Bench::new();
    let mut client = bench.served.client();
    let (mut cases, mut vectors, mut allows) = (0, 0, 0);
    for case in corpus::all_by_request().unwrap() {
        bench.serve(&case.workspace);
        for vector in &case.vectors {
            let mut request = vector.request.clone();
            // AuthZEN asks for an id; where a vector has none, one that is not stored says no more.
            if request["resource"].get("id").is_none() {
                request["resource"]["id"] = json!("not stored");
            }
            let told = client.ask(&Asked::post(EVALUATION, &request));
            assert_eq!(
                told.text(),
                format!("{{\"decision\":{}}}", vector.expected),
                "{}: {request}",
                case.id
            );
            vectors += 1;
            allows += usize::from(vector.expected);
        }
        let items: Value = case.vectors.iter().map(|vector| vector.request.clone()).collect();
        let has_ids = case.vectors.iter().all(|vector| vector.request["resource"].get("id").is_some());
        if has_ids {
            let told = client.ask(&Asked::post(EVALUATIONS, json!({ "evaluations": items })));
            let expected: Vec<bool> = case.vectors.iter().map(|vector| vector.expected).collect();
            assert_eq!(told.decisions(), expected, "{}", case.id);
        }
        cases += 1;
    }
    println!("{cases} cases, {vectors} requests, {allows} allowed");
    assert!(cases == 5 && vectors > 250 && allows > 50, "{cases} {vectors} {allows}");
}

#[test]
fn published_searches_are_answered_to_the_letter() {
    let bench = Bench::new();
    let mut client = bench.served.client();
    let (workspace, searches) = corpus::authzen_searches().unwrap();
    bench.serve(&workspace);
    for search in &searches {
        let told = client.ask(&Asked::post(RESOURCES, &search.request));
        let each: Vec<String> =
            search.expected.iter().map(|id| format!(r#"{{"type":"record","id":"{id}"}}"#)).collect();
        assert_eq!(told.text(), format!(r#"{{"results":[{}]}}"#, each.join(",")));
    }
    assert_eq!(searches.len(), 6);
}
