//! XACML 3.0: the conformance tests of the deny-overrides family.
//!
//! A rule that `applies` is a statement on the one action and the one resource type; a rule that does not, or is
//! indeterminate, is no statement, and neither is anything under a target that does not match. A policy is a role; a
//! policy set is a member who holds one role a policy. `Permit` is allow, and every other decision is a deny.
//! Single policies are taken where the file says that deny-overrides without errors decides them, sets where the set
//! and its policies combine by (ordered) deny-overrides.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Case, CorpusError, Draft, Question, document, read_json_lines};

#[derive(Deserialize)]
struct Rule {
    effect: String,
    state: String,
}

#[derive(Deserialize)]
struct Policy {
    algorithm: String,
    target: bool,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Single {
    id: String,
    #[serde(flatten)]
    policy: Policy,
    decision: String,
    usable_for_deny_overrides: bool,
}

#[derive(Deserialize)]
struct Set {
    id: String,
    algorithm: String,
    target: bool,
    policies: Vec<Policy>,
    decision: String,
}

impl Policy {
    fn document(&self, reached: bool) -> Value {
        let applying = self.rules.iter().filter(|rule| reached && self.target && rule.state == "applies");
        document(
            applying
                .map(|rule| json!({ "effect": rule.effect, "actions": "act", "resource": "thing" }))
                .collect(),
        )
    }
}

fn denies_override(algorithm: &str) -> bool {
    matches!(algorithm, "deny-overrides" | "ordered-deny-overrides")
}

fn case(id: String, policies: &[Policy], target: bool, decision: &str) -> Case {
    let named = policies.iter().enumerate().map(|(index, policy)| (format!("policy {index:02}"), policy));
    let roles: BTreeMap<_, _> = named.map(|(name, policy)| (name, policy.document(target))).collect();
    let asked = ("someone".to_owned(), "act".to_owned(), "thing".to_owned());
    let (subject, action, resource) = asked;
    let draft = Draft {
        id,
        holders: BTreeMap::from([(subject.clone(), roles.keys().cloned().collect())]),
        roles,
        questions: vec![Question { subject, action, resource, expected: decision == "Permit" }],
    };
    draft.into_case()
}

/// One case a usable policy or policy set, one question each.
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn xacml() -> Result<Vec<Case>, CorpusError> {
    let mut cases = Vec::new();
    for single in read_json_lines::<Single>("xacml/combining_cases.jsonl")? {
        if single.usable_for_deny_overrides {
            cases.push(case(format!("xacml/policy/{}", single.id), &[single.policy], true, &single.decision));
        }
    }
    for set in read_json_lines::<Set>("xacml/policyset_cases.jsonl")? {
        let children = set.policies.iter().all(|policy| denies_override(&policy.algorithm));
        if denies_override(&set.algorithm) && children {
            cases.push(case(format!("xacml/set/{}", set.id), &set.policies, set.target, &set.decision));
        }
    }
    Ok(cases)
}
