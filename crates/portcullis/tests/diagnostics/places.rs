//! Where a diagnostic points and what it says: the faults that people make every day, and several at once.

use portcullis::diagnostic::{Code, Diagnostic};

use super::{codes, lint, policy};

/// The diagnostics of a text as (code, text under the place, help).
fn said(text: &str) -> Vec<(Code, String, String)> {
    let report = lint(text);
    let parts = report
        .iter()
        .map(|fault| (fault.code, fault.snippet().to_owned(), fault.help.clone().unwrap_or_default()));
    parts.collect()
}

/// One diagnostic: its code, what it points at, and a word of its help.
fn one(text: &str, code: Code, place: &str, help: &str) {
    let all = said(text);
    let [(found, snippet, given)] = all.as_slice() else { panic!("{text}: {all:?}") };
    assert_eq!((*found, snippet.as_str()), (code, place), "{text}");
    assert!(given.contains(help), "{text}: {given}");
}

fn statement(statement: &str, code: Code, place: &str, help: &str) {
    one(&policy(statement), code, place, help);
}

#[test]
fn names() {
    statement(
        r#"{"effect": "allow", "actions": "read", "resource": ["sync_templates"]}"#,
        Code::Alias,
        r#""sync_templates""#,
        "write `sync_template`",
    );
    statement(
        r#"{"effect": "deny", "actions": "read", "resource": "api_key"}"#,
        Code::CoveredName,
        r#""api_key""#,
        "all of `workspace`",
    );
    statement(
        r#"{"effect": "allow", "actions": ["read", "Update"], "resource": "sync"}"#,
        Code::UnknownAction,
        r#""Update""#,
        "did you mean `update`?",
    );
    statement(
        r#"{"effect": "allow", "actions": "sync", "resource": "sync"}"#,
        Code::UnknownAction,
        r#""sync""#,
        "it is a resource type",
    );
}

#[test]
fn keys_and_words() {
    statement(
        r#"{"effect": "allow", "actions": "read", "resources": ["sync"]}"#,
        Code::UnknownKey,
        r#""resources""#,
        "did you mean `resource`?",
    );
    statement(
        r#"{"effect": "Allow", "actions": "read", "resource": ["sync"]}"#,
        Code::UnknownEffect,
        r#""Allow""#,
        "write \"allow\"",
    );
    one(r#"{"version": "1.0", "policies": []}"#, Code::UnknownVersion, r#""1.0""#, "write \"2022-04-26\"");
    statement("7", Code::WrongShape, "7", "");
}

#[test]
fn pasted_text() {
    statement(
        r#"{"effect": "allow", "actions": "read", "resource": "sync",}"#,
        Code::TrailingComma,
        ",",
        "only between two items",
    );
    statement(
        "{\"effect\": \"allow\", // who may look\n\"actions\": \"read\", \"resource\": \"sync\"}",
        Code::Comment,
        "// who may look",
        "remove comments",
    );
    let smart = "{“version”: “2022-04-26”, “policies”: []}";
    one(smart, Code::SmartQuotes, "“version”", "plain `\"`");
    let bare = r#"{"effect": "allow", "actions": "read", "resource": "sync"}"#;
    one(bare, Code::BareStatement, bare, "wrap it");
    let list = format!("[{bare}]");
    one(&list, Code::BareStatement, &list, "wrap it");
}

#[test]
fn statements_that_do_nothing() {
    let text = r#"{"effect": "allow", "actions": "start", "resource": "model"}"#;
    assert_eq!(codes(&lint(&policy(text))), [Code::Inadmissible, Code::GrantsNothing]);
    let both = said(&policy(text));
    assert!(both.iter().all(|(_, place, _)| place == text), "{both:?}");
    assert!(both[0].2.contains("`start` applies to `sync`"), "{both:?}");
    statement(
        r#"{"effect": "deny", "actions": "start", "resource": "model"}"#,
        Code::ProtectsNothing,
        r#"{"effect": "deny", "actions": "start", "resource": "model"}"#,
        "`start` applies to `sync`",
    );
    let empty = r#"{"effect": "allow", "actions": [], "resource": "sync"}"#;
    assert_eq!(codes(&lint(&policy(empty))), [Code::GrantsNothing, Code::EmptyList]);
    let both = said(&policy(empty));
    assert!(both[1].1 == "[]" && both[1].2.contains("remove the statement"), "{both:?}");
    statement(
        r#"{"effect": "deny", "actions": [], "resource": "sync"}"#,
        Code::EmptyList,
        "[]",
        "remove the statement",
    );
}

#[test]
fn workspaces() {
    let workspace = |more: &str| {
        format!(
            r#"{{"workspace": "w", "schema": "hightouch", "roles": {{}}, "members": {{"ann": {{}}}}, {more}}}"#
        )
    };
    one(
        &workspace(r#""groups": {"g": {"roles": ["viewer"], "members": ["anne"]}}"#),
        Code::UnknownMember,
        r#""anne""#,
        "did you mean `ann`?",
    );
    one(
        &workspace(r#""default_role": "veiwer""#),
        Code::UnknownDefaultRole,
        r#""veiwer""#,
        "did you mean `viewer`?",
    );
    one(&workspace(r#""users": {}"#), Code::UnknownKey, r#""users""#, "did you mean `members`?");
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_the_text() {
    let text = r#"{
  "version": "2022-04-27",
  "policies": [
    { "effect": "permit", "actions": ["read", ""], "resource": "sync" },
    { "effect": "deny", "actions": "read" },
    { "effect": "allow", "effect": "deny", "actions": 7, "resource": "sync", "why": "because" },
    "allow everything",
  ]
}"#;
    let report = lint(text);
    let mut places: Vec<(u32, Code, &str)> = report
        .iter()
        .map(|fault: &Diagnostic| {
            let label = fault.primary.as_ref().unwrap();
            (label.source.position(label.span.start).line, fault.code, fault.snippet())
        })
        .collect();
    assert!(places.is_sorted_by_key(|(line, ..)| *line), "{report}");
    places.sort_unstable_by_key(|(line, code, _)| (*line, *code));
    assert_eq!(
        places,
        [
            (2, Code::UnknownVersion, "\"2022-04-27\""),
            (4, Code::UnknownEffect, "\"permit\""),
            (4, Code::IllegalName, "\"\""),
            (5, Code::MissingKey, "{"),
            (6, Code::DuplicateKey, "\"effect\""),
            (6, Code::WrongShape, "7"),
            (6, Code::UnknownKey, "\"why\""),
            (7, Code::TrailingComma, ","),
            (7, Code::WrongShape, "\"allow everything\""),
        ]
        .map(|(line, code, place)| (line, code, place))
    );
}

#[test]
fn both_places_of_a_pair_are_shown() {
    let report = lint(r#"{"version": "2022-04-26", "policies": [], "version": "2022-04-26"}"#);
    let fault = report.iter().find(|fault| fault.code == Code::DuplicateKey).unwrap();
    let starts = (fault.primary.as_ref().unwrap().span.start, fault.secondary[0].span.start);
    assert_eq!(starts, (42, 1));
    // The same key, once with an escape.
    let report = lint(r#"{"version": "2022-04-26", "policies": [], "\u0076ersion": "2022-04-26"}"#);
    assert!(codes(&report).contains(&Code::DuplicateKey));
}

#[test]
fn columns_count_characters() {
    let report = lint("{\"version\": \"2022-04-26\", \"policies\": [{\"effect\": \"é𝄞\", \"acts\": 1}]}");
    let lines: Vec<String> = report.iter().map(ToString::to_string).collect();
    assert!(lines.iter().any(|line| line.starts_with("file.json:1:51: error[P0106]")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("file.json:1:57: error[P0103]")), "{lines:?}");
}

#[test]
fn what_outsiders_wrote_is_shown_harmless() {
    let name = "a\\u001b[2J\\u202eb";
    let report =
        lint(&policy(&format!(r#"{{"effect": "allow", "actions": "{name}", "resource": "{name}"}}"#)));
    let text = report.to_string();
    assert!(
        report.count(portcullis::Severity::Error) == 2
            && !text.contains('\u{1b}')
            && !text.contains('\u{202e}'),
        "{text:?}"
    );
}

#[test]
fn a_deny_may_name_pairs_that_are_not_admitted_as_long_as_some_are() {
    let text = r#"{"effect": "deny", "actions": ["read", "start"], "resource": ["sync", "model"]}"#;
    assert_eq!(codes(&lint(&policy(text))), []);
}

#[test]
fn faults_of_form_do_not_hide_faults_of_meaning() {
    let text = r#"{"effect": "alow", "actions": ["raed"], "resource": ["snyc", ""], "conditions": {"a": {"equals": 1}}}"#;
    let found = codes(&lint(&policy(text)));
    for code in [Code::UnknownEffect, Code::UnknownAction, Code::UnknownResource, Code::IllegalName] {
        assert!(found.contains(&code), "{code} in {found:?}");
    }
    // A list that was not whole is not called empty, nor is its statement called idle.
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_mend_is_json_whatever_the_name_holds() {
    let schema = r#"{"schema": "s", "resources": {"doc": {"actions": ["say \"hi\"\n"]}}}"#;
    let schema = portcullis::Schema::read(&portcullis::Source::new("s.json", schema)).unwrap().0;
    let text = policy(r#"{"effect": "allow", "actions": "say \"hi\"", "resource": "doc"}"#);
    let source = portcullis::Source::new("p.json", text);
    let report = portcullis::Document::read(&source).unwrap().0.resolve(&schema).unwrap_err();
    let mend = report.iter().next().and_then(|fault| fault.replacement.as_ref()).unwrap();
    assert_eq!(mend.text, r#""say \"hi\"\n""#);
}
