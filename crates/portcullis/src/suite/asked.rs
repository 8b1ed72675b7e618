//! Questions as tests ask them: of a member, or of a role that somebody holds alone, with what the test's request brings.
//!
//! What conditions leave open is decided by the check that programs use. Of a role nobody knows who holds it: what the request says of
//! the subject is known, anything else about them is unknown, and an unknown never allows.

use portcullis_matrix::{PermissionId, SubjectId, Verdict};

use super::request::Request;
use crate::condition::{Condition, Facts, Found, Lookup, Outcome, Reference, Root, Side, Why};
use crate::policy::Effect;
use crate::snapshot::{Question, Role, Shelf, Snapshot};

/// Who is asked about.
#[derive(Clone, Copy)]
pub(super) enum Holder<'s> {
    /// A member.
    Member(SubjectId),
    /// Whoever holds this role alone.
    Role(&'s Role),
}

/// The questions of a test about somebody, but for what is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asking<'s> {
    pub(super) holder: Holder<'s>,
    pub(super) request: &'s Request,
}

/// What is known of whoever holds a role, nobody knows who: what a request says of them.
pub(super) struct OfAnybody<'a>(Facts<'a, Shelf<'a>>);

impl<'a> OfAnybody<'a> {
    pub(super) fn asking(snapshot: &'a Snapshot, question: &Question<'a>) -> Self {
        OfAnybody(snapshot.facts(SubjectId::UNKNOWN, question))
    }
}

impl<'a> Lookup<'a> for OfAnybody<'a> {
    fn find(&self, reference: &Reference) -> Found<'a> {
        match (reference.root(), self.0.find(reference)) {
            (Root::Subject, found @ Found::Value(_, Side::Request)) => found,
            (Root::Subject, _) => Found::Unknown(Why::UnknownEntity),
            (_, found) => found,
        }
    }
}

impl Asking<'_> {
    /// Whether a check allows it.
    pub(super) fn may(self, snapshot: &Snapshot, permission: PermissionId) -> bool {
        let verdict = match self.holder {
            Holder::Member(subject) => snapshot.matrix().verdict(subject, permission),
            Holder::Role(role) => role.planes().cell(permission).verdict(),
        };
        match (verdict, self.holder) {
            (Verdict::Allow, _) => true,
            (Verdict::Deny, _) => false,
            (Verdict::Open, Holder::Member(_)) => {
                snapshot.decide(&self.question(snapshot, permission)).is_allowed()
            }
            (Verdict::Open, Holder::Role(role)) => role
                .allows_alone(permission, &OfAnybody::asking(snapshot, &self.question(snapshot, permission))),
        }
    }

    /// Whether a statement under a condition applies when the permission is asked for.
    pub(super) fn applies(
        self,
        snapshot: &Snapshot,
        permission: PermissionId,
        effect: Effect,
        condition: &Condition,
    ) -> bool {
        let question = self.question(snapshot, permission);
        let outcome: Outcome = match self.holder {
            Holder::Member(subject) => condition.outcome(&snapshot.facts(subject, &question)),
            Holder::Role(_) => condition.outcome(&OfAnybody::asking(snapshot, &question)),
        };
        outcome.applies(effect)
    }

    fn question<'q>(&'q self, snapshot: &'q Snapshot, permission: PermissionId) -> Question<'q> {
        let (action, kind) = snapshot.names_of(permission);
        let member = match self.holder {
            Holder::Member(subject) => snapshot.member_name(subject),
            Holder::Role(_) => "",
        };
        self.request.beside(Question::new(member, action, kind))
    }
}
