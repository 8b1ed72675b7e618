//! The workspace file of a field of members, written without spaces so that a million members stay below the limit of a file.
//!
//! The first of a member's roles is their own, the others come through groups of one role each, none of more members than a list may have.
//! `viewer` is the default role, as in the built-in schema, and not written out.

use std::fmt::Write as _;

use portcullis_benches::GROUP;
use portcullis_benches::field::Field;
use serde_json::{Map, Value};

use crate::Trouble;

const DEFAULT: &str = "viewer";

/// The roles that come with the schema, which no file may define anew.
const BUILT_IN: [&str; 3] = ["admin", "editor", "viewer"];

/// The text. Ids and names of roles are plain letters, digits and signs, so nothing is escaped.
pub(super) fn workspace(field: &Field) -> Result<String, Trouble> {
    let documents: Map<String, Value> = field
        .roles
        .iter()
        .filter(|role| !BUILT_IN.contains(&&*role.name))
        .map(|role| (role.name.clone(), role.document.clone()))
        .collect();
    let mut text = String::with_capacity(80 * field.count());
    write!(
        text,
        r#"{{"workspace":"acme","schema":"hightouch","default_role":"{DEFAULT}","roles":{},"members":{{"#,
        serde_json::to_string(&documents)?
    )?;
    let mut teams: Vec<Vec<&str>> = vec![Vec::new(); field.roles.len()];
    for (number, (id, held)) in field.members().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let mut held = held.iter();
        let own =
            held.next().and_then(|&role| field.roles.get(role as usize)).ok_or("a member has no role")?;
        if own.name == DEFAULT {
            write!(text, r#"{comma}"{id}":{{}}"#)?;
        } else {
            write!(text, r#"{comma}"{id}":{{"role":"{}"}}"#, own.name)?;
        }
        for &role in held {
            teams.get_mut(role as usize).ok_or("a member has an unknown role")?.push(id);
        }
    }
    text.push_str(r#"},"groups":{"#);
    let mut comma = "";
    for (role, members) in field.roles.iter().zip(&teams) {
        for (number, members) in members.chunks(GROUP).enumerate() {
            write!(text, r#"{comma}"{} team {number}":{{"roles":["{}"],"members":["#, role.name, role.name)?;
            for (number, id) in members.iter().enumerate() {
                let comma = if number > 0 { "," } else { "" };
                write!(text, r#"{comma}"{id}""#)?;
            }
            text.push_str("]}");
            comma = ",";
        }
    }
    text.push_str("}}\n");
    Ok(text)
}
