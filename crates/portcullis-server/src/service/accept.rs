//! Accepting an invitation: with the token alone, once, and for what it gives at that moment.

use std::sync::Arc;

use portcullis_store::{Entry, Id, Invitation, InvitationState, Outcome, Row};

use super::apply::{Asked, join, new_key};
use super::commit::{Change, Tried, refusal};
use super::draft::Draft;
use super::held::Holds;
use super::{Service, Tenant, Whence, Working};
use crate::Refusal;
use crate::naming::folded;
use crate::operation::Scope;
use crate::secret::{Secret, SecretKind};

/// Somebody who joined by an invitation.
#[derive(Debug)]
pub struct Accepted {
    /// The workspace.
    pub workspace: Id,
    /// The member that they are now.
    pub member: Id,
    /// Who they are in decisions: the address that was invited.
    pub subject: String,
    /// Their first key, shown this once.
    pub key: Secret,
    /// The token of the revision.
    pub revision: String,
}

impl Service {
    /// Makes whoever shows the token of an invitation a member, with a first API key.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] for a token that is of no invitation, expired, cancelled, accepted before or lapsed: when who sent it is gone,
    /// suspended, or no longer holds what it gives.
    pub fn accept(&self, shown: &str, whence: &Whence) -> Result<Accepted, Refusal> {
        let secret = Secret::parse(shown).filter(|secret| secret.kind() == SecretKind::Invitation);
        let found = secret.and_then(|secret| Some((self.workspace_of_invitation(secret.id())?, secret)));
        let Some((workspace, secret)) = found else {
            self.count_failed();
            return Err(Refusal::Unauthenticated);
        };
        let tenant = self.find(workspace).ok_or(Refusal::Unauthenticated)?;
        let mut working = tenant.working();
        let accepted = self.accept_in(&tenant, &mut working, &secret, whence);
        if let Err(refusal) = &accepted {
            let why = serde_json::json!({ "invitation": secret.id().to_string(), "refused": refusal.code() });
            if let Ok(entry) = self.invitee(&secret, whence, Outcome::Refused, why.to_string()) {
                let _ = self.store.note(tenant.id, &entry);
            }
        }
        accepted
    }

    fn invitee(
        &self,
        secret: &Secret,
        whence: &Whence,
        outcome: Outcome,
        payload: String,
    ) -> Result<Entry, Refusal> {
        let actor = format!("invitation:{}", secret.id());
        let entry = self.entry_of(actor, "invitation.accept", outcome, Some(payload))?;
        Ok(whence.told(Entry { credential: Some(secret.id()), ..entry }))
    }

    fn accept_in(
        &self,
        tenant: &Tenant,
        working: &mut Working,
        secret: &Secret,
        whence: &Whence,
    ) -> Result<Accepted, Refusal> {
        let open = self.lock(tenant, working)?;
        let Working { state, writer } = working;
        let before = Arc::clone(writer.snapshot());
        let now = self.outside.now();
        let invitation = state.invitations.get(&secret.id()).cloned().ok_or(Refusal::Unauthenticated)?;
        let good = secret.opens(&invitation.hash)
            && invitation.state == InvitationState::Pending
            && invitation.expires > now;
        if !good {
            return Err(Refusal::Unauthenticated);
        }
        // What it gives is what its inviter still holds.
        let holds = Holds::of_inviter(state, &before, invitation.inviter).ok_or(Refusal::Unauthenticated)?;
        let role = invitation.role.or(state.workspace.default_role).ok_or(Refusal::Unauthenticated)?;
        if state.members.named(&folded(&invitation.email)).is_some() {
            return Err(Refusal::Conflict("somebody with that address is a member already".to_owned()));
        }
        let mut draft = Draft::new(state, writer, &*self.outside, &self.bounds);
        let made = (|| {
            let member = join(&mut draft, &invitation.email, role, None, None)?;
            let asked = Asked { name: "first key", scopes: &Scope::ALL, policy: None, expires: None };
            let key = new_key(&mut draft, member, &asked, None)?;
            let version = draft.state.next_revision();
            let accepted = Invitation { state: InvitationState::Accepted, version, ..invitation.clone() };
            draft.put(Row::Invitation(accepted))?;
            Ok((member, key.secret.ok_or(Refusal::Unauthenticated)?))
        })();
        let (member, key) = match made {
            Ok(made) => made,
            Err(refusal) => {
                draft.undo();
                return Err(refusal);
            }
        };
        let tried = Tried::judged(draft, before, &holds);
        let refused = refusal(&tried, &Change::default(), false);
        let payload = serde_json::json!({ "member": member.to_string(), "key": key.id().to_string() });
        let entry = refused
            .map_err(|refusal| match refusal {
                // Why it lapsed is nothing for whoever holds the token.
                Refusal::Excess(_) | Refusal::ReachingUp(_) => Refusal::Unauthenticated,
                other => other,
            })
            .and_then(|()| self.invitee(secret, whence, Outcome::Done, payload.to_string()));
        let revision = self.settle(tenant, open, tried.draft, entry)?;
        Ok(Accepted { workspace: tenant.id, member, subject: invitation.email, key, revision })
    }
}
