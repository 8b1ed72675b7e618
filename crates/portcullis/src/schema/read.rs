//! Reading a schema from its JSON form.
//!
//! A name is a type, an alias or a covered name, once: otherwise a question could mean two things, so
//! a second use is an error with both places.

use std::collections::HashMap;
use std::sync::Arc;

use super::build::{Draft, TypeDraft};
use super::{Administration, AttributeType, Attributes, Declared, Origin, Schema};
use crate::condition::MOST_PARTS;
use crate::diagnostic::{Code, Report};
use crate::json::{Kind, Tape, Value};
use crate::limits::Limits;
use crate::read::{Habit, Reader, fits};
use crate::source::{Source, Span};
use crate::text::quoted;

const HABITS: &[Habit] = &[
    Habit { written: "types", known: "resources" },
    Habit { written: "resource", known: "resources" },
    Habit { written: "name", known: "schema" },
    Habit { written: "admin", known: "administration" },
];

const TYPE_HABITS: &[Habit] = &[
    Habit { written: "action", known: "actions" },
    Habit { written: "alias", known: "aliases" },
    Habit { written: "cover", known: "covers" },
    Habit { written: "properties", known: "attributes" },
];

const ATTRIBUTE_HABITS: &[Habit] = &[
    Habit { written: "kind", known: "type" },
    Habit { written: "source", known: "from" },
    Habit { written: "origin", known: "from" },
];

impl Schema {
    /// Reads a schema from its JSON form, with the default limits.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn read(source: &Arc<Source>) -> Result<(Schema, Report), Report> {
        Schema::read_within(source, &Limits::default())
    }

    /// Reads a schema within limits. The report beside it holds warnings.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn read_within(source: &Arc<Source>, limits: &Limits) -> Result<(Schema, Report), Report> {
        let mut report = Report::new();
        if !fits(source, limits.document_bytes, "max-document-bytes", &mut report) {
            return Err(report);
        }
        let schema = Tape::read(source, limits, &mut report)
            .and_then(|tape| read_schema(tape.root(), &mut Reader::new(source, limits, &mut report)));
        match schema {
            Some(schema) => report.finish(schema),
            None => Err(report),
        }
    }
}

/// Reads the schema that a value is. `None` when the report has an error.
pub(crate) fn read_schema(root: Value<'_>, reader: &mut Reader<'_>) -> Option<Schema> {
    if !reader.object(root, "a schema") {
        return None;
    }
    reader.known_keys(root, "a schema", &["schema", "resources", "subjects", "administration"], HABITS);
    let mut draft = Draft::default();
    match root.get("schema") {
        Some(name) => {
            draft.name = reader.name(name, "the schema's name").map(String::from).unwrap_or_default()
        }
        None => reader.missing_key(root, "this schema", "schema", "add `\"schema\": \"NAME\"`"),
    }
    let mut uses = Uses::default();
    match root.get("resources") {
        Some(resources) if reader.object(resources, "`resources`") => {
            for (key, value) in resources.members() {
                if let Some(kind) = read_type(key, value, reader, &mut uses) {
                    draft.types.push(kind);
                }
            }
        }
        Some(_) => {}
        None => reader.missing_key(
            root,
            "this schema",
            "resources",
            "add `\"resources\": {\"TYPE\": {\"actions\": […]}}`",
        ),
    }
    if let Some(subjects) = root.get("subjects")
        && reader.object(subjects, "`subjects`")
    {
        reader.known_keys(subjects, "`subjects`", &["attributes"], &[]);
        if let Some(attributes) = subjects.get("attributes") {
            draft.subject_attributes = read_attributes(attributes, reader);
        }
    }
    draft.administration =
        root.get("administration").and_then(|value| read_administration(value, reader, &draft.types));
    if root.get("administration").is_none()
        && let Some((key, _)) = root
            .get("resources")
            .into_iter()
            .flat_map(|all| all.members())
            .find(|(key, _)| key.text() == "workspace")
    {
        let message = "the type `workspace` does not administer the workspace";
        let fault = reader.fault(Code::NoAdministration, key.span(), message.to_owned(), "");
        let help =
            "add `\"administration\": {\"workspace\": \"workspace\", \"membership\": \"TYPE\"}` if it is to";
        reader.push(fault.help(help));
    }
    let permissions = draft.types.iter().map(|kind| kind.actions.len()).sum();
    reader.within(permissions, reader.limits.permissions, "permission", "max-permissions", root.span());
    if reader.report.has_errors() {
        return None;
    }
    let built = draft.build();
    built.map_err(|error| reader.push(reader.fault(Code::OutOfNumbers, root.span(), error, ""))).ok()
}

/// Where each name was first used.
#[derive(Default)]
struct Uses(HashMap<String, (Span, &'static str)>);

impl Uses {
    /// Notes a use; says so when the name was used before.
    fn note(&mut self, name: &str, how: &'static str, value: Value<'_>, reader: &mut Reader<'_>) -> bool {
        if let Some(&(first, before)) = self.0.get(name) {
            let message = format!("{} is {how} here and {before} before", quoted(name));
            let source = Arc::clone(&reader.source);
            let fault = reader.fault(Code::NameUsedTwice, value.span(), message, "used again");
            let help = "a name is a type, an alias or a covered name, and stands once in a schema";
            reader.push(fault.also(&source, first, "first used here").help(help));
            return false;
        }
        self.0.insert(name.to_owned(), (value.span(), how));
        true
    }
}

fn read_type(
    key: Value<'_>,
    value: Value<'_>,
    reader: &mut Reader<'_>,
    uses: &mut Uses,
) -> Option<TypeDraft> {
    let name = vocabulary_name(key, "a resource type's name", reader)?;
    // A repeated key is reported by the JSON layer already.
    if uses.0.get(&name).is_some_and(|(_, how)| *how == "a type") || !uses.note(&name, "a type", key, reader)
    {
        return None;
    }
    let what = format!("the type {}", quoted(&name));
    if !reader.object(value, &what) {
        return None;
    }
    reader.known_keys(value, &what, &["actions", "aliases", "covers", "attributes", "status"], TYPE_HABITS);
    let mut kind = TypeDraft { name, ..TypeDraft::default() };
    match value.get("actions") {
        Some(actions) => {
            kind.actions = distinct(actions, "`actions`", reader);
            if kind.actions.is_empty() && actions.kind() == Kind::Array && actions.elements().next().is_none()
            {
                let message = format!("{what} admits no action");
                let help = "list the actions that make sense on it, or remove the type";
                reader.push(reader.fault(Code::NoActions, actions.span(), message, "").help(help));
            }
        }
        None => reader.missing_key(value, &what, "actions", "add `\"actions\": [\"read\", …]`"),
    }
    let mut others = |key: &str, how: &'static str, reader: &mut Reader<'_>| -> Vec<String> {
        let Some(list) = value.get(key) else { return Vec::new() };
        let named = reader.names(list, &format!("`{key}`"));
        let mut kept = Vec::new();
        for (element, name) in named {
            if no_star(element, &name, reader) && uses.note(&name, how, element, reader) {
                kept.push(name.into_owned());
            }
        }
        kept
    };
    kind.aliases = others("aliases", "an alias", reader);
    kind.covers = others("covers", "a covered name", reader);
    if let Some(status) = value.get("status") {
        kind.reserved = status.text() == "reserved" && status.is_text();
        if !kind.reserved && status.kind() != Kind::Fault {
            let message = format!("the status {} is not known", quoted(&status.text()));
            let fault = reader.fault(Code::UnknownStatus, status.span(), message, "");
            let help = "the only status is `reserved`; leave the key out otherwise";
            reader.push(fault.help(help).replace(&Arc::clone(&reader.source), status.span(), "\"reserved\""));
        }
    }
    if let Some(attributes) = value.get("attributes") {
        kind.attributes = read_attributes(attributes, reader);
    }
    Some(kind)
}

/// The names of a list, each once.
fn distinct(list: Value<'_>, what: &str, reader: &mut Reader<'_>) -> Vec<String> {
    let mut first: HashMap<String, Span> = HashMap::new();
    let mut kept = Vec::new();
    for (element, name) in reader.names(list, what) {
        if !no_star(element, &name, reader) {
            continue;
        }
        if let Some(&before) = first.get(&*name) {
            let message = format!("{} stands twice in {what}", quoted(&name));
            let source = Arc::clone(&reader.source);
            let fault = reader.fault(Code::NameUsedTwice, element.span(), message, "again here");
            reader.push(fault.also(&source, before, "first here").help("remove one of the two"));
            continue;
        }
        first.insert(name.to_string(), element.span());
        kept.push(name.into_owned());
    }
    kept
}

fn vocabulary_name(value: Value<'_>, what: &str, reader: &mut Reader<'_>) -> Option<String> {
    let name = reader.name(value, what)?;
    no_star(value, &name, reader).then(|| name.into_owned())
}

fn no_star(value: Value<'_>, name: &str, reader: &mut Reader<'_>) -> bool {
    if name.contains('*') {
        let message = format!("the name {} holds a `*`", quoted(name));
        let fault = reader.fault(Code::IllegalName, value.span(), message, "");
        reader.push(
            fault.help("`*` makes patterns in policies, so no action, type, alias or covered name has one"),
        );
    }
    !name.contains('*')
}

fn read_attributes(attributes: Value<'_>, reader: &mut Reader<'_>) -> Attributes {
    if !reader.object(attributes, "`attributes`") {
        return Attributes::default();
    }
    let mut declared = Vec::new();
    for (key, value) in attributes.members() {
        let what = format!("the attribute {}", quoted(&key.text()));
        let path = reader.name(key, "an attribute's path").filter(|path| is_path(key, path, reader));
        if !reader.object(value, &what) {
            continue;
        }
        reader.known_keys(value, &what, &["type", "from"], ATTRIBUTE_HABITS);
        let kind = match value.get("type") {
            Some(kind) => one_of(kind, &what, AttributeType::ALL, AttributeType::as_str, reader),
            None => {
                reader.missing_key(value, &what, "type", "add `\"type\": \"string\"`");
                None
            }
        };
        let from = value
            .get("from")
            .map_or(Some(Origin::default()), |from| one_of(from, &what, Origin::ALL, Origin::as_str, reader));
        if let (Some(path), Some(kind), Some(from)) = (path, kind, from) {
            declared.push((path.into(), Declared { kind: Some(kind), from }));
        }
    }
    Attributes::new(declared)
}

/// Whether a condition could ask about the path; says so when not.
fn is_path(key: Value<'_>, path: &str, reader: &mut Reader<'_>) -> bool {
    let first = path.split('.').next().unwrap_or("");
    let trouble = if path.split('.').any(str::is_empty) {
        "has an empty part"
    } else if path.split('.').count() >= MOST_PARTS {
        "has too many parts"
    } else if matches!(first, "id" | "type") {
        "is the entity's own, which needs no declaration"
    } else {
        return true;
    };
    let fault =
        reader.fault(Code::BadAttribute, key.span(), format!("the path {} {trouble}", quoted(path)), "");
    let help = format!(
        "a path is the keys down to the attribute, up to {} of them, with dots between",
        MOST_PARTS - 1
    );
    reader.push(fault.help(help));
    false
}

fn one_of<T: Copy, const N: usize>(
    value: Value<'_>,
    what: &str,
    known: [T; N],
    word: fn(T) -> &'static str,
    reader: &mut Reader<'_>,
) -> Option<T> {
    if !value.is_text() {
        reader.wrong_shape(value, what, "a string");
        return None;
    }
    let found = known.into_iter().find(|&known| word(known) == value.text());
    if found.is_none() {
        let message = format!("{what} says {}, which is not known", quoted(&value.text()));
        let fault = reader.fault(Code::BadAttribute, value.span(), message, "");
        let known: Vec<String> = known.iter().map(|&name| quoted(word(name))).collect();
        reader.push(fault.help(format!("write one of {}", known.join(", "))));
    }
    found
}

fn read_administration(
    value: Value<'_>,
    reader: &mut Reader<'_>,
    types: &[TypeDraft],
) -> Option<Administration> {
    if !reader.object(value, "`administration`") {
        return None;
    }
    reader.known_keys(value, "`administration`", &["workspace", "membership"], &[]);
    let mut named = |key: &str| -> Option<String> {
        let Some(entry) = value.get(key) else {
            reader.missing_key(value, "`administration`", key, &format!("add `\"{key}\": \"TYPE\"`"));
            return None;
        };
        let name = reader.name(entry, "the name of an administration type")?;
        if !types.iter().any(|kind| *kind.name == *name) {
            let message = format!("{} is no resource type of this schema", quoted(&name));
            let near = reader.suggester.nearest(&name, types.iter().map(|kind| &*kind.name));
            let fault = reader.fault(Code::UnknownAdministration, entry.span(), message, "");
            reader.push(match near {
                Some(near) => fault.meant(near),
                None => fault.help("name one of its types"),
            });
            return None;
        }
        Some(name.into_owned())
    };
    Some(Administration { workspace: named("workspace")?, membership: named("membership")? })
}
