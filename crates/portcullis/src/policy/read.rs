//! Reading a policy document: rules 2, 3 and 9 of the language; `conditions` reads what rule 10 is about.
//!
//! Knows no schema: names are checked for being names, not for being known. A statement with a fault
//! is left out of the document, which then is never handed out, and reading goes on with the next.

use std::sync::Arc;

use super::conditions::read_conditions;
use super::document::{Document, Effect, Name, Names, VERSION, Written};
use crate::diagnostic::{Code, Report};
use crate::json::{Kind, Tape, Value};
use crate::limits::Limits;
use crate::read::{Habit, Reader, first_line, fits};
use crate::source::Source;
use crate::text::quoted;

const HABITS: &[Habit] = &[
    Habit { written: "statement", known: "policies" },
    Habit { written: "statements", known: "policies" },
    Habit { written: "policy", known: "policies" },
    Habit { written: "rules", known: "policies" },
];

const STATEMENT_KEYS: &[&str] = &["effect", "actions", "resource", "conditions"];

const STATEMENT_HABITS: &[Habit] = &[
    Habit { written: "action", known: "actions" },
    Habit { written: "resources", known: "resource" },
    Habit { written: "condition", known: "conditions" },
    Habit { written: "where", known: "conditions" },
    Habit { written: "verbs", known: "actions" },
];

impl Document {
    /// Reads a policy document, with the default limits. The report beside it holds warnings.
    ///
    /// # Errors
    /// Every fault of the text, in the order of the text.
    ///
    /// ```
    /// use portcullis::{Document, Source};
    /// let text = r#"{"version": "2022-04-26", "policies": [{"efect": "allow", "actions": "*", "resource": "sync"}]}"#;
    /// let report = Document::read(&Source::new("role.json", text)).unwrap_err();
    /// let first = report.iter().next().unwrap();
    /// assert_eq!(first.to_string(), "role.json:1:41: error[P0103]: a statement has no key `efect`");
    /// assert_eq!(first.help.as_deref(), Some("did you mean `effect`?"));
    /// ```
    pub fn read(source: &Arc<Source>) -> Result<(Document, Report), Report> {
        Document::read_within(source, &Limits::default())
    }

    /// Reads a policy document within limits.
    ///
    /// # Errors
    /// Every fault of the text, in the order of the text.
    pub fn read_within(source: &Arc<Source>, limits: &Limits) -> Result<(Document, Report), Report> {
        match Document::attempt(source, limits) {
            (Some(document), report) => report.sorted().finish(document),
            (None, report) => Err(report),
        }
    }

    /// Reads what can be read. When the report has errors, the document is good only for finding more of them.
    pub(crate) fn attempt(source: &Arc<Source>, limits: &Limits) -> (Option<Document>, Report) {
        let mut report = Report::new();
        if !fits(source, limits.document_bytes, "max-document-bytes", &mut report) {
            return (None, report);
        }
        let tape = Tape::read(source, limits, &mut report);
        let document =
            tape.map(|tape| read_document(tape.root(), &mut Reader::new(source, limits, &mut report)));
        (document, report)
    }
}

/// Reads the document that a value is; what is at fault in it goes to the reader's report.
pub(crate) fn read_document(root: Value<'_>, reader: &mut Reader<'_>) -> Document {
    let mut document = Document { span: root.span(), ..Document::empty(&reader.source) };
    if bare_statement(root, reader) || !reader.object(root, "a policy document") {
        return document;
    }
    reader.known_keys(root, "a policy document", &["version", "policies"], HABITS);
    match root.get("version") {
        Some(version) => read_version(version, reader),
        None => {
            let help = format!("add `\"version\": \"{VERSION}\"`");
            reader.missing_key(root, "this policy document", "version", &help);
        }
    }
    let Some(policies) = root.get("policies") else {
        let help = "add `\"policies\": []`; an empty list denies everything";
        reader.missing_key(root, "this policy document", "policies", help);
        return document;
    };
    if policies.kind() != Kind::Array {
        reader.wrong_shape(policies, "`policies`", "a list of statements");
        return document;
    }
    let count = policies.elements().count();
    if !reader.within(count, reader.limits.statements, "statement", "max-statements", policies.span()) {
        return document;
    }
    document.statements.reserve(count);
    for value in policies.elements() {
        if let Some(statement) = read_statement(value, &mut document, reader) {
            document.statements.push(statement);
        }
    }
    document
}

/// A statement, or a list of statements, without the wrapper around it: what the eye copies from a web page.
fn bare_statement(root: Value<'_>, reader: &mut Reader<'_>) -> bool {
    let is_statement = |value: Value<'_>| value.get("effect").is_some() && value.get("policies").is_none();
    let list = root.kind() == Kind::Array && root.elements().next().is_some_and(is_statement);
    if !list && !is_statement(root) {
        return false;
    }
    let (what, inside) = if list {
        ("a list of statements without its document", root.raw().to_owned())
    } else {
        ("a statement without its document", format!("[{}]", root.raw()))
    };
    let span = first_line(&reader.source, root.span());
    let fault =
        reader.fault(Code::BareStatement, span, format!("this is {what}"), "put the wrapper around it");
    let mended = format!("{{\"version\": \"{VERSION}\", \"policies\": {inside}}}");
    let help = format!("wrap it: {{\"version\": \"{VERSION}\", \"policies\": […]}}");
    reader.push(fault.help(help).replace(&Arc::clone(&reader.source), root.span(), mended));
    // The statements themselves may have faults too.
    let mut document = Document::empty(&reader.source);
    let single = (!list).then_some(root);
    for value in root.elements().chain(single) {
        read_statement(value, &mut document, reader);
    }
    true
}

fn read_version(version: Value<'_>, reader: &mut Reader<'_>) {
    if version.is_text() && version.text() == VERSION {
        return;
    }
    if version.kind() == Kind::Fault {
        return;
    }
    let message = format!("the version must be \"{VERSION}\", found {}", quoted(&version.text()));
    let fault = reader.fault(Code::UnknownVersion, first_line(&reader.source, version.span()), message, "");
    let help = format!("write \"{VERSION}\": it names the language, not the day of your change");
    let mended = format!("\"{VERSION}\"");
    reader.push(fault.help(help).replace(&Arc::clone(&reader.source), version.span(), mended));
}

fn read_statement(value: Value<'_>, document: &mut Document, reader: &mut Reader<'_>) -> Option<Written> {
    if !reader.object(value, "a statement") {
        return None;
    }
    reader.known_keys(value, "a statement", STATEMENT_KEYS, STATEMENT_HABITS);
    // Under a misspelt key, which is reported already, the value is read for its own faults.
    let meant = |key: &str| value.get(key).or_else(|| misspelt(value, key));
    // Whatever is amiss, the report has an error, and what stands in for it is never handed out.
    let effect = match meant("effect") {
        Some(effect) => read_effect(effect, reader),
        None => {
            reader.missing_key(
                value,
                "a statement",
                "effect",
                "add `\"effect\": \"allow\"` or `\"effect\": \"deny\"`",
            );
            Effect::Allow
        }
    };
    let actions = match meant("actions") {
        Some(actions) => read_names(actions, "`actions`", &mut document.names, reader),
        None => {
            let help = "add `\"actions\": [\"read\"]`, or `\"*\"` for all";
            reader.missing_key(value, "a statement", "actions", help);
            None
        }
    };
    let resource = match meant("resource") {
        Some(resource) => read_names(resource, "`resource`", &mut document.names, reader),
        None => {
            let help = "add `\"resource\": [\"sync\"]`, or `\"*\"` for all";
            reader.missing_key(value, "a statement", "resource", help);
            None
        }
    };
    let conditions = meant("conditions").and_then(|conditions| read_conditions(conditions, document, reader));
    // What could not be read leaves a list that is not whole, so that the rest is still looked at.
    let missing = Names { span: value.span(), first: document.names.len() as u32, count: 0, whole: false };
    let (actions, resource) = (actions.unwrap_or(missing), resource.unwrap_or(missing));
    Some(Written { span: value.span(), effect, actions, resource, conditions })
}

/// The value under a key that is not known but was probably meant to be `key`.
fn misspelt<'t>(statement: Value<'t>, key: &str) -> Option<Value<'t>> {
    let close = |written: &str| {
        let habit = STATEMENT_HABITS.iter().any(|habit| habit.known == key && habit.written == written);
        habit || strsim::osa_distance(written, key) <= 2
    };
    let mut others = statement.members().filter(|(name, _)| !STATEMENT_KEYS.contains(&&*name.text()));
    others.find(|(name, _)| close(&name.text().to_ascii_lowercase())).map(|(_, value)| value)
}

fn read_effect(value: Value<'_>, reader: &mut Reader<'_>) -> Effect {
    let text = value.text();
    match &*text {
        "allow" if value.is_text() => return Effect::Allow,
        "deny" if value.is_text() => return Effect::Deny,
        _ => {}
    }
    if !value.is_text() {
        reader.wrong_shape(value, "`effect`", "\"allow\" or \"deny\"");
        return Effect::Allow;
    }
    let message = format!("the effect must be \"allow\" or \"deny\", found {}", quoted(&text));
    let fault = reader.fault(Code::UnknownEffect, value.span(), message, "");
    let meant = match text.trim().to_ascii_lowercase().as_str() {
        "allow" | "permit" | "grant" | "allowed" => Some(Effect::Allow),
        "deny" | "forbid" | "block" | "denied" => Some(Effect::Deny),
        _ => None,
    };
    let source = Arc::clone(&reader.source);
    reader.push(match meant.map(Effect::as_str) {
        Some(mend) => fault.help(format!("write \"{mend}\", in lower case")).replace(
            &source,
            value.span(),
            format!("\"{mend}\""),
        ),
        None => fault.help("write \"allow\" to grant, \"deny\" to take away whatever else grants it"),
    });
    meant.unwrap_or(Effect::Allow)
}

/// A string, or a list of strings.
fn read_names(value: Value<'_>, what: &str, names: &mut Vec<Name>, reader: &mut Reader<'_>) -> Option<Names> {
    let first = names.len() as u32;
    let mut whole = true;
    if value.is_text() {
        reader.name(value, &format!("a name in {what}"))?;
        names.push(name_of(value));
    } else if value.kind() == Kind::Array {
        let count = value.elements().count();
        if !reader.within(count, reader.limits.list_names, "name", "max-names", value.span()) {
            return None;
        }
        for element in value.elements() {
            // A name is checked without being copied; only trouble is put into words.
            if is_plain_name(element) || reader.name(element, &format!("a name in {what}")).is_some() {
                names.push(name_of(element));
            } else {
                whole = false;
            }
        }
    } else {
        reader.wrong_shape(value, what, "a name, a list of names or \"*\"");
        return None;
    }
    Some(Names { span: value.span(), first, count: names.len() as u32 - first, whole })
}

fn is_plain_name(value: Value<'_>) -> bool {
    let bytes = value.span().range().len();
    value.kind() == Kind::Text && (3..=crate::limits::NAME_BYTES + 2).contains(&bytes)
}

fn name_of(value: Value<'_>) -> Name {
    Name { span: value.span(), escaped: value.kind() == Kind::EscapedText }
}
