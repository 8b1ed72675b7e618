//! docs/tests.md, run: every example is read and run against examples/acme, and passes.
//!
//! A `json` block is a suite, or one test of a suite that tests the workspace of examples/acme. A `text` block after it holds what
//! `lint` says of it; without one it says nothing. What has an error is not run. The commands on the page are run with those of
//! the README.

use crate::markdown::blocks;
use std::path::PathBuf;

use portcullis::suite::{Coverage, Suite};
use portcullis::{FetchedFile, Files, Limits, Read, Schema, Source, Workspace, read_any, source_from_bytes};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The files beside the suite of examples/acme.
struct Acme;

impl Files for Acme {
    fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        let bytes =
            std::fs::read(root().join("examples/acme").join(path)).map_err(|error| error.to_string())?;
        Ok(FetchedFile { name: path.to_owned(), bytes })
    }
}

/// Reads and runs an example, and says what is said of it.
fn example(text: &str) -> String {
    let whole = if text.contains("\"tests\"") { text.to_owned() } else { format!("{{\"tests\": [{text}]}}") };
    // A test alone stands in the first line, so that its lines are those of the example.
    let source = Source::new("tests.json", whole);
    let read = read_any(&source, &Schema::hightouch().unwrap(), &Acme, &Limits::default());
    let report = match &read {
        Ok((_, report)) | Err(report) => report,
    };
    let of_suite = report
        .iter()
        .filter(|fault| fault.primary.as_ref().is_some_and(|label| label.source.name() == "tests.json"));
    let said: Vec<String> = of_suite.map(|fault| fault.to_string() + "\n").collect();
    if let Ok((Read::Tests(suite), _)) = &read {
        passes(suite);
    }
    said.concat()
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
    let page = std::fs::read_to_string(root().join("docs/tests.md")).unwrap().replace("\r\n", "\n");
    let blocks = blocks(&page);
    let mut tried = 0;
    for (index, &(language, text)) in blocks.iter().enumerate() {
        if language == "json" {
            let printed = blocks.get(index + 1).filter(|(language, _)| *language == "text");
            assert_eq!(example(text), printed.map_or("", |(_, text)| text), "{text}");
            tried += 1;
        }
    }
    println!("{tried} examples");
    assert!(tried >= 9, "{tried}");
}
