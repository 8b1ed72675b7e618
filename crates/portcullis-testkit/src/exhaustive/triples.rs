//! Three roles of one statement each, over three actions and two types: every set of three that there is.
//!
//! The actions are `a`, `ab` and `b`, so that a pattern can meet one, two or all of them; the types are `x` and `y`. Every
//! subset of the actions and of the types is written, the empty one too, and where a subset has several kinds of spelling
//! one of each: `"*"`, a string, lists, patterns. A set of roles has no order, so each set stands once, with repetition: of
//! n statements n·(n+1)·(n+2)/6 sets. What is left out is other spellings of the same names, which
//! [`Exhaustive::policies`](super::Exhaustive::policies) tries.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Grid, accepted, kept_forms};
use crate::reference::Vocabulary;

/// The six questions, whether the schema admits them or not.
pub const QUESTIONS: [(&str, &str); 6] =
    [("a", "x"), ("ab", "x"), ("b", "x"), ("a", "y"), ("ab", "y"), ("b", "y")];

/// The schema: all six pairs, or all but (`b`, `y`).
#[must_use]
pub fn schema(grid: Grid) -> Value {
    let of_y = match grid {
        Grid::Full => json!(["a", "ab", "b"]),
        Grid::Gap => json!(["a", "ab"]),
    };
    json!({ "schema": "three by two",
            "resources": { "x": { "actions": ["a", "ab", "b"] }, "y": { "actions": of_y } } })
}

/// Every role: a policy of one statement that the language accepts.
///
/// # Errors
/// Never in a sound build: the schema or a statement is not read by the reference.
pub fn roles(grid: Grid) -> Result<Vec<Value>, serde_json::Error> {
    let vocabulary = Vocabulary::deserialize(schema(grid))?;
    let mut roles = Vec::new();
    for effect in ["allow", "deny"] {
        for actions in forms() {
            for resource in kept_forms("x", "y") {
                let statement = json!({ "effect": effect, "actions": actions, "resource": resource });
                roles.extend(accepted(&vocabulary, &[&statement])?);
            }
        }
    }
    Ok(roles)
}

/// One spelling for each subset of the actions and each kind.
fn forms() -> Vec<Value> {
    vec![
        json!("*"),
        json!("a"),
        json!(["ab"]),
        json!("b"),
        json!(["a", "ab"]),
        json!(["a", "b"]),
        json!(["ab", "b"]),
        json!(["a", "ab", "b"]),
        json!("a*"),
        json!("*b"),
        json!([]),
    ]
}

/// Every set of three indices below `count`, with repetition.
pub fn sets(count: usize) -> impl Iterator<Item = [usize; 3]> {
    super::pairs(count).flat_map(move |(one, two)| (two..count).map(move |three| [one, two, three]))
}
