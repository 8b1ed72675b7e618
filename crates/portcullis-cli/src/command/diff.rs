//! `portcullis diff`: what a change gains and loses, and which conditions it changes, exactly.
//!
//! Two documents are compared as what each grants alone; two workspaces member by member, members to whom the same
//! happens together, since an edit of one role does the same to thousands.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use portcullis::text::{counted, printable, quoted};
use portcullis::{
    Change, ConditionalChange, MemberChange, PermissionName, Read, Standing, diff_documents, diff_snapshots,
};
use serde_json::{Map, Value, json};

use crate::args::{FormatArgs, LimitArgs, SchemaArgs};
use crate::exit::{Exit, Failure, Outcome};
use crate::output::{BAD, GOOD, Output, STRONG};
use crate::render::conditional;
use crate::{files, load};

/// Show the permissions that a change gains and loses.
///
/// OLD and NEW are two policy documents, read under --schema, or two workspaces. Workspaces are compared member by
/// member, and members to whom the same happens are told together. What depends on conditions, or did, is told with these.
/// Exits 1 when there is any difference.
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
            (Read::Policy(_, old), Read::Policy(_, new)) => {
                documents(&diff_documents(old, new), self.format, out)
            }
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
                let gap = if index == 0 { "" } else { "\n" };
                writeln!(out, "{gap}{members}: {}", summary(&group.change))?;
                print_change(&group.change, out)?;
                if self.members {
                    group.members.iter().try_for_each(|member| writeln!(out, "    {}", printable(member)))?;
                }
            }
        }
        Ok(exit)
    }

    fn group(&self, group: &MemberChange) -> Value {
        let mut object = Map::from_iter([("count".to_owned(), json!(group.members.len()))]);
        object.append(&mut as_json(&group.change));
        if self.members {
            object.insert("members".to_owned(), json!(group.members));
        }
        Value::Object(object)
    }
}

/// Tells what became of one document.
pub(super) fn documents(change: &Change, format: FormatArgs, out: &mut Output) -> Outcome {
    let exit = out.announce(Exit::findings(!change.is_empty()));
    if format.is_json() {
        out.json(&as_json(change))?;
    } else if change.is_empty() {
        writeln!(out, "no difference")?;
    } else {
        writeln!(out, "{}", summary(change))?;
        print_change(change, out)?;
    }
    Ok(exit)
}

fn summary(change: &Change) -> String {
    let mut text =
        format!("{} gained, {} lost", counted(change.gained.len(), "permission"), change.lost.len());
    for kind in [NOW, NO_LONGER, CHANGED] {
        let count = change.conditional.iter().filter(|one| what_happens(one) == kind).count();
        if count > 0 {
            text.push_str(&format!(", {count} {kind}"));
        }
    }
    text
}

const NOW: &str = "now conditional";
const NO_LONGER: &str = "no longer conditional";
const CHANGED: &str = "under other conditions";

fn what_happens(change: &ConditionalChange) -> &'static str {
    match (change.before.is_conditional(), change.after.is_conditional()) {
        (true, true) => CHANGED,
        (true, false) => NO_LONGER,
        (false, _) => NOW,
    }
}

/// `allowed`, `denied`, or the conditions.
pub(super) fn in_words(standing: &Standing) -> String {
    match standing {
        Standing::Allowed => "allowed".to_owned(),
        Standing::Denied => "denied".to_owned(),
        Standing::Conditional(conditions) => {
            conditional::words_of(conditions.iter().map(|(effect, condition)| (*effect, &**condition)))
        }
    }
}

pub(super) fn standing(standing: &Standing) -> Value {
    match standing {
        Standing::Allowed => json!("allowed"),
        Standing::Denied => json!("denied"),
        Standing::Conditional(conditions) => {
            let each = conditions.iter();
            let each = each.map(|(effect, condition)| {
                json!({ "effect": effect.as_str(), "condition": condition.to_string() })
            });
            each.collect()
        }
    }
}

/// `conditional` is there only where there is any: `before` and `after` are `"allowed"`, `"denied"` or a list of conditions.
fn as_json(change: &Change) -> Map<String, Value> {
    let lists = [("gained", &change.gained), ("lost", &change.lost)];
    let mut object: Map<String, Value> =
        lists.into_iter().map(|(key, permissions)| (key.to_owned(), names(permissions))).collect();
    if !change.conditional.is_empty() {
        let one = |one: &ConditionalChange| {
            json!({
                "resource": one.permission.resource,
                "action": one.permission.action,
                "before": standing(&one.before),
                "after": standing(&one.after),
            })
        };
        object.insert("conditional".to_owned(), change.conditional.iter().map(one).collect());
    }
    object
}

/// `+ TYPE: actions` for what is gained, `- TYPE: actions` for what is lost, `? TYPE: action` for each whose conditions change.
fn print_change(change: &Change, out: &mut Output) -> io::Result<()> {
    for (sign, style, permissions) in [("+", GOOD, &change.gained), ("-", BAD, &change.lost)] {
        for (resource, actions) in by_type(permissions) {
            let actions: Vec<String> = actions.into_iter().map(printable).collect();
            let sign = out.paint(style, sign);
            writeln!(out, "  {sign} {}: {}", printable(resource), actions.join(", "))?;
        }
    }
    for one in &change.conditional {
        let (sign, what) = (out.paint(STRONG, "?"), what_happens(one));
        let (resource, action) = (printable(&one.permission.resource), printable(&one.permission.action));
        writeln!(out, "  {sign} {resource}: {action} {what}")?;
        writeln!(out, "      was {}", in_words(&one.before))?;
        writeln!(out, "      is  {}", in_words(&one.after))?;
    }
    Ok(())
}

pub(super) fn by_type(permissions: &[PermissionName]) -> BTreeMap<&str, Vec<&str>> {
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
