//! One test as an expression of three values.
//!
//! True, false and NULL are what the test is true, false and unknown for. SQLite holds values of any type in any column, so each
//! comparison asks first what the value is; PostgreSQL's columns have types, so only times need be looked at.
//!
//! What a column holds is what the schema declares, else what the map says, else what it is compared with.

use super::bind::{as_numeric, without_zone};
use super::{Dialect, Fragment, Writer};
use crate::condition::{Bound, Check, Literal, Operand, Reference, Test};
use crate::diagnostic::Code;
use crate::plan::columns::{Column, Joined, below_resource};
use crate::plan::leaf::{Asked, Leaf};
use crate::schema::AttributeType;
use crate::text::quoted;

/// A column as it stands in the text.
#[derive(Clone)]
pub(super) struct Operated<'c> {
    pub(super) column: &'c Column,
    pub(super) name: String,
    kind: Option<AttributeType>,
}

const NULL: &str = "CAST(NULL AS boolean)";

/// What a literal is compared with.
fn kind_of(literal: &Literal) -> AttributeType {
    match literal {
        Literal::Boolean(_) => AttributeType::Boolean,
        Literal::Number(_) => AttributeType::Number,
        Literal::Text(_) | Literal::Pattern(_) => AttributeType::String,
    }
}

impl<'c> Writer<'c> {
    pub(super) fn leaf(&mut self, leaf: &Leaf) -> Option<Fragment> {
        let Asked::Test(test) = &leaf.0 else {
            self.refuse_list(leaf);
            return None;
        };
        match test.check() {
            Check::Exists(wanted) => self.exists(test.reference(), *wanted),
            Check::Equals(Operand::Literal(literal)) => {
                self.among(test, std::slice::from_ref(literal), &[], false)
            }
            Check::Equals(Operand::Reference(named)) => {
                self.among(test, &[], std::slice::from_ref(named), false)
            }
            Check::In { set, negated } => {
                let literals: Vec<Literal> = set.literals().collect();
                self.among(test, &literals, set.references(), *negated)
            }
            Check::InList { .. } => {
                self.refuse_list(leaf);
                None
            }
            Check::Order { greater, bound: Bound::Reference(named) } => {
                self.ordered_columns(test, named, *greater)
            }
            Check::Order { greater, bound } => self.ordered(test, bound, *greater),
        }
    }

    /// The column of an attribute and what it holds.
    fn operated(&mut self, reference: &Reference) -> Option<Operated<'c>> {
        let column = self.column(reference)?;
        let declared = reference.declared().and_then(|declared| declared.kind);
        if let (Some(declared), Some(said)) = (declared, column.kind)
            && declared != said
            && self.is_first(reference)
        {
            let name = quoted(&reference.to_string());
            let message = format!("the map says that {name} is {}", said.with_article());
            let fault = self.columns.fault_of(column, Code::ColumnType, message);
            self.report.push(
                fault.help(format!("the schema declares it {}: leave `type` out", declared.with_article())),
            );
        }
        let own = reference.path().is_none().then_some(AttributeType::String);
        let kind = own.or(declared).or(column.kind);
        Some(Operated { column, name: self.quoted(column, &column.names), kind })
    }

    /// Says that it must be known what a column holds.
    fn ask_type(&mut self, reference: &Reference, column: &'c Column) {
        if self.is_first(reference) {
            let name = quoted(&reference.to_string());
            let message =
                format!("it must be known what the column of {name} holds, as its operands do not tell");
            let fault = self.columns.fault_of(column, Code::ColumnType, message);
            self.report.push(
                fault.help("say so: `{\"column\": …, \"type\": \"string\"}`, or declare it in the schema"),
            );
        }
    }

    /// Whether a row has an attribute. Of one that belongs to another object, that is unknown where there is no such object.
    fn exists(&mut self, reference: &Reference, wanted: bool) -> Option<Fragment> {
        let Operated { column, name, .. } = self.operated(reference)?;
        let test = format!("{name} IS {}NULL", if wanted { "NOT " } else { "" });
        let leads_on = reference.path().is_some_and(|path| path.contains('.'));
        let exact = match &column.joined {
            Joined::Where(names) => {
                let known = self.quoted(column, names);
                format!("CASE WHEN {known} IS NOT NULL THEN {test} END")
            }
            Joined::Unsaid if leads_on && column.names.len() > 1 => {
                let key = below_resource(reference);
                let message = format!(
                    "whether {} is there cannot be told from a joined column that is NULL",
                    quoted(&key)
                );
                let help = "name a column that is NULL only where the join found nothing, `\"joined\": [\"d\", \"id\"]`; or say `\"joined\": false` if it is the row's own";
                self.refuse(column, message, help);
                return None;
            }
            Joined::Unsaid | Joined::No => test,
        };
        Some(Fragment { exact, bare: None })
    }

    /// Whether an attribute equals one of some literals and attributes.
    fn among(
        &mut self,
        test: &Test,
        literals: &[Literal],
        references: &[Reference],
        negated: bool,
    ) -> Option<Fragment> {
        let reference = test.reference();
        let mut left = self.operated(reference)?;
        let others: Vec<Operated<'c>> = references.iter().filter_map(|named| self.operated(named)).collect();
        let mut kinds = literals.iter().map(kind_of);
        let first = kinds.next();
        if left.kind.is_none() {
            let agreed = first.filter(|first| kinds.all(|kind| kind == *first));
            left.kind = if literals.is_empty() { others.iter().find_map(|other| other.kind) } else { agreed };
        }
        let Some(kind) = left.kind else {
            self.ask_type(reference, left.column);
            return None;
        };
        let mut any = Vec::new();
        let mut bare = None;
        let as_text = if kind == AttributeType::Time { AttributeType::String } else { kind };
        let (alike, unlike): (Vec<&Literal>, Vec<&Literal>) =
            literals.iter().partition(|literal| kind_of(literal) == as_text);
        if !alike.is_empty() {
            let (exact, plain) = self.one_of(&left, kind, &alike)?;
            bare = plain.filter(|_| !negated && references.is_empty());
            any.push(exact);
        }
        if !unlike.is_empty() {
            any.push(NULL.to_owned());
        }
        for other in others {
            let other_kind = other.kind.unwrap_or(kind);
            any.push(self.same(&left, kind, &Operated { kind: Some(other_kind), ..other })?);
        }
        let any = match any.len() {
            1 => any.pop().unwrap_or_default(),
            _ => format!("({})", super::joined(any, " OR ")),
        };
        Some(Fragment { exact: if negated { format!("NOT ({any})") } else { any }, bare })
    }

    /// Whether a column equals one of some literals of what it holds; the exact answer, and what an index can serve.
    fn one_of(
        &mut self,
        left: &Operated<'c>,
        kind: AttributeType,
        literals: &[&Literal],
    ) -> Option<(String, Option<String>)> {
        let name = &left.name;
        if kind == AttributeType::Time && self.dialect == Dialect::Postgres {
            let message = "`equals` and `in` compare times as texts, letter by letter, and a timestamptz has no letters".to_owned();
            self.refuse(
                left.column,
                message,
                "use `greaterthan` and `lessthan`, or map a column of texts with the type `string`",
            );
            return None;
        }
        let (mut plain, mut safe, mut others, mut bares) = (Vec::new(), true, Vec::new(), Vec::new());
        for literal in literals {
            match literal {
                Literal::Boolean(holds) => plain.push(match self.dialect {
                    Dialect::Postgres => if *holds { "TRUE" } else { "FALSE" }.to_owned(),
                    Dialect::Sqlite => u8::from(*holds).to_string(),
                }),
                // No text of PostgreSQL holds one.
                Literal::Text(text) | Literal::Pattern(text)
                    if self.dialect == Dialect::Postgres && text.contains('\0') => {}
                Literal::Text(text) => plain.push(self.bind_text(text)),
                Literal::Pattern(pattern) => {
                    let (exact, bare) = self.pattern(left, pattern)?;
                    others.push(exact);
                    bares.push(bare);
                }
                Literal::Number(number) => {
                    let (place, is_safe) = self.bind_number(left, number)?;
                    match self.dialect {
                        Dialect::Postgres if !is_safe => {
                            others.push(format!("pg_catalog.numeric_eq({name}, {})", as_numeric(&place)));
                            bares.push(format!("{name} = {place}"));
                        }
                        _ => plain.push(place),
                    }
                    safe &= is_safe;
                }
            }
        }
        let binary = match (self.dialect, kind) {
            (Dialect::Sqlite, AttributeType::String | AttributeType::Time) => " COLLATE BINARY",
            _ => "",
        };
        match &*plain {
            [] => {}
            [only] => others.insert(0, format!("{name}{binary} = {only}")),
            _ => others.insert(0, format!("{name}{binary} IN ({})", plain.join(", "))),
        }
        bares.extend(others.first().filter(|_| !plain.is_empty()).cloned());
        let is_one = others.len() < 2;
        let exact = if others.is_empty() { "FALSE".to_owned() } else { super::joined(others, " OR ") };
        let bare = match bares.len() {
            0 => None,
            1 => bares.pop(),
            _ => Some(format!("({})", super::joined(bares, " OR "))),
        };
        let exact = match self.guard(kind, name, safe) {
            Some(guard) => format!("CASE WHEN {guard} THEN {exact} END"),
            None if bare.is_none() => format!("CASE WHEN {name} IS NOT NULL THEN {exact} END"),
            None if is_one => exact,
            None => format!("({exact})"),
        };
        Some((exact, bare))
    }

    /// Whether two columns hold the same.
    fn same(&mut self, left: &Operated<'c>, kind: AttributeType, right: &Operated<'c>) -> Option<String> {
        use AttributeType::{Boolean, Number, String as Text, Time};
        let other = right.kind.unwrap_or(kind);
        let (one, two) = (&left.name, &right.name);
        let plain = match (kind, other) {
            (Text | Time, Text | Time) if self.dialect == Dialect::Sqlite => {
                format!("{one} COLLATE BINARY = {two}")
            }
            (Time, Text | Time) | (Text, Time) => {
                let message =
                    "`equals` compares times as texts, letter by letter, and a timestamptz has no letters"
                        .to_owned();
                self.refuse(left.column, message, "map columns of texts with the type `string`");
                return None;
            }
            (Number, Number) if self.dialect == Dialect::Postgres => {
                format!("pg_catalog.numeric_eq({one}, {two})")
            }
            (Text, Text) | (Number, Number) | (Boolean, Boolean) => format!("{one} = {two}"),
            _ => return Some(NULL.to_owned()),
        };
        let guards = [self.guard(kind, one, true), self.guard(other, two, true)];
        Some(match guards {
            [Some(one), Some(two)] => format!("CASE WHEN {one} AND {two} THEN {plain} END"),
            _ => plain,
        })
    }

    /// Whether an attribute comes after or before a literal.
    fn ordered(&mut self, test: &Test, bound: &Bound, greater: bool) -> Option<Fragment> {
        let left = self.operated(test.reference())?;
        let sign = if greater { ">" } else { "<" };
        let name = &left.name;
        match bound {
            Bound::Number(number) if left.kind.is_none_or(|kind| kind == AttributeType::Number) => {
                let (place, safe) = self.bind_number(&left, number)?;
                let bare = format!("{name} {sign} {place}");
                let exact = match self.guard(AttributeType::Number, name, safe) {
                    Some(guard) => format!("CASE WHEN {guard} THEN {bare} END"),
                    None if safe => bare.clone(),
                    None => {
                        let function = if greater { "numeric_gt" } else { "numeric_lt" };
                        format!("pg_catalog.{function}({name}, {})", as_numeric(&place))
                    }
                };
                Some(Fragment { exact, bare: Some(bare) })
            }
            Bound::Instant(instant) if left.kind.is_none_or(|kind| kind == AttributeType::Time) => {
                let place = self.bind_instant(&left, instant)?;
                let (compared, bare) = match self.dialect {
                    Dialect::Postgres => {
                        let plain = format!("{name} {sign} {place}");
                        (plain.clone(), Some(plain))
                    }
                    Dialect::Sqlite => (format!("{} {sign} {place}", without_zone(name)), None),
                };
                let guard = self.guard(AttributeType::Time, name, true).unwrap_or_default();
                Some(Fragment { exact: format!("CASE WHEN {guard} THEN {compared} END"), bare })
            }
            _ => Some(Fragment { exact: NULL.to_owned(), bare: None }),
        }
    }

    /// Whether one attribute comes after or before another.
    fn ordered_columns(&mut self, test: &Test, named: &Reference, greater: bool) -> Option<Fragment> {
        let (left, right) = (self.operated(test.reference()), self.operated(named));
        let (left, right) = (left?, right?);
        let Some(kind) = left.kind.or(right.kind) else {
            self.ask_type(test.reference(), left.column);
            return None;
        };
        let sign = if greater { ">" } else { "<" };
        let (one, two) = (&left.name, &right.name);
        let compared = match (kind, right.kind.unwrap_or(kind), self.dialect) {
            (AttributeType::Number, AttributeType::Number, Dialect::Postgres) => {
                let function = if greater { "numeric_gt" } else { "numeric_lt" };
                format!("pg_catalog.{function}({one}, {two})")
            }
            (AttributeType::Time, AttributeType::Time, Dialect::Sqlite) => {
                format!("{} {sign} {}", without_zone(one), without_zone(two))
            }
            (AttributeType::Number, AttributeType::Number, _)
            | (AttributeType::Time, AttributeType::Time, _) => {
                format!("{one} {sign} {two}")
            }
            _ => NULL.to_owned(),
        };
        let exact = match [self.guard(kind, one, true), self.guard(kind, two, true)] {
            [Some(one), Some(two)] if compared != NULL => {
                format!("CASE WHEN {one} AND {two} THEN {compared} END")
            }
            _ => compared,
        };
        Some(Fragment { exact, bare: None })
    }
}
