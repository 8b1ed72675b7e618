//! What a credential holds: the member's permissions, narrowed by the key's policy, by those of the keys through which it was made, and
//! by its scopes.
//!
//! Only what is granted without conditions counts for administration, since an administration's own checks take nothing from a request.
//! For what others may be given, a condition that the actor holds too is proven where it can be (`gate`).

use std::collections::BTreeSet;

use portcullis::matrix::{Plane, RolePlanes};
use portcullis::{Schema, Snapshot};
use portcullis_store::{ApiKey, Id, Millis};

use super::Caller;
use crate::Refusal;
use crate::operation::{Administered, Needs, Scope};
use crate::state::{Membership, State, document_of, is_over};

/// What an actor holds.
#[derive(Clone, Debug)]
pub(super) enum Holds {
    /// Whoever acts on the machine itself, breaking the glass.
    Everything,
    /// A credential.
    Credential(Credential),
}

#[derive(Clone, Debug)]
pub(super) struct Credential {
    pub(super) member: Id,
    /// Granted to the member and left by every policy.
    pub(super) plain: Plane,
    /// The roles of the member.
    pub(super) roles: BTreeSet<Id>,
    /// Whether a policy narrows it.
    pub(super) narrowed: bool,
    scopes: BTreeSet<Scope>,
    /// When the first of the chain of keys expires.
    expires: Option<Millis>,
}

/// The planes of several roles held together.
pub(super) fn united<'r>(permissions: u32, roles: impl Iterator<Item = &'r RolePlanes>) -> RolePlanes {
    let mut all = RolePlanes::new(permissions);
    for role in roles {
        all.allow_mut().union_with(role.allow());
        all.deny_mut().union_with(role.deny());
        all.allow_if_mut().union_with(role.allow_if());
        all.deny_if_mut().union_with(role.deny_if());
    }
    all
}

/// What a member's roles come to, suspended or not.
pub(super) fn of_member(state: &State, snapshot: &Snapshot, member: Membership<'_>) -> RolePlanes {
    let roles = state.roles_of(member);
    let planes = roles.iter().filter_map(|role| snapshot.role(state.role_name(*role)));
    united(snapshot.schema().permission_count(), planes.map(|role| &**role.planes()))
}

impl Holds {
    /// Reads a credential anew. What does not open anything any more is not told apart.
    pub(super) fn read(
        state: &State,
        snapshot: &Snapshot,
        caller: &Caller,
        now: Millis,
    ) -> Result<Holds, Refusal> {
        let chain = state.chain(caller.key).ok_or(Refusal::Unauthenticated)?;
        let member = state.members.get(&caller.member).filter(|member| !member.suspended);
        let member = member.ok_or(Refusal::Unauthenticated)?;
        let own = chain.first().is_some_and(|key| key.member == member.id);
        if !own || chain.iter().any(|key| is_over(key.expires, now)) {
            return Err(Refusal::Unauthenticated);
        }
        let mut plain = of_member(state, snapshot, member).grants();
        let left = left_of(&chain, snapshot.schema());
        let narrowed = left.is_some();
        if let Some(left) = left {
            plain.intersect_with(&left);
        }
        Ok(Holds::Credential(Credential {
            member: member.id,
            plain,
            roles: state.roles_of(member),
            narrowed,
            scopes: scopes_of(&chain),
            expires: chain.iter().filter_map(|key| key.expires).min(),
        }))
    }

    /// What a member holds without any key: of an inviter, when an invitation is accepted.
    pub(super) fn of_inviter(state: &State, snapshot: &Snapshot, member: Id) -> Option<Holds> {
        let member = state.members.get(&member).filter(|member| !member.suspended)?;
        Some(Holds::Credential(Credential {
            member: member.id,
            plain: of_member(state, snapshot, member).grants(),
            roles: state.roles_of(member),
            narrowed: false,
            scopes: BTreeSet::from(Scope::ALL),
            expires: None,
        }))
    }

    pub(super) fn credential(&self) -> Option<&Credential> {
        match self {
            Holds::Everything => None,
            Holds::Credential(credential) => Some(credential),
        }
    }

    /// Whether it is the actor's own membership.
    pub(super) fn is_of(&self, member: Id) -> bool {
        self.credential().is_some_and(|credential| credential.member == member)
    }

    /// Refuses what the actor may not do.
    pub(super) fn may(&self, schema: &Schema, needs: Needs) -> Result<(), Refusal> {
        let Holds::Credential(credential) = self else { return Ok(()) };
        let held = schema.administration().is_some_and(|types| {
            let kind = match needs.on {
                Administered::Workspace => &types.workspace,
                Administered::Membership => &types.membership,
            };
            schema
                .permission(needs.action, kind)
                .is_ok_and(|permission| credential.plain.contains(permission.id()))
        });
        if held { Ok(()) } else { Err(Refusal::Forbidden(needs)) }
    }

    /// Refuses a key that lacks a scope.
    pub(super) fn within(&self, scope: Scope) -> Result<(), Refusal> {
        match self.credential() {
            Some(credential) if !credential.scopes.contains(&scope) => Err(Refusal::OutOfScope(scope)),
            _ => Ok(()),
        }
    }

    /// Whether every permission of the schema is held.
    pub(super) fn is_everything(&self) -> bool {
        self.credential().is_none_or(|held| held.plain.count() == held.plain.permissions())
    }

    /// Whether the built-in role `admin` is held, by a credential that nothing narrows.
    pub(super) fn is_admin(&self, state: &State) -> bool {
        self.credential().is_none_or(|held| {
            !held.narrowed && state.built_in("admin").is_some_and(|admin| held.roles.contains(&admin))
        })
    }
}

impl Credential {
    pub(super) const fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    pub(super) const fn expires(&self) -> Option<Millis> {
        self.expires
    }
}

/// The scopes that a key has, and every key that it was made through.
pub(super) fn scopes_of(chain: &[&ApiKey]) -> BTreeSet<Scope> {
    let has = |key: &&ApiKey, scope: Scope| key.scopes.iter().any(|word| word == scope.as_str());
    Scope::ALL.into_iter().filter(|scope| chain.iter().all(|key| has(key, *scope))).collect()
}

/// What the policies of keys leave without conditions; nothing when none has one. A policy that does not compile any more leaves nothing of
/// anything.
pub(super) fn left_of(chain: &[&ApiKey], schema: &Schema) -> Option<Plane> {
    let mut left: Option<Plane> = None;
    for policy in chain.iter().filter_map(|key| key.policy.as_deref()) {
        let resolved = document_of("the key's policy", policy).and_then(|document| document.resolve(schema));
        let grants =
            resolved.map_or(Plane::empty(schema.permission_count()), |(grants, _)| grants.planes().grants());
        match &mut left {
            Some(left) => left.intersect_with(&grants),
            None => left = Some(grants),
        }
    }
    left
}

/// Whether somebody is left who administers: an active member with `update` on both administration types, and a key that nothing narrows
/// and that does not expire.
pub(super) fn has_administrator(state: &mut State, snapshot: &Snapshot) -> bool {
    let found = {
        let state = &*state;
        let likely = state.administering.and_then(|key| state.keys.get(&key));
        let mut keys = likely.into_iter().chain(state.keys.values());
        keys.find(|key| administers(state, snapshot, key)).map(|key| key.id)
    };
    state.administering = found;
    found.is_some()
}

/// Whether a key administers all by itself.
fn administers(state: &State, snapshot: &Snapshot, key: &ApiKey) -> bool {
    let Some(types) = snapshot.schema().administration() else { return false };
    let Some(member) = state.members.get(&key.member).filter(|member| !member.suspended) else {
        return false;
    };
    let chain = state.chain(key.id).unwrap_or_default();
    let all =
        |words: &[String]| Scope::ALL.iter().all(|scope| words.iter().any(|word| word == scope.as_str()));
    let whole = !chain.is_empty()
        && chain.iter().all(|key| key.policy.is_none() && key.expires.is_none() && all(&key.scopes));
    if !whole {
        return false;
    }
    let plain = of_member(state, snapshot, member).grants();
    [&types.workspace, &types.membership].into_iter().all(|kind| {
        let needed = snapshot.schema().permission("update", kind);
        needed.is_ok_and(|permission| plain.contains(permission.id()))
    })
}
