//! Numbers that no f64 holds, such as 1e400, which JSON allows.
//!
//! serde_json refuses them wherever it looks at values, and all values are looked at for duplicate keys. Numbers do not matter to
//! that, so a line that was refused is judged again with others in their place. That is rare, and lines without such
//! numbers pay nothing for it. What is no JSON must never become JSON here, and nothing of the copy may reach a condition: those
//! read the line as it came, through `sent`.

use serde::de::IgnoredAny;

/// The line with a number that an f64 holds in the place of each that it does not, at the same columns; nothing when
/// there is none.
pub(super) fn held(line: &[u8]) -> Option<Vec<u8>> {
    const HELD: &[u8] = b"9e99";
    let mut copy = Vec::with_capacity(line.len());
    let (mut found, mut in_text) = (false, false);
    let mut rest = line;
    while let Some(&first) = rest.first() {
        let is_number = !in_text && (first == b'-' || first.is_ascii_digit());
        let length = match first {
            b'\\' if in_text => 2.min(rest.len()),
            _ if is_number => {
                let of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                rest.iter().position(|byte| !of_number(byte)).unwrap_or(rest.len())
            }
            _ => 1,
        };
        in_text ^= first == b'"';
        let (token, after) = rest.split_at_checked(length)?;
        if is_number && is_beyond(token) {
            found = true;
            copy.extend_from_slice(HELD);
            copy.resize(copy.len() + length.saturating_sub(HELD.len()), b' ');
        } else {
            copy.extend_from_slice(token);
        }
        rest = after;
    }
    found.then_some(copy)
}

/// Whether this is a number as JSON writes it, and one that no f64 holds.
fn is_beyond(token: &[u8]) -> bool {
    // To pass over a value is to check its form alone.
    let is_formed = serde_json::from_slice::<IgnoredAny>(token).is_ok();
    let number = std::str::from_utf8(token).ok().and_then(|text| text.parse::<f64>().ok());
    is_formed && number.is_some_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_beyond_range_are_replaced() {
        let line = br#"{"1e400":[1e400,-1e400],"a\"1e400":1e308,"b":1e-400}"#;
        let same = br#"{"1e400":[9e99 ,9e99  ],"a\"1e400":1e308,"b":1e-400}"#;
        assert_eq!(held(line).unwrap(), same);
        for line in ["", "1e308", "\"1e400", "\"\\", "1e400.5", "01e400", "1e+-400", "-", "1.e400"] {
            assert_eq!(held(line.as_bytes()), None, "{line}");
        }
    }
}
