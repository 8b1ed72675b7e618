//! `portcullis key`: API keys, which act as their member, narrowed by scopes, a policy and an expiry.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use portcullis_server::{KeyView, Operation, Scope, Which};

use super::change::ChangeArgs;
use super::folder::{ActingArgs, Session};
use super::given::{self, which};
use super::member;
use super::offline::New;
use super::refused::{Trouble, settle};
use crate::clock;
use crate::exit::{Exit, Outcome};
use crate::output::Output;
use crate::render::list;

/// List, add and revoke API keys.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis key add --member svc-atlan@acme.example --name production --expires 90
  portcullis key revoke production")]
pub(crate) struct Key {
    #[command(subcommand)]
    what: What,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum What {
    /// List keys by their members, without their secrets
    #[command(after_help = "Example:\n  portcullis key list --member svc-atlan@acme.example")]
    List {
        /// Of one member alone
        #[arg(long, value_name = "SUBJECT")]
        member: Option<String>,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Show a key, without its secret
    #[command(after_help = "Example:\n  portcullis key show production")]
    Show {
        /// Which, by name or id
        key: String,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Add a key; its secret is printed, once
    ///
    /// A key that is made through a key does no more and lives no longer than that one, and is revoked with it. Without --scopes it may only ask for
    /// decisions. With --break-glass no key is needed: whoever can read the data folder acts, as `local:USER`, which the audit
    /// trail says for good.
    #[command(after_help = "\
Examples:
  portcullis key add --member svc-atlan@acme.example --name production --expires 90
  portcullis key add --name laptop --scopes decide,directory
  portcullis key add --member ann@acme.example --name recovery --scopes all --break-glass")]
    Add {
        /// Whose it is to be [default: of whoever acts]
        #[arg(long, value_name = "SUBJECT")]
        member: Option<String>,
        /// What to call it
        #[arg(long)]
        name: String,
        /// What it may be used for: decide, objects, directory, keys; or all [default: decide]
        #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
        scopes: Vec<String>,
        /// A policy document that narrows it further
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// When it expires: a time as 2030-01-31T12:00:00Z, or after so many days, at the end of the day in UTC
        #[arg(long, value_name = "TIME|DAYS")]
        expires: Option<String>,
        /// Act without a key, as a user of the machine
        #[arg(long)]
        break_glass: bool,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
    /// Make a key for the keys file of a server without a data folder
    New(New),
    /// Revoke a key, and those that were made through it; it opens nothing from now on
    #[command(after_help = "Example:\n  portcullis key revoke production")]
    Revoke {
        /// Which, by name or id
        key: String,
        #[command(flatten)]
        change: ChangeArgs,
        #[command(flatten)]
        acting: ActingArgs,
    },
}

impl Key {
    /// Whether it is about what a data folder holds.
    #[cfg(unix)]
    pub(crate) const fn is_on_a_folder(&self) -> bool {
        !matches!(self.what, What::New(_))
    }

    pub(crate) fn run(&self, out: &mut Output) -> Outcome {
        match &self.what {
            What::List { member, acting } => {
                settle(list_all(acting, member.as_ref(), out), acting.format, out)
            }
            What::Show { key, acting } => settle(show(acting, key, out), acting.format, out),
            What::Add { member, name, scopes, policy, expires, break_glass, change, acting } => {
                let add = |out: &mut Output| -> Result<Exit, Trouble> {
                    let text =
                        policy.as_deref().map(|file| given::document(out.around(), file)).transpose()?;
                    let add = Operation::AddKey {
                        member: which(member.as_ref()),
                        name: name.clone(),
                        scopes: given::scopes(scopes)?,
                        policy: text.as_ref().map(|text| text.text().to_owned()),
                        expires: expires.as_deref().map(given::expiry).transpose()?,
                    };
                    let session = Session { text, ..member::session(acting, *break_glass, out)? };
                    session.change(vec![add], change, acting.format, out)
                };
                settle(add(out), acting.format, out)
            }
            What::New(new) => new.run(out),
            What::Revoke { key, change, acting } => {
                let revoke = Operation::RevokeKey { key: Which(key.clone()) };
                settle(acting.change(vec![revoke], change, out), acting.format, out)
            }
        }
    }
}

fn list_all(acting: &ActingArgs, member: Option<&String>, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("key.list", out)?;
    let of = which(member);
    let mut keys = session.service().keys(&session.call, session.workspace, of.as_ref())?;
    keys.sort_by(|one, other| {
        (&one.member, &one.name, one.created, one.id).cmp(&(
            &other.member,
            &other.name,
            other.created,
            other.id,
        ))
    });
    if acting.format.is_json() {
        out.json(&list::values(&keys)?)?;
        return Ok(Exit::Clear);
    }
    let row = |one: KeyView| {
        let [expires, used] =
            [one.expires, one.used].map(|time| time.map_or_else(|| "never".to_owned(), clock::day));
        let scopes =
            if one.scopes.len() == Scope::ALL.len() { "all".to_owned() } else { one.scopes.join(",") };
        vec![one.name, one.member, scopes, expires, used, one.id.to_string()]
    };
    let rows: Vec<Vec<String>> = keys.into_iter().map(row).collect();
    list::table(out, &["key", "member", "scopes", "expires", "used", "id"], &rows)?;
    Ok(Exit::Clear)
}

fn show(acting: &ActingArgs, key: &str, out: &mut Output) -> Result<Exit, Trouble> {
    let session = acting.reading("key.show", out)?;
    let key = session.service().key(&session.call, session.workspace, &Which(key.to_owned()))?;
    if acting.format.is_json() {
        out.json(&list::value(&key)?)?;
        return Ok(Exit::Clear);
    }
    let never = || "never".to_owned();
    list::pairs(
        out,
        &[
            ("key", key.name),
            ("member", key.member),
            ("scopes", key.scopes.join(", ")),
            ("policy", key.policy.unwrap_or_default()),
            ("created", clock::shown(key.created)),
            ("expires", key.expires.map_or_else(never, clock::shown)),
            ("used", key.used.map_or_else(never, clock::shown)),
            ("id", key.id.to_string()),
        ],
    )?;
    Ok(Exit::Clear)
}

#[cfg(all(test, unix))]
mod tests {
    use clap::Parser as _;

    use crate::command::Cli;

    /// A server writes no file that a command names, so it never makes a key for a keys file.
    #[test]
    fn a_server_makes_no_key_for_a_keys_file() {
        let is_done = |arguments: &[&str]| {
            let typed = ["portcullis", "key"].iter().chain(arguments);
            Cli::try_parse_from(typed).unwrap().command.is_for_a_server()
        };
        assert!(is_done(&["list"]) && is_done(&["revoke", "x"]));
        assert!(!is_done(&["new", "--offline", "--name", "x", "--keys", "keys.json"]));
    }
}
