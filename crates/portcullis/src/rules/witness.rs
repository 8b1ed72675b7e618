//! By what somebody breaks a rule: the permissions that they have, or lack, with a request for each.
//!
//! Only those who are kept come here. How they stand was found out before, and what is looked for here is what was found
//! then. Whoever has the same roles has the same evidence, unless conditions read who asks.

use std::collections::HashMap;

use portcullis_matrix::{SetId, SubjectId};

use super::open::{REMEMBERED, Standing, Weigher, each};
use super::outcome::{Evidence, Permitted};
use super::resolve::{About, Selection};
use crate::snapshot::Snapshot;

/// Finds evidence.
pub(super) struct Witness<'s> {
    weigher: Weigher<'s>,
    /// What was found of sets of roles whose conditions do not read who asks.
    known: HashMap<(SetId, usize), Evidence<'s>>,
}

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
        Witness { weigher: Weigher::new(snapshot), known: HashMap::new() }
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
        if let Some(known) = self.known.get(&(set, side)) {
            return known.clone();
        }
        let (list, personal) = self.list(subject, set, selection, standing);
        let evidence = Evidence { undecided: standing == Standing::Depends, ..list.evidence(side) };
        if !personal {
            self.known.insert((set, side), evidence.clone());
        }
        evidence
    }

    /// The permissions, and whether others with the same roles may have others.
    fn list(
        &mut self,
        subject: SubjectId,
        set: SetId,
        selection: &Selection<'s>,
        standing: Standing,
    ) -> (List<'s>, bool) {
        let mut list = List::new();
        for id in self.weigher.granted(subject, selection).flat_map(|(at, bits)| each(at, bits)) {
            list.push(|| self.plain(id, selection));
        }
        if list.count > 0 {
            return (list, false);
        }
        let groups = self.weigher.groups(set, subject, selection);
        let personal = groups.iter().any(super::open::Group::is_personal);
        if standing == Standing::May {
            // In the order in which it was found out: types first.
            for group in &groups {
                if let (Standing::May, Some(found)) = self.weigher.on_type(subject, group, selection) {
                    list.push(|| found);
                    return (list, personal);
                }
            }
            let found = groups.iter().find_map(|group| {
                let depends = self.weigher.on_type(subject, group, selection).0 == Standing::Depends;
                if depends { self.weigher.on_objects(subject, group, selection) } else { None }
            });
            found.into_iter().for_each(|found| list.push(|| found));
            return (list, personal);
        }
        let mut found: Vec<Permitted<'s>> = Vec::new();
        for group in &groups {
            let (standing, request) = self.weigher.on_type(subject, group, selection);
            if let (Standing::Depends, Some(request)) = (standing, request) {
                let others = group.permissions.iter();
                found.extend(others.map(|&id| self.weigher.permitted(id, request.resource, request.object)));
                list.count += group.count;
            }
        }
        found.truncate(REMEMBERED);
        list.permissions = found;
        (list, personal)
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
