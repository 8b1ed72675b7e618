//! The six operators of conditions.

use std::fmt;

/// How a test compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// The same string, number or boolean; a `*` in a literal string is any run of characters.
    Equals,
    /// Equal to one of a list.
    In,
    /// The negation of `in`.
    NotIn,
    /// A larger number or a later time.
    GreaterThan,
    /// A smaller number or an earlier time.
    LessThan,
    /// Whether there is such an attribute.
    Exists,
}

impl Operator {
    /// All of them, in the order of the language's page.
    pub const ALL: [Operator; 6] = [
        Operator::Equals,
        Operator::In,
        Operator::NotIn,
        Operator::GreaterThan,
        Operator::LessThan,
        Operator::Exists,
    ];

    /// The word of the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Operator::Equals => "equals",
            Operator::In => "in",
            Operator::NotIn => "notin",
            Operator::GreaterThan => "greaterthan",
            Operator::LessThan => "lessthan",
            Operator::Exists => "exists",
        }
    }

    /// The operator of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|operator| operator.as_str() == word)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
