//! What every Rust file must keep to: its length, its opening prose, its name, and one word that it never says.

use super::{Source, code_words::words, no_faults, tree};

const MAX_LINES: usize = 500;
const EMPTY_NAMES: &[&str] = &["core", "common", "types", "util", "utils", "helper", "helpers"];

fn too_long(s: &Source) -> Vec<String> {
    let lines = s.text.lines().count();
    let what = format!("{lines} lines, expected at most {MAX_LINES}; make two modules of it");
    (lines > MAX_LINES).then(|| s.fault(MAX_LINES + 1, &what)).into_iter().collect()
}

fn unsafe_words(s: &Source) -> Vec<String> {
    let hits = words(&s.text).into_iter().filter(|(_, w)| w.iter().any(|w| w == "unsafe"));
    hits.map(|(n, _)| s.fault(n, "found `unsafe`, expected none; take what needs it from a well-kept crate"))
        .collect()
}

fn without_module_doc(s: &Source) -> Vec<String> {
    let first = s.text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let said = first.strip_prefix("//!").is_some_and(|doc| !doc.trim().is_empty());
    let what =
        "expected `//!` prose first; say what the module holds, what it must never do, and why this way";
    (!said).then(|| s.fault(1, what)).into_iter().collect()
}

fn empty_names(s: &Source) -> Vec<String> {
    let what = |name: &str| format!("`{name}` says nothing of what is inside; name it after its one subject");
    let stem = s.path.trim_end_matches(".rs");
    let parts = stem.split('/').flat_map(|part| part.split('-'));
    let mut faults: Vec<String> =
        parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| s.fault(1, &what(part))).collect();
    for (n, line) in words(&s.text) {
        for pair in line.windows(2) {
            if pair[0] == "mod" && EMPTY_NAMES.contains(&pair[1].as_str()) {
                faults.push(s.fault(n, &what(&pair[1])));
            }
        }
    }
    faults
}

/// Runs `check` over the tree's Rust files and fails with every fault at once.
fn hold_for_rust(check: fn(&Source) -> Vec<String>) {
    no_faults(tree().iter().filter(|s| s.is_rust()).flat_map(check));
}

#[test]
fn no_rust_file_passes_500_lines() {
    hold_for_rust(too_long);
}

#[test]
fn no_rust_file_says_unsafe() {
    hold_for_rust(unsafe_words);
}

#[test]
fn every_module_opens_with_prose() {
    hold_for_rust(without_module_doc);
}

#[test]
fn no_crate_or_module_has_an_empty_name() {
    hold_for_rust(empty_names);
}

#[test]
fn each_check_of_a_rust_file_sees_what_it_is_for() {
    let of = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let a = |text: &str| of("crates/a/src/row.rs", text);

    assert_eq!(too_long(&a(&"x\n".repeat(501))).len(), 1);
    assert!(too_long(&a(&"x\n".repeat(500))).is_empty());

    let faults = unsafe_words(&a("//! a\n\nunsafe fn f() {}"));
    assert_eq!(faults[0].split(": ").next(), Some("crates/a/src/row.rs:3"));
    assert!(unsafe_words(&a("#![forbid(unsafe_code)] // unsafe")).is_empty());

    assert_eq!(without_module_doc(&a("use a;\n//! late")).len(), 1);
    assert_eq!(without_module_doc(&a("//!\n")).len(), 1);
    assert!(without_module_doc(&a("\n//! What it holds.\n")).is_empty());

    let bad = [
        "crates/a/src/util.rs",
        "crates/a/src/types/x.rs",
        "crates/a-core/src/x.rs",
        "crates/a/tests/common/mod.rs",
    ];
    for path in bad {
        assert_eq!(empty_names(&of(path, "//! a")).len(), 1, "{path}");
    }
    assert_eq!(empty_names(&a("pub(crate) mod helpers {}")).len(), 1);
    assert!(empty_names(&a("use core::fmt; mod utility; // mod util")).is_empty());
}
