//! Which conditions govern a permission of one role: what an open verdict walks.
//!
//! A role keeps the ranges of its statements with conditions, not a list for each permission, which a condition on
//! `"*"` under a wide schema would make long. Ranges of about the same length lie together, in order of where they
//! start: of each length only those that start a little before a permission can hold it, and at least about half
//! of those do. So finding them takes time for what is found, and for some twenty lengths at most.

use std::ops::Range;
use std::sync::Arc;

use portcullis_matrix::PermissionId;

use super::document::Effect;
use super::resolve::Grants;
use crate::condition::Condition;
use crate::names::NOBODY;

/// One range of permissions that a statement speaks about under a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Governed {
    /// The number of bits of its length.
    class: u32,
    start: u32,
    end: u32,
    deny: bool,
    /// Which of the document's conditions.
    condition: u32,
    /// The number that it has in a workspace, beside the rest for checks that need nothing else of it.
    number: u32,
}

impl Governed {
    #[inline]
    const fn effect(&self) -> Effect {
        if self.deny { Effect::Deny } else { Effect::Allow }
    }
}

/// So few ranges are looked at one after the other.
const FEW: usize = 16;

/// The ranges that hold a permission.
struct Holding<'g> {
    permission: u32,
    /// Some that may hold it.
    near: std::slice::Iter<'g, Governed>,
    /// Those of which it is not known yet, whole classes.
    rest: &'g [Governed],
}

impl<'g> Iterator for Holding<'g> {
    type Item = &'g Governed;

    #[inline]
    fn next(&mut self) -> Option<&'g Governed> {
        loop {
            for governed in self.near.by_ref() {
                if (governed.start..governed.end).contains(&self.permission) {
                    return Some(governed);
                }
            }
            if self.rest.is_empty() {
                return None;
            }
            self.near = self.narrow();
        }
    }
}

impl<'g> Holding<'g> {
    /// Of a class, or of the few that are left, those that may hold the permission.
    #[inline]
    fn narrow(&mut self) -> std::slice::Iter<'g, Governed> {
        if self.rest.len() <= FEW {
            return std::mem::take(&mut self.rest).iter();
        }
        self.of_a_class()
    }

    #[inline(never)]
    fn of_a_class(&mut self) -> std::slice::Iter<'g, Governed> {
        let class = self.rest.first().map_or(0, |governed| governed.class);
        let (same, others) =
            self.rest.split_at(self.rest.partition_point(|governed| governed.class == class));
        self.rest = others;
        // A range of this class has fewer than so many permissions.
        let length = 1_u64.checked_shl(class).unwrap_or(u64::MAX);
        let permission = self.permission;
        let first =
            same.partition_point(|governed| u64::from(governed.start) + length <= u64::from(permission));
        let after = same.partition_point(|governed| governed.start <= permission);
        same.get(first..after).unwrap_or(&[]).iter()
    }
}

/// The conditions of one role by permission.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditional {
    /// In their order, each once.
    governed: Box<[Governed]>,
    /// The document's conditions, each with the number that it has in a workspace.
    conditions: Box<[(u32, Arc<Condition>)]>,
}

impl Conditional {
    /// Those of what a document comes to.
    pub(crate) fn of(grants: &Grants) -> Self {
        let conditions = grants.conditions();
        if conditions.is_empty() {
            return Conditional::default();
        }
        let mut governed = Vec::new();
        for (index, effect) in grants.effects().enumerate() {
            for (range, condition) in grants.numbered_parts(index) {
                let Some(condition) = condition else { continue };
                let class = u32::BITS - (range.end - range.start).leading_zeros();
                let deny = effect == Effect::Deny;
                let Range { start, end } = range;
                governed.push(Governed { class, start, end, deny, condition, number: NOBODY });
            }
        }
        governed.sort_unstable();
        governed.dedup();
        let conditions = conditions.iter().map(|condition| (NOBODY, Arc::clone(condition)));
        Conditional { governed: governed.into(), conditions: conditions.collect() }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.governed.is_empty()
    }

    /// Gives the conditions numbers.
    pub(crate) fn number(&mut self, mut number: impl FnMut(&Arc<Condition>) -> u32) {
        for (known, condition) in &mut self.conditions {
            *known = number(condition);
        }
        for governed in &mut self.governed {
            let condition = self.conditions.get(governed.condition as usize);
            governed.number = condition.map_or(NOBODY, |(number, _)| *number);
        }
    }

    /// The conditions with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u32, &Arc<Condition>)> {
        self.conditions.iter().map(|(number, condition)| (*number, condition))
    }

    /// The ranges of permissions that each condition governs.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (Range<u32>, u32, &Arc<Condition>)> {
        self.governed.iter().filter_map(|governed| {
            let (number, condition) = self.conditions.get(governed.condition as usize)?;
            Some((governed.start..governed.end, *number, condition))
        })
    }

    /// The conditions under which something is said of a permission, and what.
    #[inline]
    pub(crate) fn of_permission(
        &self,
        permission: PermissionId,
    ) -> impl Iterator<Item = (Effect, &Arc<Condition>)> {
        self.governing(permission).map(|(effect, _, condition)| (effect, condition))
    }

    /// The same with the conditions' numbers.
    #[inline]
    pub(crate) fn governing(
        &self,
        permission: PermissionId,
    ) -> impl Iterator<Item = (Effect, u32, &Arc<Condition>)> {
        self.holding(permission).filter_map(|governed| {
            let (number, condition) = self.conditions.get(governed.condition as usize)?;
            Some((governed.effect(), *number, condition))
        })
    }

    /// The effects and numbers of the same, gathered one by one. Where ranges are few this is a plain loop over them, which an
    /// iterator that may have to narrow is not.
    #[inline]
    pub(crate) fn fold_governing<T>(
        &self,
        permission: PermissionId,
        first: T,
        each: impl Fn(T, Effect, u32) -> T,
    ) -> T {
        if self.governed.len() > FEW {
            return self.fold_many(permission, first, each);
        }
        let mut gathered = first;
        for governed in &self.governed {
            if (governed.start..governed.end).contains(&permission.as_u32()) {
                gathered = each(gathered, governed.effect(), governed.number);
            }
        }
        gathered
    }

    #[inline(never)]
    fn fold_many<T>(&self, permission: PermissionId, first: T, each: impl Fn(T, Effect, u32) -> T) -> T {
        self.holding(permission)
            .fold(first, |gathered, governed| each(gathered, governed.effect(), governed.number))
    }

    #[inline]
    fn holding(&self, permission: PermissionId) -> Holding<'_> {
        Holding { permission: permission.as_u32(), near: [].iter(), rest: &self.governed }
    }

    /// Bytes of heap, those of the conditions left out, which the grants hold too.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.governed) + size_of_val(&*self.conditions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Document;
    use crate::schema::Schema;
    use crate::source::Source;

    #[test]
    fn what_governs_a_permission_is_what_a_walk_over_all_statements_finds() {
        let actions: Vec<String> = (0..300).map(|number| format!("\"a{number}\"")).collect();
        let schema = format!(
            r#"{{"schema": "s", "resources": {{"x": {{"actions": [{0}]}}, "y": {{"actions": [{0}]}}}}}}"#,
            actions.join(",")
        );
        let schema = Schema::read(&Source::new("schema.json", schema)).unwrap().0;
        let mut statements = Vec::new();
        for number in 0..120_usize {
            let (first, length) = (number * 37 % 290, [1, 2, 3, 9, 40, 150][number % 6]);
            let list = actions[first..(first + length).min(300)].join(",");
            let (effect, kind) = (["allow", "deny"][number % 2], ["\"x\"", "\"y\"", "\"*\""][number % 3]);
            let conditions = match number % 7 {
                0 => "\"*\"".to_owned(),
                team => format!(r#"{{"labels.team": {{"equals": "t{}"}}}}"#, team * number % 11),
            };
            statements.push(format!(
                r#"{{"effect": "{effect}", "actions": [{list}], "resource": {kind}, "conditions": {conditions}}}"#
            ));
        }
        let text = format!(r#"{{"version": "2022-04-26", "policies": [{}]}}"#, statements.join(","));
        let document = Document::read(&Source::new("role.json", text)).unwrap().0;
        let (grants, _) = document.resolve(&schema).unwrap();
        let conditional = Conditional::of(&grants);
        let mut some = 0;
        for permission in (0..schema.permission_count() + 3).map(PermissionId::from_u32) {
            let mut expected: Vec<(bool, &Condition)> = Vec::new();
            for (index, effect) in grants.effects().enumerate() {
                for (range, condition) in grants.parts_of_statement(index) {
                    if range.contains(&permission.as_u32()) {
                        expected.extend(condition.map(|condition| (effect == Effect::Deny, &**condition)));
                    }
                }
            }
            expected.sort_unstable();
            expected.dedup();
            let found = conditional.of_permission(permission);
            let mut found: Vec<(bool, &Condition)> =
                found.map(|(effect, condition)| (effect == Effect::Deny, &**condition)).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found, expected, "{permission:?}");
            some += found.len();
        }
        assert!(some > 1_000, "{some}");
        assert!(Conditional::default().of_permission(PermissionId::from_u32(0)).next().is_none());
    }
}
