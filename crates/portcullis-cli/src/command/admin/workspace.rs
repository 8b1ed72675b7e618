//! `portcullis workspace`: the workspaces of a data folder, what is set of each, and files out of them and into new ones.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use portcullis::text::{counted, quoted};
use portcullis::{Limits, Schema, Source};
use portcullis_server::{Id, Operation, SecretKind, Setup, Which};
use serde_json::{Value, json};

use super::change::ChangeArgs;
use super::folder::ActingArgs;
use super::given;
use super::refused::{Trouble, settle};
use crate::args::{FormatArgs, SchemaArgs};
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::load;
use crate::output::Output;
use crate::render::{founding, list, made};

/// List, show, add, set up, export and import workspaces.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis workspace list
  portcullis workspace add beta --admin ben@beta.example --key-file operator.key
  portcullis workspace export --out acme.json")]
pub(crate) struct Workspace {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List workspaces: all with the operator's key or without a key, one's own with a member's
    #[command(after_help = "Example:\n  portcullis workspace list")]
    List {
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show a workspace
    #[command(after_help = "Example:\n  portcullis workspace show --in acme")]
    Show {
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add a workspace with an administrator, whose first key is printed once
    ///
    /// Needs the operator's key, which `portcullis init` printed.
    #[command(
        after_help = "Example:\n  portcullis workspace add beta --admin ben@beta.example --key-file operator.key"
    )]
    Add {
        /// Its name
        name: String,
        /// Who administers it
        #[arg(long, value_name = "SUBJECT")]
        admin: String,
        #[command(flatten)]
        schema: SchemaArgs,
        /// Only show what would be made; fails where making it would
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Change the name, the default role, the schema, or how long invitations are good
    #[command(after_help = "\
Examples:
  portcullis workspace set --default-role viewer
  portcullis workspace set --invitation-days 7 --dry-run")]
    Set {
        /// Its new name
        #[arg(long)]
        name: Option<String>,
        /// The role of whoever joins without one from now on
        #[arg(long, value_name = "ROLE")]
        default_role: Option<String>,
        /// After how many days an invitation expires, 1 to 365
        #[arg(long, value_name = "DAYS")]
        invitation_days: Option<u32>,
        /// Another schema: a built-in name or a file
        #[arg(long, value_name = "NAME|FILE")]
        schema: Option<String>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Write a workspace as a workspace file, without keys and invitations
    #[command(after_help = "\
Examples:
  portcullis workspace export --out acme.json
  portcullis workspace export | portcullis check -w - ann@acme.example update sync")]
    Export {
        /// The file to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Make a new workspace out of a workspace file
    ///
    /// Needs the operator's key. The administrator gets a first key, which is printed once.
    #[command(
        after_help = "Example:\n  portcullis workspace import acme.json --admin ann@acme.example --key-file operator.key"
    )]
    Import {
        /// The workspace file
        file: PathBuf,
        /// Who administers it
        #[arg(long, value_name = "SUBJECT")]
        admin: String,
        /// Only show what would be made; fails where making it would
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        acting: ActingArgs,
    },
}

impl Workspace {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let (done, acting) = self.what.attempt(out);
        settle(done, acting.format, out)
    }
}

impl What {
    fn attempt(&self, out: &mut Output) -> (Result<Exit, Trouble>, &ActingArgs) {
        match self {
            What::List { acting } => (list_all(acting, out), acting),
            What::Show { acting } => (show(acting, out), acting),
            What::Add { name, admin, schema, dry_run, acting } => {
                let add = |out: &mut Output| {
                    let schema = schema_text(&schema.schema, out)?;
                    let (opened, operator) = acting.operating(out)?;
                    if *dry_run {
                        let seen = opened.service.preview_workspace(&operator, name, &schema, admin)?;
                        return Ok(founding::write(&seen, acting.format, out)?);
                    }
                    let setup = opened.service.create_workspace(&operator, name, &schema, admin)?;
                    Ok(tell_setup(name, admin, &setup, acting.format, out)?)
                };
                (add(out), acting)
            }
            What::Set { name, default_role, invitation_days, schema, change, acting } => {
                let set = |out: &mut Output| {
                    let mut operations = Vec::new();
                    operations.extend(name.clone().map(|name| Operation::RenameWorkspace { name }));
                    let role = default_role.clone().map(Which);
                    operations.extend(role.map(|role| Operation::SetDefaultRole { role }));
                    operations.extend(invitation_days.map(|days| Operation::SetInvitationDays { days }));
                    if let Some(schema) = schema {
                        operations.push(Operation::SetSchema { schema: schema_text(schema, out)? });
                    }
                    if operations.is_empty() {
                        let help =
                            "say --name, --default-role, --invitation-days, --schema, or several of them";
                        return Err(Failure::with_help("nothing is to be changed", help).into());
                    }
                    acting.change(operations, change, out)
                };
                (set(out), acting)
            }
            What::Export { out: file, acting } => (export(acting, file.as_deref(), out), acting),
            What::Import { file, admin, dry_run, acting } => {
                (import(acting, file, admin, *dry_run, out), acting)
            }
        }
    }
}

/// The text of a schema, or the name of a built-in one, as a store keeps it. What is remarkable in a text is told in full: a type that looks as if it
/// administered the workspace, and does not, is nothing to find out later.
pub(super) fn schema_text(typed: &str, out: &Output) -> Result<String, Failure> {
    let args = SchemaArgs { schema: typed.to_owned() };
    let limits = Limits::default();
    let Some(file) = load::schema_file(&args) else {
        return Ok(load::schema(&args, &limits, out)?.name().to_owned());
    };
    let text = given::text(out.around(), file, limits.document_bytes)?;
    let source = Source::new(files::shown(file), &*text);
    let (_, report) = Schema::read_within(&source, &limits).map_err(|report| load::reported(file, report))?;
    out.report(&report);
    Ok(text)
}

/// Tells what was set up, with its secrets.
pub(super) fn tell_setup(
    name: &str,
    admin: &str,
    setup: &Setup,
    format: FormatArgs,
    out: &mut Output,
) -> std::io::Result<Exit> {
    if format.is_json() {
        let mut value = json!({
            "workspace": { "name": name, "id": setup.workspace.to_string() },
            "administrator": { "subject": admin, "id": setup.member.to_string() },
            "key": setup.key.reveal(),
        });
        if let (Some(operator), Some(keys)) = (&setup.operator, value.as_object_mut()) {
            keys.insert("operator_key".to_owned(), operator.reveal().into());
        }
        out.json(&value)?;
        return Ok(Exit::Clear);
    }
    let (workspace, member) = (quoted(name), quoted(admin));
    writeln!(
        out,
        "made the workspace {workspace} ({}), administered by {member} ({})",
        setup.workspace, setup.member
    )?;
    made::show_once(&format!("The first key of {member}"), &setup.key.reveal(), made::OF_KEY, out)?;
    if let Some(operator) = &setup.operator {
        let then = "It makes and lists workspaces, and opens none. Keep it apart from the other one: commands that need it say so.";
        made::show_once("The operator's key", &operator.reveal(), then, out)?;
    }
    Ok(Exit::Clear)
}

fn list_all(acting: &ActingArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let key = acting.key(out)?;
    let all: Vec<(String, Id)> = match &key {
        None => {
            let opened = acting.folder.open(out)?;
            opened.note_in_realm(&out.around().user(), "workspace.list")?;
            opened.service.workspace_names()
        }
        Some(key)
            if portcullis_server::Secret::parse(key)
                .is_some_and(|one| one.kind() == SecretKind::Operator) =>
        {
            let (opened, operator) = acting.as_operator(key, out)?;
            opened.service.workspaces(&operator)
        }
        Some(key) => {
            let session = acting.with_key(key, out)?;
            let names = session.service().workspace_names();
            names.into_iter().filter(|(_, id)| *id == session.workspace).collect()
        }
    };
    if acting.format.is_json() {
        let all = all.iter().map(|(name, id)| json!({ "name": name, "id": id.to_string() }));
        out.json(&all.collect::<Value>())?;
        return Ok(Exit::Clear);
    }
    let rows: Vec<Vec<String>> = all.into_iter().map(|(name, id)| vec![name, id.to_string()]).collect();
    list::table(out, &["workspace", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn show(acting: &ActingArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("workspace.show", out)?;
    let one = session.service().show_workspace(&session.call, session.workspace)?;
    if acting.format.is_json() {
        out.json(&list::value(&one)?)?;
        return Ok(Exit::Clear);
    }
    list::pairs(
        out,
        &[
            ("workspace", one.name),
            ("schema", one.schema),
            ("default role", one.default_role.unwrap_or_default()),
            ("invitations are good for", counted(one.invitation_days as usize, "day")),
            ("members", one.members.to_string()),
            ("groups", one.groups.to_string()),
            ("roles", one.roles.to_string()),
            ("objects", one.objects.to_string()),
            ("made", clock::shown(one.created)),
            ("revision", one.revision),
            ("id", one.id.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}

fn export(acting: &ActingArgs, file: Option<&Path>, out: &mut Output) -> Result<Exit, Trouble> {
    file.into_iter().for_each(|file| out.around().will_write(file));
    let session = acting.looking(out)?;
    let text = session.service().export(&session.call, session.workspace)?;
    let Some(file) = file else {
        out.write_all(text.as_bytes())?;
        return Ok(Exit::Clear);
    };
    let shown = files::shown(file);
    out.around().write(file, &text)?;
    if acting.format.is_json() {
        out.json(&json!({ "written": shown }))?;
    } else {
        out.tell(&format!("wrote {}", portcullis::text::printable(&shown)));
    }
    Ok(Exit::Clear)
}

fn import(
    acting: &ActingArgs,
    file: &Path,
    admin: &str,
    dry_run: bool,
    out: &mut Output,
) -> Result<Exit, Trouble> {
    let limits = Limits::default();
    let most = limits.workspace_bytes.max(limits.document_bytes);
    let source = load::source_of(file, out.around().read(file, most, "max-workspace-bytes")?)?;
    if acting.folder.may_be_served(out) {
        // What it names is read before the folder is opened, as everything is that may have to go to a server.
        drop(portcullis::Workspace::read(&source, &out.around().beside(file)));
    }
    let (opened, _operator) = acting.operating(out)?;
    if dry_run {
        let seen = opened.service.preview_import(&source, &out.around().beside(file), admin)?;
        return Ok(founding::write(&seen, acting.format, out)?);
    }
    let user = out.around().user();
    let setup = opened.service.import(&user, &source, &out.around().beside(file), admin)?;
    let names = opened.service.workspace_names();
    let name = names.iter().find(|(_, id)| *id == setup.workspace).map_or("", |(name, _)| name.as_str());
    Ok(tell_setup(name, admin, &setup, acting.format, out)?)
}
