//! Findings about the statements of one document.

use portcullis::Severity;
use portcullis::diagnostic::Code;

use crate::{codes, document, lint, mended};

const MARKETING: &str = r#"{"labels.team": {"exists": true, "equals": "marketing"}}"#;
const MARKETING_EU: &str =
    r#"{"region": {"equals": "eu"}, "labels.team": {"equals": "marketing", "exists": true}}"#;
const SALES: &str = r#"{"labels.team": {"exists": true, "equals": "sales"}}"#;

fn with(short: &str, condition: &str) -> String {
    format!("{short} {condition}")
}

/// What is found about the statements, by their numbers: those whose line a finding is on.
fn found(statements: &[&str]) -> Vec<(usize, Code)> {
    let report = lint(&document(statements));
    let line = |fault: &portcullis::Diagnostic| {
        let label = fault.primary.as_ref().unwrap();
        label.source.position(label.span.start).line as usize - 2
    };
    report.iter().map(|fault| (line(fault), fault.code)).collect()
}

#[test]
fn a_statement_that_stands_twice_is_said_once_of_the_later() {
    use Code::RepeatedStatement;
    assert_eq!(found(&["allow read sync", "allow read sync"]), [(1, RepeatedStatement)]);
    assert_eq!(found(&["deny read sync", "allow update sync", "deny read sync"]), [(2, RepeatedStatement)]);
    // However it is written: order, wildcards, the condition's own order.
    assert_eq!(found(&["allow read sync,model", "allow read model,sync"]), [(1, RepeatedStatement)]);
    let one = with("allow read sync", r#"{"a": {"equals": 1}, "b": {"in": ["x", "y"]}}"#);
    let two = with("allow read sync", r#"{"b": {"in": ["y", "x"]}, "resource.a": {"equals": 1.0}}"#);
    assert_eq!(found(&[&one, &two]), [(1, RepeatedStatement)]);
    assert_eq!(
        found(&["allow read sync", "allow read sync", "allow read sync"]),
        [(1, RepeatedStatement), (2, RepeatedStatement)]
    );
    for different in ["allow update sync", "deny read sync", "allow read model"] {
        assert!(!found(&["allow read sync", different]).iter().any(|(_, code)| *code == RepeatedStatement));
    }
    assert_eq!(found(&[&with("allow read sync", MARKETING), &with("allow read sync", SALES)]), []);
    assert_eq!(found(&[&with("allow read sync", MARKETING), &with("allow update sync", MARKETING)]), []);
}

#[test]
fn an_allow_changes_nothing_where_others_allow_or_deny_all_of_it() {
    use Code::IdleStatement;
    assert_eq!(found(&["allow read sync", "allow * sync"]), [(0, IdleStatement)]);
    assert_eq!(found(&["allow * sync", "allow read sync"]), [(1, IdleStatement)]);
    // By several together, the smallest go.
    assert_eq!(
        found(&["allow read sync", "allow update sync", "allow read,update sync"]),
        [(0, IdleStatement), (1, IdleStatement)]
    );
    assert_eq!(
        found(&["allow read,update sync,model", "allow update sync,source", "allow update model,source"]),
        [(2, IdleStatement)]
    );
    assert_eq!(found(&["deny * sync", "allow read sync"]), [(1, IdleStatement)]);
    assert_eq!(
        found(&["deny update source", "allow update source,model", "allow update model"]),
        [(2, IdleStatement)]
    );
    assert_eq!(found(&["deny update source", "allow read,update source"]), []);
    // What grants nothing at all has its own code.
    assert!(!codes(&document(&["allow start model", "allow * sync"])).contains(&IdleStatement));
}

#[test]
fn a_deny_changes_something_though_the_document_grants_nothing_of_it() {
    use Code::IdleStatement;
    assert_eq!(found(&["deny read sync"]), []);
    assert_eq!(found(&["allow read model", "deny read sync"]), []);
    assert_eq!(found(&["deny * sync", "deny read sync"]), [(1, IdleStatement)]);
    assert_eq!(found(&["allow * sync", "deny read sync"]), []);
    assert_eq!(found(&["deny read *", "deny * sync"]), []);
}

#[test]
fn conditions_are_covered_by_none_by_equals_and_by_fewer_tests() {
    use Code::{IdleStatement, RepeatedStatement};
    let [some, less, other] =
        [MARKETING, MARKETING_EU, SALES].map(|condition| with("allow read sync", condition));
    assert_eq!(found(&["allow * sync", &some]), [(1, IdleStatement)]);
    assert_eq!(found(&[&some, "allow read sync"]), [(0, IdleStatement)]);
    assert_eq!(found(&[&less, &some]), [(0, IdleStatement)]);
    assert_eq!(found(&[&some, &less]), [(1, IdleStatement)]);
    assert_eq!(found(&[&some, &other]), []);
    assert_eq!(found(&[&some, &with("allow update sync", MARKETING_EU)]), []);
    // Some of it under the same condition, the rest without any.
    let both = with("allow read,update sync", MARKETING);
    assert_eq!(found(&[&some, "allow update sync", &both]), [(0, IdleStatement)]);
    assert_eq!(
        found(&[&with("allow read sync,source", MARKETING), "allow update sync", &both]),
        [(2, IdleStatement)]
    );
    // Denies of an allow.
    assert_eq!(found(&["deny * sync", &some]), [(1, IdleStatement)]);
    assert_eq!(found(&[&with("deny * sync", MARKETING), &some]), [(1, IdleStatement)]);
    assert_eq!(found(&[&with("deny * sync", MARKETING), &less]), [(1, IdleStatement)]);
    assert_eq!(found(&[&with("deny * sync", MARKETING), "allow read sync"]), []);
    assert_eq!(found(&[&with("deny * sync", SALES), &some]), []);
    // Denies of a deny.
    let [some, less] = [MARKETING, MARKETING_EU].map(|condition| with("deny read sync", condition));
    let idle = |statements: &[&str]| -> Vec<usize> {
        let found = found(statements);
        let idle = found.iter().filter(|(_, code)| matches!(code, IdleStatement | RepeatedStatement));
        idle.map(|(at, _)| *at).collect()
    };
    assert_eq!(idle(&[&less, &some]), [0]);
    assert_eq!(idle(&["deny read sync", &some]), [1]);
    assert_eq!(idle(&["allow read sync", &some]), [0_usize; 0]);
}

#[test]
fn conditions_are_covered_by_what_they_come_to_together() {
    use Code::IdleStatement;
    let idle = |statements: &[(&str, &str)]| -> Vec<usize> {
        let statements: Vec<String> =
            statements.iter().map(|(short, condition)| with(short, condition)).collect();
        let found = found(&statements.iter().map(String::as_str).collect::<Vec<_>>());
        found.into_iter().filter(|(_, code)| *code == IdleStatement).map(|(at, _)| at).collect()
    };
    let (allow, deny) = ("allow read sync", "deny read sync");
    let team = |tests: &str| format!(r#"{{"team": {tests}}}"#);
    let [a, b, a_or_b, not_b] =
        [r#"{"equals": "a"}"#, r#"{"equals": "b"}"#, r#"{"in": ["a", "b"]}"#, r#"{"notin": ["b"]}"#]
            .map(team);
    let [below_3, below_5] = ["3", "5"].map(|bound| format!(r#"{{"level": {{"lessthan": {bound}}}}}"#));
    let none = [0_usize; 0];

    // Of two bounds, the one that says less.
    assert_eq!(idle(&[(allow, &below_3), (allow, &below_5)]), [0]);
    assert_eq!(idle(&[(deny, &below_5), (deny, &below_3)]), [1]);
    // One by another that is wider, or by several that are not.
    assert_eq!(idle(&[(allow, &a_or_b), (allow, &a)]), [1]);
    assert_eq!(idle(&[(allow, &a_or_b), (allow, &a), (allow, &b)]), [1, 2]);
    assert_eq!(
        idle(&[("allow read sync,model", &a), (allow, &a_or_b), ("allow read sync,model", &b)]),
        [1],
        "two that say more than one that they cover"
    );
    assert_eq!(idle(&[("allow read sync,model", &a), (allow, &a_or_b)]), none);
    // Each type by another.
    assert_eq!(idle(&[(allow, &a_or_b), ("allow read model", &not_b), ("allow read model,sync", &a)]), [2]);
    assert_eq!(idle(&[(allow, &a_or_b), ("allow read model", &b), ("allow read model,sync", &a)]), none);
    // An allow by a deny that applies whenever it does, and by a deny and an allow.
    assert_eq!(idle(&[(allow, &a), (deny, &not_b)]), [0]);
    assert_eq!(idle(&[(allow, &b), (deny, &not_b)]), none);
    assert_eq!(
        idle(&[("allow read sync,model", &b), (allow, &a_or_b), ("deny read sync,source", &not_b)]),
        [1]
    );
    // A deny denies what has no team too: what allows under no team's name keeps it from being idle.
    assert_eq!(idle(&[(deny, &a), (deny, &a_or_b)]), [0]);
    assert_eq!(idle(&[(deny, &a), (deny, r#"{"team": {"exists": true, "in": ["a", "b"]}}"#)]), none);
    // A deny is covered by no allow.
    assert_eq!(idle(&[(deny, &a), (allow, &a_or_b)]), none);
    // Different attributes have nothing to do with each other.
    assert_eq!(idle(&[(allow, &a), (allow, &below_3), (deny, r#"{"owner": {"equals": "a"}}"#)]), none);
}

#[test]
fn removing_what_changes_nothing_leaves_a_document_of_which_nothing_is_found() {
    let statements = [
        "allow read sync",
        "deny update source",
        "allow * sync",
        "deny update source",
        "allow update source",
    ];
    let mut text = document(&statements);
    let mut removed = 0;
    while let Some(fault) = lint(&text).iter().next().cloned() {
        assert!(fault.severity == Severity::Warning && !fault.secondary.is_empty(), "{fault}");
        text = mended(&lint(&text), fault.code);
        removed += 1;
    }
    assert_eq!(removed, 3, "{text}");
    assert_eq!(text.matches("effect").count(), 2, "{text}");
}

#[test]
fn a_list_that_names_all_actions_equals_the_wildcard_today() {
    use Code::ListOfAll;
    assert_eq!(found(&["allow read,update,create,delete destination"]), [(0, ListOfAll)]);
    assert_eq!(found(&["deny read,update,create,delete,preview source,destination"]), [(0, ListOfAll)]);
    assert_eq!(found(&["allow read,update,create destination"]), []);
    assert_eq!(found(&["allow read,update,create,delete source"]), []);
    assert_eq!(found(&["allow * destination"]), []);
    // Nobody takes one action for a list of all.
    let one = r#"{"schema": "s", "resources": {"page": {"actions": ["read"]}}}"#;
    let schema = portcullis::Schema::read(&portcullis::Source::new("s.json", one)).unwrap().0;
    let text = document(&["allow read page"]);
    let (source, limits) = (portcullis::Source::new("d.json", text), portcullis::Limits::default());
    assert!(portcullis::lint(&source, &schema, &portcullis::NoFiles, &limits).unwrap().1.is_empty());
    let report = lint(&document(&["deny read,update,create,delete destination"]));
    let note = report.iter().next().unwrap();
    assert_eq!(note.severity, Severity::Note);
    assert!(note.help.as_ref().unwrap().contains("is not denied by this list"));
}

#[test]
fn conditions_that_never_hold_and_such_that_always_do() {
    use Code::{AlwaysHolds, NeverHolds};
    let told = |short: &str, condition: &str| -> Vec<Code> {
        let found = found(&[&with(short, condition)]);
        found.into_iter().map(|(_, code)| code).filter(|code| *code != Code::DenyOfMissing).collect()
    };
    for never in [
        r#"{"team": {"equals": "a", "in": ["b", "c"]}}"#,
        r#"{"team": {"equals": "a", "notin": ["a"]}}"#,
        r#"{"team": {"equals": "a*", "in": ["b*"]}}"#,
        r#"{"team": {"exists": false, "equals": "a"}}"#,
        r#"{"level": {"greaterthan": 3, "lessthan": 3}}"#,
        r#"{"level": {"equals": 1}, "resource.level": {"equals": 2}}"#,
        r#"{"action.name": {"equals": "update"}}"#,
        r#"{"resource.type": {"equals": "model"}}"#,
    ] {
        assert_eq!(told("allow read sync", never), [NeverHolds], "{never}");
        assert_eq!(told("deny read sync", never), [NeverHolds], "{never}");
    }
    for always in [
        r#"{"action.name": {"equals": "read"}}"#,
        r#"{"resource.type": {"in": ["sync", "model"]}}"#,
        r#"{"subject.id": {"equals": "*"}}"#,
        r#"{"subject.type": {"exists": true}, "action.name": {"notin": ["update"]}}"#,
    ] {
        assert_eq!(told("allow read sync", always), [AlwaysHolds], "{always}");
        assert_eq!(told("deny read sync", always), [AlwaysHolds], "{always}");
        let text = document(&[&with("allow read sync", always)]);
        let text = mended(&lint(&text), AlwaysHolds);
        assert!(text.contains("\"conditions\": \"*\"") && lint(&text).is_empty(), "{text}");
    }
    // What is unknown lets a deny apply and no allow.
    assert_eq!(told("deny read sync", r#"{"team": {"equals": "*"}}"#), [AlwaysHolds]);
    assert_eq!(told("allow read sync", r#"{"team": {"equals": "*"}}"#), []);
    for sometimes in [
        r#"{"team": {"equals": "a", "in": ["a", "b"]}}"#,
        r#"{"level": {"greaterthan": 3, "lessthan": 4}}"#,
        r#"{"subject.id": {"equals": "ann"}}"#,
        r#"{"resource.id": {"equals": "*"}}"#,
        r#"{"subject.id": {"equals": {"ref": "owner"}}}"#,
        r#"{"context.now": {"greaterthan": "2026-01-01T00:00:00Z"}}"#,
    ] {
        assert_eq!(told("allow read sync", sometimes), [], "{sometimes}");
    }
    assert_eq!(told("allow read,update sync", r#"{"action.name": {"equals": "read"}}"#), []);
    // An alias and a covered name are asked for too.
    assert_eq!(told("allow read sync_template", r#"{"resource.type": {"equals": "sync_template"}}"#), []);
    // What is idle for its condition is told once, and makes nothing else idle.
    let never = with("allow read sync", r#"{"team": {"equals": "a", "in": ["b"]}}"#);
    assert_eq!(found(&["allow read sync", &never]), [(1, NeverHolds)]);
    // A deny that always applies makes an allow idle.
    let always = with("deny * sync", r#"{"subject.id": {"equals": "*"}}"#);
    assert_eq!(found(&[&always, "allow read sync"]), [(0, AlwaysHolds), (1, Code::IdleStatement)]);
}

#[test]
fn a_deny_that_reads_what_may_be_missing_is_told_with_its_mend() {
    let told = |condition: &str| {
        let report = lint(&document(&[&with("deny read sync", condition)]));
        let told = report.iter().filter(|fault| fault.code == Code::DenyOfMissing);
        told.map(|fault| fault.snippet().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(r#"{"labels.team": {"equals": "x"}}"#), ["\"labels.team\""]);
    assert_eq!(told(r#"{"labels.team": {"notin": ["x"]}}"#), ["\"labels.team\""]);
    assert_eq!(told(r#"{"labels.team": {"equals": "x", "exists": true}}"#), [""; 0]);
    assert_eq!(told(r#"{"team": {"exists": true}, "resource.team": {"equals": "x"}}"#), [""; 0]);
    assert_eq!(told(r#"{"labels.team": {"exists": false}}"#), [""; 0]);
    assert_eq!(told(r#"{"subject.id": {"equals": "x"}}"#), [""; 0]);
    assert_eq!(told(r#"{"a": {"equals": 1, "lessthan": 7}, "b": {"equals": 1}}"#), ["\"a\"", "\"b\""]);
    assert_eq!(told(r#"{"subject.id": {"equals": {"ref": "owner"}}}"#), ["\"owner\""]);
    assert_eq!(told(r#"{"owner": {"exists": true, "in": ["x", {"ref": "context.x"}]}}"#), ["\"context.x\""]);
    // An allow is closed by what is missing.
    assert!(codes(&document(&[&with("allow read sync", r#"{"a": {"equals": 1}}"#)])).is_empty());

    for condition in [
        r#"{"labels.team": {"equals": "x", "notin": ["y"]}}"#,
        r#"{ "a": { "lessthan": 1 }, "b": { "equals": { "ref": "subject.team" } } }"#,
        r#"{"subject.id": {"equals": {"ref": "owner"}}}"#,
    ] {
        let mut text = document(&[&with("deny read sync", condition)]);
        let mut mends = 0;
        while lint(&text).iter().any(|fault| fault.code == Code::DenyOfMissing) {
            text = mended(&lint(&text), Code::DenyOfMissing);
            mends += 1;
        }
        assert_eq!(text.matches("\"exists\": true").count(), mends, "{text}");
        assert!(mends > 0 && lint(&text).is_empty(), "{text}\n{}", lint(&text));
    }
}
