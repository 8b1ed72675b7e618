//! Lists of things with several properties, a line each, and one thing with all of them.
//!
//! A list fits the terminal: its widest columns give way first and are cut with `…`. Ids never are, since they are what one types
//! next, nor are times, of which half says nothing. Programs get JSON, in which nothing is cut, and times as RFC 3339 writes them.

use std::io::{self, Write};

use portcullis::text::printable;
use serde::Serialize;
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use super::table::fit;
use crate::clock;
use crate::output::{Output, STRONG};

/// Columns between two cells.
const GAP: usize = 2;
/// No column is narrower, if what is in it is not.
const NARROWEST: usize = 8;
/// The heads of columns that are never cut.
const WHOLE: [&str; 5] = ["id", "time", "saved", "expires", "used"];
/// The keys of views that hold times.
const TIMES: [&str; 3] = ["created", "expires", "used"];

/// Writes a list under the heads of its columns.
pub(crate) fn table(out: &mut Output, heads: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let natural = heads.iter().enumerate().map(|(column, head)| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| printable(cell).width()).fold(head.width(), usize::max)
    });
    let widths = shares(heads, natural.collect(), out.width());
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let line = line(&heads, &widths);
    let line = out.paint(STRONG, &line);
    writeln!(out, "{line}")?;
    rows.iter().try_for_each(|row| writeln!(out, "{}", self::line(row, &widths)))
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if index > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = fit(cell, *width);
        line.push_str(&cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
    }
    line.trim_end().to_owned()
}

/// How wide each column may be.
fn shares(heads: &[&str], mut widths: Vec<usize>, room: usize) -> Vec<usize> {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let may = |(column, width): &(usize, &mut usize)| {
            !heads.get(*column).is_some_and(|head| WHOLE.contains(head)) && **width > NARROWEST
        };
        let widest = widths.iter_mut().enumerate().filter(may).max_by_key(|(_, width)| **width);
        let Some((_, widest)) = widest else { break };
        *widest -= 1;
    }
    widths
}

/// Writes one thing: a property a line. Empty ones are left out.
pub(crate) fn pairs(out: &mut Output, pairs: &[(&str, String)]) -> io::Result<()> {
    let shown = || pairs.iter().filter(|(_, value)| !value.is_empty());
    let margin = shown().map(|(name, _)| name.width()).max().unwrap_or(0);
    for (name, value) in shown() {
        let space = " ".repeat(margin - name.width() + GAP);
        let name = out.paint(STRONG, name);
        writeln!(out, "{name}{space}{}", printable(value))?;
    }
    Ok(())
}

/// What the service says of something, for programs: times are texts.
pub(crate) fn value(view: &impl Serialize) -> io::Result<Value> {
    let mut value = serde_json::to_value(view)?;
    if let Value::Object(keys) = &mut value {
        times_as_texts(keys);
    }
    Ok(value)
}

fn times_as_texts(keys: &mut Map<String, Value>) {
    for key in TIMES {
        let millis = keys.get(key).and_then(Value::as_i64);
        if let (Some(millis), Some(value)) = (millis, keys.get_mut(key)) {
            *value = clock::of_millis(millis).into();
        }
    }
}

/// A list of such.
pub(crate) fn values<T: Serialize>(views: &[T]) -> io::Result<Vec<Value>> {
    views.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way_and_ids_never() {
        assert_eq!(shares(&["a", "b"], vec![10, 20], 100), [10, 20]);
        assert_eq!(shares(&["a", "b"], vec![10, 40], 30), [10, 18]);
        assert_eq!(shares(&["id", "b"], vec![26, 40], 50), [26, 22]);
        assert_eq!(shares(&["id", "b"], vec![26, 40], 10), [26, 8]);
        assert_eq!(line(&["ab".to_owned(), "a\u{1b}c".to_owned()], &[4, 9]), "ab    a\\u{1b}c");
    }

    #[test]
    fn times_are_texts_for_programs() {
        let view = serde_json::json!({ "name": "x", "created": 1000, "used": null, "version": 1000 });
        let expected = serde_json::json!({ "name": "x", "created": "1970-01-01T00:00:01.000Z", "used": null, "version": 1000 });
        assert_eq!(value(&view).unwrap(), expected);
    }
}
