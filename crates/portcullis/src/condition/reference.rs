//! References: which attribute of what, resolved when a document is compiled.
//!
//! A path starts at the subject, the resource, the action or the context; one that starts with any
//! other word starts at the resource. What an entity is called and what it is (`resource.id`,
//! `subject.type`, `action.name`) and the clock are the entity's own: no property of that name is ever
//! looked for in their place, so they are told apart here, once, and not at a check.

use std::fmt;

use super::value::Object;
use crate::schema::Declared;

/// The longest reference, in parts.
pub(crate) const MOST_PARTS: usize = 32;

/// Where a reference starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// Who asks.
    Subject,
    /// What is asked about.
    Resource,
    /// What is to be done.
    Action,
    /// What the request says about its circumstances.
    Context,
}

impl Root {
    /// All of them.
    pub const ALL: [Root; 4] = [Root::Subject, Root::Resource, Root::Action, Root::Context];

    /// The word of the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Root::Subject => "subject",
            Root::Resource => "resource",
            Root::Action => "action",
            Root::Context => "context",
        }
    }
}

/// Which attribute of the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Id,
    Type,
    Name,
    Now,
    /// A property, by its keys; never empty.
    Path(Box<[Box<str>]>),
}

/// One attribute of the subject, the resource, the action or the context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    root: Root,
    place: Place,
    declared: Option<Declared>,
}

/// Why a text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadReference {
    EmptyPart,
    RootAlone(Root),
    ThroughOwn(Root, &'static str),
    TooLong(usize),
}

/// Where a text starts and the path below that.
fn cut(text: &str) -> (Root, &str) {
    let (first, rest) = text.split_once('.').unwrap_or((text, ""));
    let root = Root::ALL.into_iter().find(|root| root.as_str() == first);
    root.map_or((Root::Resource, text), |root| (root, rest))
}

impl Reference {
    /// Reads a reference, of which nothing is declared.
    pub(crate) fn parse(text: &str) -> Result<Reference, BadReference> {
        let (root, below) = cut(text);
        let parts = text.split('.').count();
        if parts > MOST_PARTS {
            return Err(BadReference::TooLong(parts));
        }
        if text == root.as_str() {
            return Err(BadReference::RootAlone(root));
        }
        if text.split('.').any(str::is_empty) {
            return Err(BadReference::EmptyPart);
        }
        let own = |name: &'static str, own: Place| match below.strip_prefix(name) {
            Some("") => Some(Ok(own)),
            Some(after) if after.starts_with('.') => Some(Err(BadReference::ThroughOwn(root, name))),
            _ => None,
        };
        let place = match root {
            Root::Subject | Root::Resource => own("id", Place::Id).or_else(|| own("type", Place::Type)),
            Root::Action => own("name", Place::Name),
            Root::Context => own("now", Place::Now),
        };
        let path = || Ok(Place::Path(below.split('.').map(Box::from).collect()));
        Ok(Reference { root, place: place.unwrap_or_else(path)?, declared: None })
    }

    /// The same attribute with what a schema declares of it.
    pub(crate) fn declared_as(&self, declared: Option<Declared>) -> Reference {
        Reference { declared, ..self.clone() }
    }

    /// Where it starts.
    #[must_use]
    pub fn root(&self) -> Root {
        self.root
    }

    /// The path of a property below its root, as a schema declares it. `None` of what is the root's own.
    #[must_use]
    pub fn path(&self) -> Option<String> {
        if let Place::Path(parts) = &self.place { Some(parts.join(".")) } else { None }
    }

    /// What the schema declares of it, for the type that is asked about.
    #[must_use]
    pub fn declared(&self) -> Option<Declared> {
        self.declared
    }

    /// Whether it is the id of its root.
    pub(crate) fn is_id(&self) -> bool {
        self.place == Place::Id
    }

    /// Whether it is the id or a property of the resource. Its type is the name that was asked, not the object's.
    pub(super) fn is_of_object(&self) -> bool {
        self.root == Root::Resource && self.place != Place::Type
    }

    /// Whether it is what an entity says of its own type.
    pub(crate) fn is_type(&self) -> bool {
        self.place == Place::Type
    }

    /// Whether its path starts at a key that an object has, where it is a property of the resource.
    pub(super) fn starts_in(&self, object: Object<'_>) -> bool {
        match &self.place {
            Place::Path(parts) if self.root == Root::Resource => {
                parts.first().is_some_and(|first| object.get(first).is_some())
            }
            _ => false,
        }
    }

    /// Which attribute of the root.
    #[inline]
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Display for Reference {
    /// The whole path, its root included: `resource.labels.team`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.as_str())?;
        match &self.place {
            Place::Id => f.write_str(".id"),
            Place::Type => f.write_str(".type"),
            Place::Name => f.write_str(".name"),
            Place::Now => f.write_str(".now"),
            Place::Path(parts) => parts.iter().try_for_each(|part| write!(f, ".{part}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_at_its_root_or_at_the_resource() {
        for (text, whole, own) in [
            ("labels.team", "resource.labels.team", false),
            ("resource.labels.team", "resource.labels.team", false),
            ("id", "resource.id", true),
            ("type", "resource.type", true),
            ("name", "resource.name", false),
            ("now", "resource.now", false),
            ("resource.subject.id", "resource.subject.id", false),
            ("subject.id", "subject.id", true),
            ("subject.idea", "subject.idea", false),
            ("subject.name", "subject.name", false),
            ("action.name", "action.name", true),
            ("action.id", "action.id", false),
            ("context.now", "context.now", true),
            ("context.type", "context.type", false),
            ("destination.id.x", "resource.destination.id.x", false),
            ("Subject.id", "resource.Subject.id", false),
            (" . ", "resource. . ", false),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!((reference.to_string().as_str(), reference.path().is_none()), (whole, own), "{text}");
        }
        assert_eq!(Reference::parse("labels.team"), Reference::parse("resource.labels.team"));
    }

    #[test]
    fn what_names_no_attribute_is_refused() {
        use BadReference::{EmptyPart, RootAlone, ThroughOwn, TooLong};
        for (text, bad) in [
            ("", EmptyPart),
            (".", EmptyPart),
            ("a..b", EmptyPart),
            (".a", EmptyPart),
            ("subject.", EmptyPart),
            ("subject", RootAlone(Root::Subject)),
            ("context", RootAlone(Root::Context)),
            ("id.x", ThroughOwn(Root::Resource, "id")),
            ("subject.type.x.y", ThroughOwn(Root::Subject, "type")),
            ("action.name.x", ThroughOwn(Root::Action, "name")),
            ("context.now.year", ThroughOwn(Root::Context, "now")),
        ] {
            assert_eq!(Reference::parse(text), Err(bad), "{text}");
        }
        assert!(Reference::parse(&["a"; 32].join(".")).is_ok());
        assert_eq!(Reference::parse(&["a"; 33].join(".")), Err(TooLong(33)));
    }
}
