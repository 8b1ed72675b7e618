//! Bounds on what is weighed: whatever they are, nobody is cleared and nobody accused who would not be without them.
//!
//! The workspace has conditions of every kind that is told apart: on the object, on who asks, on both, on the action, on the name asked.

use super::*;
use crate::diagnostic::Report;
use crate::rules::Rules;
use crate::rules::crowd::{Crowd, subject};
use crate::rules::resolve::{Resolved, RuleResolver};
use crate::source::Source;
use crate::workspace::{NoFiles, Workspace};

const WORKSPACE: &str = r#"{"workspace": "w", "schema": "hightouch", "default_role": "plain",
  "roles": {
    "plain": {"version": "2022-04-26", "policies": []},
    "label": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": ["read", "update"], "resource": ["sync", "model"],
       "conditions": {"labels.team": {"equals": "b"}}}]},
    "own": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "delete", "resource": ["sync", "source"],
       "conditions": {"labels.team": {"equals": {"ref": "subject.team"}}}},
      {"effect": "deny", "actions": "*", "resource": "source", "conditions": {"subject.team": {"equals": "c"}}}]},
    "mine": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "*", "resource": "sync", "conditions": {"owner": {"equals": {"ref": "subject.id"}}}}]},
    "named": {"version": "2022-04-26", "policies": [
      {"effect": "allow", "actions": "*", "resource": "workspace", "conditions": {"type": {"equals": "role"}}},
      {"effect": "allow", "actions": "*", "resource": "model", "conditions": {"action.name": {"equals": "preview"}}}]}},
  "groups": {"all": {"roles": ["own", "label"], "members": ["a1", "b1", "c1"]}},
  "members": {"p": {}, "l": {"role": "label"}, "n": {"role": "named"}, "m1": {"role": "mine"}, "m2": {"role": "mine"},
    "a1": {"properties": {"team": "a"}}, "a2": {"role": "own", "properties": {"team": "a"}},
    "b1": {"properties": {"team": "b"}}, "b2": {"role": "own", "properties": {"team": "b"}},
    "c1": {"role": "named", "properties": {"team": "c"}}, "c2": {"role": "own", "properties": {"team": "c"}},
    "d": {"role": "own"}},
  "objects": [
    {"type": "sync", "id": "1", "properties": {"labels": {"team": "z"}}},
    {"type": "sync", "id": "2", "properties": {"labels": {"team": "z"}}},
    {"type": "sync", "id": "3", "properties": {"labels": {"team": "a"}, "owner": "m2"}},
    {"type": "model", "id": "1", "properties": {"labels": {"team": "b"}}},
    {"type": "source", "id": "1", "properties": {"labels": {"team": "c"}}}]}"#;

const RULES: &str = r#"{"rules": [
  {"never": {"actions": "*", "resource": "*"}}, {"never": {"actions": "read", "resource": "sync"}},
  {"never": {"actions": "delete", "resource": ["sync", "source"]}}, {"never": {"actions": "*", "resource": "workspace"}},
  {"never": {"actions": "preview", "resource": "model"}}, {"never": {"actions": "*", "resource": "sync", "object": "3"}}]}"#;

/// How everybody stands to what every rule is about, and whether that was cut short.
fn standings(snapshot: &Snapshot, rules: &Rules, types: usize, objects: usize) -> Vec<(Vec<Standing>, bool)> {
    let mut report = Report::new();
    let mut resolver = RuleResolver::new(rules, snapshot, &mut report);
    let crowd = Crowd::of(snapshot);
    let one = |rule| {
        let Some((Resolved::Never(about), _)) = resolver.rule(rule) else {
            panic!("a rule that can be read")
        };
        let About::Permissions(selection) = &about else { panic!("permissions") };
        let mut weigher = Weigher { types_left: types, objects_left: objects, ..Weigher::new(snapshot) };
        let mut all = Vec::new();
        for (set, subjects) in crowd.sets() {
            let mut of_set = weigher.of_set(set, subject(subjects[0]), &about);
            all.extend(subjects.iter().map(|&number| match &mut of_set {
                OfSet::Settled(standing) => *standing,
                OfSet::Each(personal) => weigher.of_one(subject(number), personal, selection),
            }));
        }
        (all, weigher.cut_short)
    };
    rules.rules.iter().map(one).collect()
}

#[test]
fn bounds_make_it_undecided_and_nothing_else() {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", WORKSPACE), &NoFiles).unwrap();
    let snapshot = workspace.compile().unwrap().0;
    let rules = Rules::read(&Source::new("rules.json", RULES), &NoFiles).unwrap().0;
    let whole = standings(&snapshot, &rules, TYPES, OBJECTS);
    let of_all: Vec<Standing> = whole.iter().flat_map(|(all, _)| all.iter().copied()).collect();
    for standing in [Standing::No, Standing::Depends, Standing::May] {
        assert!(of_all.iter().filter(|one| **one == standing).count() >= 5, "{standing:?} in {whole:?}");
    }
    assert!(whole.iter().all(|(_, cut_short)| !cut_short));
    let (mut cut, mut differing) = (0, 0);
    for (types, objects) in (0..60).flat_map(|types| (0..20).map(move |objects| (types, objects))) {
        for ((found, cut_short), (all, _)) in standings(&snapshot, &rules, types, objects).iter().zip(&whole)
        {
            for (one, other) in found.iter().zip(all) {
                assert!(one == other || (*cut_short && *one == Standing::Depends), "{types} {objects}");
                differing += usize::from(one != other);
            }
            cut += usize::from(*cut_short);
        }
    }
    assert!(cut > 1_000 && differing > 1_000, "{cut} {differing}");
}
