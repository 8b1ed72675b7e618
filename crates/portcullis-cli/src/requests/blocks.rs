//! Blocks of lines: what one read of the input brought, up to the last line that ended in it.
//!
//! A block is handed on before the system is asked again, so that whoever asks line by line through a pipe, and waits for the
//! answer before asking on, is answered. It is bounded in bytes (a buffer and one line) and in lines, since the answer to a line of one
//! byte may be a hundred bytes long. A line over the bound is cut just beyond it, and the rest of it is skipped without being held.

use std::io::{self, BufRead, BufReader, Read};
use std::mem;

use memchr::memchr_iter;

/// The longest line that is read, in bytes, its end not counted: neither `\n` nor `\r\n`.
pub(super) const LINE_BYTES: usize = 1 << 20;
/// What is held of a line: enough to see that it is too long though a carriage return may end it.
const HELD_BYTES: usize = LINE_BYTES + 2;
/// How much is read at once, in bytes.
const READ_BYTES: usize = 1 << 18;
/// The most lines of a block.
const BLOCK_LINES: usize = 1 << 12;

/// Some lines of the input, one after the other.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The lines without their newlines, each at most [`HELD_BYTES`] long.
    bytes: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
    /// How many bytes of the input were read when the block was complete.
    pub(super) read: u64,
    /// Whether the input begins here.
    pub(super) is_first: bool,
}

impl Block {
    /// The lines, without their ends. One that was longer than [`LINE_BYTES`] still is.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let lines =
            starts.zip(&self.ends).map(|(start, &end)| self.bytes.get(start..end).unwrap_or_default());
        lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Adds to the last line, within its bound.
    fn extend(&mut self, piece: &[u8]) {
        let held = self.bytes.len() - self.ends.last().copied().unwrap_or(0);
        let room = HELD_BYTES.saturating_sub(held);
        self.bytes.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }

    fn end_line(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// An input, cut into blocks.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    reader: BufReader<R>,
    /// A line that has begun and not ended in the last block; at most a buffer long.
    begun: Vec<u8>,
    read: u64,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(input: R) -> Self {
        Blocks::with_buffer(READ_BYTES, input)
    }

    fn with_buffer(bytes: usize, input: R) -> Self {
        Blocks { reader: BufReader::with_capacity(bytes, input), begun: Vec::new(), read: 0 }
    }

    /// Puts the next lines into a block, whose buffers are used again; false at the end of the input.
    pub(super) fn next(&mut self, block: &mut Block) -> io::Result<bool> {
        block.is_first = self.read == 0;
        block.ends.clear();
        block.bytes.clear();
        mem::swap(&mut block.bytes, &mut self.begun);
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let is_over = available.is_empty();
            let mut used = 0;
            for newline in memchr_iter(b'\n', available).take(BLOCK_LINES) {
                block.extend(available.get(used..newline).unwrap_or_default());
                block.end_line();
                used = newline + 1;
            }
            if block.ends.len() < BLOCK_LINES {
                let begun = available.get(used..).unwrap_or_default();
                if block.ends.is_empty() {
                    block.extend(begun);
                } else {
                    self.begun.extend_from_slice(begun);
                }
                used = available.len();
            }
            self.reader.consume(used);
            self.read += used as u64;
            block.read = self.read;
            if is_over && !block.bytes.is_empty() {
                block.end_line();
            }
            if is_over || !block.ends.is_empty() {
                return Ok(!block.ends.is_empty());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of a text, block by block.
    fn blocks(text: &[u8], buffer: usize) -> Vec<Vec<Vec<u8>>> {
        let (mut blocks, mut block) = (Blocks::with_buffer(buffer, text), Block::default());
        let mut found = Vec::new();
        while blocks.next(&mut block).unwrap() {
            assert_eq!(block.is_first, found.is_empty());
            found.push(block.lines().map(<[u8]>::to_vec).collect());
        }
        assert_eq!(block.read, text.len() as u64);
        found
    }

    #[test]
    fn lines_are_told_apart_whatever_the_buffer() {
        for buffer in [1, 2, 3, 64] {
            for (text, lines) in [
                ("ab\n\nc", &["ab", "", "c"][..]),
                ("", &[]),
                ("\n", &[""]),
                ("ab", &["ab"]),
                ("ab\n", &["ab"]),
                ("\n\r\n\n", &["", "", ""]),
                ("a\rb\r\n\r\r\nc\r", &["a\rb", "\r", "c"]),
            ] {
                let found = blocks(text.as_bytes(), buffer).concat();
                assert_eq!(
                    found,
                    lines.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>(),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn a_block_is_what_one_read_brought_up_to_its_last_newline() {
        let found = blocks(b"ab\ncd\nefghijklmno\np", 7);
        assert_eq!(
            found,
            [vec![b"ab".to_vec(), b"cd".to_vec()], vec![b"efghijklmno".to_vec()], vec![b"p".to_vec()]]
        );
    }

    #[test]
    fn blocks_are_bounded_in_lines() {
        let found = blocks(&b"\n".repeat(2 * BLOCK_LINES + 5), READ_BYTES);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [BLOCK_LINES, BLOCK_LINES, 5]);
    }

    #[test]
    fn a_long_line_is_skipped_and_never_held() {
        let mut text = vec![b'x'; 3 * LINE_BYTES];
        text.extend_from_slice(b"\nab\n");
        text.extend(vec![b'y'; LINE_BYTES]);
        text.push(b'\n');
        text.extend(vec![b'z'; LINE_BYTES + 1]);
        for buffer in [1 << 12, READ_BYTES] {
            let found: Vec<usize> = blocks(&text, buffer).concat().iter().map(Vec::len).collect();
            assert_eq!(found, [HELD_BYTES, 2, LINE_BYTES, LINE_BYTES + 1]);
        }
    }

    #[test]
    fn the_end_of_a_line_does_not_count_whichever_it_is() {
        for (more, end, is_long) in [
            (0, "\n", false),
            (0, "\r\n", false),
            (0, "\r", false),
            (0, "", false),
            (1, "\n", true),
            (1, "\r\n", true),
            (0, "\r\r\n", true),
            (0, "\rx\r\n", true),
            (1, "\rx\r\n", true),
            (9, "\r\n", true),
        ] {
            let text = [&b"x".repeat(LINE_BYTES + more)[..], end.as_bytes()].concat();
            for buffer in [1 << 12, LINE_BYTES, LINE_BYTES + 1] {
                let found = blocks(&text, buffer).concat();
                assert_eq!(found.len(), 1);
                assert_eq!(found[0].len() > LINE_BYTES, is_long, "{more} more and {end:?}");
            }
        }
    }

    #[test]
    fn what_came_in_is_handed_on_before_more_is_read() {
        /// Fails where it is read once too often.
        struct Pieces<'p>(Vec<&'p [u8]>);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let piece = self.0.pop().ok_or(io::ErrorKind::WouldBlock)?;
                buffer[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
        }
        let mut blocks = Blocks::new(Pieces(vec![b"c\nd", b"a\nb"]));
        let mut block = Block::default();
        let mut next =
            || blocks.next(&mut block).map(|_| block.lines().map(<[u8]>::to_vec).collect::<Vec<_>>());
        assert_eq!(next().unwrap(), [b"a"]);
        assert_eq!(next().unwrap(), [b"bc"]);
        assert_eq!(next().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
