//! What a condition is asked about, as plain data: subject, resource, action, context, clock, stored objects.
//!
//! Rules 3 to 6 of conditions stand here. What is stored and what the request brings are walked each on
//! its own side and meet at the end of the path, where the declaration of the attribute says which
//! counts; so a request can neither splice a path of its own into a stored one nor hide a stored value.
//! References to other objects are followed in stored properties alone.
//!
//! A walk is as long as its path, 32 steps at most, and ends when it comes back to an object.

use super::judge::{Found, Lookup, Side, Why};
use super::reference::{MOST_PARTS, Place, Reference, Root};
use super::value::{Spot, Value};
use crate::schema::Origin;

/// Stored objects, by type and id.
pub trait Objects<'a> {
    /// The object of a type, which may be called by an alias.
    fn object(&self, kind: &str, id: &str) -> Option<StoredObject<'a>>;
}

/// No stored objects at all.
impl<'a> Objects<'a> for () {
    fn object(&self, _kind: &str, _id: &str) -> Option<StoredObject<'a>> {
        None
    }
}

/// An object that is stored.
#[derive(Clone, Copy, Debug)]
pub struct StoredObject<'a> {
    /// What tells it from every other stored object.
    pub number: u32,
    /// Its type's own name.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its properties, an object; null when it has none.
    pub properties: Value<'a>,
}

/// Who asks: a member, whose properties are stored.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The member's type.
    pub kind: &'a str,
    /// The member's id.
    pub id: &'a str,
    /// The stored properties; null when there are none.
    pub stored: Value<'a>,
    /// The properties that the request brings, if it brings any.
    pub sent: Option<Value<'a>>,
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// The type as asked: its own name, an alias or a name it covers.
    pub kind: &'a str,
    /// The id, unless the question is about the type alone.
    pub id: Option<&'a str>,
    /// The object, if it is stored.
    pub stored: Option<StoredObject<'a>>,
    /// The properties that the request brings, if it brings any.
    pub sent: Option<Value<'a>>,
}

/// All that is known when a condition is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a, O = ()> {
    /// Who asks.
    pub subject: Subject<'a>,
    /// What is asked about.
    pub resource: Resource<'a>,
    /// The name of the action.
    pub action: &'a str,
    /// The properties that the request brings for the action.
    pub action_sent: Option<Value<'a>>,
    /// The context that the request brings.
    pub context: Option<Value<'a>>,
    /// The clock of whoever decides, as RFC 3339 writes it.
    pub now: Option<&'a str>,
    /// The stored objects, for what properties refer to.
    pub objects: O,
}

/// What one side has at the end of a path.
#[derive(Clone, Copy)]
enum Walked<'a> {
    Value(Value<'a>),
    Missing,
    Lost(Why),
}

impl<'a, O: Objects<'a>> Lookup<'a> for Facts<'a, O> {
    #[inline]
    fn find(&self, reference: &Reference) -> Found<'a> {
        let own = |text: &'a str| Found::Value(Value::Text(text.into()), Side::Own);
        let from = reference.declared().map(|declared| declared.from).unwrap_or_default();
        match (reference.root(), reference.place()) {
            (Root::Resource, Place::Type) => own(self.resource.kind),
            (Root::Resource, place) => {
                let Resource { id: Some(id), stored, sent, .. } = self.resource else {
                    return Found::Unknown(Why::NoResourceId);
                };
                let Place::Path(path) = place else { return own(id) };
                let sent = present(sent);
                let known = stored.is_some() || (from != Origin::Stored && sent.is_some());
                let (start, properties) = match stored {
                    Some(object) => (Some(object.number), object.properties),
                    None => (None, Value::Null),
                };
                self.meet(self.stored(start, properties, path), sent, path, from, known)
            }
            (Root::Subject, Place::Path(path)) => {
                let Subject { stored, sent, .. } = self.subject;
                self.meet(self.stored(None, stored, path), present(sent), path, from, true)
            }
            (Root::Subject, Place::Type) => own(self.subject.kind),
            (Root::Subject, _) => own(self.subject.id),
            (Root::Action, Place::Path(path)) => alone(self.action_sent, path),
            (Root::Action, _) => own(self.action),
            (Root::Context, Place::Path(path)) => alone(self.context, path),
            (Root::Context, _) => self.now.map_or(Found::Unknown(Why::NoClock), own),
        }
    }
}

/// Properties that are null were not brought.
fn present(sent: Option<Value<'_>>) -> Option<Value<'_>> {
    sent.filter(|value| !value.is_null())
}

/// What only the request can say.
fn alone<'a>(sent: Option<Value<'a>>, path: &[Box<str>]) -> Found<'a> {
    match present(sent) {
        None => Found::Unknown(Why::UnknownEntity),
        Some(sent) => match plain(sent, path) {
            Some(value) => Found::Value(value, Side::Request),
            None => Found::Missing,
        },
    }
}

/// A path through nested objects.
#[inline]
fn plain<'a>(properties: Value<'a>, path: &[Box<str>]) -> Option<Value<'a>> {
    let (first, rest) = path.split_first()?;
    let mut place = properties.step(first)?;
    for part in rest {
        place = place.step(part)?;
    }
    Some(place.value())
}

/// How far a path leads in stored properties.
enum Led<'a, 'p> {
    /// To its end.
    To(Spot<'a>),
    /// To a reference, with path left over.
    Through(Spot<'a>, &'p [Box<str>]),
    /// To nothing.
    Nowhere,
}

/// The properties as a whole are no property, so they refer to nothing.
#[inline]
fn led<'a, 'p>(properties: Value<'a>, path: &'p [Box<str>]) -> Led<'a, 'p> {
    let Some((first, mut rest)) = path.split_first() else { return Led::Nowhere };
    let Some(mut place) = properties.step(first) else { return Led::Nowhere };
    while let Some((part, left)) = rest.split_first() {
        if let Some(target) = place.reference() {
            return Led::Through(target, rest);
        }
        let Some(next) = place.step(part) else { return Led::Nowhere };
        (place, rest) = (next, left);
    }
    Led::To(place)
}

impl<'a, O: Objects<'a>> Facts<'a, O> {
    /// Puts what is stored and what was sent together, as the attribute's origin says.
    #[inline]
    fn meet(
        &self,
        stored: Walked<'a>,
        sent: Option<Value<'a>>,
        path: &[Box<str>],
        from: Origin,
        known: bool,
    ) -> Found<'a> {
        let sent = match sent {
            Some(properties) if from != Origin::Stored => plain(properties, path),
            _ => None,
        };
        match (stored, sent) {
            (_, Some(value)) if from == Origin::Request => Found::Value(value, Side::Request),
            (Walked::Lost(why), _) => Found::Unknown(why),
            (Walked::Value(value), Some(other)) if value != other => Found::Unknown(Why::Conflict),
            (Walked::Value(value), _) => Found::Value(value, Side::Stored),
            (Walked::Missing, Some(value)) => Found::Value(value, Side::Request),
            (Walked::Missing, None) if known => Found::Missing,
            (Walked::Missing, None) => Found::Unknown(Why::UnknownEntity),
        }
    }

    /// A path through stored properties, `start` being the object that they belong to if it can be come back to.
    #[inline]
    fn stored(&self, start: Option<u32>, properties: Value<'a>, path: &[Box<str>]) -> Walked<'a> {
        match led(properties, path) {
            Led::To(place) => Walked::Value(place.value()),
            Led::Nowhere => Walked::Missing,
            Led::Through(target, rest) => self.follow(start, target, rest),
        }
    }

    /// The rest of a path from a reference on.
    #[cold]
    fn follow(&self, start: Option<u32>, target: Spot<'a>, path: &[Box<str>]) -> Walked<'a> {
        let mut visited = [start; MOST_PARTS + 1];
        let (mut target, mut path) = (target, path);
        for hop in 1..visited.len() {
            let Some(object) = self.resolve(target.value()) else {
                return Walked::Lost(Why::BrokenReference);
            };
            if visited.iter().take(hop).any(|&seen| seen == Some(object.number)) {
                return Walked::Lost(Why::CyclicReference);
            }
            if let Some(seen) = visited.get_mut(hop) {
                *seen = Some(object.number);
            }
            // What is called as the object's own is never looked for among its properties, and has nothing in it.
            match path.split_first().map(|(first, below)| (&**first, below.is_empty())) {
                Some(("id", true)) => return Walked::Value(Value::Text(object.id.into())),
                Some(("type", true)) => return Walked::Value(Value::Text(object.kind.into())),
                Some(("id" | "type", false)) => return Walked::Missing,
                _ => {}
            }
            match led(object.properties, path) {
                Led::To(place) => return Walked::Value(place.value()),
                Led::Nowhere => return Walked::Missing,
                Led::Through(further, rest) => (target, path) = (further, rest),
            }
        }
        // A path has no more parts than there is room for.
        Walked::Missing
    }

    /// The object that the inside of a reference names: exactly a type and an id.
    fn resolve(&self, target: Value<'a>) -> Option<StoredObject<'a>> {
        let Value::Object(target) = target else { return None };
        let (kind, id) = (target.get("type")?.as_str()?, target.get("id")?.as_str()?);
        if target.len() == 2 { self.objects.object(kind, id) } else { None }
    }
}
