//! What every question of a test brings besides names: the id of an object, properties, a context, a time.
//!
//! It has the form of a request, but for the names, which stand where they stand in every test. Without an id a question is one on
//! a type, of which nothing is known whatever was sent; so properties of a resource without an id are refused, as a
//! test that could not mean what it says. Nothing is looked at here but the form.

use crate::condition::{Attribute, AttributeBuilder, AttributeError, Instant};
use crate::diagnostic::Code;
use crate::json::Value;
use crate::read::{Habit, Reader, first_line};
use crate::snapshot::Question;
use crate::text::quoted;

/// What a test's questions bring; nothing, where the test does not say.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    subject: Option<Attribute>,
    action: Option<Attribute>,
    object: Option<Box<str>>,
    resource: Option<Attribute>,
    context: Option<Attribute>,
    now: Option<Box<str>>,
}

const KEYS: [&str; 5] = ["subject", "action", "resource", "context", "now"];

const HABITS: &[Habit] =
    &[Habit { written: "object", known: "resource" }, Habit { written: "time", known: "now" }];

const PART_HABITS: &[Habit] = &[Habit { written: "attributes", known: "properties" }];

impl Request {
    /// A question with all this.
    pub(super) fn beside<'q>(&'q self, question: Question<'q>) -> Question<'q> {
        let value = |sent: &'q Option<Attribute>| sent.as_ref().map(Attribute::value);
        Question {
            object: self.object(),
            subject_properties: value(&self.subject),
            action_properties: value(&self.action),
            object_properties: value(&self.resource),
            context: value(&self.context),
            now: self.now.as_deref(),
            ..question
        }
    }

    /// The id of the object that is asked about.
    pub(super) fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        let Request { subject, action, object, resource, context, now } = self;
        let sent = [subject, action, resource, context].into_iter().any(Option::is_some);
        !sent && object.is_none() && now.is_none()
    }

    /// Reads what stands under `request`; `None` when something in it is a fault.
    pub(super) fn read(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Request> {
        if !reader.object(value, "`request`") {
            return None;
        }
        let [subject, action, resource, context, now] = reader.fields(value, "`request`", KEYS, HABITS);
        let mut request = Request::default();
        let mut whole = true;
        if let Some(subject) = subject {
            whole &= only_properties(subject, "`subject` of a request", &mut request.subject, reader);
        }
        if let Some(action) = action {
            whole &= only_properties(action, "`action` of a request", &mut request.action, reader);
        }
        if let Some(resource) = resource {
            whole &= request.read_resource(resource, reader);
        }
        if let Some(context) = context {
            whole &= keep(context, "`context`", &mut request.context, reader);
        }
        if let Some(now) = now {
            request.now = read_time(now, reader);
            whole &= request.now.is_some();
        }
        whole.then_some(request)
    }

    fn read_resource(&mut self, resource: Value<'_>, reader: &mut Reader<'_>) -> bool {
        let what = "`resource` of a request";
        if !reader.object(resource, what) {
            return false;
        }
        let [id, properties] = reader.fields(resource, what, ["id", "properties"], PART_HABITS);
        let Some(id) = id else {
            let help = "a question on a type leaves conditions on the object unknown, whatever is sent: add `\"id\": \"1\"`, also of one that is not stored";
            reader.missing_key(resource, what, "id", help);
            return false;
        };
        self.object = reader.name(id, "an object's `id`").map(|id| Box::from(&*id));
        let whole =
            properties.is_none_or(|properties| keep(properties, "`properties`", &mut self.resource, reader));
        whole && self.object.is_some()
    }
}

fn read_time(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Box<str>> {
    if !value.is_text() {
        reader.wrong_shape(value, "`now`", "a string");
        return None;
    }
    let text = value.text();
    if Instant::parse(&text).is_none() {
        let message = format!("`now` must be a time as RFC 3339 writes it, found {}", quoted(&text));
        let fault = reader.fault(Code::WrongShape, value.span(), message, "no time");
        let help = "a time has a date, a time and an offset, as in `\"2026-03-01T12:00:00Z\"`";
        reader.push(fault.help(help));
        return None;
    }
    Some(text.into())
}

/// Reads a part that has nothing but properties.
fn only_properties(part: Value<'_>, what: &str, to: &mut Option<Attribute>, reader: &mut Reader<'_>) -> bool {
    if !reader.object(part, what) {
        return false;
    }
    let [properties] = reader.fields(part, what, ["properties"], PART_HABITS);
    match properties {
        Some(properties) => keep(properties, "`properties`", to, reader),
        None => {
            let help = "names stand in the test: `\"properties\": {}` here is what the request says of it";
            reader.missing_key(part, what, "properties", help);
            false
        }
    }
}

/// Keeps an object. An empty one is kept too: that something was brought can matter to `exists`.
fn keep(value: Value<'_>, what: &str, to: &mut Option<Attribute>, reader: &mut Reader<'_>) -> bool {
    if !reader.object(value, what) {
        return false;
    }
    let mut builder = AttributeBuilder::new();
    builder.value(value);
    match builder.finish() {
        Ok(kept) => *to = Some(kept),
        // A key that stands twice is a fault of the text, and reported as that.
        Err(AttributeError::DuplicateKey) => {}
        Err(error) => {
            let span = first_line(&reader.source, value.span());
            reader.push(reader.fault(Code::OverLimit, span, error.to_string(), "this object"));
        }
    }
    to.is_some()
}
