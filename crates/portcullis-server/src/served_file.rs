//! A workspace file that is served: one snapshot without a store, replaced when the file changes.
//!
//! Whoever watches the file hands in what was compiled ([`ServedFile::replace`]) or what is wrong with it ([`ServedFile::keep`]); this
//! knows no files itself. A version that is broken changes nothing: the last good one is answered from, and the trouble is told to whoever
//! asks how it goes. Askers are let in by the hashes of their keys, or without any where that was chosen; whoever is in may ask about
//! everyone, since a workspace file has no credentials that belong to its members.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use portcullis::Snapshot;
use portcullis_store::{Id, Millis};
use tokio::sync::watch;

use crate::Refusal;
use crate::hearing::{Hearing, Published};
use crate::outside::{Outside, random};
use crate::secret::{Hash, Secret, SecretKind};

/// Who is let in to a served file.
pub enum Admission {
    /// Whoever shows one of these keys, told by id and hash.
    Keys(BTreeMap<Id, [u8; 32]>),
    /// Anybody, which is for one machine alone.
    Anybody,
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Admission::Keys(keys) => write!(f, "{} keys", keys.len()),
            Admission::Anybody => f.write_str("anybody"),
        }
    }
}

/// What is wrong with the newest version of a served file, which is therefore not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Since when, in milliseconds since 1970.
    pub since: Millis,
    /// What is wrong, for whoever may know.
    pub what: String,
}

/// A workspace that is answered from without a store.
#[derive(Debug)]
pub struct ServedFile {
    published: RwLock<Arc<Published>>,
    told: watch::Sender<u64>,
    admission: Admission,
    trouble: RwLock<Option<Trouble>>,
    outside: Arc<dyn Outside>,
}

impl ServedFile {
    /// Serves a snapshot.
    ///
    /// # Errors
    /// When the system gives no randomness: revisions of two runs must not be taken for each other.
    pub fn new(
        snapshot: Snapshot,
        admission: Admission,
        outside: Arc<dyn Outside>,
    ) -> Result<ServedFile, Refusal> {
        let epoch = u64::from_be_bytes(random(&*outside)?);
        Ok(ServedFile {
            published: RwLock::new(Published::new(Id::NIL, Arc::new(snapshot), epoch, 1)),
            told: watch::Sender::new(1),
            admission,
            trouble: RwLock::default(),
            outside,
        })
    }

    /// Puts a newer version in force; what was wrong is over.
    pub fn replace(&self, snapshot: Snapshot) {
        let next = {
            let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
            let next = published.revision + 1;
            *published = Published::new(Id::NIL, Arc::new(snapshot), published.epoch, next);
            next
        };
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.told.send_replace(next);
    }

    /// Keeps what is in force, since the newer version has faults.
    pub fn keep(&self, what: impl Into<String>) {
        let mut trouble = self.trouble.write().unwrap_or_else(PoisonError::into_inner);
        let since = trouble.as_ref().map_or_else(|| self.outside.now(), |trouble| trouble.since);
        *trouble = Some(Trouble { since, what: what.into() });
    }

    /// What is wrong with the newest version, if it is not in force.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anybody is let in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.admission, Admission::Anybody)
    }

    /// Lets somebody in who shows a key, or nothing where that is enough; gives the id of the key.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`].
    pub fn admit(&self, shown: Option<&str>) -> Result<Option<Id>, Refusal> {
        let Admission::Keys(keys) = &self.admission else { return Ok(None) };
        let secret = shown.and_then(Secret::parse).filter(|secret| secret.kind() == SecretKind::Key);
        let secret = secret.ok_or(Refusal::Unauthenticated)?;
        let known: Option<&Hash> = keys.get(&secret.id());
        // Of an unknown id the same is computed as of a known one.
        let opens = secret.opens(known.unwrap_or(&[0; 32]));
        if opens && known.is_some() { Ok(Some(secret.id())) } else { Err(Refusal::Unauthenticated) }
    }

    /// Puts somebody who was let in before what is in force.
    ///
    /// # Errors
    /// [`Refusal::NoWorkspace`] when another workspace is named.
    pub fn hear(&self, workspace: Option<&str>) -> Result<Hearing, Refusal> {
        let published = Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner));
        match workspace.filter(|name| *name != published.snapshot.workspace()) {
            Some(other) => Err(Refusal::NoWorkspace(portcullis::text::quoted(other))),
            None => Ok(Hearing::of_file(published)),
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.outside.now()
    }

    /// Tells the number of the revision that is in force, and every later one.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }
}
