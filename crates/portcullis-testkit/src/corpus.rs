//! The cases in `corpus/`, all in one neutral form: a workspace file, questions (or requests) and expected answers.
//!
//! A module per publisher knows that publisher's files and nothing of any engine; what was mapped, and how, stands at the
//! head of each. The answers are always the publisher's own (or computed by the publisher's rules, for the roles of
//! Kubernetes), never the reference's: the reference is tested against them like every other engine.
//!
//! A file that is missing or does not read is an error that names it. No loader returns fewer cases instead, and
//! `tests/corpus.rs` holds the counts.

mod authzen;
mod casbin;
mod cedar;
mod hightouch;
mod json_torture;
mod kubernetes;
mod naughty_strings;
mod xacml;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use authzen::{Search, authzen, authzen_searches};
pub use casbin::casbin;
pub use cedar::cedar;
pub use hightouch::{Cell, cells, documents, hightouch, hightouch_labels};
pub use json_torture::{Expectation, TortureFile, json_torture};
pub use kubernetes::{kubernetes, kubernetes_authorizer, kubernetes_roles};
pub use naughty_strings::{legal_names, naughty_strings};
pub use xacml::xacml;

/// A workspace, and questions with known answers.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique among all cases: publisher, then the publisher's own name of the case.
    pub id: String,
    /// The schema, in the form of a schema file.
    pub schema: Value,
    /// A whole workspace file: roles inline, and the schema inline or by its built-in name.
    pub workspace: Value,
    /// What is asked.
    pub questions: Vec<Question>,
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The id of a member, or of nobody.
    pub subject: String,
    /// An action name.
    pub action: String,
    /// A resource type, an alias or a covered name; never an object.
    pub resource: String,
    /// True for allow.
    pub expected: bool,
}

/// A workspace, and requests with known answers: what conditions need, which look at more than names.
#[derive(Clone, Debug)]
pub struct RequestCase {
    /// Unique among all cases, as the id of a [`Case`] is.
    pub id: String,
    /// A whole workspace file: roles inline, and the schema inline or by its built-in name.
    pub workspace: Value,
    /// What is asked.
    pub vectors: Vec<Vector>,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Vector {
    /// An evaluation request of AuthZEN; the resource may be without an id.
    pub request: Value,
    /// True for allow.
    pub expected: bool,
}

/// A corpus file that could not be read.
#[derive(Debug)]
pub struct CorpusError {
    path: PathBuf,
    problem: String,
}

impl fmt::Display for CorpusError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "corpus file {}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for CorpusError {}

/// Every case of every publisher.
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn all() -> Result<Vec<Case>, CorpusError> {
    let mut cases = hightouch()?;
    cases.extend(casbin()?);
    cases.extend(cedar()?);
    cases.extend(xacml()?);
    cases.extend(kubernetes()?);
    cases.extend(naughty_strings()?);
    Ok(cases)
}

/// Every case of every publisher that asks by request.
///
/// # Errors
/// When a file of the corpus, or of an example that models it, is missing or malformed.
pub fn all_by_request() -> Result<Vec<RequestCase>, CorpusError> {
    let mut cases = authzen()?;
    cases.push(hightouch_labels()?);
    Ok(cases)
}

/// Where a file of the corpus lies, by its path inside `corpus/` with `/` between the parts.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus"));
    name.split('/').fold(root, |path, part| path.join(part))
}

fn failure(name: &str, problem: impl ToString) -> CorpusError {
    CorpusError { path: path(name), problem: problem.to_string() }
}

/// The bytes of a corpus file.
///
/// # Errors
/// When the file cannot be read.
pub fn bytes(name: &str) -> Result<Vec<u8>, CorpusError> {
    std::fs::read(path(name)).map_err(|error| failure(name, error))
}

fn text(name: &str) -> Result<String, CorpusError> {
    String::from_utf8(bytes(name)?).map_err(|error| failure(name, error))
}

fn read_json<T: DeserializeOwned>(name: &str) -> Result<T, CorpusError> {
    serde_json::from_slice(&bytes(name)?).map_err(|error| failure(name, error))
}

fn read_json_lines<T: DeserializeOwned>(name: &str) -> Result<Vec<T>, CorpusError> {
    let parse = |(index, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| failure(name, format!("line {}: {error}", index + 1)))
    };
    text(name)?.lines().enumerate().map(parse).collect()
}

/// A policy document of these statements.
fn document(statements: Vec<Value>) -> Value {
    json!({ "version": "2022-04-26", "policies": statements })
}

/// A schema in which every type admits every action.
fn full_grid(actions: &BTreeSet<String>, types: &BTreeSet<String>) -> Value {
    let resources: BTreeMap<_, _> = types.iter().map(|own| (own, json!({ "actions": actions }))).collect();
    json!({ "schema": "corpus", "resources": resources })
}

/// What most publishers give: documents, who holds which, and questions. The schema is made of the names used.
struct Draft {
    id: String,
    roles: BTreeMap<String, Value>,
    /// Any number of roles each, in order.
    holders: BTreeMap<String, Vec<String>>,
    questions: Vec<Question>,
}

impl Draft {
    /// A full grid over the names in documents and questions, without patterns and wildcards.
    fn schema(&self) -> Value {
        let mut actions: BTreeSet<String> = self.questions.iter().map(|asked| asked.action.clone()).collect();
        let mut types: BTreeSet<String> = self.questions.iter().map(|asked| asked.resource.clone()).collect();
        for document in self.roles.values() {
            let statements = document.get("policies").and_then(Value::as_array);
            for statement in statements.into_iter().flatten() {
                actions.extend(names(statement.get("actions")));
                types.extend(names(statement.get("resource")));
            }
        }
        full_grid(&actions, &types)
    }

    fn into_case(self) -> Case {
        let schema = self.schema();
        self.into_case_under(schema)
    }

    /// A member has one role of their own, so the first one is that, each further one comes through a group of its
    /// holders, and who holds none has the default role `no_role`, which is empty.
    fn into_case_under(mut self, schema: Value) -> Case {
        self.roles.insert("no_role".to_owned(), document(Vec::new()));
        let mut groups: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
        let mut members = BTreeMap::new();
        for (id, held) in self.holders {
            let mut held = held.into_iter();
            let own = held.next().map_or(json!({}), |role| json!({ "role": role }));
            for role in held {
                groups.entry(format!("also {role}")).or_insert((role, Vec::new())).1.push(id.clone());
            }
            members.insert(id, own);
        }
        let groups: BTreeMap<_, _> = groups
            .into_iter()
            .map(|(name, (role, holders))| (name, json!({ "roles": [role], "members": holders })))
            .collect();
        let workspace = json!({
            "workspace": self.id, "schema": schema, "default_role": "no_role",
            "roles": self.roles, "groups": groups, "members": members,
        });
        Case { id: self.id, schema, workspace, questions: self.questions }
    }
}

/// The plain names in the value of `actions` or `resource`, a string or a list of them.
fn names(written: Option<&Value>) -> Vec<String> {
    let entries = match written {
        Some(Value::Array(list)) => list.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let strings = entries.iter().filter_map(Value::as_str);
    strings.filter(|name| !name.contains('*')).map(str::to_owned).collect()
}
