//! The scanner: one pass over the bytes, one node a value, recovery at every fault.
//!
//! It is a loop with a state, never a recursion. While a container is open, its node's `next` field
//! holds the index of the container around it, so the tape is its own stack; when it closes, `next`
//! becomes what every reader expects. After a fault the scanner goes on with what the author most
//! likely meant, and every state consumes at least one byte or leaves a container, so it ends.

use std::sync::Arc;

use super::fault::Faults;
use super::{Kind, Node};
use crate::diagnostic::{Code, Report};
use crate::limits::{DEEPEST, Limits};
use crate::source::{Source, Span};

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value; after a comma in an array, or the root.
    Value,
    /// A value or `]`, just after `[`.
    ValueOrEnd,
    /// A value after a colon.
    MemberValue,
    /// A key or `}`, just after `{`.
    KeyOrEnd,
    /// A key, after a comma.
    Key,
    Colon,
    CommaOrEnd,
    /// Nothing more.
    Done,
}

const NONE: u32 = u32::MAX;

/// After so many faults the text is not JSON with slips in it.
const PATIENCE: usize = 100;

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    nodes: Vec<Node>,
    /// The innermost open container.
    open: u32,
    depth: usize,
    limit: usize,
    comma: Option<Span>,
    pub(super) faults: Faults<'a>,
    pub(super) patience: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(source: &'a Arc<Source>, limits: &Limits, report: &'a mut Report) -> Self {
        let text = source.text();
        Scanner {
            text,
            bytes: text.as_bytes(),
            at: if text.starts_with('\u{feff}') { 3 } else { 0 },
            nodes: Vec::with_capacity(text.len() / 12 + 4),
            open: NONE,
            depth: 0,
            limit: limits.nesting.min(DEEPEST),
            comma: None,
            faults: Faults::new(source, report),
            patience: PATIENCE,
        }
    }

    /// Scans the whole text. `None` when it has no value at all or nests too deep.
    pub(super) fn run(mut self) -> Option<Vec<Node>> {
        let complete = self.scan();
        self.faults.finish();
        complete.then_some(self.nodes)
    }

    fn scan(&mut self) -> bool {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            let Some(byte) = self.peek() else { return self.end_of_text(expect) };
            if self.patience == 0 {
                self.close_all();
                return !self.nodes.is_empty();
            }
            let Some(next) = self.step(expect, byte) else { return false };
            if next == Expect::Done && expect == Expect::Done {
                return true;
            }
            expect = next;
        }
    }

    /// Reads one token. `None` ends the scan for good.
    fn step(&mut self, expect: Expect, byte: u8) -> Option<Expect> {
        match (expect, byte) {
            (Expect::Done, _) => {
                let rest = Span::new(self.at as u32, self.line_end());
                let help = "keep one JSON value a file; several documents are several files";
                self.fault(
                    Code::TextAfterEnd,
                    rest,
                    "text follows the end of the document",
                    "not part of it",
                    help,
                );
                Some(Expect::Done)
            }
            (Expect::Value | Expect::ValueOrEnd | Expect::MemberValue, b'{' | b'[') => {
                self.open_container(byte)
            }
            (Expect::KeyOrEnd | Expect::Key | Expect::CommaOrEnd, b'}')
            | (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') => Some(self.close(byte, expect)),
            (Expect::Value, b']')
            | (Expect::Value | Expect::ValueOrEnd | Expect::MemberValue | Expect::Colon, b'}' | b']') => {
                Some(self.close(byte, expect))
            }
            (Expect::KeyOrEnd | Expect::Key, b']') => Some(self.close(byte, expect)),
            (Expect::CommaOrEnd, b',') => {
                self.comma = Some(self.take(1));
                Some(if self.in_object() { Expect::Key } else { Expect::Value })
            }
            (Expect::Colon, b':') => {
                self.take(1);
                Some(Expect::MemberValue)
            }
            (Expect::Value | Expect::ValueOrEnd | Expect::MemberValue, b',' | b':') => {
                let span = self.take(1);
                self.fault(
                    Code::UnexpectedToken,
                    span,
                    "expected a value here",
                    "",
                    "remove it, or put a value before it",
                );
                let again = byte == b',' && expect != Expect::MemberValue;
                if again {
                    return Some(Expect::Value);
                }
                if byte == b':' {
                    return Some(expect);
                }
                self.add(Kind::Fault, span);
                self.comma = Some(span);
                Some(Expect::Key)
            }
            (Expect::KeyOrEnd | Expect::Key, b',' | b':' | b'{' | b'[') => {
                let span = self.take(1);
                self.fault(
                    Code::UnexpectedToken,
                    span,
                    "expected a key in double quotes here",
                    "",
                    "write `\"key\": value`",
                );
                Some(Expect::Key)
            }
            (Expect::Value | Expect::ValueOrEnd | Expect::MemberValue, _) => {
                self.scalar(false);
                Some(self.after_value())
            }
            (Expect::KeyOrEnd | Expect::Key, _) => {
                self.scalar(true);
                Some(Expect::Colon)
            }
            (Expect::Colon, b'=') => {
                let span = self.take(1);
                self.fault(
                    Code::UnexpectedToken,
                    span,
                    "expected `:` after the key",
                    "",
                    "write `:` in place of `=`",
                );
                Some(Expect::MemberValue)
            }
            (Expect::Colon, b',') => {
                let at = Span::new(self.at as u32, self.at as u32 + 1);
                self.faults_missing(':', at, "the key before has no value");
                self.add(Kind::Fault, at);
                Some(Expect::CommaOrEnd)
            }
            (Expect::Colon, _) => {
                let at = self.here();
                self.faults_missing(':', at, "a value without `:` before it");
                Some(Expect::MemberValue)
            }
            (Expect::CommaOrEnd, b';' | b':') => {
                let span = self.take(1);
                self.fault(Code::MissingComma, span, "expected `,` between two items", "", "write `,` here");
                Some(if self.in_object() { Expect::Key } else { Expect::Value })
            }
            (Expect::CommaOrEnd, _) => {
                let at = self.here();
                self.faults_missing(',', at, "the next item starts here");
                Some(if self.in_object() { Expect::Key } else { Expect::Value })
            }
        }
    }

    fn end_of_text(&mut self, expect: Expect) -> bool {
        if self.nodes.is_empty() {
            let at = Span::new(self.bytes.len() as u32, self.bytes.len() as u32);
            let help = "a policy document looks like {\"version\": \"2022-04-26\", \"policies\": []}";
            self.fault(Code::EmptyText, at, "the text is empty", "", help);
            return false;
        }
        let end = Span::new(self.bytes.len() as u32, self.bytes.len() as u32);
        if matches!(expect, Expect::Colon | Expect::MemberValue) {
            self.add(Kind::Fault, end);
        }
        let mut open = self.open;
        while let Some(node) = self.nodes.get(open as usize).copied() {
            let closer = if node.kind == Kind::Object { '}' } else { ']' };
            self.faults.unclosed(Span::new(node.span.start, node.span.start + 1), end, closer);
            self.patience = self.patience.saturating_sub(1);
            if self.patience == 0 {
                break;
            }
            open = node.next;
        }
        self.close_all();
        true
    }

    fn close_all(&mut self) {
        let end = self.bytes.len() as u32;
        let count = self.nodes.len() as u32;
        while let Some(node) = self.nodes.get_mut(self.open as usize) {
            self.open = node.next;
            node.next = count;
            node.span.end = end;
        }
    }

    fn open_container(&mut self, byte: u8) -> Option<Expect> {
        let span = self.take(1);
        self.depth += 1;
        if self.depth > self.limit {
            self.faults.too_deep(span, self.limit);
            return None;
        }
        self.comma = None;
        let kind = if byte == b'{' { Kind::Object } else { Kind::Array };
        let index = self.nodes.len() as u32;
        self.nodes.push(Node { kind, span, next: self.open });
        self.open = index;
        Some(if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd })
    }

    /// Closes the innermost container at `]` or `}`.
    fn close(&mut self, byte: u8, expect: Expect) -> Expect {
        let bracket = self.here();
        let Some(node) = self.nodes.get(self.open as usize).copied() else {
            let span = self.take(1);
            let help = "remove it, or open it before";
            self.fault(Code::UnexpectedToken, span, "this bracket closes nothing", "", help);
            return if self.nodes.is_empty() { Expect::Value } else { Expect::Done };
        };
        match (expect, self.comma) {
            (Expect::Value | Expect::Key, Some(comma)) => {
                self.faults.trailing_comma(comma, bracket);
                self.patience = self.patience.saturating_sub(1);
            }
            (Expect::Colon | Expect::MemberValue, _) => {
                self.fault(
                    Code::UnexpectedToken,
                    bracket,
                    "the key before has no value",
                    "",
                    "write `\"key\": value`",
                );
                self.add(Kind::Fault, bracket);
            }
            _ => {}
        }
        let wanted = if node.kind == Kind::Object { b'}' } else { b']' };
        if byte == wanted {
            self.take(1);
        } else {
            let opener = Span::new(node.span.start, node.span.start + 1);
            self.faults.wrong_closer(opener, bracket, char::from(wanted));
            self.patience = self.patience.saturating_sub(1);
            // When the container around this one wants this bracket, the inner closer was forgotten.
            let around = self.nodes.get(node.next as usize).map(|outer| outer.kind);
            let fits = around == Some(if byte == b'}' { Kind::Object } else { Kind::Array });
            if !fits {
                self.take(1);
            }
        }
        let count = self.nodes.len() as u32;
        if let Some(closed) = self.nodes.get_mut(self.open as usize) {
            self.open = closed.next;
            closed.next = count;
            closed.span.end = self.at as u32;
        }
        self.depth -= 1;
        self.after_value()
    }

    fn after_value(&mut self) -> Expect {
        self.comma = None;
        if self.open == NONE { Expect::Done } else { Expect::CommaOrEnd }
    }

    fn in_object(&self) -> bool {
        self.nodes.get(self.open as usize).is_some_and(|node| node.kind == Kind::Object)
    }

    pub(super) fn fault(&mut self, code: Code, span: Span, message: &str, label: &str, help: &str) {
        self.patience = self.patience.saturating_sub(1);
        self.faults.push(code, span, message, label, help);
    }

    fn faults_missing(&mut self, what: char, at: Span, label: &str) {
        self.patience = self.patience.saturating_sub(1);
        self.faults.missing(what, at, label);
    }

    pub(super) fn add(&mut self, kind: Kind, span: Span) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { kind, span, next });
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The span of the character at the cursor.
    fn here(&self) -> Span {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        Span::new(self.at as u32, (self.at + length) as u32)
    }

    pub(super) fn take(&mut self, length: usize) -> Span {
        let start = self.at as u32;
        self.at += length;
        Span::new(start, self.at as u32)
    }

    fn line_end(&self) -> u32 {
        let rest = self.rest();
        (self.at + rest.find('\n').unwrap_or(rest.len())) as u32
    }
}
