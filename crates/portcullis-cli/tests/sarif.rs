//! SARIF: what `lint --format sarif` writes keeps to the published schema, points where the human output points, and mends what
//! it says it mends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod sandbox;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jsonschema::Validator;
use portcullis::diagnostic::Code;
use sandbox::copy;
use serde_json::Value;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The published schema. In this edition the pattern of a language, which we do not write, has a bracket too many and is no regular
/// expression; Errata 01 of the standard corrects it, and so does this.
fn validator() -> Validator {
    let text = fs::read_to_string(here("tests/data/sarif/sarif-schema-2.1.0.json")).unwrap();
    let (slip, erratum) = ("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    assert_eq!(text.matches(slip).count(), 2, "the slip is where it was");
    let schema: Value = serde_json::from_str(&text.replace(slip, erratum)).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The log about some files, checked against the schema, and the exit status.
fn sarif(directory: &Path, files: &[&str], validator: &Validator) -> (Value, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["lint", "--format", "sarif"])
        .args(files)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(&log).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{files:?}: {faults:#?}");
    (log, output.status.code().unwrap())
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().unwrap()
}

/// Every document of the golden pages about lint.
fn golden_files(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(here(directory)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = paths.filter(|name| name.ends_with(".json")).collect();
    files.sort();
    files
}

#[test]
fn every_log_keeps_to_the_schema_and_says_what_the_json_says() {
    let validator = validator();
    let mut seen = HashSet::new();
    for directory in ["tests/golden/lint_documents.in", "tests/golden/lint_workspaces.in"] {
        let files = golden_files(directory);
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let (log, status) = sarif(&here(directory), &files, &validator);
        let json = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["lint", "--format", "json"])
            .args(&files)
            .current_dir(here(directory))
            .output()
            .unwrap();
        assert_eq!(json.status.code(), Some(status));
        let json: Value = serde_json::from_slice(&json.stdout).unwrap();
        let told = json["diagnostics"].as_array().unwrap();
        assert!(told.len() > 10);
        assert_eq!(results(&log).len(), told.len());
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        for (result, told) in results(&log).iter().zip(told) {
            assert_eq!(result["ruleId"], told["code"]);
            assert_eq!(result["level"], told["severity"]);
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], told["code"]);
            let physical = &result["locations"][0]["physicalLocation"];
            if told["line"].is_null() {
                assert!(physical["region"].is_null());
            } else {
                assert_eq!(physical["artifactLocation"]["uri"], told["file"]);
                assert_eq!(physical["region"]["startLine"], told["line"]);
                assert_eq!(physical["region"]["startColumn"], told["column"]);
                assert_eq!(physical["region"]["endLine"], told["end"]["line"]);
                assert_eq!(physical["region"]["endColumn"], told["end"]["column"]);
            }
            let related = result["relatedLocations"].as_array().map_or(0, Vec::len);
            assert_eq!(related, told["labels"].as_array().unwrap().len());
            assert_eq!(result["fixes"].is_array(), told["replacement"].is_object());
            seen.insert(told["code"].as_str().unwrap().to_owned());
        }
        let identities: HashSet<String> = results(&log)
            .iter()
            .map(|result| format!("{}{}", result["locations"], result["partialFingerprints"]))
            .collect();
        assert_eq!(identities.len(), told.len(), "an identity is there twice");
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn every_code_makes_a_rule_that_keeps_to_the_schema() {
    let validator = validator();
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for code in Code::ALL {
        let Some(example) = code.example() else { continue };
        let name = format!("{code}.json");
        fs::write(folder.path().join(&name), example.bad).unwrap();
        files.push(name);
    }
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let (log, status) = sarif(folder.path(), &names, &validator);
    assert_eq!(status, 1);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted());
    for name in &files {
        assert!(ids.contains(&name.trim_end_matches(".json")), "{name}");
    }
    for rule in rules {
        let name = rule["name"].as_str().unwrap();
        assert!(name.len() > 3 && name.chars().all(char::is_alphanumeric), "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_notification_and_status_2() {
    let validator = validator();
    let root = here("../..");
    let (log, status) = sarif(&root, &["nowhere.json", "examples/slips/role.json"], &validator);
    assert_eq!((status, results(&log).len()), (2, 4));
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let told = &invocation["toolExecutionNotifications"][0];
    assert_eq!(told["message"]["text"], "cannot read `nowhere.json`: there is no such file");
    let (log, status) = sarif(&root, &["examples/acme/roles/admin.json"], &validator);
    assert_eq!((status, results(&log).len()), (0, 0));
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    // What the schema refuses is seen.
    let mut bad = log.clone();
    bad["runs"][0]["columnKind"] = "bytes".into();
    assert!(validator.is_valid(&log) && !validator.is_valid(&bad));
}

/// The byte of a place that counts characters.
fn byte(text: &str, line: &Value, column: &Value) -> usize {
    let (line, column) = (line.as_u64().unwrap() as usize, column.as_u64().unwrap() as usize);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    start + text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
}

/// Applies the fixes of a log to files, from the last place to the first.
fn mend(directory: &Path, log: &Value) -> usize {
    let mut changes: Vec<(String, usize, usize, String)> = Vec::new();
    for fix in results(log).iter().filter_map(|result| result["fixes"].as_array()).flatten() {
        for change in fix["artifactChanges"].as_array().unwrap() {
            let file = change["artifactLocation"]["uri"].as_str().unwrap().to_owned();
            let text = fs::read_to_string(directory.join(&file)).unwrap();
            for replacement in change["replacements"].as_array().unwrap() {
                let region = &replacement["deletedRegion"];
                let start = byte(&text, &region["startLine"], &region["startColumn"]);
                let end = byte(&text, &region["endLine"], &region["endColumn"]);
                let new = replacement["insertedContent"]["text"].as_str().unwrap().to_owned();
                changes.push((file.clone(), start, end, new));
            }
        }
    }
    changes.sort();
    changes.dedup();
    for (file, start, end, new) in changes.iter().rev() {
        let mut text = fs::read_to_string(directory.join(file)).unwrap();
        text.replace_range(*start..*end, new);
        fs::write(directory.join(file), text).unwrap();
    }
    changes.len()
}

#[test]
fn the_fixes_mend_what_they_are_for() {
    let validator = validator();
    let folder = tempfile::tempdir().unwrap();
    copy(&here("../../examples/acme"), folder.path());
    // Characters of one, two and four bytes before the fault, on its line.
    let odd = "{ \"version\": \"2022-04-26\", \"policies\": [\n  {\"effect\": \"allow\", \"actions\": [\"é𝄞*\", \"raed\", \"udpate\"], \"resource\": \"sync_templates\"} ] }";
    fs::write(folder.path().join("odd.json"), odd).unwrap();
    let files = ["workspace.json", "odd.json"];
    let (log, status) = sarif(folder.path(), &files, &validator);
    assert_eq!((status, mend(folder.path(), &log)), (1, 4));
    let (log, status) = sarif(folder.path(), &files, &validator);
    let left: Vec<&str> = results(&log).iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!((status, left), (0, vec!["P0208"]));
}

#[test]
fn what_several_files_lead_to_is_reported_once() {
    let validator = validator();
    let root = here("../..");
    let role = "examples/acme/roles/atlan_role.json";
    let fingerprints = |files: &[&str]| -> Vec<String> {
        let (log, _) = sarif(&root, files, &validator);
        results(&log).iter().map(|result| result["partialFingerprints"].to_string()).collect()
    };
    let once = fingerprints(&[role]);
    assert_eq!(once.len(), 1);
    for files in [
        &[role, role][..],
        &[role, "./examples/acme/../acme/roles/atlan_role.json"],
        &[role, "examples/acme/workspace.json"],
        &["examples/acme/workspace.json", role],
    ] {
        assert_eq!(fingerprints(files), once, "{files:?}");
    }
    // Equal faults of one file in two places are two, by whichever name it goes.
    let twice = fingerprints(&["examples/slips/role.json"]);
    assert!(twice.len() > 1 && twice.iter().collect::<HashSet<_>>().len() == twice.len());
    assert_eq!(fingerprints(&["examples/slips/role.json", "./examples/slips/role.json"]), twice);
}

#[test]
fn standard_input_has_no_address() {
    let text = r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "raed", "resource": "sync"}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["lint", "--format", "sarif", "-"])
        .stdin(fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(validator().is_valid(&log));
    let location = &results(&log)[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(location["description"]["text"], "standard input");
    assert!(location["uri"].is_null());
}
