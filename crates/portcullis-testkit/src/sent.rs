//! A request as an engine is asked it: an AuthZEN object, kept as one attribute.
//!
//! The reference reads requests in its own way; this reads the same text for the library, so that the two share no reader. The
//! command line has a third, which takes a line apart without keeping it whole. It would be quick to test it with itself: what one of
//! the three gets wrong shows because they are three.

use portcullis::condition::{Attribute, Value};
use portcullis::{Question, Source};

/// A request that was read: an object with `subject`, `action`, `resource` and perhaps `context`, each part a string or an object.
#[derive(Debug)]
pub struct Sent(Attribute);

impl Sent {
    /// Reads a request.
    ///
    /// # Errors
    /// When it is no JSON, or lacks a part.
    pub fn read(text: &str) -> Result<Sent, String> {
        let sent = Attribute::read(&Source::new("request", text)).map_err(|report| report.to_string())?;
        let sent = Sent(sent);
        match sent.parts() {
            Some(_) => Ok(sent),
            None => Err(format!("no subject, action and resource with what names them: {text}")),
        }
    }

    /// The request as a question at a time.
    #[must_use]
    pub fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        let Some([subject, action, resource]) = self.parts() else { return Question::new("", "", "") };
        Question {
            subject_type: text(inside(subject, "type")),
            object: text(inside(resource, "id")),
            subject_properties: inside(subject, "properties"),
            action_properties: inside(action, "properties"),
            object_properties: inside(resource, "properties"),
            context: inside(self.0.value(), "context"),
            now,
            ..Question::new(
                text(Some(subject)).or_else(|| text(inside(subject, "id"))).unwrap_or_default(),
                text(Some(action)).or_else(|| text(inside(action, "name"))).unwrap_or_default(),
                text(Some(resource)).or_else(|| text(inside(resource, "type"))).unwrap_or_default(),
            )
        }
    }

    /// Subject, action and resource, each with what names it.
    fn parts(&self) -> Option<[Value<'_>; 3]> {
        let part = |key: &str, name: &str| {
            let part = inside(self.0.value(), key)?;
            text(Some(part)).or_else(|| text(inside(part, name))).map(|_| part)
        };
        Some([part("subject", "id")?, part("action", "name")?, part("resource", "type")?])
    }
}

fn inside<'v>(value: Value<'v>, key: &str) -> Option<Value<'v>> {
    if let Value::Object(object) = value { object.get(key) } else { None }
}

fn text(value: Option<Value<'_>>) -> Option<&str> {
    value.and_then(Value::as_str)
}
