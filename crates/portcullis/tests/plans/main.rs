//! Plans against checks: what a plan says of an object is what a check says of it, by the engine and by the reference.
//!
//! First over everything that a few values and operators make, so that simplification meets each corner; then over random workspaces.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads how long it may take"
)]

mod columns;
mod joined;
mod simplified;
mod sqlite;

use std::collections::HashMap;

use portcullis::condition::{Attribute, Facts, Objects, Resource, StoredObject, Subject, Value};
use portcullis::plan::Plan;
use portcullis::{NoFiles, Question, Reason, Snapshot, Source, Workspace};
use portcullis_testkit::generate::{Prng, Size, conditional_case};
use portcullis_testkit::reference::{Reference, Request};
use portcullis_testkit::sent::Sent;

fn compiled(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
        .unwrap_or_else(|report| panic!("{report}\n{text}"));
    workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

fn attribute(text: &str) -> Attribute {
    Attribute::read(&Source::new("value", text)).unwrap_or_else(|report| panic!("{text}: {report}"))
}

/// What a plan is asked about: an object and nothing else.
fn row<'a, O>(
    kind: &'a str,
    id: &'a str,
    stored: Option<StoredObject<'a>>,
    sent: Option<Value<'a>>,
    objects: O,
) -> Facts<'a, O> {
    let subject = Subject { kind: "", id: "", stored: Value::Null, sent: None };
    let resource = Resource { kind, id: Some(id), stored, sent };
    Facts { subject, resource, action: "", action_sent: None, context: None, now: None, objects }
}

/// All that is stored, found as the engine finds it, but by a map.
struct Shelf<'s> {
    snapshot: &'s Snapshot,
    numbers: HashMap<[String; 2], (u32, &'s str, &'s str)>,
}

impl<'s> Shelf<'s> {
    fn new(snapshot: &'s Snapshot) -> Self {
        let kinds = snapshot.schema().types().iter().map(|kind| kind.name());
        let all = kinds.flat_map(|kind| snapshot.objects_of(kind).map(move |id| (kind, id)));
        let keyed = |((kind, id), number)| ([kind, id].map(str::to_owned), (number, kind, id));
        Shelf { snapshot, numbers: all.zip(0..).map(keyed).collect() }
    }
}

impl<'s> Objects<'s> for &Shelf<'s> {
    fn object(&self, kind: &str, id: &str) -> Option<StoredObject<'s>> {
        let asked = self.snapshot.schema().types().iter().find(|known| known.name() == kind);
        let own = asked.or_else(|| {
            let mut all = self.snapshot.schema().types().iter();
            all.find(|known| known.aliases().any(|alias| alias == kind))
        })?;
        let &(number, kind, id) = self.numbers.get(&[own.name(), id].map(str::to_owned))?;
        let properties = self.snapshot.object_properties(kind, id)?;
        Some(StoredObject { number, kind, id, properties })
    }
}

const VALUES: [&str; 16] = [
    "null",
    "\"x\"",
    "\"y\"",
    "\"xy\"",
    "\"\"",
    "\"x*\"",
    "1",
    "2",
    "1.5",
    "9007199254740993",
    "true",
    "false",
    "[\"x\", 1]",
    "{}",
    "\"2024-01-01T00:00:00Z\"",
    "\"2024-01-02T00:00:00.5+01:00\"",
];

const OPERANDS: [(&str, &[&str]); 6] = [
    (
        "equals",
        &[
            "\"x\"",
            "\"y\"",
            "\"x*\"",
            "\"*\"",
            "1",
            "1.5",
            "true",
            "{\"ref\": \"subject.x\"}",
            "{\"ref\": \"subject.star\"}",
            "{\"ref\": \"resource.b\"}",
            "{\"ref\": \"subject.none\"}",
            "\"2024-01-01T00:00:00Z\"",
        ],
    ),
    (
        "in",
        &[
            "[\"x\", \"y\"]",
            "[\"y\", 1]",
            "[true, false]",
            "[\"*y\", \"x\"]",
            "[\"x\", {\"ref\": \"subject.none\"}]",
            "{\"ref\": \"subject.list\"}",
            "{\"ref\": \"subject.empty\"}",
            "{\"ref\": \"b\"}",
            "[{\"ref\": \"b\"}, \"xy\"]",
        ],
    ),
    (
        "notin",
        &[
            "[\"x\", \"y\"]",
            "[\"y\", 1]",
            "[\"x*\"]",
            "[\"y\", {\"ref\": \"subject.none\"}]",
            "{\"ref\": \"subject.list\"}",
            "{\"ref\": \"subject.empty\"}",
            "{\"ref\": \"subject.odd\"}",
            "[1, 2]",
            "[{\"ref\": \"b\"}, \"x\"]",
        ],
    ),
    (
        "greaterthan",
        &["1", "1.5", "\"2024-01-01T00:00:00Z\"", "{\"ref\": \"b\"}", "{\"ref\": \"subject.number\"}"],
    ),
    ("lessthan", &["2", "1.5", "\"2024-01-01T23:00:00.5Z\"", "{\"ref\": \"context.now\"}"]),
    ("exists", &["true", "false"]),
];

/// Tests whose own side is known, and the operand is the object's.
const TURNED: [&str; 9] = [
    r#""subject.x": {"equals": {"ref": "a"}}"#,
    r#""subject.x": {"in": {"ref": "a"}}"#,
    r#""subject.x": {"notin": {"ref": "a"}}"#,
    r#""subject.x": {"in": ["y", {"ref": "a"}, {"ref": "b"}]}"#,
    r#""subject.x": {"notin": ["y", {"ref": "a"}, {"ref": "b"}]}"#,
    r#""subject.x": {"notin": [1, {"ref": "a"}]}"#,
    r#""subject.number": {"lessthan": {"ref": "b"}}"#,
    r#""subject.list": {"in": [{"ref": "a"}]}"#,
    r#""context.now": {"greaterthan": {"ref": "a"}}"#,
];

fn condition(prng: &mut Prng) -> String {
    let mut tests = Vec::new();
    for attribute in ["a", "b", "n.a"] {
        if !prng.percent(50) {
            continue;
        }
        let mut drawn: Vec<String> = Vec::new();
        for (operator, operands) in OPERANDS {
            if prng.percent(13) {
                drawn.push(format!("\"{operator}\": {}", prng.pick(operands).unwrap()));
            }
        }
        if !drawn.is_empty() {
            tests.push(format!("\"{attribute}\": {{{}}}", drawn.join(", ")));
        }
    }
    if tests.is_empty() || prng.percent(15) {
        let turned = prng.pick(&TURNED).unwrap();
        let key = turned.split(':').next().unwrap();
        if !tests.iter().any(|test| test.starts_with(key)) {
            tests.push((*turned).to_owned());
        }
    }
    format!("{{{}}}", tests.join(", "))
}

fn statements(prng: &mut Prng) -> String {
    let all = (0..1 + prng.below(4)).map(|_| {
        let effect = if prng.percent(75) { "allow" } else { "deny" };
        let conditions = if prng.percent(8) { "\"*\"".to_owned() } else { condition(prng) };
        format!(r#"{{"effect": "{effect}", "actions": "read", "resource": "t", "conditions": {conditions}}}"#)
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Every object of a few values, under policies drawn from a few operators, declared and not.
#[test]
fn a_plan_says_of_each_row_what_a_check_says() {
    let rounds = if std::env::var_os("PORTCULLIS_LONG").is_some() { 60_000 } else { 700 };
    let (mut conditional, mut settled, mut rows, mut shorter) = (0, 0, 0, 0);
    let values = VALUES.map(|value| value.to_owned());
    let all: Vec<Attribute> = values
        .iter()
        .flat_map(|a| values.iter().map(move |b| (a, b)))
        .flat_map(|(a, b)| [(a, b, "x"), (a, b, "zz")])
        .map(|(a, b, n)| {
            attribute(&format!(r#"{{"a": {a}, "b": {b}, "n": {{"a": {}}}}}"#, if n == "x" { a } else { b }))
        })
        .collect();
    for seed in 0..rounds {
        let prng = &mut Prng::new(seed);
        let declared = match prng.below(4) {
            0 => {
                r#", "attributes": {"a": {"type": "string"}, "b": {"type": "object"}, "n": {"type": "object"}}"#
            }
            _ => "",
        };
        let policies = statements(prng);
        let text = format!(
            r#"{{"workspace": "w", "schema": {{"schema": "s", "resources": {{"t": {{"actions": ["read"]{declared}}}}}}},
            "default_role": "r", "roles": {{"r": {{"version": "2022-04-26", "policies": [{policies}]}}}},
            "members": {{"m": {{"properties": {{"x": "x", "star": "x*", "list": ["x", 1], "odd": ["x", null], "empty": [], "number": 1.5}}}}}}}}"#
        );
        let (workspace, _) = Workspace::read(&Source::new("workspace.json", &*text), &NoFiles).unwrap();
        // Some operands do not go with what is declared.
        let Ok((snapshot, _)) = workspace.compile() else { continue };
        let question = Question { now: Some("2024-01-01T12:00:00Z"), ..Question::new("m", "read", "t") };
        let plan = snapshot.plan(&question).unwrap();
        match &plan {
            Plan::Conditional(residue) => {
                conditional += 1;
                shorter += usize::from(
                    residue.any().len() + residue.none().len() < policies.matches("effect").count(),
                );
            }
            _ => settled += 1,
        }
        for properties in all.iter().skip(seed as usize % 3).step_by(3) {
            let asked =
                Question { object: Some("7"), object_properties: Some(properties.value()), ..question };
            let expected = snapshot.decide(&asked).is_allowed();
            let facts = row("t", "7", None, Some(properties.value()), ());
            assert_eq!(plan.allows(&facts), expected, "{policies}\n{plan:?}\n{properties}");
            rows += 1;
        }
    }
    println!("{conditional} conditional, {settled} settled, {shorter} shorter, {rows} rows");
    assert!(conditional > rounds / 3 && settled > rounds / 20 && shorter > rounds as usize / 20);
}

#[test]
fn random_workspaces_are_planned_as_they_are_checked() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 10_000 } else { 250 };
    let (mut conditional, mut checked, mut allowed, mut referred) = (0, 0, 0, 0);
    for seed in 0..cases {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace);
        let reference = Reference::read(&case.workspace).unwrap();
        let shelf = Shelf::new(&snapshot);
        let sent: Vec<Sent> = case.requests.iter().map(|asked| Sent::read(&asked.request).unwrap()).collect();
        for (sent, asked) in sent.iter().zip(&case.requests) {
            let question =
                Question { object: None, object_properties: None, ..sent.question(asked.now.as_deref()) };
            let Ok(plan) = snapshot.plan(&question) else {
                assert!(!snapshot.decide(&question).is_allowed());
                continue;
            };
            conditional += u32::from(matches!(plan, Plan::Conditional(_)));
            for id in snapshot.objects_of(question.resource) {
                let expected = snapshot.decide(&Question { object: Some(id), ..question }).is_allowed();
                let own = snapshot.schema().resource_type(question.resource).unwrap().name();
                let facts = row(question.resource, id, (&shelf).object(own, id), None, &shelf);
                assert_eq!(
                    plan.allows(&facts),
                    expected,
                    "{}: {} {id}\n{plan:?}\n{}",
                    case.id,
                    asked.request,
                    case.workspace
                );
                checked += 1;
                allowed += u32::from(expected);
            }
        }
        // The same of bare questions, by whoever knows nothing of the engine.
        for member in snapshot.members().take(3) {
            for kind in snapshot.schema().types() {
                for action in snapshot.schema().actions() {
                    let Ok(plan) = snapshot.plan(&Question::new(member, action, kind.name())) else {
                        continue;
                    };
                    for id in snapshot.objects_of(kind.name()) {
                        let request = serde_json::json!({"subject": member, "action": action,
                            "resource": {"type": kind.name(), "id": id}});
                        let answer = reference.answer(&Request::read(&request.to_string()).unwrap());
                        let facts = row(kind.name(), id, (&shelf).object(kind.name(), id), None, &shelf);
                        assert_eq!(
                            plan.allows(&facts),
                            answer.is_allowed(),
                            "{}: {request}\n{plan:?}",
                            case.id
                        );
                        referred += u32::from(matches!(plan, Plan::Conditional(_)));
                    }
                }
            }
        }
    }
    println!("{conditional} conditional, {checked} objects, {allowed} allowed, {referred} by the reference");
    assert!(conditional > 400 && checked > 5_000 && allowed > 400 && referred > 1_000);
}

#[test]
fn who_is_not_known_is_planned_nothing() {
    let case = conditional_case(1, Size::default()).unwrap();
    let snapshot = compiled(&case.workspace);
    let kind = snapshot.schema().types()[0].name();
    let action = snapshot.schema().actions().next().unwrap();
    assert_eq!(snapshot.plan(&Question::new("nobody at all", action, kind)), Ok(Plan::Never));
    let error = snapshot.plan(&Question::new("nobody at all", action, "no such type")).unwrap_err();
    assert_eq!(error, portcullis::plan::PlanError::NoPermission(Reason::UnknownResource));
}
