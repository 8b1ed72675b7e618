//! What making a workspace would bring about, for whoever is about to make it.
//!
//! No secret and no id: both are drawn when it is made, and those that were drawn to look are nobody's.

use std::io::{self, Write};

use portcullis::text::quoted;
use portcullis_server::Founding;
use serde_json::json;

use super::list;
use crate::args::FormatArgs;
use crate::exit::Exit;
use crate::output::Output;

/// Writes all of it.
pub(crate) fn write(seen: &Founding, format: FormatArgs, out: &mut Output) -> io::Result<Exit> {
    if format.is_json() {
        out.json(&json!({ "would_make": seen }))?;
        return Ok(Exit::Clear);
    }
    let (workspace, admin) = (quoted(&seen.workspace), quoted(&seen.administrator));
    writeln!(
        out,
        "would make the workspace {workspace}, administered by {admin}, whose first key would be shown"
    )?;
    if let Some(was) = &seen.was {
        let suspended = if was.suspended { " and is suspended" } else { "" };
        let instead = "and would be active with the role `admin`";
        writeln!(out, "{admin} has the role {}{suspended} in the file, {instead}", quoted(&was.role))?;
    }
    for role in &seen.replaced {
        writeln!(out, "the built-in role {} would say what it says in the file", quoted(role))?;
    }
    list::pairs(
        out,
        &[
            ("schema", seen.schema.clone()),
            ("default role", seen.default_role.clone().unwrap_or_default()),
            ("members", seen.members.to_string()),
            ("groups", seen.groups.to_string()),
            ("roles", seen.roles.to_string()),
            ("objects", seen.objects.to_string()),
        ],
    )?;
    writeln!(out, "nothing was made")?;
    Ok(Exit::Clear)
}
