//! API keys: made, and revoked with all that were made through them.

use portcullis::text::quoted;
use portcullis::{DEFAULT_MEMBER_TYPE, Limits, NoFiles, Read, Source, lint};
use portcullis_store::{ApiKey, Id, Key, Millis, Row};

use super::{Author, Made, bounded, find_key, find_member};
use crate::Refusal;
use crate::naming::fit;
use crate::operation::{Scope, Which};
use crate::outside::new_id;
use crate::secret::{Secret, SecretKind};
use crate::service::draft::{Draft, Holder};

/// What is wanted of a new key.
pub(in crate::service) struct Asked<'a> {
    pub(in crate::service) name: &'a str,
    pub(in crate::service) scopes: &'a [Scope],
    pub(in crate::service) policy: Option<&'a str>,
    pub(in crate::service) expires: Option<Millis>,
}

pub(super) fn add(
    draft: &mut Draft<'_>,
    author: &Author<'_>,
    member: Option<&Which>,
    asked: &Asked<'_>,
) -> Result<Made, Refusal> {
    let member = match (member, author.holds.credential()) {
        (Some(which), _) => find_member(draft.state, which)?,
        (None, Some(credential)) => find_member(draft.state, &Which::id(credential.member))?,
        (None, None) => return Err(Refusal::Invalid("say whose key it is to be".to_owned())),
    };
    let own = author.holds.is_of(member.id);
    if let Some(credential) = author.holds.credential() {
        if !own && member.kind == DEFAULT_MEMBER_TYPE {
            let message = format!(
                "{} is a person: keys of other persons can be revoked, never made",
                quoted(&member.subject)
            );
            return Err(Refusal::NotAllowed(message));
        }
        // A key never does more, or lives longer, than the one that it was made through.
        for scope in wanted(asked.scopes) {
            if !credential.scopes().contains(&scope) {
                return Err(Refusal::OutOfScope(scope));
            }
        }
        if let Some(end) = credential.expires()
            && asked.expires.is_none_or(|expires| expires > end)
        {
            let message = "a key that is made through a key that expires must expire no later";
            return Err(Refusal::NotAllowed(message.to_owned()));
        }
        if !own && credential.narrowed {
            let message = "a key that a policy narrows makes keys for its own member only";
            return Err(Refusal::NotAllowed(message.to_owned()));
        }
    }
    // What a key carries of its maker it carries as its parent's, which is of the same member.
    let parent = author.key.filter(|_| own);
    let made = new_key(draft, member.id, asked, parent)?;
    if !own {
        // Whoever is shown a secret gains all that it opens.
        draft.acted_upon(member.id);
        draft.shown(Holder::Member(member.id));
    }
    Ok(made)
}

/// The scopes of a key: that for decisions where none is named.
fn wanted(scopes: &[Scope]) -> Vec<Scope> {
    let mut scopes = if scopes.is_empty() { vec![Scope::Decide] } else { scopes.to_vec() };
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Makes a key, whoever may have it.
pub(in crate::service) fn new_key(
    draft: &mut Draft<'_>,
    member: Id,
    asked: &Asked<'_>,
    parent: Option<Id>,
) -> Result<Made, Refusal> {
    fit("key", asked.name)?;
    let count = draft.state.keys.values().filter(|key| key.member == member).count() + 1;
    bounded("keys of a member", count, draft.bounds.keys_per_member)?;
    if asked.expires.is_some_and(|expires| expires <= draft.now) {
        return Err(Refusal::Invalid("the key would have expired already: give it a later time".to_owned()));
    }
    let mut warnings = None;
    if let Some(policy) = asked.policy {
        bounded("bytes of a policy document", policy.len(), draft.bounds.document_bytes)?;
        let source = Source::new("the key's policy", policy);
        let schema = draft.writer.snapshot().schema();
        let read = lint(&source, schema, &NoFiles, &Limits::default()).map_err(Refusal::Faults)?;
        if !matches!(read.0, Read::Policy(..)) {
            return Err(Refusal::Invalid("expected a policy document that narrows the key".to_owned()));
        }
        warnings = Some(read.1);
    }
    let id = new_id(draft.outside)?;
    let secret = Secret::draw(draft.outside, SecretKind::Key, id)?;
    draft.put(Row::ApiKey(ApiKey {
        id,
        version: draft.state.next_revision(),
        member,
        name: asked.name.to_owned(),
        hash: secret.hash(),
        scopes: wanted(asked.scopes).into_iter().map(|scope| scope.as_str().to_owned()).collect(),
        policy: asked.policy.map(str::to_owned),
        parent,
        created: draft.now,
        expires: asked.expires,
        used: None,
    }))?;
    Ok(Made { secret: Some(secret), warnings, ..Made::thing(id) })
}

pub(super) fn revoke(draft: &mut Draft<'_>, which: &Which) -> Result<Made, Refusal> {
    let key = find_key(draft.state, which)?;
    draft.acted_upon(key.member);
    // Those that were made through it go first, the last made first.
    let mut going = vec![key.id];
    let mut at = 0;
    while let Some(parent) = going.get(at).copied() {
        going.extend(draft.state.keys.values().filter(|key| key.parent == Some(parent)).map(|key| key.id));
        at += 1;
    }
    for id in going.into_iter().rev() {
        draft.take(Key::ApiKey(id))?;
    }
    Ok(Made::thing(key.id))
}
