//! docs/rules.md, run: every example is read and asserted against examples/acme, and comes to what stands after it.
//!
//! A `json` block is a file of rules, or one rule over the workspace of examples/acme. A `text` block after it holds what `lint`
//! says of it; without one it says nothing. An example that is not refused holds, unless its name says that it does not. The
//! commands on the page are run with those of the README.

use portcullis::rules::{Rules, Verdict};
use portcullis::{Files, Read, Workspace, source_from_bytes};

use crate::acme::{Acme, every_example, read_beside_acme};

/// Reads and asserts an example, and says what is said of it.
fn example(text: &str) -> String {
    let whole = if text.contains("\"rules\"") { text.to_owned() } else { format!("{{\"rules\": [{text}]}}") };
    let (read, said) = read_beside_acme("rules.json", whole);
    if let Some(Read::Rules(rules)) = &read {
        comes_to(rules, text);
    }
    said
}

fn comes_to(rules: &Rules, text: &str) {
    let file = Acme.fetch(rules.workspace_file().unwrap_or("workspace.json"), 0, "").unwrap();
    let (workspace, _) = Workspace::read(&source_from_bytes(&file.name, file.bytes).unwrap(), &Acme).unwrap();
    let (snapshot, _) = workspace.compile().unwrap();
    let (outcome, _) = rules.assert(&snapshot, 100).unwrap();
    for rule in outcome.rules() {
        let expected = match rule.name {
            Some(name) if name.contains("(broken)") => Verdict::Broken,
            Some(name) if name.contains("(undecided)") => Verdict::Undecided,
            _ => Verdict::Holds,
        };
        assert_eq!(rule.verdict, expected, "{text}: {:?}", rule.findings);
    }
}

#[test]
fn every_example_on_the_page_is_as_it_says() {
    every_example("docs/rules.md", 8, example);
}
