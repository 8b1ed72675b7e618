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

/// A place whose line and column are known, from which others are counted.
#[derive(Clone, Copy, Debug)]
struct Mark {
    offset: u32,
    position: Position,
}

/// Every line has a mark at its start, and long lines one after so many bytes: a workspace of 20 MB may be one line.
const MARK_BYTES: u32 = 2_048;

/// One text under the name that people know it by.
#[derive(Debug)]
pub struct Source {
    name: Box<str>,
    text: Box<str>,
    marks: OnceLock<Vec<Mark>>,
}

impl Source {
    /// Wraps a text. Texts beyond 4 GiB are refused by the readers' limits long before offsets could overflow.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, text: impl Into<Box<str>>) -> Arc<Source> {
        Arc::new(Source { name: name.into(), text: text.into(), marks: OnceLock::new() })
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
        let marks = self.marks.get_or_init(|| marks(&self.text));
        let after = marks.partition_point(|mark| mark.offset <= offset);
        let start = Mark { offset: 0, position: Position { line: 1, column: 1 } };
        let mark = after.checked_sub(1).and_then(|index| marks.get(index)).copied().unwrap_or(start);
        let between = self.slice(Span::new(mark.offset, offset.min(self.text.len() as u32)));
        Position { column: mark.position.column + between.chars().count() as u32, ..mark.position }
    }
}

fn marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut here = Position { line: 1, column: 1 };
    let mut next = MARK_BYTES;
    for (at, c) in text.char_indices() {
        let offset = at as u32;
        if offset >= next {
            marks.push(Mark { offset, position: here });
            next = offset + MARK_BYTES;
        }
        here.column += 1;
        if c == '\n' {
            here = Position { line: here.line + 1, column: 1 };
            marks.push(Mark { offset: offset + 1, position: here });
            next = offset + 1 + MARK_BYTES;
        }
    }
    marks
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
    fn positions_in_a_long_line_are_those_that_counting_gives() {
        let text = "aé𝄞\"".repeat(2_000) + "\n" + &"x".repeat(5_000);
        let source = Source::new("long.json", &*text);
        for (at, _) in text.char_indices().step_by(97) {
            let before = &text[..at];
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
            let line = before.matches('\n').count() as u32 + 1;
            assert_eq!(source.position(at as u32), Position { line, column });
        }
    }

    #[test]
    fn a_span_of_another_text_is_empty() {
        assert_eq!(Source::new("a", "abc").slice(Span::new(2, 90)), "");
    }
}
