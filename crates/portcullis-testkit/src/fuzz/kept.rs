//! Inputs that are kept: what once broke a target, and what the fuzzer starts from.
//!
//! Seeds are made of the corpus, the examples and the generators, so that they follow when those change and lie nowhere
//! twice; `cargo run -p portcullis-testkit --example seeds` writes them where the fuzzer looks for them. Both kinds are
//! replayed by ordinary tests, through the function that the target calls.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::workspace::SEPARATOR;
use crate::corpus;
use crate::generate::{self, Prng, Size, spelled};
use crate::reference::hightouch_schema;

/// An input and what it is called.
pub type Seed = (String, Vec<u8>);

/// Longer seeds than this slow a fuzzer down more than they show it.
const LONGEST: usize = 8_192;

/// Runs the body of a target on every input that is kept for it, and says how many there were. Of what is run the name is
/// printed first, so that a test that fails says which it was.
///
/// # Errors
/// When a file of the corpus or the examples cannot be read.
pub fn replay(target: &str, body: impl Fn(&[u8])) -> Result<usize, Box<dyn Error>> {
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
pub fn seeds(target: &str) -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut seeds = match target {
        "document" => documents()?,
        "workspace" => workspaces()?,
        "requests" => requests()?,
        "evaluation" => evaluations()?,
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
fn streams() -> Vec<Seed> {
    let mut prng = Prng::new(47);
    let mut stream = |number: usize| {
        let bytes = (0..number * number).map(|_| prng.bits().to_le_bytes()[0]).collect();
        (format!("stream-{number}"), bytes)
    };
    (0..48).map(&mut stream).collect()
}

/// One file of each kind that there is, what others published, and what breaks readers of JSON.
fn documents() -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut seeds: Vec<Seed> = Vec::new();
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
    for (number, case) in conditional_cases()?.into_iter().enumerate() {
        for (role, document) in parts(&case, "roles") {
            seeds.push((format!("conditions-{number}-{role}"), spelled(&document).into_bytes()));
        }
        seeds.push((format!("schema-of-attributes-{number}"), case["schema"].to_string().into_bytes()));
        seeds.push((format!("conditional-workspace-{number}"), spelled(&case).into_bytes()));
    }
    for case in corpus::all_by_request()? {
        for (role, document) in parts(&case.workspace, "roles") {
            let name = format!("published-{}-{role}", case.id).replace(['/', ' '], "-");
            seeds.push((name, document.to_string().into_bytes()));
        }
    }
    let folder = at("examples/slips");
    seeds.extend(files(&folder, &folder)?);
    Ok(seeds)
}

/// Workspaces with conditions, properties and objects, all of them short: to be spelled.
fn conditional_cases() -> Result<Vec<Value>, Box<dyn Error>> {
    let size = Size { types: 2, actions: 3, roles: 3, statements: 3, groups: 1, members: 3, questions: 0 };
    let draw = |seed| {
        let mut prng = Prng::new(seed);
        let mut schema = generate::attributed_schema(&mut prng, size);
        // The roles of every other one mean the same under the built-in schema, whose types the target `document` knows.
        if seed % 2 == 1 {
            schema = hightouch_schema();
        }
        generate::conditional_workspace(&mut prng, &schema, size)
    };
    let mut cases = (0..16).map(draw).collect::<Result<Vec<_>, _>>()?;
    for case in &mut cases {
        if let Some(objects) = case["objects"].as_array_mut() {
            objects.truncate(6);
        }
    }
    Ok(cases)
}

fn parts(workspace: &Value, key: &str) -> Vec<(String, Value)> {
    workspace[key].as_object().cloned().unwrap_or_default().into_iter().collect()
}

/// Workspaces and suites with files beside them, in the form that the target cuts.
fn workspaces() -> Result<Vec<Seed>, Box<dyn Error>> {
    let acme = files(&at("examples/acme"), &at("examples/acme"))?;
    let mut seeds = Vec::new();
    for (name, own) in &acme {
        let others = acme.iter().filter(|(other, _)| other != name && !other.ends_with(".jsonl"));
        if name == "workspace.json" || name.starts_with("tests") {
            seeds.push((format!("acme-{name}"), joined(own, others)));
        }
    }
    for (number, mut case) in conditional_cases()?.into_iter().enumerate() {
        let mut others = vec![("schema.json".to_owned(), case["schema"].to_string().into_bytes())];
        for (at, (role, document)) in parts(&case, "roles").into_iter().enumerate() {
            let path = format!("roles/{at}.json");
            others.push((path.clone(), spelled(&document).into_bytes()));
            case["roles"][role] = path.into();
        }
        case["schema"] = "schema.json".into();
        seeds.push((format!("conditional-{number}"), joined(spelled(&case).as_bytes(), &others)));
    }
    for (number, mut case) in small_cases()?.into_iter().enumerate() {
        let mut others = vec![("schema.json".to_owned(), case.schema.to_string().into_bytes())];
        let roles = case.workspace["roles"].as_object_mut().into_iter().flat_map(|roles| roles.values_mut());
        for (role, text) in roles.enumerate() {
            let path = format!("roles/{role}.json");
            others.push((path.clone(), text.to_string().into_bytes()));
            *text = path.into();
        }
        if case.workspace["schema"].is_object() {
            case.workspace["schema"] = "schema.json".into();
        }
        let own = case.workspace.to_string().into_bytes();
        seeds.push((format!("workspace-{number}"), joined(&own, &others)));
        let mut suite = suite(&case);
        suite["workspace"] = "workspace.json".into();
        others.push(("workspace.json".to_owned(), own));
        seeds.push((format!("suite-{number}"), joined(suite.to_string().as_bytes(), &others)));
    }
    Ok(seeds)
}

/// A file and those beside it, the other way round than `workspace` takes them apart.
fn joined<'s>(own: &[u8], others: impl IntoIterator<Item = &'s Seed>) -> Vec<u8> {
    let mut bytes = own.to_vec();
    for (name, other) in others {
        bytes.push(SEPARATOR);
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(other);
    }
    bytes
}

/// Every form of a request, and what breaks readers of JSON in a place where anything may stand.
fn requests() -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut seeds = vec![
        ("acme".to_owned(), fs::read(at("examples/acme/requests.jsonl"))?),
        ("forms".to_owned(), FORMS.as_bytes().to_vec()),
        ("mark".to_owned(), [b"\xef\xbb\xbf", FORMS.as_bytes()].concat()),
        ("returns".to_owned(), FORMS.replace('\n', "\r\n").into_bytes()),
    ];
    seeds.extend(FORMS.lines().enumerate().map(|(at, line)| (format!("form-{at}"), line.into())));
    for file in corpus::json_torture()? {
        let (head, tail) = (br#"{"subject":"ann","action":"read","resource":"sync","x":"#, b"}\n");
        seeds.push((file.name.replace('/', "-"), [&head[..], &file.bytes, tail].concat()));
    }
    Ok(seeds)
}

/// Questions of members and strangers, of both types, on types, aliases and objects; and lines that are none.
const FORMS: &str = r#"{"subject":"ann","action":"start","resource":"sync"}
{"subject":"eve","action":"read","resource":"api_key"}
{"subject":"gone","action":"read","resource":"sync_templates"}
{"subject":{"type":"bot","id":"bob"},"action":{"name":"delete"},"resource":{"type":"model","id":"7"}}
{"subject":{"type":"user","id":"bob","properties":{"a":[1,-2.5e3]}},"action":{"name":"read"},"resource":{"type":"sync","id":""},"context":{}}
{"resource":"workspace","subject":"l\u00e4uft \"so\"","action":"read","decision":true}
{"subject":"ann","subject":"bob","action":"read","resource":"sync"}
{"subject":"ann","action":"read","resource":"sync","x":1e400}

{"subject":{"id":"ann"},"action":"read","resource":"sync"}
[]"#;

/// Bodies of one and of many evaluations, sound and not; what others published; and what breaks readers of JSON, within an item.
fn evaluations() -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut seeds: Vec<Seed> =
        BODIES.lines().enumerate().map(|(at, body)| (format!("body-{at}"), body.into())).collect();
    for version in ["00", "01", "02"] {
        let text = fs::read(at(&format!("corpus/authzen/todo-1_0-{version}.json")))?;
        let scenario: Value = serde_json::from_slice(&text)?;
        for key in ["evaluation", "evaluations"] {
            let entries = scenario[key].as_array().into_iter().flatten().enumerate();
            seeds.extend(entries.step_by(4).map(|(at, entry)| {
                (format!("todo-{version}-{key}-{at}"), entry["request"].to_string().into_bytes())
            }));
        }
    }
    for file in corpus::json_torture()? {
        let (head, tail) = (br#"{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"evaluations":[{"resource":{"type":"sync","id":"1"},"x":"#, b"},{}]}");
        seeds.push((file.name.replace('/', "-"), [&head[..], &file.bytes, tail].concat()));
    }
    Ok(seeds)
}

/// Bodies that ask what is asked in `FORMS`, with defaults on either side, properties, options and faults.
const BODIES: &str = r#"{"subject":{"type":"user","id":"ann"},"action":{"name":"start"},"resource":{"type":"sync","id":"42"}}
{"subject":{"type":"user","id":"cat","properties":{"mfa":1}},"action":{"name":"create","properties":{"soft":true}},"resource":{"type":"sync","id":"42"},"evaluations":[]}
{"evaluations":[{"resource":{"type":"sync","id":"42"}},{"resource":{"type":"sync","id":"7","properties":{"labels":{"team":"data"},"size":9007199254740993}}},{}],"subject":{"type":"user","id":"cat"},"action":{"name":"update"},"options":{"evaluations_semantic":"deny_on_first_deny","x":1e400}}
{"subject":{"type":"user","id":"cat"},"action":{"name":"update"},"resource":{"type":"model","id":"1"},"context":{"n":0.1},"evaluations":[{},{"context":null},{"context":{"n":0.10}},{"context":{}},{"context":[]},5,{"action":"read"}]}
{"subject":{"type":"user","id":"cat"},"action":{"name":"read"},"resource":{"type":"source","id":"1"},"evaluations":[{"context":{"ip":"10.0.0.1"}},{"subject":{"type":"bot","id":"bob"}},{"subject":{"type":"user"}},{"x":1,"x":2},{"resource":{"type":"source","id":"1","properties":{"a":1,"a":1}}}]}
{"action":{"name":"delete"},"resource":{"type":"source","id":"1"},"evaluations":[{"subject":{"type":"user","id":"l\u00e4uft \"so\""}},{},{"subject":{"type":"user","id":"gone"}}],"options":{"evaluations_semantic":"permit_on_first_permit"}}
{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"sync","id":"1"},"evaluations":{}}
{"subject":"ann","evaluations":[{}]}
{"options":{"evaluations_semantic":"all"}}
[]"#;

/// Some cases of the corpus and of the generator, all of them short.
fn small_cases() -> Result<Vec<corpus::Case>, Box<dyn Error>> {
    let size = Size { types: 3, actions: 4, roles: 3, statements: 3, groups: 2, members: 3, questions: 8 };
    let mut cases = corpus::all()?;
    cases.retain(|case| case.workspace.to_string().len() < LONGEST / 4);
    let every = (cases.len() / 40).max(1);
    let mut cases: Vec<_> = cases.into_iter().step_by(every).collect();
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
fn files(folder: &Path, from: &Path) -> Result<Vec<Seed>, std::io::Error> {
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
