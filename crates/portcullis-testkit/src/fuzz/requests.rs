//! Bytes as a file of requests, as `portcullis check --requests` reads it.
//!
//! The reader is the command line's, which this crate may not use; whoever calls passes it. What it must answer is found
//! here in the plainest way: lines are split by hand, each is read into a tree that keeps every key, and the question in it is
//! put to the reference. Answers must not depend on how the bytes come in, so they come in twice, whole and in small pieces.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use portcullis::Snapshot;
use portcullis::matrix::Layout;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::agreement::compiled;
use crate::reference::Reference;

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

/// The workspace that is asked, with members of two types, suspended ones, and names that must be escaped.
struct Asked {
    snapshot: Arc<Snapshot>,
    reference: Reference,
}

fn asked() -> &'static Asked {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(|| {
        let workspace = json!({
            "workspace": "acme", "schema": "hightouch",
            "roles": { "narrow": { "version": "2022-04-26", "policies": [
                { "effect": "allow", "actions": "*", "resource": ["sync", "model"] },
                { "effect": "deny", "actions": "delete", "resource": "*" } ] } },
            "members": {
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
            Told::Question { kind, subject, action, resource } => {
                assert_eq!(error, None, "{shown}");
                let known = snapshot.member_type(&subject);
                let may = reference.decide(&subject, &action, &resource);
                let own = kind.is_none_or(|kind| known == Some(&*kind));
                assert_eq!(allowed, may && own, "{shown}");
            }
            Told::Nothing => assert!(error.is_some(), "answered, though it is no question: {shown}"),
            Told::Unclear => {}
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

/// What a line says.
enum Told {
    Question {
        kind: Option<String>,
        subject: String,
        action: String,
        resource: String,
    },
    /// No question, so the answer is an error.
    Nothing,
    /// A number is too large for serde_json, which then says nothing of the rest.
    Unclear,
}

fn told(line: &[u8]) -> Told {
    match serde_json::from_slice::<Node>(line) {
        Ok(Node::Object(root)) => question(&root).unwrap_or(Told::Nothing),
        Err(error) if error.to_string().contains("number out of range") => Told::Unclear,
        _ => Told::Nothing,
    }
}

fn question(root: &[(String, Node)]) -> Option<Told> {
    let (kind, subject) = entity(root, "subject")?;
    let (own, id) = entity(root, "resource")?;
    let action = match get(root, "action")? {
        Node::Text(name) => name.clone(),
        Node::Object(parts) => text(parts, "name")?,
        _ => return None,
    };
    // A string is a type, taken whole; an object names it beside its id.
    Some(Told::Question { kind, subject, action, resource: own.unwrap_or(id) })
}

/// The type, if it is an object, and the id or the string.
fn entity(root: &[(String, Node)], key: &str) -> Option<(Option<String>, String)> {
    match get(root, key)? {
        Node::Text(name) => Some((None, name.clone())),
        Node::Object(parts) => Some((Some(text(parts, "type")?), text(parts, "id")?)),
        _ => None,
    }
}

fn get<'n>(object: &'n [(String, Node)], key: &str) -> Option<&'n Node> {
    object.iter().find(|(name, _)| name == key).map(|(_, node)| node)
}

fn text(object: &[(String, Node)], key: &str) -> Option<String> {
    match get(object, key)? {
        Node::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// A JSON value; one with a key that stands twice in an object, anywhere, is none.
enum Node {
    Text(String),
    Object(Vec<(String, Node)>),
    Other,
}

impl<'d> Deserialize<'d> for Node {
    fn deserialize<D: Deserializer<'d>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Tree)
    }
}

struct Tree;

impl<'d> Visitor<'d> for Tree {
    type Value = Node;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_map<M: MapAccess<'d>>(self, mut map: M) -> Result<Node, M::Error> {
        let mut all: Vec<(String, Node)> = Vec::new();
        while let Some((key, node)) = map.next_entry::<String, Node>()? {
            if get(&all, &key).is_some() {
                return Err(M::Error::custom("a key stands twice"));
            }
            all.push((key, node));
        }
        Ok(Node::Object(all))
    }

    fn visit_seq<S: SeqAccess<'d>>(self, mut list: S) -> Result<Node, S::Error> {
        while list.next_element::<Node>()?.is_some() {}
        Ok(Node::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }
}
