//! `portcullis invite`: invitations by e-mail address, and accepting one.
//!
//! No mail is sent from here: whoever invites is shown a token, once, and brings it to whom it is for.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use portcullis::text::{printable, quoted};
use portcullis_server::{Operation, SecretKind, Whence, Which};
use serde_json::json;

use super::acting;
use super::change::ChangeArgs;
use super::folder::{ActingArgs, FolderArgs};
use super::given::which;
use super::refused::{Trouble, settle};
use crate::args::FormatArgs;
use crate::clock;
use crate::exit::{Exit, Outcome};
use crate::files::STANDARD;
use crate::output::Output;
use crate::render::{list, made};

/// Invite people, and accept an invitation.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis invite send carol@acme.example --role editor
  portcullis invite accept < token")]
pub(crate) struct Invite {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List the invitations, the newest first
    #[command(after_help = "Example:\n  portcullis invite list")]
    List {
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show an invitation
    #[command(after_help = "Example:\n  portcullis invite show carol@acme.example")]
    Show {
        /// Which, by address or id
        invitation: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Invite somebody; without --role, to the default role at the time of accepting
    ///
    /// Prints a token, once. Whoever is invited already keeps that invitation, and no token is shown.
    #[command(after_help = "Example:\n  portcullis invite send carol@acme.example --role editor")]
    Send {
        /// The address, which becomes the member's subject
        email: String,
        /// The role of the member to be
        #[arg(long)]
        role: Option<String>,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Take an invitation back
    #[command(after_help = "Example:\n  portcullis invite cancel carol@acme.example")]
    Cancel {
        /// Which, by address or id
        invitation: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Give an invitation a new token and its time from the beginning; the former token is dead
    #[command(after_help = "Example:\n  portcullis invite resend carol@acme.example")]
    Resend {
        /// Which, by address or id
        invitation: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Become a member, with a first key, which is printed once
    ///
    /// The token is read from standard input or from a file, and is all that is needed.
    #[command(after_help = "Example:\n  portcullis invite accept --token-file token")]
    Accept {
        /// The file that holds the token; - is standard input
        #[arg(long, value_name = "FILE", default_value = STANDARD)]
        token_file: PathBuf,
        #[command(flatten)]
        folder: FolderArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
}

impl Invite {
    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        let (operation, change, acting) = match &self.what {
            What::List { acting } => return settle(list_all(acting, out), acting.format, out),
            What::Show { invitation, acting } => {
                return settle(show(acting, invitation, out), acting.format, out);
            }
            What::Accept { token_file, folder, format } => {
                return settle(accept(folder, token_file, *format, out), *format, out);
            }
            What::Send { email, role, change, acting } => {
                (Operation::Invite { email: email.clone(), role: which(role.as_ref()) }, change, acting)
            }
            What::Cancel { invitation, change, acting } => {
                (Operation::CancelInvitation { invitation: Which(invitation.clone()) }, change, acting)
            }
            What::Resend { invitation, change, acting } => {
                (Operation::ResendInvitation { invitation: Which(invitation.clone()) }, change, acting)
            }
        };
        let done = acting.change(vec![operation], change, out);
        settle(done, acting.format, out)
    }
}

fn list_all(acting: &ActingArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("invite.list", out)?;
    let invitations = session.service().invitations(&session.call, session.workspace)?;
    if acting.format.is_json() {
        out.json(&list::values(&invitations)?)?;
        return Ok(Exit::Clear);
    }
    let rows: Vec<Vec<String>> = invitations
        .into_iter()
        .map(|one| {
            let role = one.role.unwrap_or_else(|| "the default".to_owned());
            vec![
                one.email,
                role,
                one.state.to_owned(),
                one.inviter,
                clock::day(one.expires),
                one.id.to_string(),
            ]
        })
        .collect();
    list::table(out, &["address", "role", "state", "invited by", "expires", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn show(acting: &ActingArgs, invitation: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("invite.show", out)?;
    let which = Which(invitation.to_owned());
    let one = session.service().invitation(&session.call, session.workspace, &which)?;
    if acting.format.is_json() {
        out.json(&list::value(&one)?)?;
        return Ok(Exit::Clear);
    }
    list::pairs(
        out,
        &[
            ("address", one.email),
            ("role", one.role.unwrap_or_else(|| "the default".to_owned())),
            ("state", one.state.to_owned()),
            ("invited by", one.inviter),
            ("sent", clock::shown(one.created)),
            ("expires", clock::shown(one.expires)),
            ("id", one.id.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}

fn accept(folder: &FolderArgs, file: &Path, format: FormatArgs, out: &mut Output) -> Result<Exit, Trouble> {
    let token = acting::secret_in(out.around(), file)?;
    acting::must_be(SecretKind::Invitation, &token)?;
    let opened = folder.open(out)?;
    let accepted = opened.admitted(opened.service.accept(&token, &Whence::default()))?;
    if format.is_json() {
        out.json(&json!({
            "workspace": accepted.workspace.to_string(),
            "member": accepted.member.to_string(),
            "subject": accepted.subject,
            "revision": accepted.revision,
            "secret": accepted.key.reveal(),
        }))?;
        return Ok(Exit::Clear);
    }
    let welcome = format!("{} is a member now ({})", quoted(&accepted.subject), accepted.member);
    std::io::Write::write_all(out, printable(&welcome).as_bytes())?;
    std::io::Write::write_all(out, b"\n")?;
    made::show_once("The first key", &accepted.key.reveal(), made::OF_KEY, out)?;
    Ok(Exit::Clear)
}
