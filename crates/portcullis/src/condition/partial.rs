//! What a condition can still come to, when of a question only the names are known.
//!
//! A search asks for nobody's request in particular, so an attribute is either *settled* (stored, and no
//! request can say otherwise) or *open*: it could be anything, and be missing too. A condition then
//! comes to a set of outcomes. Where this cannot tell it says that all are possible: too large a set makes an answer
//! conditional, too small a one would make it wrong.
//!
//! A request that contradicts what is stored makes the attribute unknown, which can only deny. That is a fault of
//! the request and says nothing about the policy, so a stored value counts as settled also where a
//! request may send the attribute.

use super::facts::{Facts, Objects};
use super::judge::{Found, Lookup, Why};
use super::outcome::Outcome;
use super::reference::{Place, Reference, Root};
use super::test::{Check, Condition, Test};
use crate::policy::Effect;
use crate::schema::Origin;

/// A set of outcomes, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possible {
    no: bool,
    unknown: bool,
    yes: bool,
}

impl Possible {
    const ALL: Possible = Possible { no: true, unknown: true, yes: true };

    fn only(outcome: Outcome) -> Possible {
        let is = |one| outcome == one;
        Possible { no: is(Outcome::False), unknown: is(Outcome::Unknown), yes: is(Outcome::True) }
    }

    /// Kleene's *and* of each outcome of one with each of the other.
    fn and(self, other: Possible) -> Possible {
        Possible {
            no: self.no || other.no,
            unknown: (self.unknown && (other.unknown || other.yes)) || (self.yes && other.unknown),
            yes: self.yes && other.yes,
        }
    }

    fn outcomes(self) -> impl Iterator<Item = Outcome> {
        let all = [(Outcome::False, self.no), (Outcome::Unknown, self.unknown), (Outcome::True, self.yes)];
        all.into_iter().filter(|(_, possible)| *possible).map(|(outcome, _)| outcome)
    }

    /// Whether a statement of this effect may apply.
    pub(crate) fn may_apply(self, effect: Effect) -> bool {
        self.outcomes().any(|outcome| outcome.applies(effect))
    }

    /// Whether it applies in any case.
    pub(crate) fn must_apply(self, effect: Effect) -> bool {
        self.outcomes().all(|outcome| outcome.applies(effect))
    }
}

/// What is known of a question by its names alone; `facts` holds nothing that a request sends.
pub(crate) struct Partial<'f, 'a, O> {
    pub(crate) facts: &'f Facts<'a, O>,
    /// Whether it is not known either who asks.
    pub(crate) anybody: bool,
}

impl<'a, O: Objects<'a>> Partial<'_, 'a, O> {
    /// Whether a request could still say what the attribute is.
    fn is_open(&self, reference: &Reference) -> bool {
        let property = matches!(reference.place(), Place::Path(_));
        match reference.root() {
            Root::Action => property,
            Root::Context => true,
            Root::Subject if self.anybody => true,
            Root::Resource if reference.place() == &Place::Type => false,
            Root::Resource if self.facts.resource.id.is_none() => true,
            Root::Subject | Root::Resource if !property => false,
            Root::Subject | Root::Resource => {
                let from = reference.declared().map(|declared| declared.from).unwrap_or_default();
                match from {
                    Origin::Stored => false,
                    Origin::Request => true,
                    Origin::Either => matches!(
                        self.facts.find(reference),
                        Found::Missing | Found::Unknown(Why::UnknownEntity)
                    ),
                }
            }
        }
    }
}

impl<'a, O: Objects<'a>> Lookup<'a> for Partial<'_, 'a, O> {
    /// What is open reads as unknown: what a test comes to in spite of that, it comes to in any case.
    fn find(&self, reference: &Reference) -> Found<'a> {
        if self.is_open(reference) { Found::Unknown(Why::UnknownEntity) } else { self.facts.find(reference) }
    }
}

impl Condition {
    /// All that the condition may come to.
    pub(crate) fn possible<'a, O: Objects<'a>>(&self, known: &Partial<'_, 'a, O>) -> Possible {
        let tests = self.tests().iter().map(|test| test.possible(known));
        tests.fold(Possible::only(Outcome::True), Possible::and)
    }
}

impl Test {
    fn possible<'a, O: Objects<'a>>(&self, known: &Partial<'_, 'a, O>) -> Possible {
        let outcome = self.outcome(known);
        let operands = || self.operand_references();
        let open = known.is_open(self.reference()) || operands().any(|named| known.is_open(named));
        if outcome != Outcome::Unknown || !open {
            return Possible::only(outcome);
        }
        // What can be compared with nothing is unknown, whatever it would be compared with. Elements of a list are
        // compared one by one.
        let settled =
            |named: &Reference| !known.is_open(named) && !matches!(known.facts.find(named), Found::Value(..));
        let lost = match self.check() {
            Check::Exists(_) => false,
            Check::In { .. } => settled(self.reference()),
            Check::Equals(_) | Check::InList { .. } | Check::Order { .. } => {
                settled(self.reference()) || operands().any(settled)
            }
        };
        if lost { Possible::only(Outcome::Unknown) } else { Possible::ALL }
    }
}

#[cfg(test)]
mod tests {
    use super::super::asked::{Shelf, asked, attribute, condition, schema};
    use super::*;

    const ATTRIBUTES: &str = r#", "attributes": {
        "s": {"type": "string", "from": "stored"}, "r": {"type": "string", "from": "request"},
        "e": {"type": "string"}, "none": {"type": "string", "from": "stored"}}"#;

    #[test]
    fn outcomes_of_both_are_those_of_each_pair() {
        let sets =
            (1..8_u8).map(|bits| Possible { no: bits & 1 != 0, unknown: bits & 2 != 0, yes: bits & 4 != 0 });
        for (one, other) in sets.clone().flat_map(|one| sets.clone().map(move |other| (one, other))) {
            let pairs = one.outcomes().flat_map(|left| other.outcomes().map(move |right| left.and(right)));
            let expected: Vec<Outcome> = pairs.collect();
            for outcome in [Outcome::False, Outcome::Unknown, Outcome::True] {
                let found = one.and(other).outcomes().any(|possible| possible == outcome);
                assert_eq!(found, expected.contains(&outcome), "{one:?} {other:?}");
            }
        }
        assert!(Possible::only(Outcome::Unknown).must_apply(Effect::Deny));
        assert!(!Possible::only(Outcome::Unknown).may_apply(Effect::Allow));
        assert!(Possible::ALL.may_apply(Effect::Allow) && !Possible::ALL.must_apply(Effect::Deny));
    }

    #[test]
    fn what_is_stored_is_settled_and_what_a_request_may_say_is_not() {
        let shelf = Shelf {
            schema: schema(ATTRIBUTES),
            objects: vec![("sync".into(), "7".into(), attribute(r#"{"s": "a", "r": "a", "e": "a"}"#))],
        };
        let only = Possible::only;
        let (yes, no, unknown) = (only(Outcome::True), only(Outcome::False), only(Outcome::Unknown));
        for (text, on_type, on_object) in [
            (r#"{"s": {"equals": "a"}}"#, Possible::ALL, yes),
            (r#"{"s": {"equals": "b"}}"#, Possible::ALL, no),
            (r#"{"e": {"equals": "a"}}"#, Possible::ALL, yes),
            (r#"{"r": {"equals": "a"}}"#, Possible::ALL, Possible::ALL),
            (r#"{"none": {"equals": "a"}}"#, Possible::ALL, unknown),
            (r#"{"none": {"exists": false}}"#, Possible::ALL, yes),
            (r#"{"none": {"equals": {"ref": "context.x"}}}"#, Possible::ALL, unknown),
            (r#"{"e": {"in": ["a", {"ref": "context.x"}]}}"#, Possible::ALL, yes),
            (r#"{"e": {"in": ["b", {"ref": "context.x"}]}}"#, Possible::ALL, Possible::ALL),
            (r#"{"id": {"equals": "7"}}"#, Possible::ALL, yes),
            (r#"{"type": {"equals": "sync"}}"#, yes, yes),
            (r#"{"subject.id": {"equals": "bob"}, "context.x": {"exists": true}}"#, no, no),
            (r#"{"context.now": {"lessthan": "2026-03-02T00:00:00Z"}}"#, Possible::ALL, Possible::ALL),
            (
                r#"{"action.name": {"equals": "read"}, "action.x": {"exists": true}}"#,
                Possible::ALL,
                Possible::ALL,
            ),
        ] {
            let condition = condition(&shelf.schema, text);
            for (id, expected) in [(None, on_type), (Some("7"), on_object)] {
                let facts = asked(&shelf, "sync", id);
                let found = condition.possible(&Partial { facts: &facts, anybody: false });
                assert_eq!(found, expected, "{text} {id:?}");
            }
        }
    }
}
