//! One side of a comparison: a document, a role, or the roles of a subject, as planes and conditions.

use std::borrow::Cow;

use portcullis_matrix::{PermissionId, Plane, RolePlanes};

use crate::condition::Condition;
use crate::policy::{Conditional, Effect, Grants};
use crate::snapshot::Role;
use std::sync::Arc;

pub(super) struct Side<'s> {
    /// What is allowed without conditions, and denied under none.
    pub(super) granted: Plane,
    /// What conditions decide.
    pub(super) open: Plane,
    /// What is allowed without conditions, denied or not.
    allow: Plane,
    conditional: Vec<Cow<'s, Conditional>>,
}

impl<'s> Side<'s> {
    pub(super) fn of_document(grants: &Grants) -> Side<'s> {
        let planes = grants.planes();
        let conditional = Conditional::of(grants);
        let conditional = if conditional.is_empty() { Vec::new() } else { vec![Cow::Owned(conditional)] };
        Side::of_planes(planes, conditional)
    }

    pub(super) fn of_roles(permissions: u32, roles: impl Iterator<Item = &'s Role>) -> Side<'s> {
        let mut planes = RolePlanes::new(permissions);
        let mut conditional = Vec::new();
        for role in roles {
            planes.allow_mut().union_with(role.planes().allow());
            planes.deny_mut().union_with(role.planes().deny());
            planes.allow_if_mut().union_with(role.planes().allow_if());
            planes.deny_if_mut().union_with(role.planes().deny_if());
            if !role.conditional().is_empty() {
                conditional.push(Cow::Borrowed(role.conditional()));
            }
        }
        Side::of_planes(planes, conditional)
    }

    fn of_planes(mut planes: RolePlanes, conditional: Vec<Cow<'s, Conditional>>) -> Side<'s> {
        let permissions = planes.permissions();
        let (granted, open) = (planes.grants(), planes.opens());
        let allow = std::mem::replace(planes.allow_mut(), Plane::empty(permissions));
        Side { granted, open, allow, conditional }
    }

    /// Whether a permission is allowed without conditions, whatever denies it under some.
    pub(super) fn allows_plainly(&self, permission: PermissionId) -> bool {
        self.allow.contains(permission)
    }

    /// The conditions under which something is said of a permission.
    pub(super) fn conditions(
        &self,
        permission: PermissionId,
    ) -> impl Iterator<Item = (Effect, &Arc<Condition>)> {
        self.conditional.iter().flat_map(move |conditional| conditional.of_permission(permission))
    }
}
