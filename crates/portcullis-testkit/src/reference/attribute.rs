//! Where the value of a reference comes from: the entity itself, what is stored, what the request says.
//!
//! The walk is made twice, once over stored properties, where a `{"ref": {"type", "id"}}` leads on into another object, and
//! once over those of the request, where nothing leads anywhere. What the two found is then brought together as the
//! schema says; where it says nothing, they must not contradict each other.

use super::Reference;
use super::condition::{Path, Root};
use super::declared::Origin;
use super::json::{Json, Object};
use super::request::Request;

/// What a reference comes to.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A value, and whether it is of the type that the schema declares, if it does.
    Value { value: Json, fits: bool },
    /// Nothing. Where its entity is known, it is known not to be there.
    Missing { entity_known: bool },
    /// Nobody can say: a broken or cyclic reference, a conflict, an object that is not named, no clock.
    Unknown,
}

/// What a walk over stored properties ends at.
enum Stored {
    Value(Json),
    Missing,
    Broken,
}

/// The own type and the id of a stored object.
pub(super) type Key = (String, String);

impl Reference {
    /// What a reference comes to in a request by a member.
    pub(super) fn find(&self, path: &Path, request: &Request) -> Found {
        if path.is_own() {
            return self.own(path, request);
        }
        match path.root {
            Root::Subject => {
                let member = self.members.get(&request.subject.id);
                let stored = match member {
                    Some(member) => self.walk(&member.properties, &path.parts, Vec::new()),
                    None => Stored::Missing,
                };
                let sent = walk_sent(request.subject.properties.as_ref(), &path.parts);
                self.join(path, request, stored, sent, member.is_some())
            }
            Root::Resource => self.find_in_resource(path, request),
            Root::Action => only_sent(request.action.properties.as_ref(), &path.parts),
            Root::Context => only_sent(request.context.as_ref(), &path.parts),
        }
    }

    fn own(&self, path: &Path, request: &Request) -> Found {
        let member = self.members.get(&request.subject.id);
        let text = match (path.root, path.parts.first().map(String::as_str)) {
            (Root::Subject, Some("id")) => Some(&request.subject.id),
            (Root::Subject, _) => member.map(|member| &member.kind),
            (Root::Resource, Some("id")) => request.resource.id.as_ref(),
            (Root::Resource, _) => Some(&request.resource.kind),
            (Root::Action, _) => Some(&request.action.name),
            (Root::Context, _) => request.now.as_ref(),
        };
        match text {
            Some(text) => Found::Value { value: Json::Text(text.clone()), fits: true },
            None => Found::Unknown,
        }
    }

    fn find_in_resource(&self, path: &Path, request: &Request) -> Found {
        let Some(id) = &request.resource.id else {
            return Found::Unknown;
        };
        let own = self.vocabulary.type_asked(&request.resource.kind).unwrap_or_default();
        let key = (own.to_owned(), id.clone());
        let object = self.objects.get(&key);
        let stored = match object {
            Some(properties) => self.walk(properties, &path.parts, vec![key]),
            None => Stored::Missing,
        };
        let sent = walk_sent(request.resource.properties.as_ref(), &path.parts);
        let request_counts = self.vocabulary.origin_of(path, own) != Origin::Stored;
        let brought = request_counts && request.resource.properties.is_some();
        self.join(path, request, stored, sent, object.is_some() || brought)
    }

    /// Follows names through stored properties, from object to object, and never into one where it has been.
    fn walk(&self, here: &Object, parts: &[String], mut been: Vec<Key>) -> Stored {
        let Some((first, rest)) = parts.split_first() else {
            return Stored::Missing;
        };
        match here.get(first) {
            None | Some(Json::Null) => Stored::Missing,
            Some(value) if rest.is_empty() => Stored::Value(value.clone()),
            Some(Json::Object(inner)) => match Link::of(inner) {
                Link::None => self.walk(inner, rest, been),
                Link::Malformed => Stored::Broken,
                Link::To { kind, id } => {
                    let Some(own) = self.vocabulary.type_written(kind) else {
                        return Stored::Broken;
                    };
                    let key = (own.to_owned(), id.to_owned());
                    let Some(object) = self.objects.get(&key).filter(|_| !been.contains(&key)) else {
                        return Stored::Broken;
                    };
                    been.push(key);
                    match rest {
                        [own_id] if own_id == "id" => Stored::Value(Json::Text(id.to_owned())),
                        [own_type] if own_type == "type" => Stored::Value(Json::Text(own.to_owned())),
                        [first, ..] if first == "id" || first == "type" => Stored::Missing,
                        _ => self.walk(object, rest, been),
                    }
                }
            },
            Some(_) => Stored::Missing,
        }
    }

    /// Brings together what is stored and what was sent.
    fn join(&self, path: &Path, request: &Request, stored: Stored, sent: Option<Json>, known: bool) -> Found {
        let own = self.vocabulary.type_asked(&request.resource.kind).unwrap_or_default();
        let value = match (self.vocabulary.origin_of(path, own), stored, sent) {
            (Origin::Request, _, Some(sent)) => Some(sent),
            (_, Stored::Broken, _) => return Found::Unknown,
            (Origin::Either, Stored::Value(stored), Some(sent)) => {
                if !stored.same(&sent) {
                    return Found::Unknown;
                }
                Some(stored)
            }
            (_, Stored::Value(stored), _) => Some(stored),
            (Origin::Stored, Stored::Missing, _) => None,
            (_, Stored::Missing, sent) => sent,
        };
        match value {
            None => Found::Missing { entity_known: known },
            Some(value) => {
                let fits =
                    self.vocabulary.declared(path, own).is_none_or(|declared| declared.kind.holds(&value));
                Found::Value { value, fits }
            }
        }
    }
}

/// What an object in stored properties may be besides an object.
enum Link<'a> {
    None,
    Malformed,
    To { kind: &'a str, id: &'a str },
}

impl Link<'_> {
    /// An object with the one key `ref` is meant as a link, well made or not.
    fn of(object: &Object) -> Link<'_> {
        let Some(target) = object.get("ref").filter(|_| object.len() == 1) else {
            return Link::None;
        };
        match target {
            Json::Object(target) if target.len() == 2 => match (target.get("type"), target.get("id")) {
                (Some(Json::Text(kind)), Some(Json::Text(id))) => Link::To { kind, id },
                _ => Link::Malformed,
            },
            _ => Link::Malformed,
        }
    }
}

/// Follows names through what a request says.
fn walk_sent(here: Option<&Object>, parts: &[String]) -> Option<Json> {
    let (first, rest) = parts.split_first()?;
    match here?.get(first)? {
        Json::Null => None,
        value if rest.is_empty() => Some(value.clone()),
        Json::Object(inner) => walk_sent(Some(inner), rest),
        _ => None,
    }
}

/// What only a request can say. It is known when the request says anything of that kind at all.
fn only_sent(here: Option<&Object>, parts: &[String]) -> Found {
    match walk_sent(here, parts) {
        Some(value) => Found::Value { value, fits: true },
        None => Found::Missing { entity_known: here.is_some() },
    }
}
