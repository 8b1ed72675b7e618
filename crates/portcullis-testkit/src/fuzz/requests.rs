//! Bytes as a file of requests, as `portcullis check --requests` reads it.
//!
//! The reader is the command line's, which this crate may not use; whoever calls passes it. What it must answer is found
//! here in the plainest way: lines are split by hand, each is read by the reference, and the question in it, with everything that the
//! line brings for conditions, is put to the reference. Answers must not depend on how the bytes come in, so they come in twice, whole
//! and in small pieces. Nor may they depend on when that is: conditions here ask only whether a year long past is past.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use portcullis::Snapshot;
use portcullis::matrix::Layout;
use serde_json::{Value, json};

use crate::agreement::compiled;
use crate::reference::{Json, Reference, Request};

/// So many levels are read, the line's own object counted.
const LEVELS: usize = 127;

/// What came of a file of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The answers, a line each.
    pub text: Vec<u8>,
    /// How many lines there were.
    pub lines: usize,
    /// How many of them could not be read.
    pub unread: usize,
}

/// The workspace that is asked, with members of two types, suspended ones, names that must be escaped, and conditions on everything that a
/// line may bring.
pub(super) struct Asked {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) reference: Reference,
}

pub(super) fn asked() -> &'static Asked {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(|| {
        let workspace = json!({
            "workspace": "acme", "schema": "hightouch",
            "roles": { "narrow": { "version": "2022-04-26", "policies": [
                { "effect": "allow", "actions": "*", "resource": ["sync", "model"] },
                { "effect": "deny", "actions": "delete", "resource": "*" } ] },
              "careful": { "version": "2022-04-26", "policies": [
                { "effect": "allow", "actions": ["read", "update"], "resource": "sync",
                  "conditions": { "labels.team": { "equals": { "ref": "subject.team" } } } },
                { "effect": "deny", "actions": "update", "resource": "sync",
                  "conditions": { "size": { "greaterthan": 9_007_199_254_740_992_u64 } } },
                { "effect": "allow", "actions": "create", "resource": "sync",
                  "conditions": { "action.soft": { "equals": true }, "subject.mfa": { "exists": true } } },
                { "effect": "allow", "actions": "*", "resource": "model",
                  "conditions": { "context.n": { "equals": 0.1 }, "context.now": { "greaterthan": "2001-01-01T00:00:00Z" } } },
                { "effect": "allow", "actions": "read", "resource": "source",
                  "conditions": { "context.ip": { "in": ["10.*", "::1"] } } },
                { "effect": "allow", "actions": "delete", "resource": "source",
                  "conditions": { "context.ip": { "exists": false } } } ] } },
            "objects": [
                { "type": "sync", "id": "42", "properties": { "labels": { "team": "data" }, "size": 7 } },
                { "type": "sync", "id": "43", "properties": { "labels": { "ref": { "type": "model", "id": "é" } } } },
                { "type": "model", "id": "é", "properties": { "team": "data" } } ],
            "members": {
                "cat": { "role": "careful", "properties": { "team": "data" } }, "dan": { "role": "careful", "type": "bot" },
                "ann": { "role": "editor" }, "bob": { "role": "narrow", "type": "bot" }, "eve": {},
                "läuft \"so\"": { "role": "admin" }, "gone": { "role": "admin", "suspended": true } }
        });
        let snapshot = Arc::new(compiled(&workspace, Layout::Auto).unwrap());
        Asked { snapshot, reference: Reference::from_json(&workspace).unwrap() }
    })
}

/// Bytes as a file of requests, answered by what is passed: a snapshot, an input, and what came of them.
///
/// # Panics
/// When there is not one answer a line, in order, that says what the reference says or what is wrong with the line.
pub fn requests(data: &[u8], answer: impl Fn(Arc<Snapshot>, Pieces) -> Answered) {
    let Asked { snapshot, reference } = asked();
    let piece = 1 + data.len() % 61;
    let whole = answer(Arc::clone(snapshot), Pieces { bytes: data.to_vec(), at: 0, most: usize::MAX });
    let pieces = answer(Arc::clone(snapshot), Pieces { bytes: data.to_vec(), at: 0, most: piece });
    assert_eq!(whole, pieces, "the answers depend on how the bytes came in");

    let text = String::from_utf8(whole.text).unwrap();
    let mut answers = text.lines();
    let (mut lines, mut unread) = (0, 0);
    for line in split(data) {
        let answer: Value = serde_json::from_str(answers.next().unwrap()).unwrap();
        let (allowed, error) = (answer["decision"].as_bool().unwrap(), answer.get("error"));
        assert_eq!(answer.as_object().unwrap().len(), 1 + usize::from(error.is_some()), "{answer}");
        assert!(
            error.is_none_or(|why| !allowed && why.as_str().is_some_and(|why| !why.is_empty())),
            "{answer}"
        );
        let shown = String::from_utf8_lossy(line);
        match told(line) {
            Some(request) => {
                assert_eq!(error, None, "{shown}");
                assert_eq!(allowed, reference.answer(&request).is_allowed(), "{shown}");
            }
            None => assert!(error.is_some(), "answered, though it is no question: {shown}"),
        }
        lines += 1;
        unread += usize::from(error.is_some());
    }
    assert_eq!(answers.next(), None, "more answers than lines");
    assert_eq!((whole.lines, whole.unread), (lines, unread));
}

/// An input that gives so many bytes at once.
#[derive(Debug)]
pub struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    most: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(self.most).min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// The lines, without what ends them and without the mark that some editors begin a file with.
fn split(data: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let cut = lines.iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let bare = |(at, line): (usize, _)| {
        let line: &[u8] = line;
        if at == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }
    };
    cut.enumerate().map(bare).collect()
}

/// The question that a line asks; nothing when it is none, and the answer is an error.
fn told(line: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(line).ok()?;
    let root = Json::read(text).ok().filter(|root| levels(root) <= LEVELS)?;
    let Json::Object(root) = root else { return None };
    // An object names itself; a type alone is asked about by a string.
    if let Some(Json::Object(resource)) = root.get("resource")
        && !resource.contains_key("id")
    {
        return None;
    }
    let request = Request::read(text).ok()?;
    Some(Request { now: Some("2026-01-01T00:00:00Z".to_owned()), ..request })
}

/// How deep lists and objects nest.
pub(super) fn levels(value: &Json) -> usize {
    match value {
        Json::List(list) => 1 + list.iter().map(levels).max().unwrap_or(0),
        Json::Object(object) => 1 + object.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}
