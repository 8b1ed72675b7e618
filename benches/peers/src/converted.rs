//! Our own conversion to Cedar, held against Cedar: random workspaces with conditions, converted, and asked of both.
//!
//! What is converted is what `portcullis convert --to cedar` writes, read by Cedar as anybody would read it. Cedar may never allow what Portcullis denies.
//! Where every statement that speaks of a member was converted exactly, and nothing of the entities was lost, the two must be equal;
//! where Cedar denies more, the conversion must have said so. No `forbid` may err, since Cedar skips a policy that does.
//! Requests bring a context here, and properties of nothing: what a request says of an entity is for whoever puts Cedar's entities together.

use std::collections::HashSet;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
};
use portcullis::condition::Value;
use portcullis::{Question, Snapshot, cedar};
use portcullis_benches::Trouble;

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use portcullis::{NoFiles, Source, Workspace};
    use portcullis_testkit::corpus;
    use portcullis_testkit::generate::{Size, conditional_case};
    use portcullis_testkit::sent::Sent;
    use serde_json::Value as Json;

    use super::*;

    fn compiled(text: &str) -> Snapshot {
        let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
            .unwrap_or_else(|report| panic!("{report}\n{text}"));
        workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
    }

    /// The roles that a member holds, by the text of the workspace.
    fn held(workspace: &Json, member: &str) -> BTreeSet<String> {
        let own = workspace["members"][member].get("role").unwrap_or(&workspace["default_role"]);
        let mut held = BTreeSet::from([own.as_str().unwrap().to_owned()]);
        for group in workspace["groups"].as_object().into_iter().flatten().map(|(_, group)| group) {
            if group["members"].as_array().into_iter().flatten().any(|id| id == member) {
                held.extend(
                    group["roles"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|role| role.as_str().unwrap().to_owned()),
                );
            }
        }
        held
    }

    #[derive(Debug, Default)]
    struct Counts {
        workspaces: usize,
        conditional: usize,
        exact: usize,
        questions: usize,
        exactly: usize,
        allowed: usize,
        decided_by_conditions: usize,
        narrower: usize,
        erring: usize,
    }

    fn compare(seed: u64, counts: &mut Counts) {
        let case = conditional_case(seed, Size::default()).unwrap();
        let workspace: Json = serde_json::from_str(&case.workspace).unwrap();
        let snapshot = compiled(&case.workspace);
        let ids = ["1", "2", "3", "red", "unheard of"];
        let kinds: Vec<&str> = snapshot.schema().types().iter().map(|kind| kind.name()).collect();
        let all = kinds.iter().flat_map(|kind| ids.map(|id| (kind.to_string(), id.to_owned())));
        let unstored: Vec<(String, String)> =
            all.filter(|(kind, id)| snapshot.object_properties(kind, id).is_none()).collect();
        let converted = Converted::new(&snapshot, &unstored)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", case.workspace));
        let mut inexact = HashSet::new();
        for statement in converted.ours.statements() {
            if !statement.unsaid().is_empty() {
                inexact.insert(statement.role().to_owned());
            }
            let role = snapshot.role(statement.role()).unwrap();
            let conditional =
                role.grants().parts_of_statement(statement.index()).any(|(_, condition)| condition.is_some());
            counts.conditional += usize::from(conditional);
            counts.exact += usize::from(conditional && statement.unsaid().is_empty());
        }
        counts.workspaces += 1;
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        for (sent, asked) in sent.iter().zip(&case.requests) {
            let question = Question {
                subject_properties: None,
                action_properties: None,
                object_properties: None,
                ..sent.question(asked.now.as_deref())
            };
            let kind = snapshot.schema().resource_type(question.resource);
            let is_own = kind.is_some_and(|kind| kind.name() == question.resource);
            let is_of_type = question
                .subject_type
                .is_none_or(|kind| snapshot.member_type(question.subject).is_none_or(|known| known == kind));
            // An object is asked about under its type's own name, and who asks is who they say.
            if !is_of_type || (question.object.is_some() && !is_own) {
                continue;
            }
            let expected = snapshot.decide(&question).is_allowed();
            let said = converted
                .ask(&question)
                .unwrap_or_else(|error| panic!("seed {seed}: {question:?}: {error}\n{}", case.workspace));
            let object = question.object.map(|id| cedar::resource_id(question.resource, id));
            let is_lost = converted.lost.contains(question.subject)
                || object.is_some_and(|id| converted.lost.contains(&id));
            let exact = !is_lost
                && (snapshot.member_type(question.subject).is_none()
                    || held(&workspace, question.subject).iter().all(|role| !inexact.contains(role)));
            let text: String = converted.ours.statements().iter().map(cedar::Statement::text).collect();
            assert!(
                !said.allowed || expected,
                "seed {seed}: Cedar allows {question:?}\n{}\n{text}",
                case.workspace
            );
            assert!(
                said.allowed == expected || !exact,
                "seed {seed}: Cedar denies {question:?}\n{}\n{text}",
                case.workspace
            );
            counts.questions += 1;
            counts.exactly += usize::from(exact);
            counts.allowed += usize::from(said.allowed);
            counts.narrower += usize::from(said.allowed != expected);
            counts.erring += usize::from(said.erring > 0);
            if let (Some(subject), Ok(permission)) =
                (snapshot.subject(question.subject), snapshot.permission(question.action, question.resource))
            {
                counts.decided_by_conditions +=
                    usize::from(exact && snapshot.matrix().check(subject, permission).is_open());
            }
        }
    }

    #[test]
    fn cedar_decides_converted_workspaces_as_they_decide() {
        let mut counts = Counts::default();
        for seed in 0..600 {
            compare(seed, &mut counts);
        }
        println!("{counts:?}");
        assert!(counts.questions > 20_000 && counts.exactly > 10_000 && counts.allowed > 1_000, "{counts:?}");
        assert!(counts.decided_by_conditions > 1_000, "{counts:?}");
        // Times and the clock are what Cedar has not.
        assert!(counts.exact * 3 > counts.conditional * 2, "{counts:?}");
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
        assert!(asked > 30 && allowed > 10, "{asked} {allowed}");
    }
}
