//! One request: a line of JSON whose parts are strings or AuthZEN objects.
//!
//! Keys that mean nothing here are ignored, so that a line of a decision log is a request. Keys that stand twice are
//! refused at every level, since readers disagree on which of the two counts. Depth is bounded by serde_json.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use portcullis::Question;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::numbers;

/// A request as read from its line.
#[derive(Debug)]
pub(super) struct Request<'l> {
    subject_type: Option<Cow<'l, str>>,
    subject: Cow<'l, str>,
    action: Cow<'l, str>,
    resource: Cow<'l, str>,
    object: Option<Cow<'l, str>>,
}

impl<'l> Request<'l> {
    /// Reads a line; the error is for the answer in its place.
    pub(super) fn read(line: &'l [u8]) -> Result<Self, String> {
        if line.trim_ascii().is_empty() {
            return Err("the line is blank".to_owned());
        }
        match Parts::read(line) {
            Ok(parts) => parts.request(),
            Err(error) => {
                // serde_json refuses numbers that no f64 holds, also where nobody looks at them.
                let Some(held) = numbers::held(line).filter(|_| error.is_syntax()) else {
                    return Err(in_words(&error));
                };
                let parts = Parts::read(&held).map_err(|error| in_words(&error))?;
                parts.request().map(Request::into_owned)
            }
        }
    }

    fn into_owned<'o>(self) -> Request<'o> {
        let owned = |text: Cow<'l, str>| Cow::Owned(text.into_owned());
        Request {
            subject_type: self.subject_type.map(owned),
            subject: owned(self.subject),
            action: owned(self.action),
            resource: owned(self.resource),
            object: self.object.map(owned),
        }
    }

    /// The question that it asks.
    pub(super) fn question(&self) -> Question<'_> {
        Question {
            subject_type: self.subject_type.as_deref(),
            object: self.object.as_deref(),
            ..Question::new(&self.subject, &self.action, &self.resource)
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

/// The parts of a request, as far as they are there.
#[derive(Default)]
struct Parts<'l> {
    subject: Option<Part<'l>>,
    action: Option<Part<'l>>,
    resource: Option<Part<'l>>,
}

impl<'l> Parts<'l> {
    fn read(line: &'l [u8]) -> serde_json::Result<Self> {
        let mut reader = serde_json::Deserializer::from_slice(line);
        let parts = Parts::deserialize(&mut reader)?;
        reader.end()?;
        Ok(parts)
    }

    fn request(self) -> Result<Request<'l>, String> {
        let missing = |part: &str| format!("`{part}` is missing");
        let (subject_type, subject) = self.subject.ok_or_else(|| missing("subject"))?.entity("subject")?;
        let action = self.action.ok_or_else(|| missing("action"))?.action()?;
        let (kind, object) = match self.resource.ok_or_else(|| missing("resource"))? {
            Part::Text(kind) => (kind, None),
            part => {
                let (kind, id) = part.entity("resource")?;
                (kind.unwrap_or_default(), Some(id))
            }
        };
        Ok(Request { subject_type, subject, action, resource: kind, object })
    }
}

/// A subject, action or resource.
enum Part<'l> {
    Text(Cow<'l, str>),
    Object(Entity<'l>),
}

/// The keys of a part that say what it is. The others are ignored.
#[derive(Default)]
struct Entity<'l> {
    kind: Option<Cow<'l, str>>,
    id: Option<Cow<'l, str>>,
    name: Option<Cow<'l, str>>,
}

impl<'l> Part<'l> {
    /// Type and id; a string is an id without a type.
    fn entity(self, part: &str) -> Result<(Option<Cow<'l, str>>, Cow<'l, str>), String> {
        match self {
            Part::Text(id) => Ok((None, id)),
            Part::Object(Entity { kind: Some(kind), id: Some(id), .. }) => Ok((Some(kind), id)),
            Part::Object(Entity { kind: None, .. }) => Err(format!("`{part}` has no `type`")),
            Part::Object(_) => Err(format!("`{part}` has no `id`")),
        }
    }

    fn action(self) -> Result<Cow<'l, str>, String> {
        match self {
            Part::Text(name) => Ok(name),
            Part::Object(entity) => entity.name.ok_or_else(|| "`action` has no `name`".to_owned()),
        }
    }
}

/// Keys of one object that were seen and mean nothing.
#[derive(Default)]
struct Ignored<'l>(HashSet<Cow<'l, str>>);

impl<'l> Ignored<'l> {
    /// Passes over the value of a key.
    fn pass<M: MapAccess<'l>>(&mut self, key: Cow<'l, str>, map: &mut M) -> Result<(), M::Error> {
        if self.0.contains(&key) {
            return Err(twice(&key));
        }
        self.0.insert(key);
        map.next_value::<Anything>().map(drop)
    }
}

fn twice<E: de::Error>(key: &str) -> E {
    E::custom(format!("the key {} stands twice", portcullis::text::quoted(key)))
}

/// Takes the value of a key that may stand once.
fn once<'l, M, S>(slot: &mut Option<S::Value>, key: &str, map: &mut M, seed: S) -> Result<(), M::Error>
where
    M: MapAccess<'l>,
    S: DeserializeSeed<'l>,
{
    if slot.is_some() {
        return Err(twice(key));
    }
    *slot = Some(map.next_value_seed(seed)?);
    Ok(())
}

impl<'l> Deserialize<'l> for Parts<'l> {
    fn deserialize<D: Deserializer<'l>>(reader: D) -> Result<Self, D::Error> {
        struct Root;
        impl<'l> Visitor<'l> for Root {
            type Value = Parts<'l>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `subject`, `action` and `resource`")
            }

            fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<Parts<'l>, M::Error> {
                let (mut parts, mut ignored) = (Parts::default(), Ignored::default());
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        "subject" => once(&mut parts.subject, &key, &mut map, TextOrObject::Entity)?,
                        "action" => once(&mut parts.action, &key, &mut map, TextOrObject::Action)?,
                        "resource" => once(&mut parts.resource, &key, &mut map, TextOrObject::Entity)?,
                        _ => ignored.pass(key, &mut map)?,
                    }
                }
                Ok(parts)
            }
        }
        reader.deserialize_any(Root)
    }
}

/// How a part is read. Which keys of it count, and must so be strings, depends on the part.
#[derive(Clone, Copy)]
enum TextOrObject {
    /// A subject or resource: `type` and `id`.
    Entity,
    /// An action: `name`.
    Action,
}

impl<'l> DeserializeSeed<'l> for TextOrObject {
    type Value = Part<'l>;

    fn deserialize<D: Deserializer<'l>>(self, reader: D) -> Result<Part<'l>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for TextOrObject {
    type Value = Part<'l>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'l str) -> Result<Part<'l>, E> {
        Ok(Part::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Part<'l>, E> {
        Ok(Part::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<Part<'l>, M::Error> {
        let mut ignored = Ignored::default();
        let (mut kind, mut id, mut name) = (None, None, None);
        while let Some(Text(key)) = map.next_key()? {
            let text = PhantomData::<Text<'l>>;
            match (self, &*key) {
                (TextOrObject::Entity, "type") => once(&mut kind, &key, &mut map, text)?,
                (TextOrObject::Entity, "id") => once(&mut id, &key, &mut map, text)?,
                (TextOrObject::Action, "name") => once(&mut name, &key, &mut map, text)?,
                _ => ignored.pass(key, &mut map)?,
            }
        }
        let text = |text: Option<Text<'l>>| text.map(|Text(text)| text);
        Ok(Part::Object(Entity { kind: text(kind), id: text(id), name: text(name) }))
    }
}

/// A string, borrowed from the line where it holds no escapes.
struct Text<'l>(Cow<'l, str>);

impl<'l> Deserialize<'l> for Text<'l> {
    fn deserialize<D: Deserializer<'l>>(reader: D) -> Result<Self, D::Error> {
        struct OnlyText;
        impl<'l> Visitor<'l> for OnlyText {
            type Value = Text<'l>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'l str) -> Result<Text<'l>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'l>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        reader.deserialize_str(OnlyText)
    }
}

/// Any value, dropped, but with its duplicate keys refused.
struct Anything;

impl<'l> Deserialize<'l> for Anything {
    fn deserialize<D: Deserializer<'l>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Anything)
    }
}

impl<'l> Visitor<'l> for Anything {
    type Value = Anything;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Anything, E> {
        Ok(Anything)
    }

    fn visit_seq<S: SeqAccess<'l>>(self, mut list: S) -> Result<Anything, S::Error> {
        while list.next_element::<Anything>()?.is_some() {}
        Ok(Anything)
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<Anything, M::Error> {
        let mut keys = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            keys.pass(key, &mut map)?;
        }
        Ok(Anything)
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
        assert_eq!(request.question(), Question::new("a", "read", "sync/4"));
        let line = br#"{"resource": {"type": "s", "id": "4"}, "subject": {"type": "bot", "id": "\u0061"},
                        "action": "read", "context": {"a": [1, -2, 0.5, null, true, "x"]}, "decision": true}"#;
        let request = Request::read(line).unwrap();
        let expected =
            Question { subject_type: Some("bot"), object: Some("4"), ..Question::new("a", "read", "s") };
        assert_eq!(request.question(), expected);
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
            assert_eq!(request.question(), asked, "{line}");
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
        let deep = format!("{{\"context\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(error(&deep).contains("recursion limit"));
        let long = error(&format!("\"{}\"", "x".repeat(100_000)));
        assert!(long.len() < 300 && long.contains(" … ") && long.contains("expected an object"), "{long}");
    }
}
