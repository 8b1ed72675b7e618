//! A statement as people are shown it: on few lines, however it was written.
//!
//! Runs of whitespace outside quotes become one space, lines are broken at spaces to fit, and a statement of ten
//! thousand names is cut. Its place is given beside it, so whoever wants all of it knows where to look.

use portcullis::text::is_invisible;

/// At most this many lines of a statement are shown.
const LINES: usize = 6;

/// The text of a statement in lines of at most `width` characters, harmless, at most six of them.
pub(crate) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in (Words { rest: text }) {
        let length = word.chars().count();
        if columns > 0 && columns + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            columns = 0;
            if lines.len() == LINES {
                break;
            }
        }
        if columns > 0 {
            line.push(' ');
            columns += 1;
        }
        let room = width.saturating_sub(columns).max(1);
        columns += length.min(room);
        line.extend(word.chars().take(room));
        if length > room {
            line.push('…');
        }
    }
    if lines.len() == LINES {
        if let Some(last) = lines.last_mut() {
            last.push_str(" …");
        }
    } else if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The parts of a JSON text between whitespace that is outside quotes, printable.
struct Words<'t> {
    rest: &'t str,
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let mut word = String::new();
        let (mut quoted, mut escaped) = (false, false);
        let mut end = self.rest.len();
        for (at, c) in self.rest.char_indices() {
            if !quoted && c.is_whitespace() {
                end = at;
                break;
            }
            if c == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = quoted && c == '\\' && !escaped;
            if is_invisible(c) { word.extend(c.escape_unicode()) } else { word.push(c) }
        }
        self.rest = self.rest.get(end..).unwrap_or("");
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_is_folded_outside_quotes_only() {
        let text = "{\n  \"effect\":   \"allow\",\n  \"resource\": \"a  \\\" b\"\n}";
        assert_eq!(lines(text, 80), ["{ \"effect\": \"allow\", \"resource\": \"a  \\\" b\" }"]);
    }

    #[test]
    fn long_statements_are_cut() {
        let text = format!("[{}]", vec!["\"name\""; 1_000].join(", "));
        let shown = lines(&text, 20);
        assert_eq!(shown.len(), LINES);
        assert!(shown[5].ends_with(" …") && shown.iter().all(|line| line.chars().count() <= 22));
        assert_eq!(lines(&"x".repeat(90), 10), ["xxxxxxxxxx…"]);
    }

    #[test]
    fn nothing_in_a_statement_reaches_the_terminal_raw() {
        assert_eq!(lines("{ \"a\u{1b}[2J\u{202e}\": 1 }", 80), ["{ \"a\\u{1b}[2J\\u{202e}\": 1 }"]);
    }
}
