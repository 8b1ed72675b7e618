//! The golden tests: `tests/golden/*.md`, the README, the tutorial and some pages of docs hold commands and exactly what they print,
//! and are the documentation of it.
//!
//! In a block of `~~~console`, `$` begins a command (quotes as in a shell, `< FILE` for standard input), `!` marks what
//! goes to standard error, and `? N` is an exit status other than 0. Commands run from the root of the repository; a file with
//! a directory `NAME.in` beside it runs in a copy of that, which must in the end look like `NAME.out` if there is one. The tutorial
//! and docs/minimize.md run in an empty directory: there a block of ```` ```json save=FILE ```` is saved as its reader would, and one with `show=FILE` shows a file.
//! docs/directory.md does too, and prints secrets, ids and times: `steady` says how it comes to print the same every time. There `> FILE` and
//! `export NAME=$(cat FILE)` mean what they mean in a shell.
//! After a wanted change: `GOLDEN=overwrite cargo test -p portcullis-cli --test golden`, then read the difference. (trycmd
//! does nearly this, but turns backslashes around and drops escape sequences, which is what is looked for here.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod sandbox;
mod steady;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sandbox::copy;
use steady::Steady;

/// The pages that make their own files.
const TUTORIAL: &str = "docs/tutorial.md";
const MINIMIZE: &str = "docs/minimize.md";
const DIRECTORY: &str = "docs/directory.md";

#[test]
fn commands_print_what_is_documented() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> =
        fs::read_dir(here.join("tests/golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.extend(
        ["README.md", TUTORIAL, MINIMIZE, DIRECTORY, "docs/tests.md", "docs/plan.md", "docs/rules.md"]
            .map(|page| here.join("../..").join(page)),
    );
    pages.sort();
    assert!(pages.len() > 10, "the pages are not where they were");
    let overwrite = std::env::var("GOLDEN").is_ok_and(|value| value == "overwrite");
    let mut wrong = Vec::new();
    for page in pages {
        let old = fs::read_to_string(&page).unwrap().replace("\r\n", "\n");
        let new = run_page(&page, &old, &here.join("../.."), false);
        if old != new {
            wrong.push(format!("{}\n{}", page.display(), first_difference(&old, &new)));
            if overwrite {
                fs::write(&page, new).unwrap();
            }
        }
    }
    assert!(overwrite || wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page of the directory says the same when a server has the folder from the first day on.
#[cfg(unix)]
#[test]
fn a_server_changes_nothing_of_what_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = root.join(DIRECTORY);
    let old = fs::read_to_string(&page).unwrap();
    let new = run_page(&page, &old, &root, true);
    assert!(old == new, "{}", first_difference(&old, &new));
}

/// Has the folder that was just made served.
fn serve(directory: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(directory);
    command.env_remove("PORTCULLIS_DATA").env_remove("PORTCULLIS_KEY");
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let (child, until) = (child.unwrap(), Instant::now() + Duration::from_secs(30));
    while !directory.join("portcullis-data/portcullis.sock").exists() {
        assert!(Instant::now() < until, "it does not serve");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Runs the commands of a page and gives the page back with what they print now.
fn run_page(page: &Path, text: &str, root: &Path, served: bool) -> String {
    let (given, wanted) = (page.with_extension("in"), page.with_extension("out"));
    let makes_files = [TUTORIAL, MINIMIZE, DIRECTORY].iter().any(|made| page.ends_with(made));
    let sandbox = (given.is_dir() || makes_files).then(|| {
        let sandbox = tempfile::tempdir().unwrap();
        if given.is_dir() {
            copy(&given, sandbox.path());
        }
        sandbox
    });
    let directory = sandbox.as_ref().map_or(root, |sandbox| sandbox.path());
    let mut steady = page.ends_with(DIRECTORY).then(Steady::default);
    let (mut new, mut server) = (String::new(), None);
    let mut inside = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(file) = line.strip_prefix("```json ").filter(|_| makes_files && !inside) {
            let block: String =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            new.push_str(&format!("{line}\n{}```\n", file_block(file, block, directory)));
            continue;
        }
        if line.starts_with("~~~") {
            inside = line == "~~~console";
        }
        match line.strip_prefix("$ ").filter(|_| inside) {
            Some(command) => {
                let printed = match &mut steady {
                    Some(steady) => steady.run(command, directory),
                    None => run(command, directory, &BTreeMap::new()),
                };
                new.push_str(&format!("{line}\n{printed}"));
                if served && command.starts_with("portcullis init ") {
                    server = Some(serve(directory));
                }
            }
            // What a command printed is replaced by what it prints.
            None if inside && line != "~~~console" => {}
            None => {
                steady.iter().for_each(|steady| steady.keep(line, directory));
                new.push_str(&format!("{line}\n"));
            }
        }
    }
    assert_eq!(server.is_some(), served);
    if let Some(mut server) = server {
        let process = nix::unistd::Pid::from_raw(i32::try_from(server.id()).unwrap());
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).unwrap();
        assert!(server.wait().unwrap().success());
    }
    if wanted.is_dir() {
        assert_eq!(contents(directory), contents(&wanted), "what {} leaves behind", page.display());
    }
    new
}

/// Saves a block as a file, or shows the file in its place.
fn file_block(instruction: &str, block: String, directory: &Path) -> String {
    match instruction.split_once('=') {
        Some(("save", file)) => {
            fs::write(directory.join(file), &block).unwrap();
            block
        }
        Some(("show", file)) => fs::read_to_string(directory.join(file)).unwrap(),
        _ => panic!("`{instruction}`: a block that makes a file says `save=FILE` or `show=FILE`"),
    }
}

/// What a command prints, in the form of a page.
pub(crate) fn run(command: &str, directory: &Path, environment: &BTreeMap<String, String>) -> String {
    let mut words = split(command);
    let to = words.iter().position(|word| word == ">").map(|at| words.split_off(at)[1].clone());
    let stdin = words.iter().position(|word| word == "<").map(|at| words.split_off(at)[1].clone());
    let stdin = stdin.map_or(Stdio::null(), |file| File::open(directory.join(file)).unwrap().into());
    let columns = words.iter().position(|word| !word.starts_with("COLUMNS="));
    let width = words.drain(..columns.unwrap()).next().unwrap_or("COLUMNS=100".to_owned());
    assert_eq!(words[0], "portcullis");
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(&words[1..])
        .current_dir(directory)
        .env("COLUMNS", width.trim_start_matches("COLUMNS="))
        .env_remove("PORTCULLIS_WORKSPACE")
        .env_remove("PORTCULLIS_DATA")
        .env_remove("PORTCULLIS_KEY")
        .env("USER", "ann")
        .envs(environment)
        .stdin(stdin)
        .output()
        .unwrap();
    let mut shown = String::new();
    for line in visible(&output.stderr).lines() {
        shown.push_str(&format!("!{}{line}\n", if line.is_empty() { "" } else { " " }));
    }
    match to {
        Some(file) => fs::write(directory.join(file), &output.stdout).unwrap(),
        None => shown.push_str(&visible(&output.stdout)),
    }
    if !output.status.success() {
        shown.push_str(&format!("? {}\n", output.status.code().unwrap()));
    }
    shown.push('\n');
    shown
}

/// Text as printed, with what a terminal would obey made visible.
fn visible(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).expect("output is UTF-8").replace("portcullis.exe", "portcullis");
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if c.is_control() => shown.push_str(&format!("‹{:02x}›", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

/// The words of a command, with double quotes around those that hold spaces.
fn split(command: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (index, part) in command.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Every file below a directory.
fn contents(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(contents(&path).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).replace("\r\n", "\n");
            found.insert(name, text);
        }
    }
    found
}

fn first_difference(old: &str, new: &str) -> String {
    let differs = old.lines().zip(new.lines()).position(|(old, new)| old != new);
    let at = differs.unwrap_or(old.lines().count().min(new.lines().count()));
    let shown = |text: &str| text.lines().skip(at.saturating_sub(3)).take(12).collect::<Vec<_>>().join("\n");
    format!("line {}: documented\n{}\nprinted\n{}\n", at + 1, shown(old), shown(new))
}
