//! Inputs that are kept: what once broke a target, and what the fuzzer starts from.
//!
//! Seeds are made of the corpus, the examples and the generators, so that they follow when those change and lie nowhere
//! twice; `cargo run -p portcullis-testkit --example seeds` writes them where the fuzzer looks for them. Both kinds are
//! replayed by ordinary tests, through the function that the target calls.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::corpus;
use crate::generate::{self, Prng, Size};

/// Longer seeds than this slow a fuzzer down more than they show it.
const LONGEST: usize = 8_192;

/// Runs the body of a target on every input that is kept for it, and says how many there were. Of what is run the name is
/// printed first, so that a test that fails says which it was.
///
/// # Errors
/// When a file of the corpus or the examples cannot be read.
pub fn replay(target: &str, body: impl Fn(&[u8])) -> Result<usize, Box<dyn std::error::Error>> {
    let mut inputs = Vec::new();
    // Until something breaks a target it has no folder.
    if let Ok(entries) = fs::read_dir(at("fuzz/regressions").join(target)) {
        for entry in entries {
            let path = entry?.path();
            inputs.push((path.display().to_string(), fs::read(path)?));
        }
    }
    inputs.sort();
    inputs.extend(seeds(target)?);
    for (name, bytes) in &inputs {
        println!("{target}: {name}");
        body(bytes);
    }
    Ok(inputs.len())
}

/// What the fuzzer starts from, by name.
///
/// # Errors
/// When a file of the corpus or the examples cannot be read.
pub fn seeds(target: &str) -> Result<Vec<(String, Vec<u8>)>, Box<dyn std::error::Error>> {
    let mut seeds = match target {
        "document" => documents()?,
        _ => streams(),
    };
    seeds.retain(|(_, bytes)| bytes.len() <= LONGEST);
    Ok(seeds)
}

fn at(path: &str) -> PathBuf {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    path.split('/').fold(root, |path, part| path.join(part))
}

/// Choices for the generators: none, a few, and many.
fn streams() -> Vec<(String, Vec<u8>)> {
    let mut prng = Prng::new(47);
    let mut stream = |number: usize| {
        let bytes = (0..number * number).map(|_| prng.bits().to_le_bytes()[0]).collect();
        (format!("stream-{number}"), bytes)
    };
    (0..48).map(&mut stream).collect()
}

/// One file of each kind that there is, what others published, and what breaks readers of JSON.
fn documents() -> Result<Vec<(String, Vec<u8>)>, Box<dyn std::error::Error>> {
    let mut seeds: Vec<(String, Vec<u8>)> = Vec::new();
    for file in corpus::json_torture()? {
        seeds.push((file.name.replace('/', "-"), file.bytes));
    }
    for (number, document) in corpus::documents()?.into_values().enumerate() {
        seeds.push((format!("policy-{number}"), document.to_string().into_bytes()));
    }
    for (number, case) in small_cases()?.into_iter().enumerate() {
        seeds.push((format!("workspace-{number}"), case.workspace.to_string().into_bytes()));
        seeds.push((format!("schema-{number}"), case.schema.to_string().into_bytes()));
        seeds.push((format!("suite-{number}"), suite(&case).to_string().into_bytes()));
    }
    let folder = at("examples/slips");
    seeds.extend(files(&folder, &folder)?);
    Ok(seeds)
}

/// A few cases of the corpus and of the generator.
fn small_cases() -> Result<Vec<corpus::Case>, Box<dyn std::error::Error>> {
    let size = Size { types: 3, actions: 4, roles: 3, statements: 3, groups: 2, members: 3, questions: 8 };
    let mut cases: Vec<_> = corpus::all()?.into_iter().step_by(29).take(60).collect();
    for seed in 0..12 {
        cases.push(generate::case(seed, size)?);
    }
    Ok(cases)
}

/// A test suite of a case's questions, which brings its workspace along.
fn suite(case: &corpus::Case) -> Value {
    let test = |(number, asked): (usize, &corpus::Question)| {
        let key = if asked.expected { "may" } else { "may_not" };
        json!({ "name": format!("question {number}"), "subject": asked.subject, key: { &asked.resource: asked.action } })
    };
    let tests: Vec<Value> = case.questions.iter().take(6).enumerate().map(test).collect();
    json!({ "workspace": case.workspace, "tests": tests })
}

/// Every file under a folder, by its path from another, with `/` between the parts.
fn files(folder: &Path, from: &Path) -> Result<Vec<(String, Vec<u8>)>, std::io::Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, from)?);
        } else {
            let parts = path.strip_prefix(from).unwrap_or(&path).components();
            let parts: Vec<String> =
                parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            found.push((parts.join("/"), fs::read(path)?));
        }
    }
    found.sort();
    Ok(found)
}
