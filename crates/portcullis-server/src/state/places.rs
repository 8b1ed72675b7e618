//! Which groups members are in, and how many members there are of each *kind*: with one role of their own and in the same groups.
//!
//! Members of one kind hold the same roles, whatever these come to be. So what a change of a group's roles or of a role's document does to a hundred
//! thousand members is seen by looking at each kind once, of which there are few. Each set of groups is kept once; a member has its number. Nobody is
//! in a group who is no member: who leaves the workspace has left every group before, so that whoever has the number next begins in none.

use std::collections::{BTreeMap, HashMap};

use portcullis_store::Id;

use super::members::{Column, Number};

/// A set of groups, by number. Members who are in none have none of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(u32);

impl Place {
    /// In no group.
    pub(crate) const NOWHERE: Place = Place(0);
}

/// A set of groups, and how many members are in just these.
#[derive(Clone, Debug, Default)]
struct Groups {
    groups: Box<[Id]>,
    members: usize,
}

/// Who is in which groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// By number, from 1.
    sets: Vec<Groups>,
    numbers: HashMap<Box<[Id]>, Place>,
    vacant: Vec<Place>,
    /// By the numbers of members.
    of: Column<Place>,
    /// Of how many members it is.
    kinds: BTreeMap<(Id, Place), usize>,
}

impl Places {
    /// The set of groups that a member is in.
    pub(crate) fn place(&self, member: Number) -> Place {
        self.of.get(member)
    }

    /// The groups that a member is in.
    pub(crate) fn groups_of(&self, member: Number) -> &[Id] {
        self.groups(self.place(member))
    }

    /// The groups of a set.
    pub(crate) fn groups(&self, place: Place) -> &[Id] {
        let at = place.0.checked_sub(1).and_then(|at| self.sets.get(at as usize));
        at.map_or(&[], |set| &set.groups)
    }

    /// Every kind of members: the role of their own, the groups that they are in, and how many they are.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (Id, Place, usize)> {
        self.kinds.iter().map(|(&(role, place), &count)| (role, place, count))
    }

    /// How many members are of one kind.
    pub(crate) fn count(&self, role: Id, place: Place) -> usize {
        self.kinds.get(&(role, place)).copied().unwrap_or(0)
    }

    /// A member has another role of its own than before; nothing is the role of one who is not there.
    pub(crate) fn set_role(&mut self, member: Number, before: Option<Id>, after: Option<Id>) {
        if before != after {
            let place = self.place(member);
            self.fewer(before, place);
            self.more(after, place);
        }
    }

    /// A member with a role of its own is put into a group.
    pub(crate) fn join(&mut self, member: Number, group: Id, role: Id) {
        let mut groups = self.groups_of(member).to_vec();
        if let Err(at) = groups.binary_search(&group) {
            groups.insert(at, group);
            self.move_to(member, groups, role);
        }
    }

    /// A member is taken out of a group.
    pub(crate) fn leave(&mut self, member: Number, group: Id, role: Id) {
        let mut groups = self.groups_of(member).to_vec();
        if let Ok(at) = groups.binary_search(&group) {
            groups.remove(at);
            self.move_to(member, groups, role);
        }
    }

    fn move_to(&mut self, member: Number, groups: Vec<Id>, role: Id) {
        let (before, after) = (self.place(member), self.enter(groups));
        self.fewer(Some(role), before);
        self.more(Some(role), after);
        self.of.set(member, after);
        self.vacate(before);
    }

    /// The number of a set of groups, in which there is one member more.
    fn enter(&mut self, groups: Vec<Id>) -> Place {
        if groups.is_empty() {
            return Place::NOWHERE;
        }
        let place = self.numbers.get(&*groups).copied().unwrap_or_else(|| self.number(groups.into()));
        if let Some(set) = self.set(place) {
            set.members += 1;
        }
        place
    }

    fn number(&mut self, groups: Box<[Id]>) -> Place {
        let set = Groups { groups: groups.clone(), members: 0 };
        let place = match self.vacant.pop() {
            Some(place) => place,
            None => {
                self.sets.push(Groups::default());
                Place(u32::try_from(self.sets.len()).unwrap_or(u32::MAX))
            }
        };
        if let Some(vacant) = self.set(place) {
            *vacant = set;
        }
        self.numbers.insert(groups, place);
        place
    }

    /// One member fewer is in a set of groups, which is forgotten with its last.
    fn vacate(&mut self, place: Place) {
        let Some(set) = self.set(place) else { return };
        set.members = set.members.saturating_sub(1);
        if set.members == 0 {
            let set = std::mem::take(set);
            self.numbers.remove(&set.groups);
            self.vacant.push(place);
        }
    }

    fn set(&mut self, place: Place) -> Option<&mut Groups> {
        self.sets.get_mut(place.0.checked_sub(1)? as usize)
    }

    fn more(&mut self, role: Option<Id>, place: Place) {
        if let Some(role) = role {
            *self.kinds.entry((role, place)).or_default() += 1;
        }
    }

    fn fewer(&mut self, role: Option<Id>, place: Place) {
        let Some(role) = role else { return };
        if let Some(count) = self.kinds.get_mut(&(role, place)) {
            *count -= 1;
            if *count == 0 {
                self.kinds.remove(&(role, place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Id {
        Id::from_bytes([number; 16])
    }

    #[test]
    fn members_are_counted_by_kind_in_whatever_order_rows_come() {
        let (viewer, editor, ops, dev) = (id(1), id(2), id(11), id(12));
        let [one, two, three, four] = [0, 1, 2, 3].map(|place| Number::of(place).unwrap());
        let mut places = Places::default();
        for member in [one, two, three, four] {
            places.set_role(member, None, Some(viewer));
        }
        places.join(four, ops, viewer);
        places.join(one, dev, viewer);
        places.join(one, ops, viewer);
        places.join(two, ops, viewer);
        places.join(two, ops, viewer);
        assert_eq!(places.groups_of(one), [ops, dev]);
        assert_eq!(places.place(two), places.place(four));
        assert_eq!(places.count(viewer, places.place(two)), 2);
        assert_eq!(places.count(viewer, Place::NOWHERE), 1);

        places.set_role(two, Some(viewer), Some(editor));
        assert_eq!(places.count(editor, places.place(four)), 1);
        places.leave(one, dev, viewer);
        assert_eq!(places.count(viewer, places.place(four)), 2);
        for (member, role) in [(one, viewer), (two, editor), (four, viewer)] {
            places.leave(member, ops, role);
            places.set_role(member, Some(role), None);
        }
        assert_eq!(places.kinds().collect::<Vec<_>>(), [(viewer, Place::NOWHERE, 1)]);
        // What nobody is in is forgotten, and its number given out again.
        assert!(places.numbers.is_empty());
        places.join(three, dev, viewer);
        assert!(places.sets.len() <= 3, "{places:?}");
    }
}
