//! `portcullis member`: who belongs to a workspace, with which role and which properties.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use portcullis_server::{MemberView, Operation, Which};

use super::around::Around;
use super::change::ChangeArgs;
use super::folder::{ActingArgs, Session};
use super::given::{properties, which};
use super::refused::{Trouble, settle};
use super::table_of_members;
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::render::list;

/// List, add, change and remove the members of a workspace.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis member list
  portcullis member add svc-atlan@acme.example --type service
  portcullis member set bob@acme.example --role editor --dry-run")]
pub(crate) struct Member {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the members, by name
    #[command(after_help = "Example:\n  portcullis member list --after carol@acme.example --most 100")]
    List {
        /// Begin after this one
        #[arg(long, value_name = "SUBJECT")]
        after: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N")]
        most: Option<usize>,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show a member
    #[command(after_help = "Example:\n  portcullis member show ann@acme.example")]
    Show {
        /// Whom, by subject or id
        subject: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add a member; without --role, with the default role
    ///
    /// With --break-glass no key is needed: whoever can read the data folder acts, as `local:USER`, which the audit trail says for
    /// good. It is the way back for a workspace that nobody can administer.
    #[command(after_help = "\
Examples:
  portcullis member add svc-atlan@acme.example --type service
  portcullis member add ann@acme.example --role admin --break-glass")]
    Add {
        /// Who: the id by which decisions are asked
        subject: String,
        /// The role of its own
        #[arg(long)]
        role: Option<String>,
        /// What the member is [default: user]
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Properties, as a JSON object or @FILE
        #[arg(long, value_name = "JSON|@FILE")]
        properties: Option<String>,
        /// Act without a key, as a user of the machine
        #[arg(long)]
        break_glass: bool,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Change the role or the properties of a member
    #[command(after_help = "\
Examples:
  portcullis member set bob@acme.example --role editor
  portcullis member set bob@acme.example --properties '{\"team\": \"data\"}'")]
    Set {
        /// Whom, by subject or id
        subject: String,
        /// The role of its own
        #[arg(long)]
        role: Option<String>,
        /// Properties in the place of all that were, as a JSON object or @FILE; {} for none
        #[arg(long, value_name = "JSON|@FILE")]
        properties: Option<String>,
        /// Refuse if the member has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Deny everything to a member until it is reactivated; its keys open nothing meanwhile
    #[command(after_help = "Example:\n  portcullis member suspend bob@acme.example")]
    Suspend {
        /// Whom, by subject or id
        subject: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// End a suspension
    #[command(after_help = "Example:\n  portcullis member reactivate bob@acme.example")]
    Reactivate {
        /// Whom, by subject or id
        subject: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Remove a member, with its keys and the invitations that it sent
    #[command(after_help = "Example:\n  portcullis member remove bob@acme.example --dry-run")]
    Remove {
        /// Whom, by subject or id
        subject: String,
        /// Refuse if the member has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add members from a CSV file, all of them or none
    ///
    /// The first line names the columns: `subject`, and any of `role`, `type` and `group`, the last also several times. An empty
    /// cell says nothing. A line makes an operation for the member and one for each of its groups; 10,000 are the most.
    #[command(after_help = "Example:\n  portcullis member import new-members.csv --dry-run")]
    Import {
        /// The file; - is standard input
        file: PathBuf,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
}

impl Member {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let (done, acting) = self.what.attempt(out);
        settle(done, acting.format, out)
    }
}

impl What {
    fn attempt(&self, out: &mut Output) -> (Result<Exit, Trouble>, &ActingArgs) {
        match self {
            What::List { after, most, acting } => (list_all(acting, after.as_deref(), *most, out), acting),
            What::Show { subject, acting } => (show(acting, subject, out), acting),
            What::Add { subject, role, kind, properties: typed, break_glass, change, acting } => {
                let add = |out: &mut Output| {
                    let properties =
                        typed.as_deref().map(|typed| properties(out.around(), typed)).transpose()?.flatten();
                    let add = Operation::AddMember {
                        subject: subject.clone(),
                        role: which(role.as_ref()),
                        kind: kind.clone(),
                        properties,
                    };
                    let session = session(acting, *break_glass, out)?;
                    session.change(vec![add], change, acting.format, out)
                };
                (add(out), acting)
            }
            What::Set { subject, role, properties: typed, version, change, acting } => {
                let set = |out: &mut Output| {
                    let operations =
                        edits(out.around(), subject, role.as_deref(), typed.as_deref(), *version)?;
                    acting.change(operations, change, out)
                };
                (set(out), acting)
            }
            What::Suspend { subject, change, acting } => {
                let suspend = Operation::SuspendMember { member: Which(subject.clone()) };
                (acting.change(vec![suspend], change, out), acting)
            }
            What::Reactivate { subject, change, acting } => {
                let reactivate = Operation::ReactivateMember { member: Which(subject.clone()) };
                (acting.change(vec![reactivate], change, out), acting)
            }
            What::Remove { subject, version, change, acting } => {
                let remove = Operation::RemoveMember { member: Which(subject.clone()), version: *version };
                (acting.change(vec![remove], change, out), acting)
            }
            What::Import { file, change, acting } => {
                let import = |out: &mut Output| {
                    let operations = table_of_members::read(out.around(), file)?;
                    acting.change(operations, change, out)
                };
                (import(out), acting)
            }
        }
    }
}

/// Whoever acts where the glass may be broken.
pub(super) fn session(acting: &ActingArgs, break_glass: bool, out: &mut Output) -> Result<Session, Trouble> {
    if break_glass { acting.breaking_glass(out) } else { acting.changing(out) }
}

/// One change for all that was asked of a member. Only the first names the version: what comes after it is made of what the first leaves.
fn edits(
    around: &Around,
    subject: &str,
    role: Option<&str>,
    typed: Option<&str>,
    mut version: Option<u64>,
) -> Result<Vec<Operation>, Failure> {
    let member = Which(subject.to_owned());
    let mut operations = Vec::new();
    if let Some(role) = role {
        let (member, role) = (member.clone(), Which(role.to_owned()));
        operations.push(Operation::SetMemberRole { member, role, version: version.take() });
    }
    if let Some(typed) = typed {
        let properties = properties(around, typed)?;
        operations.push(Operation::SetMemberProperties { member, properties, version: version.take() });
    }
    if operations.is_empty() {
        return Err(Failure::with_help(
            "nothing is to be changed",
            "say --role ROLE, --properties JSON, or both",
        ));
    }
    Ok(operations)
}

fn list_all(
    acting: &ActingArgs,
    after: Option<&str>,
    most: Option<usize>,
    out: &mut Output,
) -> Result<Exit, Trouble> {
    let session = acting.reading("member.list", out)?;
    let (mut members, most) = (Vec::new(), most.unwrap_or(usize::MAX));
    let mut after = after.map(str::to_owned);
    while members.len() < most {
        let page = session.service().members(&session.call, session.workspace, after.as_deref())?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject.clone());
        members.extend(page);
    }
    members.truncate(most);
    if acting.format.is_json() {
        out.json(&list::values(&members)?)?;
        return Ok(Exit::Clear);
    }
    let rows: Vec<Vec<String>> = members.into_iter().map(row).collect();
    list::table(out, &["subject", "type", "role", "groups", "state", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn row(member: MemberView) -> Vec<String> {
    let state = if member.suspended { "suspended" } else { "active" };
    let groups = member.groups.join(", ");
    vec![member.subject, member.kind, member.role, groups, state.to_owned(), member.id.to_string()]
}

fn show(acting: &ActingArgs, subject: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("member.show", out)?;
    let which = Which(subject.to_owned());
    let member = session.service().member(&session.call, session.workspace, &which)?;
    if acting.format.is_json() {
        out.json(&list::value(&member)?)?;
        return Ok(Exit::Clear);
    }
    let properties = member.properties.as_ref().map(|one| one.text().to_owned()).unwrap_or_default();
    let (created, version, id) = (clock::shown(member.created), member.version.to_string(), member.id);
    let [subject, kind, role, groups, state, _] = <[String; 6]>::try_from(row(member)).unwrap_or_default();
    list::pairs(
        out,
        &[
            ("subject", subject),
            ("type", kind),
            ("role", role),
            ("groups", groups),
            ("properties", properties),
            ("state", state),
            ("joined", created),
            ("version", version),
            ("id", id.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}
