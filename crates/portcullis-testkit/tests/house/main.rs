//! The rules of the house, held by a test: which crate may use which, how long a file may be, what every file and manifest must say.
//!
//! ARCHITECTURE.md states these rules for people; this is what refuses a change that breaks one. Each rule is a small function from
//! text to faults, a test that runs it over the whole tree, and a test that feeds it something bad: a check that was never seen to
//! fail proves nothing. The tree is read as it lies on the disk, not as git tracks it, so that an unpacked archive passes too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod code_words;
mod manifests;
mod rust_files;

use std::{fs, path::Path};
use toml::Table;

/// One text file: where it lies, with `/` between the parts on every system, and what it says.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn fault(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// The line of the first mention of `needle`, for manifests, whose parsed form has no positions.
    fn line_of(&self, needle: &str) -> usize {
        1 + self.text.lines().position(|line| line.trim_start().starts_with(needle)).unwrap_or(0)
    }

    fn manifest(&self) -> Table {
        self.text.parse().unwrap_or_else(|e| panic!("{}: {e}", self.path))
    }
}

fn tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    walk(&root, "", &mut found);
    assert!(
        found.iter().any(|s| s.path == "Cargo.toml") && found.iter().any(Source::is_rust),
        "nothing to check under {}: has the testkit moved?",
        root.display()
    );
    found
}

fn walk(dir: &Path, prefix: &str, found: &mut Vec<Source>) {
    const SKIPPED: &[&str] =
        &[".git", "target", "node_modules", "fuzz/corpus", "fuzz/artifacts", "fuzz/coverage"];
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if SKIPPED.contains(&name.as_str()) || SKIPPED.contains(&path.as_str()) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found);
        } else if kind.is_file() {
            // A file that goes away meanwhile belongs to a neighbouring test; one that is not UTF-8 is not text.
            if let Ok(text) = fs::read_to_string(entry.path()) {
                found.push(Source { path, text });
            }
        }
    }
}

fn no_faults(faults: impl Iterator<Item = String>) {
    let mut faults: Vec<String> = faults.collect();
    faults.sort();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn machine_paths(s: &Source) -> Vec<String> {
    // Put together here, so that this file does not find itself.
    let places = ["work", "root", "home"].map(|name| format!("/{name}/"));
    let hits = s.text.lines().enumerate().filter(|(_, l)| places.iter().any(|p| l.contains(p)));
    hits.map(|(n, _)| s.fault(n + 1, "found a path of one machine; make it relative to the repository"))
        .collect()
}

#[test]
fn no_text_names_a_place_on_one_machine() {
    // The corpus is what others published, word for word; paths in it are theirs.
    no_faults(tree().iter().filter(|s| !s.path.starts_with("corpus/")).flat_map(machine_paths));
}

#[test]
fn machine_paths_are_seen() {
    let readme = |text: String| Source { path: "README.md".to_owned(), text };
    let place = ["", "home", "ann", "x"].join("/");
    let faults = machine_paths(&readme(format!("a\ncd {place}")));
    assert_eq!(faults[0].split(": ").next(), Some("README.md:2"));
    assert!(machine_paths(&readme("crates/homework/x".to_owned())).is_empty());
}
