//! JSONTestSuite: files that a JSON reader must accept, must refuse, or may do either with.
//!
//! These are bytes and not text: some are no UTF-8, one nests a hundred thousand arrays. What a reader of policies owes
//! them is a clean error for every [`Expectation::Reject`], and for [`Expectation::Accept`] an error that is no longer
//! about JSON, since none of them is a policy document.

use super::{CorpusError, bytes, failure, path, read_json};
use serde::Deserialize;

/// What a JSON reader must do with a file.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// It is JSON.
    Accept,
    /// It is not.
    Reject,
    /// The standard leaves it open, or (`test_transform`) leaves open what the file means.
    Either,
}

/// One file.
#[derive(Clone, Debug)]
pub struct TortureFile {
    /// Folder and file name: `test_parsing/n_single_space.json`.
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// What to expect.
    pub expectation: Expectation,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    expect: Expectation,
    bytes: usize,
}

/// The 318 parsing files, as the index lists them, then the 22 transform files, by name.
///
/// # Errors
/// When a file is missing, or has another length than the index says (a line ending was translated).
pub fn json_torture() -> Result<Vec<TortureFile>, CorpusError> {
    let mut files = Vec::new();
    for listed in read_json::<Vec<Listed>>("json_torture/index.json")? {
        let name = format!("test_parsing/{}", listed.file);
        let bytes = bytes(&format!("json_torture/{name}"))?;
        if bytes.len() != listed.bytes {
            let problem = format!("has {} bytes, the index says {}", bytes.len(), listed.bytes);
            return Err(failure(&format!("json_torture/{name}"), problem));
        }
        files.push(TortureFile { name, bytes, expectation: listed.expect });
    }
    let folder = "json_torture/test_transform";
    let entries = std::fs::read_dir(path(folder)).map_err(|error| failure(folder, error))?;
    let mut transforms = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| failure(folder, error))?.file_name();
        let file = file.into_string().map_err(|_| failure(folder, "a file name is not Unicode"))?;
        let bytes = bytes(&format!("{folder}/{file}"))?;
        let name = format!("test_transform/{file}");
        transforms.push(TortureFile { name, bytes, expectation: Expectation::Either });
    }
    transforms.sort_by(|a, b| a.name.cmp(&b.name));
    files.extend(transforms);
    Ok(files)
}
