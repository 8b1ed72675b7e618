//! Files of the sizes that the largest real systems have, made from a seed.
//!
//! The shapes are those of a cloud vendor's role catalogue: thousands of roles over thousands of types,
//! documents of hundreds of statements, lists of thousands of names, prefix patterns over tens of
//! thousands of actions.

use portcullis_testkit::generate::Prng;
use serde_json::{Map, Value, json};

/// A workspace of about `megabytes` MB: 2,461 roles over 2,860 types and 13,790 permissions, its schema inline.
#[must_use]
pub fn catalogue(megabytes: usize) -> Value {
    let mut prng = Prng::new(0xca7a_1095);
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "use"];
    let mut resources = Map::new();
    let mut names = Vec::new();
    let mut permissions = 0;
    for number in 0..2_860_usize {
        let name = format!("service{:03}.example.com/kind{number:04}", number % 143);
        // 13,790 over 2,860 types: four each, and one more for the first 2,350.
        let count = if number < 2_350 { 5 } else { 4 };
        let first = prng.below(4);
        let actions: Vec<&str> = verbs.iter().cycle().skip(first).take(count).copied().collect();
        permissions += count;
        resources.insert(name.clone(), json!({ "actions": actions }));
        names.push(name);
    }
    debug_assert_eq!(permissions, 13_790);
    let bytes = megabytes << 20;
    let each = bytes.saturating_sub(400_000) / 2_461;
    let mut roles = Map::new();
    for number in 0..2_461 {
        let mut statements = Vec::new();
        let mut size = 60;
        while size < each {
            let actions: Vec<&str> = (0..3).filter_map(|_| prng.pick(&verbs).copied()).collect();
            let kinds: Vec<&str> = (0..12).filter_map(|_| prng.pick(&names).map(String::as_str)).collect();
            let statement = json!({ "effect": "allow", "actions": actions, "resource": kinds });
            size += statement.to_string().len() + 1;
            statements.push(statement);
        }
        roles.insert(format!("role-{number:04}"), document(statements));
    }
    let members: Map<String, Value> = (0..10_000)
        .map(|number| (crate::member_id(number), json!({ "role": format!("role-{:04}", number % 2_461) })))
        .collect();
    json!({ "workspace": "catalogue", "schema": { "schema": "catalogue", "resources": resources },
        "roles": roles, "members": members })
}

/// A document of so many statements under the built-in schema.
#[must_use]
pub fn many_statements(count: usize) -> Value {
    let kinds = ["sync", "model", "source", "audience"];
    let statement = |number: usize| json!({ "effect": "allow", "actions": ["read", "update"], "resource": [kinds.get(number % 4)] });
    document((0..count).map(statement).collect())
}

/// A schema of 21,000 actions over 140 services, as cloud vendors have.
#[must_use]
pub fn cloud_schema() -> Value {
    let resources = (0..140).map(|service| {
        let actions: Vec<String> = (0..150).map(|number| cloud_action(service, number)).collect();
        (format!("service{service:03}"), json!({ "actions": actions }))
    });
    json!({ "schema": "cloud", "resources": resources.collect::<Map<_, _>>() })
}

fn cloud_action(service: usize, number: usize) -> String {
    let verbs = ["Get", "List", "Describe", "Create", "Delete", "Update", "Tag", "Put", "Start", "Stop"];
    let verb = verbs.get(number % verbs.len()).copied().unwrap_or_default();
    format!("service{service:03}:{verb}Thing{number:03}")
}

/// A workspace of so many role documents full of prefix patterns over [`cloud_schema`].
#[must_use]
pub fn cloud_workspace(documents: usize) -> Value {
    let mut prng = Prng::new(0xc10d);
    let verbs = ["Get", "List", "Describe", "Create", "Delete", "Update", "Tag", "Put"];
    let mut roles = Map::new();
    for number in 0..documents {
        let statements = (0..5).map(|_| {
            let patterns: Vec<String> = (0..8)
                .map(|_| {
                    format!("service{:03}:{}*", prng.below(140), prng.pick(&verbs).copied().unwrap_or("Get"))
                })
                .collect();
            json!({ "effect": "allow", "actions": patterns, "resource": "*" })
        });
        roles.insert(format!("managed-{number:04}"), document(statements.collect()));
    }
    json!({ "workspace": "cloud", "schema": cloud_schema(), "roles": roles, "members": { "ann": { "role": "managed-0000" } } })
}

/// A document whose one statement lists so many names, under a schema that has them.
#[must_use]
pub fn long_list(names: usize) -> (Value, Value) {
    let kinds: Vec<String> = (0..names).map(|number| format!("collection-{number:05}")).collect();
    let resources: Map<String, Value> =
        kinds.iter().map(|kind| (kind.clone(), json!({ "actions": ["read", "write"] }))).collect();
    let statement = json!({ "effect": "allow", "actions": ["read", "write"], "resource": kinds });
    (json!({ "schema": "wide", "resources": resources }), document(vec![statement]))
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "version": "2022-04-26", "policies": statements })
}

/// A workspace of 100,000 members with one to three of 10,000 roles over 25,000 permissions: 500 types of 50 actions.
#[must_use]
pub fn wide() -> Value {
    let mut prng = Prng::new(0x0025_0000);
    let actions: Vec<String> = (0..50).map(|number| format!("action{number:02}")).collect();
    let types: Vec<String> = (0..500).map(|number| format!("type{number:03}")).collect();
    let resources: Map<String, Value> =
        types.iter().map(|name| (name.clone(), json!({ "actions": actions }))).collect();
    let mut roles = Map::new();
    for number in 0..10_000 {
        let statements = (0..2 + prng.below(3)).map(|_| {
            let mut some = |names: &[String]| -> Vec<String> {
                (0..1 + prng.below(3)).filter_map(|_| prng.pick(names).cloned()).collect()
            };
            let (actions, types) = (some(&actions), some(&types));
            let effect = if prng.below(5) == 0 { "deny" } else { "allow" };
            json!({ "effect": effect, "actions": actions, "resource": types })
        });
        roles.insert(format!("role{number:05}"), document(statements.collect()));
    }
    let mut members = Map::new();
    let mut groups: Vec<Vec<String>> = vec![Vec::new(); 10_000];
    for number in 0..100_000 {
        let id = crate::crowd::address(number);
        for _ in 0..prng.below(3) {
            let at = prng.below(groups.len());
            if let Some(group) = groups.get_mut(at).filter(|group| group.last() != Some(&id)) {
                group.push(id.clone());
            }
        }
        members.insert(id, json!({ "role": format!("role{:05}", prng.below(10_000)) }));
    }
    let groups: Map<String, Value> = (0..)
        .zip(groups)
        .map(|(number, members)| {
            (format!("group {number}"), json!({ "roles": [format!("role{number:05}")], "members": members }))
        })
        .collect();
    json!({ "workspace": "wide", "schema": { "schema": "wide", "resources": resources },
        "roles": roles, "groups": groups, "members": members })
}
