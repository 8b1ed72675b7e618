//! Why a decision is what it is, for whoever asked for it and may know.
//!
//! About itself an asker is told the reason as a code and the names of the roles that bear on it; statements, values and the roles of others are
//! for whoever may read the workspace. Names that were not known are never completed: what there is would be told to somebody who guesses.

use http::{HeaderMap, HeaderName};
use portcullis::{Question, Reason};
use serde_json::{Value, json};

use super::failure::Failure;
use crate::Hearing;
use crate::service::Answered;
use crate::why::json_grounds;

const EXPLAIN: HeaderName = HeaderName::from_static("portcullis-explain");
/// Of each list of statements, so many are told.
const STATEMENTS: usize = 20;

/// Whether these headers ask for reasons.
pub(super) fn is_asked(headers: &HeaderMap) -> Result<bool, Failure> {
    match headers.get(EXPLAIN).map(http::HeaderValue::as_bytes) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case(b"false") => Ok(false),
        Some(_) => Err(Failure::bad_request(format!("expected `true` or `false` in `{EXPLAIN}`"))),
    }
}

/// The reason of an answer that a hearing gave.
pub(crate) fn reason_admin(hearing: &Hearing, question: &Question<'_>, answer: Answered) -> Value {
    // The same question that was decided, which brings no more than its asker may bring.
    let Ok(question) = hearing.heeded(question) else { return Value::Null };
    let explanation = hearing.snapshot().explain(&question);
    let code = if answer.narrowed && answer.decision.is_allowed() {
        "narrowed_by_key"
    } else {
        explanation.reason.as_str()
    };
    let sentence = match code {
        "narrowed_by_key" => "the policy of the key does not leave it".to_owned(),
        _ => explanation.reason.to_string(),
    };
    let mut reason = json!({ "code": code, "en": sentence });
    let Some(object) = reason.as_object_mut() else { return reason };
    let reads = hearing.reads_workspace();
    let bearing = || explanation.determining.iter().chain(&explanation.overridden);
    if hearing.is_own(question.subject) || reads {
        let mut roles: Vec<&str> = bearing().map(|ground| ground.role.name()).collect();
        roles.sort_unstable();
        roles.dedup();
        object.insert("roles".to_owned(), json!(roles));
    }
    if reads && explanation.reason != Reason::UnknownSubject {
        let grounds = bearing().chain(&explanation.not_applying);
        object.insert("statements".to_owned(), grounds.take(STATEMENTS).map(json_grounds).collect());
    }
    reason
}
