//! By what somebody breaks a rule: the permissions that they have, or lack, with a request for each.
//!
//! Only those who are kept come here. How they stand was found out before, and what is looked for here is what was found
//! then. Whoever has the same roles has the same evidence, unless conditions read who asks.

use std::collections::HashMap;
use std::rc::Rc;

use portcullis_matrix::{SetId, SubjectId};

use super::open::{Group, REMEMBERED, Standing, Weigher, each};
use super::outcome::{Evidence, Permitted};
use super::resolve::{About, Selection};
use crate::snapshot::Snapshot;

/// Finds evidence.
pub(super) struct Witness<'s> {
    weigher: Weigher<'s>,
    /// What was found of a set of roles and a side, with what conditions read of who asks.
    known: HashMap<(SetId, usize, String), Evidence<'s>>,
    /// What is open to a set of roles on a side.
    open: HashMap<(SetId, usize), Rc<[Group]>>,
    /// How many groups these are.
    groups: usize,
}

/// Of so many groups it is remembered that they are open.
const GROUPS: usize = 1 << 16;

/// Permissions, the first few of them.
struct List<'s> {
    permissions: Vec<Permitted<'s>>,
    count: usize,
}

impl<'s> List<'s> {
    fn new() -> Self {
        List { permissions: Vec::new(), count: 0 }
    }

    fn push(&mut self, permitted: impl FnOnce() -> Permitted<'s>) {
        if self.permissions.len() < REMEMBERED {
            self.permissions.push(permitted());
        }
        self.count += 1;
    }

    fn evidence(self, side: usize) -> Evidence<'s> {
        let more = self.count - self.permissions.len();
        let permissions = self.permissions;
        Evidence { side, undecided: false, missing: false, role: None, permissions, more }
    }
}

impl<'s> Witness<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Self {
        Witness { weigher: Weigher::new(snapshot), known: HashMap::new(), open: HashMap::new(), groups: 0 }
    }

    /// What somebody who stands so may of one side.
    pub(super) fn evidence(
        &mut self,
        subject: SubjectId,
        side: usize,
        about: &About<'s>,
        standing: Standing,
    ) -> Evidence<'s> {
        let selection = match about {
            About::Role(_, role) => return Evidence { role: Some(role), ..List::new().evidence(side) },
            About::Permissions(selection) => selection,
        };
        let set = self.weigher.snapshot.matrix().set_of(subject);
        let groups = self.open(set, subject, side, selection);
        let key = self.weigher.read_of(subject, &groups).map(|read| (set, side, read));
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return known.clone();
        }
        let evidence = self.found(subject, side, &groups, selection, standing);
        self.known.extend(key.map(|key| (key, evidence.clone())));
        evidence
    }

    /// What is open to a set of roles, as far as nothing of the side is granted to it.
    fn open(&mut self, set: SetId, one: SubjectId, side: usize, selection: &Selection<'s>) -> Rc<[Group]> {
        if let Some(groups) = self.open.get(&(set, side)) {
            return Rc::clone(groups);
        }
        let granted = self.weigher.granted(one, selection).any(|(_, bits)| bits != 0);
        let groups = if granted { Vec::new() } else { self.weigher.groups(set, one, selection) };
        self.groups += groups.len() + 1;
        if self.groups > GROUPS {
            self.groups = groups.len() + 1;
            self.open.clear();
        }
        let groups: Rc<[Group]> = groups.into();
        self.open.insert((set, side), Rc::clone(&groups));
        groups
    }

    fn found(
        &mut self,
        subject: SubjectId,
        side: usize,
        groups: &[Group],
        selection: &Selection<'s>,
        standing: Standing,
    ) -> Evidence<'s> {
        let mut list = List::new();
        for id in self.weigher.granted(subject, selection).flat_map(|(at, bits)| each(at, bits)) {
            list.push(|| self.plain(id, selection));
        }
        if standing == Standing::May && list.count == 0 {
            self.certain(subject, groups, selection).into_iter().for_each(|found| list.push(|| found));
        }
        if list.count > 0 {
            return list.evidence(side);
        }
        for group in groups {
            let (standing, request) = self.weigher.on_type(subject, group, selection);
            if let (Standing::Depends, Some(request)) = (standing, request) {
                for &id in &group.permissions {
                    list.push(|| self.weigher.permitted(id, request.resource, request.object));
                }
                list.count += group.count - group.permissions.len();
            }
        }
        Evidence { undecided: true, ..list.evidence(side) }
    }

    /// A request that is allowed by conditions, whatever else it says; looked for in the order in which it was found before.
    fn certain(
        &mut self,
        subject: SubjectId,
        groups: &[Group],
        selection: &Selection<'s>,
    ) -> Option<Permitted<'s>> {
        let mut depends = Vec::new();
        for group in groups {
            match self.weigher.on_type(subject, group, selection) {
                (Standing::May, found) => return found,
                (Standing::Depends, _) => depends.push(group),
                (Standing::No, _) => {}
            }
        }
        depends.into_iter().find_map(|group| self.weigher.on_objects(subject, group, selection))
    }

    /// What somebody lacks who should have all of it: nothing where they have it all.
    pub(super) fn missing(&mut self, subject: SubjectId, about: &About<'s>) -> Option<Evidence<'s>> {
        let matrix = self.weigher.snapshot.matrix();
        let set = matrix.set_of(subject);
        let selection = match about {
            About::Role(id, role) => {
                let held = matrix.roles_of_set(set).binary_search(id).is_ok();
                let lacks = || Evidence { missing: true, role: Some(role), ..List::new().evidence(0) };
                return (!held).then(lacks);
            }
            About::Permissions(selection) => selection,
        };
        let (mut lacks, mut depends) = (List::new(), List::new());
        let bits = self.weigher.granted(subject, selection).zip(self.weigher.opened(subject, selection));
        let denied = selection.words.iter().zip(bits);
        let denied = denied.map(|(&(at, bits), ((_, granted), (_, open)))| (at, bits & !granted & !open));
        for id in denied.flat_map(|(at, bits)| each(at, bits)) {
            lacks.push(|| self.plain(id, selection));
        }
        for group in self.weigher.groups(set, subject, selection) {
            let (standing, _) = self.weigher.stands_to(subject, &group, selection);
            let list = match standing {
                Standing::May => continue,
                Standing::No => &mut lacks,
                Standing::Depends => &mut depends,
            };
            for &id in &group.permissions {
                list.push(|| self.plain(id, selection));
            }
            list.count += group.count - group.permissions.len();
        }
        let undecided = lacks.count == 0;
        let list = if undecided { depends } else { lacks };
        (list.count > 0).then(|| Evidence { missing: true, undecided, ..list.evidence(0) })
    }

    /// Whether something was not weighed that would have been.
    pub(super) fn cut_short(&self) -> bool {
        self.weigher.cut_short
    }

    /// A request for a permission under its type's own name.
    fn plain(&self, id: u32, selection: &Selection<'_>) -> Permitted<'s> {
        let (_, resource) = self.weigher.snapshot.names_of(portcullis_matrix::PermissionId::from_u32(id));
        let object = selection.object.and_then(|object| self.weigher.stored(id, object));
        self.weigher.permitted(id, resource, object)
    }
}
