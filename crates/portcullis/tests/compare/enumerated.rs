//! Small documents over a few constants, and every combination of many values for what they read.

use std::collections::BTreeMap;

use portcullis::condition::Attribute;
use portcullis::{Question, Relation, Source};
use portcullis_testkit::generate::Prng;

use super::{Seen, compare, compiled, confirm};

const SCHEMA: &str = r#"{"schema": "own", "resources": {
    "plain": {"actions": ["read"], "aliases": ["simple"]},
    "told": {"actions": ["read"], "attributes": {"x": {"type": "string", "from": "stored"}, "x.y": {"type": "string", "from": "stored"},
        "z": {"type": "number", "from": "request"}, "l": {"type": "list"}, "t": {"type": "time"}, "w": {"type": "boolean"}}}}}"#;

/// What conditions read: a reference, and where its value is put.
const ATTRIBUTES: [(&str, &str, &str); 8] = [
    ("x", "resource", "x"),
    ("x.y", "resource", "x.y"),
    ("z", "resource", "z"),
    ("l", "resource", "l"),
    ("t", "resource", "t"),
    ("context.c", "context", "c"),
    ("subject.s", "subject", "s"),
    ("action.a", "action", "a"),
];

const VALUES: [&str; 26] = [
    r#""a""#,
    r#""b""#,
    r#""ab""#,
    r#""ba""#,
    r#""aab""#,
    r#""xx""#,
    r#""""#,
    "0",
    "1",
    "1.5",
    "2",
    "3",
    "true",
    "false",
    "[]",
    r#"["a"]"#,
    r#"[1, "b"]"#,
    r#"[[]]"#,
    "{}",
    r#"{"y": "a"}"#,
    r#"{"y": "b"}"#,
    r#""2026-01-01T00:00:00Z""#,
    r#""2026-01-01T01:00:00+01:00""#,
    r#""2025-12-31T23:59:59Z""#,
    r#""2026-01-01T00:00:00.5Z""#,
    r#""2026-01-02T00:00:00Z""#,
];

fn draw<'a>(prng: &mut Prng, from: &[&'a str]) -> &'a str {
    prng.pick(from).unwrap()
}

/// One test of an attribute.
fn test(prng: &mut Prng) -> String {
    let texts = [r#""a""#, r#""b""#, r#""a*""#, r#""*b""#, r#""*""#, "1", "2", "true"];
    let reference = |prng: &mut Prng| {
        let (reference, ..) = ATTRIBUTES[prng.below(ATTRIBUTES.len())];
        format!(r#"{{"ref": "{reference}"}}"#)
    };
    match prng.below(14) {
        0..=3 => format!(r#""equals": {}"#, draw(prng, &texts)),
        4 => format!(r#""equals": {}"#, reference(prng)),
        5 | 6 => format!(r#""in": [{}, {}]"#, draw(prng, &texts), draw(prng, &texts)),
        7 | 8 => format!(r#""notin": [{}, {}]"#, draw(prng, &texts), draw(prng, &texts)),
        9 => format!(r#""{}": {{"ref": "l"}}"#, draw(prng, &["in", "notin"])),
        10 | 11 => {
            let bounds = ["1", "2", r#""2026-01-01T00:00:00Z""#, r#""2026-01-01T00:00:00.5Z""#];
            format!(r#""{}": {}"#, draw(prng, &["greaterthan", "lessthan"]), draw(prng, &bounds))
        }
        12 => format!(r#""{}": {}"#, draw(prng, &["greaterthan", "lessthan"]), reference(prng)),
        _ => format!(r#""exists": {}"#, draw(prng, &["true", "false"])),
    }
}

fn document(prng: &mut Prng, kind: &str, few: &[usize]) -> String {
    let count = 1 + prng.below(3);
    let statements: Vec<String> = (0..count)
        .map(|at| {
            let mut tests: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for _ in 0..1 + prng.below(3) {
                let (reference, ..) = ATTRIBUTES[*prng.pick(few).unwrap()];
                let test = test(prng);
                let tests = tests.entry(reference).or_default();
                // A key stands once.
                if tests.iter().all(|known| known.split(':').next() != test.split(':').next()) {
                    tests.push(test);
                }
            }
            let tests: Vec<String> =
                tests.into_iter().map(|(reference, tests)| format!(r#""{reference}": {{{}}}"#, tests.join(", "))).collect();
            let effect = if at > 0 && prng.percent(50) { "deny" } else { "allow" };
            let conditions = if prng.percent(10) { "\"*\"".to_owned() } else { format!("{{{}}}", tests.join(", ")) };
            format!(r#"{{"effect": "{effect}", "actions": "read", "resource": "{kind}", "conditions": {conditions}}}"#)
        })
        .collect();
    format!(r#"{{"version": "2022-04-26", "policies": [{}]}}"#, statements.join(", "))
}

fn nested(path: &str, value: &str) -> String {
    match path.split_once('.') {
        Some((first, rest)) => format!(r#"{{"{first}": {{"{rest}": {value}}}}}"#),
        None => format!(r#"{{"{path}": {value}}}"#),
    }
}

fn attribute(text: &str) -> Attribute {
    Attribute::read(&Source::new("value", text)).unwrap()
}

/// Properties with one attribute of a few values, or none; of two attributes each pair, where both are of the entity.
fn properties(read: &[(&str, &str, &str)], entity: &str) -> Vec<Option<Attribute>> {
    let paths: Vec<&str> = read.iter().filter(|(_, of, _)| *of == entity).map(|(_, _, path)| *path).collect();
    let one = |path: &str| VALUES.iter().map(|value| nested(path, value)).collect::<Vec<_>>();
    let mut all = vec![None, Some(attribute("{}"))];
    for (at, path) in paths.iter().enumerate() {
        all.extend(one(path).iter().map(|text| Some(attribute(text))));
        for other in &paths[at + 1..] {
            if other.split('.').next() == path.split('.').next() {
                continue;
            }
            for (first, second) in one(path)
                .iter()
                .flat_map(|first| one(other).into_iter().map(move |second| (first.clone(), second)))
            {
                let both = format!("{}, {}", &first[..first.len() - 1], &second[1..]);
                all.push(Some(attribute(&both)));
            }
        }
    }
    all
}

#[test]
fn no_combination_of_values_contradicts_a_comparison() {
    let rounds = if std::env::var_os("PORTCULLIS_LONG").is_some() { 20_000 } else { 80 };
    let mut prng = Prng::new(5);
    let (mut decided, mut equal, mut unseen, mut asked, mut confirmed) = (0, 0, 0, 0_usize, 0);
    let mut drawn = 0;
    while drawn < rounds {
        let kind = draw(&mut prng, &["plain", "plain", "told"]);
        let few: Vec<usize> = (0..2).map(|_| prng.below(ATTRIBUTES.len())).collect();
        let (one, other) = (document(&mut prng, kind, &few), document(&mut prng, kind, &few));
        let read: Vec<_> = ATTRIBUTES
            .into_iter()
            .filter(|(reference, ..)| {
                [&one, &other].iter().any(|text| text.contains(&format!("\"{reference}\"")))
            })
            .collect();
        let of_resource = properties(&read, "resource");
        let stored: Vec<String> = of_resource
            .iter()
            .flatten()
            .enumerate()
            .map(|(at, properties)| {
                format!(r#"{{"type": "{kind}", "id": "o{at}", "properties": {properties}}}"#)
            })
            .collect();
        let workspace = |held: &str| {
            format!(
                r#"{{"workspace": "w", "schema": {SCHEMA}, "roles": {{"one": {one}, "other": {other}}}, "members": {{
                    "bare": {{"role": "{held}"}}, "a": {{"role": "{held}", "properties": {{"s": "a"}}}}}},
                    "objects": [{}]}}"#,
                stored.join(", ")
            )
        };
        let text = workspace("one");
        let (source, files) = (Source::new("w", &*text), portcullis::NoFiles);
        // What the schema's declarations refuse is drawn again.
        let Ok((read_workspace, _)) = portcullis::Workspace::read(&source, &files) else { continue };
        let Ok((first, _)) = read_workspace.compile() else { continue };
        drawn += 1;
        let second = compiled(&workspace("other"));
        let comparison = compare(&first, "one", "other");
        let mut seen = Seen::default();
        let [contexts, subjects, actions] =
            ["context", "subject", "action"].map(|entity| properties(&read, entity));
        let mut resources: Vec<(Option<String>, Option<&Attribute>)> = vec![(None, None)];
        resources.extend(of_resource.iter().map(|sent| (Some("unheard of".to_owned()), sent.as_ref())));
        resources.extend((0..stored.len()).map(|at| (Some(format!("o{at}")), None)));
        let value =
            |sent: &'_ Option<Attribute>| sent.as_ref().map(Attribute::value).map(|value| value.to_string());
        assert!(contexts.iter().filter_map(value).count() > 0);
        // Every value is tried; of all combinations some, evenly.
        let others = contexts.len() * subjects.len() * actions.len();
        let apart = (resources.len() * others / 1_000).max(1) | 1;
        let mut number = prng.below(apart);
        for (id, sent) in &resources {
            for context in &contexts {
                for subject in &subjects {
                    for action in &actions {
                        number += 1;
                        if !number.is_multiple_of(apart) {
                            continue;
                        }
                        for member in ["bare", "a"] {
                            let question = Question {
                                object: id.as_deref(),
                                object_properties: sent.map(Attribute::value),
                                context: context.as_ref().map(Attribute::value),
                                subject_properties: subject.as_ref().map(Attribute::value),
                                action_properties: action.as_ref().map(Attribute::value),
                                ..Question::new(member, "read", kind)
                            };
                            asked += 1;
                            seen.see(
                                first.decide(&question).is_allowed(),
                                second.decide(&question).is_allowed(),
                            );
                        }
                    }
                }
            }
            if seen.only_a && seen.only_b && seen.both {
                break;
            }
        }
        assert!(seen.agrees(&comparison), "{kind}: {seen:?} {:?}\n{one}\n{other}", comparison.shares());
        confirmed += confirm(&comparison, SCHEMA, &one, &other);
        let shares = comparison.shares();
        decided += usize::from(comparison.relation() != Relation::Undecided);
        equal += usize::from(comparison.relation() == Relation::Equal);
        unseen += usize::from(
            (shares.only_a == Some(true)) != seen.only_a || (shares.only_b == Some(true)) != seen.only_b,
        );
    }
    println!(
        "{rounds} pairs, {decided} decided, {equal} equal, {confirmed} confirmed, {unseen} with what was not tried, {asked} asked"
    );
    assert!(
        decided * 10 > rounds * 9 && equal * 20 > rounds && confirmed > rounds,
        "{decided} {equal} {confirmed} of {rounds}"
    );
}
