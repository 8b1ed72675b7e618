//! Many questions at once, so that they wait for memory together.
//!
//! A check by names waits for memory up to three times: for the slot of the subject's name, for the subject's set of
//! roles, for the set's row. One after the other, checks wait in turn. Here a block of questions is taken through each
//! step before the next begins: nothing of one question depends on another, so a block waits about as long
//! as one check. The answers are those of [`Snapshot::check`] and [`Snapshot::decide`], to the letter.

use portcullis_matrix::{PermissionId, SetId};

use super::{Question, Snapshot, subject_of};
use crate::decision::{Decision, Reason};
use crate::names::NOBODY;

/// How many questions make a block.
const BLOCK: usize = 64;

impl Snapshot {
    /// Answers many questions, (subject, action, resource) each, as [`check`](Self::check) would: about three times as fast
    /// when there are a million members. There are as many answers as the shorter slice has places.
    ///
    /// ```
    /// # use portcullis::{Decision, Member, Schema, Workspace};
    /// # let mut workspace = Workspace::new("acme", Schema::hightouch()?);
    /// # workspace.add_member("ann", Member::with_role("viewer"));
    /// # let snapshot = workspace.compile()?.0;
    /// let questions = [("ann", "read", "sync"), ("ann", "update", "sync"), ("bob", "read", "sync")];
    /// let mut decisions = [Decision::default(); 3];
    /// snapshot.check_many(&questions, &mut decisions);
    /// assert_eq!(decisions.map(|decision| decision.is_allowed()), [true, false, false]);
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn check_many(&self, questions: &[(&str, &str, &str)], decisions: &mut [Decision]) {
        for (questions, decisions) in questions.chunks(BLOCK).zip(decisions.chunks_mut(BLOCK)) {
            let whole = |at: usize| {
                let (subject, action, resource) = questions.get(at).copied()?;
                Some(Question::new(subject, action, resource))
            };
            self.check_block(|at| questions.get(at).copied(), whole, decisions);
        }
    }

    /// Many whole questions at once; the answers in their order.
    #[must_use]
    pub fn decide_all(&self, questions: &[Question<'_>]) -> Vec<Decision> {
        let mut decisions = vec![Decision::default(); questions.len()];
        for (questions, decisions) in questions.chunks(BLOCK).zip(decisions.chunks_mut(BLOCK)) {
            let names = |at: usize| {
                questions.get(at).map(|question| (question.subject, question.action, question.resource))
            };
            self.check_block(names, |at| questions.get(at).copied(), decisions);
            for (question, decision) in questions.iter().zip(decisions) {
                if self.is_of_another_type(question) {
                    *decision = self.stranger();
                }
            }
        }
        decisions
    }

    #[inline]
    fn check_block<'q>(
        &self,
        question: impl Fn(usize) -> Option<(&'q str, &'q str, &'q str)>,
        whole: impl Fn(usize) -> Option<Question<'q>>,
        decisions: &mut [Decision],
    ) {
        let count = decisions.len().min(BLOCK);
        let mut members = [NOBODY; BLOCK];
        let Some(members) = members.get_mut(..count) else { return };
        self.directory.members.get_many(|at| question(at).map_or("", |(subject, _, _)| subject), members);
        let mut asked = [(PermissionId::UNKNOWN, Reason::UnknownAction); BLOCK];
        for (at, asked) in asked.iter_mut().enumerate().take(count) {
            let Some((_, action, resource)) = question(at) else { continue };
            *asked = self.schema.asked(action, resource);
        }
        let mut sets = [SetId::EMPTY; BLOCK];
        for (set, member) in sets.iter_mut().zip(members.iter()) {
            // The number that stands for nobody becomes subject 0, the unknown one.
            *set = self.matrix.set_of(subject_of(*member));
        }
        let places = decisions.iter_mut().zip(members).zip(sets.iter().zip(asked));
        if self.conditional_roles == 0 {
            for ((decision, _), (set, (permission, reason))) in places {
                *decision = self.decision(*set, permission, reason);
            }
            return;
        }
        for (at, ((decision, member), (set, (permission, reason)))) in places.enumerate() {
            *decision = match self.unless_open(*set, permission) {
                Some(allowed) => self.decided(*set, allowed, reason),
                None => match whole(at) {
                    Some(question) => self.decide_open(subject_of(*member), *set, permission, &question),
                    None => self.decided(*set, false, reason),
                },
            };
        }
    }
}
