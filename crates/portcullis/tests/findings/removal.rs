//! What is said to change nothing changes nothing: taken out, every question is answered as before.
//!
//! Workspaces are drawn with conditions, stored objects and groups, and statements, roles and groups of theirs are repeated,
//! narrowed and copied, so that there is something to find. The naive reference answers.

use std::collections::BTreeMap;

use portcullis::diagnostic::Code;
use portcullis::{Diagnostic, Limits, NoFiles, Read, Schema, Snapshot, Source};
use portcullis_testkit::generate::{AskedByRequest, Prng, Size, conditional_case, requests};
use portcullis_testkit::reference::{Document, Reference, Request, Vocabulary};
use serde_json::{Map, Value, json};

const SIZE: Size =
    Size { types: 3, actions: 4, roles: 4, statements: 5, groups: 3, members: 6, questions: 1 };

/// A workspace in which much is said twice, without the numbers that serde_json does not hold.
fn drawn(seed: u64) -> Value {
    let text = conditional_case(seed, SIZE).unwrap().workspace;
    let text = text.replace("1e9223372036854775808", "3").replace("1e400", "4");
    let mut workspace: Value = serde_json::from_str(&text).unwrap();
    let mut prng = Prng::new(seed + 1_000_000);
    let vocabulary = serde_json::from_value::<Vocabulary>(workspace["schema"].clone()).unwrap();
    let roles = workspace["roles"].as_object_mut().unwrap();
    for document in roles.values_mut() {
        let policies = document["policies"].as_array_mut().unwrap();
        for _ in 0..prng.below(5) {
            let (Some(one), Some(other)) = (prng.pick(policies).cloned(), prng.pick(policies).cloned())
            else {
                break;
            };
            let mut more = one.clone();
            match prng.below(4) {
                0 => more["actions"] = other["actions"].clone(),
                1 => more["resource"] = other["resource"].clone(),
                2 => more["effect"] = other["effect"].clone(),
                _ => {}
            }
            match (other.get("conditions"), prng.below(4)) {
                (Some(conditions), 0) => more["conditions"] = conditions.clone(),
                (Some(Value::Object(others)), 1 | 2) => {
                    let mut both = one["conditions"].as_object().cloned().unwrap_or_default();
                    both.extend(others.clone());
                    more["conditions"] = Value::Object(both);
                }
                (None, 3) => drop(more.as_object_mut().unwrap().remove("conditions")),
                _ => {}
            }
            if prng.percent(40) {
                widen(&mut more["conditions"], &mut prng);
            }
            if prng.percent(8) {
                more["conditions"] = json!({"subject.type": {"exists": true}, "subject.id": {"equals": "*"}});
            }
            let alone =
                serde_json::from_value::<Document>(json!({"version": "2022-04-26", "policies": [more]}));
            if alone.is_ok_and(|alone| vocabulary.refusal(&alone).is_none()) {
                policies.insert(prng.below(policies.len() + 1), more);
            }
        }
    }
    let names: Vec<String> = roles.keys().cloned().collect();
    for copy in 0..prng.below(3) {
        let mut document = roles[prng.pick(&names).unwrap()].clone();
        let policies = document["policies"].as_array_mut().unwrap();
        if prng.percent(50) && !policies.is_empty() {
            policies.remove(prng.below(policies.len()));
        }
        roles.insert(format!("copy {copy}"), document);
    }
    let all: Vec<String> = roles.keys().cloned().collect();
    let groups = workspace["groups"].as_object_mut().unwrap();
    for group in groups.values_mut() {
        if prng.percent(40) {
            group["roles"].as_array_mut().unwrap().push(json!(prng.pick(&all).unwrap()));
        }
    }
    workspace
}

/// Moves the bounds of a condition and makes lists of what it compares with.
fn widen(conditions: &mut Value, prng: &mut Prng) {
    for tests in conditions.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(tests) = tests.as_object_mut() else { continue };
        for bound in ["lessthan", "greaterthan"] {
            if let Some(number) = tests.get_mut(bound).filter(|operand| operand.is_i64()) {
                *number = json!(number.as_i64().unwrap().saturating_add(prng.below(5) as i64 - 2));
            }
        }
        if let Some(operand) = tests.get("equals").filter(|operand| !operand.is_object()).cloned()
            && !tests.contains_key("in")
        {
            let more = prng.pick(&[json!("a"), json!("b"), json!(1), json!(true)]).unwrap().clone();
            tests.remove("equals");
            let name = if prng.percent(70) { "in" } else { "notin" };
            tests.entry(name).or_insert(json!([operand, more]));
        }
    }
}

struct Found {
    snapshot: Snapshot,
    diagnostics: Vec<Diagnostic>,
}

fn linted(text: &str) -> Found {
    let source = Source::new("workspace.json", text);
    let schema = Schema::hightouch().unwrap();
    let (read, report) = portcullis::lint(&source, &schema, &NoFiles, &Limits::default())
        .unwrap_or_else(|report| panic!("{report}\n{text}"));
    let Read::Workspace(snapshot) = read else { panic!("{text}") };
    Found { snapshot: *snapshot, diagnostics: report.iter().cloned().collect() }
}

/// The role and the number of the statement that a finding is about.
fn statement_of(found: &Found, fault: &Diagnostic) -> (String, usize) {
    let at = fault.primary.as_ref().unwrap().span.start;
    for role in found.snapshot.roles() {
        for statement in role.document().statements() {
            if statement.span().range().contains(&(at as usize)) {
                return (role.name().to_owned(), statement.index());
            }
        }
    }
    panic!("{fault}")
}

fn without(workspace: &Value, statements: &[(String, usize)]) -> Value {
    let mut less = workspace.clone();
    let mut statements = statements.to_vec();
    statements.sort_unstable();
    for (role, index) in statements.iter().rev() {
        less["roles"][role]["policies"].as_array_mut().unwrap().remove(*index);
    }
    less
}

fn name(fault: &Diagnostic) -> String {
    serde_json::from_str(fault.snippet()).unwrap()
}

fn other(fault: &Diagnostic) -> String {
    let label = &fault.secondary[0];
    serde_json::from_str(label.source.slice(label.span)).unwrap()
}

/// The workspace that a finding says to be the same.
fn same(workspace: &Value, reference: &Reference, found: &Found, fault: &Diagnostic) -> Option<Value> {
    let mut changed = workspace.clone();
    match fault.code {
        Code::RepeatedStatement | Code::IdleStatement => {
            return Some(without(workspace, &[statement_of(found, fault)]));
        }
        Code::NeverHolds if fault.message.contains("nothing") => {
            return Some(without(workspace, &[statement_of(found, fault)]));
        }
        Code::AlwaysHolds => {
            let (role, index) = statement_of(found, fault);
            changed["roles"][role]["policies"][index]["conditions"] = json!("*");
        }
        Code::EqualRole => changed["roles"][name(fault)] = changed["roles"][other(fault)].clone(),
        Code::ContainedRole => {
            let holds = |member: &&str| reference.roles_of(member).contains(&*other(fault));
            let holders: Vec<&str> = reference.members().filter(holds).collect();
            changed["groups"]["more"] = json!({"roles": [name(fault)], "members": holders});
        }
        Code::UnusedRole => drop(changed["roles"].as_object_mut().unwrap().remove(&name(fault))),
        Code::UnusedGroup | Code::IdleGroup => {
            drop(changed["groups"].as_object_mut().unwrap().remove(&name(fault)));
        }
        _ => return None,
    }
    Some(changed)
}

/// Everything that can be asked by names, and requests that bring properties.
struct Asked {
    requests: Vec<Request>,
}

impl Asked {
    fn of(reference: &Reference, seed: u64) -> Asked {
        let mut asked: Vec<Request> = Vec::new();
        for member in reference.members() {
            for (action, kind) in reference.vocabulary().permissions() {
                asked.push(Request::new(member, action, kind));
            }
        }
        let drawn = requests(&mut Prng::new(seed + 2_000_000), reference, 150).unwrap();
        asked.extend(drawn.into_iter().map(|AskedByRequest { request, now, .. }| {
            let mut read = Request::read(&request).unwrap();
            read.now = now;
            read
        }));
        Asked { requests: asked }
    }

    fn answers(&self, workspace: &Value) -> Vec<bool> {
        let reference = Reference::from_json(workspace).unwrap();
        self.requests.iter().map(|request| reference.answer(request).is_allowed()).collect()
    }
}

#[test]
fn whatever_is_found_can_be_acted_on_and_no_decision_changes() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 5_000 } else { 150 };
    let mut times: BTreeMap<Code, usize> = BTreeMap::new();
    for seed in 0..cases {
        let workspace = drawn(seed);
        let text = workspace.to_string();
        let found = linted(&text);
        let Ok(reference) = Reference::from_json(&workspace) else { panic!("{seed}") };
        let asked = Asked::of(&reference, seed);
        let before = asked.answers(&workspace);
        for fault in &found.diagnostics {
            *times.entry(fault.code).or_default() += 1;
            if let Some(changed) = same(&workspace, &reference, &found, fault) {
                assert_eq!(asked.answers(&changed), before, "{seed}: {fault}\n{text}\n{changed}");
            }
        }
        // All statements together, as somebody would who trusts the list.
        let idle = found.diagnostics.iter();
        let idle = idle.filter(|fault| matches!(fault.code, Code::RepeatedStatement | Code::IdleStatement));
        let idle: Vec<(String, usize)> = idle.map(|fault| statement_of(&found, fault)).collect();
        let less = without(&workspace, &idle);
        assert_eq!(asked.answers(&less), before, "{seed}: {idle:?}\n{text}");
        let groups = found.diagnostics.iter().filter(|fault| fault.code == Code::IdleGroup).map(name);
        let mut fewer = workspace.clone();
        groups.for_each(|group| drop(fewer["groups"].as_object_mut().unwrap().remove(&group)));
        assert_eq!(asked.answers(&fewer), before, "{seed}: groups\n{text}");
        let left = linted(&less.to_string());
        assert!(
            !left.diagnostics.iter().any(|fault| fault.code == Code::RepeatedStatement),
            "{seed}\n{text}\n{less}"
        );
    }
    println!("{times:?}");
    for code in [
        Code::RepeatedStatement,
        Code::IdleStatement,
        Code::NeverHolds,
        Code::AlwaysHolds,
        Code::EqualRole,
        Code::ContainedRole,
        Code::UnusedRole,
        Code::IdleGroup,
    ] {
        assert!(times.get(&code).is_some_and(|times| *times > 5), "{code}: {times:?}");
    }
}

/// A mend leaves a text that can be read, of which its finding is no longer found in that place.
#[test]
fn mends_of_drawn_workspaces_mend() {
    let mut mends: BTreeMap<Code, usize> = BTreeMap::new();
    for seed in 0..30 {
        let workspace = drawn(seed);
        let text = workspace.to_string();
        let count =
            |found: &Found, code: Code| found.diagnostics.iter().filter(|fault| fault.code == code).count();
        let found = linted(&text);
        for fault in &found.diagnostics {
            let Some(mend) = &fault.replacement else { continue };
            if !fault.code.as_str().starts_with("P09") {
                continue;
            }
            let mut mended = text.clone();
            mended.replace_range(mend.span.range(), &mend.text);
            serde_json::from_str::<Map<String, Value>>(&mended).unwrap();
            if matches!(fault.code, Code::RepeatedStatement | Code::IdleStatement) {
                let after = linted(&mended);
                let idle =
                    |found: &Found| count(found, Code::RepeatedStatement) + count(found, Code::IdleStatement);
                assert!(idle(&after) < idle(&found), "{seed}: {fault}\n{text}\n{mended}");
            }
            if fault.code == Code::DenyOfMissing {
                let after = linted(&mended);
                let place = statement_of(&found, fault);
                let left = |found: &Found| {
                    let all = found.diagnostics.iter().filter(|other| other.code == fault.code);
                    all.filter(|other| statement_of(found, other) == place).count()
                };
                assert!(left(&after) < left(&found), "{seed}: {fault}\n{text}\n{mended}");
            }
            *mends.entry(fault.code).or_default() += 1;
        }
    }
    println!("{mends:?}");
    for code in [Code::RepeatedStatement, Code::IdleStatement, Code::DenyOfMissing] {
        assert!(mends.get(&code).is_some_and(|mends| *mends > 20), "{code}: {mends:?}");
    }
}
