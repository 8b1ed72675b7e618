//! Conditions as they are written: references, operators, operands, and what the language refuses in them whatever the schema.
//!
//! A condition is read into a list of tests, one an operator, all of which must hold. Nothing is turned into anything else:
//! a reference stays a list of names, an operand stays the JSON that was written. What a schema has to say
//! of them is in `declared`, what they come to in `truth`.

use serde::de::{Deserialize, Deserializer, Error};

use super::decimal::Decimal;
use super::json::{Json, Object};
use super::moment::Moment;

/// Names in a reference, its root among them where it is written.
const LONGEST_PATH: usize = 32;
/// Elements of a list.
const LONGEST_LIST: usize = 65_536;

/// What the key `conditions` of a statement holds, if it is not `"*"`.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The tests, all of which must hold; never none.
    pub tests: Vec<Test>,
}

/// One reference, one operator, one operand.
#[derive(Clone, Debug)]
pub struct Test {
    /// What is looked at.
    pub path: Path,
    /// How.
    pub operator: Operator,
    /// And against what.
    pub operand: Operand,
}

/// Where a reference starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Who asks.
    Subject,
    /// What is asked about.
    Resource,
    /// What is to be done.
    Action,
    /// Whatever else the request says.
    Context,
}

/// A reference: a root, and names below it.
#[derive(Clone, Debug)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The names; never none.
    pub parts: Vec<String>,
}

/// The six operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `equals`
    Equals,
    /// `in`
    In,
    /// `notin`
    NotIn,
    /// `greaterthan`
    GreaterThan,
    /// `lessthan`
    LessThan,
    /// `exists`
    Exists,
}

impl Operator {
    /// Is this `greaterthan` or `lessthan`?
    #[must_use]
    pub fn orders(self) -> bool {
        matches!(self, Operator::GreaterThan | Operator::LessThan)
    }
}

/// What stands behind an operator.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A string, a number or a boolean, as written.
    Literal(Json),
    /// The value of another reference.
    Ref(Path),
    /// A list of the two above; never empty.
    List(Vec<Operand>),
}

impl Condition {
    /// Reads the value of a key `conditions`, where `"*"` is no condition.
    ///
    /// # Errors
    /// What is wrong with it, when the language refuses it.
    pub fn read(written: &Json) -> Result<Option<Self>, String> {
        match written {
            Json::Text(star) if star == "*" => Ok(None),
            Json::Object(references) if !references.is_empty() => {
                let mut tests = Vec::new();
                for (reference, operators) in references {
                    let path = Path::read(reference)?;
                    match operators {
                        Json::Object(operators) if !operators.is_empty() => {
                            for (operator, operand) in operators {
                                tests.push(Test::read(&path, operator, operand)?);
                            }
                        }
                        _ => return Err(format!("{reference:?} needs an object of operators")),
                    }
                }
                Ok(Some(Condition { tests }))
            }
            _ => Err("conditions are an object of references, or \"*\"".to_owned()),
        }
    }
}

/// A condition, and never `"*"`.
impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        written(reader)?.ok_or_else(|| D::Error::custom("\"*\" is no condition"))
    }
}

/// For a field that holds a condition or `"*"`.
pub(super) fn written<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Condition>, D::Error> {
    Condition::read(&Json::deserialize(reader)?).map_err(D::Error::custom)
}

impl Test {
    fn read(path: &Path, operator: &str, operand: &Json) -> Result<Self, String> {
        let operator = match operator {
            "equals" => Operator::Equals,
            "in" => Operator::In,
            "notin" => Operator::NotIn,
            "greaterthan" => Operator::GreaterThan,
            "lessthan" => Operator::LessThan,
            "exists" => Operator::Exists,
            other => return Err(format!("there is no operator {other:?}")),
        };
        let operand = Operand::read(operator, operand)?;
        Ok(Test { path: path.clone(), operator, operand })
    }
}

impl Operand {
    fn read(operator: Operator, written: &Json) -> Result<Self, String> {
        match (operator, written) {
            (Operator::Exists, Json::Bool(_)) => Ok(Operand::Literal(written.clone())),
            (Operator::Exists, _) => Err("`exists` takes true or false".to_owned()),
            (_, Json::Object(entries)) => Self::reference(entries),
            (Operator::In | Operator::NotIn, Json::List(elements)) => {
                if elements.is_empty() || elements.len() > LONGEST_LIST {
                    return Err(format!("a list has 1 to {LONGEST_LIST} elements, not {}", elements.len()));
                }
                let read = |element| Self::read(Operator::Equals, element);
                Ok(Operand::List(elements.iter().map(read).collect::<Result<_, _>>()?))
            }
            (Operator::In | Operator::NotIn, _) => Err("`in` and `notin` take a list".to_owned()),
            (_, Json::Number(digits)) if Decimal::read(digits).is_none() => {
                Err(format!("the number {digits} is beyond comparing"))
            }
            (_, Json::Number(_)) => Ok(Operand::Literal(written.clone())),
            (Operator::GreaterThan | Operator::LessThan, Json::Text(text))
                if Moment::read(text).is_none() =>
            {
                Err(format!("{text:?} is neither a number nor a time"))
            }
            (_, Json::Text(_)) => Ok(Operand::Literal(written.clone())),
            (Operator::Equals, Json::Bool(_)) => Ok(Operand::Literal(written.clone())),
            _ => Err("neither a string, a number, a boolean nor a reference".to_owned()),
        }
    }

    /// `{"ref": "subject.team"}`
    fn reference(entries: &Object) -> Result<Self, String> {
        match (entries.len(), entries.get("ref")) {
            (1, Some(Json::Text(path))) => Ok(Operand::Ref(Path::read(path)?)),
            _ => Err("an object is no operand unless it is {\"ref\": \"PATH\"}".to_owned()),
        }
    }
}

impl Path {
    /// Reads a dotted path.
    ///
    /// # Errors
    /// When it is too long, a part is empty, it names nothing below its root, or it goes on where there is nothing more.
    pub fn read(text: &str) -> Result<Self, String> {
        let written: Vec<&str> = text.split('.').collect();
        if written.len() > LONGEST_PATH {
            return Err(format!("{text:?} has more than {LONGEST_PATH} parts"));
        }
        if written.contains(&"") {
            return Err(format!("a part of {text:?} is empty"));
        }
        let (root, below) = match written.split_first() {
            Some((&"subject", rest)) => (Root::Subject, rest),
            Some((&"resource", rest)) => (Root::Resource, rest),
            Some((&"action", rest)) => (Root::Action, rest),
            Some((&"context", rest)) => (Root::Context, rest),
            _ => (Root::Resource, &*written),
        };
        let path = Path { root, parts: below.iter().map(|part| (*part).to_owned()).collect() };
        match path.parts.as_slice() {
            [] => Err(format!("{text:?} names no attribute")),
            [own, _, ..] if path.begins_with_own(own) => {
                Err(format!("there is nothing below {own:?} in {text:?}"))
            }
            _ => Ok(path),
        }
    }

    fn begins_with_own(&self, first: &str) -> bool {
        match self.root {
            Root::Subject | Root::Resource => first == "id" || first == "type",
            Root::Action => first == "name",
            Root::Context => first == "now",
        }
    }

    /// Whether this is what an entity has of itself, whatever its properties are: its id, type or name, or the clock.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.parts.first().is_some_and(|first| self.begins_with_own(first))
    }

    /// The names below the root with points between, as a schema declares them.
    #[must_use]
    pub fn below_root(&self) -> String {
        self.parts.join(".")
    }
}
