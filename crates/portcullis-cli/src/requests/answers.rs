//! The answers to a block of lines: one a line, whatever the line holds.
//!
//! So answers and questions can be laid side by side. A line that cannot be read is a deny with an error in its place and never stops
//! the others. Nothing here knows of other blocks: lines are counted from the beginning of this one.

use portcullis::Snapshot;
use portcullis::text::grouped;
use serde_json::Value;

use super::blocks::{Block, LINE_BYTES};
use super::line::Request;

const YES: &[u8] = b"{\"decision\":true}\n";
const NO: &[u8] = b"{\"decision\":false}\n";
/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How many lines there were, and what was the matter with some.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) lines: usize,
    pub(super) unread: usize,
    /// The first line that could not be read, from 1, and why.
    pub(super) first_unread: Option<(usize, String)>,
}

impl Tally {
    /// Adds what comes after.
    pub(super) fn add(&mut self, next: Tally) {
        let before = self.lines;
        self.lines += next.lines;
        self.unread += next.unread;
        if self.first_unread.is_none() {
            self.first_unread = next.first_unread.map(|(line, why)| (before + line, why));
        }
    }
}

/// Answers as JSON Lines, and their tally.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) text: Vec<u8>,
    pub(super) tally: Tally,
}

impl Answers {
    /// Answers the lines of a block in the place of what was answered before.
    pub(super) fn renew(&mut self, block: &Block, snapshot: &Snapshot) {
        self.text.clear();
        self.tally = Tally::default();
        for line in block.lines() {
            self.tally.lines += 1;
            let opens = block.is_first && self.tally.lines == 1;
            match decide(line, opens, snapshot) {
                Ok(allowed) => self.text.extend_from_slice(if allowed { YES } else { NO }),
                Err(why) => self.refuse(why),
            }
        }
    }

    fn refuse(&mut self, why: String) {
        let why = Value::String(why);
        self.text.extend_from_slice(format!("{{\"decision\":false,\"error\":{why}}}\n").as_bytes());
        self.tally.unread += 1;
        if let (None, Value::String(why)) = (&self.tally.first_unread, why) {
            self.tally.first_unread = Some((self.tally.lines, why));
        }
    }
}

/// Whether what a line asks for is allowed; the error is for the answer in its place.
fn decide(line: &[u8], opens: bool, snapshot: &Snapshot) -> Result<bool, String> {
    if line.len() > LINE_BYTES {
        return Err(format!("the line is longer than {} bytes", grouped(LINE_BYTES)));
    }
    let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| opens).unwrap_or(line);
    let request = Request::read(line)?;
    Ok(snapshot.decide(&request.question()).is_allowed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_over_blocks() {
        let block = |lines, unread, first: Option<usize>| Tally {
            lines,
            unread,
            first_unread: first.map(|line| (line, format!("block of {lines}"))),
        };
        let mut tally = Tally::default();
        for next in [block(10, 0, None), block(20, 2, Some(7)), block(30, 1, Some(1)), block(1, 0, None)] {
            tally.add(next);
        }
        assert_eq!((tally.lines, tally.unread), (61, 3));
        assert_eq!(tally.first_unread, Some((17, "block of 20".to_owned())));
    }
}
