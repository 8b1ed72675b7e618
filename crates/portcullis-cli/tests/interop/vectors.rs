//! The interop vectors, as their runners put them: request by request, and by the text of the answer.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use portcullis_testkit::corpus;
use serde_json::{Value, json};

use crate::client::{Asked, Client};
use crate::gate::{BOSS, Gate};

fn file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/authzen").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A case of the corpus as a stored workspace. What the scenario calls `admin` is a role like any other there, and that name is taken in a
/// store: it is the role of whoever administers the workspace.
fn stored(mut workspace: Value) -> Value {
    let roles = workspace["roles"].as_object_mut().unwrap();
    let Some(document) = roles.remove("admin") else { return workspace };
    roles.insert("todo admin".to_owned(), document);
    let groups = workspace["groups"].as_object_mut().unwrap();
    for role in groups.values_mut().flat_map(|group| group["roles"].as_array_mut().unwrap()) {
        if *role == "admin" {
            *role = json!("todo admin");
        }
    }
    workspace
}

/// The published schemas.
struct Schemas {
    request: Validator,
    response: Validator,
}

impl Schemas {
    fn new() -> Schemas {
        let of =
            |name: &str| jsonschema::validator_for(&file(&format!("evaluation-{name}.schema.json"))).unwrap();
        Schemas { request: of("request"), response: of("response") }
    }

    /// Asks one evaluation, and holds what goes and what comes against the schemas.
    fn evaluation(&self, client: &mut Client, path: &str, key: &str, request: &Value) -> String {
        assert!(self.request.is_valid(request), "{request}");
        let told = client.ask(&Asked::post(&format!("{path}/access/v1/evaluation"), request).key(key));
        assert_eq!(
            (told.status, told.header("content-type")),
            (200, Some("application/json")),
            "{}",
            told.text()
        );
        assert!(self.response.is_valid(&told.json()), "{}", told.text());
        told.text().to_owned()
    }

    fn evaluations(&self, client: &mut Client, path: &str, key: &str, request: &Value) -> Value {
        let told = client.ask(&Asked::post(&format!("{path}/access/v1/evaluations"), request).key(key));
        assert_eq!(told.status, 200, "{}", told.text());
        let value = told.json();
        for item in value["evaluations"].as_array().unwrap() {
            assert!(self.response.is_valid(item), "{item}");
        }
        value
    }
}

#[test]
fn every_todo_vector_is_answered_as_published() {
    let (gate, schemas) = (Gate::opened(&[]), Schemas::new());
    let mut client = gate.client();
    let cases = corpus::authzen().unwrap();
    let (mut single, mut batches, mut known) = (0, 0, std::collections::BTreeMap::new());
    for version in ["00", "01", "02"] {
        let case = cases.iter().find(|case| case.id == format!("authzen/todo-1_0-{version}")).unwrap();
        let name = case.workspace["workspace"].as_str().unwrap().to_owned();
        let key = known.entry(name.clone()).or_insert_with(|| gate.import(&stored(case.workspace.clone())));
        let scenario = file(&format!("todo-1_0-{version}.json"));
        let mut items = Vec::new();
        for vector in scenario["evaluation"].as_array().unwrap() {
            let request = &vector["request"];
            let expected = format!("{{\"decision\":{}}}", vector["expected"]);
            // For the workspace of the key, and for the workspace that the path names.
            for path in [String::new(), format!("/workspaces/{name}")] {
                assert_eq!(
                    schemas.evaluation(&mut client, &path, key, request),
                    expected,
                    "{version} {request}"
                );
            }
            items.push((request.clone(), vector["expected"].clone()));
            single += 1;
        }
        let all: Value = items.iter().map(|(request, _)| request.clone()).collect();
        let told = schemas.evaluations(&mut client, "", key, &json!({ "evaluations": all }));
        let expected: Value = items.iter().map(|(_, expected)| json!({ "decision": expected })).collect();
        assert_eq!(told, json!({ "evaluations": expected }), "{version}");
        for vector in scenario["evaluations"].as_array().into_iter().flatten() {
            let told = schemas.evaluations(&mut client, "", key, &vector["request"]);
            assert_eq!(told, json!({ "evaluations": vector["expected"] }), "{version}");
            batches += 1;
        }
    }
    assert_eq!((single, batches), (120, 3));
    drop(client);
    assert!(gate.end());
}

#[test]
fn every_search_vector_is_answered_as_published() {
    let (gate, schemas) = (Gate::opened(&[]), Schemas::new());
    let mut client = gate.client();
    let (workspace, _) = corpus::authzen_searches().unwrap();
    let key = gate.import(&workspace);
    let (mut searches, mut found) = (0, 0);
    for vector in file("idp-search.json")["search"].as_array().unwrap() {
        let (request, expected) = (&vector["request"], &vector["expected"]);
        let told = client.ask(&Asked::post("/access/v1/search/resource", request).key(&key));
        let each = expected["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| format!(r#"{{"type":"record","id":{}}}"#, result["id"]));
        let each: Vec<String> = each.collect();
        assert_eq!(told.text(), format!(r#"{{"results":[{}]}}"#, each.join(",")));
        // What is found, evaluation allows; what is not found, it denies.
        for record in file("idp-records.json").as_array().unwrap() {
            let mut whole = request.clone();
            whole["resource"]["id"] = record["id"].clone();
            let allowed = expected["results"].as_array().unwrap().iter().any(|one| one["id"] == record["id"]);
            let told = schemas.evaluation(&mut client, "", &key, &whole);
            assert_eq!(told, format!("{{\"decision\":{allowed}}}"));
            // So do the other two searches: who may delete this record, and what may this subject do to it.
            let mut who = whole.clone();
            who["subject"].as_object_mut().unwrap().remove("id");
            let told = client.ask(&Asked::post("/access/v1/search/subject", &who).key(&key));
            // The owner, and whoever administers the workspace.
            let mut may = [record["owner"].as_str().unwrap(), BOSS];
            may.sort_unstable();
            let each = may.map(|id| format!(r#"{{"type":"user","id":"{id}"}}"#));
            assert_eq!(told.text(), format!(r#"{{"results":[{}]}}"#, each.join(",")));
            whole.as_object_mut().unwrap().remove("action");
            let told = client.ask(&Asked::post("/access/v1/search/action", &whole).key(&key)).found();
            assert_eq!(told.contains(&"delete".to_owned()), allowed);
        }
        searches += 1;
        found += each.len();
    }
    let users = file("idp-users.json").as_array().unwrap().len();
    assert_eq!((searches, users), (6, 6));
    assert_eq!(found, file("idp-records.json").as_array().unwrap().len());
}

#[test]
fn the_levels_with_properties_hold_for_every_part() {
    let gate = Gate::opened(&[]);
    let schemas = Schemas::new();
    let statement = |action: &str, conditions: Value| json!({ "effect": "allow", "actions": action, "resource": "document", "conditions": conditions });
    let workspace = json!({
        "workspace": "levels",
        "schema": { "schema": "levels", "resources": { "document": { "actions": ["read", "edit", "delete"] } } },
        "default_role": "someone",
        "roles": { "someone": { "version": "2022-04-26", "policies": [
            statement("read", json!({ "status": { "equals": "published" } })),
            statement("edit", json!({ "subject.role": { "equals": "owner" } })),
            statement("delete", json!({ "action.soft": { "equals": true } })),
        ] } },
        "members": { "ann": {} },
        "objects": [{ "type": "document", "id": "1" }],
    });
    let key = gate.import(&workspace);
    let mut client = gate.client();
    for (action, part, properties) in [
        ("read", "resource", json!({ "status": "published" })),
        ("edit", "subject", json!({ "role": "owner" })),
        ("delete", "action", json!({ "soft": true })),
    ] {
        let plain = json!({
            "subject": { "type": "user", "id": "ann" },
            "action": { "name": action },
            "resource": { "type": "document", "id": "1" },
        });
        let mut brings = plain.clone();
        brings[part]["properties"] = properties;
        assert_eq!(schemas.evaluation(&mut client, "", &key, &plain), r#"{"decision":false}"#);
        assert_eq!(schemas.evaluation(&mut client, "", &key, &brings), r#"{"decision":true}"#);
        let mut both = plain.clone();
        both["evaluations"] = json!([{}, { part: brings[part] }]);
        let told = schemas.evaluations(&mut client, "", &key, &both);
        assert_eq!(told, json!({ "evaluations": [{ "decision": false }, { "decision": true }] }));
        let mut find = |path: &str, request: &Value| {
            client.ask(&Asked::post(&format!("/access/v1/search/{path}"), request).key(&key)).found()
        };
        assert_eq!((find("resource", &plain), find("resource", &brings)), (vec![], vec!["1".to_owned()]));
        assert!(!find("subject", &plain).contains(&"ann".to_owned()));
        assert!(find("subject", &brings).contains(&"ann".to_owned()));
        if part != "action" {
            assert_eq!((find("action", &plain), find("action", &brings)), (vec![], vec![action.to_owned()]));
        }
    }
}

#[test]
fn discovery_tells_where_the_endpoints_are() {
    let known = "https://pdp.acme.example";
    let gate = Gate::opened(&["--public-url", known]);
    for (path, base) in [("", known.to_owned()), ("/workspaces/first", format!("{known}/workspaces/first"))] {
        let told = gate.ask(&Asked::get(&format!("/.well-known/authzen-configuration{path}"))).json();
        assert_eq!(told["policy_decision_point"], base);
        let endpoints = told.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
        let mut count = 0;
        for (_, url) in endpoints {
            let below = url.as_str().unwrap().strip_prefix(known).unwrap();
            let request = json!({
                "subject": { "type": "user", "id": BOSS },
                "action": { "name": "read" },
                "resource": { "type": "sync", "id": "1" },
            });
            assert_eq!(gate.ask(&Asked::post(below, request).key(&gate.key)).status, 200, "{url}");
            count += 1;
        }
        assert_eq!(count, 5);
    }
}
