//! Many questions at once: columns of ids in, bitmaps of answers out.
//!
//! A single check is two or three loads, each waiting for the one before. Here 64 questions go
//! through the same steps side by side (first who and what, several by one instruction; then all
//! their rows, then all their lanes), so that more of their loads overlap, and 64 answers fill
//! exactly one word of each bitmap. The answers are those of [`Matrix::verdict`] and
//! [`Matrix::check`], bit for bit.

use crate::persistent::Column;
use crate::rows::{Rows, flat, paged};
use crate::word::{Lane, WORD, word_of};
use crate::{Matrix, Permission, PermissionId, Subject, SubjectId};

/// Questions that are answered together: one word of answers.
const GROUP: usize = WORD as usize;

impl Matrix {
    /// Answers a question per pair of ids: bit `i % 64` of word `i / 64` answers
    /// `subjects[i]`, `permissions[i]`.
    ///
    /// There are as many questions as the shorter column has ids. Bits that answer no question
    /// are cleared, to the end of each bitmap. A bitmap that is too short gets what fits: an
    /// empty one is the way to say that its half of the answers is of no interest. An unknown id
    /// denies, as in [`verdict`](Self::verdict).
    ///
    /// ```
    /// # use portcullis_matrix::*;
    /// # fn main() -> Result<(), BuildError> {
    /// # let mut builder = MatrixBuilder::new(Stamp::fresh()?, Stamp::fresh()?, 2, Layout::Auto, 0)?;
    /// # let mut planes = RolePlanes::new(2);
    /// # planes.allow_mut().insert(PermissionId::from_u32(1));
    /// # let role = builder.add_role(planes)?;
    /// # let set = builder.add_set(&[role])?;
    /// # let ann = builder.add_subject(set)?.id();
    /// # let matrix = builder.build();
    /// let [read, write] = [0, 1].map(PermissionId::from_u32);
    /// let (mut granted, mut open) = ([0], [0]);
    /// let who = [ann, ann, SubjectId::UNKNOWN];
    /// matrix.check_batch(&who, &[read, write, write], &mut granted, &mut open);
    /// assert_eq!(granted, [0b010]); // Ann may write
    /// assert_eq!(open, [0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn check_batch(
        &self,
        subjects: &[SubjectId],
        permissions: &[PermissionId],
        granted: &mut [u64],
        open: &mut [u64],
    ) {
        let questions = Questions {
            subjects,
            permissions,
            sets: &self.subject_sets,
            subject: |subject: &SubjectId, _: &PermissionId| subject.0,
            id: |permission: &PermissionId| *permission,
        };
        self.sweep(questions, granted, open);
    }

    /// The same for handles: a subject of another lineage, or a permission of another schema,
    /// denies, as in [`check`](Self::check).
    pub fn check_handles(
        &self,
        subjects: &[Subject],
        permissions: &[Permission],
        granted: &mut [u64],
        open: &mut [u64],
    ) {
        let questions = Questions {
            subjects,
            permissions,
            sets: &self.subject_sets,
            subject: |subject: &Subject, permission: &Permission| {
                if self.is_foreign(*subject, *permission) { SubjectId::UNKNOWN.0 } else { subject.id().0 }
            },
            id: |permission: &Permission| permission.id(),
        };
        self.sweep(questions, granted, open);
    }

    fn sweep<S, P>(
        &self,
        questions: Questions<'_, S, P, impl Fn(&S, &P) -> u32, impl Fn(&P) -> PermissionId>,
        granted: &mut [u64],
        open: &mut [u64],
    ) {
        let count = self.permissions;
        match &self.rows {
            // How rows lie is looked at once for all questions, not at each.
            Rows::Flat { granted: rows, open: nothing } if nothing.is_empty() => match rows.piece() {
                Some((words, shift)) => questions.answer(count, granted, open, |row, at| {
                    let word = words.get(((row as usize) << shift) + word_of(at));
                    word.map(|granted| Lane { granted: *granted, open: 0 })
                }),
                None => questions.answer(count, granted, open, |row, at| {
                    let word = rows.item(row as usize, word_of(at));
                    word.map(|granted| Lane { granted: *granted, open: 0 })
                }),
            },
            Rows::Flat { granted: rows, open: opens } => {
                questions.answer(count, granted, open, |row, at| flat(rows, opens, row, word_of(at)));
            }
            Rows::Paged { leaves, pages } => {
                questions.answer(count, granted, open, |row, at| paged(leaves, pages, row, word_of(at)));
            }
        }
    }
}

/// Two columns of questions, and how to read them.
struct Questions<'a, S, P, Who, Id> {
    subjects: &'a [S],
    permissions: &'a [P],
    /// The set, and so the row, of each subject.
    sets: &'a Column,
    /// The subject of a question; the unknown one if it must be denied.
    subject: Who,
    id: Id,
}

impl<S, P, Who: Fn(&S, &P) -> u32, Id: Fn(&P) -> PermissionId> Questions<'_, S, P, Who, Id> {
    /// Answers group by group; `lane` reads the lane of a row that holds a permission.
    #[inline]
    fn answer(
        &self,
        count: u32,
        granted: &mut [u64],
        open: &mut [u64],
        lane: impl Fn(u32, u32) -> Option<Lane>,
    ) {
        let (mut granted, mut open) = (granted.iter_mut(), open.iter_mut());
        let (mut rows, mut places) = ([0; GROUP], [0; GROUP]);
        for (subjects, permissions) in self.subjects.chunks(GROUP).zip(self.permissions.chunks(GROUP)) {
            let (granted, open) = (granted.next(), open.next());
            if granted.is_none() && open.is_none() {
                return;
            }
            match (subjects.first_chunk::<GROUP>(), permissions.first_chunk::<GROUP>()) {
                // Of a known number of questions several are gone through by one instruction.
                (Some(subjects), Some(permissions)) => {
                    self.ask(count, subjects, permissions, &mut rows, &mut places);
                }
                _ => self.ask(count, subjects, permissions, &mut rows, &mut places),
            }
            let length = subjects.len().min(permissions.len());
            let asked = rows.get_mut(..length).unwrap_or(&mut []);
            self.sets.get_each(asked);
            let mut answers = Lane::default();
            for (row, place) in asked.iter().zip(&places).rev() {
                answers.push(lane(*row, *place).unwrap_or_default(), *place);
            }
            if let Some(word) = granted {
                *word = answers.granted;
            }
            if let Some(word) = open {
                *word = answers.open;
            }
        }
        granted.for_each(|word| *word = 0);
        open.for_each(|word| *word = 0);
    }
    /// Whom to look up and which permission, of each question; nobody, to whom nothing is granted, if it must be denied.
    #[inline(always)]
    fn ask(
        &self,
        count: u32,
        subjects: &[S],
        permissions: &[P],
        rows: &mut [u32; GROUP],
        places: &mut [u32; GROUP],
    ) {
        let asked = rows.iter_mut().zip(places);
        for ((row, place), (subject, permission)) in asked.zip(subjects.iter().zip(permissions)) {
            // Compared before a word is addressed, as in a single check.
            let id = (self.id)(permission).0;
            let known = id < count;
            let subject = (self.subject)(subject, permission);
            *row = if known { subject } else { SubjectId::UNKNOWN.0 };
            *place = if known { id } else { 0 };
        }
    }
}
