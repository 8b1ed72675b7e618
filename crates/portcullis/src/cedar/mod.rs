//! Cedar: role documents and workspaces as its policies and entities.
//!
//! Each allow becomes a `permit` and each deny a `forbid`, for the same default and the same precedence; a role is an
//! entity above those who hold it. Where Cedar cannot say what a condition says, the policy permits less or forbids
//! more, never the other way around, and [`Statement::unsaid`] says what and why; docs/convert.md is the page. This
//! never reads Cedar and depends on none of it: what it writes is held against Cedar itself where the other engines
//! are compared, in `benches/peers`.
//!
//! Not done the other way, by a schema of Cedar's with the types of attributes: Portcullis refuses no value for its type, and finds
//! an attribute of another type unknown. Entities say the kinds of their attributes themselves, in tags.

mod access;
mod asking;
mod entities;
mod policies;
mod spelling;
mod values;

use std::fmt;

use crate::condition::Value;
use crate::json::quoted_string;
use crate::policy::{Document, Effect, Grants};
use crate::snapshot::Snapshot;

use entities::{Paths, Writing};
use policies::Making;

/// What a condition says and Cedar does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The test: attribute, operator, operand.
    pub test: String,
    /// What Cedar lacks.
    pub why: &'static str,
}

/// One statement as policies.
#[derive(Clone, Debug)]
pub struct Statement {
    role: Box<str>,
    index: usize,
    effect: Effect,
    place: Box<str>,
    text: String,
    policies: usize,
    unsaid: Vec<Unsaid>,
}

impl Statement {
    /// The role whose document it stands in.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Its number in the document, from zero.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether it allows or denies.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Where it stands: file, line and column.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The policies, with a comment before them where they do not say all.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many policies it became, one for each type at least that it speaks of.
    #[must_use]
    pub fn policies(&self) -> usize {
        self.policies
    }

    /// What its policies do not say; nothing where they say the same.
    #[must_use]
    pub fn unsaid(&self) -> &[Unsaid] {
        &self.unsaid
    }

    /// What follows for decisions where something is not said.
    #[must_use]
    pub fn shortfall(&self) -> &'static str {
        match (self.effect, self.policies) {
            (Effect::Allow, 0) => "this allow is left out",
            (Effect::Allow, _) => "this allow is narrower here",
            (Effect::Deny, _) => "this deny is wider here",
        }
    }
}

/// Entities whose attributes Cedar does not hold or find as Portcullis does. What is lost is unknown to the policies, which can only deny.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    count: usize,
    told: Vec<(String, String)>,
}

impl Lost {
    /// How many attributes, of all members and objects.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first of them: the id of the entity, and the path that conditions read.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.told.iter().map(|(id, path)| (&**id, &**path))
    }
}

/// More than is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this would be more than {policies} policies or {bytes} bytes of them; convert roles one by one")]
pub struct TooLong {
    policies: usize,
    bytes: usize,
}

/// A role document as policies about `Role::"role"`.
///
/// # Errors
/// When they would be more than anybody reads.
pub fn document(role: &str, document: &Document, grants: &Grants) -> Result<Vec<Statement>, TooLong> {
    let mut making = Making::new();
    making.role(role, document, grants)?;
    Ok(making.statements)
}

/// A workspace as policies and entities.
#[derive(Debug)]
pub struct Converted<'s> {
    snapshot: &'s Snapshot,
    statements: Vec<Statement>,
    paths: Paths,
}

/// All roles of a workspace as policies, with what its entities must tell.
///
/// # Errors
/// When they would be more than anybody reads.
pub fn workspace(snapshot: &Snapshot) -> Result<Converted<'_>, TooLong> {
    let (mut making, mut paths) = (Making::new(), Paths::new());
    for role in snapshot.roles() {
        making.role(role.name(), role.document(), role.grants())?;
        for (index, effect) in role.grants().effects().enumerate() {
            for (_, condition) in role.grants().parts_of_statement(index) {
                if let Some(condition) = condition {
                    entities::note(&mut paths, condition, effect == Effect::Deny);
                }
            }
        }
    }
    Ok(Converted { snapshot, statements: making.statements, paths })
}

impl Converted<'_> {
    /// The statements of all roles, in their order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Writes the entities as Cedar's JSON, one a line, and says what is lost of them.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_entities(&self, out: impl fmt::Write) -> Result<Lost, fmt::Error> {
        Writing::new(self.snapshot, &self.paths, out).all()
    }

    /// The context that a request sends as Cedar's JSON, for a question to the policies; null where none is sent.
    #[must_use]
    pub fn context(&self, sent: Value<'_>) -> String {
        entities::context(self.snapshot, &self.paths, sent).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// An object that is not stored as an entity, for a question about it: its type, by its own name, and its id.
#[must_use]
pub fn unstored(kind: &str, id: &str) -> String {
    format!(
        "{{\"uid\": {{\"type\": \"{}\", \"id\": {}}}, \"parents\": [{{\"type\": \"{}\", \"id\": {}}}], \"attrs\": {{\"id\": {}, \"type\": {}}}}}",
        spelling::RESOURCE,
        quoted_string(&resource_id(kind, id)),
        spelling::TYPE,
        quoted_string(kind),
        quoted_string(id),
        quoted_string(kind),
    )
}

/// The id of the entity that an object of a type is.
#[must_use]
pub fn resource_id(kind: &str, id: &str) -> String {
    spelling::joined(kind, id)
}
