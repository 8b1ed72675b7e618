//! Members by their sets of roles: what rules are asserted over.
//!
//! Whoever holds the same roles may the same, but for conditions that read who asks. So a rule looks at each set of roles
//! once, and at members only where it must: to count them, to leave out who is excepted, and to name them. Who is suspended
//! is in no set here, since they may nothing.

use portcullis_matrix::{SetId, SubjectId};

use crate::snapshot::{Snapshot, subject_of};

/// Members that are not suspended, set by set.
pub(super) struct Crowd {
    subjects: Vec<u32>,
    /// Each set that somebody has, with the end of its subjects.
    ends: Vec<(SetId, usize)>,
}

impl Crowd {
    /// All members of a workspace. Sets come in the order of their numbers, and the members of one in the order in which they came.
    pub(super) fn of(snapshot: &Snapshot) -> Crowd {
        let matrix = snapshot.matrix();
        let all = || snapshot.directory().numbers().map(subject_of);
        let mut counts: Vec<usize> = Vec::new();
        let mut total = 0;
        for subject in all() {
            let set = matrix.set_of(subject).index();
            if set >= counts.len() {
                counts.resize(set + 1, 0);
            }
            if let Some(count) = counts.get_mut(set) {
                *count += 1;
                total += 1;
            }
        }
        // Where the subjects of each set begin, and in the end where they end.
        let mut places = counts;
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        let mut subjects = vec![0; total];
        for subject in all() {
            let Some(place) = places.get_mut(matrix.set_of(subject).index()) else { continue };
            if let Some(slot) = subjects.get_mut(*place) {
                *slot = subject.as_u32();
                *place += 1;
            }
        }
        let mut before = 0;
        let ends = (0..).map(SetId::from_u32).zip(places).filter(|&(_, end)| {
            let some = end > before;
            before = end;
            some
        });
        Crowd { subjects, ends: ends.collect() }
    }

    /// Each set that somebody has who is not suspended, with these; never an empty list.
    pub(super) fn sets(&self) -> impl Iterator<Item = (SetId, &[u32])> {
        let mut start = 0;
        let sets = self.ends.iter().map(move |&(set, end)| {
            let subjects = self.subjects.get(start..end).unwrap_or(&[]);
            start = end;
            (set, subjects)
        });
        sets.filter(|&(set, subjects)| set != SetId::SUSPENDED && set != SetId::EMPTY && !subjects.is_empty())
    }
}

/// The subject of a number.
pub(super) fn subject(number: u32) -> SubjectId {
    SubjectId::from_u32(number)
}
