//! From a role to the sets that hold it: what a role edit goes through, and nothing else.
//!
//! Sets come and go with every subject that changes its roles, so keeping the lists exact would cost each of those
//! edits a search. Here a set that is freed stays in the lists of its roles, and whoever goes through a list looks
//! whether the set still holds the role, which it reads anyway. A list is put in order, and rid of what it
//! should not have, once it has got as much again as it had: so it is never much longer than it need be.

use alloc::vec::Vec;

use crate::persistent::Lists;
use crate::rows::SETS;
use crate::{RoleId, SetId};

/// The sets of each role.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    roles: Vec<List>,
}

#[derive(Clone, Debug, Default)]
struct List {
    /// Ascending; every set that holds the role and did not come lately, and some that no longer do.
    sets: Vec<u32>,
    /// Those that came lately, in any order, and perhaps twice.
    late: Vec<u32>,
}

/// So many sets come before a short list is put in order.
const LATE: usize = 64;

impl Holders {
    /// The sets of all roles, found from the roles of all sets.
    pub(crate) fn of(sets: &Lists<RoleId, SETS>) -> Self {
        let mut holders = Self::default();
        for (set, roles) in (0..).map(SetId).zip(sets.iter()) {
            roles.iter().for_each(|role| holders.note(*role, set, sets));
        }
        holders
    }

    /// Notes that a set holds a role.
    pub(crate) fn note(&mut self, role: RoleId, set: SetId, sets: &Lists<RoleId, SETS>) {
        if role.index() >= self.roles.len() {
            self.roles.resize(role.index() + 1, List::default());
        }
        let Some(list) = self.roles.get_mut(role.index()) else { return };
        // Sets mostly come in ascending order.
        if list.late.is_empty() && list.sets.last().is_none_or(|last| *last < set.0) {
            list.sets.push(set.0);
            return;
        }
        list.late.push(set.0);
        if list.late.len() > list.sets.len() + LATE {
            list.tidy(role, sets);
        }
    }

    /// The sets that hold a role, ascending; some may no longer hold it.
    pub(crate) fn of_role(&mut self, role: RoleId, sets: &Lists<RoleId, SETS>) -> &[u32] {
        let Some(list) = self.roles.get_mut(role.index()) else { return &[] };
        if !list.late.is_empty() {
            list.tidy(role, sets);
        }
        &list.sets
    }

    /// Whether some set holds a role.
    pub(crate) fn holds(&self, role: RoleId, sets: &Lists<RoleId, SETS>) -> bool {
        let list = self.roles.get(role.index());
        list.is_some_and(|list| list.sets.iter().chain(&list.late).any(|set| sets.get(*set).contains(&role)))
    }

    /// Forgets a role.
    pub(crate) fn forget(&mut self, role: RoleId) {
        if let Some(list) = self.roles.get_mut(role.index()) {
            *list = List::default();
        }
    }

    /// Bytes of heap.
    pub(crate) fn bytes(&self) -> usize {
        let lists =
            self.roles.iter().map(|list| (list.sets.capacity() + list.late.capacity()) * size_of::<u32>());
        self.roles.capacity() * size_of::<List>() + lists.sum::<usize>()
    }
}

impl List {
    fn tidy(&mut self, role: RoleId, sets: &Lists<RoleId, SETS>) {
        self.sets.append(&mut self.late);
        self.sets.sort_unstable();
        self.sets.dedup();
        self.sets.retain(|set| sets.get(*set).contains(&role));
        self.late.shrink_to(LATE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_every_set_of_a_role_and_stay_short() {
        let mut sets = Lists::<RoleId, SETS>::default();
        let mut holders = Holders::default();
        let mut state = 5_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for round in 0..20_000 {
            // The set at hand comes to hold other roles, as a number that is given out again does.
            let set = random(500);
            let roles = [RoleId(random(10)), RoleId(10 + random(10))];
            sets.grow(set as usize + 1);
            sets.set(set, &roles);
            roles.iter().for_each(|role| holders.note(*role, SetId(set), &sets));
            if round % 500 == 0 {
                for role in (0..20).map(RoleId) {
                    let holds = |set: &u32| sets.get(*set).contains(&role);
                    let expected: Vec<u32> = (0..sets.len() as u32).filter(holds).collect();
                    assert_eq!(holders.holds(role, &sets), !expected.is_empty());
                    let found = holders.of_role(role, &sets).iter().copied().filter(holds);
                    assert!(found.eq(expected), "round {round}");
                }
            }
        }
        assert!(holders.bytes() < 20 * 4 * 2_000, "{}", holders.bytes());
        let all = Holders::of(&sets);
        assert!(all.holds(RoleId(3), &sets) && !all.holds(RoleId(20), &sets));
        holders.forget(RoleId(3));
        assert!(!holders.holds(RoleId(3), &sets));
    }
}
