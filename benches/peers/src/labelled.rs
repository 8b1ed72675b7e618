//! Checks that conditions decide, of Portcullis and of Cedar side by side, over distinct conditions and stored objects.
//!
//! The workload is that of `time-conditions`: a thousand members, as many roles as conditions, each for the syncs of one
//! team, a label on every object. Cedar gets what `portcullis convert --to cedar` writes, in the setups of
//! `engines/cedar.rs`: entities read beforehand, and either all policies (but those of roles that nobody holds) for each
//! question, or for each distinct set of roles the policies of these alone, put together beforehand. Requests are made from
//! strings. Every decision is compared with what the labels say before anything is timed.
//!
//! Cedar is asked a prefix of the questions, as long as takes a second or so and 200 at least; Portcullis is asked all, in the same run.

use std::collections::HashMap;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Request,
};
use portcullis::{Question, Snapshot, cedar};
use portcullis_benches::labels::{How, Labels, MEMBERS, address};
use portcullis_benches::{QUESTIONS, Trouble};

/// Objects and distinct conditions, when none are named.
pub const SIZES: &[(usize, usize)] =
    &[(1_000, 100), (100_000, 1), (100_000, 10), (100_000, 100), (100_000, 1_000), (1_000_000, 100)];
const PASSES: usize = 5;
/// What a pass may take until it is long enough, and what all passes may.
const LONG: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(15);

/// What is asked, in words, as action and type.
const ASKED: [(&str, &str, &str); 2] =
    [("by the object's label", "update", "sync"), ("by a list that is stored of who asks", "read", "sync")];

/// Prints a table, a size after the other.
///
/// # Errors
/// When a decision is not what the labels say.
pub fn tell(sizes: &[(usize, usize)]) -> Result<(), Trouble> {
    println!(
        "| objects | conditions | decided | portcullis, ns | Cedar, the member's policies, µs (questions) | times \
         | Cedar, all policies, µs (questions) | times |"
    );
    println!("|---:|---:|---|---:|---:|---:|---:|---:|");
    sizes.iter().try_for_each(|&(objects, conditions)| size(objects, conditions))
}

fn size(objects: usize, conditions: usize) -> Result<(), Trouble> {
    let mut labels = Labels::new(objects, conditions);
    let (snapshot, _) = labels.workspace()?.compile()?;
    let begun = Instant::now();
    let peer = Peer::new(&snapshot, &labels)?;
    eprintln!("{objects} objects, {conditions} conditions: Cedar has read all after {:.0?}", begun.elapsed());
    let stream = labels.questions(QUESTIONS)?;
    for (what, action, kind) in ASKED {
        let questions: Vec<(Question<'_>, bool)> = stream.questions(action, kind, How::Bare).collect();
        if let Some((question, _)) =
            questions.iter().find(|(question, expected)| snapshot.decide(question).is_allowed() != *expected)
        {
            return Err(format!("{question:?} is not decided as the labels say").into());
        }
        let (ours, _) =
            timed(&questions, questions.len(), |question| snapshot.decide(question).is_allowed())?;
        let mut line = format!("| {objects} | {conditions} | {what} | {ours:.0} |");
        for all in [false, true] {
            let (theirs, asked) = timed(&questions, 200, |question| peer.ask(question, all))?;
            line.push_str(&format!(" {:.1} ({asked}) | {:.0} |", theirs / 1_000.0, theirs / ours));
        }
        println!("{line}");
    }
    Ok(())
}

/// Nanoseconds a question, and how many were asked: from `least` on as many as take long enough. All are decided as expected first.
fn timed(
    questions: &[(Question<'_>, bool)],
    least: usize,
    decide: impl Fn(&Question<'_>) -> bool,
) -> Result<(f64, usize), Trouble> {
    let mut count = least.min(questions.len());
    let asked = loop {
        let asked = questions.get(..count).unwrap_or(questions);
        let begun = Instant::now();
        if let Some((question, expected)) =
            asked.iter().find(|(question, expected)| decide(question) != *expected)
        {
            return Err(format!("{question:?} is not decided {expected}").into());
        }
        if begun.elapsed() > LONG || count == questions.len() {
            break asked;
        }
        count = (count * 2).min(questions.len());
    };
    let mut took = Vec::with_capacity(PASSES);
    let started = Instant::now();
    while took.is_empty() || (took.len() < PASSES && started.elapsed() < PATIENCE) {
        let begun = Instant::now();
        black_box(asked.iter().filter(|(question, _)| decide(question)).count());
        took.push(begun.elapsed().as_nanos() as f64 / asked.len() as f64);
    }
    took.sort_unstable_by(f64::total_cmp);
    Ok((took.get(took.len() / 2).copied().unwrap_or_default(), asked.len()))
}

/// Cedar with the converted workspace.
struct Peer {
    authorizer: Authorizer,
    all: PolicySet,
    slices: HashMap<String, Arc<PolicySet>>,
    entities: Entities,
    user: EntityTypeName,
    action: EntityTypeName,
    resource: EntityTypeName,
}

impl Peer {
    fn new(snapshot: &Snapshot, labels: &Labels) -> Result<Peer, Trouble> {
        let converted = cedar::workspace(snapshot)?;
        let mut written = String::new();
        let lost = converted.write_entities(&mut written)?;
        let unsaid = converted.statements().iter().any(|statement| !statement.unsaid().is_empty());
        if unsaid || lost.count() > 0 {
            return Err("the workload has something that Cedar cannot say".into());
        }
        let entities = Entities::from_json_str(&written, None)?;
        drop(written);
        let mut of_roles: HashMap<&str, Vec<Policy>> = HashMap::new();
        for statement in converted.statements() {
            let policies = PolicySet::from_str(statement.text())?;
            for policy in policies.policies() {
                let id = policy.annotation("id").unwrap_or_default().to_owned();
                of_roles.entry(statement.role()).or_default().push(policy.new_id(PolicyId::new(id)));
            }
        }
        let mut held = Vec::new();
        let mut sets: HashMap<Vec<String>, Arc<PolicySet>> = HashMap::new();
        let mut slices = HashMap::with_capacity(MEMBERS);
        for member in 0..MEMBERS {
            let roles = labels.roles(member);
            if !sets.contains_key(&roles) {
                let set = together(&of_roles, roles.iter())?;
                sets.insert(roles.clone(), Arc::new(set));
            }
            slices.extend(sets.get(&roles).map(|set| (address(member), set.clone())));
            held.extend(roles);
        }
        held.sort_unstable();
        held.dedup();
        Ok(Peer {
            authorizer: Authorizer::new(),
            all: together(&of_roles, held.iter())?,
            slices,
            entities,
            user: "User".parse()?,
            action: "Action".parse()?,
            resource: "Resource".parse()?,
        })
    }

    /// A question that Cedar fails to decide is none that it denies.
    fn ask(&self, question: &Question<'_>, all: bool) -> bool {
        let uid = |kind: &EntityTypeName, id: &str| {
            EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
        };
        let resource = cedar::resource_id(question.resource, question.object.unwrap_or_default());
        let request = Request::new(
            uid(&self.user, question.subject),
            uid(&self.action, question.action),
            uid(&self.resource, &resource),
            Context::empty(),
            None,
        );
        let policies = match self.slices.get(question.subject) {
            Some(slice) if !all => slice,
            _ => &self.all,
        };
        let asked = (question.subject, question.action, resource.as_str());
        let request = request.unwrap_or_else(|error| crate::engines::broken(asked, error));
        let response = self.authorizer.is_authorized(&request, policies, &self.entities);
        if let Some(error) = response.diagnostics().errors().next() {
            crate::engines::broken(asked, error);
        }
        response.decision() == Decision::Allow
    }
}

fn together<'r>(
    of_roles: &HashMap<&str, Vec<Policy>>,
    roles: impl Iterator<Item = &'r String>,
) -> Result<PolicySet, Trouble> {
    let mut set = PolicySet::new();
    for policy in roles.filter_map(|role| of_roles.get(role.as_str())).flatten() {
        set.add(policy.clone())?;
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cedar_decides_on_labels_as_expected() {
        for (objects, conditions) in [(50, 1), (500, 20)] {
            let mut labels = Labels::new(objects, conditions);
            let (snapshot, _) = labels.workspace().unwrap().compile().unwrap();
            let peer = Peer::new(&snapshot, &labels).unwrap();
            let stream = labels.questions(400).unwrap();
            let mut allowed = 0;
            for (_, action, kind) in ASKED {
                for (question, expected) in stream.questions(action, kind, How::Bare) {
                    assert_eq!(peer.ask(&question, false), expected, "{question:?}");
                    assert_eq!(peer.ask(&question, true), expected, "{question:?}");
                    allowed += usize::from(expected);
                }
            }
            assert!(allowed > 20, "{allowed}");
        }
    }
}
