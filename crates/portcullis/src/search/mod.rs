//! Who can, what can, and which objects: exact, from the rows and conditions that decide.
//!
//! A search has no request, so it evaluates what is open with what is known by names alone: the properties stored of
//! the member and of an object that is named. What is listed as allowed, a check allows whatever it is sent,
//! unless the request contradicts what is stored; what is not listed, a check denies; and all else is
//! listed apart with its conditions ([`Answer`]).

mod answer;

use std::collections::BTreeMap;

use portcullis_matrix::{PermissionId, SubjectId, Verdict};

pub(crate) use answer::weigh;
pub use answer::{Answer, Listed, Proviso, conditions_in_words};

use crate::condition::Partial;
use crate::decision::Reason;
use crate::snapshot::{Question, Role, Snapshot};

impl Snapshot {
    /// What is to be said about a question by its names alone: member, action, resource and object. What the question sends is left
    /// out, since the answer is for whatever a request sends. Somebody who is no member is denied.
    ///
    /// # Errors
    /// Why there is no such permission.
    pub fn answer(&self, question: &Question<'_>) -> Result<Answer<'_>, Reason> {
        let permission = self.schema().permission(question.action, question.resource)?.id();
        let Some(subject) = self.subject_id(question.subject) else {
            return Ok(Answer::Denied { by_statement: false });
        };
        let verdict = self.matrix().verdict(subject, permission);
        Ok(self.answer_of(subject, permission, verdict, &named(question)))
    }

    /// The ids of all members who may do an action on a resource type, in byte order. Those of whom it depends on
    /// conditions are not among them: see [`who_on`](Self::who_on).
    ///
    /// # Errors
    /// Why there is no such permission; then nobody may.
    pub fn who(&self, action: &str, resource: &str) -> Result<Vec<&str>, Reason> {
        Ok(self.who_on(&Question::new("", action, resource))?.allowed)
    }

    /// The ids of all members who may do an action on a resource type, or on the object that the question names, and
    /// apart from them those of whom it depends on conditions; both in byte order. Neither who the question says asks nor what it sends
    /// is looked at.
    ///
    /// # Errors
    /// Why there is no such permission; then nobody may.
    pub fn who_on(&self, question: &Question<'_>) -> Result<Listed<'_, &str>, Reason> {
        let permission = self.schema().permission(question.action, question.resource)?.id();
        let mut listed = Listed::default();
        for (subject, verdict) in self.matrix().subjects_of(permission) {
            let member = self.member_name(subject);
            let asked = Question { subject: member, ..named(question) };
            listed.push(member, self.answer_of(subject, permission, verdict, &asked));
        }
        Ok(listed.sorted())
    }

    /// Every (action, resource type) that a member may, in the schema's order; `None` for somebody who is no
    /// member. What depends on conditions is not among them: see [`what_if`](Self::what_if).
    #[must_use]
    pub fn what(&self, member: &str) -> Option<impl Iterator<Item = (&str, &str)>> {
        let subject = self.subject_id(member)?;
        let held = self.answers_of(subject).filter(|(_, answer)| answer.is_allowed());
        Some(held.map(|(permission, _)| self.names_of(permission)))
    }

    /// The same grouped: each resource type with its sorted actions.
    #[must_use]
    pub fn what_by_type(&self, member: &str) -> Option<BTreeMap<&str, Vec<&str>>> {
        let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (action, resource) in self.what(member)? {
            grouped.entry(resource).or_default().push(action);
        }
        grouped.values_mut().for_each(|actions| actions.sort_unstable());
        Some(grouped)
    }

    /// Every (action, resource type) of which it depends on conditions whether a member may, with these, in
    /// the schema's order; `None` for somebody who is no member.
    #[must_use]
    pub fn what_if(&self, member: &str) -> Option<impl Iterator<Item = ((&str, &str), Vec<Proviso<'_>>)>> {
        let subject = self.subject_id(member)?;
        Some(self.answers_of(subject).filter_map(|(permission, answer)| match answer {
            Answer::Conditional(provisos) => Some((self.names_of(permission), provisos)),
            _ => None,
        }))
    }

    /// The ids of all stored objects of a type on which a member may do an action, and apart from them those of which it
    /// depends on the request; both in byte order. The type goes by any name that a question may use.
    ///
    /// # Errors
    /// Why there is no such permission, or that there is no such member; then there are none.
    pub fn objects_for(
        &self,
        member: &str,
        action: &str,
        resource: &str,
    ) -> Result<Listed<'_, &str>, Reason> {
        let permission = self.schema().permission(action, resource)?.id();
        let subject = self.subject_id(member).ok_or(Reason::UnknownSubject)?;
        let verdict = self.matrix().verdict(subject, permission);
        let mut listed = Listed::default();
        if !verdict.is_deny() {
            for object in self.objects_of(resource) {
                let asked = Question { object: Some(object), ..Question::new(member, action, resource) };
                listed.push(object, self.answer_of(subject, permission, verdict, &asked));
            }
        }
        Ok(listed.sorted())
    }

    /// What is not plainly denied to a member on types, in the schema's order.
    pub(crate) fn answers_of(&self, subject: SubjectId) -> impl Iterator<Item = (PermissionId, Answer<'_>)> {
        let permissions = self.matrix().permissions_of(subject);
        permissions.map(move |(permission, verdict)| {
            let (action, resource) = self.names_of(permission);
            let asked = Question::new(self.member_name(subject), action, resource);
            (permission, self.answer_of(subject, permission, verdict, &asked))
        })
    }

    /// The answer behind a verdict, to a question that sends nothing.
    pub(crate) fn answer_of(
        &self,
        subject: SubjectId,
        permission: PermissionId,
        verdict: Verdict,
        asked: &Question<'_>,
    ) -> Answer<'_> {
        match verdict {
            Verdict::Allow => Answer::Allowed,
            Verdict::Deny => {
                let cell = self.matrix().cell(subject, permission);
                Answer::Denied { by_statement: cell.contains(portcullis_matrix::Cell::DENY) }
            }
            Verdict::Open => {
                let facts = self.facts(subject, asked);
                let roles = self.matrix().roles_of(subject);
                let roles = roles.iter().filter_map(|role| self.role_numbered(role.as_u32()));
                weigh(roles, permission, &Partial { facts: &facts, anybody: false })
            }
        }
    }

    /// The same of a role that somebody holds, nobody knows who, and nothing else.
    pub(crate) fn answer_of_role<'s>(&'s self, role: &'s Role, permission: PermissionId) -> Answer<'s> {
        let cell = role.planes().cell(permission);
        match cell.verdict() {
            Verdict::Allow => Answer::Allowed,
            Verdict::Deny => Answer::Denied { by_statement: cell.contains(portcullis_matrix::Cell::DENY) },
            Verdict::Open => {
                let (action, resource) = self.names_of(permission);
                let facts = self.facts(SubjectId::UNKNOWN, &Question::new("", action, resource));
                weigh(std::iter::once(role), permission, &Partial { facts: &facts, anybody: true })
            }
        }
    }
}

/// The names of a question, and nothing that it sends.
fn named<'q>(question: &Question<'q>) -> Question<'q> {
    Question {
        object: question.object,
        ..Question::new(question.subject, question.action, question.resource)
    }
}
