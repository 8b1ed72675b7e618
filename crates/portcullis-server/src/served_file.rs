//! A workspace file that is served: one snapshot without a store, replaced when the file changes.
//!
//! Whoever watches the file hands in what was compiled ([`ServedFile::replace`]) or what is wrong with it ([`ServedFile::keep`]); this
//! knows no files itself. A version that is broken changes nothing: the last good one is answered from, and the trouble is told to whoever
//! asks how it goes. Askers are let in by the hashes of their keys, which are replaced and kept in the same way, or without any where that
//! was chosen; whoever is in may ask about everyone, since a workspace file has no credentials that belong to its members.

use std::sync::{Arc, PoisonError, RwLock};

use portcullis::Snapshot;
use portcullis_store::{Id, Millis};
use tokio::sync::watch;

use crate::Refusal;
use crate::file_keys::{FileCaller, FileKeys};
use crate::hearing::{Hearing, Published};
use crate::outside::{Outside, random};

/// Who is let in to a served file.
#[derive(Debug)]
pub enum Admission {
    /// Whoever shows one of these keys.
    Keys(FileKeys),
    /// Anybody, which is for one machine alone.
    Anybody,
}

/// One of the two files that are served from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The workspace file, with what stands beside it.
    Workspace,
    /// The keys file.
    Keys,
}

/// What is wrong with the newest version of what is served, which is therefore not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Since when, in milliseconds since 1970.
    pub since: Millis,
    /// A sentence without any name in it.
    pub sentence: &'static str,
    /// What is wrong, for whoever may know.
    pub what: String,
}

/// What answers are given from, and to whom.
#[derive(Debug)]
struct InForce {
    published: Arc<Published>,
    admission: Admission,
}

/// What is wrong with either file: since when, and what.
#[derive(Debug, Default)]
struct Troubles {
    workspace: Option<(Millis, String)>,
    keys: Option<(Millis, String)>,
}

impl Troubles {
    const fn of(&mut self, part: Part) -> &mut Option<(Millis, String)> {
        match part {
            Part::Workspace => &mut self.workspace,
            Part::Keys => &mut self.keys,
        }
    }
}

/// A workspace that is answered from without a store.
#[derive(Debug)]
pub struct ServedFile {
    in_force: RwLock<InForce>,
    told: watch::Sender<u64>,
    is_open: bool,
    troubles: RwLock<Troubles>,
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
        let is_open = matches!(admission, Admission::Anybody);
        let published = Published::new(Id::NIL, Arc::new(snapshot), epoch, 1);
        Ok(ServedFile {
            in_force: RwLock::new(InForce { published, admission }),
            told: watch::Sender::new(1),
            is_open,
            troubles: RwLock::default(),
            outside,
        })
    }

    /// Puts a newer version in force; what was wrong is over.
    pub fn replace(&self, snapshot: Snapshot) {
        let snapshot = Arc::new(snapshot);
        let next = {
            let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
            let next = in_force.published.revision + 1;
            let newer = Published::new(Id::NIL, snapshot, in_force.published.epoch, next);
            std::mem::replace(&mut in_force.published, newer).supersede();
            next
        };
        self.is_good_again(Part::Workspace);
        self.told.send_replace(next);
    }

    /// Lets in by other keys from now on. Whoever watches is looked at anew at once. Where nobody needs a key, nobody comes to need one.
    pub fn replace_keys(&self, keys: FileKeys) {
        if self.is_open {
            return;
        }
        {
            let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
            in_force.admission = Admission::Keys(keys);
            // The same once more, so that whoever was heard before it is looked at anew.
            let same = in_force.published.again();
            std::mem::replace(&mut in_force.published, same).supersede();
        }
        self.is_good_again(Part::Keys);
        // The revision is the same; that something is sent wakes those who wait.
        self.told.send_modify(|_| {});
    }

    fn is_good_again(&self, part: Part) {
        *self.troubles.write().unwrap_or_else(PoisonError::into_inner).of(part) = None;
    }

    /// Keeps what is in force, since the newer version has faults.
    pub fn keep(&self, part: Part, what: impl Into<String>) {
        let mut troubles = self.troubles.write().unwrap_or_else(PoisonError::into_inner);
        let trouble = troubles.of(part);
        let since = trouble.as_ref().map_or_else(|| self.outside.now(), |(since, _)| *since);
        *trouble = Some((since, what.into()));
    }

    /// What is wrong with the newest versions, if they are not in force.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        let troubles = self.troubles.read().unwrap_or_else(PoisonError::into_inner);
        let (since, what, sentence) = match (&troubles.workspace, &troubles.keys) {
            (None, None) => return None,
            (Some((since, what)), None) => (
                *since,
                what.clone(),
                "the newest version of the workspace file has errors: the last good one is served",
            ),
            (None, Some((since, what))) => (
                *since,
                what.clone(),
                "the newest version of the keys file has errors: the last good one lets in",
            ),
            (Some((since, what)), Some((also_since, also))) => (
                *since.min(also_since),
                format!("{what}\n{also}"),
                "the newest versions of the workspace file and of the keys file have errors: the last good ones are served",
            ),
        };
        Some(Trouble { since, sentence, what })
    }

    /// Whether anybody is let in.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Lets somebody in who shows a key, or nothing where that is enough.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`].
    pub fn admit(&self, shown: Option<&str>) -> Result<Option<FileCaller>, Refusal> {
        let in_force = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
        match &in_force.admission {
            Admission::Anybody => Ok(None),
            Admission::Keys(keys) => {
                shown.and_then(|shown| keys.open(shown)).map(Some).ok_or(Refusal::Unauthenticated)
            }
        }
    }

    /// Puts somebody who was let in before what is in force, if their key still lets in.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`]; [`Refusal::NoWorkspace`] when another workspace is named.
    pub fn hear(&self, caller: Option<&FileCaller>, workspace: Option<&str>) -> Result<Hearing, Refusal> {
        let published = {
            let in_force = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
            let is_in = match (&in_force.admission, caller) {
                (Admission::Anybody, _) => true,
                (Admission::Keys(keys), Some(caller)) => keys.still_opens(caller),
                (Admission::Keys(_), None) => false,
            };
            if !is_in {
                return Err(Refusal::Unauthenticated);
            }
            Arc::clone(&in_force.published)
        };
        match workspace.filter(|name| *name != published.snapshot.workspace()) {
            Some(other) => Err(Refusal::NoWorkspace(portcullis::text::quoted(other))),
            None => Ok(Hearing::of_file(published)),
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.outside.now()
    }

    /// Tells the number of the revision that is in force, and every later one; it tells the same one again when the keys change.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use portcullis::{Schema, Workspace};

    use super::*;
    use crate::System;
    use crate::file_keys::FileKey;

    fn snapshot(name: &str) -> Snapshot {
        Workspace::new(name, Schema::hightouch().unwrap()).compile().unwrap().0
    }

    fn served() -> (ServedFile, String) {
        let (secret, key) = FileKey::draw("one", &System).unwrap();
        let mut keys = FileKeys::default();
        keys.add(key).unwrap();
        let file = ServedFile::new(snapshot("a"), Admission::Keys(keys), Arc::new(System)).unwrap();
        (file, secret.reveal())
    }

    #[test]
    fn a_key_that_is_gone_is_heard_no_more_and_whoever_waits_is_woken() {
        let (file, secret) = served();
        assert!(file.admit(None).is_err() && file.admit(Some("x")).is_err());
        let caller = file.admit(Some(&secret)).unwrap();
        assert!(file.hear(caller.as_ref(), None).is_ok() && file.hear(None, None).is_err());
        assert!(matches!(file.hear(caller.as_ref(), Some("b")), Err(Refusal::NoWorkspace(_))));
        let mut told = file.follow();
        told.mark_unchanged();
        file.replace_keys(FileKeys::default());
        assert!(told.has_changed().unwrap() && *told.borrow() == 1);
        assert!(matches!(file.hear(caller.as_ref(), None), Err(Refusal::Unauthenticated)));
        assert!(file.admit(Some(&secret)).is_err());
    }

    #[test]
    fn a_broken_version_is_told_until_a_good_one_comes_and_each_file_for_itself() {
        let (file, secret) = served();
        let caller = file.admit(Some(&secret)).unwrap();
        let revision = |file: &ServedFile| file.hear(caller.as_ref(), None).unwrap().revision().to_owned();
        let first = revision(&file);
        file.keep(Part::Workspace, "a comma");
        let since = file.trouble().unwrap().since;
        file.keep(Part::Workspace, "another comma");
        file.keep(Part::Keys, "no key");
        let trouble = file.trouble().unwrap();
        assert_eq!((trouble.since, &*trouble.what), (since, "another comma\nno key"));
        assert_eq!(revision(&file), first);
        file.replace(snapshot("a"));
        assert!(file.trouble().unwrap().sentence.contains("keys file") && revision(&file) != first);
        file.replace_keys(FileKeys::default());
        assert_eq!(file.trouble(), None);
    }

    #[test]
    fn where_nobody_needs_a_key_none_is_asked_for_later() {
        let file = ServedFile::new(snapshot("a"), Admission::Anybody, Arc::new(System)).unwrap();
        file.replace_keys(FileKeys::default());
        assert!(file.is_open() && file.hear(file.admit(Some("x")).unwrap().as_ref(), Some("a")).is_ok());
    }
}
