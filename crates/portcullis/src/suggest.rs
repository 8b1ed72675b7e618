//! Did you mean: the known name nearest to an unknown one.
//!
//! Nearness is Damerau's distance, after a look at case and plural, which are the usual slips. The work
//! is bounded: a document of 65,000 unknown names over 21,000 actions must not become a day of arithmetic,
//! so a [`Suggester`] stops suggesting once it has compared its fill.

/// Finds near names, within a budget of comparisons.
pub(crate) struct Suggester {
    budget: usize,
}

impl Default for Suggester {
    fn default() -> Self {
        Suggester { budget: 200_000 }
    }
}

/// Longer names than this are not typing slips.
const LONGEST: usize = 128;

impl Suggester {
    /// The nearest of the known names, when one is near enough to be what was meant.
    pub(crate) fn nearest<'a>(
        &mut self,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if name.len() > LONGEST {
            return None;
        }
        let folded = fold(name);
        // One slip in three letters; a name of one or two letters has to be right but for its case.
        let most = (name.chars().count() / 3).min(4);
        let mut best: Option<(usize, &'a str)> = None;
        for candidate in known {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            if candidate.len().abs_diff(name.len()) > most + 2 {
                continue;
            }
            let other = fold(candidate);
            let distance = if other == folded { 0 } else { strsim::osa_distance(&folded, &other) };
            if distance <= most && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }
}

/// The name without case, separators and a plural's `s`.
fn fold(name: &str) -> String {
    let mut folded: String =
        name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect();
    if folded.len() > 3 && folded.ends_with('s') {
        folded.pop();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
        Suggester::default().nearest(name, known.iter().copied())
    }

    #[test]
    fn slips_of_case_plural_and_order_are_found() {
        let known = ["sync", "sync_template", "source", "model", "read", "create"];
        assert_eq!(nearest("Sync", &known), Some("sync"));
        assert_eq!(nearest("sync-templates", &known), Some("sync_template"));
        assert_eq!(nearest("raed", &known), Some("read"));
        assert_eq!(nearest("souce", &known), Some("source"));
        assert_eq!(nearest("banana", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest(&"x".repeat(4_000), &known), None);
    }

    #[test]
    fn a_budget_bounds_the_work() {
        let mut suggester = Suggester { budget: 3 };
        assert_eq!(suggester.nearest("zzz", ["a", "b", "c", "zzy"]), None);
        assert_eq!(suggester.nearest("zzy", ["zzy"]), None);
    }
}
