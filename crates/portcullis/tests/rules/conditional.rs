//! Random rules where conditions decide: everybody who is told of, and nobody else, is who the search says; and requests confirm it.
//!
//! The search is asked of each member, permission, name of the type and stored object by itself, while the library goes by sets of
//! roles, by permissions under the same conditions, and no further than it must.

use std::collections::BTreeMap;

use portcullis::rules::{Rules, Verdict};
use portcullis::{Answer, NoFiles, Question, Snapshot, Source, Workspace};
use portcullis_testkit::generate::{Prng, Size, conditional_case};
use portcullis_testkit::reference::Reference;
use portcullis_testkit::sent::Sent;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::naive::{Asked, Naive, Standing, found};

fn cases() -> u64 {
    if std::env::var_os("PORTCULLIS_LONG").is_some() { 3_000 } else { 80 }
}

fn standing(answer: &Answer<'_>) -> Standing {
    match answer {
        Answer::Allowed => Standing::May,
        Answer::Denied { .. } => Standing::No,
        Answer::Conditional(_) => Standing::Depends,
    }
}

/// All that the search says of a permission: under each name of the type, on the type and on each object.
fn searched(snapshot: &Snapshot, member: &str, (action, kind, object): Asked<'_>) -> Standing {
    let kind = snapshot.schema().resource_type(kind).unwrap();
    let names = std::iter::once(kind.name()).chain(kind.aliases()).chain(kind.covers());
    let each = names.map(|name| {
        let asked = Question { object, ..Question::new(member, action, name) };
        let on_type = standing(&snapshot.answer(&asked).unwrap());
        if object.is_some() {
            return on_type;
        }
        let objects = snapshot.objects_for(member, action, name).unwrap();
        let on_objects = match (objects.allowed.is_empty(), objects.conditional.is_empty()) {
            (false, _) => Standing::May,
            (true, false) => Standing::Depends,
            (true, true) => Standing::No,
        };
        on_type.max(on_objects)
    });
    each.max().unwrap()
}

#[derive(Debug, Default)]
struct Counts {
    holds: usize,
    undecided: usize,
    broken: usize,
    on_objects: usize,
    denied: usize,
}

#[test]
fn who_breaks_a_rule_is_who_the_search_says() {
    let mut counts = Counts::default();
    for seed in 0..cases() {
        let case = conditional_case(seed, Size::default()).unwrap();
        let workspace = read_without_properties(&case.workspace);
        let reference = Reference::read(&case.workspace).unwrap();
        let (read, _) = Workspace::read(&Source::new("workspace.json", &*case.workspace), &NoFiles).unwrap();
        let snapshot = read.compile().unwrap().0;
        let stands = |member: &str, asked: Asked<'_>| searched(&snapshot, member, asked);
        let naive = Naive { workspace: &workspace, vocabulary: reference.vocabulary(), stands: &stands };
        let mut prng = Prng::new(seed);
        for round in 0..12 {
            let mut rule = naive.draw(&mut prng);
            if round % 3 == 0 {
                one_object(&mut prng, &workspace, &mut rule);
            }
            let text = json!({ "rules": [rule] }).to_string();
            let rules = Rules::read(&Source::new("rules.json", text), &NoFiles);
            let (rules, _) = rules.unwrap_or_else(|report| panic!("{report}\n{rule}"));
            let asserted = rules.assert(&snapshot, usize::MAX);
            assert_eq!(asserted.is_ok(), naive.is_sound(&rule), "{rule}");
            let Ok((outcome, _)) = asserted else { continue };
            let (verdict, expected) = naive.assert(&rule);
            assert_eq!(found(&outcome), (verdict, expected), "seed {seed}: {rule}\n{}", case.workspace);
            match verdict {
                Verdict::Holds => counts.holds += 1,
                Verdict::Undecided => counts.undecided += 1,
                Verdict::Broken => counts.broken += 1,
            }
            for finding in &outcome.rules()[0].findings {
                for evidence in &finding.evidence {
                    for permitted in &evidence.permissions {
                        let answer = snapshot.answer(&permitted.question(finding.subject)).unwrap();
                        let conditional = !permitted.conditions(&snapshot, finding.subject).is_empty();
                        assert_eq!(conditional, matches!(answer, Answer::Conditional(_)));
                        match (evidence.missing, evidence.undecided) {
                            (false, false) => assert!(answer.is_allowed(), "{finding:?}"),
                            (false, true) => assert!(conditional, "{finding:?}"),
                            (true, false) => assert!(!answer.is_allowed() && !conditional, "{finding:?}"),
                            (true, true) => {}
                        }
                        counts.on_objects += usize::from(permitted.object.is_some());
                    }
                    assert!(evidence.role.is_some() || !evidence.permissions.is_empty());
                }
            }
        }
        // Of whoever is not told of here no request is allowed.
        let rules = crate::read(r#"{"never": {"actions": "*", "resource": "*"}}"#);
        let (outcome, _) = rules.assert(&snapshot, usize::MAX).unwrap();
        let told: Vec<&str> = outcome.rules()[0].findings.iter().map(|one| one.subject).collect();
        for asked in &case.requests {
            let sent = Sent::read(&asked.request).unwrap();
            let question = sent.question(asked.now.as_deref());
            if !told.contains(&question.subject) {
                assert!(!snapshot.decide(&question).is_allowed(), "{}", asked.request);
                counts.denied += 1;
            }
        }
    }
    println!("{counts:?}");
    assert!(counts.holds > 50 && counts.undecided > 50 && counts.broken > 200, "{counts:?}");
    assert!(counts.on_objects > 20 && counts.denied > 100, "{counts:?}");
}

/// The workspace as a value, but for properties and policies, which hold numbers that no value of serde_json does.
fn read_without_properties(text: &str) -> Value {
    type Parts = BTreeMap<String, Box<RawValue>>;
    let whole: Parts = serde_json::from_str(text).unwrap();
    let keep = |parts: &Parts, keys: &[&str]| -> Value {
        let kept = keys.iter().filter_map(|key| Some((*key, parts.get(*key)?)));
        kept.map(|(key, part)| (key.to_owned(), serde_json::from_str::<Value>(part.get()).unwrap())).collect()
    };
    let mut read = keep(&whole, &["groups", "default_role"]);
    let roles: Parts = serde_json::from_str(whole["roles"].get()).unwrap();
    read["roles"] = roles.keys().map(|name| (name.clone(), json!(null))).collect();
    let members: BTreeMap<String, Parts> = serde_json::from_str(whole["members"].get()).unwrap();
    read["members"] =
        members.iter().map(|(id, parts)| (id.clone(), keep(parts, &["role", "suspended"]))).collect();
    let objects: Vec<Parts> = serde_json::from_str(whole["objects"].get()).unwrap();
    read["objects"] = objects.iter().map(|parts| keep(parts, &["type", "id"])).collect();
    read
}

/// Makes what a rule is about one stored object, where it is about a type.
fn one_object(prng: &mut Prng, workspace: &Value, rule: &mut Value) {
    let objects = workspace["objects"].as_array().unwrap();
    let Some(object) = prng.pick(objects) else { return };
    let matter = if rule.get("never").is_some() { &mut rule["never"] } else { rule };
    if matter.get("resource").is_some() {
        matter["resource"] = object["type"].clone();
        matter["object"] = object["id"].clone();
        matter["actions"] = json!("*");
    }
}
