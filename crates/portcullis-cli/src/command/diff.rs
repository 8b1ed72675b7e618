//! `portcullis diff`: what a change gains and loses, exactly.
//!
//! Two documents are compared as what each grants alone; two workspaces member by member, members to whom the same
//! happens together, since an edit of one role does the same to thousands.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use portcullis::text::{counted, printable, quoted};
use portcullis::{Change, MemberChange, PermissionName, Read, diff_documents, diff_snapshots};
use serde_json::{Value, json};

use crate::args::{FormatArgs, LimitArgs, SchemaArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::output::{BAD, GOOD, Output};
use crate::{files, load};

/// Show the permissions that a change gains and loses.
///
/// OLD and NEW are two policy documents, read under --schema, or two workspaces. Workspaces are compared member by
/// member, and members to whom the same happens are told together. Exits 1 when there is any difference.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis diff examples/acme/roles/reader.json examples/acme/roles/editor.json
  portcullis diff examples/acme/workspace.json examples/acme/workspace.json --members")]
pub(crate) struct Diff {
    /// What it was
    old: PathBuf,
    /// What it will be
    new: PathBuf,
    /// Name the members of each group
    #[arg(long)]
    members: bool,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Diff {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let limits = self.limits.limits();
        let schema = load::schema(&self.schema, &limits, out)?;
        let old = load::any(&self.old, &schema, Some(&self.schema), &limits, out)?;
        let new = load::any(&self.new, &schema, Some(&self.schema), &limits, out)?;
        match (&old, &new) {
            (Read::Policy(_, old), Read::Policy(_, new)) => self.documents(&diff_documents(old, new), out),
            (Read::Workspace(old), Read::Workspace(new)) => self.workspaces(&diff_snapshots(old, new), out),
            _ => {
                let told =
                    |path, read| format!("{} is {}", quoted(&files::shown(path)), load::kind_name(read));
                Err(Failure::with_help(
                    format!("{} and {}", told(&self.old, &old), told(&self.new, &new)),
                    "give two policy documents, or two workspaces",
                ))
            }
        }
    }

    fn documents(&self, change: &Change, out: &mut Output) -> Outcome {
        let exit = out.announce(Exit::findings(!change.is_empty()));
        if self.format.is_json() {
            out.json(&json!({ "gained": names(&change.gained), "lost": names(&change.lost) }))?;
        } else if change.is_empty() {
            writeln!(out, "no difference")?;
        } else {
            let (gained, lost) = (change.gained.len(), change.lost.len());
            writeln!(out, "{}, {lost} lost", gained_count(gained))?;
            print_change(change, out)?;
        }
        Ok(exit)
    }

    fn workspaces(&self, changes: &[MemberChange], out: &mut Output) -> Outcome {
        let exit = out.announce(Exit::findings(!changes.is_empty()));
        if self.format.is_json() {
            let changes: Value = changes.iter().map(|group| self.group(group)).collect();
            out.json(&json!({ "changes": changes }))?;
        } else if changes.is_empty() {
            writeln!(out, "no difference")?;
        } else {
            for (index, group) in changes.iter().enumerate() {
                let members = counted(group.members.len(), "member");
                let (gained, lost) = (group.change.gained.len(), group.change.lost.len());
                let gap = if index == 0 { "" } else { "\n" };
                writeln!(out, "{gap}{members}: {}, {lost} lost", gained_count(gained))?;
                print_change(&group.change, out)?;
                if self.members {
                    group.members.iter().try_for_each(|member| writeln!(out, "    {}", printable(member)))?;
                }
            }
        }
        Ok(exit)
    }

    fn group(&self, group: &MemberChange) -> Value {
        let mut value = json!({
            "count": group.members.len(),
            "gained": names(&group.change.gained),
            "lost": names(&group.change.lost),
        });
        if let (true, Some(object)) = (self.members, value.as_object_mut()) {
            object.insert("members".to_owned(), json!(group.members));
        }
        value
    }
}

fn gained_count(gained: usize) -> String {
    format!("{} gained", counted(gained, "permission"))
}

/// `+ TYPE: actions` for what is gained, `- TYPE: actions` for what is lost.
fn print_change(change: &Change, out: &mut Output) -> io::Result<()> {
    for (sign, style, permissions) in [("+", GOOD, &change.gained), ("-", BAD, &change.lost)] {
        for (resource, actions) in by_type(permissions) {
            let actions: Vec<String> = actions.into_iter().map(printable).collect();
            let sign = out.paint(style, sign);
            writeln!(out, "  {sign} {}: {}", printable(resource), actions.join(", "))?;
        }
    }
    Ok(())
}

fn by_type(permissions: &[PermissionName]) -> BTreeMap<&str, Vec<&str>> {
    let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for permission in permissions {
        grouped.entry(&permission.resource).or_default().push(&permission.action);
    }
    grouped
}

/// The same object as `what --format jsonl` has under `permissions`.
fn names(permissions: &[PermissionName]) -> Value {
    json!(by_type(permissions))
}
