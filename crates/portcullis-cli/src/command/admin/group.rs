//! `portcullis group`: groups of members, and the roles that they give.

use clap::{Args, Subcommand};
use portcullis_server::{Operation, Which};

use super::change::ChangeArgs;
use super::folder::ActingArgs;
use super::refused::{Trouble, settle};
use crate::exit::{Exit, Outcome};
use crate::output::Output;
use crate::render::list;

/// List, add and remove groups, who is in them, and which roles they give.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis group add atlan_group
  portcullis group join atlan_group svc-atlan@acme.example
  portcullis group give atlan_group atlan_role")]
pub(crate) struct Group {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the groups, by name
    #[command(after_help = "Example:\n  portcullis group list")]
    List {
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show a group
    #[command(after_help = "Example:\n  portcullis group show atlan_group")]
    Show {
        /// Which, by name or id
        group: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add a group without members and roles
    #[command(after_help = "Example:\n  portcullis group add atlan_group")]
    Add {
        /// Its name
        name: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Give a group another name
    #[command(after_help = "Example:\n  portcullis group rename atlan_group atlan")]
    Rename {
        /// Which, by name or id
        group: String,
        /// Its new name
        name: String,
        /// Refuse if the group has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Remove a group; its members stay
    #[command(after_help = "Example:\n  portcullis group remove atlan_group --dry-run")]
    Remove {
        /// Which, by name or id
        group: String,
        /// Refuse if the group has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Put a member into a group
    #[command(after_help = "Example:\n  portcullis group join atlan_group svc-atlan@acme.example")]
    Join(OfMember),
    /// Take a member out of a group
    #[command(after_help = "Example:\n  portcullis group leave atlan_group svc-atlan@acme.example")]
    Leave(OfMember),
    /// Give a role to everybody in a group
    #[command(after_help = "Example:\n  portcullis group give atlan_group atlan_role --dry-run")]
    Give(OfRole),
    /// Take a role from a group
    #[command(after_help = "Example:\n  portcullis group take atlan_group atlan_role")]
    Take(OfRole),
}

/// A group and a member.
#[derive(Args, Debug)]
struct OfMember {
    /// Which group, by name or id
    group: String,
    /// Whom, by subject or id
    member: String,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    acting: ActingArgs,
}

/// A group and a role.
#[derive(Args, Debug)]
struct OfRole {
    /// Which group, by name or id
    group: String,
    /// Which role, by name or id
    role: String,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    acting: ActingArgs,
}

impl OfMember {
    fn pair(&self) -> (Which, Which) {
        (Which(self.group.clone()), Which(self.member.clone()))
    }
}

impl OfRole {
    fn pair(&self) -> (Which, Which) {
        (Which(self.group.clone()), Which(self.role.clone()))
    }
}

impl Group {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let (operation, change, acting) = match &self.what {
            What::List { acting } => return settle(list_all(acting, out), acting.format, out),
            What::Show { group, acting } => return settle(show(acting, group, out), acting.format, out),
            What::Add { name, change, acting } => {
                (Operation::AddGroup { name: name.clone() }, change, acting)
            }
            What::Rename { group, name, version, change, acting } => {
                let (group, name) = (Which(group.clone()), name.clone());
                (Operation::RenameGroup { group, name, version: *version }, change, acting)
            }
            What::Remove { group, version, change, acting } => {
                (Operation::RemoveGroup { group: Which(group.clone()), version: *version }, change, acting)
            }
            What::Join(one) => {
                let (group, member) = one.pair();
                (Operation::AddToGroup { group, member }, &one.change, &one.acting)
            }
            What::Leave(one) => {
                let (group, member) = one.pair();
                (Operation::RemoveFromGroup { group, member }, &one.change, &one.acting)
            }
            What::Give(one) => {
                let (group, role) = one.pair();
                (Operation::GiveGroupRole { group, role }, &one.change, &one.acting)
            }
            What::Take(one) => {
                let (group, role) = one.pair();
                (Operation::TakeGroupRole { group, role }, &one.change, &one.acting)
            }
        };
        let done = acting.change(vec![operation], change, out);
        settle(done, acting.format, out)
    }
}

fn list_all(acting: &ActingArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("group.list", out)?;
    let groups = session.service().groups(&session.call, session.workspace)?;
    if acting.format.is_json() {
        out.json(&list::values(&groups)?)?;
        return Ok(Exit::Clear);
    }
    let rows: Vec<Vec<String>> = groups
        .into_iter()
        .map(|one| vec![one.name, one.members.len().to_string(), one.roles.join(", "), one.id.to_string()])
        .collect();
    list::table(out, &["group", "members", "roles", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn show(acting: &ActingArgs, group: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("group.show", out)?;
    let group = session.service().group(&session.call, session.workspace, &Which(group.to_owned()))?;
    if acting.format.is_json() {
        out.json(&list::value(&group)?)?;
        return Ok(Exit::Clear);
    }
    list::pairs(
        out,
        &[
            ("group", group.name),
            ("roles", group.roles.join(", ")),
            ("members", group.members.join(", ")),
            ("version", group.version.to_string()),
            ("id", group.id.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}
