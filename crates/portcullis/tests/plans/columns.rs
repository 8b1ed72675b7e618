//! Maps of columns and what SQL cannot say: each fault has its code and its place.

use portcullis::diagnostic::Code;
use portcullis::plan::{Columns, Dialect, Plan};
use portcullis::{NoFiles, Question, Report, Source, Workspace};

fn read(columns: &str) -> Result<Columns, Report> {
    Columns::read(&Source::new("columns.json", columns))
}

fn plan(attributes: &str, condition: &str) -> Plan {
    let text = format!(
        r#"{{"workspace": "w", "schema": {{"schema": "s", "resources": {{"t": {{"actions": ["read"] {attributes}}}}}}},
        "default_role": "r", "roles": {{"r": {{"version": "2022-04-26", "policies": [
            {{"effect": "allow", "actions": "read", "resource": "t", "conditions": {condition}}}]}}}},
        "members": {{"m": {{"properties": {{"team": "it", "empty": []}}}}}}}}"#
    );
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", &*text), &NoFiles).unwrap();
    let (snapshot, _) = workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}"));
    snapshot.plan(&Question::new("m", "read", "t")).unwrap()
}

#[test]
fn faults_of_a_map_have_a_place() {
    for (columns, code, place) in [
        (r#"{"columns": {"subject.team": "team"}}"#, Code::ColumnAttribute, r#""subject.team""#),
        (r#"{"columns": {"type": "team"}}"#, Code::ColumnAttribute, r#""type""#),
        (r#"{"columns": {"a..b": "team"}}"#, Code::ColumnAttribute, r#""a..b""#),
        (r#"{"columns": {"context": "team"}}"#, Code::ColumnAttribute, r#""context""#),
        (r#"{"columns": {"id.x": "team"}}"#, Code::ColumnAttribute, r#""id.x""#),
        (r#"{"columns": {"a": "a", "resource.a": "b"}}"#, Code::ColumnAttribute, r#""resource.a""#),
        (r#"{"columns": {"a": "a", "a": "b"}}"#, Code::DuplicateKey, r#""a""#),
        (r#"{"columns": {"a": ""}}"#, Code::ColumnName, r#""""#),
        (r#"{"columns": {"a": "x\u0000"}}"#, Code::ColumnName, r#""x\u0000""#),
        (
            r#"{"columns": {"a": ["s", "a", "b", "c", "d"]}}"#,
            Code::ColumnName,
            r#"["s", "a", "b", "c", "d"]"#,
        ),
        (r#"{"columns": {"a": []}}"#, Code::ColumnName, "[]"),
        (r#"{"columns": {"a": 7}}"#, Code::WrongShape, "7"),
        (r#"{"columns": {"a": ["s", 7]}}"#, Code::WrongShape, "7"),
        (r#"{"columns": {"a": {"type": "string"}}}"#, Code::MissingKey, "{"),
        (r#"{"columns": {"a": {"column": "a", "kind": "string"}}}"#, Code::UnknownKey, r#""kind""#),
        (r#"{"columns": {"a": {"column": "a", "type": "strin"}}}"#, Code::ColumnType, r#""strin""#),
        (r#"{"columns": {"a": {"column": "a", "joined": true}}}"#, Code::WrongShape, "true"),
        (r#"{"columns": []}"#, Code::WrongShape, "[]"),
        ("[]", Code::WrongShape, "[]"),
        (r#"{"column": {}}"#, Code::UnknownKey, r#""column""#),
    ] {
        let report = read(columns).unwrap_err();
        let fault = report.iter().find(|fault| fault.code == code);
        let fault = fault.unwrap_or_else(|| panic!("{columns}: {report}"));
        assert_eq!(fault.snippet(), place, "{columns}");
        assert!(report.iter().count() <= 2, "{columns}: {report}");
    }
    let faults =
        read(r#"{"columns": {"subject.x": "x", "a": "", "b": {"column": "b", "type": "x"}}}"#).unwrap_err();
    assert_eq!(faults.iter().count(), 3, "all of them at once");
}

#[test]
fn what_cannot_be_said_exactly_is_refused() {
    use Dialect::{Postgres, Sqlite};
    let long = format!(r#"{{"columns": {{"a": "{}"}}}}"#, "x".repeat(64));
    let plain = r#"{"columns": {"a": "a", "b": "b", "n.a": ["d", "a"]}}"#;
    let time = r#"{"columns": {"a": {"column": "a", "type": "time"}}}"#;
    for (dialects, attributes, condition, columns, code) in [
        (&[Postgres, Sqlite][..], "", r#"{"c": {"equals": 1}}"#, plain, Code::NoColumn),
        (&[Postgres, Sqlite], "", r#"{"a": {"equals": 1e1001}}"#, plain, Code::NotInSql),
        (&[Sqlite], "", r#"{"a": {"greaterthan": 9223372036854775808}}"#, plain, Code::NotInSql),
        (&[Sqlite], "", r#"{"a": {"greaterthan": 0.1234567890123456}}"#, plain, Code::NotInSql),
        (&[Sqlite], "", "{\"a\": {\"equals\": \"\\u0000*\"}}", plain, Code::NotInSql),
        (&[Postgres], "", r#"{"a": {"greaterthan": "2026-01-01T00:00:00.0000001Z"}}"#, plain, Code::NotInSql),
        (
            &[Postgres, Sqlite],
            "",
            r#"{"a": {"greaterthan": "0000-01-01T00:00:00+01:00"}}"#,
            plain,
            Code::NotInSql,
        ),
        (&[Postgres], "", r#"{"a": {"equals": "2026-01-01T00:00:00Z"}}"#, time, Code::NotInSql),
        (&[Postgres, Sqlite], "", r#"{"a": {"in": {"ref": "b"}}}"#, plain, Code::NotInSql),
        (&[Postgres, Sqlite], "", r#"{"subject.team": {"in": {"ref": "a"}}}"#, plain, Code::NotInSql),
        (&[Postgres, Sqlite], "", r#"{"n.a": {"exists": false}}"#, plain, Code::NotInSql),
        (&[Postgres], "", r#"{"a": {"equals": "x"}}"#, &long, Code::ColumnName),
        (&[Postgres, Sqlite], "", r#"{"a": {"equals": {"ref": "b"}}}"#, plain, Code::ColumnType),
        (&[Postgres, Sqlite], "", r#"{"a": {"in": ["x", 1]}}"#, plain, Code::ColumnType),
        (&[Postgres, Sqlite], "", r#"{"a": {"notin": {"ref": "subject.empty"}}}"#, plain, Code::ColumnType),
        (
            &[Postgres, Sqlite],
            r#", "attributes": {"a": {"type": "string"}}"#,
            r#"{"a": {"equals": "x"}}"#,
            time,
            Code::ColumnType,
        ),
    ] {
        let plan = plan(attributes, condition);
        let columns = read(columns).unwrap();
        for dialect in [Postgres, Sqlite] {
            let sql = plan.sql(&columns, dialect);
            if !dialects.contains(&dialect) {
                assert!(sql.is_ok(), "{dialect:?} {condition}: {sql:?}");
                continue;
            }
            let report = sql.unwrap_err();
            let found: Vec<Code> = report.iter().map(|fault| fault.code).collect();
            assert_eq!(found, [code], "{dialect:?} {condition}: {report}");
            let fault = report.iter().next().unwrap();
            assert!(fault.primary.is_some() && fault.help.is_some(), "{fault}");
        }
    }
}

/// A column of a type that the values are not of compares with none of them, as such a value does in a check.
#[test]
fn what_is_of_another_type_is_unknown() {
    let columns = read(r#"{"columns": {"a": {"column": "a", "type": "number"}}}"#).unwrap();
    let sql = plan("", r#"{"a": {"equals": "x"}}"#).sql(&columns, Dialect::Postgres).unwrap();
    assert_eq!(sql.text, "((CAST(NULL AS boolean)) IS TRUE)");
    let sql = plan("", r#"{"a": {"in": ["x", 1]}}"#).sql(&columns, Dialect::Postgres).unwrap();
    assert_eq!(
        sql.text,
        "(\"a\" = CAST($1 AS bigint) AND ((\"a\" = CAST($1 AS bigint) OR CAST(NULL AS boolean))) IS TRUE)"
    );
}

#[test]
fn too_many_parameters_are_refused() {
    let values: Vec<String> = (0..33_000).map(|at| format!("\"{at}\"")).collect();
    let plan = plan("", &format!(r#"{{"a": {{"in": [{}]}}}}"#, values.join(", ")));
    let columns = read(r#"{"columns": {"a": "a"}}"#).unwrap();
    let report = plan.sql(&columns, Dialect::Sqlite).unwrap_err();
    assert_eq!(report.iter().next().unwrap().code, Code::NotInSql);
    assert_eq!(plan.sql(&columns, Dialect::Postgres).unwrap().parameters.len(), 33_000);
}
