//! Stored references, sides and reasons: what the tables of the page have no room for.

use super::asked::{Shelf, asked, attribute, condition, schema};
use super::{Attribute, Found, Lookup, Outcome, Root, Side, Value, Why};

fn shelf(objects: &[(&str, &str, &str)]) -> Shelf {
    let objects =
        objects.iter().map(|(kind, id, text)| ((*kind).to_owned(), (*id).to_owned(), attribute(text)));
    Shelf { schema: schema(""), objects: objects.collect() }
}

fn outcome(shelf: &Shelf, text: &str) -> Outcome {
    condition(&shelf.schema, text).outcome(&asked(shelf, "sync", Some("1")))
}

/// Why the first test of a condition is unknown, and about which reference.
fn why(shelf: &Shelf, text: &str) -> Option<(Why, String)> {
    let condition = condition(&shelf.schema, text);
    let findings = condition.findings(&asked(shelf, "sync", Some("1")));
    findings[0].undecided.map(|undecided| (undecided.why, undecided.about.to_string()))
}

#[test]
fn references_are_followed_by_type_and_alias_as_far_as_the_path_goes() {
    let shelf = shelf(&[
        (
            "sync",
            "1",
            r#"{"next": {"ref": {"type": "job", "id": "2"}}, "deep": {"er": {"ref": {"id": "3", "type": "sync"}}}}"#,
        ),
        ("sync", "2", r#"{"next": {"ref": {"type": "sync", "id": "3"}}, "name": "two"}"#),
        ("sync", "3", r#"{"name": "three", "ref": {"type": "sync", "id": "2"}, "type": "not its type"}"#),
    ]);
    for (text, expected) in [
        (r#"{"next.name": {"equals": "two"}}"#, Outcome::True),
        (r#"{"next.next.name": {"equals": "three"}}"#, Outcome::True),
        (r#"{"deep.er.name": {"equals": "three"}}"#, Outcome::True),
        (r#"{"next.type": {"equals": "sync"}}"#, Outcome::True),
        (r#"{"next.next.type": {"equals": "sync"}}"#, Outcome::True),
        (r#"{"next.next.id": {"in": ["2", "3"]}}"#, Outcome::True),
        // What is its own has nothing inside; the word `ref` is a key like any other once the reference is followed.
        (r#"{"next.id.x": {"exists": true}}"#, Outcome::False),
        (r#"{"next.ref": {"exists": true}}"#, Outcome::False),
        (r#"{"next.next.ref": {"exists": true}}"#, Outcome::True),
        // A property called `ref` of the object itself is no reference of its properties.
        (r#"{"next.next.ref.type": {"equals": "sync"}}"#, Outcome::True),
    ] {
        assert_eq!(outcome(&shelf, text), expected, "{text}");
    }
}

#[test]
fn what_leads_nowhere_or_in_circles_is_unknown_even_for_exists() {
    let shelf = shelf(&[
        (
            "sync",
            "1",
            r#"{"self": {"ref": {"type": "sync", "id": "1"}}, "round": {"ref": {"type": "sync", "id": "2"}},
                "gone": {"ref": {"type": "sync", "id": "9"}}, "alien": {"ref": {"type": "ship", "id": "1"}},
                "text": {"ref": "sync"}, "half": {"ref": {"type": "sync"}}, "number": {"ref": {"type": "sync", "id": 2}},
                "more": {"ref": {"type": "sync", "id": "2", "x": 1}}, "beside": {"ref": {"type": "sync", "id": "2"}, "x": 1},
                "almost": {"ref": {"type": "sync", "id": "2", "x": null}, "y": null}}"#,
        ),
        (
            "sync",
            "2",
            r#"{"back": {"ref": {"type": "sync", "id": "1"}}, "own": {"ref": {"type": "sync", "id": "2"}}, "n": 2}"#,
        ),
    ]);
    let broken = Some(Why::BrokenReference);
    let cyclic = Some(Why::CyclicReference);
    for (path, expected) in [
        ("self.x", cyclic),
        ("self.id", cyclic),
        ("round.back.n", cyclic),
        ("round.own.n", cyclic),
        ("round.n", None),
        ("gone.x", broken),
        ("gone.id", broken),
        ("alien.id", broken),
        ("text.x", broken),
        ("half.x", broken),
        ("number.n", broken),
        ("more.n", broken),
        ("beside.ref.id", None),
        ("almost.n", None),
        ("gone", None),
        ("self", None),
    ] {
        for wanted in [true, false] {
            let text = format!("{{\"{path}\": {{\"exists\": {wanted}}}}}");
            let expected = expected.map(|why| (why, format!("resource.{path}")));
            assert_eq!(why(&shelf, &text), expected, "{text}");
            assert_eq!(outcome(&shelf, &text) == Outcome::Unknown, expected.is_some(), "{text}");
        }
    }
}

#[test]
fn a_path_of_thirty_two_parts_through_as_many_objects_ends() {
    let objects: Vec<(String, String)> = (1..40)
        .map(|number: u32| {
            let next = number + 1;
            (
                number.to_string(),
                format!(r#"{{"n": {{"ref": {{"type": "sync", "id": "{next}"}}}}, "x": {number}}}"#),
            )
        })
        .collect();
    let objects: Vec<(&str, &str, &str)> =
        objects.iter().map(|(id, text)| ("sync", &**id, &**text)).collect();
    let shelf = shelf(&objects);
    let path = format!("{}.x", vec!["n"; 31].join("."));
    assert_eq!(outcome(&shelf, &format!("{{\"{path}\": {{\"equals\": 32}}}}")), Outcome::True);
}

#[test]
fn references_of_the_subject_may_lead_to_the_resource_and_sent_ones_lead_nowhere() {
    let shelf = shelf(&[("sync", "1", r#"{"n": 1}"#)]);
    let home = attribute(r#"{"home": {"ref": {"type": "sync", "id": "1"}}}"#);
    let condition = condition(&shelf.schema, r#"{"subject.home.n": {"equals": 1}}"#);
    let mut facts = asked(&shelf, "sync", Some("1"));
    facts.subject.stored = home.value();
    assert_eq!(condition.outcome(&facts), Outcome::True);
    facts.subject.stored = Value::Null;
    facts.subject.sent = Some(home.value());
    assert_eq!(condition.outcome(&facts), Outcome::Unknown);
    assert_eq!(condition.findings(&facts)[0].found, Found::Missing);
}

#[test]
fn a_finding_says_which_side_had_the_value_and_what_the_operand_named() {
    let shelf = shelf(&[("sync", "1", r#"{"team": "a"}"#)]);
    let sent = attribute(r#"{"rows": 7}"#);
    let text = r#"{"team": {"in": ["b", {"ref": "subject.team"}]}, "rows": {"greaterthan": 5}, "type": {"equals": "job"}}"#;
    let condition = condition(&shelf.schema, text);
    let mut facts = asked(&shelf, "job", Some("1"));
    facts.resource.sent = Some(sent.value());
    let findings = condition.findings(&facts);
    let said: Vec<String> = findings
        .iter()
        .map(|finding| {
            let found = match finding.found {
                Found::Value(value, side) => format!("{value} {}", side.as_str()),
                other => format!("{other:?}"),
            };
            format!("{}: {found}: {}", finding.test, finding.outcome)
        })
        .collect();
    assert_eq!(
        said,
        [
            r#"resource.type equals "job": "job" own: true"#,
            r#"resource.rows greaterthan 5: 7 request: true"#,
            r#"resource.team in ["b", {"ref": "subject.team"}]: "a" stored: unknown"#,
        ]
    );
    let last = &findings[2];
    assert_eq!(last.operands.len(), 1);
    assert_eq!(
        (last.operands[0].0.to_string().as_str(), last.operands[0].1),
        ("subject.team", Found::Missing)
    );
    assert_eq!(
        last.undecided.map(|cause| (cause.why, cause.about.root())),
        Some((Why::Missing, Root::Subject))
    );
    assert_eq!(condition.references().count(), 4);
    assert_eq!(Side::Own.as_str(), "own");
}

#[test]
fn a_value_that_is_not_of_the_declared_type_is_unknown_but_exists() {
    let values = ["\"a\"", "1", "true", "\"2026-03-01T12:00:00Z\"", "[]", "{}"];
    let of_type = [
        ("string", vec![0, 3]),
        ("number", vec![1]),
        ("boolean", vec![2]),
        ("time", vec![3]),
        ("list", vec![4]),
    ];
    let operand = |kind: &str| match kind {
        "number" => "{\"equals\": 1}",
        "boolean" => "{\"equals\": true}",
        "list" => "{\"exists\": true}",
        _ => "{\"equals\": \"a\"}",
    };
    for (kind, right) in of_type {
        let declared = format!(r#", "attributes": {{"x": {{"type": "{kind}"}}}}"#);
        let schema = schema(&declared);
        let exists = condition(&schema, r#"{"x": {"exists": true}}"#);
        let compared = condition(&schema, &format!("{{\"x\": {}}}", operand(kind)));
        let shelf = Shelf { schema, objects: Vec::new() };
        for (at, value) in values.iter().enumerate() {
            let sent = attribute(&format!("{{\"x\": {value}}}"));
            let mut facts = asked(&shelf, "sync", Some("1"));
            facts.resource.sent = Some(sent.value());
            assert_eq!(exists.outcome(&facts), Outcome::True);
            let undecided = compared.findings(&facts)[0].undecided.map(|cause| cause.why);
            let expected = (kind != "list" && !right.contains(&at)).then_some(Why::NotAsDeclared);
            assert_eq!(undecided, expected, "{kind} {value}");
        }
    }
}

#[test]
fn without_a_clock_the_time_is_unknown() {
    let shelf = shelf(&[]);
    let mut facts = asked(&shelf, "sync", None);
    facts.now = None;
    let condition = condition(&shelf.schema, r#"{"context.now": {"exists": true}}"#);
    assert_eq!(condition.findings(&facts)[0].found, Found::Unknown(Why::NoClock));
    assert_eq!(condition.outcome(&facts), Outcome::Unknown);
    assert_eq!(facts.find(condition.tests()[0].reference()), Found::Unknown(Why::NoClock));
}

#[test]
fn properties_that_are_null_or_no_object_hold_nothing() {
    let shelf = shelf(&[]);
    let condition = condition(&shelf.schema, r#"{"x": {"exists": true}}"#);
    for (sent, expected) in [("null", Outcome::Unknown), ("7", Outcome::False), ("[]", Outcome::False)] {
        let sent: Attribute = attribute(sent);
        let mut facts = asked(&shelf, "sync", Some("1"));
        facts.resource.sent = Some(sent.value());
        assert_eq!(condition.outcome(&facts), expected, "{sent}");
    }
}

#[test]
fn an_outcome_allocates_nothing() {
    let shelf = shelf(&[
        (
            "sync",
            "1",
            r#"{"labels": {"team": "marketing"}, "rows": 1e30, "at": "2026-03-01T12:00:00.5+01:00", "tags": ["a"],
            "next": {"ref": {"type": "job", "id": "2"}}, "gone": {"ref": {"type": "sync", "id": "9"}}}"#,
        ),
        ("sync", "2", r#"{"name": "two"}"#),
    ]);
    let sent = attribute(r#"{"labels": {"team": "marketing"}, "rows": 5}"#);
    let mut facts = asked(&shelf, "sync", Some("1"));
    facts.resource.sent = Some(sent.value());
    for (text, expected) in [
        (
            r#"{"labels.team": {"equals": "marketing", "in": ["a", "m*g", {"ref": "subject.id"}]}}"#,
            Outcome::True,
        ),
        (r#"{"rows": {"greaterthan": 5.5}}"#, Outcome::Unknown),
        (
            r#"{"at": {"lessthan": {"ref": "context.now"}}, "subject.id": {"notin": {"ref": "tags"}}}"#,
            Outcome::True,
        ),
        (r#"{"next.name": {"equals": "two"}, "gone.name": {"exists": true}}"#, Outcome::Unknown),
        (r#"{"labels.team": {"equals": {"ref": "next.name"}}}"#, Outcome::False),
    ] {
        let condition = condition(&shelf.schema, text);
        let mut outcome = None;
        let info = allocation_counter::measure(|| outcome = Some(condition.outcome(&facts)));
        assert_eq!((outcome, info.count_total), (Some(expected), 0), "{text}");
    }
}
