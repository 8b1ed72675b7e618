//! Whether counts are as they must be: the same at every size, and no higher than they were.
//!
//! A check may depend on how things are laid out, of which there are few ways, and never on how much there is. Typed checks must
//! take exactly the same number of instructions, question by question, at all sizes that are laid out alike ([`Class`]), and classes
//! differ by a constant. What a check by names takes besides, the means less those of typed checks at the same size, must be the same
//! everywhere, but for what the randomness of hashes makes of it. Beyond that a count must not grow over the committed baseline.

use std::collections::BTreeMap;

use super::ask::Entry;
use super::baseline::{Baseline, Compiler, Counts, RENEW};
use super::profile::Count;
use super::sizes::{SIZES, Size, Vocabulary};

/// By how much means of names may differ within a class, and how much they may grow over the baseline.
const BY_NAMES: f64 = 0.03;

/// How much a count may grow over the baseline.
const GROWTH: f64 = 0.02;

/// What is laid out alike where an entry is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// Typed checks: rows of pages, of which a check reads one word more. Pairs under other names: a vocabulary too wide for the
    /// table of all pairs.
    wide: bool,
    /// Typed checks: the members' sets, a byte each, in chunks instead of one piece. Batches of names: a table large enough
    /// that names are looked up in stages.
    far: bool,
    /// Names of other lengths.
    real: bool,
    /// Some role has conditions: a check then asks whether its own permission is open.
    conditions: bool,
}

impl Class {
    /// The class of a size where an entry is concerned.
    #[must_use]
    pub fn of(entry: Entry, size: &Size) -> Class {
        let wide = !size.vocabulary.is_flat();
        let real = size.vocabulary == Vocabulary::Hightouch;
        let conditions = size.conditions;
        match entry {
            Entry::TypedVerdict | Entry::TypedDecision | Entry::TypedBatch => {
                Class { wide, far: size.members > 65_536, real: false, conditions }
            }
            Entry::Strings => Class { wide: false, far: false, real, conditions },
            Entry::StringsMany => Class { wide: false, far: size.members >= 32_768, real, conditions },
            Entry::StringsAside => Class { wide, far: false, real, conditions },
        }
    }
}

/// Whether all counts of a class must be equal: of handles, where no hash is.
fn is_exact(entry: Entry) -> bool {
    matches!(entry, Entry::TypedVerdict | Entry::TypedDecision | Entry::TypedBatch)
}

/// How far the mean of any class may lie above that of the middle's, in instructions.
fn apart(entry: Entry) -> f64 {
    match entry {
        Entry::TypedVerdict | Entry::TypedDecision | Entry::TypedBatch | Entry::Strings => 24.0,
        // What it takes to go through the steps together; it is there to wait less, not to do less.
        Entry::StringsMany => 200.0,
        // Both names looked up by themselves, and the pair searched for among the action's.
        Entry::StringsAside => 560.0,
    }
}

/// How much more that may be where some role has conditions: what is open is looked up too.
const OPEN: f64 = 24.0;

/// The most that any single question may take.
fn bound(entry: Entry) -> u64 {
    match entry {
        Entry::TypedVerdict => 96,
        Entry::TypedDecision => 120,
        // The most are names of 45 bytes, and names that share a tag with another of their group.
        Entry::Strings => 1_400,
        _ => 1_600,
    }
}

/// One size of a class.
#[derive(Clone, Copy)]
struct Sized<'s> {
    size: &'s Size,
    count: Count,
    /// What is compared: the mean, of checks by names less what a typed check takes at that size.
    cost: f64,
}

/// What is wrong with counts, each a message for people; none when nothing is.
#[must_use]
pub fn between_sizes(counts: &Counts) -> Vec<String> {
    let mut faults = Vec::new();
    for entry in Entry::ALL {
        let mut classes: BTreeMap<Class, Vec<Sized<'_>>> = BTreeMap::new();
        for size in &SIZES {
            let typed = counts.get(&(Entry::TypedDecision, size.name));
            let (Some(&count), Some(typed)) = (counts.get(&(entry, size.name)), typed) else {
                faults.push(format!("{} at {}: was not counted", entry.name(), size.name));
                continue;
            };
            let cost = if is_exact(entry) { count.mean } else { count.mean - typed.mean };
            classes.entry(Class::of(entry, size)).or_default().push(Sized { size, count, cost });
        }
        for class in classes.values() {
            faults.extend(class.iter().filter_map(|sized| alone(entry, sized)));
            faults.extend(within(entry, class));
        }
        faults.extend(across(entry, &classes));
    }
    faults
}

/// One size by itself.
fn alone(entry: Entry, sized: &Sized<'_>) -> Option<String> {
    let (least, most) = sized.count.singles?;
    let at = format!("{} at {}", entry.name(), sized.size.name);
    if is_exact(entry) && least != most {
        return Some(format!(
            "{at}: counted {least} for one question and {most} for another, expected the same for all: what the answer is must not \
             change what it costs"
        ));
    }
    let allowed = bound(entry);
    (most > allowed).then(|| {
        format!("{at}: counted {most} for one question, allowed {allowed}: something is searched that must be looked up")
    })
}

/// Sizes that are laid out alike.
fn within(entry: Entry, class: &[Sized<'_>]) -> Option<String> {
    let (least, most) = extremes(class)?;
    let (more, rule) =
        if is_exact(entry) { (0.0, "the same") } else { (least.count.mean * BY_NAMES, "3 % more") };
    (most.cost > least.cost + more).then(|| {
        format!(
            "{} at {}: counted {}, at {} {}, allowed {rule}: a check must not cost more where there is more; {PROFILE}",
            entry.name(),
            most.size.name,
            most.told(),
            least.size.name,
            least.told()
        )
    })
}

/// The class of the middle, which is the first of the sizes, and the others.
fn across(entry: Entry, classes: &BTreeMap<Class, Vec<Sized<'_>>>) -> Vec<String> {
    let middle = SIZES.first().and_then(|size| classes.get(&Class::of(entry, size)));
    let Some((least, _)) = middle.and_then(|class| extremes(class)) else { return Vec::new() };
    let allowed = |class: &Class| apart(entry) + if class.conditions { OPEN } else { 0.0 };
    let tallest = classes.iter().filter_map(|(class, sizes)| Some((extremes(sizes)?.1, allowed(class))));
    tallest
        .filter(|(most, allowed)| most.cost > least.cost + allowed)
        .map(|(most, allowed)| {
            format!(
                "{} at {}: counted {}, at {} {}, allowed {} more for another layout; {PROFILE}",
                entry.name(),
                most.size.name,
                most.told(),
                least.size.name,
                least.told(),
                allowed
            )
        })
        .collect()
}

const PROFILE: &str =
    "see what it runs there: count-instructions keep, then callgrind_annotate on the files of both sizes";

impl Sized<'_> {
    fn told(&self) -> String {
        let Sized { count: Count { mean, .. }, cost, .. } = self;
        if mean == cost { format!("{mean:.2}") } else { format!("{mean:.2} ({cost:.2} for names)") }
    }
}

fn extremes<'s>(class: &[Sized<'s>]) -> Option<(Sized<'s>, Sized<'s>)> {
    let by_cost = |a: &&Sized<'s>, b: &&Sized<'s>| a.cost.total_cmp(&b.cost);
    Some((*class.iter().min_by(by_cost)?, *class.iter().max_by(by_cost)?))
}

/// What comes of comparing counts with the baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// What must not be.
    pub faults: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// Compares with the committed counts.
#[must_use]
pub fn against(baseline: &Baseline, here: &Compiler, counts: &Counts) -> Growth {
    let mut growth = Growth::default();
    let then = &baseline.compiler;
    if then.host != here.host {
        growth.notes.push(format!(
            "the baseline was counted on {} and this is {}: growth is not judged here",
            then.host, here.host
        ));
        return growth;
    }
    if then.rustc != here.rustc {
        growth.faults.push(format!(
            "the baseline was counted with {} and this is {}: whoever changes the toolchain renews it in the same commit, and looks at what changed; {RENEW}",
            then.rustc, here.rustc
        ));
    }
    let mut gains = Vec::new();
    for ((entry, size), count) in counts {
        let at = format!("{} at {size}", entry.name());
        match baseline.mean(*entry, size) {
            None => growth.faults.push(format!("{at}: the baseline has no count; {RENEW}")),
            Some(before) if count.mean > before * (1.0 + GROWTH) => growth.faults.push(format!(
                "{at}: counted {:.2} a question, the baseline has {before:.2}, allowed {:.2} (2 % more): make it cheaper, or say in the commit why it must cost this and renew: {RENEW}",
                count.mean, before * (1.0 + GROWTH)
            )),
            Some(before) if count.mean < before * (1.0 - GROWTH) => {
                gains.push(format!("{at}: {before:.2} before, {:.2} now", count.mean));
            }
            Some(_) => {}
        }
    }
    if let Some(first) = gains.first() {
        growth.notes.push(format!(
            "{} counts are more than 2 % below the baseline ({first}); renew it, so that what was won is held: {RENEW}",
            gains.len()
        ));
    }
    growth
}

#[cfg(test)]
mod tests;
