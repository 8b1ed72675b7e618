//! AuthZEN: the working group's interop vectors, in which decisions hang on attributes.
//!
//! The workspaces lie in `examples/`, since they are lessons in modelling; here their files are put into one. Four cases:
//! * `authzen/todo-1_0-00`, `-01` and `-02`: the evaluations of the three versions of the scenario, and those of the
//!   batches, each completed with what its batch says. Version 00 has a workspace of its own.
//! * `authzen/idp`: each resource search as a question on each stored object: a search must find what evaluation allows.
//!
//! [`authzen_searches`] has the searches themselves.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{CorpusError, RequestCase, Vector, failure, read_json};

/// Which objects of a type may somebody do something to?
#[derive(Clone, Debug)]
pub struct Search {
    /// The request: a resource with a type and without an id.
    pub request: Value,
    /// The ids that must be found, and no others.
    pub expected: BTreeSet<String>,
}

/// Four cases.
///
/// # Errors
/// When a file of the corpus or of the examples is missing or malformed.
pub fn authzen() -> Result<Vec<RequestCase>, CorpusError> {
    let mut cases = Vec::new();
    for (version, workspace) in [
        ("todo-1_0-00", "authzen-todo/workspace-00.json"),
        ("todo-1_0-01", "authzen-todo/workspace.json"),
        ("todo-1_0-02", "authzen-todo/workspace.json"),
    ] {
        cases.push(RequestCase {
            id: format!("authzen/{version}"),
            workspace: example(workspace)?,
            vectors: evaluations(&format!("authzen/{version}.json"))?,
        });
    }
    let (workspace, searches) = authzen_searches()?;
    let objects = workspace.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut vectors = Vec::new();
    for search in searches {
        for object in &objects {
            let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
            let mut request = search.request.clone();
            if let Some(resource) = request.get_mut("resource").and_then(Value::as_object_mut) {
                resource.insert("id".to_owned(), id.into());
            }
            vectors.push(Vector { request, expected: search.expected.contains(id) });
        }
    }
    cases.push(RequestCase { id: "authzen/idp".to_owned(), workspace, vectors });
    Ok(cases)
}

/// The workspace of the identity provider, with everything inline, and the searches in it.
///
/// # Errors
/// When a file of the corpus or of the examples is missing or malformed.
pub fn authzen_searches() -> Result<(Value, Vec<Search>), CorpusError> {
    #[derive(Deserialize)]
    struct File {
        search: Vec<Asked>,
    }
    #[derive(Deserialize)]
    struct Asked {
        request: Value,
        expected: Expected,
    }
    #[derive(Deserialize)]
    struct Expected {
        results: Vec<Found>,
    }
    #[derive(Deserialize)]
    struct Found {
        id: String,
    }
    let file: File = read_json("authzen/idp-search.json")?;
    let search = |asked: Asked| Search {
        request: asked.request,
        expected: asked.expected.results.into_iter().map(|found| found.id).collect(),
    };
    Ok((example("authzen-idp/workspace.json")?, file.search.into_iter().map(search).collect()))
}

/// A file's evaluations, and those of its batches one by one.
fn evaluations(name: &str) -> Result<Vec<Vector>, CorpusError> {
    #[derive(Deserialize)]
    struct File {
        evaluation: Vec<Single>,
        #[serde(default)]
        evaluations: Vec<Batch>,
    }
    #[derive(Deserialize)]
    struct Single {
        request: Value,
        expected: bool,
    }
    #[derive(Deserialize)]
    struct Batch {
        request: Value,
        expected: Vec<Decided>,
    }
    #[derive(Deserialize)]
    struct Decided {
        decision: bool,
    }
    let file: File = read_json(name)?;
    let single = |one: Single| Vector { request: one.request, expected: one.expected };
    let mut vectors: Vec<Vector> = file.evaluation.into_iter().map(single).collect();
    for Batch { mut request, expected } in file.evaluations {
        let taken = request.as_object_mut().and_then(|parts| parts.remove("evaluations"));
        let Some(Value::Array(items)) =
            taken.filter(|items| items.as_array().map(Vec::len) == Some(expected.len()))
        else {
            return Err(failure(name, "a batch has not as many evaluations as answers"));
        };
        for (item, decided) in items.into_iter().zip(expected) {
            let mut whole = request.clone();
            if let (Some(whole), Value::Object(item)) = (whole.as_object_mut(), item) {
                whole.extend(item);
            }
            vectors.push(Vector { request: whole, expected: decided.decision });
        }
    }
    Ok(vectors)
}

/// A workspace of `examples/` with the files that it names inside.
fn example(name: &str) -> Result<Value, CorpusError> {
    let name = format!("../examples/{name}");
    let mut workspace: Value = read_json(&name)?;
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let inside = |part: &mut Value| -> Result<(), CorpusError> {
        if let Some(path) = part.as_str() {
            *part = read_json(&format!("{folder}/{path}"))?;
        }
        Ok(())
    };
    workspace.get_mut("schema").map(inside).transpose()?;
    let roles = workspace.get_mut("roles").and_then(Value::as_object_mut);
    roles.into_iter().flat_map(|roles| roles.values_mut()).try_for_each(inside)?;
    Ok(workspace)
}
