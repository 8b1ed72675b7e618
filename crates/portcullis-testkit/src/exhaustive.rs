//! Every policy of up to two statements over two actions, `a` and `b`, and two types, `x` and `y`.
//!
//! What there is too much of to enumerate elsewhere is complete here: each effect, and on each side of a statement each
//! way to write names. Two grids: [`Grid::Full`] admits all four pairs, [`Grid::Gap`] does not admit `b` on `y`.
//!
//! [`triples`] has roles of one statement over a wider grid, for sets of three.
//!
//! Two lists, for policies and for pairs of roles:
//! * [`Exhaustive::policies`]: all forms, all ordered policies (about 155,000).
//! * [`Exhaustive::roles`]: of those, one for each *meaning and kind of spelling*, so that every pair of roles can be
//!   tried (1.9 million). What is left out: the order of two statements, and of the spellings of one set of names all but
//!   one of each kind. Kept on each side are `"*"`, a string, a list of one, a list of both, a pattern and the empty
//!   list, which between them mean every subset of the two names. A spelling left out meets the same names as one that
//!   is kept, and that it does is what `policies` shows; how roles combine cannot depend on it.

pub mod triples;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::reference::{Document, Vocabulary};

/// Which pairs the schema admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// All four.
    Full,
    /// All but (`b`, `y`).
    Gap,
}

impl Grid {
    /// The schema, in the form of a schema file.
    #[must_use]
    pub fn schema(self) -> Value {
        let of_y = match self {
            Grid::Full => json!(["a", "b"]),
            Grid::Gap => json!(["a"]),
        };
        json!({ "schema": "two by two", "resources": { "x": { "actions": ["a", "b"] }, "y": { "actions": of_y } } })
    }

    /// All four questions, whether the schema admits them or not.
    #[must_use]
    pub fn questions(self) -> [(&'static str, &'static str); 4] {
        [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    }
}

/// Every way to write names out of two, that is accepted somewhere.
fn all_forms(first: &str, second: &str) -> Vec<Value> {
    let (starts, ends) = (format!("{first}*"), format!("*{second}"));
    vec![
        json!("*"),
        json!(first),
        json!(second),
        json!(starts),
        json!(ends),
        json!("z*"),
        json!([]),
        json!(["*"]),
        json!([first]),
        json!([second]),
        json!([first, second]),
        json!([second, first]),
        json!([first, "*"]),
        json!([starts, second]),
        json!([first, first]),
    ]
}

/// One spelling for each meaning and kind.
fn kept_forms(first: &str, second: &str) -> Vec<Value> {
    vec![
        json!("*"),
        json!(first),
        json!([second]),
        json!([first, second]),
        json!(format!("*{second}")),
        json!([]),
    ]
}

/// The policies of one grid.
pub struct Exhaustive {
    statements: Vec<Value>,
    kept: Vec<Value>,
    refused: Vec<Value>,
}

impl Exhaustive {
    /// Lists the statements; policies are made as they are asked for.
    ///
    /// # Errors
    /// Never in a sound build: the grid's own schema or a statement is not read by the reference.
    pub fn new(grid: Grid) -> Result<Self, serde_json::Error> {
        let vocabulary = Vocabulary::deserialize(&grid.schema())?;
        let (statements, refused) = split(&vocabulary, all_forms)?;
        let (kept, _) = split(&vocabulary, kept_forms)?;
        Ok(Exhaustive { statements, kept, refused })
    }

    /// Every statement that the language accepts.
    #[must_use]
    pub fn statements(&self) -> &[Value] {
        &self.statements
    }

    /// Every other statement: denies that protect nothing, or in part nothing. A policy with one must be refused.
    #[must_use]
    pub fn refused(&self) -> &[Value] {
        &self.refused
    }

    /// Every policy of no, one or two accepted statements, in either order.
    pub fn policies(&self) -> impl Iterator<Item = Value> {
        let all = &self.statements;
        let one = all.iter().map(|only| policy(&[only]));
        let two = all.iter().flat_map(move |first| all.iter().map(move |second| policy(&[first, second])));
        std::iter::once(policy(&[])).chain(one).chain(two)
    }

    /// The policies to be tried as pairs of roles: see the module's text for what they leave out.
    #[must_use]
    pub fn roles(&self) -> Vec<Value> {
        let mut roles = vec![policy(&[])];
        for (index, first) in self.kept.iter().enumerate() {
            roles.push(policy(&[first]));
            roles.extend(self.kept.iter().skip(index).map(|second| policy(&[first, second])));
        }
        roles
    }
}

/// Every unordered pair of indices below `count`, each index also with itself.
pub fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |first| (first..count).map(move |second| (first, second)))
}

fn policy(statements: &[&Value]) -> Value {
    json!({ "version": "2022-04-26", "policies": statements })
}

/// A policy of these statements, if the language accepts it.
fn accepted(vocabulary: &Vocabulary, statements: &[&Value]) -> Result<Option<Value>, serde_json::Error> {
    let policy = policy(statements);
    let document = Document::deserialize(&policy)?;
    Ok(vocabulary.refusal(&document).is_none().then_some(policy))
}

/// The statements in these forms, split into accepted and refused.
fn split(
    vocabulary: &Vocabulary,
    forms: fn(&str, &str) -> Vec<Value>,
) -> Result<(Vec<Value>, Vec<Value>), serde_json::Error> {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for effect in ["allow", "deny"] {
        for actions in forms("a", "b") {
            for resource in forms("x", "y") {
                let statement = json!({ "effect": effect, "actions": actions, "resource": resource });
                let list =
                    if accepted(vocabulary, &[&statement])?.is_some() { &mut taken } else { &mut refused };
                list.push(statement);
            }
        }
    }
    Ok((taken, refused))
}
