//! Where decisions come from: workspaces of a store, or one file that is served.
//!
//! Transports speak to a [`Source`] and need not know which it is: who shows what is let in or not, is put before what is in force, and
//! can follow its revisions.

use std::sync::Arc;

use portcullis_store::Millis;
use tokio::sync::watch;

use crate::file_keys::FileCaller;
use crate::served_file::{ServedFile, Trouble};
use crate::{Call, Caller, Hearing, Refusal, Service};

/// Where decisions come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Workspaces in a store.
    Store(Arc<Service>),
    /// One workspace file.
    File(Arc<ServedFile>),
}

/// Somebody who was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A member of a workspace, by a key.
    Member(Caller),
    /// Somebody with a key of the file that is served.
    KeyOfFile(FileCaller),
    /// Anybody, where nobody needs a key.
    Anybody,
}

impl Source {
    /// Lets somebody in who shows this, if anything.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`].
    pub fn admit(&self, shown: Option<&str>) -> Result<Asker, Refusal> {
        match self {
            Source::Store(service) => {
                let shown = shown.ok_or(Refusal::Unauthenticated)?;
                Ok(Asker::Member(service.authenticate(shown)?))
            }
            Source::File(file) => Ok(file.admit(shown)?.map_or(Asker::Anybody, Asker::KeyOfFile)),
        }
    }

    /// Puts somebody who was let in before what is in force, in the workspace that is named or in its own. Whether it is still to be let in is
    /// asked each time.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`], [`Refusal::NoWorkspace`], [`Refusal::OutOfScope`].
    pub fn hear(&self, asker: &Asker, workspace: Option<&str>) -> Result<Hearing, Refusal> {
        match (self, asker) {
            (Source::Store(service), Asker::Member(caller)) => service.hear(caller, workspace),
            (Source::File(file), Asker::KeyOfFile(caller)) => file.hear(Some(caller), workspace),
            (Source::File(file), Asker::Anybody) => file.hear(None, workspace),
            _ => Err(Refusal::Unauthenticated),
        }
    }

    /// The token of the revision that is in force in the workspace of somebody who was let in by a key of a store.
    pub(crate) fn revision(&self, asker: &Asker) -> Option<String> {
        match (self, asker) {
            (Source::Store(service), Asker::Member(caller)) => {
                service.revision(&Call::of_key(*caller), caller.workspace()).ok()
            }
            _ => None,
        }
    }

    /// Tells the number of the revision that is in force for an asker, and every later one. Whoever follows must ask to be heard each time it is
    /// told something, also where the number is the same: the keys may be others.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`].
    pub fn follow(&self, asker: &Asker) -> Result<watch::Receiver<u64>, Refusal> {
        match (self, asker) {
            (Source::Store(service), Asker::Member(caller)) => service.follow(caller),
            (Source::File(file), _) => Ok(file.follow()),
            _ => Err(Refusal::Unauthenticated),
        }
    }

    /// Notes that the key of somebody who was let in before is used again.
    pub fn note_use(&self, asker: &Asker) {
        if let (Source::Store(service), Asker::Member(caller)) = (self, asker) {
            service.note_use(caller);
        }
    }

    /// Whether nobody needs a key.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Source::File(file) if file.is_open())
    }

    /// What is wrong with a file's newest version, if the last good one is served in its place.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Source::Store(_) => None,
            Source::File(file) => file.trouble(),
        }
    }

    /// The time, by the clock of the source.
    #[must_use]
    pub fn now(&self) -> Millis {
        match self {
            Source::Store(service) => service.now(),
            Source::File(file) => file.now(),
        }
    }
}
