//! What makes the command at home in a shell: completion scripts that complete, and man pages that say all that `--help` does.
//!
//! What another program must judge (bash, groff) is skipped, and said to be, where that program is missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn portcullis(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portcullis")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a program on a text; nothing when there is no such program.
fn pipe(program: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C.UTF-8");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("SKIPPED: there is no `{program}` here");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

/// The names of the commands, as `--help` lists them.
fn commands(arguments: &[&str]) -> Vec<String> {
    let help = text(&portcullis(arguments).stdout);
    let Some((_, after)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let names = after.lines().take_while(|line| !line.is_empty());
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let names = commands(&["--help"]);
    assert!(names.len() >= 12 && names.contains(&"completions".to_owned()), "{names:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = portcullis(&["completions", shell]);
        assert!(output.status.success(), "{shell}");
        let script = text(&output.stdout);
        for name in &names {
            assert!(script.contains(name.as_str()), "{shell}: {name}");
        }
        let json = portcullis(&["completions", shell, "--format", "json"]);
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!((json["shell"].as_str(), json["script"].as_str()), (Some(shell), Some(&*script)));
    }
    let output = portcullis(&["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("powershell"));
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let script = text(&portcullis(&["completions", "bash"]).stdout);
    let Some(checked) = pipe("bash", &["-n"], &script) else { return };
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    for (line, expected) in [
        ("portcullis compl", "completions"),
        ("portcullis lint --wa", "--watch"),
        ("portcullis lint --format sa", "sarif"),
        ("portcullis schema sh", "show"),
        ("portcullis completions el", "elvish"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (last, before) = (words.len() - 1, words[words.len() - 2]);
        let ask = format!(
            "{script}\nCOMP_WORDS=({line}); COMP_CWORD={last}; _portcullis portcullis '{}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            words[last]
        );
        let answered = pipe("bash", &["--norc", "-s"], &ask).unwrap();
        assert_eq!(text(&answered.stdout).trim(), expected, "{line}: {}", text(&answered.stderr));
    }
}

/// The flags that a text names.
fn flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
    let long = |word: &&str| word.starts_with("--") && word.len() > 3 && !word.ends_with('-');
    words.filter(long).map(str::to_owned).collect()
}

/// The pages that were written, by their names.
fn pages(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
    };
    entries.map(named).collect()
}

#[test]
fn every_command_has_a_page_with_every_flag_of_its_help() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("share/man1");
    let output = portcullis(&["man", directory.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty());
    let pages = pages(&directory);
    let told = text(&output.stderr);
    assert_eq!(told.lines().count(), pages.len());
    for name in pages.keys() {
        let path = directory.join(name);
        assert!(told.lines().any(|line| line == format!("wrote {}", path.display())), "{name}");
    }
    let mut expected = vec![(vec![], "portcullis.1".to_owned())];
    for command in commands(&["--help"]) {
        expected.push((vec![command.clone()], format!("portcullis-{command}.1")));
        for inner in commands(&[&command, "--help"]) {
            expected.push((vec![command.clone(), inner.clone()], format!("portcullis-{command}-{inner}.1")));
        }
    }
    let names: BTreeSet<&String> = expected.iter().map(|(_, name)| name).collect();
    assert_eq!(names, pages.keys().collect());
    for (command, name) in &expected {
        let fonts = ["\\fB", "\\fI", "\\fR"];
        let page = fonts.iter().fold(pages[name].replace("\\-", "-"), |page, font| page.replace(font, ""));
        assert!(page.is_ascii(), "{name}");
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = text(&portcullis(&arguments).stdout);
        let missing: Vec<String> = flags(&help).difference(&flags(&page)).cloned().collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "SEE ALSO"] {
            assert!(
                page.contains(&format!("\n.SH {section}\n"))
                    || page.contains(&format!("\n.SH \"{section}\"\n")),
                "{name}: {section}"
            );
        }
        let Some(set) = pipe("groff", &["-man", "-ww", "-Tutf8", "-P-cbou"], &pages[name]) else { continue };
        assert!(set.status.success() && set.stderr.is_empty(), "{name}: {}", text(&set.stderr));
        let set = text(&set.stdout).replace('‐', "-");
        assert!(set.contains(&name.replace(".1", "(1)")), "{name}");
    }
}

#[test]
fn pages_replace_pages_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, other) = (folder.path().to_str().unwrap(), folder.path().join("portcullis-who.1"));
    assert!(portcullis(&["man", directory]).status.success());
    let before = pages(folder.path());
    fs::write(&other, before["portcullis-who.1"].replace("who may", "who once might")).unwrap();
    assert!(portcullis(&["man", directory]).status.success());
    assert_eq!(pages(folder.path()), before);

    fs::write(&other, "my notes").unwrap();
    fs::remove_file(folder.path().join("portcullis.1")).unwrap();
    let output = portcullis(&["man", directory]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("is there and is no page of portcullis"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(fs::read_to_string(&other).unwrap(), "my notes");
    assert!(!folder.path().join("portcullis.1").exists(), "nothing at all is written");

    let output = portcullis(&["man", other.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("it is a file"), "{}", text(&output.stderr));
    let json = portcullis(&["man", folder.path().join("new").to_str().unwrap(), "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["written"].as_array().unwrap().len(), before.len());
}
