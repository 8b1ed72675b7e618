//! A grid that fits: rows of names, columns of names, a short mark in each cell.
//!
//! Widths are those that a terminal shows, not bytes or characters. Columns that do not fit go into further blocks
//! below, each with the row names again; names that leave no room for the cells are cut with `…`. About a hundred
//! lines; a table crate would still not split columns into blocks.

use std::io::{self, Write};

use anstyle::Style;
use portcullis::text::printable;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::{Output, STRONG};

/// Columns between two cells.
const GAP: usize = 2;
/// No name takes more than this part of the width.
const WIDEST_NAME: usize = 2;

/// A mark in a cell: what it says, and the colour that says it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) text: &'static str,
    pub(crate) style: Style,
}

/// Writes a grid; `mark` gives the cell of a row and a column.
pub(crate) fn grid(
    out: &mut Output,
    rows: &[&str],
    columns: &[&str],
    mark: impl Fn(usize, usize) -> Mark,
) -> io::Result<()> {
    let widest = (out.width() / WIDEST_NAME).max(8);
    let rows: Vec<String> = rows.iter().map(|name| fit(name, widest)).collect();
    let margin = rows.iter().map(|name| name.width()).max().unwrap_or(0);
    let room = out.width().saturating_sub(margin + GAP).max(8);
    let columns: Vec<String> = columns.iter().map(|name| fit(name, room)).collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(column, name)| {
            (0..rows.len()).map(|row| mark(row, column).text.width()).fold(name.width(), usize::max)
        })
        .collect();
    let mut first = 0;
    for block in blocks(&widths, room) {
        let shown = || first..first + block;
        if first > 0 {
            writeln!(out)?;
        }
        let mut line = " ".repeat(margin);
        for column in shown() {
            let (name, width) = (columns.get(column).map_or("", |name| name), widths.get(column).copied());
            line.push_str(&" ".repeat(GAP));
            line.push_str(&padded(out, name, STRONG, width.unwrap_or(0)));
        }
        writeln!(out, "{}", line.trim_end())?;
        for (row, name) in rows.iter().enumerate() {
            let mut line = padded(out, name, Style::new(), margin);
            for column in shown() {
                let mark = mark(row, column);
                line.push_str(&" ".repeat(GAP));
                line.push_str(&padded(out, mark.text, mark.style, widths.get(column).copied().unwrap_or(0)));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        first += block;
    }
    Ok(())
}

/// How many columns stand in each block.
fn blocks(widths: &[usize], room: usize) -> Vec<usize> {
    let mut blocks: Vec<usize> = Vec::new();
    let mut used = 0;
    for width in widths {
        match blocks.last_mut() {
            Some(block) if used + GAP + width <= room => {
                *block += 1;
                used += GAP + width;
            }
            _ => {
                blocks.push(1);
                used = *width;
            }
        }
    }
    blocks
}

fn padded(out: &Output, text: &str, style: Style, width: usize) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    format!("{}{space}", out.paint(style, text))
}

/// A name made harmless and cut to a width.
pub(super) fn fit(name: &str, width: usize) -> String {
    let name = printable(name);
    if name.width() <= width {
        return name;
    }
    let mut used = 0;
    let kept = name.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let mut cut: String = kept.collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_go_into_further_blocks() {
        assert_eq!(blocks(&[4, 4, 4], 10), [2, 1]);
        assert_eq!(blocks(&[40, 4], 10), [1, 1]);
        assert_eq!(blocks(&[], 10), Vec::<usize>::new());
    }

    #[test]
    fn names_are_cut_by_what_a_terminal_shows() {
        assert_eq!(fit("source", 6), "source");
        assert_eq!(fit("sources", 6), "sourc…");
        assert_eq!(fit("資源の種類", 7), "資源の…");
        assert_eq!(fit("a\u{1b}b", 20), "a\\u{1b}b");
    }
}
