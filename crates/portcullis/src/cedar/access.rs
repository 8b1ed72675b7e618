//! How a policy gets at an attribute: the value, a guard before it, and its kind.
//!
//! Reading an attribute that is not there is an error in Cedar, and a policy that errs is skipped: a `permit` then permits
//! nothing, as it should where something is unknown, but a `forbid` forbids nothing. So there are two guards. The *plain*
//! one is `has`, as anybody would write it; below the first key it may err, where a step leads into something that has no
//! attributes, and so it is for permits. The other is the *kind*: Cedar cannot tell a string from a number without
//! erring, so entities carry a tag `kind:labels.team` that says what is at the path, and whether it can be reached at
//! all. An entity without the tag leaves everything unknown.

use super::spelling::{Expression, attribute, is_identifier, list, string};
use crate::condition::{Place, Reference, Root};
use crate::schema::AttributeType;

/// What tags call the kinds of values.
pub(super) mod kind {
    pub(in crate::cedar) const STRING: &str = "string";
    pub(in crate::cedar) const NUMBER: &str = "number";
    pub(in crate::cedar) const BOOLEAN: &str = "boolean";
    pub(in crate::cedar) const STRINGS: &str = "strings";
    pub(in crate::cedar) const NUMBERS: &str = "numbers";
    pub(in crate::cedar) const BOOLEANS: &str = "booleans";
    /// A list of nothing.
    pub(in crate::cedar) const EMPTY: &str = "empty";
    /// Any other list.
    pub(in crate::cedar) const LIST: &str = "list";
    /// What is there and cannot be compared.
    pub(in crate::cedar) const OTHER: &str = "other";
    /// Nobody knows what is there.
    pub(in crate::cedar) const UNKNOWN: &str = "unknown";
}

/// The kinds that are compared.
pub(super) const SCALARS: [&str; 3] = [kind::STRING, kind::NUMBER, kind::BOOLEAN];

/// The tag of whatever is stored.
pub(super) const STORED: &str = "stored";

/// The attribute of a context that was sent, and the start of those that say kinds.
pub(super) const SENT: &str = "kind:";

/// The tag that says the kind of what is at a path.
pub(super) fn kind_tag(path: &str) -> String {
    format!("kind:{path}")
}

/// Why something cannot be said.
pub(super) const NO_CLOCK: &str = "it reads the clock, which Cedar has not";
pub(super) const NO_ACTION: &str =
    "it reads properties that a request brings for its action, which in Cedar has none";
pub(super) const NO_TIMES: &str =
    "it may have to compare times, which Cedar reads in other forms than RFC 3339";
pub(super) const TOO_MANY: &str = "it has too many alternatives that Cedar would try one by one";

/// An attribute, as a policy reads it.
#[derive(Clone, Debug)]
pub(super) enum Access {
    /// The same text for every question to the policy.
    Constant(String),
    /// The entity's own: a string, where it is there at all.
    Own { root: &'static str, key: &'static str },
    /// A property of an entity, or of the context.
    Property {
        root: &'static str,
        path: Vec<Box<str>>,
        kinds: Vec<&'static str>,
        declared: Option<AttributeType>,
    },
    /// Out of reach, and why.
    Nowhere(&'static str),
}

impl Access {
    /// How a reference is read by a policy about this action.
    pub(super) fn of(reference: &Reference, action: &str) -> Access {
        let root = match reference.root() {
            Root::Subject => "principal",
            Root::Resource => "resource",
            Root::Context => "context",
            Root::Action => "action",
        };
        match reference.place() {
            Place::Name => Access::Constant(action.to_owned()),
            Place::Now => Access::Nowhere(NO_CLOCK),
            Place::Id => Access::Own { root, key: "id" },
            Place::Type => Access::Own { root, key: "type" },
            Place::Path(_) if reference.root() == Root::Action => Access::Nowhere(NO_ACTION),
            Place::Path(path) => {
                let declared = reference.declared().and_then(|declared| declared.kind);
                let kinds = match declared {
                    None => SCALARS.to_vec(),
                    Some(AttributeType::String) => vec![kind::STRING],
                    Some(AttributeType::Number) => vec![kind::NUMBER],
                    Some(AttributeType::Boolean) => vec![kind::BOOLEAN],
                    Some(AttributeType::Time | AttributeType::List | AttributeType::Object) => vec![],
                };
                Access::Property { root, path: path.to_vec(), kinds, declared }
            }
        }
    }

    /// Why it cannot be compared in Cedar, if it cannot.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        match self {
            Access::Nowhere(why) => Some(why),
            Access::Property { declared: Some(AttributeType::Time), .. } => Some(NO_TIMES),
            _ => None,
        }
    }

    /// The scalar kinds that are comparable with anything at all, as declared.
    pub(super) fn kinds(&self) -> &[&'static str] {
        match self {
            Access::Constant(_) | Access::Own { .. } => &SCALARS[..1],
            Access::Property { kinds, .. } => kinds,
            Access::Nowhere(_) => &[],
        }
    }

    /// Whether a list may be there.
    pub(super) fn may_be_list(&self) -> bool {
        matches!(self, Access::Property { declared: None | Some(AttributeType::List), .. })
    }

    /// The value.
    pub(super) fn value(&self) -> String {
        match self {
            Access::Constant(text) => string(text),
            Access::Own { root, key } => attribute(root, key),
            Access::Property { root, path, .. } => {
                path.iter().fold((*root).to_owned(), |of, part| attribute(&of, part))
            }
            Access::Nowhere(_) => "false".to_owned(),
        }
    }

    /// Whether the plain guard never errs.
    pub(super) fn is_shallow(&self) -> bool {
        !matches!(self, Access::Property { path, .. } if path.len() > 1)
    }

    /// That it is there, by `has`.
    pub(super) fn plain(&self) -> Expression {
        match self {
            Access::Constant(_) => Expression::Always,
            Access::Own { root, key } => Expression::term(format!("{root} has {key}")),
            Access::Property { root, path, .. } if path.iter().all(|part| is_identifier(part)) => {
                Expression::term(format!("{root} has {}", path.join(".")))
            }
            Access::Property { root, path, .. } => {
                let mut of = (*root).to_owned();
                let steps = path.iter().map(|part| {
                    let step = format!("{of} has {}", string(part));
                    of = attribute(&of, part);
                    Expression::term(step)
                });
                Expression::all(steps.collect::<Vec<_>>())
            }
            Access::Nowhere(_) => Expression::Never,
        }
    }

    fn path(&self) -> String {
        if let Access::Property { path, .. } = self { path.join(".") } else { String::new() }
    }

    /// That the kind of what is at the path is told.
    pub(super) fn is_told(&self) -> Expression {
        let Access::Property { root, .. } = self else { return self.plain() };
        Expression::term(has_tag(root, &kind_tag(&self.path())))
    }

    /// What the kind is, where it is told.
    pub(super) fn told(&self) -> String {
        let Access::Property { root, .. } = self else { return string(kind::STRING) };
        let tag = string(&kind_tag(&self.path()));
        if *root == "context" { format!("context[{tag}]") } else { format!("{root}.getTag({tag})") }
    }

    /// That it is there and of one of these kinds. Never errs.
    pub(super) fn is_of(&self, kinds: &[&str]) -> Expression {
        match self {
            Access::Nowhere(_) => Expression::Never,
            Access::Constant(_) | Access::Own { .. } => {
                if kinds.contains(&kind::STRING) {
                    self.plain()
                } else {
                    Expression::Never
                }
            }
            Access::Property { .. } => {
                let test = match kinds {
                    [] => return Expression::Never,
                    [one] => format!("{} == {}", self.told(), string(one)),
                    several => {
                        format!("{}.contains({})", list(several.iter().map(|kind| string(kind))), self.told())
                    }
                };
                Expression::all([self.is_told(), Expression::term(test)])
            }
        }
    }

    /// That the entity is known, so that what it does not have is missing.
    pub(super) fn is_known(&self) -> Expression {
        match self {
            // Whoever holds a role is a member, and all that is known of members is told.
            Access::Property { root: "principal", .. } => Expression::Always,
            Access::Property { root: "context", .. } => Expression::term(has_tag("context", SENT)),
            Access::Property { root, .. } => Expression::term(has_tag(root, STORED)),
            _ => Expression::Never,
        }
    }
}

fn has_tag(root: &str, tag: &str) -> String {
    let tag = string(tag);
    if root == "context" { format!("context has {tag}") } else { format!("{root}.hasTag({tag})") }
}
