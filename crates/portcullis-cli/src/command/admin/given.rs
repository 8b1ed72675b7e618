//! What is given to a command: texts out of files, properties, a time.
//!
//! Everything is bounded here already, so that nobody waits for a file of a gigabyte to be refused.

use std::path::Path;
use std::sync::Arc;

use portcullis::Source;
use portcullis::text::quoted;
use portcullis_server::{Bounds, Outside as _, Properties, Scope, System, Which};
use serde_json::Value;

use super::around::Around;
use crate::clock;
use crate::exit::Failure;
use crate::files;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// The text of a file of at most so many bytes; `-` is standard input.
pub(crate) fn text(around: &Around, file: &Path, most: usize) -> Result<String, Failure> {
    let name = || quoted(&files::shown(file));
    let bytes = around.read_within(file, most)?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::with_help(format!("cannot read {}: it is no UTF-8 text", name()), "save it as UTF-8")
    })
}

/// A policy document, by the name of its file.
pub(crate) fn document(around: &Around, file: &Path) -> Result<Arc<Source>, Failure> {
    Ok(Source::new(files::shown(file), text(around, file, Bounds::default().document_bytes)?))
}

/// Properties: a JSON object, or `@FILE` that holds one, digit for digit; nothing for an empty one.
pub(crate) fn properties(around: &Around, typed: &str) -> Result<Option<Properties>, Failure> {
    let most = Bounds::default().properties_bytes;
    let read = typed.strip_prefix('@').map(|file| text(around, Path::new(file), most));
    let text = read.transpose()?;
    let (from, text) = match &text {
        Some(text) => (typed, text.trim()),
        None => ("--properties", typed.trim()),
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(properties)) if properties.is_empty() => Ok(None),
        Ok(Value::Object(_)) => Ok(Some(Properties::of_text(text))),
        Ok(_) => Err(format!("expected a JSON object in {}, found other JSON", quoted(from))),
        Err(error) => Err(format!("expected a JSON object in {}: {error}", quoted(from))),
    }
    .map_err(|message| {
        Failure::with_help(message, "properties are given as '{\"team\": \"data\"}', or as @FILE")
    })
}

/// A time as RFC 3339 writes it, or the end of the day (in UTC) that is so many days from now: what a dry run showed is the same a minute later.
pub(crate) fn expiry(typed: &str) -> Result<i64, Failure> {
    if let Some(days) = typed.parse::<u16>().ok().filter(|days| *days > 0) {
        let today = System.now().div_euclid(DAY);
        return Ok(today.saturating_add(i64::from(days) + 1).saturating_mul(DAY));
    }
    clock::millis_of(typed).ok_or_else(|| {
        let message = format!("expected a time or a number of days, found {}", quoted(typed));
        Failure::with_help(message, "a time is written 2030-01-31T12:00:00Z; days are 1 to 65535")
    })
}

/// Scopes by their words; `all` for all of them.
pub(crate) fn scopes(typed: &[String]) -> Result<Vec<Scope>, Failure> {
    if typed == ["all"] {
        return Ok(Scope::ALL.to_vec());
    }
    let scope = |word: &String| {
        Scope::parse(word).ok_or_else(|| {
            let message = format!("there is no scope {}", quoted(word));
            Failure::with_help(
                message,
                "the scopes are decide, objects, directory and keys; `all` for all of them",
            )
        })
    };
    typed.iter().map(scope).collect()
}

/// A name or id, if one was given.
pub(crate) fn which(typed: Option<&String>) -> Option<Which> {
    typed.map(|typed| Which(typed.clone()))
}
