//! Cedar: 31 requests over nine hand-written integration suites, with Cedar's own decisions.
//!
//! An entity of Cedar is a resource type here, named by its whole uid (`Photo::"selfie.jpg"`); a principal is the member
//! of that uid. No name holds a `*`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::casbin::Request;
use super::{Case, CorpusError, Draft, Question, read_json_lines};

#[derive(Deserialize)]
struct Suite {
    id: String,
    roles: BTreeMap<String, Value>,
    users: BTreeMap<String, Vec<String>>,
    requests: Vec<Request>,
}

/// One case a suite.
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn cedar() -> Result<Vec<Case>, CorpusError> {
    let case = |suite: Suite| {
        let draft = Draft {
            id: format!("cedar/{}", suite.id),
            roles: suite.roles,
            holders: suite.users,
            questions: suite.requests.into_iter().map(Question::from).collect(),
        };
        draft.into_case()
    };
    Ok(read_json_lines::<Suite>("cedar/hand_cases.jsonl")?.into_iter().map(case).collect())
}
