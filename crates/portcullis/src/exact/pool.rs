//! The constants that meet on some attributes, and values that stand for all others.
//!
//! Whatever value an attribute has, every test comes to the same on one of the values listed here: each constant,
//! something between and beyond the constants, a string for each set of patterns that it can match, something of
//! every other kind. Where attributes are compared with one another they share a pool, and of what stands for many
//! there are as many copies as attributes, so that they can be equal and different in every way.

use std::collections::BTreeSet;

use super::between::{number_between, spelled, time_between};
use super::texts;
use crate::condition::{Attribute, AttributeBuilder, Bound, Check, Instant, Literal, Number, Operand, Value};

/// What documents name, of one attribute or of several that are compared with one another.
#[derive(Debug, Default)]
pub(super) struct Pool {
    numbers: BTreeSet<Number>,
    texts: BTreeSet<String>,
    patterns: BTreeSet<Box<str>>,
    instants: BTreeSet<Instant<'static>>,
    /// Whether it matters what is a time.
    pub(super) times: bool,
    /// How many attributes are looked for in one list.
    pub(super) lists: usize,
    /// How many attributes share the pool.
    pub(super) copies: usize,
}

/// Values that stand for all.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) all: Vec<Attribute>,
    /// Whether they do stand for all.
    pub(super) complete: bool,
}

/// A value that can be an element of a list.
#[derive(Clone)]
enum Scalar {
    Boolean(bool),
    Number(Number),
    Text(String),
    /// A list in a list compares with nothing.
    Odd,
}

impl Scalar {
    fn tell<'b>(&self, builder: &'b mut AttributeBuilder) -> &'b mut AttributeBuilder {
        match self {
            Scalar::Boolean(holds) => builder.boolean(*holds),
            Scalar::Number(number) => builder.exact(number),
            Scalar::Text(text) => builder.text(text),
            Scalar::Odd => builder.list().end(),
        }
    }
}

impl Values {
    fn push(&mut self, tell: impl Fn(&mut AttributeBuilder) -> &mut AttributeBuilder) {
        let mut builder = AttributeBuilder::new();
        tell(&mut builder);
        self.all.extend(builder.finish());
    }
}

impl Pool {
    /// Takes in what a test names.
    pub(super) fn check(&mut self, check: &Check) {
        match check {
            Check::Equals(Operand::Literal(literal)) => self.literal(literal),
            Check::In { set, .. } => set.literals().for_each(|literal| self.literal(&literal)),
            Check::Order { bound, .. } => {
                match bound {
                    Bound::Number(number) => drop(self.numbers.insert(number.clone())),
                    Bound::Instant(instant) => drop(self.instants.insert(instant.clone())),
                    Bound::Reference(_) => {}
                }
                self.times |= !matches!(bound, Bound::Number(_));
            }
            Check::Exists(_) | Check::Equals(_) | Check::InList { .. } => {}
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Boolean(_) => {}
            Literal::Number(number) => drop(self.numbers.insert(number.clone())),
            Literal::Text(text) => self.text(text),
            Literal::Pattern(pattern) => drop(self.patterns.insert(pattern.clone())),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.texts.insert(text.to_owned());
    }

    /// Takes in a value that an attribute is known to have, and what is in it, if it is a list.
    pub(super) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Text(text) => self.text(text.as_str()),
            Value::Number(number) => self.numbers.extend(Number::parse(&number.to_string())),
            Value::List(list) => {
                list.iter().filter(|one| !matches!(one, Value::List(_))).for_each(|one| self.value(one))
            }
            _ => {}
        }
    }

    /// The values, found in so many steps.
    pub(super) fn values(&self, steps: &mut usize) -> Values {
        let mut values = Values { all: Vec::new(), complete: true };
        let mut scalars = Vec::new();
        let copies = self.copies.max(1);
        self.strings(copies, &mut scalars, &mut values, steps);
        self.between_numbers(copies, &mut scalars, &mut values);
        scalars.extend([Scalar::Boolean(true), Scalar::Boolean(false)]);
        for scalar in &scalars {
            values.push(|builder| scalar.tell(builder));
        }
        values.push(|builder| builder.object().end());
        values.push(|builder| builder.list().end());
        if self.lists > 0 {
            scalars.push(Scalar::Odd);
            for (at, one) in scalars.iter().enumerate() {
                values.push(|builder| one.tell(builder.list()).end());
                let others = if self.lists > 1 { scalars.get(at + 1..) } else { None };
                for other in others.unwrap_or(&[]) {
                    values.push(|builder| other.tell(one.tell(builder.list())).end());
                }
            }
            // More attributes looked for in one list would need longer lists.
            values.complete &= self.lists <= 2;
        }
        values
    }

    fn strings(&self, copies: usize, scalars: &mut Vec<Scalar>, values: &mut Values, steps: &mut usize) {
        let patterns: Vec<&str> = self.patterns.iter().map(|pattern| &**pattern).collect();
        let mut taken = self.texts.clone();
        let fresh = texts::fresh(&self.texts, &patterns, copies, steps);
        values.complete &= fresh.is_some();
        let fresh = fresh.unwrap_or_default();
        if self.times && !patterns.is_empty() {
            // Where patterns tell times apart, looking at a few times does not settle which they match.
            let alike = texts::times_are_alike(&patterns, steps) == Some(true);
            values.complete &= alike && fresh.iter().all(|text| Instant::parse(text).is_none());
        }
        taken.extend(fresh);
        if self.times {
            self.instants(copies, &mut taken, values);
        }
        scalars.extend(taken.into_iter().map(Scalar::Text));
    }

    /// Adds ways to write each time that is named, and times between them.
    fn instants(&self, copies: usize, taken: &mut BTreeSet<String>, values: &mut Values) {
        let mut instants = self.instants.clone();
        instants.extend(self.texts.iter().filter_map(|text| Some(Instant::parse(text)?.into_owned())));
        let sorted: Vec<Instant<'static>> = instants.iter().cloned().collect();
        for (low, high) in gaps(&sorted) {
            let mut low = low.cloned();
            for _ in 0..copies {
                let text = time_between(low.as_ref(), high);
                match text.as_deref().and_then(Instant::parse) {
                    Some(between) => {
                        low = Some(between.into_owned());
                        instants.extend(low.clone());
                    }
                    None => values.complete = false,
                }
            }
        }
        for instant in &instants {
            for _ in 0..copies {
                let mut texts = (0..=taken.len()).map_while(|zeros| spelled(instant, zeros));
                match texts.find(|text| !taken.contains(text)) {
                    Some(text) => drop(taken.insert(text)),
                    None => values.complete = false,
                }
            }
        }
    }

    fn between_numbers(&self, copies: usize, scalars: &mut Vec<Scalar>, values: &mut Values) {
        let sorted: Vec<Number> = self.numbers.iter().cloned().collect();
        for (low, high) in gaps(&sorted) {
            let mut low = low.cloned();
            for _ in 0..copies {
                match number_between(low.as_ref(), high) {
                    Some(between) => {
                        scalars.push(Scalar::Number(between.clone()));
                        low = Some(between);
                    }
                    None => values.complete = false,
                }
            }
        }
        scalars.extend(sorted.into_iter().map(Scalar::Number));
    }
}

/// What lies between neighbours, before the first and behind the last.
fn gaps<T>(sorted: &[T]) -> impl Iterator<Item = (Option<&T>, Option<&T>)> {
    (0..=sorted.len()).map(|at| (at.checked_sub(1).and_then(|before| sorted.get(before)), sorted.get(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pool: &Pool) -> Vec<String> {
        let values = pool.values(&mut 100_000);
        assert!(values.complete);
        values.all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn constants_and_what_lies_between_and_beyond() {
        let mut pool = Pool::default();
        pool.literal(&Literal::Number(Number::from(3_i64)));
        pool.literal(&Literal::text("a"));
        pool.literal(&Literal::text("a*"));
        let all = shown(&pool);
        for expected in ["true", "false", "2", "3", "4", "\"a\"", "\"aa\"", "\"x\"", "{}", "[]"] {
            assert!(all.iter().any(|shown| shown == expected), "{expected}: {all:?}");
        }
        assert_eq!(all.len(), 10);
    }

    #[test]
    fn times_have_other_spellings_and_lists_have_elements() {
        let mut pool = Pool { times: true, lists: 1, copies: 2, ..Pool::default() };
        pool.text("2026-01-01T00:00:00Z");
        let all = shown(&pool);
        let times = all.iter().filter(|text| Instant::parse(text.trim_matches('"')).is_some()).count();
        // Two spellings of the named time besides itself, two of two times on either side.
        assert_eq!(times, 1 + 2 + 2 * 2 * 2, "{all:?}");
        assert!(all.contains(&"[[]]".to_owned()) && all.contains(&"[\"2026-01-01T00:00:00Z\"]".to_owned()));
    }
}
