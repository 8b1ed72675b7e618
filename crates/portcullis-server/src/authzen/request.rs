//! One request: JSON whose parts are AuthZEN objects, or strings where that is allowed.
//!
//! Keys that mean nothing here are ignored, so that a line of a decision log is a request. Keys that stand twice are
//! refused at every level, since readers disagree on which of the two counts. Depth is bounded, in lines of files by serde_json.
//! Properties and the context are judged here and kept by `sent`, if anybody asks for them: what a text is must not hang on who decides.
//!
//! This is where the time of reading goes. Names are borrowed from the text, whose UTF-8 is checked once, and parts
//! are filled where they stand: passed up by value, and checked string by string, they made a request a quarter slower.

use std::borrow::Cow;
use std::fmt;

use portcullis::Question;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::fault::Place;
use super::ignored::{Anything, Brought, Ignored, Text, TextOf, twice};
use super::{Fault, Forms, numbers};

/// How deep a body may nest, its own object counted.
pub(super) const LEVELS: u8 = 64;

/// What counts of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// `type` and `id`, of a subject or resource.
    Entity,
    /// `name`, of an action.
    Action,
    /// `type`, of an entity that is searched for. Its `id` may be anything.
    Kind,
    /// Nothing, as of the action in a search for actions: it may be anything, and may be missing.
    Nothing,
}

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) forms: Forms,
    pub(super) subject: Counts,
    pub(super) action: Counts,
    pub(super) resource: Counts,
    pub(super) place: Place,
    /// How many levels a value in its object may nest.
    pub(super) left: u8,
}

impl Reading {
    /// A body.
    pub(super) const BODY: Reading = Reading {
        forms: Forms::ObjectsOnly,
        subject: Counts::Entity,
        action: Counts::Action,
        resource: Counts::Entity,
        place: Place::Body,
        left: LEVELS - 1,
    };
    /// An item of `evaluations`, inside two more levels.
    pub(super) const ITEM: Reading =
        Reading { place: Place::Item, left: Reading::BODY.left - 2, ..Reading::BODY };
    /// A line of a file; serde_json's own bound is nearer than this one.
    const LINE: Reading = Reading { forms: Forms::StringsToo, left: u8::MAX, ..Reading::BODY };

    pub(super) const fn of(forms: Forms) -> Reading {
        match forms {
            Forms::ObjectsOnly => Reading::BODY,
            Forms::StringsToo => Reading::LINE,
        }
    }

    pub(super) fn fault(&self, error: &serde_json::Error) -> Fault {
        Fault::of(error, self.forms, self.place)
    }

    /// Whether there is anything to be read.
    pub(super) fn begin(&self, text: &[u8]) -> Result<(), Fault> {
        if !text.trim_ascii().is_empty() {
            return Ok(());
        }
        Err(Fault::new(match self.forms {
            Forms::ObjectsOnly => "the body is empty; expected a JSON object",
            Forms::StringsToo => "the line is blank",
        }))
    }
}

/// A request as read from its text.
#[derive(Debug, Default)]
pub(super) struct Request<'l> {
    pub(super) subject: Part<'l>,
    pub(super) action: Part<'l>,
    pub(super) resource: Part<'l>,
    /// Whether there is a `context`, if the key stands there; null is none.
    pub(super) context: Option<bool>,
}

impl<'l> Request<'l> {
    /// Reads a text that is one request. Whether something is missing is not asked here.
    pub(super) fn read(text: &'l [u8], reading: Reading) -> Result<Self, Fault> {
        reading.begin(text)?;
        let mut request = Request::default();
        if let Err(error) = walk(text, Root { request: &mut request, reading }) {
            // serde_json refuses numbers that no f64 holds, also where nobody looks at them.
            let Some(held) = numbers::held(text).filter(|_| error.is_syntax()) else {
                return Err(reading.fault(&error));
            };
            let mut again = Request::default();
            walk(&held, Root { request: &mut again, reading }).map_err(|error| reading.fault(&error))?;
            request = again.into_owned();
        }
        Ok(request)
    }

    /// Whether it says more than names: properties of something, or a context. They are not kept here.
    pub(super) fn brings_properties(&self) -> bool {
        let Request { subject, action, resource, context } = self;
        [subject.properties, action.properties, resource.properties, *context].contains(&Some(true))
    }

    /// The question that it asks at a time, by names alone.
    #[inline]
    pub(super) fn question<'q>(&'q self, now: Option<&'q str>) -> Question<'q> {
        asked([&self.subject, &self.action, &self.resource], now)
    }

    /// Whether nothing is missing; the error says what.
    pub(super) fn complete(&self, reading: Reading) -> Result<(), Fault> {
        complete([&self.subject, &self.action, &self.resource], reading)
    }

    /// Reads the value of a key, if it is one of a request's, and says whether it is.
    #[inline]
    pub(super) fn take<M: MapAccess<'l>>(
        &mut self,
        key: &str,
        map: &mut M,
        reading: Reading,
    ) -> Result<bool, M::Error> {
        let Reading { forms, subject, action, resource, left, .. } = reading;
        match key {
            "subject" => part(&mut self.subject, Filling { counts: subject, forms, left, of: key }, map)?,
            "action" => part(&mut self.action, Filling { counts: action, forms, left, of: key }, map)?,
            "resource" => part(&mut self.resource, Filling { counts: resource, forms, left, of: key }, map)?,
            "context" => brought(&mut self.context, Brought { part: None, left }, key, map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn into_owned<'o>(self) -> Request<'o> {
        let Request { subject, action, resource, context } = self;
        Request {
            subject: subject.into_owned(),
            action: action.into_owned(),
            resource: resource.into_owned(),
            context,
        }
    }
}

/// Goes through all of a text.
pub(super) fn walk<'l>(text: &'l [u8], visitor: impl Visitor<'l, Value = ()>) -> serde_json::Result<()> {
    fn through<'l>(
        mut reader: serde_json::Deserializer<impl serde_json::de::Read<'l>>,
        visitor: impl Visitor<'l, Value = ()>,
    ) -> serde_json::Result<()> {
        reader.deserialize_any(visitor)?;
        reader.end()
    }
    match std::str::from_utf8(text) {
        // Checked once for the text, and so not once more for each string.
        Ok(text) => through(serde_json::Deserializer::from_str(text), visitor),
        Err(_) => through(serde_json::Deserializer::from_slice(text), visitor),
    }
}

/// The question that a subject, an action and a resource come to, by names alone.
#[inline]
pub(super) fn asked<'q>(parts: [&'q Part<'_>; 3], now: Option<&'q str>) -> Question<'q> {
    let [subject, action, resource] = parts;
    let (kind, object) =
        if resource.is_text { (&resource.name, None) } else { (&resource.kind, resource.name.as_deref()) };
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

/// Whether nothing is missing in a subject, an action and a resource; the error says what.
#[inline]
pub(super) fn complete(parts: [&Part<'_>; 3], reading: Reading) -> Result<(), Fault> {
    let [subject, action, resource] = parts;
    subject.complete("subject", reading.subject, reading.forms)?;
    action.complete("action", reading.action, reading.forms)?;
    resource.complete("resource", reading.resource, reading.forms)
}

/// A subject, action or resource, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Part<'l> {
    pub(super) is_there: bool,
    /// A bare string, which is the `name`; else an object.
    is_text: bool,
    /// The `type` of a subject or resource.
    pub(super) kind: Option<Cow<'l, str>>,
    /// The `id` of a subject or resource, the `name` of an action.
    pub(super) name: Option<Cow<'l, str>>,
    /// Whether there are `properties`, if the key stands there; null is none.
    pub(super) properties: Option<bool>,
}

impl Part<'_> {
    #[inline]
    fn complete(&self, what: &str, counts: Counts, forms: Forms) -> Result<(), Fault> {
        let lacks_kind = !self.is_text && self.kind.is_none();
        let lacks_name = self.name.is_none();
        let key = match counts {
            Counts::Nothing => return Ok(()),
            _ if !self.is_there => return Err(Fault::new(format!("`{what}` is missing"))),
            Counts::Entity | Counts::Kind if lacks_kind => "type",
            Counts::Entity if lacks_name => "id",
            Counts::Action if lacks_name => "name",
            Counts::Entity | Counts::Action | Counts::Kind => return Ok(()),
        };
        Err(Fault::new(match forms {
            Forms::ObjectsOnly => format!("`{what}.{key}` is missing"),
            Forms::StringsToo => format!("`{what}` has no `{key}`"),
        }))
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
    filling: Filling<'_>,
    key: &str,
    map: &mut M,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return Err(twice(key));
    }
    let field = (filling.forms == Forms::ObjectsOnly).then_some((filling.of, key));
    *slot = Some(map.next_value_seed(TextOf { field })?);
    Ok(())
}

/// Passes over the value of a key that may stand once and is an object: the context, or the properties of a part.
fn brought<'l, M: MapAccess<'l>>(
    slot: &mut Option<bool>,
    brought: Brought<'_>,
    key: &str,
    map: &mut M,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return Err(twice(key));
    }
    *slot = Some(map.next_value_seed(brought)?);
    Ok(())
}

/// Reads the value of a key that may stand once and is a part.
fn part<'l, M: MapAccess<'l>>(
    part: &mut Part<'l>,
    filling: Filling<'_>,
    map: &mut M,
) -> Result<(), M::Error> {
    if part.is_there {
        return Err(twice(filling.of));
    }
    part.is_there = true;
    if filling.counts == Counts::Nothing {
        return map.next_value_seed(Anything { left: filling.left });
    }
    map.next_value_seed(Fill { part, filling })
}

/// Fills a request.
pub(super) struct Root<'r, 'l> {
    pub(super) request: &'r mut Request<'l>,
    pub(super) reading: Reading,
}

impl<'l> Visitor<'l> for Root<'_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reading.place {
            Place::Body => "an object with `subject`, `action` and `resource`",
            Place::Item => "an object",
        })
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<(), M::Error> {
        let Root { request, reading } = self;
        let mut ignored = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            if !request.take(&key, &mut map, reading)? {
                ignored.pass(key, &mut map, reading.left)?;
            }
        }
        Ok(())
    }
}

/// How a part is filled.
#[derive(Clone, Copy)]
struct Filling<'w> {
    counts: Counts,
    forms: Forms,
    left: u8,
    /// The key that the part stands under.
    of: &'w str,
}

/// Fills a part.
struct Fill<'p, 'l> {
    part: &'p mut Part<'l>,
    filling: Filling<'p>,
}

impl<'l> DeserializeSeed<'l> for Fill<'_, 'l> {
    type Value = ();

    fn deserialize<D: Deserializer<'l>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for Fill<'_, 'l> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.filling.forms {
            Forms::ObjectsOnly => write!(f, "an object for `{}`", self.filling.of),
            Forms::StringsToo => f.write_str("a string or an object"),
        }
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'l str) -> Result<(), E> {
        self.fill_with(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.fill_with(Cow::Owned(text.to_owned()))
    }

    fn visit_map<M: MapAccess<'l>>(self, mut map: M) -> Result<(), M::Error> {
        let Fill { part, filling } = self;
        // A value in a part is one level deeper than the part.
        let left = filling.left.saturating_sub(1);
        let mut ignored = Ignored::default();
        while let Some(Text(key)) = map.next_key()? {
            match (filling.counts, &*key) {
                (Counts::Entity | Counts::Kind, "type") => text(&mut part.kind, filling, &key, &mut map)?,
                (Counts::Entity, "id") | (Counts::Action, "name") => {
                    text(&mut part.name, filling, &key, &mut map)?;
                }
                (_, "properties") => {
                    let part_of = Brought { part: Some(filling.of), left };
                    brought(&mut part.properties, part_of, &key, &mut map)?;
                }
                _ => ignored.pass(key, &mut map, left)?,
            }
        }
        Ok(())
    }
}

impl<'l> Fill<'_, 'l> {
    fn fill_with<E: de::Error>(self, text: Cow<'l, str>) -> Result<(), E> {
        if self.filling.forms == Forms::ObjectsOnly {
            return Err(E::invalid_type(de::Unexpected::Str(&text), &self));
        }
        self.part.is_text = true;
        self.part.name = Some(text);
        Ok(())
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
