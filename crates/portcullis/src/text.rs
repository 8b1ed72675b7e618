//! Words for people: quoting names that outsiders chose, counting, listing.
//!
//! Names reach terminals and logs, so control, bidirectional and zero-width characters are escaped
//! wherever a name is quoted in a message, and a name of a megabyte is cut short. Decisions never
//! pass through here.

/// A name in backquotes, harmless and of bounded length.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("`{}`", shown(name))
}

/// A name made harmless for a terminal: unprintable characters escaped, at most 80 characters of it.
#[must_use]
pub fn shown(name: &str) -> String {
    let mut chars = name.chars();
    let mut out = escaped(chars.by_ref().take(80));
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// All of a text with every character escaped that could move the cursor, hide text or turn it around.
#[must_use]
pub fn printable(text: &str) -> String {
    escaped(text.chars())
}

fn escaped(chars: impl Iterator<Item = char>) -> String {
    chars.fold(String::new(), |mut out, c| {
        if is_invisible(c) {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
        out
    })
}

/// Control, bidirectional-control, zero-width and other format characters.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f)
}

/// `1 member`, `3 members`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// A number with its thousands apart: `1,048,576`.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `a`, `b` and `c`, quoted; at most `most` of them, then how many more.
#[must_use]
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut names = names.into_iter();
    let mut kept: Vec<String> = names.by_ref().take(most).map(quoted).collect();
    let more = names.count();
    if more > 0 {
        return format!("{} and {} more", kept.join(", "), grouped(more));
    }
    match (kept.pop(), kept.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", kept.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_move_the_cursor_or_turn_text_around() {
        assert_eq!(quoted("a\u{1b}[2Jb\u{202e}c\u{200b}"), "`a\\u{1b}[2Jb\\u{202e}c\\u{200b}`");
        assert_eq!(quoted(&"x".repeat(81)), format!("`{}…`", "x".repeat(80)));
    }

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(grouped(1_048_576), "1,048,576");
        assert_eq!(grouped(999), "999");
        assert_eq!(counted(1, "member"), "1 member");
        assert_eq!(listed(["a", "b", "c"], 3), "`a`, `b` and `c`");
        assert_eq!(listed(["a", "b", "c"], 1), "`a` and 2 more");
        assert_eq!(listed([], 3), "");
    }
}
