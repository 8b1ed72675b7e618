//! Which column holds which attribute of an object: a small file, read with every fault at its place.
//!
//! ```json
//! { "columns": { "id": "id",
//!                "labels.team": "team",
//!                "budget": { "column": "budget", "type": "number" },
//!                "destination.labels.team": { "column": ["d", "team"], "joined": ["d", "id"] } } }
//! ```
//!
//! A column is one name, or a list of names that qualify each other. Nothing here knows the database: whether a column is
//! there it says itself, and loudly, since names are quoted so that no dialect takes one for a text.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::condition::{BadReference, Reference, Root};
use crate::diagnostic::{Code, Diagnostic, Report, Severity};
use crate::json::{Kind, Tape, Value};
use crate::limits::Limits;
use crate::read::{Habit, Reader, first_line, fits};
use crate::schema::AttributeType;
use crate::source::{Source, Span};
use crate::suggest::Suggester;
use crate::text::quoted;

/// Names of one column at most: database, schema, table, column.
const MOST_NAMES: usize = 4;

const COLUMN_HABITS: &[Habit] = &[
    Habit { written: "name", known: "column" },
    Habit { written: "kind", known: "type" },
    Habit { written: "join", known: "joined" },
];

/// A map from attributes of objects to columns.
#[derive(Clone, Debug)]
pub struct Columns {
    source: Arc<Source>,
    /// Where something could be added.
    place: Span,
    columns: BTreeMap<Reference, Column>,
}

/// The column of an attribute.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its names, each qualifying the next.
    pub(super) names: Vec<String>,
    /// What it holds, if the map says so.
    pub(super) kind: Option<AttributeType>,
    pub(super) joined: Joined,
    /// Where it stands in the map.
    pub(super) span: Span,
}

/// Whether a column is of the row itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    Unsaid,
    /// Of the row.
    No,
    /// Of an object that the row refers to, which is there where this column is not NULL.
    Where(Vec<String>),
}

impl Columns {
    /// Reads a map of columns.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn read(source: &Arc<Source>) -> Result<Columns, Report> {
        Columns::read_within(source, &Limits::default())
    }

    /// The same within limits that somebody chose.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_within(source: &Arc<Source>, limits: &Limits) -> Result<Columns, Report> {
        let mut report = Report::new();
        let mut columns =
            Columns { source: Arc::clone(source), place: Span::default(), columns: BTreeMap::new() };
        if fits(source, limits.document_bytes, "max-document-bytes", &mut report)
            && let Some(tape) = Tape::read(source, limits, &mut report)
        {
            columns.read_root(tape.root(), &mut Reader::new(source, limits, &mut report));
        }
        if report.has_errors() { Err(report.sorted()) } else { Ok(columns) }
    }

    fn read_root(&mut self, root: Value<'_>, reader: &mut Reader<'_>) {
        if !reader.object(root, "a map of columns") {
            return;
        }
        let [map] = reader.fields(root, "a map of columns", ["columns"], &[]);
        let Some(map) = map else {
            let help = "a map of columns looks like {\"columns\": {\"labels.team\": \"team\"}}";
            return reader.missing_key(root, "this map of columns", "columns", help);
        };
        if !reader.object(map, "`columns`") {
            return;
        }
        self.place = Span::new(map.span().start, map.span().start + 1);
        let count = map.members().count();
        if !reader.within(count, reader.limits.list_names, "column", "max-names", map.span()) {
            return;
        }
        let mut seen: BTreeMap<Reference, Span> = BTreeMap::new();
        for (key, value) in map.members() {
            let reference = attribute(key, reader);
            let column = column(value, reader);
            let (Some(reference), Some(column)) = (reference, column) else { continue };
            if let Some(first) = seen.insert(reference.clone(), key.span()) {
                let message = format!("{} is mapped twice", quoted(&reference.to_string()));
                let fault = reader.fault(Code::ColumnAttribute, key.span(), message, "again here");
                let fault = fault.also(&self.source, first, "first here");
                reader
                    .push(fault.help("`labels.team` and `resource.labels.team` are one attribute: keep one"));
            }
            self.columns.insert(reference, column);
        }
    }

    /// The column of an attribute.
    pub(super) fn of(&self, reference: &Reference) -> Option<&Column> {
        let plain = reference.declared_as(None);
        self.columns.get(&plain)
    }

    /// A fault at the place where something is to be added.
    pub(super) fn fault(&self, code: Code, message: String) -> Diagnostic {
        Diagnostic::new(code, message).at(&self.source, self.place, "in this map")
    }

    /// A fault of one column.
    pub(super) fn fault_of(&self, column: &Column, code: Code, message: String) -> Diagnostic {
        let span = first_line(&self.source, column.span);
        Diagnostic::new(code, message).at(&self.source, span, "this column")
    }

    /// The mapped attribute that is spelled most like one that is not.
    pub(super) fn nearest(&self, reference: &Reference) -> Option<String> {
        let known: Vec<String> = self.columns.keys().map(below_resource).collect();
        let near = Suggester::default().nearest(&below_resource(reference), known.iter().map(String::as_str));
        near.map(str::to_owned)
    }
}

/// An attribute of the object as it is mostly written.
pub(super) fn below_resource(reference: &Reference) -> String {
    let whole = reference.to_string();
    whole.strip_prefix("resource.").map(str::to_owned).unwrap_or(whole)
}

/// The attribute that a key names.
fn attribute(key: Value<'_>, reader: &mut Reader<'_>) -> Option<Reference> {
    let text = key.text();
    let trouble = match Reference::parse(&text) {
        Ok(reference) if reference.root() != Root::Resource => {
            format!("{} is no attribute of the object, so it is no column", quoted(&text))
        }
        Ok(reference) if reference.is_type() => {
            format!("{} is the type that was asked, so it is no column", quoted(&text))
        }
        Ok(reference) => return Some(reference),
        Err(BadReference::EmptyPart) => format!("the attribute {} has an empty part", quoted(&text)),
        Err(BadReference::RootAlone(root)) => format!("`{}` alone names no attribute", root.as_str()),
        Err(BadReference::ThroughOwn(root, name)) => format!("`{}.{name}` has nothing in it", root.as_str()),
        Err(BadReference::TooLong(parts)) => format!("the attribute has {parts} parts, more than are read"),
    };
    let fault = reader.fault(Code::ColumnAttribute, key.span(), trouble, "");
    reader.push(
        fault.help("a key is `id` or the path of a property as conditions write it, such as `labels.team`"),
    );
    None
}

/// A name, names, or an object with them and what is to be known of the column.
fn column(value: Value<'_>, reader: &mut Reader<'_>) -> Option<Column> {
    let span = value.span();
    if value.kind() != Kind::Object {
        let names = names(value, "a column", reader)?;
        return Some(Column { names, kind: None, joined: Joined::Unsaid, span });
    }
    let before = reader.report.count(Severity::Error);
    let [column, kind, joined] =
        reader.fields(value, "a column", ["column", "type", "joined"], COLUMN_HABITS);
    // It may stand under a key that is not known.
    let is_strange = reader.report.count(Severity::Error) > before;
    let kind = match kind {
        None => Some(None),
        Some(kind) => kind_of(kind, reader).map(Some),
    };
    let joined = match joined {
        None => Some(Joined::Unsaid),
        Some(joined) if joined.kind() == Kind::False => Some(Joined::No),
        Some(joined) => names(joined, "`joined`", reader).map(Joined::Where),
    };
    let Some(column) = column else {
        if !is_strange {
            reader.missing_key(value, "this column", "column", "say which: `\"column\": \"team\"`");
        }
        return None;
    };
    Some(Column { names: names(column, "a column", reader)?, kind: kind?, joined: joined?, span })
}

fn kind_of(value: Value<'_>, reader: &mut Reader<'_>) -> Option<AttributeType> {
    let known = AttributeType::ALL.map(AttributeType::as_str);
    if !value.is_text() {
        reader.wrong_shape(value, "`type`", "the name of a type");
        return None;
    }
    let text = value.text();
    let kind = AttributeType::ALL.into_iter().find(|kind| kind.as_str() == text);
    if kind.is_none() {
        let message = format!("there is no type {}", quoted(&text));
        let fault = reader.fault(Code::ColumnType, value.span(), message, "");
        let near = reader.suggester.nearest(&text, known);
        reader.push(match near {
            Some(near) => fault.meant(near),
            None => fault.help(format!("the types are {}", crate::text::listed(known, known.len()))),
        });
    }
    kind
}

/// One name, or a list of names that qualify each other.
fn names(value: Value<'_>, what: &str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    if value.is_text() {
        return name(value, reader).map(|name| vec![name]);
    }
    if value.kind() != Kind::Array {
        let wanted = if what == "`joined`" {
            "a column's name, a list of names, or false"
        } else {
            "a name or a list of names"
        };
        reader.wrong_shape(value, what, wanted);
        return None;
    }
    let count = value.elements().count();
    if !(1..=MOST_NAMES).contains(&count) {
        let message = format!("{what} has {count} names");
        let span = first_line(&reader.source, value.span());
        let fault = reader.fault(Code::ColumnName, span, message, "");
        reader.push(fault.help(format!("a list names schema, table and column, {MOST_NAMES} names at most")));
        return None;
    }
    let names: Vec<String> = value.elements().filter_map(|element| name(element, reader)).collect();
    (names.len() == count).then_some(names)
}

fn name(value: Value<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let name = value.is_text().then(|| value.text());
    let Some(name) = name else {
        reader.wrong_shape(value, "a column's name", "a string");
        return None;
    };
    let trouble = if name.is_empty() {
        "a column's name is empty".to_owned()
    } else if name.contains('\0') {
        "a column's name holds a NUL, which no database takes".to_owned()
    } else if let Some(trouble) = crate::read::name_trouble(&name) {
        format!("a column's name {trouble}")
    } else {
        return Some(name.into_owned());
    };
    let fault = reader.fault(Code::ColumnName, value.span(), trouble, "");
    reader.push(fault.help("write the name as the database has it, without quotes of its own"));
    None
}
