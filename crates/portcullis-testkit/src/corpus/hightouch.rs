//! Hightouch: the five published documents without conditions, and what each comes to, cell by cell.
//!
//! Three cases:
//! * `hightouch/literal`: 495 cells, read literally. The schema is the vendor's ten types and the eleventh name that a
//!   document uses, `sync_templates`, and every type admits all nine actions.
//! * `hightouch/built-in/documents`: the same documents under the built-in schema, where `sync_templates` is an alias,
//!   46 pairs are not admitted and `workspace` covers six more names. The 765 cells are `expected_builtin.csv`.
//! * `hightouch/built-in/roles`: the cells of `admin`, `editor` and `reader` once more, for members who hold the
//!   built-in roles (and `viewer`, of which `reader` is an alias) instead of the published documents.
//!
//! `tests/hightouch_cells.rs` derives the second file from the first one and from vocabulary.json. The three documents
//! with conditions have no cells but requests, which are ours: `hightouch/labels`, on objects with labels and without.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Case, CorpusError, Draft, Question, RequestCase, Vector, failure, read_json, read_json_lines, text,
};
use crate::reference::hightouch_schema;

/// One line of a file of expected cells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Which published document.
    pub policy: String,
    /// An action name.
    pub action: String,
    /// A type, alias or covered name.
    pub resource: String,
    /// Whether the document allows it.
    pub allow: bool,
}

/// The eight published documents by name; `lbac_model_star` without the trailing comma that it was printed with.
///
/// # Errors
/// When the corpus file is missing or malformed.
pub fn documents() -> Result<BTreeMap<String, Value>, CorpusError> {
    #[derive(Deserialize)]
    struct Published {
        id: String,
        policy: Value,
    }
    let published = read_json_lines::<Published>("hightouch/policies.jsonl")?;
    Ok(published.into_iter().map(|entry| (entry.id, entry.policy)).collect())
}

/// The lines of `expected.csv` or `expected_builtin.csv`.
///
/// # Errors
/// When the corpus file is missing or malformed.
pub fn cells(file: &str) -> Result<Vec<Cell>, CorpusError> {
    let name = format!("hightouch/{file}");
    let text = text(&name)?;
    let mut lines = text.lines();
    if lines.next() != Some("policy,action,resource,allow") {
        return Err(failure(&name, "does not start with its heading"));
    }
    let cell = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [policy, action, resource, allow @ ("0" | "1")] = fields.as_slice() else {
            return Err(failure(&name, format!("{line:?} is no line of four fields, the last 0 or 1")));
        };
        let (policy, action, resource) = ((*policy).to_owned(), (*action).to_owned(), (*resource).to_owned());
        Ok(Cell { policy, action, resource, allow: *allow == "1" })
    };
    lines.map(cell).collect()
}

/// The member of a published document is named after it.
fn questions(cells: Vec<Cell>) -> Vec<Question> {
    let question = |cell: Cell| {
        let Cell { policy, action, resource, allow } = cell;
        Question { subject: policy, action, resource, expected: allow }
    };
    cells.into_iter().map(question).collect()
}

/// Three cases.
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn hightouch() -> Result<Vec<Case>, CorpusError> {
    let literal = cells("expected.csv")?;
    let builtin = cells("expected_builtin.csv")?;
    let with_cells: BTreeSet<String> = literal.iter().map(|cell| cell.policy.clone()).collect();
    let documents: BTreeMap<_, _> =
        documents()?.into_iter().filter(|(name, _)| with_cells.contains(name)).collect();

    let holders = documents.keys().map(|name| (name.clone(), vec![name.clone()])).collect();
    let (id, roles) = ("hightouch/literal".to_owned(), documents.clone());
    let literal = Draft { id, roles, holders, questions: questions(literal) }.into_case();

    // Under the built-in schema the names admin, editor and reader are taken.
    let published = |name: &str| format!("published {name}");
    let members: BTreeMap<_, _> =
        documents.keys().map(|name| (name.clone(), json!({ "role": published(name) }))).collect();
    let roles: BTreeMap<_, _> =
        documents.into_iter().map(|(name, document)| (published(&name), document)).collect();
    let of_documents = Case {
        id: "hightouch/built-in/documents".to_owned(),
        schema: hightouch_schema(),
        workspace: json!({ "workspace": "documents", "schema": "hightouch", "roles": roles, "members": members }),
        questions: questions(builtin.clone()),
    };
    Ok(vec![literal, of_documents, builtin_roles(builtin)])
}

fn builtin_roles(mut cells: Vec<Cell>) -> Case {
    cells.retain(|cell| ["admin", "editor", "reader"].contains(&&*cell.policy));
    let viewers: Vec<Cell> = cells.iter().filter(|cell| cell.policy == "reader").cloned().collect();
    // A viewer by the role's own name, and one who names no role: `viewer` is the default.
    for name in ["viewer", "newcomer"] {
        cells.extend(viewers.iter().cloned().map(|cell| Cell { policy: name.to_owned(), ..cell }));
    }
    let members = json!({
        "admin": { "role": "admin" }, "editor": { "role": "editor" }, "reader": { "role": "reader" },
        "viewer": { "role": "viewer" }, "newcomer": {},
    });
    Case {
        id: "hightouch/built-in/roles".to_owned(),
        schema: hightouch_schema(),
        workspace: json!({ "workspace": "roles", "schema": "hightouch", "roles": {}, "members": members }),
        questions: questions(cells),
    }
}

/// The documents with conditions, asked about objects that have the labels, that have others, and that have none.
///
/// # Errors
/// When a file of the corpus is missing or malformed.
pub fn hightouch_labels() -> Result<RequestCase, CorpusError> {
    #[derive(Deserialize)]
    struct File {
        objects: Value,
        questions: Vec<Labelled>,
    }
    #[derive(Deserialize)]
    struct Labelled {
        policy: String,
        action: String,
        resource: Value,
        allow: bool,
    }
    let file: File = read_json("hightouch/labels.json")?;
    let asked: BTreeSet<&str> = file.questions.iter().map(|one| one.policy.as_str()).collect();
    let mut roles = documents()?;
    roles.retain(|name, _| asked.contains(name.as_str()));
    let members: BTreeMap<_, _> = roles.keys().map(|name| (name.clone(), json!({ "role": name }))).collect();
    let workspace = json!({
        "workspace": "labels", "schema": "hightouch", "roles": roles, "members": members, "objects": file.objects,
    });
    let vector = |one: Labelled| Vector {
        request: json!({ "subject": { "type": "user", "id": one.policy }, "action": { "name": one.action },
                         "resource": one.resource }),
        expected: one.allow,
    };
    let vectors = file.questions.into_iter().map(vector).collect();
    Ok(RequestCase { id: "hightouch/labels".to_owned(), workspace, vectors })
}
