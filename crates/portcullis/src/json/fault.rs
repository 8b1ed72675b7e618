//! The faults of JSON text, each in the words of somebody who wants it mended.
//!
//! Pasted text has the same fault many times (every quote of a page is a smart one), so the repeating
//! kinds are said once, at the first place, with a count; the report stays readable.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::limits::DEEPEST;
use crate::source::{Source, Span};

/// Further faults of the same kind are counted instead of reported.
#[derive(Default)]
struct Repeated {
    first: Option<Span>,
    more: usize,
}

impl Repeated {
    fn note(&mut self, span: Span) {
        if self.first.is_none() { self.first = Some(span) } else { self.more += 1 }
    }
}

/// Where the scanner says what is wrong.
pub(super) struct Faults<'a> {
    source: &'a Arc<Source>,
    report: &'a mut Report,
    comments: Repeated,
    smart_quotes: Repeated,
    single_quotes: Repeated,
}

fn others(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more in this file)") }
}

impl<'a> Faults<'a> {
    pub(super) fn new(source: &'a Arc<Source>, report: &'a mut Report) -> Self {
        Faults {
            source,
            report,
            comments: Repeated::default(),
            smart_quotes: Repeated::default(),
            single_quotes: Repeated::default(),
        }
    }

    pub(super) fn push(&mut self, code: Code, span: Span, message: &str, label: &str, help: &str) {
        let diagnostic = Diagnostic::new(code, message).at(self.source, span, label).help(help);
        self.report.push(diagnostic);
    }

    pub(super) fn comment(&mut self, span: Span) {
        self.comments.note(span);
    }

    pub(super) fn odd_quotes(&mut self, span: Span, smart: bool) {
        if smart { self.smart_quotes.note(span) } else { self.single_quotes.note(span) }
    }

    pub(super) fn trailing_comma(&mut self, comma: Span, closer: Span) {
        self.report.push(
            Diagnostic::new(Code::TrailingComma, "a comma stands after the last item")
                .at(self.source, comma, "remove this comma")
                .also(self.source, closer, "nothing follows it before this")
                .help("JSON allows a comma only between two items")
                .replace(self.source, comma, ""),
        );
    }

    pub(super) fn missing(&mut self, what: char, at: Span, label: &str) {
        let code = if what == ',' { Code::MissingComma } else { Code::UnexpectedToken };
        self.report.push(
            Diagnostic::new(code, format!("expected `{what}` here"))
                .at(self.source, at, label)
                .help(format!("put a `{what}` here"))
                .replace(self.source, Span::new(at.start, at.start), what.to_string()),
        );
    }

    pub(super) fn bare_word(&mut self, span: Span, is_key: bool) {
        let word = self.source.slice(span);
        let name = crate::text::quoted(word);
        let mut diagnostic = if is_key {
            Diagnostic::new(Code::UnquotedText, format!("the key {name} is not in double quotes"))
        } else {
            Diagnostic::new(Code::UnquotedText, format!("{name} is not a JSON value"))
        };
        diagnostic = diagnostic.at(self.source, span, "");
        let lower = word.to_ascii_lowercase();
        let mend = match lower.as_str() {
            "true" | "false" | "null" if !is_key => lower,
            "none" | "undefined" | "nil" if !is_key => "null".to_owned(),
            _ => format!("\"{word}\""),
        };
        let help = format!("write {mend}");
        self.report.push(diagnostic.help(help).replace(self.source, span, mend));
    }

    pub(super) fn unclosed(&mut self, opener: Span, end: Span, closer: char) {
        self.report.push(
            Diagnostic::new(Code::Unclosed, format!("this is never closed with `{closer}`"))
                .at(self.source, opener, "opened here")
                .also(self.source, end, "the text ends here")
                .help(format!("add the missing `{closer}`")),
        );
    }

    pub(super) fn wrong_closer(&mut self, opener: Span, found: Span, wanted: char) {
        self.report.push(
            Diagnostic::new(
                Code::UnexpectedToken,
                format!("expected `{wanted}`, found `{}`", self.source.slice(found)),
            )
            .at(self.source, found, "")
            .also(self.source, opener, "what was opened here is closed with another bracket")
            .help("close brackets in the order in which they were opened"),
        );
    }

    pub(super) fn too_deep(&mut self, span: Span, limit: usize) {
        let help = if limit < DEEPEST {
            "flatten the text, or raise the limit with `--max-nesting`"
        } else {
            "flatten the text: `--max-nesting` goes no further"
        };
        let message = format!("lists and objects nest deeper than {limit} levels");
        self.report.push(
            Diagnostic::new(Code::TooDeep, message).at(self.source, span, "one level too deep").help(help),
        );
    }

    /// Reports what was only counted so far.
    pub(super) fn finish(self) {
        let Faults { source, report, comments, smart_quotes, single_quotes } = self;
        if let Some(span) = comments.first {
            let message = format!("JSON has no comments{}", others(comments.more));
            let diagnostic = Diagnostic::new(Code::Comment, message).at(source, span, "remove this");
            report.push(
                diagnostic
                    .help("remove comments; a role's purpose fits in its name or beside the file")
                    .replace(source, span, ""),
            );
        }
        if let Some(span) = smart_quotes.first {
            let message = format!("smart quotes were pasted in place of `\"`{}", others(smart_quotes.more));
            report.push(
                Diagnostic::new(Code::SmartQuotes, message)
                    .at(source, span, "not a quotation mark of JSON")
                    .help("replace every curly quote by a plain `\"`; word processors and web pages put them in"),
            );
        }
        if let Some(span) = single_quotes.first {
            let message = format!("text stands in single quotes{}", others(single_quotes.more));
            report.push(
                Diagnostic::new(Code::SingleQuotes, message)
                    .at(source, span, "JSON takes double quotes only")
                    .help("write `\"` in place of `'`"),
            );
        }
    }
}
