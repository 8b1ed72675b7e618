//! One document: order, monotony, and spellings that mean the same.

use portcullis_testkit::generate::Prng;
use portcullis_testkit::reference::pattern_matches;
use serde_json::{Value, json};

use super::{Words, for_seeds, shuffle, within};

#[test]
fn the_order_of_statements_does_not_matter() {
    for_seeds(1_000, |prng| {
        let words = Words::draw(prng);
        let mut statements = words.statements(prng, 6);
        let before = words.planes(&statements);
        shuffle(prng, &mut statements);
        assert!(words.planes(&statements) == before, "{statements:?}");
    });
}

#[test]
fn the_order_of_names_and_their_repetition_do_not_matter() {
    for_seeds(1_000, |prng| {
        let words = Words::draw(prng);
        let mut statements = words.statements(prng, 6);
        let before = words.planes(&statements);
        for statement in &mut statements {
            for key in ["actions", "resource"] {
                let mut names = listed(&statement[key]);
                names.extend(names.first().cloned());
                shuffle(prng, &mut names);
                statement[key] = json!(names);
            }
        }
        assert!(words.planes(&statements) == before, "{statements:?}");
    });
}

/// Puts a statement of this effect somewhere among the others; none when the draw brought none.
fn insert(prng: &mut Prng, words: &Words, statements: &[Value], effect: &str) -> Option<Vec<Value>> {
    let drawn = words.statements(prng, 8).into_iter().find(|statement| statement["effect"] == effect)?;
    let mut more = statements.to_vec();
    more.insert(prng.below(more.len() + 1), drawn);
    Some(more)
}

#[test]
fn a_deny_never_grants() {
    for_seeds(2_000, |prng| {
        let words = Words::draw(prng);
        let statements = words.statements(prng, 6);
        if let Some(more) = insert(prng, &words, &statements, "deny") {
            let (before, after) = (words.granted(&statements), words.granted(&more));
            assert!(within(&after, &before), "{more:?}");
        }
    });
}

#[test]
fn an_allow_never_takes_away() {
    for_seeds(2_000, |prng| {
        let words = Words::draw(prng);
        let statements = words.statements(prng, 6);
        if let Some(more) = insert(prng, &words, &statements, "allow") {
            let (before, after) = (words.granted(&statements), words.granted(&more));
            assert!(within(&before, &after), "{more:?}");
        }
    });
}

#[test]
fn what_is_denied_is_never_granted() {
    for_seeds(1_000, |prng| {
        let words = Words::draw(prng);
        let planes = words.planes(&words.statements(prng, 6));
        let granted = planes.grants();
        assert!(planes.deny().iter().all(|id| !granted.contains(id)));
        assert!(granted.iter().all(|id| planes.allow().contains(id)));
    });
}

fn listed(written: &Value) -> Vec<String> {
    match written {
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
        name => vec![name.as_str().unwrap().to_owned()],
    }
}

/// Every entry that `chosen` picks is written out as the names that it stands for; the other entries stay.
fn spelled(written: &Value, own: &[&str], chosen: fn(&str) -> bool) -> Value {
    let mut names = Vec::new();
    for name in listed(written) {
        if chosen(&name) {
            names.extend(
                own.iter().filter(|known| pattern_matches(&name, known)).map(|known| (*known).to_owned()),
            );
        } else {
            names.push(name);
        }
    }
    json!(names)
}

fn means_its_expansion(chosen: fn(&str) -> bool) {
    let expanded = std::cell::Cell::new(0);
    for_seeds(2_000, |prng| {
        let words = Words::draw(prng);
        let statements = words.statements(prng, 6);
        let actions: Vec<&str> = words.vocabulary.actions().into_iter().collect();
        let types: Vec<&str> = words.vocabulary.types().collect();
        let mut plain = statements.clone();
        for statement in &mut plain {
            statement["actions"] = spelled(&statement["actions"], &actions, chosen);
            statement["resource"] = spelled(&statement["resource"], &types, chosen);
        }
        expanded.set(expanded.get() + usize::from(plain != statements));
        assert!(words.planes(&plain) == words.planes(&statements), "{statements:?}\n{plain:?}");
    });
    assert!(expanded.get() > 500, "{} documents had any", expanded.get());
}

#[test]
fn a_wildcard_means_its_expansion() {
    means_its_expansion(|name| name == "*");
}

#[test]
fn a_pattern_means_its_expansion() {
    means_its_expansion(|name| name.contains('*') && name != "*");
}

#[test]
fn two_stars_mean_what_one_means() {
    for_seeds(500, |prng| {
        let words = Words::draw(prng);
        let statements = words.statements(prng, 6);
        let doubled: Vec<Value> = statements
            .iter()
            .map(|statement| serde_json::from_str(&statement.to_string().replace('*', "**")).unwrap())
            .map(|mut statement: Value| {
                // Conditions know no patterns.
                if statement.get("conditions").is_some() {
                    statement["conditions"] = json!("*");
                }
                statement
            })
            .collect();
        assert!(words.planes(&doubled) == words.planes(&statements), "{doubled:?}");
    });
}
