//! A question with everything that a request may bring: properties, a context, and the clock of who decides.
//!
//! It has the form of an AuthZEN request, in which subject, action and resource may also be bare strings. Keys that the
//! standard does not name are ignored, as it says; a key that stands twice is not.

use serde_json::Value;

use super::Unusable;
use super::json::{Json, Object};

/// Who asks for what.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub subject: Subject,
    /// What is to be done.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// The request's context, if it has one.
    pub context: Option<Object>,
    /// What `context.now` is; nothing where the decider has no clock.
    pub now: Option<String>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The type that is claimed. A bare string claims none.
    pub kind: Option<String>,
    /// The id of a member, or of nobody.
    pub id: String,
    /// What the request says of them.
    pub properties: Option<Object>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Action {
    /// An action name.
    pub name: String,
    /// What the request says of it.
    pub properties: Option<Object>,
}

/// What it is to be done to.
#[derive(Clone, Debug)]
pub struct Resource {
    /// A type, an alias or a covered name.
    pub kind: String,
    /// Which one; nothing for a question about the type alone.
    pub id: Option<String>,
    /// What the request says of it.
    pub properties: Option<Object>,
}

impl Request {
    /// A question by names alone.
    #[must_use]
    pub fn new(subject: &str, action: &str, resource: &str) -> Self {
        Request {
            subject: Subject { kind: None, id: subject.to_owned(), properties: None },
            action: Action { name: action.to_owned(), properties: None },
            resource: Resource { kind: resource.to_owned(), id: None, properties: None },
            context: None,
            now: None,
        }
    }

    /// Reads a request from the text of its JSON, so that numbers keep their digits.
    ///
    /// # Errors
    /// When it is no request.
    pub fn read(text: &str) -> Result<Self, Unusable> {
        Self::of(&Json::read(text)?)
    }

    /// The same of a value that serde_json has read.
    ///
    /// # Errors
    /// When it is no request.
    pub fn from_json(request: &Value) -> Result<Self, Unusable> {
        Self::of(&Json::from(request))
    }

    /// The same of a value that keeps its digits.
    ///
    /// # Errors
    /// When it is no request.
    pub fn of(request: &Json) -> Result<Self, Unusable> {
        let root = object(Some(request), "a request")?.unwrap_or_default();
        let subject = match root.get("subject") {
            Some(Json::Text(id)) => Subject { kind: None, id: id.clone(), properties: None },
            subject => {
                let parts = object(subject, "subject")?.unwrap_or_default();
                let (kind, id) = (Some(text(&parts, "type")?), text(&parts, "id")?);
                Subject { kind, id, properties: object(parts.get("properties"), "properties")? }
            }
        };
        let action = match root.get("action") {
            Some(Json::Text(name)) => Action { name: name.clone(), properties: None },
            action => {
                let parts = object(action, "action")?.unwrap_or_default();
                Action {
                    name: text(&parts, "name")?,
                    properties: object(parts.get("properties"), "properties")?,
                }
            }
        };
        let resource = match root.get("resource") {
            Some(Json::Text(kind)) => Resource { kind: kind.clone(), id: None, properties: None },
            resource => {
                let parts = object(resource, "resource")?.unwrap_or_default();
                let id = parts.contains_key("id").then(|| text(&parts, "id")).transpose()?;
                let properties = object(parts.get("properties"), "properties")?;
                Resource { kind: text(&parts, "type")?, id, properties }
            }
        };
        Ok(Request { subject, action, resource, context: object(root.get("context"), "context")?, now: None })
    }
}

/// An object, or nothing where there is nothing or null.
fn object(value: Option<&Json>, what: &str) -> Result<Option<Object>, Unusable> {
    match value {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(entries)) => Ok(Some(entries.clone())),
        Some(_) => Err(Unusable::new(format!("{what} is no object"))),
    }
}

fn text(parts: &Object, key: &str) -> Result<String, Unusable> {
    match parts.get(key) {
        Some(Json::Text(text)) => Ok(text.clone()),
        _ => Err(Unusable::new(format!("{key} is missing or no string"))),
    }
}
