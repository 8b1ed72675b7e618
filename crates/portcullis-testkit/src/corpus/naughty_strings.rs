//! Strings that break software, in every place where a workspace has a name.
//!
//! Left out are the empty string, which is no name anywhere, any longer than 512 bytes, and, for actions and types alone,
//! those with a `*`. Repeated strings are taken once. Every other string is the name of a role, a group and a member, and
//! of a type that admits one action, which bears its name too: (s, s) is then a permission that only s has by its own
//! role, and that the string before s in the list has through the group that bears the name of that string.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Case, CorpusError, Question, document, read_json};

/// The longest name that the language has, in bytes.
const LONGEST_NAME: usize = 512;

/// The strings that are legal names of members, roles and groups; those without a `*` may also name actions and types.
///
/// # Errors
/// When the corpus file is missing or malformed.
pub fn legal_names() -> Result<BTreeSet<String>, CorpusError> {
    let strings: Vec<String> = read_json("naughty_strings/blns.json")?;
    Ok(strings.into_iter().filter(|string| !string.is_empty() && string.len() <= LONGEST_NAME).collect())
}

/// One case with everything in it.
///
/// # Errors
/// When the corpus file is missing or malformed.
pub fn naughty_strings() -> Result<Vec<Case>, CorpusError> {
    let names = legal_names()?;
    let grid: BTreeSet<&String> = names.iter().filter(|name| !name.contains('*')).collect();
    let resources: BTreeMap<_, _> = grid.iter().map(|name| (*name, json!({ "actions": [name] }))).collect();
    let schema = json!({ "schema": "naughty strings", "resources": resources });
    // A name with a `*` has no permission of its own, and borrows the first.
    let pair = |name| grid.get(name).or(grid.first()).copied();

    let (mut roles, mut groups, mut members) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut questions = Vec::new();
    let (following, third) = (names.iter().cycle().skip(1), names.iter().cycle().skip(2));
    for ((name, following), third) in names.iter().zip(following).zip(third) {
        let (Some(own), Some(next), Some(other)) = (pair(name), pair(following), pair(third)) else {
            continue;
        };
        roles.insert(name, document(vec![json!({ "effect": "allow", "actions": [own], "resource": own })]));
        groups.insert(name, json!({ "roles": [following], "members": [name] }));
        members.insert(name, json!({ "role": name }));
        for (action, resource) in [(own, own), (next, next), (other, other), (own, other)] {
            let (subject, action, resource) = (name.clone(), action.clone(), resource.clone());
            let expected = action == resource && (action == *own || action == *next);
            questions.push(Question { subject, action, resource, expected });
        }
    }
    let workspace = json!({
        "workspace": "naughty strings", "schema": schema, "roles": roles, "groups": groups, "members": members,
    });
    Ok(vec![Case { id: "naughty_strings".to_owned(), schema, workspace, questions }])
}
