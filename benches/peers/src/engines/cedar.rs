//! cedar-policy: one `permit` or `forbid` a block of a statement, members, roles, actions and types as entities loaded beforehand.
//!
//! A role is the parent of its members, and what a block speaks of, if it is several actions or types, the parent of these, so that every
//! scope is one test of ancestors and no policy needs a `when`. The authorizer builds the expression of a scope anew for each
//! policy it evaluates, so a list (`action in [a, b, c]`) costs an allocation an action; groups were faster. Most statements are
//! one block; `*` is up to three, as not every type admits every action. No schema is given to a request: validation would
//! only add to the time, and unknown names are denied without. Requests are built from the three strings for each question.
//!
//! [`Cedar`] asks all policies, as the authorizer does by itself. [`Sliced`] is what Cedar's makers recommend at scale: for each distinct set of
//! roles that some member holds, the policies of these roles alone, put together when members are loaded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Request,
};
use portcullis_benches::Trouble;
use portcullis_benches::field::Field;

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "one permit or forbid a block of a statement, entities loaded beforehand";

/// The same with slices.
pub const SLICED: &str =
    "as cedar-policy, with only the policies of the member's set of roles, put together beforehand";

/// The names of entity types, parsed once.
struct Kinds {
    user: EntityTypeName,
    role: EntityTypeName,
    action: EntityTypeName,
    actions: EntityTypeName,
    kind: EntityTypeName,
    kinds: EntityTypeName,
}

impl Kinds {
    fn new() -> Result<Kinds, Trouble> {
        let parse = str::parse::<EntityTypeName>;
        Ok(Kinds {
            user: parse("User")?,
            role: parse("Role")?,
            action: parse("Action")?,
            actions: parse("Actions::Action")?,
            kind: parse("Type")?,
            kinds: parse("Types")?,
        })
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

/// What statements speak of together, as entities above the names: every distinct list is a group.
struct Groups<'f> {
    kind: EntityTypeName,
    group: EntityTypeName,
    lists: BTreeMap<&'f [String], usize>,
}

impl<'f> Groups<'f> {
    fn new(kind: &EntityTypeName, group: &EntityTypeName) -> Self {
        Groups { kind: kind.clone(), group: group.clone(), lists: BTreeMap::new() }
    }

    /// What stands behind `action` or `resource` in a scope.
    fn scope(&mut self, names: &'f [String]) -> String {
        match names {
            [single] => format!("== {}", uid(&self.kind, single)),
            several => {
                let next = self.lists.len();
                let number = *self.lists.entry(several).or_insert(next);
                format!("in {}", uid(&self.group, &number.to_string()))
            }
        }
    }

    fn entities<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<Entity> {
        let group = |number: &usize| uid(&self.group, &number.to_string());
        let of_name = |name: &str| {
            let above = self.lists.iter().filter(|(list, _)| list.iter().any(|it| it == name));
            Entity::new_no_attrs(uid(&self.kind, name), above.map(|(_, number)| group(number)).collect())
        };
        let groups = self.lists.values().map(|number| Entity::new_no_attrs(group(number), HashSet::new()));
        names.into_iter().map(of_name).chain(groups).collect()
    }
}

/// The policies of each role, and all entities.
struct Translated {
    kinds: Kinds,
    policies: Vec<Vec<Policy>>,
    entities: Entities,
}

fn translated(field: &Field) -> Result<Translated, Trouble> {
    let kinds = Kinds::new()?;
    let (mut of_actions, mut of_types) =
        (Groups::new(&kinds.action, &kinds.actions), Groups::new(&kinds.kind, &kinds.kinds));
    let mut policies = Vec::new();
    for (number, role) in field.roles.iter().enumerate() {
        let mut of_role = Vec::new();
        for rule in &role.rules {
            for block in &rule.blocks {
                let text = format!(
                    "{}(principal in {}, action {}, resource {});",
                    if rule.deny { "forbid" } else { "permit" },
                    uid(&kinds.role, &role.name),
                    of_actions.scope(&block.actions),
                    of_types.scope(&block.resources),
                );
                let id = PolicyId::new(format!("{number}.{}", of_role.len()));
                of_role.push(Policy::parse(Some(id), text)?);
            }
        }
        policies.push(of_role);
    }
    let mut entities = Vec::with_capacity(field.count());
    for (id, held) in field.members() {
        let roles = field.named(held).map(|role| uid(&kinds.role, &role.name)).collect();
        entities.push(Entity::new_no_attrs(uid(&kinds.user, id), roles));
    }
    for role in &field.roles {
        entities.push(Entity::new_no_attrs(uid(&kinds.role, &role.name), HashSet::new()));
    }
    entities.extend(of_actions.entities(field.vocabulary().actions()));
    entities.extend(of_types.entities(field.vocabulary().types()));
    let entities = Entities::from_entities(entities, None)?;
    Ok(Translated { kinds, policies, entities })
}

fn together<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Result<PolicySet, Trouble> {
    let mut set = PolicySet::new();
    for policy in policies {
        set.add(policy.clone())?;
    }
    Ok(set)
}

fn request(kinds: &Kinds, question: Question<'_>) -> Request {
    let (subject, action, resource) = question;
    let (subject, action) = (uid(&kinds.user, subject), uid(&kinds.action, action));
    match Request::new(subject, action, uid(&kinds.kind, resource), Context::empty(), None) {
        Ok(request) => request,
        Err(error) => broken(question, error),
    }
}

fn answer(
    authorizer: &Authorizer,
    policies: &PolicySet,
    translated: &Translated,
    question: Question<'_>,
) -> bool {
    let response =
        authorizer.is_authorized(&request(&translated.kinds, question), policies, &translated.entities);
    if let Some(error) = response.diagnostics().errors().next() {
        broken(question, error);
    }
    response.decision() == Decision::Allow
}

/// All policies for every question.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    translated: Translated,
}

impl Engine for Cedar {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut translated = translated(field)?;
        let policies = together(std::mem::take(&mut translated.policies).iter().flatten())?;
        Ok(Cedar { authorizer: Authorizer::new(), policies, translated })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        answer(&self.authorizer, &self.policies, &self.translated, question)
    }
}

/// The policies of the member's roles.
pub struct Sliced {
    authorizer: Authorizer,
    slices: HashMap<String, Arc<PolicySet>>,
    nobody: PolicySet,
    translated: Translated,
}

impl Engine for Sliced {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut translated = translated(field)?;
        let policies = std::mem::take(&mut translated.policies);
        let mut sets: HashMap<Vec<u32>, Arc<PolicySet>> = HashMap::new();
        let mut slices = HashMap::with_capacity(field.count());
        for (id, held) in field.members() {
            let mut held = held.to_vec();
            held.sort_unstable();
            let slice = match sets.get(&held) {
                Some(known) => known.clone(),
                None => {
                    let of_roles = held.iter().filter_map(|&role| policies.get(role as usize)).flatten();
                    let made = Arc::new(together(of_roles)?);
                    sets.insert(held, made.clone());
                    made
                }
            };
            slices.insert(id.to_owned(), slice);
        }
        Ok(Sliced { authorizer: Authorizer::new(), slices, nobody: PolicySet::new(), translated })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        let policies = self.slices.get(question.0).map_or(&self.nobody, |slice| slice);
        answer(&self.authorizer, policies, &self.translated, question)
    }
}
