//! The one road of a change: lock, read anew, apply, judge, commit, put in force.
//!
//! Nothing that was found out before the lock is trusted. When the store is further than what is in memory, as another process may
//! have changed it, the workspace is read anew before anything is decided. A change that is refused leaves everything as it was, and an entry in the
//! audit trail; one that is committed is in force when the call returns.

use std::sync::Arc;

use portcullis::{Revision, Snapshot};
use portcullis_store::{Entry, Id, Key, Outcome, Row};

use super::apply::{Author, Made, apply, find_role};
use super::draft::Draft;
use super::gate::{Judged, judge};
use super::held::{Holds, has_administrator};
use super::{Actor, Call, Service, Tenant, Working, preview, standing, token};
use crate::operation::Operation;
use crate::outside::Outside;
use crate::refusal::Refused;
use crate::secret::holds_secret;
use crate::state::{State, compile};
use crate::{Bounds, Refusal};

/// What is to be done to a workspace, whole or not at all: one transaction, one revision, one audit entry.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// In order; each sees what those before it did.
    pub operations: Vec<Operation>,
    /// The digest of a preview: what is done must be what was approved.
    pub digest: Option<String>,
}

impl From<Operation> for Change {
    fn from(operation: Operation) -> Change {
        Change { operations: vec![operation], digest: None }
    }
}

impl From<Vec<Operation>> for Change {
    fn from(operations: Vec<Operation>) -> Change {
        Change { operations, digest: None }
    }
}

/// A change that was committed and is in force.
#[derive(Debug)]
pub struct Done {
    /// The token of the revision.
    pub revision: String,
    /// What each operation brought about.
    pub made: Vec<Made>,
    /// Standing rules that are broken now: only a revocation is not held up by them.
    pub broken: Vec<String>,
}

/// A change that was applied and not committed.
pub(super) struct Tried<'d> {
    pub(super) draft: Draft<'d>,
    pub(super) before: Arc<Snapshot>,
    pub(super) after: Snapshot,
    pub(super) made: Vec<Made>,
    pub(super) judged: Judged,
    pub(super) administrated: bool,
    pub(super) broken: Vec<String>,
}

impl Service {
    /// Makes a change.
    ///
    /// # Errors
    /// Why it was refused, and because of which operation if it was one. Nothing is changed then.
    pub fn change(&self, call: &Call, workspace: Id, change: &Change) -> Result<Done, Refused> {
        let tenant = self.tenant(call, workspace)?;
        let mut working = tenant.working();
        let done = self.attempt(call, &tenant, &mut working, change);
        if let Err(refused) = &done {
            self.note_refused(call, workspace, change, refused);
        }
        done
    }

    /// Says what a change would do, and what stands against it. Nothing is changed, and nothing is noted.
    ///
    /// # Errors
    /// What keeps it from being tried at all: a credential, a permission, a fault in a text.
    pub fn preview(&self, call: &Call, workspace: Id, change: &Change) -> Result<preview::Preview, Refused> {
        let tenant = self.tenant(call, workspace)?;
        let mut working = tenant.working();
        let open = self.lock(&tenant, &mut working)?;
        let tried = self.try_out(call, &mut working, &*open, change)?;
        drop(open);
        let seen = preview::look(&tried, change);
        tried.draft.undo();
        seen.map_err(Refused::from)
    }

    fn attempt(
        &self,
        call: &Call,
        tenant: &Tenant,
        working: &mut Working,
        change: &Change,
    ) -> Result<Done, Refused> {
        let open = self.lock(tenant, working)?;
        let tried = self.try_out(call, working, &*open, change)?;
        let refusal = refusal(&tried, change, matches!(call.actor, Actor::Local(_)));
        let Tried { draft, made, broken, .. } = tried;
        if let Err(refusal) = refusal {
            drop(open);
            draft.undo();
            return Err(refusal.into());
        }
        if draft.edits().is_empty() {
            let now = token(draft.state.workspace.epoch, draft.state.workspace.revision);
            draft.undo();
            return Ok(Done { revision: now, made, broken });
        }
        let entry = payload(change, &made)
            .and_then(|payload| self.entry(call, name_of(change), Outcome::Done, Some(payload)));
        let revision = self.settle(tenant, open, draft, entry)?;
        Ok(Done { revision, made, broken })
    }

    /// Commits what nothing stands against, with its audit entry, and puts it in force; gives the token of the revision. What cannot be committed is
    /// taken back.
    pub(super) fn settle(
        &self,
        tenant: &Tenant,
        open: Box<dyn portcullis_store::Change + '_>,
        draft: Draft<'_>,
        entry: Result<Entry, Refusal>,
    ) -> Result<String, Refusal> {
        match entry.and_then(|entry| Ok(open.commit(draft.edits(), &entry)?)) {
            Ok(committed) => draft.state.workspace = committed,
            Err(refusal) => {
                draft.undo();
                return Err(refusal);
            }
        }
        let (epoch, revision) = (draft.state.workspace.epoch, draft.state.workspace.revision);
        draft.writer.publish_as(Revision::new(revision));
        let schema = draft.writer.snapshot().schema();
        if draft.touched.schema {
            self.know_secrets(draft.state, schema);
        } else {
            self.know_changed_secrets(draft.state, schema, draft.edits());
        }
        tenant.publish(draft.state, draft.writer);
        Ok(token(epoch, revision))
    }

    /// Locks a workspace in the store, at exactly the revision that is in memory.
    pub(super) fn lock(
        &self,
        tenant: &Tenant,
        working: &mut Working,
    ) -> Result<Box<dyn portcullis_store::Change + '_>, Refusal> {
        loop {
            let open = self.store.change(tenant.id)?;
            let (there, here) = (open.workspace(), &working.state.workspace);
            if (there.epoch, there.revision) == (here.epoch, here.revision) {
                return Ok(open);
            }
            // Read outside the lock, and held against it again.
            drop(open);
            self.read_anew(tenant, working)?;
        }
    }

    /// Brings a workspace to what the store has.
    pub(super) fn read_anew(&self, tenant: &Tenant, working: &mut Working) -> Result<(), Refusal> {
        let state = State::read(&*self.store, tenant.id)?;
        let writer = compile(&state)?;
        *working = Working { state, writer };
        self.know_secrets(&working.state, working.writer.snapshot().schema());
        tenant.publish(&working.state, &working.writer);
        Ok(())
    }

    fn try_out<'d>(
        &'d self,
        call: &Call,
        working: &'d mut Working,
        open: &dyn portcullis_store::Change,
        change: &Change,
    ) -> Result<Tried<'d>, Refused> {
        let count = change.operations.len();
        if count > self.bounds.operations {
            let limit = self.bounds.operations;
            return Err(Refusal::TooMany { what: "operations", count, limit }.into());
        }
        // All of it goes into one audit entry.
        let text = serde_json::to_string(&change.operations);
        let text = text.map_err(|error| Refusal::Invalid(error.to_string()))?;
        let (count, limit) = (text.len(), self.bounds.change_bytes);
        if count > limit {
            return Err(Refusal::TooMany { what: "bytes of a change", count, limit }.into());
        }
        if holds_secret(&text) {
            // Said back or noted, it would lie where many read it.
            let message = "a secret stands where a name or a text belongs: nothing was done or kept of it; revoke the key all the same";
            return Err(Refusal::Invalid(message.to_owned()).into());
        }
        let before = Arc::clone(working.writer.snapshot());
        let holds = self.held(call, &working.state, &before)?;
        let Working { state, writer } = working;
        Tried::new(state, writer, before, &*self.outside, &self.bounds, call, &holds, open, change)
    }

    /// Notes what was refused. That it cannot be noted is no reason to do it after all.
    fn note_refused(&self, call: &Call, workspace: Id, change: &Change, refused: &Refused) {
        let payload = serde_json::json!({
            "operations": change.operations.iter().take(100).map(Operation::name).collect::<Vec<_>>(),
            "at": refused.at,
            "refused": refused.refusal.code(),
            "why": refused.to_string(),
        });
        let entry = self.entry(call, name_of(change), Outcome::Refused, Some(payload.to_string()));
        if let Ok(entry) = entry {
            let _ = self.store.note(workspace, &entry);
        }
    }
}

impl<'d> Tried<'d> {
    #[expect(clippy::too_many_arguments, reason = "all that a change is made of, put together once")]
    fn new(
        state: &'d mut State,
        writer: &'d mut portcullis::Writer,
        before: Arc<Snapshot>,
        outside: &'d dyn Outside,
        bounds: &'d Bounds,
        call: &Call,
        holds: &Holds,
        open: &dyn portcullis_store::Change,
        change: &Change,
    ) -> Result<Tried<'d>, Refused> {
        let name = author_name(call, state);
        let author = Author { holds, name: &name, key: call.key() };
        let mut draft = Draft::new(state, writer, outside, bounds);
        let mut made = Vec::with_capacity(change.operations.len());
        for (at, operation) in change.operations.iter().enumerate() {
            let done = match rolled_back(&draft, open, operation) {
                Ok(Some(save)) => apply(&mut draft, &author, &save),
                Ok(None) => apply(&mut draft, &author, operation),
                Err(refusal) => Err(refusal),
            };
            match done {
                Ok(done) => made.push(done),
                Err(refusal) => {
                    draft.undo();
                    return Err(Refused { at: Some(at), refusal });
                }
            }
        }
        Ok(Tried { made, ..Tried::judged(draft, before, holds) })
    }

    /// Holds the candidate against every rule.
    pub(super) fn judged(draft: Draft<'d>, before: Arc<Snapshot>, holds: &Holds) -> Tried<'d> {
        let after = draft.writer.candidate();
        let judged = judge(&draft, &before, &after, holds);
        let administrated = has_administrator(draft.state, &after);
        // Rules that cannot be asked any more hold up everything but a revocation, as broken ones do.
        let broken =
            standing::broken(&draft, &before, &after).unwrap_or_else(|refusal| vec![refusal.to_string()]);
        Tried { draft, before, after, made: Vec::new(), judged, administrated, broken }
    }
}

/// What stands against a change, if anything does.
pub(super) fn refusal(tried: &Tried<'_>, change: &Change, local: bool) -> Result<(), Refusal> {
    if !tried.judged.excess.is_empty() {
        return Err(Refusal::Excess(tried.judged.excess.clone()));
    }
    if !tried.judged.reaching.is_empty() {
        return Err(Refusal::ReachingUp(tried.judged.reaching.clone()));
    }
    // Whoever breaks the glass may be about to make the first one.
    if !tried.administrated && !local {
        return Err(Refusal::LastAdministrator);
    }
    let revocation = change.operations.iter().all(Operation::is_revocation) && !change.operations.is_empty();
    if !tried.broken.is_empty() && !revocation {
        return Err(Refusal::RulesBroken(tried.broken.clone()));
    }
    match &change.digest {
        Some(expected) => {
            let found = preview::digest(tried, change)?;
            if *expected == found {
                Ok(())
            } else {
                Err(Refusal::OtherDigest { expected: expected.clone(), found })
            }
        }
        None => Ok(()),
    }
}

/// A rolling back as the saving that it is.
fn rolled_back(
    draft: &Draft<'_>,
    open: &dyn portcullis_store::Change,
    operation: &Operation,
) -> Result<Option<Operation>, Refusal> {
    let Operation::RollBackRole { role, number, note, version } = operation else { return Ok(None) };
    let found = find_role(draft.state, role)?;
    let Some(Row::RoleVersion(old)) = open.row(&Key::RoleVersion { role: found.id, number: *number })? else {
        return Err(Refusal::not_found("version of the role", format!("{} {number}", found.name)));
    };
    let note = if note.is_empty() { format!("back to version {number}") } else { note.clone() };
    Ok(Some(Operation::SaveRole { role: role.clone(), document: old.document, note, version: *version }))
}

/// Who acts, as versions of roles say it.
fn author_name(call: &Call, state: &State) -> String {
    match &call.actor {
        Actor::Key(caller) => state.subject(caller.member).to_owned(),
        Actor::Local(_) => call.actor_name(),
    }
}

/// What an audit entry calls a change: its operation, or how many there are.
fn name_of(change: &Change) -> String {
    match change.operations.as_slice() {
        [one] => one.name().to_owned(),
        many => format!("batch of {}", many.len()),
    }
}

/// What an audit entry says of a change: its operations, and the ids of what was made. No secret is part of either.
fn payload(change: &Change, made: &[Made]) -> Result<String, Refusal> {
    let ids: Vec<Option<String>> = made.iter().map(|made| made.id.map(|id| id.to_string())).collect();
    let secrets: Vec<usize> =
        made.iter().enumerate().filter(|(_, made)| made.secret.is_some()).map(|(at, _)| at).collect();
    let payload =
        serde_json::json!({ "operations": change.operations, "ids": ids, "secrets_shown": secrets });
    serde_json::to_string(&payload).map_err(|error| Refusal::Invalid(error.to_string()))
}
