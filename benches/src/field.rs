//! The one workload on which all engines are compared: plain data, made from a seed, that knows no engine.
//!
//! Roles are Hightouch's Admin, Editor and Viewer, the public documents of the Audience Collaborator and of the Atlan role, and behind
//! these five random custom ones of two to four statements, one statement in five a deny. They speak of ten types and nine actions, of
//! whose 90 pairs the schema admits 47. Members have ids of 23 bytes and one to three distinct roles. A rule carries its document's
//! statement with names and patterns already expanded into blocks of admitted pairs, so that an engine without wildcards or without
//! a schema can be given the same policy; every engine compared knows deny, so there is no second form without.
//!
//! What is expected is the reference's word, statement by statement, for each question: [`Field::stream`] asks the vocabulary with the
//! documents of the one member's roles and nothing of what is compared. A field can also be had from any workspace file
//! ([`Field::from_workspace`]), which is how random cases reach the other engines.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis::{Document, Group, Member, Schema, Source, Workspace};
use portcullis_testkit::corpus::Question;
use portcullis_testkit::generate::Prng;
use portcullis_testkit::reference;
use portcullis_testkit::reference::{Effect, Reference, Vocabulary};
use serde_json::Value;

use crate::stream::Stream;
use crate::{GROUP, Trouble, custom_role};

/// The roles where there are five, in the order of [`Field::roles`]; the first three come with the schema.
pub const FIVE: [&str; 5] = ["admin", "editor", "viewer", "audience_collaborator", "atlan_role"];

/// How many of the five come with the schema.
const BUILT_IN: usize = 3;

/// An id of 23 bytes, different for each of ten million numbers.
#[must_use]
pub fn id_of(number: usize) -> String {
    format!("usr{number:07}@acme.corp.io")
}

/// Every action of the block on every type of it; the schema admits each of these pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Actions, by their own names.
    pub actions: Vec<String>,
    /// Types, by their own names.
    pub resources: Vec<String>,
}

/// One statement, its names expanded.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Whether it takes instead of giving.
    pub deny: bool,
    /// What it speaks of. Blocks do not overlap.
    pub blocks: Vec<Block>,
}

impl Rule {
    /// The (action, type) pairs, each once.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.blocks.iter().flat_map(|block| {
            block
                .actions
                .iter()
                .flat_map(|action| block.resources.iter().map(move |kind| (&**action, &**kind)))
        })
    }
}

/// A role: its document as people write it, and the same expanded.
#[derive(Debug)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The policy document.
    pub document: Value,
    /// Its statements, in order.
    pub rules: Vec<Rule>,
    /// What the reference reads of it.
    read: reference::Document,
}

/// Roles, members and who holds what.
#[derive(Debug)]
pub struct Field {
    /// All roles; members hold them by position.
    pub roles: Vec<Role>,
    vocabulary: Vocabulary,
    /// The ids of all members, one after the other, and where each ends.
    ids: (String, Vec<usize>),
    /// The roles of all members, one after the other, and where each one's end.
    held: (Vec<u32>, Vec<usize>),
}

/// The part of a column of parts that ends at `number`'s end.
fn range(ends: &[usize], number: usize) -> std::ops::Range<usize> {
    let start = number.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    start..ends.get(number).copied().unwrap_or(start)
}

impl Field {
    /// So many members with one to three of so many roles, of which there are at least five.
    ///
    /// # Errors
    /// When the schema or the public documents cannot be had.
    pub fn new(members: usize, roles: usize) -> Result<Field, Trouble> {
        let mut prng = Prng::new(0x000f_1e1d);
        let schema = Schema::hightouch()?;
        let mut documents = reference::hightouch_roles();
        documents.extend(portcullis_testkit::corpus::documents()?.clone());
        let mut field = Field::empty(serde_json::from_value(reference::hightouch_schema())?);
        for name in FIVE {
            field.add_role(name, documents.get(name).cloned().ok_or("a public document is not there")?)?;
        }
        while field.roles.len() < roles {
            field.add_role(&format!("custom_{:05}", field.roles.len()), custom_role(&mut prng, &schema))?;
        }
        let mut held = Vec::new();
        for number in 0..members {
            held.clear();
            for _ in 0..1 + prng.below(3) {
                let role = prng.below(field.roles.len()) as u32;
                if !held.contains(&role) {
                    held.push(role);
                }
            }
            field.add_member(&id_of(number), &held);
        }
        Ok(field)
    }

    /// The same of a workspace file, and its questions under the types' own names. Suspended members are left out, as who is no member is
    /// denied all the same.
    ///
    /// # Errors
    /// When the reference refuses it.
    pub fn from_workspace(workspace: &Value, questions: &[Question]) -> Result<(Field, Judged), Trouble> {
        let reference = Reference::from_json(workspace)?;
        let schema = workspace.get("schema").ok_or("the workspace has no schema")?;
        let mut field = Field::empty(serde_json::from_value(schema.clone())?);
        let documents: BTreeMap<String, Value> =
            serde_json::from_value(workspace.get("roles").cloned().ok_or("the workspace has no roles")?)?;
        let mut numbers = BTreeMap::new();
        for (name, document) in documents {
            numbers.insert(name.clone(), field.roles.len() as u32);
            field.add_role(&name, document)?;
        }
        for id in reference.members() {
            let suspended = workspace.pointer("/members").and_then(|all| all.get(id)?.get("suspended"));
            if suspended != Some(&Value::Bool(true)) {
                let held = reference.roles_of(id);
                let held: Vec<u32> = held.iter().filter_map(|name| numbers.get(*name)).copied().collect();
                field.add_member(id, &held);
            }
        }
        let mut stream = Judged::default();
        for asked in questions {
            let kind = field.vocabulary.type_asked(&asked.resource).unwrap_or(&asked.resource).to_owned();
            stream.push(&asked.subject, &asked.action, &kind, asked.expected);
        }
        Ok((field, stream))
    }

    fn empty(vocabulary: Vocabulary) -> Field {
        Field { roles: Vec::new(), vocabulary, ids: Default::default(), held: Default::default() }
    }

    fn add_role(&mut self, name: &str, document: Value) -> Result<(), Trouble> {
        let read: reference::Document = serde_json::from_value(document.clone())?;
        let mut rules = Vec::new();
        for statement in &read.policies {
            // The actions of each type, then the types of each list of actions.
            let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (action, kind) in self.vocabulary.permissions() {
                if self.vocabulary.statement_matches(statement, action, kind) {
                    named.entry(kind).or_default().push(action.to_owned());
                }
            }
            let mut blocks: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
            for (kind, actions) in named {
                blocks.entry(actions).or_default().push(kind.to_owned());
            }
            let blocks =
                blocks.into_iter().map(|(actions, resources)| Block { actions, resources }).collect();
            rules.push(Rule { deny: matches!(statement.effect, Effect::Deny), blocks });
        }
        self.roles.push(Role { name: name.to_owned(), document, rules, read });
        Ok(())
    }

    fn add_member(&mut self, id: &str, roles: &[u32]) {
        self.ids.0.push_str(id);
        self.ids.1.push(self.ids.0.len());
        self.held.0.extend_from_slice(roles);
        self.held.1.push(self.held.0.len());
    }

    /// How many members there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ids.1.len()
    }

    /// The schema's names.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// All members: their ids and the positions of their roles.
    pub fn members(&self) -> impl Iterator<Item = (&str, &[u32])> {
        (0..self.count()).map(|number| (self.id(number), self.roles_of(number)))
    }

    /// The roles that a member holds, by name.
    pub fn named<'f>(&'f self, held: &'f [u32]) -> impl Iterator<Item = &'f Role> {
        held.iter().filter_map(|&role| self.roles.get(role as usize))
    }

    fn id(&self, number: usize) -> &str {
        self.ids.0.get(range(&self.ids.1, number)).unwrap_or("")
    }

    fn roles_of(&self, number: usize) -> &[u32] {
        self.held.0.get(range(&self.held.1, number)).unwrap_or(&[])
    }

    /// The workspace that Portcullis compiles: the first of a member's roles is their own, the others come through groups of one role.
    ///
    /// # Errors
    /// When a document has a fault; and of a field that is not under the built-in schema.
    pub fn workspace(&self) -> Result<Workspace, Trouble> {
        let mut workspace = Workspace::new("field", Schema::hightouch()?);
        for role in self.roles.iter().skip(BUILT_IN) {
            let (document, _) = Document::read(&Source::new(&*role.name, role.document.to_string()))?;
            workspace.add_role(&*role.name, Arc::new(document));
        }
        let mut teams = vec![(0, Group::new()); self.roles.len()];
        for (id, held) in self.members() {
            let mut held = held.iter();
            let own =
                held.next().and_then(|&role| self.roles.get(role as usize)).ok_or("a member has no role")?;
            workspace.add_member(id, Member::with_role(&*own.name));
            for &role in held {
                let Some((size, team)) = teams.get_mut(role as usize) else { continue };
                *team = std::mem::take(team).member(id);
                *size += 1;
                if *size % GROUP == 0 {
                    let name = self.roles.get(role as usize).map_or("", |role| &*role.name);
                    workspace.add_group(format!("{name} team {size}"), std::mem::take(team).role(name));
                }
            }
        }
        for ((_, team), role) in teams.into_iter().zip(&self.roles) {
            workspace.add_group(format!("{} team", role.name), team.role(&*role.name));
        }
        Ok(workspace)
    }

    /// So many questions, drawn from a seed, with the reference's answers. One in 16 comes from a stranger, one in 64 names an action that
    /// nobody knows and as many a type. Of the rest one in four is about what one of the member's roles speaks of, two about an
    /// admitted pair, and one about any pair.
    #[must_use]
    pub fn stream(&self, count: usize) -> Judged {
        let mut prng = Prng::new(0x0a5c_f1e1);
        let admitted: Vec<(&str, &str)> = self.vocabulary.permissions().collect();
        let actions: Vec<&str> = self.vocabulary.actions().into_iter().collect();
        let types: Vec<&str> = self.vocabulary.types().collect();
        let mut stream = Judged::default();
        for _ in 0..count {
            let number = prng.below(self.count());
            let any = (prng.pick(&actions).copied(), prng.pick(&types).copied());
            let role = prng.pick(self.roles_of(number)).and_then(|&role| self.roles.get(role as usize));
            let own: Vec<(&str, &str)> = role
                .and_then(|role| prng.pick(&role.rules))
                .map(|rule| rule.pairs().collect())
                .unwrap_or_default();
            let any = (any.0.unwrap_or("read"), any.1.unwrap_or("sync"));
            let pair = match prng.below(4) {
                0 => prng.pick(&own).copied(),
                1 | 2 => prng.pick(&admitted).copied(),
                _ => None,
            };
            let (mut action, mut resource) = pair.unwrap_or(any);
            match prng.below(64) {
                0 => action = "archive",
                1 => resource = "dashboard",
                _ => {}
            }
            if prng.below(16) == 0 {
                stream.push(&id_of(self.count() + number), action, resource, false);
            } else {
                let held = self.named(self.roles_of(number)).map(|role| &role.read);
                let expected = self.vocabulary.decide(held, action, resource).is_allowed();
                stream.push(self.id(number), action, resource, expected);
            }
        }
        stream
    }
}

/// A stream of questions, and beside it what is expected of each.
#[derive(Debug, Default)]
pub struct Judged {
    asked: Stream,
    expected: Vec<bool>,
}

impl Judged {
    fn push(&mut self, subject: &str, action: &str, resource: &str, expected: bool) {
        self.asked.push(subject, action, resource);
        self.expected.push(expected);
    }

    /// The questions: (subject, action, resource).
    #[must_use]
    pub fn questions(&self) -> Vec<(&str, &str, &str)> {
        self.asked.questions()
    }

    /// What is expected of each.
    #[must_use]
    pub fn expected(&self) -> &[bool] {
        &self.expected
    }
}

#[cfg(test)]
mod tests;
