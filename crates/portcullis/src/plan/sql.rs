//! A plan as the `WHERE` of a query: for each dialect an expression that is true of just the rows that a check allows.
//!
//! SQL's NULL is Kleene's unknown, so each test becomes an expression of three values (`sql/compare.rs`), tests are joined by
//! `AND`, and what a statement asks of its condition stands around them: `IS TRUE` for an allow, `IS NOT FALSE` for a deny. So
//! the whole is true or false and never NULL, and may stand under any operator. An index cannot serve a comparison inside of
//! `IS TRUE`, so those of an allow stand before it once more, bare: what is TRUE of a row is true of them.
//!
//! Values never stand in the text; they are parameters. What a dialect cannot say exactly is refused.

mod bind;
mod compare;
mod number;

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Column, Columns, below_resource};
use super::leaf::{Clause, Leaf};
use super::{Plan, Residue};
use crate::condition::Reference;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::text::{counted, quoted};

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL; parameters are `$1`, `$2`, ….
    Postgres,
    /// SQLite from 3.23 on; parameters are `?1`, `?2`, ….
    Sqlite,
}

impl Dialect {
    /// The product's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Postgres => "PostgreSQL",
            Dialect::Sqlite => "SQLite",
        }
    }

    /// How the parameter of a number, counted from 1, stands in the text.
    #[must_use]
    pub fn parameter(self, number: usize) -> String {
        match self {
            Dialect::Postgres => format!("${number}"),
            Dialect::Sqlite => format!("?{number}"),
        }
    }

    /// Parameters that one statement takes at most.
    const fn most_parameters(self) -> usize {
        match self {
            Dialect::Postgres => 65_535,
            Dialect::Sqlite => 32_766,
        }
    }
}

/// A value to be bound.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// A string: TEXT of SQLite, text of PostgreSQL.
    Text(String),
    /// A whole number of 64 bits: INTEGER, bigint.
    Integer(i64),
    /// A number that is not whole, for SQLite alone: REAL.
    Real(f64),
}

/// An expression for a `WHERE`, never NULL, and its parameters in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// What to bind.
    pub parameters: Vec<Parameter>,
}

impl Plan {
    /// The plan as an SQL expression over the columns of a map.
    ///
    /// # Errors
    /// What the map lacks or says wrong, and what the dialect cannot say exactly.
    ///
    /// ```
    /// use portcullis::plan::{Columns, Dialect, Plan};
    /// use portcullis::Source;
    /// let columns = Columns::read(&Source::new("columns.json", r#"{"columns": {"id": "id"}}"#))?;
    /// assert_eq!(Plan::Never.sql(&columns, Dialect::Sqlite)?.text, "FALSE");
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn sql(&self, columns: &Columns, dialect: Dialect) -> Result<Sql, Report> {
        let mut writer = Writer::new(columns, dialect);
        let text = match self {
            Plan::Always => "TRUE".to_owned(),
            Plan::Never => "FALSE".to_owned(),
            Plan::Conditional(residue) => writer.residue(residue),
        };
        writer.finish(text)
    }
}

/// What one test becomes.
struct Fragment {
    /// True, false or NULL, as the test is true, false or unknown.
    exact: String,
    /// What is true wherever the test is, in a form that an index can serve.
    bare: Option<String>,
}

struct Writer<'c> {
    columns: &'c Columns,
    dialect: Dialect,
    parameters: Vec<Parameter>,
    /// The numbers of parameters, so that none is bound twice.
    numbers: BTreeMap<(u8, String), usize>,
    /// Attributes of which a fault was told.
    told: BTreeSet<String>,
    report: Report,
}

impl<'c> Writer<'c> {
    fn new(columns: &'c Columns, dialect: Dialect) -> Self {
        Writer {
            columns,
            dialect,
            parameters: Vec::new(),
            numbers: BTreeMap::new(),
            told: BTreeSet::new(),
            report: Report::new(),
        }
    }

    fn finish(mut self, text: String) -> Result<Sql, Report> {
        let (count, most) = (self.parameters.len(), self.dialect.most_parameters());
        if count > most && !self.report.has_errors() {
            let parameters = counted(count, "parameter");
            let message = format!("the plan needs {parameters}, and {} takes {most}", self.dialect.name());
            let fault = self.columns.fault(Code::NotInSql, message);
            self.report
                .push(fault.help("a condition lists very many values: keep them in a table, or name fewer"));
        }
        if self.report.has_errors() {
            return Err(self.report.sorted());
        }
        Ok(Sql { text, parameters: self.parameters })
    }

    fn residue(&mut self, residue: &Residue) -> String {
        let any: Vec<String> = residue.any().iter().filter_map(|clause| self.allow(clause)).collect();
        let mut parts = Vec::new();
        if !residue.any().iter().any(|clause| clause.leaves().is_empty()) {
            parts.push(match any.len() {
                1 => joined(any, " OR "),
                _ => format!("({})", joined(any, " OR ")),
            });
        }
        for clause in residue.none() {
            let exact = self.fragments(clause).into_iter().map(|fragment| fragment.exact).collect();
            parts.push(format!("NOT (({}) IS NOT FALSE)", joined(exact, " AND ")));
        }
        joined(parts, " AND ")
    }

    fn allow(&mut self, clause: &Clause) -> Option<String> {
        let fragments = self.fragments(clause);
        if fragments.is_empty() {
            return None;
        }
        let exact = fragments.iter().map(|fragment| fragment.exact.clone()).collect();
        let exact = format!("({}) IS TRUE", joined(exact, " AND "));
        let mut all: Vec<String> = fragments.into_iter().filter_map(|fragment| fragment.bare).collect();
        all.push(exact);
        Some(format!("({})", joined(all, " AND ")))
    }

    fn fragments(&mut self, clause: &Clause) -> Vec<Fragment> {
        clause.leaves().iter().filter_map(|leaf| self.leaf(leaf)).collect()
    }

    /// The place of a value in the text.
    fn bind(&mut self, parameter: Parameter) -> String {
        let key = match &parameter {
            Parameter::Text(text) => (0, text.clone()),
            Parameter::Integer(whole) => (1, whole.to_string()),
            Parameter::Real(real) => (2, real.to_bits().to_string()),
        };
        let next = self.parameters.len() + 1;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.parameters.push(parameter);
        }
        self.dialect.parameter(number)
    }

    /// The column of an attribute; says so where there is none.
    fn column(&mut self, reference: &Reference) -> Option<&'c Column> {
        let columns = self.columns;
        let column = columns.of(reference);
        if column.is_none() && self.is_first(reference) {
            let name = below_resource(reference);
            let message =
                format!("no column is given for {}, which the plan reads", quoted(&reference.to_string()));
            let near =
                columns.nearest(reference).map(|near| format!(", or did you mean it by {}?", quoted(&near)));
            let key = crate::json::quoted_string(&name);
            let help = format!("add `{key}: \"COLUMN\"` to `columns`{}", near.unwrap_or_default());
            self.report.push(columns.fault(Code::NoColumn, message).help(help));
        }
        column
    }

    /// A column's names, quoted.
    ///
    /// SQLite takes a name in double quotes that is no column's for a text, silently; never one in backticks.
    fn quoted(&mut self, column: &Column, names: &[String]) -> String {
        let quote = match self.dialect {
            Dialect::Postgres => '"',
            Dialect::Sqlite => '`',
        };
        if let Some(long) = names.iter().find(|name| self.dialect == Dialect::Postgres && name.len() > 63) {
            let message = format!(
                "{} has {} bytes, and PostgreSQL cuts names short after 63",
                quoted(long),
                long.len()
            );
            let fault = self.columns.fault_of(column, Code::ColumnName, message);
            self.report.push(fault.help("write the name as the database has it"));
        }
        let doubled = String::from_iter([quote, quote]);
        let each = names.iter().map(|name| format!("{quote}{}{quote}", name.replace(quote, &doubled)));
        each.collect::<Vec<String>>().join(".")
    }

    /// Whether nothing was told yet of an attribute.
    fn is_first(&mut self, reference: &Reference) -> bool {
        self.told.insert(reference.to_string())
    }

    /// Says that something cannot be said exactly.
    fn refuse(&mut self, column: &Column, message: String, help: &str) {
        let fault: Diagnostic = self.columns.fault_of(column, Code::NotInSql, message);
        self.report.push(fault.help(help));
    }

    /// The same of a test that reads a list.
    fn refuse_list(&mut self, leaf: &Leaf) {
        let message = format!(
            "{} looks into a list of the object, which is not put into SQL",
            quoted(&leaf.to_string())
        );
        let fault = self.columns.fault(Code::NotInSql, message);
        self.report.push(fault.help("ask for the plan as a tree, and look into the list where the rows are"));
    }
}

/// Parts joined by a word, nested in halves where they are many: databases bound how deep an expression may be, and read `a OR b OR c`
/// as one of depth three.
fn joined(mut parts: Vec<String>, word: &str) -> String {
    if parts.len() <= 16 {
        return parts.join(word);
    }
    let second = parts.split_off(parts.len() / 2);
    format!("({}){word}({})", joined(parts, word), joined(second, word))
}
