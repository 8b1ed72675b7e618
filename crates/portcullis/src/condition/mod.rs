//! Conditions: what a statement asks about attributes, compiled, and what that comes to.
//!
//! A [`Condition`] is a conjunction of [`Test`]s, read and checked in `policy::conditions` and held in
//! one form for everything that says the same. Evaluating one is a pure function of it and of a
//! [`Lookup`], which finds the values: [`Condition::outcome`] answers true, false or unknown and
//! allocates nothing; [`Condition::findings`] says of each test what was found and why. [`Facts`] is
//! the look-up over plain data, in which the rules on stored and sent properties stand.
//!
//! Values are JSON, kept as [`Attribute`]s of one run of bytes; numbers are exact ([`Number`]), times too
//! ([`Instant`]). Nothing here knows a document, a file or a clock.

#[cfg(test)]
mod asked;
mod attribute;
mod builder;
#[cfg(test)]
mod canonical_tests;
mod facts;
#[cfg(test)]
mod facts_tests;
mod judge;
mod literal;
mod number;
mod operator;
mod outcome;
#[cfg(test)]
mod page_tests;
mod partial;
mod reference;
mod test;
mod time;
mod value;

pub use attribute::{Attribute, AttributeError};
pub use builder::AttributeBuilder;
pub use facts::{Facts, Objects, Resource, StoredObject, Subject};
pub use judge::{Finding, Found, Lookup, Side, Undecided, Why};
pub use number::{Decimal, Number};
pub use operator::Operator;
pub use outcome::Outcome;
pub use reference::{Reference, Root};
pub use test::{Condition, Test};
pub use time::Instant;
pub use value::{List, Object, Text, Value};

pub(crate) use judge::comparable;
pub(crate) use literal::{Bound, Literal, Set, written};
pub(crate) use partial::Partial;
pub(crate) use reference::{BadReference, MOST_PARTS, Place};
pub(crate) use test::{Check, Operand};
