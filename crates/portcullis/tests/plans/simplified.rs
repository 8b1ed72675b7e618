//! What is left of conditions, in words: each rule of simplification, for allows and for denies, and what it must leave alone.

use portcullis::condition::Attribute;
use portcullis::plan::{Plan, PlanError};
use portcullis::{NoFiles, Question, Source, Workspace};

use super::attribute;

/// The plan of some statements on `t`, as the command line prints it, on one line.
fn planned(statements: &[(&str, &str)]) -> String {
    in_words(&plan(statements).unwrap())
}

fn plan(statements: &[(&str, &str)]) -> Result<Plan, PlanError> {
    let statement = |(effect, conditions): &(&str, &str)| {
        format!(r#"{{"effect": "{effect}", "actions": "read", "resource": "t", "conditions": {conditions}}}"#)
    };
    let policies: Vec<String> = statements.iter().map(statement).collect();
    let text = format!(
        r#"{{"workspace": "w", "schema": {{"schema": "s", "resources": {{"t": {{"actions": ["read"]}}}}}},
        "default_role": "r", "roles": {{"r": {{"version": "2022-04-26", "policies": [{}]}}}},
        "members": {{"m": {{"properties": {{"team": "it", "star": "x*", "teams": ["it", "hr"], "odd": ["it", null], "empty": []}}}}}}}}"#,
        policies.join(", ")
    );
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", &*text), &NoFiles).unwrap();
    let (snapshot, _) = workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}"));
    snapshot.plan(&Question { now: Some("2026-03-01T00:00:00Z"), ..Question::new("m", "read", "t") })
}

fn in_words(plan: &Plan) -> String {
    let Plan::Conditional(residue) = plan else { return plan.as_str().to_owned() };
    let any = residue.any().iter().filter(|clause| !clause.leaves().is_empty());
    let any = any.map(|clause| format!("if {clause}"));
    let none = residue.none().iter().map(|clause| format!("unless {clause}"));
    any.chain(none).collect::<Vec<_>>().join("; ").replace("resource.", "")
}

#[test]
fn what_is_known_is_put_in() {
    for (condition, allow, deny) in [
        (
            r#"{"team": {"equals": {"ref": "subject.team"}}}"#,
            r#"if team equals "it""#,
            r#"unless team equals "it""#,
        ),
        (
            r#"{"team": {"equals": {"ref": "subject.star"}}}"#,
            r#"if team equals "x*" (verbatim)"#,
            r#"unless team equals "x*" (verbatim)"#,
        ),
        (
            r#"{"subject.team": {"equals": {"ref": "team"}}}"#,
            r#"if team equals "it""#,
            r#"unless team equals "it""#,
        ),
        (r#"{"team": {"equals": {"ref": "subject.none"}}}"#, "never", "never"),
        (
            r#"{"subject.team": {"equals": "it"}, "a": {"exists": true}}"#,
            "if a exists true",
            "unless a exists true",
        ),
        (r#"{"subject.team": {"equals": "hr"}, "a": {"exists": true}}"#, "never", "always"),
        (r#"{"context.ip": {"exists": true}, "a": {"equals": 1}}"#, "never", "unless a equals 1"),
        (
            r#"{"team": {"in": {"ref": "subject.teams"}}}"#,
            r#"if team in ["hr", "it"]"#,
            r#"unless team in ["hr", "it"]"#,
        ),
        (r#"{"team": {"in": {"ref": "subject.odd"}}}"#, r#"if team equals "it""#, "never"),
        (r#"{"team": {"notin": {"ref": "subject.odd"}}}"#, "never", r#"unless team notin ["it"]"#),
        (r#"{"team": {"in": {"ref": "subject.empty"}}}"#, "never", r#"unless team notin [{"ref": "team"}]"#),
        (r#"{"team": {"notin": {"ref": "subject.empty"}}}"#, r#"if team equals {"ref": "team"}"#, "never"),
        (
            r#"{"subject.team": {"in": ["hr", {"ref": "a"}, {"ref": "b"}]}}"#,
            r#"if a equals "it"; if b equals "it""#,
            r#"unless a equals "it"; unless b equals "it""#,
        ),
        (
            r#"{"subject.team": {"notin": ["hr", {"ref": "a"}, {"ref": "b"}]}}"#,
            r#"if a notin ["it"] and b notin ["it"]"#,
            r#"unless a notin ["it"] and b notin ["it"]"#,
        ),
        (
            r#"{"subject.team": {"in": {"ref": "tags"}}}"#,
            r#"if "it" in {"ref": "tags"}"#,
            r#"unless "it" in {"ref": "tags"}"#,
        ),
        (
            r#"{"context.now": {"greaterthan": {"ref": "since"}}}"#,
            r#"if since lessthan "2026-03-01T00:00:00Z""#,
            r#"unless since lessthan "2026-03-01T00:00:00Z""#,
        ),
        (r#"{"type": {"equals": "t"}, "id": {"exists": true}}"#, "always", "never"),
        (
            r#"{"a": {"equals": {"ref": "b"}}}"#,
            r#"if a equals {"ref": "b"}"#,
            r#"unless a equals {"ref": "b"}"#,
        ),
    ] {
        assert_eq!(planned(&[("allow", condition)]), allow, "allow {condition}");
        assert_eq!(planned(&[("allow", "\"*\""), ("deny", condition)]), deny, "deny {condition}");
    }
}

#[test]
fn what_says_nothing_more_is_left_out() {
    let allow = |condition| ("allow", condition);
    let deny = |condition| ("deny", condition);
    for (statements, expected) in [
        // In one condition.
        (&[allow(r#"{"a": {"equals": "x", "exists": true}}"#)][..], r#"if a equals "x""#),
        (&[allow(r#"{"a": {"in": ["x", "y", "z"], "notin": ["y"]}}"#)], r#"if a in ["x", "z"]"#),
        (&[allow(r#"{"a": {"in": ["x", 7], "greaterthan": 3}}"#)], "if a equals 7"),
        (&[allow(r#"{"a": {"equals": "x*", "in": ["xy", "y"]}}"#)], r#"if a equals "xy""#),
        (&[allow(r#"{"n": {"greaterthan": 5, "notin": [1, 2]}}"#)], "if n greaterthan 5"),
        (&[allow(r#"{"a": {"equals": "x", "notin": ["x"]}}"#)], "never"),
        (&[allow(r#"{"a": {"exists": false, "equals": "x"}}"#)], "never"),
        (&[allow(r#"{"n": {"greaterthan": 5, "lessthan": 5}}"#)], "never"),
        // Between allows.
        (&[allow(r#"{"a": {"equals": "x"}}"#), allow(r#"{"a": {"equals": "y"}}"#)], r#"if a in ["x", "y"]"#),
        (&[allow(r#"{"a": {"equals": "x"}}"#), allow(r#"{"a": {"equals": "x*"}}"#)], r#"if a equals "x*""#),
        (
            &[allow(r#"{"a": {"equals": "x"}}"#), allow(r#"{"a": {"equals": "x"}, "b": {"equals": 1}}"#)],
            r#"if a equals "x""#,
        ),
        (&[allow(r#"{"a": {"exists": true}}"#), allow(r#"{"a": {"exists": false}}"#)], "always"),
        // A reference may lead to nobody knows where.
        (
            &[allow(r#"{"a.b": {"exists": true}}"#), allow(r#"{"a.b": {"exists": false}}"#)],
            "if a.b exists false; if a.b exists true",
        ),
        // Between denies, which apply to what is missing too.
        (
            &[allow("\"*\""), deny(r#"{"a": {"equals": "x"}}"#), deny(r#"{"a": {"equals": "y"}}"#)],
            r#"unless a in ["x", "y"]"#,
        ),
        (
            &[allow("\"*\""), deny(r#"{"a": {"equals": "x", "exists": true}}"#)],
            r#"unless a exists true and a equals "x""#,
        ),
        (
            &[allow("\"*\""), deny(r#"{"a": {"equals": "x", "notin": ["x"]}}"#)],
            r#"unless a equals "x" and a notin ["x"]"#,
        ),
        (&[allow("\"*\""), deny(r#"{"a": {"exists": true}}"#), deny(r#"{"a": {"exists": false}}"#)], "never"),
        // Between allows and denies.
        (&[allow(r#"{"a": {"equals": "x"}}"#), deny(r#"{"a": {"equals": "y"}}"#)], r#"if a equals "x""#),
        (&[allow(r#"{"a": {"equals": "x"}}"#), deny(r#"{"a": {"in": ["x", "y"]}}"#)], "never"),
        (
            &[allow(r#"{"a": {"equals": "x"}}"#), deny(r#"{"a": {"equals": "x"}, "b": {"equals": 1}}"#)],
            r#"if a equals "x"; unless b equals 1"#,
        ),
        (&[allow(r#"{"a": {"exists": false}}"#), deny(r#"{"a": {"equals": "y"}}"#)], "never"),
        (
            &[allow(r#"{"a": {"exists": true}}"#), deny(r#"{"a": {"equals": "y"}}"#)],
            r#"if a exists true; unless a equals "y""#,
        ),
    ] {
        assert_eq!(planned(statements), expected, "{statements:?}");
    }
}

/// Many statements and long lists are planned in bounded time; too many cases are refused.
#[test]
fn plans_are_bounded() {
    let wide: Vec<String> =
        (0..1_200).map(|team| format!(r#"{{"team": {{"equals": "t{team}"}}}}"#)).collect();
    let statements: Vec<(&str, &str)> = wide.iter().map(|condition| ("allow", &**condition)).collect();
    let Plan::Conditional(residue) = plan(&statements).unwrap() else { panic!() };
    assert_eq!(residue.any().len(), 1);
    let long: Vec<String> = (0..60_000).map(|team| format!("\"t{team}\"")).collect();
    let long = format!(r#"{{"team": {{"in": [{}]}}}}"#, long.join(", "));
    assert!(matches!(plan(&[("allow", &*long)]), Ok(Plan::Conditional(_))));
    // Each of these may be any of a hundred attributes.
    let any: Vec<String> = (0..120).map(|at| format!(r#"{{"ref": "a{at}"}}"#)).collect();
    let one = |subject: &str| format!(r#""subject.{subject}": {{"in": [{}]}}"#, any.join(", "));
    let product = format!("{{{}, {}, {}}}", one("team"), one("star"), one("id"));
    assert_eq!(plan(&[("allow", &*product)]), Err(PlanError::TooLarge));
}

/// Leaves are what they print.
#[test]
fn a_value_in_a_list_is_told() {
    let Plan::Conditional(residue) =
        plan(&[("allow", r#"{"subject.team": {"in": {"ref": "tags"}}}"#)]).unwrap()
    else {
        panic!()
    };
    let leaf = &residue.any()[0].leaves()[0];
    assert_eq!((leaf.reference(), leaf.value().as_deref()), (None, Some("\"it\"")));
    assert_eq!(leaf.operand(), r#"{"ref": "resource.tags"}"#);
    let tags: Vec<Attribute> =
        [r#"{"tags": ["it"]}"#, r#"{"tags": [7, "it"]}"#, r#"{"tags": [7]}"#, r#"{"tags": "it"}"#, "{}"]
            .map(attribute)
            .into();
    let plan = Plan::Conditional(residue.clone());
    let allowed: Vec<bool> =
        tags.iter().map(|tags| plan.allows(&super::row("t", "1", None, Some(tags.value()), ()))).collect();
    assert_eq!(allowed, [true, true, false, false, false]);
}
