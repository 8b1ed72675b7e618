//! docs/explain.md names every key that an explanation has, and every reason why a test may be unknown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use portcullis::condition::Why;
use serde_json::Value;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/explain.md")).unwrap()
}

fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, inside) in object {
                found.insert(key.clone());
                // What was found, and the operand, are the workspace's and not ours.
                if key != "value" && key != "operand" {
                    keys(inside, found);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inside| keys(inside, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_on_the_page() {
    let mut found = BTreeSet::new();
    for (subject, resource) in [("ann", "sync/3"), ("bo", "sync/1"), ("cy", "sync/2"), ("dan", "model")] {
        let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["explain", "--format", "json", subject, "update", resource])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain_conditions.in"))
            .env_remove("PORTCULLIS_WORKSPACE")
            .output()
            .unwrap();
        keys(&serde_json::from_slice(&output.stdout).unwrap(), &mut found);
    }
    assert!(found.contains("granting_roles") && found.contains("about"), "{found:?}");
    let page = page();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    for key in found {
        let name = format!("`{key}`");
        assert!(rows.iter().any(|row| row.contains(&name)), "docs/explain.md does not name {name}");
    }
}

#[test]
fn every_reason_is_on_the_page() {
    let page = page();
    for why in [
        Why::Missing,
        Why::UnknownEntity,
        Why::BrokenReference,
        Why::CyclicReference,
        Why::Conflict,
        Why::NoResourceId,
        Why::NoClock,
        Why::NotAsDeclared,
        Why::WrongType,
    ] {
        let row = format!("| `{}` | ", why.as_str());
        assert_eq!(page.matches(&row).count(), 1, "{row}");
    }
}
