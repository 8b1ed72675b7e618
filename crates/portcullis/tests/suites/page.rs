//! docs/tests.md, run: every example is read and run against examples/acme, and passes.
//!
//! A `json` block is a suite, or one test of a suite that tests the workspace of examples/acme. A `text` block after it holds what
//! `lint` says of it; without one it says nothing. What has an error is not run. The commands on the page are run with those of
//! the README.

use portcullis::suite::{Coverage, Suite};
use portcullis::{Files, Read, Workspace, source_from_bytes};

use crate::acme::{Acme, every_example, read_beside_acme};

/// Reads and runs an example, and says what is said of it.
fn example(text: &str) -> String {
    let whole = if text.contains("\"tests\"") { text.to_owned() } else { format!("{{\"tests\": [{text}]}}") };
    // A test alone stands in the first line, so that its lines are those of the example.
    let (read, said) = read_beside_acme("tests.json", whole);
    if let Some(Read::Tests(suite)) = &read {
        passes(suite);
    }
    said
}

fn passes(suite: &Suite) {
    let workspace = suite.own_workspace().cloned().unwrap_or_else(|| {
        let file = Acme.fetch(suite.workspace_file().unwrap_or("workspace.json"), 0, "").unwrap();
        Workspace::read(&source_from_bytes(&file.name, file.bytes).unwrap(), &Acme).unwrap().0
    });
    let (snapshot, _) = workspace.compile().unwrap();
    let (outcome, _) = suite.run(&snapshot, &mut Coverage::of(&snapshot)).unwrap();
    let failed: Vec<&str> =
        outcome.tests().iter().filter(|test| !test.passed()).map(|test| test.name).collect();
    assert!(failed.is_empty() && outcome.asked() > 0, "{failed:?}");
}

#[test]
fn every_example_on_the_page_is_as_it_says() {
    every_example("docs/tests.md", 9, example);
}
