//! Portcullis itself, by each entry that answers one question after the other or many at once.
//!
//! Members and roles become a workspace in memory, which is compiled; that is what `load` measures. [`Names`] is what others are compared
//! with. Entries by handles, looked up before anything is timed, answer a smaller question (nobody has to find the member), so they stand
//! apart; they leave out questions of strangers and about pairs that the schema does not admit, as there are no handles of either.

use portcullis::matrix::{Permission, Subject};
use portcullis::{Decision, Snapshot};
use portcullis_benches::Trouble;
use portcullis_benches::field::Field;

use super::{Engine, Question};

/// How many questions are answered together.
const BATCH: usize = 1_024;

fn compiled(field: &Field) -> Result<Snapshot, Trouble> {
    Ok(field.workspace()?.compile()?.0)
}

/// Three strings, one question at a time.
pub struct Names(Snapshot);

impl Engine for Names {
    fn load(field: &Field) -> Result<Self, Trouble> {
        compiled(field).map(Names)
    }

    fn check(&mut self, (subject, action, resource): Question<'_>) -> bool {
        self.0.check(subject, action, resource).is_allowed()
    }
}

/// Three strings each, in batches.
pub struct NamesTogether {
    snapshot: Snapshot,
    decisions: Vec<Decision>,
}

impl Engine for NamesTogether {
    fn load(field: &Field) -> Result<Self, Trouble> {
        Ok(NamesTogether { snapshot: compiled(field)?, decisions: vec![Decision::default(); BATCH] })
    }

    fn check(&mut self, (subject, action, resource): Question<'_>) -> bool {
        self.snapshot.check(subject, action, resource).is_allowed()
    }

    fn decide(&mut self, _first: usize, questions: &[Question<'_>], decisions: &mut Vec<bool>) {
        for batch in questions.chunks(BATCH) {
            self.snapshot.check_many(batch, &mut self.decisions);
            decisions.extend(self.decisions.iter().take(batch.len()).map(|decision| decision.is_allowed()));
        }
    }

    fn count(&mut self, questions: &[Question<'_>]) -> usize {
        let mut allowed = 0;
        for batch in questions.chunks(BATCH) {
            self.snapshot.check_many(batch, &mut self.decisions);
            allowed +=
                self.decisions.iter().take(batch.len()).filter(|decision| decision.is_allowed()).count();
        }
        allowed
    }
}

fn handle(snapshot: &Snapshot, (subject, action, resource): Question<'_>) -> Option<(Subject, Permission)> {
    snapshot.subject(subject).zip(snapshot.permission(action, resource).ok())
}

/// One decision by handles that are looked up for it; `false` where there are none.
fn by_handle(snapshot: &Snapshot, question: Question<'_>) -> bool {
    handle(snapshot, question)
        .is_some_and(|(subject, permission)| snapshot.check_handles(subject, permission).is_allowed())
}

/// Prepared handles, one question at a time.
pub struct Handles {
    snapshot: Snapshot,
    prepared: Vec<(Subject, Permission)>,
}

impl Engine for Handles {
    fn load(field: &Field) -> Result<Self, Trouble> {
        Ok(Handles { snapshot: compiled(field)?, prepared: Vec::new() })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        by_handle(&self.snapshot, question)
    }

    fn takes(&self, question: Question<'_>) -> bool {
        handle(&self.snapshot, question).is_some()
    }

    fn prepare(&mut self, questions: &[Question<'_>]) {
        self.prepared = questions.iter().filter_map(|&question| handle(&self.snapshot, question)).collect();
    }

    fn decide(&mut self, first: usize, questions: &[Question<'_>], decisions: &mut Vec<bool>) {
        let prepared = self.prepared.iter().skip(first).take(questions.len());
        decisions
            .extend(prepared.map(|&(subject, it)| self.snapshot.check_handles(subject, it).is_allowed()));
    }

    fn count(&mut self, questions: &[Question<'_>]) -> usize {
        let prepared = self.prepared.iter().take(questions.len());
        prepared
            .map(|&(subject, it)| usize::from(self.snapshot.check_handles(subject, it).is_allowed()))
            .sum()
    }
}

/// Columns of prepared handles into a bitmap.
pub struct HandlesTogether {
    snapshot: Snapshot,
    subjects: Vec<Subject>,
    permissions: Vec<Permission>,
    granted: Vec<u64>,
    open: Vec<u64>,
}

impl HandlesTogether {
    fn fill(&mut self, first: usize, count: usize) -> &[u64] {
        let (from, words) = (first..first + count, count.div_ceil(64));
        let (Some(subjects), Some(permissions)) =
            (self.subjects.get(from.clone()), self.permissions.get(from))
        else {
            return &[];
        };
        self.granted.resize(words, 0);
        self.open.resize(words, 0);
        self.snapshot.check_batch(subjects, permissions, &mut self.granted, &mut self.open);
        &self.granted
    }
}

impl Engine for HandlesTogether {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let snapshot = compiled(field)?;
        let (subjects, permissions) = Default::default();
        Ok(HandlesTogether { snapshot, subjects, permissions, granted: Vec::new(), open: Vec::new() })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        by_handle(&self.snapshot, question)
    }

    fn takes(&self, question: Question<'_>) -> bool {
        handle(&self.snapshot, question).is_some()
    }

    fn prepare(&mut self, questions: &[Question<'_>]) {
        let prepared = questions.iter().filter_map(|&question| handle(&self.snapshot, question));
        (self.subjects, self.permissions) = prepared.unzip();
    }

    fn decide(&mut self, first: usize, questions: &[Question<'_>], decisions: &mut Vec<bool>) {
        let granted = self.fill(first, questions.len());
        let bit = |number: usize| granted.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1);
        decisions.extend((0..questions.len()).map(bit));
    }

    fn count(&mut self, questions: &[Question<'_>]) -> usize {
        self.fill(0, questions.len()).iter().map(|word| word.count_ones() as usize).sum()
    }
}
