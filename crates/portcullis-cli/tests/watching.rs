//! `lint --watch`: the real command on files that change the ways editors change them.
//!
//! Time is given generously, as machines that test are busy; what is asserted is what happens, never how soon. On Unix alone, as only
//! there a closed pipe ends it, and a test must be able to.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod sandbox;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use sandbox::copy;

const PATIENCE: Duration = Duration::from_secs(60);

const GOOD: &str =
    r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"#;
const SLIP: &str =
    r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "raed", "resource": "sync"}]}"#;

/// A running `lint --watch`, its lines as they come. Both streams, since a missing file is told on the other one.
struct Watch {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Watch {
    fn begin(directory: &Path, arguments: &[&str]) -> Watch {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["lint", "--watch"])
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let other = sender.clone();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().try_for_each(|line| sender.send(line.unwrap()))
        });
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().try_for_each(|line| other.send(line.unwrap()))
        });
        let stdin = child.stdin.take();
        let watch = Watch { child, stdin, lines };
        watch.until("watching ");
        watch
    }

    /// Reads until a line begins so, and gives all that came.
    fn until(&self, beginning: &str) -> String {
        let mut seen = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("waited for `{beginning}`; so far:\n{seen}"));
            seen.push_str(&line);
            seen.push('\n');
            if line.trim_start_matches("note: ").starts_with(beginning) {
                return seen;
            }
        }
    }

    /// Closes standard input and gives the exit status.
    fn end(mut self) -> Option<i32> {
        self.stdin = None;
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_file_is_linted_again_however_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("role.json");
    fs::write(&file, GOOD).unwrap();
    let watch = Watch::begin(folder.path(), &["role.json"]);

    // Written in place.
    fs::write(&file, SLIP).unwrap();
    let round = watch.until("1 error in 1 file");
    assert!(round.contains("Changed: `role.json`") && round.contains("error[P0201]"), "{round}");

    // Another file put in its place, as many editors do.
    fs::write(folder.path().join("new"), GOOD).unwrap();
    fs::rename(folder.path().join("new"), &file).unwrap();
    watch.until("nothing found in 1 file");

    // Moved away, and written anew: the instant between is nothing to speak of.
    fs::rename(&file, folder.path().join("role.json~")).unwrap();
    fs::write(&file, SLIP).unwrap();
    let round = watch.until("1 error in 1 file");
    assert!(!round.contains("cannot read"), "{round}");

    // Gone for good, and back again.
    fs::remove_file(&file).unwrap();
    watch.until("error: cannot read `role.json`: there is no such file");
    fs::write(&file, GOOD).unwrap();
    watch.until("nothing found in 1 file");
    assert_eq!(watch.end(), Some(0));
}

#[test]
fn a_workspace_is_linted_again_when_what_it_names_changes() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sample"), folder.path());
    let watch = Watch::begin(folder.path(), &["workspace.json"]);
    let role = folder.path().join("roles/no_deletes.json");
    let text = fs::read_to_string(&role).unwrap();
    fs::write(&role, text.replace("delete", "delte")).unwrap();
    let round = watch.until("1 error in 1 file");
    assert!(round.contains("Changed: `roles/no_deletes.json`"), "{round}");

    // A document that is named from now on is watched from now on.
    fs::write(&role, text).unwrap();
    watch.until("nothing found in 1 file");
    let workspace = folder.path().join("workspace.json");
    let named = fs::read_to_string(&workspace)
        .unwrap()
        .replace("\"roles\": {\n", "\"roles\": {\n    \"late\": \"late.json\",\n");
    fs::write(folder.path().join("late.json"), GOOD).unwrap();
    fs::write(&workspace, named).unwrap();
    let round = watch.until("1 warning, 1 note in 1 file");
    assert!(round.contains("nobody has the role `late`"), "{round}");
    fs::write(folder.path().join("late.json"), SLIP).unwrap();
    let round = watch.until("1 error in 1 file");
    assert!(round.contains("Changed: `late.json`"), "{round}");
    assert_eq!(watch.end(), Some(1));
}

#[test]
fn a_schema_is_watched_and_may_be_broken_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    let text = r#"{"schema": "s", "resources": {"sync": {"actions": ["read"]}}}"#;
    fs::write(&schema, text).unwrap();
    fs::write(folder.path().join("role.json"), GOOD).unwrap();
    let watch = Watch::begin(folder.path(), &["--schema", "schema.json", "role.json"]);
    fs::write(&schema, "{").unwrap();
    watch.until("error: `schema.json` has ");
    fs::write(&schema, text.replace("read", "look")).unwrap();
    watch.until("1 error in 1 file");
    assert_eq!(watch.end(), Some(1));
}

fn refused(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(["lint", "--watch"]).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn what_cannot_be_watched_is_refused() {
    for arguments in [
        &["-"][..],
        &["--format", "json", "x.json"],
        &["--format", "sarif", "x.json"],
        &["--schema", "nothing", "x.json"],
    ] {
        let output = refused(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && output.stderr.starts_with(b"error: "), "{arguments:?}");
    }
}
