//! Questions as tests ask them: on a type, with nothing sent; of a member, or of a role that somebody holds alone.
//!
//! What conditions leave open is decided as a check decides it, so that a test says what a program gets that
//! sends nothing. Of a role nobody knows who holds it: what is asked about the subject is unknown, and an unknown never allows.

use portcullis_matrix::{PermissionId, SubjectId, Verdict};

use crate::condition::{Condition, Partial};
use crate::policy::Effect;
use crate::snapshot::{Question, Role, Snapshot};

/// Who is asked about, by number.
#[derive(Clone, Copy)]
pub(super) enum Holder<'s> {
    /// A member.
    Member(SubjectId),
    /// Whoever holds this role alone.
    Role(&'s Role),
}

impl Holder<'_> {
    /// Whether a check allows it.
    pub(super) fn may(self, snapshot: &Snapshot, permission: PermissionId) -> bool {
        match self {
            Holder::Member(subject) => match snapshot.matrix().verdict(subject, permission) {
                Verdict::Allow => true,
                Verdict::Deny => false,
                Verdict::Open => {
                    let set = snapshot.matrix().set_of(subject);
                    let (action, kind) = snapshot.names_of(permission);
                    let asked = Question::new(snapshot.member_name(subject), action, kind);
                    snapshot.allows_under(set, permission, &snapshot.facts(subject, &asked))
                }
            },
            Holder::Role(role) => snapshot.answer_of_role(role, permission).is_allowed(),
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
        let (action, kind) = snapshot.names_of(permission);
        let outcome = match self {
            Holder::Member(subject) => {
                let asked = Question::new(snapshot.member_name(subject), action, kind);
                condition.outcome(&snapshot.facts(subject, &asked))
            }
            Holder::Role(_) => {
                let facts = snapshot.facts(SubjectId::UNKNOWN, &Question::new("", action, kind));
                condition.outcome(&Partial { facts: &facts, anybody: true })
            }
        };
        outcome.applies(effect)
    }
}
