//! An open verdict: the conditions of the subject's roles are evaluated.
//!
//! Roles say under which conditions they allow and deny a permission. An allow applies when its condition is true, a
//! deny when it is true or unknown, and a deny wins, as everywhere. Nothing is kept of an evaluation, nothing is
//! allocated, and whoever asks without properties gets the answer that missing data gives.

use std::cell::OnceCell;

use portcullis_matrix::{Permission, PermissionId, SetId, Subject, SubjectId, Verdict};

use super::classes::{Known, Tally};
use super::objects::Shelf;
use super::{Question, Snapshot, member_of};
use crate::condition::{self, Attribute, Condition, Facts, Outcome, Resource, Value};
use crate::decision::{Decision, Reason};
use crate::names::{NOBODY, Noted};
use crate::policy::Effect;

/// A question whose verdict is open: who asks it, with which set of roles, about which permission.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened<'q> {
    pub(super) subject: SubjectId,
    pub(super) set: SetId,
    pub(super) permission: PermissionId,
    pub(super) question: &'q Question<'q>,
}

/// What a check calls where the verdict is open, out of the way of those where it is not.
impl Snapshot {
    /// [`check`](Self::check).
    #[cold]
    #[inline(never)]
    pub(super) fn check_open(
        &self,
        subject: SubjectId,
        set: SetId,
        permission: PermissionId,
        [name, action, resource]: [&str; 3],
    ) -> Decision {
        let question = &Question::new(name, action, resource);
        self.decide_open(Opened { subject, set, permission, question })
    }

    /// [`check_handles`](Self::check_handles), of handles that are not stale.
    #[cold]
    #[inline(never)]
    pub(super) fn check_handles_open(&self, subject: Subject, permission: Permission) -> Decision {
        let set = self.matrix.set_of(subject.id());
        match self.matrix.verdict_of(set, permission.id()) {
            Verdict::Open => self.decide_handles_open(subject, set, permission),
            verdict => self.decided(set, verdict.is_allow(), Reason::NotGranted),
        }
    }

    #[cold]
    #[inline(never)]
    fn decide_handles_open(&self, subject: Subject, set: SetId, permission: Permission) -> Decision {
        let (action, resource) = self.names_of(permission.id());
        let question = &Question::new(self.member_name(subject.id()), action, resource);
        self.decide_open(Opened { subject: subject.id(), set, permission: permission.id(), question })
    }

    /// The answer where the verdict is open.
    #[inline(never)]
    pub(super) fn decide_open(&self, opened: Opened<'_>) -> Decision {
        self.decide_open_on(opened, self.object_of(opened.permission, opened.question))
    }

    /// The same where it is known which stored object is asked about.
    #[inline]
    pub(super) fn decide_open_on(&self, opened: Opened<'_>, object: Option<ObjectAt<'_>>) -> Decision {
        // A stored object's class says what conditions on the object alone come to; the object is then not read at all.
        let known = object.and_then(|object| object.known);
        let known = known.filter(|_| opened.question.object_properties.is_none());
        let by_class = known.and_then(|known| self.allows_known(opened.set, opened.permission, known));
        let allowed = by_class.unwrap_or_else(|| self.allows_evaluated(opened, object));
        Decision::of(allowed, Reason::NotGranted, self.revision)
    }

    /// Whether it is allowed where a condition must be evaluated, at least one.
    #[inline(never)]
    fn allows_evaluated(&self, opened: Opened<'_>, object: Option<ObjectAt<'_>>) -> bool {
        let Opened { subject, set, permission, question } = opened;
        let known = object.and_then(|object| object.known);
        let sent = question.object_properties.and_then(Value::as_object);
        let facts = OnceCell::new();
        self.allows_if(set, permission, |number, condition| {
            let known = known.and_then(|known| known.outcome(number));
            match known.filter(|_| !sent.is_some_and(|sent| condition.reads_any_of(sent))) {
                Some(outcome) => outcome,
                None => {
                    let number = object.map(|object| object.number);
                    condition.outcome(facts.get_or_init(|| self.facts_on(subject, question, number)))
                }
            }
        })
    }

    /// The stored object that a question is about.
    #[inline]
    fn object_of(&self, permission: PermissionId, question: &Question<'_>) -> Option<ObjectAt<'_>> {
        let (id, kind) = question.object.zip(self.schema.type_number_of(permission.as_u32()))?;
        let found = self.objects.find(kind, id);
        (found.number != NOBODY).then(|| self.object_at(kind, found))
    }

    /// A stored object of a type that was found by its id.
    #[inline]
    pub(super) fn object_at(&self, kind: u32, found: Noted) -> ObjectAt<'_> {
        ObjectAt { number: found.number, known: self.objects.known_of(kind, found) }
    }
}

/// A stored object that is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectAt<'s> {
    number: u32,
    /// What is known of its conditions.
    known: Option<Known<'s>>,
}

impl Snapshot {
    /// What a set of roles comes to where the class of the object knows all that is needed; nothing where a condition must be
    /// evaluated.
    ///
    /// No jump depends on the class: it comes from memory last of all, and a wrong guess at a jump would keep the next check
    /// waiting for it.
    #[inline(never)]
    fn allows_known(&self, set: SetId, permission: PermissionId, known: Known<'_>) -> Option<bool> {
        let roles = self.matrix.roles_of_set(set);
        let held = || roles.iter().filter_map(|id| self.role_numbered(id.as_u32()));
        let mut tally = Tally::default();
        for role in held() {
            tally = role.conditional().fold_governing(permission, tally, |tally, effect, number| {
                tally.and(effect, known.bits(number))
            });
        }
        // What is allowed without conditions is open only where a deny has some.
        let mut allowed = tally.allows();
        if tally.has_denies() {
            allowed |= held().any(|role| role.planes().allow().contains(permission));
        }
        (!tally.is_open()).then_some(allowed & !tally.denies())
    }

    /// The same of facts that are known already, every condition evaluated: what tests hold a check against.
    #[cfg(test)]
    pub(crate) fn allows_under(
        &self,
        set: SetId,
        permission: PermissionId,
        facts: &Facts<'_, Shelf<'_>>,
    ) -> bool {
        self.allows_if(set, permission, |_, condition| condition.outcome(facts))
    }

    /// What a set of roles comes to, given what conditions come to.
    #[inline]
    fn allows_if(
        &self,
        set: SetId,
        permission: PermissionId,
        outcome: impl Fn(u32, &Condition) -> Outcome,
    ) -> bool {
        let mut allowed = false;
        for id in self.matrix.roles_of_set(set) {
            let Some(role) = self.role_numbered(id.as_u32()) else { continue };
            allowed |= role.planes().allow().contains(permission);
            for (effect, number, condition) in role.conditional().governing(permission) {
                match effect {
                    Effect::Deny if outcome(number, condition).applies(effect) => return false,
                    Effect::Allow if !allowed => allowed = outcome(number, condition).applies(effect),
                    _ => {}
                }
            }
        }
        allowed
    }

    /// All that is known of a question whose names are known.
    pub(crate) fn facts<'a>(&'a self, subject: SubjectId, question: &Question<'a>) -> Facts<'a, Shelf<'a>> {
        let object = question.object.and_then(|id| {
            let kind = self.schema.named(question.resource)?.kind;
            self.objects.number(kind, id)
        });
        self.facts_on(subject, question, object)
    }

    /// The same where the number of the object is known, if it is stored.
    fn facts_on<'a>(
        &'a self,
        subject: SubjectId,
        question: &Question<'a>,
        object: Option<u32>,
    ) -> Facts<'a, Shelf<'a>> {
        let member = member_of(subject);
        let objects = Shelf { schema: &self.schema, stored: &self.objects };
        let stored = object.and_then(|object| self.objects.seen(&self.schema, object));
        Facts {
            subject: condition::Subject {
                kind: member.map_or("", |member| self.directory.kind(member)),
                id: question.subject,
                stored: member.map_or(Value::Null, |member| self.directory.properties(member)),
                sent: question.subject_properties,
            },
            resource: Resource {
                kind: question.resource,
                id: question.object,
                stored,
                sent: question.object_properties,
            },
            action: question.action,
            action_sent: question.action_properties,
            context: question.context,
            now: question.now,
            objects,
        }
    }

    /// What is stored of a member.
    #[must_use]
    pub fn member_properties(&self, member: &str) -> Option<Value<'_>> {
        Some(self.directory.properties(self.directory.number(member)?)).filter(|stored| !stored.is_null())
    }

    /// What is stored of an object, by the own name or an alias of its type; `None` for one that is not stored, null for
    /// one without properties.
    #[must_use]
    pub fn object_properties(&self, kind: &str, id: &str) -> Option<Value<'_>> {
        let kind = self.schema.named(kind)?.kind;
        Some(self.objects.properties(self.objects.number(kind, id)?))
    }

    /// The ids of a type's stored objects; none of a type that is not known.
    pub fn objects_of(&self, kind: &str) -> impl Iterator<Item = &str> {
        let numbers = self.schema.named(kind).into_iter().flat_map(|named| self.objects.of_kind(named.kind));
        numbers.filter_map(|object| self.objects.id(object))
    }

    /// How many objects are stored.
    #[must_use]
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }
}

/// What is kept in a column of properties, as conditions see it.
pub(crate) fn value_of(kept: Option<&Option<Attribute>>) -> Value<'_> {
    kept.and_then(Option::as_ref).map_or(Value::Null, Attribute::value)
}
