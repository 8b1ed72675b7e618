//! The schema's names, how a statement matches them, and which documents the language refuses.
//!
//! The schema is kept in the form of its file, and each question walks it. Three ways of naming a type must not be
//! confused: by its own name (all that patterns see), by an alias (documents and questions), and by a name that the
//! type covers (questions only).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::declared::Attributes;
use super::{Document, Effect, Reason, Statement};

/// A schema: resource types, and for each the actions that it admits, its aliases, what it covers and its attributes.
#[derive(Clone, Debug, Deserialize)]
pub struct Vocabulary {
    pub(super) resources: BTreeMap<String, ResourceType>,
    #[serde(default)]
    pub(super) subjects: Subjects,
    #[serde(default)]
    administration: Option<IgnoredAny>,
    /// Types that no wildcard and no pattern reaches.
    #[serde(skip)]
    apart: BTreeSet<String>,
}

/// The types that administer where the schema names none.
const RESERVED: [&str; 2] = ["portcullis.workspace", "portcullis.membership"];

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Subjects {
    #[serde(default)]
    pub(super) attributes: Attributes,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ResourceType {
    actions: BTreeSet<String>,
    #[serde(default)]
    aliases: BTreeSet<String>,
    #[serde(default)]
    covers: BTreeSet<String>,
    #[serde(default)]
    pub(super) attributes: Attributes,
}

/// Why the language refuses a document (rules 3, 5, 6 and 7, and what a schema declares).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An action that no type admits.
    UnknownAction(String),
    /// A name that is neither a type nor an alias.
    UnknownResource(String),
    /// A name that a type covers: it may be asked about, but not written.
    CoveredName(String),
    /// A deny with an empty list.
    EmptyDeny,
    /// A deny with a pattern that no name of the schema matches.
    IdlePattern(String),
    /// A deny none of whose pairs the schema admits.
    DenyOfNothing,
    /// A condition on an attribute that is not declared, where others are.
    UndeclaredAttribute(String),
    /// A condition that cannot hold of the type that the schema declares for this attribute.
    WrongOperand(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UnknownAction(name) => write!(out, "no type admits the action {name:?}"),
            Refusal::UnknownResource(name) => write!(out, "the schema has no type {name:?}"),
            Refusal::CoveredName(name) => {
                write!(out, "{name:?} is covered by a type and cannot be written")
            }
            Refusal::EmptyDeny => out.write_str("a deny has an empty list"),
            Refusal::IdlePattern(name) => {
                write!(out, "the pattern {name:?} of a deny matches nothing")
            }
            Refusal::DenyOfNothing => out.write_str("a deny names no pair that the schema admits"),
            Refusal::UndeclaredAttribute(path) => write!(out, "the attribute {path:?} is not declared"),
            Refusal::WrongOperand(path) => {
                write!(out, "a condition on {path:?} does not suit the type that is declared for it")
            }
        }
    }
}

impl Vocabulary {
    /// Every (action, type) pair that the schema admits, under the types' own names.
    pub fn permissions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.resources
            .iter()
            .flat_map(|(name, kind)| kind.actions.iter().map(move |action| (&**action, &**name)))
    }

    /// The types' own names.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    /// Knows the reserved types too, when the schema says nothing of administration and one of the documents names one.
    pub(super) fn heed_reserved<'d>(&mut self, documents: impl IntoIterator<Item = &'d Document>) {
        let mut statements = documents.into_iter().flat_map(|document| &document.policies);
        let named =
            statements.any(|one| one.resource.as_slice().iter().any(|name| RESERVED.contains(&&**name)));
        let taken = RESERVED.iter().any(|name| self.type_asked(name).is_some());
        if !named || taken || self.administration.is_some() {
            return;
        }
        for name in RESERVED {
            let actions = ["read", "update", "create", "delete"].map(str::to_owned).into();
            let kind = ResourceType {
                actions,
                aliases: BTreeSet::new(),
                covers: BTreeSet::new(),
                attributes: Attributes::default(),
            };
            self.resources.insert(name.to_owned(), kind);
            self.apart.insert(name.to_owned());
        }
    }

    /// Every action that some type admits.
    #[must_use]
    pub fn actions(&self) -> BTreeSet<&str> {
        self.permissions().map(|(action, _)| action).collect()
    }

    /// Every name that a question may use for a type: types, aliases, covered names.
    pub fn names_of_types(&self) -> impl Iterator<Item = &str> {
        self.resources
            .iter()
            .flat_map(|(name, kind)| std::iter::once(name).chain(&kind.aliases).chain(&kind.covers))
            .map(String::as_str)
    }

    /// Does some type admit an action of this name?
    #[must_use]
    pub fn knows_action(&self, action: &str) -> bool {
        self.resources.values().any(|kind| kind.actions.contains(action))
    }

    /// Does this type, under its own name, admit this action?
    #[must_use]
    pub fn admits(&self, action: &str, resource: &str) -> bool {
        self.resources.get(resource).is_some_and(|kind| kind.actions.contains(action))
    }

    /// The type that a document means by a name: its own or an alias.
    #[must_use]
    pub fn type_written(&self, name: &str) -> Option<&str> {
        let mut types = self.resources.iter();
        types.find(|(own, kind)| *own == name || kind.aliases.contains(name)).map(|(own, _)| own.as_str())
    }

    /// The type that a question means by a name: its own, an alias, or a name that the type covers.
    #[must_use]
    pub fn type_asked(&self, name: &str) -> Option<&str> {
        let covering = || self.resources.iter().find(|(_, kind)| kind.covers.contains(name));
        self.type_written(name).or_else(|| covering().map(|(own, _)| own.as_str()))
    }

    /// What these documents together say about a question of which nothing is known but its names, so that every condition
    /// is unknown.
    #[must_use]
    pub fn decide<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Document>,
        action: &str,
        resource: &str,
    ) -> Reason {
        let applies = |one: &Statement| one.condition.is_none() || one.effect == Effect::Deny;
        self.decide_where(documents, action, resource, applies)
    }

    /// The same, where a statement that speaks of a question also has to apply.
    pub(super) fn decide_where<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Document>,
        action: &str,
        resource: &str,
        applies: impl Fn(&Statement) -> bool,
    ) -> Reason {
        if !self.knows_action(action) {
            return Reason::UnknownAction;
        }
        let Some(asked) = self.type_asked(resource) else {
            return Reason::UnknownResource;
        };
        if !self.admits(action, asked) {
            return Reason::NotAdmitted;
        }
        let mut reason = Reason::DefaultDeny;
        for statement in documents.into_iter().flat_map(|document| &document.policies) {
            if self.statement_matches(statement, action, asked) && applies(statement) {
                match statement.effect {
                    Effect::Deny => return Reason::ExplicitDeny,
                    Effect::Allow => reason = Reason::Allow,
                }
            }
        }
        reason
    }

    /// Does a statement speak of this action and of this type, given by its own name? Admission is not looked at.
    #[must_use]
    pub fn statement_matches(&self, statement: &Statement, action: &str, resource: &str) -> bool {
        let mut actions = statement.actions.as_slice().iter();
        let mut types = statement.resource.as_slice().iter();
        actions.any(|written| pattern_matches(written, action))
            && types.any(|written| {
                let reached = !self.apart.contains(resource) && pattern_matches(written, resource);
                reached || self.type_written(written) == Some(resource)
            })
    }

    /// The first fault of a document, if the language refuses it.
    #[must_use]
    pub fn refusal(&self, document: &Document) -> Option<Refusal> {
        document.policies.iter().find_map(|statement| self.refusal_of_statement(statement))
    }

    fn refusal_of_statement(&self, statement: &Statement) -> Option<Refusal> {
        let (actions, types) = (statement.actions.as_slice(), statement.resource.as_slice());
        let plain =
            |names: &[String]| names.iter().filter(|name| !name.contains('*')).cloned().collect::<Vec<_>>();
        for name in plain(actions) {
            if !self.knows_action(&name) {
                return Some(Refusal::UnknownAction(name));
            }
        }
        for name in plain(types) {
            match (self.type_written(&name), self.type_asked(&name)) {
                (Some(_), _) => {}
                (None, Some(_)) => return Some(Refusal::CoveredName(name)),
                (None, None) => return Some(Refusal::UnknownResource(name)),
            }
        }
        let idle = match statement.effect {
            Effect::Allow => None,
            Effect::Deny => self.idle_deny(statement, actions, types),
        };
        idle.or_else(|| self.refused_condition(statement))
    }

    /// A deny that protects nothing, or part of which does, is more likely a mistake than a wish.
    fn idle_deny(&self, statement: &Statement, actions: &[String], types: &[String]) -> Option<Refusal> {
        if actions.is_empty() || types.is_empty() {
            return Some(Refusal::EmptyDeny);
        }
        let idle_action = |name: &&String| !self.actions().iter().any(|action| pattern_matches(name, action));
        let idle_type =
            |name: &&String| !self.types().any(|own| !self.apart.contains(own) && pattern_matches(name, own));
        let mut patterns = actions.iter().filter(|name| name.contains('*')).filter(idle_action);
        let mut type_patterns = types.iter().filter(|name| name.contains('*')).filter(idle_type);
        if let Some(name) = patterns.next().or_else(|| type_patterns.next()) {
            return Some(Refusal::IdlePattern(name.clone()));
        }
        let bites = self.permissions().any(|(action, own)| self.statement_matches(statement, action, own));
        (!bites).then_some(Refusal::DenyOfNothing)
    }
}

/// Is `name` what `pattern` says, where `*` stands for any run of characters, also none?
///
/// The text between two stars may be taken where it first occurs: taking it later leaves less for the rest.
#[must_use]
pub fn pattern_matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
