//! Diagnostics as SARIF 2.1.0, for code scanning services and for editors that read it.
//!
//! One run; the rules are the codes that were found, with their pages as help. Columns count characters, as they do everywhere
//! here, and the log says so. Paths are relative to where the command ran, since that is what services match with
//! a repository; no path of the machine gets in unless it was typed. A diagnostic keeps its identity when lines move:
//! its fingerprint is made of the code, the message and the text at fault, never of its place. What several of the files that were
//! given lead to is reported once: a role that is linted by itself and with its workspace.

use std::collections::{HashMap, HashSet};

use portcullis::diagnostic::{Code, Label, Replacement};
use portcullis::text::{counted, printable};
use portcullis::{Diagnostic, Report, Source, Span};
use serde_json::{Map, Value, json};

use crate::files::STANDARD_SHOWN;

/// Where the schema that the log follows is published.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Bytes of the text at fault that go into a fingerprint; a whole document may be at fault.
const IDENTIFYING: usize = 200;

/// A file that was looked at, under the name that people know it by.
#[derive(Debug)]
pub(crate) struct Linted {
    pub(crate) name: String,
    pub(crate) report: Report,
}

/// A file that could not be looked at, and why.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) name: String,
    pub(crate) why: String,
}

/// The whole log.
pub(crate) fn log(linted: &[Linted], unread: &[Unread]) -> Value {
    let mut rules: Vec<Code> = linted.iter().flat_map(|file| &file.report).map(|found| found.code).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut log = Log { rules, told: HashSet::new(), seen: HashMap::new() };
    let all = linted.iter().flat_map(|file| file.report.iter().map(move |found| (file, found)));
    let results: Vec<Value> = all.filter_map(|(file, found)| log.result(file, found)).collect();
    let told: Vec<Value> = unread
        .iter()
        .map(|file| notification("error", &file.name, &file.why))
        .chain(linted.iter().filter(|file| file.report.dropped() > 0).map(|file| {
            let more = format!("{} more not listed", counted(file.report.dropped(), "diagnostic"));
            notification("warning", &file.name, &more)
        }))
        .collect();
    let mut invocation = json!({ "executionSuccessful": unread.is_empty() });
    if let (Some(invocation), false) = (invocation.as_object_mut(), told.is_empty()) {
        invocation.insert("toolExecutionNotifications".to_owned(), Value::Array(told));
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "portcullis",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": log.rules.iter().copied().map(rule).collect::<Value>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    })
}

/// What is said of a code once, for all of its results.
fn rule(code: Code) -> Value {
    let name: String = code.title().split_whitespace().map(capitalised).collect();
    json!({
        "id": code.as_str(),
        "name": name,
        "shortDescription": { "text": message_text(code.title()) },
        "fullDescription": { "text": message_text(code.why()) },
        // Shown as it stands: nobody fills placeholders or follows links in the JSON of an example.
        "help": { "text": code.why(), "markdown": code.page() },
        "defaultConfiguration": { "level": code.severity().as_str() },
    })
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars().filter(|c| c.is_alphanumeric());
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// A text for people inside a message, where `[text](place)` is a link and `{0}` a place to fill in (SARIF 3.11.5 and 3.11.6): a
/// name from a document must make neither. Braces are doubled, as the standard says. Brackets it lets stand anywhere but in a
/// link's text, and a backslash before them is no safe escape, since viewers look for `](` and not for backslashes: so
/// these two are kept apart. Escaped characters are written without braces, which would be doubled too.
fn message_text(text: &str) -> String {
    let text = printable(text);
    let mut safe = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(c) = rest.chars().next() {
        if let Some((code, after)) = escaped(rest) {
            safe.push_str(&if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") });
            rest = after;
            continue;
        }
        match c {
            '(' if safe.ends_with(']') => safe.push_str(" ("),
            '{' | '}' => safe.extend([c, c]),
            _ => safe.push(c),
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    safe
}

/// A character that was escaped at the beginning of a text, as `\u{1b}`, and what comes after it.
fn escaped(text: &str) -> Option<(u32, &str)> {
    let (digits, after) = text.strip_prefix("\\u{")?.split_once('}')?;
    let are_digits = (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    Some((u32::from_str_radix(digits, 16).ok().filter(|_| are_digits)?, after))
}

fn message(text: &str) -> Value {
    json!({ "text": message_text(text) })
}

/// What is to be said about a file rather than about something in it.
fn notification(level: &str, name: &str, text: &str) -> Value {
    json!({
        "level": level,
        "message": message(text),
        "locations": [{ "physicalLocation": { "artifactLocation": location(name) } }],
    })
}

/// What is known while the results are written.
struct Log {
    rules: Vec<Code>,
    /// What was told already: code, place and message.
    told: HashSet<(Code, String, String)>,
    /// How often an identity was met in a file, by the file's address.
    seen: HashMap<(String, u64), u32>,
}

impl Log {
    /// A result, unless the same was told already.
    fn result(&mut self, file: &Linted, found: &Diagnostic) -> Option<Value> {
        let mut text = message_text(&found.message);
        if let Some(help) = &found.help {
            text.push_str("\nhelp: ");
            text.push_str(&message_text(help));
        }
        let place = match &found.primary {
            Some(label) => labelled(label),
            // A file that is wrong as a whole: too large, or with too many of something.
            None => json!({ "physicalLocation": { "artifactLocation": location(&file.name) } }),
        };
        if !self.told.insert((found.code, place.to_string(), text.clone())) {
            return None;
        }
        let mut result = Map::new();
        let mut put = |key: &str, value: Value| result.insert(key.to_owned(), value);
        put("ruleId", json!(found.code.as_str()));
        put("ruleIndex", json!(self.rules.binary_search(&found.code).unwrap_or(0)));
        put("level", json!(found.severity.as_str()));
        put("message", json!({ "text": text }));
        put("locations", json!([place]));
        if !found.secondary.is_empty() {
            let numbered = found.secondary.iter().enumerate().map(|(index, label)| {
                let mut place = labelled(label);
                if let Some(place) = place.as_object_mut() {
                    place.insert("id".to_owned(), json!(index));
                }
                place
            });
            put("relatedLocations", numbered.collect());
        }
        if let Some(replacement) = &found.replacement {
            put("fixes", json!([fix(replacement, found.help.as_deref().unwrap_or("change it"))]));
        }
        put("partialFingerprints", json!({ "primaryLocationLineHash": self.fingerprint(file, found) }));
        Some(Value::Object(result))
    }

    /// The identity of a diagnostic in its file, and the how-manieth of that identity it is. The key that it stands under is the
    /// one that GitHub reads; what it holds is up to the tool.
    fn fingerprint(&mut self, file: &Linted, found: &Diagnostic) -> String {
        let name = found.primary.as_ref().map_or(&*file.name, |label| label.source.name());
        let at_fault = found.snippet().as_bytes();
        let parts = [found.code.as_str().as_bytes(), found.message.as_bytes()];
        let identity = fnv(parts.into_iter().chain([at_fault.get(..IDENTIFYING).unwrap_or(at_fault)]));
        let times = self.seen.entry((location(name).to_string(), identity)).or_insert(0);
        *times += 1;
        format!("{identity:016x}:{times}")
    }
}

/// The Fowler–Noll–Vo hash of parts, 64 bits: small, and the same on every machine and in every version.
fn fnv<'t>(parts: impl Iterator<Item = &'t [u8]>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    parts.fold(0xcbf2_9ce4_8422_2325, |hash, part| step(part.iter().copied().fold(hash, step), 0xff))
}

fn labelled(label: &Label) -> Value {
    let physical = json!({
        "artifactLocation": location(label.source.name()),
        "region": region(&label.source, label.span),
    });
    if label.text.is_empty() {
        json!({ "physicalLocation": physical })
    } else {
        json!({ "physicalLocation": physical, "message": message(&label.text) })
    }
}

/// A mend: one piece of one file, and what takes its place.
fn fix(replacement: &Replacement, description: &str) -> Value {
    json!({
        "description": message(description),
        "artifactChanges": [{
            "artifactLocation": location(replacement.source.name()),
            "replacements": [{
                "deletedRegion": region(&replacement.source, replacement.span),
                "insertedContent": { "text": replacement.text },
            }],
        }],
    })
}

/// Lines and columns from 1, the end just after the last character. A byte order mark is no character of the text.
fn region(source: &Source, span: Span) -> Value {
    let mark = u32::from(source.text().starts_with('\u{feff}'));
    let [start, end] = [span.start, span.end].map(|at| {
        let at = source.position(at);
        let column = if at.line == 1 { at.column.saturating_sub(mark).max(1) } else { at.column };
        (at.line, column)
    });
    json!({ "startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1 })
}

/// The address of a file; standard input has none.
fn location(name: &str) -> Value {
    if name == STANDARD_SHOWN {
        return json!({ "description": { "text": STANDARD_SHOWN } });
    }
    json!({ "uri": uri(name) })
}

/// The URI reference of a path as typed: relative ones stay relative, without `.` and `..` as far as that goes.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let drive = cfg!(windows) && path.get(1..3) == Some(":/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let encoded: Vec<String> = parts.into_iter().map(encoded).collect();
    let encoded = encoded.join("/");
    if path.starts_with('/') || drive { format!("file:///{encoded}") } else { encoded }
}

/// A part of a path with every byte encoded that could mean something in a URI.
fn encoded(part: &str) -> String {
    let mut safe = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+,=".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        for (path, expected) in [
            ("roles/a.json", "roles/a.json"),
            ("./roles/../a b.json", "a%20b.json"),
            ("../../x/./y.json", "../../x/y.json"),
            ("/srv/a.json", "file:///srv/a.json"),
            ("c:a/é#?%.json", "c%3Aa/%C3%A9%23%3F%25.json"),
            ("ann@acme.example/[1].json", "ann@acme.example/%5B1%5D.json"),
        ] {
            assert_eq!(uri(path), expected, "{path}");
        }
    }

    #[test]
    fn columns_count_characters_and_no_byte_order_mark() {
        let text = "\u{feff}{ \"é𝄞\": 1\n, \"b\": 2 }";
        let source = Source::new("a.json", text);
        let of = |needle: &str| {
            let at = text.find(needle).unwrap();
            region(&source, Span::new(at as u32, (at + needle.len()) as u32))
        };
        assert_eq!(of("1"), json!({ "startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 10 }));
        assert_eq!(of("\"b\""), json!({ "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6 }));
        assert_eq!(of(text), json!({ "startLine": 1, "startColumn": 1, "endLine": 2, "endColumn": 11 }));
    }

    #[test]
    fn an_identity_stays_when_lines_move_and_tells_equals_apart() {
        let fingerprints = |text: &str| -> Vec<String> {
            let source = Source::new("a.json", text);
            let schema = portcullis::Schema::hightouch().unwrap();
            let read =
                portcullis::read_any(&source, &schema, &portcullis::NoFiles, &portcullis::Limits::default());
            let linted = Linted { name: "a.json".to_owned(), report: read.unwrap_err() };
            let log = log(&[linted], &[]);
            let results = log["runs"][0]["results"].as_array().unwrap();
            let of = |result: &Value| result["partialFingerprints"]["primaryLocationLineHash"].clone();
            results.iter().map(|result| of(result).as_str().unwrap().to_owned()).collect()
        };
        let text = r#"{"version":"2022-04-26","policies":[
            {"effect":"allow","actions":"raed","resource":"sync"},
            {"effect":"allow","actions":"raed","resource":"snyc"}]}"#;
        let first = fingerprints(text);
        let [one, two, three] = &first[..] else { panic!("{first:?}") };
        assert!(
            one.ends_with(":1") && two.ends_with(":2") && one[..16] == two[..16] && one[..16] != three[..16]
        );
        assert_eq!(fingerprints(&text.replace('[', "\n\n  [")), first);
    }

    #[test]
    fn names_make_no_links_and_no_places_to_fill_in() {
        for (text, safe) in [
            ("a [b](c) {0}", "a [b] (c) {{0}}"),
            ("[a\\](b)", "[a\\] (b)"),
            ("[a]]((b)", "[a]] ((b)"),
            ("[a]\u{200b}(b) [c] (d) [e]", "[a]\\u200b(b) [c] (d) [e]"),
            ("\u{1b}[2J\u{202e}\u{e0001}", "\\u001b[2J\\u202e\\U000e0001"),
            // As the library has it in a message, and what only looks like it.
            ("`a\\u{1b}`", "`a\\u001b`"),
            ("\\u{} \\u{1b \\u{xyz} \\u{+1}", "\\u{{}} \\u{{1b \\u{{xyz}} \\u{{+1}}"),
        ] {
            assert_eq!(message_text(text), safe);
        }
    }
}
