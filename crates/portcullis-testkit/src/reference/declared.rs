//! The attributes that a schema declares, and the conditions that it refuses because of them.
//!
//! A type that declares any attributes declares all of them: a condition on another one is a mistake. A path below one that
//! is declared an object is not declared itself, and free. What an entity has of itself needs no declaration.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::condition::{Operand, Operator, Path, Root, Test};
use super::json::Json;
use super::moment::Moment;
use super::vocabulary::{Refusal, pattern_matches};
use super::{Statement, Vocabulary};

/// What a schema says of one attribute.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Attribute {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) from: Origin,
}

/// Attributes by their dotted paths below the entity.
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// The types of values.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    String,
    Number,
    Boolean,
    Time,
    List,
    Object,
}

/// Whose word counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Origin {
    Stored,
    Request,
    #[default]
    Either,
}

impl Kind {
    /// Is a value of this type? A time is a string that can be read as one.
    pub(super) fn holds(self, value: &Json) -> bool {
        match value {
            Json::Null => false,
            Json::Bool(_) => self == Kind::Boolean,
            Json::Number(_) => self == Kind::Number,
            Json::Text(text) => self == Kind::String || self == Kind::Time && Moment::read(text).is_some(),
            Json::List(_) => self == Kind::List,
            Json::Object(_) => self == Kind::Object,
        }
    }

    /// Do `greaterthan` and `lessthan` order values of this type?
    fn is_ordered(self) -> bool {
        matches!(self, Kind::Number | Kind::Time)
    }

    /// May an attribute of this type be compared with a literal like this? A time may be held against a pattern, too.
    fn compares_with(self, literal: &Json) -> bool {
        self.holds(literal) && !matches!(self, Kind::List | Kind::Object)
            || self == Kind::Time && matches!(literal, Json::Text(_))
    }
}

impl Vocabulary {
    fn attributes_of(&self, root: Root, own: &str) -> Option<&Attributes> {
        match root {
            Root::Subject => Some(&self.subjects.attributes),
            Root::Resource => self.resources.get(own).map(|kind| &kind.attributes),
            Root::Action | Root::Context => None,
        }
    }

    /// What the schema declares for exactly this reference in a question on a type, given by its own name.
    pub(super) fn declared(&self, path: &Path, own: &str) -> Option<Attribute> {
        if path.is_own() {
            return None;
        }
        self.attributes_of(path.root, own)?.get(&path.below_root()).copied()
    }

    /// Whose word counts for this reference.
    pub(super) fn origin_of(&self, path: &Path, own: &str) -> Origin {
        if let Some(attribute) = self.declared(path, own) {
            return attribute.from;
        }
        // What is inside an object comes from where the object comes from: the nearest one that is declared.
        let attributes = self.attributes_of(path.root, own).filter(|_| !path.is_own());
        let above = (1..path.parts.len()).rev().find_map(|length| {
            let above: Vec<&str> = path.parts.iter().take(length).map(String::as_str).collect();
            attributes?.get(&above.join(".")).filter(|attribute| attribute.kind == Kind::Object)
        });
        above.map_or(Origin::Either, |attribute| attribute.from)
    }

    /// The first reference or operand that the schema refuses, in a statement whose names it knows.
    pub(super) fn refused_condition(&self, statement: &Statement) -> Option<Refusal> {
        let condition = statement.condition.as_ref()?;
        let means = |own: &&str| {
            let mut written = statement.resource.as_slice().iter();
            written.any(|name| pattern_matches(name, own) || self.type_written(name) == Some(own))
        };
        // The last one is no type, so that a statement on none at all still says nothing wrong of subjects.
        let types = self.types().filter(means).chain([""]);
        types.into_iter().find_map(|own| condition.tests.iter().find_map(|test| self.refused_test(test, own)))
    }

    fn refused_test(&self, test: &Test, own: &str) -> Option<Refusal> {
        let kind = match self.kind_of(&test.path, own) {
            Ok(kind) => kind,
            Err(refusal) => return Some(refusal),
        };
        let elements = match &test.operand {
            Operand::List(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        let whole_list = matches!(test.operator, Operator::In | Operator::NotIn)
            && !matches!(test.operand, Operand::List(_));
        for operand in elements {
            let fits = match operand {
                Operand::Ref(path) => match self.kind_of(path, own) {
                    Err(refusal) => return Some(refusal),
                    Ok(other) if whole_list => other.is_none_or(|other| other == Kind::List),
                    Ok(Some(Kind::List | Kind::Object)) => false,
                    Ok(Some(other)) if test.operator.orders() && !other.is_ordered() => false,
                    Ok(other) => kind.is_none() || other.is_none() || kind == other,
                },
                Operand::Literal(_) if test.operator == Operator::Exists => true,
                Operand::Literal(literal) => kind.is_none_or(|kind| kind.compares_with(literal)),
                Operand::List(_) => false,
            };
            if !fits {
                return Some(Refusal::WrongOperand(test.path.below_root()));
            }
        }
        let serves = match (test.operator, kind) {
            (_, None) | (Operator::Exists, _) => true,
            (_, Some(Kind::List | Kind::Object)) => false,
            (operator, Some(kind)) if operator.orders() => kind.is_ordered(),
            (_, Some(_)) => true,
        };
        (!serves).then(|| Refusal::WrongOperand(test.path.below_root()))
    }

    /// The type that is declared for a reference; none where nothing is, and a refusal where something should be.
    fn kind_of(&self, path: &Path, own: &str) -> Result<Option<Kind>, Refusal> {
        let attributes = self.attributes_of(path.root, own).filter(|attributes| !attributes.is_empty());
        let Some(attributes) = attributes.filter(|_| !path.is_own()) else {
            return Ok(None);
        };
        if let Some(attribute) = attributes.get(&path.below_root()) {
            return Ok(Some(attribute.kind));
        }
        let below_object = (1..path.parts.len()).any(|length| {
            let above: Vec<&str> = path.parts.iter().take(length).map(String::as_str).collect();
            attributes.get(&above.join(".")).is_some_and(|attribute| attribute.kind == Kind::Object)
        });
        if below_object { Ok(None) } else { Err(Refusal::UndeclaredAttribute(path.below_root())) }
    }
}
