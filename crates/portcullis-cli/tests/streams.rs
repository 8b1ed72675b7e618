//! What golden tests cannot hold: pipes that break, disks that are full, files that must not be harmed, examples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod sandbox;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sandbox::copy;

const ACME: &str = "examples/acme/workspace.json";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn portcullis(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(root()).env_remove("PORTCULLIS_WORKSPACE");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a command whose reader goes away before it has written anything.
fn unread(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = portcullis(arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_broken_pipe_ends_a_command_silently_and_never_turns_a_deny_into_an_allow() {
    let reader = "examples/acme/roles/reader.json";
    let editor = "examples/acme/roles/editor.json";
    let requests = "examples/acme/requests.jsonl";
    for (arguments, status) in [
        (&["--help"][..], 0),
        (&["check", "--help"], 0),
        (&["--version"], 0),
        (&["matrix", reader], 0),
        (&["schema", "json", "policy"], 0),
        (&["diff", reader, editor], 1),
        (&["check", "-w", ACME, "ann@acme.example", "read", "sync"], 0),
        (&["check", "-w", ACME, "bob@acme.example", "delete", "source"], 1),
        (&["check", "-w", ACME, "bob@acme.example", "delete", "source", "--explain"], 1),
        (&["check", "-w", ACME, "--requests", requests], 2),
        (&["test", "examples/acme/tests.json"], 0),
        (&["test", "examples/acme/tests_that_fail.json"], 1),
        (&["test", "examples/acme/tests_that_fail.json", "--format", "junit"], 1),
    ] {
        let output = unread(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        let said = text(&output.stderr);
        let silent = said.lines().all(|line| line.starts_with("warning: 1 warning;"));
        assert!(silent, "{arguments:?}: {said}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = portcullis(&["schema", "show", "hightouch"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot write to standard output"));
}

#[test]
fn what_is_asked_line_by_line_is_answered_line_by_line() {
    let mut child = portcullis(&["check", "-w", ACME, "--requests", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for (subject, answer) in [("ann@acme.example", "true"), ("dave@acme.example", "false")] {
        writeln!(questions, r#"{{"subject": "{subject}", "action": "read", "resource": "sync"}}"#).unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{{\"decision\":{answer}}}\n"));
    }
    drop(questions);
    assert_eq!(answers.read_to_end(&mut Vec::new()).unwrap(), 0);
    assert!(child.wait().unwrap().success());
}

#[test]
fn colour_is_for_terminals() {
    let output = portcullis(&["lint", ACME]).output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
    let output = portcullis(&["chekc"]).output().unwrap();
    assert!(!output.stderr.contains(&0x1b));
}

#[test]
fn answers_that_could_not_be_written_leave_the_old_ones() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("answers.jsonl");
    fs::write(&out, "old\n").unwrap();
    // A directory can be opened but not read, so that the failure comes after the beginning.
    let requests = directory.path().to_str().unwrap();
    let arguments = ["check", "-w", ACME, "--requests", requests, "--out", out.to_str().unwrap()];
    let output = portcullis(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&out).unwrap(), "old\n");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
#[cfg(unix)]
fn formatting_keeps_permissions_and_links_and_what_is_in_form_already() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (directory.path().join("role.json"), directory.path().join("link.json"));
    fs::write(&file, r#"{"policies": [], "version": "2022-04-26"}"#).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("role.json", &link).unwrap();
    assert!(portcullis(&["fmt", link.to_str().unwrap()]).status().unwrap().success());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&file).unwrap().starts_with("{\n  \"version\""));
    let before = fs::metadata(&file).unwrap().ino();
    assert!(portcullis(&["fmt", file.to_str().unwrap()]).status().unwrap().success());
    assert_eq!(fs::metadata(&file).unwrap().ino(), before);
    let arguments = ["check", "-w", ACME, "--requests", "examples/acme/requests.jsonl", "--out", "/dev/null"];
    assert!(portcullis(&arguments).status().unwrap().success(), "a device is written to");
    assert!(!fs::metadata("/dev/null").unwrap().is_file(), "and not replaced");
}

/// Runs a command in a directory with a text as its standard input.
fn with_input(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let given = tempfile::tempdir().unwrap();
    let file = given.path().join("input");
    fs::write(&file, input).unwrap();
    let mut command = portcullis(arguments);
    command.current_dir(directory).stdin(fs::File::open(file).unwrap()).output().unwrap()
}

#[test]
fn what_a_workspace_names_is_never_standard_input() {
    let grants =
        r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "*", "resource": "*"}]}"#;
    let workspace = r#"{"workspace": "w", "schema": "hightouch", "roles": {"all": "-"}, "members": {"ann": {"role": "all"}}}"#;
    let directory = tempfile::tempdir().unwrap();
    let check = ["check", "-w", "workspace.json", "ann", "read", "sync"];
    fs::write(directory.path().join("workspace.json"), workspace).unwrap();
    let output = with_input(directory.path(), &check, grants);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot read `-`: there is no such file"), "{output:?}");
    let schema = workspace.replace("hightouch", "./-").replace("\"-\"", "\"role.json\"");
    fs::write(directory.path().join("role.json"), grants).unwrap();
    let output = with_input(directory.path(), &["lint", "-"], &schema);
    assert!(text(&output.stdout).contains("there is no such file"), "{output:?}");
    // A file of that name is a file.
    fs::write(directory.path().join("-"), grants).unwrap();
    let output = with_input(directory.path(), &check, "");
    assert_eq!(text(&output.stdout), "allow\n", "{output:?}");
}

#[test]
fn the_answers_never_take_the_place_of_the_workspace() {
    let directory = tempfile::tempdir().unwrap();
    let workspace = directory.path().join("workspace.json");
    let text_of_it =
        r#"{"workspace": "w", "schema": "hightouch", "roles": {}, "members": {"ann": {"role": "editor"}}}"#;
    fs::write(&workspace, text_of_it).unwrap();
    let mut places = vec!["workspace.json", "./workspace.json"];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink("workspace.json", directory.path().join("link.json")).unwrap();
        places.push("link.json");
    }
    for out in places {
        // The workspace is typed, the default, or named by the environment.
        for given in [&["-w", "workspace.json"][..], &[]] {
            let arguments = [&["check", "--requests", "-", "--out", out], given].concat();
            let output = with_input(directory.path(), &arguments, "");
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            assert!(text(&output.stderr).contains("is the workspace, so"), "{output:?}");
        }
        let mut command = portcullis(&["check", "--requests", "-", "--out", out]);
        command.current_dir(directory.path()).env("PORTCULLIS_WORKSPACE", &workspace).stdin(Stdio::null());
        assert_eq!(command.output().unwrap().status.code(), Some(2));
    }
    assert_eq!(fs::read_to_string(&workspace).unwrap(), text_of_it);
}

#[test]
fn the_answers_never_take_the_place_of_a_file_that_the_workspace_names() {
    let directory = tempfile::tempdir().unwrap();
    let at = |file: &str| directory.path().join(file);
    fs::create_dir(at("roles")).unwrap();
    let role = r#"{"version": "2022-04-26", "policies": []}"#;
    fs::write(at("roles/a.json"), role).unwrap();
    let schema = r#"{"schema": "s", "resources": {"doc": {"actions": ["read"]}}}"#;
    fs::write(at("schema.json"), schema).unwrap();
    let workspace = r#"{"workspace": "w", "schema": "./schema.json", "default_role": "a",
        "roles": {"a": "roles/a.json"}, "members": {"ann": {}}}"#;
    fs::write(at("workspace.json"), workspace).unwrap();
    fs::write(at("elsewhere.json"), "old").unwrap();
    for out in ["roles/a.json", "./roles/../roles/a.json", "schema.json"] {
        let output = with_input(directory.path(), &["check", "--requests", "-", "--out", out], "");
        assert_eq!(output.status.code(), Some(2), "{out}");
        assert!(text(&output.stderr).contains("is a file that the workspace names, so"), "{output:?}");
    }
    assert_eq!(fs::read_to_string(at("roles/a.json")).unwrap(), role);
    assert_eq!(fs::read_to_string(at("schema.json")).unwrap(), schema);
    let out = ["check", "--requests", "-", "--out", "elsewhere.json"];
    assert!(with_input(directory.path(), &out, "").status.success());
    assert_eq!(fs::read_to_string(at("elsewhere.json")).unwrap(), "");
}

#[test]
#[cfg(unix)]
fn the_answers_never_take_the_place_of_what_standard_input_was_redirected_from() {
    let directory = tempfile::tempdir().unwrap();
    let at = |file: &str| directory.path().join(file);
    let (question, workspace) = (
        r#"{"subject":"ann","action":"read","resource":"sync"}"#,
        r#"{"workspace": "w", "schema": "hightouch", "roles": {}, "members": {"ann": {}}}"#,
    );
    fs::write(at("workspace.json"), workspace).unwrap();
    fs::write(at("questions.jsonl"), question).unwrap();
    let check = |arguments: &[&str], input: &str| {
        let mut command = portcullis(&[&["check"], arguments].concat());
        command.current_dir(directory.path()).stdin(fs::File::open(at(input)).unwrap()).output().unwrap()
    };
    for requests in ["-", "/dev/stdin"] {
        let output = check(&["--requests", requests, "--out", "questions.jsonl"], "questions.jsonl");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("`questions.jsonl` holds the requests, so"), "{output:?}");
    }
    let arguments = ["-w", "-", "--requests", "questions.jsonl", "--out", "workspace.json"];
    let output = check(&arguments, "workspace.json");
    assert!(text(&output.stderr).contains("`workspace.json` is the workspace, so"), "{output:?}");
    assert_eq!(fs::read_to_string(at("questions.jsonl")).unwrap(), question);
    assert_eq!(fs::read_to_string(at("workspace.json")).unwrap(), workspace);
    // What is not read does not matter, and a device is no file.
    let arguments = ["--requests", "questions.jsonl", "--out", "answers.jsonl"];
    fs::write(at("answers.jsonl"), "").unwrap();
    assert!(check(&arguments, "answers.jsonl").status.success());
    let mut command = portcullis(&["check", "--requests", "-", "--out", "/dev/null"]);
    assert!(command.current_dir(directory.path()).stdin(Stdio::null()).status().unwrap().success());
}

#[test]
#[cfg(unix)]
fn what_a_process_of_the_same_number_left_behind_is_in_nobodys_way() {
    use std::os::unix::process::CommandExt;
    let directory = tempfile::tempdir().unwrap();
    let role = directory.path().join("role.json");
    let unformed = r#"{"policies": [], "version": "2022-04-26"}"#;
    fs::write(&role, unformed).unwrap();
    // `exec` keeps the number of the shell, which leaves a file of that number behind.
    let mut shell = Command::new("sh");
    shell.arg("-c").arg("echo left > .role.json.$$.part && exec \"$0\" fmt role.json");
    shell.arg(env!("CARGO_BIN_EXE_portcullis")).arg0("sh").current_dir(directory.path());
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(fs::read_to_string(&role).unwrap().starts_with("{\n  \"version\""));
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<PathBuf> = names.filter(|path| *path != role).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(fs::read_to_string(&left[0]).unwrap(), "left\n");
    // A name that leaves no room for another beside it.
    let long = format!("{}.json", "n".repeat(245));
    fs::write(directory.path().join(&long), unformed).unwrap();
    let output = portcullis(&["fmt", &long]).current_dir(directory.path()).output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains(": `.nnn") && said.contains("…` cannot be made beside it: "), "{said}");
    assert_eq!(fs::read_to_string(directory.path().join(&long)).unwrap(), unformed);
}

#[test]
fn the_command_that_lists_warnings_can_be_typed() {
    let directory = tempfile::tempdir().unwrap();
    let role = r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync_templates"}]}"#;
    fs::write(directory.path().join("a role.json"), role).unwrap();
    let schema = portcullis(&["schema", "show", "hightouch"]).output().unwrap();
    fs::write(directory.path().join("a schema.json"), schema.stdout).unwrap();
    let matrix = ["matrix", "a role.json"];
    for (arguments, command) in [
        // What came from standard input is no longer there.
        (
            &["diff", "-", "a role.json"][..],
            &["warning: 1 warning in standard input\n", "`portcullis lint 'a role.json'`"][..],
        ),
        (&matrix, &["`portcullis lint 'a role.json'`"]),
        (&[&matrix[..], &["--schema", "hightouch"]].concat(), &["`portcullis lint 'a role.json'`"]),
        (
            &[&matrix[..], &["--schema", "a schema.json"]].concat(),
            &["`portcullis lint --schema 'a schema.json' 'a role.json'`"],
        ),
    ] {
        let output = with_input(directory.path(), arguments, role);
        let said = text(&output.stderr);
        assert!(command.iter().all(|command| said.contains(command)), "{arguments:?}: {said}");
        assert!(!said.contains("lint -`"), "{said}");
    }
}

#[test]
fn a_file_may_be_as_long_as_the_longest_kind() {
    let role = "examples/acme/roles/reader.json";
    let lint = |limits: &[&str]| portcullis(&[&["lint", role], limits].concat()).output().unwrap();
    assert_eq!(lint(&["--max-workspace-bytes", "10"]).status.code(), Some(0));
    let output = lint(&["--max-document-bytes", "10"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.contains("P0016") && said.contains("--max-document-bytes"), "{said}");
}

/// Every line of an `Example` in every help runs in the repository, as far as it is our command that runs.
#[test]
fn examples_of_help_work() {
    let directory = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &directory.path().join("examples"));
    let commands = [
        "check",
        "explain",
        "what",
        "who",
        "matrix",
        "lint",
        "diff",
        "fmt",
        "schema",
        "new",
        "completions",
        "man",
    ];
    let mut count = 0;
    for command in std::iter::once("").chain(commands) {
        let asked: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let help = text(&portcullis(&asked).env("COLUMNS", "100").output().unwrap().stdout);
        let (_, examples) =
            help.split_once("\nExample").unwrap_or_else(|| panic!("{command} has no example"));
        for line in examples.lines().filter_map(|line| line.strip_prefix("  portcullis ")) {
            if cfg!(not(unix)) && line.contains("--watch") {
                continue;
            }
            let ours = |word: &&str| !matches!(*word, ">" | "|" | "&&");
            let arguments: Vec<&str> = line.split_whitespace().take_while(ours).collect();
            // A pipe that is closed at once ends watching after the first round.
            let mut command = portcullis(&arguments);
            let output = command.current_dir(directory.path()).stdin(Stdio::piped()).output().unwrap();
            let status = output.status.code().unwrap();
            assert!(status < 2, "{line}: {}", text(&output.stderr));
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}
