//! Patterns over the schema's own names: `*` is any run of characters, also none.
//!
//! No `?`, no escape, case matters. A pattern is expanded when a document is compiled, never at a
//! check. Names are kept sorted, so that the literal text before the first `*` narrows the search to a
//! range: 1,600 documents full of `s3:Get*` over 21,000 actions compile in a blink.

/// A name with at least one `*` that is not just `*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    /// The pattern that a written name is, if it is one.
    pub(crate) fn of(name: &'a str) -> Option<Self> {
        (name.contains('*') && name != "*").then_some(Pattern(name))
    }

    /// The pattern that a literal of a condition is, in which a `*` alone matches everything.
    pub(crate) fn in_literal(text: &'a str) -> Self {
        Pattern(text)
    }

    /// Whether a whole name matches.
    pub(crate) fn matches(self, name: &str) -> bool {
        let mut pieces = self.0.split('*');
        let (Some(first), Some(last)) = (pieces.next(), pieces.next_back()) else { return self.0 == name };
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        // The leftmost place of each piece leaves the most room for the ones after it.
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = rest.get(at + piece.len()..).unwrap_or(""),
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// The numbers of the matching names. `sorted` holds (name, number) in byte order of names.
    pub(crate) fn expand<N: AsRef<str>>(self, sorted: &[(N, u32)]) -> Vec<u32> {
        let prefix = self.0.split('*').next().unwrap_or("");
        let start = sorted.partition_point(|(name, _)| name.as_ref() < prefix);
        let candidates = sorted.get(start..).unwrap_or(&[]).iter();
        candidates
            .take_while(|(name, _)| name.as_ref().starts_with(prefix))
            .filter(|(name, _)| self.matches(name.as_ref()))
            .map(|&(_, number)| number)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::of(pattern).is_some_and(|pattern| pattern.matches(name))
    }

    #[test]
    fn a_star_is_any_run_of_characters_also_none() {
        for (pattern, name) in [("sync*", "sync"), ("sync*", "sync_template"), ("*", "")] {
            assert_eq!(matches(pattern, name), pattern != "*", "{pattern} {name}");
        }
        assert!(matches("s3:Get*", "s3:GetObject") && !matches("s3:Get*", "s3:PutObject"));
        assert!(matches("*a*b*", "xxaxxbxx") && !matches("*a*b*", "ba"));
        assert!(matches("a*a", "aa") && !matches("a*a", "a"));
        assert!(matches("a**b", "ab") && matches("**", "anything") && matches("a*b*a", "aba"));
    }

    #[test]
    fn case_matters_and_there_is_no_question_mark_and_no_escape() {
        assert!(!matches("Sync*", "sync") && !matches("syn?*", "sync") && !matches("\\**", "*x"));
    }

    #[test]
    fn expansion_finds_what_matching_finds() {
        let mut names: Vec<(String, u32)> = ["sync", "sync_template", "source", "s", "model", "a:b"]
            .iter()
            .map(|n| (*n).to_owned())
            .zip(0..)
            .collect();
        names.sort();
        for pattern in ["s*", "*o*", "sync*", "*", "x*", "s*e", "**", "*:*"] {
            let Some(it) = Pattern::of(pattern) else { continue };
            let mut found = it.expand(&names);
            found.sort_unstable();
            let mut expected: Vec<u32> = names.iter().filter(|(n, _)| it.matches(n)).map(|p| p.1).collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
