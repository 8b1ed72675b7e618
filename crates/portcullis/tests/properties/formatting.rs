//! Formatting keeps what was written, settles after one time, and does not depend on how the text was laid out.

use portcullis::{Document, Effect, Limits, NameList, NoFiles, Schema, Source, Workspace, format};
use portcullis_testkit::corpus;
use portcullis_testkit::generate::{self, Prng, Size};
use serde_json::Value;

use super::{Words, for_seeds, policy};

/// The formatted text of a value, after it was seen to be settled and the same for every layout of the value.
fn settled(value: &Value) -> String {
    let limits = Limits::default();
    let of = |text: String| format(&Source::new("any.json", text), &limits).unwrap();
    let once = of(value.to_string());
    assert_eq!(of(once.clone()), once, "formatting twice is formatting once");
    assert_eq!(of(serde_json::to_string_pretty(value).unwrap()), once, "the layout does not matter");
    assert_eq!(serde_json::from_str::<Value>(&once).unwrap(), *value, "the value is the same");
    assert!(once.ends_with('\n') && !once.contains(" \n") && !once.contains('\t'), "{once}");
    once
}

/// A document as it is: effects and names, in order.
fn written(document: &Document) -> Vec<(Effect, [Vec<String>; 2], Option<String>)> {
    let names = |list: NameList<'_>| list.iter().map(|name| name.into_owned()).collect();
    let statements = document.statements().map(|one| {
        let conditions =
            one.conditions().map(|text| serde_json::from_str::<Value>(text).unwrap().to_string());
        (one.effect(), [names(one.actions()), names(one.resource())], conditions)
    });
    statements.collect()
}

#[test]
fn format_then_parse_is_the_identity() {
    for_seeds(600, |prng| {
        let words = Words::draw(prng);
        let value = policy(&words.statements(prng, 6));
        let read = |text: String| Document::read(&Source::new("policy.json", text)).unwrap().0;
        let (before, after) = (read(value.to_string()), read(settled(&value)));
        assert_eq!(written(&before), written(&after));
        let planes = |document: &Document| document.resolve(&words.schema).unwrap().0.planes();
        assert!(planes(&before) == planes(&after), "{value}");
    });
}

#[test]
fn the_text_of_each_statement_keeps_its_value() {
    for_seeds(300, |prng| {
        let words = Words::draw(prng);
        let statements = words.statements(prng, 6);
        let text = settled(&policy(&statements));
        let (document, _) = Document::read(&Source::new("policy.json", text)).unwrap();
        assert_eq!(document.statements().len(), statements.len());
        for (statement, value) in document.statements().zip(&statements) {
            assert_eq!(serde_json::from_str::<Value>(statement.text()).unwrap(), *value);
        }
    });
}

#[test]
fn schemas_and_workspaces_mean_the_same_when_formatted() {
    for_seeds(150, |prng| {
        let case = generate::case(prng.bits(), Size::default()).unwrap();
        let (schema, _) = Schema::read(&Source::new("schema.json", settled(&case.schema))).unwrap();
        let (before, _) = Schema::read(&Source::new("schema.json", case.schema.to_string())).unwrap();
        assert!(schema.same_numbering(&before));
        let snapshot = |text: String| {
            let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles).unwrap();
            workspace.compile().unwrap().0
        };
        let (before, after) = (snapshot(case.workspace.to_string()), snapshot(settled(&case.workspace)));
        assert!(portcullis::diff_snapshots(&before, &after).is_empty());
        assert!(before.members().eq(after.members()), "members keep their order");
    });
}

/// Any JSON value, of any shape: the formatter looks at no meaning.
fn any_value(prng: &mut Prng, depth: usize) -> Value {
    const KEYS: [&str; 10] = [
        "policies",
        "effect",
        "version",
        "roles",
        "members",
        "properties",
        "conditions",
        "z",
        "",
        "a\"\\\n\u{7f}é",
    ];
    match prng.below(if depth == 0 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => Value::from(prng.percent(50)),
        2 => Value::from(prng.bits() as i64),
        3 | 4 => Value::from("x".repeat(prng.below(60)) + KEYS[prng.below(KEYS.len())]),
        5 => (0..prng.below(7)).map(|_| any_value(prng, depth - 1)).collect(),
        _ => {
            let pairs = (0..prng.below(6)).map(|_| {
                let key = KEYS[prng.below(KEYS.len())].to_owned();
                (key, any_value(prng, depth - 1))
            });
            Value::Object(pairs.collect())
        }
    }
}

#[test]
fn any_json_is_formatted_without_loss() {
    for_seeds(3_000, |prng| drop(settled(&serde_json::json!({ "members": any_value(prng, 5) }))));
}

#[test]
fn published_documents_are_formatted_without_loss() {
    for document in corpus::documents().unwrap().values() {
        settled(document);
    }
    for case in corpus::all().unwrap() {
        settled(&case.workspace);
    }
}

/// Digits are what an author wrote, not what a float makes of them.
#[test]
fn numbers_keep_their_digits() {
    let text = r#"{"policies": [1.0, 1e400, -0, 123456789012345678901234567890, 0.1e-7]}"#;
    let formatted = format(&Source::new("n.json", text), &Limits::default()).unwrap();
    let squeezed: String = formatted.split_whitespace().collect();
    assert_eq!(squeezed, text.replace(' ', ""));
}

/// A workspace of eight megabytes. Nothing is timed: work in proportion to the square of the text would not end.
#[test]
fn a_large_workspace_is_formatted() {
    let role = r#"{"version": "2022-04-26", "policies": [{"effect": "allow", "actions": "read", "resource": "sync"}]}"#;
    let roles: Vec<String> = (0..80_000).map(|number| format!("\"r{number}\": {role}")).collect();
    let text = format!(
        r#"{{"workspace": "w", "schema": "hightouch", "roles": {{{}}}, "members": {{}}}}"#,
        roles.join(", ")
    );
    let formatted = format(&Source::new("workspace.json", text), &Limits::default()).unwrap();
    assert_eq!(formatted.matches("\"effect\": \"allow\"").count(), 80_000);
}

/// Whatever limit is asked for, no text exhausts the stack: as deep as a text may be it is written, and no deeper.
#[test]
fn the_deepest_text_is_formatted_and_a_deeper_one_refused() {
    let mut limits = Limits::default();
    limits.nesting = usize::MAX;
    let nested = |levels: usize| {
        let text = format!("{{\"policies\": {}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        format(&Source::new("deep.json", text), &limits)
    };
    assert!(nested(portcullis::DEEPEST).is_ok());
    assert!(nested(portcullis::DEEPEST + 1).is_err() && nested(200_000).is_err());
}
