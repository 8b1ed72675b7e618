//! Our own conversion to Cedar, held against Cedar: random workspaces with conditions, converted, and asked of both.
//!
//! What is converted is what `portcullis convert --to cedar` writes, read by Cedar as anybody would read it. Cedar may never
//! allow what Portcullis denies. Where every statement that speaks of a member was converted exactly, and nothing of the
//! entities was lost, the two must be equal; where Cedar denies more, the conversion must have said so. No `forbid` may
//! err, since Cedar skips a policy that does. Requests bring a context here, and properties of nothing: what a request
//! says of an entity is for whoever puts Cedar's entities together.

use std::collections::{BTreeSet, HashSet};
use std::str::FromStr;
use std::time::{Duration, Instant};

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use portcullis::condition::Value;
use portcullis::{NoFiles, Question, Snapshot, Source, Workspace, cedar};
use portcullis_benches::Trouble;
use portcullis_testkit::generate::{Size, conditional_case};
use portcullis_testkit::sent::Sent;
use serde_json::Value as Json;

/// A workspace as Cedar reads it.
pub struct Converted<'s> {
    snapshot: &'s Snapshot,
    /// What was converted, with what was not said.
    pub ours: cedar::Converted<'s>,
    /// The ids of members' and objects' entities of which something was lost.
    pub lost: HashSet<String>,
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

/// What Cedar says, and how many policies it skipped.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// Whether it allows.
    pub allowed: bool,
    /// Permits that erred, and so permitted nothing.
    pub erring: usize,
}

impl<'s> Converted<'s> {
    /// Converts a workspace and has Cedar read it, with some objects that are not stored.
    ///
    /// # Errors
    /// When Cedar does not take what was written.
    pub fn new(snapshot: &'s Snapshot, unstored: &[(String, String)]) -> Result<Self, Trouble> {
        let ours = cedar::workspace(snapshot)?;
        let text: String = ours.statements().iter().map(cedar::Statement::text).collect();
        let mut written = String::new();
        let lost = ours.write_entities(&mut written)?;
        let lost: HashSet<String> = lost.iter().map(|(id, _)| id.to_owned()).collect();
        let entities = Entities::from_json_str(&written, None)?;
        let unstored: Vec<String> = unstored.iter().map(|(kind, id)| cedar::unstored(kind, id)).collect();
        let entities = entities.add_entities_from_json_str(&format!("[{}]", unstored.join(", ")), None)?;
        let policies = PolicySet::from_str(&text).map_err(|error| format!("{error}\n{text}"))?;
        Ok(Converted { snapshot, ours, lost, authorizer: Authorizer::new(), policies, entities })
    }

    /// The entity that an object of a type is, or the type itself where no object is named.
    pub fn resource(&self, question: &Question<'_>) -> Result<EntityUid, Trouble> {
        match question.object {
            None => uid("Type", question.resource),
            Some(id) => {
                let kind = self.snapshot.schema().resource_type(question.resource);
                uid("Resource", &cedar::resource_id(kind.map_or(question.resource, |kind| kind.name()), id))
            }
        }
    }

    /// What Cedar says to a question.
    ///
    /// # Errors
    /// When a forbid errs, or the question is none to Cedar.
    pub fn ask(&self, question: &Question<'_>) -> Result<Said, Trouble> {
        let context = self.ours.context(question.context.unwrap_or(Value::Null));
        let request = Request::new(
            uid("User", question.subject)?,
            uid("Action", question.action)?,
            self.resource(question)?,
            Context::from_json_str(&context, None)?,
            None,
        )?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        let mut erring = 0;
        for error in response.diagnostics().errors() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            let policy = self.policies.policy(error.policy_id());
            if policy.is_none_or(|policy| policy.effect() == Effect::Forbid) {
                return Err(format!(
                    "a forbid errs: {error}\n{}",
                    policy.map_or(String::new(), |policy| policy.to_string())
                )
                .into());
            }
            erring += 1;
        }
        Ok(Said { allowed: response.decision() == Decision::Allow, erring })
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Trouble> {
    Ok(EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind)?, EntityId::new(id)))
}

/// What was compared.
#[derive(Debug, Default)]
pub struct Counts {
    workspaces: u64,
    /// Statements with conditions, and how many of them Cedar says exactly.
    conditional: usize,
    exact: usize,
    questions: usize,
    /// Questions on which the two must be equal, and those of them that conditions decide.
    exactly: usize,
    by_conditions: usize,
    allowed: usize,
    /// Questions that Cedar denies and Portcullis does not, because of what was not said.
    narrower: usize,
    /// Questions for which Cedar skipped a permit that errs.
    erring: usize,
}

/// Cases from this seed on until the time is up, and at least one. Says how many.
///
/// # Errors
/// The first difference that was not announced, with its case.
pub fn until(seed: u64, most: Duration) -> Result<String, Trouble> {
    let started = Instant::now();
    let mut counts = Counts::default();
    while counts.workspaces == 0 || started.elapsed() < most {
        compare(seed.wrapping_add(counts.workspaces), &mut counts)?;
    }
    Ok(counts.in_words(seed))
}

impl Counts {
    fn in_words(&self, seed: u64) -> String {
        let Counts {
            workspaces,
            conditional,
            exact,
            questions,
            exactly,
            by_conditions,
            allowed,
            narrower,
            erring,
        } = self;
        format!(
            "converted, seeds {seed} to {}: {workspaces} workspaces, {exact} of {conditional} conditional statements \
             exactly; {questions} questions, {allowed} allowed: on {exactly} Cedar had to agree ({by_conditions} decided \
             by conditions) and did; on the others it never allowed more, and denied {narrower} more; it skipped a \
             permit on {erring}",
            seed.wrapping_add(workspaces.saturating_sub(1))
        )
    }
}

/// The roles that a member holds, by the text of the workspace.
fn held(workspace: &Json, member: &str) -> BTreeSet<String> {
    let at = |value: &Json, path: [&str; 2]| value.get(path[0]).and_then(|value| value.get(path[1])).cloned();
    let own = at(workspace, ["members", member]).and_then(|member| member.get("role").cloned());
    let own = own.or_else(|| workspace.get("default_role").cloned());
    let names = |list: Option<&Json>| -> Vec<String> {
        let names = list.and_then(Json::as_array).into_iter().flatten();
        names.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let mut held: BTreeSet<String> = own.iter().filter_map(Json::as_str).map(str::to_owned).collect();
    for (_, group) in workspace.get("groups").and_then(Json::as_object).into_iter().flatten() {
        if names(group.get("members")).iter().any(|id| id == member) {
            held.extend(names(group.get("roles")));
        }
    }
    held
}

/// One random workspace with conditions, and its requests but for the properties that they send.
fn compare(seed: u64, counts: &mut Counts) -> Result<(), Trouble> {
    let case = conditional_case(seed, Size::default())?;
    let fault = |what: &str| -> Trouble { format!("seed {seed}: {what}\n{}", case.workspace).into() };
    // Numbers that serde_json does not read do not matter to who holds what.
    let readable = case.workspace.replace("1e9223372036854775808", "0").replace("1e400", "0");
    let workspace: Json = serde_json::from_str(&readable)?;
    let (read, _) = Workspace::read(&Source::new("workspace.json", case.workspace.clone()), &NoFiles)?;
    let (snapshot, _) = read.compile()?;
    let ids = ["1", "2", "3", "red", "unheard of"];
    let kinds = snapshot.schema().types().iter().map(|kind| kind.name());
    let all = kinds.flat_map(|kind| ids.map(|id| (kind.to_owned(), id.to_owned())));
    let unstored: Vec<(String, String)> =
        all.filter(|(kind, id)| snapshot.object_properties(kind, id).is_none()).collect();
    let converted = Converted::new(&snapshot, &unstored).map_err(|error| fault(&error.to_string()))?;
    let mut inexact = HashSet::new();
    for statement in converted.ours.statements() {
        let Some(role) = snapshot.role(statement.role()) else { continue };
        let mut parts = role.grants().parts_of_statement(statement.index());
        let conditional = parts.any(|(_, condition)| condition.is_some());
        counts.conditional += usize::from(conditional);
        if !statement.unsaid().is_empty() {
            inexact.insert(statement.role());
        } else {
            counts.exact += usize::from(conditional);
        }
    }
    counts.workspaces += 1;
    for asked in &case.requests {
        let sent = Sent::read(&asked.request)?;
        let question = Question {
            subject_properties: None,
            action_properties: None,
            object_properties: None,
            ..sent.question(asked.now.as_deref())
        };
        // An object is asked about under its type's own name, and who asks is who they say.
        let own = snapshot.schema().resource_type(question.resource).map(|kind| kind.name());
        let known = snapshot.member_type(question.subject);
        if (question.object.is_some() && own != Some(question.resource))
            || question.subject_type.is_some_and(|claimed| known.is_some_and(|known| known != claimed))
        {
            continue;
        }
        let expected = snapshot.decide(&question).is_allowed();
        let said = converted.ask(&question).map_err(|error| fault(&format!("{question:?}: {error}")))?;
        let object = question.object.map(|id| cedar::resource_id(question.resource, id));
        let is_lost = |id: &str| converted.lost.contains(id);
        let exact = !is_lost(question.subject)
            && !object.is_some_and(|id| is_lost(&id))
            && !held(&workspace, question.subject).iter().any(|role| inexact.contains(role.as_str()));
        if (said.allowed && !expected) || (exact && said.allowed != expected) {
            let verb = if said.allowed { "allows" } else { "denies" };
            return Err(fault(&format!("Cedar {verb} {question:?}\n{}", converted.policies)));
        }
        counts.questions += 1;
        counts.exactly += usize::from(exact);
        counts.allowed += usize::from(said.allowed);
        counts.narrower += usize::from(said.allowed != expected);
        counts.erring += usize::from(said.erring > 0);
        let (subject, permission) =
            (snapshot.subject(question.subject), snapshot.permission(question.action, question.resource));
        if let (true, Some(subject), Ok(permission)) = (exact, subject, permission) {
            counts.by_conditions += usize::from(snapshot.matrix().check(subject, permission).is_open());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use portcullis_testkit::corpus;

    use super::*;

    #[test]
    fn cedar_decides_converted_workspaces_as_they_decide() {
        let mut counts = Counts::default();
        for seed in 0..600 {
            compare(seed, &mut counts).unwrap_or_else(|error| panic!("{error}"));
        }
        println!("{}", counts.in_words(0));
        assert!(counts.questions > 20_000 && counts.exactly > 10_000 && counts.allowed > 1_000, "{counts:?}");
        assert!(counts.by_conditions > 1_000, "{counts:?}");
        // Times and the clock are what Cedar has not.
        assert!(counts.exact * 3 > counts.conditional * 2, "{counts:?}");
    }

    fn compiled(text: &str) -> Snapshot {
        let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
            .unwrap_or_else(|report| panic!("{report}\n{text}"));
        workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
    }
    #[test]
    fn published_documents_on_labels_are_converted_exactly() {
        let case = corpus::hightouch_labels().unwrap();
        let snapshot = compiled(&case.workspace.to_string());
        let converted = Converted::new(&snapshot, &[]).unwrap();
        assert!(converted.lost.is_empty());
        for statement in converted.ours.statements() {
            assert!(statement.unsaid().is_empty(), "{}", statement.text());
        }
        let (mut asked, mut allowed) = (0, 0);
        for vector in &case.vectors {
            let sent = Sent::read(&vector.request.to_string()).unwrap();
            let question = sent.question(None);
            if question.object_properties.is_some() {
                continue;
            }
            let said = converted.ask(&question).unwrap();
            assert_eq!(said.allowed, vector.expected, "{}", vector.request);
            asked += 1;
            allowed += usize::from(said.allowed);
        }
        println!("{asked} of {} published questions, {allowed} allowed", case.vectors.len());
        // Of 28, six send properties of an object that is not stored.
        assert_eq!((asked, allowed), (22, 8));
    }

    /// Every hand-made way to go wrong: names that need quotes, keys that Cedar takes for its own, cycles, values of the wrong kind.
    #[test]
    fn awkward_names_and_values_are_decided_alike() {
        let snapshot = compiled(AWKWARD);
        let converted = Converted::new(&snapshot, &[("a/b".to_owned(), "unheard of".to_owned())]).unwrap();
        let (mut asked, mut allowed, mut narrower) = (0, 0, 0);
        let actions: Vec<&str> = snapshot.schema().actions().collect();
        for member in ["ann \"quoted\\\" \n", "bob", "cy", "nobody"] {
            for action in &actions {
                for object in snapshot.objects_of("a/b").map(Some).chain([None, Some("unheard of")]) {
                    let question = Question { object, ..Question::new(member, action, "a/b") };
                    let expected = snapshot.decide(&question).is_allowed();
                    let said = converted.ask(&question).unwrap();
                    assert!(!said.allowed || expected, "{question:?}\n{}", converted.policies);
                    // Only of what was told to be lost is more denied.
                    let of_object = cedar::resource_id("a/b", object.unwrap_or_default());
                    let is_lost = converted.lost.contains(member) || converted.lost.contains(&of_object);
                    assert!(said.allowed == expected || is_lost, "{question:?}\n{}", converted.policies);
                    narrower += usize::from(said.allowed != expected);
                    asked += 1;
                    allowed += usize::from(said.allowed);
                }
            }
        }
        println!("{asked} asked, {allowed} allowed, {narrower} more denied; lost: {:?}", converted.lost);
        assert!(asked > 1_000 && allowed > 150 && narrower < 20, "{asked} {allowed} {narrower}");
    }

    const AWKWARD: &str = include_str!("converted.json");
}
