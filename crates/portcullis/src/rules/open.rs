//! What conditions leave open: whether somebody may something of what a rule is about, in any request.
//!
//! A permission that a row grants or denies needs no look at conditions. Of those that it leaves open, the ones under the same
//! conditions are weighed once. First the type is asked about: an object that is not stored may be any object, so what the type
//! denies is denied on every object, and what it leaves open is undecided at least. Then the stored objects: one on which
//! it is allowed, whatever a request says, makes it certain.
//!
//! All of it is bounded by how much is weighed, not by time, so that the same rules come to the same everywhere. What is not weighed any
//! more counts as undecided, and is said to be.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use portcullis_matrix::{PermissionId, SetId, SubjectId, Verdict as Bits};

use super::outcome::Permitted;
use super::reads::{Reads, read};
use super::resolve::{About, Selection};
use crate::policy::Effect;
use crate::search::Answer;
use crate::snapshot::{Question, Role, Snapshot};

/// So many questions on types are weighed for one rule.
const TYPES: usize = 1 << 24;
/// So many stored objects are looked at or asked about for one rule.
const OBJECTS: usize = 1 << 24;
/// Of somebody of whom it is undecided already, so many permissions are looked at for one that is certain.
const ENOUGH: usize = 4_096;
/// So many permissions of a group are remembered by number.
pub(super) const REMEMBERED: usize = 12;

/// How far somebody may something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// They may not, whatever a request says.
    No,
    /// It depends.
    Depends,
    /// They may, whatever a request says: on the type, or on some stored object.
    May,
}

/// The standing of all who have a set of roles.
pub(super) enum OfSet {
    /// It is the same of all.
    Settled(Standing),
    /// Conditions read who asks.
    Each(Personal),
}

/// The standing of those who have a set of roles, one by one. Those of whom conditions read the same stand alike, and are weighed
/// once.
#[derive(Debug)]
pub(super) struct Personal {
    groups: Vec<Group>,
    /// How everybody stands at least, by the permissions under conditions that do not read who asks.
    least: Standing,
    known: HashMap<String, Standing>,
}

/// Open permissions of one type that are under the same conditions, for those who have one set of roles.
#[derive(Debug)]
pub(super) struct Group {
    /// The first twelve, ascending.
    pub(super) permissions: Vec<u32>,
    pub(super) count: usize,
    /// What its conditions read.
    reads: Rc<Reads>,
    /// Whether conditions were not looked at any more.
    presumed: bool,
}

/// What tells groups apart: the type, whether there is a plain allow, the conditions with their effects, and the permission
/// itself where a condition reads the action.
type Likeness = (u32, bool, Vec<(bool, u32)>, Option<u32>);

/// What is read of objects, and of those of which the same is read the first.
type Distinct<'s> = (Rc<Reads>, Rc<[&'s str]>);

/// Weighs open permissions, up to a bound.
pub(super) struct Weigher<'s> {
    pub(super) snapshot: &'s Snapshot,
    types_left: usize,
    objects_left: usize,
    /// Whether something was not weighed that would have been.
    pub(super) cut_short: bool,
    /// What each condition reads, by its number.
    reads: HashMap<u32, Rc<Reads>>,
    /// Of each type the stored objects of which something else is read than of those before, by what is read.
    objects: HashMap<u32, Vec<Distinct<'s>>>,
}

impl<'s> Weigher<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Self {
        Weigher {
            snapshot,
            types_left: TYPES,
            objects_left: OBJECTS,
            cut_short: false,
            reads: HashMap::new(),
            objects: HashMap::new(),
        }
    }

    /// What of a selection somebody is plainly granted, 64 at a time.
    pub(super) fn granted<'a>(
        &self,
        subject: SubjectId,
        selection: &'a Selection<'_>,
    ) -> impl Iterator<Item = (u32, u64)> + use<'a, 's> {
        let matrix = self.snapshot.matrix();
        within(&selection.words, move |first| matrix.granted_bits(subject, first, 64))
    }

    /// The same of what is open.
    pub(super) fn opened<'a>(
        &self,
        subject: SubjectId,
        selection: &'a Selection<'_>,
    ) -> impl Iterator<Item = (u32, u64)> + use<'a, 's> {
        let matrix = self.snapshot.matrix();
        within(&selection.words, move |first| matrix.open_bits(subject, first, 64))
    }

    /// How those stand who have a set of roles, of whom one is given.
    pub(super) fn of_set(&mut self, set: SetId, one: SubjectId, about: &About<'_>) -> OfSet {
        let selection = match about {
            About::Role(role, _) => {
                let held = self.snapshot.matrix().roles_of_set(set).binary_search(role).is_ok();
                return OfSet::Settled(if held { Standing::May } else { Standing::No });
            }
            About::Permissions(selection) => selection,
        };
        if self.granted(one, selection).any(|(_, bits)| bits != 0) {
            return OfSet::Settled(Standing::May);
        }
        let groups = self.groups(set, one, selection);
        let (groups, shared): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(Group::is_personal);
        let least = self.stands(one, &shared, selection);
        if groups.is_empty() || least == Standing::May {
            return OfSet::Settled(least);
        }
        OfSet::Each(Personal { groups, least, known: HashMap::new() })
    }

    /// How one of those stands of whom conditions read something.
    pub(super) fn of_one(
        &mut self,
        subject: SubjectId,
        personal: &mut Personal,
        selection: &Selection<'_>,
    ) -> Standing {
        let Personal { groups, least, known } = personal;
        let read = self.read_of(subject, groups);
        if let Some(&standing) = read.as_ref().and_then(|read| known.get(read)) {
            return standing;
        }
        let standing = self.stands(subject, groups, selection).max(*least);
        known.extend(read.map(|read| (read, standing)));
        standing
    }

    /// What conditions read of somebody, as a text that is the same of others only if they read the same of them. Nothing where they
    /// read the id, which nobody shares.
    pub(super) fn read_of(&self, subject: SubjectId, groups: &[Group]) -> Option<String> {
        let facts = self.snapshot.facts(subject, &Question::new(self.snapshot.member_name(subject), "", ""));
        let mut text = String::new();
        let all = groups.iter().flat_map(|group| &group.reads.subject);
        read(&facts, all, &mut text).then_some(text)
    }

    /// What is open to those who have a set of roles, by conditions.
    pub(super) fn groups(&mut self, set: SetId, one: SubjectId, selection: &Selection<'_>) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let opened: Vec<(u32, u64)> = self.opened(one, selection).filter(|(_, bits)| *bits != 0).collect();
        if opened.is_empty() {
            return groups;
        }
        let snapshot = self.snapshot;
        let roles = snapshot.matrix().roles_of_set(set).iter();
        let roles: Vec<&Role> = roles.filter_map(|role| snapshot.role_numbered(role.as_u32())).collect();
        let mut known: HashMap<Likeness, usize> = HashMap::new();
        let mut presumed = None;
        for id in opened.into_iter().flat_map(|(at, bits)| each(at, bits)) {
            let at = if self.types_left == 0 {
                self.cut_short = true;
                *presumed.get_or_insert_with(|| {
                    groups.push(Group { presumed: true, ..Group::of(Rc::default()) });
                    groups.len() - 1
                })
            } else {
                self.types_left -= 1;
                let likeness = self.likeness(&roles, id);
                match known.get(&likeness) {
                    Some(&at) => at,
                    None => {
                        groups.push(Group::of(self.reads_of(&likeness)));
                        known.insert(likeness, groups.len() - 1);
                        groups.len() - 1
                    }
                }
            };
            if let Some(group) = groups.get_mut(at) {
                group.count += 1;
                if group.permissions.len() < REMEMBERED {
                    group.permissions.push(id);
                }
            }
        }
        groups
    }

    fn likeness(&mut self, roles: &[&'s Role], id: u32) -> Likeness {
        let permission = PermissionId::from_u32(id);
        let (mut plain, mut by_action, mut conditions) = (false, false, Vec::new());
        for role in roles {
            plain |= role.planes().allow().contains(permission);
            for (effect, number, condition) in role.conditional().governing(permission) {
                conditions.push((effect == Effect::Deny, number));
                let reads = self.reads.entry(number).or_insert_with(|| Rc::new(Reads::of(condition)));
                by_action |= reads.action;
            }
        }
        conditions.sort_unstable();
        conditions.dedup();
        let kind = self.snapshot.schema().types_of(id..id + 1).next().unwrap_or(0);
        (kind, plain, conditions, by_action.then_some(id))
    }

    fn reads_of(&self, (_, _, conditions, _): &Likeness) -> Rc<Reads> {
        let mut reads = Reads::default();
        for (_, number) in conditions {
            self.reads.get(number).into_iter().for_each(|one| reads.add(one));
        }
        Rc::new(reads.sorted())
    }

    /// How somebody stands to whom these groups are open and nothing is granted.
    pub(super) fn stands(
        &mut self,
        subject: SubjectId,
        groups: &[Group],
        selection: &Selection<'_>,
    ) -> Standing {
        let mut depends = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            if at >= ENOUGH && !depends.is_empty() {
                self.cut_short = true;
                break;
            }
            match self.on_type(subject, group, selection).0 {
                Standing::May => return Standing::May,
                Standing::Depends => depends.push(group),
                Standing::No => {}
            }
        }
        for group in &depends {
            if self.on_objects(subject, group, selection).is_some() {
                return Standing::May;
            }
        }
        if depends.is_empty() { Standing::No } else { Standing::Depends }
    }

    /// How somebody stands to one group, and by which request they may if they do.
    pub(super) fn stands_to(
        &mut self,
        subject: SubjectId,
        group: &Group,
        selection: &Selection<'s>,
    ) -> (Standing, Option<Permitted<'s>>) {
        let (standing, permitted) = self.on_type(subject, group, selection);
        if standing != Standing::Depends {
            return (standing, permitted);
        }
        match self.on_objects(subject, group, selection) {
            Some(permitted) => (Standing::May, Some(permitted)),
            None => (Standing::Depends, permitted),
        }
    }

    /// The answer on the type, or on the object that the rule names; with a request that has it, where it is not no.
    pub(super) fn on_type(
        &mut self,
        subject: SubjectId,
        group: &Group,
        selection: &Selection<'_>,
    ) -> (Standing, Option<Permitted<'s>>) {
        let mut depends = (Standing::No, None);
        let Some(&id) = group.permissions.first() else { return depends };
        let object = selection.object.and_then(|object| self.stored(id, object));
        for name in self.names(group, id) {
            let permitted = self.permitted(id, name, object);
            if group.presumed || self.types_left == 0 {
                self.cut_short = true;
                return (Standing::Depends, Some(permitted));
            }
            self.types_left -= 1;
            match self.answer(subject, id, &permitted) {
                Answer::Allowed => return (Standing::May, Some(permitted)),
                Answer::Conditional(_) if depends.0 == Standing::No => {
                    depends = (Standing::Depends, Some(permitted));
                }
                _ => {}
            }
        }
        depends
    }

    /// A request for a stored object that is allowed, whatever else it says.
    pub(super) fn on_objects(
        &mut self,
        subject: SubjectId,
        group: &Group,
        selection: &Selection<'_>,
    ) -> Option<Permitted<'s>> {
        let &id = group.permissions.first()?;
        if selection.object.is_some() || group.presumed {
            return None;
        }
        let objects = self.objects_of(id, group)?;
        for name in self.names(group, id) {
            for &object in objects.iter() {
                if !self.takes_object() {
                    return None;
                }
                let permitted = self.permitted(id, name, Some(object));
                if self.answer(subject, id, &permitted).is_allowed() {
                    return Some(permitted);
                }
            }
        }
        None
    }

    /// Whether one more question on an object is within the bound.
    fn takes_object(&mut self) -> bool {
        let left = self.objects_left.checked_sub(1);
        self.cut_short |= left.is_none();
        self.objects_left = left.unwrap_or(0);
        left.is_some()
    }

    fn answer(&self, subject: SubjectId, id: u32, permitted: &Permitted<'s>) -> Answer<'s> {
        let member = self.snapshot.member_name(subject);
        let asked: Question<'s> = permitted.question(member);
        self.snapshot.answer_of(subject, PermissionId::from_u32(id), Bits::Open, &asked)
    }

    /// The names under which a permission's type is to be asked about.
    fn names(&self, group: &Group, id: u32) -> Vec<&'s str> {
        let Some(kind) = self.snapshot.schema().type_of(PermissionId::from_u32(id)) else {
            return Vec::new();
        };
        let mut names = vec![kind.name()];
        if group.reads.name {
            names.extend(kind.aliases().chain(kind.covers()));
        }
        names
    }

    pub(super) fn permitted(&self, id: u32, resource: &'s str, object: Option<&'s str>) -> Permitted<'s> {
        let (action, _) = self.snapshot.names_of(PermissionId::from_u32(id));
        Permitted { action, resource, object }
    }

    /// The id as the workspace stores it.
    pub(super) fn stored(&self, id: u32, object: &str) -> Option<&'s str> {
        let kind = self.snapshot.schema().types_of(id..id + 1).next()?;
        self.snapshot.objects.id(self.snapshot.objects.number(kind, object)?)
    }

    /// The stored objects of a permission's type, of those of which conditions read the same the first one: for the others the answers
    /// are the same.
    fn objects_of(&mut self, id: u32, group: &Group) -> Option<Rc<[&'s str]>> {
        let kind = self.snapshot.schema().types_of(id..id + 1).next()?;
        let mut known = self.objects.get(&kind).into_iter().flatten();
        if let Some((_, first)) = known.find(|(reads, _)| reads.object == group.reads.object) {
            return Some(Rc::clone(first));
        }
        let stored = &self.snapshot.objects;
        let name = self.snapshot.schema().types().get(kind as usize)?.name();
        let (mut seen, mut first) = (HashSet::new(), Vec::new());
        for object in stored.of_kind(kind).filter_map(|object| stored.id(object)) {
            if !self.takes_object() {
                return None;
            }
            let asked = Question { object: Some(object), ..Question::new("", "", name) };
            let mut text = String::new();
            if !read(&self.snapshot.facts(SubjectId::UNKNOWN, &asked), &group.reads.object, &mut text)
                || seen.insert(text)
            {
                first.push(object);
            }
        }
        let first: Rc<[&'s str]> = first.into();
        self.objects.entry(kind).or_default().push((Rc::clone(&group.reads), Rc::clone(&first)));
        Some(first)
    }
}

impl Group {
    fn of(reads: Rc<Reads>) -> Group {
        Group { permissions: Vec::new(), count: 0, reads, presumed: false }
    }

    /// Whether a condition reads who asks.
    pub(super) fn is_personal(&self) -> bool {
        !self.reads.subject.is_empty()
    }
}

/// What of a selection's words is set in a row too, which is read by the first permission of 64.
fn within(words: &[(u32, u64)], row: impl Fn(PermissionId) -> u64) -> impl Iterator<Item = (u32, u64)> {
    words.iter().map(move |&(at, bits)| (at, bits & row(PermissionId::from_u32(at * 64))))
}

/// The permissions of 64, by their bits.
pub(super) fn each(at: u32, bits: u64) -> impl Iterator<Item = u32> {
    (0..64).filter(move |bit| bits >> bit & 1 != 0).map(move |bit| at * 64 + bit)
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
