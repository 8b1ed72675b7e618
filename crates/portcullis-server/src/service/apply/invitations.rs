//! Invitations: send, cancel, send again. Accepting one is a road of its own.

use portcullis::text::quoted;
use portcullis_store::{Invitation, InvitationState, Millis, Row};

use super::{Author, Made, Settings, bounded, find_invitation, find_role};
use crate::Refusal;
use crate::naming::{fit, folded};
use crate::operation::Which;
use crate::outside::new_id;
use crate::secret::{Secret, SecretKind};
use crate::service::draft::{Draft, Holder};

/// The longest address that mail is sent to.
const EMAIL_BYTES: usize = 254;
const DAY: Millis = 24 * 60 * 60 * 1000;

/// Refuses what is no address of mail. Whether somebody reads it shows when it is accepted.
fn is_email(email: &str) -> Result<(), Refusal> {
    fit("member", email)?;
    let parts = email.split_once('@').filter(|(user, domain)| {
        !user.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !email.contains(char::is_whitespace)
    });
    if parts.is_none() || email.len() > EMAIL_BYTES {
        return Err(Refusal::Invalid(format!("expected an e-mail address, found {}", quoted(email))));
    }
    Ok(())
}

fn expires(draft: &Draft<'_>) -> Millis {
    let days = Settings::read(&draft.state.workspace.settings).invitation_days;
    draft.now.saturating_add(Millis::from(days) * DAY)
}

pub(super) fn invite(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    email: &str,
    role: Option<&Which>,
) -> Result<Made, Refusal> {
    is_email(email)?;
    let form = folded(email);
    if let Some(member) = draft.state.members.named(&form) {
        return Err(Refusal::Conflict(format!("{} is a member already", quoted(member.subject))));
    }
    let role = role.map(|role| find_role(draft.state, role)).transpose()?.map(|role| role.id);
    if role.is_none() && draft.state.workspace.default_role.is_none() {
        return Err(super::members::no_role());
    }
    let Some(inviter) = author.holds.credential().map(|credential| credential.member) else {
        let message = "an invitation is a member's: use the key of one, or add the member with `member add`";
        return Err(Refusal::NotAllowed(message.to_owned()));
    };
    let now = draft.now;
    let known = draft
        .state
        .invitations
        .values()
        .find(|one| one.folded == form && one.state == InvitationState::Pending);
    if let Some(known) = known.cloned() {
        if known.expires > now {
            // The first stays as it is, and nobody is shown its token a second time.
            return Ok(Made { unchanged: true, ..Made::thing(known.id) });
        }
        // One that expired makes room.
        let version = draft.state.next_revision();
        draft.put(Row::Invitation(Invitation { state: InvitationState::Cancelled, version, ..known }))?;
    }
    bounded("pending invitations", draft.state.pending(now).count() + 1, draft.bounds.pending_invitations)?;
    let id = new_id(draft.outside)?;
    let secret = Secret::draw(draft.outside, SecretKind::Invitation, id)?;
    let invitation = Invitation {
        id,
        version: draft.state.next_revision(),
        email: email.to_owned(),
        folded: form,
        role,
        hash: secret.hash(),
        inviter,
        created: now,
        expires: expires(draft),
        state: InvitationState::Pending,
    };
    draft.put(Row::Invitation(invitation))?;
    Ok(Made { secret: Some(secret), ..Made::thing(id) })
}

/// An invitation that has not been accepted or cancelled; it may have expired.
fn open(draft: &Draft<'_>, which: &Which) -> Result<Invitation, Refusal> {
    let invitation = find_invitation(draft.state, which)?;
    let word = match invitation.state {
        InvitationState::Pending => return Ok(invitation),
        InvitationState::Accepted => "accepted",
        InvitationState::Cancelled => "cancelled",
    };
    Err(Refusal::Conflict(format!("the invitation of {} was {word} already", quoted(&invitation.email))))
}

pub(super) fn cancel(draft: &mut Draft<'_>, which: &Which) -> Result<Made, Refusal> {
    let invitation = open(draft, which)?;
    let (id, version) = (invitation.id, draft.state.next_revision());
    draft.put(Row::Invitation(Invitation { state: InvitationState::Cancelled, version, ..invitation }))?;
    Ok(Made::thing(id))
}

pub(super) fn resend(draft: &mut Draft<'_>, author: &Author<'_>, which: &Which) -> Result<Made, Refusal> {
    let invitation = open(draft, which)?;
    let id = invitation.id;
    let Some(inviter) = author.holds.credential().map(|credential| credential.member) else {
        return Err(Refusal::NotAllowed("an invitation is a member's: use the key of one".to_owned()));
    };
    let secret = Secret::draw(draft.outside, SecretKind::Invitation, id)?;
    let renewed = Invitation {
        version: draft.state.next_revision(),
        hash: secret.hash(),
        // Who shows the token answers for what it gives.
        inviter,
        created: draft.now,
        expires: expires(draft),
        ..invitation
    };
    draft.put(Row::Invitation(renewed))?;
    draft.shown(Holder::Invitation(id));
    Ok(Made { secret: Some(secret), ..Made::thing(id) })
}
