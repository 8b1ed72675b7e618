//! Why a question was not answered as expected, and what came nearest to the expected answer.
//!
//! A member is explained as any question is. A role held alone is explained here, by the same rules: it is asked about
//! as if somebody held it and nothing else. Where conditions decide, what they are is told besides. For an allow that should have been a
//! deny the nearest miss is a deny that covers the same action elsewhere, or other actions on the same type.

use portcullis_matrix::PermissionId;

use super::Request;
use super::asked::OfAnybody;
use super::run::Asker;
use crate::decision::{Decision, Reason};
use crate::explain::{Bearing, Explanation, Grounds, Held, Nearest, bearing, grounds};
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
    /// What the question brings besides names.
    pub(super) request: &'s Request,
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
    /// The question, with all that it brings. Of a role held alone it is asked by nobody.
    #[must_use]
    pub fn question(&self) -> Question<'s> {
        let subject = if let Asker::Subject(id) = self.asker { id } else { "" };
        self.request.beside(Question::new(subject, self.action, self.resource))
    }

    /// Whether the question is one on a type that sends nothing.
    #[must_use]
    pub fn sends_nothing(&self) -> bool {
        self.request.is_empty()
    }

    /// The answer, with everything that led to it.
    #[must_use]
    pub fn explain(&self, snapshot: &'s Snapshot) -> Explanation<'s> {
        match self.asker {
            Asker::Subject(id) if snapshot.subject(id).is_none() => self.explain_stranger(snapshot),
            Asker::Subject(_) => snapshot.explain(&self.question()),
            Asker::Role(role) => self.explain_role(snapshot, role),
        }
    }

    /// The conditions on which it depends whether the permission is granted, where they leave it open, whatever the test sent. Empty where
    /// the answer is the same for every request.
    #[must_use]
    pub fn conditions(&self, snapshot: &'s Snapshot) -> Vec<Proviso<'s>> {
        let answer = match self.asker {
            Asker::Subject(_) => snapshot.answer(&self.question()),
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
        let facts = OfAnybody::asking(snapshot, &self.question());
        let Bearing { allows, denies, not_applying } = bearing(&held, permission, &facts);
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
        Explanation { decision, reason, resource_type, determining, overridden, not_applying, nearest }
    }
}
