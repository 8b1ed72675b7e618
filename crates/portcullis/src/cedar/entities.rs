//! A workspace as entities: types, roles, groups, members and stored objects, one a line.
//!
//! A member's parents are its role and its groups, a group's its roles, an object's its type; a suspended member has
//! none, so that no policy speaks of it. Attributes are the properties, and `id` and `type`. Tags say of each path that
//! a policy may walk what is there, found by the very walk that conditions take; where Cedar would find something else,
//! the tag says so and the path counts as unknown, which can only deny.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::Lost;
use super::access::{SENT, STORED, kind, kind_tag};
use super::spelling::{GROUP, RESOURCE, ROLE, TYPE, USER, joined};
use super::values::{Held, Holder, is_odd, kind_of};
use crate::condition::{
    Check, Condition, Facts, Found, Lookup, Place, Reference, Resource, Root, Subject, Value,
};
use crate::json::quoted_string;
use crate::snapshot::{Shelf, Snapshot};

/// How many losses are told one by one.
const MOST_TOLD: usize = 1_000;

/// The paths that conditions read, and of each whether it is only ever held against literals by permits, which need no tag.
pub(super) type Paths = BTreeMap<Reference, bool>;

/// Notes which paths a condition reads, of a deny or of an allow.
pub(super) fn note(paths: &mut Paths, condition: &Condition, is_deny: bool) {
    for test in condition.tests() {
        let plain = !is_deny
            && matches!(test.check(), Check::Equals(_) | Check::In { negated: false, .. })
            && test.operand_references().next().is_none();
        for reference in std::iter::once(test.reference()).chain(test.operand_references()) {
            if reference.root() != Root::Action && matches!(reference.place(), Place::Path(_)) {
                *paths.entry(reference.declared_as(None)).or_insert(true) &= plain;
            }
        }
    }
}

/// The context that a request sends as Cedar's JSON, with the kinds that policies ask for; nothing was sent if it is null.
pub(super) fn context(snapshot: &Snapshot, paths: &Paths, sent: Value<'_>) -> Result<String, fmt::Error> {
    let holder = Holder::of_request(snapshot);
    let Some(object) = sent.as_object() else { return Ok("{}".to_owned()) };
    // Where a key has to be left out nothing counts as missing.
    let whole = object.iter().all(|(key, _)| is_kept(key));
    let mut members = vec![format!("{}: \"yes\"", quoted_string(SENT))];
    members.truncate(usize::from(whole));
    for (key, value) in object.iter().filter(|(key, _)| is_kept(key)) {
        let mut member = format!("{}: ", quoted_string(key));
        holder.write(&mut member, &holder.held(value, None, 0))?;
        members.push(member);
    }
    for reference in paths.keys().filter(|reference| reference.root() == Root::Context) {
        let Place::Path(path) = reference.place() else { continue };
        let mut steps = path.iter();
        let first = steps.next().and_then(|key| object.get(key));
        let Some(value) = steps.try_fold(first, |value, key| Some(value?.as_object()?.get(key))).flatten()
        else {
            continue;
        };
        let walked = holder.walk(sent, None, path);
        let held = walked.as_ref().map(Held::kind).filter(|held| *held == kind_of(value));
        let tag = quoted_string(&kind_tag(&path.join(".")));
        let is_there = path.first().is_some_and(|first| is_kept(first));
        let told = held.filter(|_| is_there).unwrap_or(kind::OTHER);
        members.push(format!("{tag}: {}", quoted_string(told)));
    }
    Ok(format!("{{{}}}", members.join(", ")))
}

/// Whether a key of a context can stay: those that Cedar's reader takes for its own, and those that say kinds, cannot.
fn is_kept(key: &str) -> bool {
    !is_odd(key) && !key.starts_with(SENT)
}

/// The entities of a workspace, to be written.
pub(super) struct Writing<'a, W> {
    holder: Holder<'a>,
    paths: &'a Paths,
    out: W,
    first: bool,
    lost: Lost,
}

/// What an entity is, and above it.
struct Entity<'e> {
    kind: &'static str,
    id: &'e str,
    parents: Vec<(&'static str, String)>,
}

impl<'a, W: Write> Writing<'a, W> {
    pub(super) fn new(snapshot: &'a Snapshot, paths: &'a Paths, out: W) -> Self {
        Writing { holder: Holder::new(snapshot), paths, out, first: true, lost: Lost::default() }
    }

    /// Writes all of them as a JSON array.
    pub(super) fn all(mut self) -> Result<Lost, fmt::Error> {
        let snapshot = self.holder.snapshot;
        self.out.write_str("[")?;
        for kind in snapshot.schema().types() {
            self.name(TYPE, kind.name(), kind.name(), vec![])?;
            for other in kind.aliases().chain(kind.covers()) {
                self.name(TYPE, other, other, vec![(TYPE, kind.name().to_owned())])?;
            }
        }
        for role in snapshot.roles() {
            self.plain(ROLE, role.name(), vec![])?;
        }
        let role = |number: u32| Some((ROLE, snapshot.role_numbered(number)?.name().to_owned()));
        let directory = snapshot.directory();
        for group in directory.groups.iter().flatten() {
            self.plain(GROUP, &group.name, group.roles.iter().copied().filter_map(role).collect())?;
        }
        for number in directory.numbers() {
            let Some(id) = directory.name(number) else { continue };
            let mut parents = Vec::new();
            if !snapshot.is_suspended(id) {
                parents.extend(directory.own_role(number).and_then(role));
                parents.extend(directory.groups_of(number).map(|group| (GROUP, group.name.to_string())));
            }
            self.member(
                &Entity { kind: USER, id, parents },
                directory.kind(number),
                directory.properties(number),
            )?;
        }
        for object in self.holder.objects() {
            self.object(object)?;
        }
        self.out.write_str("\n]\n")?;
        Ok(self.lost)
    }

    /// An entity of a kind and an id, with nothing of its own.
    fn plain(&mut self, kind: &'static str, id: &str, parents: Vec<(&'static str, String)>) -> fmt::Result {
        self.begin(&Entity { kind, id, parents })?;
        self.out.write_str(", \"attrs\": {}}")
    }

    /// An entity that has a type, and nothing else.
    fn name(
        &mut self,
        kind: &'static str,
        id: &str,
        called: &str,
        parents: Vec<(&'static str, String)>,
    ) -> fmt::Result {
        self.begin(&Entity { kind, id, parents })?;
        write!(self.out, ", \"attrs\": {{\"type\": {}}}}}", quoted_string(called))
    }

    fn member(&mut self, entity: &Entity<'_>, kind: &'a str, properties: Value<'a>) -> fmt::Result {
        let subject = Subject { kind, id: "", stored: properties, sent: None };
        let resource = Resource { kind: "", id: None, stored: None, sent: None };
        let tags = self.tags(Root::Subject, properties, None, &self.facts(subject, resource), entity.id);
        self.whole(entity, (entity.id, kind), properties, None, &tags)
    }

    fn object(&mut self, number: u32) -> fmt::Result {
        let snapshot = self.holder.snapshot;
        let Some(seen) = snapshot.objects.seen(&snapshot.schema, number) else { return Ok(()) };
        let id = joined(seen.kind, seen.id);
        let nobody = Subject { kind: "", id: "", stored: Value::Null, sent: None };
        let resource = Resource { kind: seen.kind, id: Some(seen.id), stored: Some(seen), sent: None };
        let facts = self.facts(nobody, resource);
        let tags = self.tags(Root::Resource, seen.properties, Some(number), &facts, &id);
        let entity = Entity { kind: RESOURCE, id: &id, parents: vec![(TYPE, seen.kind.to_owned())] };
        self.whole(&entity, (seen.id, seen.kind), seen.properties, Some(number), &tags)
    }

    fn facts(&self, subject: Subject<'a>, resource: Resource<'a>) -> Facts<'a, Shelf<'a>> {
        let snapshot = self.holder.snapshot;
        let objects = Shelf { schema: &snapshot.schema, stored: &snapshot.objects };
        Facts { subject, resource, action: "", action_sent: None, context: None, now: None, objects }
    }

    fn tags(
        &mut self,
        root: Root,
        properties: Value<'a>,
        of: Option<u32>,
        facts: &Facts<'a, Shelf<'a>>,
        id: &str,
    ) -> Vec<(String, &'static str)> {
        let mut tags = vec![(STORED.to_owned(), "yes")];
        for (reference, plain) in self.paths.iter().filter(|(reference, _)| reference.root() == root) {
            let Place::Path(path) = reference.place() else { continue };
            let walked = self.holder.walk(properties, of, path);
            let (tag, is_lost) = match (facts.find(reference), &walked) {
                (Found::Missing, None) => continue,
                (Found::Unknown(_), None) => (kind::UNKNOWN, false),
                (Found::Missing | Found::Unknown(_), Some(_)) => (kind::UNKNOWN, true),
                (Found::Value(value, _), walked) => {
                    let (wanted, held) = (kind_of(value), walked.as_ref().map(Held::kind));
                    // A number that Cedar cannot hold equals none that it can.
                    let unequal = *plain && matches!(value, Value::Number(_)) && walked.is_some();
                    let is_lost = held != Some(wanted) && !unequal;
                    (if held == Some(wanted) { wanted } else { kind::OTHER }, is_lost)
                }
            };
            if is_lost {
                self.lost.count += 1;
                if self.lost.told.len() < MOST_TOLD {
                    self.lost.told.push((id.to_owned(), reference.to_string()));
                }
            }
            if !*plain {
                tags.push((kind_tag(&path.join(".")), tag));
            }
        }
        tags
    }

    fn whole(
        &mut self,
        entity: &Entity<'_>,
        (id, kind): (&str, &str),
        properties: Value<'a>,
        of: Option<u32>,
        tags: &[(String, &'static str)],
    ) -> fmt::Result {
        self.begin(entity)?;
        write!(self.out, ", \"attrs\": {{\"id\": {}, \"type\": {}", quoted_string(id), quoted_string(kind))?;
        for (key, value) in properties.as_object().into_iter().flat_map(|object| object.iter()) {
            // What is called as the entity's own is never read as a property.
            if key != "id" && key != "type" {
                write!(self.out, ", {}: ", quoted_string(key))?;
                self.holder.write(&mut self.out, &self.holder.held(value, of, 0))?;
            }
        }
        self.out.write_str("}, \"tags\": {")?;
        for (at, (tag, value)) in tags.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(self.out, "{comma}{}: {}", quoted_string(tag), quoted_string(value))?;
        }
        self.out.write_str("}}")
    }

    fn begin(&mut self, entity: &Entity<'_>) -> fmt::Result {
        let uid = |kind: &str, id: &str| format!("{{\"type\": \"{kind}\", \"id\": {}}}", quoted_string(id));
        let parents: Vec<String> = entity.parents.iter().map(|(kind, id)| uid(kind, id)).collect();
        write!(
            self.out,
            "{}\n  {{\"uid\": {}, \"parents\": [{}]",
            if std::mem::take(&mut self.first) { "" } else { "," },
            uid(entity.kind, entity.id),
            parents.join(", ")
        )
    }
}
