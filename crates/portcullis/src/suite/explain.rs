//! Why a question was not answered as expected, and what came nearest to the expected answer.
//!
//! A member is explained as any question is. A role held alone is explained here, by the same rules: it is asked about
//! as if somebody held it and nothing else. Where conditions decide, what they are is told besides. For an allow that should have been a deny the nearest miss is a deny
//! that covers the same action elsewhere, or other actions on the same type.

use portcullis_matrix::PermissionId;

use super::bare::Holder;
use super::run::Asker;
use crate::decision::{Decision, Reason};
use crate::explain::{Explanation, Grounds, Held, Nearest, grounds};
use crate::policy::{Effect, Statement, overlaps};
use crate::search::{Answer, Proviso};
use crate::snapshot::{Question, Role, Snapshot};
use crate::source::Span;

/// One question that was not answered as expected.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'s> {
    /// Who was asked about.
    pub asker: Asker<'s>,
    /// The member whose id is nearest, when it is about somebody who is no member.
    pub near: Option<&'s str>,
    /// The action.
    pub action: &'s str,
    /// The resource type, under its own name.
    pub resource: &'s str,
    /// Whether it should have been allowed.
    pub expected: bool,
    /// The name in the suite that asked for it; the key, when it is what a grid or a list leaves out.
    pub span: Span,
}

impl<'s> Failure<'s> {
    /// The answer, with everything that led to it.
    #[must_use]
    pub fn explain(&self, snapshot: &'s Snapshot) -> Explanation<'s> {
        match self.asker {
            Asker::Subject(id) if snapshot.subject(id).is_none() => self.explain_stranger(snapshot),
            Asker::Subject(id) => snapshot.explain(&Question::new(id, self.action, self.resource)),
            Asker::Role(role) => self.explain_role(snapshot, role),
        }
    }

    /// The conditions on which it depends whether the permission is granted, where they leave it open: the test asked about a type, and
    /// sent nothing. Empty where the answer is the same for every request.
    #[must_use]
    pub fn conditions(&self, snapshot: &'s Snapshot) -> Vec<Proviso<'s>> {
        let answer = match self.asker {
            Asker::Subject(id) => snapshot.answer(&Question::new(id, self.action, self.resource)),
            Asker::Role(role) => {
                let permission = snapshot.schema().permission(self.action, self.resource);
                permission.map(|permission| snapshot.answer_of_role(role, permission.id()))
            }
        };
        if let Ok(Answer::Conditional(provisos)) = answer { provisos } else { Vec::new() }
    }

    /// Denying statements that came near to covering what should have been denied.
    #[must_use]
    pub fn nearest_denies(&self, snapshot: &'s Snapshot) -> Vec<Grounds<'s>> {
        let schema = snapshot.schema();
        let permission = schema.permission(self.action, self.resource);
        let (false, Ok(permission)) = (self.expected, permission) else { return Vec::new() };
        let of_type = schema.type_of(permission.id()).map_or(0..0, |kind| kind.permissions());
        let action = schema.action_number(self.action);
        let of_action = action.map_or(&[][..], |action| schema.permissions_of_action(action));
        let near = |statement: &Statement<'s>, role: &'s Role| {
            let ranges = role.grants().of_statement(statement.index());
            let elsewhere = || of_action.iter().any(|&id| overlaps(ranges, &(id..id + 1)));
            statement.effect() == Effect::Deny && (overlaps(ranges, &of_type) || elsewhere())
        };
        match self.asker {
            Asker::Subject(id) => grounds(&snapshot.held_roles(id), near),
            Asker::Role(role) => grounds(&[(role, Held::default())], near),
        }
    }

    /// The same as for any question, but that the nearest id is looked for once and not for each question.
    fn explain_stranger(&self, snapshot: &'s Snapshot) -> Explanation<'s> {
        let reason = Reason::UnknownSubject;
        Explanation {
            decision: Decision::Deny { reason, revision: snapshot.revision() },
            reason,
            resource_type: Some(self.resource),
            determining: Vec::new(),
            overridden: Vec::new(),
            not_applying: Vec::new(),
            nearest: Nearest { did_you_mean: self.near, ..Nearest::default() },
        }
    }

    fn explain_role(&self, snapshot: &'s Snapshot, role: &'s Role) -> Explanation<'s> {
        let held = [(role, Held::default())];
        let id = snapshot.schema().permission(self.action, self.resource).map(|permission| permission.id());
        let permission = id.unwrap_or(PermissionId::UNKNOWN);
        let bearing = |effect: Effect| {
            grounds(&held, |statement, role| {
                statement.effect() == effect && applies(snapshot, role, statement, permission)
            })
        };
        let (allows, denies) = (bearing(Effect::Allow), bearing(Effect::Deny));
        let revision = snapshot.revision();
        let deny = Decision::Deny { reason: Reason::NotGranted, revision };
        let none = (Vec::new(), Nearest::default());
        let (decision, reason, determining, (overridden, nearest)) =
            match (allows.is_empty(), denies.is_empty()) {
                (_, false) => (deny, Reason::ExplicitDeny, denies, (allows, none.1)),
                (false, true) => (Decision::Allow { revision }, Reason::Allowed, allows, none),
                (true, true) => {
                    (deny, Reason::DefaultDeny, denies, (allows, snapshot.nearest(&held, permission, None)))
                }
            };
        let resource_type = Some(self.resource);
        let not_applying = Vec::new();
        Explanation { decision, reason, resource_type, determining, overridden, not_applying, nearest }
    }
}

/// Whether a statement applies to a permission that is asked for with nothing sent, whoever holds its role alone.
fn applies(snapshot: &Snapshot, role: &Role, statement: &Statement<'_>, permission: PermissionId) -> bool {
    let mut parts = role.grants().parts_of_statement(statement.index());
    parts.any(|(range, condition)| {
        let holds =
            |condition| Holder::Role(role).applies(snapshot, permission, statement.effect(), condition);
        range.contains(&permission.as_u32()) && condition.is_none_or(|condition| holds(condition))
    })
}
