//! Properties and requests aimed at conditions that are there already, whoever wrote them.
//!
//! The other generators have a few names of attributes, which their conditions and their properties share. What a file
//! or a fuzzer brings has names of its own, and random properties would never meet them. Here each test of a condition is
//! read for what it asks about, and its own operand, or a neighbour of it, is put in that very place.

use serde_json::{Map, Value, json};

use super::Prng;
use super::attributes::TIMES;
use super::conditional::AskedByRequest;
use crate::reference::{Json, Operand, Path, Reference, Request, Root, Test, Unusable};

/// Numbers that serde_json would round stand in a value as strings, each between two of these.
const FENCE: &str = "\u{1}\u{2}";
/// Tests of a workspace that are looked at.
const MOST: usize = 64;

/// Requests to this workspace, about its own names and aimed at its own conditions.
///
/// # Errors
/// Never in a sound build: the reference does not read what was made.
pub fn aimed_requests(
    prng: &mut Prng,
    reference: &Reference,
    count: usize,
) -> Result<Vec<AskedByRequest>, Unusable> {
    let tests = tests_of(reference);
    let members: Vec<&str> = reference.members().collect();
    let objects: Vec<(&str, &str)> = reference.objects().collect();
    let permissions: Vec<(&str, &str)> = reference.vocabulary().permissions().collect();
    let mut requests = Vec::new();
    for _ in 0..count {
        let id = prng.pick(&members).copied().filter(|_| !prng.percent(3)).unwrap_or("nobody");
        let (action, kind) = prng.pick(&permissions).copied().unwrap_or(("no action", "no type"));
        let object = match prng.pick(&objects).filter(|_| prng.percent(60)) {
            Some((own, object)) if *own == kind || prng.percent(30) => json!({ "type": own, "id": object }),
            _ if prng.percent(15) => json!({ "type": kind }),
            _ => json!({ "type": kind, "id": "1" }),
        };
        let kind = reference.type_of(id).unwrap_or("user");
        let mut brought = |root: Root, mut part: Value| {
            if let (true, Some(entries)) = (prng.percent(60), part.as_object_mut()) {
                entries.insert("properties".to_owned(), drawn(prng, &tests, root, reference));
            }
            part
        };
        let mut whole = json!({
            "subject": brought(Root::Subject, json!({ "type": kind, "id": id })),
            "action": brought(Root::Action, json!({ "name": action })),
            "resource": brought(Root::Resource, object),
        });
        if let (true, Some(entries)) = (prng.percent(70), whole.as_object_mut()) {
            entries.insert("context".to_owned(), drawn(prng, &tests, Root::Context, reference));
        }
        let request = unfenced(&whole);
        let mut read = Request::read(&request)?;
        read.now = prng.pick(&TIMES).filter(|_| prng.percent(60)).map(|now| (*now).to_owned());
        let expected = reference.answer(&read);
        requests.push(AskedByRequest { request, now: read.now, expected });
    }
    Ok(requests)
}

/// The text of an object of properties, aimed at what this workspace's conditions ask of a subject or of an object.
#[must_use]
pub fn aimed_properties(prng: &mut Prng, reference: &Reference, root: Root) -> String {
    unfenced(&drawn(prng, &tests_of(reference), root, reference))
}

fn tests_of(reference: &Reference) -> Vec<&Test> {
    let statements = reference.roles().flat_map(|(_, document)| &document.policies);
    let conditions = statements.filter_map(|statement| statement.condition.as_ref());
    conditions.flat_map(|condition| &condition.tests).take(MOST).collect()
}

fn drawn(prng: &mut Prng, tests: &[&Test], root: Root, reference: &Reference) -> Value {
    let mut properties = Map::new();
    for test in tests {
        let mut paths = vec![&test.path];
        paths.extend(refs_of(&test.operand));
        for path in paths.into_iter().filter(|path| path.root == root && !path.is_own()) {
            if prng.percent(60) {
                let value = value(prng, test, reference);
                // Now and then a part of the way is a link to another object, where links are followed.
                match prng.below(path.parts.len() + 4) {
                    cut @ 1.. if cut < path.parts.len() => {
                        put(
                            &mut properties,
                            path.parts.get(..cut).unwrap_or_default(),
                            link(prng, reference),
                        );
                    }
                    _ => put(&mut properties, &path.parts, value),
                }
            }
        }
    }
    Value::Object(properties)
}

fn refs_of(operand: &Operand) -> Vec<&Path> {
    match operand {
        Operand::Literal(_) => Vec::new(),
        Operand::Ref(path) => vec![path],
        Operand::List(elements) => elements.iter().flat_map(refs_of).collect(),
    }
}

/// The operand or something near it.
fn value(prng: &mut Prng, test: &Test, reference: &Reference) -> Value {
    let literals = literals_of(&test.operand);
    match (prng.below(12), prng.pick(&literals)) {
        (0, _) => Value::Null,
        (1, _) => json!(prng.percent(50)),
        (2, _) => link(prng, reference),
        (3, Some(literal)) => json!([fenced(literal)]),
        (4, Some(Json::Text(text))) => json!(text.replace('*', "x")),
        (5, _) => json!(7),
        (6, _) => json!("x"),
        (_, Some(literal)) => fenced(literal),
        (_, None) => json!(prng.pick(&["x", "1"])),
    }
}

fn literals_of(operand: &Operand) -> Vec<&Json> {
    match operand {
        Operand::Literal(literal) => vec![literal],
        Operand::Ref(_) => Vec::new(),
        Operand::List(elements) => elements.iter().take(8).flat_map(literals_of).collect(),
    }
}

fn link(prng: &mut Prng, reference: &Reference) -> Value {
    let objects: Vec<(&str, &str)> = reference.objects().collect();
    let (kind, id) = prng.pick(&objects).copied().unwrap_or(("no type", "1"));
    json!({ "ref": { "type": kind, "id": id } })
}

/// Puts a value where a path leads, unless something that is no object stands in the way.
fn put(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(object.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let inner = object.entry(first.clone()).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

fn fenced(literal: &Json) -> Value {
    match literal {
        Json::Null => Value::Null,
        Json::Bool(flag) => json!(flag),
        Json::Number(digits) => json!(format!("{FENCE}{digits}{FENCE}")),
        Json::Text(text) => json!(text),
        Json::List(list) => list.iter().map(fenced).collect(),
        Json::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), fenced(value))).collect::<Map<_, _>>().into()
        }
    }
}

/// The text, with numbers as they were written.
fn unfenced(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let digits = text.strip_prefix(FENCE).and_then(|rest| rest.strip_suffix(FENCE));
            let number = digits.filter(|digits| matches!(Json::read(digits), Ok(Json::Number(_))));
            number.map_or_else(|| value.to_string(), str::to_owned)
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(unfenced).collect::<Vec<_>>().join(","))
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| format!("{}:{}", json!(key), unfenced(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}
