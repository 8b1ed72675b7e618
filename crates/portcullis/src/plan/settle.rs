//! Puts in what is known: a test becomes settled, or one over the object alone.
//!
//! Everything but the object is known here, so a test that does not read the object has an outcome, and an operand that names
//! the subject is a value. What is left is read in the light of what it is for: an allow asks only whether its condition is
//! true, a deny only whether it is false. So what can never be known settles a test either way, at once: for an allow it is as
//! good as false, for a deny as good as true.

use crate::condition::{
    Bound, Check, Facts, Instant, Literal, Lookup, Number, Objects, Operand, Outcome, Reference, Root, Set,
    Test, Value, comparable,
};
use crate::policy::Effect;

use super::leaf::{Asked, Leaf};

/// What a test comes to in a statement.
pub(super) enum Settled {
    /// It stands in nobody's way.
    Holds,
    /// The statement does not apply, whatever the object.
    Fails,
    /// All of these must hold.
    All(Vec<Leaf>),
    /// One of these must hold.
    Any(Vec<Leaf>),
}

/// What is known, for a statement of one effect.
pub(super) struct Known<'f, 'a, O> {
    pub(super) facts: &'f Facts<'a, O>,
    pub(super) effect: Effect,
}

/// Whether only the object can say what an attribute is. Its type is the name that was asked.
fn is_open(reference: &Reference) -> bool {
    reference.root() == Root::Resource && !reference.is_type()
}

/// A value as a literal that is no pattern; nothing where it compares with nothing.
fn literal(value: Value<'_>) -> Option<Literal> {
    match value {
        Value::Text(text) => Some(Literal::Text(text.as_str().into())),
        Value::Boolean(holds) => Some(Literal::Boolean(holds)),
        Value::Number(number) => Number::parse(&number.to_string()).map(Literal::Number),
        Value::Null | Value::Beyond(_) | Value::List(_) | Value::Object(_) => None,
    }
}

/// The same as something to be greater or less than.
fn bound(value: Value<'_>) -> Option<Bound> {
    match value {
        Value::Number(number) => Number::parse(&number.to_string()).map(Bound::Number),
        Value::Text(text) => Some(Bound::Instant(Instant::parse(text.as_str())?.into_owned())),
        _ => None,
    }
}

fn one(leaf: impl Into<Leaf>) -> Settled {
    Settled::All(vec![leaf.into()])
}

fn equals(reference: &Reference, literal: Literal) -> Test {
    Test::new(reference.clone(), Check::Equals(Operand::Literal(literal)))
}

fn within(reference: &Reference, set: Set, negated: bool) -> Test {
    Test::new(reference.clone(), Check::In { set, negated })
}

impl<'a, O: Objects<'a>> Known<'_, 'a, O> {
    fn constant(&self, outcome: Outcome) -> Settled {
        if outcome.applies(self.effect) { Settled::Holds } else { Settled::Fails }
    }

    fn unknown(&self) -> Settled {
        self.constant(Outcome::Unknown)
    }

    /// The value of an attribute that is not the object's, if it can be compared.
    fn value(&self, reference: &Reference) -> Option<Value<'a>> {
        comparable(self.facts.find(reference), reference).ok()
    }

    pub(super) fn settle(&self, test: &Test) -> Settled {
        let open = is_open(test.reference());
        if !open && !test.operand_references().any(is_open) {
            return self.constant(test.outcome(self.facts));
        }
        if open { self.with_open_left(test) } else { self.with_open_right(test) }
    }

    /// The object's attribute is tested.
    fn with_open_left(&self, test: &Test) -> Settled {
        let left = test.reference();
        match test.check() {
            Check::Equals(Operand::Reference(named)) if !is_open(named) => {
                let literal = self.value(named).and_then(literal);
                literal.map_or_else(|| self.unknown(), |literal| one(equals(left, literal)))
            }
            Check::In { set, negated } => {
                let (open, known): (Vec<&Reference>, Vec<&Reference>) =
                    set.references().iter().partition(|named| is_open(named));
                if known.is_empty() {
                    return one(test.clone());
                }
                let values: Vec<Option<Literal>> =
                    known.into_iter().map(|named| self.value(named).and_then(literal)).collect();
                let elements = set.literals().map(Some).chain(values).collect();
                self.among(left, elements, open.into_iter().cloned().collect(), *negated)
            }
            Check::InList { list, negated } if !is_open(list) => match self.value(list) {
                Some(Value::List(list)) if list.is_empty() => self.among_none(left, *negated),
                Some(Value::List(list)) => {
                    self.among(left, list.iter().map(literal).collect(), Vec::new(), *negated)
                }
                _ => self.unknown(),
            },
            Check::Order { greater, bound: Bound::Reference(named) } if !is_open(named) => {
                let Some(bound) = self.value(named).and_then(bound) else { return self.unknown() };
                one(Test::new(left.clone(), Check::Order { greater: *greater, bound }))
            }
            Check::Exists(_) | Check::Equals(_) | Check::InList { .. } | Check::Order { .. } => {
                one(test.clone())
            }
        }
    }

    /// Whether an attribute is one of these. An element that is nothing compares with nothing.
    fn among(
        &self,
        left: &Reference,
        elements: Vec<Option<Literal>>,
        references: Vec<Reference>,
        negated: bool,
    ) -> Settled {
        let lost = elements.iter().any(Option::is_none);
        // To be in such a list can be true and never false; not to be in it, false and never true.
        match (self.effect, negated) {
            (Effect::Allow, true) if lost => return Settled::Fails,
            (Effect::Deny, false) if lost => return Settled::Holds,
            _ => {}
        }
        let literals: Vec<Literal> = elements.into_iter().flatten().collect();
        if literals.is_empty() && references.is_empty() {
            return self.unknown();
        }
        if let ([only], true, false) = (&*literals, references.is_empty(), negated) {
            return one(equals(left, only.clone()));
        }
        one(within(left, Set::new(literals, references), negated))
    }

    /// To be in an empty list is false of whatever could be in a list, which is whatever equals itself.
    fn among_none(&self, left: &Reference, negated: bool) -> Settled {
        match (self.effect, negated) {
            (Effect::Allow, false) => Settled::Fails,
            (Effect::Deny, true) => Settled::Holds,
            (Effect::Allow, true) => {
                one(Test::new(left.clone(), Check::Equals(Operand::Reference(left.clone()))))
            }
            (Effect::Deny, false) => one(within(left, Set::new([], vec![left.clone()]), true)),
        }
    }

    /// What is tested is known, and the operand names attributes of the object.
    fn with_open_right(&self, test: &Test) -> Settled {
        let Some(value) = self.value(test.reference()) else { return self.unknown() };
        let settled = match test.check() {
            Check::Equals(Operand::Reference(named)) => {
                literal(value).map(|literal| one(equals(named, literal)))
            }
            Check::InList { list, negated } => literal(value)
                .map(|value| one(Leaf(Asked::Held { value, list: list.clone(), negated: *negated }))),
            Check::Order { greater, bound: Bound::Reference(named) } => bound(value)
                .map(|bound| one(Test::new(named.clone(), Check::Order { greater: !*greater, bound }))),
            Check::In { set, negated } => {
                literal(value).map(|value| self.one_of(test.reference(), value, set, *negated))
            }
            Check::Exists(_) | Check::Equals(_) | Check::Order { .. } => None,
        };
        settled.unwrap_or_else(|| self.unknown())
    }

    /// A known value in a list of literals and attributes, some of them the object's.
    fn one_of(&self, left: &Reference, value: Literal, set: &Set, negated: bool) -> Settled {
        let literals: Vec<Literal> = set.literals().collect();
        let (open, known): (Vec<&Reference>, Vec<&Reference>) =
            set.references().iter().partition(|named| is_open(named));
        let known: Vec<Reference> = known.into_iter().cloned().collect();
        let settled = if literals.is_empty() && known.is_empty() {
            Outcome::False
        } else {
            within(left, Set::new(literals, known), false).outcome(self.facts)
        };
        let leaves = |negated: bool| {
            let each = open.iter().map(|named| match negated {
                true => within(named, Set::new([value.clone()], Vec::new()), true),
                false => equals(named, value.clone()),
            });
            each.map(Leaf::from).collect()
        };
        match (self.effect, negated, settled) {
            (Effect::Allow, false, Outcome::True) => Settled::Holds,
            (Effect::Deny, false, Outcome::True | Outcome::Unknown) => Settled::Holds,
            (Effect::Allow, true, Outcome::True | Outcome::Unknown) => Settled::Fails,
            (Effect::Deny, true, Outcome::True) => Settled::Fails,
            (_, false, _) => Settled::Any(leaves(false)),
            (_, true, _) => Settled::All(leaves(true)),
        }
    }
}
