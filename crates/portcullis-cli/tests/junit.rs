//! `portcullis test --format junit`, read again by somebody else's XML parser and compared with `--format json`.
//!
//! Names are hostile on purpose: what XML refuses, what ends an attribute or a text, what a terminal would obey.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use roxmltree::{Document, Node};
use serde_json::{Value, json};

const WORKSPACE: &str = r#"{"workspace": "w", "schema": "hightouch", "members": {"ann": {}, "bob": {"role": "admin"}},
  "roles": {"r": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}}}"#;

/// What a command prints, and its exit status.
fn portcullis(directory: &Path, arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(directory).env_remove("PORTCULLIS_WORKSPACE");
    let output = command.output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

/// A directory with a workspace and these suites.
fn suites(suites: &[(&str, Value)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("workspace.json"), WORKSPACE).unwrap();
    for (file, tests) in suites {
        let text = json!({ "workspace": "workspace.json", "tests": tests }).to_string();
        fs::write(directory.path().join(file), text).unwrap();
    }
    directory
}

fn children<'d>(node: Node<'d, 'd>, name: &'static str) -> impl Iterator<Item = Node<'d, 'd>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

fn count(node: Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).unwrap().parse().unwrap()
}

/// The counts of an element are those of what it holds.
fn counted(node: Node<'_, '_>) {
    let of = |name: &str| node.descendants().filter(|inner| inner.has_tag_name(name)).count();
    assert_eq!(count(node, "tests"), of("testcase"));
    assert_eq!((count(node, "failures"), count(node, "errors")), (of("failure"), of("error")));
}

/// Parses a document and holds it against what JSON says.
fn agree(directory: &Path, files: &[&str], more: &[&str]) -> i32 {
    let run = |format: &str| portcullis(directory, &[&["test", "--format", format], files, more].concat());
    let ((xml, status), (text, same)) = (run("junit"), run("json"));
    assert_eq!(status, same);
    let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}\n{xml}"));
    let all = document.root_element();
    assert!(all.has_tag_name("testsuites"));
    counted(all);
    children(all, "testsuite").for_each(counted);
    let value: Value = serde_json::from_str(&text).unwrap();
    let mut suites = children(all, "testsuite");
    for suite in value["suites"].as_array().unwrap() {
        let element = suites.next().unwrap();
        let (mut cases, tests) = (children(element, "testcase"), suite["tests"].as_array().unwrap());
        for test in tests {
            let case = cases.next().unwrap();
            assert_eq!(case.attribute("line").unwrap(), test["line"].to_string());
            assert_eq!(case.attribute("assertions").unwrap(), test["asked"].to_string());
            assert_eq!(case.attribute("classname"), suite["file"].as_str());
            let failure = children(case, "failure").next();
            assert_eq!(failure.is_none(), test["passed"] == json!(true));
            if let Some(failure) = failure {
                let told = format!("{} of {} question", test["failed"], test["asked"]);
                assert!(failure.attribute("message").unwrap().starts_with(&told));
                assert!(failure.text().unwrap().starts_with("FAILED "));
            }
        }
        assert!(cases.next().is_none());
    }
    for unrun in value["unrun"].as_array().unwrap() {
        let element = suites.next().unwrap();
        assert_eq!(element.attribute("name"), unrun["file"].as_str());
        assert!(element.descendants().any(|inner| inner.has_tag_name("error")));
    }
    let warned = children(all, "testsuite").filter_map(|suite| children(suite, "system-out").next());
    let lines: Vec<String> = warned
        .flat_map(|warned| warned.text().unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for warning in value["warnings"].as_array().unwrap() {
        let told = format!(
            "warning[{}]: {}",
            warning["code"].as_str().unwrap(),
            warning["message"].as_str().unwrap()
        );
        let shown = portcullis::text::printable(&told);
        // XML has no such characters.
        let shown = shown.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}");
        assert!(lines.iter().any(|line| line.ends_with(&shown)), "{told}");
    }
    let count = lines.iter().filter(|line| line.contains(": warning[P0")).count();
    assert_eq!(count, value["warnings"].as_array().unwrap().len());
    let any = !value["suites"].as_array().unwrap().is_empty();
    let more = more.iter().filter(|flag| any && ["--min-coverage", "--deny-warnings"].contains(flag)).count();
    assert_eq!(suites.count(), more);
    status
}

#[test]
fn what_was_run_is_what_is_reported() {
    let directory = suites(&[
        ("good.json", json!([{ "name": "ann reads", "subject": "ann", "may": { "sync": "read" } }])),
        (
            "bad.json",
            json!([
                { "name": "nobody starts", "action": "start", "resource": "sync", "who": [] },
                { "name": "role", "role": "r", "grid": { "sync": ["read"] } },
                { "name": "everything", "subject": ["ann", "eve"], "may": { "*": "*" } },
            ]),
        ),
        ("broken.json", json!([{ "name": "slip", "subject": "ann", "may": { "snyc": "read" } }])),
        ("left.json", json!([{ "name": "left", "subject": ["eve", "<\u{1b}>"], "grid": {} }])),
        ("mixed.json", json!([{ "name": "mixed", "subject": ["eve", "r"], "grid": {} }])),
    ]);
    let at = directory.path();
    assert_eq!(agree(at, &["good.json"], &[]), 0);
    assert_eq!(agree(at, &["good.json", "bad.json"], &[]), 1);
    assert_eq!(agree(at, &["good.json"], &["--min-coverage", "0"]), 0);
    assert_eq!(agree(at, &["good.json"], &["--min-coverage", "1"]), 1);
    assert_eq!(agree(at, &["bad.json"], &["--min-coverage", "100"]), 1);
    assert_eq!(agree(at, &["good.json", "broken.json", "nowhere.json"], &[]), 2);
    assert_eq!(agree(at, &["broken.json"], &["--min-coverage", "50"]), 2);
    assert_eq!(agree(at, &["good.json"], &["--deny-warnings"]), 0);
    assert_eq!(agree(at, &["good.json", "left.json"], &[]), 0);
    assert_eq!(agree(at, &["good.json", "left.json"], &["--deny-warnings", "--min-coverage", "0"]), 1);
    assert_eq!(agree(at, &["mixed.json", "left.json"], &["--deny-warnings"]), 2);
}

#[test]
fn nothing_in_a_name_breaks_the_document() {
    let names = portcullis_testkit::corpus::legal_names().unwrap();
    let every: String = (1..=0xffff_u32).filter_map(char::from_u32).collect();
    let chunks: Vec<String> =
        every.chars().collect::<Vec<_>>().chunks(150).map(|part| part.iter().collect()).collect();
    let fits = |name: &&String| (1..=512).contains(&name.len());
    let distinct: std::collections::BTreeSet<&String> = names.iter().chain(&chunks).filter(fits).collect();
    let subjects = |name: &str| {
        if name.contains('*') { json!("ann") } else { json!([name, "ann"]) }
    };
    let test = |name: &&String| json!({ "name": name, "subject": subjects(name), "may": { "sync": ["read", "start"] } });
    let tests: Vec<Value> = distinct.iter().map(test).collect();
    assert!(tests.len() > 600, "{}", tests.len());
    let directory = suites(&[("naughty.json", json!(tests))]);
    assert_eq!(agree(directory.path(), &["naughty.json"], &[]), 1);
}
