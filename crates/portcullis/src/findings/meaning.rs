//! What a role says, in a form in which two roles that mean the same are equal.
//!
//! Whoever holds a role holds its denies too. So what a role allows and denies by itself it allows to nobody, and what it
//! says under a condition where it says the same without one is said already: both are left out. Two roles are *equal*
//! when the rest is. Then one can stand in for the other in every set of roles; without conditions the reverse holds too.
//!
//! A role is *contained* in another when the other says all of it: whoever holds the other gains nothing by the
//! one and loses nothing, and whatever the one grants the other grants.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use portcullis_matrix::{PermissionId, Plane};

use super::implied::implies;
use super::ranges::Ranges;
use crate::condition::Condition;
use crate::policy::Effect;
use crate::schema::Schema;
use crate::snapshot::Role;

/// What one role says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning<'r> {
    /// What it grants without conditions, its own denies taken off.
    allow: Cow<'r, Plane>,
    deny: &'r Plane,
    /// What it says under conditions beyond that, in order.
    parts: Vec<(Effect, &'r Arc<Condition>, Ranges)>,
}

impl<'r> Meaning<'r> {
    pub(super) fn of(role: &'r Role) -> Self {
        let planes = role.planes();
        let deny = planes.deny();
        let allow = if planes.allow().intersects(deny) {
            Cow::Owned(Plane::difference(planes.allow(), deny))
        } else {
            Cow::Borrowed(planes.allow())
        };
        let mut under: BTreeMap<(Effect, &Arc<Condition>), Vec<std::ops::Range<u32>>> = BTreeMap::new();
        if planes.has_conditions() {
            for (index, effect) in role.grants().effects().enumerate() {
                for (range, condition) in role.grants().parts_of_statement(index) {
                    if let Some(condition) = condition {
                        under.entry((effect, condition)).or_default().push(range);
                    }
                }
            }
        }
        let mut parts = Vec::with_capacity(under.len());
        if !under.is_empty() {
            let (denied, allowed) = (Ranges::of_plane(deny), Ranges::of_plane(&allow));
            for ((effect, condition), ranges) in under {
                let mut ranges = Ranges::of(ranges);
                ranges.subtract(denied.as_slice());
                if effect == Effect::Allow {
                    ranges.subtract(allowed.as_slice());
                }
                if !ranges.is_empty() {
                    parts.push((effect, condition, ranges));
                }
            }
        }
        Meaning { allow, deny, parts }
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty() && self.parts.is_empty()
    }

    /// Whether it grants all that wildcards reach: then it contains about every role without denies, which tells nobody anything.
    pub(super) fn grants_all(&self, schema: &Schema) -> bool {
        let reach = schema.reach();
        self.parts.is_empty()
            && self.allow.count() >= reach
            && (0..reach).all(|permission| self.allow.contains(PermissionId::from_u32(permission)))
    }

    /// The permissions that it says anything about.
    pub(super) fn said(&self) -> Plane {
        let mut said = (*self.allow).clone();
        said.union_with(self.deny);
        for range in self.parts.iter().flat_map(|(_, _, ranges)| ranges.iter()) {
            said.insert_range(range);
        }
        said
    }

    /// How long it takes to compare what two roles say under conditions.
    pub(super) fn effort(&self, other: &Meaning<'_>) -> usize {
        let cells = |meaning: &Meaning<'_>| -> usize {
            meaning.parts.iter().map(|(_, _, ranges)| ranges.cells()).sum()
        };
        self.parts.len() * other.parts.len() + cells(self) + cells(other)
    }

    /// Equal meanings have equal hashes.
    pub(super) fn hash(&self, seed: &impl BuildHasher) -> u64 {
        let mut hasher = seed.build_hasher();
        for plane in [&*self.allow, self.deny] {
            plane.iter().for_each(|permission| permission.as_u32().hash(&mut hasher));
            u32::MAX.hash(&mut hasher);
        }
        self.parts.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether another role says all that this one says.
    pub(super) fn is_within(&self, other: &Meaning<'_>) -> bool {
        self.allow.is_subset(&other.allow)
            && self.deny.is_subset(other.deny)
            && (self.parts.is_empty() && other.parts.is_empty() || self.conditions_are_within(other))
    }

    fn conditions_are_within(&self, other: &Meaning<'_>) -> bool {
        let said = self.parts.iter().all(|(effect, condition, ranges)| {
            let plain = if *effect == Effect::Allow { &*other.allow } else { other.deny };
            let mut left = ranges.where_plane(plain, false);
            other.take_implied(*effect, condition, &mut left);
            left.is_empty()
        });
        // Where this one grants something, the other must not deny it under conditions of its own.
        let granting = self.parts.iter().filter(|(effect, ..)| *effect == Effect::Allow);
        let granted = Ranges::of(granting.flat_map(|(_, _, ranges)| ranges.iter()));
        said && other.parts.iter().filter(|(effect, ..)| *effect == Effect::Deny).all(
            |(_, condition, ranges)| {
                let plain = ranges.where_plane(&self.allow, true);
                let mut taken = Ranges::of(plain.iter().chain(ranges.common(&granted).iter()));
                self.take_implied(Effect::Deny, condition, &mut taken);
                taken.is_empty()
            },
        )
    }

    /// Takes away where this role says something under a condition that another implies.
    fn take_implied(&self, effect: Effect, narrow: &Condition, left: &mut Ranges) {
        for (_, condition, ranges) in self.parts.iter().filter(|(known, ..)| *known == effect) {
            if left.is_empty() {
                break;
            }
            if implies(narrow, condition) {
                left.subtract(ranges.as_slice());
            }
        }
    }
}
