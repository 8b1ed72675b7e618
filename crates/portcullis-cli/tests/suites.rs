//! `portcullis test` beyond what its pages show: which workspace it opens, what it warns of, and that neither its output nor what it
//! holds grows without bound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const WORKSPACE: &str = r#"{"workspace": "w", "schema": "hightouch", "members": {"ann": {}}, "roles": {}}"#;
const READS: &str = r#"[{"name": "ann reads", "subject": "ann", "may": {"sync": "read"}}]"#;

fn portcullis(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(directory).env_remove("PORTCULLIS_WORKSPACE").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (file, text) in files {
        fs::write(directory.path().join(file), text).unwrap();
    }
    directory
}

fn suite(workspace: &str, tests: &str) -> String {
    format!(r#"{{"workspace": {}, "tests": {tests}}}"#, json!(workspace))
}

#[test]
fn the_workspace_that_a_suite_names_is_never_standard_input() {
    let directory = directory(&[("t.json", &suite("-", READS)), ("input", WORKSPACE)]);
    let at = directory.path();
    let run = |arguments: &[&str]| {
        portcullis(at, arguments).stdin(File::open(at.join("input")).unwrap()).output().unwrap()
    };
    let output = run(&["test", "t.json"]);
    assert_eq!(status(&output), 2, "{output:?}");
    assert!(text(&output.stderr).contains("cannot read `./-`: there is no such file"), "{output:?}");
    fs::write(at.join("-"), WORKSPACE).unwrap();
    fs::write(at.join("input"), "").unwrap();
    let output = run(&["test", "t.json"]);
    assert_eq!(status(&output), 0, "{output:?}");
    assert!(text(&output.stdout).ends_with(" in ./-\n"), "{output:?}");
    // Typed, it is standard input; but that is one file only.
    fs::write(at.join("input"), WORKSPACE).unwrap();
    assert_eq!(status(&run(&["test", "t.json", "-w", "-"])), 0);
    assert_eq!(status(&run(&["test", "-", "-w", "-"])), 2);
    fs::write(at.join("input"), format!(r#"{{"tests": {READS}}}"#)).unwrap();
    let mut command = portcullis(at, &["test", "-"]);
    command.env("PORTCULLIS_WORKSPACE", "-").stdin(File::open(at.join("input")).unwrap());
    let output = command.output().unwrap();
    assert!(text(&output.stderr).contains("cannot be both the workspace and the suite"), "{output:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_need_not_have_a_name_in_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let directory = tempfile::tempdir().unwrap();
    let odd = directory.path().join(OsStr::from_bytes(b"od\xffd"));
    fs::create_dir(&odd).unwrap();
    let role = r#"{"version": "2022-04-26", "policies": []}"#;
    fs::write(odd.join("role.json"), role).unwrap();
    fs::write(odd.join("w.json"), WORKSPACE.replace("\"roles\": {}", "\"roles\": {\"r\": \"role.json\"}"))
        .unwrap();
    fs::write(odd.join("t.json"), suite("w.json", READS)).unwrap();
    fs::write(odd.join("default.json"), format!(r#"{{"tests": {READS}}}"#)).unwrap();
    for file in ["t.json", "default.json"] {
        fs::copy(odd.join("w.json"), odd.join("workspace.json")).unwrap();
        let output = portcullis(directory.path(), &["test"]).arg(odd.join(file)).output().unwrap();
        assert_eq!(status(&output), 0, "{output:?}");
        assert!(text(&output.stdout).contains("od\u{fffd}d/w"), "{output:?}");
    }
}

#[test]
fn warnings_are_those_of_the_workspace_that_was_tested() {
    let alias = r#"{"workspace": "other", "schema": "hightouch", "members": {"eve": {}}, "roles": {
        "r": {"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync_templates"}]}}}"#;
    let tests = r#"[{"name": "eve may nothing", "subject": "eve", "grid": {}}]"#;
    let inline = format!(r#"{{"workspace": {alias}, "tests": {READS}}}"#);
    let directory = directory(&[
        ("w.json", WORKSPACE),
        ("other.json", alias),
        ("t.json", &suite("w.json", tests)),
        ("inline.json", &inline),
    ]);
    let at = directory.path();
    let said = |arguments: &[&str], variable: Option<&str>| {
        let mut command = portcullis(at, arguments);
        variable.map(|workspace| command.env("PORTCULLIS_WORKSPACE", workspace));
        let output = command.output().unwrap();
        (text(&output.stderr).to_owned(), status(&output))
    };
    let stranger = "warning[P0505]: `eve` is no member of `w`";
    let (told, code) = said(&["test", "t.json"], None);
    assert!(told.starts_with(stranger) && !told.contains("portcullis lint") && code == 0, "{told}");
    // In the other workspace she is a member, and there is something else to say.
    let hint = "warning: 1 warning; `portcullis lint other.json` lists it\n";
    let (told, code) = said(&["test", "t.json", "-w", "other.json"], None);
    assert_eq!((&*told, code), (hint, 1));
    fs::write(at.join("t.json"), format!(r#"{{"tests": {tests}}}"#)).unwrap();
    assert_eq!(said(&["test", "t.json"], Some("other.json")), (hint.to_owned(), 1));
    let (listed, _) = (portcullis(at, &["lint", "other.json"]).output().unwrap(), ());
    assert!(text(&listed.stdout).contains("warning[P0204]"));
    // Of a workspace in a suite it is the suite that lint is asked about; of one that is not tested nothing is said.
    let (told, _) = said(&["test", "inline.json"], None);
    assert!(told.contains("`portcullis lint inline.json` lists it"), "{told}");
    let (told, code) = said(&["test", "inline.json", "-w", "w.json"], None);
    assert_eq!((&*told, code), ("", 0));
    let mut command = portcullis(at, &["test", "-"]);
    let output = command.stdin(File::open(at.join("inline.json")).unwrap()).output().unwrap();
    assert!(text(&output.stderr).starts_with("warning: 1 warning in standard input\n"), "{output:?}");
}

#[test]
fn warnings_are_findings_where_they_are_denied() {
    let tests = r#"[{"name": "eve may nothing", "subject": "eve", "grid": {}}]"#;
    let directory = directory(&[
        ("workspace.json", WORKSPACE),
        ("t.json", &format!(r#"{{"tests": {tests}}}"#)),
        ("good.json", &format!(r#"{{"tests": {READS}}}"#)),
    ]);
    for format in ["human", "json", "junit"] {
        let run = |more: &[&str]| {
            let arguments = [&["test", "--format", format], more].concat();
            portcullis(directory.path(), &arguments).output().unwrap()
        };
        assert_eq!(status(&run(&["t.json"])), 0);
        assert_eq!(status(&run(&["t.json", "--deny-warnings"])), 1);
        assert_eq!(status(&run(&["good.json", "--deny-warnings"])), 0);
        let output = run(&["t.json", "good.json"]);
        assert!(text(if format == "human" { &output.stderr } else { &output.stdout }).contains("P0505"));
        assert!(format == "human" || output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn of_a_workspace_that_was_not_asked_nothing_is_said() {
    let directory = directory(&[
        ("workspace.json", WORKSPACE),
        ("other.json", WORKSPACE),
        ("bad.json", &suite("other.json", &READS.replace("sync", "snyc"))),
        ("good.json", &suite("workspace.json", READS)),
    ]);
    let json = |files: &[&str]| -> Value {
        let arguments = [&["test", "--format", "json"], files].concat();
        let output = portcullis(directory.path(), &arguments).output().unwrap();
        assert_eq!(status(&output), 2);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let alone = json(&["bad.json"]);
    assert_eq!((&alone["coverage"], &alone["suites"]), (&json!([]), &json!([])));
    assert_eq!(alone["unrun"][0]["file"], "bad.json");
    let covered = json(&["bad.json", "good.json"])["coverage"].clone();
    assert_eq!(covered.as_array().unwrap().len(), 1);
    assert_eq!(covered[0]["workspace"], "workspace.json");
    let arguments = ["test", "bad.json", "--format", "junit", "--min-coverage", "1"];
    let output = portcullis(directory.path(), &arguments).output().unwrap();
    assert!(!text(&output.stdout).contains("statement coverage"), "{output:?}");
}

/// A workspace with a role of many statements that all allow one thing, and a suite of many tests that all expect otherwise.
fn failing_everywhere(statements: usize, tests: usize) -> tempfile::TempDir {
    let statement = json!({ "effect": "allow", "actions": "read", "resource": "sync" });
    let role = json!({ "version": "2022-04-26", "policies": vec![statement; statements] });
    let workspace = json!({ "workspace": "w", "schema": "hightouch", "members": { "ann": { "role": "r" } },
        "roles": { "r": role } });
    let test = |number| json!({ "name": format!("n {number}"), "subject": "ann", "may": { "model": "read" }, "may_not": { "sync": "read" } });
    let suite = json!({ "tests": (0..tests).map(test).collect::<Vec<Value>>() });
    directory(&[("workspace.json", &workspace.to_string()), ("t.json", &suite.to_string())])
}

#[test]
fn what_fails_everywhere_is_told_within_bounds() {
    let directory = failing_everywhere(100, 1_500);
    let run = |format: &str| {
        let output = portcullis(directory.path(), &["test", "t.json", "--format", format]).output().unwrap();
        assert_eq!(status(&output), 1);
        text(&output.stdout).to_owned()
    };
    let human = run("human");
    // The two questions of each test have reasons of their own.
    assert_eq!(human.matches("expected otherwise at").count(), 1_000);
    assert_eq!(human.matches("\n  not explained: 1,000 explanations are shown").count(), 1_000);
    assert_eq!(human.matches("    and 80 statements more\n").count(), 500);
    assert_eq!(human.matches("should be denied:  read on sync").count(), 1_500);
    assert!(human.ends_with("0 tests passed, 1,500 failed; 3,000 questions\nstatements covered: 100 of 100 (100%) in workspace.json\n"));
    assert_eq!(run("junit").matches("expected otherwise at").count(), 1_000);
    let json: Value = serde_json::from_str(&run("json")).unwrap();
    let tests = json["suites"][0]["tests"].as_array().unwrap();
    assert_eq!((tests.len(), &json["failed"]), (1_500, &json!(1_500)));
    for (index, test) in tests.iter().enumerate() {
        let failures = test["failures"].as_array().unwrap();
        let listed = if index < 500 { 2 } else { 0 };
        assert_eq!((failures.len(), &test["failed"]), (listed, &json!(2)));
        assert_eq!(test["unlisted"], 2 - listed);
        let Some(failure) = failures.iter().find(|failure| failure["resource"] == "sync") else { continue };
        assert_eq!(failure["explanation"]["determining"].as_array().unwrap().len(), 20);
        assert_eq!(
            (&failure["omitted"]["determining"], &failure["omitted"]["overridden"]),
            (&json!(80), &json!(0))
        );
    }
    // What is asked for one question is told whole.
    let output =
        portcullis(directory.path(), &["explain", "ann", "read", "sync", "--format", "json"]).output();
    let whole: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(whole["determining"].as_array().unwrap().len(), 100);
}

#[test]
fn a_test_that_fails_everywhere_leaves_room_for_others() {
    let members: serde_json::Map<String, Value> =
        (0..300).map(|number| (format!("m{number}"), json!({}))).collect();
    let workspace = json!({ "workspace": "w", "schema": "hightouch", "roles": {}, "members": members });
    let tests = json!([
        { "name": "nobody reads", "action": "read", "resource": "sync", "who": [] },
        { "name": "m1 starts", "subject": "m1", "may": { "sync": "start" } },
    ]);
    let suite = format!(r#"{{"tests": {tests}}}"#);
    let directory = directory(&[("workspace.json", &workspace.to_string()), ("t.json", &suite)]);
    let output = portcullis(directory.path(), &["test", "t.json", "--format", "json"]).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let listed = |test: usize| {
        let test = &json["suites"][0]["tests"][test];
        (test["failures"].as_array().unwrap().len(), test["unlisted"].as_u64().unwrap())
    };
    assert_eq!((listed(0), listed(1)), ((100, 200), (1, 0)));
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_held_does_not_grow_with_what_is_told() {
    let directory = failing_everywhere(500, 3_000);
    for format in ["human", "json", "junit"] {
        // All of it together takes several times as much.
        let limited = "ulimit -v 600000; exec \"$0\" test t.json --format $1";
        let mut shell = Command::new("sh");
        shell.args(["-c", limited, env!("CARGO_BIN_EXE_portcullis"), format]).current_dir(directory.path());
        shell.env_remove("PORTCULLIS_WORKSPACE").env("RAYON_NUM_THREADS", "2").stdout(Stdio::null());
        let output = shell.output().unwrap();
        assert_eq!(status(&output), 1, "{format}: {output:?}");
    }
}
