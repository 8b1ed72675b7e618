//! Explanations of conditions: what they say is what the check decides, and the naive reference says the same of every statement.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and this one runs longer where the environment says so"
)]

use std::collections::{BTreeMap, BTreeSet};

use portcullis::condition::{Found, Outcome, Side, Why};
use portcullis::{
    Effect, Explanation, Grounds, NoFiles, Question, Reason, Snapshot, Source, Workspace, Writer,
};
use portcullis_testkit::generate::{Size, conditional_case};
use portcullis_testkit::reference::{self, Reference, Request, Truth};
use portcullis_testkit::sent::Sent;

fn compiled(text: &str) -> Snapshot {
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", text), &NoFiles)
        .unwrap_or_else(|report| panic!("{report}\n{text}"));
    workspace.compile().unwrap_or_else(|report| panic!("{report}\n{text}")).0
}

/// A statement by its role and number, and what its condition comes to.
type Said = BTreeMap<(String, usize), Outcome>;

/// What the statements of the subject's roles come to that speak of a request: those that allow and apply, those that deny
/// and apply, and those that do not apply.
#[derive(Default, Debug, PartialEq)]
struct Verdicts {
    allows: Said,
    denies: Said,
    idle: Said,
}

fn by_the_reference(reference: &Reference, request: &Request) -> Verdicts {
    let mut verdicts = Verdicts::default();
    let vocabulary = reference.vocabulary();
    let own = vocabulary.type_asked(&request.resource.kind).unwrap_or_default();
    if !vocabulary.admits(&request.action.name, own) {
        return verdicts;
    }
    let held = reference.roles_of(&request.subject.id);
    for (name, document) in reference.roles().filter(|(name, _)| held.contains(name)) {
        for (index, statement) in document.policies.iter().enumerate() {
            if !vocabulary.statement_matches(statement, &request.action.name, own) {
                continue;
            }
            let truth = statement.condition.as_ref().map(|condition| reference.truth(condition, request));
            let outcome = match truth {
                None | Some(Truth::True) => Outcome::True,
                Some(Truth::Unknown) => Outcome::Unknown,
                Some(Truth::False) => Outcome::False,
            };
            let side = match (statement.effect, outcome) {
                (reference::Effect::Allow, Outcome::True) => &mut verdicts.allows,
                (reference::Effect::Deny, Outcome::True | Outcome::Unknown) => &mut verdicts.denies,
                _ => &mut verdicts.idle,
            };
            side.insert((name.to_owned(), index), outcome);
        }
    }
    verdicts
}

fn told(grounds: &[Grounds<'_>]) -> Said {
    let said = grounds.iter().map(|one| {
        let outcome = one.condition.as_ref().map_or(Outcome::True, |weighed| weighed.outcome);
        ((one.role.name().to_owned(), one.statement.index()), outcome)
    });
    let said: Said = said.collect();
    assert_eq!(said.len(), grounds.len(), "a statement is named once");
    said
}

/// The findings of a condition are about its tests, come to its outcome, and say why where they are unknown.
fn is_consistent(grounds: &Grounds<'_>) {
    let Some(weighed) = &grounds.condition else { return };
    assert_eq!(weighed.findings.len(), weighed.condition.tests().len());
    let mut all = Outcome::True;
    for (finding, test) in weighed.findings.iter().zip(weighed.condition.tests()) {
        assert_eq!(finding.test, test);
        assert_eq!(finding.operands.len(), test.operand_references().count());
        assert_eq!(finding.undecided.is_some(), finding.outcome == Outcome::Unknown, "{test}: {finding:?}");
        if let Some(undecided) = finding.undecided {
            let mut named = std::iter::once(test.reference()).chain(test.operand_references());
            assert!(named.any(|reference| reference == undecided.about), "{test}: {finding:?}");
        }
        all = all.and(finding.outcome);
    }
    assert_eq!(all, weighed.outcome);
}

fn agrees(explanation: &Explanation<'_>, verdicts: &Verdicts, expected: reference::Reason) {
    let Explanation { reason, determining, overridden, not_applying, nearest, .. } = explanation;
    let nothing = Said::new();
    let (decided, beaten) = match expected {
        reference::Reason::Allow => {
            assert_eq!((*reason, &verdicts.denies), (Reason::Allowed, &nothing));
            (&verdicts.allows, &nothing)
        }
        reference::Reason::ExplicitDeny => {
            assert_eq!(*reason, Reason::ExplicitDeny);
            (&verdicts.denies, &verdicts.allows)
        }
        reference::Reason::DefaultDeny => {
            assert_eq!(*reason, Reason::DefaultDeny);
            assert_eq!((&verdicts.allows, &verdicts.denies), (&nothing, &nothing));
            (&nothing, &nothing)
        }
        reference::Reason::Suspended => {
            assert_eq!(*reason, Reason::Suspended);
            (&nothing, if verdicts.denies.is_empty() { &verdicts.allows } else { &nothing })
        }
        _ => {
            assert!(determining.is_empty() && overridden.is_empty() && not_applying.is_empty());
            return;
        }
    };
    assert_eq!((&told(determining), &told(overridden)), (decided, beaten));
    assert_eq!(told(not_applying), verdicts.idle);
    for near in nearest.same_action.iter().chain(&nearest.same_resource) {
        assert!(near.condition.is_none());
        assert!(!verdicts.idle.contains_key(&(near.role.name().to_owned(), near.statement.index())));
    }
    [determining, overridden, not_applying].into_iter().flatten().for_each(is_consistent);
}

#[test]
fn an_explanation_says_of_every_statement_what_the_reference_says() {
    let cases = if std::env::var_os("PORTCULLIS_LONG").is_some() { 20_000 } else { 600 };
    let (mut idle, mut unknown_denies, mut allowed_by_condition, mut granting) = (0, 0, 0, 0);
    for seed in 0..cases {
        let case = conditional_case(seed, Size::default()).unwrap();
        let snapshot = compiled(&case.workspace);
        let reference = Reference::read(&case.workspace).unwrap();
        for asked in &case.requests {
            let sent = Sent::read(&asked.request).unwrap();
            let question = sent.question(asked.now.as_deref());
            let mut request = Request::read(&asked.request).unwrap();
            request.now.clone_from(&asked.now);
            let explanation = snapshot.explain(&question);
            assert_eq!(explanation.decision, snapshot.decide(&question), "{}: {}", case.id, asked.request);
            assert_eq!(explanation.decision.is_allowed(), explanation.reason == Reason::Allowed);
            let verdicts = by_the_reference(&reference, &request);
            agrees(&explanation, &verdicts, asked.expected);
            idle += explanation.not_applying.len();
            let by = |outcome: Outcome, grounds: &&Grounds<'_>| {
                grounds.condition.as_ref().is_some_and(|weighed| weighed.outcome == outcome)
            };
            match explanation.reason {
                Reason::ExplicitDeny => {
                    let unknown = |grounds: &&Grounds<'_>| by(Outcome::Unknown, grounds);
                    unknown_denies += explanation.determining.iter().filter(unknown).count();
                }
                Reason::Allowed => {
                    let holding = |grounds: &&Grounds<'_>| by(Outcome::True, grounds);
                    allowed_by_condition += explanation.determining.iter().filter(holding).count();
                }
                // Each asks a writer for every role, which takes its time.
                Reason::DefaultDeny if seed % 24 == 0 => {
                    granting += granting_roles_grant(&case.workspace, &question, &explanation)
                }
                _ => {}
            }
        }
    }
    assert!(
        idle > 1_000 && unknown_denies > 100 && allowed_by_condition > 100,
        "{idle} {unknown_denies} {allowed_by_condition}"
    );
    assert!(granting > 20, "{granting}");
}

/// Whoever holds one of the roles that are named, and nothing else, is allowed; by any other role they are not.
fn granting_roles_grant(workspace: &str, question: &Question<'_>, explanation: &Explanation<'_>) -> usize {
    let named = &explanation.nearest.granting_roles;
    let snapshot = compiled(workspace);
    let roles: Vec<String> = snapshot.roles().map(|role| role.name().to_owned()).collect();
    let groups = snapshot.held_roles(question.subject).into_iter().flat_map(|(_, held)| held.groups);
    let groups: BTreeSet<String> = groups.map(str::to_owned).collect();
    let mut writer = Writer::new(snapshot);
    for group in groups {
        writer.remove_from_group(&group, question.subject).unwrap();
    }
    for role in &roles {
        writer.set_member_role(question.subject, role).unwrap();
        let decision = writer.publish().decide(question);
        assert_eq!(decision.is_allowed(), named.contains(&&**role), "{role}: {question:?}\n{workspace}");
    }
    named.len()
}

/// A workspace of one role, whose only statement has this condition.
fn one_condition(effect: &str, condition: &str) -> Snapshot {
    compiled(&format!(
        r#"{{"workspace": "acme", "schema": "hightouch", "roles": {{
            "r": {{"version": "2022-04-26", "policies": [
                {{"effect": "{effect}", "actions": "read", "resource": "sync", "conditions": {condition}}}]}}}},
          "members": {{"ann": {{"role": "r", "properties": {{"team": "data", "level": 7}}}}}},
          "objects": [{{"type": "sync", "id": "1", "properties": {{"labels": {{"team": "data"}}, "rows": 12}}}},
                      {{"type": "sync", "id": "2"}}]}}"#
    ))
}

#[test]
fn an_explanation_says_what_was_found_and_where() {
    let snapshot = one_condition(
        "allow",
        r#"{"labels.team": {"equals": {"ref": "subject.team"}}, "context.urgent": {"exists": false}}"#,
    );
    let context = Sent::read(
        r#"{"subject": "ann", "action": "read", "resource": {"type": "sync", "id": "1"}, "context": {}}"#,
    );
    let context = context.unwrap();
    let explanation = snapshot.explain(&context.question(None));
    assert_eq!(explanation.reason, Reason::Allowed);
    let weighed = explanation.determining[0].condition.as_ref().unwrap();
    let found = weighed.findings.iter().map(|finding| {
        let what = match finding.found {
            Found::Value(value, side) => format!("{value} ({})", side.as_str()),
            Found::Missing => "nothing".to_owned(),
            Found::Unknown(why) => why.as_str().to_owned(),
        };
        format!("{}: {what}: {}", finding.test, finding.outcome.as_str())
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            r#"resource.labels.team equals {"ref": "subject.team"}: "data" (stored): true"#,
            "context.urgent exists false: nothing: true",
        ]
    );
    let operand = &weighed.findings[0].operands[0];
    assert_eq!(operand.0.to_string(), "subject.team");
    assert!(matches!(operand.1, Found::Value(value, Side::Stored) if value.as_str() == Some("data")));

    // Of the object that is not labelled, and by someone without the property that the operand names.
    let question = Question { object: Some("2"), ..Question::new("ann", "read", "sync") };
    let explanation = snapshot.explain(&question);
    assert_eq!(explanation.reason, Reason::DefaultDeny);
    let weighed = explanation.not_applying[0].condition.as_ref().unwrap();
    assert_eq!(weighed.outcome, Outcome::Unknown);
    let whys: Vec<Why> = weighed.findings.iter().map(|finding| finding.undecided.unwrap().why).collect();
    assert_eq!(whys, [Why::Missing, Why::UnknownEntity]);

    let snapshot = one_condition("deny", r#"{"rows": {"lessthan": {"ref": "subject.limit"}}}"#);
    let question = Question { object: Some("1"), ..question };
    let explanation = snapshot.explain(&question);
    assert_eq!(explanation.reason, Reason::ExplicitDeny, "a deny applies when nobody can say");
    assert_eq!(explanation.determining[0].statement.effect(), Effect::Deny);
    let undecided = explanation.determining[0].condition.as_ref().unwrap().findings[0].undecided.unwrap();
    assert_eq!((undecided.about.to_string().as_str(), undecided.why), ("subject.limit", Why::Missing));
}
