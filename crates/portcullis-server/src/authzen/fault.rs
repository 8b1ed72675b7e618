//! What is the matter with a body, in one line.
//!
//! serde_json says what it expected and what it found, with the place. A caller over HTTP is told the same in plain words and by the
//! names of the fields, never with what stood there: that may be long, or a secret in the wrong field. A line of a file has no
//! lines, so there a place is a column; its words are older than the server and are what people's scripts know. Nothing here is
//! longer than some 250 characters, whatever was sent.

use std::fmt;

use super::Forms;

/// Why a body, or an item of one, cannot be read: a lower-case sentence of bounded length. Over HTTP it is status 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Fault {
    words: Box<str>,
}

impl Fault {
    /// A fault in these words, which are cut when they are long.
    pub(super) fn new(words: impl Into<String>) -> Self {
        Fault { words: bounded(words.into()).into() }
    }

    /// What serde_json says of a text.
    pub(super) fn of(error: &serde_json::Error, forms: Forms, place: Place) -> Self {
        let is_data = error.is_data();
        let words = match forms {
            Forms::StringsToo => bounded(error.to_string().replace(" at line 1 column ", " at column ")),
            Forms::ObjectsOnly => plainly(error, place),
        };
        if is_data { Fault { words: words.into() } } else { Fault::new(format!("not JSON: {words}")) }
    }

    /// The sentence.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// What lines and columns are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The beginning of the body.
    Body,
    /// The beginning of an item, which is a text of its own.
    Item,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Place::Item { " of the item" } else { "" })
    }
}

fn plainly(error: &serde_json::Error, place: Place) -> String {
    let words = error.to_string();
    let at = format!(" at line {} column {}", error.line(), error.column());
    let (words, at) = match words.strip_suffix(&at) {
        Some(words) => (words, format!("{at}{place}")),
        None => (words.as_str(), String::new()),
    };
    // What was found may hold anything; what was expected is ours, and stands last.
    let parts = words.strip_prefix("invalid type: ").and_then(|parts| parts.rsplit_once(", expected "));
    match parts {
        Some((found, expected)) => format!("expected {expected}, found {}{at}", kind(found)),
        None => format!("{}{at}", bounded(words.to_owned())),
    }
}

/// The kind of value that serde_json's words begin with.
fn kind(found: &str) -> &'static str {
    let starts = |words: &[&str]| words.iter().any(|word| found.starts_with(word));
    match found {
        _ if starts(&["integer", "floating point", "number"]) => "a number",
        _ if starts(&["string", "character"]) => "a string",
        _ if starts(&["boolean"]) => "a boolean",
        _ if starts(&["sequence"]) => "a list",
        _ if starts(&["map"]) => "an object",
        _ => "null",
    }
}

/// A message that quotes what was found may quote a megabyte of it.
fn bounded(words: String) -> String {
    const MOST: usize = 240;
    let count = words.chars().count();
    if count <= MOST {
        return words;
    }
    let (head, tail) = (MOST * 2 / 3, MOST / 3);
    let (first, last) = (words.chars().take(head), words.chars().skip(count - tail));
    first.chain(" … ".chars()).chain(last).collect()
}
