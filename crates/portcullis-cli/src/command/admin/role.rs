//! `portcullis role`: roles, what each version of them says, and what saving one would change.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use portcullis::text::{printable, quoted};
use portcullis::{Document, Grants, Source, diff_documents};
use portcullis_server::{Operation, VersionView, Which};

use super::change::ChangeArgs;
use super::folder::{ActingArgs, Session};
use super::given::{self, which};
use super::refused::{Trouble, failure, settle};
use crate::clock;
use crate::command::diff;
use crate::exit::{Exit, Failure, Outcome};
use crate::output::Output;
use crate::render::list;

/// List, add, save, compare and remove roles.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis role add atlan_role atlan_role.json
  portcullis role save atlan_role atlan_role.json --dry-run
  portcullis role diff atlan_role 1 2")]
pub(crate) struct Role {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the roles, by name
    #[command(after_help = "Example:\n  portcullis role list")]
    List {
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show a role and its document
    #[command(after_help = "\
Examples:
  portcullis role show atlan_role
  portcullis role show atlan_role --number 1 --document > atlan_role.json")]
    Show {
        /// Which, by name or id
        role: String,
        /// Another version than the one in force
        #[arg(long, value_name = "N")]
        number: Option<u64>,
        /// Print the document alone
        #[arg(long)]
        document: bool,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add a role that says what a policy document says
    #[command(after_help = "Example:\n  portcullis role add atlan_role atlan_role.json")]
    Add {
        /// Its name
        name: String,
        /// The policy document; - is standard input
        file: PathBuf,
        /// What to say of this version
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Save another version of what a role says
    ///
    /// The document is looked over as `lint` does: errors refuse it, warnings are told. With --dry-run nothing is saved; what is shown then
    /// has a digest, and saving with --digest refuses whatever is no longer what was shown.
    #[command(after_help = "\
Examples:
  portcullis role save atlan_role atlan_role.json --dry-run
  portcullis role save atlan_role atlan_role.json --note \"no drafts\" --digest 3f…")]
    Save {
        /// Which, by name or id
        role: String,
        /// The policy document; - is standard input
        file: PathBuf,
        /// What to say of this version
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        /// Refuse if the role has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// List every version of what a role says
    #[command(after_help = "Example:\n  portcullis role versions atlan_role")]
    Versions {
        /// Which, by name or id
        role: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show the permissions gained and lost from one version to another; exits 1 if any
    #[command(after_help = "Example:\n  portcullis role diff atlan_role 1 2")]
    Diff {
        /// Which, by name or id
        role: String,
        /// From which version
        old: u64,
        /// To which
        new: u64,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Save a former version again, as a new one
    #[command(after_help = "Example:\n  portcullis role roll-back atlan_role 1 --dry-run")]
    RollBack {
        /// Which, by name or id
        role: String,
        /// Which version
        number: u64,
        /// What to say of the new version
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        /// Refuse if the role has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Remove a role
    #[command(after_help = "Example:\n  portcullis role remove atlan_role --replacement viewer")]
    Remove {
        /// Which, by name or id
        role: String,
        /// The role of whoever and whatever had it
        #[arg(long, value_name = "ROLE")]
        replacement: Option<String>,
        /// Refuse if the role has another version than this
        #[arg(long, value_name = "N")]
        version: Option<u64>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
}

impl Role {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let (done, acting) = self.what.attempt(out);
        settle(done, acting.format, out)
    }
}

impl What {
    fn attempt(&self, out: &mut Output) -> (Result<Exit, Trouble>, &ActingArgs) {
        match self {
            What::List { acting } => (list_all(acting, out), acting),
            What::Show { role, number, document, acting } => {
                (show(acting, role, *number, *document, out), acting)
            }
            What::Versions { role, acting } => (versions(acting, role, out), acting),
            What::Diff { role, old, new, acting } => (compare(acting, role, [*old, *new], out), acting),
            What::Add { name, file, note, change, acting } => {
                let add = |out: &mut Output| {
                    let text = given::document(out.around(), file)?;
                    let (name, document) = (name.clone(), text.text().to_owned());
                    let add = Operation::AddRole { name, document, note: note.clone() };
                    acting.change_by(text, add, change, out)
                };
                (add(out), acting)
            }
            What::Save { role, file, note, version, change, acting } => {
                let save = |out: &mut Output| {
                    let text = given::document(out.around(), file)?;
                    let (role, note) = (Which(role.clone()), note.clone());
                    let document = text.text().to_owned();
                    let save = Operation::SaveRole { role, document, note, version: *version };
                    acting.change_by(text, save, change, out)
                };
                (save(out), acting)
            }
            What::RollBack { role, number, note, version, change, acting } => {
                let (role, note) = (Which(role.clone()), note.clone());
                let back = Operation::RollBackRole { role, number: *number, note, version: *version };
                (acting.change(vec![back], change, out), acting)
            }
            What::Remove { role, replacement, version, change, acting } => {
                let (role, replacement) = (Which(role.clone()), which(replacement.as_ref()));
                let remove = Operation::RemoveRole { role, replacement, version: *version };
                (acting.change(vec![remove], change, out), acting)
            }
        }
    }
}

fn list_all(acting: &ActingArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("role.list", out)?;
    let roles = session.service().roles(&session.call, session.workspace)?;
    if acting.format.is_json() {
        out.json(&list::values(&roles)?)?;
        return Ok(Exit::Clear);
    }
    let row = |one: portcullis_server::RoleView| {
        let kind = if one.built_in { "built in" } else { "custom" };
        let (number, members) = (one.number.to_string(), one.members.to_string());
        vec![one.name, kind.to_owned(), number, members, one.groups.join(", "), one.id.to_string()]
    };
    let rows: Vec<Vec<String>> = roles.into_iter().map(row).collect();
    list::table(out, &["role", "kind", "number", "members", "groups", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn show(
    acting: &ActingArgs,
    role: &str,
    number: Option<u64>,
    alone: bool,
    out: &mut Output,
) -> Result<Exit, Trouble> {
    let session = acting.reading("role.show", out)?;
    let which = Which(role.to_owned());
    let mut role = session.service().role(&session.call, session.workspace, &which)?;
    if let Some(number) = number {
        let version = version_of(&session, &which, number)?;
        (role.number, role.document) = (number, version.document);
    }
    if alone {
        out.write_all(role.document.as_bytes())?;
    } else if acting.format.is_json() {
        out.json(&list::value(&role)?)?;
    } else {
        list::pairs(
            out,
            &[
                ("role", role.name),
                ("kind", if role.built_in { "built in" } else { "custom" }.to_owned()),
                ("number", role.number.to_string()),
                ("members", role.members.to_string()),
                ("groups", role.groups.join(", ")),
                ("version", role.version.to_string()),
                ("id", role.id.to_string()),
            ],
        )?;
        writeln!(out)?;
        role.document.lines().try_for_each(|line| writeln!(out, "{}", printable(line)))?;
    }
    Ok(Exit::Clear)
}

fn version_of(session: &Session, which: &Which, number: u64) -> Result<VersionView, Trouble> {
    let versions = session.service().versions(&session.call, session.workspace, which)?;
    let last = versions.last().map_or(0, |one| one.number);
    versions.into_iter().find(|one| one.number == number).ok_or_else(|| {
        let message = format!("the role {} has no version {number}", quoted(&which.0));
        Failure::with_help(message, format!("its versions are 1 to {last}")).into()
    })
}

fn versions(acting: &ActingArgs, role: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("role.versions", out)?;
    let which = Which(role.to_owned());
    let versions = session.service().versions(&session.call, session.workspace, &which)?;
    if acting.format.is_json() {
        out.json(&list::values(&versions)?)?;
        return Ok(Exit::Clear);
    }
    let rows: Vec<Vec<String>> = versions
        .into_iter()
        .map(|one| vec![one.number.to_string(), clock::shown(one.created), one.author, one.note])
        .collect();
    list::table(out, &["number", "saved", "author", "note"], &rows)?;
    Ok(Exit::Clear)
}

fn compare(acting: &ActingArgs, role: &str, numbers: [u64; 2], out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("role.diff", out)?;
    let which = Which(role.to_owned());
    let snapshot = session.service().snapshot(&session.call, session.workspace)?;
    let grants = |number: u64| -> Result<Grants, Trouble> {
        let version = version_of(&session, &which, number)?;
        let source = Source::new(format!("{role}, version {number}"), version.document);
        let read = Document::read(&source).and_then(|(document, _)| document.resolve(snapshot.schema()));
        Ok(read.map_err(|report| failure(portcullis_server::Refusal::Faults(report)))?.0)
    };
    let [old, new] = numbers;
    let change = diff_documents(&grants(old)?, &grants(new)?);
    Ok(diff::documents(&change, acting.format, out)?)
}
