//! Casbin: the 64 requests that were mapped to our model, out of eight groups of its own tests.
//!
//! A domain of Casbin is a workspace, so it makes a case of its own. A user is a member who holds the roles listed. The
//! groups that have no `converted` block rest on other semantics (first match, allow by default, matching of globs at
//! check time) and are left out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Case, CorpusError, Draft, Question, read_json_lines};

#[derive(Deserialize)]
struct Group {
    model: String,
    policy_file: Option<String>,
    #[serde(default)]
    converted: Vec<Block>,
}

#[derive(Deserialize)]
struct Block {
    domain: Option<String>,
    roles: BTreeMap<String, Value>,
    users: BTreeMap<String, Vec<String>>,
    requests: Vec<Request>,
}

/// Also the form of Cedar's requests: both files were converted by the same hand.
#[derive(Deserialize)]
pub(super) struct Request {
    user: String,
    action: String,
    resource: String,
    allow: bool,
}

impl From<Request> for Question {
    fn from(request: Request) -> Self {
        let Request { user, action, resource, allow } = request;
        Question { subject: user, action, resource, expected: allow }
    }
}

/// One case a model, policy file and domain.
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn casbin() -> Result<Vec<Case>, CorpusError> {
    let mut cases = Vec::new();
    for group in read_json_lines::<Group>("casbin/cases.jsonl")? {
        let policy = group.policy_file.as_deref().unwrap_or("none");
        for block in group.converted {
            let domain = block.domain.as_deref().unwrap_or("all");
            let draft = Draft {
                id: format!("casbin/{}/{policy}/{domain}", group.model),
                roles: block.roles,
                holders: block.users,
                questions: block.requests.into_iter().map(Question::from).collect(),
            };
            cases.push(draft.into_case());
        }
    }
    Ok(cases)
}
