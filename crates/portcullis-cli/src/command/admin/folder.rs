//! The data folder that is meant, opened; the workspace in it that is meant, and who acts there.
//!
//! A folder is one process's at a time. While a server has it, opening it here means to have the command done there ([`super::socket`]), and what
//! comes back instead of an open folder is what that came to.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use portcullis::Source;
use portcullis::text::{listed, quoted};
use portcullis_server::{Actor, Call, Id, Operator, Outside as _, Refusal, SecretKind, Service, System};
use portcullis_store::{Entry, Outcome as Ended, SqliteStore, Store as _, StoreError};

use super::acting::{self, SET_A_KEY};
use super::refused::{Trouble, failure};
use super::socket;
use crate::args::FormatArgs;
use crate::exit::Failure;
use crate::output::Output;

/// The environment variable that names a data folder.
const VARIABLE: &str = "PORTCULLIS_DATA";
/// The data folder when nobody names one.
const DEFAULT_FOLDER: &str = "portcullis-data";

/// Which data folder.
#[derive(Args, Clone, Debug)]
pub(crate) struct FolderArgs {
    /// The data folder [default: $PORTCULLIS_DATA, then portcullis-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl FolderArgs {
    /// The folder that is meant: as typed, by the environment, or the default.
    pub(crate) fn path(&self) -> PathBuf {
        let of_environment =
            || std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        self.data.clone().or_else(of_environment).unwrap_or_else(|| PathBuf::from(DEFAULT_FOLDER))
    }

    /// Whether somebody typed which.
    #[cfg(unix)]
    pub(crate) const fn is_typed(&self) -> bool {
        self.data.is_some()
    }

    /// Opens it, with every workspace in it. When a server has it, the command is done there.
    pub(crate) fn open(&self, out: &mut Output) -> Result<Opened, Trouble> {
        if let Some(served) = out.around().served() {
            return Ok(served.clone());
        }
        match SqliteStore::open(self.path()) {
            Ok(store) => Ok(Opened::of(store)?),
            Err(locked @ StoreError::Locked { .. }) => {
                let typed = std::env::args_os().skip(1).collect();
                Err(socket::ask(&self.path(), locked, typed, out))
            }
            Err(error) => Err(failure(error.into()).into()),
        }
    }

    /// Opens it for this process, which is going to serve it.
    #[cfg(unix)]
    pub(crate) fn take(&self) -> Result<Opened, Failure> {
        let store = SqliteStore::open(self.path()).map_err(|error| failure(error.into()))?;
        Opened::of(store)
    }

    /// Whether it looks as if a server had it.
    pub(crate) fn may_be_served(&self, out: &Output) -> bool {
        out.around().served().is_none() && self.path().join(socket::FILE).exists()
    }

    /// What is wrong with it, as far as opening one shows.
    pub(crate) fn damage(&self, out: &Output) -> Option<String> {
        let looked = match out.around().served() {
            Some(served) => served.store.verify_ends(),
            None => SqliteStore::open(self.path()).map(drop),
        };
        match looked {
            Err(StoreError::Damaged { what, .. }) => Some(what),
            _ => None,
        }
    }
}

/// An open data folder.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) service: Arc<Service>,
}

impl Opened {
    pub(crate) fn of(store: SqliteStore) -> Result<Opened, Failure> {
        let store = Arc::new(store);
        let service = Service::open(Arc::clone(&store) as Arc<dyn portcullis_store::Store>, Arc::new(System));
        let service = service.map_err(failure)?;
        Ok(Opened { store, service: Arc::new(service) })
    }

    /// What an authentication came to. That one failed is counted in the operator's trail before this process ends, since nobody else would write it
    /// down.
    pub(crate) fn admitted<T>(&self, found: Result<T, Refusal>) -> Result<T, Trouble> {
        if found.is_err() {
            self.service.note_used()?;
        }
        Ok(found?)
    }

    /// Notes in the operator's own trail what a user of the machine looked at.
    pub(crate) fn note_in_realm(&self, user: &str, command: &str) -> Result<(), Trouble> {
        let entry = local_entry(user, &format!("local.{command}"))?;
        self.store.note(Id::NIL, &entry).map_err(|error| failure(error.into()))?;
        Ok(())
    }

    /// The workspace of a name, or the only one.
    fn workspace(&self, named: Option<&str>) -> Result<Id, Failure> {
        let all = self.service.workspace_names();
        let names = || listed(all.iter().map(|(name, _)| name.as_str()), 20);
        match (named, all.as_slice()) {
            (Some(name), _) => self.service.workspace_named(name).ok_or_else(|| {
                let message = format!("there is no workspace {}", quoted(name));
                Failure::with_help(message, format!("the folder holds {}", names()))
            }),
            (None, [(_, only)]) => Ok(*only),
            (None, []) => {
                let help = "`portcullis init NAME --admin SUBJECT` makes the first one";
                Err(Failure::with_help("the folder holds no workspace", help))
            }
            (None, _) => {
                let message = format!("the folder holds {} workspaces: {}", all.len(), names());
                Err(Failure::with_help(message, "say which with --in WORKSPACE, or use a key of one"))
            }
        }
    }
}

/// An audit entry of a user of the machine.
pub(crate) fn local_entry(user: &str, operation: &str) -> Result<Entry, Failure> {
    let mut salt = [0; 16];
    System.fill(&mut salt).map_err(failure)?;
    Ok(Entry {
        time: System.now(),
        actor: format!("local:{user}"),
        credential: None,
        address: None,
        request: None,
        operation: operation.to_owned(),
        outcome: Ended::Done,
        payload: None,
        salt,
    })
}

/// What every command on a workspace takes: the folder, who acts, and where.
#[derive(Args, Clone, Debug)]
pub(crate) struct ActingArgs {
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    /// The workspace, by name or id, where the folder holds several and no key tells
    #[arg(long = "in", value_name = "WORKSPACE")]
    workspace: Option<String>,
    /// A file that holds the key to act with [default: the key in $PORTCULLIS_KEY]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// An open folder, somebody who acts, and the workspace on which they do.
pub(crate) struct Session {
    pub(crate) opened: Opened,
    pub(crate) call: Call,
    pub(crate) workspace: Id,
    /// Whether somebody breaks the glass.
    pub(crate) glass_broken: bool,
    /// The text that a change brings, under the name of the file it came out of.
    pub(crate) text: Option<Arc<Source>>,
}

impl Session {
    pub(crate) fn service(&self) -> &Service {
        &self.opened.service
    }
}

impl ActingArgs {
    /// The key that is shown, if there is one.
    pub(crate) fn key(&self, out: &Output) -> Result<Option<String>, Failure> {
        acting::shown_key(out.around(), self.key_file.as_deref())
    }

    /// To look at something: with a key by what its member may, without one as whoever has the folder, which is noted.
    pub(crate) fn reading(&self, command: &str, out: &mut Output) -> Result<Session, Trouble> {
        let session = self.looking(out)?;
        if matches!(session.call.actor, Actor::Local(_)) {
            let (call, command) = (&session.call, format!("local.{command}"));
            session.service().note(call, session.workspace, &command, Ended::Done)?;
        }
        Ok(session)
    }

    /// The same where the service itself notes what is done.
    pub(crate) fn looking(&self, out: &mut Output) -> Result<Session, Trouble> {
        match self.key(out)? {
            Some(key) => self.with_key(&key, out),
            None => self.as_local(out),
        }
    }

    /// To change something: with a key.
    pub(crate) fn changing(&self, out: &mut Output) -> Result<Session, Trouble> {
        let Some(key) = self.key(out)? else {
            return Err(
                Failure::with_help("no key was given, and changes are made with one", SET_A_KEY).into()
            );
        };
        self.with_key(&key, out)
    }

    /// To change something as a user of the machine, without any check of what a key may.
    pub(crate) fn breaking_glass(&self, out: &mut Output) -> Result<Session, Trouble> {
        let session = Session { glass_broken: true, ..self.as_local(out)? };
        out.warn(&format!(
            "BREAKING THE GLASS: this acts as `local:{}`, who may do everything here, and the audit trail says so for good",
            out.around().user()
        ));
        Ok(session)
    }

    /// The operator, whose key is shown.
    pub(crate) fn operating(&self, out: &mut Output) -> Result<(Opened, Operator), Trouble> {
        let Some(key) = self.key(out)? else {
            let help = "put the operator's key, which `portcullis init` showed, into $PORTCULLIS_KEY, or name a file that holds it with --key-file FILE";
            return Err(Failure::with_help(
                "workspaces are made with the operator's key, and no key was given",
                help,
            )
            .into());
        };
        self.as_operator(&key, out)
    }

    /// The operator of this key.
    pub(crate) fn as_operator(&self, key: &str, out: &mut Output) -> Result<(Opened, Operator), Trouble> {
        acting::must_be(SecretKind::Operator, key)?;
        let opened = self.folder.open(out)?;
        let operator = opened.admitted(opened.service.authenticate_operator(key))?;
        Ok((opened, operator))
    }

    fn as_local(&self, out: &mut Output) -> Result<Session, Trouble> {
        let opened = self.folder.open(out)?;
        let workspace = opened.workspace(self.workspace.as_deref())?;
        Ok(Session {
            opened,
            call: Call::local(out.around().user()),
            workspace,
            glass_broken: false,
            text: None,
        })
    }

    /// The member of this key.
    pub(crate) fn with_key(&self, key: &str, out: &mut Output) -> Result<Session, Trouble> {
        acting::must_be(SecretKind::Key, key)?;
        let opened = self.folder.open(out)?;
        let caller = opened.admitted(opened.service.authenticate(key))?;
        let workspace = caller.workspace();
        // Of a workspace that the key is not of, nothing is said.
        if let Some(name) =
            self.workspace.as_deref().filter(|name| opened.service.workspace_named(name) != Some(workspace))
        {
            let message = format!("there is no workspace {} for this key", quoted(name));
            return Err(Failure::with_help(message, "a key is of one workspace: leave out --in").into());
        }
        // This process ends too soon for anybody else to write it down.
        opened.service.note_used()?;
        Ok(Session { opened, call: Call::of_key(caller), workspace, glass_broken: false, text: None })
    }
}
