//! The pages about files that are tied to a workspace, docs/tests.md and docs/rules.md, run beside the files of examples/acme.
//!
//! Both pages show an example as a `json` block, and in a `text` block after it what `lint` says of it. What an example
//! comes to when it is run is for the test of each page.

use std::path::PathBuf;

use portcullis::{FetchedFile, Files, Limits, Read, Schema, Source, read_any};

use crate::markdown::blocks;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The files of examples/acme.
pub(crate) struct Acme;

impl Files for Acme {
    fn fetch(&self, path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        let bytes =
            std::fs::read(root().join("examples/acme").join(path)).map_err(|error| error.to_string())?;
        Ok(FetchedFile { name: path.to_owned(), bytes })
    }
}

/// Reads a text as if it stood beside them under a name, and what is said of it; not what is said of the workspace.
pub(crate) fn read_beside_acme(name: &str, text: String) -> (Option<Read>, String) {
    let source = Source::new(name, text);
    let read = read_any(&source, &Schema::hightouch().unwrap(), &Acme, &Limits::default());
    let (read, report) = match read {
        Ok((read, report)) => (Some(read), report),
        Err(report) => (None, report),
    };
    let of_text =
        report.iter().filter(|fault| fault.primary.as_ref().is_some_and(|label| label.source.name() == name));
    let said: Vec<String> = of_text.map(|fault| fault.to_string() + "\n").collect();
    (read, said.concat())
}

/// Of every example on a page, `said` of it is what the page prints; there are `least` or more.
pub(crate) fn every_example(page: &str, least: usize, said: impl Fn(&str) -> String) {
    let page = std::fs::read_to_string(root().join(page)).unwrap().replace("\r\n", "\n");
    let blocks = blocks(&page);
    let mut tried = 0;
    for (index, &(language, text)) in blocks.iter().enumerate() {
        if language == "json" {
            let printed = blocks.get(index + 1).filter(|(language, _)| *language == "text");
            assert_eq!(said(text), printed.map_or("", |(_, text)| text), "{text}");
            tried += 1;
        }
    }
    println!("{tried} examples");
    assert!(tried >= least, "{tried}");
}
