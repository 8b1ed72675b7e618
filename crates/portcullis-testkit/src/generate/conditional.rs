//! Workspaces with conditions, members with properties, stored objects, and requests that bring properties of their own.
//!
//! What decides by names alone is drawn by the functions that always drew it, and conditions are put on it afterwards: so
//! the seeds of unconditional cases keep their meaning, and conditions meet every form of statement. Everything is text,
//! since a value of serde_json does not hold every number.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attributes::{self, TIMES, World, spelled};
use super::{Prng, Size};
use crate::reference::{Document, Reason, Reference, Request, Unusable, Vocabulary};

/// Draws of a condition for one statement, until the language accepts one.
const TRIES: usize = 6;
/// How many in a hundred of the properties are stored, and how many a request brings.
const STORED: usize = 80;
const SENT: usize = 25;

/// A workspace with conditions, and requests whose answers are the reference's.
#[derive(Clone, Debug)]
pub struct ConditionalCase {
    /// `generated with conditions/SEED`.
    pub id: String,
    /// The text of a whole workspace file, everything inline.
    pub workspace: String,
    /// What is asked.
    pub requests: Vec<AskedByRequest>,
}

/// A request, the clock, and the answer.
#[derive(Clone, Debug)]
pub struct AskedByRequest {
    /// The text of an AuthZEN evaluation request, with bare strings here and there and a resource without an id now and then.
    pub request: String,
    /// What `context.now` is, if the decider has a clock.
    pub now: Option<String>,
    /// The reference's answer.
    pub expected: Reason,
}

/// A case with conditions.
///
/// # Errors
/// Never in a sound build: the reference does not read what was made.
pub fn conditional_case(seed: u64, size: Size) -> Result<ConditionalCase, Unusable> {
    let case = conditional(&mut Prng::new(seed), size)?;
    Ok(ConditionalCase { id: format!("generated with conditions/{seed}"), ..case })
}

/// The same out of any stream. `size.questions` is the number of requests, and there are up to four objects a type.
///
/// # Errors
/// As [`conditional_case`].
pub fn conditional(prng: &mut Prng, size: Size) -> Result<ConditionalCase, Unusable> {
    let schema = attributed_schema(prng, size);
    let workspace = spelled(&conditional_workspace(prng, &schema, size)?);
    let requests = requests(prng, &Reference::read(&workspace)?, size.questions)?;
    Ok(ConditionalCase { id: "generated with conditions".to_owned(), workspace, requests })
}

/// A schema as [`schema`](super::schema) draws it, in which some types declare attributes, and perhaps the subjects too.
#[must_use]
pub fn attributed_schema(prng: &mut Prng, size: Size) -> Value {
    let mut schema = super::schema(prng, size);
    for kind in parts(&mut schema, "resources") {
        if prng.percent(40) {
            set(kind, "attributes", attributes::declarations(prng));
        }
    }
    if prng.percent(40) {
        set(&mut schema, "subjects", json!({ "attributes": attributes::declarations(prng) }));
    }
    schema
}

/// A workspace file over this schema with conditions, properties and objects: to be [`spelled`].
///
/// # Errors
/// When the schema is not one; never for one made by [`attributed_schema`].
pub fn conditional_workspace(prng: &mut Prng, schema: &Value, size: Size) -> Result<Value, Unusable> {
    let mut workspace = super::workspace(prng, schema, size)?;
    let vocabulary = Vocabulary::deserialize(schema)?;
    for member in parts(&mut workspace, "members") {
        if prng.percent(20) {
            set(member, "type", json!("service"));
        }
    }
    let world = world(&vocabulary, &workspace);
    for role in parts(&mut workspace, "roles") {
        restrict(prng, &vocabulary, &world, role);
    }
    for member in parts(&mut workspace, "members") {
        if prng.percent(85) {
            set(member, "properties", stored_properties(prng, &world));
        }
    }
    let objects = objects(prng, &world);
    set(&mut workspace, "objects", objects);
    Ok(workspace)
}

/// Puts a condition on most of a document's statements: to be [`spelled`].
pub fn restrict(prng: &mut Prng, vocabulary: &Vocabulary, world: &World, document: &mut Value) {
    let statements = document.get_mut("policies").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        if prng.percent(70) {
            restrict_one(prng, vocabulary, world, statement);
        }
    }
}

/// Puts a condition on one statement that the language can read and may yet refuse, for what the schema declares.
pub fn restrict_blindly(prng: &mut Prng, world: &World, statement: &mut Value) {
    for _ in 0..TRIES {
        let mut restricted = statement.clone();
        set(&mut restricted, "conditions", attributes::condition(prng, world));
        let alone = spelled(&json!({ "version": "2022-04-26", "policies": [restricted] }));
        if serde_json::from_str::<Document>(&alone).is_ok() {
            *statement = restricted;
            return;
        }
    }
}

/// What may be stored of a member or an object: to be [`spelled`].
#[must_use]
pub fn stored_properties(prng: &mut Prng, world: &World) -> Value {
    attributes::properties(prng, world, STORED)
}

/// Requests to a workspace that has conditions of the kind that is drawn here.
///
/// # Errors
/// Never in a sound build: the reference does not read what was made.
pub fn requests(
    prng: &mut Prng,
    reference: &Reference,
    count: usize,
) -> Result<Vec<AskedByRequest>, Unusable> {
    let world = World::of(reference);
    (0..count).map(|_| asked(prng, &world, reference)).collect()
}

fn parts<'v>(whole: &'v mut Value, key: &str) -> Vec<&'v mut Value> {
    let entries = whole.get_mut(key).and_then(Value::as_object_mut);
    entries.into_iter().flat_map(|entries| entries.values_mut()).collect()
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(entries) = object.as_object_mut() {
        entries.insert(key.to_owned(), value);
    }
}

fn world(vocabulary: &Vocabulary, workspace: &Value) -> World {
    let members = workspace.get("members").and_then(Value::as_object).into_iter().flatten();
    let kind = |member: &Value| member.get("type").and_then(Value::as_str).unwrap_or("user").to_owned();
    World::new(vocabulary, members.map(|(id, member)| (id.clone(), kind(member))).collect())
}

/// Puts a condition on a statement, if one is found that the language accepts.
fn restrict_one(prng: &mut Prng, vocabulary: &Vocabulary, world: &World, statement: &mut Value) {
    for _ in 0..TRIES {
        let mut restricted = statement.clone();
        set(&mut restricted, "conditions", attributes::condition(prng, world));
        let alone = spelled(&json!({ "version": "2022-04-26", "policies": [restricted] }));
        let read = serde_json::from_str::<Document>(&alone);
        if read.is_ok_and(|document| vocabulary.refusal(&document).is_none()) {
            *statement = restricted;
            return;
        }
    }
}

/// Some of the objects that links and requests name.
fn objects(prng: &mut Prng, world: &World) -> Value {
    let mut stored = Vec::new();
    for kind in &world.types {
        for id in &world.ids {
            if prng.percent(30) {
                continue;
            }
            let mut object = json!({ "type": kind, "id": id });
            if prng.percent(95) {
                set(&mut object, "properties", stored_properties(prng, world));
            }
            stored.push(object);
        }
    }
    Value::Array(stored)
}

fn asked(prng: &mut Prng, world: &World, reference: &Reference) -> Result<AskedByRequest, Unusable> {
    let request = spelled(&request(prng, world, reference.vocabulary()));
    let mut read = Request::read(&request)?;
    read.now = prng.pick(&TIMES).filter(|_| prng.percent(60)).map(|now| (*now).to_owned());
    let expected = reference.answer(&read);
    Ok(AskedByRequest { request, now: read.now, expected })
}

/// A request that mostly gets as far as the statements.
fn request(prng: &mut Prng, world: &World, vocabulary: &Vocabulary) -> Value {
    let kind = prng.pick(&world.names).filter(|_| !prng.percent(2)).map_or("no type", String::as_str);
    let own = vocabulary.type_asked(kind).unwrap_or_default();
    let admitted: Vec<&String> =
        world.actions.iter().filter(|action| vocabulary.admits(action, own)).collect();
    let action = match prng.below(20) {
        0 => "no action",
        1 | 2 => prng.pick(&world.actions).map_or("no action", String::as_str),
        _ => prng.pick(&admitted).map_or("no action", |action| action.as_str()),
    };
    let nobody = ("nobody".to_owned(), "user".to_owned());
    let (id, claimed) = prng.pick(&world.members).filter(|_| !prng.percent(3)).unwrap_or(&nobody);
    let claimed = if prng.percent(5) { "service" } else { claimed };

    let bare = prng.percent(40);
    let subject = if bare { json!(id) } else { brings(prng, world, json!({ "type": claimed, "id": id })) };
    let bare = prng.percent(30);
    let action = if bare { json!(action) } else { brings(prng, world, json!({ "name": action })) };
    let resource = match prng.below(16) {
        0 => json!(kind),
        1 => brings(prng, world, json!({ "type": kind })),
        2 => brings(prng, world, json!({ "type": kind, "id": "unheard of" })),
        _ => {
            let id = prng.pick(&world.ids);
            brings(prng, world, json!({ "type": kind, "id": id }))
        }
    };
    let mut whole = Map::new();
    whole.insert("subject".to_owned(), subject);
    whole.insert("action".to_owned(), action);
    whole.insert("resource".to_owned(), resource);
    if prng.percent(60) {
        whole.insert("context".to_owned(), attributes::properties(prng, world, STORED));
    }
    Value::Object(whole)
}

/// The same, perhaps with properties: few, since each is another chance to contradict what is stored.
fn brings(prng: &mut Prng, world: &World, mut entity: Value) -> Value {
    if prng.percent(45) {
        set(&mut entity, "properties", attributes::properties(prng, world, SENT));
    }
    entity
}
