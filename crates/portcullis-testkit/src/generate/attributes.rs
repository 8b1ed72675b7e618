//! Properties and conditions that meet by accident: few names, few values, and every way to be wrong.
//!
//! Values have mostly the kind that their name has everywhere, so that tests come out true and false and not always
//! unknown; now and then they have another, are null, or lead nowhere. Numbers that serde_json would round are strings
//! until the text is made: see [`spelled`].

use serde_json::{Map, Value, json};

use super::Prng;
use crate::reference::{Reference, Vocabulary};

/// What a name's values mostly are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Time,
    List,
    Link,
}

const KINDS: [Kind; 6] = [Kind::Text, Kind::Number, Kind::Flag, Kind::Time, Kind::List, Kind::Link];

/// The properties, by the paths that read them, and the type under which a schema declares each, if it may.
const PATHS: [(&str, Kind, Option<&str>); 10] = [
    ("team", Kind::Text, Some("string")),
    ("labels.team", Kind::Text, Some("string")),
    ("level", Kind::Number, Some("number")),
    ("open", Kind::Flag, Some("boolean")),
    ("since", Kind::Time, Some("time")),
    ("tags", Kind::List, Some("list")),
    ("link", Kind::Link, Some("object")),
    ("link.team", Kind::Text, None),
    ("link.id", Kind::Text, None),
    ("link.link.level", Kind::Number, None),
];

/// What an entity has of itself.
const OWN: [(&str, Kind); 6] = [
    ("subject.id", Kind::Text),
    ("subject.type", Kind::Text),
    ("resource.id", Kind::Text),
    ("resource.type", Kind::Text),
    ("action.name", Kind::Text),
    ("context.now", Kind::Time),
];

const TEXTS: [&str; 4] = ["red", "blue", "1", "r*"];
const PATTERNS: [&str; 4] = ["r*", "*e*", "*", "*1"];
/// The same number twice, neighbours that a float confuses, one that a float does not hold, and one that nothing does.
const NUMBERS: [&str; 9] =
    ["0", "-0", "1", "1.0", "2", "9007199254740992", "9007199254740993", "1e400", "1e9223372036854775808"];
/// One moment in two ways, the next, and what is no time.
pub(super) const TIMES: [&str; 4] =
    ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00.0+01:00", "2024-01-01T00:00:00.5Z", "2024-01-01"];
const OPERATORS: [&str; 6] = ["equals", "in", "notin", "greaterthan", "lessthan", "exists"];
const MARK: &str = "the number ";

/// What there is to point to and to be.
#[derive(Clone, Debug)]
pub struct World {
    /// The types' own names.
    pub(super) types: Vec<String>,
    /// Every name of a type that a question may use.
    pub(super) names: Vec<String>,
    /// Ids of objects, stored or not.
    pub(super) ids: Vec<String>,
    /// Ids of members and their types.
    pub(super) members: Vec<(String, String)>,
    pub(super) actions: Vec<String>,
}

impl World {
    /// The names of a schema, a few ids of objects, and these members with their types.
    #[must_use]
    pub fn new(vocabulary: &Vocabulary, members: Vec<(String, String)>) -> Self {
        World {
            types: vocabulary.types().map(str::to_owned).collect(),
            names: vocabulary.names_of_types().map(str::to_owned).collect(),
            ids: ["1", "2", "3", "red"].map(str::to_owned).to_vec(),
            members,
            actions: vocabulary.actions().into_iter().map(str::to_owned).collect(),
        }
    }

    /// The same of a whole workspace.
    #[must_use]
    pub fn of(reference: &Reference) -> Self {
        let kind = |id: &str| reference.type_of(id).unwrap_or("user").to_owned();
        let members = reference.members().map(|id| (id.to_owned(), kind(id))).collect();
        World::new(reference.vocabulary(), members)
    }

    /// Any of the types' own names.
    #[must_use]
    pub fn a_type(&self, prng: &mut Prng) -> String {
        prng.pick(&self.types).cloned().unwrap_or_default()
    }

    /// Any id that an object may have.
    #[must_use]
    pub fn an_id(&self, prng: &mut Prng) -> String {
        prng.pick(&self.ids).cloned().unwrap_or_default()
    }
}

/// The text of a value out of this module, with numbers spelled as they were drawn.
#[must_use]
pub fn spelled(value: &Value) -> String {
    let marked = |text: String, digits: &&str| text.replace(&format!("\"{MARK}{digits}\""), digits);
    NUMBERS.iter().fold(value.to_string(), marked)
}

/// Declarations of attributes: mostly of all that there are, now and then of a few, or with another type.
pub(super) fn declarations(prng: &mut Prng) -> Value {
    let thorough = prng.percent(75);
    let mut declared = Map::new();
    for (path, _, kind) in PATHS {
        let Some(kind) = kind.filter(|_| thorough || prng.percent(50)) else { continue };
        let kind = if prng.percent(5) { "number" } else { kind };
        let attribute = match prng.pick(&["stored", "request", "either"]).filter(|_| prng.percent(75)) {
            Some(from) => json!({ "type": kind, "from": from }),
            None => json!({ "type": kind }),
        };
        declared.insert(path.to_owned(), attribute);
    }
    Value::Object(declared)
}

/// The properties of an entity, so many of them in a hundred: to be [`spelled`].
pub(super) fn properties(prng: &mut Prng, world: &World, chance: usize) -> Value {
    let mut drawn = Map::new();
    for (path, kind, declared) in PATHS {
        if declared.is_none() || !prng.percent(chance) {
            continue;
        }
        let value = value(prng, world, kind);
        match path.split_once('.') {
            Some((outer, inner)) => drawn.insert(outer.to_owned(), json!({ inner: value })),
            None => drawn.insert(path.to_owned(), value),
        };
    }
    // What would shadow an entity's own if it could.
    if prng.percent(10) {
        drawn.insert("id".to_owned(), json!("red"));
    }
    Value::Object(drawn)
}

fn value(prng: &mut Prng, world: &World, kind: Kind) -> Value {
    let kind = match prng.below(16) {
        0 => return Value::Null,
        1 => prng.pick(&KINDS).copied().unwrap_or(kind),
        _ => kind,
    };
    match kind {
        Kind::Text => json!(prng.pick(&TEXTS)),
        Kind::Number => number(prng, NUMBERS.len()),
        Kind::Flag => json!(prng.percent(50)),
        Kind::Time => json!(prng.pick(&TIMES)),
        Kind::List => {
            let count = prng.below(5);
            let kinds = [Kind::Text, Kind::Text, Kind::Text, Kind::Number, Kind::Flag];
            let elements = (0..count).map(|_| {
                let kind = prng.pick(&kinds).copied().unwrap_or(Kind::Text);
                value(prng, world, kind)
            });
            Value::Array(elements.collect())
        }
        Kind::Link => link(prng, world),
    }
}

/// A way to another object, mostly; or an object in its place, or something that is only like a way.
fn link(prng: &mut Prng, world: &World) -> Value {
    let names = if prng.percent(90) { &world.types } else { &world.names };
    let target = json!({ "type": prng.pick(names), "id": prng.pick(&world.ids) });
    match prng.below(10) {
        0 => json!({ "ref": prng.pick(&world.ids) }),
        1 => json!({ "ref": target, "team": "red" }),
        2 | 3 => json!({ "team": value(prng, world, Kind::Text), "id": "red" }),
        _ => json!({ "ref": target }),
    }
}

fn number(prng: &mut Prng, among: usize) -> Value {
    let index = prng.below(among);
    NUMBERS.get(index).map_or(Value::Null, |digits| json!(format!("{MARK}{digits}")))
}

/// The value of a key `conditions`, not yet known to be accepted.
pub(super) fn condition(prng: &mut Prng, world: &World) -> Value {
    let mut drawn = Map::new();
    for _ in 0..1 + prng.below(5) / 2 {
        let (path, kind) = path(prng);
        let mut tests = Map::new();
        for _ in 0..1 + prng.below(4) / 3 {
            let operator = operator(prng, kind);
            tests.insert(operator.to_owned(), operand(prng, world, operator, &path, kind));
        }
        drawn.insert(path, Value::Object(tests));
    }
    Value::Object(drawn)
}

fn path(prng: &mut Prng) -> (String, Kind) {
    if prng.percent(10) {
        let (path, kind) = prng.pick(&OWN).copied().unwrap_or(("id", Kind::Text));
        return (path.to_owned(), kind);
    }
    // The last ones lead through other objects, and so to nothing more often than the others.
    let among = if prng.percent(60) { PATHS.len() - 3 } else { PATHS.len() };
    let index = prng.below(among);
    let (path, kind, _) = PATHS.get(index).copied().unwrap_or(("team", Kind::Text, None));
    let root = match prng.below(14) {
        0..=3 => "subject.",
        4 => "action.",
        5 => "context.",
        6 => "resource.",
        _ => "",
    };
    (format!("{root}{path}"), kind)
}

/// A path of this kind, if one turns up soon.
fn path_of(prng: &mut Prng, kind: Kind) -> Option<Value> {
    let found = (0..8).map(|_| path(prng)).find(|(_, other)| *other == kind);
    found.map(|(path, _)| json!({ "ref": path }))
}

fn operator(prng: &mut Prng, kind: Kind) -> &'static str {
    let likely: &[&str] = match kind {
        Kind::Text | Kind::Flag => &["equals", "equals", "in", "notin", "exists"],
        Kind::Number => &OPERATORS,
        Kind::Time => &["greaterthan", "lessthan", "greaterthan", "lessthan", "exists", "equals"],
        Kind::List | Kind::Link => &["exists"],
    };
    let chosen = if prng.percent(92) { prng.pick(likely) } else { prng.pick(&OPERATORS) };
    chosen.copied().unwrap_or("exists")
}

fn operand(prng: &mut Prng, world: &World, operator: &str, path: &str, kind: Kind) -> Value {
    match operator {
        "exists" => json!(prng.percent(60)),
        "in" | "notin" => {
            if prng.percent(35)
                && let Some(list) = path_of(prng, Kind::List)
            {
                return list;
            }
            let count = 1 + prng.below(3);
            Value::Array((0..count).map(|_| single(prng, world, path, kind)).collect())
        }
        "greaterthan" | "lessthan" if !matches!(kind, Kind::Number | Kind::Time) => {
            if prng.percent(50) {
                number(prng, NUMBERS.len() - 1)
            } else {
                json!(prng.pick(&TIMES))
            }
        }
        _ => single(prng, world, path, kind),
    }
}

/// A literal or another path, mostly of the kind of what it is held against.
fn single(prng: &mut Prng, world: &World, path: &str, kind: Kind) -> Value {
    let kind = if prng.percent(6) { prng.pick(&KINDS).copied().unwrap_or(kind) } else { kind };
    if prng.percent(30)
        && let Some(other) = path_of(prng, kind)
    {
        return other;
    }
    let known = match path {
        "subject.id" => return json!(prng.pick(&world.members).map(|(id, _)| id)),
        "resource.id" | "link.id" => Some(&world.ids),
        "resource.type" => Some(&world.names),
        "action.name" => Some(&world.actions),
        _ => None,
    };
    match (kind, known) {
        (Kind::Text, Some(known)) if prng.percent(70) => json!(prng.pick(known)),
        (Kind::Text, _) if path == "subject.type" => json!(prng.pick(&["user", "service"])),
        (Kind::Text, _) if prng.percent(25) => json!(prng.pick(&PATTERNS)),
        (Kind::Text | Kind::List | Kind::Link, _) => json!(prng.pick(&TEXTS)),
        (Kind::Number, _) => number(prng, NUMBERS.len() - 1),
        (Kind::Flag, _) => json!(prng.percent(50)),
        (Kind::Time, _) => json!(prng.pick(&TIMES)),
    }
}
