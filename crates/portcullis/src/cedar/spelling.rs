//! How Cedar writes things: strings, patterns, entities, attributes, and `&&` and `||`.
//!
//! Every name comes from outside and goes into quotes, so what matters is that a quoted string can only ever end where it
//! is meant to. A key stands behind a dot only if it is a plain identifier that Cedar gives no meaning of its own;
//! anything else is quoted too. Expressions are a small tree and not text until they are written, so that no
//! parenthesis is forgotten.

use std::fmt;

use crate::text::is_invisible;

/// The kinds of entities.
pub(super) const USER: &str = "User";
pub(super) const GROUP: &str = "Group";
pub(super) const ROLE: &str = "Role";
pub(super) const ACTION: &str = "Action";
pub(super) const TYPE: &str = "Type";
pub(super) const RESOURCE: &str = "Resource";

/// Words that cannot stand behind a dot, and those that had better not.
const WORDS: [&str; 18] = [
    "true",
    "false",
    "if",
    "then",
    "else",
    "in",
    "is",
    "like",
    "has",
    "permit",
    "forbid",
    "when",
    "unless",
    "principal",
    "action",
    "resource",
    "context",
    "__cedar",
];

/// A string in quotes.
pub(super) fn string(text: &str) -> String {
    quoted(text, false)
}

/// A pattern behind `like`, in which `*` is any run of characters there as here.
pub(super) fn pattern(text: &str) -> String {
    quoted(text, true)
}

fn quoted(text: &str, is_pattern: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '*' if is_pattern => out.push('*'),
            c if is_invisible(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An entity in a policy.
pub(super) fn entity(kind: &str, id: &str) -> String {
    format!("{kind}::{}", string(id))
}

/// The two parts of a name joined by a slash, of which the first is written so that it holds none.
pub(super) fn joined(first: &str, second: &str) -> String {
    format!("{}/{second}", without_slash(first))
}

/// A name written so that it holds no slash, and no other name is written the same.
pub(super) fn without_slash(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

pub(super) fn is_identifier(key: &str) -> bool {
    let mut chars = key.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_') && !WORDS.contains(&key)
}

/// An attribute of what an expression stands for.
pub(super) fn attribute(of: &str, key: &str) -> String {
    if is_identifier(key) { format!("{of}.{key}") } else { format!("{of}[{}]", string(key)) }
}

/// A list of anything.
pub(super) fn list(elements: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", elements.into_iter().collect::<Vec<_>>().join(", "))
}

/// Something that Cedar finds true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Always,
    Never,
    /// What binds closer than `&&`.
    Term(String),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    pub(super) fn term(text: impl Into<String>) -> Expression {
        Expression::Term(text.into())
    }

    /// All of them; what comes first guards what follows.
    pub(super) fn all(of: impl IntoIterator<Item = Expression>) -> Expression {
        let mut kept = Vec::new();
        for one in of {
            match one {
                Expression::Always => {}
                Expression::Never => return Expression::Never,
                Expression::All(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        kept.dedup();
        match (kept.len(), kept.pop()) {
            (_, None) => Expression::Always,
            (1, Some(one)) => one,
            (_, Some(last)) => {
                kept.push(last);
                Expression::All(kept)
            }
        }
    }

    /// Any of them.
    pub(super) fn any(of: impl IntoIterator<Item = Expression>) -> Expression {
        let mut kept = Vec::new();
        for one in of {
            match one {
                Expression::Never => {}
                Expression::Always => return Expression::Always,
                Expression::Any(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match (kept.len(), kept.pop()) {
            (_, None) => Expression::Never,
            (1, Some(one)) => one,
            (_, Some(last)) => {
                kept.push(last);
                Expression::Any(kept)
            }
        }
    }

    /// Its parts on lines of their own.
    pub(super) fn lines(&self, indent: &str) -> String {
        match self {
            Expression::All(parts) => inside(parts, indent, "&&"),
            Expression::Any(parts) => inside(parts, indent, "||"),
            one => format!("{indent}{one}"),
        }
    }
}

fn inside(parts: &[Expression], indent: &str, operator: &str) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("{indent}{}", part.closed())).collect();
    parts.join(&format!(" {operator}\n"))
}

impl Expression {
    fn closed(&self) -> String {
        match self {
            Expression::All(_) | Expression::Any(_) => format!("({self})"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |parts: &[Expression], operator: &str| {
            parts.iter().map(Expression::closed).collect::<Vec<_>>().join(operator)
        };
        match self {
            Expression::Always => f.write_str("true"),
            Expression::Never => f.write_str("false"),
            Expression::Term(text) => f.write_str(text),
            Expression::All(parts) => f.write_str(&joined(parts, " && ")),
            Expression::Any(parts) => f.write_str(&joined(parts, " || ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_whatever_they_hold() {
        for (name, said) in [
            ("read", r#"Action::"read""#),
            ("a\"b\\c", r#"Action::"a\"b\\c""#),
            ("line\nend\u{0}\u{202e}", r#"Action::"line\nend\u{0}\u{202e}""#),
            ("é*\u{1f512}", "Action::\"é*\u{1f512}\""),
        ] {
            assert_eq!(entity(ACTION, name), said);
        }
        assert_eq!(pattern("a*\"b"), r#""a*\"b""#);
        assert_eq!(attribute("resource", "team"), "resource.team");
        for odd in ["in", "has", "a b", "", "1a", "é", "context", "__cedar"] {
            assert_eq!(attribute("resource", odd), format!("resource[\"{odd}\"]"));
        }
    }

    #[test]
    fn types_and_ids_that_hold_slashes_stay_apart() {
        assert_eq!(joined("sync", "a/b"), "sync/a/b");
        assert_eq!(joined("sync/a", "b"), "sync%2Fa/b");
        assert_eq!(joined("sync%2Fa", "b"), "sync%252Fa/b");
    }

    #[test]
    fn expressions_are_simplified_and_parenthesized() {
        let term = Expression::term;
        let either = Expression::any([term("a"), Expression::Never, term("b")]);
        let both = Expression::all([either.clone(), Expression::Always, term("c")]);
        assert_eq!(both.to_string(), "(a || b) && c");
        assert_eq!(Expression::any([both, term("d")]).to_string(), "((a || b) && c) || d");
        assert_eq!(Expression::all([either, Expression::Never]), Expression::Never);
        assert_eq!(Expression::all([]), Expression::Always);
        assert_eq!(Expression::any([]), Expression::Never);
    }
}
