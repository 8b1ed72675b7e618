//! Conditions read and resolved: what is said at which place, which mend is offered, and how statements are cut.

use crate::diagnostic::{Diagnostic, Report, Severity};
use crate::policy::{Document, Grants};
use crate::schema::Schema;
use crate::source::Source;

const SCHEMA: &str = r#"{"schema": "own", "resources": {
    "free": {"actions": ["read", "update"]},
    "sync": {"actions": ["read", "update"], "attributes": {
        "labels.team": {"type": "string", "from": "stored"}, "rows": {"type": "number"}, "open": {"type": "boolean"},
        "started": {"type": "time"}, "tags": {"type": "list"}, "destination": {"type": "object"}}},
    "model": {"actions": ["read", "update"], "attributes": {"labels.team": {"type": "string", "from": "request"}}},
    "twin": {"actions": ["read", "update"], "attributes": {"labels.team": {"type": "string", "from": "request"}}},
    "other": {"actions": ["update"], "attributes": {"x": {"type": "string"}}}},
    "subjects": {"attributes": {"team": {"type": "string"}, "level": {"type": "number"}, "teams": {"type": "list"}}}}"#;

fn schema() -> Schema {
    Schema::read(&Source::new("schema", SCHEMA)).unwrap_or_else(|report| panic!("{report}")).0
}

/// A document of one statement that may read a type under some conditions.
fn text(resource: &str, conditions: &str) -> String {
    format!(
        r#"{{"version": "2022-04-26", "policies": [{{"effect": "allow", "actions": "read", "resource": {resource}, "conditions": {conditions}}}]}}"#
    )
}

fn resolve(text: &str) -> Result<(Grants, Report), Report> {
    let (document, report) = Document::read(&Source::new("document", text))?;
    assert!(report.is_empty(), "{report}");
    let (grants, report) = document.resolve_all(&schema());
    if report.has_errors() { Err(report) } else { Ok((grants, report)) }
}

/// What is said of conditions on `resource`: the code, what stands at the place, and the message.
fn said(resource: &str, conditions: &str) -> Vec<String> {
    let report = match resolve(&text(resource, conditions)) {
        Ok((_, report)) | Err(report) => report.sorted(),
    };
    report.iter().map(|fault| format!("{} {} {}", fault.code, fault.snippet(), fault.message)).collect()
}

/// The only fault of conditions on a type that declares nothing.
fn only(conditions: &str) -> Diagnostic {
    let report = resolve(&text("\"free\"", conditions)).unwrap_err();
    assert_eq!(report.iter().len(), 1, "{conditions}: {report}");
    assert_eq!(report.iter().next().unwrap().severity, Severity::Error);
    report.iter().next().unwrap().clone()
}

#[test]
fn words_of_other_languages_are_answered_with_the_word_or_the_way_of_this_one() {
    for (word, meant) in [
        ("eq", "equals"),
        ("==", "equals"),
        ("is", "equals"),
        ("=", "equals"),
        ("Equals", "equals"),
        ("equls", "equals"),
        ("gt", "greaterthan"),
        (">", "greaterthan"),
        ("greater_than", "greaterthan"),
        ("$gt", "greaterthan"),
        ("lt", "lessthan"),
        ("<", "lessthan"),
        ("not_in", "notin"),
        ("notIn", "notin"),
        ("nin", "notin"),
        ("has", "exists"),
        ("exist", "exists"),
        ("one_of", "in"),
    ] {
        let fault = only(&format!("{{\"a\": {{\"{word}\": 1}}}}"));
        let help = format!("did you mean `{meant}`?");
        assert_eq!((fault.code.as_str(), fault.help.as_deref()), ("P0110", Some(&*help)), "{word}");
        assert_eq!(fault.snippet(), format!("\"{word}\""));
        assert_eq!(fault.replacement.map(|mend| mend.text), Some(format!("\"{meant}\"")));
    }
    for (word, help) in [
        ("ne", "`notin` with a list"),
        ("!=", "`notin` with a list"),
        ("not_equals", "`notin` with a list"),
        ("contains", "`equals` with a pattern"),
        ("like", "`equals` with a pattern"),
        ("startsWith", "`equals` with a pattern"),
        (">=", "`greaterthan`"),
        ("lte", "`lessthan`"),
        ("banana", "the operators are"),
    ] {
        let fault = only(&format!("{{\"a\": {{\"{word}\": 1}}}}"));
        assert!(fault.help.as_deref().unwrap().contains(help), "{word}: {:?}", fault.help);
        assert!(fault.replacement.is_none());
    }
}

#[test]
fn operands_that_could_never_be_compared_are_errors_where_they_stand() {
    for (operator, operand, mend) in [
        ("equals", "[1]", None),
        ("equals", "null", None),
        ("equals", "{}", None),
        ("equals", "{\"a\": 1}", None),
        ("equals", "{\"ref\": 1}", None),
        ("equals", "{\"ref\": \"a\", \"x\": 1}", None),
        ("equals", "1e99999999999999999999", None),
        ("in", "\"a\"", Some("[\"a\"]")),
        ("in", "7", Some("[7]")),
        ("notin", "true", Some("[true]")),
        ("in", "null", None),
        ("in", "[]", None),
        ("in", "[[1]]", None),
        ("in", "[null]", None),
        ("in", "[{}]", None),
        ("in", "{\"refs\": \"a\"}", None),
        ("in", "[1e99999999999999999999]", None),
        ("greaterthan", "true", None),
        ("greaterthan", "[1]", None),
        ("lessthan", "\"soon\"", None),
        ("lessthan", "\"2026-03-01\"", None),
        ("greaterthan", "\"5\"", Some("5")),
        ("lessthan", "null", None),
        ("greaterthan", "1e99999999999999999999", None),
        ("exists", "\"true\"", Some("true")),
        ("exists", "1", None),
        ("exists", "{\"ref\": \"a\"}", None),
        ("exists", "null", None),
        ("exists", "[true]", None),
    ] {
        let fault = only(&format!("{{\"a\": {{\"{operator}\": {operand}}}}}"));
        assert_eq!(fault.code.as_str(), "P0111", "{operator} {operand}");
        let inside = operand.trim_start_matches('[').trim_end_matches(']');
        assert!(
            fault.snippet() == operand || fault.snippet() == inside || fault.snippet() == "[1]",
            "{}",
            fault.snippet()
        );
        assert!(fault.help.is_some());
        assert_eq!(fault.replacement.map(|mend| mend.text).as_deref(), mend, "{operator} {operand}");
    }
}

#[test]
fn references_are_checked_as_keys_and_under_ref() {
    for (path, says) in [
        ("a..b", "has an empty part"),
        ("", "has an empty part"),
        ("subject", "alone names no attribute"),
        ("resource", "alone names no attribute"),
        ("action", "alone"),
        ("context", "alone"),
        ("id.x", "goes through `resource.id`"),
        ("context.now.year", "goes through `context.now`, which is a time"),
        (&["a"; 33].join("."), "has 33 parts, more than 32"),
    ] {
        for conditions in [
            format!("{{\"{path}\": {{\"equals\": 1}}}}"),
            format!("{{\"a\": {{\"equals\": {{\"ref\": \"{path}\"}}}}}}"),
            format!("{{\"a\": {{\"in\": [1, {{\"ref\": \"{path}\"}}]}}}}"),
        ] {
            let fault = only(&conditions);
            assert_eq!(fault.code.as_str(), "P0112", "{conditions}");
            assert!(fault.message.contains(says), "{}", fault.message);
            assert_eq!(fault.snippet(), format!("\"{path}\""));
        }
    }
}

#[test]
fn all_faults_of_all_tests_are_said_at_once() {
    let conditions = r#"{"a..b": {"is": 1, "in": 2}, "subject": {}, "c": 7, "d": {"exists": 1, "equals": {"ref": "action"}}}"#;
    let report = Document::read(&Source::new("document", text("\"free\"", conditions))).unwrap_err();
    let codes: Vec<&str> = report.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes, ["P0112", "P0110", "P0111", "P0112", "P0108", "P0101", "P0111", "P0112"]);
}

#[test]
fn tests_and_lists_are_bounded() {
    let tests = |count: usize| {
        let tests: Vec<String> =
            (0..count).map(|number| format!("\"a{number}\": {{\"exists\": true}}")).collect();
        format!("{{{}}}", tests.join(","))
    };
    assert!(resolve(&text("\"free\"", &tests(1_024))).is_ok());
    let fault = only(&tests(1_025));
    assert_eq!(
        (fault.code.as_str(), &*fault.message),
        ("P0016", "1,025 tests in one statement where the limit is 1,024")
    );
    let list = |count: usize| format!("{{\"a\": {{\"in\": [{}]}}}}", vec!["1"; count].join(","));
    assert!(resolve(&text("\"free\"", &list(65_536))).is_ok());
    assert_eq!(only(&list(65_537)).code.as_str(), "P0016");
}

#[test]
fn undeclared_attributes_are_said_once_with_all_types_that_lack_them() {
    assert_eq!(
        said("\"sync\"", r#"{"labels.taem": {"exists": true}}"#),
        ["P0211 \"labels.taem\" the type `sync` declares no attribute `labels.taem`"]
    );
    assert_eq!(
        said("\"*\"", r#"{"rows": {"exists": true}}"#),
        ["P0211 \"rows\" the types `model` and `twin` declare no attribute `rows`"]
    );
    assert_eq!(
        said(
            "\"sync\"",
            r#"{"labels": {"exists": true}, "subject.tema": {"equals": {"ref": "resource.row"}}}"#
        ),
        [
            "P0211 \"labels\" the type `sync` declares no attribute `labels`",
            "P0211 \"subject.tema\" the schema's subjects declare no attribute `tema`",
            "P0211 \"resource.row\" the type `sync` declares no attribute `row`",
        ]
    );
    // Not asked of what declares nothing, of types that the statement does not reach, of what is its own, or inside an object.
    for (resource, conditions) in [
        ("\"free\"", r#"{"anything": {"exists": true}}"#),
        ("[\"sync\", \"o*\"]", r#"{"rows": {"exists": true}}"#),
        ("\"sync\"", r#"{"id": {"equals": "1"}, "action.x": {"exists": true}, "context.x": {"equals": 1}}"#),
        ("\"sync\"", r#"{"destination.labels.team": {"equals": "a"}, "destination.id": {"equals": "7"}}"#),
    ] {
        assert_eq!(said(resource, conditions), Vec::<String>::new(), "{conditions}");
    }
}

#[test]
fn an_undeclared_attribute_is_mended_as_it_was_written() {
    for (path, mend) in [
        ("labels.taem", "labels.team"),
        ("resource.labels.taem", "resource.labels.team"),
        ("subject.tem", "subject.team"),
    ] {
        let report =
            resolve(&text("\"sync\"", &format!("{{\"{path}\": {{\"exists\": true}}}}"))).unwrap_err();
        let fault = report.iter().next().unwrap();
        assert_eq!(fault.replacement.as_ref().map(|mend| &*mend.text), Some(&*format!("\"{mend}\"")));
    }
    let report = resolve(&text("\"sync\"", r#"{"zzzz": {"exists": true}}"#)).unwrap_err();
    let help = report.iter().next().unwrap().help.as_deref().unwrap();
    assert!(help.starts_with("declared are `destination`, `labels.team`"), "{help}");
}

#[test]
fn comparisons_that_a_declared_type_does_not_allow_are_errors() {
    for (conditions, expected) in [
        (r#"{"labels.team": {"equals": 5}}"#, "5 `labels.team` is declared a string, and this is a number"),
        (
            r#"{"labels.team": {"in": ["a", true]}}"#,
            "true `labels.team` is declared a string, and this is a boolean",
        ),
        (
            r#"{"labels.team": {"greaterthan": 5}}"#,
            "\"greaterthan\" `greaterthan` orders numbers and times, and `labels.team` is declared a string",
        ),
        (
            r#"{"open": {"lessthan": 5}}"#,
            "\"lessthan\" `lessthan` orders numbers and times, and `open` is declared a boolean",
        ),
        (r#"{"open": {"equals": "true"}}"#, "\"true\" `open` is declared a boolean, and this is a string"),
        (r#"{"rows": {"equals": "5"}}"#, "\"5\" `rows` is declared a number, and this is a string"),
        (
            r#"{"rows": {"greaterthan": "2026-03-01T00:00:00Z"}}"#,
            "\"2026-03-01T00:00:00Z\" `rows` is declared a number, and this is a string",
        ),
        (r#"{"started": {"greaterthan": 5}}"#, "5 `started` is declared a time, and this is a number"),
        (
            r#"{"tags": {"in": ["a"]}}"#,
            "\"in\" `in` asks whether the one value is in a list, and `tags` is declared a list",
        ),
        (
            r#"{"tags": {"equals": "a"}}"#,
            "\"equals\" `equals` compares single values, and `tags` is declared a list",
        ),
        (
            r#"{"tags": {"greaterthan": 1}}"#,
            "\"greaterthan\" `greaterthan` orders numbers and times, and `tags` is declared a list",
        ),
        (
            r#"{"destination": {"equals": "a"}}"#,
            "\"equals\" `equals` compares single values, and `destination` is declared an object",
        ),
        (
            r#"{"labels.team": {"equals": {"ref": "subject.level"}}}"#,
            "\"subject.level\" `labels.team` is declared a string, and `subject.level` is declared a number",
        ),
        (
            r#"{"labels.team": {"in": {"ref": "subject.team"}}}"#,
            "\"subject.team\" `in` takes a list, and `subject.team` is declared a string",
        ),
        (
            r#"{"labels.team": {"in": ["a", {"ref": "rows"}]}}"#,
            "\"rows\" `labels.team` is declared a string, and `rows` is declared a number",
        ),
        (
            r#"{"context.x": {"equals": {"ref": "tags"}}}"#,
            "\"tags\" `equals` compares single values, and `tags` is declared a list",
        ),
        (
            r#"{"context.x": {"greaterthan": {"ref": "open"}}}"#,
            "\"open\" `greaterthan` orders numbers and times, and `open` is declared a boolean",
        ),
        (
            r#"{"rows": {"greaterthan": {"ref": "started"}}}"#,
            "\"started\" `rows` is declared a number, and `started` is declared a time",
        ),
    ] {
        assert_eq!(said("\"sync\"", conditions), [format!("P0212 {expected}")], "{conditions}");
    }
    for fine in [
        r#"{"labels.team": {"equals": "a*", "in": ["a", {"ref": "subject.team"}], "exists": true}}"#,
        r#"{"labels.team": {"in": {"ref": "subject.teams"}, "notin": {"ref": "context.x"}}, "tags": {"exists": false}}"#,
        r#"{"rows": {"greaterthan": 5, "lessthan": {"ref": "subject.level"}, "equals": {"ref": "context.x"}}}"#,
        r#"{"started": {"greaterthan": "2026-03-01T00:00:00Z", "lessthan": {"ref": "context.now"}, "equals": "x"}}"#,
        r#"{"open": {"equals": true, "in": [true, false]}, "destination": {"exists": true}}"#,
    ] {
        assert_eq!(said("\"sync\"", fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_statement_on_nothing_is_still_looked_at() {
    let text = text("\"free\"", r#"{"subject.team": {"equals": 5}, "subject.tema": {"exists": true}}"#);
    let report = resolve(&text.replace("\"read\"", "\"nothing*\"")).unwrap_err();
    let codes: Vec<&str> = report.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes, ["P0208", "P0206", "P0211", "P0212"]);
}

#[test]
fn one_fault_of_many_types_is_said_once() {
    assert_eq!(said("[\"model\", \"twin\", \"sync\"]", r#"{"labels.team": {"equals": 5}}"#).len(), 1);
    assert_eq!(said("\"*\"", r#"{"subject.team": {"equals": 5}}"#).len(), 1);
}

#[test]
fn a_statement_is_cut_where_its_types_declare_otherwise_and_nowhere_else() {
    let parts = |resource: &str, conditions: &str| -> Vec<(std::ops::Range<u32>, String)> {
        let (grants, _) = resolve(&text(resource, conditions)).unwrap_or_else(|report| panic!("{report}"));
        let parts = grants.parts_of_statement(0);
        let from = |condition: &crate::condition::Condition| {
            let declared = condition.tests()[0].reference().declared();
            declared.map_or("undeclared", |declared| declared.from.as_str()).to_owned()
        };
        parts.map(|(range, condition)| (range, from(condition.unwrap()))).collect()
    };
    let team = r#"{"labels.team": {"equals": "a"}}"#;
    let all = text("[\"free\", \"sync\", \"model\", \"twin\"]", team).replace("\"read\"", "\"*\"");
    let (grants, _) = resolve(&all).unwrap();
    let found: Vec<_> = grants.parts_of_statement(0).map(|(range, _)| range).collect();
    assert_eq!(found, [0..2, 2..4, 4..8]);
    // Two types that declare the same share a condition.
    assert_eq!(grants.conditions().len(), 3);
    assert_eq!(grants.planes().allow_if().iter().count(), 8);
    assert_eq!(grants.planes().allow().iter().count(), 0);
    assert_eq!(
        parts("[\"model\", \"sync\", \"free\"]", team),
        [(0..1, "undeclared".to_owned()), (2..3, "stored".to_owned()), (4..5, "request".to_owned())]
    );
    // What is not about the resource is one condition for all.
    let level = r#"{"subject.level": {"equals": 3}}"#;
    let (grants, _) = resolve(&text("\"*\"", level).replace("\"read\"", "\"*\"")).unwrap();
    assert_eq!(grants.parts_of_statement(0).map(|(range, _)| range).next(), Some(0..9));
    assert_eq!(grants.of_statement(0).len(), 1);
}

#[test]
fn statements_with_and_without_conditions_keep_their_own() {
    let text = r#"{"version": "2022-04-26", "policies": [
        {"effect": "allow", "actions": "read", "resource": "free"},
        {"effect": "deny", "actions": "*", "resource": "free", "conditions": {"a": {"equals": 1.0}}},
        {"effect": "allow", "actions": "update", "resource": "*"},
        {"effect": "allow", "actions": "read", "resource": "free", "conditions": {"resource.a": {"equals": 1}}},
        {"effect": "deny", "actions": "read", "resource": "free", "conditions": {"a": {"equals": 2}}}]}"#;
    let (grants, _) = resolve(text).unwrap();
    let conditions: Vec<Vec<Option<String>>> = (0..5)
        .map(|index| {
            grants
                .parts_of_statement(index)
                .map(|(_, condition)| condition.map(ToString::to_string))
                .collect()
        })
        .collect();
    let one = Some("resource.a equals 1".to_owned());
    assert_eq!(
        conditions,
        [
            vec![None],
            vec![one.clone()],
            vec![None; 4],
            vec![one],
            vec![Some("resource.a equals 2".to_owned())]
        ]
    );
    assert_eq!(grants.conditions().len(), 2, "the same in other words is one");
    assert_eq!(grants.parts_of_statement(5).count(), 0);
}
