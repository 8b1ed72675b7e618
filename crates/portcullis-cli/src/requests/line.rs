//! One request: a line of JSON whose parts are strings or AuthZEN objects.
//!
//! Keys that mean nothing here are ignored, so that a line of a decision log is a request. Keys that stand twice are
//! refused at every level, since readers disagree on which of the two counts. Depth is bounded by serde_json. Properties and the
//! context are judged here and kept by `sent`, if anybody asks for them: what a line is must not hang on who decides.
//!
//! This is where the time of a file of requests goes. Names are borrowed from the line, whose UTF-8 is checked once, and parts
//! are filled where they stand: passed up by value, and checked string by string, they made a request a quarter slower.

use std::borrow::Cow;
use std::fmt;

use portcullis::Question;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::ignored::{Brought, Ignored, Text, twice};
use super::numbers;

/// A request as read from its line.
#[derive(Debug, Default)]
pub(super) struct Request<'l> {
    subject: Part<'l>,
    action: Part<'l>,
    resource: Part<'l>,
    /// Whether there is a `context`, if the key stands there; null is none.
    context: Option<bool>,
}

impl<'l> Request<'l> {
    /// Reads a line; the error is for the answer in its place.
    pub(super) fn read(line: &'l [u8]) -> Result<Self, String> {
        if line.trim_ascii().is_empty() {
            return Err("the line is blank".to_owned());
        }
        let mut request = Request::default();
        if let Err(error) = request.fill(line) {
            // serde_json refuses numbers that no f64 holds, also where nobody looks at them.
            let Some(held) = numbers::held(line).filter(|_| error.is_syntax()) else {
                return Err(in_words(&error));
            };
            let mut again = Request::default();
            again.fill(&held).map_err(|error| in_words(&error))?;
            request = again.into_owned();
        }
        request.complete()?;
        Ok(request)
    }

    /// Whether it says more than names: properties of something, or a context. They are not kept here.
    pub(super) fn brings_properties(&self) -> bool {
        let Request { subject, action, resource, context } = self;
        [subject.properties, action.properties, resource.properties, *context].contains(&Some(true))
    }

    /// The question that it asks at a time, by names alone.
    pub(super) fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        let Request { subject, action, resource, .. } = self;
        let (kind, object) = if resource.is_text {
            (&resource.name, None)
        } else {
            (&resource.kind, resource.name.as_deref())
        };
        Question {
            subject_type: subject.kind.as_deref(),
            object,
            now,
            ..Question::new(
                subject.name.as_deref().unwrap_or_default(),
                action.name.as_deref().unwrap_or_default(),
                kind.as_deref().unwrap_or_default(),
            )
        }
    }

    fn fill(&mut self, line: &'l [u8]) -> serde_json::Result<()> {
        match std::str::from_utf8(line) {
            // Checked once for the line, and so not once more for each string.
            Ok(line) => self.fill_from(serde_json::Deserializer::from_str(line)),
            Err(_) => self.fill_from(serde_json::Deserializer::from_slice(line)),
        }
    }

    fn fill_from(
        &mut self,
        mut reader: serde_json::Deserializer<impl serde_json::de::Read<'l>>,
    ) -> serde_json::Result<()> {
        reader.deserialize_any(Root(self))?;
        reader.end()
    }

    /// Whether nothing is missing; the error says what.
    fn complete(&self) -> Result<(), String> {
        let Request { subject, action, resource, .. } = self;
        subject.complete("subject", Keys::Entity)?;
        action.complete("action", Keys::Action)?;
        resource.complete("resource", Keys::Entity)
    }

    fn into_owned<'o>(self) -> Request<'o> {
        let Request { subject, action, resource, context } = self;
        Request {
            subject: subject.into_owned(),
            action: action.into_owned(),
            resource: resource.into_owned(),
            context,
        }
    }
}

/// What is the matter with a line. A line has no lines, so a place in it is a column.
fn in_words(error: &serde_json::Error) -> String {
    let words = bounded(error.to_string().replace(" at line 1 column ", " at column "));
    if error.is_data() { words } else { format!("not JSON: {words}") }
}

/// A message that quotes what was found may quote a megabyte of it.
fn bounded(words: String) -> String {
    const MOST: usize = 240;
    let count = words.chars().count();
    if count <= MOST {
        return words;
    }
    let (head, tail) = (MOST * 2 / 3, MOST / 3);
    let (first, last) = (words.chars().take(head), words.chars().skip(count - tail));
    first.chain(" … ".chars()).chain(last).collect()
}

/// A subject, action or resource, as far as it was read.
#[derive(Debug, Default)]
struct Part<'l> {
    is_there: bool,
    /// A bare string, which is the `name`; else an object.
    is_text: bool,
    /// The `type` of a subject or resource.
    kind: Option<Cow<'l, str>>,
    /// The `id` of a subject or resource, the `name` of an action.
    name: Option<Cow<'l, str>>,
    /// Whether there are `properties`, if the key stands there; null is none.
    properties: Option<bool>,
}

impl Part<'_> {
    fn complete(&self, what: &str, keys: Keys) -> Result<(), String> {
        let name = match keys {
            _ if !self.is_there => return Err(format!("`{what}` is missing")),
            Keys::Entity if !self.is_text && self.kind.is_none() => {
                return Err(format!("`{what}` has no `type`"));
            }
            Keys::Entity => "id",
            Keys::Action => "name",
        };
        if self.name.is_some() { Ok(()) } else { Err(format!("`{what}` has no `{name}`")) }
    }

    fn into_owned<'o>(self) -> Part<'o> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Part {
            is_there: self.is_there,
            is_text: self.is_text,
            kind: self.kind.map(owned),
            name: self.name.map(owned),
            properties: self.properties,
        }
    }
}

/// Reads the value of a key that may stand once and is a string.
fn text<'l, M: MapAccess<'l>>(
    slot: &mut Option<Cow<'l, str>>,
    key: &str,
    map: &mut M,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return Err(twice(key));
    }
    let Text(text) = map.next_value()?;
    *slot = Some(text);
    Ok(())
}

/// Passes over the value of a key that may stand once and is an object: the context, or the properties of a part.
fn brought<'l, M: MapAccess<'l>>(
    slot: &mut Option<bool>,
    part: Option<&str>,
    key: &str,
    map: &mut M,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return Err(twice(key));
    }
    *slot = Some(map.next_value_seed(Brought { part })?);
    Ok(())
}

/// Reads the value of a key that may stand once and is a part.
fn part<'l, M: MapAccess<'l>>(
    part: &mut Part<'l>,
    keys: Keys,
    key: &str,
    map: &mut M,
) -> Result<(), M::Error> {
    if part.is_there {
        return Err(twice(key));
    }
    part.is_there = true;
    map.next_value_seed(TextOrObject { part, keys, key })
}

/// Fills a request.
struct Root<'r, 'l>(&'r mut Request<'l>);

impl<'l> Visitor<'l> for Root<'_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `subject`, `action` and `resource`")
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<(), M::Error> {
        let Root(request) = self;
        let mut ignored = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "subject" => part(&mut request.subject, Keys::Entity, &key, &mut map)?,
                "action" => part(&mut request.action, Keys::Action, &key, &mut map)?,
                "resource" => part(&mut request.resource, Keys::Entity, &key, &mut map)?,
                "context" => brought(&mut request.context, None, &key, &mut map)?,
                _ => ignored.pass(key, &mut map)?,
            }
        }
        Ok(())
    }
}

/// Which keys of a part count, and must so be strings.
#[derive(Clone, Copy)]
enum Keys {
    /// Of a subject or resource: `type` and `id`.
    Entity,
    /// Of an action: `name`.
    Action,
}

/// Fills a part.
struct TextOrObject<'p, 'l> {
    part: &'p mut Part<'l>,
    keys: Keys,
    key: &'p str,
}

impl<'l> DeserializeSeed<'l> for TextOrObject<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for TextOrObject<'_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'l str) -> Result<(), E> {
        self.part.is_text = true;
        self.part.name = Some(Cow::Borrowed(text));
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.part.is_text = true;
        self.part.name = Some(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<(), M::Error> {
        let TextOrObject { part, keys, key: of } = self;
        let mut ignored = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            match (keys, &*key) {
                (Keys::Entity, "type") => text(&mut part.kind, &key, &mut map)?,
                (Keys::Entity, "id") => text(&mut part.name, &key, &mut map)?,
                (Keys::Action, "name") => text(&mut part.name, &key, &mut map)?,
                (_, "properties") => brought(&mut part.properties, Some(of), &key, &mut map)?,
                _ => ignored.pass(key, &mut map)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> String {
        Request::read(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn parts_are_strings_or_objects() {
        let line = br#"{"subject": "a", "action": {"name": "read", "properties": {}}, "resource": "sync/4"}"#;
        let request = Request::read(line).unwrap();
        assert_eq!(request.question(None), Question::new("a", "read", "sync/4"));
        let line = br#"{"resource": {"type": "s", "id": "4"}, "subject": {"type": "bot", "id": "\u0061"},
                        "action": "read", "context": {"a": [1, -2, 0.5, null, true, "x"]}, "decision": true}"#;
        let request = Request::read(line).unwrap();
        let expected =
            Question { subject_type: Some("bot"), object: Some("4"), ..Question::new("a", "read", "s") };
        assert_eq!(request.question(None), expected);
    }

    #[test]
    fn duplicate_keys_are_refused_at_every_level() {
        for line in [
            r#"{"subject":"a","subject":"b","action":"r","resource":"s"}"#,
            r#"{"subject":"a","action":{"name":"r","name":"w"},"resource":"s"}"#,
            r#"{"subject":{"type":"user","id":"a","properties":{"k":1,"k":2}},"action":"r","resource":"s"}"#,
            r#"{"subject":"a","action":"r","resource":"s","context":{"a":[{"k":1,"\u006b":2}]}}"#,
            r#"{"x":1,"x":1,"subject":"a","action":"r","resource":"s"}"#,
        ] {
            assert!(error(line).contains("stands twice"), "{line}: {}", error(line));
        }
    }

    #[test]
    fn keys_that_do_not_count_may_hold_anything() {
        for other in ["null", "5", "[]", "{\"a\":[]}", "1e400", "-1E+400", "1e-400", &"9".repeat(400)] {
            let line = format!(
                r#"{{"subject":{{"type":"t","id":"1e400\\\"","name":{other}}},"x":[{other}],
                "action":{{"name":"r","id":{other},"type":{other}}},
                "resource":{{"type":"s","id":"4","name":{other},"p":{{"k":{other}}}}}}}"#
            );
            let request = Request::read(line.as_bytes()).unwrap();
            let (subject_type, object) = (Some("t"), Some("4"));
            let asked = Question { subject_type, object, ..Question::new("1e400\\\"", "r", "s") };
            assert_eq!(request.question(None), asked, "{line}");
            let twice = line.replace(r#""p":"#, r#""name":"#);
            assert!(error(&twice).contains("`name` stands twice"), "{}", error(&twice));
            let inner = line.replace(r#""k":"#, r#""k":1e999,"k":"#);
            assert!(error(&inner).contains("`k` stands twice"), "{}", error(&inner));
        }
        assert!(error(r#"{"subject":{"type":"t","id":null}}"#).contains("expected a string"));
        assert!(error(r#"{"subject":{"type":"t","id":1e400}}"#).contains("expected a string"));
        assert!(error(r#"{"action":{"name":5}}"#).contains("expected a string"));
    }

    #[test]
    fn numbers_beyond_range_must_still_be_numbers() {
        for number in ["1e400.5", "01e400", "1e+-400", "-", "1e400-", "1.e400", "+1e400", "1e400true"] {
            let line = format!(r#"{{"subject":"a","action":"r","resource":"s","x":{number}}}"#);
            assert!(error(&line).starts_with("not JSON: "), "{number}: {}", error(&line));
        }
        // Columns stay what they were.
        let (far, near) = (error(r#"{"x":1e400,"subject":true}"#), error(r#"{"x":10000,"subject":true}"#));
        assert_eq!(far, near);
    }

    #[test]
    fn errors_say_what_is_missing_or_wrong() {
        assert_eq!(error(" \r"), "the line is blank");
        assert_eq!(error(r#"{"subject":"a","resource":"s"}"#), "`action` is missing");
        assert_eq!(error(r#"{"subject":{"id":"a"},"action":"r","resource":"s"}"#), "`subject` has no `type`");
        assert_eq!(
            error(r#"{"subject":"a","action":"r","resource":{"type":"s"}}"#),
            "`resource` has no `id`"
        );
        assert_eq!(error(r#"{"subject":"a","action":{},"resource":"s"}"#), "`action` has no `name`");
        let wrong = error(r#"{"subject":1,"action":"r","resource":"s"}"#);
        assert_eq!(wrong, "invalid type: integer `1`, expected a string or an object at column 12");
        assert!(error("[]").contains("an object with `subject`"));
        assert!(error("{\"subject\":\"a\"} x").contains("trailing"));
        assert!(Request::read(b"{\"subject\":\"\xff\"}").is_err());
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(error(&deep).contains("recursion limit"));
        let long = error(&format!("\"{}\"", "x".repeat(100_000)));
        assert!(long.len() < 300 && long.contains(" … ") && long.contains("expected an object"), "{long}");
    }
}
