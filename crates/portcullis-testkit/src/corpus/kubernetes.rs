//! Kubernetes: its default roles, and the tables of its RBAC authorizer's tests.
//!
//! A verb is an action; a resource type is `group/resource` or `group/resource/subresource`, so that the core group, whose
//! name is empty, gives `/pods`. Names keep their case. A `*` of a rule is no name: in documents it becomes `"*"` or a
//! pattern, and never reaches the schema.
//!
//! * Default roles: one workspace of 67 roles, each held by a member named like the role (`namespace/name` for a Role).
//!   The documents are those of the corpus; the answers are computed here from the raw `rules`, as Kubernetes does, for
//!   every role and every name that rules or documents use. Nothing is asked about a named object, so rules with
//!   `resourceNames` do not apply, nor do those for URLs.
//! * Authorizer tables: a namespace is a workspace, a binding in it (or for the whole cluster) gives its role to a `User:`
//!   directly and to a `Group:` as a group. A requester, who is a user together with groups, is a member of that
//!   combination: `joe + group1 + admins`. The answers are the tables' own.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Case, CorpusError, Draft, Question, document, full_grid, names, read_json, read_json_lines};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    verbs: BTreeSet<String>,
    #[serde(default)]
    api_groups: BTreeSet<String>,
    #[serde(default)]
    resources: BTreeSet<String>,
    #[serde(default)]
    resource_names: Vec<String>,
}

impl Rule {
    /// Kubernetes' own rule: verb and group are listed or `*`; the resource is listed, or `*`, or its subresource is
    /// listed as `*/subresource`.
    fn allows(&self, verb: &str, resource_type: &str) -> bool {
        let (group, resource) = resource_type.split_once('/').unwrap_or(("", resource_type));
        let listed = |list: &BTreeSet<String>, name: &str| list.contains("*") || list.contains(name);
        let subresource = || resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        self.resource_names.is_empty()
            && listed(&self.verbs, verb)
            && listed(&self.api_groups, group)
            && (listed(&self.resources, resource)
                || subresource().is_some_and(|any| self.resources.contains(&any)))
    }

    /// The types as a document of ours writes them.
    fn types(&self) -> Vec<String> {
        let of_group = |group: &String| {
            let group = group.clone();
            self.resources.iter().map(move |resource| match (&*group, &**resource) {
                ("*", "*") => "*".to_owned(),
                (group, resource) => format!("{group}/{resource}"),
            })
        };
        self.api_groups.iter().flat_map(of_group).collect()
    }
}

fn plain(names: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    names.into_iter().filter(|name| !name.contains('*'))
}

/// The default roles (one case) and the authorizer's tables (one case a table and namespace).
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn kubernetes() -> Result<Vec<Case>, CorpusError> {
    let mut cases = vec![kubernetes_roles()?];
    cases.extend(kubernetes_authorizer()?);
    Ok(cases)
}

/// The 67 default roles, asked about every verb on every resource.
///
/// # Errors
/// When the corpus file is missing or malformed.
pub fn kubernetes_roles() -> Result<Case, CorpusError> {
    #[derive(Deserialize)]
    struct DefaultRole {
        name: String,
        namespace: Option<String>,
        rules: Vec<Rule>,
        policy: Value,
    }
    let roles = read_json_lines::<DefaultRole>("k8s/default_roles.jsonl")?;
    let (mut verbs, mut types) = (BTreeSet::new(), BTreeSet::new());
    for role in &roles {
        for rule in &role.rules {
            verbs.extend(plain(rule.verbs.clone()));
            types.extend(plain(rule.types()));
        }
        for statement in role.policy.get("policies").and_then(Value::as_array).into_iter().flatten() {
            verbs.extend(names(statement.get("actions")));
            types.extend(names(statement.get("resource")));
        }
    }
    let mut draft = Draft {
        id: "k8s/default roles".to_owned(),
        roles: BTreeMap::new(),
        holders: BTreeMap::new(),
        questions: Vec::new(),
    };
    for DefaultRole { name, namespace, rules, policy } in roles {
        let name = namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}"));
        for (verb, resource) in
            verbs.iter().flat_map(|verb| types.iter().map(move |resource| (verb, resource)))
        {
            draft.questions.push(Question {
                subject: name.clone(),
                action: verb.clone(),
                resource: resource.clone(),
                expected: rules.iter().any(|rule| rule.allows(verb, resource)),
            });
        }
        draft.roles.insert(name.clone(), policy);
        draft.holders.insert(name.clone(), vec![name]);
    }
    Ok(draft.into_case_under(full_grid(&verbs, &types)))
}

#[derive(Deserialize)]
struct Table {
    roles: Vec<NamedRole>,
    bindings: Vec<Binding>,
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct NamedRole {
    kind: String,
    name: String,
    namespace: Option<String>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    kind: String,
    namespace: Option<String>,
    role: String,
    role_kind: String,
    subjects: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    user: String,
    groups: Vec<String>,
    verb: String,
    resource: String,
    subresource: String,
    namespace: String,
    api_group: String,
    allow: bool,
}

impl Request {
    fn requester(&self) -> String {
        let parts = std::iter::once(&self.user).chain(&self.groups);
        parts.map(String::as_str).collect::<Vec<_>>().join(" + ")
    }

    fn resource_type(&self) -> String {
        match &*self.subresource {
            "" => format!("{}/{}", self.api_group, self.resource),
            sub => format!("{}/{}/{sub}", self.api_group, self.resource),
        }
    }
}

impl Table {
    /// The role that a binding names, as seen from a namespace ("" is the cluster itself).
    fn bound(&self, binding: &Binding, namespace: &str) -> Option<String> {
        let here = binding.kind == "ClusterRoleBinding" || binding.namespace.as_deref() == Some(namespace);
        let role = self.roles.iter().find(|role| {
            let reachable = role.kind == "ClusterRole" || role.namespace.as_deref() == Some(namespace);
            role.name == binding.role && role.kind == binding.role_kind && reachable
        })?;
        here.then(|| role.name.clone())
    }

    fn case(&self, id: String, namespace: &str) -> Case {
        let mut roles = BTreeMap::from([("no_role".to_owned(), document(Vec::new()))]);
        for role in &self.roles {
            let statement =
                |rule: &Rule| json!({ "effect": "allow", "actions": rule.verbs, "resource": rule.types() });
            roles.insert(role.name.clone(), document(role.rules.iter().map(statement).collect()));
        }
        let here: Vec<&Request> =
            self.requests.iter().filter(|request| request.namespace == namespace).collect();
        // `User:x` and `Group:x` become groups of ours of these very names, and requesters are in all that fit them.
        let mut groups: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for request in &here {
            let user = std::iter::once(format!("User:{}", request.user));
            for name in user.chain(request.groups.iter().map(|group| format!("Group:{group}"))) {
                groups.entry(name).or_default().1.insert(request.requester());
            }
        }
        for binding in &self.bindings {
            if let Some(role) = self.bound(binding, namespace) {
                for subject in &binding.subjects {
                    groups.entry(subject.clone()).or_default().0.insert(role.clone());
                }
            }
        }
        let questions = here.iter().map(|request| Question {
            subject: request.requester(),
            action: request.verb.clone(),
            resource: request.resource_type(),
            expected: request.allow,
        });
        let rules = || self.roles.iter().flat_map(|role| &role.rules);
        let verbs =
            rules().flat_map(|rule| rule.verbs.clone()).chain(self.requests.iter().map(|r| r.verb.clone()));
        let types = rules().flat_map(Rule::types).chain(self.requests.iter().map(Request::resource_type));
        let schema = full_grid(&plain(verbs).collect(), &plain(types).collect());
        let groups: BTreeMap<_, _> = groups
            .into_iter()
            .map(|(name, (roles, members))| (name, json!({ "roles": roles, "members": members })))
            .collect();
        let members: BTreeMap<_, _> = here.iter().map(|request| (request.requester(), json!({}))).collect();
        let workspace = json!({
            "workspace": id, "schema": schema, "default_role": "no_role",
            "roles": roles, "groups": groups, "members": members,
        });
        Case { id, schema, workspace, questions: questions.collect() }
    }
}

/// The tables of the authorizer's tests, a case for each namespace that a table asks about.
///
/// # Errors
/// When the corpus file is missing or malformed.
pub fn kubernetes_authorizer() -> Result<Vec<Case>, CorpusError> {
    let mut cases = Vec::new();
    for (index, table) in read_json::<Vec<Table>>("k8s/authorizer_test.json")?.iter().enumerate() {
        let namespaces: BTreeSet<&str> = table.requests.iter().map(|request| &*request.namespace).collect();
        for namespace in namespaces {
            let shown = if namespace.is_empty() { "cluster" } else { namespace };
            cases.push(table.case(format!("k8s/authorizer {index}/{shown}"), namespace));
        }
    }
    Ok(cases)
}
