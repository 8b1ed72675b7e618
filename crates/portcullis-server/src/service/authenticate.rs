//! Who shows a key, and what is asked in its name.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use portcullis::matrix::{SetId, Subject};
use portcullis::{Decision, Question, Schema, Snapshot};
use portcullis_store::{Edit, Id, Key, Outcome, Row};
use tokio::sync::watch;

use super::held::{Holds, left_of, scopes_of};
use super::{Call, Known, Service};
use crate::Refusal;
use crate::hearing::{Hearing, Published};
use crate::operation::Scope;
use crate::secret::{Secret, SecretKind};
use crate::state::{State, is_over};

/// Whoever showed a key that is good: a member of one workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    pub(super) workspace: Id,
    pub(super) member: Id,
    pub(super) key: Id,
}

impl Caller {
    /// The workspace that the key belongs to, and no other.
    #[must_use]
    pub const fn workspace(&self) -> Id {
        self.workspace
    }

    /// The member that it acts as.
    #[must_use]
    pub const fn member(&self) -> Id {
        self.member
    }
}

/// What came of a question about the caller itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What the member may.
    pub decision: Decision,
    /// Whether a policy of the key takes it away.
    pub narrowed: bool,
}

impl Answered {
    /// Whether the credential may.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        self.decision.is_allowed() && !self.narrowed
    }
}

const MINUTE: i64 = 60_000;

impl Service {
    /// The member whose key this is.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] for one that is unknown, revoked or expired, or whose member is suspended or gone.
    pub fn authenticate(&self, shown: &str) -> Result<Caller, Refusal> {
        let caller = self.caller(shown);
        if caller.is_err() {
            self.count_failed();
        }
        caller
    }

    /// Counts somebody who showed what opens nothing.
    pub(super) fn count_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    fn caller(&self, shown: &str) -> Result<Caller, Refusal> {
        let secret = Secret::parse(shown).filter(|secret| secret.kind() == SecretKind::Key);
        let secret = secret.ok_or(Refusal::Unauthenticated)?;
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&secret.id()).cloned();
        // Of an unknown id the same is computed as of a known one.
        let opens = secret.opens(&known.as_ref().map_or([0; 32], |known| known.hash));
        let known = known.filter(|_| opens).ok_or(Refusal::Unauthenticated)?;
        let published = self.find(known.workspace).ok_or(Refusal::Unauthenticated)?.published();
        self.active(&known, &published)?;
        let caller = Caller { workspace: known.workspace, member: known.member, key: secret.id() };
        self.note_use(&caller);
        Ok(caller)
    }

    /// Puts a caller before what is in force in the workspace of its key, to ask for decisions. It waits for no change.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] when the key is good no more; [`Refusal::NoWorkspace`] when another workspace is named, by name or id;
    /// [`Refusal::OutOfScope`].
    pub fn hear(&self, caller: &Caller, workspace: Option<&str>) -> Result<Hearing, Refusal> {
        // What is in force first: a key that ends after that ends together with what is in force.
        let published = self.find(caller.workspace).ok_or(Refusal::Unauthenticated)?.published();
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&caller.key).cloned();
        let known =
            known.filter(|known| known.workspace == caller.workspace).ok_or(Refusal::Unauthenticated)?;
        let subject = self.active(&known, &published)?;
        let is_named =
            |name: &str| name == published.snapshot.workspace() || Id::parse(name) == Some(published.id);
        if let Some(other) = workspace.filter(|name| !is_named(name)) {
            return Err(Refusal::NoWorkspace(portcullis::text::quoted(other)));
        }
        Hearing::of_member(published, known, subject).within(Scope::Decide)
    }

    /// Tells the number of the revision that is in force in the workspace of a caller, and every later one.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`].
    pub fn follow(&self, caller: &Caller) -> Result<watch::Receiver<u64>, Refusal> {
        Ok(self.find(caller.workspace).ok_or(Refusal::Unauthenticated)?.told.subscribe())
    }

    /// Decides a question about the caller itself, by what its credential holds: the member's verdict and that of every policy that narrows the
    /// key, of which the weaker counts. It waits for no change.
    ///
    /// # Errors
    /// As [`hear`](Self::hear).
    pub fn decide_as(&self, caller: &Caller, question: &Question<'_>) -> Result<Answered, Refusal> {
        let hearing = self.hear(caller, None)?;
        let subject = hearing.asker().unwrap_or_default();
        hearing.decide(&Question { subject, ..*question })
    }

    /// The member of a key before what is in force in its workspace, if the key opens anything.
    fn active(&self, known: &Known, published: &Published) -> Result<Subject, Refusal> {
        let subject = published.snapshot.subject(&known.subject);
        let subject =
            subject.filter(|subject| published.snapshot.matrix().set_of(subject.id()) != SetId::SUSPENDED);
        match subject {
            Some(subject) if !is_over(known.expires, self.outside.now()) => Ok(subject),
            _ => Err(Refusal::Unauthenticated),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.outside.now()
    }

    /// Notes that a caller's key was used, to the minute. Whoever remembers callers says so for them.
    pub fn note_use(&self, caller: &Caller) {
        let now = self.outside.now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert((caller.workspace, caller.key), now - now.rem_euclid(MINUTE));
    }

    /// Knows all keys and invitations of a workspace, and no others of it.
    pub(super) fn know_secrets(&self, state: &State, schema: &Schema) {
        self.know_all_secrets(state, schema, true);
    }

    /// Knows all keys and invitations of a workspace of which none were known: who opens ten thousand workspaces need not look through
    /// all that is known for each.
    pub(super) fn know_new_secrets(&self, state: &State, schema: &Schema) {
        self.know_all_secrets(state, schema, false);
    }

    fn know_all_secrets(&self, state: &State, schema: &Schema, again: bool) {
        let id = state.workspace.id;
        let fresh = state.keys.values().filter_map(|key| Some((key.id, known(state, schema, key.id)?)));
        let fresh: Vec<(Id, Arc<Known>)> = fresh.collect();
        // No key is unknown for a moment.
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if again {
            keys.retain(|_, known| known.workspace != id);
        }
        keys.extend(fresh);
        drop(keys);
        let mut invitations = self.invitations.write().unwrap_or_else(PoisonError::into_inner);
        if again {
            invitations.retain(|_, workspace| *workspace != id);
        }
        invitations.extend(state.invitations.keys().map(|one| (*one, id)));
    }

    /// Knows what a change made, and forgets what it took away.
    pub(super) fn know_changed_secrets(&self, state: &State, schema: &Schema, edits: &[Edit]) {
        for edit in edits {
            let (key, invitation) = match edit {
                Edit::Put(Row::ApiKey(key)) => (Some(key.id), None),
                Edit::Remove(Key::ApiKey(id)) => (Some(*id), None),
                Edit::Put(Row::Invitation(invitation)) => (None, Some(invitation.id)),
                Edit::Remove(Key::Invitation(id)) => (None, Some(*id)),
                _ => continue,
            };
            if let Some(id) = key {
                let known = known(state, schema, id);
                let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                match known {
                    Some(known) => keys.insert(id, known),
                    None => keys.remove(&id),
                };
            }
            if let Some(id) = invitation {
                let mut invitations = self.invitations.write().unwrap_or_else(PoisonError::into_inner);
                match state.invitations.contains_key(&id) {
                    true => invitations.insert(id, state.workspace.id),
                    false => invitations.remove(&id),
                };
            }
        }
    }

    /// The workspace whose invitation it is.
    pub(super) fn workspace_of_invitation(&self, invitation: Id) -> Option<Id> {
        self.invitations.read().unwrap_or_else(PoisonError::into_inner).get(&invitation).copied()
    }

    /// Writes down when keys were used last, and in the operator's trail how many showed what opens nothing. Whoever runs the service calls this
    /// now and then, off the road of changes.
    ///
    /// # Errors
    /// Those of the store. What could not be written is tried again the next time.
    pub fn note_used(&self) -> Result<(), Refusal> {
        let failed = self.failed.swap(0, Ordering::Relaxed);
        if failed > 0 {
            let payload = serde_json::json!({ "count": failed }).to_string();
            let entry = self.entry_of("unknown", "authentication.failed", Outcome::Refused, Some(payload));
            if let Err(refusal) = entry.and_then(|entry| Ok(self.store.note(Id::NIL, &entry)?)) {
                self.failed.fetch_add(failed, Ordering::Relaxed);
                return Err(refusal);
            }
        }
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_workspace: std::collections::BTreeMap<Id, Vec<(Id, i64)>> =
            std::collections::BTreeMap::new();
        for ((workspace, key), time) in &used {
            by_workspace.entry(*workspace).or_default().push((*key, *time));
        }
        for (workspace, uses) in by_workspace {
            if let Err(error) = self.store.note_used(workspace, &uses) {
                let mut again = self.used.lock().unwrap_or_else(PoisonError::into_inner);
                for (place, time) in used {
                    again.entry(place).or_insert(time);
                }
                return Err(error.into());
            }
            if let Some(tenant) = self.find(workspace) {
                let mut working = tenant.working();
                for (key, time) in uses {
                    if let Some(key) = working.state.keys.get_mut(&key) {
                        key.used = Some(time);
                    }
                }
            }
        }
        Ok(())
    }

    /// Refuses a call whose credential does not open anything any more, or lacks what it needs; gives what it holds.
    pub(super) fn held(&self, call: &Call, state: &State, snapshot: &Snapshot) -> Result<Holds, Refusal> {
        match &call.actor {
            super::Actor::Key(caller) => Holds::read(state, snapshot, caller, self.outside.now()),
            super::Actor::Local(_) => Ok(Holds::Everything),
        }
    }
}

fn known(state: &State, schema: &Schema, key: Id) -> Option<Arc<Known>> {
    let chain = state.chain(key)?;
    let own = chain.first()?;
    Some(Arc::new(Known {
        workspace: state.workspace.id,
        member: own.member,
        subject: Box::from(state.subject(own.member)),
        hash: own.hash,
        expires: chain.iter().filter_map(|key| key.expires).min(),
        scopes: scopes_of(&chain),
        left: left_of(&chain, schema),
    }))
}
