//! A policy document as the reference sees it: serde's derived reading and nothing more.
//!
//! What serde cannot say in a type (unknown names, denies that protect nothing, attributes that nobody declared) is
//! [`Vocabulary::refusal`](super::Vocabulary::refusal). A condition that is not written as the language asks does not
//! deserialize: the reference must never guess at what it does not evaluate.

use serde::Deserialize;

use super::condition::{self, Condition};

/// One role: its statements, in the order in which they were written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    #[expect(dead_code, reason = "reading it is the check: no other version deserializes")]
    version: Version,
    /// The statements.
    pub policies: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Version {
    #[serde(rename = "2022-04-26")]
    Of2022April26,
}

/// One statement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Whether it gives or takes.
    pub effect: Effect,
    /// The action names, patterns and wildcards.
    pub actions: Names,
    /// The type names, aliases, patterns and wildcards.
    pub resource: Names,
    /// What must hold for it to apply.
    #[serde(default, rename = "conditions", deserialize_with = "condition::written")]
    pub condition: Option<Condition>,
}

/// The two effects.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Grants.
    Allow,
    /// Takes away, whatever is granted elsewhere.
    Deny,
}

/// One string or a list of them: the same thing in two spellings.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// `"read"`
    One(String),
    /// `["read", "update"]`
    Many(Vec<String>),
}

impl Names {
    /// The names, whichever way they were written.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names,
        }
    }
}
