//! Reads what callgrind wrote: how many instructions each call of a counted function took.
//!
//! The files are asked for without compressed names and without lines, so that they are short and plain. A record begins with `fn=` and the
//! function's name, behind it those of its callers after a `'` each; then come its own instructions, and under `calls=` those
//! of what it called. The sum is what the call took from its first instruction to its last, as the switch that
//! starts and stops the counting is thrown by these functions alone.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::{COUNTED, Entry, SINGLES, batched};
use super::sizes::Size;
use crate::Trouble;

/// How many instructions the questions of one size took through one entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// The mean of a question.
    pub mean: f64,
    /// The least and the most that a single question took; of batches nothing is known of single ones.
    pub singles: Option<(u64, u64)>,
}

/// The counted functions' names as the linker knows them, without callers.
///
/// # Errors
/// When one of them is missing.
pub fn functions(profile: &str) -> Result<BTreeSet<String>, Trouble> {
    let found: BTreeSet<String> = records(profile).into_keys().map(own_name).map(str::to_owned).collect();
    match Entry::ALL.into_iter().find(|entry| !found.iter().any(|name| is(*entry, name))) {
        Some(entry) => Err(format!("callgrind saw no call of {}", entry.function()).into()),
        None => Ok(found),
    }
}

/// The counts of all entries at a size.
///
/// # Errors
/// When there are not as many calls as there were questions.
pub fn counts(profile: &str, size: &Size) -> Result<BTreeMap<Entry, Count>, Trouble> {
    let records = records(profile);
    Entry::ALL.into_iter().map(|entry| Ok((entry, count(&records, entry, size)?))).collect()
}

fn count(records: &BTreeMap<&str, u64>, entry: Entry, size: &Size) -> Result<Count, Trouble> {
    let own: Vec<u64> =
        records.iter().filter(|(name, _)| is(entry, own_name(name))).map(|(_, n)| *n).collect();
    let sum = own.iter().sum::<u64>() as f64;
    if entry.is_batch() {
        return Ok(Count { mean: sum / batched(size) as f64, singles: None });
    }
    match (own.iter().min(), own.iter().max()) {
        (Some(&least), Some(&most)) if own.len() == SINGLES => {
            Ok(Count { mean: sum / SINGLES as f64, singles: Some((least, most)) })
        }
        _ => Err(format!(
            "{} at {}: expected {SINGLES} calls that are told apart, found {}; has a compiler inlined what must not be?",
            entry.name(),
            size.name,
            own.len()
        )
        .into()),
    }
}

/// Instructions by name of function and callers, of those that are counted.
fn records(profile: &str) -> BTreeMap<&str, u64> {
    let mut found = BTreeMap::new();
    let mut current = None;
    for line in profile.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            current = own_name(name).contains(COUNTED).then_some(name);
        } else if let Some(name) = current
            && line.starts_with(|first: char| first.is_ascii_digit())
            && let Some(cost) = line.split_whitespace().nth(1).and_then(|cost| cost.parse::<u64>().ok())
        {
            *found.entry(name).or_insert(0) += cost;
        }
    }
    found
}

fn own_name(name: &str) -> &str {
    name.split_once('\'').map_or(name, |(own, _)| own)
}

fn is(entry: Entry, mangled: &str) -> bool {
    mangled.contains(entry.function())
}

#[cfg(test)]
mod tests {
    use super::super::sizes::SIZES;
    use super::*;

    /// A profile in which each single question took 7 instructions of its own and 5 in what it called, but for one of 20 more.
    fn profile(singles: usize) -> String {
        let mut text = String::from("# callgrind format\nevents: Ir\nsummary: 12\n\nfn=main\n0 9\n");
        for entry in Entry::ALL {
            let calls = if entry.is_batch() { 1 } else { singles };
            for call in 0..calls {
                let more = if call == 3 { 20 } else { 0 };
                let name = format!("_ZN3ask{}17h12E'inner{call}'outer", entry.function());
                let head = format!("\nfl=???\nfn={name}\n0 {}\n", 7 + more);
                text.push_str(&head);
                text.push_str("cfn=check'_ZN3ask19counted_strings_one17h12E\ncalls=1 0\n0 5\n");
            }
        }
        text
    }

    #[test]
    fn a_call_is_what_it_took_itself_and_in_what_it_called() {
        let counts = counts(&profile(SINGLES), &SIZES[0]).unwrap();
        let strings = counts[&Entry::Strings];
        assert_eq!(strings.singles, Some((12, 32)));
        assert!((strings.mean - (12.0 + 20.0 / SINGLES as f64)).abs() < 1e-9);
        let batch = counts[&Entry::TypedBatch];
        assert_eq!(batch, Count { mean: 12.0 / 20_000.0, singles: None });
    }

    #[test]
    fn calls_that_are_missing_are_a_fault_and_not_a_better_mean() {
        let message = counts(&profile(SINGLES - 1), &SIZES[0]).unwrap_err().to_string();
        assert!(message.contains("expected 10000 calls") && message.contains("found 9999"), "{message}");
    }

    #[test]
    fn functions_are_found_by_their_own_names() {
        let found = functions(&profile(1)).unwrap();
        assert_eq!(found.len(), Entry::ALL.len());
        assert!(found.contains("_ZN3askcounted_strings_one17h12E"));
        let message = functions("fn=main'counted_strings_one\n0 1\n").unwrap_err().to_string();
        assert!(message.contains("no call of counted_typed_verdict"), "{message}");
    }
}
