//! The sidecar: a workspace file that is served without a store, and served anew when it changes.
//!
//! Two threads look at files a few times a second, one at the workspace file and what it names, one at the keys file, so that a key is
//! closed out within a second however long a workspace takes to compile. A version with errors changes nothing: it is told in the
//! log once, and in readiness and metrics for as long as it lasts. There is no writing here, and nobody but whoever keeps the files decides anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use clap::Args;
use portcullis::text::{counted, printable};
use portcullis::{Limits, Severity, Snapshot};
use portcullis_server::{Admission, Part, ServedFile, Source, System};

use super::running::{Serving, Signals};
use super::{PortArgs, memory};
use crate::args::LimitArgs;
use crate::command::admin::offline;
use crate::command::admin::refused::failure;
use crate::exit::{Failure, Outcome};
use crate::files::{self, Beside, STANDARD};
use crate::load;
use crate::render::human;
use crate::watch::{End, Noting, Watched};

/// So much of what is wrong is told, in bytes: whoever mends it runs `lint`.
const TOLD: usize = 16 << 10;
/// How wide lines of a log are.
const WIDTH: usize = 100;

/// Which workspace file, and who may ask.
#[derive(Args, Debug)]
pub(super) struct FileArgs {
    /// A workspace file to serve, read-only, in place of a data folder
    #[arg(short, long, value_name = "FILE")]
    workspace: Option<PathBuf>,
    /// The keys that the workspace file is served to: a file that `portcullis key new --offline` writes
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Serve the workspace file to every process of this machine, without any key
    #[arg(long)]
    insecure_no_auth: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// A file to serve.
pub(super) struct Asked<'a> {
    workspace: &'a Path,
    /// Nothing where nobody needs a key.
    keys: Option<&'a Path>,
    limits: Limits,
}

impl FileArgs {
    /// Whether a file is to be served.
    pub(super) const fn is_typed(&self) -> bool {
        self.workspace.is_some()
    }

    /// Which file, if one was typed, once it is sure who may ask.
    pub(super) fn asked(&self, port: &PortArgs) -> Result<Option<Asked<'_>>, Failure> {
        let Some(workspace) = self.workspace.as_deref() else {
            return if self.keys.is_some() || self.insecure_no_auth {
                let flag = if self.insecure_no_auth { "--insecure-no-auth" } else { "--keys" };
                let help = "name the file with --workspace FILE; a data folder has keys of its own, which `portcullis key` makes";
                Err(Failure::with_help(format!("`{flag}` is for a workspace file"), help))
            } else if self.limits.limits() != Limits::default() {
                let help = "name the file with --workspace FILE; what a data folder holds was bounded when it came in";
                Err(Failure::with_help("limits on files are for a workspace file", help))
            } else {
                Ok(None)
            };
        };
        let keys = match (self.keys.as_deref(), self.insecure_no_auth) {
            (Some(_), true) => {
                let message = "`--keys` and `--insecure-no-auth` were both given";
                return Err(Failure::with_help(message, "leave out the one that is not meant"));
            }
            (None, false) => {
                let help = "--keys FILE for those who have a key in it, which `portcullis key new --offline --name NAME --keys FILE` \
                            makes; --insecure-no-auth for every process of this machine";
                return Err(Failure::with_help("it was not said who may ask about the workspace file", help));
            }
            (keys, _) => keys,
        };
        if keys.is_none() && !port.listen.ip().to_canonical().is_loopback() {
            let message = format!(
                "`--insecure-no-auth` answers whoever connects, and {} can be reached from other machines",
                port.listen
            );
            return Err(Failure::with_help(
                message,
                "listen on 127.0.0.1 or [::1], or ask for keys with --keys FILE",
            ));
        }
        if [Some(workspace), keys].into_iter().flatten().any(|path| path.as_os_str() == STANDARD) {
            let help = "a file that is served is read again when it changes: name a file";
            return Err(Failure::with_help("standard input cannot be served", help));
        }
        Ok(Some(Asked { workspace, keys, limits: self.limits.limits() }))
    }
}

/// Serves a file until a signal comes.
pub(super) fn serve(asked: &Asked<'_>, serving: &Serving<'_>) -> Outcome {
    let (snapshot, watched) = memory::apart(|| {
        let watched = Watched::default();
        compiled(asked.workspace, &asked.limits, &watched).map(|snapshot| (snapshot, watched))
    })??;
    let watched_keys = Watched::default();
    let admission = match asked.keys {
        None => {
            tracing::warn!(
                "NO KEY IS ASKED FOR: every process of this machine, whoever runs it, may ask everything about everyone"
            );
            Admission::Anybody
        }
        Some(path) => {
            watched_keys.note(path);
            let keys = offline::read(path)?;
            if keys.is_empty() {
                tracing::warn!(file = %files::shown(path), "the keys file has no key: nobody is let in");
            }
            Admission::Keys(keys)
        }
    };
    let file = ServedFile::new(snapshot, admission, Arc::new(System)).map_err(failure)?;
    let file = Arc::new(file);
    // Dropped in the end, which ends the threads.
    let _following = follow(asked, &file, watched, watched_keys)?;
    serving.run(Signals::caught()?, Source::File(file), |_| Ok(()), || {})
}

/// Compiles the workspace of a file, noting down how everything is that is read. Of warnings it is said that there are some.
fn compiled(path: &Path, limits: &Limits, watched: &Watched) -> Result<Snapshot, Failure> {
    watched.note(path);
    let noting = Noting { beside: Beside::file(path), watched };
    let (snapshot, report) = load::compiled(path, &noting, limits)?;
    let warnings = report.count(Severity::Warning);
    if warnings > 0 {
        let (count, command) =
            (counted(warnings, "warning"), format!("portcullis lint {}", files::typed(path)));
        tracing::warn!("the workspace file has {count}: `{}` lists what", printable(&command));
    }
    Ok(snapshot)
}

/// Keeps what is served as new as the files are.
fn follow(
    asked: &Asked<'_>,
    file: &Arc<ServedFile>,
    watched: Watched,
    watched_keys: Watched,
) -> Result<Vec<Sender<()>>, Failure> {
    let mut senders = Vec::new();
    let (path, limits, served) = (asked.workspace.to_owned(), asked.limits, Arc::clone(file));
    senders.push(each_change(Part::Workspace, watched, file, move |watched| {
        served.replace(compiled(&path, &limits, watched)?);
        Ok(path.clone())
    })?);
    if let Some(keys) = asked.keys {
        let (path, served) = (keys.to_owned(), Arc::clone(file));
        senders.push(each_change(Part::Keys, watched_keys, file, move |watched| {
            watched.note(&path);
            served.replace_keys(offline::read(&path)?);
            Ok(path.clone())
        })?);
    }
    Ok(senders)
}

/// Does something each time one of the files has changed; what comes in the way is told. It ends when what is returned is dropped.
fn each_change(
    part: Part,
    mut watched: Watched,
    file: &Arc<ServedFile>,
    again: impl Fn(&Watched) -> Result<PathBuf, Failure> + Send + Sync + 'static,
) -> Result<Sender<()>, Failure> {
    let (sender, end) = End::with_sender();
    let file = Arc::clone(file);
    let watching = move || {
        while watched.wait(&end).is_some() {
            let read = || {
                let newer = Watched::default();
                let done = again(&newer);
                (newer, done)
            };
            // Where no thread can be had, it is read all the same.
            let (newer, done) = memory::apart(read).unwrap_or_else(|_| read());
            match done {
                Ok(path) => {
                    tracing::info!(file = %printable(&files::shown(&path)), "a new version is in force");
                }
                Err(failure) => {
                    let what = in_words(&failure);
                    file.keep(part, what.clone());
                    tracing::error!("a new version is not in force, and the last good one still is:\n{what}");
                }
            }
            watched = newer;
        }
    };
    let begun = thread::Builder::new().name("watch".to_owned()).spawn(watching);
    begun.map_err(|error| Failure::said(format!("cannot start: {error}")))?;
    Ok(sender)
}

/// What came in the way, as a command would print it.
fn in_words(failure: &Failure) -> String {
    let mut text = match failure {
        Failure::Reported { report, .. } => human::report(report, false, WIDTH),
        _ => String::new(),
    };
    text.push_str(&printable(&failure.message()));
    if text.len() > TOLD {
        let end = (0..=TOLD).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n… `portcullis lint` says the rest");
    }
    text
}
