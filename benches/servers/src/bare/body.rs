//! The shapes of AuthZEN as one would derive them, and constant answers to them.
//!
//! Nothing is borrowed and properties are maps: that is what somebody writes who has not measured anything yet. What it must not do is skip work
//! that a server has to do, so every field is read.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[expect(dead_code, reason = "read because a server has to read it")]
struct Entity {
    r#type: String,
    id: String,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read because a server has to read it")]
struct Action {
    name: String,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read because a server has to read it")]
struct Evaluation {
    subject: Entity,
    action: Action,
    resource: Entity,
    context: Option<Map<String, Value>>,
}

/// An item of a batch: what it leaves out is what the batch says.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read because a server has to read it")]
struct Item {
    subject: Option<Entity>,
    action: Option<Action>,
    resource: Option<Entity>,
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "read because a server has to read it")]
struct Evaluations {
    subject: Option<Entity>,
    action: Option<Action>,
    resource: Option<Entity>,
    context: Option<Map<String, Value>>,
    options: Option<Map<String, Value>>,
    evaluations: Vec<Item>,
}

#[derive(Serialize)]
struct Decision {
    decision: bool,
}

#[derive(Serialize)]
struct Decisions {
    evaluations: Vec<Decision>,
}

/// The answer to a single evaluation.
pub(super) fn evaluation(body: &[u8]) -> serde_json::Result<Vec<u8>> {
    serde_json::from_slice::<Evaluation>(body)?;
    serde_json::to_vec(&Decision { decision: true })
}

/// The answer to a batch.
pub(super) fn evaluations(body: &[u8]) -> serde_json::Result<Vec<u8>> {
    let asked: Evaluations = serde_json::from_slice(body)?;
    let evaluations = asked.evaluations.iter().map(|_| Decision { decision: true }).collect();
    serde_json::to_vec(&Decisions { evaluations })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_earns_as_many_decisions_and_what_is_no_evaluation_is_refused() {
        let item = r#"{"action":{"name":"read"},"resource":{"type":"sync","id":"7"}}"#;
        let body = format!(r#"{{"subject":{{"type":"user","id":"ann"}},"evaluations":[{item},{item}]}}"#);
        let answer = evaluations(body.as_bytes()).unwrap();
        assert_eq!(answer, br#"{"evaluations":[{"decision":true},{"decision":true}]}"#);
        assert!(evaluation(item.as_bytes()).is_err());
        let body = format!(r#"{{"subject":{{"type":"user","id":"ann"}},{}"#, &item[1..]);
        assert_eq!(evaluation(body.as_bytes()).unwrap(), br#"{"decision":true}"#);
    }
}
