//! A case as a request that can be made, and what has to be stored for it to come to that.
//!
//! A request alone is enough wherever the request may say what attributes are. An attribute that comes from the store
//! needs something stored; one that is unknown though its entity is known needs a contradiction, or a stored reference that leads nowhere.

use std::collections::BTreeMap;

use super::reach::{Assigned, Case, Given};
use super::worlds::Entity;
use crate::condition::{Attribute, Place, Reference, Root};
use crate::json::quoted_string;
use crate::schema::Origin;
use crate::snapshot::Question;
use crate::source::Source;

/// Something that has to be stored for an example to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// These properties of the member who asks.
    Member(Attribute),
    /// The object that is asked about.
    Object {
        /// Its type, under its own name.
        kind: String,
        /// Its id.
        id: String,
        /// Its properties, an object.
        properties: Attribute,
    },
}

/// A request that shows something, and what must be stored for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The action.
    pub action: String,
    /// The resource type, as it is asked for.
    pub resource: String,
    /// The object's id, unless the request is about the type.
    pub object: Option<String>,
    /// Who asks, where it matters.
    pub subject: Option<String>,
    /// The type of who asks, where it matters.
    pub subject_type: Option<String>,
    /// What the request says of the subject.
    pub subject_properties: Option<Attribute>,
    /// What it says of the action.
    pub action_properties: Option<Attribute>,
    /// What it says of the object.
    pub object_properties: Option<Attribute>,
    /// Its context.
    pub context: Option<Attribute>,
    /// The time at which it must be asked, where that matters.
    pub now: Option<String>,
    /// Whether whoever decides must have no clock.
    pub without_clock: bool,
    /// What must be stored. Nothing, where the request alone is enough.
    pub stored: Vec<Stored>,
}

impl Example {
    /// A case of a type by its own name, on one of two sides.
    pub(super) fn of(case: &Case, side: usize, action: &str, resource: &str) -> Example {
        let mut trees = Trees { case, resource, sent: BTreeMap::new(), stored: BTreeMap::new() };
        let own = |root: Root, place: &Place| {
            let named = |one: &&Assigned| one.reference.root() == root && one.reference.place() == place;
            match &case.values.iter().filter(|one| !fixed(one, side)).find(named)?.given {
                Given::Value(value) => Some(value.value().as_str()?.to_owned()),
                _ => None,
            }
        };
        for (at, one) in case.values.iter().enumerate().filter(|(_, one)| !fixed(one, side)) {
            trees.place(at, one);
        }
        let (own_name, resource) =
            (resource, own(Root::Resource, &Place::Type).unwrap_or_else(|| resource.to_owned()));
        let is_object = case.world.resource != Entity::TypeAlone;
        let object =
            is_object.then(|| own(Root::Resource, &Place::Id).unwrap_or_else(|| "example".to_owned()));
        let Trees { mut sent, mut stored, .. } = trees;
        let mut stores = Vec::new();
        stores.extend(stored.remove(&Root::Subject).and_then(kept).map(Stored::Member));
        if let (Entity::Stored, Some(id)) = (case.world.resource, &object) {
            let properties = kept(stored.remove(&Root::Resource).unwrap_or_default());
            let object =
                |properties| Stored::Object { kind: own_name.to_owned(), id: id.clone(), properties };
            stores.extend(properties.map(object));
        }
        let mut part = |root, there| match (sent.remove(&root), there) {
            (Some(tree), _) => kept(tree),
            (None, true) => kept(Tree::default()),
            (None, false) => None,
        };
        let clock = case.values.iter().find(|one| one.reference.place() == &Place::Now);
        Example {
            subject: own(Root::Subject, &Place::Id),
            subject_type: own(Root::Subject, &Place::Type),
            subject_properties: part(Root::Subject, false),
            action_properties: part(Root::Action, case.world.action),
            object_properties: part(Root::Resource, case.world.resource == Entity::Sent),
            context: part(Root::Context, case.world.context),
            now: own(Root::Context, &Place::Now),
            without_clock: clock.is_some_and(|one| matches!(one.given, Given::Unknown)),
            stored: stores,
            action: action.to_owned(),
            object,
            resource,
        }
    }

    /// A question on a type, with nothing sent.
    pub(crate) fn plain(action: &str, resource: &str) -> Example {
        Example {
            action: action.to_owned(),
            resource: resource.to_owned(),
            object: None,
            subject: None,
            subject_type: None,
            subject_properties: None,
            action_properties: None,
            object_properties: None,
            context: None,
            now: None,
            without_clock: false,
            stored: Vec::new(),
        }
    }

    /// The request as a question of a member.
    #[must_use]
    pub fn question<'q>(&'q self, subject: &'q str) -> Question<'q> {
        let value = |part: &'q Option<Attribute>| part.as_ref().map(Attribute::value);
        Question {
            object: self.object.as_deref(),
            subject_properties: value(&self.subject_properties),
            action_properties: value(&self.action_properties),
            object_properties: value(&self.object_properties),
            context: value(&self.context),
            now: self.now.as_deref(),
            ..Question::new(subject, &self.action, &self.resource)
        }
    }

    /// The request of a member on one line of JSON, as `check --requests` reads it.
    #[must_use]
    pub fn request(&self, subject: &str) -> String {
        let word = |key: &str, text: &str| Some(format!("{}: {}", quoted_string(key), quoted_string(text)));
        let properties =
            |part: &Option<Attribute>| part.as_ref().map(|value| format!("\"properties\": {value}"));
        let object = |members: &[Option<String>]| {
            let members: Vec<&str> = members.iter().flatten().map(String::as_str).collect();
            format!("{{{}}}", members.join(", "))
        };
        let subject = match &self.subject_properties {
            None => quoted_string(subject),
            // A bare id claims no type, and properties need the object's form, which does.
            sent => {
                let kind = self.subject_type.as_deref().unwrap_or(crate::workspace::DEFAULT_MEMBER_TYPE);
                object(&[word("type", kind), word("id", subject), properties(sent)])
            }
        };
        let action = match &self.action_properties {
            None => quoted_string(&self.action),
            sent => object(&[word("name", &self.action), properties(sent)]),
        };
        let resource = match &self.object {
            None => quoted_string(&self.resource),
            Some(id) => {
                object(&[word("type", &self.resource), word("id", id), properties(&self.object_properties)])
            }
        };
        let context = self.context.as_ref().map(|context| format!(", \"context\": {context}"));
        let context = context.unwrap_or_default();
        format!("{{\"subject\": {subject}, \"action\": {action}, \"resource\": {resource}{context}}}")
    }
}

fn fixed(one: &Assigned, side: usize) -> bool {
    one.fixed.get(side).copied().unwrap_or(false)
}

/// Properties as they are put together.
#[derive(Default)]
struct Tree {
    /// JSON, where nothing lies inside.
    leaf: Option<String>,
    inside: BTreeMap<String, Tree>,
}

impl Tree {
    fn at(&mut self, path: &[Box<str>]) -> &mut Tree {
        path.iter().fold(self, |tree, part| tree.inside.entry(part.to_string()).or_default())
    }

    fn json(&self) -> String {
        if let (Some(leaf), true) = (&self.leaf, self.inside.is_empty()) {
            return leaf.clone();
        }
        let members =
            self.inside.iter().map(|(key, tree)| format!("{}: {}", quoted_string(key), tree.json()));
        let mut members: Vec<String> = members.collect();
        if self.inside.len() == 1 && self.inside.contains_key("ref") {
            // Alone it would be read as a reference to another object.
            members.push("\"not a reference\": true".to_owned());
        }
        format!("{{{}}}", members.join(", "))
    }
}

fn kept(tree: Tree) -> Option<Attribute> {
    Attribute::read(&Source::new("example", tree.json())).ok()
}

struct Trees<'c> {
    case: &'c Case,
    resource: &'c str,
    sent: BTreeMap<Root, Tree>,
    stored: BTreeMap<Root, Tree>,
}

/// Whether one attribute lies in another.
fn lies_in(inner: &Reference, outer: &Reference) -> bool {
    match (inner.place(), outer.place()) {
        (Place::Path(inner_parts), Place::Path(parts)) => {
            inner.root() == outer.root() && inner_parts.len() > parts.len() && inner_parts.starts_with(parts)
        }
        _ => false,
    }
}

impl Trees<'_> {
    fn place(&mut self, at: usize, one: &Assigned) {
        let root = one.reference.root();
        let Place::Path(path) = one.reference.place() else { return };
        let case = self.case;
        let others =
            || case.values.iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, other)| other);
        let from = one.reference.declared().map(|declared| declared.from).unwrap_or_default();
        let has_store = match root {
            Root::Subject => one.fixed == [false, false],
            Root::Resource => case.world.resource == Entity::Stored,
            Root::Action | Root::Context => false,
        };
        let outer = |given: fn(&Given) -> bool| {
            others().find(|other| lies_in(&one.reference, &other.reference) && given(&other.given))
        };
        match &one.given {
            Given::Missing => {}
            Given::Value(value) => {
                let json = value.to_string();
                let in_conflict = outer(|given| matches!(given, Given::Unknown)).is_some();
                let broken = others().any(|other| {
                    lies_in(&other.reference, &one.reference) && matches!(other.given, Given::Unknown)
                });
                if has_store && broken {
                    return;
                }
                if has_store && (from == Origin::Stored || in_conflict) {
                    self.stored.entry(root).or_default().at(path).leaf = Some(json.clone());
                }
                if from != Origin::Stored || !has_store {
                    self.sent.entry(root).or_default().at(path).leaf = Some(json);
                }
            }
            Given::Unknown if !has_store => {}
            Given::Unknown => {
                let whole =
                    outer(|given| matches!(given, Given::Value(_))).map(|other| other.reference.place());
                let whole = if let Some(Place::Path(whole)) = whole { Some(&**whole) } else { None };
                let first = path.get(..1).filter(|_| from != Origin::Either);
                if let Some(place) = whole.or(first) {
                    let nowhere = format!(
                        "{{\"ref\": {{\"type\": {}, \"id\": \"nowhere\"}}}}",
                        quoted_string(self.resource)
                    );
                    let tree = self.stored.entry(root).or_default().at(place);
                    (tree.leaf, tree.inside) = (Some(nowhere), BTreeMap::new());
                    return;
                }
                let inside = others().any(|other| {
                    lies_in(&other.reference, &one.reference) && !matches!(other.given, Given::Missing)
                });
                let sent = self.sent.entry(root).or_default().at(path);
                if inside {
                    // What lies inside may be the same on both sides; one key more makes the whole another.
                    sent.at(&["other than stored".into()]).leaf = Some("true".to_owned());
                } else {
                    sent.leaf = Some("\"sent\"".to_owned());
                    self.stored.entry(root).or_default().at(path).leaf = Some("\"stored\"".to_owned());
                }
            }
        }
    }
}
