//! The published JSON Schemas and the interop vectors: what they take is read as it is meant, what they refuse is refused, and
//! what is written is what they expect, to the letter.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use portcullis::Question;
use portcullis_server::authzen::answer::{self, Decisions, PageOut};
use portcullis_server::authzen::{Evaluation, Evaluations, Fault, Forms, Keep, Search, Wanted};
use serde_json::{Value, json};

fn corpus(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/authzen").join(file);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn schema(of: &str) -> Validator {
    jsonschema::validator_for(&corpus(&format!("evaluation-{of}.schema.json"))).unwrap()
}

fn read(body: &str) -> Result<Evaluation<'_>, Fault> {
    Evaluation::read(body.as_bytes(), Forms::ObjectsOnly, Keep::Properties)
}

/// The question of a request, as anybody would read it.
fn plainly(request: &Value) -> Question<'_> {
    let text = |part: &str, key: &str| request[part][key].as_str().unwrap_or_default();
    Question {
        subject_type: Some(text("subject", "type")),
        object: Some(text("resource", "id")),
        ..Question::new(text("subject", "id"), text("action", "name"), text("resource", "type"))
    }
}

/// A question by names alone.
fn names(question: Question<'_>) -> Question<'_> {
    Question {
        subject_properties: None,
        action_properties: None,
        object_properties: None,
        context: None,
        ..question
    }
}

#[test]
fn published_requests_are_read_as_they_are_meant() {
    let request_schema = schema("request");
    let (mut single, mut batches) = (0, 0);
    for version in ["00", "01", "02"] {
        let scenario = corpus(&format!("todo-1_0-{version}.json"));
        for entry in scenario["evaluation"].as_array().unwrap() {
            let request = &entry["request"];
            assert!(request_schema.is_valid(request), "{request}");
            let text = request.to_string();
            let read = read(&text).unwrap();
            assert_eq!(names(read.question(None)), plainly(request), "{text}");
            let brings =
                ["subject", "action", "resource"].map(|part| request[part]["properties"].is_object());
            assert_eq!(read.brings_properties(), brings.contains(&true) || request["context"].is_object());
            assert_eq!(read.question(None).object_properties.is_some(), brings[2], "{text}");
            single += 1;
        }
        for entry in scenario["evaluations"].as_array().into_iter().flatten() {
            let request = &entry["request"];
            let text = request.to_string();
            let many = Evaluations::read(text.as_bytes(), Keep::Properties, 10).unwrap();
            let items = request["evaluations"].as_array().unwrap();
            assert_eq!(many.len(), items.len());
            for (item, asked) in items.iter().zip(many.iter(None)) {
                let mut whole = request.clone();
                whole.as_object_mut().unwrap().extend(item.as_object().unwrap().clone());
                assert_eq!(names(asked.unwrap()), plainly(&whole), "{text}");
            }
            batches += 1;
        }
    }
    assert_eq!((single, batches), (120, 3));
}

/// A request with something in the place of a member, or without it.
fn changed(path: &[&str], to: Option<Value>) -> Value {
    let mut request = json!({
        "subject": {"type": "user", "id": "alice", "properties": {"department": "Sales"}},
        "resource": {"type": "account", "id": "123", "properties": {"status": "open"}},
        "action": {"name": "can_read", "properties": {"method": "GET"}},
        "context": {"time": "1985-10-26T01:22-07:00"}
    });
    let (last, above) = path.split_last().unwrap();
    let parent = above.iter().fold(&mut request, |value, key| &mut value[*key]);
    match to {
        Some(value) => parent[*last] = value,
        None => drop(parent.as_object_mut().unwrap().remove(*last)),
    }
    request
}

#[test]
fn bodies_are_taken_and_refused_as_the_schema_says() {
    let schema = schema("request");
    let values = [
        None,
        Some(json!("x")),
        Some(json!("")),
        Some(json!(5)),
        Some(json!(true)),
        Some(json!([])),
        Some(json!([{}])),
        Some(json!({})),
        Some(json!({"type": "a", "id": "b"})),
        Some(json!({"name": "a"})),
        Some(Value::Null),
    ];
    let paths: [&[&str]; 14] = [
        &["subject"],
        &["resource"],
        &["action"],
        &["context"],
        &["subject", "type"],
        &["subject", "id"],
        &["subject", "properties"],
        &["resource", "type"],
        &["resource", "id"],
        &["resource", "properties"],
        &["action", "name"],
        &["action", "properties"],
        &["action", "more"],
        &["more"],
    ];
    let (mut taken, mut refused) = (0, 0);
    for path in paths {
        for value in &values {
            let request = changed(path, value.clone());
            let text = request.to_string();
            // Ours: an optional member that is null is none, as clients write that leave nothing out.
            let is_none =
                value == &Some(Value::Null) && matches!(path.last(), Some(&("context" | "properties")));
            let is_valid = schema.is_valid(&request) || is_none;
            assert_eq!(read(&text).is_ok(), is_valid, "{text}");
            let many = Evaluations::read(text.as_bytes(), Keep::Names, 10);
            assert_eq!(many.is_ok(), is_valid, "{text}");
            *(if is_valid { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(taken > 40 && refused > 60, "{taken} {refused}");
}

#[test]
fn what_is_answered_keeps_to_the_schema() {
    let schema = schema("response");
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    let why = json!({"reason_admin": {"en": "no \"role\"\n"}});
    for (allowed, context) in [(true, None), (false, None), (true, Some(&why)), (false, Some(&why))] {
        let answer = written(&|out| answer::decision(out, allowed, context));
        assert!(schema.is_valid(&answer), "{answer}");
        assert_eq!((&answer["decision"], answer.get("context")), (&json!(allowed), context));
    }
    let body = r#"{"evaluations":[{},{"action":{}}],"subject":{"type":"user","id":"a"},"action":{"name":"r"},"resource":{"type":"t","id":"i"}}"#;
    let many = Evaluations::read(body.as_bytes(), Keep::Names, 10).unwrap();
    let answer = written(&|out| {
        let mut decisions = Decisions::begin(out);
        for asked in many.iter(None) {
            match asked {
                Ok(_) => decisions.decision(true, Some(&why)),
                Err(fault) => decisions.fault(fault),
            }
        }
        decisions.end();
    });
    let items = answer["evaluations"].as_array().unwrap();
    assert!(items.len() == 2 && items.iter().all(|item| schema.is_valid(item)), "{answer}");
    let error = json!({"status": 400, "message": "`action.name` is missing"});
    assert_eq!(items[1], json!({"decision": false, "context": {"error": error}}));
}

#[test]
fn published_searches_are_read_and_their_answers_written_to_the_letter() {
    let searches = corpus("idp-search.json");
    let mut count = 0;
    for entry in searches["search"].as_array().unwrap() {
        let (request, expected) = (&entry["request"], &entry["expected"]);
        let text = request.to_string();
        let search = Search::read(text.as_bytes(), Wanted::Resources, Keep::Properties).unwrap();
        assert_eq!(search.question(None), Question { object: None, ..plainly(request) });
        assert_eq!((search.searched_type(), search.page()), (Some("record"), None));
        let results = expected["results"].as_array().unwrap();
        let ids: Vec<&str> = results.iter().map(|result| result["id"].as_str().unwrap()).collect();
        let mut out = Vec::new();
        answer::entities(&mut out, None, "record", ids.iter().copied());
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), *expected);
        let each = ids.iter().map(|id| format!(r#"{{"type":"record","id":"{id}"}}"#)).collect::<Vec<_>>();
        assert_eq!(String::from_utf8(out).unwrap(), format!(r#"{{"results":[{}]}}"#, each.join(",")));
        count += 1;
    }
    assert_eq!(count, 6);
    let mut out = Vec::new();
    let page = PageOut { next_token: "a", count: Some(1), total: Some(2) };
    answer::actions(&mut out, Some(page), ["can_read"]);
    let expected =
        json!({"page": {"next_token": "a", "count": 1, "total": 2}, "results": [{"name": "can_read"}]});
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
}
