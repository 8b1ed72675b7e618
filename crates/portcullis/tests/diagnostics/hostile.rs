//! Texts that were made to cost time or memory: each is read, and earns at most a thousand diagnostics.
//!
//! Nothing is timed. Work that grew with the square of the text would take minutes a test, which nobody would miss.

use portcullis::diagnostic::Code;

use super::{codes, lint, policy};

const MEBIBYTE: usize = 1 << 20;

/// What is said of a text, in bounds.
fn bounded(name: &str, text: &str) -> Vec<Code> {
    let report = lint(text);
    println!("{name}: {} bytes, {} diagnostics", text.len(), report.iter().len());
    assert!(report.iter().len() <= 1_000);
    codes(&report)
}

#[test]
fn sixty_thousand_unknown_names() {
    let names: Vec<String> = (0..60_000).map(|number| format!("\"reed{number:05}\"")).collect();
    let text =
        policy(&format!(r#"{{"effect": "allow", "actions": [{}], "resource": "sync"}}"#, names.join(",")));
    assert!(text.len() < MEBIBYTE);
    let report = lint(&text);
    assert_eq!(report.count(portcullis::Severity::Error), 60_000, "all are counted");
    assert_eq!((report.iter().len(), report.dropped()), (1_000, 59_000));
    assert!(report.to_string().ends_with("… and 59000 more"));
    assert!(bounded("unknown names", &text).iter().all(|code| *code == Code::UnknownAction));
}

#[test]
fn statements_that_are_all_wrong() {
    let statements = vec![r#"{"efect":"x"}"#; 65_000].join(",");
    assert!(bounded("misspelt statements", &policy(&statements)).contains(&Code::UnknownKey));
}

#[test]
fn one_key_again_and_again() {
    let again = |keys: usize| format!("{{{}\"z\": 1}}", "\"version\": 1, ".repeat(keys));
    assert!(bounded("the same key", &again(70_000)).contains(&Code::DuplicateKey));
    let different: Vec<String> = (0..80_000).map(|number| format!("\"k{number}\":1")).collect();
    let text = format!("{{\"policies\": [], {}}}", different.join(","));
    assert!(bounded("unknown keys", &text).contains(&Code::UnknownKey));
}

#[test]
fn a_mebibyte_of_one_thing() {
    let things = [
        "[", "]", "{", "}", "\"", ",", ":", "\\", "/", "//", "/*", "#", "'", "“", "’", "*", "-", "0", "a",
        "é", " ", "\n", "[]", "{}", "[,", "{:", "\"\"", "\"a\":", "'a' ", "“a” ", "//\n", "/**/", "a ", "1 ",
        "\u{0}", "\u{feff}", "[1 ",
    ];
    for thing in things {
        let text = thing.repeat((MEBIBYTE - 100) / thing.len());
        let inside = format!("{{\"version\": \"2022-04-26\", \"policies\": [{text}");
        assert!(!bounded(&format!("{thing:?}"), &text).is_empty());
        assert!(!bounded(&format!("{thing:?} in a document"), &inside).is_empty());
    }
}

#[test]
fn patterns_full_of_stars() {
    // Each star may stand for anything: a matcher that went back would not come to an end.
    let pattern = "*e".repeat(250);
    let statement = format!(r#"{{"effect": "allow", "actions": "{pattern}", "resource": "{pattern}"}}"#);
    let text = policy(&vec![statement; 900].join(","));
    assert!(bounded("patterns", &text).contains(&Code::NoMatch));
}

#[test]
fn a_workspace_that_knows_nobody() {
    let members: Vec<String> = (0..40_000).map(|number| format!("\"stranger-{number}\"")).collect();
    let text = format!(
        r#"{{"workspace": "w", "schema": "hightouch", "roles": {{}}, "members": {{"ann": {{}}}},
            "groups": {{"g": {{"roles": [{}], "members": [{}]}}}}}}"#,
        members.join(","),
        members.join(",")
    );
    assert!(bounded("strangers", &text).contains(&Code::UnknownRole));
}

#[test]
fn conditions_on_everything_that_nobody_declared() {
    let types: Vec<String> = (0..400)
        .map(|kind| {
            format!(
                r#""t{kind}": {{"actions": ["read"], "attributes": {{"a{kind}": {{"type": "number"}}}}}}"#
            )
        })
        .collect();
    let schema = format!(r#"{{"schema": "own", "resources": {{{}}}}}"#, types.join(","));
    let workspace = |conditions: &str| {
        let role = policy(&format!(
            r#"{{"effect": "deny", "actions": "*", "resource": "*", "conditions": {{{conditions}}}}}"#
        ));
        format!(r#"{{"workspace": "w", "schema": {schema}, "roles": {{"r": {role}}}, "members": {{}}}}"#)
    };
    let refs: Vec<String> = (0..60_000).map(|number| format!(r#"{{"ref":"b{number}"}}"#)).collect();
    let text = workspace(&format!(r#""x": {{"in": [{}]}}"#, refs.join(",")));
    assert!(bounded("undeclared operands", &text).contains(&Code::UndeclaredAttribute));
    // Each type declares another one of them, which would make four hundred conditions of ten thousand references each.
    let refs: Vec<String> = (0..10_000).map(|number| format!(r#"{{"ref":"a{number}"}}"#)).collect();
    let text = workspace(&format!(r#""x": {{"in": [{}]}}"#, refs.join(",")));
    assert!(bounded("operands declared by one each", &text).contains(&Code::UndeclaredAttribute));
    let tests: Vec<String> =
        (0..1_024).map(|number| format!(r#""a{}": {{"greaterthan": "5"}}"#, number)).collect();
    assert!(bounded("wrong operands", &workspace(&tests.join(","))).contains(&Code::WrongOperand));
    let tests: Vec<String> =
        (0..1_024).map(|number| format!(r#""a{}": {{"equals": "5"}}"#, number)).collect();
    assert!(
        bounded("operands of other types", &workspace(&tests.join(","))).contains(&Code::UndeclaredAttribute)
    );
    let words: Vec<String> = (0..60_000).map(|number| format!(r#""equls{number}": 1"#)).collect();
    let text = workspace(&format!(r#""x": {{{}}}"#, words.join(",")));
    assert_eq!(bounded("unknown operators", &text), [Code::OverLimit]);
}

#[test]
fn conditions_that_differ_with_every_type() {
    // Nine objects, from the store or from either side: every type another combination, and all that is in them is declared.
    let attributes = |kind: usize| {
        let from = |bit: usize| if kind >> bit & 1 == 0 { "stored" } else { "either" };
        let each = (0..9).map(|bit| format!(r#""o{bit}": {{"type": "object", "from": "{}"}}"#, from(bit)));
        each.collect::<Vec<_>>().join(",")
    };
    let types: Vec<String> = (0..400)
        .map(|kind| format!(r#""t{kind}": {{"actions": ["read"], "attributes": {{{}}}}}"#, attributes(kind)))
        .collect();
    let said = |refs: usize| {
        let refs: Vec<String> =
            (0..refs).map(|number| format!(r#"{{"ref":"o{}.x{number}"}}"#, number % 9)).collect();
        let role = policy(&format!(
            r#"{{"effect": "deny", "actions": "*", "resource": "*", "conditions": {{"o0.a": {{"in": [{}]}}}}}}"#,
            refs.join(",")
        ));
        let schema = format!(r#"{{"schema": "own", "resources": {{{}}}}}"#, types.join(","));
        bounded(
            "conditions by type",
            &format!(
                r#"{{"workspace": "w", "schema": {schema}, "roles": {{"r": {role}}}, "members": {{}}}}"#
            ),
        )
    };
    // Each of the attributes may be missing; nothing else is found.
    assert_eq!(said(200), [Code::DenyOfMissing; 201]);
    assert_eq!(said(3_000), [Code::OverLimit]);
}
