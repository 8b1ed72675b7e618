//! Just enough Rust to tell code from comments, strings and characters, so that a rule about a word does not trip over prose.
//!
//! It never judges: it hands back lines and identifiers. A full parser would be a large dependency for the sake of a few words, and a
//! plain text search would refuse every comment that explains a rule.

/// Each line's number and its identifiers, code alone.
pub(super) fn words(text: &str) -> Vec<(usize, Vec<String>)> {
    let split = |line: &str| {
        line.split(|ch: char| !ch.is_alphanumeric() && ch != '_')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let code = code_only(text);
    code.lines().enumerate().map(|(n, l)| (n + 1, split(l))).collect()
}

/// The text with comments, strings and characters blanked and every line kept, so that words and line numbers are those of code.
fn code_only(text: &str) -> String {
    let c: Vec<char> = text.chars().collect();
    let at = |i: usize| c.get(i).copied().unwrap_or('\0');
    let (mut out, mut i) = (String::with_capacity(text.len()), 0);
    while i < c.len() {
        let end = match (at(i), at(i + 1)) {
            ('/', '/') => (i..c.len()).find(|&k| at(k) == '\n').unwrap_or(c.len()),
            ('/', '*') => block_comment_end(&c, i),
            ('"', _) => string_end(&c, i),
            ('r', '"' | '#') => raw_string_end(&c, i),
            ('\'', '\\') => 1 + (i + 3..c.len()).find(|&k| at(k) == '\'').unwrap_or(i + 3),
            ('\'', _) if at(i + 2) == '\'' => i + 3,
            _ => i,
        };
        if end == i {
            out.push(c[i]);
            i += 1;
        } else {
            let kept = |k| if at(k) == '\n' { '\n' } else { ' ' };
            out.extend((i..end.min(c.len())).map(kept));
            i = end;
        }
    }
    out
}

fn block_comment_end(c: &[char], start: usize) -> usize {
    let (mut depth, mut i) = (0_usize, start);
    while i + 1 < c.len() {
        match (c[i], c[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') if depth == 1 => return i + 2,
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    c.len()
}

fn string_end(c: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < c.len() && c[i] != '"' {
        i += if c[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// The end of `r"…"` or `r#"…"#`; `start` itself where it is a raw identifier.
fn raw_string_end(c: &[char], start: usize) -> usize {
    let hashes = c[start + 1..].iter().take_while(|&&x| x == '#').count();
    let open = start + 1 + hashes;
    if c.get(open) != Some(&'"') {
        return start;
    }
    let closes =
        |k: &usize| c[*k] == '"' && c[k + 1..].iter().take(hashes).filter(|&&x| x == '#').count() == hashes;
    (open + 1..c.len()).find(closes).map_or(c.len(), |k| k + 1 + hashes)
}

#[test]
fn code_is_told_from_comments_and_literals() {
    let seen = |text: &str| words(text).iter().flat_map(|(_, w)| w.clone()).any(|w| w == "hit");
    let code = [
        "//! a\n\nhit fn f() {}",
        "let c = '\\''; let q = '\"'; hit {} // \"",
        "fn f<'a>(x: &'a str) { hit {} }",
        "let r#raw = r#\"a\"b\"#; /* /* */ */ hit {}",
        "let s = \"\\\\\"; hit {}",
    ];
    for text in code {
        assert!(seen(text), "{text}");
    }
    let quiet =
        ["#![forbid(hit_code)] // hit", "/* hit /* */ hit */", "f(\"\\\" hit\", 'h')", "br#\"hit \" hit\"#"];
    for text in quiet {
        assert!(!seen(text), "{text}");
    }
    assert_eq!(words("/* \n */\nhit")[2], (3, vec!["hit".to_owned()]));
}
