//! Plans as SQL, run on SQLite: a query finds just the rows that a check allows, whatever the columns hold.
//!
//! Every row of a few values is in the table: of the declared type, NULL, and of every other type. Where a column holds what only a check
//! can tell apart (a time in another form than the stated one, a text with a NUL before a pattern), a query may find less, never more.

use portcullis::condition::Attribute;
use portcullis::plan::{Columns, Dialect, Parameter, Plan, Sql};
use portcullis::{NoFiles, Question, Snapshot, Source, Workspace};
use portcullis_testkit::generate::Prng;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::attribute;

/// A value of a row: as JSON, and as SQLite holds it.
struct Held {
    json: &'static str,
    held: Value,
}

/// Whether a query may take a value of these rows for unknown that a check knows: a time in another form than the stated one, a text
/// with a NUL before a pattern, a float before a whole number that no float is.
fn may_miss(row: &str, policies: &str) -> bool {
    ["+01:00", ".50Z", "t00"].iter().any(|odd| row.contains(odd))
        || (row.contains("\\u0000b") && policies.contains('*'))
        || (["0.1", "1.5"].iter().any(|real| row.contains(real)) && policies.contains("9007199254740993"))
}

fn held(json: &'static str) -> Held {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    let held = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(holds) => Value::Integer(i64::from(holds)),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Real(number.as_f64().unwrap()), Value::Integer)
        }
        serde_json::Value::String(text) => Value::Text(text),
        other => panic!("{other} is no value of a column"),
    };
    Held { json, held }
}

/// What a column of some type may hold, now and then also what only a check knows.
fn values(kind: &str, odd: bool) -> Vec<Held> {
    let all: &[&'static str] = match kind {
        "string" => &[
            "null",
            r#""x""#,
            r#""y""#,
            r#""xy""#,
            r#""""#,
            r#""x*""#,
            r#""a?[b""#,
            r#""X""#,
            r#""é""#,
            r#""a\u0000b""#,
            "1",
            "1.5",
        ],
        "number" => &[
            "null",
            "1",
            "2",
            "1.5",
            "0.1",
            "-3",
            "9007199254740993",
            "9007199254740992",
            r#""x""#,
            r#""1""#,
        ],
        "boolean" => &["null", "true", "false", "2", r#""true""#, "1.5"],
        _ => &[
            "null",
            r#""2024-01-01T00:00:00Z""#,
            r#""2024-01-01T00:00:00.5Z""#,
            r#""2024-01-02T00:00:00Z""#,
            r#""2024-02-30T00:00:00Z""#,
            r#""2024-01-01T24:00:00Z""#,
            r#""nonsense""#,
            "7",
            r#""2024-01-01T01:00:00+01:00""#,
            r#""2024-01-01T00:00:00.50Z""#,
            r#""2024-01-01T00:00:00Z\u0000""#,
            r#""2024-01-01t00:00:00Z""#,
            r#""2024-01-01T00:00:00.x5Z""#,
        ],
    };
    all.iter().filter(|json| odd || !may_miss(json, "*9007199254740993")).map(|json| held(json)).collect()
}

fn tests(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &[
            r#""equals": "x""#,
            r#""equals": "x*""#,
            r#""equals": "*y*""#,
            r#""equals": "a?[*""#,
            r#""equals": "a?[b""#,
            r#""equals": {"ref": "subject.star"}"#,
            r#""equals": {"ref": "subject.x"}"#,
            r#""in": ["x", "xy"]"#,
            r#""in": ["x", "*b"]"#,
            r#""notin": ["x", ""]"#,
            r#""notin": ["*y"]"#,
            r#""in": {"ref": "subject.list"}"#,
            r#""notin": {"ref": "subject.empty"}"#,
            r#""exists": true"#,
            r#""exists": false"#,
            r#""equals": {"ref": "OTHER"}"#,
            r#""notin": ["x", {"ref": "OTHER"}]"#,
            r#""in": [{"ref": "OTHER"}, "y"]"#,
        ],
        "number" => &[
            r#""equals": 1"#,
            r#""equals": 0.1"#,
            r#""greaterthan": 1"#,
            r#""lessthan": 1.5"#,
            r#""greaterthan": 9007199254740992"#,
            r#""lessthan": 9007199254740993"#,
            r#""equals": 9007199254740993"#,
            r#""in": [1, 2, 0.1]"#,
            r#""notin": [1.5, -3]"#,
            r#""greaterthan": {"ref": "subject.number"}"#,
            r#""exists": false"#,
            r#""exists": true"#,
            r#""equals": {"ref": "OTHER"}"#,
            r#""greaterthan": {"ref": "OTHER"}"#,
        ],
        "boolean" => &[
            r#""equals": true"#,
            r#""equals": false"#,
            r#""in": [true, false]"#,
            r#""notin": [true]"#,
            r#""exists": true"#,
            r#""equals": {"ref": "OTHER"}"#,
        ],
        _ => &[
            r#""greaterthan": "2024-01-01T00:00:00Z""#,
            r#""lessthan": "2024-01-02T00:00:00+00:30""#,
            r#""greaterthan": "2024-01-01T00:00:00.4999Z""#,
            r#""lessthan": {"ref": "context.now"}"#,
            r#""exists": true"#,
            r#""equals": "2024-01-01T00:00:00Z""#,
            r#""notin": ["2024-01-02T00:00:00Z", "2024*5Z"]"#,
            r#""greaterthan": {"ref": "OTHER"}"#,
            r#""exists": false"#,
        ],
    }
}

const ATTRIBUTES: [&str; 3] = ["a", "b", "n.a"];

fn condition(prng: &mut Prng, kinds: [&str; 3]) -> String {
    let mut drawn = Vec::new();
    for (at, attribute) in ATTRIBUTES.into_iter().enumerate() {
        let others: Vec<usize> = (0..3).filter(|&other| other != at && kinds[other] == kinds[at]).collect();
        let mut of_one: Vec<String> = Vec::new();
        for _ in 0..prng.below(3) {
            let test = *prng.pick(tests(kinds[at])).unwrap();
            if test.contains("OTHER") && others.is_empty() {
                continue;
            }
            let test = test.replace("OTHER", prng.pick(&others).map_or("", |&other| ATTRIBUTES[other]));
            let operator = test.split(':').next().unwrap().to_owned();
            if !of_one.iter().any(|known| known.starts_with(&operator)) {
                of_one.push(test);
            }
        }
        if !of_one.is_empty() {
            drawn.push(format!("\"{attribute}\": {{{}}}", of_one.join(", ")));
        }
    }
    if drawn.is_empty() {
        r#"{"id": {"equals": "1*"}}"#.to_owned()
    } else {
        format!("{{{}}}", drawn.join(", "))
    }
}

/// A workspace of one type with one role.
fn snapshot(declared: &str, policies: &str) -> Snapshot {
    let text = format!(
        r#"{{"workspace": "w", "schema": {{"schema": "s", "resources": {{"t": {{"actions": ["read"], "attributes": {{{declared}}}}}}}}},
        "default_role": "r", "roles": {{"r": {{"version": "2022-04-26", "policies": [{policies}]}}}},
        "members": {{"m": {{"properties": {{"x": "x", "star": "x*", "list": ["xy", "y"], "empty": [], "number": 1.5}}}}}}}}"#
    );
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", &*text), &NoFiles).unwrap();
    workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn bound(sql: &Sql) -> Vec<Value> {
    let each = sql.parameters.iter().map(|parameter| match parameter {
        Parameter::Text(text) => Value::Text(text.clone()),
        Parameter::Integer(whole) => Value::Integer(*whole),
        Parameter::Real(real) => Value::Real(*real),
    });
    each.collect()
}

/// The ids of the rows that an expression is true of, in order.
pub(super) fn found(database: &Connection, from: &str, sql: &Sql) -> Vec<String> {
    let ask = |wher: &str| -> Vec<String> {
        let mut statement = database.prepare(&format!("SELECT o.id FROM {from} WHERE {wher}")).unwrap();
        let rows = statement.query_map(rusqlite::params_from_iter(bound(sql)), |row| row.get(0)).unwrap();
        let mut ids: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
        ids.sort_unstable();
        ids
    };
    let (found, left) = (ask(&sql.text), ask(&format!("NOT ({})", sql.text)));
    // Two-valued: what is not found is found by the contrary.
    let whole: i64 = database.query_row("SELECT count(*) FROM o", [], |row| row.get(0)).unwrap();
    assert_eq!(found.len() + left.len(), usize::try_from(whole).unwrap(), "{}", sql.text);
    found
}

struct Row {
    id: String,
    text: String,
    properties: Attribute,
}

/// A table of all rows, or of some thousand.
fn table(kinds: [&str; 3], odd: bool, prng: &mut Prng) -> (Connection, Vec<Row>) {
    let mut database = Connection::open_in_memory().unwrap();
    // Columns without a type hold whatever is put there.
    database.execute_batch("CREATE TABLE o (id TEXT, a, \"b \"\"`\", na); CREATE INDEX a ON o (a);").unwrap();
    let columns = kinds.map(|kind| values(kind, odd));
    let mut rows = Vec::new();
    let transaction = database.transaction().unwrap();
    for a in &columns[0] {
        for b in &columns[1] {
            for n in &columns[2] {
                if !prng.percent(30) {
                    continue;
                }
                let id = rows.len().to_string();
                let held = rusqlite::params![id, a.held, b.held, n.held];
                transaction.execute("INSERT INTO o VALUES (?1, ?2, ?3, ?4)", held).unwrap();
                let text = format!(r#"{{"a": {}, "b": {}, "n": {{"a": {}}}}}"#, a.json, b.json, n.json);
                rows.push(Row { id, properties: attribute(&text), text });
            }
        }
    }
    transaction.commit().unwrap();
    (database, rows)
}

#[test]
fn a_query_finds_the_rows_that_a_check_allows() {
    let (tables, policies_each) =
        if std::env::var_os("PORTCULLIS_LONG").is_some() { (300, 60) } else { (30, 12) };
    let columns = r#"{"columns": {"id": "id", "a": ["o", "a"], "b": "b \"`", "n.a": {"column": "na", "joined": false}}}"#;
    let columns = Columns::read(&Source::new("columns.json", columns)).unwrap();
    let (mut conditional, mut checked, mut shown, mut missed) = (0, 0, 0, 0);
    for seed in 0..tables {
        let prng = &mut Prng::new(seed);
        let kinds = [(); 3].map(|()| *prng.pick(&["string", "number", "boolean", "time"]).unwrap());
        let declared: Vec<String> = ATTRIBUTES
            .iter()
            .zip(kinds)
            .map(|(name, kind)| format!(r#""{name}": {{"type": "{kind}"}}"#))
            .collect();
        let (database, rows) = table(kinds, seed % 3 == 0, prng);
        for _ in 0..policies_each {
            let policies: Vec<String> = (0..1 + prng.below(3))
                .map(|at| {
                    let effect = if at == 0 || prng.percent(60) { "allow" } else { "deny" };
                    let condition = condition(prng, kinds);
                    format!(r#"{{"effect": "{effect}", "actions": "read", "resource": "t", "conditions": {condition}}}"#)
                })
                .collect();
            let policies = policies.join(", ");
            let snapshot = snapshot(&declared.join(", "), &policies);
            let question = Question { now: Some("2024-01-01T12:00:00Z"), ..Question::new("m", "read", "t") };
            let plan = snapshot.plan(&question).unwrap();
            conditional += u32::from(matches!(plan, Plan::Conditional(_)));
            let sql =
                plan.sql(&columns, Dialect::Sqlite).unwrap_or_else(|report| panic!("{report}\n{policies}"));
            let mut found = found(&database, "o", &sql).into_iter().peekable();
            let mut in_order: Vec<&Row> = rows.iter().collect();
            in_order.sort_unstable_by_key(|row| &row.id);
            for row in in_order {
                let asked = Question {
                    object: Some(&row.id),
                    object_properties: Some(row.properties.value()),
                    ..question
                };
                let allowed = snapshot.decide(&asked).is_allowed();
                let is_found = found.next_if(|id| *id == row.id).is_some();
                let told = || {
                    format!("{policies}\n{}\n{:?}\n{} {}", sql.text, sql.parameters, row.id, row.properties)
                };
                assert!(allowed || !is_found, "shown and denied: {}", told());
                assert!(
                    is_found || !allowed || may_miss(&row.text, &policies),
                    "allowed and not shown: {}",
                    told()
                );
                checked += 1;
                shown += u32::from(is_found);
                missed += u32::from(allowed && !is_found);
            }
        }
    }
    println!("{conditional} conditional, {checked} rows, {shown} shown, {missed} fewer than a check allows");
    assert!(conditional > tables as u32 * policies_each / 2 && shown > checked / 20 && missed < shown / 4);
}

/// What is quoted is a name: of a column that is not there SQLite says so, and does not take the name for a text.
#[test]
fn a_column_that_is_not_there_is_an_error() {
    let snapshot = snapshot(
        r#""a": {"type": "string"}"#,
        r#"{"effect": "allow", "actions": "read", "resource": "t", "conditions": {"a": {"equals": "x"}}}"#,
    );
    let plan = snapshot.plan(&Question::new("m", "read", "t")).unwrap();
    let columns = Columns::read(&Source::new("columns.json", r#"{"columns": {"a": "x"}}"#)).unwrap();
    let sql = plan.sql(&columns, Dialect::Sqlite).unwrap();
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch("CREATE TABLE o (id TEXT, a TEXT)").unwrap();
    let prepared = database.prepare(&format!("SELECT id FROM o WHERE {}", sql.text));
    assert!(prepared.unwrap_err().to_string().contains("no such column: x"));
}

/// Whatever a column is called, its name stays a name.
#[test]
fn names_are_quoted() {
    let snapshot = snapshot(
        r#""a": {"type": "string"}"#,
        r#"{"effect": "allow", "actions": "read", "resource": "t", "conditions": {"a": {"equals": "x"}}}"#,
    );
    let plan = snapshot.plan(&Question::new("m", "read", "t")).unwrap();
    let names = [
        "a\"b",
        "a`b",
        "``",
        "a]b",
        "[a]",
        "a'b",
        "a; DROP TABLE o; --",
        " ",
        "select",
        "a\nb",
        "\\",
        "?1",
        "$1",
        "ü",
        "*/",
    ];
    for name in names {
        let columns = format!(r#"{{"columns": {{"a": ["o", {}]}}}}"#, serde_json::json!(name));
        let columns = Columns::read(&Source::new("columns.json", columns)).unwrap();
        let sql = plan.sql(&columns, Dialect::Sqlite).unwrap();
        let database = Connection::open_in_memory().unwrap();
        let quoted = name.replace('"', "\"\"");
        database
            .execute_batch(&format!(
                "CREATE TABLE o (id TEXT, \"{quoted}\" TEXT); INSERT INTO o VALUES ('1', 'x'), ('2', 'y');"
            ))
            .unwrap();
        assert_eq!(found(&database, "o", &sql), ["1"], "{name}");
        let postgres = plan.sql(&columns, Dialect::Postgres).unwrap().text;
        assert!(postgres.starts_with(&format!("(\"o\".\"{quoted}\" = CAST($1 AS text)")), "{postgres}");
    }
}

/// The comparison stands before `IS TRUE` once more, so that an index serves it.
#[test]
fn an_index_serves_a_plan() {
    let snapshot = snapshot(
        r#""a": {"type": "string"}"#,
        r#"{"effect": "allow", "actions": "read", "resource": "t", "conditions": {"a": {"in": ["x", "y"]}}}"#,
    );
    let plan = snapshot.plan(&Question::new("m", "read", "t")).unwrap();
    let columns = Columns::read(&Source::new("columns.json", r#"{"columns": {"a": "a"}}"#)).unwrap();
    let sql = plan.sql(&columns, Dialect::Sqlite).unwrap();
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch("CREATE TABLE o (id TEXT, a TEXT); CREATE INDEX by_a ON o (a);").unwrap();
    let mut explained =
        database.prepare(&format!("EXPLAIN QUERY PLAN SELECT id FROM o WHERE {}", sql.text)).unwrap();
    let steps = explained.query_map(rusqlite::params_from_iter(bound(&sql)), |row| row.get::<_, String>(3));
    let steps: Vec<String> = steps.unwrap().collect::<Result<_, _>>().unwrap();
    assert!(steps.iter().any(|step| step.contains("USING INDEX by_a (a=?)")), "{steps:?}");
}
