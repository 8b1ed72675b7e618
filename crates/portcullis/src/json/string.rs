//! Strings: what stands between the quotes, and what its escapes mean.
//!
//! The scanner has validated every escape before anything is decoded here, so decoding cannot fail;
//! what it cannot make out (only after a reported fault) becomes U+FFFD and is never used.

use std::borrow::Cow;

/// The text between plain quotes.
pub(crate) fn between(raw: &str) -> &str {
    raw.get(1..raw.len().saturating_sub(1)).unwrap_or("")
}

/// The text between the quotes. Quotes that people paste (“smart”, 'single') are cut off as well.
pub(super) fn inside(raw: &str) -> &str {
    let mut chars = raw.chars();
    let opened = chars.next().is_some_and(is_quote);
    let inner = if opened { chars.as_str() } else { raw };
    let mut chars = inner.chars();
    if opened && chars.next_back().is_some_and(is_quote) { chars.as_str() } else { inner }
}

/// How many bytes at the start are looked at eight at a time and are neither a quote, a backslash nor a control character.
/// What follows them, the last few bytes of the text included, is to be looked at one by one.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let words = bytes.as_chunks::<8>().0;
    for (number, word) in words.iter().enumerate() {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return 8 * number + special.trailing_zeros() as usize / 8;
        }
    }
    8 * words.len()
}

/// The highest bit of each byte that ends a run of plain ones. Only the lowest that is set is sure: what is borrowed from
/// higher bytes may set theirs.
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word;
    let (quotes, backslashes) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
    (below(quotes, 1) | below(backslashes, 1) | below(word, 0x20)) & (ONES << 7)
}

pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '”' | '„' | '‟' | '‘' | '’' | '«' | '»')
}

/// The value of four hexadecimal digits at the start of `text`.
pub(super) fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

/// Reads what follows `\u`: the character and the number of bytes it took, or `None` for a lone surrogate
/// or bad digits.
pub(super) fn unicode_escape(after: &str) -> Option<(char, usize)> {
    let high = hex4(after)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 4));
    }
    let low = hex4(after.get(4..)?.strip_prefix("\\u")?)?;
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let scalar = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    char::from_u32(scalar).map(|c| (c, 10))
}

/// Decodes the inside of a string that holds escapes.
pub(super) fn decode(inside: &str) -> Cow<'_, str> {
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or(""));
        let after = rest.get(at + 1..).unwrap_or("");
        let mut chars = after.chars();
        let (c, taken) = match chars.next() {
            Some('n') => ('\n', 1),
            Some('t') => ('\t', 1),
            Some('r') => ('\r', 1),
            Some('b') => ('\u{8}', 1),
            Some('f') => ('\u{c}', 1),
            Some('u') => unicode_escape(chars.as_str()).map_or(('\u{fffd}', 1), |(c, used)| (c, used + 1)),
            Some(c) => (c, c.len_utf8()),
            None => ('\u{fffd}', 0),
        };
        out.push(c);
        rest = after.get(taken..).unwrap_or("");
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A string as JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write(&mut out, text);
    out
}

/// Writes a string as JSON, escaping only what must be.
pub(crate) fn write(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode_to_what_json_says() {
        assert_eq!(decode(r#"a\"b\\c\/d\n\u0041\ud834\udd1e"#), "a\"b\\c/d\nA\u{1d11e}");
        assert_eq!(decode("plain"), "plain");
    }

    #[test]
    fn plain_runs_end_where_looking_at_each_byte_ends_them() {
        let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        for byte in 0..=u8::MAX {
            for at in 0..24 {
                let mut text = *b"abc!#[]\x7f\x80\xff 0123456789zzzz";
                text[at] = byte;
                text[at + 1] = b'"';
                let expected = text.iter().position(|&byte| special(byte)).unwrap();
                assert_eq!(plain(&text[..24]), expected.min(24), "{byte:02x} at {at}");
            }
        }
        assert_eq!(plain(b"seven.."), 0);
    }

    #[test]
    fn lone_and_swapped_surrogates_are_no_characters() {
        for text in ["d800", "dc00", "d800\\u0041", "dd1e\\ud834", "12", "00é0", "+123"] {
            assert_eq!(unicode_escape(text), None, "{text}");
        }
    }

    #[test]
    fn written_strings_decode_to_themselves() {
        for text in ["", "a\"b", "\\", "\n\r\t\u{8}\u{c}\u{0}\u{1f}\u{7f}", "é𝄞\u{2028}"] {
            let mut out = String::new();
            write(&mut out, text);
            assert_eq!(decode(inside(&out)), text);
        }
    }
}
