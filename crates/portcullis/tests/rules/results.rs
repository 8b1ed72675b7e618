//! What rules come to over one small workspace, and that each finding leads to its statement.

use portcullis::Reason;
use portcullis::rules::{RuleKind, Verdict};

use portcullis::{NoFiles, Source, Workspace};
use serde_json::{Map, Value, json};

use crate::{acme, asserted, read, told};

/// What each of these rules comes to.
fn results(rules: &str) -> Vec<String> {
    let (rules, snapshot) = (read(rules), acme());
    asserted(&rules, &snapshot, 1_000).rules().iter().map(told).collect()
}

#[test]
fn nobody_but_these_may() {
    let rules = r#"
      {"never": {"actions": ["update", "delete"], "resource": "workspace"}},
      {"never": {"actions": ["update", "delete"], "resource": "workspace"}, "except": {"roles": "admin"}},
      {"never": {"actions": "start", "resource": "sync"}, "except": {"members": ["ann"]}},
      {"never": {"actions": "start", "resource": "sync"}, "except": {"members": ["ann"], "groups": ["runners"]}},
      {"never": {"actions": "*", "resource": "*"}, "except": {"roles": ["admin", "viewer", "marketing", "late"]}},
      {"never": {"role": "admin"}},
      {"never": {"role": "runner"}, "except": {"groups": "runners"}}"#;
    assert_eq!(
        results(rules),
        [
            "broken 1+0: ann + update workspace delete workspace",
            "holds 0+0",
            "broken 1+0: bob + start sync",
            "holds 0+0",
            "broken 1+0: eve + preview model",
            "broken 1+0: ann + role admin",
            "holds 0+0",
        ]
    );
}

#[test]
fn conditions_make_it_undecided_or_certain_on_an_object() {
    let rules = r#"
      {"never": {"actions": ["update", "delete"], "resource": "sync"}, "except": {"roles": "admin"}},
      {"never": {"actions": "testrow", "resource": "sync"}, "except": {"roles": "admin"}},
      {"never": {"actions": "testrow", "resource": "sync"}, "except": {"members": ["ann", "gus"]}},
      {"never": {"actions": "update", "resource": "sync", "object": "41"}, "except": {"roles": "admin"}},
      {"never": {"actions": "update", "resource": "sync", "object": "42"}, "except": {"roles": "admin"}},
      {"never": {"actions": "preview", "resource": "model"}, "except": {"roles": "admin"}}"#;
    assert_eq!(
        results(rules),
        [
            "broken 1+0: cat + update sync/42",
            "undecided 0+1: gus ? testrow sync",
            "holds 0+0",
            "holds 0+0",
            "broken 1+0: cat + update sync/42",
            "broken 1+0: eve + preview model",
        ]
    );
}

#[test]
fn a_condition_on_the_name_that_is_asked_is_asked_about_under_every_name() {
    let rules = r#"{"never": {"actions": "create", "resource": "workspace"}, "except": {"roles": "admin"}},
      {"never": {"actions": "create", "resource": "api_key"}, "except": {"roles": "admin"}}"#;
    assert_eq!(results(rules), ["broken 1+0: flo + create api_key", "broken 1+0: flo + create api_key"]);
}

#[test]
fn nobody_has_a_hand_in_both() {
    let rules = r#"
      {"separate": [{"actions": "create", "resource": "sync"}, {"actions": "enable", "resource": "sync"}]},
      {"separate": [{"actions": "create", "resource": "sync"}, {"actions": "enable", "resource": "sync"}],
       "except": {"roles": ["admin"]}},
      {"separate": [{"role": "viewer"}, {"role": "runner"}, {"actions": "read", "resource": "sync"}]},
      {"separate": [{"role": "marketing"}, {"actions": "delete", "resource": "sync"}]},
      {"separate": [{"role": "late"}, {"actions": "testrow", "resource": "sync"}]}"#;
    assert_eq!(
        results(rules),
        [
            "broken 1+0: ann + create sync and + enable sync",
            "holds 0+0",
            "broken 2+0: bob + role viewer and + role runner and + read sync; flo + role viewer and + read sync",
            "broken 1+0: cat + role marketing and + delete sync/42",
            "undecided 0+1: gus + role late and ? testrow sync",
        ]
    );
}

#[test]
fn exactly_these_may() {
    let rules = r#"
      {"only": "ann", "actions": "delete", "resource": "model"},
      {"only": ["ann", "bob"], "actions": ["create", "delete"], "resource": "model"},
      {"only": [], "actions": "delete", "resource": "model"},
      {"only": ["ann", "dan"], "actions": "delete", "resource": "model"},
      {"only": ["ann", "cat"], "actions": "delete", "resource": "sync"},
      {"only": ["ann", "gus"], "actions": "testrow", "resource": "sync"},
      {"only": ["ann", "fay"], "actions": "preview", "resource": "model"},
      {"only": ["ann", "bob"], "role": "admin"}"#;
    assert_eq!(
        results(rules),
        [
            "holds 0+0",
            "broken 1+0: bob - create model delete model",
            "broken 1+0: ann + delete model",
            "broken 1+0: dan - delete model",
            "holds 0+0",
            "undecided 0+1: gus ?- testrow sync",
            "broken 2+0: eve + preview model; fay - preview model",
            "broken 1+0: bob - role admin",
        ]
    );
}

#[test]
fn at_most_so_many_may() {
    let rules = r#"
      {"at-most": 2, "actions": "start", "resource": "sync"},
      {"at-most": 1, "actions": "start", "resource": "sync"},
      {"at-most": 1, "actions": "testrow", "resource": "sync"},
      {"at-most": 0, "actions": "testrow", "resource": "sync", "except": {"members": "ann"}},
      {"at-most": 1, "actions": "*", "resource": "workspace"},
      {"at-most": 1, "role": "admin"}"#;
    assert_eq!(
        results(rules),
        [
            "holds 2+0",
            "broken 2+0: ann + start sync; bob + start sync",
            "undecided 1+1: ann + testrow sync; gus ? testrow sync",
            "undecided 0+1: gus ? testrow sync",
            "broken 2+0: ann + read workspace update workspace create workspace delete workspace; flo + create api_key",
            "holds 1+0",
        ]
    );
}

#[test]
fn a_finding_leads_to_the_statement_and_the_way_it_is_held() {
    let snapshot = acme();
    let rules = read(
        r#"{"name": "runs", "never": {"actions": "start", "resource": "sync"}, "except": {"roles": "admin"}},
           {"never": {"role": "runner"}},
           {"never": {"actions": "testrow", "resource": "sync"}, "except": {"roles": "admin"}}"#,
    );
    let outcome = asserted(&rules, &snapshot, 10);
    let [runs, role, late] = outcome.rules() else { panic!("three rules") };
    assert_eq!((runs.name, runs.kind, runs.verdict), (Some("runs"), RuleKind::Never, Verdict::Broken));
    assert_eq!(rules.position(runs.span).line, 2);
    let permitted = runs.findings[0].evidence[0].permissions[0];
    let explanation = permitted.explain(&snapshot, "bob");
    assert_eq!(explanation.reason, Reason::Allowed);
    let [grounds] = &explanation.determining[..] else { panic!("one statement") };
    assert_eq!((grounds.role.name(), grounds.statement.index()), ("runner", 0));
    assert_eq!((grounds.held.own, &grounds.held.groups[..]), (false, &["runners"][..]));
    let held = role.findings[0].evidence[0].held(&snapshot, "bob").unwrap();
    assert_eq!((held.own, &held.groups[..]), (false, &["runners"][..]));
    let [proviso] = &late.findings[0].evidence[0].permissions[0].conditions(&snapshot, "gus")[..] else {
        panic!("one condition")
    };
    assert_eq!(proviso.condition.to_string(), r#"resource.labels.team equals "nobody's""#);
    assert!(!outcome.all_hold());
    assert_eq!(
        [Verdict::Broken, Verdict::Undecided, Verdict::Holds].map(|one| outcome.count(one)),
        [2, 1, 0]
    );
}

#[test]
fn many_members_and_objects_are_weighed_once_for_each_label() {
    let team = |number: usize| json!({ "team": format!("t{number}") });
    let members: Map<String, Value> = (0..3_000)
        .map(|number| (format!("m{number:04}"), json!({ "properties": team(number % 97) })))
        .collect();
    let objects: Vec<Value> = (0..2_000)
        .map(|number| json!({ "type": "sync", "id": number.to_string(), "properties": { "labels": team(number % 50) } }))
        .collect();
    let role = json!({ "version": "2022-04-26", "policies": [
        { "effect": "allow", "actions": ["update", "read"], "resource": "sync",
          "conditions": { "labels.team": { "equals": { "ref": "subject.team" } } } }] });
    let workspace = json!({ "workspace": "w", "schema": "hightouch", "default_role": "own",
        "roles": { "own": role }, "members": members, "objects": objects });
    let source = Source::new("workspace.json", workspace.to_string());
    let snapshot = Workspace::read(&source, &NoFiles).unwrap().0.compile().unwrap().0;
    let rules = read(
        r#"{"never": {"actions": "*", "resource": "*"}}, {"at-most": 3000, "actions": "read", "resource": "sync"}"#,
    );
    let outcome = asserted(&rules, &snapshot, usize::MAX);
    let [never, most] = outcome.rules() else { panic!("two rules") };
    // Of 50 of the 97 teams there are objects.
    let certain = (0..3_000).filter(|number| number % 97 < 50).count();
    assert_eq!((never.broken_by, never.undecided_by), (certain, 3_000 - certain));
    assert!(!never.cut_short && most.verdict == Verdict::Holds && most.broken_by == certain);
    for (number, finding) in never.findings.iter().enumerate() {
        assert_eq!(finding.subject, format!("m{number:04}"));
        assert_eq!(finding.verdict == Verdict::Broken, number % 97 < 50);
        // Of those beyond the first thousand nothing is worked out.
        assert_eq!(finding.evidence.len(), usize::from(number < 1_000));
        let objects = finding.evidence.iter().flat_map(|one| &one.permissions).filter_map(|one| one.object);
        assert!(objects.map(|id| id.parse::<usize>().unwrap()).all(|id| id == number % 97));
    }
}
