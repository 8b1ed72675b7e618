//! Standing rules: what must hold of the workspace whatever is changed.

use std::sync::Arc;

use portcullis::rules::Rules;
use portcullis::text::quoted;
use portcullis::{NoFiles, Report, Source};
use portcullis_store::{Key, Row, Rule};
use serde_json::Value;

use super::{Author, Made, bounded, find_rule, is_fresh};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::Which;
use crate::outside::new_id;
use crate::service::draft::Draft;
use crate::state::State;

/// A file of some rules, each under its name.
pub(in crate::service) fn file_of<'r>(
    rules: impl Iterator<Item = &'r Rule>,
) -> Result<Option<Rules>, Refusal> {
    let mut texts = Vec::new();
    for rule in rules {
        let mut value: Value =
            serde_json::from_str(&rule.text).map_err(|error| Refusal::Invalid(format!("a rule: {error}")))?;
        if let Value::Object(keys) = &mut value {
            keys.insert("name".to_owned(), Value::String(rule.name.clone()));
        }
        texts.push(value);
    }
    if texts.is_empty() {
        return Ok(None);
    }
    let text = serde_json::json!({ "rules": texts }).to_string();
    let source: Arc<Source> = Source::new("rules", &*text);
    Ok(Some(Rules::read(&source, &NoFiles).map_err(Refusal::Faults)?.0))
}

/// Whether a rule speaks of a role by its name.
pub(super) fn names_role(text: &str, role: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return true };
    let mut open = vec![(&value, false)];
    while let Some((value, about)) = open.pop() {
        match value {
            Value::String(name) if about && name == role => return true,
            Value::Array(items) => open.extend(items.iter().map(|item| (item, about))),
            Value::Object(keys) => {
                open.extend(keys.iter().map(|(key, value)| (value, key == "role" || key == "roles")));
            }
            _ => {}
        }
    }
    false
}

/// Refuses a rule that cannot be read, or names what is not there.
fn sound(draft: &Draft<'_>, rule: &Rule) -> Result<Report, Refusal> {
    bounded("bytes of a rule", rule.text.len(), draft.bounds.rule_bytes)?;
    let Some(rules) = file_of(std::iter::once(rule))? else { return Ok(Report::new()) };
    let report = rules.check(&draft.writer.candidate());
    if report.has_errors() { Err(Refusal::Faults(report)) } else { Ok(report) }
}

pub(super) fn add(draft: &mut Draft<'_>, name: &str, text: &str) -> Result<Made, Refusal> {
    fit("standing rule", name)?;
    bounded("standing rules", draft.state.rules.len() + 1, draft.bounds.rules)?;
    if let Some(other) = free(draft.state, name) {
        return Err(Refusal::Conflict(format!("there is a standing rule {} already", quoted(&other))));
    }
    let id = new_id(draft.outside)?;
    let rule =
        Rule { id, version: draft.state.next_revision(), name: name.to_owned(), text: text.to_owned() };
    let warnings = sound(draft, &rule)?;
    draft.put(Row::Rule(rule))?;
    Ok(Made { warnings: Some(warnings), ..Made::thing(id) })
}

fn free(state: &State, name: &str) -> Option<String> {
    let id = state.rule_names.get(&folded(name))?;
    state.rules.get(id).map(|rule| rule.name.clone())
}

/// Who may loosen what holds everybody: the built-in role `admin`.
fn may_loosen(draft: &Draft<'_>, author: &Author<'_>) -> Result<(), Refusal> {
    if author.holds.is_admin(draft.state) {
        return Ok(());
    }
    let message = "changing or removing a standing rule needs the built-in role `admin`, and a key that no policy narrows";
    Err(Refusal::NotAllowed(message.to_owned()))
}

pub(super) fn set(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    which: &Which,
    text: &str,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let rule = find_rule(draft.state, which)?;
    is_fresh("standing rule", &rule.name, version, rule.version)?;
    may_loosen(draft, author)?;
    let rule = Rule { version: draft.state.next_revision(), text: text.to_owned(), ..rule };
    let (id, warnings) = (rule.id, sound(draft, &rule)?);
    draft.put(Row::Rule(rule))?;
    Ok(Made { warnings: Some(warnings), ..Made::thing(id) })
}

pub(super) fn remove(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    which: &Which,
    version: Option<u64>,
) -> Result<Made, Refusal> {
    let rule = find_rule(draft.state, which)?;
    is_fresh("standing rule", &rule.name, version, rule.version)?;
    may_loosen(draft, author)?;
    draft.take(Key::Rule(rule.id))?;
    Ok(Made::thing(rule.id))
}
