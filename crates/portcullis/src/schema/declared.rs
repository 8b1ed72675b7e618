//! The attributes that a schema declares: of each resource type, and of subjects.
//!
//! A declaration says of one dotted path, below the entity, what its values are and where they come
//! from. A type that declares none may be asked about any attribute; one that declares some, about
//! those alone. What follows from a declaration stands in `condition` and `policy::conditions`.

use std::fmt;

/// What the values of an attribute are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeType {
    /// A string.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A string that holds a time as RFC 3339 writes it.
    Time,
    /// A list.
    List,
    /// An object: nested attributes, or a reference to another object.
    Object,
}

impl AttributeType {
    /// All of them.
    pub const ALL: [AttributeType; 6] = [
        AttributeType::String,
        AttributeType::Number,
        AttributeType::Boolean,
        AttributeType::Time,
        AttributeType::List,
        AttributeType::Object,
    ];

    /// The word of the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AttributeType::String => "string",
            AttributeType::Number => "number",
            AttributeType::Boolean => "boolean",
            AttributeType::Time => "time",
            AttributeType::List => "list",
            AttributeType::Object => "object",
        }
    }

    /// The word with its article, for messages.
    #[must_use]
    pub const fn with_article(self) -> &'static str {
        match self {
            AttributeType::String => "a string",
            AttributeType::Number => "a number",
            AttributeType::Boolean => "a boolean",
            AttributeType::Time => "a time",
            AttributeType::List => "a list",
            AttributeType::Object => "an object",
        }
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the value of an attribute comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Stored properties alone: what a request says is ignored.
    Stored,
    /// The request, and stored properties where it says nothing.
    Request,
    /// Either; where both say something and not the same, the attribute is unknown.
    #[default]
    Either,
}

impl Origin {
    /// All of them.
    pub const ALL: [Origin; 3] = [Origin::Stored, Origin::Request, Origin::Either];

    /// The word of the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Stored => "stored",
            Origin::Request => "request",
            Origin::Either => "either",
        }
    }
}

/// What is declared of one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Declared {
    /// What its values are; nothing is said of those below an attribute that is declared an object.
    pub kind: Option<AttributeType>,
    /// Where they come from.
    pub from: Origin,
}

/// The attributes that a resource type, or subjects, declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// In byte order of paths, each once.
    all: Vec<(Box<str>, Declared)>,
}

impl Attributes {
    pub(super) fn new(mut all: Vec<(Box<str>, Declared)>) -> Self {
        all.sort_unstable();
        all.dedup_by(|one, other| one.0 == other.0);
        Attributes { all }
    }

    /// Whether none is declared, so that any may be asked about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Their paths, as declared, with what is declared of each.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Declared)> {
        self.all.iter().map(|(path, declared)| (&**path, *declared))
    }

    /// What holds for a path: what is declared of it, else where the values of the nearest object above it come from.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<Declared> {
        self.get(path).or_else(|| Some(Declared { kind: None, from: self.object_above(path)?.from }))
    }

    /// What is declared of just this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Declared> {
        let at = self.all.binary_search_by(|(known, _)| (**known).cmp(path)).ok()?;
        self.all.get(at).map(|(_, declared)| *declared)
    }

    /// Whether a path lies below one that is declared an object, so that it needs no declaration of its own.
    #[must_use]
    pub fn is_below_object(&self, path: &str) -> bool {
        self.object_above(path).is_some()
    }

    fn object_above(&self, path: &str) -> Option<Declared> {
        let mut above = path.rmatch_indices('.').filter_map(|(at, _)| self.get(path.get(..at)?));
        above.find(|declared| declared.kind == Some(AttributeType::Object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_whole_or_below_an_object() {
        let declared = |kind| Declared { kind: Some(kind), from: Origin::Stored };
        let attributes = Attributes::new(vec![
            ("labels.team".into(), declared(AttributeType::String)),
            ("destination".into(), declared(AttributeType::Object)),
        ]);
        assert_eq!(attributes.get("labels.team").and_then(|found| found.kind), Some(AttributeType::String));
        assert_eq!(attributes.get("labels"), None);
        for below in ["destination.id", "destination.labels.team"] {
            assert!(attributes.is_below_object(below) && attributes.get(below).is_none());
            // Where the object comes from, there comes from what is in it.
            assert_eq!(attributes.of(below), Some(Declared { kind: None, from: Origin::Stored }));
        }
        for not in ["destination", "labels.team.x", "destinations.id", "labels"] {
            assert!(!attributes.is_below_object(not), "{not}");
        }
        assert!(attributes.iter().map(|(path, _)| path).is_sorted());
    }
}
