//! The scanner's scalars: strings, numbers, bare words, and the space and comments between tokens.
//!
//! Each reads from the cursor to the end of what it is, adds its node, and reports what is wrong with
//! it. A faulty scalar is still one value, so that the structure around it is read as meant.

use super::Kind;
use super::scan::Scanner;
use super::string;
use crate::diagnostic::Code;
use crate::source::Span;

impl Scanner<'_> {
    pub(super) fn scalar(&mut self, is_key: bool) {
        match self.peek() {
            Some(b'"') => self.quoted_string(),
            Some(b'-' | b'0'..=b'9' | b'+' | b'.') if !is_key => self.number(),
            _ if self.rest().starts_with(string::is_quote) => self.oddly_quoted(),
            _ => self.word(is_key),
        }
    }

    fn quoted_string(&mut self) {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            self.at += string::plain(self.bytes.get(self.at..).unwrap_or(&[]));
            let Some(&byte) = self.bytes.get(self.at) else {
                let span = Span::new(start as u32, self.at as u32);
                let help = "add the missing `\"`";
                self.fault(
                    Code::Unclosed,
                    Span::new(span.start, span.start + 1),
                    "this string is never closed",
                    "opened here",
                    help,
                );
                return self.add(Kind::Fault, span);
            };
            match byte {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape();
                }
                b'\n' | b'\r' => {
                    let opener = Span::new(start as u32, start as u32 + 1);
                    let help = "close it with `\"` on its line, or write a line break as `\\n`";
                    self.fault(
                        Code::Unclosed,
                        opener,
                        "this string does not end on its line",
                        "opened here",
                        help,
                    );
                    return self.add(Kind::Fault, Span::new(start as u32, self.at as u32));
                }
                0..0x20 => {
                    let span = Span::new(self.at as u32, self.at as u32 + 1);
                    let help = format!("write it as `\\u{byte:04x}`");
                    self.fault(Code::BadEscape, span, "a control character stands in a string", "", &help);
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let kind = if escaped { Kind::EscapedText } else { Kind::Text };
        self.add(kind, Span::new(start as u32, self.at as u32));
    }

    fn escape(&mut self) {
        let after = self.text.get(self.at + 1..).unwrap_or("");
        let c = after.chars().next();
        let length = match c {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Some(2),
            Some('u') => string::unicode_escape(after.get(1..).unwrap_or("")).map(|(_, used)| used + 2),
            _ => None,
        };
        if let Some(length) = length {
            self.at += length;
            return;
        }
        // The backslash and what it escapes, but never a quote or a line break, which end the string.
        let taken = c.filter(|&c| c != '\n' && c != '\r').map_or(0, char::len_utf8);
        let span = Span::new(self.at as u32, (self.at + 1 + taken) as u32);
        let (message, help) = if c == Some('u') {
            (
                "this escape is not a Unicode character",
                "write `\\u` and four hexadecimal digits, surrogates in pairs",
            )
        } else {
            ("JSON does not know this escape", "write a backslash itself as `\\\\`")
        };
        self.fault(Code::BadEscape, span, message, "", help);
        self.at += 1 + taken;
    }

    /// A string in quotes that are not JSON's.
    fn oddly_quoted(&mut self) {
        let start = self.at;
        let mut chars = self.rest().char_indices();
        let smart = chars.next().is_some_and(|(_, c)| c != '\'');
        let closer = |c: char| if smart { c == '"' || (string::is_quote(c) && c != '\'') } else { c == '\'' };
        let end = chars.find(|&(_, c)| closer(c) || c == '\n');
        let length = match end {
            Some((at, '\n')) => at,
            Some((at, c)) => at + c.len_utf8(),
            None => self.rest().len(),
        };
        self.at += length;
        let span = Span::new(start as u32, self.at as u32);
        self.faults.odd_quotes(span, smart);
        self.add(Kind::EscapedText, span);
    }

    fn number(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'))
        {
            self.at += 1;
        }
        let span = Span::new(start as u32, self.at as u32);
        if is_number(self.bytes.get(start..self.at).unwrap_or(&[])) {
            return self.add(Kind::Number, span);
        }
        let help = "write numbers as -12, 0.5 or 1e6: no leading zero, no `+`, no bare point";
        self.fault(Code::BadNumber, span, "this is not a JSON number", "", help);
        self.add(Kind::Fault, span);
    }

    fn word(&mut self, is_key: bool) {
        let start = self.at;
        let length = self
            .rest()
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '*' | '.' | '@')));
        self.at += length.unwrap_or(self.rest().len());
        if self.at == start {
            let c = self.rest().chars().next();
            let span = self.take(c.map_or(1, char::len_utf8));
            let name = crate::text::quoted(self.text.get(span.range()).unwrap_or(""));
            let message = format!("the character {name} has no meaning here");
            self.fault(Code::UnexpectedToken, span, &message, "", "remove it");
            return self.add(Kind::Fault, span);
        }
        let span = Span::new(start as u32, self.at as u32);
        let kind = match self.text.get(start..self.at) {
            Some("true") if !is_key => Kind::True,
            Some("false") if !is_key => Kind::False,
            Some("null") if !is_key => Kind::Null,
            _ => {
                self.faults.bare_word(span, is_key);
                self.patience = self.patience.saturating_sub(1);
                // A bare key still names its value; a bare value is nothing.
                if is_key { Kind::EscapedText } else { Kind::Fault }
            }
        };
        self.add(kind, span);
    }

    pub(super) fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(b'/') if matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) => self.comment(),
                Some(b'#') => self.comment(),
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let block = self.rest().starts_with("/*");
        let length = if block { self.rest().find("*/").map(|at| at + 2) } else { self.rest().find('\n') };
        self.at += length.unwrap_or(self.rest().len());
        let end =
            if self.text.get(..self.at).is_some_and(|t| t.ends_with('\r')) { self.at - 1 } else { self.at };
        self.faults.comment(Span::new(start as u32, end as u32));
    }
}

/// The grammar of numbers in RFC 8259, section 6.
pub(crate) fn is_number(bytes: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let skip = |bytes: &'_ [u8], count: usize| -> usize { count.min(bytes.len()) };
    let mut rest = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.first() == Some(&b'0')) {
        return false;
    }
    rest = rest.get(skip(rest, whole)..).unwrap_or(&[]);
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or(&[]);
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent =
            exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let count = digits(exponent);
        return count > 0 && count == exponent.len();
    }
    rest.is_empty()
}
