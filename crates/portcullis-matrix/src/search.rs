//! Who and what: the matrix read along a row or down a column.
//!
//! *What may this subject do* walks the lanes of one row. *Who may do this* settles the rows
//! first, when there are few, and then passes once over the sets of the subjects. How
//! *many* may needs no such pass: of every set it is known how many subjects have it. Nothing here
//! allocates.

use crate::word::{self, Lane, Ones, WORD};
use crate::{Matrix, PermissionId, SetId, SubjectId, Verdict};

/// So many rows [`SubjectsOf`] settles before its pass; of more, each subject's own row is read.
const SETTLED: usize = 4096;

impl Matrix {
    /// The permissions that are not denied to a subject, ascending.
    pub fn permissions_of(&self, subject: SubjectId) -> PermissionsOf<'_> {
        PermissionsOf {
            matrix: self,
            row: self.subject_sets.get(subject.0),
            next: 0,
            lane: Lane::default(),
            left: Ones(0),
        }
    }

    /// A run of permissions as bits: bit `i` is set when permission `first + i` is allowed.
    ///
    /// `count` is at most 64, and more counts as 64. Permissions beyond the schema read as 0.
    #[inline]
    #[must_use]
    pub fn granted_bits(&self, subject: SubjectId, first: PermissionId, count: u32) -> u64 {
        self.run(subject, first, count, |lane| lane.granted)
    }

    /// The same for what is open.
    #[inline]
    #[must_use]
    pub fn open_bits(&self, subject: SubjectId, first: PermissionId, count: u32) -> u64 {
        self.run(subject, first, count, |lane| lane.open)
    }

    #[inline]
    fn run(&self, subject: SubjectId, first: PermissionId, count: u32, half: impl Fn(Lane) -> u64) -> u64 {
        let row = self.subject_sets.get(subject.0);
        let word = word::word_of(first.0);
        let read = |word| {
            if word < self.words() { half(self.rows.word(row, word).unwrap_or_default()) } else { 0 }
        };
        word::run(read(word), read(word + 1), first.0, count)
    }

    /// The subjects to whom a permission is not denied, ascending.
    #[must_use]
    pub fn subjects_of(&self, permission: PermissionId) -> SubjectsOf<'_> {
        let few = self.rows.len() <= SETTLED;
        let mut settled = [Verdict::Deny; SETTLED];
        let mut any = !few && permission.0 < self.permissions;
        let mut any_open = any;
        if few {
            for (verdict, row) in settled.iter_mut().zip(0..self.rows.len() as u32) {
                *verdict = self.verdict_of(SetId(row), permission);
                any |= !verdict.is_deny();
                any_open |= verdict.is_open();
            }
        }
        SubjectsOf {
            matrix: self,
            permission,
            next: 0,
            end: if any { self.subjects() } else { 0 },
            lane: Lane::default(),
            left: Ones(0),
            few,
            any_open,
            settled,
        }
    }

    /// How many subjects are allowed a permission, and to how many it is open.
    #[must_use]
    pub fn count_subjects_of(&self, permission: PermissionId) -> Holders {
        let mut holders = Holders::default();
        for (set, population) in (0..).map(SetId).zip(self.population.iter()) {
            match self.verdict_of(set, permission) {
                Verdict::Allow => holders.allowed += population,
                Verdict::Open => holders.open += population,
                Verdict::Deny => {}
            }
        }
        holders
    }
}

/// How many subjects hold a permission; see [`Matrix::count_subjects_of`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Subjects to whom it is allowed.
    pub allowed: u32,
    /// Subjects to whom it is open.
    pub open: u32,
}

/// The permissions of a subject; see [`Matrix::permissions_of`].
#[derive(Clone, Debug)]
pub struct PermissionsOf<'a> {
    matrix: &'a Matrix,
    row: u32,
    /// The word after the one at hand.
    next: usize,
    lane: Lane,
    left: Ones,
}

impl Iterator for PermissionsOf<'_> {
    type Item = (PermissionId, Verdict);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(at) = self.left.next() {
                let permission = (self.next as u32 - 1) * WORD + at;
                return Some((PermissionId(permission), Verdict::of(self.lane, at)));
            }
            if self.next >= self.matrix.words() {
                return None;
            }
            self.lane = self.matrix.rows.word(self.row, self.next).unwrap_or_default();
            self.left = Ones(self.lane.granted | self.lane.open);
            self.next += 1;
        }
    }
}

/// The subjects of a permission; see [`Matrix::subjects_of`].
///
/// Subjects are looked at 64 at a time without a jump for each: whether one holds a permission is
/// as good as random, and a mispredicted jump costs more than ten of these looks.
#[derive(Clone, Debug)]
pub struct SubjectsOf<'a> {
    matrix: &'a Matrix,
    permission: PermissionId,
    /// The subject after the 64 at hand.
    next: u32,
    end: u32,
    lane: Lane,
    left: Ones,
    /// Whether every row is settled.
    few: bool,
    /// Whether one of them is open.
    any_open: bool,
    settled: [Verdict; SETTLED],
}

impl SubjectsOf<'_> {
    /// What the rows of the next 64 subjects say.
    fn look(&self) -> Lane {
        let Matrix { subject_sets, rows, .. } = self.matrix;
        let sets = subject_sets.run(self.next);
        if !self.few {
            return sets.into_iter().rev().fold(Lane::default(), |mut answers, row| {
                answers.push(rows.lane(row, self.permission.0).unwrap_or_default(), self.permission.0);
                answers
            });
        }
        let settled = |row: u32| self.settled.get(row as usize % SETTLED).copied().unwrap_or_default();
        let granted = word::gathered(sets.map(|row| settled(row) == Verdict::Allow));
        let open =
            if self.any_open { word::gathered(sets.map(|row| settled(row) == Verdict::Open)) } else { 0 };
        Lane { granted, open }
    }
}

impl Iterator for SubjectsOf<'_> {
    type Item = (SubjectId, Verdict);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(at) = self.left.next() {
                return Some((SubjectId(self.next - WORD + at), Verdict::of(self.lane, at)));
            }
            if self.next >= self.end {
                return None;
            }
            self.lane = self.look();
            self.left = Ones(self.lane.granted | self.lane.open);
            self.next += WORD;
        }
    }

    /// The same for those who take all: 64 at a time, without asking after each whether there are more.
    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(mut self, init: B, mut f: F) -> B {
        let mut folded = init;
        loop {
            // Of subjects that are looked at already, `next` is behind the last.
            let first = self.next.wrapping_sub(WORD);
            folded = if self.lane.open == 0 {
                self.left.fold(folded, |folded, at| f(folded, (SubjectId(first + at), Verdict::Allow)))
            } else {
                let lane = self.lane;
                self.left.fold(folded, |folded, at| f(folded, (SubjectId(first + at), Verdict::of(lane, at))))
            };
            if self.next >= self.end {
                return folded;
            }
            self.lane = self.look();
            self.left = Ones(self.lane.granted | self.lane.open);
            self.next += WORD;
        }
    }
}
