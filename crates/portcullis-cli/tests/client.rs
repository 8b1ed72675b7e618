//! The JavaScript client, tested by node against the binary that was just built.
//!
//! The tests are in `clients/js/test`, written for node's own runner, so that they need nothing but node. Where it is missing, this is
//! a printed skip on somebody's machine and a failure in continuous integration.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The first version whose runner has what the tests use.
const NODE: u32 = 18;
/// They take six seconds on two idle cores.
const PATIENCE: Duration = Duration::from_secs(180);

/// Which version of node there is, if any.
fn node() -> Option<u32> {
    let said = Command::new("node").arg("--version").output().ok().filter(|ran| ran.status.success())?;
    let version = String::from_utf8(said.stdout).ok()?;
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn test_files(client: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(client.join("test")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.to_string_lossy().ends_with(".test.js")).collect();
    files.sort();
    files
}

/// A number that the runner sums up with.
fn summed(report: &str, what: &str) -> Option<u32> {
    report.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(what)?.trim().parse().ok())
}

#[test]
fn the_javascript_client_passes_its_tests_against_this_binary() {
    let found = node();
    if found.is_none_or(|version| version < NODE) {
        let lacking = format!("node {NODE} or later is needed to test clients/js, found {found:?}");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{lacking} (required in CI)");
        eprintln!("SKIPPED: {lacking}");
        return;
    }
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/js");
    let files = test_files(&client);
    assert!(files.len() >= 4, "{files:?}");
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let mut running = Command::new("node")
        .args(["--test", "--test-reporter=tap"])
        .args(&files)
        .current_dir(&client)
        .env("PORTCULLIS_BIN", env!("CARGO_BIN_EXE_portcullis"))
        .env_remove("PORTCULLIS_KEY")
        .env_remove("PORTCULLIS_DATA")
        .env_remove("NODE_OPTIONS")
        .stdin(Stdio::null())
        .stdout(fs::File::create(&report).unwrap())
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = running.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > until {
            running.kill().unwrap();
            running.wait().unwrap();
            break None;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let report = fs::read_to_string(&report).unwrap();
    let status = status.unwrap_or_else(|| panic!("not done after {PATIENCE:?}:\n{report}"));
    assert!(status.success(), "{report}");
    let sums = ["pass", "fail", "cancelled", "skipped", "todo"].map(|what| summed(&report, what));
    assert!(matches!(sums, [Some(30..), Some(0), Some(0), Some(0), Some(0)]), "{sums:?}\n{report}");
}
