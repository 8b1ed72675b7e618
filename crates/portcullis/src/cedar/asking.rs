//! What a test comes to, as two questions that Cedar can answer: is it surely true, and is it surely false?
//!
//! Portcullis knows three outcomes and Cedar two, so a `permit` asks whether all tests are surely true, and a `forbid`
//! whether any is surely false. Whatever cannot be said is neither: the allow then applies less, the deny more, and the
//! statement is reported. An expression never errs, but for what a permit asks where nothing else could make it true.

use super::access::{Access, NO_TIMES, SCALARS, TOO_MANY, kind};
use super::spelling::{Expression, list, pattern, string};
use crate::condition::{Bound, Check, Literal, Number, Operand, Reference, Set, Test};
use crate::pattern::Pattern;

/// More alternatives than this are not tried one by one.
const MOST_ALTERNATIVES: usize = 256;

/// One of the two answers to a test, and what it lacks to be exact.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) expression: Expression,
    pub(super) lacks: Option<&'static str>,
}

impl Said {
    fn exactly(expression: Expression) -> Said {
        Said { expression, lacks: None }
    }

    fn nothing(lacks: &'static str) -> Said {
        Said { expression: Expression::Never, lacks: Some(lacks) }
    }
}

/// Who asks: the tests of a permit or those of a forbid, about this action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    /// Whether the test is to be surely true; else surely false.
    pub(super) yes: bool,
    pub(super) action: &'a str,
    /// Whether an error in it is as good as a no.
    pub(super) may_err: bool,
}

impl Asking<'_> {
    fn access(&self, reference: &Reference) -> Access {
        Access::of(reference, self.action)
    }

    /// The test, as the permit or the forbid asks about it.
    pub(super) fn test(self, test: &Test) -> Said {
        let tested = self.access(test.reference());
        let operands: Vec<Access> =
            test.operand_references().map(|reference| self.access(reference)).collect();
        if let Check::Exists(wanted) = test.check() {
            return exists(&tested, *wanted == self.yes, self.may_err);
        }
        if let Some(why) = tested.lacks() {
            return Said::nothing(why);
        }
        match test.check() {
            Check::Exists(_) => Said::exactly(Expression::Never),
            Check::Equals(Operand::Literal(literal)) => Said::exactly(self.literal(&tested, literal)),
            Check::Equals(Operand::Reference(_)) => match operands.first() {
                Some(operand) => self.same(&tested, operand),
                None => Said::exactly(Expression::Never),
            },
            Check::In { set, negated } => {
                Asking { yes: self.yes != *negated, ..self }.set(&tested, set, &operands)
            }
            Check::InList { negated, .. } => match operands.first() {
                Some(operand) => Asking { yes: self.yes != *negated, ..self }.list(&tested, operand),
                None => Said::exactly(Expression::Never),
            },
            Check::Order { greater, bound } => self.order(&tested, *greater, bound, operands.first()),
        }
    }

    /// A guard of a value of this kind, before an expression that errs on no kind.
    fn guard(&self, tested: &Access, kind: &str) -> Expression {
        if self.may_err || tested.is_shallow() { tested.plain() } else { tested.is_of(&[kind]) }
    }

    fn literal(&self, tested: &Access, literal: &Literal) -> Expression {
        if let Access::Constant(text) = tested {
            let holds = match literal {
                Literal::Text(wanted) => **wanted == **text,
                Literal::Pattern(wanted) => Pattern::in_literal(wanted).matches(text),
                _ => return Expression::Never,
            };
            return if holds == self.yes { Expression::Always } else { Expression::Never };
        }
        let kind = kind_of(literal);
        if !tested.kinds().contains(&kind) {
            return Expression::Never;
        }
        let value = tested.value();
        let test = match (literal, self.yes) {
            // A value that Cedar can hold does not equal a number that it cannot.
            (Literal::Number(number), yes) if whole(number).is_none() => {
                return if yes { Expression::Never } else { tested.is_of(&[kind]) };
            }
            (Literal::Pattern(wanted), true) => format!("{value} like {}", pattern(wanted)),
            (Literal::Pattern(wanted), false) => format!("!({value} like {})", pattern(wanted)),
            (Literal::Boolean(holds), yes) => format!("{value} == {}", *holds == yes),
            (literal, true) => format!("{value} == {}", written(literal)),
            (literal, false) => format!("{value} != {}", written(literal)),
        };
        let errs_on_other_kinds = matches!(literal, Literal::Pattern(_));
        let guard = match (self.yes, literal) {
            (_, Literal::Boolean(_)) => self.guard(tested, kind),
            (true, _) if self.may_err || !errs_on_other_kinds => self.guard(tested, kind),
            _ => tested.is_of(&[kind]),
        };
        Expression::all([guard, Expression::term(test)])
    }

    fn same(&self, one: &Access, other: &Access) -> Said {
        if let Some(why) = other.lacks() {
            return Said::nothing(why);
        }
        if let (Access::Constant(one), Access::Constant(other)) = (one, other) {
            let holds = (one == other) == self.yes;
            return Said::exactly(if holds { Expression::Always } else { Expression::Never });
        }
        let kinds: Vec<&str> =
            one.kinds().iter().copied().filter(|kind| other.kinds().contains(kind)).collect();
        let mut parts = vec![one.is_of(&kinds), other.is_of(&kinds)];
        if !self.yes && kinds.len() > 1 {
            parts.push(Expression::term(format!("{} == {}", one.told(), other.told())));
        }
        let operator = if self.yes { "==" } else { "!=" };
        parts.push(Expression::term(format!("{} {operator} {}", one.value(), other.value())));
        Said::exactly(Expression::all(parts))
    }

    /// An *or* of `equals`, or the *and* of their negations.
    fn set(self, tested: &Access, set: &Set, operands: &[Access]) -> Said {
        let literals: Vec<Literal> = set.literals().collect();
        let patterns = literals.iter().filter(|literal| matches!(literal, Literal::Pattern(_))).count();
        if patterns + operands.len() > MOST_ALTERNATIVES {
            return Said::nothing(TOO_MANY);
        }
        // An error in one alternative would hide that another is true.
        let asking = Asking { may_err: self.may_err && operands.is_empty(), ..self };
        let mut said = asking.literals(tested, &literals);
        let mut lacks = None;
        let mut others = Vec::new();
        for operand in operands {
            let other = asking.same(tested, operand);
            lacks = lacks.or(other.lacks);
            others.push(other.expression);
        }
        if self.yes {
            said.extend(others);
            Said { expression: Expression::any(said), lacks }
        } else {
            said.extend(others);
            // What none of them equals is of one kind with all of them.
            Said { expression: Expression::all(said), lacks }
        }
    }

    /// The literals of a list: alternatives, or what must hold of all.
    fn literals(&self, tested: &Access, literals: &[Literal]) -> Vec<Expression> {
        let mut kinds: Vec<&str> = literals.iter().map(kind_of).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if !self.yes && kinds.len() > 1 {
            return vec![Expression::Never];
        }
        let is_constant = matches!(tested, Access::Constant(_));
        let together = |of: &str| -> Vec<&Literal> {
            let of_kind = literals.iter().filter(|literal| !is_constant && kind_of(literal) == of);
            of_kind.filter(|literal| is_listable(literal)).collect()
        };
        let lists =
            [kind::STRING, kind::NUMBER].map(together).map(|list| Some(list).filter(|list| list.len() > 1));
        let lists: Vec<Vec<&Literal>> = lists.into_iter().flatten().collect();
        let mut said = Vec::new();
        for listed in &lists {
            let Some(first) = listed.first() else { continue };
            let kind = kind_of(first);
            let test =
                format!("{}.contains({})", list(listed.iter().map(|one| written(one))), tested.value());
            said.push(if !tested.kinds().contains(&kind) {
                Expression::Never
            } else if self.yes {
                Expression::all([self.guard(tested, kind), Expression::term(test)])
            } else {
                Expression::all([tested.is_of(&[kind]), Expression::term(format!("!{test}"))])
            });
        }
        // Patterns stand last: they err on what is no string, and what else it may equal was tried before.
        let listed = |literal: &&Literal| {
            is_listable(literal) && lists.iter().flatten().any(|one| kind_of(one) == kind_of(literal))
        };
        for literal in literals.iter().filter(|literal| !listed(literal)) {
            let one = self.literal(tested, literal);
            if said.last() != Some(&one) {
                said.push(one);
            }
        }
        said
    }

    fn list(&self, tested: &Access, listed: &Access) -> Said {
        if let Some(why) = listed.lacks() {
            // Only a time could be there, and that is no list.
            return if why == NO_TIMES { Said::exactly(Expression::Never) } else { Said::nothing(why) };
        }
        if !listed.may_be_list() {
            return Said::exactly(Expression::Never);
        }
        let contains = format!("{}.contains({})", listed.value(), tested.value());
        if self.yes {
            let lists = [kind::STRINGS, kind::NUMBERS, kind::BOOLEANS, kind::LIST];
            let parts = [tested.is_of(tested.kinds()), listed.is_of(&lists), Expression::term(contains)];
            return Said::exactly(Expression::all(parts));
        }
        let lists = [kind::STRINGS, kind::NUMBERS, kind::BOOLEANS];
        let alternatives = SCALARS.into_iter().zip(lists).filter(|(one, _)| tested.kinds().contains(one));
        let alternatives = alternatives.map(|(one, many)| {
            Expression::all([
                tested.is_of(&[one]),
                listed.is_of(&[kind::EMPTY, many]),
                Expression::term(format!("!{contains}")),
            ])
        });
        Said::exactly(Expression::any(alternatives.collect::<Vec<_>>()))
    }

    fn order(&self, tested: &Access, greater: bool, bound: &Bound, operand: Option<&Access>) -> Said {
        let number = [kind::NUMBER];
        let numeric = |access: &Access| access.kinds().contains(&kind::NUMBER);
        match bound {
            Bound::Number(number) => {
                if !numeric(tested) {
                    return Said::exactly(Expression::Never);
                }
                let guard = tested.is_of(&[kind::NUMBER]);
                let test = match compared(&tested.value(), greater, number) {
                    Expression::Term(text) if !self.yes => Expression::term(format!("!({text})")),
                    Expression::Always if !self.yes => Expression::Never,
                    Expression::Never if !self.yes => Expression::Always,
                    test => test,
                };
                Said::exactly(Expression::all([guard, test]))
            }
            // What is declared a number or a boolean is no time.
            Bound::Instant(_) if !tested.kinds().contains(&kind::STRING) => Said::exactly(Expression::Never),
            Bound::Instant(_) => Said::nothing(NO_TIMES),
            Bound::Reference(_) => {
                let Some(operand) = operand else { return Said::exactly(Expression::Never) };
                if let Some(why) = operand.lacks() {
                    return Said::nothing(why);
                }
                let operator = match (greater, self.yes) {
                    (true, true) => ">",
                    (false, true) => "<",
                    (true, false) => "<=",
                    (false, false) => ">=",
                };
                let test = format!("{} {operator} {}", tested.value(), operand.value());
                let both = numeric(tested) && numeric(operand);
                let parts = [tested.is_of(&number), operand.is_of(&number), Expression::term(test)];
                let expression = if both { Expression::all(parts) } else { Expression::Never };
                let textual = |access: &Access| access.kinds().contains(&kind::STRING);
                let lacks = (textual(tested) && textual(operand)).then_some(NO_TIMES);
                Said { expression, lacks }
            }
        }
    }
}

/// Whether the attribute is surely there, or surely missing.
fn exists(tested: &Access, there: bool, may_err: bool) -> Said {
    if let Access::Nowhere(why) = tested {
        return Said::nothing(why);
    }
    let plain = tested.is_shallow() || (there && may_err);
    Said::exactly(match (there, plain) {
        (true, true) => tested.plain(),
        (true, false) => Expression::all([
            tested.is_told(),
            Expression::term(format!("{} != {}", tested.told(), string(kind::UNKNOWN))),
        ]),
        (false, true) => Expression::all([tested.is_known(), negated(tested.plain())]),
        (false, false) => Expression::all([tested.is_known(), negated(tested.is_told())]),
    })
}

fn negated(expression: Expression) -> Expression {
    match expression {
        Expression::Always => Expression::Never,
        Expression::Never => Expression::Always,
        Expression::Term(text) if text.contains(" has ") => Expression::Term(format!("!({text})")),
        Expression::Term(text) => Expression::Term(format!("!{text}")),
        other => Expression::Term(format!("!({other})")),
    }
}

/// Whether a literal can stand in a list that is asked whether it contains a value.
fn is_listable(literal: &Literal) -> bool {
    match literal {
        Literal::Text(_) => true,
        Literal::Number(number) => whole(number).is_some(),
        _ => false,
    }
}

fn kind_of(literal: &Literal) -> &'static str {
    match literal {
        Literal::Boolean(_) => kind::BOOLEAN,
        Literal::Number(_) => kind::NUMBER,
        Literal::Text(_) | Literal::Pattern(_) => kind::STRING,
    }
}

/// A literal that Cedar can hold.
fn written(literal: &Literal) -> String {
    match literal {
        Literal::Boolean(holds) => holds.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::Text(text) | Literal::Pattern(text) => string(text),
    }
}

/// The number as Cedar can hold it.
pub(super) fn whole(number: &Number) -> Option<i64> {
    number.to_string().parse().ok()
}

/// The comparison of a whole number with any number.
fn compared(value: &str, greater: bool, number: &Number) -> Expression {
    if let Some(whole) = whole(number) {
        return Expression::term(format!("{value} {} {whole}", if greater { ">" } else { "<" }));
    }
    match (floor(number), greater) {
        (Some(floor), true) => Expression::term(format!("{value} > {floor}")),
        (Some(floor), false) => Expression::term(format!("{value} <= {floor}")),
        (None, true) => Expression::Always,
        (None, false) => Expression::Never,
    }
}

/// The greatest number that Cedar can hold and that is not greater than another.
fn floor(number: &Number) -> Option<i64> {
    let fits = |whole: i128| i64::try_from(whole).is_ok_and(|whole| Number::from(whole) <= *number);
    let (mut low, mut high) = (i128::from(i64::MIN), i128::from(i64::MAX) + 1);
    if !fits(low) {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    i64::try_from(low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cedar_cannot_hold_are_compared_by_those_that_it_can() {
        let number = |text: &str| Number::parse(text).unwrap_or_else(|| panic!("{text}"));
        for (text, below) in [
            ("1.5", Some(1)),
            ("-1.5", Some(-2)),
            ("0.1", Some(0)),
            ("1e400", Some(i64::MAX)),
            ("-1e400", None),
            ("-9223372036854775808.5", None),
            ("9223372036854775807.5", Some(i64::MAX)),
        ] {
            assert_eq!((whole(&number(text)), floor(&number(text))), (None, below), "{text}");
        }
        assert_eq!(whole(&number("-9223372036854775808")), Some(i64::MIN));
        assert_eq!(whole(&number("1e2")), Some(100));
        assert_eq!(compared("x", true, &number("1.5")).to_string(), "x > 1");
        assert_eq!(compared("x", false, &number("1.5")).to_string(), "x <= 1");
        assert_eq!(compared("x", true, &number("-1e400")), Expression::Always);
        assert_eq!(compared("x", false, &number("-1e400")), Expression::Never);
    }
}
