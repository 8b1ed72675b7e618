//! Evaluation and evaluations: decisions, one or many under one revision.
//!
//! A denial is an answer. Of many questions a faulty one is denied in its place, with the reason, and so is one that its asker may not
//! put; only a body that is faulty as a whole, or an asker who may ask nothing, is a failure.

use http::Response;
use http::request::Parts;
use portcullis::Question;
use serde_json::Value;

use super::body::Body;
use super::failure::Failure;
use super::reason::reason_admin;
use super::visitor::Visitor;
use super::{answered, reason};
use crate::Hearing;
use crate::authzen::answer::{Decisions, decision};
use crate::authzen::{Evaluation, Evaluations, Fault, Forms, Keep};
use crate::outside::rfc3339;

impl Visitor {
    pub(super) fn evaluation(
        &self,
        hearing: &Hearing,
        head: &Parts,
        bytes: &[u8],
    ) -> Result<Response<Body>, Failure> {
        let evaluation = Evaluation::read(bytes, Forms::ObjectsOnly, keep(hearing)).map_err(unread)?;
        let now = self.now(hearing);
        let explains = reason::is_asked(&head.headers)?;
        self.decided(hearing, &evaluation.question(now.as_deref()), explains)
    }

    pub(super) fn evaluations(
        &self,
        hearing: &Hearing,
        head: &Parts,
        bytes: &[u8],
    ) -> Result<Response<Body>, Failure> {
        let evaluations =
            Evaluations::read(bytes, keep(hearing), self.door.bounds().items).map_err(unread)?;
        let now = self.now(hearing);
        let explains = reason::is_asked(&head.headers)?;
        if evaluations.is_single() {
            let question = evaluations.get(0, now.as_deref()).unwrap_or(Ok(Question::new("", "", "")));
            let question = question.map_err(|fault| Failure::bad_request(fault.words()))?;
            return self.decided(hearing, &question, explains);
        }
        let mut text = Vec::with_capacity(32 + 20 * evaluations.len());
        let mut decisions = Decisions::begin(&mut text);
        for question in evaluations.iter(now.as_deref()) {
            let allowed = match question {
                Err(fault) => {
                    decisions.fault(fault);
                    false
                }
                Ok(question) => match self.decide(hearing, &question, explains) {
                    Err(failure) => {
                        decisions.error(failure.status.as_u16(), &failure.message);
                        false
                    }
                    Ok((allowed, context)) => {
                        decisions.decision(allowed, context.as_ref());
                        allowed
                    }
                },
            };
            if evaluations.semantic().ends_with(allowed) {
                break;
            }
        }
        decisions.end();
        Ok(answered(hearing, text))
    }

    /// The answer to one question.
    fn decided(
        &self,
        hearing: &Hearing,
        question: &Question<'_>,
        explains: bool,
    ) -> Result<Response<Body>, Failure> {
        let (allowed, context) = self.decide(hearing, question, explains)?;
        let mut text = Vec::with_capacity(32);
        decision(&mut text, allowed, context.as_ref());
        Ok(answered(hearing, text))
    }

    /// Decides a question, and says why if that was asked.
    pub(crate) fn decide(
        &self,
        hearing: &Hearing,
        question: &Question<'_>,
        explains: bool,
    ) -> Result<(bool, Option<Value>), Failure> {
        let answer = hearing.decide(question)?;
        let allowed = answer.is_allowed();
        self.door.metrics().decided(allowed);
        let context = explains.then(|| reason_admin(hearing, question, answer));
        Ok((allowed, context.map(|reason| serde_json::json!({ "reason_admin": reason }))))
    }

    /// The time for conditions, where there are any.
    pub(crate) fn now(&self, hearing: &Hearing) -> Option<String> {
        if hearing.has_conditions() { rfc3339(self.door.source().now()) } else { None }
    }
}

pub(super) fn unread(fault: Fault) -> Failure {
    Failure::bad_request(fault.words())
}

/// What of a body matters to the decision.
pub(crate) fn keep(hearing: &Hearing) -> Keep {
    if hearing.has_conditions() { Keep::Properties } else { Keep::Names }
}
