//! docs/rules.md, run: every example is read and asserted against examples/acme, and comes to what stands after it.
//!
//! A `json` block is a file of rules, or one rule over the workspace of examples/acme. A `text` block after it holds what `lint`
//! says of it; without one it says nothing. An example that is not refused holds, unless its name says that it does not. The
//! commands on the page are run with those of the README.

use std::path::PathBuf;

use portcullis::rules::{Rules, Verdict};
use portcullis::{FetchedFile, Files, Limits, Read, Schema, Source, Workspace, read_any, source_from_bytes};

use crate::markdown::blocks;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The files beside the rules of examples/acme.
struct Acme;

impl Files for Acme {
    fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        let bytes =
            std::fs::read(root().join("examples/acme").join(path)).map_err(|error| error.to_string())?;
        Ok(FetchedFile { name: path.to_owned(), bytes })
    }
}

/// Reads and asserts an example, and says what is said of it.
fn example(text: &str) -> String {
    let whole = if text.contains("\"rules\"") { text.to_owned() } else { format!("{{\"rules\": [{text}]}}") };
    let source = Source::new("rules.json", whole);
    let read = read_any(&source, &Schema::hightouch().unwrap(), &Acme, &Limits::default());
    let report = match &read {
        Ok((_, report)) | Err(report) => report,
    };
    let of_rules = report
        .iter()
        .filter(|fault| fault.primary.as_ref().is_some_and(|label| label.source.name() == "rules.json"));
    let said: Vec<String> = of_rules.map(|fault| fault.to_string() + "\n").collect();
    if let Ok((Read::Rules(rules), _)) = &read {
        comes_to(rules, text);
    }
    said.concat()
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
    let page = std::fs::read_to_string(root().join("docs/rules.md")).unwrap().replace("\r\n", "\n");
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
    assert!(tried >= 8, "{tried}");
}
