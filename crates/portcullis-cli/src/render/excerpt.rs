//! The few lines of a source that a diagnostic shows, made harmless and cut to size.
//!
//! A document of a megabyte on one line must not flood a terminal, and nothing that is written in a document may
//! move the cursor or turn text around. So a renderer is given excerpts, never the source: lines around the
//! labels, unprintable characters escaped, long lines cut to a window around what they are shown for. Labels that are
//! far apart come in excerpts of their own.

use std::ops::Range;

use portcullis::text::is_invisible;
use portcullis::{Source, Span};

/// Lines up to this many bytes are shown whole.
const LINE: usize = 200;
/// Bytes of a cut line before and after a label.
const CONTEXT: usize = 50;
/// Bytes of a label that are underlined at most.
const UNDERLINED: usize = 100;
/// Labels this many lines apart share an excerpt.
const NEAR: usize = 4;

/// A label to show: where, what it says, and whether it is the fault itself.
#[derive(Clone, Debug)]
pub(crate) struct Mark<'t> {
    pub(crate) span: Span,
    pub(crate) text: &'t str,
    pub(crate) primary: bool,
}

/// A piece of a source with its labels.
#[derive(Debug)]
pub(crate) struct Excerpt<'t> {
    /// Line number of the first line.
    pub(crate) line: usize,
    /// Printable text of whole or cut lines.
    pub(crate) text: String,
    /// The labels, as ranges of bytes of `text`.
    pub(crate) marks: Vec<(Range<usize>, Mark<'t>)>,
}

/// Cuts the excerpts that these labels need, in the order of the text.
pub(crate) fn excerpts<'t>(source: &Source, marks: &[Mark<'t>]) -> Vec<Excerpt<'t>> {
    let mut marks: Vec<Mark<'t>> = marks.to_vec();
    marks.sort_by_key(|mark| mark.span);
    let mut groups: Vec<Vec<Mark<'t>>> = Vec::new();
    for mark in marks {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| share(source, last.span, mark.span)) => {
                group.push(mark);
            }
            _ => groups.push(vec![mark]),
        }
    }
    groups.into_iter().map(|group| cut(source, group)).collect()
}

/// Whether two labels, the first of which begins first, are shown together.
fn share(source: &Source, first: Span, second: Span) -> bool {
    let text = source.text();
    let between = text.get(first.start as usize..second.start as usize).unwrap_or("");
    if between.len() > SIGHT {
        return false;
    }
    let (from, to) = (line_of(text, first.start as usize), line_of(text, second.start as usize));
    if !between.contains('\n') {
        return from.len() <= LINE || between.len() <= CONTEXT;
    }
    // Only lines that are shown whole can stand together.
    let lines = text.get(from.start..to.end).unwrap_or("").split('\n');
    between.bytes().filter(|&byte| byte == b'\n').count() <= NEAR
        && lines.into_iter().all(|line| line.len() <= LINE)
}

/// How far a line is looked along. A workspace of 20 MB may be one line with a thousand faults in it.
const SIGHT: usize = 16 * 1024;

/// The line that an offset is on, without its newline, as far as it is in sight.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let (low, high) = (floor(text, at.saturating_sub(SIGHT)), floor(text, at.saturating_add(SIGHT)));
    let start = text.get(low..at).unwrap_or("").rfind('\n').map_or(low, |newline| low + newline + 1);
    let end = text.get(at..high).and_then(|rest| rest.find('\n')).map_or(high, |length| at + length);
    start..end
}

fn cut<'t>(source: &Source, marks: Vec<Mark<'t>>) -> Excerpt<'t> {
    let text = source.text();
    let first = marks.first().map_or(0, |mark| mark.span.start);
    let last = marks.last().map_or(first, |mark| mark.span.start);
    let (mut start, mut end) = (line_of(text, first as usize).start, line_of(text, last as usize).end);
    let line = source.position(first).line as usize;
    let mut shown = String::new();
    let long = text.get(start..end).is_some_and(|lines| lines.split('\n').any(|line| line.len() > LINE));
    let whole_end = end;
    if long {
        // Only labels of one line share an excerpt with a long line.
        let reach =
            marks.iter().map(|mark| (mark.span.end as usize).min(mark.span.start as usize + UNDERLINED));
        end = floor(text, reach.max().unwrap_or(end).saturating_add(CONTEXT).min(end));
        let before = floor(text, (first as usize).saturating_sub(CONTEXT));
        if before > start {
            start = before;
            shown.push('…');
        }
    }
    let mut offsets: Vec<(usize, usize)> = Vec::new();
    for (at, c) in text.get(start..end).unwrap_or("").char_indices() {
        offsets.push((start + at, shown.len()));
        if is_invisible(c) && c != '\n' && c != '\t' {
            shown.extend(c.escape_unicode())
        } else {
            shown.push(c)
        }
    }
    offsets.push((end, shown.len()));
    if end < whole_end {
        shown.push('…');
    }
    let place = |at: u32| {
        let index = offsets.partition_point(|&(offset, _)| offset < at as usize);
        offsets.get(index).or(offsets.last()).map_or(0, |&(_, place)| place)
    };
    let marks = marks.into_iter().map(|mark| {
        // What spans several lines is underlined on its first.
        let line_end = line_of(text, mark.span.start as usize).end as u32;
        (place(mark.span.start)..place(mark.span.end.min(line_end.max(mark.span.start))), mark)
    });
    let marks = marks.collect();
    Excerpt { line, text: shown, marks }
}

/// The nearest place at or before an offset that is between characters.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(start: usize, end: usize) -> Mark<'static> {
        Mark { span: Span::new(start as u32, end as u32), text: "", primary: true }
    }

    #[test]
    fn a_megabyte_on_one_line_is_cut_around_the_label() {
        let text = format!("{}é\"Allow\"{}", "é".repeat(300_000), "é".repeat(300_000));
        let at = text.find("\"Allow").unwrap();
        let source = Source::new("a.json", text);
        let excerpts = excerpts(&source, &[mark(at, at + 7)]);
        let [excerpt] = &excerpts[..] else { panic!("one excerpt") };
        assert!(excerpt.text.len() < 200, "{}", excerpt.text.len());
        assert_eq!(&excerpt.text[excerpt.marks[0].0.clone()], "\"Allow\"");
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
    }

    #[test]
    fn unprintable_characters_are_escaped_and_labels_move_along() {
        let text = "{ \"a\u{1b}[2J\u{202e}\": Allow }";
        let at = text.find("Allow").unwrap();
        let source = Source::new("a.json", text);
        let excerpts = excerpts(&source, &[mark(at, at + 5)]);
        assert_eq!(excerpts[0].text, "{ \"a\\u{1b}[2J\\u{202e}\": Allow }");
        assert_eq!(&excerpts[0].text[excerpts[0].marks[0].0.clone()], "Allow");
    }

    #[test]
    fn labels_far_apart_have_excerpts_of_their_own() {
        let text = "one\ntwo\n".to_owned() + &"\n".repeat(50) + "three\n";
        let source = Source::new("a.json", text.clone());
        let at = text.find("three").unwrap();
        let excerpts = excerpts(&source, &[mark(at, at + 5), mark(4, 7), mark(0, 3)]);
        assert_eq!(excerpts.len(), 2);
        assert_eq!((excerpts[0].line, &*excerpts[0].text, excerpts[0].marks.len()), (1, "one\ntwo", 2));
        assert_eq!((excerpts[1].line, &*excerpts[1].text), (53, "three"));
    }

    #[test]
    fn odd_places_do_no_harm() {
        for (text, start, end) in [("", 0, 0), ("a", 1, 1), ("a\n", 2, 2), ("a\nb", 0, 3), ("é", 0, 9)] {
            let source = Source::new("a.json", text);
            let excerpts = excerpts(&source, &[mark(start, end)]);
            assert!(excerpts[0].text.get(excerpts[0].marks[0].0.clone()).is_some(), "{text:?} {start} {end}");
        }
    }
}
