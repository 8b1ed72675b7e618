//! Strings that no document names, one for each set of patterns that can match the same string.
//!
//! A pattern with stars is a small automaton. All patterns that meet on one attribute are run side by side,
//! breadth first, and beside them the named strings, so that what is found is named by nobody: for each set of
//! patterns that some such string matches, the shortest one. A set that is not found when the search ends is
//! matched by no string. The search has a bound; past it nothing is said.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::pattern::Pattern;

/// So many strings of each kind, if there are so many, none of them named; nothing where more steps would be needed than are left.
pub(super) fn fresh(
    named: &BTreeSet<String>,
    patterns: &[&str],
    copies: usize,
    steps: &mut usize,
) -> Option<Vec<String>> {
    if patterns.is_empty() {
        let numbers =
            (1..).map(|number| if number == 1 { "another".to_owned() } else { format!("another-{number}") });
        return Some(numbers.filter(|text| !named.contains(text)).take(copies).collect());
    }
    let (mut named, mut all) = (named.clone(), Vec::new());
    for _ in 0..copies {
        let found = Search::new(&named, patterns).run(steps)?;
        named.extend(found.iter().cloned());
        all.extend(found);
    }
    Some(all)
}

/// Whether all times are alike to these patterns: each matches every string of the form of a time, or none.
pub(super) fn times_are_alike(patterns: &[&str], steps: &mut usize) -> Option<bool> {
    let nobody = BTreeSet::new();
    let search = Search::new(&nobody, patterns);
    let digit = ('0'..='9').find(|digit| !search.letters.contains(digit));
    let mut letters: BTreeSet<char> = search.letters.iter().copied().chain(digit).collect();
    letters.extend("-:TtZz.+".chars());
    let start: Vec<Vec<u64>> =
        search.patterns.iter().map(|pattern| search.closed(pattern, vec![1])).collect();
    let first = (start, Some((0, 0, 0)));
    let mut seen: HashSet<State> = HashSet::from([first.clone()]);
    let mut left = vec![(first, String::new())];
    let mut found: BTreeSet<Vec<bool>> = BTreeSet::new();
    while let Some(((places, shape), text)) = left.pop() {
        let Some((shape, ..)) = shape else { continue };
        if shape == ENDED {
            found.insert(search.matched(&text));
        }
        for &letter in &letters {
            let Some(shape) = shaped(shape, letter) else { continue };
            *steps = steps.checked_sub(1 + search.patterns.len())?;
            let stepped = search.patterns.iter().zip(&places);
            let stepped = stepped.map(|(pattern, places)| search.step(pattern, places, letter)).collect();
            let state = (stepped, Some((shape, 0, 0)));
            if seen.insert(state.clone()) {
                let mut text = text.clone();
                text.push(letter);
                left.push((state, text));
            }
        }
    }
    Some(found.len() < 2)
}

const DATE_AND_TIME: &str = "dddd-dd-ddTdd:dd:dd";
/// After the point, within the fraction, after the sign of the offset, and where a time ends.
const POINT: usize = 19 + 1;
const FRACTION: usize = POINT + 1;
const OFFSET: usize = FRACTION + 1;
const ENDED: usize = OFFSET + 5;

/// The place in a time after one letter more; any digit will do for a digit.
fn shaped(at: usize, letter: char) -> Option<usize> {
    let digit = letter.is_ascii_digit();
    if let Some(expected) = DATE_AND_TIME.chars().nth(at) {
        let fits = match expected {
            'd' => digit,
            'T' => letter == 'T' || letter == 't',
            other => other == letter,
        };
        return fits.then_some(at + 1);
    }
    match (at, letter) {
        (19, '.') => Some(POINT),
        (POINT | FRACTION, _) if digit => Some(FRACTION),
        (19 | FRACTION, 'Z' | 'z') => Some(ENDED),
        (19 | FRACTION, '+' | '-') => Some(OFFSET),
        (OFFSET.., _) if at < ENDED => {
            let fits = if at == OFFSET + 2 { letter == ':' } else { digit };
            fits.then_some(at + 1)
        }
        _ => None,
    }
}

/// Where the patterns stand, each at some of its places, and which named strings begin with what was read.
type State = (Vec<Vec<u64>>, Option<(usize, usize, usize)>);

struct Search<'s> {
    named: Vec<&'s str>,
    /// A star is nothing.
    patterns: Vec<Vec<Option<char>>>,
    texts: &'s [&'s str],
    letters: BTreeSet<char>,
    other: char,
}

impl<'s> Search<'s> {
    fn new(named: &'s BTreeSet<String>, texts: &'s [&'s str]) -> Self {
        let patterns: Vec<Vec<Option<char>>> =
            texts.iter().map(|text| text.chars().map(|c| (c != '*').then_some(c)).collect()).collect();
        let letters: BTreeSet<char> = patterns.iter().flatten().flatten().copied().collect();
        let used = |c: &char| letters.contains(c) || named.iter().any(|text| text.contains(*c));
        let mut letter = "xyzqwk".chars().chain('a'..='z').chain('\u{100}'..);
        let other = letter.find(|c| !used(c)).unwrap_or('x');
        Search { named: named.iter().map(String::as_str).collect(), patterns, texts, letters, other }
    }

    fn run(&self, steps: &mut usize) -> Option<Vec<String>> {
        let start: Vec<Vec<u64>> =
            self.patterns.iter().map(|pattern| self.closed(pattern, vec![1])).collect();
        let mut seen: HashSet<State> = HashSet::new();
        let first = (start, Some((0, self.named.len(), 0)));
        seen.insert(first.clone());
        let mut level = vec![(first, String::new())];
        let mut found: BTreeMap<Vec<bool>, String> = BTreeMap::new();
        while !level.is_empty() {
            let mut next = Vec::new();
            for (state, text) in level {
                let is_named = self.node_text(state.1).is_some_and(|named| named == text);
                // The empty string is nobody's first choice of an example.
                if !is_named && !text.is_empty() {
                    found.entry(self.matched(&text)).or_insert_with(|| text.clone());
                }
                let mut letters: BTreeSet<char> = self.letters.clone();
                letters.insert(self.other);
                letters.extend(self.children(state.1));
                for letter in letters {
                    *steps = steps.checked_sub(1 + self.patterns.len())?;
                    let stepped = self.patterns.iter().zip(&state.0);
                    let stepped =
                        stepped.map(|(pattern, places)| self.step(pattern, places, letter)).collect();
                    let state = (stepped, self.descend(state.1, letter));
                    if seen.insert(state.clone()) {
                        let mut text = text.clone();
                        text.push(letter);
                        next.push((state, text));
                    }
                }
            }
            level = next;
        }
        if !self.named.contains(&"") {
            found.entry(self.matched("")).or_default();
        }
        Some(found.into_values().collect())
    }

    fn matched(&self, text: &str) -> Vec<bool> {
        self.texts.iter().map(|pattern| Pattern::in_literal(pattern).matches(text)).collect()
    }

    /// The places with those behind stars.
    fn closed(&self, pattern: &[Option<char>], mut places: Vec<u64>) -> Vec<u64> {
        places.resize(pattern.len() / 64 + 1, 0);
        for (at, element) in pattern.iter().enumerate() {
            if element.is_none() && has(&places, at) {
                put(&mut places, at + 1);
            }
        }
        places
    }

    fn step(&self, pattern: &[Option<char>], places: &[u64], letter: char) -> Vec<u64> {
        let mut next = vec![0; pattern.len() / 64 + 1];
        for (at, element) in pattern.iter().enumerate().filter(|(at, _)| has(places, *at)) {
            match element {
                None => put(&mut next, at),
                Some(expected) if *expected == letter => put(&mut next, at + 1),
                Some(_) => {}
            }
        }
        self.closed(pattern, next)
    }

    /// The letters with which some named string goes on.
    fn children(&self, node: Option<(usize, usize, usize)>) -> BTreeSet<char> {
        let Some((start, end, depth)) = node else { return BTreeSet::new() };
        let inside = self.named.get(start..end).unwrap_or(&[]);
        inside.iter().filter_map(|text| text.get(depth..)?.chars().next()).collect()
    }

    fn descend(&self, node: Option<(usize, usize, usize)>, letter: char) -> Option<(usize, usize, usize)> {
        let (start, end, depth) = node?;
        let inside = self.named.get(start..end)?;
        let next = |text: &&str| text.get(depth..).and_then(|rest| rest.chars().next());
        let first = start + inside.partition_point(|text| next(text) < Some(letter));
        let after = start + inside.partition_point(|text| next(text) <= Some(letter));
        (first < after).then_some((first, after, depth + letter.len_utf8()))
    }

    /// The named string that ends at a node: the first of those that go through it, if it is no longer.
    fn node_text(&self, node: Option<(usize, usize, usize)>) -> Option<&str> {
        let (start, end, depth) = node?;
        self.named.get(start..end)?.first().copied().filter(|text| text.len() == depth)
    }
}

fn has(places: &[u64], at: usize) -> bool {
    places.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn put(places: &mut [u64], at: usize) {
    if let Some(word) = places.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(named: &[&str], patterns: &[&str]) -> BTreeSet<Vec<bool>> {
        let named: BTreeSet<String> = named.iter().map(|&text| text.to_owned()).collect();
        let found = fresh(&named, patterns, 1, &mut 1_000_000).unwrap();
        assert!(found.iter().all(|text| !named.contains(text)), "{found:?}");
        let matched = |text: &String| patterns.iter().map(|p| Pattern::in_literal(p).matches(text)).collect();
        found.iter().map(matched).collect()
    }

    /// All strings of these letters up to a length.
    fn strings(letters: &str, length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..length {
            last = last.iter().flat_map(|text| letters.chars().map(move |c| format!("{text}{c}"))).collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn every_set_of_patterns_that_a_string_matches_is_found_and_no_other() {
        let strings = strings("abx", 8);
        for patterns in [
            &["a*"][..],
            &["a*", "*b"],
            &["ab*", "*ab", "ab*ab"],
            &["a*b", "*a*b*", "b*"],
            &["*"],
            &["*a*", "*aa*", "*aaa*"],
            &["a*a", "aa*", "*aa"],
            &["ab*ba", "a*a", "*bb*"],
        ] {
            for named in [&[][..], &["ab"], &["a", "b", "ab", "aba", "xx"], &["", "x", "xx"]] {
                let free = strings.iter().filter(|text| !named.contains(&text.as_str()));
                let expected: BTreeSet<Vec<bool>> = free
                    .map(|text| patterns.iter().map(|p| Pattern::in_literal(p).matches(text)).collect())
                    .collect();
                assert_eq!(sets(named, patterns), expected, "{patterns:?} {named:?}");
            }
        }
    }

    #[test]
    fn times_are_alike_to_what_no_time_looks_like() {
        let alike = |patterns: &[&str]| times_are_alike(patterns, &mut 1_000_000).unwrap();
        assert!(alike(&["a*", "*b", "*", "20*x", "*--*"]) && alike(&["*-*:*"]) && alike(&["2026-01-01T*q"]));
        for pattern in ["2026-*", "*Z", "*.*", "*+01:00", "*5*", "*t*"] {
            assert!(!alike(&[pattern]), "{pattern}");
        }
        assert_eq!(times_are_alike(&["2026-*"], &mut 10), None);
    }

    #[test]
    fn as_many_as_there_are_and_no_more_steps_than_are_given() {
        let patterns = ["ab*", "*ab", "ab*ab"];
        let all = fresh(&BTreeSet::new(), &patterns, 3, &mut 100_000).unwrap();
        let of_one = |text: &&String| text.starts_with("ab") && text.ends_with("ab") && text.len() < 4;
        assert_eq!(all.iter().filter(of_one).collect::<Vec<_>>(), ["ab"]);
        assert!(all.iter().filter(|text| text.starts_with("ab") && !text.ends_with("ab")).count() == 3);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(fresh(&BTreeSet::new(), &patterns, 1, &mut 10), None);
        let named = BTreeSet::from(["another".to_owned()]);
        assert_eq!(fresh(&named, &[], 2, &mut 0).unwrap(), ["another-2", "another-3"]);
    }
}
