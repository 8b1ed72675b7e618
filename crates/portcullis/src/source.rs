//! Text that somebody wrote, and places in it.
//!
//! A [`Source`] is one text under the name a person knows it by; it is shared, so that documents,
//! diagnostics and explanations can point into it for as long as they live. A [`Span`] is a range
//! of byte offsets; lines and columns are computed only when somebody is shown one, since reading
//! a large workspace must not pay for places that nobody asks about.
//!
//! Nothing here opens a file: texts come in from outside.

use std::sync::{Arc, OnceLock};

/// A range of byte offsets into one [`Source`]; `start <= end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just after the last byte.
    pub end: u32,
}

impl Span {
    /// A span from `start` to `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The span as a range of indices.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A line and a column, both counted from 1; columns count characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One text under the name that people know it by.
#[derive(Debug)]
pub struct Source {
    name: Box<str>,
    text: Box<str>,
    lines: OnceLock<Vec<u32>>,
}

impl Source {
    /// Wraps a text. Texts beyond 4 GiB are refused by the readers' limits long before offsets could overflow.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, text: impl Into<Box<str>>) -> Arc<Source> {
        Arc::new(Source { name: name.into(), text: text.into(), lines: OnceLock::new() })
    }

    /// The name of the text, usually its path as the user typed it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under a span; empty when the span is not of this source.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Line and column of a byte offset; offsets past the end count as the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let lines = self.lines.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect()
        });
        let line = lines.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|index| lines.get(index)).copied().unwrap_or(0);
        let before = self.slice(Span::new(start, offset.min(self.text.len() as u32)));
        Position { line: line.max(1) as u32, column: before.chars().count() as u32 + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("a.json", "{\n  \"é\": 1\n}");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        let colon = source.text().find(':').unwrap() as u32;
        assert_eq!(source.position(colon), Position { line: 2, column: 6 });
        assert_eq!(source.position(9_999), Position { line: 3, column: 2 });
        assert_eq!(Source::new("e", "").position(0), Position { line: 1, column: 1 });
    }

    #[test]
    fn a_span_of_another_text_is_empty() {
        assert_eq!(Source::new("a", "abc").slice(Span::new(2, 90)), "");
    }
}
