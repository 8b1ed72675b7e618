//! Joining reports so that what is many leaves room for what is few.
//!
//! A report keeps a thousand faults. Whoever has forty thousand pairs that the schema does not admit would never hear
//! of the one group that adds nothing, if the first thousand were kept. So codes take turns.

use std::collections::{BTreeMap, VecDeque};

use super::{Code, Diagnostic, KEPT, Report};

impl Report {
    /// All that some reports count, and of what they keep as much as one keeps: everything as it came while there is room, else from each code in turn.
    pub(crate) fn shared(parts: impl IntoIterator<Item = Report>) -> Report {
        let mut all = Report::new();
        let parts: Vec<Report> = parts.into_iter().collect();
        if parts.iter().map(|part| part.found.len()).sum::<usize>() <= KEPT {
            parts.into_iter().for_each(|part| all.append(part));
            return all;
        }
        let mut by_code: BTreeMap<Code, VecDeque<Diagnostic>> = BTreeMap::new();
        for part in parts {
            all.counts.iter_mut().zip(part.counts).for_each(|(count, more)| *count += more);
            for diagnostic in part.found {
                by_code.entry(diagnostic.code).or_default().push_back(diagnostic);
            }
        }
        while !by_code.is_empty() && all.found.len() < KEPT {
            for left in by_code.values_mut() {
                left.pop_front().into_iter().for_each(|diagnostic| all.keep(diagnostic));
            }
            by_code.retain(|_, left| !left.is_empty());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    #[test]
    fn the_few_find_room_beside_the_many() {
        let many = |code: Code, count: usize| {
            let mut report = Report::new();
            (0..count).for_each(|number| report.push(Diagnostic::new(code, number.to_string())));
            report
        };
        let parts = [
            many(Code::Inadmissible, 5_000),
            many(Code::IdleGroup, 3),
            many(Code::ListOfAll, 400),
            many(Code::Inadmissible, 2),
        ];
        let shared = Report::shared(parts);
        let kept = |code: Code| shared.iter().filter(|kept| kept.code == code).count();
        assert_eq!((kept(Code::IdleGroup), kept(Code::ListOfAll)), (3, 400));
        assert_eq!((kept(Code::Inadmissible), shared.iter().len()), (KEPT - 403, KEPT));
        assert_eq!((shared.count(Severity::Warning), shared.count(Severity::Note)), (5_005, 400));
        assert_eq!(shared.dropped(), 5_405 - KEPT);
        let few = Report::shared([many(Code::Alias, 2), many(Code::ListOfAll, 1)]);
        assert_eq!((few.iter().len(), few.dropped()), (3, 0));
    }
}
