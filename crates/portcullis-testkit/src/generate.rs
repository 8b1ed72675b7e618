//! Schemas, policies, workspaces and questions out of a seed.
//!
//! The same seed gives the same case on every machine and in every version of the dependencies, so that a failing seed can
//! be written into a test: the numbers come from [`Prng`] and from nothing else. Everything made is accepted by the
//! language (a deny that would be refused is left out) and touches every form of it that decides: wildcards, patterns,
//! lists and their mixtures, aliases, covered names, pairs that are not admitted, groups, suspension, default roles.
//! Conditions are drawn only by the functions that say so: [`conditional`] and its parts. Of conditions that somebody else
//! wrote, [`aimed_requests`] reads what they ask about.

mod aimed;
mod attributes;
mod conditional;
mod names;
mod prng;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::corpus::{Case, Question};
use crate::reference::{Document, Reference, Unusable, Vocabulary};

pub use aimed::{aimed_properties, aimed_requests};
pub use attributes::{World, spelled};
pub use conditional::{
    AskedByRequest, ConditionalCase, attributed_schema, conditional, conditional_case, conditional_workspace,
    requests, restrict, restrict_blindly, stored_properties,
};
pub use prng::Prng;

/// How much of everything to make. Numbers are exact but for `statements`, which is at most.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Resource types of the schema, at least one.
    pub types: usize,
    /// Actions of the schema, at least one; each type admits some of them.
    pub actions: usize,
    /// Role documents.
    pub roles: usize,
    /// Statements a document, at most.
    pub statements: usize,
    /// Groups.
    pub groups: usize,
    /// Members.
    pub members: usize,
    /// Questions.
    pub questions: usize,
}

impl Size {
    /// A size mostly up to five of everything, so that all questions are asked in a millisecond; now and then up to twelve.
    #[must_use]
    pub fn drawn(prng: &mut Prng) -> Self {
        let most = if prng.below(16) == 15 { 12 } else { 5 };
        Size {
            types: 1 + prng.below(most),
            actions: 1 + prng.below(most),
            roles: 1 + prng.below(most),
            statements: prng.below(6),
            groups: prng.below(5),
            members: prng.below(6),
            questions: 20,
        }
    }
}

impl Default for Size {
    /// Small enough for ten thousand cases a test, large enough for every form to occur.
    fn default() -> Self {
        Size { types: 5, actions: 6, roles: 4, statements: 4, groups: 3, members: 6, questions: 60 }
    }
}

/// A whole case, whose expected answers are the reference's.
///
/// # Errors
/// Never in a sound build: the reference does not read what was made.
pub fn case(seed: u64, size: Size) -> Result<Case, Unusable> {
    Ok(Case { id: format!("generated/{seed}"), ..drawn(&mut Prng::new(seed), size)? })
}

/// The same out of any stream.
///
/// # Errors
/// As [`case`].
pub fn drawn(prng: &mut Prng, size: Size) -> Result<Case, Unusable> {
    let schema = schema(prng, size);
    let workspace = workspace(prng, &schema, size)?;
    let questions = questions(prng, &Reference::from_json(&workspace)?, size.questions);
    Ok(Case { id: "generated".to_owned(), schema, workspace, questions })
}

/// A schema in which every action is admitted somewhere, and some types have aliases or cover other names.
#[must_use]
pub fn schema(prng: &mut Prng, size: Size) -> Value {
    let actions = names::distinct(prng, size.actions.max(1));
    let types = names::distinct(prng, size.types.max(1));
    let mut resources = BTreeMap::new();
    for (index, own) in types.iter().enumerate() {
        let count = types.len();
        let admitted: Vec<&String> = actions
            .iter()
            .enumerate()
            .filter(|(number, _)| number % count == index || prng.percent(60))
            .map(|(_, action)| action)
            .collect();
        // With more types than actions a type may be left without any; the first action is as good as another.
        let admitted = if admitted.is_empty() { actions.iter().take(1).collect() } else { admitted };
        let mut entry = json!({ "actions": admitted });
        if let Some(entry) = entry.as_object_mut() {
            if prng.percent(30) {
                entry.insert("aliases".to_owned(), json!([format!("{own}s")]));
            }
            if prng.percent(20) {
                entry.insert("covers".to_owned(), json!([format!("{own} part"), format!("{own} piece")]));
            }
        }
        resources.insert(own.clone(), entry);
    }
    json!({ "schema": "generated", "resources": resources })
}

/// A policy document that the language accepts under this vocabulary.
///
/// # Errors
/// Never in a sound build: the reference does not read what was made.
pub fn policy(prng: &mut Prng, vocabulary: &Vocabulary, statements: usize) -> Result<Value, Unusable> {
    let actions: Vec<String> = vocabulary.actions().into_iter().map(str::to_owned).collect();
    let types: Vec<String> = vocabulary.types().map(str::to_owned).collect();
    let written: Vec<String> = vocabulary
        .names_of_types()
        .filter(|name| vocabulary.type_written(name).is_some())
        .map(str::to_owned)
        .collect();
    let mut accepted = Vec::new();
    for _ in 0..prng.below(statements + 1) {
        let mut statement = json!({
            "effect": if prng.percent(30) { "deny" } else { "allow" },
            "actions": names::written(prng, &actions, &actions),
            "resource": names::written(prng, &written, &types),
        });
        if let (true, Some(entry)) = (prng.percent(10), statement.as_object_mut()) {
            entry.insert("conditions".to_owned(), json!("*"));
        }
        let alone = Document::deserialize(json!({ "version": "2022-04-26", "policies": [statement] }))?;
        if vocabulary.refusal(&alone).is_none() {
            accepted.push(statement);
        }
    }
    Ok(json!({ "version": "2022-04-26", "policies": accepted }))
}

/// A workspace file over this schema, with everything inline.
///
/// # Errors
/// When the schema is not one; never for one made by [`schema`].
pub fn workspace(prng: &mut Prng, schema: &Value, size: Size) -> Result<Value, Unusable> {
    let vocabulary = Vocabulary::deserialize(schema)?;
    let role_names: Vec<String> = (0..size.roles.max(1)).map(|number| format!("role {number}")).collect();
    let ids: Vec<String> = (0..size.members).map(|number| format!("member {number}")).collect();
    let mut roles = BTreeMap::new();
    for name in &role_names {
        roles.insert(name, policy(prng, &vocabulary, size.statements)?);
    }
    let mut groups = BTreeMap::new();
    for number in 0..size.groups {
        let held: Vec<&String> = role_names.iter().filter(|_| prng.percent(40)).collect();
        let joined: Vec<&String> = ids.iter().filter(|_| prng.percent(40)).collect();
        groups.insert(format!("group {number}"), json!({ "roles": held, "members": joined }));
    }
    let mut members = BTreeMap::new();
    for id in &ids {
        members.insert(
            id,
            match (prng.percent(70), prng.percent(10)) {
                (true, true) => json!({ "role": prng.pick(&role_names), "suspended": true }),
                (true, false) => json!({ "role": prng.pick(&role_names) }),
                (false, true) => json!({ "suspended": true }),
                (false, false) => json!({}),
            },
        );
    }
    Ok(json!({
        "workspace": "generated", "schema": schema, "default_role": prng.pick(&role_names),
        "roles": roles, "groups": groups, "members": members,
    }))
}

/// Questions that mostly hit, under any name that a question may use, and now and then name nothing.
#[must_use]
pub fn questions(prng: &mut Prng, reference: &Reference, count: usize) -> Vec<Question> {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let subjects = owned(reference.members().collect());
    let actions = owned(reference.vocabulary().actions().into_iter().collect());
    let types = owned(reference.vocabulary().names_of_types().collect());
    let mut one_of = |names: &[String], stranger: &str| match prng.pick(names) {
        Some(name) if !prng.percent(4) => name.clone(),
        _ => stranger.to_owned(),
    };
    let mut questions = Vec::new();
    for _ in 0..count {
        let subject = one_of(&subjects, "nobody");
        let action = one_of(&actions, "no action");
        let resource = one_of(&types, "no type");
        let expected = reference.decide(&subject, &action, &resource);
        questions.push(Question { subject, action, resource, expected });
    }
    questions
}
