//! Suites over generated workspaces: what a snapshot says of itself passes, and one changed cell fails alone.
//!
//! The suite is made from the snapshot's own answers to *what* and *who*, and the check answers it by another way. What is
//! covered is held against the statements that explanations name, question by question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis::diagnostic::Code;
use portcullis::suite::{Coverage, Suite};
use portcullis::{Limits, NoFiles, Question, Snapshot, Source};
use portcullis_testkit::agreement::compiled;
use portcullis_testkit::generate::{self, Prng, Size};
use serde_json::{Map, Value, json};

type Cells = BTreeMap<String, BTreeSet<String>>;

fn owned(cells: BTreeMap<&str, Vec<&str>>) -> Cells {
    let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    cells.into_iter().map(|(kind, actions)| (kind.to_owned(), names(actions))).collect()
}

/// Every permission: type and action.
fn permissions(snapshot: &Snapshot) -> Vec<(String, String)> {
    let schema = snapshot.schema();
    let of = |kind| schema.actions_of(kind).map(|action| (kind.name().to_owned(), action.to_owned()));
    schema.types().iter().flat_map(of).collect()
}

/// What a role comes to alone.
fn role_cells(snapshot: &Snapshot, name: &str) -> Cells {
    let grants = snapshot.role(name).unwrap().grants().planes().grants();
    let mut cells = Cells::new();
    for (action, kind) in grants.iter().map(|id| snapshot.schema().names_of(id).unwrap()) {
        cells.entry(kind.to_owned()).or_default().insert(action.to_owned());
    }
    cells
}

/// All of the cells that are not among these.
fn rest(snapshot: &Snapshot, cells: &Cells) -> Cells {
    let mut rest = Cells::new();
    for (kind, action) in permissions(snapshot) {
        if !cells.get(&kind).is_some_and(|actions| actions.contains(&action)) {
            rest.entry(kind).or_default().insert(action);
        }
    }
    rest
}

/// Names of roles: the generator's are numbered.
fn roles(snapshot: &Snapshot) -> Vec<String> {
    let names = (0..).map(|number| format!("role {number}"));
    names.take_while(|name| snapshot.role(name).is_some()).collect()
}

/// A test of everything that a snapshot says of itself.
fn tests(snapshot: &Snapshot) -> Vec<Value> {
    let mut tests = Vec::new();
    for member in snapshot.members() {
        let cells = owned(snapshot.what_by_type(member).unwrap());
        let mut test = json!({ "name": format!("cells of {member}"), "subject": member });
        let rest = rest(snapshot, &cells);
        for (key, cells) in [("may", &cells), ("may_not", &rest)] {
            if !cells.is_empty() {
                test[key] = json!(cells);
            }
        }
        tests.push(test);
        tests.push(json!({ "name": format!("grid of {member}"), "subject": member, "grid": cells }));
    }
    for role in roles(snapshot) {
        let grid = role_cells(snapshot, &role);
        tests.push(json!({ "name": format!("grid of {role}"), "role": [role], "grid": grid }));
    }
    for (kind, action) in permissions(snapshot) {
        let who = snapshot.who(&action, &kind).unwrap();
        let name = format!("who {action} {kind}");
        tests.push(json!({ "name": name, "action": action, "resource": kind, "who": who }));
    }
    tests
}

fn read(tests: &[Value]) -> Suite {
    let text = json!({ "tests": tests }).to_string();
    Suite::read(&Source::new("tests.json", text), &NoFiles).unwrap_or_else(|report| panic!("{report}")).0
}

/// Turns one cell of one test around. `None` where that leaves a test that asks nothing.
fn flip(prng: &mut Prng, snapshot: &Snapshot, test: &mut Map<String, Value>) -> Option<(String, String)> {
    let (kind, action) = prng.pick(&permissions(snapshot)).unwrap().clone();
    if test.contains_key("who") {
        let members: Vec<&str> = snapshot.members().collect();
        let member = json!(*prng.pick(&members)?);
        let listed = test["who"].as_array_mut().unwrap();
        match listed.iter().position(|one| *one == member) {
            Some(at) => drop(listed.remove(at)),
            None => listed.push(member),
        }
        return Some((test["resource"].as_str()?.to_owned(), test["action"].as_str()?.to_owned()));
    }
    let is_grid = test.contains_key("grid");
    let mut turn = |key: &str| {
        let cells = test.entry(key).or_insert_with(|| json!({})).as_object_mut().unwrap();
        let actions = cells.entry(&kind).or_insert_with(|| json!([])).as_array_mut().unwrap();
        match actions.iter().position(|one| *one == json!(action)) {
            Some(at) => drop(actions.remove(at)),
            None => actions.push(json!(action)),
        }
        let empty = actions.is_empty();
        if empty && key != "grid" {
            cells.remove(&kind);
            let nothing = cells.is_empty();
            if nothing {
                test.remove(key);
            }
        }
    };
    if is_grid {
        turn("grid");
    } else {
        turn("may");
        turn("may_not");
    }
    Some((kind, action))
}

/// Formatting keeps what a suite says, and settles after one time.
fn formatted(suite: &Suite) {
    let form = |source: &Arc<Source>| portcullis::format(source, &Limits::default()).unwrap();
    let once = form(suite.source());
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(value(&once), value(suite.source().text()));
    assert_eq!(form(&Source::new("tests.json", &*once)), once);
    let keys = once.lines().filter(|line| line.trim() == "{").count();
    assert_eq!(once.matches("    {\n      \"name\": ").count(), keys - 1, "a test begins with its name");
}

fn for_cases(law: impl Fn(&mut Prng, &Snapshot)) {
    for seed in 0..150 {
        let case = generate::case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace, portcullis::matrix::Layout::Auto).unwrap();
        println!("seed {seed}");
        law(&mut Prng::new(seed), &snapshot);
    }
}

#[test]
fn what_a_snapshot_says_of_itself_passes() {
    for_cases(|_, snapshot| {
        let tests = tests(snapshot);
        let suite = read(&tests);
        let (outcome, report) = suite.run(snapshot, &mut Coverage::of(snapshot)).unwrap();
        // Of whoever is suspended it says only what they may not.
        let suspended = snapshot.members().filter(|member| snapshot.is_suspended(member)).count();
        assert!(report.iter().all(|warning| warning.code == Code::SuspendedMember), "{report}");
        assert_eq!(report.iter().len(), suspended);
        formatted(&suite);
        assert_eq!((outcome.tests().len(), outcome.failed()), (tests.len(), 0));
        let (members, permissions) = (snapshot.member_count(), permissions(snapshot).len());
        assert_eq!(outcome.asked(), (3 * members + roles(snapshot).len()) * permissions);
    });
}

#[test]
fn one_changed_cell_fails_exactly_its_test() {
    for_cases(|prng, snapshot| {
        let sound = tests(snapshot);
        for _ in 0..12 {
            let (mut changed, at) = (sound.clone(), prng.below(sound.len()));
            let Some((kind, action)) = flip(prng, snapshot, changed[at].as_object_mut().unwrap()) else {
                continue;
            };
            let suite = read(&changed);
            let (outcome, _) = suite.run(snapshot, &mut Coverage::of(snapshot)).unwrap();
            let failed: Vec<usize> =
                (0..sound.len()).filter(|&index| !outcome.tests()[index].passed()).collect();
            assert_eq!(failed, [at], "{}", changed[at]);
            let test = &outcome.tests()[at];
            let [failure] = &test.failures[..] else { panic!("{:?}", test.failures) };
            assert_eq!((failure.resource, failure.action), (&*kind, &*action));
            let explanation = failure.explain(snapshot);
            assert_ne!(explanation.decision.is_allowed(), failure.expected);
            assert_eq!(explanation.decision.is_allowed(), explanation.reason == portcullis::Reason::Allowed);
        }
    });
}

#[test]
fn covered_is_what_explanations_name() {
    for_cases(|prng, snapshot| {
        let chosen: Vec<Value> = tests(snapshot).into_iter().filter(|_| prng.percent(8)).collect();
        if chosen.is_empty() {
            return;
        }
        let mut named: BTreeSet<(String, usize)> = BTreeSet::new();
        let mut note = |subject: &str, action: &str, kind: &str| {
            let explanation = snapshot.explain(&Question::new(subject, action, kind));
            let grounds = explanation.determining.iter();
            named.extend(grounds.map(|one| (one.role.name().to_owned(), one.statement.index())));
        };
        let mut alone = Vec::new();
        for test in &chosen {
            if let Some(kind) = test["resource"].as_str() {
                snapshot.members().for_each(|id| note(id, test["action"].as_str().unwrap(), kind));
            } else if let Some(subject) = test["subject"].as_str() {
                permissions(snapshot).iter().for_each(|(kind, action)| note(subject, action, kind));
            } else {
                alone.push(test["role"][0].as_str().unwrap());
            }
        }
        // Held alone, and asked everything: an allow decides if it grants anything, a deny if it covers anything.
        for name in alone {
            let role = snapshot.role(name).unwrap();
            let grants = role.grants().planes().grants();
            for statement in role.document().statements() {
                let mut ids = role.grants().of_statement(statement.index()).iter().flat_map(Clone::clone);
                let allows = statement.effect() == portcullis::Effect::Allow;
                let granted = |id| grants.contains(portcullis::matrix::PermissionId::from_u32(id));
                if ids.any(|id| !allows || granted(id)) {
                    named.insert((name.to_owned(), statement.index()));
                }
            }
        }
        let suite = read(&chosen);
        let mut coverage = Coverage::of(snapshot);
        suite.run(snapshot, &mut coverage).unwrap();
        let left: BTreeSet<(String, usize)> =
            coverage.uncovered().map(|one| (one.role.name().to_owned(), one.statement.index())).collect();
        assert_eq!(coverage.written().covered, named.len());
        assert!(left.is_disjoint(&named));
    });
}
