//! Attributes of other objects, through a join: where a reference leads nowhere, a query finds no more than a check allows.

use portcullis::plan::{Columns, Dialect, Plan};
use portcullis::{NoFiles, Question, Source, Workspace};
use rusqlite::Connection;

use super::sqlite::found;

const WORKSPACE: &str = r#"{
  "workspace": "w",
  "schema": {"schema": "s", "resources": {"sync": {"actions": ["read"]}, "destination": {"actions": ["read"]}}},
  "default_role": "r",
  "roles": {"r": {"version": "2022-04-26", "policies": [POLICIES]}},
  "members": {"m": {"properties": {"team": "sales"}}},
  "objects": [
    {"type": "destination", "id": "7", "properties": {"team": "sales"}},
    {"type": "destination", "id": "8", "properties": {"team": "it"}},
    {"type": "destination", "id": "9"},
    {"type": "sync", "id": "1", "properties": {"destination": {"ref": {"type": "destination", "id": "7"}}}},
    {"type": "sync", "id": "2", "properties": {"destination": {"ref": {"type": "destination", "id": "8"}}}},
    {"type": "sync", "id": "3", "properties": {"destination": {"ref": {"type": "destination", "id": "9"}}}},
    {"type": "sync", "id": "4", "properties": {"destination": {"ref": {"type": "destination", "id": "gone"}}}}
  ]
}"#;

const COLUMNS: &str = r#"{"columns": {"id": ["o", "id"], "destination.team": {"column": ["d", "team"], "joined": ["d", "id"]}}}"#;

fn statement(effect: &str, conditions: &str) -> String {
    format!(r#"{{"effect": "{effect}", "actions": "read", "resource": "sync", "conditions": {conditions}}}"#)
}

#[test]
fn a_join_finds_what_references_lead_to() {
    let database = Connection::open_in_memory().unwrap();
    database
        .execute_batch(
            "CREATE TABLE o (id TEXT, destination TEXT); CREATE TABLE d (id TEXT, team TEXT);
             INSERT INTO d VALUES ('7', 'sales'), ('8', 'it'), ('9', NULL);
             INSERT INTO o VALUES ('1', '7'), ('2', '8'), ('3', '9'), ('4', 'gone');",
        )
        .unwrap();
    let columns = Columns::read(&Source::new("columns.json", COLUMNS)).unwrap();
    let own = r#"{"destination.team": {"equals": {"ref": "subject.team"}}}"#;
    let none = r#"{"destination.team": {"exists": false}}"#;
    for (policies, expected) in [
        (statement("allow", own), &["1"][..]),
        (statement("allow", none), &["3"]),
        (format!("{}, {}", statement("allow", "\"*\""), statement("deny", own)), &["2"]),
        (format!("{}, {}", statement("allow", "\"*\""), statement("deny", none)), &["1", "2"]),
        (format!("{}, {}", statement("allow", own), statement("allow", none)), &["1", "3"]),
    ] {
        let text = WORKSPACE.replace("POLICIES", &policies);
        let (workspace, _) = Workspace::read(&Source::new("workspace.json", &*text), &NoFiles).unwrap();
        let (snapshot, _) = workspace.compile().unwrap();
        let plan = snapshot.plan(&Question::new("m", "read", "sync")).unwrap();
        assert!(matches!(plan, Plan::Conditional(_)));
        let sql = plan.sql(&columns, Dialect::Sqlite).unwrap();
        let shown = found(&database, "o LEFT JOIN d ON d.id = o.destination", &sql);
        assert_eq!(shown, expected, "{policies}\n{}", sql.text);
        for id in ["1", "2", "3", "4"] {
            let asked = Question { object: Some(id), ..Question::new("m", "read", "sync") };
            assert_eq!(snapshot.decide(&asked).is_allowed(), expected.contains(&id), "{policies} {id}");
        }
    }
}
