//! Nobody gives what they do not hold, and nobody reaches up: held against the compiled candidate of every change.
//!
//! A change has noted of everybody whom it could concern, members and whoever may come to hold something, which roles they held
//! ([`Draft`](super::draft::Draft)). Here these are set against the roles that they hold now, each pair of role sets once: what is granted now and was not
//! must be held by the actor; what was lost must have been held by the actor too, if somebody else lost it. Conditions are compared where both sides
//! have some; what is not proven within the bound counts as not held.

use std::collections::BTreeMap;

use portcullis::condition::Root;
use portcullis::matrix::{PermissionId, Plane, RolePlanes};
use portcullis::{
    COMPARE_STEPS, Document, Grants, Limits, PermissionName, Question, Role, Schema, Snapshot, Source,
    compare_documents,
};
use portcullis_store::Id;

use super::draft::{Draft, Holder, Roles, Touched};
use super::held::{Credential, Holds, united};
use crate::refusal::Excess;
use crate::state::{Place, State};

/// What stands against a change.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What somebody would hold and the actor does not.
    pub(super) excess: Vec<Excess>,
    /// Who was changed and holds more than the actor.
    pub(super) reaching: Vec<Excess>,
}

/// How many cases of one kind are told.
const TOLD: usize = 100;

/// A change, and who makes it.
struct Gate<'g> {
    state: &'g State,
    touched: &'g Touched,
    before: &'g Snapshot,
    after: &'g Snapshot,
    actor: &'g Credential,
}

/// What pairs of role sets come to; of a member whose properties changed, apart.
type Known = BTreeMap<(Roles, Roles, Option<Id>), Weighed>;

/// What one pair of role sets comes to.
#[derive(Clone, Debug, Default)]
struct Weighed {
    /// Gained, and not held by the actor.
    excess: Vec<PermissionName>,
    /// Whether something was lost.
    lost: bool,
    /// Held before, and not by the actor.
    above: Vec<PermissionName>,
}

/// Judges a change before it is committed.
pub(super) fn judge(draft: &Draft<'_>, before: &Snapshot, after: &Snapshot, holds: &Holds) -> Judged {
    let mut judged = Judged::default();
    let Holds::Credential(actor) = holds else { return judged };
    // Whoever holds everything can neither give too much nor reach up.
    if holds.is_everything() {
        return judged;
    }
    if draft.touched.schema {
        let missing = missing(before.schema(), &all(before.schema()), &actor.plain);
        judged.excess.push(Excess::of("whoever the new schema concerns".to_owned(), &missing));
        return judged;
    }
    let gate = Gate { state: draft.state, touched: &draft.touched, before, after, actor };
    let mut known = Known::new();
    for (holder, old) in &draft.touched.holders {
        let new = draft.roles(holder);
        let apart = match holder {
            Holder::Member(id) if draft.touched.properties.contains(id) => Some(*id),
            _ => None,
        };
        // To whom all is new, all counts as gained; what they held before, nobody reaches up to all the same.
        let gained = if draft.touched.shown.contains(holder) { Roles::new() } else { old.clone() };
        let weighed = known
            .entry((gained.clone(), new.clone(), apart))
            .or_insert_with(|| gate.weigh(&gained, &new, apart.is_some()));
        if !weighed.excess.is_empty() && judged.excess.len() < TOLD {
            judged.excess.push(Excess::of(gate.told(holder), &weighed.excess));
        }
        let weighed = known
            .entry((old.clone(), new.clone(), apart))
            .or_insert_with(|| gate.weigh(old, &new, apart.is_some()));
        if !weighed.above.is_empty() && gate.is_reaching(holder, weighed.lost) && judged.reaching.len() < TOLD
        {
            judged.reaching.push(Excess::of(gate.told(holder), &weighed.above));
        }
    }
    gate.weigh_kinds(&mut known, &mut judged);
    for (kind, id) in &draft.touched.objects {
        let excess = gate.object(kind, id);
        if !excess.is_empty() && judged.excess.len() < TOLD {
            judged.excess.push(Excess::of(format!("whoever is asked about {kind}/{id}"), &excess));
        }
    }
    judged
}

impl Gate<'_> {
    /// Sets the roles held before against those held now.
    fn weigh(&self, old: &Roles, new: &Roles, apart: bool) -> Weighed {
        let (was, is) = (self.roles(self.before, old), self.roles(self.after, new));
        let (old_planes, new_planes) = (self.planes(&was), self.planes(&is));
        let (granted, held) = (old_planes.grants(), new_planes.grants());
        let (was_open, is_open) = (old_planes.opens(), new_planes.opens());
        let schema = self.after.schema();

        let mut excess = Plane::difference(&Plane::difference(&held, &granted), &self.actor.plain);
        // What was granted, or is held by the actor, may depend on whatever it likes.
        let open = Plane::difference(&Plane::difference(&is_open, &granted), &self.actor.plain);
        let changed = old != new || old.iter().any(|role| self.touched.roles.contains(role));
        if !open.is_empty() && (changed || apart) {
            let mut unproven =
                if changed { unproven(schema, &is, &was, &open) } else { Plane::empty(open.permissions()) };
            if apart {
                unproven.union_with(&reading_subject(&is, &open));
            }
            excess.union_with(&self.beyond(&is, &unproven));
        }

        let lost = !Plane::difference(&granted, &held).is_empty()
            || !Plane::difference(&was_open, &held).is_empty() && (changed || apart);
        let mut above = Plane::difference(&granted, &self.actor.plain);
        above.union_with(&self.beyond(&was, &Plane::difference(&was_open, &self.actor.plain)));
        Weighed { excess: names(schema, &excess), lost, above: names(schema, &above) }
    }

    /// Whether what was done to somebody is only for those who hold as much.
    fn is_reaching(&self, holder: &Holder, lost: bool) -> bool {
        match holder {
            Holder::Member(id) => *id != self.actor.member && (lost || self.touched.directly.contains(id)),
            // Members who are in no group and have the role as their own.
            Holder::Role(role) => {
                let alone = self.state.places.count(*role, Place::NOWHERE);
                lost && alone > usize::from(self.is_actor_of(*role, Place::NOWHERE))
            }
            Holder::Invitation(_) | Holder::Group(_) | Holder::Joiner => false,
        }
    }

    /// Whether the actor is of a kind of members.
    fn is_actor_of(&self, role: Id, place: Place) -> bool {
        let actor = self.state.members.get(&self.actor.member);
        actor.is_some_and(|actor| actor.role == role && self.state.places.place(actor.number) == place)
    }

    /// Sets what members in groups held before against what they hold now, when what the groups give or what a role says was changed: each kind of members
    /// once, and without those whom the change has noted one by one.
    fn weigh_kinds(&self, known: &mut Known, judged: &mut Judged) {
        let (state, touched) = (self.state, self.touched);
        let is_touched = |group: &Id| touched.holders.contains_key(&Holder::Group(*group));
        if touched.roles.is_empty() && !touched.holders.keys().any(|one| matches!(one, Holder::Group(_))) {
            return;
        }
        let noted = |member: Id| touched.holders.contains_key(&Holder::Member(member));
        let mut apart: BTreeMap<(Id, Place), usize> = BTreeMap::new();
        for holder in touched.holders.keys() {
            if let Holder::Member(id) = holder
                && let Some(member) = state.members.get(id)
            {
                *apart.entry((member.role, state.places.place(member.number))).or_default() += 1;
            }
        }
        for (role, place, count) in state.places.kinds() {
            let groups = state.places.groups(place);
            let left = count.saturating_sub(apart.get(&(role, place)).copied().unwrap_or(0));
            let concerned = touched.roles.contains(&role) || groups.iter().any(is_touched);
            // Those in no group are what their role is.
            if left == 0 || !concerned || place == Place::NOWHERE {
                continue;
            }
            let (old, new) = (touched.held_before(state, role, groups), state.roles_of_kind(role, groups));
            if old == new && new.is_disjoint(&touched.roles) {
                continue;
            }
            let weighed = known
                .entry((old.clone(), new.clone(), None))
                .or_insert_with(|| self.weigh(&old, &new, false));
            let itself = !noted(self.actor.member) && self.is_actor_of(role, place);
            let gives = !weighed.excess.is_empty();
            let reaches = weighed.lost && !weighed.above.is_empty() && left > usize::from(itself);
            if !gives && !reaches {
                continue;
            }
            let of_kind = state.members.with_role(role).filter(|one| state.places.place(one.number) == place);
            for member in of_kind.filter(|member| !noted(member.id)) {
                if gives && judged.excess.len() < TOLD {
                    judged.excess.push(Excess::of(member.subject.to_owned(), &weighed.excess));
                }
                if reaches && member.id != self.actor.member && judged.reaching.len() < TOLD {
                    judged.reaching.push(Excess::of(member.subject.to_owned(), &weighed.above));
                }
            }
        }
    }

    /// Of permissions that roles give under conditions, those that the actor does not provably hold.
    fn beyond(&self, roles: &[&Role], open: &Plane) -> Plane {
        if open.is_empty() || self.actor.narrowed {
            return open.clone();
        }
        let own = self.roles(self.before, &self.actor.roles);
        let mut beyond = unproven(self.after.schema(), roles, &own, open);
        // What reads who asks is another thing for another person.
        beyond.union_with(&reading_subject(&own, open));
        beyond.union_with(&reading_subject(roles, open));
        beyond
    }

    /// What could come to be allowed by other properties of an object, and is not held by the actor.
    fn object(&self, kind: &str, id: &str) -> Vec<PermissionName> {
        let schema = self.after.schema();
        let mut governed = Plane::empty(schema.permission_count());
        for role in self.after.roles() {
            governed.union_with(role.planes().allow_if());
            governed.union_with(role.planes().deny_if());
        }
        let governed = Plane::difference(&governed, &self.actor.plain);
        let place = (kind.to_owned(), id.to_owned());
        let referred = self.state.referenced.contains_key(&place);
        let subject = self.state.subject(self.actor.member);
        let concerned = governed.iter().filter(|permission| {
            let Some((action, resource)) = schema.names_of(*permission) else { return false };
            if resource != kind {
                return referred;
            }
            // Whoever may do it to the object as it was, may let others do it.
            let question = Question { object: Some(id), ..Question::new(subject, action, resource) };
            referred || self.actor.narrowed || !self.before.decide(&question).is_allowed()
        });
        concerned.filter_map(|permission| name(schema, permission)).collect()
    }

    fn roles<'s>(&self, snapshot: &'s Snapshot, roles: &Roles) -> Vec<&'s Role> {
        let name = |role: &Id| {
            let now = self.state.roles.get(role).map(|role| &*role.name);
            now.or_else(|| self.touched.names.get(role).map(String::as_str))
        };
        roles.iter().filter_map(|role| snapshot.role(name(role)?)).collect()
    }

    fn planes(&self, roles: &[&Role]) -> RolePlanes {
        united(self.after.schema().permission_count(), roles.iter().map(|role| &**role.planes()))
    }

    /// A holder in words.
    fn told(&self, holder: &Holder) -> String {
        let state = self.state;
        match holder {
            Holder::Member(id) => match state.subject(*id) {
                "" => "a member who is removed".to_owned(),
                subject => subject.to_owned(),
            },
            Holder::Invitation(id) => {
                format!("the invitation of {}", state.invitations.get(id).map_or("", |one| &one.email))
            }
            Holder::Group(id) => format!("the group {}", state.group_name(*id)),
            Holder::Role(id) => {
                let name = state.roles.get(id).map(|role| &role.name).or_else(|| self.touched.names.get(id));
                format!("the role {}", name.map_or("", |name| name))
            }
            Holder::Joiner => "whoever joins".to_owned(),
        }
    }
}

/// Of some permissions, those of which it is not proven that whatever the first roles allow, the second allow too, to one and the same subject.
fn unproven(schema: &Schema, roles: &[&Role], others: &[&Role], open: &Plane) -> Plane {
    if open.is_empty() {
        return open.clone();
    }
    let compared = joined(schema, roles).zip(joined(schema, others));
    let Some(comparison) = compared.and_then(|(one, other)| compare_documents(&one, &other, COMPARE_STEPS))
    else {
        return open.clone();
    };
    let mut unproven = Plane::empty(open.permissions());
    let mut add = |permissions: &[PermissionName]| {
        for permission in permissions {
            if let Ok(permission) = schema.permission(&permission.action, &permission.resource) {
                unproven.insert(permission.id());
            }
        }
    };
    add(&comparison.only_a());
    for cells in comparison.conditional().iter().filter(|cells| cells.shares.only_a != Some(false)) {
        add(&cells.permissions);
    }
    unproven.intersect_with(open);
    unproven
}

/// One document of all that some roles say.
fn joined(schema: &Schema, roles: &[&Role]) -> Option<Grants> {
    let statements = roles.iter().flat_map(|role| role.document().statements());
    let texts: Vec<&str> = statements.map(|statement| statement.text()).collect();
    let text = format!("{{\"version\": \"2022-04-26\", \"policies\": [{}]}}", texts.join(", "));
    let mut limits = Limits::default();
    (limits.document_bytes, limits.statements) = (usize::MAX, usize::MAX);
    let (document, _) = Document::read_within(&Source::new("joined", text), &limits).ok()?;
    Some(document.resolve(schema).ok()?.0)
}

/// Of some permissions, those of which a condition of the roles reads who asks.
fn reading_subject(roles: &[&Role], open: &Plane) -> Plane {
    let mut reading = Plane::empty(open.permissions());
    for role in roles {
        for index in 0..role.document().statements().len() {
            for (range, condition) in role.grants().parts_of_statement(index) {
                let reads = condition.is_some_and(|condition| {
                    condition.references().any(|reference| reference.root() == Root::Subject)
                });
                if reads {
                    reading.insert_range(range);
                }
            }
        }
    }
    reading.intersect_with(open);
    reading
}

fn all(schema: &Schema) -> Plane {
    let mut all = Plane::empty(schema.permission_count());
    all.insert_range(0..schema.permission_count());
    all
}

fn missing(schema: &Schema, wanted: &Plane, held: &Plane) -> Vec<PermissionName> {
    names(schema, &Plane::difference(wanted, held))
}

fn name(schema: &Schema, permission: PermissionId) -> Option<PermissionName> {
    let (action, resource) = schema.names_of(permission)?;
    Some(PermissionName { action: action.to_owned(), resource: resource.to_owned() })
}

fn names(schema: &Schema, plane: &Plane) -> Vec<PermissionName> {
    plane.iter().filter_map(|permission| name(schema, permission)).collect()
}
