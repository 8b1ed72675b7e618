//! Many questions at once, so that they wait for memory together.
//!
//! A check by names waits for memory twice: for the slot of the subject's name, where the set of roles is noted too, and for the set's row;
//! and where conditions decide on a stored object, for the slot of its id, where its class is noted. One after the other, checks wait
//! in turn. Here a block of questions is taken through each step before the next begins: nothing of one question depends on
//! another, so a block waits about as long as one check. The answers are those of [`Snapshot::check`] and [`Snapshot::decide`], to the letter.

use portcullis_matrix::{PermissionId, SetId, SubjectId};

use super::open::{ObjectAt, Opened};
use super::{Question, Snapshot, subject_of};
use crate::decision::{Decision, Reason};
use crate::names::{NEAR, NOBODY, Noted};

/// How many questions make a block.
const BLOCK: usize = 64;

/// The stored object that a question is about, if it is about one; nothing where that was not looked up.
type LookedUp<'s> = Option<Option<ObjectAt<'s>>>;

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
            let open = |at: usize, asker, set, permission, _: Option<_>| {
                let (subject, action, resource) = questions.get(at).copied()?;
                Some(self.check_open(asker, set, permission, [subject, action, resource]))
            };
            self.check_block(|at| questions.get(at).copied(), |_| None, open, decisions);
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
            let object = |at: usize| questions.get(at)?.object;
            let open = |at: usize, subject, set, permission, looked_up: Option<_>| {
                let opened = Opened { subject, set, permission, question: questions.get(at)? };
                Some(match looked_up {
                    Some(object) => self.decide_open_on(opened, object),
                    None => self.decide_open(opened),
                })
            };
            self.check_block(names, object, open, decisions);
            for (question, decision) in questions.iter().zip(decisions) {
                if self.is_of_another_type(question) {
                    *decision = self.stranger();
                }
            }
        }
        decisions
    }

    /// Decides one block. Open questions are decided apart, by their place. Stored objects are looked up together where there are many.
    #[inline]
    fn check_block<'s, 'q>(
        &'s self,
        question: impl Fn(usize) -> Option<(&'q str, &'q str, &'q str)>,
        object: impl Fn(usize) -> Option<&'q str>,
        decide_open: impl Fn(usize, SubjectId, SetId, PermissionId, LookedUp<'s>) -> Option<Decision>,
        decisions: &mut [Decision],
    ) {
        let count = decisions.len().min(BLOCK);
        let mut members = [Noted::NOBODY; BLOCK];
        let Some(members) = members.get_mut(..count) else { return };
        self.directory.members.get_many(|at| question(at).map_or("", |(subject, _, _)| subject), members);
        let mut asked = [(PermissionId::UNKNOWN, Reason::UnknownAction); BLOCK];
        for (at, asked) in asked.iter_mut().enumerate().take(count) {
            let Some((_, action, resource)) = question(at) else { continue };
            *asked = self.schema.asked(action, resource);
        }
        let mut sets = [SetId::EMPTY; BLOCK];
        for (set, member) in sets.iter_mut().zip(members.iter()) {
            (_, *set) = self.asker(*member);
        }
        let members = &*members;
        let places = decisions.iter_mut().zip(members).zip(sets.iter().zip(asked));
        if self.conditional_roles == 0 {
            for ((decision, _), (set, (permission, reason))) in places {
                *decision = self.decision(*set, permission, reason);
            }
            return;
        }
        let mut open = 0_u64;
        for (at, ((decision, _), (set, (permission, reason)))) in places.enumerate() {
            match self.unless_open(*set, permission) {
                Some(allowed) => *decision = self.decided(*set, allowed, reason),
                None => open |= 1 << at,
            }
        }
        if open == 0 {
            return;
        }
        let objects = (self.objects.len() >= NEAR).then(|| {
            self.objects_at(|at| {
                let (permission, _) = asked.get(at).filter(|_| open >> at & 1 == 1)?;
                self.schema.type_number_of(permission.as_u32()).zip(object(at))
            })
        });
        let places = decisions.iter_mut().zip(members).zip(sets.iter().zip(asked));
        for (at, ((decision, member), (set, (permission, _)))) in places.enumerate() {
            if open >> at & 1 == 1 {
                let object = objects.as_ref().map(|objects| objects.get(at).copied().flatten());
                let decided = decide_open(at, subject_of(member.number), *set, permission, object);
                *decision = decided.unwrap_or_default();
            }
        }
    }

    /// Finds stored objects by the numbers of their types and their ids.
    #[inline(never)]
    fn objects_at<'w>(
        &self,
        wanted: impl Fn(usize) -> Option<(u32, &'w str)>,
    ) -> [Option<ObjectAt<'_>>; BLOCK] {
        let wanted: [_; BLOCK] = std::array::from_fn(wanted);
        let mut found = [None; BLOCK];
        let mut done = [false; BLOCK];
        // All of a type together; most blocks ask about one.
        let next = |done: &[bool; BLOCK]| {
            let left = wanted.iter().zip(done).find(|(wanted, done)| wanted.is_some() && !**done);
            left.and_then(|(wanted, _)| Some(wanted.as_ref()?.0))
        };
        while let Some(kind) = next(&done) {
            let (mut ids, mut places, mut count) = ([""; BLOCK], [0; BLOCK], 0);
            let mut rest = ids.iter_mut().zip(&mut places);
            for ((at, wanted), done) in wanted.iter().enumerate().zip(&mut done) {
                if let Some((_, id)) = wanted.filter(|(other, _)| *other == kind)
                    && let Some((slot, place)) = rest.next()
                {
                    (*slot, *place, *done) = (id, at, true);
                    count += 1;
                }
            }
            let mut objects = [Noted::NOBODY; BLOCK];
            let objects = objects.get_mut(..count).unwrap_or(&mut []);
            self.objects.numbers(kind, |at| ids.get(at).copied().unwrap_or(""), objects);
            for (object, place) in objects.iter().zip(places) {
                if let Some(found) = found.get_mut(place).filter(|_| object.number != NOBODY) {
                    *found = Some(self.object_at(kind, *object));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use portcullis_testkit::generate::{Prng, Size, conditional_case};

    use super::*;
    use crate::condition::Attribute;
    use crate::snapshot::classify::tests::opened;
    use crate::source::Source;

    /// In unit tests every table is asked in stages, however small.
    #[test]
    fn questions_on_stored_objects_are_decided_together_as_one_by_one() {
        let sent =
            Attribute::read(&Source::new("sent", r#"{"team": "a", "labels": {"team": "b"}}"#)).unwrap();
        let (mut on_stored, mut allowed, mut denied) = (0, 0, 0);
        for seed in 0..60 {
            let snapshot = opened(&conditional_case(seed, Size::default()).unwrap().workspace);
            let mut prng = Prng::new(seed);
            let members: Vec<&str> = snapshot.members().chain(["nobody"]).collect();
            let objects: Vec<(&str, &str)> = snapshot
                .schema()
                .types()
                .iter()
                .flat_map(|kind| snapshot.objects_of(kind.name()).map(|id| (kind.name(), id)))
                .collect();
            let permissions = 0..snapshot.schema().permission_count();
            let permissions: Vec<(&str, &str)> =
                permissions.map(|number| snapshot.names_of(PermissionId::from_u32(number))).collect();
            let questions: Vec<Question<'_>> = (0..300)
                .map(|_| {
                    let &(action, resource) = prng.pick(&permissions).unwrap();
                    let member = *prng.pick(&members).unwrap();
                    let question = Question::new(member, action, resource);
                    let object = match (prng.below(4), prng.pick(&objects)) {
                        (0, _) | (_, None) => None,
                        (1, _) => Some("unknown"),
                        (_, Some((kind, id))) => {
                            on_stored += usize::from(*kind == resource);
                            Some(*id)
                        }
                    };
                    let object_properties = (prng.below(3) == 0).then(|| sent.value());
                    Question { object, object_properties, ..question }
                })
                .collect();
            let one_by_one: Vec<Decision> =
                questions.iter().map(|question| snapshot.decide(question)).collect();
            assert_eq!(snapshot.decide_all(&questions), one_by_one, "seed {seed}");
            let yes = one_by_one.iter().filter(|decision| decision.is_allowed()).count();
            (allowed, denied) = (allowed + yes, denied + questions.len() - yes);
        }
        assert!(on_stored > 1_000 && allowed > 1_000 && denied > 1_000, "{on_stored} {allowed} {denied}");
    }
}
