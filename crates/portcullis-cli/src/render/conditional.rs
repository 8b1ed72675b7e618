//! On which conditions an answer depends: a few words for people, a list for programs.
//!
//! Conditions come from documents, so what they hold is made printable here like any other name.

use portcullis::condition::Condition;
use portcullis::text::printable;
use portcullis::{Effect, Proviso, conditions_in_words};
use serde_json::{Value, json};

/// `if resource.labels.team equals "marketing"`.
pub(crate) fn in_words(provisos: &[Proviso<'_>]) -> String {
    words_of(provisos.iter().map(|one| (one.effect, &**one.condition)))
}

/// The same of conditions, whichever roles they are from.
pub(crate) fn words_of<'c>(conditions: impl Iterator<Item = (Effect, &'c Condition)>) -> String {
    printable(&conditions_in_words(conditions))
}

/// Each with its effect and its role.
pub(crate) fn as_json(provisos: &[Proviso<'_>]) -> Value {
    let one = |proviso: &Proviso<'_>| {
        let (effect, role) = (proviso.effect.as_str(), proviso.role.name());
        json!({ "effect": effect, "role": role, "condition": proviso.condition.to_string() })
    };
    provisos.iter().map(one).collect()
}
