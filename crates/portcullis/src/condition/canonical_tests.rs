//! Conditions in one form: other words for the same thing are equal values, and the form changes no outcome.
//!
//! Conditions are drawn as what they say and spelled at random; what they should come to is worked out test by
//! test, elements of lists one by one, joined by Kleene's rules in the order drawn.

use std::collections::HashSet;

use proptest::prelude::*;

use super::asked::{Shelf, asked, attribute, condition, schema};
use super::{Attribute, Outcome};
use crate::schema::Schema;

/// Values, each in several spellings.
const VALUES: [&[&str]; 8] = [
    &["\"a\"", "\"\\u0061\""],
    &["\"b\""],
    &["\"a*\"", "\"a**\""],
    &["1", "1.0", "10e-1", "1E0"],
    &["2.50", "25e-1", "2.5"],
    &["1e400", "10e399"],
    &["true"],
    &["{\"ref\": \"subject.team\"}", "{\"ref\": \"\\u0073ubject.team\"}"],
];
const TIMES: [&[&str]; 2] = [
    &["\"2026-03-01T12:00:00Z\"", "\"2026-03-01T13:00:00.0+01:00\""],
    &["\"2026-03-01T12:00:00.5Z\"", "\"2026-03-01t12:00:00.50z\""],
];
const PATHS: [&[&str]; 4] = [
    &["labels.team", "resource.labels.team"],
    &["rows", "resource.rows"],
    &["id", "resource.id"],
    &["subject.team"],
];
const SINGLE: [&str; 2] = ["equals", "exists"];

#[derive(Clone, Debug)]
enum Drawn {
    Single(usize),
    Exists(bool),
    List { negated: bool, values: Vec<usize> },
    Order { greater: bool, time: Option<usize>, value: usize },
}

type DrawnTest = (usize, Drawn);

fn tests() -> impl Strategy<Value = Vec<DrawnTest>> {
    let value = 0..VALUES.len();
    let test = prop_oneof![
        value.clone().prop_map(Drawn::Single),
        any::<bool>().prop_map(Drawn::Exists),
        (any::<bool>(), prop::collection::vec(value, 1..5))
            .prop_map(|(negated, values)| Drawn::List { negated, values }),
        (any::<bool>(), prop::option::of(0..TIMES.len()), 3..6_usize)
            .prop_map(|(greater, time, value)| Drawn::Order { greater, time, value }),
    ];
    prop::collection::vec((0..PATHS.len(), test), 1..5)
}

/// Spells what was drawn; `dice` decides on every spelling and order.
fn spell(tests: &[DrawnTest], dice: &mut impl FnMut(usize) -> usize) -> String {
    let mut by_path: Vec<(String, Vec<String>)> = Vec::new();
    let mut order: Vec<&DrawnTest> = tests.iter().collect();
    for last in (1..order.len()).rev() {
        order.swap(last, dice(last + 1));
    }
    for (path, drawn) in order {
        let spellings = PATHS[*path];
        let path = spellings[dice(spellings.len())];
        let mut one_of = |spellings: &[&str]| spellings[dice(spellings.len())].to_owned();
        let (operator, operand) = match drawn {
            Drawn::Single(value) => (SINGLE[0], one_of(VALUES[*value])),
            Drawn::Exists(wanted) => (SINGLE[1], wanted.to_string()),
            Drawn::List { negated, values } => {
                let mut list: Vec<String> = values.iter().map(|&value| one_of(VALUES[value])).collect();
                list.push(one_of(VALUES[values[0]]));
                for last in (1..list.len()).rev() {
                    list.swap(last, dice(last + 1));
                }
                (if *negated { "notin" } else { "in" }, format!("[{}]", list.join(", ")))
            }
            Drawn::Order { greater, time, value } => {
                let operand = one_of(time.map_or(VALUES[*value], |time| TIMES[time]));
                (if *greater { "greaterthan" } else { "lessthan" }, operand)
            }
        };
        let test = format!("\"{operator}\": {operand}");
        match by_path.iter_mut().find(|(known, _)| known == path) {
            Some((_, tests)) => tests.push(test),
            None => by_path.push((path.to_owned(), vec![test])),
        }
    }
    let members = by_path.into_iter().map(|(path, tests)| format!("\"{path}\": {{{}}}", tests.join(", ")));
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

/// One attribute and one operator are a key and a key: what was drawn twice is kept once.
fn without_doubles(tests: Vec<DrawnTest>) -> Vec<DrawnTest> {
    let mut seen = HashSet::new();
    let kind = |drawn: &Drawn| match drawn {
        Drawn::Single(_) => 0,
        Drawn::Exists(_) => 1,
        Drawn::List { negated, .. } => 2 + usize::from(*negated),
        Drawn::Order { greater, .. } => 4 + usize::from(*greater),
    };
    tests.into_iter().filter(|(path, drawn)| seen.insert((*path, kind(drawn)))).collect()
}

fn dice(mut state: u64) -> impl FnMut(usize) -> usize {
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % sides
    }
}

fn properties() -> impl Strategy<Value = Option<String>> {
    let value = prop_oneof![
        Just("null"),
        Just("\"a\""),
        Just("\"ab\""),
        Just("\"b\""),
        Just("1"),
        Just("2.5"),
        Just("3"),
        Just("1e401"),
        Just("true"),
        Just("[]"),
        Just("{}"),
        Just("\"2026-03-01T12:00:00.2Z\""),
        Just("1e99999999999999999999"),
    ];
    let both = (value.clone(), value);
    let text = both.prop_map(|(team, rows)| {
        format!(r#"{{"labels": {{"team": {team}}}, "team": {rows}, "rows": {rows}}}"#)
    });
    prop::option::of(text)
}

proptest! {
    #[test]
    fn other_words_for_the_same_are_equal(drawn in tests(), one in any::<u64>(), other in any::<u64>()) {
        let schema = schema("");
        let drawn = without_doubles(drawn);
        let texts = [one, other].map(|seed| spell(&drawn, &mut dice(seed)));
        let [one, other] = texts.each_ref().map(|text| condition(&schema, text));
        prop_assert_eq!(&one, &other, "{:?}", texts);
        let set: HashSet<_> = [&one, &other].into_iter().collect();
        prop_assert_eq!(set.len(), 1);
        prop_assert_eq!(one.to_string(), other.to_string());
    }

    #[test]
    fn one_form_changes_no_outcome(
        drawn in tests(),
        seed in any::<u64>(),
        stored in properties(),
        sent in properties(),
        subject in properties(),
        has_id in any::<bool>(),
    ) {
        let own = schema("");
        let drawn = without_doubles(drawn);
        let [stored, sent, subject] = [stored, sent, subject].map(|text| text.as_deref().map(attribute));
        let objects = stored.iter().map(|stored| ("sync".to_owned(), "42".to_owned(), stored.clone()));
        let shelf = Shelf { schema: own.clone(), objects: objects.collect() };
        let mut facts = asked(&shelf, "sync", has_id.then_some("42"));
        facts.resource.sent = sent.as_ref().map(Attribute::value);
        facts.subject.sent = subject.as_ref().map(Attribute::value);
        let whole = condition(&own, &spell(&drawn, &mut dice(seed))).outcome(&facts);
        let of = |text: String| condition(&own, &text).outcome(&facts);
        prop_assert_eq!(whole, one_by_one(&drawn, &of), "{:?}", drawn);
    }
}

/// Each test alone, each element of a list as an `equals`.
fn one_by_one(drawn: &[DrawnTest], of: &impl Fn(String) -> Outcome) -> Outcome {
    let equals = |path: usize, value: usize| {
        of(format!("{{\"{}\": {{\"equals\": {}}}}}", PATHS[path][0], VALUES[value][0]))
    };
    drawn.iter().fold(Outcome::True, |all, (path, drawn)| {
        let one = match drawn {
            Drawn::Single(value) => equals(*path, *value),
            Drawn::List { negated, values } => {
                let any = values.iter().fold(Outcome::False, |any, &value| any.or(equals(*path, value)));
                if *negated { !any } else { any }
            }
            other => of(spell(&[(*path, other.clone())], &mut |_| 0)),
        };
        all.and(one)
    })
}

#[test]
fn what_says_something_else_is_something_else() {
    let declared = r#", "attributes": {"labels.team": {"type": "string"}, "rows": {"type": "number"}}"#;
    let (plain, declared): (Schema, Schema) = (schema(""), schema(declared));
    let texts = [
        r#"{"labels.team": {"equals": "a"}}"#,
        r#"{"labels.team": {"equals": "b"}}"#,
        r#"{"labels.team": {"equals": "a*"}}"#,
        r#"{"labels.team": {"in": ["a"]}}"#,
        r#"{"labels.team": {"notin": ["a"]}}"#,
        r#"{"labels.team": {"exists": true}}"#,
        r#"{"labels.team": {"exists": false}}"#,
        r#"{"rows": {"greaterthan": 1}}"#,
        r#"{"rows": {"lessthan": 1}}"#,
        r#"{"rows": {"lessthan": 1}, "labels.team": {"equals": "a"}}"#,
    ];
    let all: HashSet<_> = texts.iter().map(|text| condition(&plain, text)).collect();
    assert_eq!(all.len(), texts.len());
    // What is declared decides where a value comes from, so it is part of what a condition says.
    let all: HashSet<_> =
        texts.iter().flat_map(|text| [&plain, &declared].map(|schema| condition(schema, text))).collect();
    assert_eq!(all.len(), 2 * texts.len());
}
