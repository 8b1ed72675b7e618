//! Stored values as Cedar holds them, and what is lost.
//!
//! Strings, booleans, whole numbers of 64 bits, lists (as sets), objects (as records) and references to stored objects (as
//! entities) have a form in Cedar. Anything else becomes an empty record: it is there, and equals nothing. References on a
//! cycle are lost too, because Cedar would go around it where Portcullis stops.

use std::fmt::{self, Write};

use super::access::kind;
use super::spelling::{RESOURCE, joined};
use crate::condition::{Objects, Value};
use crate::json::quoted_string;
use crate::snapshot::{Shelf, Snapshot};

/// Deeper values are lost: Cedar's reader stops at 128.
const DEEPEST: usize = 48;

/// Keys that mean something to Cedar's reader.
const KEYS: [&str; 3] = ["__entity", "__extn", "__expr"];

/// Whether Cedar's reader takes a key for its own.
pub(super) fn is_odd(key: &str) -> bool {
    KEYS.contains(&key)
}

/// A value as Cedar holds it.
#[derive(Debug)]
pub(super) enum Held<'a> {
    Text(&'a str),
    Long(i64),
    Boolean(bool),
    /// Its elements, and the kind of the list.
    Set(Vec<Held<'a>>, &'static str),
    Record(Vec<(&'a str, Held<'a>)>),
    /// A stored object, by number.
    Object(u32),
    Lost,
}

/// What decides how references are held.
pub(super) struct Holder<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// Objects that may lie on a cycle, by number.
    core: Vec<bool>,
    /// Whether references are references: in what a request sends they are objects like any other.
    follows: bool,
}

impl<'a> Holder<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut holder = Holder { snapshot, core: Vec::new(), follows: true };
        let mut edges = Vec::new();
        for object in holder.objects() {
            let properties = snapshot.objects.properties(object);
            holder.targets(&mut |target| edges.push((object, target)), properties, true, 0);
        }
        holder.core = core(snapshot.objects.next() as usize, &edges);
        holder
    }

    /// The same for what a request sends.
    pub(super) fn of_request(snapshot: &'a Snapshot) -> Self {
        Holder { snapshot, core: Vec::new(), follows: false }
    }

    /// The numbers of all stored objects.
    pub(super) fn objects(&self) -> impl Iterator<Item = u32> + use<'a> {
        let snapshot = self.snapshot;
        (0..snapshot.objects.next()).filter(|&object| snapshot.objects.kind(object).is_some())
    }

    fn shelf(&self) -> Shelf<'a> {
        Shelf { schema: &self.snapshot.schema, stored: &self.snapshot.objects }
    }

    /// The stored object that a value refers to: `None` when it is no reference, `Some(None)` when it leads nowhere.
    fn referred(&self, value: Value<'a>) -> Option<Option<u32>> {
        let object = value.as_object().filter(|object| self.follows && object.len() == 1)?;
        let target = object.get("ref")?;
        let found = target.as_object().filter(|target| target.len() == 2).and_then(|target| {
            let (kind, id) = (target.get("type")?.as_str()?, target.get("id")?.as_str()?);
            self.shelf().object(kind, id)
        });
        Some(found.map(|found| found.number))
    }

    fn targets(&self, each: &mut impl FnMut(u32), value: Value<'a>, is_whole: bool, depth: usize) {
        let Some(object) = value.as_object().filter(|_| depth < DEEPEST) else { return };
        match self.referred(value).filter(|_| !is_whole) {
            Some(target) => target.into_iter().for_each(each),
            None => object.iter().for_each(|(_, value)| self.targets(each, value, false, depth + 1)),
        }
    }

    /// A value of an object's properties, or of a member's.
    pub(super) fn held(&self, value: Value<'a>, of: Option<u32>, depth: usize) -> Held<'a> {
        if depth > DEEPEST {
            return Held::Lost;
        }
        match value {
            Value::Null | Value::Beyond(_) => Held::Lost,
            Value::Boolean(holds) => Held::Boolean(holds),
            Value::Text(text) => Held::Text(text.as_str()),
            Value::Number(number) => number.to_string().parse().map_or(Held::Lost, Held::Long),
            Value::List(list) => {
                let present = list.iter().filter(|element| !element.is_null());
                let elements: Vec<Held<'a>> =
                    present.map(|element| self.held(element, of, depth + 1)).collect();
                let whole = elements.len() == list.len();
                let kind = if whole { kind_of_list(elements.iter().map(Held::kind)) } else { kind::LIST };
                Held::Set(elements, kind)
            }
            Value::Object(object) => match self.referred(value) {
                Some(Some(target)) if !self.is_cyclic(of, target) => Held::Object(target),
                Some(_) => Held::Lost,
                None if KEYS.iter().any(|key| object.get(key).is_some()) => Held::Lost,
                None => Held::Record(
                    object.iter().map(|(key, value)| (key, self.held(value, of, depth + 1))).collect(),
                ),
            },
        }
    }

    fn is_cyclic(&self, of: Option<u32>, target: u32) -> bool {
        let in_core = |object: u32| self.core.get(object as usize).copied().unwrap_or(true);
        of.is_some_and(in_core) && in_core(target)
    }

    /// What a path leads to as Cedar walks it, if it gets to the end.
    pub(super) fn walk(&self, properties: Value<'a>, of: Option<u32>, path: &[Box<str>]) -> Option<Held<'a>> {
        let (first, mut rest) = path.split_first()?;
        let mut place = self.held(properties.as_object()?.get(first)?, of, 0);
        while let Some((part, left)) = rest.split_first() {
            place = match place {
                Held::Record(members) => members.into_iter().find(|(key, _)| **key == **part)?.1,
                Held::Object(object) => {
                    let seen = self.snapshot.objects.seen(&self.snapshot.schema, object)?;
                    match &**part {
                        "id" => Held::Text(seen.id),
                        "type" => Held::Text(seen.kind),
                        key => self.held(seen.properties.as_object()?.get(key)?, Some(object), 0),
                    }
                }
                _ => return None,
            };
            rest = left;
        }
        Some(place)
    }

    /// Writes a value as Cedar's JSON.
    pub(super) fn write(&self, out: &mut impl Write, held: &Held<'_>) -> fmt::Result {
        match held {
            Held::Text(text) => out.write_str(&quoted_string(text)),
            Held::Long(whole) => write!(out, "{whole}"),
            Held::Boolean(holds) => write!(out, "{holds}"),
            Held::Set(elements, _) => {
                out.write_str("[")?;
                for (at, element) in elements.iter().enumerate() {
                    out.write_str(if at == 0 { "" } else { ", " })?;
                    self.write(out, element)?;
                }
                out.write_str("]")
            }
            Held::Record(members) => {
                out.write_str("{")?;
                for (at, (key, value)) in members.iter().enumerate() {
                    write!(out, "{}{}: ", if at == 0 { "" } else { ", " }, quoted_string(key))?;
                    self.write(out, value)?;
                }
                out.write_str("}")
            }
            Held::Object(object) => {
                let seen = self.snapshot.objects.seen(&self.snapshot.schema, *object);
                let id = seen.map(|seen| joined(seen.kind, seen.id)).unwrap_or_default();
                write!(out, "{{\"__entity\": {{\"type\": \"{RESOURCE}\", \"id\": {}}}}}", quoted_string(&id))
            }
            Held::Lost => out.write_str("{}"),
        }
    }
}

impl Held<'_> {
    /// What the tag of its path says.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Held::Text(_) => kind::STRING,
            Held::Long(_) => kind::NUMBER,
            Held::Boolean(_) => kind::BOOLEAN,
            Held::Set(_, kind) => kind,
            Held::Record(_) | Held::Object(_) | Held::Lost => kind::OTHER,
        }
    }
}

/// What the kind of a value is where nothing is lost.
pub(super) fn kind_of(value: Value<'_>) -> &'static str {
    match value {
        Value::Text(_) => kind::STRING,
        Value::Number(_) => kind::NUMBER,
        Value::Boolean(_) => kind::BOOLEAN,
        Value::List(list) => kind_of_list(list.iter().map(kind_of)),
        Value::Null | Value::Beyond(_) | Value::Object(_) => kind::OTHER,
    }
}

fn kind_of_list(mut elements: impl Iterator<Item = &'static str>) -> &'static str {
    let Some(first) = elements.next() else { return kind::EMPTY };
    let many = match first {
        kind::STRING => kind::STRINGS,
        kind::NUMBER => kind::NUMBERS,
        kind::BOOLEAN => kind::BOOLEANS,
        _ => kind::LIST,
    };
    if elements.all(|element| element == first) { many } else { kind::LIST }
}

/// The nodes that are left when those without ways out are taken away, again and again, and then those without ways in: all
/// that lie on cycles, and what lies between cycles.
fn core(count: usize, edges: &[(u32, u32)]) -> Vec<bool> {
    let mut left = vec![true; count];
    peel(&mut left, edges);
    let turned: Vec<(u32, u32)> = edges.iter().map(|&(one, other)| (other, one)).collect();
    peel(&mut left, &turned);
    left
}

fn peel(left: &mut [bool], edges: &[(u32, u32)]) {
    let is_left = |left: &[bool], node: u32| left.get(node as usize).copied().unwrap_or(false);
    let mut inward: Vec<(u32, u32)> = edges
        .iter()
        .filter(|(one, other)| is_left(left, *one) && is_left(left, *other))
        .map(|&(one, other)| (other, one))
        .collect();
    inward.sort_unstable();
    let mut ways_out = vec![0_u32; left.len()];
    for (_, from) in &inward {
        if let Some(ways) = ways_out.get_mut(*from as usize) {
            *ways += 1;
        }
    }
    let ends =
        ways_out.iter().enumerate().filter(|(node, ways)| **ways == 0 && left.get(*node) == Some(&true));
    let mut ends: Vec<u32> = ends.map(|(node, _)| node as u32).collect();
    while let Some(end) = ends.pop() {
        if let Some(left) = left.get_mut(end as usize) {
            *left = false;
        }
        let start = inward.partition_point(|(to, _)| *to < end);
        for (_, from) in inward.iter().skip(start).take_while(|(to, _)| *to == end) {
            if let Some(ways) = ways_out.get_mut(*from as usize) {
                *ways -= 1;
                if *ways == 0 {
                    ends.push(*from);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_a_cycle_is_left_and_what_leads_there_is_not() {
        let left = |count, edges: &[(u32, u32)]| {
            let core = core(count, edges);
            core.into_iter().enumerate().filter(|(_, left)| *left).map(|(node, _)| node).collect::<Vec<_>>()
        };
        assert_eq!(left(3, &[(0, 1), (1, 2)]), [] as [usize; 0]);
        assert_eq!(left(4, &[(0, 1), (1, 2), (2, 1), (2, 3)]), [1, 2]);
        assert_eq!(left(2, &[(0, 0), (0, 0), (1, 0)]), [0]);
    }
}
