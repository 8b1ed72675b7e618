//! Bytes as an AuthZEN body of one or many evaluations, as the decision server reads it.
//!
//! The reader is the server's, which this crate may not use; whoever calls passes it. What it must answer is found here in the
//! plainest way: the body is taken apart level by level, the parts that an item lacks are copied into it, and each item is read by the
//! reference as a request of its own. The workspace that is asked is that of the target `requests`, with conditions on all that a
//! request may bring.

use std::fmt;

use portcullis::Snapshot;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::requests::{asked, levels};
use crate::reference::{Json, Object, Request};

/// More items than this are refused.
pub const MOST_ITEMS: usize = 24;
/// When it is asked. Conditions of the workspace ask only whether a year long past is past.
pub const NOW: &str = "2026-01-01T00:00:00Z";

/// So many levels are read, the body's own object counted.
const LEVELS: usize = 64;
/// Levels above an item.
const ABOVE_ITEMS: usize = 2;

/// What came of a body: each item's decision, or nothing where it cannot be read; the error is for the whole.
pub type Judged = Result<Vec<Option<bool>>, String>;

/// Bytes as a body, answered by what is passed.
///
/// # Panics
/// When the answer is not what the reference says, item by item.
pub fn evaluation(data: &[u8], answer: impl Fn(&Snapshot, &[u8]) -> Judged) {
    let asked = asked();
    let judged = answer(&asked.snapshot, data);
    let decide = |request: Request| {
        asked.reference.answer(&Request { now: Some(NOW.to_owned()), ..request }).is_allowed()
    };
    let expected: Option<Vec<Option<bool>>> =
        told(data).map(|items| items.into_iter().map(|item| item.map(decide)).collect());
    let shown = String::from_utf8_lossy(data);
    match (&judged, expected) {
        (Ok(items), Some(expected)) => assert_eq!(*items, expected, "{shown}"),
        (Err(why), None) => assert!(!why.is_empty() && why.len() < 1_000 && !why.contains('\n'), "{why}"),
        (Ok(_), None) => panic!("answered, though it is no body: {shown}"),
        (Err(why), Some(_)) => panic!("{why}, though it is a body: {shown}"),
    }
}

/// The questions of a body, nothing for each that is none; nothing at all when the body is none.
fn told(data: &[u8]) -> Option<Vec<Option<Request>>> {
    let text = std::str::from_utf8(data).ok()?;
    let Members(members) = serde_json::from_str(text).ok()?;
    let mut defaults = Object::new();
    let mut items = Vec::new();
    for (key, value) in members {
        if key == "evaluations" {
            items = serde_json::from_str::<Vec<&RawValue>>(value.get())
                .ok()
                .filter(|_| value.get().starts_with('['))?;
            continue;
        }
        let value = Json::read(value.get()).ok().filter(|value| levels(value) < LEVELS)?;
        match &*key {
            "subject" | "action" | "resource" if !is_part(&key, &value) => return None,
            "options" if !is_options(&value) => return None,
            _ => {}
        }
        defaults.insert(key, value);
    }
    if !matches!(defaults.get("context"), None | Some(Json::Null | Json::Object(_)))
        || items.len() > MOST_ITEMS
    {
        return None;
    }
    if items.is_empty() {
        return Some(vec![Some(whole(defaults)?)]);
    }
    let item = |item: &RawValue| {
        let item = Json::read(item.get()).ok().filter(|item| levels(item) <= LEVELS - ABOVE_ITEMS)?;
        let Json::Object(mut item) = item else { return None };
        for (key, value) in &defaults {
            let lacks = match item.get(key) {
                None => true,
                // A context that is null is none.
                Some(own) => key == "context" && matches!(own, Json::Null),
            };
            if lacks {
                item.insert(key.clone(), value.clone());
            }
        }
        whole(item)
    };
    Some(items.into_iter().map(item).collect())
}

/// A question that lacks nothing, and whose parts are objects.
fn whole(members: Object) -> Option<Request> {
    let has = |part: &str, key: &str| {
        members.get(part).is_some_and(|value| {
            is_part(part, value) && matches!(value, Json::Object(value) if value.contains_key(key))
        })
    };
    let wanted = [
        ("subject", "type"),
        ("subject", "id"),
        ("action", "name"),
        ("resource", "type"),
        ("resource", "id"),
    ];
    if !wanted.iter().all(|(part, key)| has(part, key)) {
        return None;
    }
    Request::of(&Json::Object(members)).ok()
}

/// Whether what is there of a part is of the right type; something may be missing.
fn is_part(part: &str, value: &Json) -> bool {
    let Json::Object(value) = value else { return false };
    let texts: &[&str] = if part == "action" { &["name"] } else { &["type", "id"] };
    texts.iter().all(|key| matches!(value.get(*key), None | Some(Json::Text(_))))
        && matches!(value.get("properties"), None | Some(Json::Null | Json::Object(_)))
}

fn is_options(value: &Json) -> bool {
    let Json::Object(value) = value else { return false };
    match value.get("evaluations_semantic") {
        None => true,
        Some(Json::Text(name)) => {
            ["execute_all", "deny_on_first_deny", "permit_on_first_permit"].contains(&&**name)
        }
        Some(_) => false,
    }
}

/// The members of an object, each key once; what is in them is not looked at.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(reader: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'t> Visitor<'t> for Each {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<Members<'t>, M::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((key, value)) = map.next_entry()? {
                    if members.iter().any(|(known, _)| *known == key) {
                        return Err(M::Error::custom("a key stands twice"));
                    }
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        reader.deserialize_map(Each)
    }
}
