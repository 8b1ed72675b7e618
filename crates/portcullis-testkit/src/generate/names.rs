//! Names that patterns can tell apart or confuse, and the ways to write some of them in a statement.
//!
//! Stems share beginnings, differ by case, hold characters that look like syntax and characters of more than one byte, so
//! that a pattern cut out of one name meets others by accident.

use serde_json::{Value, json};

use super::Prng;

const STEMS: [&str; 10] =
    ["get", "Get", "s3:Get", "s3:Put", "sync", "sync_", "läuft", "a.b", "日本", "read/"];

/// So many different names.
pub(super) fn distinct(prng: &mut Prng, count: usize) -> Vec<String> {
    // The number makes them different: no stem ends in a digit.
    (0..count).map(|number| format!("{}{number}", prng.pick(&STEMS).unwrap_or(&"name"))).collect()
}

/// A value for `actions` or `resource`: plain entries out of `names`, patterns cut out of `own` names.
pub(super) fn written(prng: &mut Prng, names: &[String], own: &[String]) -> Value {
    match prng.below(20) {
        0..=2 => json!("*"),
        3..=7 => json!(prng.pick(names)),
        8..=10 => json!(pattern(prng, own)),
        11 => json!([]),
        _ => {
            let count = 1 + prng.below(4);
            let list: Vec<String> = (0..count).map(|_| entry(prng, names, own)).collect();
            json!(list)
        }
    }
}

fn entry(prng: &mut Prng, names: &[String], own: &[String]) -> String {
    match prng.below(12) {
        0 => "*".to_owned(),
        1..=3 => pattern(prng, own),
        _ => prng.pick(names).cloned().unwrap_or_default(),
    }
}

/// A name with one run of characters replaced by a star, or two; now and then a pattern that no name matches.
fn pattern(prng: &mut Prng, own: &[String]) -> String {
    if prng.percent(8) {
        return "none such*".to_owned();
    }
    let letters: Vec<char> = prng.pick(own).map(|name| name.chars().collect()).unwrap_or_default();
    let (one, other) = (prng.below(letters.len() + 1), prng.below(letters.len() + 1));
    let (from, to) = (one.min(other), one.max(other));
    let head: String = letters.iter().take(from).collect();
    let tail: String = letters.iter().skip(to).collect();
    match prng.below(4) {
        0 => format!("{head}*"),
        1 => format!("*{tail}"),
        2 => format!("{head}*{tail}"),
        _ => {
            let middle: String = letters.iter().take(to).skip(from).collect();
            format!("*{middle}*")
        }
    }
}
